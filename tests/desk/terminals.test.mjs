// Who may work under a terminal's name: tokens that were revoked, and two devices of one name.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { newTrade, open, reaches, sql, stores } from "./desk.mjs";

const both = stores();
const other = "f".repeat(32);
const third = "e".repeat(32);

/** More processes on the store of this counter; all of their addresses. */
async function fleet(t, shop, processes = 3) {
  const backends = [shop.backend];
  for (let nth = 1; nth < processes; nth++) {
    const config = join(shop.dir, `backend-${nth}.toml`);
    await writeFile(config, shop.toml("127.0.0.1:0"));
    const program = new Program("backend", ["--config", config], shop.environment, "error");
    t.after(() => program.stop("SIGKILL"));
    backends.push(await program.address);
  }
  return backends;
}

const post = (shop, path, token, body, device) =>
  shop.call("POST", path, { token, body, ...(device === undefined ? {} : { headers: { "kaunter-device": device } }) });
const revoke = (shop, terminal = "till-1") =>
  post(shop, "/v1/terminals/revoke", shop.keys.KAUNTER_SERVER_KEY, { terminal });
const ends = ({ status, json }) => [status, json?.code ?? json?.status];
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const REVOKED = [401, "token_revoked"];

both.test("rule 36: a revoked token is refused by three processes within two seconds", async (t, counter) => {
  const shop = await counter(t);
  const backends = await fleet(t, shop);
  const [token, neighbour] = [await shop.token(), await shop.token("till-2")];
  const trade = await open(shop, "before");
  const at = async (backend, token) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${backend}/v1/trades/${trade.trade_id}`, { headers });
    return [answer.status, (await answer.json()).code];
  };
  for (const backend of backends) assert.equal((await at(backend, token))[0], 200, "each process knows the token now");
  const answer = await revoke(shop);
  const since = performance.now();
  assert.deepEqual([answer.status, answer.json], [200, { terminal: "till-1", generation: 1 }]);
  assert.deepEqual(await at(shop.backend, token), REVOKED, "at once where it was revoked");
  for (const backend of backends) {
    await until("it is refused everywhere", async () => (await at(backend, token))[0] === 401, {
      ms: 2_000,
      every: 20,
    });
    assert.deepEqual(await at(backend, token), REVOKED);
  }
  assert.ok(performance.now() - since < 2_500, `${performance.now() - since} ms`);
  const fresh = await shop.token();
  assert.equal(claims(fresh).generation, 1);
  for (const backend of backends) {
    assert.equal((await at(backend, fresh))[0], 200, "a token of after the revocation");
    assert.equal((await at(backend, neighbour))[0], 200, "another terminal's");
  }
  for (const path of [
    "/v1/sessions",
    "/v1/trades",
    `/v1/trades/${trade.trade_id}/code`,
    `/v1/trades/${trade.trade_id}/cancel`,
    `/v1/trades/${trade.trade_id}/void`,
    `/v1/trades/${trade.trade_id}/verdict`,
    "/v1/terminals/take-over",
    "/v1/sign-out",
  ]) {
    assert.deepEqual(ends(await post(shop, path, token, newTrade("after"))), REVOKED, path);
  }
  const lines = sql(
    shop,
    "SELECT DISTINCT actor, who, event, code FROM audit JOIN audit_chains ON chain = trade_id WHERE name = 'terminal:till-1' ORDER BY event;",
  );
  assert.deepEqual(
    lines,
    [
      ["person", "cashier", "refused", "token_revoked"],
      ["server", "", "revoked", ""],
    ],
    "who used the revoked token is recorded",
  );
});

test("rule 36: who may revoke, what an old token is worth, and a body that comes late", async (t) => {
  const shop = await counter(t);
  const token = await shop.token();
  assert.deepEqual(ends(await post(shop, "/v1/terminals/revoke", token, { terminal: "till-1" })), [
    401,
    "server_key_invalid",
  ]);
  for (const terminal of ["", "x".repeat(65), "a\nb"]) {
    assert.equal((await revoke(shop, terminal)).json.param, "terminal");
  }
  // A token of the version before has no generation.
  const { generation: _, ...old } = claims(token);
  const head = token.split(".")[0];
  const text = `${head}.${Buffer.from(JSON.stringify(old)).toString("base64url")}`;
  const before = `${text}.${createHmac("sha256", shop.keys.KAUNTER_SIGNING_KEY).update(text).digest("base64url")}`;
  assert.equal((await post(shop, "/v1/sessions", before)).status, 200);
  // The headers come before the revocation, and the body after it.
  const body = JSON.stringify(newTrade("late body"));
  const { hostname, port } = new URL(shop.backend);
  const socket = connect(port, hostname);
  let said = "";
  socket.on("data", (chunk) => {
    said += chunk;
  });
  socket.write(
    `POST /v1/trades HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
  );
  await until("the backend waits for the body", () => said.includes("100 Continue"));
  await revoke(shop);
  socket.write(body);
  await until("it is answered", () => said.includes("token_revoked"));
  socket.destroy();
  assert.equal((await shop.sale("late body")).code, "trade_not_found", "nothing began");
  assert.deepEqual(ends(await post(shop, "/v1/sessions", before)), REVOKED);
});

