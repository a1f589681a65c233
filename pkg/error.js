// The one error that this package throws and rejects with.

/** What went wrong: a stable `code`, and a sentence that a cashier can act on. */
export class KaunterError extends Error {
  constructor(code, message, { retryable = false, moneyMoved = "no", tradeId = null, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "KaunterError";
    this.code = code;
    this.retryable = retryable;
    this.moneyMoved = moneyMoved;
    this.tradeId = tradeId;
  }
}
