// The transitions: a state and an event in, the next state and its effects out. Pure, so tests walk it in Node.

import type { Trade } from "kaunter";
import { FINAL, isUrgent, kindOf, limitOf } from "../screen/sentences";
import { answered } from "./answers";
import {
  type Call,
  canRefund,
  canSetAside,
  type Event,
  INITIAL,
  isBusy,
  offeredVerdicts,
  others,
  type State,
} from "./model";
import {
  enter,
  giveUp,
  leave,
  type Step,
  same,
  show,
  startCall,
  startJob,
  startShow,
  stop,
  wait,
  watch,
} from "./steps";

export * from "./model";
export { answered };

export function step(state: State, event: Event): Step {
  switch (event.type) {
    case "opening_began":
      return same(state.session ? state : show(state, { name: "opening" }));
    case "opened": {
      const { session, unfinished } = event;
      return same({ ...show(state, { name: "idle" }), session, unfinished });
    }
    case "open_failed":
      return same(state.session ? state : show(state, { name: "closed", fault: event.fault }));
    case "till_closed":
      // Answers of the closed till's calls do not count any more.
      return same({ ...INITIAL, calls: state.calls });
    case "sale_begun":
      return saleBegun(state, event);
    case "sale_stopped":
      return saleStopped(state);
    case "state_changed":
      return same(stateChanged(state, event.to, event.trade));
    case "trade_changed":
      return tradeChanged(state, event.trade);
    case "unfinished_changed":
      return same({ ...state, unfinished: event.unfinished });
    case "progress_made":
      return same(event.progress.tradeId === state.tradeId ? { ...state, progress: event.progress } : state);
    case "hint_changed":
      return same(state.view.name === "scan" ? { ...state, hint: event.hint } : state);
    case "camera_changed":
      return same(cameraChanged(state, event));
    case "cameras_counted":
      return same({ ...state, cameras: event.count });
    case "torch_set":
      return same({ ...state, isLit: event.isLit });
    case "picture_failed":
      return same({ ...state, trouble: { word: event.word } });
    case "warned":
      return same({ ...state, trouble: event.fault });
    case "wallet_asked":
    case "code_shown":
    case "ended":
    case "refused":
      return answered(state, event);
    default:
      return pressed(state, event);
  }
}

type Press = Extract<
  Event,
  { type: `${string}_pressed` | "cancel_confirmed" | "refund_confirmed" | "verdict_confirmed" }
>;

/** What a person does. What can't be pressed now has no effect. */
function pressed(state: State, event: Press | Extract<Event, { type: "ask_closed" | "code_given" }>): Step {
  const { view, call, job } = state;
  const isScanning = view.name === "scan" && call?.stopped === "no";
  switch (event.type) {
    case "retry_pressed":
      return view.name === "closed" ? [show(state, { name: "opening" }), [{ type: "open" }]] : same(state);
    case "cancel_pressed":
      return cancelPressed(state);
    case "cancel_confirmed":
      return cancelConfirmed(state);
    case "ask_closed":
      return same({ ...state, ask: null, trouble: null });
    case "camera_pressed":
      return view.name === "no_camera" && job ? startJob(state, job, "scan") : same(state);
    case "next_camera_pressed":
      return isScanning ? [state, [{ type: "next_camera" }]] : same(state);
    case "torch_pressed":
      return isScanning && state.camera?.torch ? [state, [{ type: "set_torch", isLit: !state.isLit }]] : same(state);
    case "type_pressed":
      return same(isScanning || view.name === "no_camera" ? { ...state, ask: "code", trouble: null } : state);
    case "code_given":
      if (view.name === "no_camera" && job) return startJob(state, job, "given");
      return isScanning ? stop({ ...state, ask: null }, "code") : same(state);
    case "wallet_pressed":
      return walletPressed(state, event.walletId);
    case "check_pressed":
      return view.name === "unconfirmed" && call === null ? watch(state, view.tradeId) : same(state);
    case "refund_pressed":
      return same(canRefund(state) ? { ...state, ask: "refund", trouble: null } : state);
    case "refund_confirmed":
      return refundConfirmed(state, event.reason);
    case "verdict_pressed":
      return same(offeredVerdicts(state).length > 0 ? { ...state, ask: "verdict", trouble: null } : state);
    case "verdict_confirmed":
      return verdictConfirmed(state, event);
    case "done_pressed":
      return same(["paid", "declined", "cancelled", "voided", "refused"].includes(view.name) ? leave(state) : state);
    case "aside_pressed":
      return same(canSetAside(state) ? leave(state) : state);
    case "unfinished_pressed": {
      const trade = others(state).find(({ tradeId }) => tradeId === event.tradeId);
      return trade && state.session ? watch({ ...state, sale: trade.sale }, trade.tradeId) : same(state);
    }
  }
}

