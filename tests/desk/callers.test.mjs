// Who may call, and which errors does a wrong call get? The tokens here are signed with the right key, so a refusal is
// for what the token says.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { command, handOver, line, newTrade, open, reaches, reconfigured, sql, stores } from "./desk.mjs";

const both = stores();
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
function signed(shop, body, head = { alg: "HS256", typ: "JWT" }) {
  const text = `${encoded(head)}.${encoded(body)}`;
  return `${text}.${createHmac("sha256", shop.keys.KAUNTER_SIGNING_KEY).update(text).digest("base64url")}`;
}
const session = (shop, token) => shop.call("POST", "/v1/sessions", { token });

test("a token with more than 15 minutes left, or with an unsupported header, is refused although its signature is right", async (t) => {
  const shop = await counter(t);
  const said = claims(await shop.token());
  const now = Math.floor(Date.now() / 1000);
  assert.equal((await session(shop, signed(shop, { ...said, exp: now + 890 }))).status, 200, "the oracle");
  for (const exp of [now + 910, now + 3_600, now + 10 * 365 * 86_400, Number.MAX_SAFE_INTEGER, "soon", -1, 1.5, null]) {
    // Tokens of earlier versions do not say when they were signed.
    assert.equal((await session(shop, signed(shop, { ...said, iat: 0, exp }))).status, 401, String(exp));
  }
  // Signed for years, and near its end.
  const old = await session(shop, signed(shop, { ...said, iat: now - 10 * 365 * 86_400, exp: now + 60 }));
  assert.deepEqual([old.status, old.json.code], [401, "token_invalid"]);
  assert.match(old.json.detail, /signed for more than 15 minutes/);
  for (const more of [
    { crit: ["exp"] },
    { crit: [] },
    { b64: false },
    { kid: "1" },
    { jku: "https://evil.example" },
    { zip: "DEF" },
  ]) {
    const answer = await session(shop, signed(shop, said, { alg: "HS256", typ: "JWT", ...more }));
    assert.deepEqual([answer.status, answer.json.code], [401, "token_invalid"], JSON.stringify(more));
  }
});

test("a minted token is accepted and expires within 15 minutes, whatever lifetime is configured", async (t) => {
  const shop = await reconfigured(await counter(t), (toml) => `token_life_s = 86400\n${toml}`);
  const token = await shop.token();
  const { iat, exp } = claims(token);
  assert.ok(exp - iat <= 900 && Math.abs(iat * 1000 - Date.now()) < 30_000);
  assert.equal((await session(shop, token)).status, 200);
});

test("a token has each right once, and a limit that the gateway's amounts can meet", async (t) => {
  const shop = await counter(t);
  const server = shop.keys.KAUNTER_SERVER_KEY;
  const mint = (more) => {
    const body = { shop: "demo", terminal: "till-1", cashier: "c", rights: ["charge"], ...more };
    return shop.call("POST", "/v1/terminal-tokens", { token: server, body });
  };
  const twice = await mint({ rights: Array(1_000).fill(["void", "charge"]).flat() });
  assert.equal(twice.status, 200, twice.text);
  assert.deepEqual(claims(twice.json.token).rights, ["void", "charge"]);
  assert.equal((await session(shop, twice.json.token)).status, 200);
  const { entries } = (await shop.call("GET", "/v1/audit", { token: server })).json;
  assert.equal(entries.findLast(({ event }) => event === "token_minted").reason, "void charge");
  for (const [minor, currency, code, param] of [
    [0, "MYR", "amount_invalid", "max_amount.minor"],
    [2 ** 53, "MYR", "amount_invalid", "max_amount.minor"],
    [1, "myr", "currency_unsupported", "max_amount.currency"],
    [1, "<script>", "currency_unsupported", "max_amount.currency"],
    [1, "M".repeat(9_000), "currency_unsupported", "max_amount.currency"],
  ]) {
    const { status, json } = await mint({ max_amount: { minor, currency } });
    assert.deepEqual([status, json.code, json.param], [400, code, param], `${minor} ${currency.slice(0, 9)}`);
  }
  // The longest names that are allowed.
  const [terminal, cashier, ref] = Array(3).fill("\u{20000}".repeat(64));
  const [max_amount, sale] = [
    { minor: 2 ** 53 - 1, currency: "MYR" },
    { ref, amount: { minor: 1, currency: "MYR" } },
  ];
  const rights = ["charge", "cancel", "void", "review", "list", "give_up"];
  const long = await mint({ terminal, cashier, rights, max_amount, sale });
  assert.equal((await session(shop, long.json.token)).status, 200, long.text);
});

