// Runs the README's PHP as a shop's server with a real backend.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { before, test } from "node:test";
import { counter, until } from "./harness.mjs";
import { freePort, needPhp, servePhp } from "./php.mjs";

before(needPhp);

/** Serves the README's PHP with PHP, and a file with the shop's bills. */
async function phpShop(t, shop, bills, environment = {}) {
  const page = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const files = [...page.matchAll(/```php\n([\s\S]*?)```/g)].map(([, php]) => php);
  assert.ok(files.join("").trim().split("\n").length <= 40, "forty lines");
  for (const [at, name] of ["kaunter.php", "till.php"].entries()) await writeFile(join(shop.dir, name), files[at]);
  await writeFile(
    join(shop.dir, "bills.php"),
    `<?php function owed(string $ref): ?int { return json_decode('${JSON.stringify(bills)}', true)[$ref] ?? null; }`,
  );
  await writeFile(
    join(shop.dir, "login.php"),
    "<?php session_start(); $_SESSION['cashier'] = 'Aminah'; $_SESSION['terminal'] = 'till-php';",
  );
  const served = { port: await freePort(), args: ["-t", shop.dir], first: "login.php", environment };
  const server = await servePhp(t, shop, served);
  const url = (path) => `${server.url}/${path}`;
  assert.equal((await fetch(url("till.php"))).status, 403, "nobody is signed in");
  const cookie = (await fetch(url("login.php"))).headers.get("set-cookie").split(";")[0];
  return {
    token: async (ref = null) =>
      (await fetch(url("till.php"), { method: "POST", headers: { cookie }, body: JSON.stringify({ ref }) })).json(),
    refusal: async (ref) => {
      const answer = await fetch(url("till.php"), {
        method: "POST",
        headers: { cookie },
        body: JSON.stringify({ ref }),
      });
      return [answer.status, await answer.json()];
    },
    closes: async (ref) =>
      (await fetch(url(`till.php?ref=${encodeURIComponent(ref)}`), { headers: { cookie } })).json(),
  };
}

const body = (ref, minor) => ({
  idempotency_key: randomBytes(16).toString("hex"),
  sale: { ref, amount: { minor, currency: "MYR" } },
  wallet_id: "23",
  mode: "consumer_presented",
});

test("the README's PHP mints a token for one bill and its amount, and closes the bill only when that amount is paid", async (t) => {
  const shop = await counter(t);
  const php = await phpShop(t, shop, { "INV/2026/1": 1250, "php-2": 10_000 });
  const { token: start } = await php.token();
  const session = await shop.call("POST", "/v1/sessions", { token: start });
  assert.deepEqual(
    [session.status, session.json?.terminal, session.json?.rights],
    [200, "till-php", ["cancel"]],
    "before a bill is rung up, nothing is charged",
  );
  assert.equal((await shop.call("POST", "/v1/trades", { token: start, body: body("INV/2026/1", 1250) })).status, 403);

  const { token } = await php.token("INV/2026/1");
  assert.equal(
    (await shop.call("POST", "/v1/trades", { token, body: body("INV/2026/1", 1) })).status,
    403,
    "a tampered page charges no other amount",
  );
  assert.equal(
    (await shop.call("POST", "/v1/trades", { token, body: body("php-2", 10_000) })).status,
    403,
    "and no other bill",
  );
  const registered = await shop.sale("INV/2026/1");
  assert.deepEqual([registered.registered, registered.due_amount.minor], [true, 1250], "before a page charges it");
  assert.equal(await php.closes("INV/2026/1"), false, "nothing is paid yet");
  const trade = (await shop.call("POST", "/v1/trades", { token, body: body("INV/2026/1", 1250) })).json;
  await shop.call("POST", `/v1/trades/${trade.trade_id}/code`, { token, body: { code: await shop.code() } });
  await until("the bill is closed", () => php.closes("INV/2026/1"));

  // With a wider token, 1 sen was paid for the other bill: it stays open.
  const cheap = (await shop.call("POST", "/v1/trades", { token: await shop.token(), body: body("php-2", 1) })).json;
  await shop.call("POST", `/v1/trades/${cheap.trade_id}/code`, {
    token: await shop.token(),
    body: { code: await shop.code() },
  });
  await until("1 sen is paid", async () => (await shop.sale("php-2")).paid_amount?.minor === 1);
  assert.equal(await php.closes("php-2"), false);
  assert.equal(await php.closes("no-such-bill"), false);
});

