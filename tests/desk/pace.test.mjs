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

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

const LONG = process.env.KAUNTER_LONG === "1";
const SCALE = 0.5;
const POLL_MS = 2_000 * SCALE;
/** The time that an answer of the store travels. A look takes one such time at least. */
const WAY_MS = 100;
const PLACES = LONG ? 8 : 2;
/** So many tills need twice the looks that the places can answer. */
const TILLS = 2 * PLACES * (POLL_MS / WAY_MS);

/** The level that the metrics show. */
async function level(shop) {
  const { text } = await shop.call("GET", "/metrics");
  return /kaunter_load_level\{level="(\w+)"\} 1/.exec(text)?.[1];
}

/** A till that looks at its payment until it ends, or until it is stopped. */
class Till {
  constructor(shop, trade, token) {
    Object.assign(this, { shop, trade, token, looks: 0, failed: [], gap: 0, paces: [], asked: null });
  }
  /** `follows`: it looks at the pace that the backend asks for. `answered` counts the answers of all tills. */
  start(answered, follows) {
    this.stopped = false;
    this.running = this.run(answered, follows);
  }
  async run(answered, follows) {
    let last = answered.count;
    while (!this.stopped) {
      const began = performance.now();
      const { status, headers, json, text } = await this.shop.call("GET", `/v1/trades/${this.trade.trade_id}`, {
        token: this.token,
      });
      this.looks++;
      answered.count++;
      this.gap = Math.max(this.gap, answered.count - last);
      last = answered.count;
      if (status !== 200) this.failed.push(`${status} ${text}`);
      this.status = json?.status;
      this.asked = headers.get("kaunter-poll-ms");
      if (this.asked !== null) this.paces.push(Number(this.asked));
      const pause_ms = follows ? Number(this.asked ?? POLL_MS) : POLL_MS;
      await this.pause(began + pause_ms - performance.now());
    }
  }
  pause(ms) {
    return new Promise((done) => {
      this.wake = done;
      setTimeout(done, ms);
    });
  }
  async stop() {
    this.stopped = true;
    this.wake?.();
    await this.running;
  }
}

/** A payment that the customer confirms on the phone. */
async function pending(shop, nth) {
  const trade = await open(shop, `pending-${nth}`, {}, `till-${nth}`);
  const handed = await handOver(shop, trade, await shop.code("asks"));
  assert.equal(handed.status, 200, handed.text);
  return trade;
}

const confirm = (shop, { trade_id }) => shop.post("/_sim/phone/answer", { trade_id, approve: true });

test(`rule 51: ${TILLS} tills on a backend for ${TILLS / 2}: looks wait and none fails, new sales are refused, and all of it ends`, async (t) => {
  const far = await farAway(t, server.database());
  const shop = await counter(t, {
    scale: SCALE,
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
    tills.push(new Till(shop, trade, await shop.token(`till-${nth}`)));
  }
  const awaiting = [];
  for (let nth = 0; nth < 4; nth++) awaiting.push(await open(shop, `awaits-${nth}`, {}, `other-${nth}`));
  const buyer = await shop.token("buyer");
  const begun = [];
  const begin = async () => {
    const body = newTrade(`new-${begun.length}`);
    const answer = await shop.call("POST", "/v1/trades", { token: buyer, body });
    if (answer.status === 200) begun.push(answer.json);
    return answer;
  };
  assert.equal(await level(shop), "normal");
  assert.equal((await begin()).status, 200, "with capacity left, a sale begins");

  // Twice the capacity: clients that ignore the pace.
  far.slow(WAY_MS);
  const answered = { count: 0 };
  for (const till of tills) till.start(answered, false);
  await until("it is past its capacity", async () => (await level(shop)) === "full");
  const refused = await until("a new sale is refused", async () => {
    const answer = await begin();
    return answer.status === 503 && answer;
  });
  later(refused, 503, "overloaded");
  assert.ok(Number(refused.headers.get("retry-after")) >= 2);
  // Payments that have begun go on.
  const [code, ...rest] = awaiting;
  const cancelled = rest.pop();
  await together([code, ...rest], async (trade) => {
    const handed = await handOver(shop, trade, await shop.code("approves"));
    assert.equal(handed.status, 200, handed.text);
  });
  const token = await shop.token(cancelled.terminal);
  const given_up = await shop.call("POST", `/v1/trades/${cancelled.trade_id}/cancel`, { token });
  assert.deepEqual([given_up.status, given_up.json.status], [200, "cancelled"], given_up.text);
  const rounds = answered.count + 3 * TILLS;
  await until("everybody was answered some more times", () => answered.count >= rounds);
  for (const till of tills) await till.stop();

  // Pages, as many as before: they follow the pace.
  for (const till of tills) till.start(answered, true);
  await until("with the pace that it asks for, the backend takes sales again", async () => {
    return (await begin()).status === 200;
  });
  const some = tills.slice(0, 4);
  await together(some, async ({ trade }) => confirm(shop, trade));
  await until("a look shows it", () => some.every(({ status }) => status === "paid"));

  // The load ends.
  const [stays, ...leave] = tills;
  for (const till of leave) await till.stop();
  await until("it is as before", async () => (await level(shop)) === "normal", { ms: 10_000 });
  assert.equal((await begin()).status, 200, "a sale begins");
  const looks = stays.looks;
  await until("it looks at the usual pace again", () => stays.looks > looks && stays.asked === null);
  await stays.stop();
  far.slow(0);

  const failed = tills.flatMap((till) => till.failed);
  assert.deepEqual(failed, [], "no look fails");
  const gaps = tills.map(({ gap }) => gap);
  assert.ok(Math.max(...gaps) <= 4 * TILLS, `a till was left out for ${Math.max(...gaps)} answers`);
  const paces = new Set(tills.flatMap(({ paces }) => paces));
  assert.deepEqual(
    [...paces].filter((pace) => ![2.5 * POLL_MS, 5 * POLL_MS].includes(pace)),
    [],
  );
  await together(tills.slice(4), async ({ trade }) => confirm(shop, trade));
  const paid = [...tills.map(({ trade }) => trade), code, ...rest];
  await together(paid, async (trade) => {
    assert.equal((await reaches(shop, trade, ["paid"])).status, "paid");
    assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
  });
  assert.equal(await shop.kept(), paid.length * 1200);
  t.diagnostic(`${answered.count} looks, at most ${Math.max(...gaps)} between two answers of one of ${TILLS} tills`);
});
