// Practice: the cashier's page on the package's sandbox. Every screen says so, and the shop's backend and gateway hear of
// nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newTrade } from "../desk/desk.mjs";
import { counter, journal, screen, until } from "./harness.mjs";
import { look, speak } from "./look.mjs";

const scanning = (page) =>
  until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
const sees = (page, what, pattern, selector = "#sentence") =>
  until(what, async () => pattern.test(await page.textContent(selector)));
const press = (page, action) => page.click(`[data-phone="${action}"]`);

const HOUR = 3_600_000;
/** The browser's time zone is eight hours ahead. Within an hour of its midnight, the time is two hours later. */
const farFromMidnight = (now) => (Math.floor(now / HOUR) % 24 === 15 ? now + 2 * HOUR : now);

const WORDS = { en: /Practice, no real money/, ms: /Latihan, bukan wang sebenar/, zh: /练习，非真实资金/ };

/** The word is on the screen in each language, and the screen has room for it. */
async function saysPracticeAndFits(page, name) {
  await saysPractice(page);
  await look(page, `p-${name}`, { small: true });
}

/** The word is on the screen in each language, above an open dialog too, and in the title of an end. */
async function saysPractice(page) {
  for (const [language, word] of Object.entries(WORDS)) {
    await speak(page, language);
    const seen = await page.evaluate(() => {
      const dialog = document.querySelector("dialog[open]");
      return {
        line: document.getElementById("practice").checkVisibility() && document.getElementById("practice").textContent,
        title: document.getElementById("title").textContent,
        dialog: dialog ? getComputedStyle(dialog, "::before").content : null,
        leave: document.getElementById("practice-leave").checkVisibility(),
      };
    });
    assert.match(seen.line, word);
    if (seen.dialog !== null) assert.match(seen.dialog, word);
    if (seen.title) assert.match(seen.title, /^(Practice: |Latihan: |练习：)/);
    assert.equal(seen.leave, true, "one button leaves it");
  }
  await speak(page, "en");
}

/** Types the amount, and shows the phone's code to the till. */
async function pay(page, { late = false, seen } = {}) {
  for (const digit of "1250") await page.click(`[data-key="${digit}"]`);
  await page.click("#primary");
  await scanning(page);
  await seen?.();
  if (late) await press(page, "pay_late");
  await press(page, "hold_up");
  await page.waitForSelector('body[data-view="waiting"], dialog[open] [data-wallet]');
  if (await page.$("dialog[open] [data-wallet]")) await page.click("dialog[open] [data-wallet]");
  await sees(page, "the customer is asked", /confirm/);
}

