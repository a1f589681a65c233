// A client opens connections and sends half a request or nothing, or reads no answer. Are its connections closed, are
// tills answered meanwhile, and does a payment in progress end?

import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

// A backend with a limit of open files, if its environment sets one.
const real =
  process.env.KAUNTER_BACKEND ?? fileURLToPath(new URL("../../target/debug/kaunter-backend", import.meta.url));
const limited = join(await mkdtemp(join(tmpdir(), "kaunter-limited-")), "backend");
writeFileSync(limited, `#!/bin/sh\nif [ -n "$FILES" ]; then ulimit -n "$FILES"; fi\nexec "${real}" "$@"\n`);
chmodSync(limited, 0o755);
process.env.KAUNTER_BACKEND = limited; // before the harness is loaded: it reads this once
const { counter, until } = await import("../terminal/harness.mjs");
const { handOver, later, line, newTrade, open, reaches, reconfigured } = await import("./desk.mjs");

/** A socket that sends this at once, and then what `goesOn` writes. */
function caller(t, shop, says, goesOn) {
  const { hostname, port } = new URL(shop.backend);
  const socket = connect(Number(port), hostname);
  const seen = { socket, closed: false, heard: "", open: false };
  socket.on("connect", () => {
    seen.open = true;
  });
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    seen.heard += chunk;
  });
  socket.on("close", () => {
    seen.closed = true;
  });
  if (says) socket.write(says);
  const timer = goesOn && setInterval(() => socket.write(goesOn), 1_000);
  t.after(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return seen;
}
const head = (path, more = "") =>
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${more}`;
const half = (path, token) => `${head(path, `authorization: Bearer ${token}\r\ncontent-length: 400\r\n`)}\r\n{"key":`;

test("a caller that never ends its request, or sends nothing, is closed; one that has called may be idle for a minute", async (t) => {
  const shop = await counter(t, { scale: 1 });
  const token = await shop.token();
  const cases = {
    "nothing at all": [""],
    "half a line": ["GET /hea"],
    "headers without an end": ["GET /healthz HTTP/1.1\r\nhost: x\r\n"],
    "a header, byte by byte": ["GET /healthz HTTP/1.1\r\nx-slow: ", "a"],
    "a header a second": ["GET /healthz HTTP/1.1\r\nhost: x\r\n", "x-slow: a\r\n"],
    "half a body with a token": [half("/v1/trades", token)],
    "a body, byte by byte": [half("/v1/trades", token), " "],
    "half a body of the shop's server": [half("/v1/terminal-tokens", shop.keys.KAUNTER_SERVER_KEY)],
    "half a body without a token": [half("/v1/trades", "none")],
    "half a body where none is wanted": [`${head("/healthz", "content-length: 1000000\r\n")}\r\nx`, "x"],
    "half a body of a page": [`${head("/", "content-length: 1000000\r\n")}\r\nx`, "x"],
    "half a chunk": [
      `${head("/v1/trades", `authorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n`)}\r\nff\r\n{`,
    ],
    "half of a second request": ["GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /hea", "l"],
  };
  const callers = Object.entries(cases).map(([what, [says, goesOn]]) => [what, caller(t, shop, says, goesOn)]);
  const idle = caller(t, shop, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  // It requests large answers, and reads none of them.
  const deaf = caller(t, shop);
  deaf.socket.pause();
  deaf.socket.write("GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".repeat(2_000));
  await until(
    "they are let go",
    () => {
      const left = callers.filter(([, { closed }]) => !closed).map(([what]) => what);
      assert.deepEqual(left, []);
      return true;
    },
    { ms: 30_000 },
  );
  assert.equal(idle.closed, false, "a connection between two calls is kept");
  assert.match(idle.heard, /200 OK/);
  idle.socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("it is answered again", () => idle.heard.match(/200 OK/g).length === 2);
  assert.equal((await shop.call("POST", "/v1/sessions", { token })).status, 200, "its till is none the worse");
  await until("an idle connection is closed in the end", () => idle.closed, { ms: 120_000, every: 500 });
  deaf.socket.resume();
  await until("who read nothing was cut off", () => deaf.closed, { ms: 10_000 });
  assert.ok((deaf.heard.match(/HTTP\/1.1 200/g) ?? []).length < 2_000, "what nobody read was not kept for ever");
});

test("300 unfinished requests with 256 file descriptors: a till is answered, and a payment in progress ends", async (t) => {
  const shop = await counter(t, { scale: 1 });
  shop.environment.FILES = "256";
  await reconfigured(shop, (toml) => toml);
  const trade = await open(shop, "flooded");
  await shop.fault("pay", { hang_ms: 4_000 }, { trade_id: trade.trade_id });
  const handed = handOver(shop, trade, await shop.code());
  await until("the payment has left", async () => (await shop.calls("pay")).length === 1);
  const flood = Array.from({ length: 300 }, () => caller(t, shop, "GET /healthz HTTP/1.1\r\nhost: x\r\n"));
  await until("they are there", () => flood.every(({ open }) => open));
  for (let nth = 0; nth < 5; nth++) {
    const made = await shop.call("POST", "/v1/trades", {
      token: await shop.token(`till-${nth}`),
      body: newTrade(`honest-${nth}`),
      headers: { connection: "close" },
    });
    assert.equal(made.status, 200, made.text);
  }
  const answer = await handed;
  assert.deepEqual([answer.status, answer.json.status], [200, "paid"], "the connection of a payment is not dropped");
  assert.deepEqual(await line(shop, trade), { charged: 1200, refunded: 0, sent: 1 });
  await until("they are let go", () => flood.every(({ closed }) => closed), { ms: 30_000 });
  assert.equal((await shop.call("GET", "/healthz")).status, 200);
});

test("past the limit of connections, each with a call: 503 with Retry-After, and no call is cut off", async (t) => {
  // One address may have six connections, three quarters of eight. Idle connections are closed for new ones, so the six
  // are those of the payments.
  const shop = await reconfigured(await counter(t, { scale: 1 }), (toml) =>
    toml.replace("[limits]", "[limits]\nconnections = 8\nconnections_per_address = 8"),
  );
  const trades = [];
  for (let nth = 0; nth < 6; nth++) trades.push(await open(shop, `full-${nth}`, {}, `till-${nth}`));
  for (const trade of trades) await shop.fault("pay", { hang_ms: 6_000 }, { trade_id: trade.trade_id });
  const calls = [];
  for (const trade of trades) calls.push([trade, await shop.token(trade.terminal), await shop.code()]);
  const handed = [];
  for (const [trade, token, code] of calls) {
    handed.push(
      shop.call("POST", `/v1/trades/${trade.trade_id}/code`, {
        token,
        body: { code },
        headers: { connection: "close" },
      }),
    );
    await until("the payment has left", async () => (await shop.calls("pay")).length === handed.length);
  }
  later(await shop.call("GET", "/healthz", { headers: { connection: "close" } }), 503, "overloaded");
  assert.deepEqual(
    (await Promise.all(handed)).map(({ status }) => status),
    Array(6).fill(200),
  );
  await until("there is room again", async () => (await shop.call("GET", "/healthz")).status === 200);
  for (const trade of trades) await reaches(shop, trade, ["paid"]);
});

test("at the limit of connections the idle one of a payment is closed last", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), (toml) =>
    toml.replace("[limits]", "[limits]\nconnections = 8\nconnections_per_address = 4"),
  );
  const trade = await open(shop, "kept");
  const token = await shop.token();
  const says = (path) => `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`;
  const answered = async (path) => {
    const one = caller(t, shop, says(path));
    await until("it is answered", () => /200 OK/.test(one.heard));
    return one;
  };
  const till = await answered(`/v1/trades/${trade.trade_id}`);
  const others = [];
  // Each is younger than the till's connection, and all but the last two are closed for it.
  for (let nth = 0; nth < 5; nth++) others.push(await answered("/healthz"));
  await until("they were closed", () => others.filter(({ closed }) => closed).length === 3);
  // New ones that say nothing are spared for a moment, and not at the till's expense.
  const silent = Array.from({ length: 8 }, () => caller(t, shop));
  await until("they were closed", () => silent.filter(({ closed }) => closed).length >= 6);
  till.socket.write(says(`/v1/trades/${trade.trade_id}`));
  await until("it is answered again", () => till.heard.match(/200 OK/g).length === 2);
});

test("unfinished bodies of one terminal: another till and the shop's server are answered, and later the terminal", async (t) => {
  const shop = await reconfigured(await counter(t, { scale: 1 }), (toml) =>
    toml.replace("[limits]", "[limits]\nconcurrent_calls = 20"),
  );
  const [token, honest] = [await shop.token("till-1"), await shop.token("till-2")];
  const callers = Array.from({ length: 60 }, () => caller(t, shop, half("/v1/trades", token)));
  await until("its places are taken", () => callers.filter(({ heard }) => heard.includes("503")).length >= 40);
  for (const { heard } of callers.filter(({ heard }) => heard)) {
    assert.match(heard, /retry-after: [1-9]/);
    assert.match(heard, /"code":"overloaded"/);
  }
  const made = await shop.call("POST", "/v1/trades", { token: honest, body: newTrade("honest") });
  assert.equal(made.status, 200, made.text);
  assert.equal((await shop.call("GET", `/v1/trades/${made.json.trade_id}`, { token })).status, 200, "it may look");
  const minted = await shop.call("POST", "/v1/terminal-tokens", {
    token: shop.keys.KAUNTER_SERVER_KEY,
    body: { shop: "demo", terminal: "till-3", cashier: "c", rights: ["charge"] },
  });
  assert.equal(minted.status, 200, minted.text);
  await until(
    "the terminal itself gets in again",
    async () => (await shop.call("POST", "/v1/trades", { token, body: newTrade("again") })).status === 200,
  );
});

test("without file descriptors: connections are accepted again once there are some, without a busy loop", async (t) => {
  const shop = await counter(t, { scale: 1 });
  shop.environment.FILES = "32";
  await reconfigured(shop, (toml) => toml);
  const flood = Array.from({ length: 100 }, () => caller(t, shop, "GET /healthz HTTP/1.1\r\nhost: x\r\n"));
  await until("they are let go", () => flood.every(({ closed }) => closed), { ms: 60_000 });
  await until("it answers", async () => (await shop.call("GET", "/healthz")).status === 200);
  const lines = shop.backendProgram.words.split("\n").filter((text) => /connection/.test(text));
  assert.ok(lines.length < 20, `${lines.length} lines of log`);
});

test("a SIGTERM does not wait for an unfinished request", async (t) => {
  const shop = await counter(t, { scale: 1 });
  const callers = Array.from({ length: 3 }, () => caller(t, shop, "GET /healthz HTTP/1.1\r\nhost: x\r\n", "x"));
  await until("they are there", () => callers.every(({ open }) => open));
  assert.equal((await shop.call("GET", "/healthz")).status, 200);
  const began = performance.now();
  await shop.stopBackend("SIGTERM");
  assert.ok(performance.now() - began < 8_000, "it ended");
  assert.equal(shop.backendProgram.child.exitCode, 0);
});
