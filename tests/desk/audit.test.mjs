// The audit trail: who did what is in columns, every row is in a chain, every day is sealed, and every edit of the
// database is found. And the limits that a person has.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test as plain } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { handOver, open, quoted, reaches, reconfigured, sql, stores } from "./desk.mjs";

const { test } = stores();

const TABLES = ["audit", "trades", "audit_chains", "audit_seals"];

async function paid(shop, ref, more) {
  const trade = await open(shop, ref, more);
  await handOver(shop, trade, await shop.code());
  return reaches(shop, trade, ["paid"]);
}

const give = (shop, trade, token, reason = "the wrong item", backend = shop.backend) =>
  fetch(`${backend}/v1/trades/${trade.trade_id}/void`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ reason }),
  }).then(async (answer) => ({ status: answer.status, json: await answer.json() }));

/** The whole trail of a day, page by page. */
async function trail(shop, day, limit = 7) {
  const entries = [];
  let cursor = "";
  do {
    const query = new URLSearchParams({ limit, ...(day ? { day } : {}), ...(cursor ? { cursor } : {}) });
    const answer = await shop.call("GET", `/v1/audit?${query}`, { token: shop.keys.KAUNTER_SERVER_KEY });
    assert.equal(answer.status, 200, answer.text);
    entries.push(...answer.json.entries);
    cursor = answer.json.next_cursor;
  } while (cursor);
  return entries;
}

function verify(shop, env = {}, config = "kaunter.toml") {
  const { status, stdout, stderr } = spawnSync(
    shop.backendProgram.child.spawnfile,
    ["--config", join(shop.dir, config), "audit", "verify", "--json"],
    { env: { ...process.env, ...shop.environment, ...env }, encoding: "utf8" },
  );
  const found = status === 2 ? null : JSON.parse(stdout);
  return { status, found, kinds: [...new Set(found?.faults.map(({ kind }) => kind))].sort(), said: stdout + stderr };
}

/** The same counter whose day is another one, because its clock has another offset from UTC. */
const onOffset = (shop, offset) =>
  reconfigured(shop, (toml) => `utc_offset = "${offset}"\n${toml.replace(/^utc_offset.*\n/m, "")}`);

const sealed = (words) => [...words.matchAll(/is sealed for (\S+) .*? seal (\d+), (\d+) rows in (\d+) chains, (\w+)/g)];

