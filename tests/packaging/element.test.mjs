// "kaunter/element" of the packed tarball on the sandbox, in Chromium and under a strict policy with Trusted Types: each
// view, as a cashier and the page's developer meet it. With KAUNTER_SHOTS=folder it leaves a picture of each view.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { until } from "../terminal/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { CHROMIUM: executablePath = "/usr/bin/chromium", KAUNTER_SHOTS: shots } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const MAP = JSON.stringify({
  imports: {
    kaunter: "/package/index.js",
    "kaunter/sandbox": "/package/sandbox.js",
    "kaunter/element": "/package/wasm/element.js",
  },
});
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval' 'nonce-shop'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "require-trusted-types-for 'script'",
  "trusted-types kaunter lit-html",
].join("; ");

/** A shop's page: a field of its own, and the element, whose options are set before it is defined. */
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>shop</title><link rel="icon" href="data:,">
<script type="importmap" nonce="shop">${MAP}</script>
<main><h1>Shop</h1><input id="field" aria-label="bill"><kaunter-till></kaunter-till></main>
<script type="module" nonce="shop">
import * as kaunter from "kaunter";
import { sandbox } from "kaunter/sandbox";
const nameOf = (error) => ({ error: kaunter.KaunterError.is(error) ? error.code : error.name });
const ends = (promise) => promise.then((value) => ({ value }), nameOf);
const money = (text) => kaunter.parseMoney(text, "MYR");
const element = document.querySelector("kaunter-till");
Object.assign(globalThis, { kaunter, ends, money, element, events: [], blocked: [] });
addEventListener("securitypolicyviolation", (event) => blocked.push(event.violatedDirective + " " + event.blockedURI));
for (const type of ["kaunter-ready", "kaunter-outcome", "kaunter-error"])
  document.addEventListener(type, ({ detail }) => {
    events.push([type, detail.status ?? detail.code ?? typeof detail.till.charge]);
  });
