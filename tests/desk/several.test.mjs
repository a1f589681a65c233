// What do several processes on one store cost it? Each of them could ask about every payment and check every row.
// Statements are counted, and no time is measured.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program, until } from "../terminal/harness.mjs";
import { handOver, open, stores } from "./desk.mjs";

const { onPostgres } = stores();
const SCALE = 0.25;
const TILLS = 24;
const QUESTIONS = 200;
const LOOKS = 480;
/**
 * How many statements a question may cost. One, less what is shared; and the other process reads the row once in ten
 * seconds, to see that the question has been asked.
 */
const SHARE = 1.25;
/** What the sweep and the day's seal of each process cost meanwhile. */
const BESIDE = 20;

async function statements(operators) {
  const each = operators.map(async (operator) => {
    const text = await (await fetch(`${operator}/metrics`)).text();
    return Number(/^kaunter_store_statements_total (\d+)$/m.exec(text)[1]);
  });
  return (await Promise.all(each)).reduce((sum, count) => sum + count, 0);
}

async function look(shop, trade, backend) {
  const headers = { authorization: `Bearer ${shop.keys.KAUNTER_SERVER_KEY}` };
  const answer = await fetch(`${backend}/v1/trades/${trade.trade_id}`, { headers });
  return (await answer.json()).status;
}

/** Two processes, each with half of the tills, whose customers have not paid. */
async function two(t, customer) {
  const shop = await onPostgres(t, { scale: SCALE, log: "error" });
  const config = join(shop.dir, "other.toml");
  await writeFile(config, shop.toml("127.0.0.1:0"));
  const other = new Program("backend", ["--config", config], shop.environment, "error");
  t.after(() => other.stop("SIGKILL"));
  const backends = [shop.backend, await other.address];
  const tills = [];
  for (const backend of backends) {
    shop.backend = backend;
    const half = Array.from({ length: TILLS / 2 }, async () => {
      const nth = tills.push({ backend });
      const trade = await open(shop, `order-${nth}`, {}, `till-${nth}`);
      await handOver(shop, trade, await shop.code(customer));
      tills[nth - 1].trade = trade;
    });
    await Promise.all(half);
  }
  shop.backend = backends[0];
  return { shop, other, tills, operators: [shop.operator, other.operator] };
}

test("PostgreSQL: two processes: questions share their statements, and so do looks", async (t) => {
  const { shop, tills, operators } = await two(t, "ignores");
  const asked = async () => (await shop.calls("status")).length;
  const first = { questions: await asked(), statements: await statements(operators) };
  await until("questions", async () => (await asked()) >= first.questions + QUESTIONS, { ms: 60_000, every: 50 });
  const second = { questions: await asked(), statements: await statements(operators) };
  const alone = second.statements - first.statements;
  const questions = second.questions - first.questions;
  t.diagnostic(`${questions} questions cost ${alone} statements`);
  assert.ok(alone <= questions * SHARE + BESIDE, `${questions} questions cost ${alone} statements`);

  for (let looks = 0; looks < LOOKS; looks += TILLS) {
    const seen = await Promise.all(tills.map(({ trade, backend }) => look(shop, trade, backend)));
    assert.deepEqual([...new Set(seen)], ["pending"]);
  }
  const more = (await asked()) - second.questions;
  const cost = (await statements(operators)) - second.statements - more;
  t.diagnostic(`${LOOKS} looks cost ${cost} statements, beside ${more} questions`);
  assert.ok(cost <= LOOKS * 0.75 + BESIDE, `${LOOKS} looks cost ${cost} statements`);
});

test("PostgreSQL: a process ends: another one asks about its payments, and the tills learn that they are paid", async (t) => {
  const { shop, other, tills } = await two(t, { approves_after_ms: 1_500 });
  await other.stop("SIGKILL");
  for (const { trade } of tills) {
    const isPaid = async () => (await look(shop, trade, shop.backend)) === "paid";
    await until(`${trade.sale.ref} is paid`, isPaid, { ms: 60_000, every: 100 });
  }
});
