// How a call of the till ends. An outcome is shown only if the till tells it; otherwise the view is "unconfirmed".

import type { Outcome } from "kaunter";
import type { Fault } from "../screen/fault";
import { kindOf } from "../screen/sentences";
import type { Answer, Call, Effect, State, Unconfirmed, View } from "./model";
import { giveUp, type Step, same, show, startJob, watch } from "./steps";

/** Codes of a page or a browser that can't have a camera. */
const NO_CAMERA_HERE: readonly (string | null)[] = ["insecure_context", "browser_unsupported"];

/** An answer counts only for the call that runs, and a call ends once. */
export function answered(state: State, answer: Answer): Step {
  const { call } = state;
  const isCurrent = call !== null && call.number === answer.call;
  // The till waits for an answer to its question, also to an old one.
  if (!isCurrent) return answer.type === "wallet_asked" ? [state, [{ type: "choose", walletId: null }]] : same(state);
  switch (answer.type) {
    case "wallet_asked":
      if (call.stopped !== "no") return [state, [{ type: "choose", walletId: null }]];
      return same(show(state, { name: "wallets", wallets: answer.wallets }));
    case "code_shown": {
      const { svg, expiresAt } = answer;
      return same(show(state, { name: "code", shown: { svg, expiresAt } }));
    }
    case "ended":
      return ended({ ...state, call: null }, call, answer.outcome, answer.now);
    case "refused":
      return refused({ ...state, call: null }, call, answer);
  }
}

function ended(state: State, call: Call, outcome: Outcome, now: number): Step {
  const isOfJob = state.job !== null && (call.kind === "charge" || call.kind === "show");
  const isChecked = call.kind === "watch" && call.back.name === "unconfirmed" && state.tradeId === call.back.tradeId;
  const shown = show(state, viewOf(outcome, { call, checkedAt: isChecked ? now : null }));
  const over: State = {
    ...shown,
    sale: outcome.sale,
    tradeId: outcome.tradeId ?? state.tradeId,
    job: isOfJob ? null : state.job,
    trouble: null,
  };
  const promise: Effect[] = isOfJob ? [{ type: "resolve", outcome }] : [];
  return [over, [...promise, { type: "tell_outcome", outcome }]];
}

function viewOf(outcome: Outcome, { call, checkedAt }: { call: Call; checkedAt: number | null }): View {
  switch (outcome.status) {
    case "paid":
      // A sale that another trade has collected: the call only read it.
      return { name: "paid", outcome, isAlready: call.kind === "watch" && call.back.name === "refused" };
    case "declined":
      return { name: "declined", outcome };
    case "cancelled":
      return { name: "cancelled", outcome };
    case "voided":
      return { name: "voided", outcome };
    case "unconfirmed": {
      const { tradeId, tradeStatus, proposal } = outcome;
      return { name: "unconfirmed", kind: kindOf(tradeStatus), tradeId, proposal, checkedAt };
    }
  }
}

type Refused = Extract<Answer, { type: "refused" }>;

function refused(state: State, call: Call, answer: Refused): Step {
  const tell: Effect = { type: "tell_error", call: call.number };
  switch (call.kind) {
    case "charge":
    case "show":
      return saleRefused(state, call, answer);
    case "watch":
      return [notKnown(state, call, answer), [tell]];
    case "void":
    case "verdict":
      // What was true before the call is still true.
      return [{ ...show(state, call.back), trouble: answer.fault }, [tell]];
  }
}

/** Nothing was learned: what was not known is still not known. */
function notKnown(state: State, { back }: Call, { fault, now }: Refused): State {
  const { tradeId } = state;
  if (back.name === "unconfirmed" && back.tradeId === tradeId)
    return { ...show(state, { ...back, checkedAt: now }), trouble: fault };
  return tradeId ? { ...show(state, open(tradeId)), trouble: fault } : show(state, { name: "refused", fault });
}

const open = (tradeId: string): Unconfirmed => ({
  name: "unconfirmed",
  kind: "not-confirmed",
  tradeId,
  proposal: null,
  checkedAt: null,
});

function saleRefused(state: State, call: Call, { fault, wallets }: Refused): Step {
  const { job } = state;
  if (!job) return same(show(state, { name: "refused", fault }));
  const isOver = fault.moneyMoved === "maybe" || fault.tradeId !== null;
  if (!isOver && call.stopped === "code") return startJob(state, job, "given");
  if (!isOver && call.stopped === "cashier") return giveUp(state);
  if (wallets && call.stopped === "no") return same(show(state, { name: "wallets", wallets }));
  if (call.stopped === "no" && call.kind === "charge" && isOfCamera(fault))
    return same(show(state, { name: "no_camera", fault }));
  const promise: Effect[] = [
    { type: "reject", call: call.number },
    { type: "tell_error", call: call.number },
  ];
  // The page has stopped the sale, and knows that.
  if (call.stopped === "page" && !isOver) {
    const idle: State = { ...show(state, { name: "idle" }), job: null, sale: null, tradeId: null };
    return [idle, promise.slice(0, 1)];
  }
  const isOpen = fault.moneyMoved === "maybe" && fault.tradeId !== null;
  const view: View = isOpen ? open(fault.tradeId) : { name: "refused", fault };
  const told: State = { ...show(state, view), job: null };
  if (fault.tradeId === null) return [told, promise];
  // Another trade has the sale, or money may have moved: how it ends is looked up.
  const [watched, effects] = watch(told, fault.tradeId);
  return [watched, [...promise, ...effects]];
}

function isOfCamera({ code, type, moneyMoved }: Fault): boolean {
  return moneyMoved === "no" && (type === "camera" || NO_CAMERA_HERE.includes(code));
}
