// The model of the cashier's page, in Node and without a browser: each screen, what leaves it, and the page's modules.
// `model_walk.test.mjs` has what no event may do. The rest of the page is tested in a browser.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compiled, fault, outcome, saleOf, trade, www } from "./model.mjs";

const { INITIAL, banner, canBegin, isBusy, next, phoneActions } = await compiled();

/** A page to which things happen; it keeps the last effects. */
class Page {
  constructor() {
    this.model = INITIAL;
    this.effects = [];
    this.facts = { unfinished: [], hadOpenPayment: false, freshRef: "fresh-1", now: 1_000 };
  }
  /** One event. Answers get the number of the newest call, unless they name another. */
  happens(type, more = {}) {
    const answers =
      /^(wallet_chosen|code_shown|ended|refused|test_ended|cancel_refused|decision_taken|given_up|decision_refused|trade_found|trade_read|outcome_read|probed)$/;
    const event = { type, ...(answers.test(type) ? { run: this.run } : {}), ...more };
    [this.model, this.effects] = next(this.model, event, this.facts);
    return this;
  }
  get run() {
    return this.model.run.number;
  }
  get seen() {
    return `${this.model.view.screen}/${this.model.view.kind}`;
  }
  /** The effects of some types. */
  did(...types) {
    return this.effects.filter(({ type }) => types.includes(type));
  }
  get sounds() {
    return this.did("sound").map(({ sound }) => sound);
  }
}

/** Ready, with an amount. */
const readyPage = ({ minor = 1250, ref = null, unfinished = [] } = {}) => {
  const page = new Page();
  page.facts = { ...page.facts, unfinished };
  return page
    .happens("settings_read", { currency: "MYR", isRegistered: false, canCancel: true })
    .happens("opened", { showsCodes: true, minor, ref });
};
/** Ready, in a shop that takes registered sales only. */
const registeredPage = (ref = null) =>
  new Page()
    .happens("settings_read", { currency: "MYR", isRegistered: true, canCancel: true })
    .happens("opened", { showsCodes: true, minor: 1, ref });
const scanningPage = (more) =>
  readyPage(more).happens("charge_pressed").happens("state_changed", { to: "scanning", trade: null });
const ownTrade = (page, status, more = {}) =>
  trade(status, { ref: page.model.sale.ref, minor: page.model.sale.amount.minor, ...more });
const ownOutcome = (page, status, more = {}) =>
  outcome(status, { ref: page.model.sale.ref, minor: page.model.sale.amount.minor, ...more });
/** The customer is asked to confirm. */
const waitingPage = (more) => {
  const page = scanningPage(more);
  return page.happens("state_changed", { to: "waiting", trade: ownTrade(page, "pending") });
};
const endedPage = (status, more = {}) => {
  const page = waitingPage();
  return page.happens("ended", { outcome: ownOutcome(page, status, more) });
};
/** Not confirmed, with a trade that needs review. */
const notConfirmedPage = () =>
  endedPage("unconfirmed").happens("trade_read", {
    tradeId: "t-1",
    trade: trade("needs_review", { ref: "fresh-1" }),
    question: { type: "unconfirmed", trouble: null },
  });

// ---- each screen ----------------------------------------------------------------------------------------------------

test("opening: nothing can be pressed, there is no currency before the settings, and a failure can be tried again", () => {
  const page = new Page();
  for (const type of ["digit_pressed", "charge_pressed", "show_code_pressed", "test_pressed", "clear_pressed"]) {
    page.happens(type, { key: "1" });
    assert.deepEqual([page.model, page.effects], [INITIAL, []], type);
  }
  assert.equal(page.model.currency, null);
  page.happens("open_failed", { fault: fault("network_failed") });
  assert.equal(page.seen, "ready/closed");
  assert.equal(page.model.trouble.fault.code, "network_failed");
  page.happens("open_pressed");
  assert.deepEqual([page.seen, page.model.trouble, page.effects], ["ready/opening", null, [{ type: "open" }]]);
  page.happens("opened", { showsCodes: false, minor: 1250, ref: null }).happens("charge_pressed");
  assert.equal(page.seen, "ready/ready", "without settings nothing has a currency, so nothing is charged");
  page.happens("settings_read", { currency: "JPY" }).happens("charge_pressed");
  assert.deepEqual(page.did("charge")[0].sale, { ref: "fresh-1", amount: { minor: 1250, currency: "JPY" } });
});

test("ready: digits, and Charge only with an amount and a connection", () => {
  const page = readyPage({ minor: 0 });
  assert.equal(canBegin(page.model), false);
  for (const key of "12509") page.happens("digit_pressed", { key });
  page.happens("digit_pressed", { key: "⌫" });
  assert.equal(page.model.draft.minor, 1250);
  page.happens("connection_changed", { isOnline: false }).happens("charge_pressed");
  assert.deepEqual([page.seen, page.effects], ["ready/ready", []]);
  page.happens("connection_changed", { isOnline: true });
  for (const key of "12345678901234") page.happens("digit_pressed", { key });
  assert.equal(String(page.model.draft.minor).length, 9, "nine digits at most");
  page.happens("scanner_typed", { minor: 7, isCovered: false });
  assert.deepEqual([page.model.draft.minor, page.model.trouble], [7, { word: "handScanner" }]);
  page.happens("digit_pressed", { key: "C" });
  assert.deepEqual([page.model.draft.minor, page.model.trouble], [0, null]);
});