test("rule 47: practice: paid, given back, declined, not confirmed and then paid; nothing of it is real", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const page = await machine.terminal({ ref: "REAL-1", amount: 990 });
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  assert.equal(
    await page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => /sandbox/.test(name))),
    false,
    "a real terminal does not load the sandbox",
  );
  await page.click("#settings");
  await page.click("#practice-enter");
  await page.waitForSelector('body[data-practice][data-kind="ready"]');
  assert.match(await page.textContent("#amount"), /0\.00/, "the sale of the address is a real one");
  asked.length = 0;
  await page.clock.install({ time: farFromMidnight(Date.now()) });
  await saysPractice(page);

  await pay(page, { seen: () => saysPracticeAndFits(page, "scan") });
  await saysPracticeAndFits(page, "waiting");
  await press(page, "approve");
  await screen(page, "paid");
  await saysPractice(page);
  const ref = await page.textContent("#reference");
  assert.match(ref, /^PRACTICE-/, "no receipt without the word");
  assert.equal(await page.getAttribute("#reference", "data-receipt"), ref);
  await page.click("#second");
  await saysPractice(page);
  await page.selectOption("#why", "wrong amount");
  await page.click("#back-yes");
  await sees(page, "it is given back", /Practice: Given back/, "#title");
  await page.click("#primary");

  await pay(page);
  await press(page, "decline");
  await sees(page, "it is declined", /Practice: Not paid/, "#title");
  await saysPractice(page);
  await page.click("#second");

  // The till shows the code, and the customer scans it.
  for (const digit of "1250") await page.click(`[data-key="${digit}"]`);
  await page.click(".of-ready .show-code");
  await page.waitForSelector("#shown img, dialog[open] [data-wallet]");
  if (await page.$("dialog[open] [data-wallet]")) await page.click("dialog[open] [data-wallet]");
  await page.waitForSelector("#shown img");
  await saysPractice(page);
  await press(page, "scan");
  await press(page, "approve");
  await screen(page, "paid");
  await page.click("#primary");

  // Cancelled, and the money comes after that.
  await pay(page, { late: true });
  await page.click("#second");
  await page.click("#cancel-yes");
  await until("the money came late", async () => {
    await page.clock.fastForward(5_000);
    return (await page.getAttribute("body", "data-kind")) === "late";
  });
  await saysPractice(page);
  await page.click("#second");
  await page.selectOption("#why", "paid late");
  await page.click("#back-yes");
  await sees(page, "it is given back", /Practice: Given back/, "#title");
  await page.click("#primary");

  await pay(page);
  await press(page, "no_answer");
  // A minute and a half until the deadline, and as long until a person is asked.
  await until("nobody knows", async () => {
    await page.clock.fastForward(10_000);
    return (await page.getAttribute("body", "data-view")) === "not-confirmed";
  });
  await saysPracticeAndFits(page, "not-confirmed");
  // A reload stays in practice, and finds the sale.
  await page.reload();
  await page.waitForSelector("body[data-practice] #unfinished:not([hidden])");
  await page.click("#unfinished");
  await until("it was paid", async () => {
    await page.clock.fastForward(10_000);
    return (await page.getAttribute("body", "data-view")) === "paid";
  });
  await saysPractice(page);
  await page.click("#history-open");
  await page.waitForSelector(".entry");
  await saysPractice(page);
  assert.equal(await page.locator(".entry").count(), 5, "a history of its own");
  await page.click("#history-close");

  assert.deepEqual(
    asked.filter((url) => new URL(url).pathname.startsWith("/v1") || !url.startsWith(shop.backend)),
    [],
    "no call leaves the page",
  );
  await page.click("#practice-leave");
  await page.waitForSelector('body:not([data-practice])[data-kind="ready"]');
  assert.match(await page.textContent("#amount"), /9\.90/, "the real sale is there again");
  assert.equal(await page.isVisible("#unfinished"), false);
  await page.click("#history-open");
  await sees(page, "the shop's history is empty", /No payments/, "#history-note");
  assert.deepEqual(await shop.ledger(), [], "the gateway heard of nothing");
  const rows = await journal(page);
  assert.deepEqual(
    rows.filter(({ scope }) => scope.includes(shop.backend)),
    [],
    "nothing of it is in the real till's journal",
  );
  // The page's word and the backend's rule are the same one.
  const taken = await shop.call("POST", "/v1/trades", { token: await shop.token(), body: newTrade(ref) });
  assert.deepEqual([taken.status, taken.json.code], [400, "sale_invalid"]);
  assert.deepEqual(page.faults, [], "every screen is whole");
  // The real till has asked for the right to list. A reload ends the reader's worker, and Chromium complains of the
  // camera's frames that still waited for it.
  assert.deepEqual(
    page.problems.filter((problem) => !/status of 403|VideoFrame was garbage collected/.test(problem)),
    [],
  );
});

test("practice begins before a device has a name, and not while a payment is open", async (t) => {
  const shop = await counter(t, { scale: 0.5 });
  const machine = await shop.machine();
  const page = await machine.page();
  await page.goto(`${shop.backend}/`);
  await page.waitForSelector("#setup[open]");
  await page.click("#setup-practice");
  await page.waitForSelector('body[data-practice][data-kind="ready"]');
  await page.click("#settings");
  for (const id of ["sign-out", "rename", "phone", "practice-enter"])
    assert.equal(await page.isVisible(`#${id}`), false, `${id} is for a real till`);
  await page.click("#drawer-close");

  // The address asks for it while a real payment is open.
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250`);
  await screen(page, "ready");
  await page.click("#primary");
  await scanning(page);
  await page.click("#settings");
  await page.click("#practice-enter");
  await sees(page, "it is refused", /finish it before you practise/, "#trouble");
  assert.equal(await page.getAttribute("body", "data-view"), "scan", "the sale goes on");
  await page.goto(`${shop.backend}/?terminal=till-1&practice`);
  await sees(page, "it is refused", /finish it before you practise/, "#trouble");
  await screen(page, "ready");
  assert.equal(await page.isVisible("#practice"), false);
  assert.doesNotMatch(page.url(), /practice/, "a reload opens the real till, too");
  assert.deepEqual(page.problems, []);
});
