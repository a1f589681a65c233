// The element's reducer in Node, without a browser: every event in every state that can be reached, and what no event
// may do.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../../pkg/element/step.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
const compiled = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
const { INITIAL, canRefund, isBusy, offeredVerdicts, step } = await import(compiled);

const money = (minor) => ({ minor, currency: "MYR" });
const saleOf = (ref) => ({ ref, amount: money(1250) });
const wallet = (walletId, more) => ({
  walletId,
  minAmount: null,
  maxAmount: null,
  modes: ["merchant_presented"],
  ...more,
});
const WALLETS = [wallet("21"), wallet("23"), wallet("33", { minAmount: money(2000) })];
const tradeOf = (status, ref = "a") => ({ tradeId: `t-${ref}`, sale: saleOf(ref), status, proposal: null });
const outcomeOf = (status, more) => ({ status, tradeId: "t-a", sale: saleOf("a"), ...more });
const fault = (code, more) => ({ code, type: null, moneyMoved: "no", tradeId: null, message: code ?? "", ...more });
const camera = { deviceId: "1", torch: true };
const jobOf = (mode, ref = "a", walletId = null) => ({ mode, sale: saleOf(ref), walletId });

const OUTCOMES = [
  outcomeOf("paid"),
  outcomeOf("declined"),
  outcomeOf("cancelled", { by: "cashier", reason: "requested" }),
  outcomeOf("voided"),
  outcomeOf("unconfirmed", { tradeStatus: "needs_review", proposal: null }),
  outcomeOf("unconfirmed", { tradeStatus: "late_success", proposal: null }),
];
const FAULTS = [
  fault(null),
  fault("amount_too_small"),
  fault("camera_denied", { type: "camera" }),
  fault("sale_busy", { tradeId: "t-a", moneyMoved: "maybe" }),
];
const STATES = ["idle", "starting", "scanning", "scanned", "paying", "waiting", "cancelling", "review"];
const SESSION = { rights: ["charge", "void", "review"], sandbox: true };

/** The answers to a call. */
const answers = (call) => [
  { type: "wallet_asked", call, wallets: WALLETS },
  { type: "code_shown", call, svg: "<svg/>", expiresAt: 1 },
  ...OUTCOMES.map((outcome) => ({ type: "ended", call, outcome, now: 1 })),
  ...FAULTS.map((fault) => ({ type: "refused", call, fault, wallets: null, now: 1 })),
  { type: "refused", call, fault: fault("wallet_required"), wallets: WALLETS, now: 1 },
];

const EVENTS = [
  { type: "opening_began" },
  { type: "opened", session: SESSION, unfinished: [tradeOf("needs_review"), tradeOf("unknown", "b")] },
  { type: "opened", session: { rights: ["charge"], sandbox: false }, unfinished: [] },
  { type: "open_failed", fault: fault("network_failed") },
  { type: "till_closed" },
  { type: "sale_begun", job: jobOf("charge"), hasCode: false, wallets: WALLETS },
  { type: "sale_begun", job: jobOf("charge", "a", "21"), hasCode: true, wallets: WALLETS },
  { type: "sale_begun", job: jobOf("show"), hasCode: false, wallets: WALLETS },
  { type: "sale_begun", job: jobOf("show"), hasCode: false, wallets: WALLETS.slice(1, 2) },
  { type: "sale_stopped" },
  ...["retry", "cancel", "camera", "next_camera", "torch", "type", "check", "refund", "verdict", "done", "aside"].map(
    (name) => ({ type: `${name}_pressed` }),
  ),
  { type: "cancel_confirmed" },
  { type: "ask_closed" },
  { type: "code_given" },
  { type: "wallet_pressed", walletId: "21" },
  { type: "wallet_pressed", walletId: "33" },
  { type: "wallet_pressed", walletId: "99" },
  { type: "refund_confirmed", reason: "goods returned" },
  { type: "refund_confirmed", reason: " " },
  { type: "verdict_confirmed", outcome: "paid", evidence: "seen" },
  { type: "verdict_confirmed", outcome: "declined", evidence: "" },
  { type: "unfinished_pressed", tradeId: "t-b" },
  ...STATES.map((to) => ({ type: "state_changed", to, trade: null })),
  { type: "state_changed", to: "waiting", trade: tradeOf("pending") },
  { type: "state_changed", to: "waiting", trade: tradeOf("awaiting_payer") },
  { type: "state_changed", to: "waiting", trade: tradeOf("pending", "b") },
  { type: "state_changed", to: "cancelling", trade: tradeOf("voiding") },
  ...["pending", "late_success", "reversed", "paid", "cancelled"].map((status) => ({
    type: "trade_changed",
    trade: tradeOf(status),
  })),
  { type: "unfinished_changed", unfinished: [] },
  { type: "hint_changed", hint: "glare" },
  { type: "camera_changed", status: "live", camera },
  { type: "camera_changed", status: "muted", camera },
];

