// Starts the real parts of a counter: the sandbox, the backend, and Chromium with a file as its camera. Each test has
// its own.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { flags, show } from "./camera.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const programs = {
  sandbox: process.env.KAUNTER_SANDBOX ?? join(root, "target/debug/kaunter-sandbox"),
  backend: process.env.KAUNTER_BACKEND ?? join(root, "target/debug/kaunter-backend"),
};
export const out = process.env.KAUNTER_OUT ?? join(root, "target/screens");

/** Polls a condition until it is true. Tests never sleep for a fixed time. */
export async function until(what, condition, { ms = 30_000, every = 50 } = {}) {
  const end = performance.now() + ms;
  let last;
  while (performance.now() < end) {
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, every));
  }
  throw new Error(`not seen in ${ms} ms: ${what}${last ? ` (${last.message})` : ""}`);
}

/** A program that prints its address. Its output is kept, and searched for secrets. */
export class Program {
  constructor(name, args, env, log) {
    this.words = "";
    this.child = spawn(programs[name], args, { env: { ...process.env, ...env, KAUNTER_LOG: log } });
    this.gone = new Promise((done) => this.child.once("exit", done));
    this.address = new Promise((resolve, reject) => {
      const heard = (chunk) => {
        this.words += chunk;
        const found = /listening on (https?:\S+)/.exec(this.words);
        this.operator = /the operator's listener is (http:\S+)/.exec(this.words)?.[1];
        if (found) resolve(found[1]);
      };
      this.child.stdout.on("data", heard);
      this.child.stderr.on("data", heard);
      this.child.once("exit", (code) => reject(new Error(`${name} ended with ${code}: ${this.words}`)));
      this.child.once("error", reject);
    });
    this.address.catch(() => {});
  }
  async stop(signal = "SIGINT") {
    this.child.kill(signal);
    await this.gone;
  }
}

/** The device of every caller and browser, unless a test is about several devices. */
export const DEVICE = "0".repeat(32);

const fresh = () => `sandbox-${randomBytes(24).toString("hex")}`;

/**
 * A sandbox and a backend. `scale` divides all durations of both; `change` rewrites the backend's configuration. `site`:
 * the sandbox serves this folder's pages, and its phone's page to real phones.
 */
export async function counter(
  t,
  {
    scale = 0.25,
    profile = "sandbox",
    policy = {},
    extra = "",
    log = "info",
    origins = [],
    database,
    databaseUrl,
    site,
    change = (toml) => toml,
  } = {},
) {
  const dir = await mkdtemp(join(tmpdir(), "kaunter-"));
  const made = new Counter(dir, { scale, profile, policy, extra, log, origins, database, databaseUrl, site, change });
  t.after(() => made.close());
  await made.start();
  return made;
}

class Counter {
  constructor(dir, options) {
    Object.assign(this, { dir, ...options, browsers: [], closers: [], blocked: [] });
    this.keys = {
      KAUNTER_GATEWAY_KEY: fresh(),
      KAUNTER_GATEWAY_SECRET: fresh(),
      KAUNTER_GATEWAY_MERCHANT: "sandbox-merchant",
      KAUNTER_GATEWAY_PASSWORD: fresh(),
      KAUNTER_SERVER_KEY: fresh(),
      KAUNTER_SIGNING_KEY: fresh(),
    };
    // If the store has an address, it is PostgreSQL.
    this.environment = { ...this.keys, ...(options.databaseUrl ? { KAUNTER_DATABASE_URL: options.databaseUrl } : {}) };
    this.words = "";
  }

  async start() {
    this.sandboxProgram = new Program(
      "sandbox",
      [
        "--profile",
        this.profile,
        "--time-scale",
        String(this.scale),
        "--seed",
        "1",
        ...(this.site ? ["--pages", this.site, "--lan", "127.0.0.1"] : []),
      ],
      this.keys,
      this.log,
    );
    this.sandbox = await this.sandboxProgram.address;
    this.pages = await staticPages(this);
    await this.startBackend("127.0.0.1:0");
    await this.post("/_sim/shop", { backend: this.backend, server_key: this.keys.KAUNTER_SERVER_KEY });
  }

