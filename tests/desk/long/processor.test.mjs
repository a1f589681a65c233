// A backend with too little of a processor: tills need twice of what it has, and then less. Does it notice, whom does it
// refuse, does every till get its answers, and does it recover?
//
// The store is a file on this machine and no look needs it, so nothing but the processor is short.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { counter, until } from "../../terminal/harness.mjs";
import { handOver, later, line, newTrade, open, reaches, together } from "../desk.mjs";
import { duty } from "../duty.mjs";
import { level, Till } from "../lookers.mjs";

const SCALE = 0.5;
const POLL_MS = 2_000 * SCALE;
/** More than a queue of the runtime holds (256 for each thread), so that a till may wait behind all others. */
const TILLS = 600;
const PAYMENTS = 12;
/** The backend's part of the processor at first. */
const FIRST_PART = 0.5;

/** Tokens of so many tills, minted as the shop's server mints them, without a call for each. */
function tokens(shop, count) {
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, nth) => {
    const claims = { iss: "kaunter", exp: now + 600, iat: now, shop: "demo", terminal: `looks-${nth}`, cashier: "c" };
    const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ ...claims, rights: ["charge"] })}`;
    return `${text}.${createHmac("sha256", shop.keys.KAUNTER_SIGNING_KEY).update(text).digest("base64url")}`;
  });
}

test(`rule 51: ${TILLS} tills that need twice the backend's processor, and back: looks wait and none fails, new sales are refused, and all ends`, async (t) => {
  const shop = await counter(t, {
    scale: SCALE,
    policy: { deadline_ms: 600_000 },
    change: (toml) => toml.replace("[limits]", "[limits]\ncalls_per_minute_per_address = 1000000"),
  });
  const payments = [];
  for (let nth = 0; nth < PAYMENTS; nth++) {
    const trade = await open(shop, `pending-${nth}`, {}, `till-${nth}`);
    assert.equal((await handOver(shop, trade, await shop.code("asks"))).status, 200);
    payments.push(trade);
  }
  const awaits = await open(shop, "awaits", {}, "other");
  const handed = await open(shop, "handed", {}, "another");
  const [buyer, code] = [await shop.token("buyer"), await shop.code("approves")];
  const tills = tokens(shop, TILLS).map((token, nth) => new Till(shop, payments[nth % PAYMENTS], token, POLL_MS));
  let nth = 0;
  const begin = () => shop.call("POST", "/v1/trades", { token: buyer, body: newTrade(`new-${nth++}`) });

  // Its part of the processor becomes so small that a round of all tills lasts twice their usual pause.
  const processor = duty(t, shop.backendProgram.child.pid);
  const first = processor.part(FIRST_PART);
  const answered = { count: 0, paces: [] };
  for (const till of tills) till.start(answered);
  await until("everybody was answered", () => answered.count >= TILLS);
  const [from, began] = [answered.count, performance.now()];
  await until("everybody was answered again", () => answered.count >= from + TILLS);
  const round_ms = performance.now() - began;
  const part = processor.part(Math.min(1, (first * round_ms) / (2 * POLL_MS)));
  t.diagnostic(`a round of ${round_ms} ms at ${first} of a processor, so it gets ${part}`);

  // Clients that look every two seconds, whatever it asks for.
  for (const till of tills) till.pause_ms = POLL_MS;
  await until("it is past its capacity", async () => (await level(shop)) === "full", { ms: 20_000 });
  const refused = await until("a new sale is refused", async () => {
    const answer = await begin();
    return answer.status === 503 && answer;
  });
  later(refused, 503, "overloaded");
  // Payments that have begun go on.
  const answer = await handOver(shop, handed, code);
  assert.equal(answer.status, 200, answer.text);
  const token = await shop.token(awaits.terminal);
  const closed = await shop.call("POST", `/v1/trades/${awaits.trade_id}/cancel`, { token });
  assert.deepEqual([closed.status, closed.json.status], [200, "cancelled"], closed.text);
  const rounds = answered.count + 2 * TILLS;
  await until("everybody was answered some more times", () => answered.count >= rounds);

  // As many pages.
  for (const till of tills) till.isPage = true;
  await until("with the pace that it asks for, it takes sales again", async () => (await begin()).status === 200, {
    every: 250,
  });

  // The load ends.
  const [stays, ...leave] = tills;
  await Promise.all(leave.map((till) => till.stop()));
  await until("it is as before", async () => (await level(shop)) === "normal", { ms: 10_000 });
  assert.equal((await begin()).status, 200, "a sale begins");
  const looks = stays.looks;
  await until("it looks at the usual pace again", () => stays.looks > looks && stays.asked === null);
  await stays.stop();
  await processor.end();

  const failed = tills.flatMap((till) => till.failed);
  assert.deepEqual(failed, [], "no look fails");
  const gap = Math.max(...tills.map((till) => till.gap));
  // The slowest pace is five times the usual one.
  assert.ok(gap <= 8 * TILLS, `a till was left out for ${gap} answers`);
  for (const { trade_id } of payments) await shop.post("/_sim/phone/answer", { trade_id, approve: true });
  await together([...payments, handed], async (trade) => {
    await reaches(shop, trade, ["paid"]);
    assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
  });
  assert.equal(await shop.kept(), (PAYMENTS + 1) * 1200);
  t.diagnostic(`${answered.count} looks, at most ${gap} between two answers of one of ${TILLS} tills`);
});
