// Who says what is owed, what closes a bill, and which sale a code is for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { handOver, newTrade, open, reaches, sql, stores } from "./desk.mjs";
import { before, fresh, ok, sell } from "./gateway.mjs";

const MYR = (minor) => ({ minor, currency: "MYR" });
const post = (shop, path, token, body) => shop.call("POST", path, { token, body });
const asked = async (shop, ref, minor, currency = "MYR") =>
  (
    await shop.call("GET", `/v1/sales?${new URLSearchParams({ ref, minor, currency })}`, {
      token: shop.keys.KAUNTER_SERVER_KEY,
    })
  ).json;

/** A token as the shop's server mints it, with its own key. */
async function mint(shop, more = {}) {
  const body = { shop: "demo", terminal: "till-1", cashier: "aminah", rights: ["charge", "cancel"], ...more };
  return (await post(shop, "/v1/terminal-tokens", shop.keys.KAUNTER_SERVER_KEY, body)).json.token;
}

const { test: onBothStores } = stores();

onBothStores(
  "rule 18: the record says what is due, what was paid and on whose word; and only that amount closes the bill",
  async (t, make) => {
    const { shop } = await before(t, {}, { make });
    const trade = (await sell(shop, "INV/2026/0001", { minor: 1 })).json;
    const record = await shop.sale("INV/2026/0001");
    assert.deepEqual(
      { ...record, trades: record.trades.length },
      {
        ref: "INV/2026/0001",
        due_amount: MYR(1),
        registered: false,
        paid_amount: MYR(1),
        decided_by: "gateway",
        late_amount: null,
        unconfirmed: false,
        trades: 1,
      },
      "no closes_bill without a question, and no paid",
    );
    assert.equal((await asked(shop, "INV/2026/0001", 1)).closes_bill, true);
    for (const [minor, currency] of [
      [10_000, "MYR"],
      [2, "MYR"],
      [0, "MYR"],
      [1, "SGD"],
    ]) {
      assert.equal((await asked(shop, "INV/2026/0001", minor, currency)).closes_bill, false, `${minor} ${currency}`);
    }
    const voided = await post(shop, `/v1/trades/${trade.trade_id}/void`, await shop.token(), { reason: "a test" });
    assert.equal(voided.json.status, "voided");
    const after = await asked(shop, "INV/2026/0001", 1);
    assert.deepEqual(
      [after.paid_amount, after.decided_by, after.closes_bill],
      [null, null, false],
      "after a void the bill is open",
    );
  },
);

test("an incomplete query is refused, and so is one in the path", async (t) => {
  const shop = await counter(t);
  const token = shop.keys.KAUNTER_SERVER_KEY;
  for (const query of [
    "",
    "?minor=1&currency=MYR",
    "?ref=A&minor=1",
    "?ref=A&currency=MYR",
    "?ref=A&minor=1.5&currency=MYR",
    "?ref=A&minor=-1&currency=MYR",
    "?ref=A&amount=1",
  ]) {
    const answer = await shop.call("GET", `/v1/sales${query}`, { token });
    assert.deepEqual([answer.status, answer.json.code], [400, "bad_request"], query);
  }
  assert.equal((await shop.call("GET", "/v1/sales?ref=A", { token })).status, 404);
  assert.equal((await shop.call("GET", "/v1/sales/A", { token })).status, 404);
});

test("rule 18: late money closes no bill until a person accepts it", async (t) => {
  let status = "X";
  const { shop } = await before(
    t,
    { pay: ({ trans_id }) => ok({ status: 200, trans_id }), status: () => ok({ pay_status: status }) },
    { profile: "sandbox", policy: { late_check_first_ms: 1_000 } },
  );
  const trade = (await sell(shop, "A")).json;
  await reaches(shop, trade, ["cancelled"]);
  status = "D";
  await reaches(shop, trade, ["late_success"]);
  const late = await asked(shop, "A", 1250);
  assert.deepEqual(
    [late.paid_amount, late.late_amount, late.closes_bill, late.unconfirmed],
    [null, MYR(1250), false, true],
  );
  await post(shop, `/v1/trades/${trade.trade_id}/verdict`, await shop.token("till-1", { cashier: "manager" }), {
    outcome: "paid",
    evidence: "the portal shows it",
  });
  const accepted = await asked(shop, "A", 1250);
  assert.deepEqual(
    [accepted.paid_amount, accepted.late_amount, accepted.decided_by, accepted.closes_bill],
    [MYR(1250), null, "person", true],
  );
});

