// Mistakes of an operator: is each refused, or does it give a warning, before anything starts?

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Everything that the programs of this file have said. The last test compares it with the documented table. */
const told = [];

/** The exit status and the output of check-config. */
function check(
  shop,
  change = (toml) => toml,
  environment = {},
  { command = ["check-config"], mode = 0o600, dir = shop.dir, uid } = {},
) {
  const file = join(dir, "checked.toml");
  writeFileSync(file, change(shop.toml("127.0.0.1:0")));
  chmodSync(file, mode);
  const env = { ...process.env, ...keys(), ...environment };
  const { status, stdout, stderr } = spawnSync(shop.backendProgram.child.spawnfile, ["--config", file, ...command], {
    env,
    encoding: "utf8",
    timeout: 20_000,
    uid,
  });
  told.push(stdout + stderr);
  return { status, said: stdout + stderr };
}

/** Without the clock of a test. */
const untimed = (toml) => toml.replace(/^time_scale_permille = .*/m, "");
const both = (one, other) => (toml) => other(one(toml));
const gateway = (line) => (toml) => toml.replace(/^\[gateway\]/m, `[gateway]\n${line}`);
const limits = (line) => (toml) => toml.replace(/^calls_per_minute = .*/m, line);
const after = (lines) => (toml) => `${toml}\n${lines}\n`;
const hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$b3V0cHV0b3V0cHV0b3V0cHV0b3V0cHV0b3V0cHV0b3U";
const person = (name, { rights = ["charge"], terminals = [], secret = hash } = {}) =>
  `[[people]]\nname = ${JSON.stringify(name)}\nrights = ${JSON.stringify(rights)}\nterminals = ${JSON.stringify(terminals)}\nhash = "${secret}"\n`;

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
    [instead("shop", "demo "), {}, /shop must be a name/],
    [instead("shop", "de\u0007mo"), {}, /shop must be a name/],
    [instead("shop", "de\u200bmo"), {}, /shop must be a name/],
    [instead("shop", "de\u202emo"), {}, /shop must be a name/],
    [instead("origins", ["https://till.shop.example/page"]), {}, /origins: https:\S+ is not an origin/],
    [instead("origins", ["https://*.shop.example"]), {}, /origins: https:\S+ is not an origin/],
    [instead("origins", ["*"]), {}, /origins: \* is not an origin/],
    [instead("origins", ["null"]), {}, /origins: null is not an origin/],
    [
      instead("origins", ["https://a.example", "https://me:hunter2@till.example"]),
      {},
      /origins: entry 2 is not an origin/,
    ],
    [instead("token_url", "http://shop.example/token"), {}, /terminal\.token_url is not https/],
    [instead("token_url", "/\\elsewhere.example/token"), {}, /terminal\.token_url must be an http/],
    [instead("token_url", "/\t/elsewhere.example/token"), {}, /terminal\.token_url must be an http/],
    [(toml) => toml.replace(/^token_url = .*\n/m, ""), {}, /terminal\.token_url is missing/],
    [(toml) => toml.replace("[terminal]", '[terminal]\nname = "till 1 "'), {}, /terminal\.name must be a name/],
    [(toml) => toml.replace(/^dir = .*\n/m, ""), {}, /terminal\.dir is missing, and no page came with this program/],
    [
      serverKeys({ books: ["read"] }),
      { KAUNTER_SERVER_KEY: "", KAUNTER_SERVER_KEY_BOOKS: key() },
      /server_keys have no right/,
    ],
    [
      both(top('sales = "registered"'), serverKeys({ web: ["mint"] })),
      { KAUNTER_SERVER_KEY: "", KAUNTER_SERVER_KEY_WEB: key() },
      /sales = "registered" takes registered sales only/,
    ],
    [real, { KAUNTER_GATEWAY_SECRET: `sandbox-${key()}` }, /the gateway's keys are the sandbox's/],
    [after(person("Aina") + person("aina")), {}, /people: "aina" is there twice/],
    [after(person("Aina\u200b")), {}, /people: .* must be a name/],
    [after(person("Aina", { terminals: [""] })), {}, /people: "" must be a name/],
    [after('[limits.void.terminals."till "]\nmax_per_hour = 1'), {}, /limits: "till " must be a name/],
    [after(person("Aina", { rights: [] })), {}, /people: "Aina" has no rights/],
    [after(person("Aina", { secret: "hunter2" })), {}, /people: "Aina" has a hash that is no Argon2id hash/],
    [instead("base_url", "gateway.example"), {}, /gateway\.base_url is not an http/],
    [instead("base_url", "https://gateway.example/version1?shop=1"), {}, /gateway\.base_url is not an http/],
    [both(real, instead("base_url", "http://10.0.0.1/version1")), {}, /gateway\.base_url is not https/],
    [gateway('currency = "MRY"'), {}, /gateway\.currency = "MRY" is not a currency/],
    [gateway('currency = "myr"'), {}, /gateway\.currency = "myr" is not a currency/],
    [gateway("max_amount_minor = 0"), {}, /gateway\.max_amount_minor = 0 leaves no amount/],
    [gateway("max_amount_minor = 9007199254740992"), {}, /leaves no amount, or more than a page can count/],
    [gateway("max_amount_minor = -1"), {}, /gateway\.max_amount_minor must be a whole number.*, not a negative number/],
    [after("[gateway.wallets.Boost]\nmax_amount_minor = 0"), {}, /gateway\.wallets\."Boost" pays no amount/],
    [after("[gateway.wallets.Boost]\nmin_amount_minor = 5000001"), {}, /gateway\.wallets\."Boost" pays no amount/],
    [gateway("unpaid_final_after_ms = 0"), {}, /unpaid_final_after_ms = 0 would close every unpaid trade/],
    [
      after('[gateway.words]\npaid = ["D"]\nfailed = ["F", "D"]'),
      {},
      /"D" of gateway\.words\.paid and gateway\.words\.failed is there twice/,
    ],
    [
      after('[gateway.words.cancel]\npath = "/c"\nfield = "f"\nclosed = "C"\ntoo_late = "C"\nrefunded = "R"'),
      {},
      /a word of gateway\.words\.cancel is there twice/,
    ],
    [both(real, top("time_scale_permille = 500")), {}, /time_scale_permille is only for tests/],
    [both(untimed, top("time_scale_permille = 0")), {}, /time_scale_permille = 0 stops the clock/],
    [both(untimed, top("time_scale_permille = 100001")), {}, /time_scale_permille = 100001 stops the clock/],
    [policy("poll_ms = -1"), {}, /line \d+: policy\.poll_ms must be a whole number.*, not a negative number/],
    [policy('poll_ms = "hunter2"'), {}, /policy\.poll_ms must be a whole number.*, not text/],
    [policy("poll_ms = 2000.0"), {}, /policy\.poll_ms must be a whole number.*, not a number with a decimal point/],
    [policy("deadline_ms = 0"), {}, /policy\.deadline_ms = 0 leaves no time/],
    [
      policy("heartbeat_ms = 0\nlast_word_ms = 0"),
      {},
      /heartbeat_ms = 0 leaves no time.*\n.*last_word_ms = 0 leaves no time/,
    ],
    [policy("deadline_ms = 9223372036854775807"), {}, /policy\.deadline_ms is longer than 31 days/],
    [policy("poll_ms = 86400000000"), {}, /policy\.poll_ms is longer than 31 days/],
    [policy("code_memory_s = 600000000"), {}, /policy\.code_memory_s is longer than 31 days/],
    [
      both(untimed, policy("deadline_ms = 3000")),
      {},
      /policy\.deadline_ms = 3000 ends before the gateway is asked twice/,
    ],
    [
      both(untimed, policy("heartbeat_ms = 180000")),
      {},
      /heartbeat_ms, compared with policy\.terminal_silent_ms, is too long/,
    ],
    [
      both(untimed, policy("code_answer_ms = 10000")),
      {},
      /code_answer_ms, compared with policy\.call_timeout_ms, is too long/,
    ],
    [policy("review_check_max_ms = 1000"), {}, /review_check_max_ms, is longer than the longest pause/],
    [policy("late_check_max_ms = 1000"), {}, /late_check_max_ms, is longer than the longest pause/],
    [top("token_life_s = 0"), {}, /token_life_s = 0 leaves no time/],
    [limits("concurrent_calls = 0"), {}, /limits\.concurrent_calls = 0 lets nobody call/],
    [limits("concurrent_calls = 9223372036854775807"), {}, /limits\.concurrent_calls is more than a process can serve/],
    [top('utc_offset = "+15:00"'), {}, /\+15:00 is not an offset from UTC/],
    [top('utc_offset = "+14:01"'), {}, /\+14:01 is not an offset from UTC/],
    [top('utc_offset = "-13:00"'), {}, /-13:00 is not an offset from UTC/],
    [instead("database", "postgres://me:hunter2@db.example/kaunter"), {}, /database is the address of a database/],
    [instead("database", shop.dir), {}, /database = .* is a folder/],
    [instead("database", join(shop.dir, "none", "kaunter.db")), {}, /database = .* is in a folder that does not exist/],
    [instead("dir", shop.dir), {}, /terminal\.dir has the configuration, the store or a key inside/],
    [after('[report]\namount = "trans_id"'), {}, /report: "trans_id" is the name of two columns/],
    [
      after('[report.words]\npaid = ["Success"]\nunpaid = ["SUCCESS"]'),
      {},
      /"Success" of report\.words\.paid and report\.words\.unpaid is there twice/,
    ],
    [top('sales = "some"'), {}, /sales must be "open" or "registered"/],
    [top('sale = "open"'), {}, /the file has an unknown field "sale": use .*"sales".* \(did you mean "sales"\?\)/],
    [policy("pol_ms = 2000"), {}, /policy has an unknown field "pol_ms": .* \(did you mean "poll_ms"\?\)/],
    [
      (toml) => toml.replace(/^(shop|base_url|token_url) = .*/gm, ""),
      { KAUNTER_SIGNING_KEY: "" },
      /shop is missing: add the line.*\n.*base_url is missing: add the line.*\nKAUNTER_SIGNING_KEY is missing.*\nterminal\.token_url is missing/,
    ],
    [(toml) => toml.replace(/^shop = .*/m, "shop = 5"), {}, /shop must be text, not a number/],
    [
      (toml) => toml,
      { KAUNTER_SERVER_KEY: same, KAUNTER_SIGNING_KEY: same },
      /KAUNTER_SERVER_KEY and KAUNTER_SIGNING_KEY are equal/,
    ],
    [(toml) => toml, { KAUNTER_SERVER_KEY: same, KAUNTER_SERVER_KEY_PREVIOUS: same }, /are equal/],
    [(toml) => toml, { KAUNTER_SIGNING_KEY_PREVIOUS: "a".repeat(40) }, /KAUNTER_SIGNING_KEY_PREVIOUS can be guessed/],
    [(toml) => toml, { KAUNTER_GATEWAY_SECRET: same, KAUNTER_SERVER_KEY: same }, /KAUNTER_GATEWAY_SECRET are equal/],
    [serverKeys({ web: ["mint"] }), {}, /KAUNTER_SERVER_KEY_WEB is missing: add the line `KAUNTER_SERVER_KEY_WEB=/],
    [serverKeys({ web: ["mint"] }), { KAUNTER_SERVER_KEY_WEB: "short" }, /KAUNTER_SERVER_KEY_WEB can be guessed/],
    [serverKeys({ web: ["mint"] }), { KAUNTER_SERVER_KEY_WEB: same, KAUNTER_SERVER_KEY: same }, /are equal/],
    [serverKeys({ web: [] }), {}, /server_keys: web has no rights/],
    [serverKeys({ web: ["pay"] }), {}, /server_keys\.0\.rights\.0 must be one of "mint", "read", "all"/],
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
    [policy("questions_per_second = 0"), {}, /questions_per_second = 0/],
    [policy("questions_per_second = 100001"), {}, /questions_per_second = 100001/],
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
    [top('trusted_proxies = ["0.0.0.0/1", "128.0.0.0/1"]'), {}, /trusted_proxies: "0\.0\.0\.0\/1" is not the address/],
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
    [gateway('ca_file = "/nowhere/ca.pem"'), {}, /gateway\.ca_file names \/nowhere\/ca\.pem, which does not exist/],
    [gateway(`ca_file = ${JSON.stringify(pem("empty", ""))}`), {}, /empty\.pem, which has no certificate/],
    [gateway(`ca_file = ${JSON.stringify(pem("words", "hunter2"))}`), {}, /words\.pem, which has no certificate/],
    [gateway(`ca_file = ${JSON.stringify(pem("broken", BROKEN))}`), {}, /broken\.pem, which has no certificate/],
    [instead("dir", "/"), {}, /terminal\.dir = "\/" would serve every file/],
    [(toml) => toml, { KAUNTER_DATABASE_URL: "mysql://shop:hunter2@127.0.0.1/laravel" }, /MySQL/],
    [top('public_url = "till.shop.example"'), {}, /public_url is not an http/],
    [top('public_url = "ftp://till.shop.example"'), {}, /public_url is not an http/],
    [
      top('public_url = "https://me:hunter2@till.shop.example"'),
      {},
      /public_url has a user name or a password, and every page/,
    ],
    [top("hsts = true"), {}, /hsts = true makes browsers refuse.*needs a public_url that begins with https/],
    [top('hsts = true\npublic_url = "http://till.shop.example"'), {}, /needs a public_url that begins with https/],
    [top('hosts = ["https://till.shop.example"]'), {}, /hosts: "https:\/\/till\.shop\.example" is not a host/],
    [top('hosts = ["*"]'), {}, /hosts: "\*" is not a host/],
    [operator('listen = "0.0.0.0:9787"'), {}, /operator\.listen = "0\.0\.0\.0:9787" shows turnover.*private_network/],
    [operator('listen = "shop.example:9787"'), {}, /listen takes an address and a port/],
    [top('server_key = "hunter2"'), {}, /server_key is a secret, .*set KAUNTER_SERVER_KEY in the environment/],
    [top('database_url = "postgres://me:hunter2@db/k"'), {}, /database_url is a secret, .*set KAUNTER_DATABASE_URL/],
    [gateway('password = "hunter2"'), {}, /gateway\.password is a secret, .*set KAUNTER_GATEWAY_PASSWORD/],
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
  let tried = 0;
  for (const [change, environment, words] of cases) {
    // A start reads the same table: one of seven is tried.
    const commands = tried++ % 7 === 0 ? [["check-config"], []] : [["check-config"]];
    for (const command of commands) {
      const { status, said } = check(shop, change, environment, { command });
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
    assert.match(refused.said, new RegExp(`${name} has KAUNTER_ before its name now: rename it`));
    assert.doesNotMatch(refused.said, /hunter2/);
  }
});

test("every command writes JSON with --json; the environment may name the configuration", async (t) => {
  const shop = await counter(t);
  const json = (...given) => {
    const [change, environment, command] = given;
    const { status, said } = check(shop, change, environment, { command });
    return { status, ...JSON.parse(said) };
  };
  const command = ["check-config", "--json"];
  const config = join(shop.dir, "checked.toml");
  assert.deepEqual(json(undefined, {}, command), { status: 0, config, good: true, error: null, warnings: [] });
  const warned = json(instead("origins", ["http://till.shop.example"]), {}, command);
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
    [instead("phone_url", "http://phone.example/"), {}, /terminal\.phone_url is not https/],
    [instead("dir", join(shop.dir, "none")), {}, /terminal\.dir has no index\.html/],
    [top("token_life_s = 86400"), {}, /token_life_s = 86400 is more than a token may have/],
    [both(untimed, top("token_life_s = 10")), {}, /token_life_s = 10 is so short/],
    [untimed, {}, /policy\.connect_timeout_ms, compared with policy\.read_timeout_ms, is of no use/],
    [after('[gateway.words]\npaid = ["D"]\nactive = []'), {}, /gateway\.words\.active is empty/],
    [after('[gateway.words]\npaid = ["D"]'), {}, /gateway\.profile is not used/],
    [(toml) => toml, { KAUNTER_SIGNING_KEY_FILE: "/none" }, /KAUNTER_SIGNING_KEY_FILE is not read/],
    [real, {}, /terminal\.phone_url is the sandbox's phone/],
    [(toml) => toml, database("postgres://kaunter:hunter2@db.example/kaunter"), /sslmode=verify-full/],
    [(toml) => toml, database("postgres://kaunter:hunter2@db.example/kaunter?sslmode=require"), /sslmode=verify-full/],
    [(toml) => toml, database("postgres://kaunter:hunter2@127.0.0.1/kaunter?host=db.example"), /sslmode=verify-full/],
    [gateway('proxy = "http://proxy.example"'), {}, /gateway\.proxy and gateway\.ca_file do nothing/],
    [
      after(`[limits.void.terminals.office]\nmax_per_hour = 100\n${person("Aina", { rights: ["void"] })}`),
      {},
      /people: "Aina" may work at any terminal/,
    ],
    [both(top("behind_tls = true"), after(person("Aina"))), {}, /trusted_proxies is missing, so behind the proxy/],
    [top('public_url = "http://till.shop.example"'), {}, /public_url: http:\/\/till\.shop\.example is not https/],
    [
      (toml) => top("behind_tls = true")(instead("listen", "0.0.0.0:8787")(toml)),
      {},
      /public_url and hosts are missing, so only calls to an IP address/,
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
    [{ ...own, cert: none }, /tls\.cert names .*none, which does not exist/],
    [{ ...own, key: none }, /tls\.key names .*none, which does not exist/],
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
  const served = join(shop.dir, "served");
  mkdirSync(served);
  const inside = join(served, "key.pem");
  writeFileSync(inside, readFileSync(own.key), { mode: 0o600 });
  const page = both(named({ ...own, key: inside }), instead("dir", served));
  assert.match(check(shop, page).said, /terminal\.dir has the configuration, the store or a key inside/);
  chmodSync(own.cert, 0o666);
  const authorities = gateway(`ca_file = ${JSON.stringify(own.cert)}`);
  assert.match(check(shop, authorities).said, /gateway\.ca_file \(.*\) may be written by other users .*: chmod 644/);
  chmodSync(own.cert, 0o644);
  chmodSync(open, 0o644);
  assert.match(
    check(shop, named({ ...own, key: open })).said,
    /warning: tls\.key \(.*\) may be read by other users .*: chmod 600/,
  );
  chmodSync(open, 0o620);
  assert.match(
    check(shop, named({ ...own, key: open })).said,
    /tls\.key \(.*\) may be written by other users of this machine: chmod 600/,
  );
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

test("files and folders: who else may use them, and a key file that can't be read", async (t) => {
  const shop = await counter(t);
  const key = join(shop.dir, "key");
  writeFileSync(key, `${keys().KAUNTER_SIGNING_KEY}\n`);
  const named = (path) => ({ KAUNTER_SIGNING_KEY: "", KAUNTER_SIGNING_KEY_FILE: path });
  const shared = join(shop.dir, "shared");
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  const [empty, binary] = ["empty", "binary"].map((name) => join(shop.dir, name));
  writeFileSync(empty, " \n");
  writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
  const unchanged = (toml) => toml;
  const run = (mode, change = unchanged, environment = {}, options = {}) => {
    chmodSync(key, mode);
    return check(shop, change, environment, options);
  };
  const cases = [
    [0, run(0o600, unchanged, named(key)), /good$/],
    [
      0,
      run(0o644, unchanged, named(key)),
      /^warning: KAUNTER_SIGNING_KEY_FILE names .*key, which other users .* may read/m,
    ],
    [1, run(0o620, unchanged, named(key)), /KAUNTER_SIGNING_KEY_FILE names .*key, which other users .* may write/],
    [1, run(0o602, unchanged, named(key)), /KAUNTER_SIGNING_KEY_FILE names .*key, which other users .* may write/],
    [
      1,
      run(0o600, unchanged, named(join(shop.dir, "none"))),
      /KAUNTER_SIGNING_KEY_FILE names .*none, which does not exist/,
    ],
    [1, run(0o600, unchanged, named(shop.dir)), /KAUNTER_SIGNING_KEY_FILE names \S+, which is a folder/],
    [1, run(0o600, unchanged, named(empty)), /KAUNTER_SIGNING_KEY_FILE names .*empty, which is empty/],
    [1, run(0o600, unchanged, named(binary)), /KAUNTER_SIGNING_KEY_FILE names .*binary, which is not text/],
    [1, run(0o600, unchanged, named("")), /KAUNTER_SIGNING_KEY is missing: add the line `KAUNTER_SIGNING_KEY=/],
    [0, run(0o600, unchanged, {}, { mode: 0o644 }), /good$/],
    [
      0,
      run(0o600, after(person("Aina")), {}, { mode: 0o644 }),
      /^warning: .*checked\.toml may be read by other users/m,
    ],
    [0, run(0o600, unchanged, {}, { mode: 0o664 }), /^warning: .*checked\.toml may be written by a group/m],
    [1, run(0o600, unchanged, {}, { mode: 0o646 }), /checked\.toml may be written by every user/],
    [
      0,
      run(0o600, instead("database", join(shared, "kaunter.db"))),
      /^warning: database = .* other users .* may write/m,
    ],
  ];
  const beside = join(shop.dir, "checked.env");
  const signing = `KAUNTER_SIGNING_KEY='${keys().KAUNTER_SIGNING_KEY}'\n`;
  const inFile = (text, mode = 0o600) => {
    writeFileSync(beside, text);
    chmodSync(beside, mode);
    const given = check(shop, unchanged, { KAUNTER_SIGNING_KEY: "" });
    rmSync(beside);
    assert.doesNotMatch(given.said, /hunter2/);
    return given;
  };
  cases.push(
    [0, inFile(signing), /good$/],
    [0, inFile(signing, 0o644), /^warning: the keys are in .*checked\.env, which other users .* may read/m],
    [1, inFile(signing, 0o620), /the keys are in .*checked\.env, which other users .* may write/],
    [0, inFile(`${signing}KAUNTER_SIGNING='hunter2'`), /^warning: KAUNTER_SIGNING is in the file of keys, and this/m],
    [1, inFile(`${signing}hunter2`), /checked\.env, line 2: this is not a variable with its value/],
    [1, inFile(signing + signing), /checked\.env, line 2: .*the variable is there twice/],
  );
  const gone = spawnSync(shop.backendProgram.child.spawnfile, ["--config", join(shop.dir, "gone"), "check-config"]);
  cases.push([1, { status: gone.status, said: String(gone.stderr) }, /read from .*gone, which does not exist/]);
  // A user who may read the configuration, and may not write beside the store.
  const open = join(shop.dir, "open");
  const locked = join(shop.dir, "locked");
  for (const folder of [open, locked]) mkdirSync(folder);
  chmodSync(shop.dir, 0o755);
  chmodSync(open, 0o755);
  chmodSync(locked, 0o555);
  const isRoot = process.getuid() === 0;
  const other = { dir: open, mode: 0o644, uid: isRoot ? 65534 : undefined };
  const unwritable = run(0o600, instead("database", join(locked, "kaunter.db")), {}, other);
  cases.push([1, unwritable, /database = .* is in a folder where this user may not write/]);
  if (isRoot) {
    const unreadable = run(0o600, instead("database", join(shared, "k.db")), named(key), other);
    cases.push([1, unreadable, /KAUNTER_SIGNING_KEY_FILE names .*key, which this user may not read/]);
  }
  for (const [status, given, words] of cases) {
    assert.equal(given.status, status, given.said);
    assert.match(given.said.trim(), words);
    assert.doesNotMatch(given.said, new RegExp(readFileSync(key, "utf8").trim()), "no key is repeated");
  }
});

test("the tests of this file try every row of the documented table", () => {
  const text = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8").replaceAll("`", "");
  const [, table] = /^\| setting \| problem \| effect \| what to do \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(text);
  const rows = table.trim().split("\n");
  assert.ok(rows.length > 60);
  const lines = told
    .join("\n")
    .replaceAll("`", "")
    .split("\n")
    .map((line) => line.trim());
  for (const row of rows) {
    const [, problem, effect, advice] = row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    const sentence = ` ${problem}: ${advice}`;
    const isThere = (line) => line.endsWith(sentence) && line.startsWith("warning: ") === (effect === "warning");
    assert.ok(lines.some(isThere), `no test tries: ${row}`);
  }
});
