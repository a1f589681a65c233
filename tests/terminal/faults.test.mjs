// Each fault of the sandbox, and each amount that simulates a fault: what happens to the money? The tests call the
// backend over HTTP as a page does, without a browser. One backend has many sales at once.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test as plain } from "node:test";
import { counter as sqlite, until } from "./harness.mjs";
import { postgres } from "./postgres.mjs";

// The tests run on both stores.
let server;
before(async () => {
  server = await postgres();
});
after(() => server?.stop());

/** Runs the same test on SQLite and on PostgreSQL. `counter` opens a counter on that store. */
function test(name, run) {
  plain(`SQLite: ${name}`, (t) => run(t, sqlite));
  plain(`PostgreSQL: ${name}`, (t) =>
    run(t, (t, options) => sqlite(t, { ...options, databaseUrl: server.database() })),
  );
}

const final = ["paid", "declined", "cancelled", "voided"];

/** A trade that awaits its code. */
async function open(shop, ref, { minor = 1200, wallet_id = "23" } = {}) {
  const body = {
    idempotency_key: randomBytes(16).toString("hex"),
    sale: { ref, amount: { minor, currency: "MYR" } },
    wallet_id,
    mode: "consumer_presented",
  };
  const answer = await shop.call("POST", "/v1/trades", { token: await shop.token(), body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** Hands the code over as a page does: again only if it is proven that the gateway was not reached. */
async function handOver(shop, trade, code) {
  let answer;
  for (let tries = 0; tries < 20 && (answer?.json?.status ?? "awaiting_code") === "awaiting_code"; tries++) {
    answer = await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
      token: await shop.token(),
      body: { code },
    });
  }
  return answer;
}

/** Checks the status as a page does, until the trade has the expected one. */
function reaches(shop, trade, statuses, ms = 60_000) {
  return until(
    `${trade.sale.ref} is ${statuses}`,
    async () => {
      const { json } = await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token: shop.keys.KAUNTER_SERVER_KEY });
      if (statuses.includes(json.status)) return json;
      throw new Error(`it is ${json.status}`);
    },
    { ms, every: 100 },
  );
}

async function line(shop, trade) {
  const entry = (await shop.ledger()).find((entry) => entry.trade_id === trade.trade_id);
  const sent = (await shop.get("/_sim/log")).filter(
    (call) => call.trade_id === trade.trade_id && call.call === "pay",
  ).length;
  return { charged: entry.charged, refunded: entry.refunded, sent };
}

const together = async (cases, run) => {
  const ends = await Promise.allSettled(cases.map(run));
  const failed = ends
    .map((end, at) => end.status === "rejected" && `${JSON.stringify(cases[at])}: ${end.reason.message}`)
    .filter(Boolean);
  assert.deepEqual(failed, []);
};

// The fault of the payment, how the trade ends, and whether the customer was charged.
const payments = [
  [{ hang_ms: 500 }, "paid", 1],
  ["cut", "paid", 1],
  ["reset_after", "paid", 1],
  [{ hang_after_ms: 60_000 }, "paid", 1],
  ["html", "paid", 1],
  ["garbage", "paid", 1],
  ["truncated", "paid", 1],
  ["duplicate_keys", "paid", 1],
  ["slow_bytes", "paid", 1],
  ["success_without_s", "paid", 1],
  ["unknown_status", "paid", 1],
  [{ pending_ms: 1000 }, "paid", 1],
  [{ not_found_first: 3 }, "paid", 1],
  ["contradict", "paid", 1],
  ["wrong_amount", "paid", 1],
  ["wrong_id", "paid", 1],
  // Faults before the effect: no money moved, but the backend can't know that. It checks the status, and closes the
  // trade by the gateway's answer.
  [{ hang_ms: 60_000 }, "cancelled", 0],
  ["reset", "cancelled", 0],
  [{ status: 500 }, "cancelled", 0],
  [{ status: 502 }, "cancelled", 0],
  [{ status: 503 }, "cancelled", 0],
  [{ status: 429 }, "cancelled", 0],
  [{ status: 401 }, "cancelled", 0],
];

