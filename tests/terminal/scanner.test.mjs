// A hand scanner acts as a keyboard: it types a code into the focused element, and then Enter or Tab. On each screen
// and in each dialog, that must not become an amount, and must not press a button.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, keysAreOver, screen, startTrade, underReview, until } from "./harness.mjs";

/** A code with letters and spaces. */
const SPACED = "A7 0 1 2";
/** Codes of 3, 6, 8, 13 and 24 characters: articles, the one above, a customer's payment code. */
const CODES = ["012", "012345", SPACED, "9556001000018", "281012020190329150700338"];
const HAND_MS = 90;

/** Types as a scanner does, and waits until the page has handled the last key. */
async function scans(page, text, { gap = 4, end = "Enter" } = {}) {
  const sent = [];
  for (const key of [...text, ...(end ? [end] : [])]) {
    // A scanner does not wait: keys for a busy page are queued.
    sent.push(page.keyboard.press(key));
    if (gap) await new Promise((next) => setTimeout(next, gap));
  }
  await Promise.all(sent);
  await keysAreOver(page);
}

/**
 * The same at a scanner's pace by the page's clock. If a busy machine delayed a key, the burst is repeated.
 */
async function scansInTime(page, text, options) {
  for (let tries = 0; tries < 20; tries++) {
    await page.evaluate(() => {
      globalThis.keysAt = [];
    });
    await scans(page, text, options);
    const slowest = await page.evaluate(() => Math.max(0, ...keysAt.slice(1).map((at, before) => at - keysAt[before])));
    if (slowest <= 45) return;
    await page.keyboard.press("Escape"); // removes what was typed slowly
    await keysAreOver(page);
  }
  throw new Error("this machine is too busy to play a scanner");
}

/** The state that a burst must not change. */
const seen = (page) =>
  page.evaluate(() => {
    const { view, kind } = document.body.dataset;
    const value = (id) => document.getElementById(id).value;
    return {
      view,
      kind,
      language: value("language"),
      why: value("why"),
      day: value("day"),
      amount: document.getElementById("amount").textContent,
      copied: document.getElementById("copied").textContent,
      open: [...document.querySelectorAll("dialog[open]")].map((dialog) => dialog.id),
      sound: document.getElementById("sound").checked,
      verdict: document.querySelector("#manager input[type=radio]:checked")?.value ?? null,
      camera: document.getElementById("preview").srcObject !== null,
    };
  });

/** The gateway's requests, and the status of the sales. */
async function world(shop) {
  const calls = (await shop.get("/_sim/log"))
    .map(({ call }) => call)
    .filter((call) => !["token", "integrators", "status"].includes(call));
  return { calls, ledger: (await shop.ledger()).map(({ charged, refunded, place }) => [charged, refunded, place]) };
}

/** Runs in the page: focuses one of the focusable elements, or none. False if it is not there yet. */
function focusOn(place) {
  const inside = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document; // the top one
  const all = [...inside.querySelectorAll("button, a, select, input:not(#photo)")];
  const can = all.filter((element) => element.checkVisibility() && !element.disabled);
  const element = place === null ? document.body : can[place];
  document.activeElement?.blur();
  element?.focus();
  if (document.activeElement !== element) return false;
  return {
    name: element.id || element.dataset.key || element.tagName,
    button: element.matches("button, a"),
    places: can.length,
  };
}

/** Types each code with each focusable element focused. Nothing on the page or at the gateway may change. */
async function unmoved(shop, page, where, { codes = CODES, ...more } = {}) {
  const before = { page: await seen(page), world: await world(shop) };
  // The history loads its list again after the date was reset, so the test waits for missing elements.
  const focus = async (place) => (await page.waitForFunction(focusOn, place)).jsonValue();
  const { places } = await focus(null);
  for (const place of [null, ...Array(places).keys()]) {
    const { name, button } = await focus(place);
    // All codes without a focus. Buttons react to Space and Enter only; fields and lists also to digits.
    const read = place === null ? codes : button ? [SPACED] : [SPACED, codes.at(-1)];
    for (const code of read) {
      await scans(page, code, more);
      assert.deepEqual(
        { page: await seen(page), world: await world(shop) },
        before,
        `${where}, the focus on ${name}, ${code}`,
      );
    }
  }
  await page.evaluate(() => document.activeElement?.blur());
}

test("on the ready screen no code becomes an amount at any scanner's pace; digits typed by hand stay, also fast ones", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).terminal({ amount: 0 });
  await page.evaluate(() =>
    addEventListener("keydown", (event) => globalThis.keysAt?.push(event.timeStamp), { capture: true }),
  );
  for (const gap of [0, 4, 12, 30])
    for (const end of ["Enter", "Tab", null]) {
      for (const code of CODES) {
        await scansInTime(page, code, { gap, end });
        assert.match(await page.textContent("#amount"), /RM\s?0\.00/, `${code} at ${gap} ms, then ${end}`);
        assert.equal(await page.getAttribute("body", "data-view"), "ready");
      }
    }
  assert.match(await page.textContent("#trouble"), /hand scanner/, "the cashier is told why nothing happened");
  for (const hand of [HAND_MS, 80, 120]) {
    await page.keyboard.type("1250", { delay: hand });
    assert.match(await page.textContent("#amount"), /RM\s?12\.50/, `a hand at ${hand} ms`);
    assert.equal(await page.isVisible("#trouble"), false, "the amount is the answer");
    await scans(page, "012345");
    assert.match(await page.textContent("#amount"), /RM\s?12\.50/, "the scanner adds nothing to it");
    await page.keyboard.press("Escape");
  }
  await unmoved(shop, page, "Ready, nothing typed");
  await page.keyboard.type("1250", { delay: HAND_MS });
  await unmoved(shop, page, "Ready, an amount typed");
  await page.keyboard.press("Enter");
  await screen(page, "scan");
});