/** The sandbox's wallets have neither logos nor limits: this counter's have. */
const listed = async (input, init) => {
  const answer = await world.fetch(input, init);
  if (!String(input.url ?? input).endsWith("/v1/sessions")) return answer;
  const session = await answer.json();
  session.wallets.forEach((wallet, at) => {
    const svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1z'/></svg>";
    wallet.logo = ["data:image/svg+xml," + svg, "data:image/png,x", null][at % 3];
    if (wallet.wallet_id === "25") wallet.min_amount = { minor: 2000, currency: "MYR" };
  });
  return new Response(JSON.stringify(session), answer);
};
globalThis.open = async ({ hasCamera = true, hasLogos, ...settings }) => {
  globalThis.world = await sandbox({ persist: false, ...settings });
  const stream = hasCamera && world.cameraStream();
  // No test machine has a camera with a light: this one reports a light, and accepts settings.
  globalThis.lit = [];
  const applyConstraints = async ({ advanced }) => void lit.push(advanced[0].torch);
  if (stream) Object.assign(stream.getVideoTracks()[0], { getCapabilities: () => ({ torch: true }), applyConstraints });
  element.options = {
    ...world,
    ...(stream && { camera: { stream } }),
    ...(hasLogos && { fetch: listed }),
  };
  await import("kaunter/element");
  const ready = await new Promise((done) => element.addEventListener("kaunter-ready", done, { once: true }));
  globalThis.till = ready.detail.till;
};
globalThis.charge = (ref, amount, options) => {
  globalThis.end = null;
  ends(element.charge({ ref, amount: money(amount) }, options)).then((it) => { globalThis.end = it; });
};
/** The phone's code of a wallet, typed by the page. */
globalThis.coded = (walletId = "23") => ({ code: world.phone.code(walletId).text, walletId });
globalThis.ready = true;
</script>`;

/** The page around the README's code: the sandbox answers in place of the shop's servers and of a webcam. */
const AROUND = `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,">
<script type="importmap" nonce="shop">${MAP}</script><kaunter-till></kaunter-till><output></output>
<script nonce="shop">
const show = (...words) => { document.querySelector("output").textContent = words.join(" "); };
const printReceipt = (ref) => show("Paid:", ref);
</script>
<script type="module" nonce="shop">
import { sandbox } from "kaunter/sandbox";
const [world, real] = [await sandbox({ persist: false }), fetch];
globalThis.fetch = async (input, init) => {
  const url = String(input.url ?? input);
  if (url === "/till-token") return Response.json({ token: await world.getToken() });
  const [, path] = url.split("https://pay.shop.example");
  return path ? world.fetch(world.backend + path, init ?? input) : real(input, init);
};
navigator.mediaDevices.getUserMedia = async () => world.cameraStream();
await import("/readme.js");
</script>`;

let dir, server, origin, browser;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "kaunter-element-"));
  const run = (program, ...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, `${program}: ${stdout}${stderr}`);
    return stdout;
  };
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", dir, join(root, "pkg")));
  run("tar", "-xzf", join(dir, packed.filename), "-C", dir);
  const readme = await readFile(join(dir, "package/README.md"), "utf8");
  const code = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  const pages = { "/": PAGE, "/readme": AROUND, "/readme.js": code.find((code) => code.includes("kaunter/element")) };
  const types = { js: "text/javascript", wasm: "application/wasm" };
  server = createServer(async ({ url }, response) => {
    const headers = { "content-type": types[url.split(".").pop()] ?? "text/html", "content-security-policy": POLICY };
    const body = pages[url] ?? (await readFile(join(dir, url)).catch(() => null));
    response.writeHead(body ? 200 : 404, headers).end(body ?? "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({ executablePath });
  if (shots) await mkdir(shots, { recursive: true });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A shop's page with an open till under `till`. `isTimeless`: the test moves its clock. */
async function shop(t, { isTimeless = false, ...settings } = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 760 }, reducedMotion: "reduce" });
  t.after(() => context.close());
  if (isTimeless) await context.clock.install();
  const page = await context.newPage();
  page.isTimeless = isTimeless;
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  await page.goto(origin);
  await page.waitForFunction(() => globalThis.ready);
  await page.evaluate(axe);
  await page.evaluate((settings) => open(settings), settings);
  return page;
}

/** The view on screen, and its words. */
const view = (page) => page.evaluate(() => element.shadowRoot.querySelector(".screen").dataset.view);
const words = (page) => page.evaluate(() => element.shadowRoot.querySelector(".screen").textContent);
const button = (page, name) => page.locator("kaunter-till").getByRole("button", { name, exact: true });
const press = async (page, name) => {
  await button(page, name).click();
  // A question can be answered after a moment only.
  if (page.isTimeless) await page.clock.runFor(400);
};

/** Waits for a view; on a page without time of its own, time passes meanwhile. */
const sees = (page, name, { passing = 0 } = {}) =>
  until(`the view ${name}`, async () => {
    if (passing) await page.clock.runFor(passing);
    return (await view(page)) === name;
  });

/** What the promise of the page's sale brought. */
const ended = (page) => page.waitForFunction(() => globalThis.end).then((handle) => handle.jsonValue());

/** The page's own rules were not broken, and nobody complained. */
async function isClean(page) {
  assert.deepEqual(await page.evaluate(() => blocked), []);
  assert.deepEqual(page.problems, []);
}

/** Runs in the page: what sticks out of the screen, or is too small to press. */
function faults() {
  const wide = [...element.shadowRoot.querySelectorAll("*")].filter(
    (one) => one.checkVisibility() && !one.closest(".unseen, svg, .frame"),
  );
  const out = wide.filter(
    (one) =>
      one.getBoundingClientRect().right > innerWidth + 0.5 ||
      (one.scrollWidth > one.clientWidth + 1 && one.matches("button, p, h2")),
  );
  const small = wide.filter(
    (one) => one.matches("button, .button, select") && one.getBoundingClientRect().height < 47.5,
  );
  return [...new Set([...out, ...small])].map((one) => one.outerHTML.slice(0, 120));
}

/** Judges the view in light and dark mode, narrow and wide, in three languages. */
async function look(page, name) {
  await page.waitForFunction(() => !element.shadowRoot.querySelector(".danger:disabled"));
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async (isDark) => {
      const runOnly = isDark
        ? ["color-contrast"]
        : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
      const { violations } = await axe.run("kaunter-till", { runOnly, preload: false, resultTypes: ["violations"] });
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`)}`,
      );
    }, colorScheme === "dark");
    assert.deepEqual(found, [], `${name}, ${colorScheme}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  const said = [];
  for (const lang of ["ms", "zh-Hans", "en"]) {
    await page.evaluate((lang) => element.setAttribute("lang", lang), lang);
    await page.evaluate(() => element.updateComplete);
    said.push(await words(page));
    assert.deepEqual(await page.evaluate(faults), [], `${name} in ${lang}`);
    if (shots && lang !== "en") await page.screenshot({ path: join(shots, `${name}-${lang}.png`) });
  }
  assert.equal(new Set(said).size, 3, `${name} in three languages: ${said}`);
  await page.evaluate(() => element.removeAttribute("lang"));
  if (!shots) return;
  await page.setViewportSize({ width: 1000, height: 760 });
  await page.screenshot({ path: join(shots, `${name}-wide.png`) });
  await page.setViewportSize({ width: 360, height: 760 });
}

