// Runs one consumer of the package: makes a fresh copy of its project, installs the packed tarball, and takes a sale in
// development and from the build.

import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import QRCode from "qrcode";
import { counter, until } from "../terminal/harness.mjs";
import * as pages from "./page.mjs";
import { serve } from "./serve.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const projects = fileURLToPath(new URL("./", import.meta.url));

/** No tool reports to its maker, asks a question, or looks for a newer version of itself. */
const QUIET = {
  ASTRO_TELEMETRY_DISABLED: "1",
  BROWSER: "none",
  CI: "1",
  DENO_NO_UPDATE_CHECK: "1",
  DO_NOT_TRACK: "1",
  FORCE_COLOR: "0",
  NEXT_TELEMETRY_DISABLED: "1",
  NG_CLI_ANALYTICS: "false",
  NODE_ENV: undefined,
  NO_COLOR: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
  YARN_ENABLE_TELEMETRY: "0",
  npm_config_update_notifier: "false",
};

/** How long a tool may take to install or to build, and to serve its first page. */
const TOOL_MS = 240_000;
/** How long a page may take until it is paid, and how long an error may stay on it: some tools reload the page. */
const SALE_MS = 60_000;
const ERROR_MS = 6_000;

/** Packs the package once. Gives the tarball's path. */
export async function pack(t) {
  const dir = await mkdtemp(join(tmpdir(), "kaunter-packed-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const told = await run(["npm", "pack", "--json", "--pack-destination", dir, join(root, "pkg")], { cwd: root });
  return join(dir, JSON.parse(told.slice(told.indexOf("[")))[0].filename);
}

/** A free port, which the system chose. It is held until `release`, so that nobody else gets it meanwhile. */
async function holdPort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const release = () => new Promise((done) => server.close(done));
  return { port: server.address().port, release };
}

/** A consumer's project in a folder of its own. */
export class Consumer {
  constructor(consumer, tarball) {
    Object.assign(this, { consumer, tarball, folders: [], closers: [] });
  }

  async close() {
    for (const close of this.closers.reverse()) await close();
    await Promise.all(this.folders.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })));
  }
  after(close) {
    this.closers.push(close);
  }

  /** Writes the project; with `lines`, those that the tool needs too. */
  async write(lines) {
    const { project, examples, page, script, needs, manifest } = this.consumer;
    if (project) await cp(join(projects, project), this.dir, { recursive: true });
    if (examples) await cp(join(root, "examples", examples), join(this.dir, basename(examples)));
    const dependencies = { ...needs, kaunter: `file:${this.tarball}` };
    const files = {
      "package.json": JSON.stringify({ name: "shop", private: true, type: "module", ...manifest, dependencies }),
    };
    // The sandbox's script stands beside the quick start, wherever that is.
    if (script || (page && !page.isPlain)) files[join(dirname(script?.path ?? ""), "sandbox.js")] = pages.sandbox;
    if (page) files[page.path ?? "index.html"] = page.text?.(pages) ?? pages.page();
    if (script) files[script.path] = pages.KINDS[script.kind ?? "module"];
    if (lines?.edit) {
      const { path, before, add } = lines.edit;
      const text = await readFile(join(this.dir, path), "utf8");
      if (!text.includes(before)) throw new Error(`${path} has no ${before}`);
      files[path] = text.replace(before, () => add + before);
    }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, path)), { recursive: true });
      await writeFile(join(this.dir, path), text);
    }
  }

  async install() {
    this.dir = await mkdtemp(join(tmpdir(), "kaunter-consumer-"));
    this.folders.push(this.dir);
    await this.write(null);
    const install = this.consumer.install ?? [
      "npm install --no-audit --no-fund --loglevel=error --prefer-offline --no-package-lock",
    ];
    for (const command of install) await this.run(command);
  }

  env() {
    // A tool's programs, and the Node that it needs, come before the system's.
    const path = [join(this.dir, "node_modules/.bin"), process.env.PATH].join(delimiter);
    return { ...process.env, ...QUIET, PATH: path, ...this.consumer.env };
  }
  fill = (text, port) => text.replaceAll("{port}", port).replaceAll("{tarball}", this.tarball);
  run(command, { cwd = this.dir } = {}) {
    return run(this.fill(command).split(" "), { cwd, env: this.env() });
  }

  /** Starts a server, and waits until it answers. */
  async start(command, origin, port) {
    const server = start(this.fill(command, port).split(" "), { cwd: this.dir, env: this.env() });
    this.after(server.stop);
    await Promise.race([
      until(`${command} answers`, async () => (await fetch(origin + this.path)).ok, { ms: TOOL_MS, every: 100 }),
      server.gone.then(() => Promise.reject(new Error(`${command} ended: ${server.words()}`))),
    ]);
    return server;
  }
  get path() {
    return this.consumer.base ?? "/";
  }

  /** Runs its programs to their end, as `sell` does with a page. */
  async runPrograms(known) {
    const { says = "", picture, run: commands } = this.consumer;
    if (picture) await QRCode.toFile(join(this.dir, "code.png"), picture, { scale: 6, margin: 4 });
    const once = async (isLined) => {
      try {
        await this.write(isLined ? this.consumer.lines : null);
        let told = "";
        for (const command of commands) told += await this.run(command);
        return told.includes(says) ? {} : { error: `it did not say ${says}: ${told}` };
      } catch (error) {
        return { error: readable(error.message, this.dir) };
      }
    };
    return { run: await this.tries("run", known, once) };
  }

  /** Tries a way as it is, and with the tool's lines if that fails. What is `known` is tried only as it worked. */
  async tries(way, known, once) {
    const all = known ? [known[way].how === "with lines"] : this.consumer.lines ? [false, true] : [false];
    let asItIs;
    for (const isLined of all) {
      const result = await once(isLined);
      if (result.error && !isLined && all.length > 1) asItIs = result.error;
      else return { how: result.error ? "fails" : isLined ? "with lines" : "as it is", ...result, asItIs };
    }
  }

  /**
   * Takes sales with the tool's server and from its build: first as it is, then with the tool's lines. With the `known`
   * results of an earlier run, only as they say.
   */
  async sell(known) {
    const { consumer } = this;
    const host = consumer.host ?? "127.0.0.1";
    const places = await Promise.all(Array.from({ length: 4 }, holdPort)); // each way is tried twice at most
    for (const { release } of places) this.after(release);
    const desk = await counter(this, { origins: places.map(({ port }) => `http://${host}:${port}`) });
    const rules = [
      [8787, desk.backend],
      [8788, desk.sandbox],
    ].map(([from, to]) => `MAP 127.0.0.1:${from} ${new URL(to).host}`);
    const results = {};
    for (const way of ["dev", "build"].filter((way) => consumer[way])) {
      results[way] = await this.tries(way, known, (isLined) => {
        const place = places.pop();
        return this.oneSale(way, { desk, rules, ...place, origin: `http://${host}:${place.port}`, isLined });
      });
    }
    return results;
  }

  async oneSale(way, { desk, rules, port, release, origin, isLined }) {
    const { consumer } = this;
    const lines = isLined ? consumer.lines : null;
    const closers = this.closers.length;
    const stop = async () => {
      for (const close of this.closers.splice(closers).reverse()) await close();
    };
    let machine;
    try {
      await this.write(lines);
      if (way === "build") await this.build(lines);
      await release();
      if (way === "dev") await this.start(consumer.dev, origin, port);
      else await this.serveBuild(origin, port, lines);
      machine = await desk.machine({ flags: [`--host-resolver-rules=${rules}`] });
      const { page, ...seen } = await sale(desk, machine, origin + this.path);
      if (!consumer.page?.isPlain) await sandboxSale(machine, origin + this.path);
      if (!consumer.isOffline) return seen;
      const isKept = () => navigator.serviceWorker.getRegistration().then((kept) => Boolean(kept?.active));
      await until("the service worker keeps the page", () => page.evaluate(isKept));
      await page.close();
      await stop();
      await until("the server is gone", () =>
        fetch(origin + this.path).then(
          () => false,
          () => true,
        ),
      );
      const offline = await sale(desk, machine, origin + this.path);
      return { ...seen, worker: offline.worker };
    } catch (error) {
      return { error: readable(error.message, this.dir) };
    } finally {
      await machine?.browser.close().catch(() => {});
      await stop();
    }
  }

  /** Serves the package from an origin of its own. */
  async startCdn() {
    const { port, release } = await holdPort();
    await release();
    const headers = { "access-control-allow-origin": "*" };
    this.after(await serve(join(this.dir, "node_modules/kaunter"), port, { headers }));
    return `http://127.0.0.1:${port}`;
  }

  async build(lines) {
    const { build, serve: { dir = "dist" } = {} } = this.consumer;
    if (dir !== ".") await rm(join(this.dir, dir), { recursive: true, force: true });
    for (const command of build) await this.run(command);
    // As a person pastes them into a shell.
    for (const line of lines?.after ?? []) await run(["bash", "-c", line], { cwd: this.dir });
  }

  /** Serves what was built, with the tool's own server if it has one. */
  async serveBuild(origin, port, lines) {
    const { start, cdn, distPage, serve: { dir = "dist", headers } = {} } = this.consumer;
    if (start) return this.start(start, origin, port);
    const address = cdn ? await this.startCdn() : undefined;
    if (distPage) await writeFile(join(this.dir, dir, "index.html"), distPage(pages, address));
    this.after(await serve(join(this.dir, dir), port, { base: this.path, headers: headers?.(lines) }));
  }
}

