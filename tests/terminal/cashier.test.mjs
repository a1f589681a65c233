// How a cashier uses the page: by keyboard only, without a connection, in three languages, with a manager who has the
// right and one who has not; and what the page prevents.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { charge, counter, out, screen, startTrade, underReview, until, workAs } from "./harness.mjs";
import { speak } from "./look.mjs";

const sentence = (page) => page.textContent("#sentence");
const sees = (page, what, pattern, selector = "#sentence") =>
  until(what, async () => pattern.test(await page.textContent(selector)));
/** The time between two keys of a fast typist, in ms. Faster keys are a scanner's (scanner.test.mjs). */
const HAND_MS = 90;
const scanning = (page) =>
  until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");

test("a sale by keyboard alone: digits, Enter, a wallet, Enter; Esc cancels only when it is held", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ amount: 0 });
  assert.equal(await page.isDisabled("#primary"), true, "nothing is charged yet");
  await page.keyboard.type("12509", { delay: HAND_MS });
  await page.keyboard.press("Backspace");
  assert.match(await page.textContent("#amount"), /RM\s?12\.50/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open] [data-wallet]");
  for (let at = 0; at < 10 && (await page.evaluate(() => document.activeElement.dataset.wallet)) !== "23"; at++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
  await until("the button can be pressed", () => page.isEnabled("#primary"));
  await page.keyboard.press("Enter");
  await screen(page, "ready");

  await machine.look(await shop.code("ignores"));
  await page.reload();
  await screen(page, "ready");
  await page.keyboard.type("1250", { delay: HAND_MS });
  await page.keyboard.press("Enter");
  await page.click('[data-wallet="23"]');
  await until("the customer is asked", async () => /confirm/.test(await sentence(page)));
  await page.keyboard.press("Escape");
  await page.keyboard.down("Escape");
  assert.equal(await page.evaluate(() => document.getElementById("second").classList.contains("holding")), true);
  await sees(page, "the cancel is under way", /cancel/i);
  await page.keyboard.up("Escape");
  await screen(page, "declined");
  assert.equal(await page.textContent("#title"), "Cancelled");
  assert.equal(await shop.kept(), 1250);
  assert.deepEqual(page.problems, []);
});

test("a double tap on Charge begins one scan, and does not cancel it; what would help is said", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(null, { black: true });
  const page = await machine.terminal();
  await page.dblclick("#primary");
  await scanning(page);
  await sees(page, "what would help is said", /brighter/, "#hint");
  assert.equal(await page.isVisible("#trouble"), false);
  await page.keyboard.press("Enter");
  assert.equal(
    await page.getAttribute("body", "data-kind"),
    "scanning",
    "Enter ends no scan: a hand scanner sends one",
  );
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /12\.50/, "the amount is kept");
});

test("without a connection no charge starts; when it is back, it does", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  await machine.look(await shop.code("asks"));
  const page = await machine.terminal();
  await page.context().setOffline(true);
  await page.waitForSelector("#banner:not([hidden])");
  assert.equal(await page.isDisabled("#primary"), true);
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("body", "data-view"), "ready");
  assert.match(await sentence(page), /connection/);
  await page.context().setOffline(false);
  await page.waitForSelector("#banner", { state: "hidden" });
  await charge(page, { wallet: "23" });
  await until("the customer is asked", async () => /confirm/.test(await sentence(page)));
  // The browser reports that it is online, but status checks fail. The open payment goes on.
  await shop.stopBackend();
  await page.waitForSelector("#banner:not([hidden])");
  assert.equal(await page.getAttribute("body", "data-view"), "waiting");
  await shop.startBackend();
  await page.waitForSelector("#banner", { state: "hidden" });
  await shop.post("/_sim/phone/answer", { trade_id: (await shop.ledger())[0].trade_id, approve: true });
  await screen(page, "paid");
  assert.deepEqual(
    (await shop.ledger()).map((line) => line.charged),
    [1250],
  );
});

