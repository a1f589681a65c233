// `kaunter-backend reconcile` with the gateway's report of a day, made from the sandbox's ledger. A planted difference
// of each kind must be reported.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { handOver, open, reaches, stores } from "./desk.mjs";

const { test } = stores();
const today = () => new Date().toISOString().slice(0, 10);

function reconcile(shop, file, ...more) {
  const { status, stdout, stderr } = spawnSync(
    shop.backendProgram.child.spawnfile,
    ["--config", join(shop.dir, "kaunter.toml"), "reconcile", file, "--day", today(), ...more],
    { env: { ...process.env, ...shop.environment }, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

async function sold(shop, count) {
  const trades = [];
  for (let nth = 0; nth < count; nth++) {
    const trade = await open(shop, `sale-${nth}`, { minor: 1000 + nth });
    await handOver(shop, trade, await shop.code());
    trades.push(await reaches(shop, trade, ["paid"]));
  }
  return trades;
}

async function written(shop, name, text) {
  const file = join(shop.dir, name);
  await writeFile(file, text);
  return file;
}

const report = async (shop) => (await fetch(`${shop.sandbox}/_sim/report?day=${today()}`)).text();

test("a report that agrees ends with 0; one difference of each kind ends with 1, and each is named", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const trades = await sold(shop, 6);
  const token = await shop.token();
  const declined = await open(shop, "declined");
  await handOver(shop, declined, await shop.code("declines"));
  await reaches(shop, declined, ["declined"]);
  await shop.call("POST", `/v1/trades/${trades[5].trade_id}/void`, { token, body: { reason: "test" } });
  await reaches(shop, trades[5], ["voided"]);
  await open(shop, "left");
  const whole = await report(shop);
  // A trade that awaits its code is not a payment yet, so a gateway's report does not have it.
  const good = whole
    .split("\n")
    .filter((line) => !line.endsWith(",N"))
    .join("\n");
  const agrees = reconcile(shop, await written(shop, "good.csv", good));
  assert.equal(agrees.status, 0, agrees.stdout + agrees.stderr);
  assert.match(agrees.stdout, / 7 {2}matched/);

  const lines = good.trim().split("\n");
  const at = (nth) => lines.findIndex((line) => line.includes(trades[nth].trade_id));
  lines[at(0)] = lines[at(0)].replace("10.00", "10.50");
  lines[at(1)] = lines[at(1)].replace(/,D$/, ",F");
  lines.push(lines[at(2)]);
  lines.splice(at(3), 1);
  lines.push(
    "20260101000000000001,KNOTOURS,23,5.00,D",
    "20260101000000000002,KODD,23,5 ringgit,D",
    "20260101000000000003,KWORD,23,5.00,SURE",
  );
  const file = await written(shop, "bad.csv", `\ufeff${lines.join("\r\n")}\r\n`);
  const told = reconcile(shop, file, "--json");
  assert.equal(told.status, 1, told.stderr);
  const found = JSON.parse(told.stdout);
  const of = (kind) => found.differences.filter((one) => one.kind === kind);
  assert.deepEqual(
    of("amount").map(({ trade_id, here, there }) => [trade_id, here, there]),
    [[trades[0].trade_id, "MYR 10.00", "MYR 10.50"]],
  );
  assert.deepEqual(
    of("state").map(({ trade_id, here, there }) => [trade_id, here, there]),
    [[trades[1].trade_id, "paid", "F"]],
  );
  assert.deepEqual(
    of("twice").map(({ trade_id }) => trade_id),
    [trades[2].trade_id],
  );
  assert.deepEqual(
    of("missing_there").map(({ trade_id, gateway_ref }) => [trade_id, gateway_ref]),
    [[trades[3].trade_id, trades[3].gateway_ref]],
  );
  assert.deepEqual(
    of("missing_here").map(({ trade_id, gateway_ref }) => [trade_id, gateway_ref]),
    [["KNOTOURS", "20260101000000000001"]],
  );
  assert.deepEqual(
    of("unreadable").map(({ line }) => line),
    [lines.length - 1, lines.length],
  );
  assert.equal(found.differences.length, 7);
  assert.equal(found.matched, 3, "the fifth, the voided and the declined");
  assert.equal(found.day, today());

  const table = reconcile(shop, file);
  assert.equal(table.status, 1);
  for (const heading of [
    "missing here",
    "missing there",
    "amounts that differ",
    "states that differ",
    "twice in the report",
    "rows that can't be read",
  ])
    assert.match(table.stdout, new RegExp(`1 {2}${heading}|2 {2}${heading}`), heading);
  assert.match(table.stdout, new RegExp(trades[3].trade_id));
});

test("columns and words are configuration; without our trade id a row is found by the gateway's", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1, extra: "" });
  const trades = await sold(shop, 3);
  const rows = trades.map(({ gateway_ref }, nth) => `${gateway_ref};SUCCESS;"10.0${nth}"`);
  const file = await written(shop, "other.csv", ["Transaction ID;State;Amount (MYR)", ...rows].join("\n"));
  const config = join(shop.dir, "kaunter.toml");
  await writeFile(
    config,
    `${shop.toml("127.0.0.1:0")}\n[report]\ndelimiter = ";"\namount = "Amount (MYR)"\nstatus = "State"\nwords = { paid = ["SUCCESS"] }\n`,
  );
  const lacking = reconcile(shop, file);
  assert.equal(lacking.status, 2, "it could not be compared");
  assert.match(lacking.stderr, /Transaction ID/, "what the report has is told");
  const named = reconcile(shop, file, "--column", "gateway_ref=Transaction ID");
  assert.equal(named.status, 0, named.stdout + named.stderr);
  assert.match(named.stdout, / 3 {2}matched/);
  assert.equal(reconcile(shop, join(shop.dir, "none.csv")).status, 2);
});

test("100,000 rows of other trades are all reported", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const [trade] = await sold(shop, 1);
  const rows = Array.from({ length: 100_000 }, (_, nth) => `${20_000_000 + nth},,23,1.00,D`);
  const file = await written(
    shop,
    "long.csv",
    ["trans_id,trx_id,integrator_id,amount,status", ...rows, `${trade.gateway_ref},,23,10.00,D`].join("\n"),
  );
  const told = spawnSync(
    shop.backendProgram.child.spawnfile,
    ["--config", join(shop.dir, "kaunter.toml"), "reconcile", file, "--day", today()],
    { env: { ...process.env, ...shop.environment }, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  assert.equal(told.status, 1, told.stderr);
  assert.match(told.stdout, /100001 rows/);
  assert.match(told.stdout, / 1 {2}matched/);
  assert.match(told.stdout, /100000 {2}missing here/);
});
