// The point of sale in plain PHP, as a cashier uses it: real PHP, the packed package, a real backend and a camera.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { counter, startTrade, until } from "./harness.mjs";
import { glance } from "./look.mjs";
import { freePort, needPhp, servePhp } from "./php.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SIZES = [
  { width: 360, height: 1200 },
  { width: 1024, height: 900 },
];

function run(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** The example as a shop would have it: its own folder, and the package from its tarball. */
async function install(dir) {
  for (const name of ["php-pos", "shop-php"])
    await cp(join(root, "examples", name), join(dir, name), {
      recursive: true,
      filter: (path) => !/php-pos\/(node_modules|data)$/.test(path),
    });
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", dir, join(root, "pkg")], root));
  const folder = join(dir, "php-pos/node_modules/kaunter");
  await mkdir(folder, { recursive: true });
  run("tar", ["-xzf", join(dir, packed.filename), "-C", folder, "--strip-components=1"], dir);
  return join(dir, "php-pos");
}

/** A point of sale that is signed in, with a page of its own. */
async function opened(t) {
  needPhp();
  const port = await freePort();
  // On a busy machine the pictures take long: the payment that they show must not time out meanwhile.
  const policy = { deadline_ms: 300_000 };
  const shop = await counter(t, { origins: [`http://127.0.0.1:${port}`], policy });
  const cwd = await install(shop.dir);
  const served = { port, cwd, args: ["-t", "public", "router.php"], first: "sign-in.php" };
  const { url, words } = await servePhp(t, shop, served);
  const machine = await shop.machine();
  const page = await machine.page();
  page.faults = [];
  const pos = { shop, machine, page, url, words, at: (path) => page.waitForURL((found) => found.pathname === path) };
  await page.goto(url);
  await looked(pos, "sign-in");
  await signIn(page, "aminah", "wrong");
  await page.waitForSelector("[role=alert]");
  await signIn(page, "aminah", "counter");
  await pos.at("/");
  return pos;
}

/** By keyboard alone: the first field has the focus. */
async function signIn(page, name, password) {
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
}

async function looked({ page }, name) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await glance(page, `php-pos-${name}`);
  }
}

/** Makes a bill with these lines, and gives its number. */
async function bill({ page, url, at }, lines) {
  await page.goto(url);
  await page.click("main button");
  await at("/bill.php");
  for (const [name, price] of lines) {
    await page.fill("[name=name]", name);
    await page.fill("[name=price]", price);
    await page.click("text=Add");
    await page.waitForSelector(`td:text-is("RM ${price}")`);
  }
  return new URL(page.url()).searchParams.get("ref");
}

async function toPayment({ page, at }, wallet = "23") {
  await page.click("text=E-wallet");
  await at("/pay.php");
  await page.check(`[name=wallet][value="${wallet}"]`);
}

const scan = (page) => page.click("text=Scan the customer's code");
const step = (page, name, is) => page.waitForSelector(`[data-step="${name}"][data-is="${is}"]`);
const says = (page, words) =>
  until(`the page says ${words}`, async () => words.test(await page.textContent("#sentence")));
const lineOf = async (shop, ref) => {
  const ids = (await shop.sale(ref)).trades.map(({ trade_id }) => trade_id);
  return (await shop.ledger()).filter(({ trade_id }) => ids.includes(trade_id));
};
/** What the page's script could send: the same form, with more in it. */
const claim = (page, path, more = {}) =>
  page.evaluate(
    async ({ path, more }) => {
      const { ref, csrf } = document.querySelector("main").dataset;
      const body = new URLSearchParams({ ref, csrf, ...more });
      const answer = await fetch(path, { method: "POST", body, redirect: "manual" });
      return { status: answer.status, text: await answer.text() };
    },
    { path, more },
  );