test("a double press of Charge, of a typed code and of a decision acts once", () => {
  const page = readyPage().happens("charge_pressed");
  assert.equal(page.did("charge").length, 1);
  page.happens("charge_pressed");
  assert.deepEqual([page.effects, page.run], [[], 1]);
  page.happens("code_given", { code: "c" });
  assert.deepEqual([page.seen, page.did("charge").length], ["waiting/paying", 1]);
  page.happens("code_given", { code: "c" });
  assert.deepEqual(page.effects, []);
  const end = endedPage("paid");
  const decision = { type: "void", reason: "paid twice" };
  end.happens("decision_sent", { tradeId: "t-1", decision });
  assert.equal(end.did("decide").length, 1);
  end.happens("decision_sent", { tradeId: "t-1", decision });
  assert.deepEqual(end.effects, []);
  const retry = endedPage("declined").happens("try_again_pressed");
  assert.equal(retry.did("charge").length, 1);
  assert.deepEqual(retry.happens("try_again_pressed").effects, []);
});

test("scan: a camera, a typed code, a code of the till's own, and a way out", () => {
  const page = readyPage().happens("charge_pressed");
  assert.equal(page.seen, "scan/starting", "at once: a second tap must not find Charge");
  page.happens("state_changed", { to: "scanning", trade: null });
  assert.equal(page.seen, "scan/scanning");
  page.happens("hint_changed", { hint: "closer" });
  assert.equal(page.model.hint, "closer");
  page.happens("code_read");
  assert.deepEqual([page.model.hint, page.sounds], [null, ["read"]]);
  page.happens("stop_pressed");
  assert.deepEqual(page.effects, [{ type: "abort" }]);
  page.happens("refused", { fault: fault(null) });
  assert.deepEqual([page.seen, page.model.draft.minor, page.sounds], ["ready/ready", 1250, []]);

  const blind = scanningPage().happens("refused", { fault: fault("camera_denied", { type: "camera" }) });
  assert.equal(blind.seen, "scan/no-camera");
  blind.happens("use_camera_pressed");
  assert.deepEqual([blind.seen, blind.did("charge").length], ["scan/starting", 1]);
  blind.happens("refused", { fault: fault("camera_denied", { type: "camera" }) }).happens("code_given", { code: "c" });
  assert.deepEqual([blind.seen, blind.did("charge")[0].code], ["waiting/paying", "c"]);

  const own = scanningPage().happens("show_code_pressed");
  assert.deepEqual([own.seen, own.did("show_code").length], ["scan/scanning", 1], "until a wallet is chosen");
  own.happens("wallet_chosen");
  assert.equal(own.seen, "present/creating");
});

test("our code: it stays up while the trade waits for its payer, then the customer's confirmation is awaited", () => {
  const page = readyPage().happens("show_code_pressed").happens("wallet_chosen");
  page.happens("code_shown", { svg: "<svg>", leftMs: 90_000 });
  assert.equal(page.seen, "present/shown");
  page.happens("time_left", { leftMs: 45_000 });
  assert.equal(page.model.view.leftMs, 45_000);
  page.happens("state_changed", { to: "waiting", trade: ownTrade(page, "awaiting_payer") });
  assert.equal(page.seen, "present/shown");
  page.happens("trade_changed", { trade: ownTrade(page, "pending") });
  assert.equal(page.seen, "waiting/confirm");
});

test("waiting: what to tell the customer, and a cancel that ends as the till says", () => {
  const page = waitingPage();
  assert.equal(page.seen, "waiting/confirm");
  page.happens("trade_changed", { trade: ownTrade(page, "unknown") });
  assert.equal(page.seen, "waiting/checking");
  page.happens("cancel_pressed");
  assert.deepEqual(page.effects, [{ type: "abort" }]);
  page.happens("cancel_pressed");
  assert.deepEqual(page.did("cancel"), [{ type: "cancel", run: page.run, tradeId: "t-1" }], "again: asked directly");
  page.happens("state_changed", { to: "cancelling", trade: ownTrade(page, "cancelling") });
  assert.deepEqual([page.seen, page.model.view.canCancel], ["waiting/cancelling", false]);
  assert.deepEqual(page.happens("cancel_pressed").effects, []);
  page.happens("cancel_refused", { fault: fault("network_failed") });
  assert.equal(page.model.trouble.fault.code, "network_failed");
});