test("the camera reads a code, the sale is paid, and the money is given back", async (t) => {
  const page = await shop(t);
  await sees(page, "idle");
  await look(page, "idle");
  await page.evaluate(() => world.phone.move(2, 2));
  await page.evaluate(() => charge("PAID", "12.00"));
  await sees(page, "scan");
  await until("the camera is live", async () => /payment code/.test(await words(page)));
  await page.evaluate(() => till.dispatchEvent(new CustomEvent("hint", { detail: { hint: "glare" } })));
  await until("it says what would help", async () => /the screen glares/.test(await words(page)));
  const light = button(page, "Light");
  await light.click();
  await until("the light is on", async () => (await light.getAttribute("aria-pressed")) === "true");
  await light.click();
  await until("and off", async () => (await light.getAttribute("aria-pressed")) === "false");
  assert.deepEqual(await page.evaluate(() => lit), [true, false]);
  await look(page, "scan");
  assert.match(await words(page), /Sandbox, no real money/);
  await page.evaluate(() => world.phone.move(0.5, 0.5));
  const { value } = await ended(page);
  assert.equal(value.status, "paid");
  await sees(page, "paid");
  assert.match(await words(page), new RegExp(value.gatewayRef), "the receipt has the gateway's reference");
  await look(page, "paid");
  await press(page, "Give money back");
  await look(page, "ask-refund");
  await button(page, "Give RM 12.00 back").click();
  assert.match(await page.locator("kaunter-till [role=alert]").textContent(), /Choose why the money goes back\./);
  assert.equal(await page.evaluate(() => world.ledger.length), 1);
  await page.locator("kaunter-till select").selectOption("goods returned");
  await button(page, "Give RM 12.00 back").click();
  await sees(page, "voided");
  await look(page, "voided");
  assert.deepEqual(await page.evaluate(() => world.ledger.map(({ kind }) => kind)), ["charge", "refund"]);
  assert.deepEqual(await page.evaluate(() => events), [
    ["kaunter-ready", "function"],
    ["kaunter-outcome", "paid"],
    ["kaunter-outcome", "voided"],
  ]);
  await press(page, "Close");
  await sees(page, "idle");
  await isClean(page);
});

