// Each fault of the sandbox, one by one, and then all of them at random. The table is checked against the sandbox's own
// list, so that no fault is left out.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test as plain } from "node:test";
import { counter as sqlite, until } from "../terminal/harness.mjs";
import { final, handOver, line, newTrade, open, reaches, stores, together } from "./desk.mjs";

const { test } = stores();
const seed = Number(process.env.KAUNTER_SEED ?? randomBytes(4).readUInt32LE());
const SALES = 50;

// For each fault: its call, its parameters, the end of the sale, and what was charged and given back.
const table = {
  hang_ms: ["pay", { hang_ms: 500 }, "paid", 1200, 0],
  reset: ["pay", "reset", "cancelled", 0, 0],
  status: ["pay", { status: 503 }, "cancelled", 0, 0],
  token_expired: ["status", "token_expired", "paid", 1200, 0],
  cut: ["pay", "cut", "paid", 1200, 0],
  reset_after: ["pay", "reset_after", "paid", 1200, 0],
  hang_after_ms: ["pay", { hang_after_ms: 60_000 }, "paid", 1200, 0],
  html: ["pay", "html", "paid", 1200, 0],
  garbage: ["pay", "garbage", "paid", 1200, 0],
  truncated: ["pay", "truncated", "paid", 1200, 0],
  duplicate_keys: ["pay", "duplicate_keys", "paid", 1200, 0],
  wrong_amount: ["pay", "wrong_amount", "paid", 1200, 0],
  wrong_id: ["pay", "wrong_id", "paid", 1200, 0],
  success_without_s: ["pay", "success_without_s", "paid", 1200, 0],
  unknown_status: ["pay", "unknown_status", "paid", 1200, 0],
  slow_bytes: ["pay", "slow_bytes", "paid", 1200, 0],
  pending_ms: ["pay", { pending_ms: 1_000 }, "paid", 1200, 0],
  // Declined first. Money that comes later is an alarm until a person accepts it or gives it back.
  late_success_ms: ["pay", { late_success_ms: 1_000 }, "late_success", 1200, 0],
  not_found_first: ["pay", { not_found_first: 3 }, "paid", 1200, 0],
  contradict: ["pay", "contradict", "paid", 1200, 0],
  // The payment's answer is lost and the status queries find nothing, so the cancel arrives at a paid trade.
  cancel_refunds: ["cancel", "cancel_refunds", "voided", 1200, 1200],
  void_fails: ["void", "void_fails", "paid", 1200, 0],
  void_unknown_ms: ["void", { void_unknown_ms: 1_000 }, "voided", 1200, 1200],
  random: ["pay", { random: { seed: 1, rate: 0 } }, "paid", 1200, 0],
};

plain("every fault of the sandbox is in the table", async (t) => {
  const shop = await sqlite(t);
  assert.deepEqual((await shop.get("/_sim/faults/names")).sort(), Object.keys(table).sort());
  // Each row has the name of the fault that it sends.
  for (const [name, [, fault]] of Object.entries(table))
    assert.equal(typeof fault === "string" ? fault : Object.keys(fault)[0], name);
});

test("each fault of the table: the sale ends as it should, and the ledger agrees", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  // A gateway that forgets its token affects all calls in progress, so that fault comes last.
  const [alone, rest] = [["token_expired"], Object.keys(table).filter((name) => name !== "token_expired")];
  for (const names of [rest, alone]) {
    await together(names, async (name) => {
      const [call, fault, end, charged, refunded] = table[name];
      const trade = await open(shop, name);
      await shop.fault(call, fault, { trade_id: trade.trade_id });
      if (call === "cancel") {
        await shop.fault("pay", "cut", { trade_id: trade.trade_id });
        await shop.fault("status", "garbage", { trade_id: trade.trade_id, times: 30 });
      }
      const code = await shop.code(call === "status" ? { approves_after_ms: 500 } : "approves");
      const handed = await handOver(shop, trade, code);
      assert.equal(handed.status, 200, handed.text);
      if (call === "cancel") {
        const token = await shop.token();
        await until(
          "a cancel is granted",
          async () => (await shop.call("POST", `/v1/trades/${trade.trade_id}/cancel`, { token })).status === 200,
        );
      }
      if (call === "void") {
        await reaches(shop, trade, ["paid"]);
        await shop.call("POST", `/v1/trades/${trade.trade_id}/void`, {
          token: await shop.token(),
          body: { reason: "test" },
        });
        await until("the void was asked for", async () =>
          (await shop.calls("void")).some(({ trade_id }) => trade_id === trade.trade_id),
        );
      }
      await reaches(shop, trade, [end]);
      assert.deepEqual(await line(shop, trade), { charged, refunded, sent: 1 });
      if (fault.random === undefined)
        assert.ok(
          (await shop.get("/_sim/log")).some((entry) => entry.trade_id === trade.trade_id && entry.fault),
          `${name} was suffered`,
        );
    });
    for (const entry of await shop.get("/_sim/faults"))
      assert.ok(entry.fault.random, "nothing of the script is left over");
  }
});

