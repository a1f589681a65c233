// Mistakes of an operator: is each refused, or does it give a warning, before anything starts?

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { counter, Program, until } from "../terminal/harness.mjs";
import { authority } from "./certificates.mjs";

const key = () => randomBytes(16).toString("hex");
const top = (line) => (toml) => `${line}\n${toml}`;
const instead = (name, value) => (toml) =>
  toml.replace(new RegExp(`^${name} = .*`, "m"), `${name} = ${JSON.stringify(value)}`);
/** A list of server keys behind the settings. */
const serverKeys = (keys) => (toml) =>
  `${toml}\n${Object.entries(keys)
    .map(([name, rights]) => `[[server_keys]]\nname = "${name}"\nrights = ${JSON.stringify(rights)}\n`)
    .join("")}`;
const BROKEN = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n";
const gateway = (line) => (toml) => toml.replace(/^\[gateway\]/m, `[gateway]\n${line}`);
const operator = (lines) => (toml) => toml.replace(/(?<=^\[operator\]\n).*$/m, lines);
const tls =
  ({ cert, key }) =>
  (toml) =>
    `${toml}\n[tls]\ncert = "${cert}"\nkey = "${key}"\n`;
const policy = (line) => (toml) => toml.replace(/^\[policy\]/m, `[policy]\n${line}`);
const real = (toml) =>
  instead(
    "profile",
    "documented",
  )(instead("base_url", "https://gateway.example/version1")(toml)).replace(/^time_scale_permille = .*/m, "");
const keys = () =>
  Object.fromEntries(
    [
      "KAUNTER_GATEWAY_KEY",
      "KAUNTER_GATEWAY_SECRET",
      "KAUNTER_GATEWAY_MERCHANT",
      "KAUNTER_GATEWAY_PASSWORD",
      "KAUNTER_SERVER_KEY",
      "KAUNTER_SIGNING_KEY",
    ].map((name) => [name, key()]),
  );

