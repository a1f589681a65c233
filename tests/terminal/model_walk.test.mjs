// Every event in every model of the cashier's page that can be reached, in Node and without a browser: what no event may
// do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compiled, fault, money, outcome, trade } from "./model.mjs";

const { INITIAL, canGiveUp, hasOpenPayment, next, offeredVerdicts, phoneActions, settled } = await compiled();

const PERSON = new Set([
  "open_pressed",
  "digit_pressed",
  "clear_pressed",
  "reference_entered",
  "charge_pressed",
  "other_customer_chosen",
  "show_code_pressed",
  "code_given",
  "use_camera_pressed",
  "stop_pressed",
  "cancel_pressed",
  "leave_pressed",
  "try_again_pressed",
  "new_sale_pressed",
  "back_pressed",
  "check_pressed",
  "verdict_pressed",
  "give_back_pressed",
  "other_way_pressed",
  "decision_sent",
  "trade_opened",
  "test_pressed",
  "practice_pressed",
  "leave_practice_pressed",
  "phone_pressed",
]);
const PHONE = ["scan", "approve", "decline", "no_answer", "pay_late", "answer"];
const MONEY = ["charge", "show_code", "decide"];
const STATUSES = [
  "creating",
  "awaiting_code",
  "awaiting_payer",
  "paying",
  "pending",
  "unknown",
  "cancelling",
  "voiding",
  "needs_review",
  "late_success",
  "reversed",
  "paid",
  "declined",
  "cancelled",
  "voided",
];
const OUTCOMES = ["paid", "declined", "cancelled", "voided", "unconfirmed"];
const STATES = ["idle", "starting", "scanning", "scanned", "paying", "waiting", "cancelling", "review"];

/** Every event that can happen to a model, with answers of the newest call. */
function events(model) {
  const run = model.run.number;
  // The sandbox of a page for practice knows practice sales only.
  const named = (ref) => (model.practice ? `PRACTICE-${ref}` : ref);
  const ref = model.sale?.ref ?? named("bill");
  const own = (status, more) => trade(status, { ref, id: model.tradeId ?? "t-1", ...more });
  const other = (status, more) => trade(status, { ref: named("earlier"), id: "t-9", minor: 4200, ...more });
  const settled = { decidedBy: "person" };
  const proposal = { outcome: "voided", by: "Mei", at: "2026-01-02T03:04:05Z" };
  const verdict = { type: "verdict", outcome: "declined", evidence: "seen" };
  const void_ = { type: "void", reason: "r" };
  return [
    ...[true, false].map((canCancel) => ({ type: "settings_read", currency: "MYR", isRegistered: false, canCancel })),
    { type: "opened", showsCodes: true, minor: 1250, ref: "bill" },
    { type: "open_failed", fault: fault("network_failed") },
    ...[true, false].map((isOnline) => ({ type: "connection_changed", isOnline })),
    { type: "unfinished_changed" },
    { type: "practice_begun" },
    ...(model.practice ? PHONE.map((action) => ({ type: "phone_pressed", action })) : []),
    { type: "owed_read", ref: "bill", minor: 4200, sentence: null },
    { type: "warned", sentence: { word: "noCode" } },
    { type: "signed_out" },
    { type: "scanner_typed", minor: 0, isCovered: false },
    ...[...PERSON].map((type) => ({
      type,
      ...{
        digit_pressed: { key: model.draft.minor > 0 ? "C" : "5" },
        code_given: { code: "c" },
        reference_entered: { ref: "bill" },
        phone_pressed: { action: "hold_up" },
        decision_sent: { tradeId: model.tradeId ?? "t-1", decision: model.view.screen === "paid" ? verdict : void_ },
        trade_opened: { trade: other("paid"), isFromHistory: true },
      }[type],
    })),
    { type: "trade_opened", trade: own("needs_review"), isFromHistory: false },
    { type: "trade_opened", trade: own("paid", settled), isFromHistory: true },
    { type: "decision_sent", tradeId: "t-9", decision: void_ },
    {
      type: "decision_sent",
      tradeId: model.tradeId ?? "t-1",
      decision: { type: "give_up", ref, tender: "cash" },
    },
    ...STATES.map((to) => ({ type: "state_changed", to, trade: null })),
    ...STATES.flatMap((to) =>
      ["awaiting_payer", "pending", "voiding", "paid"].map((status) => ({
        type: "state_changed",
        to,
        trade: own(status),
      })),
    ),
    { type: "state_changed", to: "waiting", trade: other("pending") },
    ...STATUSES.flatMap((status) => [own, other].map((made) => ({ type: "trade_changed", trade: made(status) }))),
    ...[
      own("paid", settled),
      own("declined", settled),
      own("paid", { ...settled, proposal }),
      other("declined", { ...settled, verdictContradicted: true }),
    ].map((trade) => ({ type: "trade_changed", trade })),
    { type: "time_left", leftMs: 1 },
    { type: "hint_changed", hint: "dark" },
    { type: "code_read" },
    ...(run === 0 ? [] : answers(model, own)),
  ];
}

