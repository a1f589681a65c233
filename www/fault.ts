// Errors as the model keeps them.

import { KaunterError } from "kaunter";
import type { Fault } from "./model";

export function faultOf(error: unknown): Fault {
  if (error instanceof KaunterError) {
    const { code, type, moneyMoved, tradeId, message, retryAfterMs } = error;
    const fault = { code, type, moneyMoved, tradeId, message };
    const isLater = code === "trade_not_voidable" && retryAfterMs !== null;
    return isLater ? { ...fault, againAt: Date.now() + retryAfterMs } : fault;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: null, type: null, moneyMoved: "no", tradeId: null, message };
}
