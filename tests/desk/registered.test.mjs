// Registered sales: the shop's server says what is owed, and a till charges a reference.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program, until } from "../terminal/harness.mjs";
import { handOver, newTrade, open, reaches, stores } from "./desk.mjs";
import { before, fresh, ok } from "./gateway.mjs";

const MYR = (minor) => ({ minor, currency: "MYR" });
const key = (shop) => shop.keys.KAUNTER_SERVER_KEY;
const post = (shop, path, token, body) => shop.call("POST", path, { token, body });
const register = (shop, ref, minor, more = {}) =>
  shop.call("PUT", "/v1/sales", { token: key(shop), body: { ref, amount: MYR(minor), ...more } });
const asked = async (shop, ref, minor) =>
  (await shop.call("GET", `/v1/sales?${new URLSearchParams({ ref, minor, currency: "MYR" })}`, { token: key(shop) }))
    .json;

/** A creation whose page states no amount. */
const unstated = (ref) => ({ ...newTrade(ref), sale: { ref } });

/** A token with this sale, as the shop's server mints it. */
async function mint(shop, sale) {
  const body = { shop: "demo", terminal: "till-1", cashier: "aminah", rights: ["charge", "cancel"], sale };
  return (await post(shop, "/v1/terminal-tokens", key(shop), body)).json.token;
}

const { test: onBothStores } = stores();

onBothStores(
  "rule 33: a registered sale is charged by its reference, and only the shop's server changes its amount",
  async (t, make) => {
    const { shop } = await before(t, {}, { make, profile: "sandbox" });
    const metadata = { table: "7", note: "två öl" };
    const first = await register(shop, "INV/1", 1000, { metadata });
    assert.deepEqual(first.json, {
      ref: "INV/1",
      due_amount: MYR(1000),
      registered: true,
      paid_amount: null,
      decided_by: null,
      late_amount: null,
      unconfirmed: false,
      trades: [],
      metadata,
    });
    assert.deepEqual((await register(shop, "INV/1", 1000)).json, first.json, "the same again changes nothing");
    const token = await shop.token();
    const seen = await shop.call("GET", `/v1/sales?ref=${encodeURIComponent("INV/1")}`, { token });
    assert.deepEqual(
      [seen.json.due_amount, seen.json.registered, seen.json.metadata],
      [MYR(1000), true, undefined],
      "a till sees what is owed, and no metadata",
    );
    const session = await post(shop, "/v1/sessions", token);
    assert.equal(session.json.sales, "open");

    // A page states another amount, with or without a token of the shop's server.
    const wrong = await post(shop, "/v1/trades", token, newTrade("INV/1", { minor: 1 }));
    assert.deepEqual([wrong.status, wrong.json.code], [409, "sale_amount_mismatch"], wrong.text);
    const bound = await mint(shop, { ref: "INV/1", amount: MYR(1) });
    for (const body of [newTrade("INV/1", { minor: 1 }), unstated("INV/1")]) {
      const refused = await post(shop, "/v1/trades", bound, body);
      assert.deepEqual([refused.status, refused.json.code], [409, "sale_amount_mismatch"], refused.text);
    }
    assert.deepEqual((await shop.sale("INV/1")).trades, []);

    const body = unstated("INV/1");
    const made = await post(shop, "/v1/trades", token, body);
    assert.deepEqual(made.json.sale, { ref: "INV/1", amount: MYR(1000) }, made.text);
    const again = await post(shop, "/v1/trades", token, body);
    assert.equal(again.json.trade_id, made.json.trade_id, "one key is one trade, without an amount too");

    const changed = await register(shop, "INV/1", 1500);
    assert.deepEqual(
      changed.json.trades.map(({ status, reason, cancelled_by }) => [status, reason, cancelled_by]),
      [["cancelled", "amount_changed", "system"]],
      changed.text,
    );
    assert.deepEqual([changed.json.due_amount, changed.json.metadata], [MYR(1500), metadata]);
    assert.equal((await handOver(shop, made.json, fresh())).json.code, "trade_closed");
    assert.equal((await post(shop, "/v1/trades", token, body)).json.reason, "amount_changed", "the key's own trade");

    const next = (await post(shop, "/v1/trades", token, unstated("INV/1"))).json;
    assert.deepEqual(next.sale.amount, MYR(1500));
    assert.equal((await handOver(shop, next, fresh())).json.status, "paid");
    assert.equal((await asked(shop, "INV/1", 1500)).closes_bill, true);
    assert.equal((await asked(shop, "INV/1", 1000)).closes_bill, false);
    const grown = await register(shop, "INV/1", 2000);
    assert.deepEqual([grown.status, grown.json.code, grown.json.trade.trade_id], [409, "sale_paid", next.trade_id]);
    assert.match(grown.json.detail, /MYR 5\.00 of the new amount is missing: register that under another reference/);
    const record = await asked(shop, "INV/1", 2000);
    assert.deepEqual(
      [record.due_amount, record.missing_amount, record.closes_bill],
      [MYR(1500), MYR(500), false],
      "a refused change changes nothing",
    );
    assert.equal((await register(shop, "INV/1", 1000)).json.code, "sale_paid", "a smaller amount neither");
    const noted = await register(shop, "INV/1", 1500, { metadata: {} });
    assert.deepEqual([noted.status, noted.json.metadata], [200, undefined], "metadata changes at any time");
  },
);

