// The machine behind the page: one event in, the next model and its effects out.

import type { Trade } from "kaunter";
import {
  type Answer,
  canGiveUp,
  canTryAgain,
  type DialogName,
  type Effect,
  type Event,
  type Facts,
  FINAL,
  isBusy,
  isContradicted,
  isDeciding,
  isUrgent,
  kindOf,
  type Model,
  offeredVerdicts,
  settled,
  unheard,
} from "../model";
import {
  back,
  charge,
  chargePressed,
  codeGiven,
  leaveSale,
  openTrade,
  otherCustomer,
  showCodePressed,
  take,
} from "./charging";
import { check, ended, notConfirmed, unconfirmed } from "./endings";
import { begun, leavePressed, nextCustomer, noteOpen, phonePressed, practicePressed } from "./practice";
import { found, outcomeRead, probed, refused, tradeRead } from "./refusals";
import {
  bind,
  dropRun,
  EMPTY,
  endRun,
  keep,
  newSale,
  ready,
  type Step,
  same,
  show,
  signedOut,
  startRun,
  useUp,
  wait,
} from "./step";

const MAX_DIGITS = 9;
/** The dialogs that close when an outcome is shown: they would hide it, or decide about the trade shown before. */
const OVER_AN_END: readonly DialogName[] = ["past", "history", "drawer", "cancel", "same", "manager", "back", "other"];
/** Statuses that let a sale be charged again. If the page's URL names a sale, its trades in these are not opened. */
const FREE: readonly string[] = ["declined", "cancelled", "voided", "creating", "awaiting_code"];

/** What follows an event. Never throws; an event that does not fit the screen changes nothing. */
export function next(model: Model, event: Event, facts: Facts): Step {
  const before = { ...model, unfinished: facts.unfinished };
  const [after, effects] = isStale(model, event) ? same(before) : step(before, event, facts);
  const [shown, more] = nextCustomer(before, ...changeScreen(before, after, effects));
  return announce(...noteOpen(model, event, ...keepAwake(before, shown, more)));
}

/** The answer of a call that is not the newest any more: whatever it says, it is not about what is on screen. */
function isStale({ run }: Model, event: Event): boolean {
  return "run" in event && event.run !== run.number;
}