test("rule 41: every edit of the database is found: changed, missing, moved, added and cut rows, states and seals", async (t, make) => {
  const shop = await make(t, { scale: 0.1, extra: 'utc_offset = "-12:00"' });
  const first = await paid(shop, "first");
  const second = await paid(shop, "second");
  const gone = await give(shop, first, await shop.token());
  assert.equal(gone.json.status, "voided", JSON.stringify(gone.json));
  const cashier = await shop.token("till-2", { rights: ["charge", "list"], cashier: "boss@till-1" });
  assert.equal((await give(shop, second, cashier)).json.code, "token_forbidden");

  // Columns.
  const entries = await trail(shop);
  const of = (trade) => entries.filter(({ chain }) => chain === trade.trade_id);
  assert.deepEqual(
    of(first).map(({ seq }) => seq),
    of(first).map((_, at) => at + 1),
    "each row has its place",
  );
  const voided = of(first).find(({ event }) => event === "void");
  assert.deepEqual(
    [voided.actor, voided.terminal, voided.from, voided.to, voided.reason, voided.gateway_answer, voided.address],
    ["person", "till-1", "paid", "voiding", "the wrong item", null, "127.0.0.1"],
  );
  assert.match(voided.trace_id, /^\w{32}$/);
  const answered = of(first).find(({ event }) => event === "void_answered");
  assert.deepEqual([answered.actor, answered.who, answered.to], ["gateway", null, "voided"]);
  assert.equal(answered.trace_id, voided.trace_id, "the gateway's answer has the trace id of the call that asked");
  const refused = entries.find(({ event }) => event === "refused");
  assert.deepEqual(
    [refused.who, refused.terminal, refused.code, refused.call, refused.trade_id],
    ["boss@till-1", "till-2", "token_forbidden", "POST /v1/trades/{trade_id}/void", second.trade_id],
    "a name can not be taken for a terminal",
  );
  const minted = entries.find(({ event, terminal }) => event === "token_minted" && terminal === "till-2");
  assert.deepEqual(
    [minted.actor, minted.server_key, minted.who, minted.reason],
    ["server", "server", "boss@till-1", "charge list"],
  );

  // The day ends: what is there is sealed, and what comes later belongs to the next seal.
  await onOffset(shop, "+14:00");
  const line = await until("the day is sealed", () =>
    sealed(shop.backendProgram.words).find(([, , , rows]) => Number(rows) > 0),
  );
  const third = await paid(shop, "third");
  await shop.stopBackend();
  const good = verify(shop);
  assert.equal(good.status, 0, good.said);
  assert.equal(good.found.last_seal, sealed(shop.words).at(-1)[5], "the log has the last seal");
  const count = (where) => Number(sql(shop, `SELECT COUNT(*) FROM audit WHERE ${where};`)[0][0]);
  assert.equal(count(`seal = ${line[2]}`), Number(line[3]));
  assert.equal(count(`trade_id = ${quoted(third.trade_id)} AND seal <> 0`), 0);
  assert.equal(good.found.rows, count("seq > 0"));

  // Every edit. A fault is named with its chain.
  for (const table of TABLES) sql(shop, `CREATE TABLE copy_${table} AS SELECT * FROM ${table};`);
  const restore = TABLES.map((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM copy_${table};`);
  const names = { [first.trade_id]: "first", [second.trade_id]: "second", [third.trade_id]: "third" };
  const [one, two, three] = [first, second, third].map(({ trade_id }) => `trade_id = ${quoted(trade_id)}`);
  const last = of(first).length;
  const cut = `DELETE FROM audit WHERE ${one} AND seq = ${last};`;
  const setBack = `UPDATE trades SET audit_seq = ${last - 1}, audit_hash = (SELECT hash FROM audit WHERE audit.trade_id = trades.trade_id AND seq = ${last - 1}) WHERE ${one};`;
  const state = (from, to, which) => `UPDATE trades SET state = REPLACE(state, '"${from}"', '"${to}"') WHERE ${which};`;
  const groups = [
    {
      "a changed reason": [`UPDATE audit SET note = 'a gift' WHERE ${one} AND event = 'void';`, "changed first"],
      "a row behind the seal": [`UPDATE audit SET who = 'x' WHERE ${three} AND event = 'started';`, "changed third"],
      "a row in the middle": [`DELETE FROM audit WHERE ${two} AND seq = 2;`, "missing second", "seal_broken"],
    },
    {
      "the first row": [`DELETE FROM audit WHERE ${three} AND seq = 1;`, "missing third"],
      "moved to another chain": [
        `UPDATE audit SET trade_id = ${quoted(second.trade_id)}, version = 99, seq = 99 WHERE ${one} AND event = 'void';`,
        "missing first",
        "missing second",
        "extra second",
      ],
    },
    {
      "two rows in another order": [
        `UPDATE audit SET seq = -1 WHERE ${two} AND seq = 1; UPDATE audit SET seq = 1 WHERE ${two} AND seq = 2; UPDATE audit SET seq = 2 WHERE ${two} AND seq = -1;`,
        "changed second",
      ],
      "a cut end": [cut, "cut first", "seal_broken"],
      "a cut end behind the seal": [
        `DELETE FROM audit WHERE ${three} AND seq = (SELECT audit_seq FROM trades WHERE ${three});`,
        "cut third",
      ],
      "a server key": ["UPDATE audit SET server_key = '' WHERE event = 'token_minted';", "changed"],
      "a refusal": ["DELETE FROM audit WHERE event = 'refused';", "cut"],
    },
    {
      "a cut with the stored end": [cut + setBack, "state_changed first"],
      "a trade that was decided by hand": [state("paid", "declined", two), "state_changed second"],
      "a trade without its trail": [`DELETE FROM trades WHERE ${three};`, "extra third"],
      "a whole seal": [`DELETE FROM audit_seals WHERE nth = ${line[2]};`, "seal_missing"],
    },
    { "a cut with the stored end and the state": [cut + setBack + state("voided", "voiding", one), "seal_broken"] },
    { "a whole trade": [`DELETE FROM audit WHERE ${one}; DELETE FROM trades WHERE ${one};`, "seal_broken"] },
    { "a row out of its seal": [`UPDATE audit SET seal = 0 WHERE ${one};`, "seal_broken"] },
    { "a seal": [`UPDATE audit_seals SET row_count = 1 WHERE nth = ${line[2]};`, "seal_broken", "seal_changed"] },
  ];
  for (const group of groups) {
    const edits = Object.values(group);
    sql(shop, `BEGIN; ${[...restore, ...edits.map(([edit]) => edit)].join(" ")} COMMIT;`);
    const { status, found, said } = verify(shop);
    assert.equal(status, 1, Object.keys(group).join());
    const told = found.faults.map(({ kind, chain }) => `${kind} ${names[chain] ?? ""}`.trim());
    for (const [what, [, ...faults]] of Object.entries(group))
      for (const fault of faults) assert.ok(told.includes(fault), `${what} is not found as ${fault}: ${said}`);
  }
  sql(shop, restore.join(" "));
  assert.equal(verify(shop).status, 0, "and all is good again");

  // Keys.
  const { KAUNTER_SIGNING_KEY: before } = shop.keys;
  const other = "another-audit-key-0123456789abcdef-ghijkl";
  const stranger = verify(shop, { KAUNTER_AUDIT_KEY: other });
  assert.deepEqual([stranger.status, stranger.kinds], [1, ["key_unknown"]]);
  Object.assign(shop.environment, { KAUNTER_AUDIT_KEY: other, KAUNTER_AUDIT_KEY_PREVIOUS: before });
  await shop.startBackend();
  assert.equal((await give(shop, second, await shop.token())).json.status, "voided");
  const both = verify(shop);
  assert.equal(both.status, 0, `one chain under two keys, read while the backend runs: ${both.said}`);
  await writeFile(join(shop.dir, "broken.toml"), "shop = 1\n");
  assert.equal(verify(shop, {}, "broken.toml").status, 2);
});

plain(
  "rule 41: refused calls have sixty rows a minute in a chain of their terminal, and then they are counted",
  async (t) => {
    const shop = await counter(t, { scale: 0.02 });
    const token = await shop.token("till-1", { rights: ["charge"] });
    const refuse = async () =>
      assert.equal((await shop.call("GET", "/v1/trades?day=2026-11-27", { token })).json.code, "token_forbidden");
    const minute = () => Math.floor(Date.now() / 60_000);
    const began = minute();
    await Promise.all(Array.from({ length: 70 }, refuse));
    const chain = () =>
      sql(shop, "SELECT seq, left_out FROM audit_chains WHERE name = 'terminal:till-1';").flat().map(Number);
    const [rows, leftOut] = chain();
    assert.ok(
      rows <= 70 && (minute() !== began || (rows === 60 && leftOut === 10)),
      `${rows} rows, ${leftOut} left out`,
    );
    // The minute is over.
    sql(shop, "UPDATE audit_chains SET minute = minute - 1;");
    if (leftOut > 0) {
      const told = await until("what was left out is told", () =>
        sql(shop, "SELECT note, terminal FROM audit WHERE event = 'refusals_left_out';").at(-1),
      );
      assert.deepEqual(told, [String(leftOut), "till-1"]);
    }
    await refuse();
    assert.ok(chain()[0] > rows);
    assert.equal(verify(shop).status, 0);
    const mine = await shop.call("GET", "/v1/audit", { token });
    assert.equal(mine.json.code, "server_key_invalid", "a terminal does not read it");
    for (const [query, param] of [
      ["day=yesterday", "day"],
      ["limit=0", "limit"],
      ["cursor=1", "cursor"],
      ["cursor=1-K-1-0", "cursor"],
    ]) {
      const { status, json } = await shop.call("GET", `/v1/audit?${query}`, { token: shop.keys.KAUNTER_SERVER_KEY });
      assert.deepEqual([status, json.param], [400, param]);
    }
  },
);

plain(
  "rule 41: a reference or a name that could be taken for another is refused, with what is wrong with it",
  async (t) => {
    const shop = await counter(t, { scale: 0.1 });
    const key = shop.keys.KAUNTER_SERVER_KEY;
    const names = { shop: "demo", terminal: "till-1", cashier: "aminah", rights: ["charge", "void"] };
    const mint = (more) => shop.call("POST", "/v1/terminal-tokens", { token: key, body: { ...names, ...more } });
    const token = (await mint({})).json.token;
    const begin = (ref) =>
      shop.call("POST", "/v1/trades", {
        token,
        body: {
          idempotency_key: "0".repeat(32),
          sale: { ref, amount: { minor: 1, currency: "MYR" } },
          wallet_id: "23",
          mode: "consumer_presented",
        },
      });
    for (const [text, words] of [
      ["INV\u202e1-", /can't be seen or that turns the direction/],
      ["INV\u200b1", /can't be seen/],
      ["INV\u2028approved", /separator/],
      ["INV\n1", /control character/],
      [" INV1", /begins or ends with a space/],
      ["INV1\u00a0", /begins or ends with a space/],
      ["INV\u00a01", /not the ordinary one/],
      ["INV1\u2800", /can't be seen/],
      ["INV1\ue000", /does not define, or that is private/],
      ["Jose\u0301", /NFC/],
    ]) {
      for (const [answer, code, param] of [
        [await mint({ cashier: text }), "bad_request", "cashier"],
        [await mint({ terminal: text }), "bad_request", "terminal"],
        [await begin(text), "sale_invalid", "sale.ref"],
      ]) {
        assert.deepEqual([answer.status, answer.json.code, answer.json.param], [400, code, param], answer.text);
        assert.match(answer.json.detail, words);
      }
    }
    const trade = await paid(shop, "José");
    const reason = await give(shop, trade, token, "approved\u2028boss: yes");
    assert.deepEqual([reason.json.code, reason.json.param], ["bad_request", "reason"]);
    assert.match(reason.json.detail, /separator/);
  },
);

test("rule 42: a void has limits of amount, number and age, over all processes; a fast hand raises an alarm", async (t, make) => {
  const limits = "[limits.void]\nmax_per_hour = 3\nalarm_per_hour = 2\nmax_amount_minor = 2000\n";
  const office = "[limits.void.terminals.office]\nmax_amount_minor = 9000\nmax_age_s = 0\n";
  const shop = await make(t, { scale: 0.1, extra: limits + office });
  const programs = [shop.backendProgram];
  if (shop.environment.KAUNTER_DATABASE_URL) {
    for (let nth = 1; nth < 3; nth++) {
      const config = join(shop.dir, `backend-${nth}.toml`);
      await writeFile(config, shop.toml("127.0.0.1:0"));
      const program = new Program("backend", ["--config", config], shop.environment, "info");
      t.after(() => program.stop("SIGKILL"));
      programs.push(program);
    }
  }
  const backends = await Promise.all(programs.map(({ address }) => address));
  const token = await shop.token();
  const large = await paid(shop, "large", { minor: 2001 });
  const above = await give(shop, large, token);
  assert.deepEqual([above.status, above.json.code], [403, "limit_exceeded"], "the amount is above the limit");
  assert.match(above.json.detail, /amount is above/);
  const old = await give(shop, large, await shop.token("office"));
  assert.equal(old.json.code, "limit_exceeded");
  assert.match(old.json.detail, /older than/);
  const trades = await Promise.all(Array.from({ length: 9 }, (_, nth) => paid(shop, `sale-${nth}`)));
  const answers = await Promise.all(
    trades.map((trade, nth) => give(shop, trade, token, "a test", backends[nth % backends.length])),
  );
  const ends = answers.map(({ json }) => json.code ?? "given").sort();
  assert.deepEqual(ends, [...Array(3).fill("given"), ...Array(6).fill("limit_exceeded")]);
  const given = trades.filter((_, nth) => !answers[nth].json.code);
  const again = await give(shop, given[0], token, "once more");
  assert.notEqual(again.json.code, "limit_exceeded", "a void that was given is not counted again");
  // Nor is a person another one in other letters, at another terminal.
  const elsewhere = await open(shop, "elsewhere", {}, "till-2");
  await handOver(shop, elsewhere, await shop.code());
  await reaches(shop, elsewhere, ["paid"]);
  const other = await shop.token("till-2", { cashier: "Cashier" });
  assert.equal((await give(shop, elsewhere, other)).json.code, "limit_exceeded", "one person has one limit");
  const back = (await shop.ledger()).filter(({ refunded }) => refunded > 0);
  assert.equal(back.length, 3, "the gateway gave no more back");
  let alarms = 0;
  for (const { operator } of programs) {
    const metrics = await (await fetch(`${operator}/metrics`)).text();
    alarms += Number(/kaunter_alarms_total\{alarm="void_rate"\} (\d+)/.exec(metrics)[1]);
  }
  assert.equal(alarms, 2, "the second and the third");
  const refused = (await trail(shop)).filter(({ code }) => code === "limit_exceeded");
  assert.equal(refused.length, 9, "each refusal is recorded");
  assert.equal(refused.filter(({ who }) => who === "Cashier").length, 1, "with the name as it was written");
  const seals = programs.flatMap(({ words }) => sealed(words));
  const days = sql(shop, "SELECT DISTINCT day FROM audit_seals;").flat();
  assert.deepEqual(seals.map(([, day]) => day).sort(), days.sort(), "one process seals a day, once");
  assert.equal(verify(shop).status, 0);
});
