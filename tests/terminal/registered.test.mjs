// Registered sales at the till: the package charges a reference, and the cashier's page shows what is owed first.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, screen, until } from "./harness.mjs";

const MYR = (minor) => ({ minor, currency: "MYR" });
const register = (shop, ref, minor) =>
  shop.call("PUT", "/v1/sales", { token: shop.keys.KAUNTER_SERVER_KEY, body: { ref, amount: MYR(minor) } });

test("rule 33: a page charges a reference without an amount, and learns it from the trade; its journal and its outcome have it", async (t) => {
  const shop = await counter(t, { scale: 0.2 });
  const machine = await shop.machine({ camera: false });
  let page = await machine.till();
  const run = (ref, more, way = "charge") =>
    page.evaluate(([ref, more, way]) => ends(till[way]({ ref }, { walletId: "23", ...more })), [ref, more, way]);

  const unknown = await run("NONE", { code: await shop.code() });
  assert.equal(unknown.error?.code, "sale_not_registered", JSON.stringify(unknown));
  await register(shop, "BILL", 4000);
  const other = await page.evaluate(
    (code) => ends(till.charge({ ref: "BILL", amount: { minor: 1, currency: "MYR" } }, { code, walletId: "23" })),
    await shop.code(),
  );
  assert.equal(other.error?.code, "sale_amount_mismatch", JSON.stringify(other));
  const wrong = await page.evaluate(() =>
    ends(till.charge({ ref: "BILL", amount: 4000 }, { code: "1", walletId: "23" })),
  );
  assert.equal(wrong.error?.code, "amount_invalid", "an amount that is there must be one");

  // The page is reloaded while the customer confirms: the journal's row has the amount, and so has the outcome.
  const code = await shop.code({ approves_after_ms: 3_000 });
  await page.evaluate((code) => void till.charge({ ref: "BILL" }, { code, walletId: "23" }).catch(() => {}), code);
  await until("the customer is asked", async () => (await shop.sale("BILL")).trades?.[0]?.status === "pending");
  const busy = await register(shop, "BILL", 1);
  assert.equal(busy.json.code, "sale_busy", busy.text);
  await page.close();
  page = await machine.till();
  const resumed = await page.evaluate(async () => {
    const [trade] = till.unfinished;
    return { listed: trade.sale, end: await ends(till.resume(trade.tradeId)) };
  });
  assert.deepEqual(
    [resumed.listed, resumed.end.value?.status, resumed.end.value?.sale],
    [{ ref: "BILL", amount: MYR(4000) }, "paid", { ref: "BILL", amount: MYR(4000) }],
    JSON.stringify(resumed),
  );
  assert.equal((await run("BILL", { code: await shop.code() })).error?.code, "sale_paid");

  // While a scan waits, the shop's server changes the amount: the trade ends, and the next one has the new amount.
  await register(shop, "GROWS", 1000);
  const { trade_id } = (
    await shop.call("POST", "/v1/trades", {
      token: await shop.token("till-1"),
      body: { idempotency_key: "0".repeat(32), sale: { ref: "GROWS" }, wallet_id: "23", mode: "consumer_presented" },
    })
  ).json;
  await register(shop, "GROWS", 1500);
  const left = await page.evaluate((id) => till.checkStatus(id), trade_id);
  assert.deepEqual([left.status, left.reason, left.cancelledBy], ["cancelled", "amount_changed", "system"]);
  assert.deepEqual((await run("GROWS", { code: await shop.code() })).value?.sale.amount, MYR(1500));
  assert.equal(await shop.kept(), 5500);
});

test("rule 33: a cashier enters a bill's number, sees what is owed, and charges; there is no pad", async (t) => {
  const shop = await counter(t, { scale: 0.5, extra: 'sales = "registered"' });
  await shop.post("/shop/sales", { ref: "INV/2041", minor: 12_550, currency: "MYR" });
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ amount: 0 });
  assert.deepEqual([await page.isVisible("#pad"), await page.isVisible("#ref")], [false, true]);
  await page.keyboard.type("12", { delay: 90 });
  assert.equal(await page.isDisabled("#primary"), true, "digits are no amount here");
  await page.fill("#ref", "INV/1");
  await page.click("#look-up");
  await until("the bill is not known", async () => /no such bill/.test(await page.textContent("#trouble")));
  assert.equal(await page.isDisabled("#primary"), true);
  await page.fill("#ref", "INV/2041");
  await page.press("#ref", "Enter");
  await until("the amount is shown", async () => /125\.50/.test(await page.textContent("#amount")));
  assert.equal(await page.isVisible("#trouble"), false);
  await page.press("#ref", "End");
  await page.type("#ref", "0");
  assert.equal(await page.isDisabled("#primary"), true, "the amount is of another bill than the field names");
  assert.equal(await page.inputValue("#ref"), "INV/20410");
  await page.press("#ref", "Backspace");
  await page.press("#ref", "Enter");
  await until("the amount is shown again", async () => /125\.50/.test(await page.textContent("#amount")));
  if (process.env.KAUNTER_OUT) await page.screenshot({ path: `${process.env.KAUNTER_OUT}/registered.png` });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal((await shop.sale("INV/2041")).paid_amount.minor, 12_550);
  await until("the button can be pressed", () => page.isEnabled("#primary"));
  await page.click("#primary");
  await screen(page, "ready");
  assert.deepEqual([await page.inputValue("#ref"), await page.isDisabled("#primary")], ["", true], "the next bill");

  // A point of sale names the bill in the address.
  await shop.post("/shop/sales", { ref: "INV/2042", minor: 300, currency: "MYR" });
  const named = await machine.terminal({ ref: "INV/2042", amount: 1 });
  await until("the bill's own amount is shown", async () => /\b3\.00/.test(await named.textContent("#amount")));
  const problems = [...page.problems, ...named.problems];
  assert.deepEqual(
    problems.filter((text) => !/404/.test(text)),
    [],
    "the browser reports the unknown bill",
  );
});