onBothStores(
  "rule 34: a payment that the gateway takes back is reversed, also after a restart; a person frees the sale",
  async (t, make) => {
    const word = { now: "D" };
    const says = { status: ({ trans_id }) => ok({ pay_status: word.now, trans_id }), void: () => ok({ status: 7 }) };
    const policy = { paid_check_first_ms: 10_000, review_check_first_ms: 5_000 };
    const { shop, own } = await before(t, says, { make, profile: "sandbox", policy });
    const trade = (await sell(shop, "A")).json;
    assert.equal(trade.status, "paid");
    await shop.stopBackend();
    word.now = "V";
    await shop.startBackend();
    const asking = () => own.of("status").length;
    const before_asking = asking();
    // The sale's record asks nothing: the check that was due before the restart is found in the store.
    const record = await until("it is reversed", async () => {
      const record = await asked(shop, "A", 1250);
      return record.trades[0].status === "reversed" && record;
    });
    assert.equal(asking() - before_asking, 1);
    assert.deepEqual(
      [record.paid_amount, record.decided_by, record.closes_bill, record.unconfirmed],
      [null, null, false, true],
      "a reversed payment closes no bill",
    );
    const [reversed] = record.trades;
    assert.equal(reversed.paid_at, trade.paid_at, "the time of the payment stays");
    assert.equal(reversed.gateway_answer.code, "V");
    const metrics = (await shop.call("GET", "/metrics")).text;
    assert.match(metrics, /kaunter_alarms_total\{alarm="reversed"\} 1/);

    const again = () => mint(shop).then((token) => post(shop, "/v1/trades", token, newTrade("A", { minor: 1250 })));
    const refused = await again();
    assert.deepEqual([refused.status, refused.json.code, refused.json.trade.status], [409, "sale_busy", "reversed"]);
    const session = await post(shop, "/v1/sessions", await shop.token());
    assert.deepEqual(
      session.json.open_trades.map(({ status }) => status),
      ["reversed"],
      "the till is told",
    );
    const list = await shop.call("GET", "/v1/trades", {
      token: shop.keys.KAUNTER_SERVER_KEY,
      headers: { accept: "text/csv" },
    });
    assert.match(list.text, /,reversed,/, "and the day's list says so");
    const verdict = (token) =>
      post(shop, `/v1/trades/${trade.trade_id}/verdict`, token, { outcome: "voided", evidence: "the portal shows it" });
    assert.equal((await verdict(await mint(shop))).json.code, "token_forbidden", "without the right review");
    const freed = await verdict(await shop.token("till-1", { cashier: "manager" }));
    assert.deepEqual([freed.json.status, freed.json.decided_by], ["voided", "person"]);
    assert.equal((await again()).status, 200);
  },
);

const giveUp = async (shop, ref, tender = "cash", rights = ["charge", "give_up"]) =>
  post(shop, "/v1/sales/give-up", await mint(shop, { rights }), { ref, tender });

onBothStores(
  "rule 35: a customer pays in another way: the sale is not paid, takes no trade, and wallet money goes back once",
  async (t, make) => {
    const word = { now: "N" };
    const says = {
      pay: ({ trans_id }) => ok({ status: 200, trans_id }),
      status: ({ trans_id }) => ok({ pay_status: word.now, trans_id }),
    };
    const policy = { review_check_first_ms: 5_000, review_check_max_ms: 5_000 };
    const { shop, own } = await before(t, says, { make, profile: "sandbox", policy });
    const trade = (await sell(shop, "A")).json;
    assert.equal((await giveUp(shop, "A", "cash", ["charge", "cancel"])).json.code, "token_forbidden");
    const given = await giveUp(shop, "A");
    assert.equal(given.status, 200, given.text);
    const { by, tender, at } = given.json.given_up;
    assert.deepEqual([by, tender], ["aminah", "cash"]);
    assert.match(at, /^\d{4}-\d\d-\d\dT/);
    const record = await asked(shop, "A", 1250);
    assert.deepEqual(
      [record.paid_amount, record.closes_bill, record.unconfirmed, record.trades[0].status],
      [null, false, true, "needs_review"],
    );
    assert.deepEqual((await giveUp(shop, "A", "card")).json.given_up, given.json.given_up, "the first one counts");
    const again = async () => post(shop, "/v1/trades", await mint(shop), newTrade("A", { minor: 1250 }));
    assert.deepEqual([(await again()).status, (await again()).json.code], [409, "sale_given_up"]);

    await shop.stopBackend();
    word.now = "D";
    await shop.startBackend();
    await reaches(shop, trade, ["voided"]);
    assert.equal(own.of("void").length, 1, "late wallet money goes back once");
    assert.match((await shop.call("GET", "/metrics")).text, /kaunter_alarms_total\{alarm="late_success"\} 1/);
    const after = await asked(shop, "A", 1250);
    assert.deepEqual([after.given_up, after.paid_amount, after.closes_bill], [given.json.given_up, null, false]);
    assert.equal((await again()).json.code, "sale_given_up", "and it takes no trade after that");
  },
);