/** Opens the page, presses its button, and waits until it says that the sale is paid. */
async function sale(desk, machine, address) {
  await machine.look(await desk.code("approves", "21"));
  const before = await desk.kept();
  const page = await machine.page();
  const failed = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() >= 400 && pathname !== "/favicon.ico") failed.push(`${response.status()} ${pathname}`);
  });
  await page.addInitScript(observe);
  const began = performance.now();
  await page.goto(address);
  let wrong;
  const isPaid = async () => {
    const now = await page.evaluate(step).catch(() => null); // the tool reloads the page
    if (now?.text.startsWith("Paid: ")) return now;
    const text = now?.text.includes(" ") ? now.text : now?.isReady ? "" : page.problems.findLast(isOfPage);
    if (text !== wrong?.text) wrong = text ? { text, since: performance.now() } : undefined;
    // An error on the console before the button works may be passing: a tool that compiles on demand.
    const patience = now?.text ? ERROR_MS : 4 * ERROR_MS;
    return wrong && performance.now() - wrong.since > patience && { wrong: wrong.text };
  };
  const ended = await until("the sale is paid", isPaid, { ms: SALE_MS }).catch((error) => ({ wrong: error.message }));
  if (ended.wrong) {
    const others = page.problems.filter(isOfPage);
    throw new Error([...new Set([ended.wrong, ...others, ...failed])].join(" | "));
  }
  const ms = Math.round(performance.now() - began);
  const kept = (await desk.kept()) - before;
  if (kept !== 1250) throw new Error(`the page says that it is paid, and the ledger kept ${kept}`);
  const { workers, streams } = await page.evaluate(() => globalThis.seen);
  if (streams !== 1) throw new Error(`${streams} camera streams were opened`);
  const working = workers.filter(({ reads }) => reads > 0);
  return { page, ms, worker: working[0]?.type ?? "none", workers: working.length, failed };
}

