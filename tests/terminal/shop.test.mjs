// Does the README's PHP do what it says? Run by PHP itself, as a shop's server, against a real backend.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { before, test } from "node:test";
import { counter, until } from "./harness.mjs";

before(() => {
  const there = () => spawnSync("php", ["--version"]).status === 0;
  if (!there() && process.getuid?.() === 0) {
    const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
    spawnSync("apt-get", ["update", "-qq"], quiet);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "php-cli"], quiet);
  }
  assert.ok(there(), "install PHP's command line (Debian: apt-get install php-cli)");
});

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

test("the README's PHP mints a token for a cashier who is signed in, and closes a bill only when it is paid", async (t) => {
  const shop = await counter(t);
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, php] = /```php\n([\s\S]*?)```/.exec(readme);
  assert.ok(php.trim().split("\n").length <= 16, "fifteen lines and a comment");
  await writeFile(join(shop.dir, "kaunter.php"), php);
  await writeFile(join(shop.dir, "login.php"), "<?php session_start(); $_SESSION['cashier'] = 'Aminah'; $_SESSION['terminal'] = 'till-php';");
  const port = await freePort();
  const server = spawn("php", ["-S", `127.0.0.1:${port}`, "-t", shop.dir], { env: { ...process.env, KAUNTER_SERVER_KEY: shop.keys.KAUNTER_SERVER_KEY, KAUNTER_BACKEND: shop.backend } });
  t.after(() => server.kill());
  const url = (path) => `http://127.0.0.1:${port}/${path}`;
  await until("PHP listens", async () => (await fetch(url("login.php"))).ok);
  assert.equal((await fetch(url("kaunter.php"))).status, 403, "nobody is signed in");
  const cookie = (await fetch(url("login.php"))).headers.get("set-cookie").split(";")[0];
  const { token } = await (await fetch(url("kaunter.php"), { headers: { cookie } })).json();
  const session = await shop.call("POST", "/v1/sessions", { token });
  assert.deepEqual([session.status, session.json?.terminal, session.json?.may], [200, "till-php", ["charge", "cancel"]]);
  const paid = async () => (await fetch(url("kaunter.php?ref=php-1"), { headers: { cookie } })).json();
  assert.equal(await paid(), false, "no such sale yet");
  const body = { key: "0".repeat(32), sale: { ref: "php-1", amount: { minor: 1250, currency: "MYR" } }, integrator: "23", presented: "consumer" };
  const trade = (await shop.call("POST", "/v1/trades", { token, body })).json;
  await shop.call("POST", `/v1/trades/${trade.trx_id}/code`, { token, body: { code: await shop.code() } });
  await until("the bill is closed", paid);
});

test("the README's configuration passes check-config, and each missing key is named", async (t) => {
  const shop = await counter(t);
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(readme);
  const file = join(shop.dir, "readme.toml");
  await writeFile(file, toml);
  const real = Object.fromEntries(Object.entries(shop.keys).map(([name, key]) => [name, key.replace("simulator-", "")]));
  const check = (keys) => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KAUNTER_")));
    const { status, stdout, stderr } = spawnSync(shop.backendProgram.child.spawnfile, ["--config", file, "check-config"], { env: { ...env, ...keys }, encoding: "utf8" });
    return { status, said: stdout + stderr };
  };
  assert.equal(check(real).status, 0, check(real).said);
  const bare = check({});
  assert.notEqual(bare.status, 0);
  for (const name of Object.keys(real)) assert.match(bare.said, new RegExp(name));
  const simulators = check({ ...real, KAUNTER_GATEWAY_SECRET: shop.keys.KAUNTER_GATEWAY_SECRET });
  assert.notEqual(simulators.status, 0, "the simulator's keys never meet a real gateway");
  assert.match(simulators.said, /simulator/);
  assert.ok(!simulators.said.includes(shop.keys.KAUNTER_GATEWAY_SECRET));
  const weak = check({ ...real, KAUNTER_SERVER_KEY: "short" });
  assert.match(weak.said, /KAUNTER_SERVER_KEY/);
});