test("rule 33: while money is at risk the registered amount stays, and late money for an old amount closes no bill", async (t) => {
  let status = "N";
  const { shop } = await before(
    t,
    { pay: "drop", status: () => ok({ pay_status: status }) },
    { profile: "sandbox", policy: { late_check_first_ms: 1_000 } },
  );
  const token = await shop.token();
  await register(shop, "A", 1000);
  const trade = (await post(shop, "/v1/trades", token, unstated("A"))).json;
  await handOver(shop, trade, fresh());
  const busy = await register(shop, "A", 1);
  assert.deepEqual([busy.status, busy.json.code, busy.json.trade.trade_id], [409, "sale_busy", trade.trade_id]);
  assert.deepEqual((await shop.sale("A")).due_amount, MYR(1000));
  assert.equal((await register(shop, "A", 1000, { metadata: { a: "b" } })).status, 200, "metadata may change");

  status = "X";
  await reaches(shop, trade, ["cancelled", "declined"]);
  assert.equal((await register(shop, "A", 1500)).status, 200);
  status = "D";
  await reaches(shop, trade, ["late_success"]);
  const late = await asked(shop, "A", 1500);
  assert.deepEqual([late.late_amount, late.closes_bill, late.unconfirmed], [MYR(1000), false, true]);
  assert.equal((await register(shop, "A", 1000)).json.code, "sale_busy", "late money is at risk, too");
  const verdict = { outcome: "paid", evidence: "the portal shows it" };
  await post(shop, `/v1/trades/${trade.trade_id}/verdict`, await shop.token("till-1", { cashier: "manager" }), verdict);
  const accepted = await asked(shop, "A", 1500);
  assert.deepEqual(
    [accepted.paid_amount, accepted.decided_by, accepted.missing_amount, accepted.closes_bill],
    [MYR(1000), "person", MYR(500), false],
    "a person accepted the old amount",
  );
  assert.equal((await asked(shop, "A", 1000)).closes_bill, false, "nobody owes the old amount");
});

test("rule 33: what can't be registered is refused by its field, and a till can't register", async (t) => {
  const { shop } = await before(t, {}, { change: (toml) => `sales = "registered"\n${toml}` });
  const token = await shop.token();
  const long = (length) => "x".repeat(length);
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, nth) => [`n${nth}`, ""]));
  for (const [body, code, param] of [
    [{ ref: "", amount: MYR(1) }, "sale_invalid", "ref"],
    [{ ref: "A", amount: MYR(0) }, "amount_invalid", "amount.minor"],
    [{ ref: "A", amount: { minor: 1, currency: "SGD" } }, "currency_unsupported", "amount.currency"],
    [{ ref: "A" }, "bad_request", "amount"],
    [{ ref: "A", amount: MYR(1), metadata: many }, "bad_request", "metadata"],
    [{ ref: "A", amount: MYR(1), metadata: { [long(41)]: "" } }, "bad_request", "metadata"],
    [{ ref: "A", amount: MYR(1), metadata: { a: long(201) } }, "bad_request", "metadata"],
    [{ ref: "A", amount: MYR(1), metadata: { secret: 1 } }, "bad_request", "metadata"],
    [{ ref: "A", amount: MYR(1), more: 1 }, "bad_request", undefined],
  ]) {
    const answer = await shop.call("PUT", "/v1/sales", { token: key(shop), body });
    assert.deepEqual([answer.status, answer.json.code, answer.json.param], [400, code, param], answer.text);
    assert.doesNotMatch(answer.text, /secret|xxx/, "no text of the caller comes back");
  }
  const body = { ref: "A", amount: MYR(1) };
  assert.equal((await shop.call("PUT", "/v1/sales", { token, body })).json.code, "server_key_invalid");
  assert.equal((await shop.call("GET", "/v1/sales?ref=A", { token: key(shop) })).status, 404);

  // This shop takes registered sales only.
  assert.equal((await post(shop, "/v1/sessions", token)).json.sales, "registered");
  const bound = await mint(shop, { ref: "A", amount: MYR(1200) });
  for (const [by, body] of [
    [token, newTrade("A")],
    [token, unstated("A")],
    [bound, newTrade("A")],
  ]) {
    const refused = await post(shop, "/v1/trades", by, body);
    assert.deepEqual([refused.status, refused.json.code], [409, "sale_not_registered"], refused.text);
  }
  await register(shop, "A", 1200);
  for (const body of [newTrade("A"), unstated("A")]) {
    assert.equal((await post(shop, "/v1/trades", bound, body)).json.status, "awaiting_code");
  }
  const limited = await post(shop, "/v1/terminal-tokens", key(shop), {
    shop: "demo",
    terminal: "till-1",
    cashier: "aminah",
    rights: ["charge"],
    max_amount: MYR(1199),
  });
  const above = await post(shop, "/v1/trades", limited.json.token, unstated("A"));
  assert.deepEqual([above.status, above.json.code], [400, "amount_too_large"], "a token's limit binds it, too");
});

