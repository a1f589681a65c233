// The state of the page as data: what is on screen, what can happen, and what the page does about it. `model/next.ts`
// has the transitions. Neither touches the DOM, the till or a clock, so tests run them in Node.

import type { CodeInfo, GatewayAnswer, Outcome, Sale, Tender, TillEventDetails, Trade } from "kaunter";
import type { Fault } from "../pkg/screen/fault";
import { FINAL, type Hint, isUrgent, kindOf } from "../pkg/screen/sentences";
import type { Words } from "./words";

export { type Fault, FINAL, isUrgent, kindOf };

export type Paid = Extract<Outcome, { status: "paid" }>;

/** A sentence for the cashier, before it has a language. */
export type Sentence =
  | { readonly word: keyof Words; readonly values?: Readonly<Record<string, string>> }
  | { readonly fault: Fault };

/** What the screen shows while the till works on a payment. Each is also a sentence of `words/`. */
export type Progress = "lookup" | "paying" | "confirm" | "checking" | "cancelling" | "voiding";

/**
 * What is on screen. `screen` and `kind` are on `<body>` as `data-view` and `data-kind`. `kind` selects the colours, so
 * that a cancelled sale does not look like an error, and an earlier sale or another amount not like a success.
 */
export type View =
  | { readonly screen: "ready"; readonly kind: "opening" | "closed" | "signed-out" | "ready" }
  | { readonly screen: "scan"; readonly kind: "starting" | "scanning" | "test" }
  | { readonly screen: "scan"; readonly kind: "no-camera"; readonly fault: Fault }
  | { readonly screen: "scan"; readonly kind: "tested"; readonly info: CodeInfo }
  | { readonly screen: "present"; readonly kind: "creating" }
  | { readonly screen: "present"; readonly kind: "shown"; readonly svg: string; readonly leftMs: number }
  | { readonly screen: "waiting"; readonly kind: Progress; readonly canCancel: boolean; readonly canLeave: boolean }
  | PaidView
  | NotPaidView
  | { readonly screen: "declined"; readonly kind: "other"; readonly known: Sale; readonly isPaid: boolean }
  | NotConfirmedView;

export interface PaidView {
  readonly screen: "paid";
  readonly kind: "paid" | "kept" | "old";
  readonly outcome: Paid;
  /** The sale was paid before this charge. */
  readonly isAlready: boolean;
  /** The gateway refused to give the money back. */
  readonly refused: GatewayAnswer | null;
}

export interface NotPaidView {
  readonly screen: "declined";
  readonly kind: "declined" | "cancelled" | "voided" | "old";
  readonly end: "declined" | "cancelled" | "voided";
  readonly reason: Sentence;
  readonly answer: GatewayAnswer | null;
  /** When an earlier sale began. */
  readonly createdAt: string | null;
}

export interface NotConfirmedView {
  readonly screen: "not-confirmed";
  readonly kind: "not-confirmed" | "late" | "reversed";
  readonly tradeId: string;
  readonly voidRefused: GatewayAnswer | null;
  /** A verdict that waits for a second person. */
  readonly proposal: Trade["proposal"];
  /** When the last repeated check ended without an outcome, in ms since the epoch. Null: none yet. */
  readonly checkedAt: number | null;
}

/** What a person can say about a trade: what happened to its money. */
export type VerdictOutcome = Extract<Decision, { type: "verdict" }>["outcome"];

/** The views that say how a sale ended, or that nobody knows it yet. */
export type EndView = Extract<View, { screen: "paid" | "declined" | "not-confirmed" }>;

/** The newest call of the till. Answers of calls with an earlier number are refused. */
export interface Run {
  readonly number: number;
  /** "watch" only asks how a trade stands; "act" may move money; "test" only scans. */
  readonly kind: "none" | "watch" | "act" | "test";
  /** The cashier has stopped it; its end still counts. */
  readonly isStopped: boolean;
}

/** What a person can press on the practice phone, and what that does: see `effects.ts`. */
export type PhoneAction = "hold_up" | "scan" | "approve" | "decline" | "no_answer" | "pay_late" | "answer";

