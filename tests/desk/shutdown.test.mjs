// SIGTERM during payments: the backend waits for calls in progress, up to a limit. After the next start it gets the
// missing answers, even if no browser returns.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { until } from "../terminal/harness.mjs";
import { handOver, line, open, reconfigured, stores } from "./desk.mjs";

const { test } = stores();

/** Sends SIGTERM while a payment hangs. Gives the till's answer and the program's exit. */
async function terminated(shop, trade, fault) {
  await shop.fault("pay", fault, { trade_id: trade.trade_id });
  const handed = handOver(shop, trade, await shop.code());
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  const { child } = shop.backendProgram;
  child.kill("SIGTERM");
  const answer = await handed;
  await shop.backendProgram.gone;
  return { answer, code: child.exitCode };
}

const questions = async (shop, trade) =>
  (await shop.calls("status")).filter(({ trade_id }) => trade_id === trade.trade_id).length;

test("SIGTERM: no new call is accepted, the till gets its answer, and the gateway's is stored before the end", async (t, counter) => {
  const shop = await counter(t, { scale: 1 });
  const trade = await open(shop, "drained");
  const { port } = new URL(shop.backend);
  const { answer, code } = await terminated(shop, trade, { hang_ms: 1_500 });
  assert.deepEqual([answer.status, answer.json.status, code], [200, "paid", 0]);
  await assert.rejects(
    new Promise((done, failed) => connect(Number(port), "127.0.0.1").once("connect", done).once("error", failed)),
    "nobody listens",
  );
  const asked = await questions(shop, trade);
  await shop.startBackend();
  assert.equal((await shop.sale("drained")).decided_by, "gateway");
  assert.equal(await questions(shop, trade), asked, "it was known: nobody asked again");
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
});

test("SIGTERM while a payment hangs longer than a shutdown waits: its answer is found after the start, without a call", async (t, counter) => {
  const shop = await reconfigured(await counter(t, { scale: 0.25 }), (toml) =>
    toml.replace("[limits]", "[limits]\nshutdown_ms = 2_000"),
  );
  const trade = await open(shop, "cut-off");
  const { answer, code } = await terminated(shop, trade, { hang_after_ms: 60_000 });
  assert.deepEqual([answer.json.status, code], ["paying", 0], "the till got the word that there was");
  const asked = await questions(shop, trade);
  await shop.startBackend();
  await until("the backend asks by itself", async () => (await questions(shop, trade)) > asked);
  // The first call to this backend is the query of the shop's server.
  await until("the bill can be closed", async () => (await shop.sale("cut-off")).paid_amount);
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
});

test("a second SIGTERM ends it at once, and the payment is still found", async (t, counter) => {
  const shop = await counter(t, { scale: 0.25 });
  const trade = await open(shop, "twice");
  await shop.fault("pay", { hang_after_ms: 60_000 }, { trade_id: trade.trade_id });
  const handed = handOver(shop, trade, await shop.code()).catch(() => null);
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  const { child, gone } = shop.backendProgram;
  child.kill("SIGTERM");
  await handed;
  child.kill("SIGTERM");
  await gone;
  assert.equal(child.exitCode, 1);
  await shop.startBackend();
  await until("the bill can be closed", async () => (await shop.sale("twice")).paid_amount);
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
});