for (const [status, seen, sounds] of [
  ["paid", "paid/paid", ["paid"]],
  ["declined", "declined/declined", ["not_paid"]],
  ["cancelled", "declined/cancelled", ["not_paid"]],
  ["voided", "declined/voided", []],
]) {
  test(`${status}: shown once, also when it comes late after a cancel`, () => {
    const page = endedPage(status);
    assert.deepEqual([page.seen, page.sounds, isBusy(page.model)], [seen, sounds, false]);
    const late = waitingPage().happens("cancel_pressed");
    late.happens("ended", { outcome: ownOutcome(late, status) });
    assert.equal(late.seen, seen);
  });
}

test("a watched trade is cancelled by asking, not by ceasing to watch", () => {
  const pending = trade("pending");
  const page = readyPage({ ref: "bill", unfinished: [pending] });
  assert.deepEqual(page.did("resume"), [{ type: "resume", run: 1, tradeId: "t-1" }]);
  page.happens("state_changed", { to: "waiting", trade: pending }).happens("cancel_pressed");
  assert.deepEqual(page.effects, [{ type: "cancel", run: 1, tradeId: "t-1" }]);
});

test("not confirmed: the trade is read, Check now watches it, and without an answer it stays", () => {
  const page = endedPage("unconfirmed");
  assert.deepEqual([page.seen, page.did("read_trade").length], ["waiting/confirm", 1]);
  const question = page.effects[0].question;
  page.happens("trade_read", { tradeId: "t-1", trade: null, question });
  assert.deepEqual(
    [page.seen, page.sounds, page.model.view.checkedAt],
    ["not-confirmed/not-confirmed", ["not_paid"], null],
  );
  page.happens("check_pressed");
  assert.equal(page.did("resume").length, 1);
  page.happens("refused", { fault: fault("network_failed") });
  assert.deepEqual([page.seen, page.model.trouble.fault.code], ["not-confirmed/not-confirmed", "network_failed"]);
  page.happens("check_pressed").happens("ended", { outcome: ownOutcome(page, "unconfirmed") });
  page.happens("trade_read", { tradeId: "t-1", trade: trade("needs_review", { ref: "fresh-1" }), question });
  assert.deepEqual([page.model.view.checkedAt, page.sounds], [1_000, []], "no news makes no sound");
  page.happens("trade_changed", { trade: trade("paid", { ref: "fresh-1" }) });
  assert.equal(page.did("resume").length, 1, "it ended by itself");
  page.happens("ended", { outcome: ownOutcome(page, "paid") });
  assert.deepEqual([page.seen, page.sounds], ["paid/paid", ["paid"]]);
});

test("late money takes the place of an end that is not true any more, and of nothing else", () => {
  const late = trade("late_success", { ref: "fresh-1" });
  for (const status of ["declined", "cancelled"]) {
    const page = endedPage(status).happens("trade_changed", { trade: late });
    assert.deepEqual([page.seen, page.sounds], ["not-confirmed/late", ["not_paid"]]);
    page.happens("verdict_pressed");
    assert.deepEqual(
      page.did("ask_manager").map(({ offered }) => offered),
      [["paid", "voided"]],
    );
  }
  assert.equal(notConfirmedPage().happens("trade_changed", { trade: late }).seen, "not-confirmed/late");
  assert.equal(endedPage("paid").happens("trade_changed", { trade: late }).seen, "paid/paid");
  assert.equal(scanningPage().happens("trade_changed", { trade: late }).seen, "scan/scanning");
});

test("rule 35: a customer who pays another way leaves the sale, unless the till refuses", () => {
  const page = notConfirmedPage();
  const { tradeId, sale } = page.model;
  page.happens("other_way_pressed");
  assert.deepEqual(
    page.did("ask_other_way").map(({ tradeId, sale }) => [tradeId, sale.ref]),
    [[tradeId, sale.ref]],
  );
  const decision = { type: "give_up", ref: sale.ref, tender: "cash" };
  page.happens("decision_sent", { tradeId, decision });
  assert.deepEqual(
    page.did("decide").map(({ decision }) => decision),
    [decision],
  );
  page.happens("decision_refused", { dialog: "give_up", fault: fault("sale_paid") });
  assert.equal(page.seen, "not-confirmed/not-confirmed");
  page.happens("decision_sent", { tradeId, decision }).happens("given_up");
  assert.equal(page.seen, "ready/ready");
  for (const status of ["paid", "declined"]) {
    const other = endedPage(status);
    other.happens("other_way_pressed");
    assert.deepEqual(other.did("ask_other_way"), [], status);
  }
});

test("rule 35: where the gateway has no cancel, a customer pays another way from the waiting screen too", () => {
  const page = waitingPage().happens("settings_read", { currency: "MYR", isRegistered: false, canCancel: false });
  const { tradeId, sale } = page.model;
  page.happens("other_way_pressed");
  assert.deepEqual(
    page.did("ask_other_way").map((asked) => [asked.tradeId, asked.sale]),
    [[tradeId, sale]],
  );
  const decision = { type: "give_up", ref: sale.ref, tender: "cash" };
  page.happens("decision_sent", { tradeId, decision }).happens("given_up");
  assert.deepEqual([page.seen, page.model.draft.minor, page.sounds], ["ready/ready", 0, []]);
  page.happens("ended", { run: page.run - 1, outcome: outcome("unconfirmed", { ref: sale.ref }) });
  assert.equal(page.seen, "ready/ready", "the end of the call that was left");

  const first = waitingPage().happens("settings_read", { currency: "MYR", isRegistered: false, canCancel: false });
  first.happens("decision_sent", { tradeId, decision }).happens("ended", { outcome: ownOutcome(first, "paid") });
  first.happens("decision_refused", { dialog: "give_up", fault: fault("sale_paid") });
  assert.equal(first.seen, "paid/paid", "it was paid first");
  assert.deepEqual(waitingPage().happens("other_way_pressed").did("ask_other_way"), [], "the gateway can cancel it");
});

