// The state of the element as data: what is on screen, what can happen, and what the element does about it. `step.ts`
// has the transitions. Neither touches the DOM, the till or a clock, so tests run them in Node. No code is kept here.

import type { Camera, Outcome, Right, SaleInput, TillEventDetails, Trade, VerdictProposal, Wallet } from "kaunter";
import type { Fault } from "../screen/fault";
import type { Words } from "../screen/say";
import type { Hint, VerdictOutcome } from "../screen/sentences";

type Ended<S> = Extract<Outcome, { status: S }>;

/** What a view says while the till works. Each is also a text. */
export type Work = "lookup" | "paying" | "confirm" | "checking" | "cancelling" | "voiding";

export type View =
  /** The element has no till yet, or waits for the page to begin a sale. */
  | { readonly name: "idle" }
  | { readonly name: "opening" }
  | { readonly name: "closed"; readonly fault: Fault }
  | { readonly name: "scan"; readonly status: "starting" | "live" | "muted" }
  | { readonly name: "no_camera"; readonly fault: Fault }
  | { readonly name: "wallets"; readonly wallets: readonly Wallet[] }
  /** The till's code. Null: it is on its way. */
  | { readonly name: "code"; readonly shown: { readonly svg: string; readonly expiresAt: number } | null }
  | { readonly name: "waiting"; readonly work: Work }
  | { readonly name: "paid"; readonly outcome: Ended<"paid">; readonly isAlready: boolean }
  | { readonly name: "declined"; readonly outcome: Ended<"declined"> }
  | { readonly name: "cancelled"; readonly outcome: Ended<"cancelled"> }
  | { readonly name: "voided"; readonly outcome: Ended<"voided"> }
  | Unconfirmed
  /** The till refused the sale, and nothing began. */
  | { readonly name: "refused"; readonly fault: Fault };

export interface Unconfirmed {
  readonly name: "unconfirmed";
  readonly kind: "not-confirmed" | "late" | "reversed";
  readonly tradeId: string;
  /** A verdict that waits for a second person. */
  readonly proposal: VerdictProposal | null;
  /** When the last repeated check ended without news, in ms since the epoch. */
  readonly checkedAt: number | null;
}

/** What the element asks a person before it acts. */
export type Ask = "cancel" | "code" | "refund" | "verdict";

/** The sale that the page began with `charge` or `showCode`. Its promise is pending. */
export interface Job {
  readonly mode: "charge" | "show";
  readonly sale: SaleInput;
  readonly walletId: string | null;
}

/** The call of the till that runs. Only answers with its number count. */
export interface Call {
  readonly number: number;
  readonly kind: "charge" | "show" | "watch" | "void" | "verdict";
  /** Who stopped it; its end still counts. `code`: a code was typed, with which the charge begins again. */
  readonly stopped: "no" | "cashier" | "page" | "code";
  /** What is on screen again if the till refuses the call. */
  readonly back: View;
}

/** What the till's session says. */
export interface Session {
  readonly rights: readonly Right[];
  readonly sandbox: boolean;
}

export interface State {
  /** Null: no till is open. */
  readonly session: Session | null;
  readonly view: View;
  readonly job: Job | null;
  /** The number of the newest call. */
  readonly calls: number;
  readonly call: Call | null;
  /** The sale on screen. Its amount is unknown while only the shop's server has told it. */
  readonly sale: SaleInput | null;
  readonly tradeId: string | null;
  readonly ask: Ask | null;
  readonly trouble: Fault | { readonly word: keyof Words } | null;
  readonly hint: Hint;
  readonly camera: Camera | null;
  /** How many cameras there are to switch between. */
  readonly cameras: number;
  readonly isLit: boolean;
  /** The newest status check, and when it was answered. */
  readonly progress: (TillEventDetails["progress"] & { readonly at: number }) | null;
  /** `till.unfinished` at the last event. */
  readonly unfinished: readonly Trade[];
}

export const INITIAL: State = {
  session: null,
  view: { name: "idle" },
  job: null,
  calls: 0,
  call: null,
  sale: null,
  tradeId: null,
  ask: null,
  trouble: null,
  hint: null,
  camera: null,
  cameras: 0,
  isLit: false,
  progress: null,
  unfinished: [],
};

