// A PostgreSQL behind a PgBouncer, which may give each transaction another connection. Do sales work, and is a row on
// the disk before its call is answered?

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { counter } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { handOver, line, open, reaches, together } from "./desk.mjs";
import { pgbouncer, skip } from "./pgbouncer.mjs";

let server;
before(async () => {
  if (!skip) server = await postgres();
});
after(() => server?.stop());

const psql = (url, sql) => {
  const { status, stdout, stderr } = spawnSync(
    "psql",
    ["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, url],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  return stdout.trim();
};

for (const [how, settings] of [
  ["that refuses our mark", []],
  ["that ignores it", ["ignore_startup_parameters = options,extra_float_digits"]],
]) {
  test(`PgBouncer in transaction mode, ${how}: twelve sales at once are paid once each, before a restart and after it`, {
    skip,
  }, async (t) => {
    const behind = server.database();
    const shop = await counter(t, { scale: 0.5, databaseUrl: await pgbouncer(t, behind, settings) });
    const sell = async (ref) => {
      const trade = await open(shop, ref, {}, `till-${ref}`);
      await handOver(shop, trade, await shop.code());
      assert.equal((await reaches(shop, trade, ["paid"])).status, "paid");
      assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
    };
    const refs = (start) => Array.from({ length: 12 }, (_, nth) => `${start}-${nth}`);
    await together(refs("before"), sell);
    await shop.stopBackend();
    await shop.startBackend();
    await together(refs("after"), sell);
    assert.equal(psql(behind, "SELECT count(*) FROM trades WHERE status = 'paid'"), "24");
    assert.doesNotMatch(shop.backendProgram.words, /"level":"ERROR"/);
  });
}

test("through PgBouncer: synchronous_commit and the timeouts are set for one transaction only", {
  skip,
}, async (t) => {
  const behind = server.database();
  // One shared connection: the next transaction would see settings that an earlier one left.
  const front = await pgbouncer(t, behind, ["default_pool_size = 1"]);
  const shop = await counter(t, { scale: 0.5, databaseUrl: front });
  const trade = await open(shop, "settings");
  await shop.fault("pay", "garbage", { trade_id: trade.trade_id });
  await handOver(shop, trade, await shop.code());
  await reaches(shop, trade, ["paid"]);
  const left = psql(
    front,
    "SELECT current_setting('synchronous_commit') || ' ' || current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')",
  );
  assert.equal(left, "on 0 0");
});

test("a PgBouncer with default settings refuses a parameter: the error says what to set", {
  skip,
}, async (t) => {
  const front = await pgbouncer(t, server.database(), ["ignore_startup_parameters ="]);
  await assert.rejects(counter(t, { databaseUrl: front }), /add extra_float_digits to ignore_startup_parameters/);
});

test("a PgBouncer without transactions is refused at the start", { skip }, async (t) => {
  const front = await pgbouncer(t, server.database(), ["pool_mode = statement"]);
  await assert.rejects(counter(t, { databaseUrl: front }), /can't be opened.*pool_mode = transaction/);
});
