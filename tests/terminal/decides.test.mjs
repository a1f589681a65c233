// Each decision about money needs a button that says what it does: no default button, no Enter, no accidental tap.

import assert from "node:assert/strict";
import { test } from "node:test";
import { charge, counter, keysAreOver, screen, underReview, until } from "./harness.mjs";

const status = async (shop, ref) => (await shop.sale(ref)).trades.at(-1).status;

/** Presses Enter several times, with the dialog's own focus and with the focus on each text field. */
async function enters(page) {
  await page.keyboard.press("Enter");
  const fields = await page.locator("dialog[open] :is(input, select):visible").all();
  for (const field of fields) {
    await field.focus();
    await page.keyboard.press("Enter", { delay: 20 });
    await keysAreOver(page);
  }
}

test("the manager's verdict: nothing is preselected, Enter decides nothing, and the button says what it does", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await (await shop.machine()).terminal();
  await underReview(shop, "review");
  await page.reload();
  await page.click("#unfinished");
  await screen(page, "not-confirmed");
  await page.click("#second");
  await page.fill("#evidence", "portal says it was NOT paid");
  await page.focus("#evidence");
  await page.keyboard.press("Enter");
  await enters(page);
  assert.equal(await page.locator("#manager input:checked").count(), 0, "no verdict is chosen for anybody");
  await page.click("#manager-settle");
  assert.match(await page.textContent("#manager-trouble"), /Choose first/);
  await page.click("#manager-declined");
  assert.match(await page.textContent("#manager-settle"), /^Settle RM\s?12\.50 as NOT paid$/);
  await enters(page);
  assert.equal(await status(shop, "review"), "needs_review", "still nobody has decided");
  await page.fill("#evidence", "portal says it was NOT paid");
  await page.click("#manager-settle");
  await screen(page, "declined");
  assert.equal(await status(shop, "review"), "declined");
});

test("a verdict that was chosen is not chosen for the next sale", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await (await shop.machine()).terminal();
  await underReview(shop, "review");
  await page.reload();
  await page.click("#unfinished");
  await screen(page, "not-confirmed");
  await page.click("#second");
  await page.click("#manager-paid");
  await page.click("#manager-close");
  await page.click("#second");
  assert.equal(await page.locator("#manager input:checked").count(), 0);
  assert.doesNotMatch(await page.textContent("#manager-settle"), /PAID/);
});

test("a refund has no reason chosen beforehand, says its amount, and Enter gives nothing back", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code());
  const page = await machine.terminal({ ref: "refund" });
  await charge(page, { wallet: "23" });
  await screen(page, "paid");
  await page.click("#second");
  assert.equal(await page.inputValue("#why"), "");
  await enters(page);
  await page.selectOption("#why", "paid twice");
  await enters(page);
  assert.equal(await page.isVisible("#back"), true);
  assert.match(await page.textContent("#back-yes"), /^Give RM\s?12\.50 back$/);
  assert.deepEqual(await shop.calls("void"), []);
  await page.click("#back-close");
  await page.click("#second");
  assert.equal(await page.inputValue("#why"), "", "the last reason is not the next one's");
  await page.selectOption("#why", "paid twice");
  await page.click("#back-yes");
  await screen(page, "declined");
  assert.equal(await shop.kept(), 0);
});

test("the typed code, the wallet picker and the same amount: Enter pays nothing, a button that was chosen does", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const machine = await shop.machine();
  await underReview(shop, "review");
  const page = await machine.terminal();
  await page.click("#primary");
  await page.waitForSelector("#same[open]");
  await enters(page);
  assert.equal(await page.isVisible("#same"), true, "whether it is another customer is not said by Enter");
  await page.click("#same-close");
  await screen(page, "ready");
  assert.match(await page.textContent("#amount"), /12\.50/, "there is a way back");
  await page.click("#primary");
  await page.click("#same-other");
  await until("the camera looks", async () => (await page.getAttribute("body", "data-kind")) === "scanning");
  await page.click("#type");
  await page.fill("#code", await shop.code());
  await enters(page);
  assert.equal(await page.isVisible("#typed"), true);
  await page.click("#typed-pay");
  await page.waitForSelector("dialog[open] [data-wallet]");
  await enters(page);
  assert.equal(await page.isVisible("#pick"), true, "the first wallet is not the default");
  assert.equal((await shop.calls("pay")).length, 1, "only what stands under review was ever sent");
  for (let at = 0; at < 10 && (await page.evaluate(() => document.activeElement.dataset.wallet)) !== "23"; at++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await screen(page, "paid");
});