test("while the README's PHP waits for the backend, the same cashier's next request is answered", async (t) => {
  const shop = await counter(t);
  // A proxy that delays the questions about sales, and passes the other calls on.
  let let_go, arrive;
  const held = new Promise((done) => {
    let_go = done;
  });
  const arrived = new Promise((done) => {
    arrive = done;
  });
  const slow = createServer(async (request, response) => {
    if (request.method === "GET" && request.url.startsWith("/v1/sales")) {
      arrive();
      await held;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization, "content-type": type } = request.headers;
    const answer = await fetch(shop.backend + request.url, {
      method: request.method,
      headers: { authorization, "content-type": type },
      ...(chunks.length ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise((done) => slow.listen(0, "127.0.0.1", done));
  t.after(() => {
    slow.close();
    slow.closeAllConnections();
  });
  const php = await phpShop(t, shop, { "php-3": 100 }, { KAUNTER_BACKEND: `http://127.0.0.1:${slow.address().port}` });
  let answered = false;
  const waits = php.closes("php-3").then((closed) => {
    answered = true;
    return closed;
  });
  // One of PHP's workers waits now, and accepts nothing more: the other workers answer.
  await arrived;
  assert.ok((await php.token("php-3")).token, "a token comes meanwhile");
  assert.equal(answered, false, "the question still waits");
  let_go();
  assert.equal(await waits, false);
});

test("the README's PHP says that it has no token: the backend is down, or refuses", async (t) => {
  const shop = await counter(t);
  const down = await phpShop(t, shop, { "php-5": 100 }, { KAUNTER_BACKEND: `http://127.0.0.1:${await freePort()}` });
  assert.deepEqual(await down.refusal("php-5"), [502, { error: "backend_unreachable" }]);
  const refused = await phpShop(t, shop, { "php-5": 100 }, { KAUNTER_SERVER_KEY: "another key" });
  const [status, { error }] = await refused.refusal("php-5");
  assert.deepEqual([status, error], [502, "server_key_invalid"]);
});

test("the README's PHP follows no redirect with the server key", async (t) => {
  const shop = await counter(t);
  const seen = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.url);
    response.end("{}");
  });
  await new Promise((done) => elsewhere.listen(0, "127.0.0.1", done));
  const moved = createServer((_, response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.address().port}/` }).end(),
  );
  await new Promise((done) => moved.listen(0, "127.0.0.1", done));
  t.after(() => {
    elsewhere.close();
    moved.close();
  });
  const php = await phpShop(t, shop, { "php-4": 100 }, { KAUNTER_BACKEND: `http://127.0.0.1:${moved.address().port}` });
  assert.equal(await php.closes("php-4"), false);
  assert.deepEqual(seen, []);
});

test("the documented configuration passes check-config, and each missing key is named", async (t) => {
  const shop = await counter(t);
  const page = await readFile(new URL("../../docs/operating.md", import.meta.url), "utf8");
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(page);
  const file = join(shop.dir, "operating.toml");
  await writeFile(file, toml);
  const real = Object.fromEntries(Object.entries(shop.keys).map(([name, key]) => [name, key.replace("sandbox-", "")]));
  const check = (keys) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KAUNTER_")));
    const { status, stdout, stderr } = spawnSync(
      shop.backendProgram.child.spawnfile,
      ["--config", file, "check-config"],
      { env: { ...env, ...keys }, encoding: "utf8" },
    );
    return { status, said: stdout + stderr };
  };
  assert.equal(check(real).status, 0, check(real).said);
  const bare = check({});
  assert.notEqual(bare.status, 0);
  for (const name of Object.keys(real)) assert.match(bare.said, new RegExp(name));
  const sandboxs = check({ ...real, KAUNTER_GATEWAY_SECRET: shop.keys.KAUNTER_GATEWAY_SECRET });
  assert.notEqual(sandboxs.status, 0, "the sandbox's keys never meet a real gateway");
  assert.match(sandboxs.said, /sandbox/);
  assert.ok(!sandboxs.said.includes(shop.keys.KAUNTER_GATEWAY_SECRET));
  const weak = check({ ...real, KAUNTER_SERVER_KEY: "short" });
  assert.match(weak.said, /KAUNTER_SERVER_KEY/);
});