test("rule 44: a verdict that a person gave can be corrected, and a correction that waits moves nothing", () => {
  const own = (status, more = {}) => trade(status, { ref: "fresh-1", decidedBy: "person", ...more });
  const proposal = { outcome: "declined", by: "Mei", at: "2026-01-02T03:04:05Z" };
  const offered = (page) =>
    page
      .happens("verdict_pressed")
      .did("ask_manager")
      .map(({ offered, isCorrection }) => [offered, isCorrection]);
  // Just settled, and opened from the day's list.
  const fresh = notConfirmedPage().happens("decision_sent", {
    tradeId: "t-1",
    decision: { type: "verdict", outcome: "paid", evidence: "seen" },
  });
  fresh.happens("trade_changed", { trade: own("paid") }).happens("decision_taken");
  fresh.happens("ended", { outcome: ownOutcome(fresh, "paid") });
  const listed = readyPage().happens("trade_opened", { trade: own("paid"), isFromHistory: true });
  listed.happens("ended", { outcome: outcome("paid", { ref: "fresh-1" }) });
  for (const page of [fresh, listed]) assert.deepEqual(offered(page), [[["declined", "voided"], true]]);
  assert.equal(listed.seen, "paid/old");

  // The correction is proposed: the screen stays as it is, and says who waits. The standing verdict ends it.
  const decision = { type: "verdict", outcome: "declined", evidence: "seen" };
  listed.happens("decision_sent", { tradeId: "t-1", decision });
  assert.deepEqual(
    listed.did("decide").map(({ decision }) => decision),
    [decision],
  );
  listed.happens("trade_changed", { trade: own("paid", { proposal }) }).happens("decision_taken");
  listed.happens("ended", { outcome: outcome("paid", { ref: "fresh-1" }) });
  assert.deepEqual([listed.seen, listed.sounds], ["paid/old", []]);
  assert.deepEqual(listed.did("await_correction"), [{ type: "await_correction", tradeId: "t-1" }]);
  assert.deepEqual(offered(listed), [[["paid", "declined", "voided"], true]]);
  // Another person has confirmed it, and the gateway has answered.
  listed.happens("trade_changed", { trade: own("declined") });
  assert.deepEqual(
    listed.did("resume").map(({ tradeId }) => tradeId),
    ["t-1"],
  );
  listed.happens("ended", { outcome: outcome("declined", { ref: "fresh-1", reason: "other" }) });
  assert.equal(listed.seen, "declined/declined");
  assert.deepEqual(offered(listed), [[["paid", "voided"], true]]);

  // The gateway's word, another trade's, and what came late.
  for (const record of [trade("paid", { ref: "fresh-1", decidedBy: "gateway" }), own("paid", { id: "t-9" })])
    assert.deepEqual(offered(endedPage("paid").happens("trade_changed", { trade: record })), []);
  const late = endedPage("paid").happens("trade_changed", { trade: own("paid", { late: true }) });
  assert.deepEqual(offered(late), [[["voided"], true]]);
  // Another terminal's trade, read again without the right to list: what is not shown has not fallen.
  const part = readyPage().happens("trade_opened", {
    trade: own("paid", { proposal }),
    isFromHistory: true,
  });
  part.happens("trade_changed", { trade: own("paid", { gatewayRef: null }) });
  assert.deepEqual(part.model.record.proposal, proposal);
  part.happens("trade_changed", { trade: own("paid") });
  assert.equal(part.model.record.proposal, null);
  // A refund that is refused is news, whatever waits.
  const refund = endedPage("paid").happens("trade_changed", { trade: own("paid", { proposal }) });
  refund.happens("decision_sent", { tradeId: "t-1", decision: { type: "void", reason: "r" } });
  refund.happens("decision_taken");
  refund.happens("ended", { outcome: ownOutcome(refund, "paid", { voidRefused: { code: "X", message: "no" } }) });
  assert.deepEqual([refund.model.view.refused?.code, refund.sounds], ["X", ["not_paid"]]);
});