test("rule 2: every fault of a payment: it is sent once, and the status agrees with the ledger", async (t, counter) => {
  // A gateway that forgets its token affects all payments in progress, so that fault has its own gateway.
  const [shop, other] = [await counter(t, { scale: 0.1 }), await counter(t, { scale: 0.1 })];
  const lone = await open(other, "token");
  await other.fault("pay", "token_expired");
  await handOver(other, lone, await other.code());
  await together(payments, async ([fault, end, charged], at) => {
    const trade = await open(shop, `pay-${at}`);
    await shop.fault("pay", fault, { trade_id: trade.trade_id });
    await handOver(shop, trade, await shop.code());
    const ended = await reaches(shop, trade, final);
    assert.deepEqual(
      { status: ended.status, ...(await line(shop, trade)) },
      { status: end, charged: charged * 1200, refunded: 0, sent: 1 },
      JSON.stringify(ended),
    );
  });
  assert.equal(
    (await reaches(other, lone, final)).status,
    "cancelled",
    "refused early is no word: it is never sent again",
  );
  assert.deepEqual(await line(other, lone), { charged: 0, refunded: 0, sent: 1 });
});

test("rule 6: a contradicting amount or id is shown to a person first, and settled by the gateway's next word", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  await together(["wrong_amount", "wrong_id"], async (fault) => {
    const trade = await open(shop, fault);
    await shop.fault("pay", fault, { trade_id: trade.trade_id });
    const answer = await handOver(shop, trade, await shop.code());
    assert.ok(["needs_review", "paying"].includes(answer.json.status), answer.text);
    await reaches(shop, trade, ["needs_review"]);
    await reaches(shop, trade, ["paid"]);
  });
});

const questions = [
  "html",
  "garbage",
  "truncated",
  "duplicate_keys",
  "cut",
  "reset",
  "reset_after",
  "slow_bytes",
  "unknown_status",
  { status: 500 },
  { status: 503 },
  { status: 401 },
  { status: 429 },
  { hang_ms: 700 },
];

test("each fault of a status query: the query is repeated, and the answer is found", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  await together(questions, async (fault, at) => {
    const trade = await open(shop, `ask-${at}`);
    await shop.fault("status", fault, { trade_id: trade.trade_id, times: 3 });
    await handOver(shop, trade, await shop.code({ approves_after_ms: 300 }));
    assert.equal((await reaches(shop, trade, final)).status, "paid");
    assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
  });
  // It runs alone, because a gateway that forgets its token affects all calls in progress.
  const trade = await open(shop, "ask-token");
  await shop.fault("status", "token_expired", { trade_id: trade.trade_id, times: 3 });
  await handOver(shop, trade, await shop.code({ approves_after_ms: 300 }));
  assert.equal((await reaches(shop, trade, final)).status, "paid");
});

test("a creation that fails leaves the sale free, and nothing was presented", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  for (const fault of [{ status: 503 }, "reset", "cut", "html"]) {
    const ref = `create-${JSON.stringify(fault)}`;
    await shop.fault("create", fault);
    const first = await open(shop, ref);
    const left = await reaches(shop, first, ["cancelled", "declined"]);
    assert.equal((await handOver(shop, first, await shop.code())).json.code, "trade_closed");
    const second = await open(shop, ref);
    assert.notEqual(second.trade_id, left.trade_id);
    await reaches(shop, second, ["awaiting_code"]);
    await handOver(shop, second, await shop.code());
    await reaches(shop, second, ["paid"]);
  }
  assert.equal((await shop.calls("pay")).length, 4);
});