async function paidThroughTheCamera(pos) {
  const { shop, machine, page, at } = pos;
  const ref = await bill(pos, [
    ["Nasi lemak <b>", "8.50"],
    ["Teh tarik", "3.99"],
  ]);
  pos.first = ref;
  await looked(pos, "bill");
  await machine.look(await shop.code("asks"));
  await toPayment(pos);
  await looked(pos, "wallets");
  await scan(page);
  await step(page, "payment", "doing");
  await page.waitForSelector("#checks:not([hidden])");
  await looked(pos, "waiting");
  assert.match(await page.textContent("#checks"), /^Checked every 2 seconds: check \d+, \d+ s left$/);
  await page.click("#check");
  await says(page, /^Checked. The customer confirms/);
  await page.context().setOffline(true);
  await until("the page sees the cut", async () => /no connection/.test(await page.textContent("#checks")));
  const [{ trade_id }] = (await shop.sale(ref)).trades;
  await shop.post("/_sim/phone/answer", { trade_id, approve: true });
  assert.equal(await page.isVisible("#choice"), false, "nothing can be charged again meanwhile");
  await page.context().setOffline(false);
  await at("/receipt.php");
  await looked(pos, "receipt");
  const [line, ...others] = await lineOf(shop, ref);
  assert.deepEqual([line.charged, line.calls.pay, others], [1249, 1, []]);
  assert.equal(await page.textContent("#gateway-ref"), line.gateway_ref);
  assert.match(await page.textContent("main"), /Paid by e-wallet: RM 12\.49/);
  // Back, reload, and cash in another window: the bill stays paid once.
  await page.goBack();
  await at("/receipt.php");
  await page.reload();
  await page.click("text=Check or refund");
  await step(page, "payment", "done");
  assert.deepEqual([await page.isVisible("#choice"), await page.isVisible("#void")], [false, false]);
  await claim(page, "/cash.php");
  await page.click("text=Back to the bill");
  await at("/receipt.php");
  assert.match(await page.textContent("main"), /Paid by e-wallet/);
}

async function ourCodeIsPaid(pos) {
  const { shop, page, at } = pos;
  const ref = await bill(pos, [["Roti canai", "5.00"]]);
  await toPayment(pos);
  await page.click("text=Show our code");
  await page.waitForSelector("#code[src]");
  await page.reload();
  await page.waitForSelector("#code[src]");
  await looked(pos, "our-code");
  const second = await pos.machine.page();
  await second.goto(page.url());
  await second.waitForSelector("#code[src]");
  const [{ payload }] = await lineOf(shop, ref);
  await shop.post("/_sim/scan", { payload, customer: "approves" });
  await at("/receipt.php");
  await second.waitForURL((found) => found.pathname === "/receipt.php");
  await second.close();
  assert.deepEqual(
    (await lineOf(shop, ref)).map(({ charged }) => charged),
    [500],
  );
}

async function aLieClosesNothing(pos) {
  const { shop, page } = pos;
  const ref = await bill(pos, [["Laksa", "9.00"]]);
  await pos.machine.look(null);
  await toPayment(pos);
  await scan(page);
  await step(page, "code", "doing");
  await page.waitForSelector("#camera:not([hidden])");
  await looked(pos, "scanning");
  const lie = await claim(page, "/close.php", { state: "paid", status: "paid", minor: "900" });
  assert.deepEqual([lie.status, JSON.parse(lie.text).state], [200, "open"]);
  assert.equal((await claim(page, "/close.php", { csrf: "x" })).status, 403);
  await page.click("#cancel");
  await says(page, /^Not paid/);
  await page.waitForSelector("#choice:not([hidden])");
  await looked(pos, "cancelled");
  assert.equal((await shop.sale(ref)).trades[0].status, "cancelled");
}

async function aSmallerPaymentClosesNothing(pos) {
  const { shop, page, at } = pos;
  const ref = await bill(pos, [["Rojak", "6.00"]]);
  // A tampered page with a wide token was faster than the shop's registration.
  await startTrade(shop, ref, { minor: 100, code: await shop.code() });
  await until("1 ringgit is paid", async () => (await shop.sale(ref)).paid_amount?.minor === 100);
  await page.click("text=E-wallet");
  await at("/pay.php");
  await step(page, "token", "done");
  await page.reload();
  await says(page, /does not close this bill/);
  await page.click("text=Paid in cash instead");
  await says(page, /paid/);
  await page.click("text=Back to the bill");
  await at("/bill.php");
}

async function cashPressedTwice(pos) {
  await bill(pos, [["Kopi", "2.50"]]);
  const ends = await pos.page.evaluate(() => {
    const form = document.querySelector('form[action="/cash.php"]');
    const press = () => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    return Promise.all([press(), press()].map(async (answer) => new URL((await answer).url).pathname));
  });
  assert.deepEqual(ends, ["/receipt.php", "/receipt.php"]);
}

