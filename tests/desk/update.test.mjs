// A store of an earlier version: it opens, its trades are served, and its audit trail is converted.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { handOver, open, reaches, sql, stores } from "./desk.mjs";

const { test } = stores();

const migration = (name) => readFileSync(new URL(`../../src/backend/migrations/${name}.sql`, import.meta.url), "utf8");
const rows = JSON.parse(
  readFileSync(new URL("../corpus/journals/0.1.0-before-names/trades.json", import.meta.url), "utf8"),
);

const quoted = (value) => (value === null ? "NULL" : `'${String(value).replaceAll("'", "''")}'`);

/** The last row of this state that the earlier version wrote, as of this shop. */
function old(state) {
  const row = Object.values(rows).findLast((row) => row.state === state);
  // Each gateway id belongs to one trade.
  return { ...row, facts: { ...row.facts, shop: "demo" }, trans_id: `PD-${state}` };
}

test("a store of the version before opens, and its trades are served", async (t, counter) => {
  const shop = await counter(t);
  await shop.stopBackend();
  // The schema of that version: the first two migrations, with its names in columns and rows.
  const told = [
    ["paid", "paid", 0, 1],
    ["needs_review", "needs-review", 1, 1],
    ["late_success", "late-success", 1, 0],
  ].map(([state, ...columns]) => ({ row: old(state), columns }));
  const inserts = told.map(({ row, columns: [status, isOpen, holds] }, nth) => {
    const { trx_id, shop: name, sale, terminal, attempt } = row.facts;
    const values = [trx_id, name, sale.ref, terminal, attempt, `${nth}`.repeat(32), status, isOpen, holds];
    const all = [...values, row.version, row.created_ms, JSON.stringify(row), null].map(quoted).join(", ");
    return `INSERT INTO trades VALUES (${all}); INSERT INTO sales (shop, sale_ref, changes) VALUES ('demo', ${quoted(sale.ref)}, 1);`;
  });
  const [{ row: paid }] = told;
  sql(
    shop,
    `DROP TABLE trades; DROP TABLE sales; DROP TABLE audit; DROP TABLE codes;
    ${migration("0001_trades")}
    ${migration("0002_bindings")}
    DELETE FROM _sqlx_migrations WHERE version > 2;
    ${inserts.join("\n")}
    INSERT INTO audit VALUES (${quoted(paid.facts.trx_id)}, 4, 0, 1790000000000, 'gateway', 'Paying -> Paid', 'payment answered');`,
  );
  await shop.startBackend();
  const token = shop.keys.KAUNTER_SERVER_KEY;
  for (const { row, columns } of told) {
    const { trx_id, sale } = row.facts;
    const answer = await shop.call("GET", `/v1/trades/${trx_id}`, { token });
    assert.equal(answer.status, 200, answer.text);
    const { trade_id, status, wallet_id, mode, gateway_ref } = answer.json;
    assert.deepEqual(
      [trade_id, status.replace("_", "-"), wallet_id, mode, gateway_ref],
      [trx_id, columns[0], "21", `${row.facts.presented}_presented`, row.trans_id],
    );
    const listed = (await shop.call("GET", `/v1/trades?ref=${sale.ref}`, { token })).json.trades;
    assert.deepEqual(
      listed.map(({ trade_id }) => trade_id),
      [trx_id],
    );
  }
  const record = await shop.sale(paid.facts.sale.ref);
  assert.deepEqual([record.paid_amount, record.decided_by], [paid.facts.sale.amount, "gateway"]);
  const named = sql(shop, `SELECT gateway_ref FROM trades WHERE trade_id = ${quoted(paid.facts.trx_id)};`);
  assert.deepEqual(named, [[paid.trans_id]], "what that version did not write is filled in");
  const audit = sql(shop, "SELECT event, from_state, note FROM audit WHERE who = 'gateway' AND version = 4;");
  assert.deepEqual(audit, [["Paying -> Paid", "", "payment answered"]], "an old line keeps its words");
  // The store is used further: the paid sale is not charged again, and another one is paid.
  const trade = await open(shop, "new");
  await handOver(shop, trade, await shop.code());
  await reaches(shop, trade, ["paid"]);
});

test("rule 22: the audit trail says who, what, from where to where, and a person's words apart from the name", async (t, counter) => {
  const shop = await counter(t);
  const token = await shop.token();
  const trade = await open(shop, "audited");
  await handOver(shop, trade, await shop.code());
  await reaches(shop, trade, ["paid"]);
  await shop.call("POST", `/v1/trades/${trade.trade_id}/void`, { token, body: { reason: "the wrong item" } });
  await reaches(shop, trade, ["voided"]);
  const lines = sql(
    shop,
    `SELECT who, event, from_state, to_state, note FROM audit WHERE trade_id = ${quoted(trade.trade_id)} ORDER BY version, nth;`,
  );
  const by = (event) => lines.filter((line) => line[1] === event);
  const [person] = by("started")[0];
  assert.deepEqual(by("started"), [[person, "started", "", "creating", ""]]);
  assert.deepEqual(by("code"), [[person, "code", "awaiting_code", "paying", ""]]);
  assert.deepEqual(by("void"), [[person, "void", "paid", "voiding", "the wrong item"]]);
  assert.deepEqual(by("pay_answered").at(-1).slice(0, 4), ["gateway", "pay_answered", "paying", "paid"]);
  assert.match(by("pay_answered").at(-1)[4], /^gateway: S OK$/);
  for (const [, event, from, to] of lines)
    for (const word of [event, from, to]) assert.match(word, /^[a-z_]*$/, "the words of the API, not Rust's");
});
