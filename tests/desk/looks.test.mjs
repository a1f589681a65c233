// What does a look cost the store, and is it ever old? While one process has the store, it looks into its memory; with
// several, what one has changed the others show at the next look. Statements are counted, and no time is measured.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { handOver, open } from "./desk.mjs";

const SCALE = 0.25;
const TILLS = 8;
const LOOKS = 400;
const QUESTIONS = 60;
/** What the sweep and the day's seal cost meanwhile. */
const BESIDE = 20;

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

function onBoth(name, run) {
  test(`SQLite: ${name}`, (t) => run(t, {}));
  test(`PostgreSQL: ${name}`, (t) => run(t, { databaseUrl: server.database() }));
}

async function numbers(operator) {
  const text = await (await fetch(`${operator}/metrics`)).text();
  const number = (name) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)[1]);
  return { statements: number("kaunter_store_statements_total"), sole: number("kaunter_store_sole") };
}

const isSole = (operator) =>
  until("it is the only process", async () => (await numbers(operator)).sole === 1, { ms: 20_000, every: 50 });

async function look(shop, trade, backend = shop.backend) {
  const headers = { authorization: `Bearer ${shop.keys.KAUNTER_SERVER_KEY}` };
  const answer = await fetch(`${backend}/v1/trades/${trade.trade_id}`, { headers });
  return { status: answer.status, json: await answer.json() };
}

/** How many statements the store was asked to run, without those of the two readings. */
async function statementsOf(operator, run) {
  const first = await numbers(operator);
  const second = await numbers(operator);
  await run();
  const third = await numbers(operator);
  return third.statements - second.statements - (second.statements - first.statements);
}

onBoth("a look of the only process costs no statement, and a question at the gateway at most one", async (t, store) => {
  const shop = await counter(t, { scale: SCALE, log: "error", ...store });
  const trades = await Promise.all(
    Array.from({ length: TILLS }, (_, nth) => open(shop, `order-${nth}`, {}, `till-${nth}`)),
  );
  for (const trade of trades) await handOver(shop, trade, await shop.code("ignores"));
  await isSole(shop.operator);
  for (const trade of trades) assert.equal((await look(shop, trade)).json.status, "pending");
  const asked = async () => (await shop.calls("status")).length;
  const before = await asked();
  let looks = 0;
  const cost = await statementsOf(shop.operator, async () => {
    let questions = 0;
    while (looks < LOOKS || questions < QUESTIONS) {
      await Promise.all(trades.map(async (trade) => assert.equal((await look(shop, trade)).json.status, "pending")));
      looks += TILLS;
      questions = (await asked()) - before;
    }
  });
  const questions = (await asked()) - before;
  t.diagnostic(`${looks} looks and ${questions} questions cost ${cost} statements`);
  assert.ok(cost <= questions + BESIDE, `${looks} looks and ${questions} questions cost ${cost} statements`);
});

async function second(t, shop, name) {
  const config = join(shop.dir, `${name}.toml`);
  await writeFile(config, shop.toml("127.0.0.1:0"));
  const program = new Program("backend", ["--config", config], shop.environment, "error");
  t.after(() => program.stop("SIGKILL"));
  return { program, address: await program.address };
}

async function cancel(shop, trade, backend) {
  const token = await shop.token(trade.terminal);
  const answer = await fetch(`${backend}/v1/trades/${trade.trade_id}/cancel`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "kaunter-device": "0".repeat(32) },
  });
  assert.equal(answer.status, 200, await answer.text());
}

onBoth(
  "what one process has changed, the other shows at its next look; after it has left, looks are free",
  async (t, store) => {
    const shop = await counter(t, { scale: SCALE, log: "error", ...store });
    const trades = [];
    for (let nth = 0; nth < 9; nth++) trades.push(await open(shop, `order-${nth}`, {}, `till-${nth}`));
    await isSole(shop.operator);
    for (const trade of trades) assert.equal((await look(shop, trade)).json.status, "awaiting_code");
    const other = await second(t, shop, "other");
    assert.equal((await numbers(shop.operator)).sole, 0, "the first gave way before the second listened");
    const last = trades.pop();
    for (const [nth, trade] of trades.entries()) {
      const [here, there] = nth % 2 ? [shop.backend, other.address] : [other.address, shop.backend];
      assert.equal((await look(shop, trade, there)).json.status, "awaiting_code");
      await cancel(shop, trade, here);
      assert.equal((await look(shop, trade, there)).json.status, "cancelled", `the change ${nth} is seen at once`);
    }
    await cancel(shop, last, other.address);
    await other.program.stop("SIGKILL");
    assert.equal((await look(shop, last)).json.status, "cancelled", "the killed process left nothing old");
    await isSole(shop.operator);
    await look(shop, last);
    const cost = await statementsOf(shop.operator, async () => {
      for (let nth = 0; nth < 100; nth++) assert.equal((await look(shop, last)).json.status, "cancelled");
    });
    assert.ok(cost <= BESIDE, `100 looks cost ${cost} statements`);
  },
);

test("PostgreSQL: a store that stops and comes back: no look is answered from memory meanwhile", async (t) => {
  const own = await postgres();
  t.after(() => own.stop());
  const shop = await counter(t, { scale: SCALE, log: "error", databaseUrl: own.database() });
  const [kept, left] = [await open(shop, "kept"), await open(shop, "left", {}, "till-2")];
  await isSole(shop.operator);
  own.halt();
  await until("a look is refused", async () => (await look(shop, kept)).status === 503, { ms: 20_000, every: 50 });
  own.start();
  await until("it looks again", async () => (await look(shop, kept)).status === 200, { ms: 20_000, every: 50 });
  await cancel(shop, left, shop.backend);
  assert.equal((await look(shop, left)).json.status, "cancelled");
  await isSole(shop.operator);
  assert.equal((await look(shop, left)).json.status, "cancelled");
  assert.equal((await look(shop, kept)).json.status, "awaiting_code");
});