test("waiting counts down between two answers, and holds the screen awake", async (t) => {
  const shop = await counter(t, { scale: 1 });
  const machine = await shop.machine();
  await machine.look(await shop.code("asks"));
  const page = await machine.page();
  await page.addInitScript(() => {
    globalThis.locks = [];
    const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
    navigator.wakeLock.request = async (kind) => {
      const lock = await ask(kind);
      locks.push(lock);
      return lock;
    };
  });
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250`);
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await sees(page, "both are told", /s so far, .* s left/, "#seconds");
  const seen = new Set();
  await until("three seconds in a row", async () => {
    seen.add(Number(await page.textContent("#left")));
    return [...seen].some((left) => seen.has(left - 1) && seen.has(left - 2));
  });
  const [elapsed, left] = (await page.textContent("#seconds")).match(/\d+/g).map(Number);
  assert.ok(Math.abs(elapsed + left - 90) <= 1, `${elapsed} + ${left} is the 90 s that the gateway gives`);
  // The browser releases the wake lock when the page is hidden. When it is visible again, the page requests a new one.
  assert.equal(await page.evaluate(() => locks.length), 1);
  await page.evaluate(async () => {
    await locks[0].release();
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until("the lock is asked for again", async () => (await page.evaluate(() => locks.length)) === 2);
  await shop.post("/_sim/phone/answer", { trade_id: (await shop.ledger())[0].trade_id, approve: true });
  await screen(page, "paid");
  assert.equal(await page.evaluate(() => locks[1].released), true, "the sale is over");
});

test("Not confirmed refuses a new charge of the same sale, here and at another till, and stays where it is without an answer", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const page = await machine.terminal({ ref: "same" });
  const other = await machine.terminal({ ref: "same", terminal: "till-2", context: await machine.freshContext() });
  const trade = await underReview(shop, "same");
  const payments = async () => (await shop.calls("pay")).length;

  // At another till: the backend names the trade that holds the sale, and that trade is on screen.
  await machine.look(await shop.code());
  await charge(other, { wallet: "23" });
  await screen(other, "not-confirmed");
  assert.equal(await other.textContent("#support"), trade.trade_id);
  assert.match(await sentence(other), /^Do not charge again/);

  // At the same till after a reload: it is on screen before a button can be pressed.
  await page.reload();
  await screen(page, "not-confirmed");
  assert.equal(await page.textContent("#support"), trade.trade_id);
  await sees(page, "it was asked", /^Checked at .*: no news/, "#note");

  // Check now gets no answer, so the outcome is still not known.
  await shop.stopBackend();
  await page.click("#primary");
  await page.waitForSelector("#trouble:not([hidden])");
  assert.equal(await page.getAttribute("body", "data-view"), "not-confirmed");
  await shop.startBackend();
  await page.waitForSelector("#banner", { state: "hidden" });

  // The next sale has a new reference, and the page asks first because the amount is the same.
  await page.click("#third");
  await screen(page, "ready");
  await page.waitForSelector("#unfinished:not([hidden])");
  await page.keyboard.type("1250", { delay: HAND_MS });
  await page.click("#primary");
  await page.waitForSelector("#same[open]");
  await page.click("#same-open");
  await screen(page, "not-confirmed");
  assert.equal(await payments(), 1);

  // The gateway answers again: the screen Not confirmed shows the outcome without a tap.
  await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
  await screen(page, "paid");
  assert.equal(await payments(), 1);
  assert.equal(await shop.kept(), 1250);
});

test("a settled review and a late success appear as such in the history, and are dealt with from there", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const token = await shop.token();
  const late = await startTrade(shop, "late", { minor: 1208, code: await shop.code("by_amount") });
  await until(
    "a cancel is granted",
    async () => (await shop.call("POST", `/v1/trades/${late.trade_id}/cancel`, { token })).status === 200,
  );
  const review = await underReview(shop, "review");
  const good = await startTrade(shop, "good", { code: await shop.code() });
  await until("it is late", async () => (await shop.sale("late")).trades[0].status === "late_success");
  const page = await machine.terminal({ amount: 777 });
  const entry = (trade) => page.textContent(`[data-trade="${trade.trade_id}"]`);
  const open = async () => {
    await page.click("#history-open");
    await page.waitForSelector(".entry");
  };
  const settle = async (outcome) => {
    await page.click(`#manager-${outcome}`);
    await page.click("#manager-settle");
    assert.match(await page.textContent("#manager-trouble"), /Write down/, "no verdict without evidence");
    await page.fill("#evidence", "seen in the wallet's portal");
    await page.click("#manager-settle");
  };

  await open();
  assert.deepEqual(
    await page.locator(".entry").evaluateAll((entries) => entries.map((entry) => entry.dataset.trade)),
    [good, review, late].map((trade) => trade.trade_id),
    "newest first",
  );
  assert.match(await entry(late), /12\.08.*Paid late.*Accept it or give it back/);
  assert.match(await entry(review), /12\.50.*Not confirmed.*call the manager/);

  // The review: the manager has looked at the wallet's own records.
  await page.click(`[data-trade="${review.trade_id}"]`);
  await screen(page, "not-confirmed");
  await page.click("#second");
  await settle("paid");
  await screen(page, "paid");
  await open();
  assert.match(await entry(review), /Paid.*Settled by a person/);

  // The late one: accepted.
  await page.click(`[data-trade="${late.trade_id}"]`);
  await until(
    "it says what came",
    async () =>
      /^Paid late/.test(await page.textContent("#title")) && /accept it or give it back/.test(await sentence(page)),
  );
  await page.click("#primary");
  assert.equal(await page.isVisible("#manager-declined"), false, "it was paid: nobody can say that it was not");
  await settle("paid");
  await screen(page, "paid");

  // The paid one: given back.
  await open();
  assert.match(await entry(late), /Paid.*Settled by a person.*Came late/);
  await page.click(`[data-trade="${good.trade_id}"]`);
  await screen(page, "paid");
  await page.click("#second");
  await page.selectOption("#why", "goods returned");
  await page.click("#back-yes");
  await screen(page, "declined");
  assert.equal(await page.textContent("#title"), "Given back");
  await open();
  assert.match(await entry(good), /Given back/);
  await page.fill("#day", "2020-01-01");
  await sees(page, "an empty day says so", /No payments/, "#history-note");
  await page.click("#history-close");
  // The typed amount is still there.
  await page.click("#primary");
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /7\.77/);
  // Each missing right is refused once before the page requests it, and the browser logs each refusal.
  assert.deepEqual(
    page.problems.filter((problem) => !/status of 403/.test(problem)),
    [],
  );
});