test("without a camera the code is typed; a wallet is chosen by keyboard, within its limits, and Escape leaves", async (t) => {
  const page = await shop(t, { hasCamera: false, hasLogos: true });
  await page.evaluate(() => charge("TYPED", "12.00"));
  await sees(page, "no_camera");
  await look(page, "no-camera");
  assert.equal(await page.evaluate(() => end), null, "the promise waits");
  await press(page, "Type the code");
  await look(page, "ask-code");
  const field = page.locator("kaunter-till input[type=password]");
  assert.equal(await page.evaluate(() => element.shadowRoot.activeElement.type), "password");
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
  await press(page, "Type the code");
  await page.keyboard.type(await page.evaluate(() => world.phone.code("23").text));
  await page.keyboard.press("Enter");
  await sees(page, "wallets");
  await look(page, "wallets");
  assert.equal(await page.locator("kaunter-till [data-wallet] img").count(), 2, "a broken logo leaves a letter");
  const small = page.locator('kaunter-till [data-wallet="25"]');
  assert.deepEqual([await small.isDisabled(), /from RM\s20/.test(await small.textContent())], [true, true]);
  await page.keyboard.press("Escape");
  assert.equal((await ended(page)).value.status, "cancelled");
  await sees(page, "cancelled");
  await look(page, "cancelled");
  await page.evaluate(() => charge("TYPED", "12.00", { code: world.phone.code("23").text }));
  await sees(page, "wallets");
  for (
    let at = 0;
    at < 9 && (await page.evaluate(() => element.shadowRoot.activeElement.dataset.wallet)) !== "23";
    at++
  )
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal((await ended(page)).value.wallet.walletId, "23");
  await isClean({ ...page, evaluate: () => page.evaluate(() => blocked.filter((one) => !one.startsWith("img-src"))) });
});

test("our code is shown and paid; the phone decides meanwhile, and a cancel asks first", async (t) => {
  const page = await shop(t, { approval: "manual", isTimeless: true, hasCamera: false });
  const show = (ref) =>
    page.evaluate((ref) => {
      globalThis.end = null;
      ends(element.showCode({ ref, amount: money("5.00") })).then((it) => {
        globalThis.end = it;
      });
    }, ref);
  await show("SHOWN");
  await sees(page, "wallets");
  await page.locator('kaunter-till [data-wallet="23"]').click();
  await sees(page, "code");
  const left = async () => Number(/(\d+) s left/.exec(await words(page))?.[1]);
  const before = await until("the seconds are shown", left);
  await page.clock.runFor(3_000);
  assert.ok((await left()) < before, "it counts down");
  await look(page, "code");
  await page.keyboard.press("Escape");
  await page.clock.runFor(400);
  await look(page, "ask-cancel");
  await press(page, "No, go on");
  const payload = await page.evaluate(async () => {
    const image = await createImageBitmap(await drawn(element.shadowRoot.querySelector(".code img")));
    const [code] = await kaunter.decode(image);
    return code.text;
    async function drawn(image) {
      const canvas = Object.assign(document.createElement("canvas"), { width: 600, height: 600 });
      canvas.getContext("2d").drawImage(image, 0, 0, 600, 600);
      return canvas;
    }
  });
  await page.evaluate((payload) => world.phone.scan(payload), payload);
  await sees(page, "waiting", { passing: 2_000 });
  await look(page, "waiting");
  assert.match(await words(page), /Next check in/);
  await page.evaluate(() => world.faults.add("network_cut"));
  await until("it says that nothing answers", async () => {
    await page.clock.runFor(2_000);
    return /No connection/.test(await words(page));
  });
  await look(page, "waiting-offline");
  await page.evaluate(() => {
    world.faults.clear();
    world.phone.approve();
  });
  await sees(page, "paid", { passing: 2_000 });
  assert.equal((await ended(page)).value.status, "paid");

  await show("LEFT");
  await sees(page, "wallets");
  await page.locator('kaunter-till [data-wallet="23"]').click();
  await sees(page, "code");
  await press(page, "Cancel the payment");
  await press(page, "Yes, cancel");
  await sees(page, "cancelled", { passing: 2_000 });
  assert.equal((await ended(page)).value.status, "cancelled");

  await press(page, "Close");
  await page.evaluate(() => {
    world.faults.add("pays_after_cancel");
    charge("LATE", "12.00", coded());
  });
  await sees(page, "waiting");
  await until("the till waits for the customer", async () => {
    await page.clock.runFor(500);
    return /confirm on the phone/.test(await words(page));
  });
  await press(page, "Cancel the payment");
  await press(page, "Yes, cancel");
  await sees(page, "cancelled", { passing: 2_000 });
  await sees(page, "unconfirmed", { passing: 2_000 });
  assert.match(await words(page), /Paid late/, "money that comes late takes the screen");
  await look(page, "unconfirmed-late");
  await press(page, "Give money back");
  await page.locator("kaunter-till select").selectOption("paid late");
  await press(page, "Give RM 12.00 back");
  await sees(page, "voided", { passing: 2_000 });
  await page.evaluate(() => world.faults.clear());

  await page.evaluate(() => charge("NO", "12.34", coded()));
  await until("the phone asks", () => page.evaluate(() => world.phone.waiting.length === 1));
  const busy = await page.evaluate(() => ends(element.charge({ ref: "OTHER", amount: money("1.00") })));
  assert.equal(busy.error, "sale_busy", "one sale at a time");
  await page.evaluate(() => world.phone.decline());
  await sees(page, "declined", { passing: 2_000 });
  await look(page, "declined");
  await isClean(page);
});

