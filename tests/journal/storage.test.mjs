// A browser's storage is missing, full, hanging or unreadable: the cashier gets a warning, the sale is paid once, and
// open trades come back from the backend. In Chromium and Firefox.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, journal, until } from "../terminal/harness.mjs";
import { browsers } from "./browsers.mjs";
import { beginPaying, confirm, open, pay, problems, reaches, resume, saleOf, unfinished } from "./till.mjs";

/** The promise's outcome, the ledger, and the warnings. */
async function paysOnce(page, shop, ref, told) {
  const end = await pay(page, saleOf(ref), await shop.code());
  assert.equal(end.value?.status, "paid", JSON.stringify(end));
  const [trade] = (await shop.sale(ref)).trades;
  const line = (await shop.ledger()).find((line) => line.trade_id === trade.trade_id);
  assert.deepEqual([line.charged, line.refunded, line.calls.pay], [1250, 0, 1]);
  await until(`the cashier is told ${told}`, async () => (await problems(page)).length >= told.length);
  assert.deepEqual(await problems(page), told);
}

/** A sale that waits for its customer. Its page is closed. */
async function pending(page, shop, ref) {
  await beginPaying(page, saleOf(ref), await shop.code("asks"));
  return (await reaches(shop, ref, "pending")).trade_id;
}

/** The trade of an earlier page is found through the backend, and is paid. */
async function comesBack(page, shop, trxId) {
  assert.deepEqual(
    (await unfinished(page)).map(([id]) => id),
    [trxId],
    "it is found again",
  );
  await confirm(shop, trxId);
  const end = await resume(page, trxId);
  assert.deepEqual([end.value?.status, end.value?.tradeId], ["paid", trxId], JSON.stringify(end));
  assert.deepEqual(
    (await shop.ledger()).filter((line) => line.trade_id === trxId).map((line) => [line.charged, line.calls.pay]),
    [[1250, 1]],
  );
}

/** Writes into the journal's database what Kaunter would not write. */
const write = (page, rows) =>
  page.evaluate(async (rows) => {
    const done = (request) =>
      new Promise((resolve, reject) =>
        Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }),
      );
    const database = await done(indexedDB.open("kaunter"));
    for (const row of rows) await done(database.transaction("attempts", "readwrite").objectStore("attempts").put(row));
    database.close();
  }, rows);

/** A newer program of this origin upgrades the database to a later version. */
const upgrade = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("kaunter", 99);
        request.onupgradeneeded = () => request.result.createObjectStore("of-the-future").put("kept", "row");
        Object.assign(request, {
          onsuccess: () => {
            request.result.close();
            resolve();
          },
          onerror: () => reject(request.error),
        });
      }),
  );
const future = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("kaunter");
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const { result: database } = request;
          const read = database.transaction("of-the-future").objectStore("of-the-future").get("row");
          read.onsuccess = () => {
            database.close();
            resolve([database.version, read.result]);
          };
        };
      }),
  );

const none = () => Object.defineProperty(globalThis, "indexedDB", { get: () => undefined });

for (const [which, launch] of Object.entries(browsers)) {
  const cases = {
    async "no storage at all"(shop, browser, terminal) {
      const page = await browser.page();
      await browser.before(page, none);
      await open(page, shop, terminal);
      await paysOnce(page, shop, `${terminal}-paid`, ["journal_unavailable"]);
      assert.match(
        await page.evaluate(() => log.find(({ type }) => type === "warning").detail.message),
        /keeps no records/,
      );
      const trxId = await pending(page, shop, `${terminal}-open`);
      await page.goto("about:blank");
      await open(page, shop, terminal);
      await comesBack(page, shop, trxId);
    },
    async "an earlier page's records can't be read"(shop, browser, terminal) {
      const page = await browser.page();
      await open(page, shop, terminal);
      const trxId = await pending(page, shop, `${terminal}-open`);
      await page.goto("about:blank");
      await page.goto(`${shop.pages}/`);
      const [row] = (await journal(page)).filter((row) => row.scope.endsWith(`|${terminal}`));
      await write(page, [
        { ...row, record: "garbage" },
        { key: `nobody's, beside ${terminal}`, record: 7 },
      ]);
      await open(page, shop, terminal);
      await until("the cashier is told", async () => (await problems(page)).length > 0);
      assert.deepEqual(await problems(page), ["journal_unreadable"]);
      await comesBack(page, shop, trxId);
      await open(page, shop, terminal);
      await paysOnce(page, shop, `${terminal}-paid`, []);
      const left = (await journal(page)).filter((row) => row.told);
      assert.ok(left.length >= 2, "what can't be read stays where it is, and is told once");
    },
    async "the database of a newer version, and one that becomes so while the till is open"(shop, browser, terminal) {
      const page = await browser.page();
      await open(page, shop, terminal);
      const trxId = await pending(page, shop, `${terminal}-open`);
      const newer = await browser.page();
      await newer.goto(`${shop.pages}/`);
      await upgrade(newer);
      await paysOnce(page, shop, `${terminal}-during`, ["journal_unavailable"]);
      await page.goto("about:blank");
      await open(page, shop, terminal);
      await paysOnce(page, shop, `${terminal}-after`, ["journal_unavailable"]);
      await comesBack(page, shop, trxId);
      assert.deepEqual(await future(page), [99, "kept"], "the newer version's rows are left alone");
      // This browser's database now has a newer version, so later tests start a new browser.
      await page.evaluate(
        () =>
          new Promise((resolve, reject) =>
            Object.assign(indexedDB.deleteDatabase("kaunter"), { onsuccess: resolve, onerror: reject }),
          ),
      );
    },
    async "a database that does not answer"(shop, browser, terminal) {
      const page = await browser.page();
      await open(page, shop, terminal);
      const other = await browser.page();
      await other.goto(`${shop.pages}/`);
      // A transaction that never ends blocks all others of this store.
      await other.evaluate(
        () =>
          new Promise((held) => {
            indexedDB.open("kaunter").onsuccess = ({ target }) => {
              const store = target.result.transaction("attempts", "readwrite").objectStore("attempts");
              const again = () => {
                store.get("nothing").onsuccess = again;
                held();
              };
              again();
            };
          }),
      );
      await paysOnce(page, shop, `${terminal}-paid`, ["journal_unavailable"]);
      await other.close();
    },
  };

  test(`${which}: storage is missing, unreadable, too new or silent`, async (t) => {
    const shop = await counter(t, { scale: 0.2 });
    const browser = await launch(t, shop);
    if (!browser) return;
    for (const [what, run] of Object.entries(cases)) {
      await t.test(what, () => run(shop, browser, what.replace(/\W+/g, "-").slice(0, 24)));
    }
  });

  test(`${which}: storage is full`, async (t) => {
    const shop = await counter(t, { scale: 0.2 });
    const browser = await launch(t, shop, { prefs: { "dom.quotaManager.temporaryStorage.fixedLimit": 1 } });
    if (!browser) return;
    const page = await browser.page();
    await page.goto(`${shop.pages}/`);
    await browser.fill?.(page);
    await open(page, shop, "till-1");
    await paysOnce(page, shop, "full", ["journal_unavailable"]);
    const trxId = await pending(page, shop, "open");
    await page.goto("about:blank");
    await open(page, shop, "till-1");
    await comesBack(page, shop, trxId);
  });
}