test("rule 35: what the gateway says first, and what was never presented", async (t) => {
  let word = "N";
  const { shop, own } = await before(
    t,
    {
      pay: ({ trans_id }) => ok({ status: 200, trans_id }),
      status: ({ trans_id }) => ok({ pay_status: word, trans_id }),
      void: () => ok({ status: 7 }),
    },
    { profile: "sandbox", policy: { late_check_first_ms: 5_000 } },
  );
  assert.equal((await giveUp(shop, "NOBODY")).json.code, "trade_not_found");
  assert.equal((await giveUp(shop, "NOBODY", "shells")).json.code, "bad_request");
  await sell(shop, "A");
  word = "D";
  const paid = await giveUp(shop, "A");
  assert.deepEqual([paid.status, paid.json.code, paid.json.trade.status], [409, "sale_paid", "paid"]);
  assert.equal((await asked(shop, "A", 1250)).closes_bill, true);
  assert.equal((await asked(shop, "A", 1250)).given_up, undefined);

  const waiting = await open(shop, "B");
  const queries = own.of("status").length;
  assert.equal((await giveUp(shop, "B")).json.trades[0].status, "cancelled", "it awaited its code");
  assert.equal(own.of("status").length, queries, "nothing is asked");
  assert.equal((await handOver(shop, waiting, "1".repeat(18))).json.code, "trade_closed");

  // A trade that had ended unpaid before: money for it comes all the same, and the void fails.
  word = "X";
  const ended = (await sell(shop, "C", { code: "2".repeat(18) })).json;
  await reaches(shop, ended, ["cancelled"]);
  assert.equal((await giveUp(shop, "C", "other")).json.given_up.tender, "other");
  word = "D";
  const late = await until("its void was refused", async () => {
    const trade = (await shop.sale("C")).trades[0];
    return trade.void_refused && trade;
  });
  assert.equal(late.status, "late_success");
  const verdict = await post(
    shop,
    `/v1/trades/${ended.trade_id}/verdict`,
    await shop.token("till-1", { cashier: "manager" }),
    {
      outcome: "paid",
      evidence: "the portal shows it",
    },
  );
  assert.equal(verdict.json.code, "sale_busy", "nobody can accept it");
});

test("rule 34: what is not a clear word leaves a payment paid, with an alarm; asking is bounded", async (t) => {
  let says = ok({ pay_status: "D" });
  const policy = { refresh_pause_ms: 1 };
  const { shop, own } = await before(
    t,
    { status: () => says, void: () => ok({ status: 7 }) },
    { profile: "sandbox", policy },
  );
  const trade = (await sell(shop, "A")).json;
  const fresh = async (path = "?fresh=true") =>
    (await shop.call("GET", `/v1/trades/${trade.trade_id}${path}`, { token: shop.keys.KAUNTER_SERVER_KEY })).json
      .status;
  const alarms = async () =>
    Number(
      /kaunter_alarms_total\{alarm="paid_contradicted"\} (\d+)/.exec((await shop.call("GET", "/metrics")).text)[1],
    );
  assert.equal(await fresh(), "paid");
  assert.equal(await alarms(), 0);
  let before_alarms = 0;
  for (const answer of [
    ok({ pay_status: "N" }),
    ok({ pay_status: "X" }),
    ok({ pay_status: "F" }),
    ok({ pay_status: "P" }),
    ok({ pay_status: "PARTIAL" }),
    { code: 404, msg: "no such trade", data: {} },
    ok({ pay_status: "V", amount: "0.01" }),
  ]) {
    says = answer;
    assert.equal(await fresh(), "paid", JSON.stringify(answer));
    before_alarms += 1;
    assert.equal(await alarms(), before_alarms, JSON.stringify(answer));
  }
  for (const silent of ["drop", { http: 502, body: "<html>" }, { code: 500, msg: "a fault", data: {} }]) {
    says = silent;
    assert.equal(await fresh(), "paid", JSON.stringify(silent));
    assert.equal(await alarms(), before_alarms, "silence contradicts nothing");
  }
  assert.equal(await fresh("?fresh=perhaps"), 400);
  // A void that the gateway refuses because the money went back in its portal: it is asked at once.
  says = ok({ pay_status: "V", trans_id: trade.gateway_ref });
  await post(shop, `/v1/trades/${trade.trade_id}/void`, await shop.token(), { reason: "a test" });
  assert.equal((await reaches(shop, trade, ["reversed"])).void_refused.code, "7");
  const seen = own.of("status").length;
  assert.equal(await fresh("/void"), "reversed", "the status of a void asks, too");
  assert.equal(own.of("status").length, seen + 1);
});

