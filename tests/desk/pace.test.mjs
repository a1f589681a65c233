// A backend at twice its capacity, and back. Whom does it refuse, does every till get its answers, and does it recover?
//
// Two processes share a store that is far away, and few calls may be in progress at once: so the capacity is small and
// known. Tills are real HTTP clients that look again when their pause is over and their look was answered.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";
import { handOver, later, line, newTrade, open, reaches, together } from "./desk.mjs";
import { farAway } from "./far.mjs";
import { level, Till } from "./lookers.mjs";

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

const SCALE = 0.5;
const POLL_MS = 2_000 * SCALE;
/** Calls in progress. */
const PLACES = 2;
const TILLS = 40;
/** How long an answer of the store travels at first. */
const FIRST_WAY_MS = 10;

/** A payment that the customer confirms on the phone. */
async function pending(shop, nth) {
  const trade = await open(shop, `pending-${nth}`, {}, `till-${nth}`);
  const handed = await handOver(shop, trade, await shop.code("asks"));
  assert.equal(handed.status, 200, handed.text);
  return trade;
}

const confirm = (shop, { trade_id }) => shop.post("/_sim/phone/answer", { trade_id, approve: true });

test(`rule 51: ${TILLS} tills at twice the capacity and back: looks wait and none fails, new sales are refused, and all ends`, async (t) => {
  const far = await farAway(t, server.database());
  const shop = await counter(t, {
    scale: SCALE,
    policy: { deadline_ms: 600_000 },
    databaseUrl: far.url,
    change: (toml) => toml.replace("[limits]", `[limits]\nconcurrent_calls = ${PLACES}`),
  });
  const config = join(shop.dir, "second.toml");
  await writeFile(config, shop.toml("127.0.0.1:0"));
  const second = new Program("backend", ["--config", config], shop.environment, "error");
  t.after(() => second.stop("SIGKILL"));
  await second.address;

  const tills = [];
  for (let nth = 0; nth < TILLS; nth++) {
    const trade = await pending(shop, nth);
    tills.push(new Till(shop, trade, await shop.token(`till-${nth}`), POLL_MS));
  }
  const awaiting = [];
  for (let nth = 0; nth < 4; nth++) awaiting.push(await open(shop, `awaits-${nth}`, {}, `other-${nth}`));
  const buyer = await shop.token("buyer");
  let nth = 0;
  const begin = () => shop.call("POST", "/v1/trades", { token: buyer, body: newTrade(`new-${nth++}`) });
  assert.equal(await level(shop), "normal");
  assert.equal((await begin()).status, 200, "with capacity left, a sale begins");

  // How many looks a second it answers depends on the machine. So the way to the store becomes as long as it takes for a
  // round of all tills to last twice their usual pause: they need twice its capacity.
  const answered = { count: 0, paces: [] };
  far.slow(FIRST_WAY_MS);
  for (const till of tills) till.start(answered);
  await until("everybody was answered", () => answered.count >= TILLS);
  const [from, began] = [answered.count, performance.now()];
  await until("everybody was answered again", () => answered.count >= from + TILLS);
  const way_ms = (FIRST_WAY_MS * 2 * POLL_MS) / (performance.now() - began);
  far.slow(way_ms);

  // Clients that look every two seconds, whatever it asks for.
  for (const till of tills) till.pause_ms = POLL_MS;
  await until("it is past its capacity", async () => (await level(shop)) === "full");
  const refused = await until("a new sale is refused", async () => {
    const answer = await begin();
    return answer.status === 503 && answer;
  });
  later(refused, 503, "overloaded");
  assert.ok(Number(refused.headers.get("retry-after")) >= 2);
  // Payments that have begun go on.
  const [cancelled, ...handed] = awaiting;
  await together(handed, async (trade) => {
    const answer = await handOver(shop, trade, await shop.code("approves"));
    assert.equal(answer.status, 200, answer.text);
  });
  const token = await shop.token(cancelled.terminal);
  const closed = await shop.call("POST", `/v1/trades/${cancelled.trade_id}/cancel`, { token });
  assert.deepEqual([closed.status, closed.json.status], [200, "cancelled"], closed.text);
  const rounds = answered.count + 3 * TILLS;
  await until("everybody was answered some more times", () => answered.count >= rounds);

  // As many pages.
  for (const till of tills) till.isPage = true;
  await until("with the pace that it asks for, it takes sales again", async () => (await begin()).status === 200, {
    every: 250,
  });
  const some = tills.slice(0, 4);
  for (const { trade } of some) await confirm(shop, trade);
  await until("a look shows it", () => some.every(({ status }) => status === "paid"));

  // The load ends.
  const [stays, ...leave] = tills.slice(4);
  for (const till of [...some, ...leave]) await till.stop();
  await until("it is as before", async () => (await level(shop)) === "normal", { ms: 10_000 });
  assert.equal((await begin()).status, 200, "a sale begins");
  const looks = stays.looks;
  await until("it looks at the usual pace again", () => stays.looks > looks && stays.asked === null);
  await stays.stop();
  far.slow(0);

  const failed = tills.flatMap((till) => till.failed);
  assert.deepEqual(failed, [], "no look fails");
  const gap = Math.max(...tills.map((till) => till.gap));
  assert.ok(gap <= 4 * TILLS, `a till was left out for ${gap} answers`);
  const paces = [Math.min(...answered.paces), Math.max(...answered.paces)];
  assert.ok(paces[0] >= 2 * POLL_MS && paces[1] <= 5 * POLL_MS, `the paces are ${paces}`);
  for (const { trade } of tills.slice(4)) await confirm(shop, trade);
  const paid = [...tills.map(({ trade }) => trade), ...handed];
  await together(paid, async (trade) => {
    await reaches(shop, trade, ["paid"]);
    assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
  });
  assert.equal(await shop.kept(), paid.length * 1200);
  t.diagnostic(
    `${answered.count} looks, at most ${gap} between two answers of one of ${TILLS} tills, a way of ${way_ms} ms`,
  );
});