test("rule 2: faults of a void: given back once, and never called so without the gateway's word", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const cases = [
    ["cut", "voided"],
    ["reset_after", "voided"],
    ["html", "voided"],
    [{ hang_after_ms: 60_000 }, "voided"],
    [{ void_unknown_ms: 1500 }, "voided"],
    ["void_fails", "paid"],
  ];
  await together(cases, async ([fault, end], at) => {
    const trade = await open(shop, `void-${at}`);
    await handOver(shop, trade, await shop.code());
    await reaches(shop, trade, ["paid"]);
    await shop.fault("void", fault, { trade_id: trade.trade_id });
    const voids = (path = "void") =>
      shop
        .token()
        .then((token) =>
          shop.call("POST", `/v1/trades/${trade.trade_id}/${path}`, { token, body: { reason: "test" } }),
        );
    await voids();
    await reaches(shop, trade, [end]);
    if (end === "paid") {
      await voids();
      await reaches(shop, trade, ["voided"]);
    }
    assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 1200, sent: 1 });
  });
});

test("the amounts that simulate a fault do what docs/demo.md says", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const cases = [
    ["00", "paid", 1],
    ["01", "declined", 0],
    ["02", "paid", 1],
    ["03", "paid", 1],
    ["04", "cancelled", 0],
    ["06", "declined", 0],
    ["07", "declined", 0],
    ["09", "paid", 1],
    ["50", "paid", 1],
  ];
  await together(cases, async ([sen, end, charged]) => {
    const minor = Number(`12${sen}`);
    const trade = await open(shop, `amount-${sen}`, { minor });
    await handOver(shop, trade, await shop.code("by_amount"));
    const ended = await reaches(shop, trade, final);
    assert.equal(ended.status, end, sen);
    assert.deepEqual(await line(shop, trade), { charged: charged * minor, refunded: 0, sent: 1 });
  });
});

test("the gateway is down for 20 s during a payment: status queries go on, and it is paid once", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const trade = await open(shop, "down", { minor: 1205 });
  await handOver(shop, trade, await shop.code("by_amount"));
  assert.equal((await reaches(shop, trade, final)).status, "paid");
  assert.deepEqual(await line(shop, trade), { charged: 1205, refunded: 0, sent: 1 });
  assert.ok((await shop.calls("status")).length > 5, "asked on while it was down");
});

test("rule 23: paid after it was cancelled: proof is kept, an alarm is up, and a person accepts it", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1 });
  const trade = await open(shop, "late", { minor: 1208 });
  await handOver(shop, trade, await shop.code("by_amount"));
  const token = await shop.token();
  await until(
    "a cancel is granted",
    async () => (await shop.call("POST", `/v1/trades/${trade.trade_id}/cancel`, { token })).status === 200,
  );
  await reaches(shop, trade, ["cancelled"]);
  await reaches(shop, trade, ["late_success"]);
  const record = await shop.sale("late");
  assert.deepEqual([record.paid_amount, record.unconfirmed], [null, true]);
  assert.match((await shop.call("GET", "/metrics")).text, /kaunter_trade_transitions_total\{status="late.success"\} 1/);
  const busy = await shop.call("POST", "/v1/trades", {
    token,
    body: {
      idempotency_key: randomBytes(16).toString("hex"),
      sale: trade.sale,
      wallet_id: "23",
      mode: "consumer_presented",
    },
  });
  assert.deepEqual([busy.status, busy.json.code, busy.json.trade.trade_id], [409, "sale_busy", trade.trade_id]);
  const settled = await shop.call("POST", `/v1/trades/${trade.trade_id}/verdict`, {
    token: await shop.token("till-1", { cashier: "manager" }),
    body: { outcome: "paid", evidence: "the gateway's portal shows it" },
  });
  assert.equal(settled.json.status, "paid", settled.text);
  assert.equal((await shop.sale("late")).decided_by, "person");
  assert.equal(await shop.kept(), 1208);
});