onBothStores(
  "rule 15: the first trade fixes the amount; a page can't change it, the shop's server can while no money is at risk",
  async (t, make) => {
    const { shop } = await before(
      t,
      { pay: [{ code: 4001, msg: "no", data: {} }, undefined] },
      { make, profile: "sandbox" },
    );
    const first = await open(shop, "BILL", { minor: 10_000 });
    const other = { ...newTrade("BILL", { minor: 1 }) };
    const refused = await post(shop, "/v1/trades", await mint(shop), other);
    assert.deepEqual([refused.status, refused.json.code], [409, "sale_amount_mismatch"], refused.text);
    assert.equal((await shop.sale("BILL")).trades[0].status, "awaiting_code", "and nothing else happened");
    await post(shop, `/v1/trades/${first.trade_id}/cancel`, await shop.token());
    assert.equal(
      (await post(shop, "/v1/trades", await mint(shop), { ...other, idempotency_key: newTrade().idempotency_key }))
        .status,
      409,
      "a closed trade fixes it too",
    );

    const waiting = await open(shop, "BILL", { minor: 10_000 }, "till-2");
    const limited = await mint(shop, { max_amount: MYR(20_000) });
    assert.equal(
      (await post(shop, "/v1/trades", limited, newTrade("BILL", { minor: 15_000 }))).status,
      409,
      "a limit is no amount",
    );
    const bound = await mint(shop, { sale: { ref: "BILL", amount: MYR(15_000) } });
    const changed = await post(shop, "/v1/trades", bound, newTrade("BILL", { minor: 15_000 }));
    assert.equal(changed.json.status, "awaiting_code", changed.text);
    const record = await shop.sale("BILL");
    assert.deepEqual(
      [record.due_amount, record.trades.find(({ trade_id }) => trade_id === waiting.trade_id).status],
      [MYR(15_000), "cancelled"],
      "another till's trade with the old amount is left",
    );
    assert.equal((await handOver(shop, waiting, fresh())).status, 409);

    assert.equal(
      (await post(shop, `/v1/trades/${changed.json.trade_id}/code`, bound, { code: fresh() })).json.status,
      "declined",
    );
    const paid = await sell(shop, "BILL", { minor: 15_000 });
    assert.equal(paid.json.status, "paid");
    const late = await post(
      shop,
      "/v1/trades",
      await mint(shop, { sale: { ref: "BILL", amount: MYR(20_000) } }),
      newTrade("BILL", { minor: 20_000 }),
    );
    assert.deepEqual(
      [late.status, late.json.code, late.json.trade.sale.amount],
      [409, "sale_paid", MYR(15_000)],
      "not once it is paid",
    );
    assert.equal((await asked(shop, "BILL", 20_000)).closes_bill, false);
  },
);

test("rule 15: while money is at risk, nobody changes the amount", async (t) => {
  const { shop } = await before(t, { pay: "drop", status: ok({ pay_status: "N" }) });
  const trade = (await sell(shop, "A", { minor: 1000 })).json;
  const bound = await mint(shop, { sale: { ref: "A", amount: MYR(1) } });
  const answer = await post(shop, "/v1/trades", bound, newTrade("A", { minor: 1 }));
  assert.deepEqual([answer.status, answer.json.code, answer.json.trade.trade_id], [409, "sale_busy", trade.trade_id]);
  assert.deepEqual((await shop.sale("A")).due_amount, MYR(1000));
});

onBothStores(
  "rule 16: a code is for one sale, for ten minutes; the same sale may show it again after a no",
  async (t, make) => {
    const { shop, own } = await before(
      t,
      { pay: [{ code: 4001, msg: "no", data: {} }, undefined] },
      { make, profile: "sandbox" },
    );
    const code = fresh();
    assert.equal((await sell(shop, "A", { code })).json.status, "declined");
    const other = await sell(shop, "B", { code });
    assert.deepEqual([other.status, other.json.code], [409, "code_reused"], other.text);
    const elsewhere = await sell(shop, "C", { code, terminal: "till-2" });
    assert.equal(elsewhere.json.code, "code_reused", "at another till too");
    assert.equal((await sell(shop, "A", { code })).json.status, "paid");
    assert.equal((await sell(shop, "D", { code: `\t${code}\r\n` })).json.code, "code_reused", "whatever surrounds it");
    assert.equal((await sell(shop, "B")).json.status, "paid", "the sale goes on with a fresh code");
    assert.equal(own.of("pay").length, 3);
  },
);

onBothStores("rule 16: one code handed over for ten sales at once is sent once", async (t, make) => {
  const { shop, own } = await before(t, {}, { make });
  const code = fresh();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, nth) => sell(shop, `R-${nth}`, { code, terminal: `till-${nth}` })),
  );
  assert.deepEqual([own.of("pay").length, answers.filter(({ json }) => json.code === "code_reused").length], [1, 9]);
});

