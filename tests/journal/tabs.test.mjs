// Several tabs and tills with one sale: one owns it, the others watch it and get its changes at once. In Chromium and
// Firefox.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, developer, journal, until } from "../terminal/harness.mjs";
import { browsers } from "./browsers.mjs";
import { beginPaying, confirm, open, paid, pay, reaches, resume, saleOf, unfinished } from "./till.mjs";

const statuses = (page) =>
  page.evaluate(() => log.filter(({ type }) => type === "trade").map(({ detail }) => [detail.sale.ref, detail.status]));
const saw = (page, ref, status) =>
  until(`a tab sees that ${ref} is ${status}`, async () =>
    (await statuses(page)).some(([of, is]) => of === ref && is === status),
  );

for (const [which, launch] of Object.entries(browsers)) {
  test(`${which}: rule 37: tabs that start together are one device, after a reload too`, async (t) => {
    const shop = await counter(t);
    const browser = await launch(t, shop);
    if (!browser) return;
    const pages = [];
    for (let tab = 0; tab < 8; tab++) {
      pages.push(await browser.page());
      await pages[tab].goto(`${shop.pages}/`);
      await pages[tab].evaluate(developer(shop, { terminal: `till-${tab}`, open: false }));
      await pages[tab].evaluate(() => localStorage.removeItem("kaunter|device"));
    }
    // The tabs wait for one moment, so that their first reads of the storage meet.
    const devices = (at = Date.now() + 700) =>
      Promise.all(
        pages.map((page) =>
          page.evaluate(async (at) => {
            await kaunter.init();
            await new Promise((begin) => setTimeout(begin, at - Date.now()));
            let device;
            const heard = (address, init) => {
              device = new Headers(init.headers).get("kaunter-device");
              return fetch(address, init);
            };
            await (await openTill({ fetch: heard })).close();
            return device;
          }, at),
        ),
      );
    const together = await devices();
    assert.match(together[0], /^[0-9a-f]{32}$/);
    assert.deepEqual([...new Set(together)], [together[0]], "the tabs agree");
    assert.deepEqual([...new Set(await devices())], [together[0]], "and stay with it");
    await pages[0].evaluate(() => localStorage.setItem("kaunter|device", "0".repeat(32)));
    assert.deepEqual([...new Set(await devices())], [together[0]], "the database decides");
  });

  test(`${which}: a tab that watches learns of a change at once, whatever its own pace`, async (t) => {
    const shop = await counter(t, { scale: 0.2 });
    const browser = await launch(t, shop);
    if (!browser) return;
    const [owner, watcher] = [await browser.page(), await browser.page()];
    // These pages poll every ten minutes, so a change that arrives sooner was sent by the other tab.
    for (const page of [owner, watcher]) await open(page, shop, "till-1", { poll_ms: 600_000 });
    await beginPaying(owner, saleOf("told"), await shop.code("asks"));
    const { trade_id } = await reaches(shop, "told", "pending");
    await saw(watcher, "told", "pending");
    assert.deepEqual(await unfinished(watcher), [[trade_id, "pending"]], "it is on the other tab's list");
    await watcher.evaluate((id) => {
      globalThis.watching = ends(till.resume(id));
    }, trade_id);
    await confirm(shop, trade_id);
    await reaches(shop, "told", "paid");
    // Only the owner polls.
    await owner.evaluate(() => dispatchEvent(new Event("online")));
    assert.equal((await paid(owner)).value?.status, "paid");
    const end = await watcher.evaluate(() => watching);
    assert.deepEqual([end.value?.status, end.value?.tradeId], ["paid", trade_id], JSON.stringify(end));
    assert.deepEqual([await unfinished(watcher), await journal(owner)], [[], []]);
    assert.deepEqual(
      (await shop.ledger()).map((line) => [line.charged, line.calls.pay]),
      [[1250, 1]],
    );
  });

  test(`${which}: rule 30: a tab that only watches closes nothing; a sale can be charged again as soon as its end is told`, async (t) => {
    const shop = await counter(t, { scale: 0.1 });
    const browser = await launch(t, shop);
    if (!browser) return;
    const [owner, watcher] = [await browser.page(), await browser.page()];
    for (const page of [owner, watcher]) await open(page, shop, "till-1");
    await owner.evaluate((sale) => {
      globalThis.stop = new AbortController();
      globalThis.scanning = ends(till.charge(sale, { walletId: "23", signal: stop.signal }));
    }, saleOf("scanned"));
    const { trade_id } = await reaches(shop, "scanned", "awaiting_code");
    await watcher.evaluate((id) => {
      globalThis.watching = ends(till.resume(id));
    }, trade_id);
    await until("the watcher has asked several times", () =>
      watcher.evaluate(() => log.filter(({ type }) => type === "progress").length > 3),
    );
    assert.equal((await shop.sale("scanned")).trades.at(-1).status, "awaiting_code", "its own till still scans");
    await owner.evaluate(() => stop.abort());
    assert.equal((await owner.evaluate(() => scanning)).error?.name, "AbortError");
    assert.equal((await watcher.evaluate(() => watching)).value?.status, "cancelled");

    for (let attempt = 1; attempt <= 5; attempt++) {
      const end = await pay(owner, saleOf("declined"), await shop.code("declines"));
      assert.equal(end.value?.status, "declined", `attempt ${attempt}: ${JSON.stringify(end)}`);
    }
    assert.equal(await shop.kept(), 0);
  });

  test(`${which}: a till that runs into another till's payment is told which, notes it, and finds it after a reload`, async (t) => {
    const shop = await counter(t, { scale: 0.2 });
    const browser = await launch(t, shop);
    if (!browser) return;
    const [first, second] = [await browser.page(), await browser.page()];
    await open(first, shop, "till-1");
    await open(second, shop, "till-2");
    await beginPaying(first, saleOf("shared"), await shop.code("asks"));
    const { trade_id } = await reaches(shop, "shared", "pending");
    const busy = await pay(second, saleOf("shared"), await shop.code());
    assert.deepEqual(
      [busy.error?.code, busy.error?.tradeId, busy.error?.moneyMoved],
      ["sale_busy", trade_id, "maybe"],
      JSON.stringify(busy),
    );
    const noted = async () =>
      (await journal(second))
        .filter((row) => row.scope.endsWith("|till-2"))
        .map((row) => [row.record.trade_id, row.record.handed_over]);
    assert.deepEqual(await noted(), [[trade_id, true]]);
    await open(second, shop, "till-2");
    assert.deepEqual(await unfinished(second), [[trade_id, "pending"]]);
    await confirm(shop, trade_id);
    assert.equal((await paid(first)).value?.status, "paid");
    assert.equal((await resume(second, trade_id)).value?.status, "paid");
    await until("both journals are empty", async () => (await journal(first)).length === 0);
    assert.deepEqual(
      (await shop.ledger()).map((line) => [line.charged, line.calls.pay]),
      [[1250, 1]],
    );
  });
}
