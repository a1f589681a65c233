// What most transitions are made of: a state with the effects that led to it.

import type { Outcome, SaleInput } from "kaunter";
import type { Call, Effect, Job, State, View, Work } from "./model";

/** The next state, and what the element does about it. */
export type Step = readonly [State, readonly Effect[]];

/** Nothing happens. */
export const same = (state: State): Step => [state, []];

/** Another view: the question of the one before is gone, and so is its trouble. */
export function show(state: State, view: View): State {
  const isHere = state.view.name === view.name;
  return { ...state, view, ask: null, trouble: isHere ? state.trouble : null, hint: isHere ? state.hint : null };
}

export const wait = (state: State, work: Work): State =>
  state.view.name === "waiting" && state.view.work === work ? state : show(state, { name: "waiting", work });

/** A new call of the till: from now on only its answers count. */
export function startCall(state: State, kind: Call["kind"], view: View): State {
  const number = state.calls + 1;
  const call: Call = { number, kind, stopped: "no", back: state.view };
  return { ...show(state, view), calls: number, call, trouble: null, progress: null };
}

/** Calls the till for the sale of the page. */
export function startJob(state: State, job: Job, code: "scan" | "given" | "scanned", walletId = job.walletId): Step {
  const view: View = code === "scan" ? { name: "scan", status: "starting" } : { name: "waiting", work: "paying" };
  const begun = startCall(state, "charge", view);
  return [begun, [{ type: "charge", call: begun.calls, sale: job.sale, walletId, code }]];
}

export function startShow(state: State, job: Job, walletId: string): Step {
  const begun = startCall(state, "show", { name: "code", shown: null });
  return [begun, [{ type: "show_code", call: begun.calls, sale: job.sale, walletId }]];
}

/** Asks how a trade stands, until its end. It moves no money. */
export function watch(state: State, tradeId: string): Step {
  const begun = startCall({ ...state, tradeId }, "watch", { name: "waiting", work: "lookup" });
  return [begun, [{ type: "watch", call: begun.calls, tradeId }]];
}

/** Stops the call that runs; its end still counts. */
export function stop(state: State, by: Exclude<Call["stopped"], "no">): Step {
  const { call } = state;
  if (call?.stopped !== "no") return same(state);
  return [{ ...state, call: { ...call, stopped: by } }, [{ type: "abort" }]];
}

/** The cashier gave the sale up before the customer's code was used. */
export function giveUp(state: State): Step {
  const { job, tradeId } = state;
  if (!job) return same(state);
  const outcome: Extract<Outcome, { status: "cancelled" }> = {
    status: "cancelled",
    tradeId,
    sale: state.sale ?? job.sale,
    by: "cashier",
    reason: "requested",
  };
  const over: State = { ...show(state, { name: "cancelled", outcome }), job: null, call: null };
  return [
    over,
    [
      { type: "resolve", outcome },
      { type: "tell_outcome", outcome },
    ],
  ];
}

/** A sale of the page is on screen: nothing of an earlier one stays. */
export function enter(state: State, job: Job, sale: SaleInput): State {
  return { ...state, job, sale, tradeId: null, call: null, trouble: null, hint: null, progress: null, ask: null };
}

/** No sale is on screen. */
export function leave(state: State): State {
  return { ...show(state, { name: "idle" }), sale: null, tradeId: null, call: null, trouble: null, progress: null };
}