function step(model: Model, event: Event, facts: Facts): Step {
  const { view, draft } = model;
  switch (event.type) {
    case "settings_read":
      return same({ ...model, currency: event.currency, isRegistered: event.isRegistered, canCancel: event.canCancel });
    case "opened":
      return opened(model, event);
    case "open_failed":
      if (view.screen !== "ready" || view.kind !== "opening") return same(model);
      return same({ ...show(model, { screen: "ready", kind: "closed" }), trouble: { fault: event.fault } });
    case "open_pressed":
      if (view.screen !== "ready" || (view.kind !== "closed" && view.kind !== "signed-out")) return same(model);
      return [{ ...show(dropRun(model), { screen: "ready", kind: "opening" }), trouble: null }, [{ type: "open" }]];
    case "connection_changed":
      return same({ ...model, isOnline: event.isOnline });
    case "unfinished_changed":
      return same(model);
    case "warned":
      return same({ ...model, trouble: event.sentence });
    case "signed_out":
      // What the screen says about a payment stays there.
      return same(
        isBusy(model) || view.screen !== "ready" ? { ...model, trouble: { word: "signedOut" } } : signedOut(model),
      );
    case "practice_begun":
      return same(begun(model));
    case "scanner_typed":
      return same(scannerTyped(model, event));
    case "digit_pressed":
      if (view.screen !== "ready" || view.kind !== "ready" || model.isRegistered) return same(model);
      return same({ ...model, trouble: null, draft: { ...draft, minor: typed(draft.minor, event.key) } });
    case "clear_pressed":
      if (view.screen !== "ready" || view.kind !== "ready") return same(model);
      return same(ready({ ...model, draft: model.isRegistered ? EMPTY : { ...draft, minor: 0 } }));
    case "reference_entered":
      return referenceEntered(model, event.ref);
    case "owed_read":
      return same(owedRead(model, event));
    case "charge_pressed":
      return chargePressed(model, facts);
    case "other_customer_chosen":
      return otherCustomer(model, facts);
    case "show_code_pressed":
      return showCodePressed(model, facts);
    case "code_given":
      return codeGiven(model, event.code);
    case "use_camera_pressed":
      if (view.screen !== "scan" || view.kind !== "no-camera" || !model.sale) return same(model);
      return charge(model, model.sale);
    case "stop_pressed":
      if (view.screen !== "scan" || view.kind === "no-camera" || view.kind === "tested") return same(model);
      return [{ ...model, run: { ...model.run, isStopped: true } }, [{ type: "abort" }]];
    case "cancel_pressed":
      return cancel(model);
    case "leave_pressed":
      if (view.screen !== "scan" || (view.kind !== "no-camera" && view.kind !== "tested")) return same(model);
      return same(ready(model));
    case "try_again_pressed":
      return canTryAgain(model) && model.sale ? charge(model, model.sale) : same(model);
    case "new_sale_pressed":
      return same(canBeginAnother(model) ? newSale(model) : model);
    case "back_pressed":
      return back(model);
    case "check_pressed":
      return view.screen === "not-confirmed" ? check(model, view.tradeId) : same(model);
    case "verdict_pressed":
      return verdictPressed(model);
    case "give_back_pressed":
      if (view.screen === "paid" || (view.screen === "not-confirmed" && view.kind === "late")) {
        return model.tradeId
          ? [model, [{ type: "ask_give_back", tradeId: model.tradeId, sale: model.sale }]]
          : same(model);
      }
      return same(model);
    case "other_way_pressed":
      if (!canGiveUp(model) || !model.sale || !model.tradeId) return same(model);
      return [model, [{ type: "ask_other_way", tradeId: model.tradeId, sale: model.sale }]];
    case "decision_sent":
      return decisionSent(model, event);
    case "trade_opened":
      return openTrade(model, event.trade, event.isFromHistory);
    case "test_pressed":
      return testScanner(model);
    case "practice_pressed":
      return practicePressed(model, facts);
    case "leave_practice_pressed":
      return leavePressed(model);
    case "phone_pressed":
      return phonePressed(model, event.action);
    case "state_changed":
      return stateChanged(model, event);
    case "trade_changed":
      return tradeChanged(model, event.trade);
    case "time_left":
      if (view.screen !== "present" || view.kind !== "shown") return same(model);
      return same(show(model, { ...view, leftMs: event.leftMs }));
    case "hint_changed":
      return same({ ...model, hint: event.hint });
    case "code_read":
      return [{ ...model, hint: null }, [{ type: "sound", sound: "read" }]];
    case "wallet_chosen":
    case "code_shown":
    case "ended":
    case "refused":
    case "test_ended":
    case "cancel_refused":
    case "decision_taken":
    case "given_up":
    case "decision_refused":
    case "trade_found":
    case "trade_read":
    case "outcome_read":
    case "probed":
      return answered(model, event, facts);
  }
}

/**
 * Handles an answer with the number of the newest call. A call ends once. After its end, only look-ups, a refused
 * cancel and the answer to a refund or a verdict still count.
 */
function answered(model: Model, event: Answer, { now }: Facts): Step {
  const isRunning = model.run.kind !== "none";
  switch (event.type) {
    case "wallet_chosen":
      return same(isRunning ? show(model, { screen: "present", kind: "creating" }) : model);
    case "code_shown":
      if (!isRunning) return same(model);
      return same(show(model, { screen: "present", kind: "shown", svg: event.svg, leftMs: event.leftMs }));
    case "ended":
      return isRunning ? ended(endRun(model), event.outcome) : same(model);
    case "refused":
      return isRunning ? runRefused(model, event) : same(model);
    case "test_ended":
      if (model.run.kind !== "test") return same(model);
      return same(show(endRun(model), { screen: "scan", kind: "tested", info: event.info }));
    case "cancel_refused": {
      const told = { ...model, trouble: { fault: event.fault } };
      return event.fault.code === "terminal_taken" ? [told, [{ type: "ask_take_over" }]] : same(told);
    }
    case "decision_taken":
      return isDeciding(model) ? decisionTaken(model) : same(model);
    case "given_up":
      return isDeciding(model) ? givenUp(model) : same(model);
    case "decision_refused":
      if (!isDeciding(model)) return same(model);
      return [{ ...model, decidingIn: null }, [{ type: "dialog_refused", dialog: event.dialog, fault: event.fault }]];
    case "trade_found":
      return isRunning ? same(model) : found(model, event.tradeId, event.question);
    case "trade_read":
      return isRunning ? same(model) : tradeRead(model, event.tradeId, event.trade, event.question, now);
    case "outcome_read":
      return isRunning ? same(model) : outcomeRead(model, event.tradeId, event.outcome);
    case "probed":
      return isRunning ? same(model) : probed(model, event.isThere, event.fault);
  }
}

