// A start with 100,000 open trades: is it ready at once, what does it hold in memory for each, and are the questions
// spread?

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { until } from "../../terminal/harness.mjs";
import { stores } from "../desk.mjs";
import { before, ok } from "../gateway.mjs";
import { leaveOpen, terminalOf } from "../left.mjs";

const { test } = stores();

const LEFT = 100_000;
const TERMINALS = 2_000;
const PER_SECOND = 500;
/** The bound. */
const READY_MS = 5_000;

/** What a process holds in memory, in bytes. */
function held({ child }) {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return 1_024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]);
}

test("rule 50: 100,000 open trades: ready within 5 s, and the gateway is asked in turn", async (t, make) => {
  const asked = [];
  const pending = ({ trans_id }) => {
    asked.push({ trans_id, at: performance.now() });
    return ok({ pay_status: "P", trans_id });
  };
  const pay = ({ trans_id }) => ok({ status: 200, trans_id });
  const policy = { questions_per_second: PER_SECOND };
  const { shop } = await before(t, { pay, status: pending }, { make, policy, scale: 1 });
  const empty = held(shop.backendProgram);
  await leaveOpen(shop, { count: LEFT, terminals: TERMINALS });
  asked.length = 0;

  const began = performance.now();
  await shop.startBackend();
  assert.equal((await fetch(`${shop.backend}/healthz`)).status, 200);
  const token = shop.keys.KAUNTER_SERVER_KEY;
  const looked = await shop.call("GET", "/v1/trades/KLEFT098765", { token });
  assert.equal(looked.status, 200, looked.text);
  const ready = performance.now() - began;
  t.diagnostic(`ready and a look answered after ${Math.round(ready)} ms`);
  assert.ok(ready < READY_MS, `${ready} ms`);

  await until("every row is read", () => /every open trade is driven/.test(shop.backendProgram.words), { ms: 120_000 });
  t.diagnostic(`every row read after ${Math.round(performance.now() - began)} ms`);
  const each = (held(shop.backendProgram) - empty) / LEFT;
  t.diagnostic(`${Math.round(each)} bytes for each open trade`);
  await until("six rounds and a half", () => asked.length > 6.5 * TERMINALS + 500, { ms: 300_000 });
  t.diagnostic(`${asked.length} questions after ${Math.round(performance.now() - began)} ms`);

  const early = asked.findIndex(({ at }, nth) => nth > (PER_SECOND * (at - began)) / 1_000 + PER_SECOND / 50 + 1);
  assert.equal(early, -1, `question ${early} came too early`);
  const served = new Map();
  for (const { trans_id } of asked.filter(({ trans_id }) => trans_id !== "GLEFT098765").slice(0, 6.5 * TERMINALS)) {
    const terminal = terminalOf(trans_id, TERMINALS);
    if (terminal) served.set(terminal, (served.get(terminal) ?? 0) + 1);
  }
  const counts = [...served.values()];
  assert.equal(served.size, TERMINALS);
  assert.ok(
    Math.max(...counts) - Math.min(...counts) <= 1,
    `${Math.min(...counts)} to ${Math.max(...counts)} of each till`,
  );
});