test("not confirmed: it can't simply be left, is checked again, set aside, and settled with evidence", async (t) => {
  const page = await shop(t, { isTimeless: true, hasCamera: false, approval: "manual" });
  await page.evaluate(() => charge("OPEN", "12.00", coded()));
  await until("the phone asks", () => page.evaluate(() => world.phone.waiting.length === 1));
  await page.evaluate(() => world.faults.add("gateway_down"));
  await sees(page, "unconfirmed", { passing: 20_000 });
  assert.equal((await ended(page)).value.status, "unconfirmed");
  await look(page, "unconfirmed");
  assert.equal(await button(page, "Close").count(), 0);
  await press(page, "Leave it open for now");
  await sees(page, "idle");
  await look(page, "idle-unfinished");
  await button(page, /^Not confirmed: RM 12.00/).click();
  await sees(page, "unconfirmed", { passing: 20_000 });
  await until("a person may decide", async () => {
    if ((await view(page)) === "unconfirmed") await press(page, "Check now");
    await page.clock.runFor(60_000);
    return (await view(page)) === "unconfirmed" && (await till(page)) === "needs_review";
  });
  await press(page, "Manager");
  await press(page, /^Settle/);
  assert.match(await words(page), /Choose first/);
  await page.getByLabel("It was not paid").check();
  await press(page, /as NOT paid$/);
  assert.match(await words(page), /Write down what you saw/);
  await look(page, "ask-verdict");
  await page.getByLabel("What you saw there").fill("nothing in the wallet's records");
  await press(page, /as NOT paid$/);
  await until("the verdict is kept", async () => {
    await page.clock.runFor(2_000);
    return /second person/.test(await words(page)) || (await view(page)) === "declined";
  });
  await look(page, "unconfirmed-proposed");
  await isClean(page);
});

const till = (page) => page.evaluate(() => globalThis.till.unfinished[0]?.status);

