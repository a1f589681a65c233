// A tab is killed or reloaded at each step of a charge, in Chromium and in Firefox. The next page finds the sale and
// ends it, no customer is charged twice, and the journal is empty at the end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, journal, until } from "../terminal/harness.mjs";
import { browsers } from "./browsers.mjs";
import { confirm, heldUp, letGo, open, pay, reaches, resume, saleOf, unfinished } from "./till.mjs";

const down = { status: 503 };

/**
 * The steps, in the order of a charge. `hold` stops the page's call or its answer; `faults` are the gateway's faults
 * for this trade; `is` tells when the step is reached. Then the tab dies. Expected are the row of the journal
 * (`handed`: the code was handed over), the end of the trade (`end`; without it, nothing began and the sale is free),
 * and the money that is kept.
 */
const steps = {
  "journalled, before the creation left": { hold: ["before", "POST /v1/trades$"], handed: false },
  "created, before its answer came": { hold: ["after", "POST /v1/trades$"], handed: false },
  creating: { create: { hang_ms: 60_000 }, is: "creating", handed: false },
  "awaiting the code": { scan: true, is: "awaiting_code", handed: false },
  "handed over, before the code left": { hold: ["before", "/code$"], handed: true },
  "handed over, before the answer came": { hold: ["after", "/code$"], handed: true, end: "paid", kept: 1250 },
  paying: {
    faults: { pay: { hang_after_ms: 60_000 }, status: down },
    is: "paying",
    handed: true,
    end: "paid",
    kept: 1250,
  },
  pending: { faults: {}, customer: "asks", confirm: true, is: "pending", handed: true, end: "paid", kept: 1250 },
  unknown: { faults: { pay: "cut", status: down }, is: "unknown", handed: true, end: "paid", kept: 1250 },
  cancelling: {
    faults: { cancel: down },
    customer: "ignores",
    next: "cancel",
    is: "cancelling",
    handed: true,
    end: "cancelled",
    kept: 0,
  },
  voiding: { faults: { void: "cut", status: down }, next: "void", is: "voiding", handed: true, end: "voided", kept: 0 },
};
// Long enough for each step to last until all are reached.
const policy = {
  call_timeout_ms: 300_000,
  read_timeout_ms: 100_000,
  deadline_ms: 300_000,
  cancel_deadline_ms: 300_000,
  void_deadline_ms: 300_000,
  min_cancel_age_ms: 500,
};

/** Charges until the step is reached, and stays there. */
async function reach(page, shop, ref, step) {
  if (step.create) await shop.fault("create", step.create);
  await open(page, shop, ref, { hold: step.faults ? ["before", "/code$"] : step.hold });
  const code = await shop.code(step.customer ?? "approves");
  await page.evaluate(
    ([sale, code, scan]) => {
      globalThis.charge = ends(
        scan ? till.charge(sale, { walletId: "23" }) : till.charge(sale, { code, walletId: "23" }),
      );
    },
    [saleOf(ref), code, Boolean(step.scan)],
  );
  if (step.hold || step.faults) await heldUp(page);
  if (step.faults) {
    const { trade_id } = (await shop.sale(ref)).trades[0];
    for (const [call, fault] of Object.entries(step.faults)) await shop.fault(call, fault, { trade_id, times: 10_000 });
    await letGo(page);
    if (step.next === "void")
      await page.evaluate(async () => {
        const { value } = await charge;
        void ends(till.void(value.tradeId, { reason: "asked for" }));
      });
    if (step.next === "cancel") {
      await reaches(shop, ref, "pending");
      // Refused while the payment is younger than the minimum age for a cancel: the cashier tries until it is accepted.
      await until(
        "the cancel is under way",
        () =>
          page.evaluate(async (id) => {
            void ends(till.cancel(id));
            return (await till.checkStatus(id)).status === "cancelling";
          }, trade_id),
        { every: 200 },
      );
    }
  }
  if (step.is) await reaches(shop, ref, step.is);
}

