// Many open trades at a start, and few questions a second. Is the gateway never asked more often, are all tills served
// alike, and does a till's own sale go on meanwhile?

import assert from "node:assert/strict";
import { until } from "../terminal/harness.mjs";
import { handOver, open, reaches, stores } from "./desk.mjs";
import { before, ok } from "./gateway.mjs";
import { leaveOpen, terminalOf } from "./left.mjs";

const { test } = stores();

const LEFT = 5_000;
const TERMINALS = 100;
const PER_SECOND = 150;
/** Three rounds and a half: a question that arrives a little late does not change a whole round. */
const SEEN = 3.5 * TERMINALS;

/** A number of `/metrics`. */
async function metric(shop, name) {
  const { text } = await shop.call("GET", "/metrics");
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

test("rule 50: 5,000 open trades at a start: never more questions than the budget, every till alike, and a till's own sale goes on", async (t, make) => {
  const asked = [];
  const pending = ({ trans_id }) => {
    asked.push({ trans_id, at: performance.now() });
    return ok({ pay_status: "P", trans_id });
  };
  const pay = ({ trans_id }) => ok({ status: 200, trans_id });
  const policy = { questions_per_second: PER_SECOND, deadline_ms: 20_000, terminal_silent_ms: 600_000 };
  const { shop, own } = await before(t, { pay, status: pending }, { make, policy });
  await leaveOpen(shop, { count: LEFT, terminals: TERMINALS });
  asked.length = 0;

  const began = performance.now();
  await shop.startBackend();
  const token = shop.keys.KAUNTER_SERVER_KEY;
  const looked = await shop.call("GET", "/v1/trades/KLEFT004321", { token });
  assert.deepEqual([looked.status, looked.json?.status], [200, "pending"], looked.text);
  assert.ok(asked.length < LEFT / 10, "it answers long before all were asked about");

  // A till's own sale, beside what was left.
  const trade = await open(shop, "running");
  const nth = () => asked.length;
  await handOver(shop, trade, await shop.code());
  const [handed, { gateway_ref }] = [nth(), await reaches(shop, trade, ["pending", "unknown"])];
  await reaches(shop, trade, ["needs_review"]);
  const at = asked.flatMap((question, nth) => (question.trans_id === gateway_ref ? [nth] : []));
  assert.ok(at.length >= 4, `${at.length} questions in ten times their pause`);
  // It is asked about every 200 ms or more: some 30 others come between. Every terminal in turn would be 100.
  const between = at.map((nth, before) => nth - (at[before - 1] ?? handed));
  assert.ok(Math.max(...between) < 0.8 * TERMINALS, `other questions between its own: ${between}`);
  assert.ok((await metric(shop, "kaunter_questions_waiting")) > LEFT / 2, "its deadline did not wait for the others");

  await until("enough of the others are asked about", () => nth() > SEEN + 30);
  // A question that waits longer comes later, never earlier: the sum is bound from the first moment on.
  const early = asked.findIndex(
    (question, nth) => nth > (PER_SECOND * (question.at - began)) / 1_000 + PER_SECOND / 50 + 1,
  );
  assert.equal(early, -1, `question ${early} came too early`);

  // The one that somebody has looked at comes first, and again before the others.
  const isLooked = ({ trans_id }) => trans_id === "GLEFT004321";
  assert.ok(asked.slice(0, 60).some(isLooked), "one that somebody looks at comes first");
  const left = asked.filter((question) => terminalOf(question.trans_id, TERMINALS) && !isLooked(question));
  const ids = new Set(left.map(({ trans_id }) => trans_id));
  assert.equal(ids.size, left.length, "no trade twice before all have had a turn");
  const served = new Map(Array.from({ length: TERMINALS }, (_, nth) => [`left-${nth}`, 0]));
  for (const { trans_id } of left.slice(0, SEEN)) {
    const terminal = terminalOf(trans_id, TERMINALS);
    served.set(terminal, served.get(terminal) + 1);
  }
  const counts = [...served.values()];
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `questions of each till: ${counts}`);
  const paid = own.of("pay").filter(({ fields }) => terminalOf(fields.trans_id, TERMINALS));
  assert.deepEqual(paid, [], "a row that is read back is never paid");
});