/** Opens the page with the sandbox, which takes a sale by itself and calls nobody. */
async function sandboxSale(machine, address) {
  const page = await machine.page();
  const others = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.hostname !== new URL(address).hostname) others.push(url.href);
  });
  await page.goto(address + pages.SANDBOX);
  const appended = () =>
    [...document.body.childNodes]
      .filter((node) => node instanceof Text)
      .map(({ data }) => data)
      .join("");
  const text = () => page.evaluate(appended).catch(() => "");
  const isOver = async () => /paid/.test(await text()) || page.problems.some(isOfPage);
  await until("the sandbox's sale is paid", isOver, { ms: SALE_MS }).catch(() => {});
  const said = await text();
  if (!/paid/.test(said) || others.length)
    throw new Error(["in the sandbox", said, ...page.problems, ...others].join(" | "));
  await page.close();
}

/** A failed download is in the list of those. */
const isOfPage = (problem) => !problem.startsWith("Failed to load resource");

/** In the page: notes each worker with the frames that it read, and each camera stream. */
function observe() {
  const seen = { workers: [], streams: 0 };
  globalThis.seen = seen;
  globalThis.Worker = class extends globalThis.Worker {
    constructor(url, options) {
      super(url, options);
      const worker = { type: options?.type ?? "classic", reads: 0 };
      if (String(url).startsWith("blob:")) worker.type += " (blob)";
      seen.workers.push(worker);
      this.addEventListener("message", ({ data }) => {
        if (data?.type === "read") worker.reads++;
      });
    }
  };
  const devices = navigator.mediaDevices;
  const ask = devices?.getUserMedia?.bind(devices);
  if (ask)
    devices.getUserMedia = async (wish) => {
      const stream = await ask(wish);
      seen.streams++;
      return stream;
    };
}

/** In the page: presses the button once it works, and gives the text of the output. */
function step() {
  const button = document.querySelector("button");
  const isReady = Boolean(button?.onclick);
  if (isReady && !globalThis.isPressed) {
    globalThis.isPressed = true;
    button.click();
  }
  return { isReady, text: document.querySelector("output")?.textContent ?? "" };
}

/** Runs a program to its end. Gives its output. */
export function run(args, options) {
  const child = start(args, options);
  const late = setTimeout(child.stop, TOOL_MS);
  return child.gone.then((code) => {
    clearTimeout(late);
    if (code === 0) return child.words();
    throw new Error(`${args[0]} ended with ${code}: ${child.words()}`);
  });
}

/** What runs now ends with this program, also after Ctrl-C. */
const running = new Set();
process.on("exit", () => running.forEach(kill));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

function kill(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Starts a program in a process group of its own, so that the tool's own children end with it. */
export function start([program, ...args], { cwd, env = process.env }) {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      words += chunk;
    });
  const gone = new Promise((done) => {
    child.once("error", (error) => {
      words += error.message;
      done(-1);
    });
    child.once("close", (code, signal) => done(code ?? signal));
  });
  running.add(child);
  gone.then(() => {
    kill(child); // the children that it left
    running.delete(child);
  });
  const stop = async () => {
    kill(child);
    await gone;
  };
  return { gone, stop, words: () => words };
}

/** An error text without the temporary folder, colours and long stacks. */
const readable = (text, dir) =>
  text
    .replaceAll(dir, "")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: tools colour their output
    .replace(/\u001b\[[0-9;]*m/g, "")
    .replace(/:\d{4,5}\b/g, "")
    .replace(/\s+/g, " ")
    .slice(0, 700);
