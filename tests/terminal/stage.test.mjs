// Which sale has the screen. A running payment keeps it. An earlier sale opens in a dialog and looks old. The next sale
// is a new one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, screen, startTrade, underReview, until, workAs } from "./harness.mjs";

const sentence = (page) => page.textContent("#sentence");
const sees = (page, what, pattern, selector = "#sentence") =>
  until(what, async () => pattern.test(await page.textContent(selector)));
const status = async (shop, ref) => (await shop.sale(ref)).trades.at(-1).status;
const asked = (page) => sees(page, "the customer is asked", /confirm/);
const approve = async (shop, ref) =>
  shop.post("/_sim/phone/answer", { trade_id: (await shop.sale(ref)).trades.at(-1).trade_id, approve: true });

/** An earlier sale of RM 42.00, paid. */
async function earlier(shop, more) {
  const trade = await startTrade(shop, "earlier", { minor: 4200, code: await shop.code(), ...more });
  await until("the earlier sale is paid", async () => (await status(shop, "earlier")) === "paid");
  return trade;
}

/** History, and the earlier sale in it. */
async function opens(page, trade) {
  await page.click("#history-open");
  await page.click(`[data-trade="${trade.trade_id}"]`);
}

async function running(shop, { ref = "running", customer = "asks" } = {}) {
  const machine = await shop.machine();
  await machine.look(await shop.code(customer));
  const page = await machine.terminal({ ref });
  await charge(page, { wallet: "23" });
  await asked(page);
  return page;
}

for (const [how, act] of [
  ["the list", (page) => page.click("#history-open")],
  ["an earlier sale", opens],
  ["the settings", (page) => page.click("#settings")],
]) {
  test(`${how} is open while the customer pays: the end is shown and heard, and the next sale is its own`, async (t) => {
    const shop = await counter(t);
    const old = await earlier(shop);
    const page = await running(shop);
    await act(page, old);
    assert.equal(await page.getAttribute("body", "data-view"), "waiting", "the payment keeps the screen");
    assert.match(await page.textContent("#amount"), /12\.50/);
    await approve(shop, "running");
    await screen(page, "paid");
    assert.equal(await page.locator("dialog[open]").count(), 0, "nothing lies over the end");
    assert.match(await page.textContent("#amount"), /12\.50/);
    assert.equal(await page.getAttribute("body", "data-kind"), "paid");
    await page.click("#primary");
    await screen(page, "ready");

    // The next customer has another sale.
    await page.keyboard.type("700", { delay: 90 });
    await page.click(".of-ready .show-code");
    await page.click('dialog[open] [data-wallet="23"]');
    await page.waitForSelector("#shown img");
    await shop.post("/_sim/scan", { payload: (await shop.ledger()).at(-1).payload, customer: "approves" });
    await screen(page, "paid");
    assert.match(await page.textContent("#amount"), /7\.00/);
    assert.deepEqual(
      (await shop.ledger()).map(({ charged }) => charged),
      [4200, 1250, 700],
    );
  });
}

test("Back from an earlier sale leads to the payment that runs, which can still be cancelled", async (t) => {
  const shop = await counter(t);
  const old = await earlier(shop);
  const page = await running(shop, { customer: "ignores" });
  await opens(page, old);
  await page.waitForSelector("#past[open]");
  assert.match(await page.textContent("#past"), /42\.00.*Paid.*earlier/s);
  await page.click("#past-back");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.equal(await page.getAttribute("body", "data-view"), "waiting");
  await page.click("#second");
  await page.click("#cancel-yes");
  await screen(page, "declined");
  assert.equal(await status(shop, "running"), "cancelled");
  assert.equal(await status(shop, "earlier"), "paid");
});

test("an earlier sale is read beside a scan, and beside a code on display", async (t) => {
  const shop = await counter(t);
  const old = await earlier(shop);
  const machine = await shop.machine();
  const page = await machine.terminal({ ref: "beside" });
  await page.click("#primary");
  await until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
  await opens(page, old);
  await page.click("#past-back");
  assert.deepEqual(
    [await page.getAttribute("body", "data-view"), await page.getAttribute("body", "data-kind")],
    ["scan", "scanning"],
  );
  await page.click(".of-scan .show-code");
  await page.click('dialog[open] [data-wallet="23"]');
  await screen(page, "present");
  await page.waitForSelector("#shown img");
  await opens(page, old);
  assert.equal(await page.getAttribute("body", "data-view"), "present");
  const { payload } = (await shop.ledger()).at(-1);
  await shop.post("/_sim/scan", { payload, customer: "approves" });
  await screen(page, "paid");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.match(await page.textContent("#amount"), /12\.50/);
});