test("rule 43: a verdict on an own charge waits on the page, in three languages, and another person confirms it there", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const trade = await underReview(shop, "own", { cashier: "cashier" });
  const page = await machine.terminal();
  const judge = async () => {
    await page.click("#unfinished");
    await screen(page, "not-confirmed");
    await page.click("#second");
    await page.click("#manager-paid");
    await page.fill("#evidence", "seen in the portal");
    await page.click("#manager-settle");
  };
  await judge();
  await sees(page, "it waits", /Waits for a second person\. cashier said: It was paid\./, "#details");
  assert.equal(await page.isVisible("#manager"), false, "the verdict was taken");
  assert.equal((await shop.sale("own")).trades[0].status, "needs_review");
  await page.screenshot({ path: join(out, "6-waits-for-a-second-person.png") });
  for (const [language, words] of [
    ["ms", /Menunggu orang kedua\. cashier berkata: /],
    ["zh", /等待第二人确认。cashier 说：/],
    ["en", /Waits for a second person/],
  ]) {
    await speak(page, language);
    await sees(page, `it is said in ${language}`, words, "#details");
  }
  await page.click("#history-open");
  await sees(page, "the day's list says it", /Waits for a second person/, `[data-trade="${trade.trade_id}"]`);
  await page.click("#history-close");
  // Another person signs in at the shop.
  await workAs(page, "Puan Lim");
  await page.reload();
  await judge();
  await screen(page, "paid");
  const [row] = (await shop.sale("own")).trades;
  assert.deepEqual([row.status, row.decided_by, row.proposal], ["paid", "person", undefined]);
});