/** Every answer of the newest call. */
function answers(model, own) {
  const run = model.run.number;
  const named = (ref) => (model.practice ? `PRACTICE-${ref}` : ref);
  const ref = model.sale?.ref ?? named("bill");
  const faults = [
    fault(null),
    fault("network_failed"),
    fault("camera_denied", { type: "camera" }),
    fault("sale_amount_mismatch"),
    fault("sale_paid", { tradeId: "t-9" }),
    fault("sale_busy"),
    fault("worker_failed"),
    fault("token_revoked", { type: "auth" }),
    fault("terminal_taken"),
    fault("internal", { moneyMoved: "maybe", tradeId: "t-1" }),
  ];
  const busy = { type: "busy", fault: fault("sale_busy") };
  const mismatch = { type: "mismatch", fault: fault("sale_amount_mismatch") };
  return [
    { type: "wallet_chosen", run },
    { type: "code_shown", run, svg: "<svg>", leftMs: 9 },
    ...OUTCOMES.map((status) => ({
      type: "ended",
      run,
      outcome: outcome(status, { ref, id: model.tradeId ?? "t-1" }),
    })),
    { type: "ended", run, outcome: outcome("paid", { id: "t-9", ref: named("earlier"), minor: 4200 }) },
    { type: "ended", run, outcome: outcome("paid", { ref, voidRefused: { code: "X", message: "no" } }) },
    ...faults.map((fault) => ({ type: "refused", run, fault })),
    { type: "test_ended", run, info: { kind: "alipay" } },
    { type: "cancel_refused", run, fault: fault("network_failed") },
    { type: "cancel_refused", run, fault: fault("terminal_taken") },
    { type: "decision_taken", run },
    { type: "given_up", run },
    { type: "decision_refused", run, dialog: "void", fault: fault("token_forbidden") },
    ...[busy, mismatch].flatMap((question) =>
      ["t-1", null].map((tradeId) => ({ type: "trade_found", run, tradeId, question })),
    ),
    ...[{ type: "unconfirmed", trouble: null }, mismatch].flatMap((question) =>
      [null, own("pending"), own("paid")].map((read) => ({
        type: "trade_read",
        run,
        tradeId: "t-1",
        trade: read,
        question,
      })),
    ),
    ...[null, outcome("paid", { ref }), outcome("paid", { ref, minor: 4200 }), outcome("declined", { ref })].map(
      (read) => ({
        type: "outcome_read",
        run,
        tradeId: "t-1",
        outcome: read,
      }),
    ),
    ...[true, false].map((isThere) => ({ type: "probed", run, isThere, fault: fault("worker_failed") })),
  ];
}

const FACTS = [
  { unfinished: [], hadOpenPayment: false, freshRef: "fresh", now: 1 },
  {
    hadOpenPayment: true,
    unfinished: [trade("late_success", { id: "t-9", ref: "earlier", minor: 4200 }), trade("needs_review")],
    freshRef: "fresh",
    now: 1,
  },
];

/** Events whose steps read the list of what is not finished. */
const READ_LISTS = [
  "opened",
  "charge_pressed",
  "show_code_pressed",
  "back_pressed",
  "unfinished_changed",
  "practice_pressed",
];
const SCREENS = [
  "declined/cancelled",
  "declined/declined",
  "declined/old",
  "declined/other",
  "declined/voided",
  "not-confirmed/late",
  "not-confirmed/not-confirmed",
  "not-confirmed/reversed",
  "paid/kept",
  "paid/old",
  "paid/paid",
  "present/creating",
  "present/shown",
  "ready/closed",
  "ready/opening",
  "ready/ready",
  "ready/signed-out",
  "scan/no-camera",
  "scan/scanning",
  "scan/starting",
  "scan/test",
  "scan/tested",
  "waiting/cancelling",
  "waiting/checking",
  "waiting/confirm",
  "waiting/lookup",
  "waiting/paying",
  "waiting/voiding",
];

