// Who works under a till's name, in a browser: storage that was wiped, two devices of one name, and tokens that were
// revoked.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { charge, counter, developer, out, screen, startTrade, until } from "./harness.mjs";

const sale = (ref) => ({ ref, amount: { minor: 1250, currency: "MYR" } });
const unfinished = (page) => page.evaluate(() => till.unfinished.map(({ sale, status }) => [sale.ref, status]));
const status = async (shop, ref) => (await shop.sale(ref)).trades?.at(-1)?.status;
const revoke = (shop) =>
  shop.call("POST", "/v1/terminals/revoke", { token: shop.keys.KAUNTER_SERVER_KEY, body: { terminal: "till-1" } });

async function shot(page, name) {
  await mkdir(out, { recursive: true });
  await page.screenshot({ path: join(out, `device-${name}.png`) });
}

test("rule 37: storage is wiped while a payment is pending: the same person sees it, watches it, and it ends once", async (t) => {
  const shop = await counter(t, { scale: 0.25 });
  const machine = await shop.machine({ camera: false, isOther: true });
  const page = await machine.till();
  const device = () => page.evaluate(() => localStorage["kaunter|device"]);
  await page.evaluate(
    ([sale, code]) => void ends(till.charge(sale, { code, walletId: "23" })),
    [sale("wiped"), await shop.code("asks")],
  );
  await until("the customer is asked", async () => (await status(shop, "wiped")) === "pending");
  const before = await device();
  assert.match(before, /^[0-9a-f]{32}$/);
  await page.evaluate(async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  });
  await page.reload();
  await page.evaluate(developer(shop));
  assert.notEqual(await device(), before, "another device, as far as anybody knows");
  assert.deepEqual(await unfinished(page), [["wiped", "pending"]]);
  const id = await page.evaluate(() => till.unfinished[0].tradeId);
  const again = await page.evaluate(
    (sale) => ends(till.charge(sale, { code: "134503098230927349", walletId: "23" })),
    sale("wiped"),
  );
  assert.equal(again.error?.code, "terminal_taken", JSON.stringify(again));
  const cancelled = await page.evaluate((id) => ends(till.cancel(id)), id);
  assert.equal(cancelled.error?.code, "terminal_taken", JSON.stringify(cancelled));
  await page.evaluate((id) => {
    globalThis.end = ends(till.resume(id));
  }, id);
  await shop.post("/_sim/phone/answer", { trade_id: id, approve: true });
  assert.equal((await page.evaluate(() => end)).value?.status, "paid");
  assert.deepEqual([await shop.kept(), (await shop.calls("pay")).length], [1250, 1]);
  assert.deepEqual(await unfinished(page), []);
});

test("rule 37: a second device of a name starts, closes nothing, and takes over when a person says so", async (t) => {
  const shop = await counter(t);
  const first = await startTrade(shop, "first");
  const machine = await shop.machine({ camera: false, isOther: true });
  const page = await machine.till();
  assert.deepEqual(await unfinished(page), [["first", "awaiting_code"]], "it is listed");
  const charged = await page.evaluate(
    (sale) => ends(till.charge(sale, { code: "134503098230927349", walletId: "23" })),
    sale("second"),
  );
  assert.deepEqual([charged.error?.code, charged.error?.moneyMoved], ["terminal_taken", "no"], JSON.stringify(charged));
  assert.equal(await status(shop, "first"), "awaiting_code", "the first device's customer may still show the code");
  for (const [options, code] of [
    [{ reason: " " }, "bad_request"],
    [{}, "argument_invalid"],
    [undefined, "argument_invalid"],
  ]) {
    const refused = await page.evaluate((options) => ends(till.takeOver(options)), options);
    assert.equal(refused.error?.code, code, JSON.stringify(refused));
  }
  await page.evaluate(() => till.takeOver({ reason: "the first tablet fell" }));
  const end = await page.evaluate((id) => ends(till.cancel(id)), first.trade_id);
  assert.equal(end.value?.status, "cancelled", JSON.stringify(end));
  await until("it leaves the list", async () => (await unfinished(page)).length === 0);
});

