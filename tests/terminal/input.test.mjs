// Wrong input: each has a stable code and a sentence that says what to do. Nothing is lost, and nothing is sent.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { counter, until } from "./harness.mjs";

const key = () => randomBytes(16).toString("hex");
const trade = (more = {}, sale = {}) => ({
  idempotency_key: key(),
  sale: { ref: "S-1", amount: { minor: 1250, currency: "MYR" }, ...sale },
  wallet_id: "23",
  mode: "consumer_presented",
  ...more,
});

/** Checks that a refusal is a problem document with a code, a sentence, and `retry`. */
function refused(answer, status, code, retry = "never") {
  assert.deepEqual([answer.status, answer.json?.code, answer.json?.retry], [status, code, retry], answer.text);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
  assert.match(answer.json.detail, /[a-z].*\.$/, "a sentence");
  assert.match(answer.json.trace_id, /^[0-9a-f]{32}$/);
  assert.equal(answer.headers.get("kaunter-trace-id"), answer.json.trace_id);
}

/** And it names the field that is wrong. */
function wrong(answer, code, param) {
  refused(answer, 400, code);
  assert.equal(answer.json.param, param, answer.text);
}

test("over HTTP: amounts, references, codes, wallets, JSON, fields", async (t) => {
  const shop = await counter(t);
  const token = await shop.token();
  const post = (body) => shop.call("POST", "/v1/trades", { token, body });
  const amount = (minor, currency = "MYR") => post(trade({}, { amount: { minor, currency } }));
  wrong(await amount(0), "amount_invalid", "sale.amount.minor");
  wrong(await amount(-5), "bad_request", "sale.amount.minor");
  refused(await amount(12.5), 400, "bad_request");
  refused(await amount("12.5O"), 400, "bad_request");
  wrong(await amount(5_000_001), "amount_too_large", "sale.amount.minor");
  wrong(await amount(1250, "SGD"), "currency_unsupported", "sale.amount.currency");
  wrong(await post(trade({}, { ref: "" })), "sale_invalid", "sale.ref");
  wrong(await post(trade({}, { ref: undefined })), "bad_request", "sale.ref");
  wrong(await post(trade({ wallet_id: undefined })), "bad_request", "wallet_id");
  refused(await post(trade({}, { ref: "x".repeat(65) })), 400, "sale_invalid");
  refused(await post(trade({}, { ref: "a\u0000b" })), 400, "sale_invalid");
  wrong(await post(trade({ idempotency_key: "short" })), "idempotency_key_invalid", "idempotency_key");
  wrong(await post(trade({ wallet_id: "4711" })), "wallet_unknown", "wallet_id");
  wrong(await post(trade({ wallet_id: "31", mode: "merchant_presented" })), "mode_unsupported", "mode");
  wrong(await post(trade({ surprise: 1 })), "bad_request", undefined);
  refused(await shop.call("POST", "/v1/trades", { token, raw: '{"key":' }), 400, "bad_request");
  refused(await shop.call("POST", "/v1/trades", { token, raw: "x".repeat(17 * 1024) }), 413, "body_too_large");
  refused(await shop.call("DELETE", "/v1/trades", { token }), 405, "method_not_allowed");
  refused(await shop.call("GET", "/v1/trades/KNOBODYKNOWSTHIS0000", { token }), 404, "trade_not_found");
  refused(await shop.call("GET", "/v1/nothing", { token }), 404, "route_not_found");
  wrong(await shop.call("GET", "/v1/trades?day=yesterday", { token }), "bad_request", "day");
  assert.deepEqual(await shop.ledger(), [], "nothing was sent");

  const made = (await post(trade())).json;
  const code = (text) => shop.call("POST", `/v1/trades/${made.trade_id}/code`, { token, body: { code: text } });
  wrong(await code(""), "code_invalid", "code");
  refused(await code("x".repeat(2048)), 400, "code_invalid");
  refused(await code("a\u0007b"), 400, "code_invalid");
  assert.deepEqual(await shop.calls("pay"), []);
  // Nothing is lost: the same trade still takes the right code.
  const good = await shop.code();
  assert.equal((await code(good)).status, 200);
  await until("it is paid", async () => (await shop.sale("S-1")).paid_amount);
  assert.equal((await code(good)).json.status, "paid", "the same code again is answered with the stored status");
  refused(await code(await shop.code()), 409, "trade_has_code");
  const void_ = (reason) => shop.call("POST", `/v1/trades/${made.trade_id}/void`, { token, body: { reason } });
  wrong(await void_(""), "bad_request", "reason");
  refused(
    await shop.call("POST", `/v1/trades/${made.trade_id}/verdict`, { token, body: { outcome: "paid", evidence: "" } }),
    400,
    "verdict_invalid",
  );
  const declined = { outcome: "declined", evidence: "seen in the records" };
  refused(
    await shop.call("POST", `/v1/trades/${made.trade_id}/verdict`, { token, body: declined }),
    409,
    "trade_not_in_review",
  );
  assert.equal(await shop.kept(), 1250);
});