test("rule 16: a code that was provably not sent can be used again; and the check can be turned off", async (t) => {
  const { shop, own } = await before(
    t,
    { token: () => (own?.down ? "drop" : undefined) },
    { policy: { code_memory_s: 600 } },
  );
  const code = fresh();
  const trade = await open(shop, "A");
  own.down = true;
  await shop.stopBackend();
  await shop.startBackend(); // it has no gateway token and can't get one, so the payment can't be sent
  await handOver(shop, trade, code);
  assert.equal((await shop.sale("A")).trades[0].status, "awaiting_code");
  own.down = false;
  assert.equal((await sell(shop, "B", { code })).json.status, "paid");
  const off = await before(t, {}, { policy: { code_memory_s: 0 } });
  assert.deepEqual(
    [(await sell(off.shop, "A", { code })).json.status, (await sell(off.shop, "B", { code })).json.status],
    ["paid", "paid"],
  );
});

test("rule 32: refused creations do not use up a sale's attempts, nor another terminal's", async (t) => {
  let down = true;
  const { shop } = await before(
    t,
    {
      create: () => (down ? { http: 503, body: "" } : undefined),
      pay: () => (down === null ? undefined : { code: 4001, msg: "no", data: {} }),
    },
    // A creation on a busy machine is answered too.
    { scale: 0.02, profile: "sandbox", policy: { code_answer_ms: 250_000 } },
  );
  for (let nth = 0; nth < 60; nth++) assert.equal((await sell(shop, "A")).json.status, "cancelled");
  down = false;
  for (let nth = 0; nth < 50; nth++) assert.equal((await sell(shop, "A")).json.status, "declined");
  const worn = await sell(shop, "A");
  assert.deepEqual([worn.status, worn.json.code, worn.json.retry], [429, "rate_limited", "later"]);
  assert.match(worn.json.detail, /try again in \d+ s/, "it says when");
  assert.ok(Number(worn.headers.get("retry-after")) <= 600, worn.headers.get("retry-after"));
  down = null;
  assert.equal((await sell(shop, "A", { terminal: "till-2" })).json.status, "paid", "another terminal takes the sale");
});

// ---- tokens ----

const rights = ["charge", "cancel", "void", "review", "list"];
const small = { rights, sale: { ref: "SMALL", amount: MYR(500) } };

test("rule 19: a token for one sale does not reach another sale, whatever its rights", async (t) => {
  const { shop } = await before(t);
  const own = (await sell(shop, "LARGE", { minor: 100_000 })).json;
  const waiting = await open(shop, "WAITING", { minor: 700 });
  const token = await mint(shop, small);
  const calls = [
    ["POST", `/v1/trades/${own.trade_id}/void`, { reason: "a test" }],
    ["POST", `/v1/trades/${own.trade_id}/verdict`, { outcome: "voided", evidence: "none" }],
    ["POST", `/v1/trades/${waiting.trade_id}/cancel`],
    ["POST", `/v1/trades/${waiting.trade_id}/code`, { code: fresh() }],
    ["POST", "/v1/trades", newTrade("LARGE", { minor: 100_000 })],
    ["POST", "/v1/trades", newTrade("SMALL", { minor: 501 })],
    ["GET", `/v1/trades/${own.trade_id}`],
    ["GET", `/v1/trades/${own.trade_id}/void`],
    ["GET", "/v1/sales?ref=LARGE"],
    ["GET", `/v1/trades?day=${new Date().toISOString().slice(0, 10)}`],
  ];
  for (const [method, path, body] of calls) {
    const answer = await shop.call(method, path, { token, body });
    assert.deepEqual([answer.status, answer.json.code], [403, "token_forbidden"], `${method} ${path}: ${answer.text}`);
  }
  const leaving = await mint(shop, { ...small, rights: ["charge", "give_up"] });
  for (const ref of ["LARGE", "WAITING", "NONE"]) {
    const answer = await post(shop, "/v1/sales/give-up", leaving, { ref, tender: "cash" });
    assert.deepEqual([answer.status, answer.json.code], [403, "token_forbidden"], `whether ${ref} exists is not said`);
  }
  const nothing = await post(shop, "/v1/sales/give-up", leaving, { ref: "SMALL", tender: "cash" });
  assert.equal(nothing.json.code, "trade_not_found", "its own sale has no trade yet");
  assert.deepEqual((await shop.call("GET", "/v1/trades?open=true", { token })).json.trades, []);
  assert.equal((await shop.sale("WAITING")).trades[0].status, "awaiting_code");
  assert.equal(
    (await post(shop, "/v1/trades", token, newTrade("SMALL", { minor: 500 }))).status,
    200,
    "its own sale it charges",
  );
});

test("rule 19: a limit binds a void and a verdict as it binds a charge", async (t) => {
  const { shop } = await before(t);
  const { trade_id } = (await sell(shop, "LARGE", { minor: 100_000 })).json;
  const token = await mint(shop, { rights, max_amount: MYR(500) });
  for (const [path, body] of [
    [`/v1/trades/${trade_id}/void`, { reason: "a test" }],
    [`/v1/trades/${trade_id}/verdict`, { outcome: "voided", evidence: "none" }],
  ]) {
    assert.equal((await post(shop, path, token, body)).json.code, "amount_too_large", path);
  }
  assert.equal((await shop.sale("LARGE")).trades[0].status, "paid");
  const small = (await sell(shop, "SMALL", { minor: 500 })).json;
  assert.equal(
    (await post(shop, `/v1/trades/${small.trade_id}/void`, token, { reason: "a test" })).json.status,
    "voided",
  );
});