test("rule 36: after a revocation the page asks for a token once, says so, and asks nobody again", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine({ camera: false });
  const page = await machine.till({ open: false });
  await page.evaluate(() => {
    Object.assign(globalThis, { asked: [], calls: 0, isSignedIn: false });
    const getTokenOf = async (context) => {
      asked.push(context.reason);
      if (context.reason === "revoked" && !isSignedIn) throw new Error("nobody is signed in");
      return getToken(context);
    };
    const counted = (...call) => {
      calls++;
      return fetch(...call);
    };
    return openTill({ getToken: getTokenOf, fetch: counted });
  });
  const trade = await startTrade(shop, "running", { code: await shop.code({ approves_after_ms: 1_000 }) });
  const look = () => page.evaluate((id) => ends(till.checkStatus(id)), trade.trade_id);
  assert.ok((await look()).value);
  // Somebody has signed in since: the till goes on.
  await page.evaluate(() => {
    isSignedIn = true;
  });
  await revoke(shop);
  await until("the new token is used", async () =>
    (await look()).value ? page.evaluate(() => asked.length === 2) : false,
  );
  assert.deepEqual(await page.evaluate(() => asked), ["start", "revoked"]);
  // Nobody has.
  await page.evaluate(() => {
    isSignedIn = false;
  });
  await revoke(shop);
  await until("the till says so", async () => (await look()).error?.code === "token_revoked");
  await until("an idle page is told", () =>
    page.evaluate(() => log.some(({ detail }) => detail.code === "token_revoked")),
  );
  const before = await page.evaluate(() => calls);
  const charged = await page.evaluate(
    (sale) => ends(till.charge(sale, { code: "134503098230927349", walletId: "23" })),
    sale("next"),
  );
  assert.deepEqual([charged.error?.code, charged.error?.moneyMoved], ["token_revoked", "no"], JSON.stringify(charged));
  assert.deepEqual(await page.evaluate(() => [asked, calls]), [["start", "revoked", "revoked"], before], "no loop");
  assert.equal((await page.evaluate(() => ends(till.signOut()))).error, undefined, "it is signed out already");
  await until("the payment has ended without the page", async () => (await status(shop, "running")) === "paid");
  await page.evaluate(() => openTill());
  assert.equal((await look()).value?.status, "paid", "after the next sign-in");
  await page.evaluate(() => till.signOut());
  const gone = await page.evaluate(() => ends(till.checkStatus("K1")));
  assert.equal(gone.error?.code, "token_revoked", JSON.stringify(gone));
});

test("the cashier's page is named once, is signed out and in again, and takes over from another device", async (t) => {
  const shop = await counter(t, { scale: 0.25 });
  const machine = await shop.machine({ isOther: true, viewport: { width: 1024, height: 768 } });
  const page = await machine.page();
  await page.goto(`${shop.backend}/?amount=1250`);
  await page.waitForSelector("#setup[open]");
  await shot(page, "name");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#setup[open]");
  await page.click("#setup-save");
  assert.match(await page.textContent("#setup-trouble"), /Type a name/);
  await page.fill("#setup-name", " counter-1 ");
  await page.click("#setup-save");
  await screen(page, "ready");
  assert.equal(await page.textContent("#terminal"), "counter-1");
  await page.reload();
  await screen(page, "ready");
  assert.equal(await page.textContent("#terminal"), "counter-1", "it is asked for once");

  await page.click("#settings");
  await shot(page, "settings");
  await page.click("#sign-out");
  await page.waitForSelector('body[data-kind="signed-out"]');
  assert.match(await page.textContent("#sentence"), /signed out/);
  await shot(page, "signed-out");
  await page.click("#primary");
  await screen(page, "ready");

  // Another device takes a sale under the same name.
  await startTrade(shop, "theirs", { terminal: "counter-1" });
  await machine.look(await shop.code());
  await charge(page, { wallet: "23" });
  await page.waitForSelector("#take[open]");
  assert.match(await page.textContent("#take-word"), /Another device works as counter-1/);
  assert.equal(await page.getAttribute("body", "data-kind"), "declined");
  await page.click("#take-yes");
  assert.match(await page.textContent("#take-trouble"), /Write down why/);
  await shot(page, "take-over");
  assert.equal(await status(shop, "theirs"), "awaiting_code", "nothing has happened yet");
  await page.fill("#take-reason", "the other tablet is broken");
  await page.click("#take-yes");
  await page.waitForSelector("#take:not([open])", { state: "attached" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);

  // The shop's server revokes while the page is open.
  await page.click("#primary");
  await screen(page, "ready");
  await shop.call("POST", "/v1/terminals/revoke", {
    token: shop.keys.KAUNTER_SERVER_KEY,
    body: { terminal: "counter-1" },
  });
  for (const digit of "500") await page.locator("#pad").getByRole("button", { name: digit, exact: true }).click();
  await machine.look(await shop.code()); // the last customer's code pays no other sale
  await charge(page, { wallet: "23" });
  await page.waitForSelector('body[data-kind="signed-out"]');
  assert.equal(await shop.kept(), 1250);
});