async function cashBesideAnOpenTrade(pos) {
  const { shop, page, at, url } = pos;
  const ref = await bill(pos, [["Satay", "11.00"]]);
  await toPayment(pos);
  await page.click("text=Show our code");
  await page.waitForSelector("#code[src]");
  // A second window books cash without a word to the first one.
  const second = await pos.machine.page();
  await second.goto(`${url}/bill.php?ref=${ref}`);
  await second.click("text=Cash");
  await second.waitForSelector(".notice");
  assert.match(await second.textContent(".notice"), /A wallet payment is open/);
  await second.close();
  await page.click("text=Paid in cash instead");
  await at("/receipt.php");
  assert.match(await page.textContent("main"), /Paid in cash: RM 11\.00/);
  assert.equal((await shop.sale(ref)).given_up.tender, "cash");
}

async function cashBesideAnOpenPage(pos) {
  const { shop, page, url } = pos;
  const ref = await bill(pos, [["Cendol", "6.00"]]);
  await pos.machine.look(await shop.code());
  await toPayment(pos);
  const second = await pos.machine.page();
  await second.goto(`${url}/bill.php?ref=${ref}`);
  await second.click("text=Cash");
  await second.waitForURL((found) => found.pathname === "/receipt.php");
  await second.close();
  await scan(page);
  await page.waitForFunction(() => !/Choose|created/.test(document.querySelector("#sentence").textContent));
  assert.match(await page.textContent("#sentence"), /may not do that/);
  assert.deepEqual((await shop.sale(ref)).trades, []);
}

async function refunded(pos) {
  const { shop, page, at } = pos;
  await page.goto(pos.url);
  await page.click("text=Sign out");
  await at("/sign-in.php");
  await page.selectOption("[name=till]", "till-2");
  await page.focus("[name=name]");
  await signIn(page, "chong", "manager");
  await at("/");
  assert.equal((await page.request.get(`${pos.url}/bill.php?ref=${pos.first}`)).status(), 404, "another till's bill");
  // The payment's answer is lost, so the checks find it.
  const ref = await bill(pos, [["Mee goreng", "7.03"]]);
  await pos.machine.look(await shop.code("by_amount"));
  await toPayment(pos);
  await scan(page);
  await at("/receipt.php");
  await page.click("text=Check or refund");
  await page.click("#check-void");
  await says(page, /^Checked. Paid/);
  await looked(pos, "refund");
  await page.click("#void");
  await at("/receipt.php");
  await looked(pos, "refunded");
  assert.match(await page.textContent("main"), /The money was given back/);
  const [{ charged, refunded }] = await lineOf(shop, ref);
  assert.deepEqual([charged, refunded], [703, 703]);
  await page.click("text=Check or refund");
  await page.click("#check-void");
  await at("/receipt.php");
}

/** A failure says what was on the page, in the console and in PHP's log. */
async function answered(pos, answer) {
  try {
    await answer(pos);
  } catch (error) {
    const { page, words } = pos;
    const shown = (await page.textContent("main").catch(() => "")).replace(/\s+/g, " ");
    const log = words().match(/.*(PHP (Warning|Fatal|Notice|Deprecated)|\[[45]\d\d\]).*/g) ?? [];
    const seen = [error.message, page.url(), shown, ...page.problems.slice(-5), ...log.slice(-5)];
    throw new Error(seen.join("\n"), { cause: error });
  }
}

test("a point of sale in plain PHP", async (t) => {
  const pos = await opened(t);
  const questions = {
    "a sale through the camera, with the network cut in the middle, is paid once": paidThroughTheCamera,
    "our code is shown again after a reload, and paid": ourCodeIsPaid,
    "a page that claims to be paid changes nothing, and a cancelled bill stays open": aLieClosesNothing,
    "a smaller payment closes nothing": aSmallerPaymentClosesNothing,
    "cash that is sent twice is booked once": cashPressedTwice,
    "cash beside an open wallet payment: never both": cashBesideAnOpenTrade,
    "cash beside a payment page that has begun nothing: it begins nothing any more": cashBesideAnOpenPage,
    "a manager gives the money back once": refunded,
  };
  for (const [question, answer] of Object.entries(questions)) await t.test(question, () => answered(pos, answer));
  assert.deepEqual(pos.page.faults, [], "every page is whole");
  assert.doesNotMatch(pos.words(), /PHP (Warning|Fatal|Notice|Deprecated)/);
  assert.ok(!pos.words().includes(pos.shop.keys.KAUNTER_SERVER_KEY));
});
