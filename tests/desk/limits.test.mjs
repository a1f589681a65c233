// The backend's limits, and what it refuses to strangers. A refusal says when to try again, and no stored trade is
// lost.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { counter, until } from "../terminal/harness.mjs";
import { final, handOver, later, line, newTrade, open, reaches, reconfigured, stores, together } from "./desk.mjs";

const both = stores();
const limited = (limits) => (toml) => toml.replace("[limits]", `[limits]\n${limits}`);

both.test(
  "rule 51: more calls at once than it answers: new sales are refused, codes wait for their turn, and every payment ends once",
  async (t, counter) => {
    const shop = await reconfigured(await counter(t, { scale: 0.2 }), limited("concurrent_calls = 2"));
    const trades = [];
    for (let nth = 0; nth < 6; nth++) trades.push(await open(shop, `many-${nth}`, {}, `till-${nth}`));
    for (const trade of trades) await shop.fault("pay", { hang_ms: 1_500 }, { trade_id: trade.trade_id });
    const codes = await Promise.all(trades.map(() => shop.code()));
    const tokens = [];
    for (let nth = 0; nth < trades.length; nth++) tokens.push(await shop.token(trades[nth].terminal));
    const buyer = await shop.token("till-9");
    const handed = trades.map((trade, nth) =>
      shop.call("POST", `/v1/trades/${trade.trade_id}/code`, { token: tokens[nth], body: { code: codes[nth] } }),
    );
    await until("two codes have left", async () => (await shop.calls("pay")).length === 2);
    later(await shop.call("POST", "/v1/trades", { token: buyer, body: newTrade("new") }), 503, "overloaded");
    assert.deepEqual(
      (await Promise.all(handed)).map(({ status }) => status),
      trades.map(() => 200),
    );
    await together(trades, async (trade) => {
      const ended = await reaches(shop, trade, final);
      assert.deepEqual([ended.status, await line(shop, trade)], ["paid", { charged: 1200, refunded: 0, sent: 1 }]);
    });
  },
);

test("while every call that changes something waits for a slow gateway, status checks are answered", async (t) => {
  const shop = await reconfigured(await counter(t), limited("concurrent_calls = 1"));
  const trade = await open(shop, "slow");
  await shop.fault("pay", { hang_ms: 60_000 }, { trade_id: trade.trade_id });
  const [token, code] = [await shop.token(), await shop.code()];
  const handed = shop.call("POST", `/v1/trades/${trade.trade_id}/code`, { token, body: { code } });
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  const refused = await shop.call("POST", "/v1/trades", { token, body: newTrade("next") });
  later(refused, 503, "overloaded");
  const asked = await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token });
  assert.deepEqual([asked.status, asked.json.status], [200, "paying"]);
  assert.equal((await handed).json.status, "paying", "and the one that waits gets its answer");
});

test("too many requests to the gateway: nothing new begins, and stored trades are checked", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 0.1 }), limited("concurrent_gateway_requests = 1"));
  const [first, second] = [await open(shop, "first"), await open(shop, "second")];
  await shop.fault("pay", { hang_after_ms: 3_000 }, { trade_id: first.trade_id });
  const [token, code] = [await shop.token(), await shop.code()];
  const handed = handOver(shop, first, await shop.code());
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  later(await shop.call("POST", "/v1/trades", { token, body: newTrade("third") }), 503, "overloaded");
  later(await shop.call("POST", `/v1/trades/${second.trade_id}/code`, { token, body: { code } }), 503, "overloaded");
  assert.equal((await shop.calls("pay")).length, 1, "what is refused has sent nothing");
  await handed;
  await reaches(shop, first, ["paid"]);
  await until(
    "the second is taken",
    async () =>
      (await shop.call("POST", `/v1/trades/${second.trade_id}/code`, { token, body: { code } })).status === 200,
  );
  assert.deepEqual(await line(shop, await reaches(shop, second, ["paid"])), { charged: 1200, refunded: 0, sent: 1 });
});