test("rule 44: a verdict that the gateway contradicts is on the banner until a person opens it", () => {
  const settled = { id: "t-9", ref: "earlier", decidedBy: "person", verdictContradicted: true };
  const page = readyPage().happens("trade_changed", { trade: trade("paid", settled) });
  assert.deepEqual([page.sounds, banner(page.model).map(({ tradeId }) => tradeId)], [["attention"], ["t-9"]]);
  assert.deepEqual(page.happens("trade_changed", { trade: trade("paid", settled) }).sounds, [], "heard once");
  page.happens("trade_opened", { trade: trade("paid", settled), isFromHistory: false });
  page.happens("ended", { outcome: outcome("paid", { id: "t-9", ref: "earlier" }) });
  assert.deepEqual([page.seen, page.sounds], ["paid/old", []]);
  assert.deepEqual(banner(page.happens("back_pressed").model), []);
  // Corrected elsewhere: nothing is left to look at.
  const other = readyPage().happens("trade_changed", { trade: trade("declined", settled) });
  assert.equal(banner(other.model).length, 1);
  other.happens("trade_changed", { trade: trade("paid", { ...settled, verdictContradicted: false }) });
  assert.deepEqual(banner(other.model), []);
  const busy = waitingPage().happens("trade_changed", { trade: trade("paid", settled) });
  assert.deepEqual([busy.seen, busy.sounds, banner(busy.model)], ["waiting/confirm", [], []]);
});

test("rule 34: a payment that was taken back takes the place of the paid screen, and only the manager goes on", () => {
  const reversed = trade("reversed", { ref: "fresh-1" });
  const page = endedPage("paid").happens("trade_changed", { trade: reversed });
  assert.deepEqual([page.seen, page.sounds], ["not-confirmed/reversed", ["not_paid"]]);
  page.happens("give_back_pressed");
  assert.deepEqual(page.did("ask_give_back"), [], "there is nothing to give back");
  page.happens("verdict_pressed");
  assert.deepEqual(
    page.did("ask_manager").map(({ offered }) => offered),
    [["paid", "voided"]],
    "nobody can say that it was never paid",
  );
  assert.equal(notConfirmedPage().happens("trade_changed", { trade: reversed }).seen, "not-confirmed/reversed");
  const other = endedPage("paid");
  const earlier = trade("reversed", { id: "t-9", ref: "earlier" });
  other.facts = { ...other.facts, unfinished: [earlier] };
  other.happens("unfinished_changed");
  assert.deepEqual([other.seen, other.sounds, banner(other.model)], ["paid/paid", ["attention"], [earlier]]);
});

test("late money of another sale: on the banner once, and never over a payment in progress", () => {
  const late = trade("late_success", { id: "t-9", ref: "earlier" });
  const page = waitingPage();
  page.facts = { ...page.facts, unfinished: [late] };
  page.happens("trade_changed", { trade: late });
  assert.deepEqual([page.seen, page.sounds, banner(page.model)], ["waiting/confirm", [], []]);
  page.happens("ended", { outcome: ownOutcome(page, "paid") });
  assert.deepEqual([page.sounds, banner(page.model)], [["paid", "attention"], [late]]);
  assert.deepEqual(page.happens("unfinished_changed").sounds, [], "heard once");
  const review = trade("needs_review", { id: "t-8", ref: "other" });
  page.facts = { ...page.facts, unfinished: [review] };
  assert.deepEqual(
    banner(page.happens("unfinished_changed").model),
    [],
    "what is not confirmed waits for the next sale",
  );
  assert.deepEqual(banner(page.happens("new_sale_pressed").model), [review]);
});

test("what the till refuses: each case has its own screen", () => {
  const refused = (code, more) => scanningPage().happens("refused", { fault: fault(code, more) });
  assert.equal(refused("gateway_unavailable").seen, "declined/declined");
  const busy = refused("sale_busy", { moneyMoved: "maybe", tradeId: "t-7" });
  assert.deepEqual(
    busy.did("read_trade").map(({ tradeId }) => tradeId),
    ["t-7"],
  );
  busy.happens("trade_read", {
    tradeId: "t-7",
    trade: trade("pending", { id: "t-7" }),
    question: busy.effects[0].question,
  });
  assert.deepEqual(
    [busy.seen, busy.model.trouble, busy.model.draft.isUsed],
    ["not-confirmed/not-confirmed", { word: "busy" }, true],
  );
  const unnamed = refused("sale_busy");
  assert.equal(unnamed.did("find_trade").length, 1);
  unnamed.happens("trade_found", { tradeId: null, question: unnamed.effects[0].question });
  assert.equal(unnamed.seen, "declined/declined");

  const paid = refused("sale_paid", { tradeId: "t-7" });
  assert.equal(paid.did("read_outcome").length, 1);
  paid.happens("outcome_read", { tradeId: "t-7", outcome: outcome("paid", { id: "t-7", ref: "fresh-1" }) });
  assert.deepEqual([paid.seen, paid.model.view.isAlready, paid.sounds], ["paid/paid", true, []]);
  const grown = refused("sale_paid", { tradeId: "t-7" });
  grown.happens("outcome_read", {
    tradeId: "t-7",
    outcome: outcome("paid", { id: "t-7", ref: "fresh-1", minor: 4200 }),
  });
  assert.deepEqual(
    [grown.seen, grown.model.view.known.amount.minor, grown.model.sale.amount.minor],
    ["declined/other", 4200, 1250],
  );

  const other = refused("sale_amount_mismatch", { tradeId: "t-7" });
  other.happens("trade_read", {
    tradeId: "t-7",
    trade: trade("declined", { minor: 4200 }),
    question: other.effects[0].question,
  });
  assert.deepEqual([other.seen, other.model.view.isPaid], ["declined/other", false]);
  assert.equal(other.happens("new_sale_pressed").seen, "ready/ready");

  const reader = refused("worker_failed");
  assert.equal(reader.did("probe").length, 1);
  reader.happens("probed", { isThere: false, fault: fault("worker_failed") });
  assert.deepEqual(reader.model.view.reason, { word: "noAnswer" });
});

