// Steps: a model with the effects that led to it, and what most transitions are made of.

import type { Sale, Trade } from "kaunter";
import type { Draft, Effect, Facts, Model, Progress, Run, View } from "../model";

/** The next model, and what the page does about it. */
export type Step = readonly [Model, readonly Effect[]];

/** Nothing happens. */
export const same = (model: Model): Step => [model, []];

export const show = (model: Model, view: View): Model => ({ ...model, view });

/** Shows what the customer has to do while the till works. */
export function wait(model: Model, kind: Progress, { canCancel = true, canLeave = false } = {}): Model {
  return show(model, { screen: "waiting", kind, canCancel, canLeave });
}

/** Puts effects before those of a step. */
export function after(effects: readonly Effect[], [model, more]: Step): Step {
  return [model, [...effects, ...more]];
}

/** A new call of the till: from now on only its answers count. */
export function startRun(model: Model, kind: Run["kind"]): Model {
  return { ...model, run: { number: model.run.number + 1, kind, isStopped: false }, trouble: null };
}

/** The newest call has ended; look-ups about it keep its number. */
export const endRun = (model: Model): Model => ({ ...model, run: { ...model.run, kind: "none" } });

/** Stops following the call in progress. The till goes on with it. */
export function dropRun(model: Model): Model {
  return { ...model, run: { number: model.run.number + 1, kind: "none", isStopped: false } };
}

/** The current sale is on screen again. */
export const closeOpened = (model: Model): Model => ({ ...model, opened: null, asked: null });

/**
 * Keeps what was read of the trade on screen. A token that may not list reads another terminal's trade without the
 * gateway's reference and without a proposal: then the proposal that is known stays, until the status changes.
 */
export function keep(model: Model, trade: Trade): Model {
  if (trade.tradeId !== model.tradeId) return model;
  const { record } = model;
  const isSame = record?.tradeId === trade.tradeId && record.status === trade.status;
  const isPart = isSame && record.gatewayRef !== null && trade.gatewayRef === null;
  return { ...model, record: isPart ? { ...trade, gatewayRef: record.gatewayRef, proposal: record.proposal } : trade };
}

export const useUp = (model: Model): Model => ({ ...model, draft: { ...model.draft, isUsed: true } });

/** Keeps what a trade says about the draft's reference: from its first trade on, the amount stands. */
export function bind(model: Model, { ref, amount }: Sale): Model {
  if (ref !== model.draft.ref) return model;
  return { ...model, draft: { ...model.draft, boundMinor: amount.minor } };
}

/** How the reference of each practice sale begins. A backend refuses such a sale. */
export const PRACTICE_PREFIX = "PRACTICE-";

/** What Charge asks for. Another amount than the reference's own is another sale, with another reference. */
export function wanted(model: Model, { freshRef }: Facts): { model: Model; sale: Sale | null } {
  const { draft, currency } = model;
  if (currency === null || draft.minor === 0) return { model, sale: null };
  const isSpent = draft.isUsed || (draft.boundMinor !== null && draft.boundMinor !== draft.minor);
  // A reference of the page's own is registered nowhere.
  if (model.isRegistered && (isSpent || draft.ref === null)) return { model, sale: null };
  const fresh = model.practice ? `${PRACTICE_PREFIX}${freshRef}` : freshRef;
  const ref = isSpent || draft.ref === null ? fresh : draft.ref;
  const kept = ref === draft.ref ? draft : { minor: draft.minor, ref, isUsed: false, boundMinor: null };
  return { model: { ...model, draft: kept }, sale: { ref, amount: { minor: draft.minor, currency } } };
}

/** The draft is on screen. */
export function ready(model: Model): Model {
  const view = { screen: "ready", kind: "ready" } as const;
  return { ...closeOpened(model), sale: null, tradeId: null, home: null, view };
}

export const EMPTY: Draft = { minor: 0, ref: null, isUsed: false, boundMinor: null };

/** Nobody is signed in: the next sale needs a new token. */
export const signedOut = (model: Model): Model =>
  show(ready({ ...model, decidingIn: null }), { screen: "ready", kind: "signed-out" });

/** An empty draft, with a reference of its own. */
export function newSale(model: Model): Model {
  return ready({ ...dropRun(model), draft: EMPTY });
}