test("too many calls of one terminal: 429 with Retry-After, for status checks too; other terminals are not affected", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), (toml) =>
    toml.replace("calls_per_minute = 6000", "calls_per_minute = 2"),
  );
  const trade = await open(shop, "one");
  const token = await shop.token();
  const answers = [];
  for (let nth = 0; nth < 60; nth++) answers.push(await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token }));
  const refused = answers.find(({ status }) => status === 429);
  later(refused, 429, "rate_limited");
  assert.ok(answers.filter(({ status }) => status === 200).length >= 20, "twenty looks for each call");
  await shop.call("POST", "/v1/sessions", { token });
  later(await shop.call("POST", "/v1/sessions", { token }), 429, "rate_limited");
  assert.equal((await shop.call("POST", "/v1/sessions", { token: await shop.token("till-2") })).status, 200);
  assert.equal(
    (await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token: shop.keys.KAUNTER_SERVER_KEY })).status,
    200,
  );
});

test("a page that gets Retry-After comes back later, and every sale is paid once", async (t) => {
  // One call per second on this clock. Another client of this terminal uses them up before each sale.
  const shop = await reconfigured(await counter(t, { scale: 0.1 }), (toml) =>
    toml.replace("calls_per_minute = 6000", "calls_per_minute = 6"),
  );
  const page = await (await shop.machine()).till();
  const token = await shop.token();
  const refusals = async () =>
    Number(
      /kaunter_problems_total\{code="rate_limited"\} (\d+)/.exec((await shop.call("GET", "/metrics")).text)?.[1] ?? 0,
    );
  for (let nth = 0; nth < 6; nth++) {
    const code = await shop.code("approves", "23", { ttl_ms: 600_000 });
    await until("the limit is met", async () => (await shop.call("POST", "/v1/sessions", { token })).status === 429);
    const before = await refusals();
    const end = await page.evaluate(
      ([code, ref]) => ends(till.charge({ ref, amount: { minor: 1200, currency: "MYR" } }, { code, walletId: "23" })),
      [code, `page-${nth}`],
    );
    assert.equal(end.value?.status, "paid", JSON.stringify(end));
    const refused = (await refusals()) - before;
    // Without the header it would have called every 0.2 s, twice.
    assert.ok(refused >= 1 && refused <= 6, `${refused} calls were refused in sale ${nth}`);
  }
  assert.deepEqual(
    (await shop.ledger()).map(({ charged, calls }) => [charged, calls.pay]),
    Array(6).fill([1200, 1]),
  );
});

/** Another program locks the table in PostgreSQL, until the test releases it. */
async function lock(url) {
  const held = spawn("psql", ["--quiet", "--no-psqlrc", url], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  held.stdout.on("data", (chunk) => {
    said += chunk;
  });
  held.stdin.write("BEGIN; LOCK TABLE trades IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n");
  await until("the table is locked", () => said.includes("held"));
  return () =>
    new Promise((done) => {
      held.once("exit", done);
      held.stdin.end("ROLLBACK;\n");
    });
}

test("PostgreSQL hangs: 503 with Retry-After, and the answer of a payment that comes meanwhile is not lost", async (t) => {
  const shop = await both.onPostgres(t, { scale: 1 });
  const trade = await open(shop, "hangs");
  await shop.fault("pay", { hang_ms: 1_500 }, { trade_id: trade.trade_id });
  // Status checks at the gateway return garbage: only the payment's own answer can decide.
  await shop.fault("status", "garbage", { trade_id: trade.trade_id, times: 1_000 });
  const handed = handOver(shop, trade, await shop.code());
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  const release = await lock(shop.environment.KAUNTER_DATABASE_URL);
  const token = await shop.token();
  later(await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token }), 503, "store_unavailable");
  assert.equal((await shop.call("GET", "/readyz")).status, 200, "the store answers, though not about trades");
  await release();
  await handed;
  await reaches(shop, trade, ["paid"]);
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
});