test("an earlier sale is grey and dated; Back leads to what was there: an end, with its receipt, or what was typed", async (t) => {
  const shop = await counter(t);
  const old = await earlier(shop);
  const gone = await startTrade(shop, "gone", { minor: 4300, code: await shop.code("declines") });
  await until("it is declined", async () => (await status(shop, "gone")) === "declined");
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "fresh" });
  const year = String(new Date().getFullYear());
  const grey = async () => {
    assert.equal(await page.getAttribute("body", "data-kind"), "old");
    const [now, fresh] = await page.evaluate(() => {
      const colour = () => getComputedStyle(document.body).backgroundColor;
      const now = colour();
      const { kind } = document.body.dataset;
      document.body.dataset.kind = "paid";
      const green = colour();
      document.body.dataset.kind = kind;
      return [now, green];
    });
    assert.notEqual(now, fresh, "it is not green");
  };
  await opens(page, old);
  await screen(page, "paid");
  await grey();
  assert.match(await page.textContent("#amount"), /42\.00/);
  assert.match(await page.textContent("#sentence"), new RegExp(`^An earlier sale, paid on .*${year}`));
  assert.match(await page.textContent("#time"), new RegExp(year));
  await page.click("#primary");
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /12\.50/, "what was typed");

  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.equal(await page.getAttribute("body", "data-kind"), "paid");
  const receipt = await page.textContent("#reference");
  await opens(page, gone);
  await screen(page, "declined");
  await grey();
  assert.match(await page.textContent("#details"), new RegExp(`^An earlier sale, from .*${year}`));
  assert.match(await page.textContent("#amount"), /43\.00/);
  await page.click("#primary");
  await screen(page, "paid");
  assert.deepEqual(
    [await page.textContent("#reference"), await page.getAttribute("body", "data-kind")],
    [receipt, "paid"],
    "its own end, as it was",
  );
  assert.match(await page.textContent("#amount"), /12\.50/);
  assert.match(await page.textContent("#primary"), /^New sale/);
});

test("once a reference has a trade, another amount has another reference", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code("ignores"));
  const page = await machine.terminal({ amount: 1250 });
  await page.click(".of-ready .show-code");
  await page.click('dialog[open] [data-wallet="23"]');
  await screen(page, "present");
  await page.waitForSelector("#shown img");
  await page.keyboard.press("Escape");
  await screen(page, "declined");
  const refs = async () => (await shop.ledger()).map(({ ref, amount }) => [ref, amount]);
  const first = await page.evaluate(() => document.getElementById("support").textContent);
  assert.ok(first !== null && (await refs()).length === 1);
  await page.click("#second");
  await screen(page, "ready");
  await page.keyboard.type("700", { delay: 90 });
  await charge(page, { wallet: "23" });
  await asked(page);
  assert.equal((await shop.ledger()).length, 2);
});

test("a bill that was paid with another amount: amber, both amounts, and nothing looks paid", async (t) => {
  const shop = await counter(t);
  await startTrade(shop, "bill", { minor: 4200, code: await shop.code() });
  await until("it is paid", async () => (await status(shop, "bill")) === "paid");
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "bill", amount: 700, terminal: "till-2" });
  await charge(page, { wallet: "23" });
  await page.waitForSelector('body[data-kind="other"]');
  assert.match(await sentence(page), /42\.00.*7\.00 was not charged/);
  assert.match(await page.textContent("#amount"), /7\.00/);
  assert.notEqual(await page.getAttribute("body", "data-view"), "paid");
  await page.click("#primary");
  await screen(page, "ready");
  assert.deepEqual(
    (await shop.ledger()).map(({ charged }) => charged).filter((charged) => charged > 0),
    [4200],
  );

  // The amount is its own, and is shown once.
  const same = await machine.terminal({ ref: "bill", amount: 4200, terminal: "till-2" });
  await charge(same, { wallet: "23" });
  await screen(same, "paid");
  assert.match(await sentence(same), /already paid/);
  assert.match(await same.textContent("#amount"), /42\.00/);
  assert.equal(await shop.kept(), 4200);
});

test("a refund that the gateway refuses is shown: now, in the history, and when the sale is opened again", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "kept" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  await shop.fault("void", "void_fails");
  await page.click("#second");
  await page.selectOption("#why", "wrong amount");
  await page.click("#back-yes");
  await page.waitForSelector('body[data-view="paid"][data-kind="kept"]');
  assert.match(await sentence(page), /NOT given back/);
  assert.match(await page.textContent("#details"), /payment system says: .+/);
  assert.equal(await shop.kept(), 1250);
  const { trade_id } = (await shop.sale("kept")).trades[0];
  await page.click("#history-open");
  assert.match(await page.textContent(`[data-trade="${trade_id}"]`), /Paid.*NOT given back: .+/);
  await page.click(`[data-trade="${trade_id}"]`);
  await page.waitForSelector('body[data-kind="old"]');
  assert.match(await sentence(page), /NOT given back/);
  for (const [language, words] of [
    ["ms", /TIDAK dipulangkan/],
    ["zh", /未退回/],
    ["en", /NOT given back/],
  ]) {
    await page.evaluate((language) => {
      const select = document.getElementById("language");
      select.value = language;
      select.dispatchEvent(new Event("change"));
    }, language);
    assert.match(await sentence(page), words);
  }
  // The gateway accepts the second one.
  await page.click("#second");
  await page.selectOption("#why", "wrong amount");
  await page.click("#back-yes");
  await page.waitForSelector('body[data-kind="voided"]');
  assert.equal(await shop.kept(), 0);
  await page.click("#history-open");
  assert.doesNotMatch(await page.textContent(`[data-trade="${trade_id}"]`), /NOT given back/);
});