/** What a model is told apart by: what decides, not what is only shown. */
const key = (model) => {
  const { view, run, decidingIn, draft, sale, tradeId, opened, home, currency, practice } = model;
  const record = settled(model);
  // Practice decides by the same rules. Only what it adds is told apart.
  if (practice)
    return [practice.customer, view.screen, view.kind, run.kind, draft.ref === sale?.ref, opened?.isOld].join();
  return [
    record !== null,
    record?.proposal != null,
    canGiveUp(model),
    view.screen,
    view.kind,
    run.kind,
    run.isStopped,
    decidingIn === run.number,
    draft.minor > 0,
    draft.ref === sale?.ref,
    tradeId !== null,
    opened?.isOld,
    home?.view.screen,
    currency,
  ].join();
};

const ENDS = ["paid", "declined", "not-confirmed"];
const LOOK_UPS = ["trade_found", "trade_read", "outcome_read", "probed"];
const ANSWERS = ["ended", "refused", "state_changed", "decision_taken", "wallet_chosen", "code_shown", "test_ended"];

/** A page is for practice or for real from its opening on. A practice page makes practice charges only. */
function keepsPractice(must, before, event, facts, after, effects) {
  const isPractice = after.practice !== null;
  const isBegun = event.type === "practice_begun" && before.view.kind === "opening";
  must(isBegun || (before.practice !== null) === isPractice, "practice began or ended meanwhile");
  for (const { type, sale } of effects) {
    if (type === "charge" || type === "show_code")
      must(sale.ref.startsWith("PRACTICE-") === isPractice, "a reference of the other kind");
    if (type === "phone") must(isPractice, "a practice phone at a real till");
    if (type === "note_open") must(!isPractice, "practice noted as an open payment");
    if (type === "leave_practice") must(isPractice, "practice is left for practice");
    if (type === "enter_practice") {
      const isOpen = hasOpenPayment({ ...before, unfinished: facts.unfinished });
      must(!isPractice && !isOpen, "practice beside an open payment");
    }
  }
  if (event.type !== "phone_pressed") return;
  const isDone = effects.some(({ type }) => type === "phone");
  must(isDone === phoneActions(before).includes(event.action), "the phone does what it does not offer");
}

/** What every step must keep. */
function keeps(next, before, event, facts) {
  const must = (holds, what) => {
    if (!holds) assert.fail(`${what}: ${JSON.stringify(event)}\nat ${JSON.stringify(before)}`);
  };
  const [after, effects] = next(before, event, facts);
  const { view } = before;
  const isPerson = PERSON.has(event.type);
  const money = effects.filter(({ type }) => MONEY.includes(type));
  must(money.length <= 1, "two calls at once");
  must(money.length === 0 || isPerson, "money moves by itself");
  for (const { type, run = after.run.number } of effects) {
    must(run === after.run.number, "an effect of an older call");
    const isCall = ["charge", "show_code", "resume"].includes(type);
    must(!isCall || run !== before.run.number, "a call without a number of its own");
  }
  const isDropped = before.run.kind === "act" && after.run.number !== before.run.number;
  must(
    !isDropped || isPerson || ["decision_taken", "given_up"].includes(event.type),
    "a call that may move money is dropped",
  );
  // An end stays until a person leaves it, or there is a newer word about the money: from a call that is in progress, a
  // look-up about it, late money, or a payment that was taken back.
  const isNewer =
    (before.run.kind !== "none" && ANSWERS.includes(event.type)) ||
    (LOOK_UPS.includes(event.type) && before.run.kind === "none") ||
    (event.type === "given_up" && before.decidingIn === before.run.number) ||
    (event.type === "trade_changed" && event.trade.status === "late_success" && view.screen !== "paid") ||
    (event.type === "trade_changed" && event.trade.status === "reversed" && view.screen !== "declined");
  must(!ENDS.includes(view.screen) || after.view === view || isPerson || isNewer, "an end was overwritten");
  // What the screen says of money comes from the till's word about money.
  const isProven =
    (["ended", "outcome_read"].includes(event.type) && event.outcome?.status === "paid") ||
    (["back_pressed", "given_up"].includes(event.type) && before.home?.view === after.view);
  must(after.view.screen !== "paid" || after.view === view || isProven, "paid without proof");
  keepsPractice(must, before, event, facts, after, effects);
  // A correction is offered for a person's word only, and what waits for a second person leaves the end on screen.
  const record = settled(before);
  const asked = effects.find(({ type }) => type === "ask_manager");
  must(!asked || asked.offered.length > 0, "a question without an answer");
  must(!asked?.isCorrection || record?.decidedBy === "person", "a correction of the gateway's word");
  const isSame = event.type === "ended" && event.outcome.status === record?.status && !event.outcome.voidRefused;
  must(!(isSame && record.proposal) || before.run.kind === "none" || after.view === view, "a proposal moved the end");
  must(offeredVerdicts(after).length > 0 || settled(after) === null, "a settled end that nobody can correct");
  // An answer of an earlier call changes nothing.
  if ("run" in event) {
    const [stale, more] = next(before, { ...event, run: event.run - 1 }, facts);
    const isSame = ["view", "sale", "tradeId", "draft", "home", "opened", "run"].every(
      (of) => stale[of] === before[of],
    );
    must(isSame, "a stale answer changes the screen");
    // What is not finished changes by itself, and is noted and heard with any event.
    must(!more.some(({ type }) => !["sound", "note_open"].includes(type)), "a stale answer acts");
  }
  return { after, isMoved: after.view !== view };
}