test("rule 36: a sign-out ends every token of the terminal, and the payment goes on", async (t) => {
  const shop = await counter(t, { scale: 0.1 });
  const trade = await open(shop, "running");
  const mute = await shop.token("till-1", { rights: [] });
  const cashier = await shop.token();
  await post(shop, `/v1/trades/${trade.trade_id}/code`, cashier, {
    code: await shop.code({ approves_after_ms: 600 }),
  });
  const out = await post(shop, "/v1/sign-out", mute);
  assert.deepEqual([out.status, out.json], [200, { terminal: "till-1", generation: 1 }]);
  for (const token of [mute, cashier]) assert.deepEqual(ends(await post(shop, "/v1/sessions", token)), REVOKED);
  assert.equal((await reaches(shop, trade, ["paid"])).status, "paid");
  assert.equal(await shop.kept(), 1200);
  const back = await shop.call("GET", `/v1/trades/${trade.trade_id}`, { token: await shop.token() });
  assert.equal(back.json.status, "paid", "after the next sign-in");
});

both.test("rule 37: a second device of a name watches, and acts only after a take-over", async (t, counter) => {
  const shop = await counter(t);
  const token = await shop.token();
  const trade = await open(shop, "first");
  const path = `/v1/trades/${trade.trade_id}`;
  const session = async (device) => (await post(shop, "/v1/sessions", token, undefined, device)).json;
  const { open_trades, terminal_taken } = await session(other);
  assert.deepEqual([open_trades.map(({ trade_id }) => trade_id), terminal_taken], [[trade.trade_id], true]);
  assert.equal((await session()).terminal_taken, undefined, "the first device's own");
  const code = await shop.code();
  const taken = [409, "terminal_taken"];
  const changes = [
    [`${path}/cancel`],
    [`${path}/code`, { code }],
    ["/v1/trades", newTrade("first")],
    ["/v1/trades", newTrade("another")],
  ];
  for (const [path, body] of changes) {
    assert.deepEqual(ends(await post(shop, path, token, body, other)), taken, path);
    const anonymous = await fetch(`${shop.backend}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    assert.equal((await anonymous.json()).code, "terminal_taken", "a caller without an identity");
  }
  const watched = await shop.call("GET", path, { token, headers: { "kaunter-device": other } });
  assert.equal(watched.json.status, "awaiting_code", "it is there, and nobody touched it");
  assert.equal((await post(shop, "/v1/sessions", token, undefined, "a name")).status, 400);

  for (const [body, device, param] of [
    [{ reason: " " }, other, "reason"],
    [{ reason: "x".repeat(501) }, other, "reason"],
    [{}, other, "reason"],
  ]) {
    const refused = await post(shop, "/v1/terminals/take-over", token, body, device);
    assert.deepEqual([refused.status, refused.json.param], [400, param]);
  }
  const charge = { rights: ["cancel"] };
  const forbidden = await post(
    shop,
    "/v1/terminals/take-over",
    await shop.token("till-1", charge),
    { reason: "x" },
    other,
  );
  assert.deepEqual(ends(forbidden), [403, "token_forbidden"]);
  const done = await post(shop, "/v1/terminals/take-over", token, { reason: "the old tablet is broken" }, other);
  assert.deepEqual([done.status, done.json], [200, { terminal: "till-1" }]);
  for (const [path, body] of changes) assert.deepEqual(ends(await post(shop, path, token, body)), taken, path);
  assert.deepEqual(ends(await post(shop, `${path}/code`, token, { code }, other)), [200, "paid"]);
  assert.equal(await shop.kept(), 1200);
  // The neighbour's name is its own, and a person with the right acts on any device.
  const office = await shop.token("office");
  assert.deepEqual(ends(await post(shop, `${path}/void`, office, { reason: "a test" }, third)), [200, "voided"]);
  const audit = sql(
    shop,
    "SELECT who, audit.terminal, event, note FROM audit JOIN audit_chains ON chain = trade_id WHERE name = 'terminal:till-1' AND event = 'taken_over';",
  );
  assert.deepEqual(audit, [["cashier", "till-1", "taken_over", "the old tablet is broken"]]);
});

test("rule 37: a second device acts after the first was silent, and not before", async (t) => {
  // 1.5 s and a heartbeat of 0.5 s.
  const shop = await counter(t, { scale: 0.1, policy: { terminal_silent_ms: 15_000, heartbeat_ms: 5_000 } });
  const token = await shop.token();
  await open(shop, "first");
  const heard = performance.now();
  const cancelled = async () => {
    const { json } = await post(shop, "/v1/trades", token, newTrade("second"), other);
    if (json.code !== "terminal_taken") return json;
    // The third device only watches: it does not count as the first.
    await post(shop, "/v1/sessions", token, undefined, third);
    return null;
  };
  const trade = await until("the name is free", cancelled, { every: 50 });
  assert.ok(performance.now() - heard >= 1_500, `after ${performance.now() - heard} ms`);
  assert.equal(trade.status, "awaiting_code");
  assert.deepEqual(ends(await post(shop, "/v1/trades", token, newTrade("third"))), [409, "terminal_taken"]);
  // A revocation frees the name at once.
  await revoke(shop);
  const fresh = await shop.token();
  assert.equal((await post(shop, "/v1/trades", fresh, newTrade("fourth"), third)).status, 200);
});
