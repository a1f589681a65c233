// Each screen of the cashier's page on a phone, a tablet and a desktop, in light and dark mode, in three languages.
// Pictures go to target/screens, and look.mjs checks each screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, screen, startTrade, underReview, until } from "./harness.mjs";
import { glance, look } from "./look.mjs";

/**
 * No screen had a fault, and the console has only the browser's messages about refused calls, after which the page
 * requests a right.
 */
function whole(page) {
  assert.deepEqual(page.faults, [], "every screen is whole");
  assert.deepEqual(
    page.problems.filter((problem) => !/status of 403/.test(problem)),
    [],
    "nothing is on the console",
  );
}

test("the way of a sale: ready, scan, our own code, waiting, paid, declined, and what lies around it", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const page = await machine.terminal();
  await look(page, "1-ready");
  await page.click("#settings");
  await look(page, "9-settings");
  await page.click("#drawer-close");
  await page.click(".of-ready .show-code");
  await page.click('dialog[open] [data-wallet="21"]');
  await page.waitForSelector("#shown img");
  await look(page, "2-present");
  await page.keyboard.press("Escape");
  await screen(page, "declined");
  await look(page, "5-cancelled");
  await page.click("#second");
  await screen(page, "ready");
  await page.keyboard.type("1250", { delay: 90 });
  await charge(page);
  await until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
  await look(page, "2-scan");
  await page.click("#type");
  await look(page, "9-typed");
  await page.fill("#code", await shop.code("asks"));
  await page.click("#typed-pay");
  await page.waitForSelector('dialog[open] [data-wallet="23"]');
  await look(page, "9-wallet");
  await page.click('[data-wallet="23"]');
  await until("the customer is asked", async () => /confirm/i.test(await page.textContent("#sentence")));
  await look(page, "3-waiting");
  await page.click("#second");
  await look(page, "9-cancel");
  await page.click("#cancel-close");
  const trade = (await shop.ledger()).at(-1);
  await shop.post("/_sim/phone/answer", { trade_id: trade.trade_id, approve: true });
  await screen(page, "paid");
  await look(page, "4-paid");
  await page.click("#second");
  await look(page, "9-give-back");
  await page.click("#back-close");
  await page.click("#primary");
  await screen(page, "ready");

  for (const digit of "1250") await page.click(`[data-key="${digit}"]`);
  await page.click("#primary");
  await until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
  await page.click("#type");
  await page.fill("#code", await shop.code("approves", "23", { balance: 1 }));
  await page.click("#typed-pay");
  await page.click('[data-wallet="23"]');
  await screen(page, "declined");
  await look(page, "5-declined");
  whole(page);
});

test("what is not confirmed, what came late, and the day's history of both", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const token = await shop.token();
  // Late: cancelled, and paid after that.
  const late = await startTrade(shop, "late", { minor: 1208, code: await shop.code("by_amount") });
  await until(
    "a cancel is granted",
    async () => (await shop.call("POST", `/v1/trades/${late.trade_id}/cancel`, { token })).status === 200,
  );
  // And one of each other end.
  const old = await startTrade(shop, "paid", { code: await shop.code() });
  await startTrade(shop, "declined", { code: await shop.code("declines") });
  const other = await underReview(shop, "settled", { terminal: "till-2" });
  const at = (trade, status) =>
    until(`${trade.sale.ref} is ${status}`, async () => (await shop.sale(trade.sale.ref)).trades[0].status === status);
  for (const outcome of ["paid", "voided"]) {
    // The second verdict corrects the first one, and waits: both are one person's.
    await shop.call("POST", `/v1/trades/${other.trade_id}/verdict`, {
      token: await shop.token("till-2"),
      body: { outcome, evidence: "seen in the portal" },
    });
  }
  // The cashier who charged has given a verdict: it waits for a second person.
  const waits = await underReview(shop, "reviewed");
  await shop.call("POST", `/v1/trades/${waits.trade_id}/verdict`, {
    token: await shop.token("till-1", { cashier: "aina" }),
    body: { outcome: "declined", evidence: "the customer says so" },
  });
  await at(late, "late_success");

  const page = await machine.terminal();
  await look(page, "1-ready-unconfirmed");
  await page.click("#primary");
  await look(page, "9-same-amount");
  await page.click("#same-open");
  await screen(page, "not-confirmed");
  await until("it says who waits", async () => /second person/.test(await page.textContent("#details")));
  await look(page, "6-not-confirmed");
  await page.click("#second");
  await page.click("#manager-declined");
  await page.click("#manager-settle");
  await look(page, "9-manager");
  await page.click("#manager-close");
  await page.click("#history-open");
  await page.waitForSelector(".entry");
  await look(page, "8-history");
  await page.click(`[data-trade="${old.trade_id}"]`);
  await page.waitForSelector('body[data-kind="old"]');
  await look(page, "8-earlier");
  await page.click("#history-open");
  await page.click(`[data-trade="${other.trade_id}"]`);
  await until("it can be corrected", async () => /second person/.test(await page.textContent("#details")));
  await look(page, "8-settled");
  await page.click("#history-open");
  await page.click(`[data-trade="${late.trade_id}"]`);
  await screen(page, "not-confirmed");
  await until("it is the late one", async () => (await page.getAttribute("body", "data-kind")) === "late");
  await look(page, "7-late");
  whole(page);
});