test("the documented profile, without a cancel and with few words: a person is asked, and the gateway's next answer settles it", async (t, counter) => {
  const shop = await counter(t, { scale: 0.05, profile: "documented" });
  const good = await open(shop, "plain-good");
  await handOver(shop, good, await shop.code());
  await reaches(shop, good, ["paid"]);
  const slow = await open(shop, "plain-slow");
  await handOver(shop, slow, await shop.code({ approves_after_ms: 6_000 }));
  const token = await shop.token();
  const cancel = await shop.call("POST", `/v1/trades/${slow.trade_id}/cancel`, { token });
  assert.deepEqual(
    [cancel.status, cancel.json.code, cancel.json.trade.trade_id],
    [409, "trade_not_cancellable", slow.trade_id],
  );
  await reaches(shop, slow, ["needs_review"]);
  assert.equal((await reaches(shop, slow, ["paid"])).sale.ref, "plain-slow");
  assert.deepEqual(await shop.calls("cancel"), []);
  assert.equal(await shop.kept(), 2400);
});

test("a gateway's words are data: configuration alone makes PAID and REFUSED understood", async (t, counter) => {
  const shop = await counter(t, { scale: 0.1, extra: "" });
  await shop.stopBackend();
  const own = shop.toml.bind(shop);
  // The same gateway without known refusal codes: a refusal does not decide yet.
  shop.toml = (listen) =>
    own(listen).replace(
      /profile = "sandbox"\n/,
      'words = { paid = ["D"], failed = ["F"], renew_token_codes = [401] }\n',
    );
  await shop.startBackend();
  const trade = await open(shop, "words");
  await handOver(shop, trade, await shop.code("approves", "23", { balance: 1 }));
  const unknown = await reaches(shop, trade, ["unknown", "declined"]);
  assert.equal(unknown.status, "unknown", "a code that is not in the configuration is no word");
  assert.equal((await reaches(shop, trade, ["declined"])).status, "declined", "the status word is");
});

test("openapi.json names every address, and each is there", async (t, counter) => {
  const shop = await counter(t);
  const { json } = await shop.call("GET", "/openapi.json");
  const token = await shop.token();
  let seen = 0;
  for (const [path, methods] of Object.entries(json.paths)) {
    for (const method of Object.keys(methods).filter((word) => ["get", "post"].includes(word))) {
      const answer = await shop.call(method.toUpperCase(), path.replace(/\{\w+\}/, "none"), { token });
      assert.ok(
        answer.json?.code !== "route_not_found" && answer.status !== 405,
        `${method} ${path}: ${answer.status} ${answer.text}`,
      );
      seen++;
    }
  }
  assert.equal(seen, 19);
});

test("more calls a minute than one terminal makes are refused with 429, and nothing is lost", async (t, counter) => {
  const shop = await counter(t, { extra: "" });
  await shop.stopBackend();
  const own = shop.toml.bind(shop);
  shop.toml = (listen) => own(listen).replace("calls_per_minute = 6000", "calls_per_minute = 1");
  await shop.startBackend();
  const token = await shop.token();
  const make = (ref) =>
    shop.call("POST", "/v1/trades", {
      token,
      body: {
        idempotency_key: randomBytes(16).toString("hex"),
        sale: { ref, amount: { minor: 100, currency: "MYR" } },
        wallet_id: "23",
        mode: "consumer_presented",
      },
    });
  const answers = [];
  for (let at = 0; at < 20; at++) answers.push(await make(`many-${at}`));
  const refused = answers.filter((answer) => answer.status === 429);
  assert.ok(refused.length > 0 && answers[0].status === 200, answers.map((answer) => answer.status).join());
  assert.deepEqual([refused[0].json.code, refused[0].json.retry], ["rate_limited", "later"]);
  const other = await shop.call("POST", "/v1/trades", {
    token: await shop.token("till-2"),
    body: {
      idempotency_key: randomBytes(16).toString("hex"),
      sale: { ref: "other", amount: { minor: 100, currency: "MYR" } },
      wallet_id: "23",
      mode: "consumer_presented",
    },
  });
  assert.equal(other.status, 200, "another terminal is not held up");
});
