// The backend has lost its store, and a till's journal knows that a code was handed over. The trade is not closed by a
// guess: the till shows it after each reload, until a person with the right gives a verdict. In Chromium and Firefox.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { counter, journal, until } from "../terminal/harness.mjs";
import { browsers } from "./browsers.mjs";
import { beginPaying, open, pay, problems, reaches, resume, saleOf, unfinished } from "./till.mjs";

const ends = (page, id, verdict) =>
  page.evaluate(([id, verdict]) => globalThis.ends(till.giveVerdict(id, verdict)), [id, verdict]);

/** Restarts the backend at its address with an empty store. */
async function forget(shop) {
  await shop.stopBackend();
  for (const end of ["", "-wal", "-shm"]) await rm(join(shop.dir, `kaunter.db${end}`), { force: true });
  await shop.startBackend();
}

for (const [which, launch] of Object.entries(browsers)) {
  test(`${which}: a trade that the backend has forgotten is ended by a person`, async (t) => {
    const shop = await counter(t, { scale: 0.2 });
    const browser = await launch(t, shop);
    if (!browser) return;
    const page = await browser.page();
    await open(page, shop, "till-1");
    await beginPaying(page, saleOf("LOST"), await shop.code("asks"));
    const { trade_id } = await reaches(shop, "LOST", "pending");
    await page.goto("about:blank");
    await forget(shop);

    for (const _ of [1, 2]) {
      await open(page, shop, "till-1");
      await until("the cashier is told", async () => (await problems(page)).includes("trade_not_found"));
      assert.deepEqual(await unfinished(page), [[trade_id, "needs_review"]]);
      const end = await resume(page, trade_id);
      assert.deepEqual([end.value?.status, end.value?.tradeId], ["unconfirmed", trade_id], JSON.stringify(end));
    }
    const nobody = await ends(page, "KNOBODYKNOWSTHIS0000", { outcome: "paid", evidence: "seen in the wallet" });
    assert.equal(nobody.error?.code, "trade_not_found", "a verdict is on what this till knows, or on nothing");

    const end = await ends(page, trade_id, { outcome: "paid", evidence: "seen in the wallet's own list" });
    assert.deepEqual([end.value?.status, end.value?.tradeId], ["paid", trade_id], JSON.stringify(end));
    assert.deepEqual(await unfinished(page), []);
    const told = await page.evaluate(() => log.filter(({ type }) => type === "trade").at(-1).detail);
    assert.deepEqual([told.tradeId, told.status, told.decidedBy], [trade_id, "paid", "person"]);
    assert.deepEqual(await journal(page), []);
    await open(page, shop, "till-1");
    assert.deepEqual([await unfinished(page), await problems(page)], [[], []], "it is over");
    assert.equal((await pay(page, saleOf("NEXT"), await shop.code())).value?.status, "paid");
  });
}
