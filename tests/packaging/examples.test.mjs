// Runs each example as a newcomer does, with the packed package.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import QRCode from "qrcode";
import { counter, until } from "../terminal/harness.mjs";
import { freePort, needPhp } from "../terminal/php.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = async (folder) => JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
let dir;

function run(program, args, cwd, env = process.env) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-examples-"));
  await cp(join(root, "examples"), dir, {
    recursive: true,
    filter: (path) => !/node_modules|dist$/.test(path.slice(root.length)),
  });
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", dir, join(root, "pkg")], root));
  const wanted = {};
  for (const name of ["minimal-vite", "node-reader", "react", "vue"]) {
    const { dependencies, devDependencies } = await manifest(`examples/${name}`);
    Object.assign(wanted, dependencies, devDependencies);
  }
  wanted.kaunter = `file:${join(dir, packed.filename)}`;
  await writeFile(join(dir, "package.json"), JSON.stringify({ private: true, type: "module", dependencies: wanted }));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], dir);
});

after(() => rm(dir, { recursive: true, force: true }));

const vite = (args, cwd) => run(process.execPath, [join(dir, "node_modules/vite/bin/vite.js"), ...args], cwd);

/** Builds an example and serves it. Gives its address. */
async function serve(t, name) {
  const folder = join(dir, name);
  vite(["build"], folder);
  const port = await freePort();
  const server = spawn(
    process.execPath,
    [join(dir, "node_modules/vite/bin/vite.js"), "preview", "--port", String(port), "--host", "127.0.0.1"],
    { cwd: folder },
  );
  t.after(() => server.kill());
  const origin = `http://127.0.0.1:${port}`;
  await until("the page is served", async () => (await fetch(origin)).ok);
  return origin;
}

/** Opens a built example in a browser with a camera. The test's backend and sandbox replace the demo. */
async function visit(t, name, profile, before = async () => {}) {
  const origin = await serve(t, name);
  const desk = await counter(t, { origins: [origin], profile });
  const rules = [
    [8787, desk.backend],
    [8788, desk.sandbox],
  ].map(([from, to]) => `MAP 127.0.0.1:${from} ${new URL(to).host}`);
  const machine = await desk.machine({ flags: [`--host-resolver-rules=${rules}`] });
  const page = await machine.page();
  await before(page, desk);
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => document.querySelector("button")?.onclick, null, { timeout: 60_000 });
  return { desk, machine, page };
}

const isPaid = (page) =>
  page.waitForFunction(() => /^Paid: \d+/.test(document.querySelector("output").textContent), null, {
    timeout: 60_000,
  });

test("minimal-vite takes a payment with the camera", async (t) => {
  const { desk, machine, page } = await visit(t, "minimal-vite", "sandbox");
  await machine.look(await desk.code("approves", "21"));
  await page.click("button");
  await isPaid(page);
  assert.equal(await desk.kept(), 1250);
});

test("present-code shows a code, and takes it down once the customer has paid", async (t) => {
  const { desk, page } = await visit(t, "present-code", "sandbox");
  await page.click("button");
  await page.waitForSelector("#code img");
  const [{ trade_id }] = await desk.ledger();
  const { json } = await desk.call("GET", `/v1/trades/${trade_id}`, { token: await desk.token() });
  await desk.post("/_sim/scan", { payload: json.shown_code.payload, customer: "approves" });
  await isPaid(page);
  assert.equal(await page.locator("#code img").count(), 0);
  assert.equal(await desk.kept(), 1250);
});

describe("a checkout page in the sandbox", { concurrency: 2 }, () => {
  let browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
  });
  after(() => browser.close());

  for (const name of ["react", "vue"])
    test(`${name}: each ending leads to the next bill, and a payment that was left keeps its own`, async (t) => {
      const page = await browser.newPage();
      const says = (text) => page.waitForSelector(`output:text-matches(${JSON.stringify(text)})`);
      const press = (name) => page.click(`button:text-is("${name}")`);
      const bill = () => page.textContent("h1");
      const pay = async (amount) => {
        await page.fill("input", amount);
        await press("Pay");
      };
      await page.goto(await serve(t, name));
      await says("^Ready");
      await page.evaluate(() => {
        globalThis.said = [];
        new MutationObserver(([{ target }]) => said.push(target.textContent)).observe(
          document.querySelector("output"),
          {
            subtree: true,
            characterData: true,
            childList: true,
          },
        );
      });
      await pay("twelve");
      await says("amount");
      await pay("12.01");
      await says("declined|refused");
      const declined = await bill();
      await press("Next bill");
      assert.notEqual(await bill(), declined);
      await pay("12.00");
      await says("^Paid: SANDBOX-");
      const said = await page.evaluate(() => globalThis.said.join());
      assert.deepEqual([/One moment/.test(said), /idle/.test(said)], [true, false], said);

      const paid = await bill();
      // A page that gives a number again.
      await page.evaluate((paid) => {
        const { now } = Date;
        Date.now = () => paid.slice("INV-".length);
        [...document.querySelectorAll("button")].find(({ textContent }) => /Next bill/.test(textContent)).click();
        Date.now = now;
      }, paid);
      await says("^Ready");
      await pay("12.00");
      await says("^Paid: SANDBOX-");
      assert.equal(await bill(), paid, "the payment that has the sale");

      await page.waitForSelector("button:text-is('Next bill')");
      await page.reload(); // the customer's phone shows another code
      await pay("12.04"); // the wallet never answers
      await says("waiting");
      const older = await bill();
      await page.reload();
      await says("Do not charge again");
      assert.equal(await bill(), older, "the bill of that payment, not a new one");
      assert.match(await page.textContent("main"), /12\.04/);
      await press("Leave it open for now");
      assert.notEqual(await bill(), older);
      await pay("12.50"); // the customer takes three seconds
      await says("waiting");
      const newer = await bill();
      await page.reload();
      await says("Do not charge again");
      assert.equal(await bill(), newer);
      await press("Check again");
      await says("^Paid: SANDBOX-");
      assert.equal(await bill(), newer);
      await press("Next bill");
      await says("Do not charge again");
      assert.equal(await bill(), older, "one after another");
    });
});

