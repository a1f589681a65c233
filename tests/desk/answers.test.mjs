// Real answers of gateways, and how the backend reads them: values, ids, and the words that reach the operator.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../terminal/harness.mjs";
import { reaches } from "./desk.mjs";
import { before, fresh, ok, sell } from "./gateway.mjs";

const bom = (value) => `\ufeff${JSON.stringify(value)}`;
const paid =
  (more) =>
  ({ trans_id }) =>
    ok({ status: 200, user_order_status: "S", trans_id, ...more });
const day = () => new Date().toISOString().slice(0, 10);
const logged = (shop, pattern) => until(`the log says ${pattern}`, () => pattern.test(shop.backendProgram.words));
const server = (shop) => ({ token: shop.keys.KAUNTER_SERVER_KEY });

for (const amount of [
  "1,250.00",
  "RM 1,250.00",
  "1250.00 MYR",
  "1250.0000",
  "1.250,00",
  " 1250 ",
  1250,
  1250.0,
  "01250.00",
]) {
  test(`an amount that comes back as ${JSON.stringify(amount)} is the same RM 1,250`, async (t) => {
    const { shop, own } = await before(t, {
      create: () => ok({ trans_id: "T-1", amount }),
      pay: paid({ amount, currency: "myr" }),
    });
    assert.equal((await sell(shop, "A", { minor: 125_000 })).json.status, "paid");
    assert.equal(own.of("pay").length, 1);
  });
}

for (const [what, more] of Object.entries({
  "another amount": { amount: "1250.01" },
  "another currency": { amount: "12.50", currency: "SGD" },
  "a currency beside nothing": { currency: "USD" },
  "a sign of another currency": { amount: "S$12.50" },
  "an amount with two readings": { amount: "12,5" },
  "another trade's id": { trx_id: "K-OTHER" },
  "another wallet": { integrator_id: "3" },
  "an id that is no id": { trx_id: { id: 1 } },
  "a negative amount": { amount: "-12.50" },
})) {
  test(`${what} in the answer to a payment is a review, never paid`, async (t) => {
    const { shop } = await before(t, { pay: paid(more) });
    assert.equal((await sell(shop, "A")).json.status, "needs_review");
    assert.equal((await shop.sale("A")).paid_amount, null);
  });
}

for (const [what, json] of Object.entries({
  "with quotes": '"20190329150700338216"',
  "without quotes": "20190329150700338216",
})) {
  test(`an id of 20 digits ${what} keeps every digit`, async (t) => {
    const status = ({ trans_id }) =>
      trans_id === "20190329150700338216" ? ok({ pay_status: "D" }) : { code: 404, msg: "record not found" };
    const { shop } = await before(t, { create: `{"code":200,"data":{"trans_id":${json}}}`, pay: "drop", status });
    const trade = (await sell(shop, "A")).json;
    assert.equal((await reaches(shop, trade, ["paid"])).gateway_ref, "20190329150700338216");
  });
}

for (const [what, trans_id] of Object.entries({
  "of 200 KB": "9".repeat(200_000),
  "of 65 characters": "9".repeat(65),
  "with a line break": "2026\r\n1",
  "that turns the line": "2026\u202e1",
  "with markup": "<img src=x>",
  "that is a fraction": 1.5,
  "that is a list": [1],
  "that is empty": "",
})) {
  test(`an id ${what} is refused as an id, and nothing is presented`, async (t) => {
    const { shop, own } = await before(t, { create: () => ok({ trans_id }) });
    const made = await sell(shop, "A");
    assert.deepEqual([made.json.status, made.json.gateway_ref], ["cancelled", undefined]);
    assert.equal(own.of("pay").length, 0);
    await until("the log says why", () => /WARN.*no id that can be used/.test(shop.backendProgram.words));
  });
}