test("a creation that the gateway refuses: the cashier reads its sentence beside ours", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  await shop.fault("create", "garbage", { times: 100 });
  const page = await machine.terminal({ ref: "refused" });
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  assert.equal(await page.isVisible("#details script, #details a"), false);
});

for (const [how, hear] of [
  ["within the time of a heartbeat", async () => {}],
  ["when the page is seen again", (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")))],
]) {
  test(`money that came late is shown on an open page ${how}, once, and stays until it is dealt with`, async (t) => {
    const shop = await counter(t, { scale: how.startsWith("when") ? 0.5 : 0.1 });
    const machine = await shop.machine();
    const page = await machine.page();
    await page.addInitScript(() => {
      globalThis.pitches = [];
      const Real = OscillatorNode;
      globalThis.OscillatorNode = class extends Real {
        constructor(audio, options) {
          super(audio, options);
          pitches.push(options.frequency);
        }
      };
    });
    await machine.look(await shop.code("by_amount"));
    await page.goto(`${shop.backend}/?terminal=till-1&amount=1208&ref=late`);
    await screen(page, "ready");
    await charge(page, { wallet: "23" });
    await screen(page, "waiting");
    await until("it is pending", async () => (await status(shop, "late")) === "pending");
    await page.click("#second");
    await page.click("#cancel-yes");
    await screen(page, "declined");
    await page.click("#second");
    await screen(page, "ready");
    await page.evaluate(() => pitches.splice(0));
    await until("it came late", async () => (await status(shop, "late")) === "late_success");
    await hear(page);
    await page.waitForSelector("#unfinished:not([hidden])");
    assert.match(await page.textContent("#unfinished"), /Paid late: RM\s?12\.08/);
    assert.deepEqual(await page.evaluate(() => pitches), [660, 660, 660], "heard once");
    // It stays, also after a reload, until another person than the one who charged it has handled it.
    await workAs(page, "Puan Lim");
    await page.reload();
    await page.waitForSelector('body[data-kind="late"]');
    await page.click("#primary");
    await page.click("#manager-paid");
    await page.fill("#evidence", "seen in the portal");
    await page.click("#manager-settle");
    await screen(page, "paid");
    await page.click("#primary");
    await screen(page, "ready");
    assert.equal(await page.isVisible("#unfinished"), false);
  });
}

test("an unconfirmed sale is still on screen after an earlier sale was opened", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const old = await earlier(shop);
  await underReview(shop, "review");
  const page = await (await shop.machine()).terminal({ ref: "review" });
  await screen(page, "not-confirmed");
  await until("it was asked", async () => /Checked/.test(await page.textContent("#note")));
  await opens(page, old);
  await page.waitForSelector('body[data-kind="old"]');
  await page.click("#primary");
  await screen(page, "not-confirmed");
  assert.match(await page.textContent("#amount"), /12\.50/);
  await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
  await screen(page, "paid");
  assert.equal(await page.getAttribute("body", "data-kind"), "paid", "its end is news");
});

test("a bill that is opened with another amount than it was begun with: both are said, and it is not green", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  await underReview(shop, "grown");
  const page = await (await shop.machine()).terminal({ ref: "grown", amount: 2750 });
  await screen(page, "not-confirmed");
  assert.match(await page.textContent("#amount"), /12\.50/, "the amount of the trade");
  await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
  await page.waitForSelector('body[data-kind="other"]');
  assert.match(await sentence(page), /paid with RM\s?12\.50 before: RM\s?27\.50 was not charged/);
});

test("an outdated outcome leaves the screen: cancelled, and then the money came", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  await machine.look(await shop.code("by_amount"));
  const page = await machine.terminal({ ref: "turned", amount: 1208 });
  await charge(page, { wallet: "23" });
  await until("it is pending", async () => (await status(shop, "turned")) === "pending");
  await page.click("#second");
  await page.click("#cancel-yes");
  await screen(page, "declined");
  await page.waitForSelector('body[data-kind="late"]');
  assert.match(await page.textContent("#title"), /Paid late/);
});

