// The demo's page: each button's story ends as the ledger says, wholly in the page and against the real backend, and the
// page keeps to its folder.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "../consumers/serve.mjs";
import { counter, out, until } from "./harness.mjs";
import { judged } from "./look.mjs";
import { buildDemo, Visitor } from "./visitor.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
/** The strictest policy under which the page works. A site may set it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' mediastream:",
  "worker-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types kaunter",
].join("; ");
const BASE = "/shop/demo/";

let dir, stop, browser;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-demo-"));
  buildDemo(dir);
  stop = await serve(dir, 0, { base: BASE, headers: { "content-security-policy": POLICY } });
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  browser = await chromium.launch({ executablePath, args });
});
after(async () => {
  await browser?.close();
  stop?.();
  await rm(dir, { recursive: true, force: true });
});

/** A visitor on a fresh page. `page.problems` has errors, and `page.left` the addresses outside the page's folder. */
async function visit(t, address, before = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  Object.assign(page, { problems: [], left: [] });
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address.split("?")[0]) && !url.startsWith("data:")) page.left.push(url);
  });
  await page.clock.install();
  await before(page);
  await page.goto(address);
  const visitor = new Visitor(page);
  await visitor.screen("ready", "ready");
  return visitor;
}

/** Notes what the till sends, before it is masked. */
const listen = (page) =>
  page.evaluate(() => {
    const { kaunterHost: host } = globalThis;
    const { fetch } = host;
    globalThis.secrets ??= [];
    host.fetch = (input, init) => {
      const { code, idempotency_key: key } = JSON.parse(init.body ?? "{}");
      secrets.push(...[code, key, new Headers(init.headers).get("kaunter-token")].filter(Boolean));
      return fetch(input, init);
    };
  });

/** Lets the page's time pass faster until a condition is true. */
const soon = (page, what, condition, stepMs = 500) =>
  until(what, async () => {
    if (await condition()) return true;
    await page.clock.fastForward(stepMs);
    return false;
  });

const isPaid = (page) => async () => /^Charged once/.test(await page.textContent("#ledger-line"));

/** The end of the story: what the visitor is told, and the ledger's line. */
async function ends({ page }, seen, ledger, stepMs) {
  await soon(page, "the sale ends", () => page.isVisible("#guide.seen"), stepMs);
  assert.match(await page.textContent("#guide-text"), seen);
  assert.match(await page.textContent("#ledger-line"), ledger);
}

/** As a phone that trusts the certificate: the answer, and the names in the certificate. */
const overTls = (url) =>
  new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, async (answer) => {
      const names = answer.socket.getPeerCertificate().subjectaltname;
      const text = (await answer.toArray()).join("");
      resolve({ status: answer.statusCode, text, names });
    }).on("error", reject);
  });

/** The page fits, and axe finds nothing: on a phone and a desk, by day and by night. */
async function fits(page) {
  await mkdir(out, { recursive: true });
  for (const [width, height] of [
    [360, 640],
    [1280, 900],
  ])
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await judged(page), [], `${width} ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} of ${width} pixels`);
      await page.screenshot({ path: join(out, `demo-${width}-${colorScheme}.png`), fullPage: true });
    }
}