/** The exit status and the output of check-config. */
function check(shop, change = (toml) => toml, environment = {}, command = ["check-config"]) {
  const file = join(shop.dir, "checked.toml");
  writeFileSync(file, change(shop.toml("127.0.0.1:0")));
  const env = { ...process.env, ...keys(), ...environment };
  const { status, stdout, stderr } = spawnSync(shop.backendProgram.child.spawnfile, ["--config", file, ...command], {
    env,
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, said: stdout + stderr };
}

test("an unsafe or meaningless configuration is refused, with what to do", async (t) => {
  const shop = await counter(t);
  assert.deepEqual([check(shop).status, check(shop).said.includes("warning")], [0, false]);
  const same = key();
  const pem = (name, text, mode = 0o600) => {
    const file = join(shop.dir, `${name}.pem`);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  const cases = [
    [instead("listen", "0.0.0.0:8787"), {}, /accepts other machines without TLS: .*behind_tls = true/],
    [instead("listen", "[::]:8787"), {}, /accepts other machines/],
    [instead("listen", "192.168.1.10:8787"), {}, /accepts other machines/],
    [instead("listen", "shop.example:8787"), {}, /listen takes an address and a port/],
    [instead("listen", "127.0.0.1"), {}, /listen takes an address and a port/],
    [instead("listen", "localhost:99999"), {}, /listen takes an address and a port/],
    [top('sales = "some"'), {}, /unknown variant `some`, expected `open` or `registered`/],
    [
      (toml) => toml,
      { KAUNTER_SERVER_KEY: same, KAUNTER_SIGNING_KEY: same },
      /KAUNTER_SERVER_KEY and KAUNTER_SIGNING_KEY are equal/,
    ],
    [(toml) => toml, { KAUNTER_SERVER_KEY: same, KAUNTER_SERVER_KEY_PREVIOUS: same }, /are equal/],
    [(toml) => toml, { KAUNTER_SIGNING_KEY_PREVIOUS: "a".repeat(40) }, /KAUNTER_SIGNING_KEY_PREVIOUS can be guessed/],
    [(toml) => toml, { KAUNTER_GATEWAY_SECRET: same, KAUNTER_SERVER_KEY: same }, /KAUNTER_GATEWAY_SECRET are equal/],
    [serverKeys({ web: ["mint"] }), {}, /missing: KAUNTER_SERVER_KEY_WEB\./],
    [serverKeys({ web: ["mint"] }), { KAUNTER_SERVER_KEY_WEB: "short" }, /KAUNTER_SERVER_KEY_WEB can be guessed/],
    [serverKeys({ web: ["mint"] }), { KAUNTER_SERVER_KEY_WEB: same, KAUNTER_SERVER_KEY: same }, /are equal/],
    [serverKeys({ web: [] }), {}, /server_keys: web has no rights/],
    [serverKeys({ web: ["pay"] }), {}, /unknown variant `pay`, expected one of `mint`, `read`, `all`/],
    [serverKeys({ web_file: ["mint"] }), {}, /"web_file" can't be the name of a key/],
    [(toml) => toml, { KAUNTER_SIGNING_KEY: "a".repeat(40) }, /KAUNTER_SIGNING_KEY can be guessed/],
    [
      (toml) => toml,
      { KAUNTER_SERVER_KEY: "abcabc12".repeat(5).replaceAll("2", "1") },
      /KAUNTER_SERVER_KEY can be guessed/,
    ],
    [(toml) => toml, { KAUNTER_SERVER_KEY: "short" }, /fewer than 32 characters/],
    [instead("shop", ""), {}, /shop must be a name/],
    [instead("shop", "  "), {}, /shop must be a name/],
    [instead("shop", "s".repeat(65)), {}, /shop must be a name/],
    [policy("poll_ms = 0"), {}, /poll_ms = 0/],
    [
      (toml) => `${toml}\n[gateway.wallets.Boost]\nmin_amount_minor = 2\nmax_amount_minor = 1`,
      {},
      /gateway\.wallets\."Boost" pays no amount/,
    ],
    [(toml) => `${toml}\n[gateway.void]\nclosed_from = "23:55"`, {}, /gateway\.void leaves no time for voids/],
    [(toml) => `${toml}\n[gateway.void]\nclosed_from = "24:00"`, {}, /written like 23:55/],
    [(toml) => policy("poll_ms = 500")(toml).replace(/^time_scale_permille = .*/m, ""), {}, /poll_ms = 500/],
    [(toml) => policy("poll_ms = 500")(real(toml)), {}, /poll_ms = 500/],
    [instead("token_url", "javascript:void(0)"), {}, /terminal\.token_url must be an http/],
    [instead("token_url", "data:text/plain,token"), {}, /terminal\.token_url must be an http/],
    [instead("token_url", "//elsewhere.example/token"), {}, /terminal\.token_url must be an http/],
    [instead("phone_url", "file:///etc/passwd"), {}, /terminal\.phone_url must be an http/],
    [
      instead("token_url", "https://me:hunter2@shop.example/token"),
      {},
      /terminal\.token_url has a user name or a password/,
    ],
    [
      instead("base_url", "https://me:hunter2@gateway.example/version1"),
      {},
      /gateway\.base_url has a user name or a password/,
    ],
    [instead("base_url", "ftp://me:hunter2@gateway.example"), {}, /gateway\.base_url/],
    [top('trusted_proxies = ["proxy.example"]'), {}, /trusted_proxies: "proxy\.example" is not the address/],
    [top('trusted_proxies = ["0.0.0.0/0"]'), {}, /trusted_proxies: "0\.0\.0\.0\/0" is not the address/],
    [gateway('proxy = "https://proxy.example"'), {}, /gateway\.proxy .* is not the address of an http proxy/],
    [gateway('proxy = "http://proxy.example/hunter2"'), {}, /is not the address of an http proxy/],
    [gateway('proxy = "http://me:hunter2@proxy.example"'), {}, /gateway\.proxy has a user name or a password/],
    [
      gateway('proxy = "http://proxy.example:3128"'),
      { KAUNTER_GATEWAY_PROXY: "http://me:hunter2@proxy.example" },
      /gateway\.proxy and KAUNTER_GATEWAY_PROXY are both set/,
    ],
    [(toml) => toml, { KAUNTER_GATEWAY_PROXY: "proxy.example:hunter2" }, /is not the address of an http proxy/],
    [gateway('ca_file = "/nowhere/ca.pem"'), {}, /gateway\.ca_file names \/nowhere\/ca\.pem, which can't be read/],
    [gateway(`ca_file = ${JSON.stringify(pem("empty", ""))}`), {}, /empty\.pem, which has no certificate/],
    [gateway(`ca_file = ${JSON.stringify(pem("words", "hunter2"))}`), {}, /words\.pem, which has no certificate/],
    [gateway(`ca_file = ${JSON.stringify(pem("broken", BROKEN))}`), {}, /broken\.pem, which has no certificate/],
    [gateway(`ca_file = ${JSON.stringify(pem("open", BROKEN, 0o666))}`), {}, /open\.pem, which other users .* chmod/],
    [instead("dir", "/"), {}, /terminal\.dir = "\/" would serve every file/],
    [(toml) => toml, { KAUNTER_DATABASE_URL: "mysql://shop:hunter2@127.0.0.1/laravel" }, /MySQL/],
    [top('server_key = "hunter2"'), {}, /unknown field/],
    [top('public_url = "till.shop.example"'), {}, /public_url is not an http/],
    [top('public_url = "ftp://till.shop.example"'), {}, /public_url is not an http/],
    [top('public_url = "https://me:hunter2@till.shop.example"'), {}, /public_url has a user name or a password/],
    [top("hsts = true"), {}, /hsts = true makes browsers refuse.*needs a public_url that begins with https/],
    [top('hsts = true\npublic_url = "http://till.shop.example"'), {}, /needs a public_url that begins with https/],
    [top('hosts = ["https://till.shop.example"]'), {}, /hosts: "https:\/\/till\.shop\.example" is not a host/],
    [top('hosts = ["*"]'), {}, /hosts: "\*" is not a host/],
    [operator('listen = "0.0.0.0:9787"'), {}, /operator\.listen = "0\.0\.0\.0:9787" shows turnover.*private_network/],
    [operator('listen = "shop.example:9787"'), {}, /listen takes an address and a port/],
    [
      (toml) => instead("profile", "sandbox")(real(toml)),
      {},
      /gateway\.profile = "sandbox" is only for a gateway on this machine/,
    ],
    [
      (toml) => instead("profile", "documented")(toml).replace("[gateway]", "[gateway]\ncan_cancel = true"),
      {},
      /add gateway\.words\.cancel/,
    ],
    [(toml) => toml.replace("calls_per_minute", "drain_ms"), {}, /limits\.drain_ms is called limits\.shutdown_ms now/],
    [instead("profile", "rich"), {}, /gateway\.profile = "rich" is called gateway\.profile = "sandbox" now/],
  ];
  for (const [change, environment, words] of cases) {
    for (const command of [["check-config"], []]) {
      const { status, said } = check(shop, change, environment, command);
      assert.notEqual(status, 0, String(words));
      assert.match(said, words);
      assert.doesNotMatch(said, /hunter2/, "no secret is repeated");
    }
  }
});

test("only KAUNTER_DATABASE_URL names a database, and a start with DATABASE_URL alone gives a warning", async (t) => {
  const shop = await counter(t);
  const old = { DATABASE_URL: "mysql://shop:hunter2@127.0.0.1/laravel" };
  const { status, said } = check(shop, (toml) => toml, old);
  assert.equal(status, 0, said);
  assert.match(said, /warning: DATABASE_URL is set, and this backend does not read it.*KAUNTER_DATABASE_URL/);
  assert.equal(said.match(/warning/g).length, 1);
  assert.doesNotMatch(said, /hunter2/);
  const both = { ...old, KAUNTER_DATABASE_URL: "postgres:///kaunter?host=/var/run/postgresql" };
  assert.doesNotMatch(check(shop, (toml) => toml, both).said, /warning/);
  // The version before read these variables. Its trades are in that database, so a start on an empty store could charge
  // a paid sale again.
  for (const [name, value] of [
    ["DATABASE_URL", "postgres://kaunter:hunter2@127.0.0.1/kaunter"],
    ["DATABASE_URL", "postgresql:///kaunter"],
    ["DATABASE_URL_FILE", "/run/secrets/database"],
  ]) {
    const refused = check(shop, (toml) => toml, { [name]: value });
    assert.notEqual(refused.status, 0, refused.said);
    assert.match(refused.said, new RegExp(`${name} is called KAUNTER_${name} now`));
    assert.doesNotMatch(refused.said, /hunter2/);
  }
});

test("every command writes JSON with --json; the environment may name the configuration", async (t) => {
  const shop = await counter(t);
  const json = (...given) => {
    const { status, said } = check(shop, ...given);
    return { status, ...JSON.parse(said) };
  };
  const command = ["check-config", "--json"];
  const config = join(shop.dir, "checked.toml");
  assert.deepEqual(json(undefined, {}, command), { status: 0, config, good: true, error: null, warnings: [] });
  const warned = json(instead("token_url", "http://shop.example/token"), {}, command);
  assert.deepEqual([warned.status, warned.good, warned.warnings.length], [0, true, 1]);
  const refused = json(instead("shop", ""), {}, command);
  assert.deepEqual([refused.status, refused.good, refused.warnings], [1, false, []]);
  assert.match(refused.error, /shop must be a name/);
  // The configuration's path comes from the environment, as in a container.
  await shop.stopBackend();
  const file = join(shop.dir, "served.toml");
  writeFileSync(file, shop.toml("127.0.0.1:0"));
  const program = new Program("backend", ["serve", "--json"], { ...shop.environment, KAUNTER_CONFIG: file }, "info");
  t.after(() => program.stop("SIGKILL"));
  const { listening } = JSON.parse(await until("it listens", () => /^\{"listening".*$/m.exec(program.words)?.[0]));
  assert.equal((await fetch(`${listening}/healthz`)).status, 200);
});

test("a setting that is unsafe but allowed gives a warning, and the backend starts", async (t) => {
  const shop = await counter(t);
  const database = (url) => ({ KAUNTER_DATABASE_URL: url });
  const warned = [
    [instead("origins", ["http://till.shop.example"]), {}, /origins: http:\/\/till\.shop\.example is not https/],
    [instead("token_url", "http://shop.example/token"), {}, /terminal\.token_url is not https/],
    [(toml) => toml, database("postgres://kaunter:hunter2@db.example/kaunter"), /sslmode=verify-full/],
    [(toml) => toml, database("postgres://kaunter:hunter2@db.example/kaunter?sslmode=require"), /sslmode=verify-full/],
    [(toml) => toml, database("postgres://kaunter:hunter2@127.0.0.1/kaunter?host=db.example"), /sslmode=verify-full/],
    [gateway('proxy = "http://proxy.example"'), {}, /gateway\.proxy and gateway\.ca_file do nothing/],
    [top('public_url = "http://till.shop.example"'), {}, /public_url: http:\/\/till\.shop\.example is not https/],
    [
      (toml) => top("behind_tls = true")(instead("listen", "0.0.0.0:8787")(toml)),
      {},
      /calls under any name are refused/,
    ],
    [real, {}, /test_wallets = true shows test wallets, which move no money/],
    [real, {}, /terminal\.sandbox = true tells/],
  ];
  for (const [change, environment, words] of warned) {
    const { status, said } = check(shop, change, environment);
    assert.equal(status, 0, said);
    assert.match(
      said
        .split("\n")
        .filter((text) => text.startsWith("warning: "))
        .join("\n"),
      words,
    );
    assert.doesNotMatch(said, /hunter2/, "no secret is repeated");
  }
  const silent = [
    [
      (toml) =>
        top('behind_tls = true\nhsts = true\npublic_url = "https://till.shop.example"')(
          instead("listen", "0.0.0.0:8787")(toml),
        ),
      {},
    ],
    [top('hosts = ["till.shop.example", "10.0.0.7", "[::1]"]'), {}],
    [operator('listen = "0.0.0.0:9787"\nprivate_network = true'), {}],
    [instead("origins", ["http://localhost:3000", "https://till.shop.example"]), {}],
    [instead("token_url", "/shop/token"), {}],
    [(toml) => toml, database("postgres://kaunter@db.example/kaunter?sslmode=verify-full")],
    [(toml) => toml, database("postgres://kaunter@[::1]:5432/kaunter")],
    [(toml) => toml, database("postgres://kaunter@localhost/kaunter")],
    [(toml) => toml, database("postgres://%2Fvar%2Frun%2Fpostgresql/kaunter")],
    [(toml) => toml, database("postgres:///kaunter?host=/var/run/postgresql")],
  ];
  for (const [change, environment] of silent) {
    const { status, said } = check(shop, change, environment);
    assert.deepEqual([status, said.includes("warning")], [0, false], said);
  }
});

test("it listens on loopback under any name, and elsewhere only behind TLS or with its own", async (t) => {
  const shop = await counter(t);
  const { issue } = authority(shop.dir);
  const [own, other] = [issue("own"), issue("other")];
  const [none, open] = [join(shop.dir, "none"), join(shop.dir, "open.key")];
  const listens = (files) => (toml) => tls(files)(instead("listen", "0.0.0.0:0")(toml));
  const named = (files) => (toml) => top('public_url = "https://till.shop.example"')(listens(files)(toml));
  writeFileSync(open, readFileSync(own.key));
  const refused = [
    [{ ...own, cert: none }, /tls\.cert names .*none, which can't be read: No such file/],
    [{ ...own, key: none }, /tls\.key names .*none, which can't be read: No such file/],
    [{ ...own, cert: own.key }, /tls\.cert names .*own\.key, which has no certificate that can be used/],
    [{ ...own, key: own.cert }, /tls\.key names .*own\.pem, which has no private key that can be used/],
    [
      { ...own, key: other.key },
      /tls\.key names .*other\.key, which is not the key of the first certificate in .*own\.pem/,
    ],
  ];
  for (const [files, words] of refused) {
    const { status, said } = check(shop, named(files));
    assert.notEqual(status, 0, String(words));
    assert.match(said, words);
    assert.doesNotMatch(said, /BEGIN|MII/, "no file is repeated");
  }
  const good = check(shop, named(own));
  assert.deepEqual([good.status, good.said.includes("warning")], [0, false], good.said);
  assert.match(check(shop, (toml) => `${tls(own)(toml)}password = "hunter2"\n`).said, /unknown field/);
  chmodSync(open, 0o644);
  assert.match(check(shop, named({ ...own, key: open })).said, /warning: tls\.key names .* may read: chmod 600/);
  chmodSync(open, 0o620);
  assert.match(check(shop, named({ ...own, key: open })).said, /tls\.key names .* users of this machine may write/);
  for (const listen of ["localhost:0", "127.0.0.1:0", "[::1]:0"]) {
    await shop.stopBackend();
    await shop.startBackend(listen);
    assert.equal((await shop.call("GET", "/healthz")).status, 200, listen);
  }
  await shop.stopBackend();
  const file = join(shop.dir, "open.toml");
  writeFileSync(file, top("behind_tls = true")(shop.toml("0.0.0.0:0")));
  const program = new Program("backend", ["--config", file], shop.environment, "info");
  t.after(() => program.stop("SIGKILL"));
  const { port } = new URL(await program.address);
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});