test("rule 19: without the right to list, a token reaches its own terminal, and how a sale stands that it may charge", async (t) => {
  const { shop } = await before(t);
  const other = (await sell(shop, "A", { terminal: "till-2" })).json;
  const path = `/v1/trades/${other.trade_id}`;
  const mute = await mint(shop, { rights: [] });
  for (const address of [
    path,
    "/v1/sales?ref=A",
    "/v1/sales?ref=NONE",
    `/v1/trades?day=${new Date().toISOString().slice(0, 10)}`,
  ]) {
    assert.equal((await shop.call("GET", address, { token: mute })).status, 403, address);
  }
  const leaving = await mint(shop, { rights: ["give_up"] });
  for (const ref of ["A", "NONE"])
    assert.equal((await post(shop, "/v1/sales/give-up", leaving, { ref, tender: "cash" })).status, 403, ref);
  const cashier = await mint(shop, { rights: ["charge", "cancel", "void", "review"] });
  const told = (await shop.call("GET", path, { token: cashier })).json;
  assert.deepEqual(
    [told.status, told.terminal, told.sale.amount, told.gateway_ref],
    ["paid", "till-2", MYR(1250), undefined],
    "no more than that",
  );
  const hidden = [
    "gateway_ref",
    "cancelled_by",
    "reason",
    "void_gateway_ref",
    "shown_code",
    "gateway_answer",
    "void_refused",
  ];
  const sale = (await shop.call("GET", "/v1/sales?ref=A", { token: cashier })).json;
  const busy = (await post(shop, "/v1/trades", cashier, newTrade("A", { minor: 1250 }))).json;
  for (const trade of [told, sale.trades[0], busy.trade]) {
    assert.deepEqual([trade.status, trade.terminal, trade.sale.amount], ["paid", "till-2", MYR(1250)]);
    assert.deepEqual(
      Object.keys(trade).filter((name) => hidden.includes(name)),
      [],
      "wherever it is read",
    );
  }
  for (const [call, body] of [
    ["cancel"],
    ["void", { reason: "a test" }],
    ["verdict", { outcome: "voided", evidence: "none" }],
  ]) {
    assert.equal((await post(shop, `${path}/${call}`, cashier, body)).status, 403, call);
  }
  const manager = await mint(shop, { rights: ["void", "list"] });
  assert.equal(
    (await post(shop, `${path}/void`, manager, { reason: "a test" })).json.status,
    "voided",
    "with it, the whole shop",
  );
});

// ---- found in a security review ----

test("rule 19: an error about the trade that holds the sale shows only what the token may read of it", async (t) => {
  const { shop } = await before(
    t,
    { pay: ({ trans_id }) => ok({ status: 200, trans_id }), status: ok({ pay_status: "P" }) },
    { profile: "sandbox" },
  );
  const other = (await sell(shop, "A", { terminal: "till-2" })).json;
  const busy = await post(shop, "/v1/trades", await mint(shop), newTrade("A", { minor: 1250 }));
  assert.deepEqual(
    [busy.status, busy.json.trade.trade_id, busy.json.trade.gateway_ref, busy.json.trade.gateway_answer],
    [409, other.trade_id, undefined, undefined],
  );
});

test("rule 19: a session shows a token for one sale no other sale", async (t) => {
  const { shop } = await before(t);
  await open(shop, "OTHER", { minor: 700 });
  const session = async (more) =>
    (await post(shop, "/v1/sessions", await mint(shop, more))).json.open_trades.map(({ sale }) => sale.ref);
  assert.deepEqual([await session({}), await session(small)], [["OTHER"], []]);
});

test("rule 15: an older token of the same sale does not change its amount back", async (t) => {
  const { shop } = await before(t);
  const stale = await mint(shop, { sale: { ref: "A", amount: MYR(1000) } });
  assert.equal((await post(shop, "/v1/trades", stale, newTrade("A", { minor: 1000 }))).status, 200);
  // The next token is minted at least a second later.
  const fresh = await until("the server's next word is newer", async () => {
    const token = await mint(shop, { sale: { ref: "A", amount: MYR(10_000) } });
    return (await post(shop, "/v1/trades", token, newTrade("A", { minor: 10_000 }))).status === 200 && token;
  });
  const back = await post(shop, "/v1/trades", stale, newTrade("A", { minor: 1000 }));
  assert.deepEqual([back.status, back.json.code], [409, "sale_amount_mismatch"]);
  assert.deepEqual((await shop.sale("A")).due_amount, MYR(10_000));
  assert.ok(fresh);
});

