// People who sign in at the backend: does only the right secret give a token, does a lock-out begin, end and hold for
// all processes, and is each try recorded without its secret?

import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { counter, Program } from "../terminal/harness.mjs";
import { command, later, newTrade, PIN, sql, staffed, stores } from "./desk.mjs";

const both = stores();

const signIn = (shop, name, secret, terminal = "till-1", backend = shop.backend) =>
  fetch(`${backend}/v1/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, secret, terminal }),
  }).then(async (answer) => ({
    status: answer.status,
    headers: answer.headers,
    json: await answer.json(),
  }));
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const alarms = async (operator) =>
  Number(
    /kaunter_alarms_total\{alarm="sign_in_locked"\} (\d+)/.exec(await (await fetch(`${operator}/metrics`)).text())[1],
  );

test("rule 38: a person gets a token with the person's own rights, at the person's terminals, for a shift", async (t) => {
  const shop = await staffed(await counter(t), {
    Aina: { rights: "charge,cancel" },
    Boss: { rights: "charge,void,review,list", terminals: "till-1,office", pin: "kopi o kosong" },
  });
  const aina = await signIn(shop, "aina", PIN, "till-3");
  assert.equal(aina.status, 200);
  const said = claims(aina.json.token);
  assert.deepEqual(
    [said.cashier, said.terminal, said.rights, said.shop],
    ["Aina", "till-3", ["charge", "cancel"], "demo"],
  );
  const { token } = aina.json;
  assert.equal((await shop.call("POST", "/v1/trades", { token, body: newTrade("signed") })).status, 200);
  assert.equal((await shop.call("GET", "/v1/trades?day=2026-11-27", { token })).json.code, "token_forbidden");
  const boss = await signIn(shop, "Boss", "kopi o kosong", "office");
  assert.deepEqual(claims(boss.json.token).rights, ["charge", "void", "review", "list"]);
  const elsewhere = await signIn(shop, "Boss", "kopi o kosong", "till-2");
  assert.deepEqual([elsewhere.status, elsewhere.json.code], [403, "token_forbidden"]);
  // A fresh token without the secret, until the shift is over; a token of the shop's server gets none.
  const renewed = await shop.call("POST", "/v1/sign-in/renew", { token });
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(claims(renewed.json.token).signed_in, said.signed_in);
  const minted = await shop.call("POST", "/v1/sign-in/renew", { token: await shop.token() });
  assert.deepEqual([minted.status, minted.json.code], [401, "sign_in_failed"]);
  const wrong = await signIn(shop, "Aina", "481517");
  assert.deepEqual([wrong.status, wrong.json.code, wrong.json.retry], [401, "sign_in_failed", "never"]);
  const audit = sql(
    shop,
    "SELECT who || '@' || audit.terminal, event FROM audit JOIN audit_chains ON chain = trade_id WHERE name LIKE 'person:%' ORDER BY at_ms, version;",
  );
  assert.deepEqual(audit, [
    ["Aina@till-3", "signed_in"],
    ["Boss@office", "signed_in"],
    ["Boss@till-2", "sign_in_refused"],
    ["Aina@till-1", "sign_in_failed"],
  ]);
  const recorded = JSON.stringify(sql(shop, "SELECT * FROM audit;"));
  for (const secret of [PIN, "481517", "kopi o kosong"]) {
    assert.ok(!shop.backendProgram.words.includes(secret));
    assert.ok(!recorded.includes(secret));
  }
  assert.equal((await signIn(shop, "", PIN)).json.code, "bad_request");
  assert.equal((await signIn(shop, "Aina", "1".repeat(200))).json.code, "sign_in_failed");
});

both.test(
  "rule 38: wrong secrets lock a person for all processes, unknown names alike; the lock-out ends by itself",
  async (t, counter) => {
    const shop = await staffed(await counter(t), { Aina: { rights: "charge" }, Mei: { rights: "charge" } });
    // SQLite is for one process.
    let second = shop.backend;
    const operators = [shop.operator];
    if (shop.databaseUrl) {
      const file = join(shop.dir, "second.toml");
      writeFileSync(file, shop.toml("127.0.0.1:0"));
      const program = new Program("backend", ["--config", file], shop.environment, "info");
      t.after(() => program.stop("SIGKILL"));
      second = await program.address;
      operators.push(program.operator);
    }
    // Many at once are no way around the bound.
    for (const name of ["Aina", "Nobody"]) {
      const tries = await Promise.all(
        Array.from({ length: 12 }, (_, nth) =>
          signIn(shop, name, `guess-${nth}`, "till-1", nth % 2 ? second : shop.backend),
        ),
      );
      const codes = tries.map(({ json }) => json.code).sort();
      assert.deepEqual(codes, [...Array(5).fill("sign_in_failed"), ...Array(7).fill("sign_in_locked")], name);
    }
    for (const backend of [shop.backend, second]) {
      const locked = await signIn(shop, "Aina", PIN, "till-1", backend);
      later({ ...locked, text: JSON.stringify(locked.json) }, 429, "sign_in_locked");
      const seconds = Number(locked.headers.get("retry-after"));
      assert.ok(seconds > 0 && seconds <= 30, String(seconds));
      assert.match(locked.json.detail, new RegExp(`wait ${seconds} seconds?\\.`));
    }
    assert.equal((await signIn(shop, "Mei", PIN)).status, 200, "others are not locked");
    // Each process counts the locks that it began.
    const counts = await Promise.all(operators.map(alarms));
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      2,
    );
    // Half a minute passes.
    sql(shop, "UPDATE sign_ins SET last_ms = last_ms - 30000;");
    assert.equal((await signIn(shop, "Aina", PIN)).status, 200);
    assert.equal((await signIn(shop, "Aina", "wrong again")).json.code, "sign_in_failed", "a success begins anew");
    const locks = sql(
      shop,
      "SELECT name, who || '@' || audit.terminal FROM audit JOIN audit_chains ON chain = trade_id WHERE event = 'sign_in_locked' ORDER BY name;",
    );
    assert.deepEqual([locks.length, locks[0], locks[1][1]], [2, ["person:Aina", "Aina@till-1"], "unknown@till-1"]);
    assert.doesNotMatch(JSON.stringify(sql(shop, "SELECT trade_id, who, note FROM audit;")), /nobody|guess/i);
  },
);

test("people are added, listed and removed in the configuration, which stays as it was otherwise", async (t) => {
  const shop = await counter(t);
  const run = (args, input = "") => command(shop, ["people", ...args], { input });
  const file = join(shop.dir, "command.toml");
  // `command` writes the file anew each time, so that the people of one run are carried to the next.
  const own = shop.toml.bind(shop);
  const keep = () => {
    const text = readFileSync(file, "utf8");
    shop.toml = () => text;
  };
  for (const [weak, why] of [
    ["12345", /at least 6 characters/],
    ["123456", /a row like 123456/],
    ["", /at least 6/],
  ]) {
    const { status, said } = run(["add", "Aina", "--rights", "charge"], `${weak}\n`);
    assert.equal(status, 1);
    assert.match(said, why);
  }
  assert.match(run(["add", "Aina", "--rights", "all"], `${PIN}\n`).said, /use charge, cancel, void, review or list/);
  assert.equal(run(["add", "Aina", "--rights", "charge,cancel", "--terminals", "till-1"], `${PIN}\n`).status, 0);
  keep();
  assert.equal(run(["add", 'Mei "小美"', "--rights", "void"], "kopi ais\n").status, 0);
  keep();
  assert.doesNotMatch(readFileSync(file, "utf8"), /481516|kopi ais/);
  assert.match(run(["add", "AINA", "--rights", "void"], `${PIN}\n`).said, /AINA is there already/);
  for (const blank of ["Aina\u2800", "Ai\u00a0na", "Aina\ue000"]) {
    assert.match(run(["add", blank, "--rights", "void"], `${PIN}\n`).said, /printable characters/);
  }
  const listed = run(["list", "--json"]);
  assert.deepEqual(JSON.parse(listed.stdout), [
    { name: "Aina", rights: ["charge", "cancel"], terminals: ["till-1"] },
    { name: 'Mei "小美"', rights: ["void"], terminals: [] },
  ]);
  assert.match(run(["list"]).stdout, /^Aina: charge, cancel at till-1\nMei "小美": void at every terminal\n$/);
  // A file that others may read gives a warning, because a PIN can be guessed from its hash.
  chmodSync(file, 0o644);
  assert.match(
    command(shop, ["check-config"]).said,
    /warning: .*command\.toml may be read by other users of this machine, who could guess the PINs/,
  );
  chmodSync(file, 0o600);
  assert.equal(run(["remove", "aina"]).status, 0);
  assert.equal(statSync(file).mode & 0o777, 0o600, "the file keeps its mode");
  keep();
  assert.equal(run(["remove", 'Mei "小美"']).status, 0);
  assert.equal(readFileSync(file, "utf8").trim(), own("127.0.0.1:0").trim());
  assert.match(run(["remove", "Zul"]).said, /Zul is not among the people/);
  const nobody = { change: (toml) => own("127.0.0.1:0").replace(/^token_url = .*\n/m, "") || toml };
  assert.match(command(shop, ["check-config"], nobody).said, /terminal\.token_url is missing: .*people add/);
  const cheap = `[[people]]\nname = "x"\nrights = []\nhash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ"\n`;
  assert.match(
    command(shop, ["check-config"], { change: (toml) => `${toml}\n${cheap}` }).said,
    /people: "x" has a hash that is no Argon2id/,
  );
});