test("a token of another shop is refused by every call, with one signing key for both, and no shop is named", async (t) => {
  const shop = await counter(t);
  const trade = await open(shop, "own");
  const token = signed(shop, {
    ...claims(await shop.token("till-1", { rights: ["charge", "cancel", "void", "review"] })),
    shop: "other",
  });
  const calls = [
    ["POST", "/v1/sessions"],
    ["POST", "/v1/trades", newTrade("theirs")],
    ["GET", `/v1/trades/${trade.trade_id}`],
    ["POST", `/v1/trades/${trade.trade_id}/code`, { code: await shop.code() }],
    ["POST", `/v1/trades/${trade.trade_id}/cancel`],
    ["POST", `/v1/trades/${trade.trade_id}/void`, {}],
    ["GET", "/v1/trades?open=true"],
    ["GET", "/v1/trades?day=2026-11-24"],
    ["GET", "/v1/sales?ref=own"],
  ];
  for (const [method, path, body] of calls) {
    const { status, json, text } = await shop.call(method, path, { token, body });
    assert.deepEqual([status, json?.code], [403, "token_forbidden"], `${method} ${path}: ${text}`);
    assert.match(json.detail, /another shop/);
    assert.doesNotMatch(text, /demo|"other"/);
  }
  assert.deepEqual(await shop.calls("pay"), []);
});

both.test(
  "rule 39: a store belongs to one shop with one gateway; it moves by a command, without open trades, and the audit trail says who",
  async (t, counter) => {
    const shop = await counter(t);
    const trade = await open(shop, "ours");
    await shop.stopBackend();
    const other = { change: (toml) => toml.replace('shop = "demo"', 'shop = "other"') };
    const elsewhere = { change: (toml) => toml.replace("/version1", "/version2") };
    for (const wrong of [other, elsewhere]) {
      const { status, said } = command(shop, [], wrong);
      assert.equal(status, 1, said);
      assert.match(said, /belongs to the shop "demo" with the gateway http:\/\/127\.0\.0\.1:\d+\/version1, and this/);
      assert.match(said, /stop every backend and run `kaunter-backend store rebind --by NAME`/);
    }
    const refused = command(shop, ["store", "rebind", "--by", "Aina"], other);
    assert.equal(refused.status, 1);
    assert.match(refused.said, /has open trades \(1\)/);
    await shop.startBackend();
    await shop.call("POST", `/v1/trades/${trade.trade_id}/cancel`, { token: await shop.token() });
    await reaches(shop, trade, ["cancelled"]);
    await shop.stopBackend();
    const moved = command(shop, ["store", "rebind", "--by", "Aina", "--json"], other);
    assert.equal(moved.status, 0, moved.said);
    const { from_shop, shop: to, from_gateway, gateway } = JSON.parse(moved.stdout);
    assert.deepEqual([from_shop, to, from_gateway], ["demo", "other", gateway]);
    const audit = sql(shop, "SELECT who, event, note FROM audit WHERE event = 'store_moved';");
    assert.deepEqual(audit, [["Aina", "store_moved", `demo at ${gateway} -> other at ${gateway}`]]);
    assert.equal(command(shop, ["audit", "verify"], other).status, 0, "the line is in the new owner's chain");
    assert.match(command(shop, []).said, /belongs to the shop "other"/);
    // A store that an earlier version made: the sales in it say whose it is.
    sql(shop, "DELETE FROM owner;");
    assert.match(
      command(shop, [], other).said,
      /has sales of the shop "demo", and this configuration is of the shop "other"/,
    );
    await shop.startBackend();
    assert.deepEqual(sql(shop, "SELECT shop, gateway FROM owner;"), [["demo", gateway]]);
    assert.match(command(shop, ["store", "rebind", "--by", "Aina"]).said, /already: nothing was changed/);
  },
);