test("answers with a byte order mark, HTTP 201, 200.0 or null entries are understood", async (t) => {
  const wallet = { id: 23, integrator_name: "GrabPay", active: "Y" };
  const { shop } = await before(t, {
    token: bom(ok({ status: 1, Auth_Token: "t-0123456789" })),
    wallets: bom({ code: 200.0, data: { 0: wallet, 3: { ...wallet, id: 3 } } }),
    create: { http: 201, body: bom(ok({ trans_id: "T-1" })) },
    pay: '\ufeff{"code":"200","data":{"status":200.0,"user_order_status":"S","trans_id":"T-1"}}',
  });
  const session = await shop.call("POST", "/v1/sessions", { token: await shop.token() });
  assert.deepEqual(
    session.json.wallets.map(({ wallet_id }) => wallet_id),
    ["23", "3"],
  );
  assert.equal((await sell(shop, "A")).json.status, "paid");
});

for (const refusal of [
  { code: 422, msg: "Minimum amount is RM 1.00", data: {} },
  { http: 422, body: { code: 422, msg: "Minimum amount is RM 1.00" } },
  { code: 422, data: { msg: "Minimum amount is RM 1.00" } },
]) {
  test(`a refused creation is a refusal with the gateway's sentence: ${JSON.stringify(refusal)}`, async (t) => {
    const { shop } = await before(t, { create: refusal });
    const { json } = await sell(shop, "A", { minor: 50 });
    assert.deepEqual(
      [json.status, json.reason, json.gateway_answer],
      ["declined", "other", { code: "422", message: "Minimum amount is RM 1.00" }],
    );
    await logged(shop, /"gateway_code":"422".*"gateway_message":"Minimum amount is RM 1.00"/);
    const [listed] = (await shop.call("GET", `/v1/trades?day=${day()}`, server(shop))).json.trades;
    assert.equal(listed.gateway_answer.message, "Minimum amount is RM 1.00");
    const sheet = await shop.call("GET", `/v1/trades?day=${day()}`, {
      ...server(shop),
      headers: { accept: "text/csv" },
    });
    assert.match(sheet.text, /422,Minimum amount is RM 1\.00/);
    assert.equal((await sell(shop, "A", { minor: 50 })).json.attempt, 2, "the next trade may begin at once");
  });
}

test("a gateway that answers with a fault counts as down, and its words are in the log", async (t) => {
  const { shop } = await before(t, { create: { code: 503, msg: "maintenance until 6" } });
  const { json } = await sell(shop, "A");
  assert.deepEqual(
    [json.status, json.reason, json.gateway_answer?.message],
    ["cancelled", "gateway_unavailable", "maintenance until 6"],
  );
  await logged(shop, /maintenance until 6/);
});

test("why a gateway can't be reached is in the log", async (t) => {
  const { shop } = await before(
    t,
    {},
    { change: (toml) => toml.replace(/^base_url = .*/m, 'base_url = "http://127.0.0.1:9/version1"') },
  );
  assert.equal(
    (await shop.call("POST", "/v1/sessions", { token: await shop.token() })).json.code,
    "gateway_unavailable",
  );
  await logged(shop, /"cause":"[^"]*(refused|connect)/i);
});

test("rule 21: the words of a refused payment and of a status that decides are kept with the move", async (t) => {
  const { shop } = await before(
    t,
    { pay: { code: 4001, msg: "Insufficient balance", data: {} } },
    { profile: "sandbox" },
  );
  const { json } = await sell(shop, "A");
  assert.deepEqual(
    [json.status, json.reason, json.gateway_answer],
    ["declined", "insufficient_funds", { code: "4001", message: "Insufficient balance" }],
  );
  const other = await before(
    t,
    { pay: "drop", status: () => ({ code: 200, msg: "closed by the customer", data: { pay_status: "X" } }) },
    { profile: "sandbox" },
  );
  const trade = (await sell(other.shop, "B")).json;
  assert.deepEqual((await reaches(other.shop, trade, ["cancelled"])).gateway_answer, {
    code: "X",
    message: "closed by the customer",
  });
});