test("the same amount is asked about before it is charged again; the sale's own trade is taken up instead", () => {
  const alike = trade("needs_review", { id: "t-8", ref: "other" });
  const page = readyPage({ unfinished: [alike] }).happens("charge_pressed");
  assert.deepEqual([page.seen, page.effects], ["ready/ready", [{ type: "ask_same", trade: alike }]]);
  page.happens("other_customer_chosen");
  assert.equal(page.did("charge").length, 1);
  const own = readyPage({ ref: "bill" });
  own.facts = { ...own.facts, unfinished: [trade("unknown")] };
  own.happens("charge_pressed");
  assert.deepEqual([own.did("charge"), own.did("resume").length], [[], 1]);
});

test("another amount than the reference's own gets another reference", () => {
  const page = readyPage({ ref: "bill" });
  page.happens("charge_pressed").happens("state_changed", { to: "paying", trade: ownTrade(page, "paying") });
  page.happens("ended", { outcome: ownOutcome(page, "declined") }).happens("new_sale_pressed");
  page.facts = { ...page.facts, freshRef: "fresh-2" };
  for (const key of "700") page.happens("digit_pressed", { key });
  assert.deepEqual(page.happens("charge_pressed").did("charge")[0].sale, saleOf("fresh-2", 700));
});

test("a named sale with another amount than its trade: both are shown, and it is not green", () => {
  const page = readyPage({ ref: "bill", minor: 2750, unfinished: [trade("needs_review")] });
  assert.equal(page.seen, "not-confirmed/not-confirmed");
  page.happens("ended", { outcome: outcome("paid") });
  assert.deepEqual([page.seen, page.model.sale.amount.minor], ["declined/other", 2750]);
});

test("an earlier sale is read beside the current one: Back leads to the end that was there, as it was", () => {
  const old = trade("paid", { id: "t-9", ref: "earlier", minor: 4200 });
  for (const end of [endedPage("paid"), endedPage("declined")]) {
    const { view } = end.model;
    end.happens("trade_opened", { trade: old, isFromHistory: true });
    assert.equal(end.seen, "waiting/lookup");
    end.happens("ended", { outcome: outcome("paid", { id: "t-9", ref: "earlier", minor: 4200 }) });
    assert.deepEqual([end.seen, end.sounds], ["paid/old", []]);
    end.happens("back_pressed");
    assert.deepEqual([end.model.view, end.sounds], [view, []]);
    assert.deepEqual([end.model.sale, end.model.tradeId], [saleOf("fresh-1"), "t-1"]);
  }
  const typed = readyPage().happens("trade_opened", { trade: old, isFromHistory: true }).happens("back_pressed");
  assert.deepEqual([typed.seen, typed.model.draft.minor], ["ready/ready", 1250]);
  const open = notConfirmedPage().happens("trade_opened", { trade: old, isFromHistory: true }).happens("back_pressed");
  assert.deepEqual([open.seen, open.did("resume")[0].tradeId], ["not-confirmed/not-confirmed", "t-1"]);
  const gone = endedPage("cancelled").happens("trade_opened", { trade: old, isFromHistory: true });
  gone.facts = { ...gone.facts, unfinished: [trade("late_success", { ref: "fresh-1" })] };
  assert.equal(gone.happens("back_pressed").seen, "not-confirmed/late", "the money came meanwhile");
});

test("a payment in progress keeps the screen", () => {
  const old = trade("paid", { id: "t-9", ref: "earlier" });
  for (const page of [
    scanningPage(),
    waitingPage(),
    readyPage().happens("show_code_pressed").happens("wallet_chosen"),
  ]) {
    const { view } = page.model;
    page.happens("trade_opened", { trade: old, isFromHistory: true });
    assert.deepEqual([page.model.view, page.effects], [view, []]);
  }
});