/** What counts for the next steps: not how many calls there were, nor what only the screen shows. */
const keyOf = ({ view, call, job, ask, session, unfinished, tradeId, sale }) =>
  [
    [view.name, view.kind, view.status, view.work, view.shown, view.wallets?.length],
    [call?.kind, call?.stopped, call?.back.name, job?.mode, job?.walletId, ask],
    [session?.rights.length, unfinished.length, tradeId, sale?.ref],
  ].join();

/** Every state that can be reached, each with an example of the way. */
function walk(check) {
  const seen = new Map([[keyOf(INITIAL), INITIAL]]);
  let steps = 0;
  for (const state of seen.values()) {
    for (const event of [...EVENTS, ...answers(state.calls)]) {
      const [after, effects] = step(state, event);
      steps += 1;
      check(state, event, after, effects);
      const key = keyOf(after);
      if (!seen.has(key)) seen.set(key, after);
    }
  }
  return { states: [...seen.values()], steps };
}

const MONEY = ["charge", "show_code", "void", "give_verdict"];
const PRESSED = [
  "sale_begun",
  "wallet_pressed",
  "camera_pressed",
  "code_given",
  "refund_confirmed",
  "verdict_confirmed",
];

let walked;
/** The walk is long, so its tests share it. */
const reached = () => {
  walked ??= walk(checkStep);
  return walked;
};

function checkStep(state, event, after, effects) {
  const must = (isTrue, why) => isTrue || assert.fail(`${why}: ${event.type} in ${JSON.stringify(state)}`);
  const types = effects.map(({ type }) => type);
  const ends = types.filter((type) => type === "resolve" || type === "reject");
  const isJobOver = state.job !== null && after.job === null && event.type !== "till_closed";
  must(ends.length === (isJobOver ? 1 : 0), "a promise ends once, with its sale");
  const money = types.filter((type) => MONEY.includes(type));
  if (money.length > 0) {
    const isTyped = event.type === "refused" && state.call.stopped === "code";
    must(money.length === 1 && after.call.number === state.calls + 1, "one call for one press");
    must(PRESSED.includes(event.type) || isTyped, "only a person or the page moves money");
    must(state.call === null || state.call.kind === "watch" || isTyped, "one call at a time");
    must(after.job || !["charge", "show_code"].includes(money[0]), "a charge is the page's");
  }
  const isNew = after.view.name !== state.view.name;
  if (isNew && after.view.name === "paid") {
    const isBack = event.type === "refused" && state.call.back.name === "paid";
    must((event.type === "ended" && event.outcome.status === "paid") || isBack, "paid is proven");
  }
  must(!isNew || state.view.name !== "unconfirmed" || event.type !== "done_pressed", "it is not simply left");
  must(after === state || !isBusy(state) || event.type !== "sale_begun", "a sale is not replaced");
  must(!after.view.outcome || after.view.outcome.sale.ref === after.sale?.ref, "an end is of the sale on screen");
  must(after.call === null || after.call.number === after.calls, "the newest call runs");
  must(after.call || after.view.name !== "waiting", "somebody is waited for");
  must(after.job || !["scan", "no_camera"].includes(after.view.name), "a scan is for a sale");
  must(after.tradeId || !(canRefund(after) || offeredVerdicts(after).length > 0), "a decision is about a trade");
}

test("what no event may do, in any state", (t) => {
  const { states, steps } = reached();
  t.diagnostic(`${states.length} states, ${steps} steps`);
  const views = new Set(states.map(({ view }) => view.name));
  const all =
    "idle opening closed scan no_camera wallets code waiting paid declined cancelled voided unconfirmed refused";
  assert.deepEqual([...views].sort(), all.split(" ").sort());
});