for (const [how, press] of [
  ["a click without a pointer", (page) => page.evaluate(() => document.getElementById("second").click())],
  [
    "Enter",
    async (page) => {
      await page.focus("#second");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
    },
  ],
  [
    "Space",
    async (page) => {
      await page.focus("#second");
      await page.keyboard.press("Space");
    },
  ],
  ["a tap", (page) => page.click("#second")],
]) {
  test(`${how} on "Hold to cancel" asks whether to cancel; No goes on, Yes cancels`, async (t) => {
    const shop = await counter(t);
    const machine = await shop.machine();
    await machine.look(await shop.code("ignores"));
    const page = await machine.terminal({ ref: "held" });
    await charge(page, { wallet: "23" });
    await until("it is pending", async () => (await status(shop, "held")) === "pending");
    await until("the customer is asked", async () => /confirm/.test(await page.textContent("#sentence")));
    await press(page);
    await page.waitForSelector("#cancel[open]");
    assert.match(await page.textContent("#cancel-word"), /RM\s?12\.50/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "cancel-close", "No is where the focus is");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#cancel:not([open])", { state: "attached" });
    assert.deepEqual([await page.getAttribute("body", "data-view"), await shop.calls("cancel")], ["waiting", []]);
    await press(page);
    await page.click("#cancel-yes");
    await screen(page, "declined");
    assert.equal(await page.textContent("#title"), "Cancelled");
    assert.equal((await shop.ledger())[0].place, "closed");
  });
}

test("the question goes away when the payment ends by itself, and a button that was held asks nothing", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  await machine.look(await shop.code("asks"));
  const page = await machine.terminal({ ref: "asked" });
  await charge(page, { wallet: "23" });
  await until("the customer is asked", async () => /confirm/.test(await page.textContent("#sentence")));
  await page.evaluate(() => document.getElementById("second").click());
  await page.waitForSelector("#cancel[open]");
  await shop.post("/_sim/phone/answer", { trade_id: (await shop.ledger())[0].trade_id, approve: true });
  await screen(page, "paid");
  assert.equal(await page.isVisible("#cancel"), false);

  await page.goto(`${shop.backend}/?terminal=till-1&amount=700`);
  await screen(page, "ready");
  await machine.look(await shop.code("ignores"));
  await page.reload();
  await screen(page, "ready");
  await charge(page, { wallet: "23" });
  await until("the customer is asked", async () => /confirm/.test(await page.textContent("#sentence")));
  await page.hover("#second");
  await page.mouse.down();
  await until("the gateway was asked to cancel", async () => (await shop.calls("cancel")).length > 0);
  await page.mouse.up();
  assert.equal(await page.isVisible("#cancel"), false);
  await screen(page, "declined");
});

test("after History was closed Enter charges, as its key cap says; where Tab moved the focus, Enter presses what has it", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine()).terminal({ amount: 0 });
  await page.click("#history-open");
  await page.click("#history-close");
  await page.keyboard.type("1250", { delay: 90 });
  await page.keyboard.press("Enter");
  await screen(page, "scan");
  await page.keyboard.press("Escape");
  await screen(page, "ready");
  await page.click("#history-open");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#history:not([open])", { state: "attached" });
  for (let at = 0; at < 4 && (await page.evaluate(() => document.activeElement.id)) !== "settings"; at++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#drawer[open]");
  assert.equal(await page.getAttribute("body", "data-view"), "ready");
  assert.deepEqual(await shop.calls("create"), []);
});