test("rule 44: a wrong verdict is contradicted on the open page, in three languages, and two people correct it there", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const trade = await underReview(shop, "wrong", { customer: "declines" });
  const page = await machine.terminal();
  const third = () => page.textContent("#third");
  const judge = async (button, outcome, offered) => {
    await page.click(button);
    const radios = page.locator("#manager input[type=radio]:visible");
    assert.deepEqual(await radios.evaluateAll((all) => all.map(({ value }) => value)), offered);
    await page.click(`#manager-${outcome}`);
    await page.fill("#evidence", "seen in the portal");
    await page.click("#manager-settle");
  };
  await page.click("#unfinished");
  await screen(page, "not-confirmed");
  await judge("#second", "paid", ["paid", "declined", "voided"]);
  await screen(page, "paid");

  // The same person finds out that it was wrong: that is a proposal, and the sale stays paid.
  await until("it can be corrected", async () => (await third()) === "Correct");
  await judge("#third", "declined", ["declined", "voided"]);
  await sees(page, "it waits", /Waits for a second person\. cashier said: It was not paid\./, "#details");
  assert.equal(await page.getAttribute("body", "data-view"), "paid");
  assert.equal((await shop.sale("wrong")).paid_amount.minor, 1250);
  await page.click("#primary");
  await screen(page, "ready");

  // The gateway answers again, and says otherwise.
  await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
  await sees(page, "the page is told", /^Decision contradicted: .*12\.50/, "#unfinished");
  for (const [language, words] of [
    ["ms", /^Keputusan disangkal: .*12\.50/],
    ["zh", /^与人工决定不符：.*12\.50/],
    ["en", /^Decision contradicted/],
  ]) {
    await speak(page, language);
    await sees(page, `it is said in ${language}`, words, "#unfinished");
  }
  await page.click("#history-open");
  await sees(
    page,
    "the day's list says it",
    /The payment system says otherwise/,
    `.todo [data-trade="${trade.trade_id}"]`,
  );
  await page.click("#history-close");
  await page.click("#unfinished");
  await screen(page, "paid");
  await sees(page, "the screen says it", /The payment system says otherwise.*Waits for a second person/, "#details");
  assert.equal(await page.getAttribute("body", "data-kind"), "old", "no news, and not green");
  for (const [name, viewport] of [
    ["phone", { width: 360, height: 640 }],
    ["desktop", { width: 1366, height: 768 }],
  ]) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(out, `8-contradicted-${name}.png`) });
  }

  // Another person signs in at the shop, and confirms the correction.
  await workAs(page, "Puan Lim");
  await page.reload();
  await screen(page, "ready");
  await page.click("#history-open");
  await page.click(`[data-trade="${trade.trade_id}"]`);
  await screen(page, "paid");
  await judge("#third", "declined", ["paid", "declined", "voided"]);
  await screen(page, "declined");
  const [row] = (await shop.sale("wrong")).trades;
  assert.deepEqual([row.status, row.decided_by, row.proposal], ["declined", "person", undefined]);
  assert.equal((await shop.sale("wrong")).paid_amount, null);
});

test("a manager without the right gets an error, and nothing changes", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const trade = await underReview(shop, "review");
  const good = await startTrade(shop, "good", { code: await shop.code() });
  // The shop's server gives a cashier these rights only.
  await shop.post("/_sim/shop", {
    backend: shop.backend,
    server_key: shop.keys.KAUNTER_SERVER_KEY,
    rights: ["charge", "cancel", "list"],
  });
  const page = await machine.terminal();
  await page.click("#unfinished");
  await screen(page, "not-confirmed");
  await page.click("#second");
  await page.fill("#evidence", "seen in the portal");
  await page.click("#manager-paid");
  await page.click("#manager-settle");
  await sees(page, "it is said", /^You may not do this: the manager must sign in/, "#manager-trouble");
  assert.equal(await page.inputValue("#evidence"), "seen in the portal", "nothing has to be typed again");
  await page.click("#manager-close");
  await page.click("#history-open");
  await page.click(`[data-trade="${good.trade_id}"]`);
  await screen(page, "paid");
  await page.click("#second");
  await page.selectOption("#why", "goods returned");
  await page.click("#back-yes");
  await sees(page, "it is said", /^You may not do this/, "#back-trouble");
  const status = async (ref) => (await shop.sale(ref)).trades[0].status;
  assert.deepEqual([await status("review"), await status("good")], ["needs_review", "paid"]);
  assert.equal((await shop.sale("review")).trades[0].trade_id, trade.trade_id);
  assert.deepEqual(await shop.calls("void"), []);
});