test("a refund: taken, it is watched to its end; refused, the dialog says why and the screen stays", () => {
  const page = endedPage("paid").happens("give_back_pressed");
  assert.equal(page.did("ask_give_back")[0].tradeId, "t-1");
  const decision = { type: "void", reason: "paid twice" };
  page.happens("decision_sent", { tradeId: "t-1", decision });
  page.happens("decision_refused", { dialog: "void", fault: fault("token_forbidden", { type: "auth" }) });
  assert.deepEqual([page.seen, page.did("dialog_refused").length], ["paid/paid", 1]);
  page.happens("decision_sent", { tradeId: "t-1", decision }).happens("decision_taken");
  assert.deepEqual(page.did("follow_decision"), [{ type: "follow_decision", run: page.run }]);
  page.happens("state_changed", { to: "cancelling", trade: ownTrade(page, "voiding") });
  assert.equal(page.seen, "waiting/voiding");
  page.happens("ended", { outcome: ownOutcome(page, "paid", { voidRefused: { code: "X", message: "no" } }) });
  assert.deepEqual([page.seen, page.sounds], ["paid/kept", ["not_paid"]]);
  page.happens("decision_sent", { tradeId: "t-other", decision });
  assert.deepEqual(page.effects, [{ type: "close_dialogs", dialogs: ["back"] }], "it is about another trade");
});

test("the scanner's test pays nothing, and keeps what was typed", () => {
  const page = readyPage().happens("test_pressed");
  assert.deepEqual([page.seen, page.did("test_scanner").length], ["scan/test", 1]);
  assert.deepEqual(page.happens("code_given", { code: "c" }).effects, []);
  page.happens("test_ended", { info: { kind: "alipay" } });
  assert.equal(page.seen, "scan/tested");
  page.happens("leave_pressed");
  assert.deepEqual([page.seen, page.model.draft.minor], ["ready/ready", 1250]);
});

// ---- the page's modules -----------------------------------------------------------------------------------------------

test("no module of the page imports itself, not even through others, and the model imports nothing of the page", async () => {
  const SHARED = "../pkg/screen";
  const shared = await readdir(join(www, SHARED), { recursive: true });
  const own = (await readdir(www, { recursive: true })).filter((name) => !/^(dist|node_modules|public)/.test(name));
  const modules = [...own, ...shared.map((name) => join(SHARED, name))].filter((name) => name.endsWith(".ts"));
  const files = [...modules, "../pkg/wedge.js"]; // the pace of a scanner's keys, which the package has in JavaScript
  const imports = new Map();
  for (const file of files) {
    const text = await readFile(join(www, file), "utf8");
    const from = [...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from "(\.[^"]+)"/gms)]
      // An import of types alone leaves nothing behind.
      .filter(([whole]) => !/^\w+ \{(\s*type \w+,?)*\s*\}/.test(whole))
      .map(([, path]) => path)
      .filter((path) => !path.endsWith("?raw")) // a text
      .map((path) => join(file, "..", path.endsWith(".js") ? path : `${path}.ts`));
    imports.set(file, from);
  }
  assert.ok(files.length > 20, `${files.length} modules`);
  const visit = (file, path) => {
    assert.ok(!path.includes(file), `a circle: ${[...path, file].join(" -> ")}`);
    for (const other of imports.get(file) ?? assert.fail(`no module ${file}`)) visit(other, [...path, file]);
  };
  for (const file of files) visit(file, []);
  for (const file of files.filter((name) => name.startsWith("model")))
    for (const other of imports.get(file))
      assert.match(other, /^(model|\.\.\/pkg\/screen\/sentences)/, `${file} imports ${other}`);
});

test("rule 33: where the shop registers its sales, a bill's amount comes from the backend and no key changes it", () => {
  const page = registeredPage().happens("digit_pressed", { key: "5" }).happens("charge_pressed");
  assert.deepEqual([page.seen, page.model.draft.minor, page.did("charge")], ["ready/ready", 0, []]);
  page.happens("reference_entered", { ref: "A" });
  assert.deepEqual(page.did("look_up"), [{ type: "look_up", ref: "A" }]);
  page.happens("reference_entered", { ref: "B" });
  page.happens("owed_read", { ref: "A", minor: 100, sentence: null });
  assert.equal(page.model.draft.minor, 0, "the answer about another bill");
  page.happens("owed_read", { ref: "B", minor: null, sentence: { word: "noBill" } }).happens("charge_pressed");
  assert.deepEqual([page.model.trouble, page.did("charge")], [{ word: "noBill" }, []]);
  page.happens("reference_entered", { ref: "B" }).happens("owed_read", { ref: "B", minor: 4200, sentence: null });
  page.happens("digit_pressed", { key: "5" }).happens("charge_pressed");
  assert.deepEqual(
    page.did("charge").map(({ sale }) => sale),
    [{ ref: "B", amount: { minor: 4200, currency: "MYR" } }],
  );
  page.happens("owed_read", { ref: "B", minor: 1, sentence: null });
  assert.equal(page.model.draft.minor, 4200, "an answer that comes late");

  const named = registeredPage("C");
  assert.deepEqual([named.did("look_up"), named.model.draft.minor], [[{ type: "look_up", ref: "C" }], 0]);
  named.happens("owed_read", { ref: "C", minor: 700, sentence: null }).happens("clear_pressed");
  assert.deepEqual([named.model.draft.ref, named.model.draft.minor], [null, 0]);
});

// ---- practice -------------------------------------------------------------------------------------------------------

