// The gateway's own words and habits: words that nobody configured, wallets that take only some amounts, tokens that
// die early, and hours without voids.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../terminal/harness.mjs";
import { newTrade, reaches, reconfigured, stores } from "./desk.mjs";
import { before, fresh, ok, sell } from "./gateway.mjs";

const both = stores();
const server = (shop) => ({ token: shop.keys.KAUNTER_SERVER_KEY });
const unknown = async (shop) => (await shop.call("GET", "/v1/gateway/unknown-words", server(shop))).json;
const day = () => new Date().toISOString().slice(0, 10);
const gateway = (lines) => (toml) => `${toml}\n${lines}\n`;
const words = (shop, ...more) =>
  spawnSync(
    shop.backendProgram.child.spawnfile,
    ["--config", join(shop.dir, "kaunter.toml"), "gateway", "words", ...more],
    {
      env: { ...process.env, ...shop.environment },
      encoding: "utf8",
      timeout: 20_000,
    },
  );

both.test(
  "words of the gateway that nobody configured are counted, kept and written for kaunter.toml",
  async (t, make) => {
    const code = fresh();
    const { shop, own } = await before(
      t,
      {
        create: [undefined, { code: 422, msg: "Minimum amount is RM 1.00" }],
        pay: { code: 4777, msg: `wallet suspended, code ${code}` },
        status: ok({ pay_status: "W" }),
        wallets: ok([
          { id: "23", integrator_name: "GrabPay", active: "Y" },
          { id: "3", integrator_name: "Boost", active: "0" },
          { id: "4", integrator_name: "MCash" },
        ]),
      },
      { make },
    );
    assert.equal((await sell(shop, "A", { code })).json.status, "unknown");
    assert.equal((await sell(shop, "B", { minor: 50 })).json.status, "declined");
    const all = await until("all words were seen", async () => {
      const { words } = await unknown(shop);
      return words.length === 5 && words;
    });
    assert.deepEqual(
      all.map(({ call, field, code, message }) => [call, field, code, message]),
      [
        ["create", "code", "422", "Minimum amount is RM 1.00"],
        ["integrators", "active", "", "MCash"],
        ["integrators", "active", "0", "Boost"],
        ["pay", "code", "4777", "wallet suspended, code ***"],
        ["status", "pay_status", "W", "OK"],
      ],
    );
    for (const { count, first_seen_at, last_seen_at } of all) {
      assert.ok(count >= 1 && first_seen_at <= last_seen_at, JSON.stringify(all));
    }
    assert.match((await shop.call("GET", "/metrics")).text, /kaunter_unknown_gateway_words_total\{call="pay"\} 1\n/);
    const denied = await shop.call("GET", "/v1/gateway/unknown-words", { token: await shop.token() });
    assert.equal(denied.json.code, "server_key_invalid");
    assert.ok(!JSON.stringify(await unknown(shop)).includes(code), "no code of a customer");

    const { status, stdout, stderr } = words(shop);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^# pay: code 4777, 1 times from .*: wallet suspended/m);
    assert.match(stdout, /^# 4777 = "other"$/m);
    const json = JSON.parse(words(shop, "--json").stdout);
    assert.equal(json.words.length, 5);

    // The operator pastes the words, with the meanings that the gateway gave.
    const pasted = stdout
      .replace('# 4777 = "other"', '4777 = "other"')
      .replace(/^pending = .*/m, 'pending = ["W"]')
      .replace(/^inactive = .*/m, 'inactive = ["0"]')
      .replace(/^active = .*/m, 'active = ["Y", ""]');
    await reconfigured(shop, (toml) => `${toml}\n${pasted}`);
    assert.deepEqual(
      (await unknown(shop)).words.map(({ code }) => code),
      ["422"],
      "a word that is configured now is not listed, and a restart forgets none",
    );
    assert.equal((await sell(shop, "C", { code: fresh() })).json.status, "declined");
    own.says.create = undefined;
    const session = await shop.call("POST", "/v1/sessions", { token: await shop.token() });
    assert.deepEqual(
      session.json.wallets.map(({ name }) => name),
      ["GrabPay", "MCash"],
    );
  },
);

both.test(
  "rule 45: a trade begins only with an active wallet that pays its amount, and keeps the wallet's name",
  async (t, make) => {
    const list = [
      { id: "23", integrator_name: "Touch &#039;n Go", active: "Y", min_amount: "1.00" },
      { id: "23", integrator_name: "Touch &#039;n Go", active: "Y" },
      { id: "3", integrator_name: "Boost", active: "N" },
      { id: "5", integrator_name: "MCash", active: "?" },
      { id: "7", integrator_name: "ShopeePay", active: "Y" },
    ];
    const { shop, own } = await before(
      t,
      { wallets: () => ok(list) },
      {
        make,
        profile: "sandbox",
        change: gateway(
          '[gateway.wallets."Touch \'n Go"]\nmax_amount_minor = 3000\n[gateway.wallets."7"]\nmin_amount_minor = 200\n[gateway.wallets.Bosst]\nmax_amount_minor = 200',
        ),
      },
    );
    const token = await shop.token();
    const { wallets } = (await shop.call("POST", "/v1/sessions", { token })).json;
    const unlisted = shop.backendProgram.words.match(/gateway\.wallets\.\S+ has no effect/g);
    assert.deepEqual(unlisted?.length, 1);
    assert.match(unlisted[0], /Bosst/);
    const amount = (minor) => ({ minor, currency: "MYR" });
    assert.deepEqual(
      wallets.map(({ wallet_id, name, modes, min_amount, max_amount }) => [
        wallet_id,
        name,
        modes,
        min_amount,
        max_amount,
      ]),
      [
        ["23", "Touch 'n Go", ["consumer_presented", "merchant_presented"], amount(100), amount(3000)],
        ["7", "ShopeePay", ["consumer_presented", "merchant_presented"], amount(200), undefined],
      ],
      "only active wallets are offered",
    );
    const refused = async (minor, wallet_id) => {
      const { json } = await shop.call("POST", "/v1/trades", { token, body: newTrade("A", { minor, wallet_id }) });
      return [json.code, json.param];
    };
    assert.deepEqual(await refused(99, "23"), ["amount_too_small", "sale.amount.minor"]);
    assert.deepEqual(await refused(3001, "23"), ["amount_too_large", "sale.amount.minor"]);
    assert.deepEqual(await refused(199, "7"), ["amount_too_small", "sale.amount.minor"]);
    assert.deepEqual(await refused(1000, "3"), ["wallet_unknown", "wallet_id"]);
    assert.deepEqual(await refused(1000, "5"), ["wallet_unknown", "wallet_id"]);
    assert.equal(own.of("create").length, 0, "nothing was sent");
    assert.equal((await sell(shop, "A", { minor: 3000 })).json.status, "paid");

    // The gateway gives the number to another wallet.
    list.splice(0, list.length, { id: "23", integrator_name: "Boost", active: "Y" });
    await reconfigured(shop, (toml) => toml);
    const renamed = (await shop.call("POST", "/v1/sessions", { token: await shop.token() })).json.wallets;
    assert.deepEqual([renamed[0].wallet_id, renamed[0].name], ["23", "Boost"]);
    const [trade] = (await shop.call("GET", `/v1/trades?day=${day()}`, server(shop))).json.trades;
    assert.deepEqual(trade.wallet, { wallet_id: "23", name: "Touch 'n Go" });
    const sheet = await shop.call("GET", `/v1/trades?day=${day()}`, {
      ...server(shop),
      headers: { accept: "text/csv" },
    });
    const [head, row] = sheet.text.split("\r\n").map((line) => line.split(","));
    assert.equal(row[head.indexOf("wallet")], "Touch 'n Go");
  },
);

test("rule 46: with one token per merchant and tokens that die early, no payment of two backends finds a dead one", async (t) => {
  const LIFE_MS = 1_500;
  let alive = { token: "", until: 0 };
  const only = (_, headers) =>
    headers["auth-token"] === alive.token && Date.now() < alive.until
      ? undefined
      : { code: 401, msg: "signed in elsewhere", data: {} };
  const says = {
    token: () => {
      alive = { token: randomBytes(8).toString("hex"), until: Date.now() + LIFE_MS };
      return ok({ status: 1, Auth_Token: alive.token });
    },
    wallets: only,
    create: only,
    pay: only,
    status: only,
    void: only,
  };
  const first = await before(t, says, { scale: 1 });
  const second = await before(
    t,
    {},
    { scale: 1, change: (toml) => toml.replace(/^base_url = .*/m, `base_url = "${first.own.base}"`) },
  );
  const shops = [first.shop, second.shop];
  const began = Date.now();
  let payments = 0;
  // Twelve payments, and more until tokens have expired by themselves too.
  for (let nth = 0; nth < 12 || Date.now() < began + 2 * LIFE_MS; nth++) {
    const [mine, other] = nth % 2 ? shops : shops.toReversed();
    const token = await mine.token("till-1");
    const made = await mine.call("POST", "/v1/trades", { token, body: newTrade(`S-${nth}`) });
    assert.equal(made.json.status, "awaiting_code", made.text);
    // The other backend needs a token of its own meanwhile.
    const others = newTrade(`O-${nth}`);
    await other.call("POST", "/v1/trades", { token: await other.token("till-1"), body: others });
    const paid = await mine.call("POST", `/v1/trades/${made.json.trade_id}/code`, { token, body: { code: fresh() } });
    assert.equal(paid.json.status, "paid", `every payment ends paid: ${paid.text}`);
    payments += 1;
    if (nth === 0) {
      const back = await mine.call("POST", `/v1/trades/${made.json.trade_id}/void`, {
        token: token,
        body: { reason: "wrong item" },
      });
      assert.equal(back.json.status, "voided", back.text);
    }
  }
  assert.equal(first.own.of("pay").length, payments);
});

test("rule 46: a void outside the wallet's window is refused before anything is sent, and says when it is possible", async (t) => {
  const at = (ms) => new Date(ms).toISOString().slice(11, 16);
  const HOUR = 3_600_000;
  const [from, until] = [Date.now() - 2 * HOUR, Date.now() + 2 * HOUR];
  const { shop, own } = await before(
    t,
    {},
    {
      profile: "sandbox",
      policy: { late_check_first_ms: 5_000 },
      change: gateway(
        `[gateway.void]\nclosed_from = "${at(from)}"\nclosed_until = "${at(until)}"\n[gateway.wallets.Boost.void]\nsame_day = true`,
      ),
    },
  );
  const token = await shop.token();
  const paid = (await sell(shop, "A")).json;
  const back = () => shop.call("POST", `/v1/trades/${paid.trade_id}/void`, { token, body: { reason: "wrong item" } });
  const refused = await back();
  assert.deepEqual(
    [refused.status, refused.json.code, refused.json.trade?.status],
    [409, "trade_not_voidable", "paid"],
    `the void is refused: ${refused.text}`,
  );
  assert.ok(
    refused.json.detail.includes(`from ${new Date(until).toISOString().slice(0, 10)} ${at(until)}`),
    refused.text,
  );
  const wait = Number(refused.headers.get("retry-after"));
  assert.ok(wait > 3_600 && wait <= 7_200, `${wait} s`);
  assert.equal(own.of("void").length, 0, "nothing was sent");

  // Late money beside another payment would be given back by itself: it waits for a person instead.
  own.says.pay = { code: 4001, msg: "no" };
  const late = (await sell(shop, "B")).json;
  assert.equal(late.status, "declined");
  own.says.pay = undefined;
  assert.equal((await sell(shop, "B")).json.status, "paid");
  own.says.status = ({ trans_id }) => (trans_id === late.gateway_ref ? ok({ pay_status: "D", trans_id }) : undefined);
  const kept = await reaches(shop, late, ["late_success"]);
  assert.match(kept.void_refused.message, /takes no voids now/);
  assert.equal(own.of("void").length, 0);

  // Boost has a window of its own, which is open now.
  const boost = await shop.call("POST", "/v1/trades", { token, body: newTrade("C", { wallet_id: "3" }) });
  await shop.call("POST", `/v1/trades/${boost.json.trade_id}/code`, { token, body: { code: fresh() } });
  const voided = await shop.call("POST", `/v1/trades/${boost.json.trade_id}/void`, {
    token,
    body: { reason: "wrong" },
  });
  assert.equal(voided.json.status, "voided", voided.text);
});