function opened(model: Model, { showsCodes, minor, ref }: Extract<Event, { type: "opened" }>): Step {
  if (model.view.screen !== "ready" || model.view.kind !== "opening") return same(model);
  // A sale that the page's address names is a real one.
  const named = model.isRegistered ? { ...EMPTY, ref } : { ...model.draft, minor, ref };
  const open = ready({ ...model, showsCodes, draft: model.practice ? EMPTY : named });
  if (model.practice) return same(open);
  // What this terminal began. A sale that another till has, or that was paid before, is refused at Charge.
  const own = model.unfinished.find(({ sale, status }) => sale.ref === ref && !FREE.includes(status));
  // A refund or a verdict that the till works on since before stays in sight.
  if (own && model.run.kind !== "act") return take(open, own);
  return model.isRegistered && ref !== null ? referenceEntered(open, ref) : same(open);
}

/** A bill's reference, typed, scanned, or from the page's address: what it asks for is read first. */
function referenceEntered(model: Model, ref: string): Step {
  const { screen, kind } = model.view;
  if (screen !== "ready" || kind !== "ready" || !model.isRegistered || !model.isOnline) return same(model);
  return [{ ...model, trouble: null, draft: { ...EMPTY, ref } }, [{ type: "look_up", ref }]];
}

/** The answer counts only while its bill is still the one that was entered. */
function owedRead(model: Model, { ref, minor, sentence }: Extract<Event, { type: "owed_read" }>): Model {
  const { screen, kind } = model.view;
  const isAwaited = screen === "ready" && kind === "ready" && model.draft.ref === ref && model.draft.minor === 0;
  if (!isAwaited) return model;
  return { ...model, trouble: sentence, draft: { ...model.draft, minor: minor ?? 0 } };
}

/** Minor units, typed from the right: 1 2 5 0 is 12.50. */
function typed(minor: number, key: string): number {
  if (key === "⌫") return Math.floor(minor / 10);
  if (key === "C") return 0;
  if (!/^[0-9]$/.test(key) || String(minor).length >= MAX_DIGITS) return minor;
  return minor * 10 + Number(key);
}

/** Takes back what a hand scanner typed, and says why. */
function scannerTyped(model: Model, { minor, isCovered }: Extract<Event, { type: "scanner_typed" }>): Model {
  const { screen, kind } = model.view;
  const restored = screen === "ready" && kind === "ready" ? { ...model, draft: { ...model.draft, minor } } : model;
  const isTold = !isCovered && (screen === "ready" || screen === "scan");
  return isTold ? { ...restored, trouble: { word: "handScanner" } } : restored;
}

/** Cancels the payment on screen. The customer may still pay first, so the page waits for the outcome. */
function cancel(model: Model): Step {
  const { view, run, tradeId } = model;
  const canCancel = view.screen === "present" || (view.screen === "waiting" && view.canCancel);
  if (!canCancel) return same(model);
  if (run.kind === "act" && !run.isStopped) {
    return [{ ...model, run: { ...run, isStopped: true } }, [{ type: "abort" }]];
  }
  return tradeId ? [model, [{ type: "cancel", run: run.number, tradeId }]] : same(model);
}

function canBeginAnother({ view, opened }: Model): boolean {
  if (view.screen === "declined" && view.kind === "other") return true;
  return opened === null && ["paid", "declined", "not-confirmed"].includes(view.screen);
}

