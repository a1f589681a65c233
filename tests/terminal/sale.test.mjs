// The screens of a sale: paid, declined, slow, failed, cancelled, given back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { charge, counter, screen, until } from "./harness.mjs";

const corpus = JSON.parse(await readFile(new URL("../corpus/codes.json", import.meta.url)));
const merchantCode = corpus.find((code) => code.name.includes("DuitNow, published")).text;
const only = (list) => {
  assert.equal(list.length, 1);
  return list[0];
};

test("rule 9: paid at once: from the camera to a receipt that the gateway and the shop agree on", async (t) => {
  const shop = await counter(t);
  const till = await shop.machine();
  const code = await shop.code();
  await till.look(code);
  const page = await till.terminal({ ref: "sale-1" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  const line = only(await shop.ledger());
  assert.deepEqual([line.charged, line.refunded, line.calls.pay], [1250, 0, 1]);
  assert.equal(await page.getAttribute("#reference", "data-receipt"), line.gateway_ref);
  assert.equal(only(await shop.calls("pay")).code, code, "the code that only the camera has seen was paid with");
  assert.deepEqual(await shop.get("/shop/sales?ref=sale-1&minor=1250&currency=MYR"), {
    closed: true,
    unconfirmed: false,
    ref: "sale-1",
  });
  assert.deepEqual(page.problems, []);
});

test("a code in dark mode is read too", async (t) => {
  const shop = await counter(t);
  const till = await shop.machine();
  await till.look(await shop.code(), { dark: true });
  const page = await till.terminal();
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("declined: the same sale is paid with another wallet", async (t) => {
  const shop = await counter(t);
  const till = await shop.machine();
  await till.look(await shop.code("declines", "23"));
  const page = await till.terminal({ ref: "sale-2" });
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  await till.look(await shop.code("approves", "21"));
  // Chromium reads the camera file when it opens the camera, and the till keeps the camera open between customers.
  await page.reload();
  await screen(page, "ready");
  await charge(page, { wallet: "21" });
  await screen(page, "paid");
  const record = await shop.sale("sale-2");
  assert.deepEqual(
    record.trades.map((trade) => [trade.attempt, trade.wallet_id, trade.status]),
    [
      [1, "23", "declined"],
      [2, "21", "paid"],
    ],
  );
  assert.equal(await shop.kept(), 1250);
});

test("pending: the customer confirms on the phone page", async (t) => {
  const shop = await counter(t);
  const till = await shop.machine();
  // The phone is a separate page; its code is on the camera's picture.
  const phone = await till.page(await till.freshContext());
  await phone.goto(`${shop.sandbox}/_sim/phone`);
  await phone.waitForSelector("#code img");
  const code = await phone.evaluate(() => made.code);
  await till.look(code);
  const page = await till.terminal({ amount: 1234 });
  await charge(page, { wallet: await phone.inputValue("#wallet") });
  await phone.waitForSelector("#ask:not([hidden])");
  await until("the cashier is told that the customer has to confirm", async () =>
    /confirm/i.test(await page.textContent("#sentence")),
  );
  assert.equal(await page.getAttribute("body", "data-view"), "waiting");
  assert.equal(await shop.kept(), 0);
  await phone.click("#yes");
  await screen(page, "paid");
  assert.equal(only(await shop.ledger()).charged, 1234);
});

test("a merchant's code shown by mistake: the cashier gets a warning, and the scan goes on", async (t) => {
  const shop = await counter(t);
  const till = await shop.machine();
  await till.look(merchantCode);
  const page = await till.terminal();
  await charge(page, { wallet: "23" });
  await page.waitForSelector("#trouble:not([hidden])");
  assert.match(await page.textContent("#trouble"), /shop|merchant/i);
  assert.equal(await page.getAttribute("body", "data-view"), "scan");
  assert.deepEqual(await shop.calls("pay"), []);
  // The customer shows the right code; here it is typed, as if the camera failed.
  const code = await shop.code();
  await page.click("#type");
  await page.fill("#code", code);
  await page.click("#typed-pay");
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("cancelled before the scan, with a wallet chosen: the sale is free again", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till();
  const first = await page.evaluate(async () => {
    const stop = new AbortController();
    till.addEventListener("trade", () => stop.abort(new DOMException("no", "AbortError")), { once: true });
    return ends(
      till.charge({ ref: "sale-3", amount: { minor: 1250, currency: "MYR" } }, { walletId: "23", signal: stop.signal }),
    );
  });
  assert.equal(first.error.name, "AbortError");
  const left = await until("the trade is closed", async () => {
    const record = await shop.sale("sale-3");
    return record.trades[0].status === "cancelled" && record.trades[0];
  });
  assert.equal(left.cancelled_by, "cashier");
  const second = await page.evaluate(
    (code) => ends(till.charge({ ref: "sale-3", amount: { minor: 1250, currency: "MYR" } }, { code, walletId: "23" })),
    await shop.code(),
  );
  assert.equal(second.value?.status, "paid", JSON.stringify(second));
  assert.equal(await shop.kept(), 1250);
});

test("a void gives the money back once, and its status says so", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "sale-4" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  await page.click("#second");
  await page.selectOption("#why", "goods returned");
  await page.click("#back-yes");
  await screen(page, "declined");
  const line = only(await shop.ledger());
  assert.deepEqual([line.charged, line.refunded, line.calls.void], [1250, 1250, 1]);
  const developer = await machine.till();
  const status = await developer.evaluate(async () => {
    const [trade] = (await till.listTrades({ ref: "sale-4" })).trades;
    const again = await ends(till.void(trade.tradeId, { reason: "asked twice" }));
    return { status: (await till.checkVoidStatus(trade.tradeId)).status, again: again.value?.status };
  });
  assert.deepEqual(status, { status: "voided", again: "voided" });
  assert.equal(only(await shop.ledger()).calls.void, 1);
  assert.equal((await shop.get("/shop/sales?ref=sale-4&minor=1250&currency=MYR")).closed, false);
});

test("rule 1: a sale that is paid is never paid again: sale_paid, with its tradeId", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till();
  const sale = { ref: "sale-6", amount: { minor: 1250, currency: "MYR" } };
  const pay = async () =>
    page.evaluate(([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })), [sale, await shop.code()]);
  const first = await pay();
  const second = await pay();
  assert.equal(first.value.status, "paid");
  assert.deepEqual([second.error.code, second.error.tradeId], ["sale_paid", first.value.tradeId]);
  assert.equal(await shop.kept(), 1250);
  assert.equal((await shop.calls("pay")).length, 1);
});

test("a cancel while the customer decides closes the payment on the gateway's word", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code("ignores"));
  const page = await machine.terminal({ ref: "sale-7" });
  await charge(page, { wallet: "23" });
  await screen(page, "waiting");
  await until("it is pending", async () => (await shop.sale("sale-7")).trades[0].status === "pending");
  await page.hover("#second");
  await page.mouse.down();
  await screen(page, "declined");
  await page.mouse.up();
  const line = only(await shop.ledger());
  assert.deepEqual([line.charged, line.place, line.calls.cancel >= 1], [0, "closed", true]);
});

test("the customer does not answer: the deadline closes the trade, and the customer was not charged", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  await machine.look(await shop.code("ignores"));
  const page = await machine.terminal({ ref: "sale-8" });
  await charge(page, { wallet: "23" });
  await screen(page, "declined", 40_000);
  const [trade] = (await shop.sale("sale-8")).trades;
  assert.deepEqual([trade.status, trade.cancelled_by, trade.reason], ["cancelled", "system", "deadline"]);
  assert.equal(await shop.kept(), 0);
});
