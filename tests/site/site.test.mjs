// Builds the site for an address of its own, and visits it: does every link lead somewhere, does each live example do what
// its page says, and does the page call nobody else?

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { addressOf, root } from "../../docs/site/addresses.mjs";
import { codes, errors } from "../../docs/site/errors.mjs";
import { liveBlocks } from "../../docs/site/live.mjs";
import { serve } from "../consumers/serve.mjs";
import { out, until } from "../terminal/harness.mjs";

const { CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const BASE = "/docs/";
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let dir, browser, origin, stop;
/** The built pages by address: `{ html, ids }`; and the address of every built file. */
const pages = new Map();
const files = new Set();

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-site-"));
  const args = ["docs/site/build.mjs", "--out", dir, "--base", BASE];
  const built = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  assert.equal(built.status, 0, built.stdout + built.stderr);
  for (const file of await readdir(dir, { recursive: true })) {
    const address = BASE + file.split(sep).join("/");
    files.add(address);
    if (!file.endsWith(".html")) continue;
    const html = await readFile(join(dir, file), "utf8");
    pages.set(address, { html, ids: new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)) });
  }
  stop = await serve(dir, 0, { base: BASE });
  origin = `http://127.0.0.1:${stop.port}`;
  browser = await chromium.launch({ executablePath });
});
after(async () => {
  await browser?.close();
  stop?.();
  await rm(dir, { recursive: true, force: true });
});

/** A tab that notes errors, and every call to another address. */
async function tab(t, options) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", ({ message }) => wrong.push(message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== new URL(origin).host) wrong.push(request.url());
  });
  return { page, wrong };
}

test("every link and every picture of every page leads somewhere", () => {
  const wrong = [];
  let count = 0;
  for (const [address, { html }] of pages) {
    for (const [, target] of html.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^(https?|mailto|data):/.test(target)) continue;
      count++;
      const { pathname, hash } = new URL(target.replaceAll("&amp;", "&"), `http://site${address}`);
      const file = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
      if (!files.has(file)) wrong.push(`${address}: ${target} leads nowhere`);
      const ids = hash && pages.get(file)?.ids;
      if (ids && !ids.has(decodeURIComponent(hash.slice(1)))) wrong.push(`${address}: ${target} leads to no heading`);
    }
  }
  assert.ok(count > 2000, `${count} links`);
  assert.deepEqual(wrong, []);
});

test("each error code has a page, which says what to do and whether money moved", () => {
  for (const code of codes) {
    const { html } = pages.get(`${BASE}errors/${code}.html`);
    const text = html
      .replace(/<[^>]+>/g, "")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'");
    const { cashier, developer, happened, money } = errors.get(code);
    for (const fact of [cashier, developer, happened, money.slice(1)])
      assert.ok(text.includes(fact.replaceAll("`", "")), `${code}: ${fact}`);
  }
});

test("each text of the element is listed with its word", () => {
  const { html } = pages.get(`${BASE}words.html`);
  for (const text of ["idle", "Ready for the next sale.", "titlePaid", "unfinished", "{a}"])
    assert.ok(html.includes(text), text);
});

test("each live example does what its page says, under the site's policy, and calls nobody", async (t) => {
  const examples = liveBlocks();
  assert.ok(examples.length >= 3);
  await mkdir(out, { recursive: true });
  const { page, wrong } = await tab(t);
  for (const { file, marks } of examples) {
    await page.goto(origin + BASE + addressOf(file).replace(/md$/, "html"));
    assert.equal(await page.locator("iframe").count(), 0, "nothing runs before the button");
    await page.click(`.live-example[data-name="${marks.live}"] button`);
    const frame = page.frameLocator(`.live-example[data-name="${marks.live}"] iframe`);
    const pay = frame.locator("#payButton");
    await until("the example has started", () => pay.evaluate((button) => Boolean(button.onclick)));
    await pay.click();
    if (marks.press) await frame.getByRole("button", { name: marks.press }).click();
    const said = () => frame.locator("output").textContent();
    await until(`${marks.live} says ${marks.says}`, async () => (await said()).includes(marks.says));
    const picture = join(out, `site-live-${marks.live}.png`);
    await page.locator(`.live-example[data-name="${marks.live}"]`).screenshot({ path: picture });
  }
  assert.deepEqual(wrong, []);
});

test("a word of the documents is found, with no service outside", async (t) => {
  const { page, wrong } = await tab(t);
  await page.goto(origin + BASE);
  await page.click(".VPNavBarSearch button");
  await page.fill("#localsearch-input", "late money");
  await page.waitForSelector('.result[href*="late-money"]');
  assert.deepEqual(wrong, []);
});

/** Pages that stand for their kinds. `cargo xtask test --only site` leaves their pictures under target/screens. */
const SHOWN = { home: "", start: "start/react.html", error: "errors/sale_busy.html", live: "try.html" };
const DEVICES = {
  "desk-light": { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  "desk-dark": { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  "phone-light": { viewport: { width: 360, height: 740 }, colorScheme: "light" },
};
const WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

test("the pages fit a phone and a desk, by day and by night, and axe finds no fault", async (t) => {
  await mkdir(out, { recursive: true });
  const faults = [];
  const visit = async ([device, options]) => {
    const { page, wrong } = await tab(t, { ...options, reducedMotion: "reduce" });
    for (const [name, address] of Object.entries(SHOWN)) {
      await page.goto(origin + BASE + address);
      const shown = `${name}-${device}`;
      await page.screenshot({ path: join(out, `site-${shown}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) faults.push(`${shown}: ${wide} px too wide`);
      if (device === "desk-light") continue; // the other two have its colours and its layout
      await page.evaluate(axe);
      const { violations } = await page.evaluate((runOnly) => globalThis.axe.run({ runOnly }), WCAG);
      for (const { id, nodes } of violations) faults.push(`${shown}: ${id}: ${nodes[0].html.slice(0, 200)}`);
    }
    faults.push(...wrong);
  };
  await Promise.all(Object.entries(DEVICES).map(visit));
  assert.deepEqual(faults, []);
});