/** Events with a `call` are answers to it. The others come from the page, a person or the till itself. */
export type Event =
  // The page
  | { readonly type: "opening_began" }
  | { readonly type: "opened"; readonly session: Session; readonly unfinished: readonly Trade[] }
  | { readonly type: "open_failed"; readonly fault: Fault }
  | { readonly type: "till_closed" }
  | { readonly type: "sale_begun"; readonly job: Job; readonly hasCode: boolean; readonly wallets: readonly Wallet[] }
  /** The page aborts the sale. */
  | { readonly type: "sale_stopped" }
  // A person
  | { readonly type: "retry_pressed" }
  | { readonly type: "cancel_pressed" }
  | { readonly type: "cancel_confirmed" }
  | { readonly type: "ask_closed" }
  | { readonly type: "camera_pressed" }
  | { readonly type: "next_camera_pressed" }
  | { readonly type: "torch_pressed" }
  | { readonly type: "type_pressed" }
  | { readonly type: "code_given" }
  /** A picture that a person took has no code. */
  | { readonly type: "picture_failed"; readonly word: "noCode" | "severalCodes" }
  | { readonly type: "wallet_pressed"; readonly walletId: string }
  | { readonly type: "check_pressed" }
  | { readonly type: "refund_pressed" }
  | { readonly type: "refund_confirmed"; readonly reason: string }
  | { readonly type: "verdict_pressed" }
  | { readonly type: "verdict_confirmed"; readonly outcome: VerdictOutcome; readonly evidence: string }
  | { readonly type: "done_pressed" }
  | { readonly type: "aside_pressed" }
  | { readonly type: "unfinished_pressed"; readonly tradeId: string }
  // The till
  | { readonly type: "state_changed"; readonly to: TillEventDetails["state"]["to"]; readonly trade: Trade | null }
  | { readonly type: "trade_changed"; readonly trade: Trade }
  | { readonly type: "unfinished_changed"; readonly unfinished: readonly Trade[] }
  | { readonly type: "progress_made"; readonly progress: NonNullable<State["progress"]> }
  | { readonly type: "hint_changed"; readonly hint: Hint }
  | {
      readonly type: "camera_changed";
      readonly status: TillEventDetails["camera"]["status"];
      readonly camera: Camera | null;
    }
  | { readonly type: "cameras_counted"; readonly count: number }
  | { readonly type: "torch_set"; readonly isLit: boolean }
  | { readonly type: "warned"; readonly fault: Fault }
  | Answer;

/** What a call of the till brings. */
export type Answer =
  | { readonly type: "wallet_asked"; readonly call: number; readonly wallets: readonly Wallet[] }
  | { readonly type: "code_shown"; readonly call: number; readonly svg: string; readonly expiresAt: number }
  | { readonly type: "ended"; readonly call: number; readonly outcome: Outcome; readonly now: number }
  | {
      readonly type: "refused";
      readonly call: number;
      readonly fault: Fault;
      readonly now: number;
      /** The wallets to choose from, if only the wallet is missing and the code is at hand. */
      readonly wallets: readonly Wallet[] | null;
    };

/** What the element does after an event, in this order. `driver.ts` carries them out. */
export type Effect =
  | { readonly type: "open" }
  /** `code`: scan for it, or use the one that the page or a person gave, or the one that was scanned. */
  | {
      readonly type: "charge";
      readonly call: number;
      readonly sale: SaleInput;
      readonly walletId: string | null;
      readonly code: "scan" | "given" | "scanned";
    }
  | { readonly type: "show_code"; readonly call: number; readonly sale: SaleInput; readonly walletId: string }
  | { readonly type: "watch"; readonly call: number; readonly tradeId: string }
  | { readonly type: "void"; readonly call: number; readonly tradeId: string; readonly reason: string }
  | {
      readonly type: "give_verdict";
      readonly call: number;
      readonly tradeId: string;
      readonly outcome: VerdictOutcome;
      readonly evidence: string;
    }
  /** Aborts the call that runs. */
  | { readonly type: "abort" }
  /** Answers the till's question for the wallet. */
  | { readonly type: "choose"; readonly walletId: string | null }
  | { readonly type: "set_torch"; readonly isLit: boolean }
  | { readonly type: "next_camera" }
  /** Ends the promise of the page. */
  | { readonly type: "resolve"; readonly outcome: Outcome }
  | { readonly type: "reject"; readonly call: number }
  /** Tells the page by an event. */
  | { readonly type: "tell_outcome"; readonly outcome: Outcome }
  | { readonly type: "tell_error"; readonly call: number };

/** A sale that the page began is not finished, or money is given back or settled: no other sale may begin. */
export function isBusy({ job, call }: State): boolean {
  return job !== null || (call !== null && call.kind !== "watch");
}

/** A code was handed over, or shown: a customer may pay. */
export function isPaying({ view, call }: State): boolean {
  return call !== null && call.kind !== "watch" && (view.name === "waiting" || view.name === "code");
}

export const hasRight = ({ session }: State, right: Right): boolean => session?.rights.includes(right) ?? false;

/** Money can be given back: of a payment, and of one that came late. */
export function canRefund(state: State): boolean {
  const { view, call } = state;
  const isHere = view.name === "paid" || (view.name === "unconfirmed" && view.kind === "late");
  return isHere && call === null && hasRight(state, "void");
}

/** What a person can say about the trade on screen. Empty: nothing. */
export function offeredVerdicts(state: State): readonly VerdictOutcome[] {
  const { view, call } = state;
  if (view.name !== "unconfirmed" || call !== null || !hasRight(state, "review")) return [];
  // The gateway has proof of a late payment: nobody can say that it was not paid.
  return view.kind === "not-confirmed" ? ["paid", "declined", "voided"] : ["paid", "voided"];
}

/** What is not confirmed can be left for later only if the till keeps it in its list. */
export function canSetAside({ view, call, unfinished }: State): boolean {
  return view.name === "unconfirmed" && call === null && unfinished.some(({ tradeId }) => tradeId === view.tradeId);
}

/** The unfinished trades to open. None during a sale, or while one that was refused or not confirmed is on screen. */
export function others({ job, call, view, unfinished }: State): readonly Trade[] {
  const isOpen = view.name === "unconfirmed" || view.name === "refused";
  return job !== null || call !== null || isOpen ? [] : unfinished;
}
