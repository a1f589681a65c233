// "kaunter/testing" in plain Node: the till itself on a counter in memory, without a browser, a server or a wait.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { beforeEach, test } from "node:test";
import * as kaunter from "kaunter";
import * as testing from "kaunter/testing";
import { clock, KaunterError, Reader, resetTesting, setOutcome, Till } from "kaunter/testing";

const required = createRequire(import.meta.url)("kaunter/testing");
const OWN = ["clock", "resetTesting", "setOutcome"];

const amount = { minor: 1250, currency: "MYR" };
const refused = (call) => call.then(assert.fail, (error) => error);

/** A till whose options are a shop's: none of them is used. */
const open = (options) =>
  Till.open({
    backend: "https://pay.shop.example",
    getToken: () => assert.fail("no token is needed"),
    fetch: () => assert.fail("nothing is fetched"),
    preview: { is: "a video of the test's own" },
    ...options,
  });

/** What a call of the till reports until it ends. */
function watched(till, ...types) {
  const told = [];
  for (const type of types)
    till.addEventListener(type, ({ detail }) =>
      told.push(detail.to ?? detail.status ?? detail.elapsedMs ?? detail.text),
    );
  return told;
}

beforeEach(() => resetTesting());

test("it exports every name of kaunter, and three of its own", () => {
  const names = Object.keys(kaunter).concat(OWN).sort();
  assert.deepEqual(Object.keys(testing).sort(), names);
  assert.deepEqual(Object.keys(required).sort(), names);
  assert.equal(testing.version, kaunter.version);
  for (const name of Object.getOwnPropertyNames(kaunter.Till.prototype))
    assert.ok(name in Till.prototype, `Till has ${name}`);
});

test("a hand scanner reads the phone's code, and a device of the test's own works beside it", async () => {
  /** @type {(event: { value: string }) => void} */
  let hear;
  const device = { addEventListener: (_, listener) => (hear = listener) };
  const till = await open({ handScanner: { device, suffix: "enter" } });
  const scan = await till.scan({ sources: ["hand_scanner"] });
  assert.equal(scan.source, "hand_scanner");
  const sources = ["hand_scanner"];
  assert.equal((await till.charge({ ref: "INV-1", amount }, { scan: { sources } })).status, "paid");
  const own = till.scan({
    sources,
    accept: ({ text }) => (text === "TNG-0001" ? true : void hear({ value: "TNG-0001" })),
  });
  assert.equal((await own).text, "TNG-0001");
  assert.equal((await refused(open({ handScanner: 5 }))).code, "argument_invalid");
  assert.equal((await refused((await open()).scan({ sources }))).code, "argument_invalid");
});

test("a charge is paid by itself, and the till reads the phone's code with its own scan", async () => {
  const before = Object.getOwnPropertyNames(globalThis);
  const till = await open();
  assert.ok(till instanceof EventTarget);
  assert.equal(till.session.currency, "MYR");
  assert.equal(till.session.sandbox, true);
  const warnings = [];
  till.addEventListener("warning", ({ detail }) => warnings.push(detail));
  const told = watched(till, "state", "camera");
  const outcome = await till.charge({ ref: "INV-1", amount });
  assert.equal(outcome.status, "paid");
  assert.deepEqual(outcome.sale, { ref: "INV-1", amount });
  assert.equal(outcome.decidedBy, "gateway");
  assert.match(outcome.paidAt, /^2026-01-01T04:/);
  for (const word of ["live", "scanning", "paying", "idle"]) assert.ok(told.includes(word), word);
  const again = await refused(till.charge({ ref: "INV-1", amount }));
  assert.ok(again instanceof KaunterError);
  assert.equal(again.code, "sale_paid");
  assert.deepEqual(warnings, [], "the stand-ins have what the till uses");
  assert.deepEqual(Object.getOwnPropertyNames(globalThis), before, "nothing is put on globalThis");
});

test("a given code, a given wallet and a sale of another amount than RM 12.50 are paid too", async () => {
  const till = await open();
  const code = await till.charge({ ref: "INV-1", amount }, { code: "280123456789012345", walletId: "31" });
  assert.deepEqual([code.status, code.wallet.walletId], ["paid", "31"]);
  const wallet = await till.charge({ ref: "INV-2", amount }, { walletId: "23" });
  assert.deepEqual([wallet.status, wallet.wallet.walletId], ["paid", "23"]);
  // The amounts of the sandbox's script: a unit test says how a charge ends, not its amount.
  for (const minor of [1001, 1003, 1004, 1005, 1008])
    assert.equal((await till.charge({ ref: `INV-${minor}`, amount: { minor, currency: "MYR" } })).status, "paid");
});