test("rule 47: a practice sale is refused by its reference: no trade, no registration, no token", async (t) => {
  const { shop, own } = await before(t);
  const token = await shop.token();
  for (const ref of ["PRACTICE-1", "practice-1"]) {
    const body = { shop: "demo", terminal: "till-1", cashier: "aminah", rights: ["charge"] };
    for (const [answer, param] of [
      [await post(shop, "/v1/trades", token, newTrade(ref)), "sale.ref"],
      [await post(shop, "/v1/trades", token, unstated(ref)), "sale.ref"],
      [await register(shop, ref, 1000), "ref"],
      [await post(shop, "/v1/terminal-tokens", key(shop), { ...body, sale: { ref, amount: MYR(1000) } }), "sale.ref"],
    ]) {
      const { code, detail, param: field } = answer.json;
      assert.deepEqual([answer.status, code, field], [400, "sale_invalid", param], answer.text);
      assert.match(detail, /practice sale.*another reference/);
    }
    assert.equal((await shop.call("GET", `/v1/sales?ref=${ref}`, { token: key(shop) })).status, 404);
  }
  assert.deepEqual(own.of("create"), [], "the gateway heard of none");
});

test("rule 33: an open shop takes sales with an amount, and a registration takes them over", async (t) => {
  const { shop } = await before(t, {});
  const token = await shop.token();
  const refused = await post(shop, "/v1/trades", token, unstated("A"));
  assert.deepEqual([refused.status, refused.json.code], [409, "sale_not_registered"]);
  assert.match(refused.json.detail, /send its amount, or register it/);
  const cheap = await open(shop, "A", { minor: 1 });
  const taken = await register(shop, "A", 1000);
  assert.deepEqual(
    [taken.json.registered, taken.json.trades[0].trade_id, taken.json.trades[0].reason],
    [true, cheap.trade_id, "amount_changed"],
  );
  assert.equal((await post(shop, "/v1/trades", token, newTrade("A", { minor: 1 }))).json.code, "sale_amount_mismatch");
});

onBothStores(
  "rule 33: three processes register and charge at once: what is paid is what is registered",
  async (t, make) => {
    const { shop } = await before(t, {}, { make });
    const backends = [shop.backend];
    for (const nth of [1, 2]) {
      const config = join(shop.dir, `backend-${nth}.toml`);
      await writeFile(config, shop.toml("127.0.0.1:0"));
      const program = new Program("backend", ["--config", config], shop.environment, "error");
      t.after(() => program.stop());
      backends.push(await program.address);
    }
    const at = (nth) => ({ call: shop.call, backend: backends[nth % 3], keys: shop.keys });
    const refs = Array.from({ length: 6 }, (_, nth) => `S-${nth}`);
    const tokens = await Promise.all([0, 1, 2].map((nth) => shop.token(`till-${nth}`)));
    await Promise.all(refs.map((ref, nth) => register(at(nth), ref, 1000)));
    const charge = async (ref, nth) => {
      const made = await post(at(nth), "/v1/trades", tokens[nth], unstated(ref));
      const { trade_id, status } = made.json;
      if (status !== "awaiting_code") return [made];
      return [made, await post(at(nth + 1), `/v1/trades/${trade_id}/code`, tokens[nth], { code: fresh() })];
    };
    const acts = refs.flatMap((ref) =>
      [0, 1, 2].flatMap((nth) => [charge(ref, nth), register(at(nth), ref, 1001 + nth).then((answer) => [answer])]),
    );
    for (const answer of (await Promise.all(acts)).flat()) {
      assert.ok([200, 409].includes(answer.status), answer.text);
    }
    for (const ref of refs) {
      // On a busy machine a trade may still wait for its code: whoever has it hands one over.
      const record = await until(`${ref} is paid`, async () => {
        const { paid_amount, trades, ...more } = await shop.sale(ref);
        if (paid_amount) return { paid_amount, trades, ...more };
        const waits = trades.find(({ status }) => status === "awaiting_code");
        await (waits ? handOver(shop, waits, fresh()) : charge(ref, 0));
      });
      assert.deepEqual(record.paid_amount, record.due_amount, `${ref}: ${JSON.stringify(record)}`);
      assert.equal(record.trades.filter(({ status }) => status === "paid").length, 1, ref);
      assert.equal((await asked(shop, ref, record.due_amount.minor)).closes_bill, true, ref);
    }
  },
);
