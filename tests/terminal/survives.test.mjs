// What survives: a killed renderer, a wiped browser, two tabs, two tills, a backend that goes away.

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
    return record.attempts?.[0]?.status === "pending" && record.attempts[0];
  });
  return { page, trade };
}

async function kill(page) {
  const gone = page.waitForEvent("crash");
  const session = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => {}); // nobody is left to answer
  await gone;
}

const confirm = (shop, trade) => shop.post("/_sim/phone/answer", { trx_id: trade.trx_id, approve: true });

async function resumes(shop, machine, trade) {
  const page = await machine.terminal({ ref: "another-sale" });
  await page.waitForSelector("#unfinished:not([hidden])");
  await confirm(shop, trade);
  // The keeper may be faster than the cashier: the banner goes when the sale is at its end.
  await page.click("#unfinished", { timeout: 500 }).catch(() => {});
  const developer = await machine.till();
  const outcome = await developer.evaluate((id) => ends(till.resume(id)), trade.trx_id);
  assert.deepEqual([outcome.value?.status, outcome.value?.reference], ["paid", trade.trans_id], JSON.stringify(outcome));
  const ledger = await shop.ledger();
  assert.deepEqual(ledger.map((line) => [line.charged, line.calls.pay]), [[1250, 1]]);
}

test("the renderer is killed while the customer decides: a new page finds the sale, and it is paid once", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const { page, trade } = await pendingSale(shop, machine, "killed");
  await kill(page);
  await resumes(shop, machine, trade);
});

test("the renderer is killed and the browser's storage wiped: found again through the backend", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const { page, trade } = await pendingSale(shop, machine, "wiped");
  await kill(page);
  const bare = await machine.page();
  await bare.goto(`${shop.backend}/healthz`);
  const wiped = await bare.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    for (const name of names) {
      await new Promise((done, failed) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: done, onerror: failed }));
    }
    return [names.length, (await indexedDB.databases()).length];
  });
  assert.deepEqual(wiped, [1, 0], "there was a journal, and it is gone");
  await resumes(shop, machine, trade);
});

test("the backend is killed while the answer is out: it asks after its start, and never pays again", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  await shop.fault("pay", { hang_after_ms: 60_000 });
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "backend-killed" });
  await charge(page, { wallet: "23" });
  await until("the gateway has taken the money", async () => (await shop.kept()) === 1250);
  await shop.stopBackend("SIGKILL");
  await shop.startBackend();
  await screen(page, "paid");
  assert.deepEqual((await shop.ledger()).map((line) => [line.charged, line.calls.pay]), [[1250, 1]]);
});

/** Both tills hold a code to the same sale within 50 ms. */
async function race(t, pages, shop) {
  const codes = [await shop.code(), await shop.code()];
  const start = Date.now() + 1500;
  const ends = await Promise.all(pages.map((page, at) => page.evaluate(async ([sale, code, start]) => {
    while (Date.now() < start) await new Promise((done) => setTimeout(done, 1));
    const began = Date.now();
    return { ...(await globalThis.ends(till.pay(sale, code, { wallet: "23" }))), began };
  }, [sale("raced"), codes[at], start])));
  assert.ok(Math.abs(ends[0].began - ends[1].began) <= 50, `within 50 ms: ${ends.map((end) => end.began)}`);
  const won = ends.filter((end) => end.value?.status === "paid");
  const lost = ends.filter((end) => end.error);
  assert.deepEqual([won.length, lost.length], [1, 1], JSON.stringify(ends));
  assert.ok(["sale/busy", "sale/paid"].includes(lost[0].error.code), JSON.stringify(lost));
  const winner = won[0].value.tradeId;
  assert.equal((await shop.calls("pay")).length, 1);
  assert.equal(await shop.kept(), 1250);
  return { winner, lost: lost[0].error };
}

test("two tabs on one sale within 50 ms: one payment, the other is told which", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const pages = [await machine.till(), await machine.till()];
  // The payment takes a while, so that both are under way together.
  await shop.fault("pay", { hang_ms: 1000 });
  const { winner, lost } = await race(t, pages, shop);
  assert.equal(lost.code, "sale/busy");
  // The other tab may be told before the first one's attempt has a name; then the sale's list has it.
  const found = await pages[0].evaluate(() => till.find("raced"));
  assert.ok(found.some((trade) => trade.tradeId === winner));
  assert.ok([winner, null].includes(lost.tradeId));
});

test("two tills, two browser contexts, on one sale within 50 ms: one payment, the other is told sale/busy with its tradeId", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const pages = [];
  for (const terminal of ["till-1", "till-2"]) pages.push(await machine.till({ terminal, context: await machine.freshContext() }));
  await shop.fault("pay", { hang_ms: 1000 });
  const { winner, lost } = await race(t, pages, shop);
  assert.deepEqual([lost.code, lost.tradeId], ["sale/busy", winner]);
});