test("a sale without an amount is one that the shop's server has registered", async () => {
  const till = await open();
  const outcome = await till.charge({ ref: "INV-1" });
  assert.deepEqual([outcome.status, outcome.sale.amount.minor], ["paid", 1000]);
  setOutcome("declined");
  assert.equal((await till.charge({ ref: "INV-2" })).status, "declined");
  assert.equal((await till.charge({ ref: "INV-2" })).status, "paid");
});

test("setOutcome: the next charge ends so, and the one after it is paid", async () => {
  const till = await open();
  for (const [outcome, expected] of [
    ["declined", { status: "declined", reason: "other" }],
    ...["code_expired", "code_used", "insufficient_funds", "limit", "wrong_wallet", "other"].map((reason) => [
      { status: "declined", reason },
      { status: "declined", reason },
    ]),
    ["cancelled", { status: "cancelled", by: "system", reason: "deadline" }],
    ["unconfirmed", { status: "unconfirmed" }],
    ["paid", { status: "paid" }],
  ]) {
    const name = JSON.stringify(outcome);
    setOutcome(outcome);
    const told = await till.charge({ ref: name.replaceAll(/\W/g, ""), amount });
    for (const [field, value] of Object.entries(expected)) assert.equal(told[field], value, `${name}: ${field}`);
    if (told.status === "declined") assert.ok(told.message.length > 10, "with a sentence for the cashier");
  }
  assert.equal((await till.charge({ ref: "after", amount })).status, "paid");
});

test("setOutcome of one sale does not touch another, and a declined sale can be charged again", async () => {
  const till = await open();
  setOutcome({ status: "declined", reason: "limit" }, { ref: "INV-2" });
  assert.equal((await till.charge({ ref: "INV-1", amount })).status, "paid");
  assert.equal((await till.charge({ ref: "INV-2", amount })).reason, "limit");
  assert.equal((await till.charge({ ref: "INV-2", amount })).status, "paid");
});

test("what no charge can end as is refused with a clear error", () => {
  for (const [outcome, sale, name] of [
    ["voided", undefined, "outcome"],
    ["payed", undefined, "outcome"],
    [{ status: "paid", reason: "limit" }, undefined, "outcome.reason"],
    [{ status: "declined", reason: "rain" }, undefined, "outcome.reason"],
    [7, undefined, "outcome"],
    ["paid", {}, "sale.ref"],
  ])
    assert.throws(
      () => setOutcome(outcome, sale),
      (error) =>
        error instanceof KaunterError && error.code === "argument_invalid" && error.detail.includes(`\`${name}\``),
      JSON.stringify(outcome),
    );
});

test("a test that moves the clock sees every step of a charge", async () => {
  const till = await open();
  await clock.advance(0);
  const began = clock.now();
  setOutcome("cancelled");
  const progress = watched(till, "progress");
  let outcome;
  const charging = till.charge({ ref: "INV-1", amount }).then((end) => {
    outcome = end;
  });
  await clock.advance(5_000);
  assert.equal(till.state, "waiting");
  assert.equal(outcome, undefined, "the customer has not answered");
  assert.ok(progress.length >= 2, `${progress}`);
  assert.equal(clock.now(), began + 5_000);
  await clock.advance(10 * 60_000);
  await charging;
  assert.equal(outcome.reason, "deadline");
  // Without a wait there is no step: it needs no time.
  const now = clock.now();
  assert.equal((await till.charge({ ref: "INV-2", amount })).status, "paid");
  assert.equal(clock.now(), now);
  await assert.rejects(clock.advance(-1), TypeError);
});

test("while the test's own function works, the time stands still", async () => {
  let choose;
  let asked;
  const isAsked = new Promise((done) => {
    asked = done;
  });
  const till = await open({
    chooseWallet: (scan, wallets) => {
      assert.equal(scan.wallet, null, "the code does not say");
      asked(wallets);
      return new Promise((done) => {
        choose = done;
      });
    },
  });
  const charging = till.charge({ ref: "INV-1", amount });
  const wallets = await isAsked;
  const now = clock.now();
  // A person takes their time: the tasks of this process go on, and the till's clock does not.
  for (let task = 0; task < 50; task++) await new Promise((done) => setImmediate(done));
  assert.equal(clock.now(), now);
  choose(wallets[1]);
  assert.equal((await charging).wallet.name, wallets[1].name);
  const unasked = await open({ chooseWallet: () => null });
  assert.equal((await unasked.charge({ ref: "INV-2", amount })).status, "cancelled");
});