const practicePage = () =>
  new Page()
    .happens("practice_begun")
    .happens("settings_read", { currency: "MYR", isRegistered: false, canCancel: true })
    .happens("opened", { showsCodes: true, minor: 900, ref: "bill" })
    .happens("digit_pressed", { key: "5" });

test("practice: no sale of the address, references that say so, and no way to become real", () => {
  const page = practicePage();
  assert.deepEqual(
    page.model.draft,
    { minor: 5, ref: null, isUsed: false, boundMinor: null },
    "the address is not read",
  );
  page.happens("charge_pressed");
  assert.deepEqual(page.did("charge")[0].sale, saleOf("PRACTICE-fresh-1", 5));
  page.happens("leave_practice_pressed");
  assert.deepEqual(page.effects, [{ type: "leave_practice" }], "at any time: nothing is real");
  assert.deepEqual(page.happens("practice_pressed").effects, []);

  const real = readyPage();
  real.happens("practice_begun").happens("leave_practice_pressed");
  assert.deepEqual([real.model.practice, real.effects], [null, []]);
  assert.deepEqual(real.happens("phone_pressed", { action: "approve" }).effects, []);
});

test("practice is not entered while a real payment is open, and a page without a till knows that, too", () => {
  const page = readyPage().happens("practice_pressed");
  assert.deepEqual(page.effects, [{ type: "enter_practice" }]);
  const busy = waitingPage().happens("practice_pressed");
  assert.deepEqual([busy.effects, busy.model.trouble], [[], { word: "practiceRefused" }]);
  const open = readyPage({ unfinished: [trade("needs_review")] }).happens("practice_pressed");
  assert.deepEqual([open.effects, open.model.trouble], [[], { word: "practiceRefused" }]);

  // Nobody has signed in yet.
  const opening = new Page();
  assert.deepEqual(opening.happens("practice_pressed").effects, [{ type: "enter_practice" }]);
  opening.facts.hadOpenPayment = true;
  opening.happens("practice_pressed");
  assert.deepEqual([opening.effects, opening.model.trouble], [[], { word: "practiceRefused" }]);
  // The till is open and says otherwise.
  opening.happens("opened", { showsCodes: true, minor: 0, ref: null }).happens("practice_pressed");
  assert.deepEqual(opening.effects, [{ type: "enter_practice" }]);
});

test("an open payment is noted for a page that has no till yet", () => {
  const noted = (page) => page.did("note_open").map(({ isOpen }) => isOpen);
  const page = readyPage();
  assert.deepEqual(noted(page), [false], "what an earlier page noted is replaced");
  assert.deepEqual(noted(page.happens("charge_pressed")), [true]);
  page.facts.unfinished = [trade("needs_review")];
  assert.deepEqual(noted(page.happens("refused", { fault: fault("network_failed") })), []);
  page.facts.unfinished = [];
  assert.deepEqual(noted(page.happens("unfinished_changed")), [false]);
  const practice = practicePage();
  assert.deepEqual(noted(practice.happens("charge_pressed")), []);
});

test("the practice phone offers what its customer can do, and the next customer asks again", () => {
  const page = practicePage();
  assert.deepEqual(phoneActions(page.model), []);
  page.happens("charge_pressed");
  assert.deepEqual(phoneActions(page.model), ["hold_up", "pay_late"]);
  page.happens("phone_pressed", { action: "hold_up" });
  assert.deepEqual(page.effects, [{ type: "phone", action: "hold_up" }]);
  page.happens("code_given", { code: "c" });
  assert.deepEqual(phoneActions(page.model), ["approve", "decline", "no_answer"]);
  page.happens("phone_pressed", { action: "no_answer" });
  assert.deepEqual([page.effects, phoneActions(page.model)], [[{ type: "phone", action: "no_answer" }], ["answer"]]);
  assert.deepEqual(page.happens("phone_pressed", { action: "approve" }).effects, [], "it is not offered");
  page.happens("state_changed", { to: "waiting", trade: ownTrade(page, "unknown") });
  page.happens("ended", { outcome: ownOutcome(page, "unconfirmed") });
  page.happens("trade_read", {
    tradeId: "t-1",
    trade: ownTrade(page, "needs_review"),
    question: { type: "unconfirmed", trouble: null },
  });
  assert.deepEqual([page.seen, phoneActions(page.model)], ["not-confirmed/not-confirmed", ["answer"]]);
  page.happens("new_sale_pressed").happens("digit_pressed", { key: "7" }).happens("charge_pressed");
  assert.deepEqual(
    [page.did("phone", "charge").map(({ type, action }) => action ?? type), page.model.practice],
    [["ask", "charge"], { customer: "asks" }],
  );
  // A customer who pays too late stays the same one when the code is held up.
  page.happens("phone_pressed", { action: "pay_late" });
  assert.deepEqual([page.effects, phoneActions(page.model)], [[{ type: "phone", action: "pay_late" }], ["hold_up"]]);
  page.happens("code_given", { code: "c" });
  assert.deepEqual([page.model.practice.customer, phoneActions(page.model)], ["late", []]);
});