both.test(
  "two shops on one store: a start of the one asks its gateway about none of the other's sales, and moves none",
  async (t, counter) => {
    const shop = await counter(t, { scale: 0.25 });
    const trade = await open(shop, "ours");
    await handOver(shop, trade, await shop.code("declines"));
    await reaches(shop, trade, ["declined"]);
    await shop.stopBackend("SIGKILL");
    const asked = async () => (await shop.calls("status")).filter(({ trade_id }) => trade_id === trade.trade_id).length;
    const before = await asked();
    const own = shop.toml.bind(shop);
    shop.toml = (listen) =>
      own(listen)
        .replace('shop = "demo"', 'shop = "other"')
        .replace("[policy]", "[policy]\nreview_check_first_ms = 400");
    assert.equal(command(shop, ["store", "rebind", "--by", "Aina"]).status, 0);
    await shop.startBackend();
    // When this sale of the other shop, made after the start, is paid, the sweep has run several times.
    const token = signed(shop, {
      iss: "kaunter",
      exp: Math.floor(Date.now() / 1000) + 600,
      iat: 0,
      shop: "other",
      terminal: "till-9",
      cashier: "c",
      rights: ["charge"],
    });
    for (let nth = 0; nth < 3; nth++) {
      const made = await shop.call("POST", "/v1/trades", { token, body: newTrade(`theirs-${nth}`) });
      await shop.call("POST", `/v1/trades/${made.json.trade_id}/code`, { token, body: { code: await shop.code() } });
      await until(
        "it is paid",
        async () => (await shop.call("GET", `/v1/trades/${made.json.trade_id}`, { token })).json.status === "paid",
      );
    }
    const about = (await shop.calls("status")).filter(({ trade_id }) => trade_id === trade.trade_id).slice(before);
    assert.deepEqual(about, []);
    shop.toml = own;
    await shop.stopBackend();
    assert.equal(command(shop, ["store", "rebind", "--by", "Aina"]).status, 0);
    await shop.startBackend();
    await until("its own shop asks", async () => (await asked()) > before);
    assert.equal((await line(shop, trade)).sent, 1);
  },
);

test("the scheme is case-insensitive; two headers and other schemes are refused", async (t) => {
  const shop = await counter(t);
  const token = await shop.token();
  const ask = async (authorization) => (await shop.call("POST", "/v1/sessions", { headers: { authorization } })).status;
  for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"])
    assert.equal(await ask(`${scheme} ${token}`), 200, scheme);
  assert.equal(await ask(`Bearer  ${token} `), 200, "spaces around it");
  for (const wrong of [token, `Bearer${token}`, `Basic ${token}`, `Token ${token}`, "Bearer", "Bearer "])
    assert.equal(await ask(wrong), 401, wrong.slice(0, 12));
});

test("the server key on a terminal's call, and a token on the server's, have their own error", async (t) => {
  const shop = await counter(t);
  const trade = await open(shop, "own");
  const server = shop.keys.KAUNTER_SERVER_KEY;
  for (const [path, body] of [
    ["/v1/sessions"],
    ["/v1/trades", newTrade("x")],
    [`/v1/trades/${trade.trade_id}/code`, { code: "1" }],
    [`/v1/trades/${trade.trade_id}/cancel`],
  ]) {
    const { status, json } = await shop.call("POST", path, { token: server, body });
    assert.equal(status, 401, path);
    assert.match(json.detail, /server key came: mint a token/, path);
  }
  const { status, json } = await shop.call("POST", "/v1/terminal-tokens", { token: await shop.token(), body: {} });
  assert.deepEqual([status, json.code], [401, "server_key_invalid"]);
  assert.match(json.detail, /terminal token came/);
});

