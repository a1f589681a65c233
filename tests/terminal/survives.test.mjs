// Payments go on with a refused camera, after an outage of the backend, and with an older unresolved sale.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, screen, until } from "./harness.mjs";

const sale = (ref) => ({ ref, amount: { minor: 1250, currency: "MYR" } });

/** A sale that waits for its customer on the phone. */
async function pendingSale(shop, machine, ref) {
  await machine.look(await shop.code("asks"));
  const page = await machine.terminal({ ref });
  await charge(page, { wallet: "23" });
  const trade = await until("the payment is pending", async () => {
    const record = await shop.sale(ref);
    return record.trades?.[0]?.status === "pending" && record.trades[0];
  });
  return { page, trade };
}

const confirm = (shop, trade) => shop.post("/_sim/phone/answer", { trade_id: trade.trade_id, approve: true });

test("a new sale is paid while an old one is unresolved, and the old one stays on the list", async (t) => {
  const shop = await counter(t, { scale: 0.1, profile: "documented" });
  const machine = await shop.machine();
  const page = await machine.till();
  const pay = async (ref, code) =>
    page.evaluate(([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })), [sale(ref), code]);
  const old = await pay("old", await shop.code("ignores"));
  assert.equal(old.value?.status, "unconfirmed", JSON.stringify(old));
  const fresh = await pay("new", await shop.code());
  assert.equal(fresh.value?.status, "paid", JSON.stringify(fresh));
  const unfinished = await page.evaluate(() => till.unfinished.map((trade) => [trade.sale.ref, trade.status]));
  assert.deepEqual(unfinished, [["old", "needs_review"]]);
  // Another person, who has looked at the gateway's records, gives a verdict.
  const manager = await machine.till({ cashier: "Puan Lim" });
  const settled = await manager.evaluate(
    (id) => ends(till.giveVerdict(id, { outcome: "declined", evidence: "not in the gateway's portal" })),
    old.value.tradeId,
  );
  assert.equal(settled.value?.status, "declined", JSON.stringify(settled));
  for (const till of [manager, page])
    await until("it left the list", async () => (await till.evaluate(() => globalThis.till.unfinished.length)) === 0);
});

test("the camera is refused: a sentence, and the sale is paid with a typed code", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine({ camera: false });
  const page = await machine.terminal();
  await page.click("#primary");
  await until("the cashier is told", async () => /camera/i.test(await page.textContent("#sentence")));
  assert.equal(await page.getAttribute("body", "data-view"), "scan");
  await page.click("#type");
  const code = await shop.code();
  await page.fill("#code", code);
  page
    .waitForSelector('dialog[open] [data-wallet="23"]')
    .then((button) => button.click())
    .catch(() => {});
  await page.click("#typed-pay");
  await screen(page, "paid");
  assert.equal((await shop.calls("pay"))[0].code, code);
  assert.equal(await shop.kept(), 1250);
});

test("a photo of the code pays without a camera", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine({ camera: false });
  const page = await machine.terminal();
  const QRCode = (await import("qrcode")).default;
  const photo = await QRCode.toBuffer(await shop.code(), { scale: 8, margin: 6 });
  await page.click("#primary");
  await until("the cashier is told", async () => /camera/i.test(await page.textContent("#sentence")));
  page
    .waitForSelector('dialog[open] [data-wallet="23"]')
    .then((button) => button.click())
    .catch(() => {});
  await page.setInputFiles("#photo", { name: "photo.png", mimeType: "image/png", buffer: photo });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("the backend is down at the start: the cashier gets an error, and tries again", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal();
  await shop.stopBackend();
  // The browser has the page in its cache, but the calls to the backend fail.
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  assert.match(await page.textContent("#sentence"), /network|answer|system/i);
  assert.deepEqual(await shop.calls("pay"), []);
  await shop.startBackend();
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("a till that can't be opened gives an error, and opens once the backend is up", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till({ open: false });
  await shop.stopBackend();
  const closed = await page.evaluate(() => ends(openTill({ getToken: async () => "any" })));
  assert.deepEqual(
    [closed.error?.code, closed.error?.retryable, closed.error?.moneyMoved],
    ["network_failed", true, "no"],
  );
  await shop.startBackend();
  assert.equal(await page.evaluate(async () => (await openTill()).wallets.length > 3), true);
});

test("the backend is down during a payment: the page goes on polling, and shows the right outcome", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const { page, trade } = await pendingSale(shop, machine, "middle");
  await shop.stopBackend();
  await confirm(shop, trade);
  await page.waitForSelector("#banner:not([hidden])");
  assert.equal(await page.getAttribute("body", "data-view"), "waiting");
  await shop.startBackend();
  await screen(page, "paid");
  assert.deepEqual(
    (await shop.ledger()).map((line) => [line.charged, line.calls.pay]),
    [[1250, 1]],
  );
});

test("a payment that the page found again after a reload is cancelled like any other", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const { page } = await pendingSale(shop, machine, "found");
  await page.reload();
  await until("the customer is asked", async () => /confirm/.test(await page.textContent("#sentence")));
  await page.click("#second");
  await page.click("#cancel-yes");
  await page.waitForSelector('body[data-kind="cancelled"]');
  assert.equal((await shop.sale("found")).trades[0].status, "cancelled");
  assert.equal(await page.isVisible("#trouble"), false);
  assert.equal(await shop.kept(), 0);
});

test("before the settings came the page shows no currency, and charges nothing", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.page();
  let serve;
  const asked = new Promise((done) => {
    serve = done;
  });
  const held = new Promise((done) => {
    page.route("**/terminal.json", async (route) => {
      done();
      await asked;
      await route.continue();
    });
  });
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250`);
  await held;
  assert.equal((await page.textContent("#amount")).trim(), "");
  assert.equal(await page.isDisabled("#primary"), true);
  serve();
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /RM\s?12\.50/);
});