test("PostgreSQL: a text with a NUL is the caller's mistake: 400 with the name of the parameter, 404 for an id, and no error of the store", async (t) => {
  const shop = await both.onPostgres(t);
  const server = shop.keys.KAUNTER_SERVER_KEY;
  const token = await shop.token("till-1", { rights: ["charge", "cancel", "void", "review", "list", "give_up"] });
  for (const [path, param] of [
    ["/v1/sales?ref=%00", "ref"],
    ["/v1/trades?ref=a%00b", "ref"],
    ["/v1/trades?open=true&terminal=%00", "terminal"],
  ]) {
    for (const caller of [server, token]) {
      const { status, json } = await shop.call("GET", path, { token: caller });
      assert.deepEqual([status, json.code, json.param], [400, "bad_request", param], path);
    }
  }
  const body = { ref: "a\u0000b", tender: "cash" };
  const given = await shop.call("POST", "/v1/sales/give-up", { token, body });
  assert.deepEqual([given.status, given.json.code, given.json.param], [400, "sale_invalid", "ref"]);
  for (const [method, end, body] of [
    ["GET", ""],
    ["GET", "/void"],
    ["POST", "/code", { code: "1234" }],
    ["POST", "/cancel"],
    ["POST", "/void", { reason: "a test" }],
    ["POST", "/verdict", { outcome: "paid", evidence: "none" }],
  ]) {
    const { status, json } = await shop.call(method, `/v1/trades/K%00${end}`, { token, body });
    assert.deepEqual([status, json.code], [404, "trade_not_found"], `${method} ${end}`);
  }
  const verdict = { outcome: "paid", evidence: "none", actor: "Mei" };
  assert.equal((await shop.call("POST", "/v1/trades/%00/verdict", { token: server, body: verdict })).status, 404);
  assert.doesNotMatch(shop.backendProgram.words, /the store failed/);
});

test("rule 1: PostgreSQL refuses a second row that holds the sale", async (t) => {
  const shop = await both.onPostgres(t);
  const trade = await open(shop, "held");
  const run = (sql) =>
    spawnSync("psql", ["--no-psqlrc", "--command", sql, shop.environment.KAUNTER_DATABASE_URL], { encoding: "utf8" });
  assert.equal(run(`UPDATE trades SET holds_sale = 1 WHERE trade_id = '${trade.trade_id}'`).status, 0);
  const second = run(
    "INSERT INTO trades SELECT 'other', shop, sale_ref, terminal, 2, 'key', status, is_open, 1, version, created_ms, state FROM trades",
  );
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /trades_hold/);
});

test("pages of other origins: only the configured ones may call, and they can read Retry-After", async (t) => {
  const shop = await counter(t, { origins: ["https://till.shop.example"] });
  const ask = (origin, method = "GET") =>
    fetch(`${shop.backend}/v1/trades/none`, {
      method,
      headers: {
        origin,
        ...(method === "OPTIONS"
          ? {
              "access-control-request-method": "POST",
              "access-control-request-headers": "kaunter-token,kaunter-trace-id",
            }
          : {}),
      },
    });
  const own = await ask("https://till.shop.example");
  assert.equal(own.headers.get("access-control-allow-origin"), "https://till.shop.example");
  assert.match(own.headers.get("access-control-expose-headers"), /retry-after.*kaunter-trace-id/i);
  assert.match(
    (await ask("https://till.shop.example", "OPTIONS")).headers.get("access-control-allow-headers"),
    /authorization,.*kaunter-token/i,
  );
  for (const origin of ["https://evil.example", "https://till.shop.example.evil.example", "null"])
    assert.equal((await ask(origin)).headers.get("access-control-allow-origin"), null, origin);
  // A page that `origins` lacks learns that the address is right, and nothing else.
  const healthy = await fetch(`${shop.backend}/healthz`, { headers: { origin: "https://evil.example" } });
  assert.deepEqual([healthy.headers.get("access-control-allow-origin"), await healthy.text()], ["*", "ok\n"]);
  await reconfigured(shop, (toml) => toml.replace(/origins = .*/, ""));
  assert.equal(
    (await ask("https://till.shop.example")).headers.get("access-control-allow-origin"),
    null,
    "none by default",
  );
});