  async startBackend(listen) {
    const config = join(this.dir, "kaunter.toml");
    await writeFile(config, this.toml(listen ?? new URL(this.backend).host));
    this.backendProgram = new Program("backend", ["--config", config], this.environment, this.log);
    this.backend = await this.backendProgram.address;
    this.operator = this.backendProgram.operator;
  }

  toml(listen) {
    // On a scaled clock, a busy machine must not look like an unreachable gateway.
    const patient = { connect_timeout_ms: 30_000, read_timeout_ms: Math.round(2_000 / Math.min(this.scale, 0.4)) };
    const policy = Object.entries({ ...patient, ...this.policy })
      .map(([name, value]) => `${name} = ${value}`)
      .join("\n");
    return this.change(`
listen = "${listen}"
database = ${JSON.stringify(this.database ?? join(this.dir, "kaunter.db"))}
shop = "demo"
test_wallets = true
origins = ${JSON.stringify([this.pages, ...(this.site ? [this.sandbox] : []), ...this.origins])}
time_scale_permille = ${Math.round(this.scale * 1000)}
${this.extra}
[limits]
calls_per_minute = 6000
[gateway]
base_url = "${this.sandbox}/version1"
profile = "${this.profile}"
[operator]
listen = "127.0.0.1:0"
[terminal]
dir = ${JSON.stringify(join(root, "www/dist"))}
token_url = "${this.sandbox}/shop/token"
phone_url = "${this.sandbox}/_sim/phone"
sandbox = true
[policy]
${policy}
`);
  }

  async stopBackend(signal) {
    await this.backendProgram.stop(signal);
    this.words += this.backendProgram.words;
  }

  // ---- the gateway's side ----

  async post(path, body) {
    const answer = await fetch(`${this.sandbox}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.headers.get("content-type")?.includes("json") ? answer.json() : null;
  }
  async get(path) {
    return (await fetch(`${this.sandbox}${path}`)).json();
  }
  ledger() {
    return this.get("/_sim/ledger");
  }
  /** The requests of one kind, in the order of their arrival. */
  async calls(call) {
    return (await this.get("/_sim/log")).filter((entry) => entry.call === call);
  }
  fault(call, fault, more = {}) {
    return this.post("/_sim/faults", { call, fault, ...more });
  }
  async code(customer = "approves", wallet_id = "23", more = {}) {
    return (await this.post("/_sim/codes", { wallet_id, customer, ...more })).code;
  }
  /** What is really kept of all sales together, in minor units. */
  async kept() {
    return (await this.ledger()).reduce((sum, trade) => sum + trade.charged - trade.refunded, 0);
  }

  // ---- the backend's side, without a browser ----

  /** A terminal token, minted by the shop's server as a PHP page would. */
  async token(terminal = "till-1", more = {}) {
    const rights = ["charge", "cancel", "void", "review", "list"]; // a manager's, if the test gives none
    return (await this.post("/shop/token", { terminal, rights, ...more })).token;
  }
  async call(method, path, { token, body, raw, headers = {} } = {}) {
    const address = ["/metrics", "/readyz"].includes(path) ? this.operator : this.backend;
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}`, "kaunter-device": DEVICE } : {}),
        ...(body !== undefined || raw !== undefined ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await answer.text();
    let json = null;
    try {
      json = JSON.parse(text);
    } catch {
      /* not every answer is JSON */
    }
    return { status: answer.status, headers: answer.headers, text, json };
  }
  async sale(ref) {
    return (await this.call("GET", `/v1/sales?ref=${encodeURIComponent(ref)}`, { token: this.keys.KAUNTER_SERVER_KEY }))
      .json;
  }

  // ---- browsers ----

  /** A browser with its own camera. `isOther`: it is another device than the callers over HTTP. */
  async machine({ camera = true, viewport = { width: 1366, height: 768 }, flags: more = [], isOther = false } = {}) {
    const file = join(this.dir, `camera-${this.browsers.length}.y4m`);
    await show(file, null);
    const args = camera
      ? flags(file)
      : flags(file)
          .filter((flag) => !flag.startsWith("--use-fake-ui"))
          .concat("--deny-permission-prompts");
    const browser = await chromium.launch({ executablePath, args: [...args, ...more] });
    this.browsers.push(browser);
    return new Machine(this, browser, file, viewport, isOther);
  }

