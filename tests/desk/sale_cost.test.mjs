// What does a sale cost the store? Statements are counted, and no time is measured. Each statement more is a round trip
// of every sale.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { newTrade } from "./desk.mjs";

const SALES = 10;
/**
 * Four changes, each with its begin and commit: the sale begins (7 statements), the gateway's answer to it (7), the code
 * (8), the gateway's answer to that (6).
 */
const PER_SALE = 28;
/** What the readings, the sweep and the day's seal cost meanwhile: less than one statement more per sale. */
const BESIDE = SALES - 1;

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

async function number(operator, name) {
  const text = await (await fetch(`${operator}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)[1]);
}

for (const store of ["SQLite", "PostgreSQL"]) {
  test(`${store}: a sale that is paid at once costs ${PER_SALE} statements`, async (t) => {
    const databaseUrl = store === "PostgreSQL" ? server.database() : undefined;
    const shop = await counter(t, { log: "error", databaseUrl });
    const is = async () => (await number(shop.operator, "kaunter_store_sole")) === 1;
    await until("it is the only process", is, { ms: 20_000, every: 50 });
    // A new token reads the terminal's row, and the first sale too.
    const token = await shop.token("till-1");
    const codes = await Promise.all(Array.from({ length: SALES + 1 }, () => shop.code("approves")));
    let first;
    for (const [nth, code] of codes.entries()) {
      const begun = await shop.call("POST", "/v1/trades", { token, body: newTrade(`order-${nth}`) });
      assert.equal(begun.json.status, "awaiting_code", begun.text);
      const path = `/v1/trades/${begun.json.trade_id}/code`;
      const paid = await shop.call("POST", path, { token, body: { code } });
      assert.equal(paid.json.status, "paid", paid.text);
      first ??= await number(shop.operator, "kaunter_store_statements_total");
    }
    const cost = (await number(shop.operator, "kaunter_store_statements_total")) - first;
    t.diagnostic(`${SALES} sales cost ${cost} statements`);
    assert.ok(cost <= SALES * PER_SALE + BESIDE, `${SALES} sales cost ${cost} statements`);
    assert.ok(cost >= SALES * 4, `${cost} statements for ${SALES} sales: what is counted?`);
  });
}