test("rule 22: a person's verdict stays a person's if the void after it is refused", async (t) => {
  const { shop } = await before(
    t,
    { pay: "drop", status: { http: 503, body: "" }, void: ok({ status: 7 }) },
    { scale: 0.02 },
  );
  const trade = (await sell(shop, "A")).json;
  await reaches(shop, trade, ["needs_review"]);
  const manager = await shop.token("till-1", { cashier: "manager" });
  await post(shop, `/v1/trades/${trade.trade_id}/verdict`, manager, {
    outcome: "paid",
    evidence: "the cashier says so",
  });
  assert.equal((await shop.sale("A")).decided_by, "person");
  const voided = await post(shop, `/v1/trades/${trade.trade_id}/void`, manager, { reason: "a test" });
  assert.ok(voided.json.void_refused, voided.text);
  assert.equal((await shop.sale("A")).decided_by, "person");
});

/** A shop whose gateway answers queries with `words.status`, and a trade of it that is under review. */
async function reviewed(t, make, ref, extra = "", options = {}) {
  const words = { status: { http: 503, body: "" } };
  const { shop, own } = await before(
    t,
    { pay: "drop", status: () => words.status },
    {
      make,
      scale: 0.02,
      profile: "sandbox",
      ...options,
      change: (toml) => `${toml.replace("[gateway]", "[gateway]\ncan_cancel = false")}\n${extra}`,
    },
  );
  const begin = async (ref) => reaches(shop, (await sell(shop, ref)).json, ["needs_review"]);
  const give = async (trade, cashier, outcome, evidence = "seen in the portal") =>
    post(shop, `/v1/trades/${trade.trade_id}/verdict`, await shop.token("till-1", { cashier }), { outcome, evidence });
  return { shop, own, words, begin, give, trade: await begin(ref) };
}

onBothStores(
  "rule 43: a verdict on one's own charge, or above an amount, waits for another name, and the audit has both",
  async (t, make) => {
    const extra = "[review]\nconfirm_above_minor = 1250\n";
    const { shop, trade, give } = await reviewed(t, make, "A", extra);
    assert.equal(trade.cashier, "cashier");
    const path = `/v1/trades/${trade.trade_id}/verdict`;
    const proposed = (await give(trade, "Cashier", "paid")).json;
    const { at, ...proposal } = proposed.proposal;
    assert.deepEqual([proposed.status, proposal], ["needs_review", { outcome: "paid", by: "Cashier" }]);
    assert.ok(Date.parse(at) > 0, at);
    const record = await shop.sale("A");
    assert.deepEqual([record.paid_amount, record.unconfirmed], [null, true]);
    // Nobody without a name, and a terminal speaks for its own cashier only.
    const body = { outcome: "paid", evidence: "seen" };
    const key = shop.keys.KAUNTER_SERVER_KEY;
    for (const [token, more, status, code, param] of [
      [await shop.token("till-1", { cashier: "till-1" }), {}, 403, "token_forbidden"],
      [await shop.token("till-1", { cashier: "boss" }), { actor: "chong" }, 400, "bad_request", "actor"],
      [key, {}, 400, "bad_request", "actor"],
      [key, { actor: " " }, 400, "bad_request", "actor"],
    ]) {
      const refused = await post(shop, path, token, { ...body, ...more });
      assert.deepEqual([refused.status, refused.json.code, refused.json.param], [status, code, param], refused.text);
    }
    assert.equal((await give(trade, "cashier", "paid")).json.status, "needs_review", "the same person");
    const confirmed = await post(shop, path, key, { ...body, actor: "Chong" });
    assert.deepEqual(
      [confirmed.json.status, confirmed.json.decided_by, confirmed.json.proposal],
      ["paid", "person", undefined],
      confirmed.text,
    );
    const lines = sql(
      shop,
      `SELECT actor, who, from_state, to_state, note FROM audit WHERE trade_id = '${trade.trade_id}' AND event = 'verdict' ORDER BY version, nth;`,
    );
    assert.deepEqual(lines, [
      ["person", "Cashier", "", "", "proposed by Cashier: paid: seen in the portal"],
      ["server", "Chong", "needs_review", "paid", "decided by Cashier and Chong: paid: seen"],
    ]);
  },
);

