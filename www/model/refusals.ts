// What the till refuses: nothing ever began, another trade has the sale, or the camera is missing.

import type { Outcome, Trade } from "kaunter";
import type { Fault, FindQuestion, Model, ReadQuestion } from "../model";
import { anotherAmount, notPaid, paid, refusedFor, unconfirmed, unconfirmedRead } from "./endings";
import { ready, type Step, same, show, signedOut, useUp } from "./step";

/** Codes of a page or a browser that can't have a camera. */
const NO_CAMERA_HERE: readonly (string | null)[] = ["insecure_context", "browser_unsupported"];

/** A call that may move money was refused. */
export function refused(model: Model, fault: Fault): Step {
  // A cashier who cancelled before anything began knows that.
  if (fault.code === null) return same(ready(model));
  if (fault.code === "token_revoked" && fault.moneyMoved === "no") return same(signedOut(model));
  if (fault.code === "terminal_taken") {
    const [told, effects] = refusedFor(model, fault);
    return [told, [...effects, { type: "ask_take_over" }]];
  }
  if (fault.code === "sale_amount_mismatch") return findOut(model, { type: "mismatch", fault });
  if (fault.code === "sale_paid" && fault.tradeId) {
    return [model, [{ type: "read_outcome", run: model.run.number, tradeId: fault.tradeId }]];
  }
  if (fault.code === "sale_busy" || fault.code === "sale_paid" || fault.moneyMoved === "maybe") {
    return findOut(useUp(model), { type: "busy", fault });
  }
  if (fault.type === "camera" || NO_CAMERA_HERE.includes(fault.code)) {
    return same(show(model, { screen: "scan", kind: "no-camera", fault }));
  }
  // The reader comes from the shop's system too: if that does not answer, the cashier is told so.
  if (fault.code === "worker_failed") return [model, [{ type: "probe", run: model.run.number, fault }]];
  return refusedFor(model, fault);
}

export function probed(model: Model, isThere: boolean, fault: Fault): Step {
  return isThere ? refusedFor(model, fault) : notPaid(model, "declined", { word: "noAnswer" });
}

/** Finds the trade that has the sale, if the till did not name it. */
function findOut(model: Model, question: FindQuestion): Step {
  const { tradeId } = question.fault;
  if (tradeId) return found(model, tradeId, question);
  return [model, [{ type: "find_trade", run: model.run.number, ref: model.sale?.ref ?? "", question }]];
}

/** The trade that has the sale, by its id. Null: no trade was found. */
export function found(model: Model, tradeId: string | null, { type, fault }: FindQuestion): Step {
  if (!tradeId) return refusedFor(useUp(model), fault);
  if (type === "mismatch") {
    return [model, [{ type: "read_trade", run: model.run.number, tradeId, question: { type, fault } }]];
  }
  return unconfirmed(model, tradeId, fault.code === "sale_busy" ? { word: "busy" } : { fault });
}

export function tradeRead(
  model: Model,
  tradeId: string,
  trade: Trade | null,
  question: ReadQuestion,
  now: number,
): Step {
  switch (question.type) {
    case "unconfirmed":
      return unconfirmedRead(model, tradeId, trade, question.trouble, now);
    case "mismatch":
      if (!trade || !model.sale) return refusedFor(useUp(model), question.fault);
      return anotherAmount(useUp(model), trade.sale, model.sale, trade.status === "paid");
  }
}

/** The sale was paid before. */
export function outcomeRead(model: Model, tradeId: string, outcome: Outcome | null): Step {
  const used = useUp(model);
  const { sale } = model;
  if (outcome?.status !== "paid") return unconfirmed(used, tradeId, null);
  const isSame = sale?.ref === outcome.sale.ref && sale.amount.minor === outcome.sale.amount.minor;
  if (!sale || isSame) return paid(used, outcome, { isQuiet: true, isAlready: true });
  return anotherAmount(used, outcome.sale, sale, true);
}