test("the answer of an earlier call changes nothing", () => {
  for (const state of reached().states) {
    for (const answer of answers(state.calls - 1)) {
      const [after, effects] = step(state, answer);
      assert.equal(after, state);
      // The till that asks for a wallet is told that there is none.
      const told = answer.type === "wallet_asked" ? [{ type: "choose", walletId: null }] : [];
      assert.deepEqual(effects, told);
    }
    if (state.call) continue;
    for (const answer of answers(state.calls).slice(1)) assert.equal(step(state, answer)[0], state, "a call ends once");
  }
});

/** Goes from state to state; events without a call are answers to the newest. */
function story(...events) {
  let state = INITIAL;
  const effects = [];
  const opened = EVENTS[1];
  for (const given of [opened, ...events]) {
    const event = typeof given === "string" ? { type: given } : given;
    const [after, more] = step(state, "call" in event ? { ...event, call: state.calls } : event);
    state = after;
    effects.push(...more);
  }
  return { state, view: state.view.name, did: effects.map(({ type }) => type), effects };
}

const charge = { type: "sale_begun", job: jobOf("charge"), hasCode: false, wallets: WALLETS };
const show = { type: "sale_begun", job: jobOf("show"), hasCode: false, wallets: WALLETS };
const ended = (status, more) => ({ type: "ended", call: 0, outcome: outcomeOf(status, more), now: 5 });
const refused = (code, more, wallets = null) => ({
  type: "refused",
  call: 0,
  fault: fault(code, more),
  wallets,
  now: 5,
});
const open = { tradeStatus: "unknown", proposal: null };

test("a cashier who cancels before a code was used gets a cancelled sale, not an error", () => {
  const { view, effects } = story(charge, "cancel_pressed", refused(null));
  assert.equal(view, "cancelled");
  assert.deepEqual(
    effects.map(({ type, outcome }) => [type, outcome?.by].filter(Boolean).join(" ")),
    ["charge", "abort", "resolve cashier", "tell_outcome cashier"],
  );
  const page = story(charge, "sale_stopped", refused(null));
  assert.deepEqual([page.view, page.did], ["idle", ["charge", "abort", "reject"]], "the page's own abort rejects");
});

test("without a camera the code is typed, and the promise waits for that", () => {
  const denied = refused("camera_denied", { type: "camera" });
  const { view, effects, did } = story(charge, denied, "type_pressed", "code_given", ended("paid"));
  assert.deepEqual([view, did], ["paid", ["charge", "charge", "resolve", "tell_outcome"]]);
  assert.deepEqual(
    effects.slice(0, 2).map(({ code }) => code),
    ["scan", "given"],
  );
});

test("a wallet is asked for by the till, by the element, or before a code is shown; its limits count", () => {
  const asked = { type: "wallet_asked", call: 0, wallets: WALLETS };
  const pick = { type: "wallet_pressed", walletId: "21" };
  assert.deepEqual(story(charge, asked, { ...pick, walletId: "33" }).view, "wallets", "it takes no such amount");
  assert.deepEqual(story(charge, asked, pick).effects.at(-1), { type: "choose", walletId: "21" });
  const resent = story(charge, refused("wallet_required", {}, WALLETS), pick).effects.at(-1);
  assert.deepEqual([resent.type, resent.code, resent.walletId], ["charge", "scanned", "21"]);
  assert.equal(story(show, pick).effects.at(-1).type, "show_code");
});

test("not confirmed: checked again, settled with evidence, or set aside, and never left by the page's Done", () => {
  const here = [charge, ended("unconfirmed", open)];
  assert.equal(story(...here, "done_pressed").view, "unconfirmed");
  const checked = story(...here, "check_pressed", ended("unconfirmed", open)).state;
  assert.deepEqual([checked.view.name, checked.view.checkedAt], ["unconfirmed", 5]);
  const verdict = (evidence) => ({ type: "verdict_confirmed", outcome: "paid", evidence });
  assert.equal(story(...here, "verdict_pressed", verdict(" ")).state.trouble.word, "evidenceNeeded");
  const settled = story(...here, "verdict_pressed", verdict(" seen "), ended("paid", { decidedBy: "person" }));
  assert.equal(settled.effects.find(({ type }) => type === "give_verdict").evidence, "seen");
  assert.equal(settled.view, "paid");
  assert.equal(story(...here, "aside_pressed").view, "idle", "the till keeps it in its list");
  const forgotten = { type: "unfinished_changed", unfinished: [] };
  assert.equal(story(...here, forgotten, "aside_pressed").view, "unconfirmed", "nobody would find it again");
});