onBothStores(
  "rule 44: a correction frees the sale after a fresh answer only, and never from the gateway's word",
  async (t, make) => {
    const { shop, own, words, trade, begin, give } = await reviewed(t, make, "A");
    assert.equal((await give(trade, "manager", "paid")).json.status, "paid");
    assert.equal((await give(trade, "manager", "declined")).json.proposal.by, "manager", "an own verdict");
    const asked = () => own.of("status").length;
    const before = asked();
    const waits = (await give(trade, "boss", "declined")).json;
    assert.deepEqual([waits.status, waits.proposal.outcome], ["paid", "declined"]);
    assert.ok(asked() > before, "the gateway is asked after the request");
    assert.deepEqual((await shop.sale("A")).paid_amount, MYR(1250), "silence frees nothing");
    const stopped = await give(trade, "manager", "paid");
    assert.deepEqual([stopped.status, stopped.json.code], [409, "trade_not_in_review"], "one person stops nothing");
    words.status = ok({ pay_status: "F" });
    const freed = await reaches(shop, trade, ["declined"]);
    assert.deepEqual([freed.decided_by, freed.proposal], ["person", undefined]);
    assert.equal((await shop.sale("A")).paid_amount, null);
    const lines = sql(
      shop,
      `SELECT event, from_state, to_state, note FROM audit WHERE trade_id = '${trade.trade_id}' AND from_state = 'paid';`,
    );
    assert.equal(lines.length, 1);
    assert.deepEqual(lines[0].slice(0, 3), ["status_answered", "paid", "declined"]);
    assert.match(lines[0][3], /^decided by manager and boss, correcting manager: failed/);
    // The gateway says paid: it stays paid, now by the gateway's word.
    words.status = { http: 503, body: "" };
    const other = await begin("B");
    assert.equal((await give(other, "manager", "paid")).json.status, "paid");
    words.status = ok({ pay_status: "D" });
    const kept = (await give(other, "boss", "voided")).json;
    assert.deepEqual([kept.status, kept.decided_by, kept.proposal], ["paid", "gateway", undefined]);
    const refused = await give(other, "boss", "voided");
    assert.deepEqual([refused.status, refused.json.code], [409, "trade_not_in_review"]);
  },
);

onBothStores(
  "rule 44: the gateway is asked after a verdict, over a restart too, and a contradiction raises an alarm",
  async (t, make) => {
    const { shop, words, trade, give } = await reviewed(t, make, "A");
    const alarms = async () =>
      /kaunter_alarms_total\{alarm="verdict_contradicted"\} (\d+)/.exec((await shop.call("GET", "/metrics")).text)?.[1];
    assert.equal((await give(trade, "manager", "paid")).json.status, "paid");
    await shop.stopBackend();
    words.status = ok({ pay_status: "F" });
    await shop.startBackend();
    await until("the alarm is raised", async () => (await alarms()) === "1");
    const { trades, paid_amount } = await shop.sale("A");
    assert.deepEqual([trades[0].verdict_contradicted, paid_amount], [true, MYR(1250)], "nothing moves by itself");
    const listed = async (terminal) =>
      (await shop.call("POST", "/v1/sessions", { token: await shop.token(terminal) })).json.open_trades;
    assert.deepEqual(
      (await listed("till-1")).map((open) => [open.trade_id, open.status, open.verdict_contradicted]),
      [[trade.trade_id, "paid", true]],
      "an open page of this terminal hears of it",
    );
    assert.deepEqual(await listed("till-2"), []);
    await until("it is asked again", async () => (await shop.sale("A")).trades[0].version > trades[0].version);
    assert.equal(await alarms(), "1", "one alarm for one verdict");
  },
);

test("rule 43: one person alone confirms after half an hour, and the sheet says so", async (t) => {
  // Half an hour at this scale is 3.6 s. The gateway still gets its time to answer.
  const wait = 1_000_000;
  const policy = { connect_timeout_ms: wait, read_timeout_ms: wait, pay_timeout_ms: wait, code_answer_ms: wait };
  const extra = "[review]\nsingle_person = true\n";
  const { shop, trade, give } = await reviewed(t, counter, "A", extra, { scale: 0.002, policy });
  const began = Date.now();
  await until(
    "one person alone has confirmed",
    async () => (await give(trade, "cashier", "paid")).json.status === "paid",
    { every: 200 },
  );
  assert.ok(Date.now() - began > 3_000, "half an hour");
  const { trades } = await shop.sale("A");
  assert.deepEqual([trades[0].decided_by, trades[0].single_person], ["person", true]);
  const sheet = await shop.call("GET", "/v1/trades?ref=A", {
    token: await shop.token(),
    headers: { accept: "text/csv" },
  });
  assert.match(sheet.text, /,cashier,decided_by,single_person\r\n/);
  assert.match(sheet.text, /,cashier,person,true\r\n/);
});

test("rule 16: a code whose payment may have succeeded can't be used again, not even for its own sale", async (t) => {
  const { shop, own } = await before(t, {
    pay: ({ trans_id }) => ok({ status: 200, user_order_status: "S", trans_id }),
  });
  const code = fresh();
  const paid = (await sell(shop, "A", { code })).json;
  assert.equal(
    (await post(shop, `/v1/trades/${paid.trade_id}/void`, await shop.token(), { reason: "a test" })).json.status,
    "voided",
  );
  assert.equal((await sell(shop, "A", { code })).json.code, "code_reused");
  assert.equal(own.of("pay").length, 1);
});