/** Every event in every model that can be reached. */
function walk(next) {
  const seen = new Map([[key(INITIAL), INITIAL]]);
  const pairs = new Set();
  let steps = 0;
  // A map hands out what is added to it meanwhile.
  for (const model of seen.values()) {
    for (const event of events(model)) {
      for (const facts of READ_LISTS.includes(event.type) ? FACTS : FACTS.slice(0, 1)) {
        const { after, isMoved } = keeps(next, model, event, facts);
        steps += 1;
        if (isMoved) pairs.add(`${model.view.screen}/${model.view.kind} ${event.type}`);
        if (!seen.has(key(after))) seen.set(key(after), after);
      }
    }
  }
  return { models: [...seen.values()], pairs, steps };
}

test("every event in every reachable model: no step throws, pays by itself, or overwrites an end", (t) => {
  const { models, pairs, steps } = walk(next);
  t.diagnostic(`${models.length} models, ${steps} steps, ${pairs.size} pairs of a screen and an event that moves it`);
  assert.deepEqual(
    [...new Set(models.map(({ view }) => `${view.screen}/${view.kind}`))].sort(),
    SCREENS,
    "every screen is reached",
  );
  assert.ok(steps > 100_000 && pairs.size > 100, `${steps} steps, ${pairs.size} pairs`);
});

for (const [what, broken, words] of [
  [
    "forgets that it is practice",
    (model, event, facts) => {
      const [after, effects] = next(model, event, facts);
      return [event.type === "opened" ? { ...after, practice: null } : after, effects];
    },
    /practice began or ended meanwhile/,
  ],
  [
    "charges a practice sale for real",
    (model, event, facts) => next(model, event, { ...facts, freshRef: "PRACTICE-fresh" }),
    /a reference of the other kind/,
  ],
  [
    "believes every answer",
    (model, event, facts) => next(model, "run" in event ? { ...event, run: model.run.number } : event, facts),
    /a stale answer changes the screen/,
  ],
  [
    "follows the till everywhere",
    (model, event, facts) => {
      const isMove = event.type === "state_changed" && model.run.kind === "none";
      const sale = { ref: "bill", amount: money(1250) };
      return next(isMove ? { ...model, sale, run: { ...model.run, kind: "watch" } } : model, event, facts);
    },
    /an end was overwritten/,
  ],
  [
    "charges again by itself",
    (model, event, facts) =>
      event.type === "ended" && model.view.screen === "waiting"
        ? next(next(model, event, facts)[0], { type: "try_again_pressed" }, facts)
        : next(model, event, facts),
    /money moves by itself/,
  ],
])
  test(`a machine that ${what} is found`, () => {
    assert.throws(() => walk(broken), words);
  });