test("no connection, and no camera: what is left to do", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine({ camera: false });
  const page = await machine.terminal();
  await charge(page);
  await until("the cashier is told", async () => (await page.getAttribute("body", "data-kind")) === "no-camera");
  await look(page, "2-scan-no-camera");
  await page.click("#second");
  await screen(page, "ready");
  await page.context().setOffline(true);
  await page.waitForSelector("#banner:not([hidden])");
  await look(page, "1-ready-offline");
  assert.equal(await page.isDisabled("#primary"), true);
  whole(page);
});

test("a screen with planted faults fails the check", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).terminal();
  await page.evaluate(() => {
    document.getElementById("terminal").style.color = "#c4c4c4";
    document.getElementById("pad").firstElementChild.style.marginLeft = "-900px";
    document.getElementById("amount").style.marginBottom = "-60px";
    const another = document.getElementById("primary").cloneNode(true);
    another.style.minHeight = "20px";
    document.getElementById("foot").append(another);
  });
  await look(page, "planted");
  for (const what of [/axe: color-contrast/, /: outside: .*button#\.key/, /: overlaps: .*p#sentence/, /: prominent: 1/])
    assert.ok(
      page.faults.some((fault) => what.test(fault)),
      String(what),
    );
});

test("the customer's phone: whole at 360x640 in each variant; its code is renewed, and one that is being paid with stays", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine({ viewport: { width: 360, height: 640 } });
  const phone = await machine.page();
  phone.faults = [];
  await phone.goto(`${shop.sandbox}/_sim/phone`);
  await phone.waitForSelector("#code img");
  await glance(phone, "phone");
  const first = await phone.evaluate(() => made.code);
  await phone.evaluate(() => {
    ends = Date.now();
  });
  await until("a new code is there", async () => (await phone.evaluate(() => made.code)) !== first);
  for (const variant of ["dark", "inverted", "glare"]) {
    await phone.click(`#${variant}`);
    await glance(phone, `phone-${variant}`);
    await phone.click(`#${variant}`);
  }
  await phone.selectOption("#wallet", "23");
  await until("its code is that wallet's", async () => (await phone.evaluate(() => made.wallet_id)) === "23");
  const code = await phone.evaluate(() => made.code);
  await startTrade(shop, "asked", { minor: 1234, code });
  await phone.waitForSelector("#ask:not([hidden])");
  await glance(phone, "phone-asks");
  await phone.click("#wait");
  await phone.evaluate(() => {
    ends = 0;
  });
  await until("it waits", async () => /waits for you/.test(await phone.textContent("#last")));
  assert.equal(await phone.evaluate(() => made.code), code, "the code stays while it is being paid with");
  await glance(phone, "phone-waits");
  await phone.click("#last button");
  await phone.click("#yes");
  await until("the money is gone", async () => (await phone.textContent("#balance")) === "RM 487.66");
  await until("the next code is there", async () => (await phone.evaluate(() => made.code)) !== code);
  whole(phone);
});