function testScanner(model: Model): Step {
  const { view } = model;
  const isIdle =
    (view.screen === "ready" && view.kind === "ready") || (view.screen === "scan" && view.kind === "tested");
  if (!isIdle || model.run.kind !== "none") return same(model);
  const started = show({ ...startRun(model, "test"), sale: null }, { screen: "scan", kind: "test" });
  return [started, [{ type: "test_scanner", run: started.run.number }]];
}

// ---- a refund or a verdict --------------------------------------------------------------------------------------

const DIALOGS = { void: "back", verdict: "manager", give_up: "other" } as const;

/** A verdict on what the gateway left open, or the correction of another person's. */
function verdictPressed(model: Model): Step {
  const { tradeId, sale, view } = model;
  const offered = offeredVerdicts(model);
  if (!tradeId || offered.length === 0) return same(model);
  return [model, [{ type: "ask_manager", tradeId, sale, offered, isCorrection: view.screen !== "not-confirmed" }]];
}

/** The screen behind the dialog may have changed: a decision is only about the trade that is still there. */
function decisionSent(model: Model, { tradeId, decision }: Extract<Event, { type: "decision_sent" }>): Step {
  if (isDeciding(model)) return same(model);
  if (tradeId !== model.tradeId) return [model, [{ type: "close_dialogs", dialogs: [DIALOGS[decision.type]] }]];
  const run = model.run.number;
  return [{ ...model, decidingIn: run }, [{ type: "decide", run, tradeId, decision }]];
}

/** The till has taken the decision and works on it. What comes of it is news, however old the sale is. */
function decisionTaken(model: Model): Step {
  const started = startRun(model, "act");
  const { opened } = started;
  return [
    { ...started, opened: opened && { ...opened, isOld: false } },
    [
      { type: "close_dialogs", dialogs: ["manager", "back"] },
      { type: "follow_decision", run: started.run.number },
    ],
  ];
}

/** The sale is not collected any more: the next one can begin. The till goes on asking about the trade by itself. */
function givenUp(model: Model): Step {
  const over = { ...model, decidingIn: null };
  const isDecision = over.view.screen === "not-confirmed" && over.run.kind === "act";
  const [left, effects] = canGiveUp(over) && !isDecision ? leaveSale(over) : same(over);
  return [left, [{ type: "close_dialogs", dialogs: ["other"] }, ...effects]];
}

// ---- what the till says -----------------------------------------------------------------------------------------

function runRefused(model: Model, { fault }: Extract<Event, { type: "refused" }>): Step {
  const over = endRun(model);
  switch (model.run.kind) {
    case "act":
      return refused(over, fault);
    case "test":
      return same(fault.code === null ? ready(over) : { ...ready(over), trouble: { fault } });
    case "watch":
      // Nothing was learned: what was not known is still not known.
      if (over.view.screen === "not-confirmed") return same({ ...over, trouble: { fault } });
      return over.tradeId ? unconfirmed(over, over.tradeId, { fault }) : same(ready(over));
    case "none":
      return same(over);
  }
}

/** True while the till's code is on screen and the trade still waits for its payer: the screen stays as it is. */
function isShown({ view }: Model, trade: Trade | null): boolean {
  const isOnDisplay = trade === null || trade.status === "creating" || trade.status === "awaiting_payer";
  return view.screen === "present" && isOnDisplay;
}