  async close() {
    for (const browser of this.browsers) await browser.close().catch(() => {});
    for (const close of this.closers) close();
    await this.backendProgram?.stop("SIGKILL");
    await this.sandboxProgram?.stop("SIGKILL");
    await rm(this.dir, { recursive: true, force: true });
    if (this.blocked.length) throw new Error(`the cashier's page was blocked by its own policy: ${this.blocked}`);
  }
}

class Machine {
  constructor(counter, browser, camera, viewport, isOther) {
    Object.assign(this, { counter, browser, camera, viewport, isOther, context: null });
  }
  /** Sets the camera's picture from its next start on. */
  look(text, options) {
    return show(this.camera, text, options);
  }
  async freshContext() {
    return this.browser.newContext({ viewport: this.viewport, locale: "en-MY", timezoneId: "Asia/Kuala_Lumpur" });
  }
  async page(context) {
    this.context ??= await this.freshContext();
    const page = await (context ?? this.context).newPage();
    page.problems = [];
    if (!this.isOther) {
      await page.addInitScript((device) => {
        try {
          localStorage.setItem("kaunter|device", device);
        } catch {
          // A page without storage.
        }
      }, DEVICE);
    }
    await page.addInitScript(() => {
      const heard = () => {
        globalThis.lastKeyAt = performance.now();
      };
      addEventListener("keydown", heard, { capture: true });
    });
    page.on("console", (message) => {
      if (message.type() === "error") page.problems.push(message.text());
    });
    page.on("pageerror", (error) => page.problems.push(String(error)));
    return page;
  }
  /** Opens the cashier's terminal. */
  async terminal({ ref, amount = 1250, terminal = "till-1", context, wait = true } = {}) {
    const page = await this.page(context);
    page.on("console", (message) => {
      if (/Content Security Policy|requires 'Trusted/.test(message.text())) this.counter.blocked.push(message.text());
    });
    const query = new URLSearchParams({
      terminal,
      ...(amount ? { amount: String(amount) } : {}),
      ...(ref ? { ref } : {}),
    });
    await page.goto(`${this.counter.backend}/?${query}`);
    // Ready for a sale, or on its way to the outcome of the sale that the address names.
    if (wait) await page.waitForSelector('body:not([data-kind="opening"], [data-kind="closed"])');
    return page;
  }
  /** Opens a developer's page with the unbundled package, and an open till under `till`. */
  async till({ terminal = "till-1", context, open = true, options = "", cashier } = {}) {
    const page = await this.page(context);
    if (cashier) await workAs(page, cashier);
    await page.goto(`${this.counter.pages}/`);
    await page.evaluate(developer(this.counter, { terminal, open, options }));
    return page;
  }
}

/** The script of a developer's page: it opens a till, and keeps its events in `log`. Runs in any browser. */
export function developer(counter, { terminal = "till-1", open = true, options = "" } = {}) {
  const setting = { backend: counter.backend, shop: `${counter.sandbox}/shop/token`, terminal };
  return `(async (setting) => {
    const kaunter = await import("/pkg/index.js");
    const getToken = async ({ sale, right, signal }) => {
      const body = { terminal: setting.terminal, ...(sale ? { sale } : {}), ...(right ? { rights: ["charge", "cancel", right] } : {}) };
      const answer = await fetch(setting.shop, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });
      return (await answer.json()).token;
    };
    const told = (error) => error instanceof kaunter.KaunterError
      ? { code: error.code, message: error.message, retryable: error.retryable, moneyMoved: error.moneyMoved, tradeId: error.tradeId }
      : { name: error?.name, message: String(error?.message ?? error) };
    const ends = (promise) => promise.then((value) => ({ value }), (error) => ({ error: told(error) }));
    const kept = (type, detail) => (type === "warning" ? told(detail) : JSON.parse(JSON.stringify(detail)));
    Object.assign(globalThis, { kaunter, told, ends, getToken, setting, log: [] });
    globalThis.openTill = async (more = {}) => {
      const till = await kaunter.Till.open({ backend: setting.backend, getToken, ...more });
      for (const type of ["state", "camera", "scan", "trade", "progress", "warning"]) till.addEventListener(type, ({ detail }) => log.push({ type, detail: kept(type, detail) }));
      globalThis.till = till;
      return till;
    };
    ${open ? `await openTill({ ${options} });` : ""}
  })(${JSON.stringify(setting)})`;
}

/** The stored trades of the journal of this page's origin. The row without a scope is the device's. */
export function journal(page) {
  return page.evaluate(async () => {
    const known = await indexedDB.databases();
    if (!known.some(({ name }) => name === "kaunter")) return [];
    const done = (request) =>
      new Promise((resolve, reject) =>
        Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }),
      );
    const database = await done(indexedDB.open("kaunter"));
    const rows = await done(database.transaction("attempts").objectStore("attempts").getAll());
    database.close();
    return rows.filter(({ scope }) => scope !== "");
  });
}

