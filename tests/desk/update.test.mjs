// A store of an earlier version: it opens, its trades are served, and its audit trail is converted. An update of three
// processes, and how the backend is run.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plain } from "node:test";
import { Program } from "../terminal/harness.mjs";
import { handOver, open, reaches, stores } from "./desk.mjs";
import { quoted, sql } from "./sql.mjs";

const { test, onPostgres } = stores();

const migration = (name) => readFileSync(new URL(`../../src/backend/migrations/${name}.sql`, import.meta.url), "utf8");
const rows = JSON.parse(
  readFileSync(new URL("../corpus/journals/0.1.0-before-names/trades.json", import.meta.url), "utf8"),
);

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
    `DROP TABLE trades; DROP TABLE sales; DROP TABLE audit; DROP TABLE codes; DROP TABLE owner; DROP TABLE sign_ins; DROP TABLE terminals;
    DROP TABLE audit_chains; DROP TABLE audit_seals; DROP TABLE limit_locks; DROP TABLE gateway_words; DROP TABLE pooled_processes;
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
  const day = new Date(1790000000000).toISOString().slice(0, 10);
  const [line] = (await shop.call("GET", `/v1/audit?day=${day}`, { token })).json.entries;
  assert.deepEqual(
    [line.trade_id, line.who, line.event, line.reason, line.seq, line.actor],
    [paid.facts.trx_id, "gateway", "Paying -> Paid", "payment answered", null, null],
    "and is read with the new ones",
  );
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
    `SELECT actor || ':' || who, event, from_state, to_state, note, gateway_code, gateway_message FROM audit WHERE trade_id = ${quoted(trade.trade_id)} ORDER BY version, nth;`,
  );
  const by = (event) => lines.filter((line) => line[1] === event);
  const [person] = by("started")[0];
  assert.match(person, /^person:[^@]+$/);
  assert.deepEqual(by("started"), [[person, "started", "", "creating", "", "", ""]]);
  assert.deepEqual(by("code"), [[person, "code", "awaiting_code", "paying", "", "", ""]]);
  assert.deepEqual(by("void"), [[person, "void", "paid", "voiding", "the wrong item", "", ""]]);
  assert.deepEqual(by("pay_answered").at(-1), ["gateway:", "pay_answered", "paying", "paid", "", "S", "OK"]);
  for (const [, event, from, to] of lines)
    for (const word of [event, from, to]) assert.match(word, /^[a-z_]*$/, "the words of the API, not Rust's");
});

plain(
  "three processes: all start at once on the schema before, and go on where a newer schema was added under them",
  async (t) => {
    const shop = await onPostgres(t, { scale: 0.1 });
    await shop.stopBackend("SIGTERM");
    const { row: paid, columns } = { row: old("paid"), columns: ["paid", 0, 1] };
    const { trx_id, sale, terminal, attempt } = paid.facts;
    const values = [trx_id, "demo", sale.ref, terminal, attempt, "0".repeat(32), ...columns, paid.version];
    const all = [...values, paid.created_ms, JSON.stringify(paid), null].map(quoted).join(", ");
    sql(
      shop,
      `CREATE SCHEMA kept; CREATE TABLE kept.done (LIKE _sqlx_migrations INCLUDING ALL);
    INSERT INTO kept.done SELECT * FROM _sqlx_migrations WHERE version <= 2;
    DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    CREATE TABLE _sqlx_migrations (LIKE kept.done INCLUDING ALL); INSERT INTO _sqlx_migrations SELECT * FROM kept.done;
    ${migration("0001_trades")}
    ${migration("0002_bindings")}
    INSERT INTO trades VALUES (${all}); INSERT INTO sales (shop, sale_ref, changes) VALUES ('demo', ${quoted(sale.ref)}, 1);`,
    );
    const more = [1, 2].map(async (nth) => {
      const config = join(shop.dir, `backend-${nth}.toml`);
      await writeFile(config, shop.toml("127.0.0.1:0"));
      const program = new Program("backend", ["--config", config], shop.environment, "info");
      t.after(() => program.stop("SIGKILL"));
      return program.address;
    });
    const [, ...others] = await Promise.all([shop.startBackend(), ...more]);
    const backends = [shop.backend, ...others];
    const status = async (backend, trade_id) => {
      const headers = { authorization: `Bearer ${shop.keys.KAUNTER_SERVER_KEY}` };
      return (await (await fetch(`${backend}/v1/trades/${trade_id}`, { headers })).json()).status;
    };
    const everywhere = (trade_id) => Promise.all(backends.map((backend) => status(backend, trade_id)));
    assert.deepEqual(await everywhere(trx_id), ["paid", "paid", "paid"], "each serves the rows of the version before");
    const [[done, versions]] = sql(shop, "SELECT COUNT(*), COUNT(DISTINCT version) FROM _sqlx_migrations;");
    assert.equal(done, versions, "each migration ran once");

    // A newer version adds to the schema while these three run: a payment in progress ends.
    const trade = await open(shop, "meanwhile");
    await handOver(shop, trade, await shop.code({ approves_after_ms: 500 }));
    sql(
      shop,
      `ALTER TABLE trades ADD COLUMN of_a_newer_version TEXT;
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', true, '', 0);`,
    );
    await reaches(shop, trade, ["paid"]);
    assert.deepEqual(await everywhere(trade.trade_id), ["paid", "paid", "paid"]);
    const late = new Program("backend", ["--config", join(shop.dir, "backend-1.toml")], shop.environment, "info");
    await assert.rejects(late.address, /a newer version of this program made the store's tables/);
  },
);

plain("the systemd unit of the Debian package is valid, and leaves little open", async (t) => {
  const unit = readFileSync(new URL("../../packaging/debian/kaunter-backend.service", import.meta.url), "utf8");
  const dir = await mkdtemp(join(tmpdir(), "kaunter-unit-"));
  t.after(() => rm(dir, { recursive: true }));
  const file = join(dir, "kaunter-backend.service");
  await writeFile(file, unit.replace("/usr/bin/kaunter-backend", process.execPath));
  const analyze = (...args) => spawnSync("systemd-analyze", args, { encoding: "utf8" });
  if (analyze("--version").error) return t.skip("SKIPPED: it needs systemd-analyze (Debian: apt-get install systemd)");
  const verified = analyze("verify", file);
  assert.deepEqual([verified.status, verified.stderr], [0, ""]);
  // From 0 (closed) to 100 (open); a unit without any of these lines has 96.
  const closed = analyze("security", "--offline=true", "--threshold=20", "--no-pager", file);
  assert.equal(closed.status, 0, closed.stdout);
});