test("each button's story ends as the ledger says, and the page keeps to its folder", async (t) => {
  const visitor = await visit(t, `http://127.0.0.1:${stop.port}${BASE}`);
  const { page, till } = visitor;

  await t.test("the customer pays", async () => {
    assert.match(await page.textContent("#guide"), /Press Charge on the till/);
    await listen(page);
    await visitor.pay();
    assert.match(await page.textContent("#guide"), /about to agree/);
    await ends(visitor, /one payment left/, /^Charged once: RM\s?12\.50\.$/);
  });
  await t.test("codes, tokens and keys are not in the page", async () => {
    const asked = await page.locator("#wire summary .asked").allTextContents();
    assert.match(asked.reverse().join(" "), /^The till opens\. A new trade of RM\s12\.50\. The customer's code,/);
    const secrets = await page.evaluate(() => secrets);
    assert.ok(secrets.length >= 2, "a code and a key were sent");
    const shown = await page.content();
    assert.match(shown, /"code": "•••"/);
    assert.match(shown, /"idempotency_key": "•••"/);
    for (const secret of [...secrets, "sandbox|till-1"]) assert.ok(!shown.includes(secret), "it is hidden");
  });
  await t.test("the customer declines", async () => {
    await visitor.choose("declines");
    await visitor.pay();
    await ends(visitor, /no money moved/, /^Not charged\.$/);
  });
  await t.test("the answer is lost", async () => {
    await visitor.choose("lost");
    await visitor.pay();
    await ends(visitor, /nothing was paid again/, /^Charged once/);
  });
  await t.test("the cable is pulled", async () => {
    await visitor.choose("cable");
    await visitor.pay();
    await soon(page, "the cable is out", () => page.isVisible("#cable"));
    await soon(page, "the customer has paid", isPaid(page));
    await visitor.screen("waiting");
    await ends(visitor, /claimed nothing/, /^Charged once/);
  });
  await t.test("the tab is killed", async () => {
    await visitor.choose("tab");
    await visitor.pay();
    await soon(page, "the tab is gone", () => page.isVisible("#till:empty"));
    await soon(page, "the customer has paid", isPaid(page));
    await ends(visitor, /found the payment in its journal/, /^Charged once/);
  });
  await t.test("nobody answers", async () => {
    await visitor.choose("silent");
    await visitor.pay();
    await visitor.cancel();
    await ends(visitor, /closed the payment/, /^Not charged\.$/, 2_000);
  });
  await t.test("by keyboard alone, paid after a cancel, and given back", async () => {
    await visitor.choose("late");
    await visitor.pay(async () => {
      await page.focus("#picture");
      for (let step = 0; step < 9; step++) await page.keyboard.press("ArrowLeft");
    });
    await visitor.cancel();
    await ends(visitor, /came after the cancel/, /^Charged once: RM\s?12\.08\.$/, 2_000);
    await till.locator("#second:enabled").click();
    await till.locator("#why").selectOption("paid late");
    await till.locator("#back-yes").click();
    await soon(page, "it is given back", async () => /given back once/.test(await page.textContent("#ledger-line")));
  });
  await t.test("the phone scans the till's own code, and the visitor answers for the customer", async () => {
    await visitor.choose("silent");
    await till.locator(".of-ready .show-code").click();
    await till.locator('dialog[open] [data-wallet="33"]').click();
    await page.click("#scan");
    await page.click("#pay");
    await ends(visitor, /ended in another way/, /^Charged once/);
  });
  await t.test("it fits, and axe finds nothing", () => fits(page));

  assert.equal(await page.isVisible("#ledger.wrong"), false);
  assert.deepEqual(page.left, [], "no request leaves the folder");
  assert.deepEqual(page.problems, [], "the policy blocks nothing");
});

test("the same page against the real backend: a sale, a killed tab, and a ledger that counts", async (t) => {
  const shop = await counter(t, { site: dir });
  const visitor = await visit(t, `${shop.sandbox}/?world=server`);
  const { page } = visitor;
  assert.match(await page.textContent("#place"), /real backend/);
  await visitor.pay();
  await ends(visitor, /one payment left/, /^Charged once: RM\s?12\.50\.$/);
  await visitor.choose("tab");
  await visitor.pay();
  await soon(page, "the tab is gone", () => page.isVisible("#till:empty"));
  await ends(visitor, /found the payment in its journal/, /^Charged once/);
  assert.deepEqual(
    (await shop.ledger()).map(({ charged, calls }) => [charged, calls.pay]),
    [
      [1250, 1],
      [1250, 1],
    ],
  );
  assert.deepEqual(
    page.left.filter((url) => !url.startsWith(shop.backend)),
    [],
  );
  assert.deepEqual(page.problems, []);

  // Another browser with this till's name is refused, and no story is told of that.
  const name = await page.evaluate(() => localStorage.getItem("kaunter.demo"));
  const other = await visit(t, `${shop.sandbox}/?world=server`, (page) =>
    page.addInitScript((name) => localStorage.setItem("kaunter.demo", name), name),
  );
  await other.choose("declines");
  await other.charge();
  await other.page.click("#hold-up");
  await ends(other, /ended in another way/, /^Not charged\.$/);

  const phone = /https:\/\/127\.0\.0\.1:\d+\/_sim\/phone/.exec(shop.sandboxProgram.words)[0];
  const opened = await overTls(phone);
  assert.equal(opened.status, 200);
  assert.match(opened.text, /The customer's phone/);
  assert.equal(opened.names, "IP Address:127.0.0.1");
  assert.equal((await overTls(phone.replace("phone", "phone/state"))).status, 200, "the page's own call");
  assert.equal((await overTls(phone.replace("phone", "ledger"))).status, 404, "and nothing else");

  // A gateway that charges twice: the line must say so.
  await page.route("**/_sim/ledger", async (route) => {
    const trades = await (await route.fetch()).json();
    return route.fulfill({ json: trades.map((trade) => ({ ...trade, charged: 2 * trade.charged })) });
  });
  await page.waitForSelector("#ledger.wrong");
  assert.match(await page.textContent("#ledger-line"), /^Charged 2 times/);
});