test("rule 12: no secret that was sent to the gateway appears in an answer, the log or the store", async (t) => {
  const { readFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  for (const call of ["create", "pay", "void", "token"]) {
    const echo = (fields, headers) => ({
      code: 4100,
      data: {},
      msg: [
        call,
        fields.user_qr_code,
        fields.void_pin,
        fields.login_password,
        fields.login_id,
        headers.key,
        headers["auth-token"],
        "4111111111111111",
      ]
        .filter(Boolean)
        .join(" "),
    });
    const lied =
      call === "void"
        ? (fields, headers) => ({ code: 200, msg: echo(fields, headers).msg, data: { status: 7 } })
        : echo;
    const { shop, own } = await before(t, { [call]: call === "token" ? [lied, undefined] : lied }, { log: "debug" });
    const code = `KEPT-SECRET-${fresh()}`;
    if (call === "token") await shop.call("POST", "/v1/sessions", { token: await shop.token() });
    const { json } = await sell(shop, "A", { code });
    if (call === "void")
      await shop.call("POST", `/v1/trades/${json.trade_id}/void`, {
        token: await shop.token(),
        body: { reason: "a test" },
      });
    const record = JSON.stringify(await shop.sale("A"));
    await shop.stopBackend();
    const files = await Promise.all(
      ["kaunter.db", "kaunter.db-wal"].map((name) => readFile(join(shop.dir, name)).catch(() => Buffer.alloc(0))),
    );
    const everything = [record, shop.words, ...files.map((file) => file.toString("latin1"))].join("\n");
    const last = own.of(call).at(0);
    for (const secret of [
      code,
      ...Object.values(shop.keys).filter((key) => key.length > 8),
      last.fields.void_pin,
      last.fields.login_password,
      last.headers["auth-token"],
      "4111111111111111",
    ].filter(Boolean)) {
      if (secret === shop.keys.KAUNTER_SERVER_KEY || secret === shop.keys.KAUNTER_SIGNING_KEY) continue;
      assert.ok(!everything.includes(secret), `${call}: an echo of ${secret.slice(0, 12)}... was kept`);
    }
    if (call !== "token") assert.match(record, new RegExp(`${call} \\*\\*\\*`), "the rest of the sentence is kept");
  }
});

test("rule 6: a void's answer about another trade does not change this one", async (t) => {
  const { shop } = await before(t, {
    void: () => ok({ status: 1, transaction_id: "V1", trans_id: "20000101000000000000" }),
    status: () => ok({ pay_status: "N" }),
  });
  const { json } = await sell(shop, "A");
  const voided = await shop.call("POST", `/v1/trades/${json.trade_id}/void`, {
    token: await shop.token(),
    body: { reason: "a test" },
  });
  assert.equal(voided.json.status, "voiding");
});

test("rule 6: a refusal that names another trade does not change this one", async (t) => {
  const { shop } = await before(
    t,
    { pay: { code: 4001, msg: "no", data: { trans_id: "20000101000000000000" } }, status: ok({ pay_status: "N" }) },
    { profile: "sandbox" },
  );
  assert.equal((await sell(shop, "A")).json.status, "unknown");
});

test("rule 6: a cancel's answer about another trade does not change this one", async (t) => {
  const { shop } = await before(
    t,
    {
      pay: ({ trans_id }) => ok({ status: 200, trans_id }),
      cancel: () => ok({ cancel_status: "C", trans_id: "20000101000000000000" }),
      status: () => ok({ pay_status: "P" }),
    },
    { profile: "sandbox", policy: { min_cancel_age_ms: 1 } },
  );
  const { json } = await sell(shop, "A");
  await shop.call("POST", `/v1/trades/${json.trade_id}/cancel`, { token: await shop.token() });
  assert.equal((await reaches(shop, json, ["cancelling"])).status, "cancelling");
});

for (const refusal of [
  { code: 200, msg: "already settled", data: { status: 7 } },
  { code: 200, msg: "OK", data: { status: 7, msg: "already settled" } },
])
  test(`rule 20: a refused void leaves the money paid, and says why: ${JSON.stringify(refusal)}`, async (t) => {
    const { shop, own } = await before(t, {
      void: [refusal, undefined],
    });
    const { json } = await sell(shop, "A");
    const ask = async () =>
      (
        await shop.call("POST", `/v1/trades/${json.trade_id}/void`, {
          token: await shop.token(),
          body: { reason: "a test" },
        })
      ).json;
    const refused = await ask();
    assert.deepEqual([refused.status, refused.void_refused], ["paid", { code: "7", message: "already settled" }]);
    assert.deepEqual((await shop.sale("A")).trades[0].void_refused, refused.void_refused, "and the record keeps it");
    const again = await ask();
    assert.deepEqual([again.status, again.void_refused], ["voided", undefined]);
    assert.equal(own.of("void").length, 2);
  });

for (const answer of [{ trans_id: "20261127000000999999" }, { trans_id: " 20261127000000999999 " }]) {
  test("two trades never share the gateway's id: the second is abandoned, with an alarm", async (t) => {
    const { shop } = await before(t, { create: () => ok(answer), status: ok({ pay_status: "D" }) });
    assert.equal((await sell(shop, "FIRST")).json.status, "paid");
    const second = await sell(shop, "SECOND", { minor: 990_000 });
    assert.deepEqual([second.json.status, second.json.gateway_ref], ["cancelled", undefined]);
    assert.match((await shop.call("GET", "/metrics")).text, /kaunter_alarms_total\{alarm="gateway_ref_repeated"\} 1/);
    await shop.stopBackend();
    await shop.startBackend();
    assert.equal((await shop.sale("SECOND")).paid_amount, null, "after a restart too");
  });
}

test("rule 6: an answer that names no trade is asked for again over a new connection before it decides", async (t) => {
  let asked = 0;
  const { shop, own } = await before(t, { pay: "drop", status: () => ok({ pay_status: ++asked < 3 ? "N" : "D" }) });
  const trade = (await sell(shop, "A")).json;
  await reaches(shop, trade, ["paid"]);
  const sockets = own.of("status").map(({ socket }) => socket);
  assert.notEqual(sockets.at(-1), sockets.at(-2), "the answer that closes the bill has its own connection");
  const bound = await before(t, { pay: "drop", status: ({ trans_id }) => ok({ pay_status: "D", trans_id }) });
  await reaches(bound.shop, (await sell(bound.shop, "B")).json, ["paid"]);
  assert.equal(bound.own.of("status").length, 1, "an answer that names its trade needs no second question");
});

test("a list of wallets that is empty or shorter is asked for again, and readiness says so", async (t) => {
  const [one, two] = [
    { id: "23", integrator_name: "GrabPay", active: "Y" },
    { id: "3", integrator_name: "Boost", active: "Y" },
  ];
  const { shop, own } = await before(t, { wallets: () => ok(own?.list ?? []) });
  const wallets = async () =>
    (await shop.call("POST", "/v1/sessions", { token: await shop.token() })).json.wallets.length;
  const ready = () => shop.call("GET", "/readyz");
  assert.equal(await wallets(), 0);
  const empty = await ready();
  assert.deepEqual([empty.status, /list of wallets is empty/.test(empty.text)], [502, true]);
  own.list = [one, two];
  await until("the whole list is there, within a minute of the backend's clock", async () => (await wallets()) === 2, {
    ms: 6_000,
  });
  await until("it is ready", async () => (await ready()).text === "ready\n");
  own.list = [one];
  await until(
    "the shorter list is noticed",
    async () => (await wallets()) === 1 && /fewer wallets/.test((await ready()).text),
    { ms: 20_000 },
  );
  own.list = [];
  const asked = own.of("wallets").length;
  await until("it was asked again", () => own.of("wallets").length > asked);
  assert.match((await ready()).text, /fewer wallets/, "tills still have what they had, so it is ready");
  assert.equal(await wallets(), 1, "an empty list takes no wallet away");
  own.list = [two, one];
  await until("the whole list is back", async () => (await wallets()) === 2 && (await ready()).text === "ready\n");
});