/** What the package's README leaves to the shop: the page, its functions, and the addresses that stand for others. */
const SHOP = {
  "index.html": `<!doctype html><title>shop</title><video muted playsinline></video><button id="payButton">Pay</button>
    <output></output><script src="/shop.js"></script><script type="module" src="/main.js"></script>`,
  "public/shop.js": `
    const show = (...words) => { document.querySelector("output").textContent = words.join(" "); };
    const printReceipt = (ref) => show("Paid:", ref);
    const askTheCashier = (wallets) => wallets[0];`,
};

test("the package's README, its code to the letter, takes a payment", async (t) => {
  const folder = join(dir, "readme");
  const text = await readFile(join(root, "pkg/README.md"), "utf8");
  const codes = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  const code = codes.find((code) => code.includes("https://pay.shop.example"));
  await mkdir(join(folder, "public"), { recursive: true });
  for (const [path, content] of Object.entries({ ...SHOP, "main.js": code }))
    await writeFile(join(folder, path), content);
  const { desk, machine, page } = await visit(t, "readme", "sandbox", async (page, desk) => {
    const forward = (to) => async (route) => {
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: to(pathname + search), maxRetries: 2 }) });
    };
    await page.route(
      "https://pay.shop.example/**",
      forward((path) => `${desk.backend}${path}`),
    );
    await page.route("**/till-token", async (route) => {
      const headers = { "content-type": "application/json" };
      const asked = { url: `${desk.sandbox}/shop/token`, headers, postData: '{"terminal":"till-1"}' };
      await route.fulfill({ response: await route.fetch(asked) });
    });
  });
  await machine.look(await desk.code("approves", "21"));
  await page.click("button");
  await isPaid(page);
  assert.equal(await desk.kept(), 1250);
});

test("node-reader prints the code of a picture, and says where there is none", async () => {
  const folder = join(dir, "node-reader");
  await QRCode.toFile(join(folder, "code.png"), "281234567890123456", { scale: 6, margin: 4 });
  assert.equal(run(process.execPath, ["read.mjs", "code.png"], folder), "281234567890123456\n");
  const none = spawnSync(process.execPath, ["read.mjs"], { cwd: folder, encoding: "utf8" });
  assert.deepEqual([none.status, /Give a PNG file/.test(none.stderr)], [2, true]);
});

/** Signs in at a shop's server, makes a bill, pays it, and checks that it is closed. */
async function sells(t, shop, program, args, path, cwd) {
  const port = await freePort();
  const keys = { KAUNTER_SERVER_KEY: shop.keys.KAUNTER_SERVER_KEY, KAUNTER_BACKEND: shop.backend, PORT: String(port) };
  const server = spawn(program, args(port), { cwd, env: { ...process.env, ...keys } });
  t.after(() => server.kill());
  const url = (rest) => `http://127.0.0.1:${port}/${rest}`;
  const login = path.endsWith(".php") ? "login.php" : "login";
  const signedIn = await until("the shop's server answers", () => fetch(url(login)));
  assert.equal((await fetch(url(path))).status, 403, "nobody else gets a token");
  const headers = { cookie: signedIn.headers.get("set-cookie").split(";")[0] };
  const closes = async () => (await fetch(url(`${path}?ref=INV-2041`), { headers })).json();
  const body = JSON.stringify({ ref: "INV-2041" });
  const { token } = await (await fetch(url(path), { method: "POST", headers, body })).json();
  const sale = (minor) => ({
    idempotency_key: randomBytes(16).toString("hex"),
    sale: { ref: "INV-2041", amount: { minor, currency: "MYR" } },
    wallet_id: "23",
    mode: "consumer_presented",
  });
  assert.equal((await shop.call("POST", "/v1/trades", { token, body: sale(1) })).status, 403, "no other amount");
  assert.equal(await closes(), false);
  const { json } = await shop.call("POST", "/v1/trades", { token, body: sale(1250) });
  await shop.call("POST", `/v1/trades/${json.trade_id}/code`, { token, body: { code: await shop.code() } });
  await until("the bill is closed", closes);
}

test("shop-node mints a token for one bill and closes it", async (t) => {
  await sells(t, await counter(t), process.execPath, () => ["server.mjs"], "token", join(dir, "shop-node"));
});

test("shop-php mints a token for one bill and closes it", async (t) => {
  needPhp();
  const args = (port) => ["-S", `127.0.0.1:${port}`];
  await sells(t, await counter(t), "php", args, "till.php", join(dir, "shop-php"));
});