test("rule 19: a server key does what its rights say, and the log and the audit trail name it; the server key of the environment may all", async (t) => {
  const shop = await counter(t);
  await open(shop, "own");
  const keys = { mint: `sandbox-${"0123456789abcdef".repeat(3)}`, read: `sandbox-${"fedcba9876543210".repeat(3)}` };
  shop.environment.KAUNTER_SERVER_KEY_WEB = keys.mint;
  shop.environment.KAUNTER_SERVER_KEY_BOOKS = keys.read;
  await reconfigured(
    shop,
    (toml) =>
      `${toml}\n[[server_keys]]\nname = "web"\nrights = ["mint"]\n[[server_keys]]\nname = "books"\nrights = ["read"]\n`,
  );
  const mint = { shop: "demo", terminal: "till-1", cashier: "c", rights: ["charge"] };
  const calls = [
    ["mint", "POST", "/v1/terminal-tokens", mint],
    ["read", "GET", "/v1/sales?ref=own"],
    ["read", "GET", "/v1/trades?open=true"],
  ];
  for (const [right, method, path, body] of calls) {
    for (const [name, token] of [...Object.entries(keys), ["all", shop.keys.KAUNTER_SERVER_KEY]]) {
      const { status, json } = await shop.call(method, path, { token, body });
      if (name === right || name === "all") {
        assert.equal(status, 200, `${name}: ${path}`);
      } else {
        assert.deepEqual([status, json.code], [403, "token_forbidden"], `${name}: ${path}`);
        assert.match(json.detail, new RegExp(`a server key with the right "${right}"`));
      }
    }
  }
  const verdict = { outcome: "paid", evidence: "none", actor: "Mei" };
  for (const [name, token] of Object.entries(keys)) {
    const { status, json } = await shop.call("POST", "/v1/trades/K0/verdict", { token, body: verdict });
    assert.deepEqual([status, json.code], [403, "token_forbidden"], `${name}: a verdict`);
  }
  const minted = shop.backendProgram.words.split("\n").filter((line) => line.includes("minted a token"));
  assert.deepEqual(
    minted.map((line) => /"key":"(\w+)"/.exec(line)?.[1]),
    ["web", "server"],
  );
  const { entries } = (await shop.call("GET", "/v1/audit", { token: shop.keys.KAUNTER_SERVER_KEY })).json;
  const keyOf = (event) => entries.filter((entry) => entry.event === event).map(({ server_key }) => server_key);
  assert.deepEqual(keyOf("token_minted").slice(-2), ["web", "server"]);
  assert.deepEqual(keyOf("started"), [null], "a terminal's call came with no server key");
  assert.equal((await session(shop, keys.mint)).status, 401, "a server key is no token");
  for (let nth = 0; nth < 5; nth++) await session(shop, keys.mint);
  const refused = (key) =>
    shop.backendProgram.words
      .split("\n")
      .filter((line) => line.includes("a call with a server key was refused"))
      .map((line) => JSON.parse(line))
      .filter((line) => line.key === key)
      .map(({ level, code, call }) => [level, code, call].join(" "));
  assert.deepEqual(refused("books"), [
    "WARN token_forbidden POST /v1/terminal-tokens",
    "WARN token_forbidden POST /v1/trades/{trade_id}/verdict",
  ]);
  assert.deepEqual(
    refused("web").slice(-1),
    ["WARN token_invalid POST /v1/sessions"],
    "six such calls in ten seconds have one line",
  );
  assert.deepEqual(refused("server"), []);
});

