// The backend's host slept, or its clock was set. Are tokens still accepted, for no longer than their lifetime, and do
// payments go on?

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter as sqlite, until } from "../terminal/harness.mjs";
import { onItsOwnClock, skip } from "./clock.mjs";
import { handOver, line, newTrade, open, reaches, stores } from "./desk.mjs";

const { test: onBoth } = stores();
// Every jump on SQLite; an hour, either way, on PostgreSQL too.
const both = (to, name, run) =>
  to.endsWith("1h") ? onBoth(name, run) : test(`SQLite: ${name}`, (t) => run(t, sqlite));
const hour = 3_600_000;
const jumps = [
  ["-2d", "+0"],
  ["+0", "+1h"],
  ["+0", "-1h"],
  ["+0", "+8h"],
  ["+0", "+30s"],
  ["+0", "-30s"],
];
const offset = { "+0": 0, "+1h": hour, "-1h": -hour, "+8h": 8 * hour, "+30s": 30_000, "-30s": -30_000 };

async function minted(shop) {
  const body = { shop: "demo", terminal: "till-1", cashier: "c", rights: ["charge", "cancel"] };
  const { status, json, text } = await shop.call("POST", "/v1/terminal-tokens", {
    token: shop.keys.KAUNTER_SERVER_KEY,
    body,
  });
  assert.equal(status, 200, text);
  return json.token;
}
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const session = async (shop, token) => (await shop.call("POST", "/v1/sessions", { token })).status;

for (const [from, to] of jumps) {
  both(
    to,
    `the clock goes from ${from} to ${to}: a fresh token is good at once, and lives for minutes; a new sale has the right time; the log says so, once`,
    async (t, counter) => {
      if (skip) return t.skip(skip);
      const shop = await counter(t, { scale: 1 });
      const set = await onItsOwnClock(shop, from);
      assert.equal(await session(shop, await minted(shop)), 200, "before the clock moves");
      set(to);
      const wall = () => Date.now() + offset[to];
      const token = await minted(shop);
      assert.equal(await session(shop, token), 200, "minted a moment ago");
      const { iat, exp } = claims(token);
      assert.ok(Math.abs(iat * 1000 - wall()) < 30_000, `minted at ${new Date(iat * 1000).toISOString()}`);
      assert.ok(exp * 1000 - wall() <= 15 * 60_000 && exp > iat, `it ends at ${new Date(exp * 1000).toISOString()}`);
      const made = await shop.call("POST", "/v1/trades", { token, body: newTrade("after") });
      assert.equal(made.status, 200, made.text);
      assert.ok(Math.abs(Date.parse(made.json.created_at) - wall()) < 30_000, `begun at ${made.json.created_at}`);
      const day = new Date(wall()).toISOString().slice(0, 10);
      const list = await shop.call("GET", `/v1/trades?day=${day}`, { token: shop.keys.KAUNTER_SERVER_KEY });
      assert.match(list.text, /"after"/, `of ${day}`);
      assert.equal(shop.backendProgram.words.match(/the wall clock jumped by -?\d+ s/g)?.length, 1);
    },
  );

  both(
    to,
    `rule 27: the clock goes from ${from} to ${to} under a payment: nothing falls due by it, nothing is put off, and it ends as the ledger says`,
    async (t, counter) => {
      if (skip) return t.skip(skip);
      const shop = await counter(t, { scale: 1 });
      const set = await onItsOwnClock(shop, from);
      const trade = await open(shop, "jumped");
      const waiting = await open(shop, "waits");
      await shop.fault("pay", "garbage", { trade_id: trade.trade_id });
      await shop.fault("status", { status: 503 }, { trade_id: trade.trade_id, times: 1_000 });
      await handOver(shop, trade, await shop.code());
      const questions = async () =>
        (await shop.calls("status")).filter(({ trade_id }) => trade_id === trade.trade_id).length;
      await until("it is asked about", async () => (await questions()) > 0);
      set(to);
      const asked = await questions();
      await until("it is asked about on", async () => (await questions()) >= asked + 3, { ms: 15_000 });
      const server = shop.keys.KAUNTER_SERVER_KEY;
      const seen = async ({ trade_id }) => (await shop.call("GET", `/v1/trades/${trade_id}`, { token: server })).json;
      const { status, deadline_at, as_of } = await seen(trade);
      assert.ok(["unknown", "paying"].includes(status), `it is ${status}: nobody gave up on it`);
      const left = (Date.parse(deadline_at) - Date.parse(as_of)) / 1000;
      assert.ok(left > 30 && left <= 91, `${left} s of 90 are left`);
      assert.equal((await seen(waiting)).status, "awaiting_code", "and its neighbour still awaits its code");
      assert.deepEqual(await shop.calls("cancel"), []);
      await fetch(`${shop.sandbox}/_sim/faults`, { method: "DELETE" });
      await shop.call("POST", `/v1/trades/${trade.trade_id}/cancel`, { token: await minted(shop) });
      const ended = await reaches(shop, trade, ["paid", "cancelled", "declined"], 90_000);
      const { charged, refunded, sent } = await line(shop, trade);
      assert.deepEqual([charged - refunded, sent], [ended.status === "paid" ? 1200 : 0, 1], ended.status);
    },
  );
}
