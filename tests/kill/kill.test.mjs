// The backend kills itself with SIGKILL at each kill point: between receiving, storing, sending and answering, for each
// call, on both stores. After its next start nothing was sent twice, and store and ledger agree.
// The program itself lists its kill points, so that a new one is tested too.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { postgres } from "../terminal/postgres.mjs";

const program = process.env.KAUNTER_BACKEND;
const { stdout, status } = spawnSync(program, ["kill-points"], { encoding: "utf8" });
if (status !== 0) throw new Error(`${program} knows no places: build it with --cfg kill_points`);
const points = stdout.trim().split("\n");

let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

const resting = ["paid", "declined", "cancelled", "voided", "needs_review", "late_success"];

/**
 * The calls of one sale, as a till makes them. A call that the kill cut off is repeated if a till may repeat it.
 */
class Life {
  constructor(shop) {
    this.shop = shop;
    this.key = randomBytes(16).toString("hex");
    this.sale = { ref: "life", amount: { minor: 1200, currency: "MYR" } };
  }
  async call(method, path, body) {
    // Another person than the one who charged gives the verdict, so that it decides at once.
    const cashier = path.endsWith("/verdict") ? "manager" : "cashier";
    const token = await this.shop.token("till-1", { cashier }).catch(() => this.token);
    this.token = token;
    return this.shop.call(method, path, { token, body }).catch(() => null);
  }
  /** Restarts the backend when it dies, as an operator's supervisor does. */
  async upAgain() {
    const { child } = this.shop.backendProgram;
    await new Promise((done) => setImmediate(done));
    if (child.exitCode === null && child.signalCode === null) return false;
    this.signal = child.signalCode;
    delete this.shop.environment.KAUNTER_KILL_AT;
    await this.shop.startBackend();
    return true;
  }
  /** Repeats a call until it is answered: for calls that may be repeated. */
  surely(method, path, body) {
    return until(`${method} ${path} is answered`, async () => {
      const answer = await this.call(method, path, body);
      if (!answer) await this.upAgain();
      return answer;
    });
  }
  async create(mode = "consumer_presented") {
    const body = { idempotency_key: this.key, sale: this.sale, wallet_id: "23", mode };
    const { json } = await this.surely("POST", "/v1/trades", body);
    this.trade = json;
    assert.ok(json.trade_id, JSON.stringify(json));
  }
  /** Without an answer to a hand-over, checks the status. Hands the same code over again only while the trade awaits it. */
  async handOver(code) {
    do await this.call("POST", `/v1/trades/${this.trade.trade_id}/code`, { code });
    while ((await this.get()).status === "awaiting_code");
  }
  get() {
    return this.surely("GET", `/v1/trades/${this.trade.trade_id}`).then(({ json }) => json);
  }
  reaches(statuses) {
    return until(
      `it is ${statuses}`,
      async () => {
        await this.upAgain();
        const trade = await this.get();
        if (statuses.includes(trade.status)) return trade;
        throw new Error(`it is ${trade.status}`);
      },
      { ms: 40_000, every: 100 },
    );
  }
}

/** The calls that reach this kill point. */
async function live(life, point) {
  const { shop } = life;
  await life.create();
  const open = await life.reaches(["awaiting_code", "cancelled", "declined"]);
  if (open.status !== "awaiting_code") {
    // The creation did not reach the gateway: no code was handed over, and the sale is free.
    life.key = randomBytes(16).toString("hex");
    await life.create();
    await life.reaches(["awaiting_code"]);
  }
  const cancelled = /^(Cancel|Verdict)/.test(point);
  const code = await shop.code(cancelled ? "by_amount" : { approves_after_ms: 400 });
  await life.handOver(code);
  if (cancelled) {
    // Amounts that end in .08 are paid after they were closed, so they need a verdict.
    await until("the cancel is taken", async () => {
      await life.upAgain();
      const answer = await life.call("POST", `/v1/trades/${life.trade.trade_id}/cancel`, undefined);
      return answer && [200, 409].includes(answer.status);
    });
    await life.reaches(["late_success", "paid", "voided", "declined"]);
    await life.surely("POST", `/v1/trades/${life.trade.trade_id}/verdict`, {
      outcome: "paid",
      evidence: "the gateway's portal",
    });
    return life.reaches(["paid"]);
  }
  const end = await life.reaches(resting);
  if (!/^Void/.test(point) || end.status !== "paid") return end;
  await life.call("POST", `/v1/trades/${life.trade.trade_id}/void`, { reason: "wrong item" });
  // If the void was not sent, the backend can't know that: a person looks at the gateway's records.
  return life.reaches(["voided", "needs_review", "paid"]);
}