test("every answer has the security headers; a page allows its own scripts, the camera and nothing else", async (t) => {
  const shop = await counter(t);
  for (const path of [
    "/v1/trades?open=true",
    "/v1/trades/none",
    "/healthz",
    "/openapi.json",
    "/metrics",
    "/",
    "/terminal.json",
    "/v1/nothing",
  ]) {
    const { headers } = await shop.call("GET", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "no-referrer", path);
    assert.match(headers.get("content-security-policy"), /^default-src 'none';.*frame-ancestors 'none'/, path);
    if (path.startsWith("/v1/")) assert.equal(headers.get("cache-control"), "no-store", path);
  }
  const page = await fetch(`${shop.backend}/`);
  assert.match(page.headers.get("content-security-policy"), /script-src 'self' 'wasm-unsafe-eval';/);
  assert.match(
    page.headers.get("content-security-policy"),
    /; require-trusted-types-for 'script'; trusted-types kaunter lit-html$/,
  );
  const may = page.headers.get("permissions-policy").split(", ");
  const open = ["camera", "screen-wake-lock", "autoplay", "hid", "serial", "usb", "clipboard-write"];
  assert.deepEqual(
    may.filter((entry) => !entry.endsWith("=()")),
    open.map((name) => `${name}=(self)`),
  );
  for (const name of ["microphone", "geolocation", "payment", "display-capture"]) assert.ok(may.includes(`${name}=()`));
  const odd = await shop.call("GET", "/v1/trades/%FF", { token: await shop.token() });
  assert.deepEqual(
    [odd.status, odd.json?.code],
    [404, "route_not_found"],
    "even a path that is no text gets a problem",
  );
});

test("test wallets are hidden by default, and can't be charged", async (t) => {
  const shop = await counter(t);
  const ids = async () =>
    (await shop.call("POST", "/v1/sessions", { token: await shop.token() })).json.wallets.map(
      ({ wallet_id }) => wallet_id,
    );
  assert.ok((await ids()).includes("99"));
  await reconfigured(shop, (toml) => toml.replace("test_wallets = true", ""));
  const left = await ids();
  assert.ok(left.includes("23") && !left.includes("99"), left.join());
  const refused = await shop.call("POST", "/v1/trades", {
    token: await shop.token(),
    body: newTrade("test", { wallet_id: "99" }),
  });
  assert.deepEqual([refused.status, refused.json.code], [400, "wallet_unknown"]);
});

test("a trace id goes from the browser's call to the call of the gateway", async (t) => {
  const shop = await counter(t);
  const trade = await open(shop, "traced");
  const trace = "a0b1c2d3e4f5";
  const answer = await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
    token: await shop.token(),
    body: { code: await shop.code() },
    headers: { "kaunter-trace-id": trace },
  });
  assert.equal(answer.headers.get("kaunter-trace-id"), trace, "and back");
  await shop.stopBackend();
  const lines = shop.words
    .split("\n")
    .filter((text) => text.startsWith("{"))
    .map((text) => JSON.parse(text))
    .filter((entry) => entry.trace_id === trace);
  const said = lines.map(({ message }) => message);
  for (const what of ["moved", "gateway", "answered"]) assert.ok(said.includes(what), `${what}: ${said}`);
  assert.deepEqual(lines.find(({ message }) => message === "gateway").call, "pay");
  const named = new Set(lines.flatMap((entry) => Object.keys(entry)));
  const allowed = [
    "action",
    "time",
    "level",
    "target",
    "message",
    "attempt",
    "call",
    "code",
    "duration_ms",
    "error",
    "from",
    "gateway_code",
    "gateway_message",
    "left",
    "method",
    "result",
    "route",
    "status",
    "to",
    "trace_id",
    "trade_id",
  ];
  assert.deepEqual(
    [...named].filter((name) => !allowed.includes(name)),
    [],
  );
});