test("wrong server keys are slowed and raise an alarm, and the right key is not slowed", async (t) => {
  const shop = await counter(t);
  const ask = async (token) => (await shop.call("GET", "/v1/sales?ref=none", { token })).status;
  const alarms = async () =>
    Number(
      /kaunter_alarms_total\{alarm="server_key_failed"\} (\d+)/.exec((await shop.call("GET", "/metrics")).text)[1],
    );
  assert.equal(await alarms(), 0);
  const wrong = [];
  for (let nth = 0; nth < 11; nth++) wrong.push(await ask(`wrong-${nth}`));
  assert.deepEqual(wrong.slice(0, 10), Array(10).fill(401));
  assert.equal(wrong[10], 429);
  const began = performance.now();
  const held = ask("wrong-again");
  assert.equal(await ask(shop.keys.KAUNTER_SERVER_KEY), 404, "the oracle: there is no such sale");
  assert.equal((await session(shop, await shop.token())).status, 200);
  assert.equal(await held, 429);
  assert.ok(performance.now() - began > 900, "the answer to a guess waits");
  assert.equal(await alarms(), 12);
  assert.match(shop.backendProgram.words, /"alarm":"server_key_failed"/);
  assert.doesNotMatch(shop.backendProgram.words, /wrong-\d/);
});

test("keys are replaced with an overlap: tokens, server keys, and the same code is still the same", async (t) => {
  const shop = await counter(t);
  const [early, late] = [await open(shop, "early"), await open(shop, "late")];
  const code = await shop.code();
  await shop.fault("pay", "garbage", { trade_id: early.trade_id });
  await shop.fault("status", { status: 503 }, { trade_id: early.trade_id, times: 1_000_000 });
  await handOver(shop, early, code);
  const [token, server] = [await shop.token(), shop.keys.KAUNTER_SERVER_KEY];
  await shop.stopBackend("SIGKILL");
  const next = (name) => `sandbox-next-${name.toLowerCase()}-0123456789abcdef`;
  for (const name of ["KAUNTER_SERVER_KEY", "KAUNTER_SIGNING_KEY"]) {
    Object.assign(shop.environment, { [`${name}_PREVIOUS`]: shop.keys[name], [name]: next(name) });
  }
  await shop.startBackend();
  const fresh = await shop.token();
  const kid = (text) => JSON.parse(Buffer.from(text.split(".")[0], "base64url")).kid;
  assert.match(kid(token), /^[0-9a-f]{8}$/);
  assert.notEqual(kid(fresh), kid(token));
  assert.equal((await session(shop, token)).status, 200, "a token of the key before");
  assert.equal((await session(shop, fresh)).status, 200);
  const without = claims(token);
  assert.equal((await session(shop, signed(shop, without))).status, 200, "a token of an earlier version names no key");
  for (const key of [server, next("KAUNTER_SERVER_KEY")])
    assert.equal((await shop.call("GET", "/v1/trades?open=true", { token: key })).status, 200);
  // The code was marked with the key before.
  assert.equal((await handOver(shop, early, code)).status, 200, "the same code again is no other code");
  const other = await handOver(shop, late, code);
  assert.deepEqual([other.status, other.json.code], [409, "code_reused"]);
  await shop.stopBackend("SIGKILL");
  for (const name of ["KAUNTER_SERVER_KEY", "KAUNTER_SIGNING_KEY"]) delete shop.environment[`${name}_PREVIOUS`];
  await shop.startBackend();
  assert.equal((await session(shop, token)).status, 401, "the overlap has ended");
  assert.equal((await session(shop, fresh)).status, 200);
  assert.equal((await shop.call("GET", "/v1/trades?open=true", { token: server })).status, 401);
});

test("a token may travel in Kaunter-Token, so that a proxy may keep Authorization for itself", async (t) => {
  const shop = await counter(t);
  const token = await shop.token();
  const ask = async (headers) => (await shop.call("POST", "/v1/sessions", { headers })).status;
  const basic = `Basic ${Buffer.from("shop:password").toString("base64")}`;
  assert.equal(await ask({ "kaunter-token": token }), 200);
  assert.equal(await ask({ "kaunter-token": token, authorization: basic }), 200);
  assert.equal(await ask({ "kaunter-token": token, authorization: "Bearer wrong" }), 200, "Authorization is ignored");
  assert.equal(await ask({ "kaunter-token": "wrong", authorization: `Bearer ${token}` }), 401);
  assert.equal(await ask({ authorization: basic }), 401);
  assert.equal(await ask({ "kaunter-token": `${token}, ${token}` }), 401);
});