/** The same for a code that the till shows. */
async function present(life, point) {
  await life.create("merchant_presented");
  let open = await life.reaches(["awaiting_payer", "cancelled", "declined"]);
  if (open.status !== "awaiting_payer") {
    // Killed before the row had the code: no code was shown, and the sale is free.
    life.key = randomBytes(16).toString("hex");
    await life.create("merchant_presented");
    open = await life.reaches(["awaiting_payer"]);
  }
  if (/^Cancel/.test(point)) {
    await until("the cancel is taken", async () => {
      await life.upAgain();
      const answer = await life.call("POST", `/v1/trades/${life.trade.trade_id}/cancel`, undefined);
      return answer && [200, 409].includes(answer.status);
    });
  } else {
    await life.shop.post("/_sim/scan", { payload: open.shown_code.payload, customer: { approves_after_ms: 400 } });
  }
  return life.reaches(resting);
}

const displayed = points.filter((point) => /^(Create|Query|Cancel)/.test(point));
const ways = [
  ["the customer's code", points, live],
  ["our code on display", displayed, present],
];

for (const store of ["SQLite", "PostgreSQL"])
  for (const [way, points, live] of ways) {
    test(`${store}, ${way}: rule 3: killed at each of ${points.length} places`, async (t) => {
      assert.ok(points.length >= 15, "the places are there");
      const told = [];
      // Four at a time, each with its own gateway and backend.
      const left = [...points];
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let point = left.shift(); point; point = left.shift()) {
            const shop = await counter(t, {
              scale: 0.1,
              ...(store === "PostgreSQL" ? { databaseUrl: server.database() } : {}),
            });
            await shop.stopBackend();
            shop.environment.KAUNTER_KILL_AT = point;
            await shop.startBackend();
            const life = new Life(shop);
            if (live !== present && /^(Cancel|Verdict)/.test(point)) life.sale.amount.minor = 1208;
            const end = await live(life, point).catch((error) => ({ status: `${error.message}` }));
            const lines = await shop.ledger();
            const log = await shop.get("/_sim/log");
            const kept = lines.reduce((sum, line) => sum + line.charged - line.refunded, 0);
            const most = (call) =>
              Math.max(
                0,
                ...lines.map(
                  (line) => log.filter((entry) => entry.call === call && entry.trade_id === line.trade_id).length,
                ),
              );
            const record = await shop.sale(life.sale.ref);
            const agrees =
              end.status === "needs_review" || (record.paid_amount ? kept === life.sale.amount.minor : kept === 0);
            told.push({
              point,
              killed: life.signal,
              end: end.status,
              payments: most("pay"),
              voids: most("void"),
              agrees,
            });
            await shop.close();
          }
        }),
      );
      const bad = told.filter(
        (one) =>
          one.killed !== "SIGKILL" || one.payments > 1 || one.voids > 1 || !one.agrees || !resting.includes(one.end),
      );
      assert.deepEqual(bad, []);
      // The sandbox's gateway answers about each payment. Only a void that may not have arrived waits for a person.
      const waiting = told.filter((one) => one.end === "needs_review").map((one) => one.point);
      assert.deepEqual(
        waiting.filter((point) => !/^Void(Stored|Sending)$/.test(point)),
        [],
      );
      t.diagnostic(
        told
          .map((one) => `${one.point}: ${one.end}`)
          .sort()
          .join(", "),
      );
    });
  }