test("Till.open: an abort while the module loads, or later, rejects with the signal's reason", async () => {
  for (const moments of [0, 1, 5]) {
    const stop = new AbortController();
    const opening = refused(open({ signal: stop.signal }));
    for (let moment = 0; moment < moments; moment++) await undefined;
    stop.abort("left");
    assert.equal(await opening, "left", `after ${moments} moments`);
  }
});

test("scan: codes until one is accepted, a time limit, an abort, and one at a time", async () => {
  const till = await open();
  const codes = [];
  const scan = await till.scan({
    accept: async ({ text }) => {
      codes.push(text);
      return codes.length === 3;
    },
  });
  assert.equal(scan.source, "camera");
  assert.equal(new Set(codes).size, 3, "the phone shows a new code each time");
  assert.equal(scan.text, codes[2]);
  assert.equal((await refused(till.scan({ timeoutMs: 2_000, accept: () => false }))).code, "scan_timeout");
  const stop = new AbortController();
  const accept = () => {
    stop.abort("enough");
    return false;
  };
  assert.equal(await refused(till.scan({ signal: stop.signal, accept })), "enough");
  await till.camera.warmUp();
  assert.equal((await till.camera.list()).length, 1);
  assert.equal(till.camera.current.label, "Testing camera");
});

test("showCode: the customer scans the code", async () => {
  const till = await open();
  const shown = [];
  const onCode = (code) => shown.push(code);
  const outcome = await till.showCode({ ref: "INV-1", amount }, { walletId: "23", onCode });
  assert.equal(outcome.status, "paid");
  assert.match(shown[0].svg, /^<svg/);
  setOutcome({ status: "declined", reason: "insufficient_funds" });
  assert.equal((await till.showCode({ ref: "INV-2", amount }, { walletId: "23", onCode })).status, "declined");
  setOutcome("unconfirmed");
  assert.equal((await till.showCode({ ref: "INV-3", amount }, { walletId: "23", onCode })).status, "unconfirmed");
});

test("what follows a charge: void, status, lists, a verdict, and the next page that finds it", async () => {
  const till = await open();
  const paid = await till.charge({ ref: "INV-1", amount });
  assert.equal((await till.void(paid.tradeId, { reason: "wrong bill" })).status, "voided");
  assert.equal((await till.checkStatus(paid.tradeId)).status, "voided");
  setOutcome("unconfirmed");
  const open1 = await till.charge({ ref: "INV-2", amount });
  assert.equal((await refused(till.charge({ ref: "INV-2", amount }))).code, "sale_busy");
  const listed = await till.listTrades();
  assert.deepEqual(listed.trades.map(({ sale }) => sale.ref).sort(), ["INV-1", "INV-2"]);
  await till.close();
  const next = await open();
  assert.deepEqual(
    next.unfinished.map(({ tradeId }) => tradeId),
    [open1.tradeId],
  );
  assert.equal((await next.resume(open1.tradeId)).status, "unconfirmed");
});

test("resetTesting forgets everything, and each run is the same", async () => {
  const run = async () => {
    const till = await open();
    setOutcome("unconfirmed");
    const first = await till.charge({ ref: "INV-1", amount });
    const second = await till.charge({ ref: "INV-2", amount });
    return JSON.stringify([first, second, await till.checkStatus(second.tradeId), clock.now()]);
  };
  const once = await run();
  setOutcome("declined");
  await clock.advance(1_000);
  await resetTesting();
  assert.equal(await run(), once);
});

test("reader, codes and money work; a picture says what it needs", async () => {
  const reader = await Reader.load();
  assert.deepEqual(reader.read({ data: new Uint8Array(400 * 300), width: 400, height: 300 }), []);
  reader.close();
  assert.equal((await testing.inspectCode("130123456789012345")).kind, "wechat_pay");
  assert.deepEqual(testing.parseMoney("12.50", "MYR"), amount);
  await testing.init({ till: "/till.wasm", worker: false });
  const pixels = { data: new Uint8ClampedArray(40 * 30 * 4), width: 40, height: 30 };
  assert.deepEqual(await testing.decode(pixels), []);
  const error = await refused(testing.decode(new Blob([])));
  assert.equal(error.code, "image_unsupported");
  assert.match(error.detail, /ImageData/);
});