test("codes, tokens and the list of wallets under faults: repeated, or refused before anything began", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  await shop.stopBackend();
  // A backend that starts while the gateway is down begins no trade, reports it, and continues when the gateway is
  // back.
  await shop.fault("token", { status: 503 }, { times: 2 });
  await shop.startBackend();
  const refused = await shop.call("POST", "/v1/trades", { token: await shop.token(), body: newTrade("early") });
  assert.deepEqual([refused.status, refused.json.code, refused.json.retry], [502, "gateway_unavailable", "later"]);
  await shop.fault("integrators", "html", { times: 1 });
  const made = await until("it is back", async () => {
    const answer = await shop.call("POST", "/v1/trades", { token: await shop.token(), body: newTrade("early") });
    return answer.status === 200 && answer.json;
  });
  // The gateway did not process a throttled creation, so it is sent again.
  await shop.fault("create", { status: 429 });
  const again = await open(shop, "throttled");
  await reaches(shop, again, ["awaiting_code"]);
  await handOver(shop, made, await shop.code());
  await reaches(shop, made, ["paid"]);
  assert.equal(await shop.kept(), 1200);
});

/** Drives one sale to the end that the backend reports. */
async function sell(shop, nth, chance) {
  const customers = ["approves", "declines", { approves_after_ms: 300 }, { approves_after_ms: 2_000 }, "ignores"];
  const ref = `random-${nth}`;
  const token = await shop.token(`till-${nth}`);
  const call = (method, path, body) => shop.call(method, path, { token, body });
  for (let attempt = 1; attempt <= 30; attempt++) {
    const made = await call("POST", "/v1/trades", newTrade(ref));
    if (made.status !== 200) {
      assert.ok([409, 502].includes(made.status), made.text);
      return ref;
    }
    const path = `/v1/trades/${made.json.trade_id}`;
    const code = await shop.code(customers[Math.floor(chance() * customers.length)]);
    const ended = await until(
      `${ref} rests`,
      async () => {
        const { json } = await call("GET", path);
        if (json.status === "awaiting_code") await call("POST", `${path}/code`, { code });
        return (
          ["paid", "declined", "cancelled", "voided", "needs_review", "late_success"].includes(json.status) && json
        );
      },
      { ms: 90_000, every: 100 },
    );
    if (ended.status === "paid" && chance() < 0.2) await call("POST", `${path}/void`, { reason: "wrong item" });
    // No code was handed over, so the sale can be charged again.
    if (ended.reason !== "gateway_unavailable") return ref;
  }
  throw new Error(`${ref}: thirty creations in a row failed`);
}

test(`rule 14: ${SALES} sales while any call may suffer any fault: in the end the ledger agrees with every sale (KAUNTER_SEED=${seed})`, async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  let state = seed;
  const chance = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  await shop.call("POST", "/v1/sessions", { token: await shop.token() });
  for (const call of ["create", "pay", "status", "cancel", "void"])
    await shop.fault(call, { random: { seed, rate: 400 } });
  const left = Array.from({ length: SALES }, (_, nth) => nth);
  const refs = [];
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let nth = left.shift(); nth !== undefined; nth = left.shift()) refs.push(await sell(shop, nth, chance));
    }),
  );
  await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
  const log = await shop.get("/_sim/log");
  const suffered = new Set(
    log.filter(({ fault }) => fault).map(({ fault }) => (typeof fault === "string" ? fault : Object.keys(fault)[0])),
  );
  t.diagnostic(
    `${log.filter(({ fault }) => fault).length} of ${log.length} calls suffered: ${[...suffered].sort().join(", ")}`,
  );
  assert.ok(suffered.size >= 12, "many kinds");
  const voids = new Set(log.filter(({ call }) => call === "void").map(({ trade_id }) => trade_id));
  // When the faults stop, every sale ends. Only a void without an answer and late money wait for a person.
  const count = {};
  await together(refs, async (ref) => {
    const record = await until(
      `${ref} is at rest`,
      async () => {
        const [record, ledger] = [await shop.sale(ref), await shop.ledger()];
        // A review remains only if the gateway has not decided, or if a void may not have been sent.
        const undecided = (trade_id) =>
          voids.has(trade_id) ||
          ["created", "pending"].includes(ledger.find((entry) => entry.trade_id === trade_id)?.place);
        const rests = ({ status, trade_id }) =>
          [...final, "late_success"].includes(status) || (status === "needs_review" && undecided(trade_id));
        return record.trades.every(rests) && record;
        // A review is finally checked every 30 s of this clock, and three checks may still find no record.
      },
      { ms: 180_000, every: 200 },
    );
    await until(
      `${ref}: store and ledger agree`,
      async () => {
        const { trades, paid_amount } = await shop.sale(ref);
        const names = trades.map(({ trade_id }) => trade_id);
        const entries = (await shop.ledger()).filter(({ trade_id }) => names.includes(trade_id));
        const kept = entries.reduce((sum, entry) => sum + entry.charged - entry.refunded, 0);
        const alarm = trades.some(({ status }) => ["late_success", "needs_review"].includes(status));
        if (!alarm && kept !== (paid_amount ? 1200 : 0))
          throw new Error(`${kept} kept: ${JSON.stringify(trades.map(({ status }) => status))}`);
        if (kept > 1200 && !alarm) throw new Error("charged twice");
        return true;
      },
      { ms: 60_000, every: 300 },
    );
    for (const { trade_id, status } of record.trades) {
      count[status] = (count[status] ?? 0) + 1;
      assert.ok(
        log.filter((entry) => entry.call === "pay" && entry.trade_id === trade_id).length <= 1,
        "one payment leaves",
      );
    }
  });
  t.diagnostic(JSON.stringify(count));
});