const rowsOf = async (page, ref) => (await journal(page)).filter((row) => row.scope.endsWith(`|${ref}`));

/** A sale in the ledger: [the amount kept, the most payments of one trade]. */
async function ledgerOf(shop, ref) {
  const names = ((await shop.sale(ref))?.trades ?? []).map((trade) => trade.trade_id);
  const lines = (await shop.ledger()).filter((line) => names.includes(line.trade_id));
  return [
    lines.reduce((sum, line) => sum + line.charged - line.refunded, 0),
    Math.max(0, ...lines.map((line) => line.calls.pay)),
  ];
}

/** The state of a page that found nothing. */
const why = async (page) =>
  JSON.stringify(
    await page.evaluate(async () => [
      (await navigator.locks.query()).held,
      log.filter(({ type }) => type === "warning"),
    ]),
  );

/** Opens a new page of the same till. Gives the trades that it finds and how they end. */
async function returns(page, shop, ref, step) {
  await page.goto(`${shop.pages}/`);
  const rows = await rowsOf(page, ref);
  assert.deepEqual(
    rows.map((row) => row.record.handed_over),
    [step.handed],
    `${ref}: what the journal held`,
  );
  await open(page, shop, ref);
  // A browser may keep a dead tab's lock for a moment. Until it is released, its records belong to that tab.
  if (step.end) {
    const found = await until(`${ref} is found again`, async () => {
      const list = await unfinished(page);
      if (list.length > 0) return list.map(([id]) => id);
      throw new Error(await why(page));
    });
    assert.equal(found.length, 1, `${ref}: what is found again`);
    if (step.confirm) await confirm(shop, found[0]);
    const end = await resume(page, found[0]);
    assert.equal(end.value?.status, step.end, `${ref}: ${JSON.stringify(end)}`);
    assert.deepEqual(await unfinished(page), [], `${ref}: it was told, once`);
  } else {
    await until(`${ref}: the record is gone`, async () => {
      if ((await rowsOf(page, ref)).length === 0) return true;
      throw new Error(await why(page));
    });
    assert.deepEqual(await unfinished(page), [], `${ref}: nothing began`);
    assert.equal((await ledgerOf(shop, ref))[0], 0, `${ref}: nothing was taken`);
    const again = await pay(page, saleOf(ref), await shop.code());
    assert.equal(again.value?.status, "paid", `${ref}: the sale is free again: ${JSON.stringify(again)}`);
  }
  assert.deepEqual(await ledgerOf(shop, ref), [step.kept ?? 1250, 1], `${ref}: the ledger`);
  await until(`${ref}: the journal is empty`, async () => (await rowsOf(page, ref)).length === 0);
}

const deaths = {
  killed: async (browser, pages) => {
    await browser.kill(pages);
    const fresh = [];
    for (const _ of pages) fresh.push(await browser.page());
    return fresh;
  },
  reloaded: async (_browser, pages) => {
    for (const page of pages) await page.goto("about:blank");
    return pages;
  },
};

for (const [which, launch] of Object.entries(browsers)) {
  for (const [how, die] of Object.entries(deaths)) {
    test(`${which}: a tab is ${how} at every step of a charge`, async (t) => {
      const shop = await counter(t, { scale: 0.2, policy });
      const browser = await launch(t, shop);
      if (!browser) return;
      const pages = [];
      for (const _ of Object.keys(steps)) pages.push(await browser.page());
      // The step with a hanging creation comes last, because its fault can't name a trade.
      const all = Object.entries(steps).map(([ref, step], at) => [pages[at], ref, step]);
      await Promise.all(
        all.filter(([, , step]) => !step.create).map(([page, ref, step]) => reach(page, shop, ref, step)),
      );
      for (const [page, ref, step] of all.filter(([, , step]) => step.create)) await reach(page, shop, ref, step);
      const back = await die(browser, pages);
      await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
      await Promise.all(all.map(([, ref, step], at) => returns(back[at], shop, ref, step)));
    });
  }
}
