// `kaunter-backend reconcile` with the gateway's report of a day, made from the sandbox's ledger. A planted difference
// of each kind must be reported.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test as plain } from "node:test";
import { until } from "../terminal/harness.mjs";
import { onItsOwnClock, skip } from "./clock.mjs";
import { handOver, open, reaches, stores } from "./desk.mjs";
import { before, ok } from "./gateway.mjs";
import { quoted, sql } from "./sql.mjs";

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

/** The same for a gateway of this process, which must answer meanwhile. */
async function reconcileBeside(shop, file, day, ...more) {
  const config = join(shop.dir, "kaunter.toml");
  const args = ["--config", config, "reconcile", file, "--day", day, ...more];
  const env = { ...process.env, ...shop.keys, KAUNTER_DATABASE_URL: shop.databaseUrl ?? "" };
  if (!shop.databaseUrl) delete env.KAUNTER_DATABASE_URL;
  const child = spawn(shop.backendProgram.child.spawnfile, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const told = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"])
    child[stream].on("data", (part) => {
      told[stream] += part;
    });
  const status = await new Promise((done) => child.on("close", done));
  return { status, ...told };
}

const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

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

test("lines above and below the payments, decimal commas, returns with a minus, UTF-16 and any letter case are read", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const trades = await sold(shop, 3);
  await shop.call("POST", `/v1/trades/${trades[2].trade_id}/void`, {
    token: await shop.token(),
    body: { reason: "goods returned" },
  });
  await reaches(shop, trades[2], ["voided"]);
  const row = ({ gateway_ref, trade_id }, amount) => `${gateway_ref};${trade_id};0,12;${amount};d`;
  const lines = [
    "Merchant;Kedai Runcit",
    "Period;1,000 days",
    "",
    "TRANS_ID;TRX_ID;Fee;AMOUNT;Status",
    row(trades[0], "RM 10,00"),
    row(trades[1], "10,01 MYR"),
    row(trades[2], "10,02"),
    row(trades[2], "-10,02"),
    "Total;;0,48;20,01;",
  ];
  const file = await written(shop, "portal.csv", Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`, "utf16le"));
  const told = reconcile(shop, file, "--json");
  assert.equal(told.status, 0, told.stdout + told.stderr);
  const { matched, rows, skipped } = JSON.parse(told.stdout);
  assert.deepEqual({ matched, rows, skipped }, { matched: 3, rows: 4, skipped: 1 });

  const text = lines.slice(0, 5).join("\n").replace("RM 10,00", "1,000");
  const open = reconcile(shop, await written(shop, "open.csv", text));
  assert.equal(open.status, 2);
  assert.match(open.stderr, /line 5, column "amount": "1,000" may have decimals or thousands.*decimal_mark/);
});

plain("a payment that began at 23:59 and was paid at 00:01 is missing in no day's report", async (t) => {
  if (skip) return t.skip(skip);
  let paid = false;
  const status = () => ok({ pay_status: paid ? "D" : "?" });
  const pay = ({ trans_id }) => ok({ status: 200, trans_id });
  const { shop } = await before(t, { pay, status }, { scale: 1 });
  const midnight = Math.ceil(Date.now() / 86_400_000) * 86_400_000;
  // Four seconds before midnight, for the backend.
  const ahead = Math.round((midnight - Date.now()) / 1000) - 4;
  await onItsOwnClock(shop, `+${ahead}s`);
  const trade = await open(shop, "midnight", { minor: 1000 });
  assert.ok(Date.parse(trade.created_at) < midnight, `begun at ${trade.created_at}`);
  await handOver(shop, trade, "CODE-1");
  await until("it is past midnight", () => Date.now() + ahead * 1000 > midnight + 1000, { every: 100 });
  paid = true;
  const { since } = await reaches(shop, trade, ["paid"]);
  assert.ok(Date.parse(since) >= midnight, `paid at ${since}`);
  const [first, second] = [dayOf(trade.created_at), dayOf(since)];
  const head = "trans_id,trx_id,amount,status,paid on";
  const line = (day) => `${trade.gateway_ref},${trade.trade_id},10.00,D,${day} 00:01`;
  const compared = async (text, day, ...more) => {
    const { status, stdout, stderr } = await reconcileBeside(
      shop,
      await written(shop, `${day}.csv`, text),
      day,
      "--json",
      ...more,
    );
    assert.equal(status === 2, false, stderr);
    const { matched, other_days, near_midnight, differences } = JSON.parse(stdout);
    return [status, matched, other_days, near_midnight.length, differences.map(({ kind }) => kind).join()];
  };
  for (const [has, lacks] of [
    [first, second],
    [second, first],
  ]) {
    assert.deepEqual(await compared(`${head}\n${line(has)}\n`, has), [0, 1, 0, 0, ""], "the report that has it");
    assert.deepEqual(await compared(`${head}\n`, lacks), [0, 0, 0, 1, ""], "the report that lacks it");
  }
  // With a date column, a report of several days says where it belongs.
  const both = `${head}\n${line(second)}\nG-1,,1.00,D,${first} 08:00\n`;
  const date = ["--column", "date=Paid on"];
  assert.deepEqual(await compared(both, second, ...date), [0, 1, 1, 0, ""]);
  assert.deepEqual(await compared(both, first, ...date), [1, 0, 1, 0, "missing_here"]);
  const without = `${head}\nG-1,,1.00,D,${first} 08:00\nG-2,,1.00,D,${second} 08:00\n`;
  assert.deepEqual(await compared(without, first, ...date), [1, 0, 1, 0, "missing_here,missing_there"]);
});

test("rule 40: a report settles what is under review only with its own id and amount, once, after its day, and if the gateway does not object", async (t, make) => {
  if (skip) return t.skip(skip);
  const says = {
    pay: ({ trans_id }) => ok({ status: 200, user_order_status: "S", trans_id, amount: "9.99" }),
    status: ({ trans_id }) => gatewaySays[trans_id] ?? ok({ pay_status: "?" }),
  };
  const gatewaySays = {};
  // The backend itself does not ask about reviews during this test.
  const policy = { review_check_first_ms: 86_400_000, review_check_max_ms: 86_400_000 };
  const { shop, own } = await before(t, says, { make, scale: 1, profile: "sandbox", policy });
  await onItsOwnClock(shop, "-1d");
  const trades = {};
  for (const ref of ["good", "amount", "twice", "missing", "pending", "silent", "returned", "failed"]) {
    const trade = await open(shop, ref, { minor: 1250 });
    await handOver(shop, trade, `CODE-${ref}`);
    trades[ref] = await reaches(shop, trade, ["needs_review"]);
  }
  gatewaySays[trades.pending.gateway_ref] = ok({ pay_status: "P" });
  gatewaySays[trades.silent.gateway_ref] = { http: 503, body: "" };
  const row = (ref, amount, word) => `${trades[ref].gateway_ref},${trades[ref].trade_id},${amount},${word}`;
  const text = [
    "trans_id,trx_id,amount,status",
    row("good", "MYR 12.50", "D"),
    row("amount", "12.51", "D"),
    row("twice", "12.50", "D"),
    row("twice", "12.50", "D"),
    row("pending", "12.50", "D"),
    row("silent", "12.50", "D"),
    row("returned", "12.50", "D"),
    row("returned", "-12.50", "D"),
    row("failed", "12.50", "F"),
  ].join("\n");
  const file = await written(shop, "day.csv", text);
  const day = dayOf(trades.good.created_at);
  const run = (...more) => reconcileBeside(shop, file, day, ...more);
  const states = async () => {
    const list = Object.values(trades).map(async ({ trade_id }) => {
      const { json } = await shop.call("GET", `/v1/trades/${trade_id}`, { token: shop.keys.KAUNTER_SERVER_KEY });
      return [json.sale.ref, json.status, json.decided_by ?? ""].join(" ");
    });
    return Promise.all(list);
  };
  const untouched = Object.keys(trades).map((ref) => `${ref} needs_review `);

  const asked = own.of("status").length;
  const dry = await run();
  assert.equal(dry.status, 1, dry.stderr);
  assert.match(dry.stdout, /--apply would settle it: paid {2}\(line 2: /);
  assert.match(dry.stdout, /not settled: the report has another amount/);
  assert.equal((await run("--apply", "--yes")).status, 2, "nobody vouches for it");
  const alone = await run("--apply", "--by", "Aina");
  assert.equal(alone.status, 2, "nobody confirms");
  assert.match(alone.stdout, /would settle it: paid/, "a dry run is printed first");
  const early = new Date(`${day}T12:00:00Z`);
  await utimes(file, early, early);
  const unfinished = await run("--apply", "--by", "Aina", "--yes");
  assert.match(unfinished.stdout, /not settled: the report was written before its day was over/);
  assert.deepEqual([await states(), own.of("status").length], [untouched, asked], "nothing was settled or asked");

  await utimes(file, new Date(), new Date());
  const applied = await run("--apply", "--by", "Aina", "--yes", "--json");
  assert.equal(applied.status, 1, applied.stderr);
  assert.deepEqual((await states()).sort(), [
    "amount needs_review ",
    "failed declined person",
    "good paid person",
    "missing needs_review ",
    "pending needs_review ",
    "returned voided person",
    "silent needs_review ",
    "twice needs_review ",
  ]);
  const refs = Object.fromEntries(Object.entries(trades).map(([ref, { trade_id }]) => [trade_id, ref]));
  const { reviews, matched } = JSON.parse(applied.stdout);
  assert.deepEqual(reviews.map(({ trade_id, settled }) => [refs[trade_id], settled]).sort(), [
    ["amount", false],
    ["failed", true],
    ["good", true],
    ["pending", false],
    ["returned", true],
    ["silent", false],
    ["twice", false],
  ]);
  assert.equal(matched, 3, "what was settled agrees now");
  const questions = own
    .of("status")
    .slice(asked)
    .map(({ fields }) => fields.trans_id);
  const once = ["good", "pending", "silent", "returned", "failed"].map((ref) => trades[ref].gateway_ref);
  assert.deepEqual(questions.sort(), once.sort(), "one question about each");
  const id = quoted(trades.good.trade_id);
  const [verdict] = sql(
    shop,
    `SELECT who || '@' || terminal, from_state, to_state, note FROM audit WHERE trade_id = ${id} AND event = 'verdict';`,
  );
  assert.deepEqual(verdict.slice(0, 3), ["Aina@reconcile", "needs_review", "paid"]);
  assert.match(
    verdict[3],
    /^decided by Aina: paid: the gateway's report of \S+, SHA-256 [0-9a-f]{64}, line 2: \d+, MYR 12\.50, D$/,
  );

  // Again: nothing is left to settle.
  const again = await run("--apply", "--by", "Aina", "--yes", "--json");
  assert.deepEqual(
    JSON.parse(again.stdout).reviews.filter(({ settled }) => settled),
    [],
  );
});