// ---- the sale of the page ---------------------------------------------------------------------------------------

function saleBegun(before: State, { job, hasCode, wallets }: Extract<Event, { type: "sale_begun" }>): Step {
  if (before.session === null || isBusy(before)) return same(before);
  const state = enter(before, job, job.sale);
  // A call that only watches an earlier trade ends; the trade stays in the list.
  const first = before.call ? ([{ type: "abort" }] as const) : [];
  const [begun, effects] = begin(state);
  return [begun, [...first, ...effects]];

  function begin(state: State): Step {
    if (job.mode === "charge") return startJob(state, job, hasCode ? "given" : "scan");
    if (job.walletId !== null) return startShow(state, job, job.walletId);
    const ours = wallets.filter(({ modes }) => modes.includes("merchant_presented"));
    if (ours.length > 1) return same(show(state, { name: "wallets", wallets: ours }));
    // Without a wallet that can, the till says so: it gets any.
    return startShow(state, job, (ours[0] ?? wallets[0])?.walletId ?? "");
  }
}

function saleStopped(state: State): Step {
  const { job, call } = state;
  if (!job) return same(state);
  if (call) {
    const [stopped, effects] = stop(state, "page");
    // A till that waits for a wallet hears no signal.
    return [stopped, state.view.name === "wallets" ? [...effects, { type: "choose", walletId: null }] : effects];
  }
  // No call runs: a wallet or a camera is missing.
  const idle: State = { ...leave(state), job: null };
  return [idle, [{ type: "reject", call: state.calls }]];
}

function cancelPressed(state: State): Step {
  const { view, call, job } = state;
  if (state.ask !== null) return same({ ...state, ask: null });
  switch (view.name) {
    case "scan":
      return call?.kind === "charge" ? stop(state, "cashier") : same(state);
    case "no_camera":
      return giveUp(state);
    case "wallets":
      if (!call) return giveUp(state);
      return [
        wait({ ...state, call: { ...call, stopped: "cashier" } }, "cancelling"),
        [{ type: "choose", walletId: null }],
      ];
    case "code":
    case "waiting":
      if (call?.kind === "watch") return stopWatching(state, call);
      return same(canCancel(state) && job ? { ...state, ask: "cancel" } : state);
    default:
      return same(state);
  }
}

/** A call that only asks can be left: it moves no money, and the till goes on with the trade. */
function stopWatching(state: State, { back }: Call): Step {
  // An end that was on screen before is of another sale.
  const isSame = back.name === "unconfirmed" || back.name === "refused";
  const shown = isSame ? show({ ...state, call: null }, back) : leave(state);
  return [shown, [{ type: "abort" }]];
}

const canCancel = ({ view, call }: State) =>
  call?.stopped === "no" &&
  (view.name === "code" || (view.name === "waiting" && ["paying", "confirm", "checking"].includes(view.work)));

/** The customer may be faster, so the call goes on until its end is known. */
function cancelConfirmed(state: State): Step {
  if (state.ask !== "cancel" || !canCancel(state)) return same(state);
  const [stopped, effects] = stop(state, "cashier");
  return [wait(stopped, "cancelling"), effects];
}

function walletPressed(state: State, walletId: string): Step {
  const { view, job, call, sale } = state;
  if (view.name !== "wallets" || !job) return same(state);
  const wallet = view.wallets.find((one) => one.walletId === walletId);
  if (!wallet || (sale?.amount && limitOf(wallet, sale.amount))) return same(state);
  if (call) return [wait(state, "paying"), [{ type: "choose", walletId }]];
  return job.mode === "show" ? startShow(state, job, walletId) : startJob(state, job, "scanned", walletId);
}