/** Cashiers train: the sandbox in the page takes the place of the backend, and no money moves. */
export interface Practice {
  /** The customer asks what to do, has paid without that anybody hears of it, or pays only after a cancel. */
  readonly customer: "asks" | "silent" | "late";
}

export interface Model {
  readonly view: View;
  /** Null: real money. It does not change while the page is open. */
  readonly practice: Practice | null;
  /** Null until the settings came. */
  readonly currency: string | null;
  /** The shop takes registered sales only: a person enters a bill's reference, and no amount. */
  readonly isRegistered: boolean;
  /** The gateway can cancel a payment. Without that, a sale that hangs is left by paying another way. */
  readonly canCancel: boolean;
  readonly isOnline: boolean;
  /** Some wallet's app scans a code that the till shows. */
  readonly showsCodes: boolean;
  /** The sale that Charge begins. */
  readonly draft: Draft;
  /** The sale on screen. Null: the draft. */
  readonly sale: Sale | null;
  /** The trade on screen. */
  readonly tradeId: string | null;
  /** The newest record that was read of a trade on screen. It may be another one than the trade that is there now. */
  readonly record: Trade | null;
  readonly run: Run;
  /** The number of the run in which a refund or a verdict was sent. Counts only while that run is the newest. */
  readonly decidingIn: number | null;
  /** A trade that a person opened beside the current sale, as it stood then. Null: the current sale is on screen. */
  readonly opened: Opened | null;
  /** What the point of sale asks for under the reference of the current sale, where the trade has another amount. */
  readonly asked: Sale | null;
  /** Where Back leads. Null: to the draft. */
  readonly home: Home | null;
  /** What the camera needs. */
  readonly hint: Hint;
  /** A line of trouble on the screen. */
  readonly trouble: Sentence | null;
  /** `till.unfinished` at the last event. */
  readonly unfinished: readonly Trade[];
  /** Settled trades whose verdict the gateway contradicts, until a person opens them. */
  readonly contradicted: readonly Trade[];
  /** Late payments and contradicted verdicts whose sound was played: once each. */
  readonly announced: readonly string[];
}

export interface Draft {
  /** What is typed, in minor units. */
  readonly minor: number;
  /** The shop's reference. Null: Charge gives it one. */
  readonly ref: string | null;
  /** The reference is used up: money was taken for it, or may have been. */
  readonly isUsed: boolean;
  /** The amount that the reference is bound to, because a trade of it exists. */
  readonly boundMinor: number | null;
}

export interface Opened {
  readonly trade: Trade;
  /** It had ended before it was opened from the history: its end is no news. */
  readonly isOld: boolean;
}

export interface Home {
  readonly view: EndView;
  readonly sale: Sale | null;
  readonly tradeId: string | null;
}