test("a refund needs a reason and two presses; refused, the sale is paid still", () => {
  const paid = [charge, ended("paid")];
  const confirm = (reason) => ({ type: "refund_confirmed", reason });
  assert.deepEqual(story(...paid, confirm("goods returned")).did.includes("void"), false);
  assert.equal(story(...paid, "refund_pressed", confirm("")).state.trouble.word, "whyNeeded");
  assert.equal(story(...paid, "refund_pressed", confirm("goods returned"), ended("voided")).view, "voided");
  const kept = story(...paid, "refund_pressed", confirm("goods returned"), refused("trade_not_voidable")).state;
  assert.deepEqual([kept.view.name, kept.trouble.code], ["paid", "trade_not_voidable"]);
});

test("a sale that another trade has rejects, and its end is looked up", () => {
  const { view, did, state } = story(charge, refused("sale_paid", { tradeId: "t-a" }), ended("paid"));
  assert.deepEqual([view, state.view.isAlready], ["paid", true]);
  assert.deepEqual(did, ["charge", "reject", "tell_error", "watch", "tell_outcome"]);
});

test("what is only looked up can be left, and what was not confirmed before is not confirmed again", () => {
  const looked = story({ type: "unfinished_pressed", tradeId: "t-b" }, "cancel_pressed");
  assert.deepEqual([looked.view, looked.did, looked.state.call], ["idle", ["watch", "abort"], null]);
  const here = story(charge, ended("unconfirmed", open), "check_pressed", "cancel_pressed");
  assert.equal(here.view, "unconfirmed");
  const busy = refused("sale_busy", { tradeId: "t-a", moneyMoved: "maybe" });
  assert.equal(story(charge, busy, "cancel_pressed", "done_pressed").view, "unconfirmed");
});

test("late money takes the screen of a sale that looked over", () => {
  const cancelled = ended("cancelled", { by: "system", reason: "deadline" });
  const late = { type: "trade_changed", trade: tradeOf("late_success") };
  const { view, state } = story(charge, cancelled, late);
  assert.deepEqual([view, state.view.kind], ["unconfirmed", "late"]);
});

test("docs/element.md has each part, slot and custom property, and no other", async () => {
  const folder = new URL("../../pkg/element/", import.meta.url);
  const files = (await readdir(folder)).filter((name) => /^(view|asks|styles|element)/.test(name));
  const source = (await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")))).join("");
  const docs = await readFile(new URL("../../docs/element.md", import.meta.url), "utf8");
  const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found))].sort();
  const rows = (heading) => {
    const [section] = docs.split(`\n## ${heading}\n`)[1].split("\n## ");
    return [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names]) => all(names, /`([^`]+)`/g)).sort();
  };
  const parts = all(source, /part="([^"]*)"/g).flatMap((names) =>
    names
      .replace(/\$\{\w+\}/, "")
      .split(" ")
      .filter(Boolean),
  );
  const added = all(source, /part\.add\("([^"]*)"/g);
  assert.deepEqual(rows("Parts"), [...new Set([...parts, ...added, "primary"])].sort());
  assert.deepEqual(rows("Slots"), all(source, /slot name="([^"]*)"/g));
  assert.deepEqual(rows("Custom properties"), all(source, /var\((--kaunter-[a-z-]+)/g));
});

test("rule 49: of a photo's codes the customer's is taken, and of two neither", async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../pkg/screen/chosen.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
  });
  const { chosen } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
  );
  const sticker = { text: "https://qr.alipay.com/fkx1", kind: "merchant" };
  const link = { text: "https://shop.example/p/1", kind: "opaque" };
  const unknown = { text: "TNG-7Q2M", kind: "opaque" };
  const known = { text: "281234567890123456", kind: "alipay" };
  assert.deepEqual(chosen([sticker, link, unknown, known]), { code: known.text });
  assert.deepEqual(chosen([sticker, link, unknown]), { code: unknown.text });
  assert.deepEqual(chosen([link]), { code: link.text });
  assert.deepEqual(chosen([link, sticker]), { code: sticker.text }, "the till says what it is");
  assert.deepEqual(chosen([known, { ...known, text: "287650098230927349" }]), { word: "severalCodes" });
  assert.deepEqual(chosen([]), { word: "noCode" });
});