/** Waits for a screen of the terminal. */
export async function screen(page, name, ms = 30_000) {
  const open = name === "ready" ? '[data-kind="ready"]' : "";
  await page.waitForSelector(`body[data-view="${name}"]${open}`, { timeout: ms });
}

/** How long after a key the page still waits for more of a scanner: `LATE_MS + FAST_MS` of www/wedge.ts. */
const KEYS_MS = 300;

/** Waits until the page has handled all keys, and expects no more of a hand scanner. */
export async function keysAreOver(page) {
  await page.waitForFunction((ms) => performance.now() - (globalThis.lastKeyAt ?? -Infinity) > ms, KEYS_MS);
}

/** Shows the code, presses Charge, and chooses the wallet if the terminal asks. */
export async function charge(page, { wallet } = {}) {
  if (wallet) {
    page
      .waitForSelector(`dialog[open] [data-wallet="${wallet}"]`, { timeout: 20_000 })
      .then((button) => button.click())
      .catch(() => {});
  }
  await page.click("#primary");
}

/** From its next token on, another person works at this page. */
export function workAs(page, cashier) {
  return page.route("**/shop/token", (route) => {
    const body = { ...route.request().postDataJSON(), cashier };
    return route.continue({ postData: JSON.stringify(body) });
  });
}

/** Makes a trade over HTTP, as a till does. Hands a given code over. The page's cashier is another person. */
export async function startTrade(shop, ref, { minor = 1250, code, terminal = "till-1", cashier = "aina" } = {}) {
  const token = await shop.token(terminal, { cashier });
  const body = {
    idempotency_key: randomBytes(16).toString("hex"),
    sale: { ref, amount: { minor, currency: "MYR" } },
    wallet_id: "23",
    mode: "consumer_presented",
  };
  const trade = (await shop.call("POST", "/v1/trades", { token, body })).json;
  if (code) await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, { token, body: { code } });
  return trade;
}

/**
 * A trade under review: the gateway contradicted itself, and gives no answer until its faults end.
 */
export async function underReview(shop, ref, { terminal = "till-1", cashier, customer } = {}) {
  const trade = await startTrade(shop, ref, { terminal, cashier });
  await shop.fault("pay", "wrong_amount", { trade_id: trade.trade_id });
  await shop.fault("status", { status: 503 }, { trade_id: trade.trade_id, times: 1_000_000 });
  await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
    token: await shop.token(terminal),
    body: { code: await shop.code(customer) },
  });
  await until(`${ref} is under review`, async () => (await shop.sale(ref)).trades[0].status === "needs_review");
  return trade;
}

const types = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".html": "text/html",
};

/** A developer's own web server: one empty page, and the package's files. */
async function staticPages(counter) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://local");
    if (pathname === "/")
      return response
        .writeHead(200, { "content-type": "text/html" })
        .end("<!doctype html><title>shop</title><link rel=icon href=data:,>");
    if (!/^\/pkg\/[a-z0-9_./-]+$/.test(pathname) || pathname.includes("..")) return response.writeHead(404).end();
    try {
      const body = await readFile(join(root, pathname));
      response.writeHead(200, { "content-type": types[extname(pathname)] ?? "text/plain" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  counter.closers.push(() => server.close() && server.closeAllConnections());
  return `http://127.0.0.1:${server.address().port}`;
}