/** Moves of the till change the screen only during a call, and only for the sale on screen. */
function stateChanged(model: Model, { to, trade }: Extract<Event, { type: "state_changed" }>): Step {
  const bound = trade ? bind(model, trade.sale) : model;
  const { sale, run, opened } = bound;
  if (!sale || run.kind === "none" || run.kind === "test") return same(bound);
  if (trade && trade.tradeId !== bound.tradeId && trade.sale.ref !== sale.ref) return same(bound);
  const own = trade ? keep({ ...bound, tradeId: trade.tradeId }, trade) : bound;
  if (isShown(own, trade)) return same(own);
  // A cashier who only reads may go back while the till asks.
  const canLeave = opened !== null && trade?.status !== "voiding";
  switch (to) {
    case "starting":
    case "scanning":
      return same(run.kind === "act" ? show(own, { screen: "scan", kind: to }) : own);
    case "scanned":
    case "paying":
      return same(wait(own, "paying", { canLeave }));
    case "waiting": {
      if (opened?.isOld) return same(wait(own, "lookup", { canCancel: false, canLeave }));
      const kind = trade?.status === "pending" ? "confirm" : "checking";
      return same(wait(own, kind, { canLeave }));
    }
    case "cancelling": {
      const kind = trade?.status === "voiding" ? "voiding" : "cancelling";
      return same(wait(own, kind, { canCancel: false }));
    }
    case "idle":
    case "review":
      return same(own);
  }
}

/** A trade has changed by itself, perhaps the one on screen. */
function tradeChanged(model: Model, trade: Trade): Step {
  const others = model.contradicted.filter(({ tradeId }) => tradeId !== trade.tradeId);
  const contradicted = isContradicted(trade) ? [trade, ...others] : others;
  const bound = keep(bind({ ...model, contradicted }, trade.sale), trade);
  if (trade.tradeId !== bound.tradeId) return same(bound);
  const { view } = bound;
  const isWatched = view.screen === "waiting" || (view.screen === "present" && !isShown(bound, trade));
  const kind = trade.status === "pending" ? "confirm" : trade.status === "unknown" ? "checking" : null;
  if (isWatched && kind) {
    return same(wait(bound, kind, { canLeave: bound.opened !== null }));
  }
  // A refund or a verdict in progress reports this outcome with its own answer.
  const isOver = view.screen === "not-confirmed" && bound.run.kind !== "act";
  if (FINAL.includes(trade.status) && (isOver || isCorrected(model, trade))) {
    return check(bound, trade.tradeId);
  }
  // What the screen says about the money is not true any more.
  const isWrong = trade.status === "late_success" ? view.screen === "declined" : view.screen === "paid";
  const isOpen = view.screen === "not-confirmed" && view.kind !== "reversed";
  if (isUrgent(trade) && (isWrong || isOpen)) {
    const used = trade.sale.ref === bound.draft.ref ? useUp(bound) : bound;
    const [shown, effects] = notConfirmed(used, trade, { isQuiet: view.kind === kindOf(trade.status) });
    return [shown, [{ type: "close_dialogs", dialogs: ["manager"] }, ...effects]];
  }
  return same(bound);
}

/** A person has corrected the end on screen, which was another person's word. */
function isCorrected(model: Model, { status }: Trade): boolean {
  const record = settled(model);
  return record !== null && record.status !== status && model.run.kind === "none";
}

// ---- after each event -------------------------------------------------------------------------------------------

/** Another screen: the trouble of the one before is gone, and so are the dialogs that lie over it. */
function changeScreen(before: Model, after: Model, effects: readonly Effect[]): Step {
  const { screen } = after.view;
  if (screen === before.view.screen) return [after, effects];
  const dialogs: DialogName[] = screen === "scan" ? [] : ["typed"];
  if (screen === "paid" || screen === "declined" || screen === "not-confirmed") dialogs.push(...OVER_AN_END);
  const trouble = after.trouble === before.trouble ? null : after.trouble;
  const hint = screen === "scan" ? after.hint : null;
  return [{ ...after, trouble, hint }, [{ type: "close_dialogs", dialogs }, ...effects]];
}

/** The screen stays on during a call that is about a sale. */
function keepAwake(before: Model, after: Model, effects: readonly Effect[]): Step {
  const isOn = ({ run }: Model) => run.kind === "act" || run.kind === "watch";
  if (isOn(before) === isOn(after)) return [after, effects];
  return [after, [...effects, { type: "keep_awake", isOn: isOn(after) }]];
}

/** What a person has to decide is heard once, when it comes to the banner. */
function announce(model: Model, effects: readonly Effect[]): Step {
  const news = unheard(model);
  if (news.length === 0) return [model, effects];
  return [{ ...model, announced: [...model.announced, ...news] }, [...effects, { type: "sound", sound: "attention" }]];
}