test("the page's own place: its field keeps the focus, its texts and its till are used, and a move keeps the till", async (t) => {
  const page = await shop(t, { hasCamera: false });
  await page.focus("#field");
  await page.evaluate(() => {
    element.append(Object.assign(document.createElement("b"), { slot: "receipt", textContent: "Our receipt" }));
    element.texts = { idle: "Next, please.", titleRefused: "Stop", amount_invalid: "Too little." };
  });
  await until("the shop's text is used", async () => /Next, please/.test(await words(page)));
  await page.evaluate(() => charge("FOCUS", "12.00", coded()));
  await sees(page, "paid");
  assert.equal(await page.getByText("Our receipt").isVisible(), true);
  assert.equal(await page.evaluate(() => document.activeElement.id), "field", "the focus stays in the page's field");
  await page.evaluate(() => document.activeElement.blur());
  await page.evaluate(() => charge("MOVED", "12.00", coded()));
  await until("the sale is paid", async () => (await ended(page)).value.sale.ref === "MOVED");
  await sees(page, "paid");
  await until("the focus was nowhere, so it comes in", () =>
    page.evaluate(() => element.shadowRoot.activeElement?.localName === "h2"),
  );

  const known = await page.evaluate(() => {
    const place = document.createElement("section");
    document.querySelector("main").append(place);
    place.append(element);
    return events.length;
  });
  await page.evaluate(() => charge("AFTER", "12.09", coded()));
  assert.equal((await ended(page)).value.status, "paid");
  assert.equal(
    await page.evaluate(
      (known) =>
        events
          .slice(known)
          .map(([type]) => type)
          .join(),
      known,
    ),
    "kaunter-outcome",
  );
  assert.match(
    await page
      .evaluate(() => charge("AFTER", "12.09", coded()))
      .then(() => ended(page))
      .then(({ error }) => error),
    /sale_paid/,
  );
  await until("it says that the sale is paid", async () => /already paid/.test(await words(page)));
  await press(page, "Give money back");
  await page.locator("kaunter-till select").selectOption("paid twice");
  await press(page, "Give RM 12.09 back");
  await until("the refused refund is told", async () => /NOT given back/.test(await words(page)));
  await look(page, "paid-kept");

  assert.deepEqual(await page.evaluate(() => charge("BAD", "0.00", coded())).then(() => ended(page)), {
    error: "amount_invalid",
  });
  await until("the shop's words for it", async () => /Stop/.test(await words(page)));
  await isClean(page);
});

test("in the page and out of it: a scan ends with the element, a payment goes on, and a till of the page's stays open", async (t) => {
  const page = await shop(t);
  const out = await page.evaluate(async () => {
    const told = [];
    world.phone.move(2, 2);
    const scan = ends(element.charge({ ref: "GONE", amount: money("12.00") }));
    await till.camera.warmUp();
    element.remove();
    told.push((await scan).error);
    while (till.camera.current) await new Promise(requestAnimationFrame); // until its till is closed
    told.push((await ends(element.charge({ ref: "OUT", amount: money("12.00") }))).error);
    const given = await kaunter.Till.open(world);
    element.till = given;
    document.body.append(element);
    told.push((await element.charge({ ref: "GIVEN", amount: money("12.00") }, coded())).status);
    // A till of the page's that can't ask for a wallet: the element asks.
    const asked = element.charge({ ref: "ASKED", amount: money("12.00") }, { code: world.phone.code("23").text });
    while (!element.shadowRoot.querySelector("[data-wallet]")) await new Promise(requestAnimationFrame);
    element.shadowRoot.querySelector('[data-wallet="23"]').click();
    told.push((await asked).wallet.walletId);
    const began = new Promise((done) =>
      given.addEventListener("state", ({ detail }) => detail.to === "paying" && done()),
    );
    const paying = element.charge({ ref: "LEFT", amount: money("12.00") }, coded());
    await began;
    element.remove();
    told.push((await paying).status);
    document.body.append(element);
    const stop = new AbortController();
    stop.abort(new RangeError("enough"));
    told.push(
      await element.charge({ ref: "STOP", amount: money("12.00") }, { signal: stop.signal }).catch(({ name }) => name),
    );
    const left = ends(element.charge({ ref: "EARLY", amount: money("12.00") }, coded()));
    element.remove();
    told.push((await left).error);
    told.push((await given.charge({ ref: "STILL", amount: money("12.00") }, coded())).status);
    const none = document.createElement("kaunter-till");
    document.body.append(none);
    told.push((await ends(none.charge({ ref: "NONE", amount: money("12.00") }))).error);
    none.options = { backend: "ftp://x", getToken: () => "" };
    told.push((await ends(none.charge({ ref: "NONE", amount: money("12.00") }))).error);
    return told;
  });
  assert.deepEqual(out, [
    "AbortError",
    "argument_invalid",
    "paid",
    "23",
    "paid",
    "RangeError",
    "AbortError",
    "paid",
    "argument_invalid",
    "argument_invalid",
  ]);
  await isClean(page);
});

test("the README's lines, to the letter, take a payment", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/readme`);
  await page.waitForFunction(() => /^Paid: SANDBOX-/.test(document.querySelector("output").textContent));
});