test("on the scan screen, in the wallet picker, the typed code, while waiting and in its question", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.terminal();
  await page.click("#primary");
  await until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
  await unmoved(shop, page, "Scan", { codes: CODES.slice(-2) });
  await page.click("#type");
  const code = await shop.code("asks");
  await page.focus("#code");
  await scans(page, code);
  assert.equal(await page.inputValue("#code"), code, "a typed field takes the code");
  assert.deepEqual([(await seen(page)).open, await shop.calls("create")], [["typed"], []], "its Enter pays nothing");
  await unmoved(shop, page, "the typed code");
  await page.fill("#code", code);
  await page.click("#typed-pay");
  await page.waitForSelector('dialog[open] [data-wallet="23"]');
  await page.keyboard.press("Enter");
  await unmoved(shop, page, "the wallet picker");
  await page.click('[data-wallet="23"]');
  await until("the customer is asked", async () => /confirm/.test(await page.textContent("#sentence")));
  await unmoved(shop, page, "Waiting", { codes: CODES.slice(-2) });
  await page.evaluate(() => document.getElementById("second").click());
  await page.waitForSelector("#cancel[open]");
  await unmoved(shop, page, "the question whether to cancel", { codes: CODES.slice(-2) });
  await page.click("#cancel-close");
  await shop.post("/_sim/phone/answer", { trade_id: (await shop.ledger())[0].trade_id, approve: true });
  await screen(page, "paid");
  assert.equal(await shop.kept(), 1250);
});

test("at an end, in the refund, the history and the settings", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal();
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  await until("the button can be pressed", () => page.isEnabled("#primary"));
  await unmoved(shop, page, "Paid");
  await page.click("#second");
  await unmoved(shop, page, "the refund");
  await page.selectOption("#why", "goods returned");
  await unmoved(shop, page, "the refund, with its reason chosen");
  await page.click("#back-close");
  await unmoved(shop, page, "Paid, after the refund was closed");
  await page.click("#history-open");
  await page.waitForSelector(".entry");
  await unmoved(shop, page, "the history");
  await page.click("#history-close");
  await page.click("#settings");
  await unmoved(shop, page, "the settings");
  await page.click("#drawer-close");
  assert.equal(await shop.kept(), 1250);
});

test("on Declined and Not confirmed, in the manager's dialog, and where the same amount is asked about", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  await machine.look(await shop.code("declines"));
  const page = await machine.terminal({ amount: 700 });
  await charge(page, { wallet: "23" });
  await screen(page, "declined");
  await until("the buttons can be pressed", () => page.isEnabled("#primary"));
  await unmoved(shop, page, "Declined");
  await underReview(shop, "review");
  await page.goto(`${shop.backend}/?terminal=till-1&amount=1250`);
  await screen(page, "ready");
  await page.click("#primary");
  await page.waitForSelector("#same[open]");
  await page.keyboard.press("Enter");
  await unmoved(shop, page, "the same amount");
  await page.click("#same-open");
  await screen(page, "not-confirmed");
  await until("it was asked", async () => /Checked/.test(await page.textContent("#note")));
  await page.click("#second");
  await unmoved(shop, page, "the manager's dialog");
  await page.fill("#evidence", "seen in the portal");
  await page.click("#manager-declined");
  await unmoved(shop, page, "the manager's dialog, a verdict chosen");
  await page.focus("#evidence");
  await scans(page, "9556001000018");
  assert.match(await page.inputValue("#evidence"), /9556001000018/, "a typed field takes the code");
  assert.equal((await shop.sale("review")).trades[0].status, "needs_review");
});

test("beside a code on display and an old sale over it, on Cancelled and on Paid late", async (t) => {
  // The code is on display long enough for a slow machine; late money comes soon.
  const shop = await counter(t, {
    scale: 0.1,
    policy: { deadline_ms: 3_600_000, min_cancel_age_ms: 100, late_check_first_ms: 4_000 },
  });
  const status = async (ref) => (await shop.sale(ref)).trades[0].status;
  const late = await startTrade(shop, "late", { minor: 1208, code: await shop.code("by_amount") });
  const token = await shop.token();
  await until(
    "a cancel is granted",
    async () => (await shop.call("POST", `/v1/trades/${late.trade_id}/cancel`, { token })).status === 200,
  );
  const old = await startTrade(shop, "old", { minor: 4200, code: await shop.code() });
  await until("one is late", async () => (await status("late")) === "late_success");
  await until("the other is paid", async () => (await status("old")) === "paid");

  const page = await (await shop.machine()).terminal({ ref: "shown" });
  await page.click(".of-ready .show-code");
  await page.click('dialog[open] [data-wallet="23"]');
  await page.waitForSelector("#shown img");
  await unmoved(shop, page, "the code on display", { codes: CODES.slice(-2) });
  await page.click("#history-open");
  await page.click(`[data-trade="${old.trade_id}"]`);
  await page.waitForSelector("#past[open]");
  await unmoved(shop, page, "an old sale over it", { codes: CODES.slice(-2) });
  await page.click("#past-back");
  assert.equal(await page.locator("#shown img").isVisible(), true, "the code is still up");

  await page.click("#second");
  await page.waitForSelector('body[data-kind="cancelled"]');
  assert.equal(await page.isVisible("#unfinished"), true);
  await unmoved(shop, page, "Cancelled", { codes: CODES.slice(-2) });
  await page.click("#unfinished");
  await page.waitForSelector('body[data-kind="late"]');
  await unmoved(shop, page, "Paid late", { codes: CODES.slice(-2) });
  assert.deepEqual(
    [await status("shown"), await status("late"), await status("old")],
    ["cancelled", "late_success", "paid"],
  );
});