test("an error names the wrong field and its type, and never repeats the caller's words", async (t) => {
  const shop = await counter(t);
  const [token, server] = [await shop.token(), shop.keys.KAUNTER_SERVER_KEY];
  const good = newTrade("field");
  const mint = { shop: "demo", terminal: "till-1", cashier: "c", rights: ["charge"] };
  const amount = (value) => ({ ...good, sale: { ref: "field", amount: value } });
  const word = "hunter2, expected hunter2, missing field hunter2 at line hunter2";
  const cases = [
    ["/v1/terminal-tokens", { ...mint, rights: { 0: "charge" } }, /: rights must be a list, not an object\./, "rights"],
    ["/v1/terminal-tokens", { ...mint, rights: word }, /: rights must be a list, not text\./, "rights"],
    ["/v1/terminal-tokens", { ...mint, rights: ["charge", word] }, /: rights\.1 must be one of "charge"/, "rights.1"],
    ["/v1/terminal-tokens", { ...mint, rights: undefined }, /: the body lacks the field "rights"\./, "rights"],
    ["/v1/terminal-tokens", { ...mint, [word]: 1 }, /: the body has an unknown field: use "shop", .*"sale"\. See/],
    [
      "/v1/terminal-tokens",
      { ...mint, cahsier: word },
      /: the body has an unknown field: .* \(did you mean "cashier"\?\)\. See/,
    ],
    ["/v1/terminal-tokens", { ...mint, sale: { ref: "x" } }, /: sale lacks the field "amount"\./, "sale.amount"],
    ["/v1/terminal-tokens", { ...mint, terminal: 7 }, /: terminal must be text, not a number\./, "terminal"],
    ["/v1/terminal-tokens", { ...mint, cashier: null }, /: cashier must be text, not null\./, "cashier"],
    [
      "/v1/trades",
      amount({ minor: 1250.5, currency: "MYR" }),
      /: sale\.amount\.minor must be a whole number of minor units \(sen\), .*, not a number with a decimal point\./,
      "sale.amount.minor",
    ],
    [
      "/v1/trades",
      amount({ minor: word, currency: "MYR" }),
      /: sale\.amount\.minor must be a whole number .*, not text/,
      "sale.amount.minor",
    ],
    [
      "/v1/trades",
      amount({ minor: -1, currency: "MYR" }),
      /: sale\.amount\.minor must be a whole number .*, not a negative number/,
      "sale.amount.minor",
    ],
    [
      "/v1/trades",
      amount({ minor: 1, currency: 5 }),
      /: sale\.amount\.currency must be text, not a number\./,
      "sale.amount.currency",
    ],
    [
      "/v1/trades",
      amount({ minor: 1, currency: "MYR", [word]: 1 }),
      /: sale\.amount has an unknown field: use "minor"/,
      "sale.amount",
    ],
    ["/v1/trades", amount(word), /: sale\.amount must be an object, not text\./, "sale.amount"],
    ["/v1/trades", { ...good, mode: word }, /: mode must be "consumer_presented" or "merchant_presented"\./, "mode"],
    ["/v1/trades", word, /: the body must be an object, not text\./],
  ];
  for (const [path, body, words, param] of cases) {
    const answer = await shop.call("POST", path, { token: path.endsWith("tokens") ? server : token, body });
    assert.deepEqual([answer.status, answer.json?.code, answer.json?.param], [400, "bad_request", param], answer.text);
    assert.match(answer.json.detail, words);
    assert.doesNotMatch(answer.text, /hunter2/);
  }
  for (const [metadata, words] of [
    [[], /: metadata must be an object, not a list\./],
    [{ [word]: 5 }, /: a value of metadata must be text, not a number\./],
  ]) {
    const answer = await shop.call("PUT", "/v1/sales", { token: server, body: { ...good.sale, metadata } });
    assert.deepEqual([answer.status, answer.json?.param], [400, "metadata"], answer.text);
    assert.match(answer.json.detail, words);
    assert.doesNotMatch(answer.text, /hunter2/);
  }
  for (const raw of ["", "{", '{"key":hunter2}', "[1,2", '{"a":1}}']) {
    const answer = await shop.call("POST", "/v1/trades", { token, raw });
    assert.equal(answer.status, 400, raw);
    assert.doesNotMatch(answer.text, /hunter2/);
  }
  // A number as Python writes it, and bodies of programs that send no JSON.
  const text = JSON.stringify(amount({ minor: 1250, currency: "MYR" }));
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const [raw, words, headers] of [
    [
      text.replace("1250", "1250.0"),
      /sale\.amount\.minor must be a whole number .*, not a number with a decimal point/,
    ],
    ["ref=hunter2", /The body is a form and not JSON: send JSON/, form],
    ["", /The body is empty/],
    [`\ufeff${text}`, /begins with a byte order mark/],
    [Buffer.from([0x22, 0xff, 0x22]), /not text in UTF-8/],
    ["hunter2", /The body is not valid JSON \(line 1, column 1\)/],
  ]) {
    const answer = await shop.call("POST", "/v1/trades", { token, raw, headers });
    assert.deepEqual([answer.status, answer.json.code], [400, "bad_request"], answer.text);
    assert.match(answer.json.detail, words);
    assert.doesNotMatch(answer.text, /hunter2/);
  }
  assert.equal((await shop.call("POST", "/v1/trades", { token, raw: text, headers: form })).status, 200);
  // The wrong kind of credential is called what it is. Keys and tokens are not repeated.
  const expired = signed(shop, { ...claims(token), exp: 1_000, iat: 500 });
  const ask = (path, authorization) =>
    shop.call("POST", path, { body: {}, headers: authorization ? { authorization } : {} });
  for (const [path, authorization, code, words] of [
    ["/v1/sessions", `Bearer ${server}`, "token_invalid", /takes a terminal token, and the server key came/],
    ["/v1/sessions", "Bearer hunter2", "token_invalid", /neither a terminal token, .*nor a server key of this backend/],
    ["/v1/sessions", token, "token_missing", /Authorization does not begin with "Bearer "/],
    ["/v1/sessions", undefined, "token_missing", /Send a terminal token/],
    ["/v1/terminal-tokens", `Bearer ${token}`, "server_key_invalid", /takes the server key, and a terminal token came/],
    [
      "/v1/terminal-tokens",
      `Bearer ${expired}`,
      "server_key_invalid",
      /takes the server key, and a terminal token came/,
    ],
    ["/v1/terminal-tokens", undefined, "server_key_invalid", /takes the server key, and none came/],
    ["/v1/terminal-tokens", "Bearer hunter2", "server_key_invalid", /The server key is wrong/],
  ]) {
    const answer = await ask(path, authorization);
    assert.deepEqual([answer.status, answer.json.code], [401, code], `${path}: ${answer.text}`);
    assert.match(answer.json.detail, words);
    for (const secret of ["hunter2", token, server]) assert.ok(!answer.text.includes(secret));
  }
  for (const scheme of ["bearer", "BEARER", "bEaReR"]) {
    assert.equal((await ask("/v1/sessions", `${scheme} ${token}`)).status, 200, scheme);
  }
});

test("a temporary refusal says after how many seconds to try again, in its header and in its sentence", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), (toml) =>
    toml.replace("calls_per_minute = 6000", "calls_per_minute = 1"),
  );
  const token = await shop.token();
  const answers = [];
  for (let nth = 0; nth < 3; nth++) answers.push(await session(shop, token));
  const refused = answers.find(({ status }) => status === 429);
  const seconds = refused.headers.get("retry-after");
  assert.match(refused.json.detail, new RegExp(`wait ${seconds} seconds?\\.`));
});