test("the support code is copied, and is the trade's id", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  const trade = await underReview(shop, "support");
  const page = await machine.terminal();
  await page.context().grantPermissions(["clipboard-write"], { origin: shop.backend });
  await page.click("#unfinished");
  await screen(page, "not-confirmed");
  await page.click("#copy");
  await sees(page, "it is said", /Copied/, "#copied");
  // The page itself may not read the clipboard: its policy closes that. Another program pastes.
  const other = await machine.page();
  await other.context().grantPermissions(["clipboard-read"], { origin: shop.pages });
  await other.goto(shop.pages);
  await other.bringToFront();
  assert.equal(await other.evaluate(() => navigator.clipboard.readText()), trade.trade_id);
});

test("three languages, kept for the next day; sound has a volume, and can be off", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.page();
  await page.addInitScript(() => {
    globalThis.tones = [];
    const Real = GainNode;
    globalThis.GainNode = class extends Real {
      constructor(audio, options) {
        super(audio, options);
        tones.push(options.gain);
      }
    };
    const Oscillator = OscillatorNode;
    globalThis.OscillatorNode = class extends Oscillator {
      constructor(audio, options) {
        super(audio, options);
        globalThis.pitches ??= [];
        pitches.push(options.frequency);
      }
    };
  });
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250`);
  await screen(page, "ready");
  await page.click("#settings");
  await page.selectOption("#language", "ms");
  assert.match(await page.textContent("#drawer-word"), /Tetapan/);
  assert.match(await page.textContent("#primary"), /^Caj/);
  await page.selectOption("#language", "zh");
  assert.match(await page.textContent("#primary"), /^收款/);
  assert.equal(await page.getAttribute("html", "lang"), "zh-Hans-MY");
  const tones = () => page.evaluate(() => tones.splice(0));
  await page.fill("#volume", "100");
  const loud = (await tones()).at(-1);
  await page.fill("#volume", "50");
  assert.equal((await tones()).at(-1), loud / 2);
  await page.uncheck("#sound");
  assert.deepEqual(await tones(), [], "off is off");
  await page.reload();
  await screen(page, "ready");
  assert.match(await page.textContent("#primary"), /^收款/, "the language is kept");
  await page.click("#settings");
  assert.deepEqual(
    [await page.isChecked("#sound"), await page.inputValue("#volume")],
    [false, "50"],
    "so is the sound",
  );
  await page.click("#drawer-close");

  // Off: a sale without a tone. On again: paid gives one high tone, not paid two low ones.
  await machine.look(await shop.code());
  await page.reload();
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  assert.deepEqual(await tones(), []);
  await page.click("#settings");
  await page.check("#sound");
  await page.click("#drawer-close");
  await machine.look(await shop.code());
  await page.reload();
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  const paid = await page.evaluate(() => pitches.splice(0));
  await page.click("#primary");
  await machine.look(await shop.code("approves", "23", { balance: 1 }));
  await page.reload();
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  const refused = await page.evaluate(() => pitches.splice(0));
  assert.ok(
    Math.min(...paid.slice(-2)) > 4 * Math.max(...refused.slice(-2)) && refused.at(-1) === refused.at(-2),
    `${paid} and ${refused} are not to be confused`,
  );
});

test("the scanner's test says what a code is, shows nothing of it, and pays nothing", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const code = await shop.code("approves", "33");
  await machine.look(code);
  const page = await machine.terminal();
  await page.click("#settings");
  await page.click("#test");
  await sees(page, "it says what it is", /WeChat Pay/);
  assert.equal(await page.textContent("#title"), "The scanner works");
  assert.ok(!(await page.content()).includes(code));
  await page.click("#primary");
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /12\.50/);
  assert.deepEqual([await shop.calls("create"), await shop.calls("pay")], [[], []]);
});

test("a currency without decimals is typed in whole units", async (t) => {
  const shop = await counter(t);
  await shop.stopBackend();
  const own = shop.toml.bind(shop);
  shop.toml = (listen) => own(listen).replace("[gateway]\n", '[gateway]\ncurrency = "JPY"\n');
  await shop.startBackend();
  const page = await (await shop.machine()).terminal({ amount: 0 });
  await page.keyboard.type("1250", { delay: HAND_MS });
  assert.match(await page.textContent("#amount"), /^(¥|JP¥|JPY)\s?1,250$/);
});