test("a new sale is paid while an old one is unresolved, and the old one stays on the list", async (t) => {
  const shop = await counter(t, { scale: 0.1, profile: "plain" });
  const machine = await shop.machine();
  const page = await machine.till();
  const pay = async (ref, code) => page.evaluate(([sale, code]) => ends(till.pay(sale, code, { wallet: "23" })), [sale(ref), code]);
  const old = await pay("old", await shop.code("ignores"));
  assert.equal(old.value?.status, "unresolved", JSON.stringify(old));
  const fresh = await pay("new", await shop.code());
  assert.equal(fresh.value?.status, "paid", JSON.stringify(fresh));
  const unfinished = await page.evaluate(() => till.unfinished.map((trade) => [trade.sale.ref, trade.status]));
  assert.deepEqual(unfinished, [["old", "needs-review"]]);
  // A person who has seen the gateway's own books settles it.
  const settled = await page.evaluate((id) => ends(till.settle(id, { outcome: "declined", evidence: "not in the gateway's portal" })), old.value.tradeId);
  assert.equal(settled.value?.status, "declined", JSON.stringify(settled));
  assert.deepEqual(await page.evaluate(() => till.unfinished.length), 0);
});

test("the camera is refused: a sentence, and the sale is paid with a typed code", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine({ camera: false });
  const page = await machine.terminal();
  await page.click("#primary");
  await until("the cashier is told", async () => /camera/i.test(await page.textContent("#sentence")));
  assert.equal(await page.getAttribute("body", "data-screen"), "scan");
  await page.click("#type");
  const code = await shop.code();
  await page.fill("#code", code);
  page.waitForSelector('dialog[open] [data-wallet="23"]').then((button) => button.click()).catch(() => {});
  await page.click("#typed-pay");
  await screen(page, "paid");
  assert.equal((await shop.calls("pay"))[0].code, code);
  assert.equal(await shop.kept(), 1250);
});

test("a photo of the code pays where there is no camera", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine({ camera: false });
  const page = await machine.terminal();
  const QRCode = (await import("qrcode")).default;
  const photo = await QRCode.toBuffer(await shop.code(), { scale: 8, margin: 6 });
  await page.click("#primary");
  await until("the cashier is told", async () => /camera/i.test(await page.textContent("#sentence")));
  page.waitForSelector('dialog[open] [data-wallet="23"]').then((button) => button.click()).catch(() => {});
  await page.setInputFiles("#photo", { name: "photo.png", mimeType: "image/png", buffer: photo });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("the backend is down at the start: the cashier is told, and tries again", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal();
  await shop.stopBackend();
  // The page is there, as a browser keeps it; what it asks for is not.
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  assert.match(await page.textContent("#sentence"), /network|answer|system/i);
  assert.deepEqual(await shop.calls("pay"), []);
  await shop.startBackend();
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("a till that can't be opened says so, and opens once the backend is there", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till({ open: false });
  await shop.stopBackend();
  const closed = await page.evaluate(() => ends(openTill({ getToken: async () => "any" })));
  assert.deepEqual([closed.error?.code, closed.error?.retryable, closed.error?.moneyMoved], ["network/failed", true, "no"]);
  await shop.startBackend();
  assert.equal(await page.evaluate(async () => (await openTill()).wallets.length > 3), true);
});

test("the backend goes away in the middle: the page goes on asking, and ends with the truth", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const { page, trade } = await pendingSale(shop, machine, "middle");
  await shop.stopBackend();
  await confirm(shop, trade);
  await page.waitForSelector("#banner:not([hidden])");
  assert.equal(await page.getAttribute("body", "data-screen"), "waiting");
  await shop.startBackend();
  await screen(page, "paid");
  assert.deepEqual((await shop.ledger()).map((line) => [line.charged, line.calls.pay]), [[1250, 1]]);
});

test("the journal can't be kept: the cashier is told, and the sale is paid", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till({ open: false });
  const end = await page.evaluate(async (code) => {
    Object.defineProperty(globalThis, "indexedDB", { get: () => undefined });
    await openTill();
    const end = await ends(till.pay({ ref: "no-journal", amount: { minor: 1250, currency: "MYR" } }, code, { wallet: "23" }));
    return { end, problems: log.filter((entry) => entry.type === "problem").map((entry) => entry.detail.code ?? entry.detail) };
  }, await shop.code());
  assert.equal(end.end.value?.status, "paid", JSON.stringify(end));
  assert.equal(await shop.kept(), 1250);
});