// ---- a refund or a verdict --------------------------------------------------------------------------------------

function refundConfirmed(state: State, given: string): Step {
  const { tradeId, ask } = state;
  const reason = given.trim();
  if (ask !== "refund" || !canRefund(state) || !tradeId) return same(state);
  if (!reason) return same({ ...state, trouble: { word: "whyNeeded" } });
  const begun = startCall(state, "void", { name: "waiting", work: "voiding" });
  return [begun, [{ type: "void", call: begun.calls, tradeId, reason }]];
}

function verdictConfirmed(state: State, event: Extract<Event, { type: "verdict_confirmed" }>): Step {
  const { tradeId, ask } = state;
  const { outcome } = event;
  const evidence = event.evidence.trim();
  if (ask !== "verdict" || !tradeId) return same(state);
  if (!offeredVerdicts(state).includes(outcome)) return same({ ...state, trouble: { word: "chooseVerdict" } });
  if (!evidence) return same({ ...state, trouble: { word: "evidenceNeeded" } });
  const begun = startCall(state, "verdict", { name: "waiting", work: "checking" });
  return [begun, [{ type: "give_verdict", call: begun.calls, tradeId, outcome, evidence }]];
}

// ---- what the till says -----------------------------------------------------------------------------------------

/** Moves of the till change the view only during a call, and only for the sale on screen. */
function stateChanged(state: State, to: Extract<Event, { type: "state_changed" }>["to"], trade: Trade | null): State {
  const { call, view } = state;
  if (!call || (trade && trade.sale.ref !== state.sale?.ref)) return state;
  const own = trade ? { ...state, tradeId: trade.tradeId, sale: trade.sale } : state;
  const isOnDisplay = trade === null || trade.status === "creating" || trade.status === "awaiting_payer";
  if (view.name === "code" && isOnDisplay) return own;
  switch (to) {
    case "starting":
    case "scanning": {
      if (call.kind !== "charge" || view.name !== "scan") return own;
      const status = to === "starting" ? "starting" : "live";
      return view.status === status ? own : { ...own, view: { name: "scan", status } };
    }
    case "paying":
      return view.name === "wallets" || call.kind === "void" ? own : wait(own, "paying");
    case "waiting":
      return call.kind === "void" ? own : wait(own, trade?.status === "pending" ? "confirm" : "checking");
    case "cancelling":
      return wait(own, trade?.status === "voiding" ? "voiding" : "cancelling");
    case "scanned":
    case "idle":
    case "review":
      return own;
  }
}

/** A trade has changed by itself, perhaps the one on screen. */
function tradeChanged(state: State, trade: Trade): Step {
  const { view, call, tradeId } = state;
  if (trade.tradeId !== tradeId) return same(state);
  if (call) {
    const isPaid = view.name === "code" && trade.status === "pending";
    const isWatched = view.name === "waiting" && (view.work === "paying" || view.work === "checking");
    return same(isPaid || (isWatched && trade.status === "pending") ? wait(state, "confirm") : state);
  }
  if (state.job) return same(state);
  const isKnown = view.name === "unconfirmed" && view.kind === kindOf(trade.status);
  if (isUrgent(trade) && !isKnown && view.name !== "idle") {
    const { tradeId, proposal, status } = trade;
    return same(show(state, { name: "unconfirmed", kind: kindOf(status), tradeId, proposal, checkedAt: null }));
  }
  // The till has learned the end: it is asked for the outcome.
  return view.name === "unconfirmed" && FINAL.includes(trade.status) && !state.ask
    ? watch(state, tradeId)
    : same(state);
}

function cameraChanged(state: State, { status, camera }: Extract<Event, { type: "camera_changed" }>): State {
  const known: State = { ...state, camera, isLit: camera ? state.isLit : false };
  if (state.view.name !== "scan" || state.view.status === "starting") return known;
  const shown = status === "muted" ? "muted" : "live";
  return { ...known, view: { name: "scan", status: shown } };
}