/** What `next` may know about the world at the time of an event. */
export interface Facts {
  readonly unfinished: readonly Trade[];
  /** When this terminal was last seen, it had a payment that was not finished. Counts until the till is open. */
  readonly hadOpenPayment: boolean;
  /** A reference that no sale has. */
  readonly freshRef: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why the trade that has a sale is looked up. */
export interface FindQuestion {
  readonly type: "busy" | "mismatch";
  readonly fault: Fault;
}

/** Why a trade is read. */
export type ReadQuestion =
  /** Its end is not proven. */
  | { readonly type: "unconfirmed"; readonly trouble: Sentence | null }
  /** The sale was begun with another amount. */
  | { readonly type: "mismatch"; readonly fault: Fault };

/** A refund, a verdict, or that the customer pays another way, as its dialog sends it. */
export type Decision =
  | { readonly type: "void"; readonly reason: string }
  | {
      readonly type: "verdict";
      readonly outcome: "paid" | "declined" | "voided";
      readonly evidence: string;
    }
  | { readonly type: "give_up"; readonly ref: string; readonly tender: Tender };

/** Events with a `run` are answers of that call. The others come from a person, the page or the till itself. */
export type Event =
  // The page
  | {
      readonly type: "settings_read";
      readonly currency: string;
      readonly isRegistered: boolean;
      readonly canCancel: boolean;
    }
  | { readonly type: "opened"; readonly showsCodes: boolean; readonly minor: number; readonly ref: string | null }
  | { readonly type: "open_failed"; readonly fault: Fault }
  | { readonly type: "connection_changed"; readonly isOnline: boolean }
  | { readonly type: "unfinished_changed" }
  | { readonly type: "scanner_typed"; readonly minor: number; readonly isCovered: boolean }
  | { readonly type: "warned"; readonly sentence: Sentence }
  | { readonly type: "signed_out" }
  /** The page is for practice. It is the first event. */
  | { readonly type: "practice_begun" }
  // A person
  | { readonly type: "open_pressed" }
  | { readonly type: "digit_pressed"; readonly key: string }
  | { readonly type: "clear_pressed" }
  | { readonly type: "reference_entered"; readonly ref: string }
  /** What the bill asks for. Null: there is no such bill, or no answer, as the sentence says. */
  | {
      readonly type: "owed_read";
      readonly ref: string;
      readonly minor: number | null;
      readonly sentence: Sentence | null;
    }
  | { readonly type: "charge_pressed" }
  | { readonly type: "other_customer_chosen" }
  | { readonly type: "show_code_pressed" }
  | { readonly type: "code_given"; readonly code: string }
  | { readonly type: "use_camera_pressed" }
  | { readonly type: "stop_pressed" }
  | { readonly type: "cancel_pressed" }
  | { readonly type: "try_again_pressed" }
  | { readonly type: "new_sale_pressed" }
  | { readonly type: "back_pressed" }
  | { readonly type: "check_pressed" }
  | { readonly type: "verdict_pressed" }
  | { readonly type: "give_back_pressed" }
  | { readonly type: "other_way_pressed" }
  | { readonly type: "decision_sent"; readonly tradeId: string; readonly decision: Decision }
  | { readonly type: "trade_opened"; readonly trade: Trade; readonly isFromHistory: boolean }
  | { readonly type: "test_pressed" }
  | { readonly type: "leave_pressed" }
  | { readonly type: "practice_pressed" }
  | { readonly type: "leave_practice_pressed" }
  | { readonly type: "phone_pressed"; readonly action: PhoneAction }
  // The till
  | { readonly type: "state_changed"; readonly to: TillEventDetails["state"]["to"]; readonly trade: Trade | null }
  | { readonly type: "trade_changed"; readonly trade: Trade }
  | { readonly type: "time_left"; readonly leftMs: number }
  | { readonly type: "hint_changed"; readonly hint: Hint }
  | { readonly type: "code_read" }
  | Answer;

/** What a call of the till brings. */
export type Answer =
  | { readonly type: "wallet_chosen"; readonly run: number }
  | { readonly type: "code_shown"; readonly run: number; readonly svg: string; readonly leftMs: number }
  | { readonly type: "ended"; readonly run: number; readonly outcome: Outcome }
  | { readonly type: "refused"; readonly run: number; readonly fault: Fault }
  | { readonly type: "test_ended"; readonly run: number; readonly info: CodeInfo }
  | { readonly type: "cancel_refused"; readonly run: number; readonly fault: Fault }
  | { readonly type: "decision_taken"; readonly run: number }
  | { readonly type: "given_up"; readonly run: number }
  | {
      readonly type: "decision_refused";
      readonly run: number;
      readonly fault: Fault;
      readonly dialog: Decision["type"];
    }
  | {
      readonly type: "trade_found";
      readonly run: number;
      readonly tradeId: string | null;
      readonly question: FindQuestion;
    }
  | {
      readonly type: "trade_read";
      readonly run: number;
      readonly tradeId: string;
      readonly trade: Trade | null;
      readonly question: ReadQuestion;
    }
  | { readonly type: "outcome_read"; readonly run: number; readonly tradeId: string; readonly outcome: Outcome | null }
  | { readonly type: "probed"; readonly run: number; readonly isThere: boolean; readonly fault: Fault };

export type Sound = "paid" | "not_paid" | "attention" | "read";
export type DialogName =
  | "back"
  | "other"
  | "cancel"
  | "drawer"
  | "history"
  | "manager"
  | "past"
  | "pick"
  | "same"
  | "take"
  | "typed";

/** What the page does after an event, in this order. `effects.ts` carries them out. */
export type Effect =
  | { readonly type: "open" }
  /** Without a code: scans and charges at once. With a code: aborts the earlier call, waits for it, and charges. */
  | { readonly type: "charge"; readonly run: number; readonly sale: Sale; readonly code: string | null }
  /** Shows the till's code. Aborts the earlier call first and waits for its end. */
  | { readonly type: "show_code"; readonly run: number; readonly sale: Sale }
  | { readonly type: "resume"; readonly run: number; readonly tradeId: string }
  | { readonly type: "test_scanner"; readonly run: number }
  | { readonly type: "abort" }
  /** Reads what the bill asks for. */
  | { readonly type: "look_up"; readonly ref: string }
  | { readonly type: "cancel"; readonly run: number; readonly tradeId: string }
  | { readonly type: "decide"; readonly run: number; readonly tradeId: string; readonly decision: Decision }
  /** The call that decides is the newest from now on, under this number. */
  | { readonly type: "follow_decision"; readonly run: number }
  | { readonly type: "find_trade"; readonly run: number; readonly ref: string; readonly question: FindQuestion }
  | { readonly type: "read_trade"; readonly run: number; readonly tradeId: string; readonly question: ReadQuestion }
  | { readonly type: "read_outcome"; readonly run: number; readonly tradeId: string }
  /** Reads the trade a few times, until its correction is decided. What was read comes as `trade_changed`. */
  | { readonly type: "await_correction"; readonly tradeId: string }
  | { readonly type: "probe"; readonly run: number; readonly fault: Fault }
  | { readonly type: "sound"; readonly sound: Sound }
  | { readonly type: "keep_awake"; readonly isOn: boolean }
  | { readonly type: "ask_same"; readonly trade: Trade }
  | { readonly type: "ask_other_way"; readonly tradeId: string; readonly sale: Sale }
  | {
      readonly type: "ask_manager";
      readonly tradeId: string;
      readonly sale: Sale | null;
      readonly offered: readonly VerdictOutcome[];
      /** Another person has decided before. */
      readonly isCorrection: boolean;
    }
  | { readonly type: "ask_give_back"; readonly tradeId: string; readonly sale: Sale | null }
  | { readonly type: "ask_take_over" }
  | { readonly type: "dialog_refused"; readonly dialog: Decision["type"]; readonly fault: Fault }
  /** Loads the page again, for practice or for real. */
  | { readonly type: "enter_practice" }
  | { readonly type: "leave_practice" }
  /** On the practice phone. `ask`: the next customer, who asks what to do. */
  | { readonly type: "phone"; readonly action: PhoneAction | "ask" }
  /** Keeps on this device whether this terminal has an open payment, for a page that has no till yet. */
  | { readonly type: "note_open"; readonly isOpen: boolean }
  | { readonly type: "close_dialogs"; readonly dialogs: readonly DialogName[] };

export const INITIAL: Model = {
  view: { screen: "ready", kind: "opening" },
  practice: null,
  currency: null,
  isRegistered: false,
  canCancel: true,
  isOnline: true,
  showsCodes: false,
  draft: { minor: 0, ref: null, isUsed: false, boundMinor: null },
  sale: null,
  tradeId: null,
  record: null,
  run: { number: 0, kind: "none", isStopped: false },
  decidingIn: null,
  opened: null,
  asked: null,
  home: null,
  hint: null,
  trouble: null,
  unfinished: [],
  contradicted: [],
  announced: [],
};

/**
 * True while no other trade may take the screen: during a call that may move money, and on the screens `scan`,
 * `present` and `waiting`.
 */
export function isBusy({ run, view }: Model): boolean {
  return run.kind === "act" || ["scan", "present", "waiting"].includes(view.screen);
}

/** A real payment is not finished. While there is one, nobody practises at this terminal. */
export function hasOpenPayment(model: Model): boolean {
  return model.practice === null && (isBusy(model) || model.unfinished.length > 0);
}

/** What can be pressed on the practice phone now. That a customer will pay too late is decided before the payment. */
export function phoneActions({ practice, sale, view }: Model): readonly PhoneAction[] {
  if (practice === null) return [];
  const { customer } = practice;
  const late: readonly PhoneAction[] = customer === "late" ? [] : ["pay_late"];
  switch (view.screen) {
    case "scan": {
      const isLooking = sale !== null && ["starting", "scanning", "no-camera"].includes(view.kind);
      return isLooking ? ["hold_up", ...late] : [];
    }
    case "present":
      return view.kind === "shown" ? ["scan", ...late] : [];
    case "waiting":
      if (customer === "silent") return ["answer"];
      if (!["paying", "confirm", "checking"].includes(view.kind)) return [];
      return customer === "asks" ? ["approve", "decline", "no_answer"] : [];
    case "not-confirmed":
      return customer === "silent" && view.kind === "not-confirmed" ? ["answer"] : [];
    case "ready":
    case "paid":
    case "declined":
      return [];
  }
}

/** The dialog's call is under way: its buttons are off. */
export function isDeciding({ decidingIn, run }: Model): boolean {
  return decidingIn === run.number;
}

/** A declined sale can be charged again at once. */
export function canTryAgain({ sale, opened, view }: Model): boolean {
  return (
    sale !== null && opened === null && view.screen === "declined" && view.kind !== "other" && view.end !== "voided"
  );
}

/** Charge and "Show a code" can be pressed. */
export function canBegin({ draft, isOnline, run, view }: Model): boolean {
  return view.screen === "ready" && view.kind === "ready" && run.kind === "none" && draft.minor > 0 && isOnline;
}

/** The gateway contradicts the person who settled a trade. */
export const isContradicted = ({ status, verdictContradicted }: Trade) => verdictContradicted && FINAL.includes(status);

const isAlarming = (trade: Trade) => isUrgent(trade) || isContradicted(trade);

/** The record of the trade on screen, if that was settled by a person and is shown as such: a second one may correct it. */
export function settled({ view, record, tradeId }: Model): Trade | null {
  if (record?.tradeId !== tradeId || record?.decidedBy !== "person") return null;
  const isShown = view.screen === "paid" ? record.status === "paid" : isNotPaid(view) && record.status === view.end;
  return isShown ? record : null;
}

const isNotPaid = (view: View): view is NotPaidView => view.screen === "declined" && view.kind !== "other";

/** What a person can say about the trade on screen. Empty: nothing. */
export function offeredVerdicts(model: Model): readonly VerdictOutcome[] {
  const { view } = model;
  const all: readonly VerdictOutcome[] = ["paid", "declined", "voided"];
  if (view.screen === "not-confirmed") {
    // The gateway has proof of the payment: nobody can say that it was not paid.
    return all.filter((outcome) => outcome !== "declined" || view.kind === "not-confirmed");
  }
  const record = settled(model);
  if (!record) return [];
  const { status, proposal, late } = record;
  // To say again what stands ends a proposed correction, and only that.
  return all.filter((outcome) => (outcome !== status || proposal !== null) && !(late && outcome === "declined"));
}

/** The customer can pay another way: the payment hangs, or the gateway could not cancel it. */
export function canGiveUp({ view, canCancel }: Model): boolean {
  if (view.screen === "not-confirmed") return view.kind === "not-confirmed";
  return view.screen === "waiting" && !canCancel && (view.kind === "confirm" || view.kind === "checking");
}

/**
 * The trades in the banner. Those about which a person has to decide come first: paid late, taken back, or settled in a
 * way that the gateway contradicts. Empty while `isBusy`. On the screen of an outcome, the banner appears only for such
 * a trade, and not for the one on screen.
 */
export function banner(model: Model): readonly Trade[] {
  const isReady = model.view.screen === "ready";
  if (isBusy(model)) return [];
  const others = model.contradicted.filter(({ tradeId }) => !model.unfinished.some((own) => own.tradeId === tradeId));
  const trades = [...model.unfinished, ...others].filter((trade) => isReady || trade.tradeId !== model.tradeId);
  const urgent = trades.filter(isAlarming);
  return isReady || urgent.length > 0 ? [...urgent, ...trades.filter((trade) => !isAlarming(trade))] : [];
}

/** Trades of the banner that were not heard yet. */
export function unheard(model: Model): readonly string[] {
  const { announced } = model;
  return banner(model)
    .filter((trade) => isAlarming(trade) && !announced.includes(trade.tradeId))
    .map(({ tradeId }) => tradeId);
}