test("Back from a payment that is only watched leaves it to the till, and the next sale begins at once", async (t) => {
  const shop = await counter(t);
  await startTrade(shop, "open", { minor: 4200, code: await shop.code("asks") });
  await until("it is pending", async () => (await status(shop, "open")) === "pending");
  const page = await (await shop.machine()).terminal({ amount: 700 });
  await page.click("#unfinished");
  await asked(page);
  await page.click("#third");
  await screen(page, "ready");
  await page.click(".of-ready .show-code");
  await page.click('dialog[open] [data-wallet="23"]', { timeout: 5_000 });
  await page.waitForSelector("#shown img");
  assert.match(await page.textContent("#amount"), /7\.00/);
  assert.equal(await status(shop, "open"), "pending");
});

test("rule 34: a payment that the gateway takes back is shown on an open page, in every language, until a person decides", async (t) => {
  const shop = await counter(t, { scale: 0.1, policy: { paid_check_first_ms: 10_000 } });
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "reversed" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  const { trade_id } = (await shop.sale("reversed")).trades[0];
  await shop.post("/_sim/refunds", { trade_id });
  await page.waitForSelector('body[data-kind="reversed"]', { timeout: 30_000 });
  for (const [language, words] of [
    ["ms", /tidak menerima wang/],
    ["zh", /没有收到/],
    ["en", /does not have this money/],
  ]) {
    await page.evaluate((language) => {
      const select = document.getElementById("language");
      select.value = language;
      select.dispatchEvent(new Event("change"));
    }, language);
    assert.match(await sentence(page), words);
  }
  if (process.env.KAUNTER_OUT) await page.screenshot({ path: `${process.env.KAUNTER_OUT}/reversed.png` });
  // It stays after a reload, and the list says so. Another person than the one who charged it decides.
  await workAs(page, "Puan Lim");
  await page.reload();
  await page.waitForSelector('body[data-kind="reversed"]');
  await page.click("#history-open");
  assert.match(await page.textContent(`[data-trade="${trade_id}"]`), /Taken back.*Call the manager/);
  await page.click(`[data-trade="${trade_id}"]`);
  await page.waitForSelector('body[data-kind="reversed"]');
  const developer = await machine.till();
  assert.equal((await developer.evaluate((id) => till.refresh(id), trade_id)).status, "reversed");
  await page.click("#second");
  await page.click("#manager-voided");
  await page.fill("#evidence", "seen in the portal");
  await page.click("#manager-settle");
  await page.waitForSelector('body[data-kind="voided"]');
  assert.equal(await status(shop, "reversed"), "voided");
});

test("rule 35: a customer pays another way where a trade hangs: the next sale begins, and wallet money goes back", async (t) => {
  const shop = await counter(t, { scale: 0.1, profile: "documented", policy: { review_check_first_ms: 5_000 } });
  const machine = await shop.machine();
  await machine.look(await shop.code("asks"));
  // This gateway has no cancel: the waiting screen offers it at once.
  const page = await machine.terminal({ ref: "waits" });
  await charge(page, { wallet: "23" });
  await page.waitForSelector('body[data-view="waiting"]:is([data-kind="confirm"], [data-kind="checking"])');
  await sees(page, "it is offered", /^Customer pays another way/, "#second");
  await page.click("#second");
  await page.click("#other-card");
  await screen(page, "ready");
  const left = await shop.sale("waits");
  assert.deepEqual([left.given_up.tender, left.paid_amount], ["card", null]);

  await machine.look(await shop.code("asks"));
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250&ref=cash`);
  await screen(page, "ready");
  await page.click("#primary");
  await page.waitForSelector("#same[open]");
  await page.click("#same-other");
  await page.click('[data-wallet="23"]');
  await page.waitForSelector('body[data-kind="not-confirmed"]');
  await page.click("#other-way");
  await sees(page, "the dialog names the amount", /12\.50/, "#other-title");
  if (process.env.KAUNTER_OUT) await page.screenshot({ path: `${process.env.KAUNTER_OUT}/other-way.png` });
  for (const [language, word] of [
    ["ms", "Tunai"],
    ["zh", "现金"],
    ["en", "Cash"],
  ]) {
    await page.evaluate((language) => {
      const select = document.getElementById("language");
      select.value = language;
      select.dispatchEvent(new Event("change"));
    }, language);
    assert.equal(await page.textContent("#other-cash"), word);
  }
  await page.click("#other-cash");
  await screen(page, "ready");
  const record = await shop.sale("cash");
  assert.deepEqual([record.given_up.tender, record.paid_amount], ["cash", null]);
  await approve(shop, "cash");
  await until("the wallet's money went back", async () => (await status(shop, "cash")) === "voided");
  assert.equal(await shop.kept(), 0);
});
