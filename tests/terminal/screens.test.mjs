// The six screens, as a cashier sees them on a phone and on a desktop: left as pictures, and checked.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { charge, counter, out, screen, until } from "./harness.mjs";

const sizes = [{ width: 360, height: 640 }, { width: 1366, height: 768 }];

/** Leaves a picture, and says what is wrong with it. */
async function look(page, name, { primary = true, money = true } = {}) {
  const { width, height } = page.viewportSize();
  await page.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation.effect.getTiming().iterations !== Infinity).map((animation) => animation.finished)));
  await page.screenshot({ path: join(out, `${name}-${width}x${height}.png`) });
  const seen = await page.evaluate(() => {
    const visible = [...document.querySelectorAll("header *, main *, footer *")].filter((element) => element.checkVisibility() && element.getBoundingClientRect().width > 0 && !element.closest("svg"));
    const box = (element) => element.getBoundingClientRect();
    const outside = visible.filter((element) => box(element).left < -0.5 || box(element).top < -0.5 || box(element).right > innerWidth + 0.5 || box(element).bottom > innerHeight + 0.5);
    const hands = visible.filter((element) => element.matches("button, label.button, .sentence, .amount, dd, a"));
    const covered = hands.filter((element) => {
      const { left, top, width, height } = box(element);
      const at = document.elementFromPoint(left + width / 2, top + height / 2);
      return !(at && (element.contains(at) || at.contains(element)));
    });
    const name = (element) => `${element.tagName.toLowerCase()}#${element.id}`;
    const small = visible.filter((element) => element.matches("button, label.button") && (box(element).height < 44 || box(element).width < 44));
    return {
      amount: document.getElementById("amount").textContent, sentence: document.getElementById("sentence").textContent,
      primaries: visible.filter((element) => element.matches("footer .primary")).length, others: visible.filter((element) => element.matches("footer .second")).length,
      outside: outside.map(name), covered: covered.map(name), small: small.map(name), wide: document.documentElement.scrollWidth > innerWidth,
    };
  });
  if (money) assert.match(seen.amount, /RM\s?12\.50/, name);
  assert.ok(seen.sentence.length > 3, `${name} has a sentence`);
  assert.equal((seen.sentence.match(/[.!?](\s|$)/g) ?? []).length <= 1, true, `${name}: one sentence, not "${seen.sentence}"`);
  assert.deepEqual([seen.primaries, seen.others], primary ? [1, seen.others] : [0, 1], `${name} has one button that stands out`);
  assert.deepEqual([seen.outside, seen.covered, seen.small, seen.wide], [[], [], [], false], `${name} at ${width}x${height}: outside, covered, too small, too wide`);
  assert.deepEqual(page.problems, [], `${name}: nothing on the console`);
}

for (const viewport of sizes) {
  test(`six screens at ${viewport.width}x${viewport.height}`, async (t) => {
    await mkdir(out, { recursive: true });
    const shop = await counter(t, { scale: 0.1, profile: "plain" });
    const machine = await shop.machine({ viewport });
    const page = await machine.terminal({ ref: `screens-${viewport.width}` });
    await look(page, "1-ready");
    await charge(page, { wallet: "23" });
    await until("the camera looks", async () => (await page.getAttribute("body", "data-state")) === "scanning");
    // While a scan or a payment runs there is nothing to press but a way out.
    await look(page, "2-scan", { primary: false });
    await page.keyboard.press("Escape");
    await screen(page, "ready");
    await machine.look(await shop.code("asks"));
    await page.reload();
    await screen(page, "ready");
    await charge(page, { wallet: "23" });
    await screen(page, "waiting");
    await until("the customer is asked", async () => /wallet|phone|confirm/i.test(await page.textContent("#sentence")));
    await look(page, "3-waiting", { primary: false });
    await screen(page, "not-confirmed", 40_000);
    await look(page, "6-not-confirmed");

    const next = await machine.terminal({ ref: `paid-${viewport.width}`, terminal: "till-2" });
    await machine.look(await shop.code());
    await charge(next, { wallet: "23" });
    await screen(next, "paid");
    await look(next, "4-paid");

    const rich = await counter(t, { scale: 0.1 });
    const other = await rich.machine({ viewport });
    const third = await other.terminal({ ref: `declined-${viewport.width}` });
    await other.look(await rich.code("approves", "23", { balance: 1 }));
    await charge(third, { wallet: "23" });
    await screen(third, "declined");
    await look(third, "5-declined");
  });
}