test("rule 31: over HTTP: the same key is the same trade; for another sale it is a mismatch", async (t) => {
  const shop = await counter(t);
  const token = await shop.token();
  const body = trade();
  const first = await shop.call("POST", "/v1/trades", { token, body });
  const again = await shop.call("POST", "/v1/trades", { token, body });
  assert.equal(first.json.trade_id, again.json.trade_id);
  refused(
    await shop.call("POST", "/v1/trades", { token, body: { ...body, wallet_id: "21" } }),
    422,
    "idempotency_mismatch",
  );
  assert.equal((await shop.ledger()).length, 1);
});

test("tokens: missing, forged, unsigned, expired, of another shop, without the right, for another terminal; and a wrong server key", async (t) => {
  const shop = await counter(t, { extra: "token_life_s = 1" });
  const call = (token, path = "/v1/sessions") =>
    shop.call("POST", path, { token, body: path === "/v1/sessions" ? undefined : trade() });
  refused(await call(undefined), 401, "token_missing", "with_new_token");
  refused(await call("nonsense"), 401, "token_invalid", "with_new_token");
  const real = await shop.token();
  const [head, claims, signature] = real.split(".");
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const said = JSON.parse(Buffer.from(claims, "base64url"));
  const signed = (header, body, secret) => {
    const text = `${encoded(header)}.${encoded(body)}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };
  refused(
    await call(`${head}.${encoded({ ...said, terminal: "till-9" })}.${signature}`),
    401,
    "token_invalid",
    "with_new_token",
  );
  refused(await call(`${encoded({ alg: "none", typ: "JWT" })}.${claims}.`), 401, "token_invalid", "with_new_token");
  refused(
    await call(signed({ alg: "HS256", typ: "JWT" }, said, "some other key of thirty-two characters")),
    401,
    "token_invalid",
    "with_new_token",
  );
  // The same claims with the right signature are accepted: the tokens above fail because of their signatures only.
  const own = signed({ alg: "HS256", typ: "JWT" }, { ...said, exp: said.exp + 600 }, shop.keys.KAUNTER_SIGNING_KEY);
  assert.equal((await call(own)).status, 200);
  refused(
    await call(signed({ alg: "HS256", typ: "JWT" }, { ...said, exp: said.exp - 3600 }, shop.keys.KAUNTER_SIGNING_KEY)),
    401,
    "token_expired",
    "with_new_token",
  );
  await until("its minute is over", async () => (await call(real)).json?.code === "token_expired");
  refused(await call(await shop.token("till-1", { rights: ["cancel"] }), "/v1/trades"), 403, "token_forbidden");
  const sale = { ref: "only-this", amount: { minor: 100, currency: "MYR" } };
  refused(await call(await shop.token("till-1", { sale }), "/v1/trades"), 403, "token_forbidden");

  const mint = (token, shopName) =>
    shop.call("POST", "/v1/terminal-tokens", {
      token,
      body: { shop: shopName, terminal: "till-1", cashier: "c", rights: ["charge"] },
    });
  refused(await mint("wrong", "demo"), 401, "server_key_invalid");
  refused(await mint(own, "demo"), 401, "server_key_invalid");
  refused(await mint(shop.keys.KAUNTER_SERVER_KEY, "another-shop"), 403, "token_forbidden");

  // Another terminal of the same shop sees the trade, and hands no code to it.
  const made = (await shop.call("POST", "/v1/trades", { token: await shop.token(), body: trade() })).json;
  const other = await shop.token("till-2");
  assert.equal((await shop.call("GET", `/v1/trades/${made.trade_id}`, { token: other })).json.status, "awaiting_code");
  refused(
    await shop.call("POST", `/v1/trades/${made.trade_id}/code`, { token: other, body: { code: await shop.code() } }),
    403,
    "token_forbidden",
  );
  assert.deepEqual(await shop.calls("pay"), []);
});

test("in the browser: every bad argument rejects with its code before anything is sent", async (t) => {
  const shop = await counter(t);
  const machine = await shop.machine();
  const page = await machine.till();
  const before = (await shop.get("/_sim/log")).length;
  const said = await page.evaluate(async () => {
    const thrown = (act) => {
      try {
        return { value: act() };
      } catch (error) {
        return { error: told(error) };
      }
    };
    const sale = (more) => ({ ref: "S-2", amount: { minor: 1250, currency: "MYR" }, ...more });
    const amount = (minor, currency = "MYR") => sale({ amount: { minor, currency } });
    const pay = (sale, code = "123456789012345678", options = { walletId: "23" }) =>
      ends(till.charge(sale, { code, ...options }));
    const money = Object.fromEntries(
      ["12.5O", "-1", "1,2.50", "12.505", "", " ", "1e3", "99999999999999999999"].map((text) => [
        text,
        thrown(() => kaunter.parseMoney(text, "MYR")).error?.code,
      ]),
    );
    return {
      money,
      good: kaunter.parseMoney("12.50", "MYR"),
      zero: await pay(amount(0)),
      negative: await pay(amount(-5)),
      half: await pay(amount(12.5)),
      text: await pay(amount("12.50")),
      unsafe: await pay(amount(2 ** 53)),
      limit: await pay(amount(5_000_001)),
      currency: await pay(amount(1250, "SGD")),
      empty: await pay(sale({ ref: "" })),
      long: await pay(sale({ ref: "x".repeat(65) })),
      none: await pay(undefined),
      wallet: await pay(sale(), "1", { walletId: "4711" }),
      huge: await pay(sale(), "x".repeat(2048)),
      blank: await pay(sale(), "  "),
      unknown: await ends(till.checkStatus("KNOBODYKNOWSTHIS0000")),
      picture: await ends(kaunter.decode(new Blob(["no picture"]))),
      address: await ends(kaunter.Till.open({ getToken })),
      noToken: await ends(kaunter.Till.open({ backend: setting.backend, getToken: async () => "" })),
      refusedToken: await ends(
        kaunter.Till.open({
          backend: setting.backend,
          getToken: async () => {
            throw new Error("signed out");
          },
        }),
      ),
      forged: await ends(kaunter.Till.open({ backend: setting.backend, getToken: async () => "forged.token.here" })),
      constructed: thrown(() => new kaunter.Till()).error,
    };
  });
  const code = (what) => said[what].error?.code;
  for (const [text, word] of Object.entries(said.money)) assert.equal(word, "amount_invalid", `"${text}"`);
  assert.deepEqual(said.good, { minor: 1250, currency: "MYR" });
  for (const what of ["zero", "negative", "half", "text", "unsafe"]) assert.equal(code(what), "amount_invalid", what);
  assert.deepEqual(["limit", "currency", "empty", "long", "none"].map(code), [
    "amount_too_large",
    "currency_unsupported",
    "sale_invalid",
    "sale_invalid",
    "sale_invalid",
  ]);
  assert.deepEqual(["wallet", "huge", "blank", "unknown", "picture"].map(code), [
    "wallet_unknown",
    "code_invalid",
    "code_invalid",
    "trade_not_found",
    "image_unsupported",
  ]);
  assert.deepEqual(["noToken", "refusedToken", "forged"].map(code), ["token_failed", "token_failed", "token_invalid"]);
  assert.match(JSON.stringify(said.address), /backend/, "says which option is missing");
  assert.match(said.constructed.message, /Till\.open/);
  for (const [what, end] of Object.entries(said)) {
    if (end?.error?.code) assert.ok(end.error.message.endsWith("."), `${what}: a sentence`);
    if (end?.error?.code) assert.equal(end.error.moneyMoved, "no", what);
  }
  const sent = (await shop.get("/_sim/log")).slice(before).map((entry) => entry.call);
  assert.ok(!sent.includes("create") && !sent.includes("pay"), `nothing was sent: ${sent}`);
});