test("metrics: what moved, what is open, how long it took, in the API's own words", async (t) => {
  const shop = await counter(t);
  const trade = await open(shop, "counted");
  await handOver(shop, trade, await shop.code());
  await reaches(shop, trade, ["paid"]);
  await open(shop, "left");
  await shop.call("GET", "/v1/trades/none", { token: await shop.token() });
  const { text } = await shop.call("GET", "/metrics");
  const value = (name) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1),
    );
  assert.equal(value('kaunter_trade_transitions_total{status="paid"}'), 1);
  assert.equal(value('kaunter_trade_transitions_total{status="creating"}'), 2);
  assert.equal(text.match(/^kaunter_trades\{.*/gm).length, 1, "one is open");
  assert.match(text, /^kaunter_trades\{status="awaiting.code"\} 1$/m);
  assert.equal(value('kaunter_gateway_requests_total{call="pay",result="ok"}'), 1);
  assert.equal(value('kaunter_gateway_request_duration_seconds_count{call="pay"}'), 1);
  assert.equal(value('kaunter_problems_total{code="trade_not_found"}'), 1);
  assert.equal(
    value('kaunter_http_request_duration_seconds_count{method="POST",route="/v1/trades/{trade_id}/code",status="200"}'),
    1,
  );
  assert.equal(value('kaunter_alarms_total{alarm="late_success"}'), 0, "a first one is an increase");
  assert.match(text, /^kaunter_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
  assert.doesNotMatch(text, /"(counted|left|demo|till-1)"/, "no sale, shop or terminal is a label");
});

test("readiness means that the store and the gateway answer now", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  assert.equal((await shop.call("GET", "/readyz")).status, 200);
  await shop.sandboxProgram.stop("SIGKILL");
  const down = await until("it is seen", async () => {
    const answer = await shop.call("GET", "/readyz");
    return answer.status !== 200 && answer;
  });
  later(down, 502, "gateway_unavailable");
  assert.equal((await shop.call("GET", "/healthz")).status, 200, "it lives");
});

test("a configuration that is open to everybody, or meaningless, is refused before anything starts", async (t) => {
  const shop = await counter(t);
  const check = async (change) => {
    const file = join(shop.dir, "checked.toml");
    await writeFile(file, change(shop.toml("127.0.0.1:0")));
    const { status, stdout, stderr } = spawnSync(
      shop.backendProgram.child.spawnfile,
      ["--config", file, "check-config"],
      { env: { ...process.env, ...shop.environment }, encoding: "utf8" },
    );
    return { status, said: stdout + stderr };
  };
  assert.equal((await check((toml) => toml)).status, 0);
  const cases = [
    [(toml) => toml.replace(/origins = .*/, 'origins = ["*"]'), /origins: \*/],
    [(toml) => toml.replace(/origins = .*/, 'origins = ["https://shop.example/till"]'), /not an origin/],
    [(toml) => `utc_offset = "Kuala Lumpur"\n${toml}`, /like \+08:00/],
    [limited("cals = 1"), /cals/],
    [(toml) => toml.replace(/^base_url = .*/m, 'base_url = "https://gateway.example/version1"'), /sandbox/],
  ];
  for (const [change, words] of cases) {
    const { status, said } = await check(change);
    assert.notEqual(status, 0, String(words));
    assert.match(said, words);
  }
});

// ---- the limit of one address ----

