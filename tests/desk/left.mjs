// Open trades that an earlier run of the backend left behind, made by SQL: sales would take too long.

import assert from "node:assert/strict";
import { handOver, open, reaches } from "./desk.mjs";
import { quoted, sql } from "./sql.mjs";

/** Another trade's columns; the others are as those of the template. */
const COLUMNS = {
  trade_id: "s.trade_id",
  sale_ref: "s.sale_ref",
  terminal: "s.terminal",
  gateway_ref: "s.gateway_ref",
  idempotency_key: "s.trade_id",
};

/**
 * Stops the backend, and copies a pending trade of its store `count` times, for `terminals` terminals. The copies'
 * deadline is a day away.
 */
export async function leaveOpen(shop, { count, terminals }) {
  const made = await open(shop, "template", {}, "template");
  await handOver(shop, made, await shop.code());
  await reaches(shop, made, ["pending", "unknown", "paying"]);
  await shop.stopBackend("SIGTERM");
  const [[state]] = sql(shop, `SELECT state FROM trades WHERE trade_id = ${quoted(made.trade_id)};`);
  const row = JSON.parse(state);
  const far = Date.now() + 24 * 3_600_000;
  const kept = { ...row, deadline_ms: far, gateway_ref: "@gateway@", next_ask_ms: row.since_ms, asking_until_ms: null };
  kept.facts = {
    ...row.facts,
    trade_id: "@trade@",
    terminal: "@terminal@",
    sale: { ...row.facts.sale, ref: "@sale@" },
  };
  const replaced = { trade: "trade_id", terminal: "terminal", sale: "sale_ref", gateway: "gateway_ref" };
  const filled = Object.entries(replaced).reduce(
    (text, [mark, column]) => `replace(${text}, '@${mark}@', s.${column})`,
    quoted(JSON.stringify(kept)),
  );
  const all = "shop status is_open holds_sale version created_ms attempt audit_seq audit_hash checks_verdict".split(
    " ",
  );
  const columns = [...Object.keys(COLUMNS), "state", ...all];
  const values = [...Object.values(COLUMNS), filled, ...all.map((name) => `t.${name}`)];
  const nth = "substr(CAST(1000000 + n AS TEXT), 2)";
  const series = `WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ${count}),
    s AS (SELECT 'KLEFT' || ${nth} AS trade_id, 'left-' || ${nth} AS sale_ref, 'GLEFT' || ${nth} AS gateway_ref,
      'left-' || CAST(n % ${terminals} AS TEXT) AS terminal FROM r)`;
  sql(
    shop,
    `BEGIN;
    ${series} INSERT INTO sales (shop, sale_ref, changes) SELECT 'demo', s.sale_ref, 1 FROM s;
    ${series} INSERT INTO trades (${columns}) SELECT ${values.join(", ")} FROM s CROSS JOIN trades t WHERE t.trade_id = ${quoted(made.trade_id)};
    COMMIT;`,
  );
  const [[left]] = sql(shop, "SELECT COUNT(*) FROM trades WHERE is_open = 1;");
  assert.equal(Number(left), count + 1);
}

/** The terminal of such a trade, by its gateway's reference; undefined for any other trade. */
export function terminalOf(gateway_ref, terminals) {
  const nth = /^GLEFT(\d+)$/.exec(gateway_ref)?.[1];
  return nth === undefined ? undefined : `left-${Number(nth) % terminals}`;
}
