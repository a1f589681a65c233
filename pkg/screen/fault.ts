// Errors as plain data, so that a model can keep them.

import { type ErrorCode, type ErrorType, KaunterError } from "kaunter";

/** What an error says, without the error. */
export interface Fault {
  /** Null: the error is not the package's, for example an abort by the cashier. */
  readonly code: ErrorCode | null;
  readonly type: ErrorType | null;
  readonly moneyMoved: "no" | "maybe";
  readonly tradeId: string | null;
  readonly message: string;
  /** When a refused refund will be possible, in milliseconds since 1970. */
  readonly againAt?: number;
}

export function faultOf(error: unknown): Fault {
  if (KaunterError.is(error)) {
    const { code, type, moneyMoved, tradeId, message, retryAfterMs } = error;
    const fault = { code, type, moneyMoved, tradeId, message };
    const isLater = code === "trade_not_voidable" && retryAfterMs !== null;
    return isLater ? { ...fault, againAt: Date.now() + retryAfterMs } : fault;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: null, type: null, moneyMoved: "no", tradeId: null, message };
}
