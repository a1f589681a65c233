// A shop that mints each token for one sale, as the PHP of docs/shop-server.md does. Does a till work with such tokens?

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, startTrade, until } from "./harness.mjs";

/** A till whose tokens each allow one sale and its amount only. */
async function boundTill(machine) {
  const page = await machine.till({ open: false });
  await page.evaluate(async () => {
    globalThis.asked = [];
    const mint = async ({ sale, reason, signal }) => {
      asked.push(`${reason} ${sale?.ref ?? "-"}`);
      const body = {
        terminal: setting.terminal,
        ...(sale ? { sale, rights: ["charge", "cancel"] } : { rights: ["cancel"] }),
      };
      const answer = await fetch(setting.shop, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal,
      });
      return answer.json();
    };
    globalThis.till = await kaunter.Till.open({ backend: setting.backend, getToken: mint });
  });
  return page;
}

const sale = (ref, minor) => ({ ref, amount: { minor, currency: "MYR" } });

test("an older sale is watched to its end while the next ones are charged, with a token for each", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await boundTill(await shop.machine({ camera: false }));
  const slow = await shop.code({ approves_after_ms: 4_000 });
  await page.evaluate(
    ([sale, code]) => {
      globalThis.first = ends(till.charge(sale, { code, walletId: "23" }));
    },
    [sale("OLD", 1000), slow],
  );
  await until(
    "the first one waits for its customer",
    async () => (await shop.sale("OLD")).trades?.[0].status === "pending",
  );
  for (const ref of ["NEXT-1", "NEXT-2"]) {
    const end = await page.evaluate(
      ([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })),
      [sale(ref, 500), await shop.code()],
    );
    assert.equal(end.value?.status, "paid", JSON.stringify(end));
  }
  assert.equal((await page.evaluate(() => first)).value?.status, "paid");
  const asked = await page.evaluate(() => asked);
  assert.deepEqual(
    asked,
    ["start -", "forbidden OLD", "forbidden NEXT-1", "forbidden NEXT-2"],
    "one question a sale, however often the till looks",
  );
});

test("a sale that another till is collecting is shown to its end", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const page = await boundTill(await shop.machine({ camera: false }));
  const other = await startTrade(shop, "SHARED", {
    minor: 1000,
    terminal: "till-2",
    code: await shop.code({ approves_after_ms: 3_000 }),
  });
  const busy = await page.evaluate(
    ([sale]) => ends(till.charge(sale, { code: "134567890123456789", walletId: "23" })),
    [sale("SHARED", 1000)],
  );
  assert.deepEqual([busy.error?.code, busy.error?.tradeId], ["sale_busy", other.trade_id], JSON.stringify(busy));
  const end = await page.evaluate((id) => ends(till.resume(id)), other.trade_id);
  assert.equal(end.value?.status, "paid", JSON.stringify(end));
  assert.equal((await shop.calls("pay")).length, 1);
});

test("rule 15: a page that charges another amount than the shop's server named is refused with a reason", async (t) => {
  const shop = await counter(t);
  const page = await (await shop.machine({ camera: false })).till();
  const first = await page.evaluate(
    ([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })),
    [sale("BILL", 10_000), await shop.code("declines")],
  );
  assert.equal(first.value?.status, "declined");
  const second = await page.evaluate(
    ([sale, code]) => ends(till.charge(sale, { code, walletId: "23" })),
    [sale("BILL", 1), await shop.code()],
  );
  assert.deepEqual(
    [second.error?.code, second.error?.moneyMoved, second.error?.retryable],
    ["sale_amount_mismatch", "no", false],
    JSON.stringify(second),
  );
});