/** Calls as another client behind a proxy at 127.0.0.1, until one is refused or `most` were answered. */
async function flood(shop, most, { from, method = "GET", path = "/v1/trades?open=true", ...options }) {
  const headers = from ? { "x-forwarded-for": from } : {};
  for (let nth = 0; nth < most; nth++) {
    const answer = await shop.call(method, path, { ...options, headers });
    if (answer.status === 429) return answer;
  }
  return null;
}
const perAddress =
  (most, proxies = []) =>
  (toml) =>
    `trusted_proxies = ${JSON.stringify(proxies)}\n${limited(`calls_per_minute_per_address = ${most}`)(toml)}`;

test("a flood of one address is refused, and a till of the same address completes its payment", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), perAddress(20));
  const [token, other, code] = [await shop.token(), await shop.token("till-2"), await shop.code()];
  const trade = await open(shop, "in-progress");
  // Strangers have a limit of their own, a tenth: they do not use up the tills'.
  later(await flood(shop, 20, { token: "a.b.c" }), 429, "rate_limited");
  later(await shop.call("POST", "/v1/sign-in", { body: {} }), 429, "rate_limited");
  assert.equal((await shop.call("POST", "/v1/sessions", { token: other })).status, 200);
  const refused = await flood(shop, 100, { token: other });
  later(refused, 429, "rate_limited");
  assert.match(refused.json.detail, /from this address: wait \d+ seconds?\./);
  // What an untrusted peer says about its address changes nothing.
  later(await flood(shop, 5, { token: other, from: "203.0.113.7" }), 429, "rate_limited");
  later(await shop.call("POST", "/v1/trades", { token: other, body: newTrade("another") }), 429, "rate_limited");
  later(await flood(shop, 5, { token: other, path: `/v1/trades/${trade.trade_id}` }), 429, "rate_limited");
  const own = (method, path, body) => shop.call(method, path, { token, body });
  assert.equal((await own("POST", "/v1/sessions")).json.open_trades.length, 1, "a page that starts again finds it");
  assert.equal((await own("POST", `/v1/trades/${trade.trade_id}/code`, { code })).status, 200);
  const paid = await until("the till learns the end", async () => {
    const answer = await own("GET", `/v1/trades/${trade.trade_id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.status === "paid" && answer.json;
  });
  assert.deepEqual(await line(shop, paid), { charged: 1200, refunded: 0, sent: 1 });
  later(await flood(shop, 5, { token, method: "POST", path: "/v1/sessions" }), 429, "rate_limited");
  const server = await shop.call("GET", "/v1/sales?ref=in-progress", { token: shop.keys.KAUNTER_SERVER_KEY });
  assert.equal(server.status, 200, "the shop's server is not counted");
  assert.match(shop.backendProgram.words, /127\.0\.0\.1 makes more calls than limits\.calls_per_minute_per_address/);
});

test("calls with an expired or a revoked token, and calls of no route, count as calls without a token; one line of the log says how many were refused", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), perAddress(100, ["127.0.0.1"]));
  const [token, revoked] = [await shop.token(), await shop.token("till-2")];
  const [head, body] = token.split(".");
  const said = JSON.parse(Buffer.from(body, "base64url"));
  const old = { ...said, iat: said.iat - 3_600, exp: said.exp - 3_600 };
  const text = `${head}.${Buffer.from(JSON.stringify(old)).toString("base64url")}`;
  const expired = `${text}.${createHmac("sha256", shop.keys.KAUNTER_SIGNING_KEY).update(text).digest("base64url")}`;
  const revoke = { token: shop.keys.KAUNTER_SERVER_KEY, body: { terminal: "till-2" } };
  assert.equal((await shop.call("POST", "/v1/terminals/revoke", revoke)).status, 200);
  for (const [from, codes, options] of [
    ["203.0.113.1", [401, "token_expired"], { token: expired }],
    ["203.0.113.2", [401, "token_revoked"], { token: revoked }],
    ["203.0.113.3", [404, "route_not_found"], { path: "/v1/nothing", token }],
    ["203.0.113.4", [405, "method_not_allowed"], { method: "PATCH", path: "/v1/sessions" }],
  ]) {
    const { path = "/v1/trades?open=true", method = "GET" } = options;
    const first = await shop.call(method, path, { ...options, headers: { "x-forwarded-for": from } });
    assert.deepEqual([first.status, first.json.code], codes, from);
    later(await flood(shop, 20, { ...options, from }), 429, "rate_limited");
    assert.equal(await flood(shop, 5, { token, from }), null, "a token's own calls are counted apart");
  }
  const lines = () => shop.backendProgram.words.split("\n").filter((line) => line.includes('"status":429'));
  const answered = async () =>
    Number(/kaunter_problems_total\{code="rate_limited"\} (\d+)/.exec((await shop.call("GET", "/metrics")).text)?.[1]);
  const [before, logged] = [await answered(), lines().length];
  const headers = { "x-forwarded-for": "203.0.113.1" };
  for (let nth = 0; nth < 30; nth++) await shop.call("GET", "/v1/trades?open=true", { token: expired, headers });
  assert.ok((await answered()) >= before + 25, "the metrics count each");
  assert.ok(lines().length <= logged + 1, `${lines().length - logged} lines`);
  assert.match(shop.backendProgram.words, /"message":"203\.0\.113\.1 makes more calls than [^\n]*"refused":1\b/);
});

test("with trusted_proxies, clients behind one proxy are counted apart, IPv6 by /64, and the audit trail has their addresses", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), perAddress(30, ["127.0.0.1", "10.0.0.0/8"]));
  const token = await shop.token();
  const narrow = await shop.token("till-1", { rights: ["charge"] });
  const counted = { "203.0.113.7": "203.0.113.8", "2001:db8::1": "2001:db8:0:1::1" };
  for (const [from, another] of Object.entries(counted)) {
    later(await flood(shop, 60, { token, from }), 429, "rate_limited");
    // What the client itself wrote stands before the proxy's word.
    later(await flood(shop, 5, { token, from: `${another}, ${from}, 10.0.0.5` }), 429, "rate_limited");
    assert.equal(await flood(shop, 5, { token, from: another }), null);
  }
  later(await flood(shop, 5, { token, from: "2001:db8::ffff" }), 429, "rate_limited");
  assert.equal(await flood(shop, 1, { token, from: "unknown" }), null, "counted as the proxy");
  const headers = { "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
  assert.equal((await shop.call("POST", "/v1/trades/none/cancel", { token: narrow, headers })).status, 403);
  const { json } = await shop.call("GET", "/v1/audit", { token: shop.keys.KAUNTER_SERVER_KEY });
  const refusals = json.entries.filter(({ code }) => code === "token_forbidden");
  assert.deepEqual(
    refusals.map(({ address }) => address),
    ["203.0.113.9"],
  );
});

test("by default 500 tills of one address are not refused", async (t) => {
  const shop = await counter(t, { scale: 1 });
  const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const tokens = Array.from({ length: 500 }, (_, nth) => {
    const claims = { iss: "kaunter", exp: now + 600, iat: now, shop: "demo", terminal: `till-${nth}`, cashier: "c" };
    const text = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ ...claims, rights: ["charge"] })}`;
    return `${text}.${createHmac("sha256", shop.keys.KAUNTER_SIGNING_KEY).update(text).digest("base64url")}`;
  });
  const statuses = new Set();
  const till = async (token) => {
    for (const [method, path] of [
      ["POST", "/v1/sessions"],
      ["GET", "/v1/trades?open=true"],
    ])
      statuses.add((await shop.call(method, path, { token })).status);
  };
  // As many at once as a busy machine answers.
  while (tokens.length > 0) await Promise.all(tokens.splice(0, 50).map(till));
  assert.deepEqual([...statuses], [200]);
});
