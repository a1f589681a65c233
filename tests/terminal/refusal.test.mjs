// Refusals of the gateway: the cashier reads the gateway's reason, and the refusal does not look like an outage.

import assert from "node:assert/strict";
import { test } from "node:test";
import { before as behind, ok } from "../desk/gateway.mjs";
import { screen } from "./harness.mjs";

async function pay(page, code) {
  await page.click("#primary");
  await page.click("#type");
  await page.fill("#typed input", code);
  await page.click("#typed-pay");
  await page.click('dialog[open] [data-wallet="23"]');
}

// biome-ignore lint/performance/useDomNodeTextContent: what is hidden does not count
const shown = (page) => page.evaluate(() => document.querySelector("main").innerText);

test("an amount that the gateway refuses is shown as refused, in its own words, and not as an outage", async (t) => {
  const { shop } = await behind(t, { create: { code: 422, msg: "Minimum amount is RM 1.00 <b>now</b>", data: {} } });
  const page = await (await shop.machine({ camera: false })).terminal({ ref: "SMALL", amount: 50 });
  await pay(page, "134567890123456789");
  await screen(page, "declined");
  const text = await shown(page);
  assert.match(text, /Minimum amount is RM 1\.00 <b>now<\/b>/, "as text");
  assert.doesNotMatch(text, /busy|does not answer|You cancelled/i);
});

test("a payment that the gateway refuses shows its sentence beside ours", async (t) => {
  const { shop } = await behind(
    t,
    { pay: { code: 4004, msg: "Daily limit exceeded", data: {} } },
    { profile: "sandbox" },
  );
  const page = await (await shop.machine({ camera: false })).terminal({ ref: "LIMIT" });
  await pay(page, "134567890123456789");
  await screen(page, "declined");
  assert.match(await shown(page), /Daily limit exceeded/);
});

test("rule 16: a code that another sale had is refused with what to do, and the sale goes on with a fresh one", async (t) => {
  const { shop, own } = await behind(t, {
    create: undefined,
    pay: ({ trans_id }) => ok({ status: 200, user_order_status: "S", trans_id }),
  });
  const page = await (await shop.machine({ camera: false })).terminal({ ref: "ONE" });
  await pay(page, "134567890123456789");
  await screen(page, "paid");
  await page.click("#primary");
  await screen(page, "ready");
  await page.keyboard.type("700", { delay: 90 });
  await pay(page, "134567890123456789");
  await screen(page, "declined");
  assert.match(await shown(page), /fresh one/);
  await page.click("#primary");
  await page.click("#type");
  await page.fill("#typed input", "134567890123456780");
  await page.click("#typed-pay");
  await page.click('dialog[open] [data-wallet="23"]');
  await screen(page, "paid");
  assert.deepEqual(
    own.of("pay").map(({ fields }) => fields.amount),
    ["12.50", "7.00"],
  );
});

test("a wallet that does not pay the amount can't be picked, and a refund outside its hours says when it is possible", async (t) => {
  const at = (ms) => new Date(ms).toISOString().slice(11, 16);
  const HOUR = 3_600_000;
  const limits = `[gateway.wallets.Boost]
min_amount_minor = 2000
[gateway.void]
closed_from = "${at(Date.now() - 2 * HOUR)}"
closed_until = "${at(Date.now() + 2 * HOUR)}"
`;
  const { shop, own } = await behind(t, {}, { change: (toml) => `${toml}\n${limits}` });
  const page = await (await shop.machine({ camera: false })).terminal({ ref: "LIMITS" });
  await page.click("#primary");
  await page.click("#type");
  await page.fill("#typed input", "TNG-7Q2M-123456");
  await page.click("#typed-pay");
  const boost = await page.waitForSelector('dialog[open] [data-wallet="3"]');
  assert.match(await boost.textContent(), /^Boost \(from RM\s?20\.00\)$/);
  assert.equal(await boost.isDisabled(), true);
  await page.click('dialog[open] [data-wallet="23"]');
  await screen(page, "paid");
  await page.click("#second");
  await page.selectOption("#why", "goods returned");
  await page.click("#back-yes");
  await page.waitForFunction(() =>
    /takes no refunds now. Try again from/.test(document.querySelector("#back-trouble").textContent),
  );
  assert.equal(own.of("void").length, 0);
});
