// @ts-check
// The package's error, and checks of arguments.

export class KaunterError extends Error {
  name = "KaunterError";
  code;
  type;
  detail;
  retryable;
  retryAfterMs;
  moneyMoved;
  tradeId;
  traceId;
  constructor(code, message, facts) {
    // Own fields only, nothing of a changed Object.prototype.
    const own = /** @type {any} */ ({ __proto__: null, ...facts });
    super(message, own.cause === undefined ? undefined : { cause: own.cause });
    this.code = code;
    this.type = own.type ?? "setup";
    this.detail = own.detail ?? null;
    this.retryable = own.retryable ?? false;
    this.retryAfterMs = own.retryAfterMs ?? null;
    this.moneyMoved = own.moneyMoved ?? "no";
    this.tradeId = own.tradeId ?? null;
    this.traceId = own.traceId ?? null;
  }
  /** Also true for another copy of the package. */
  static is(value) {
    try {
      return (
        value instanceof KaunterError ||
        (classOf(value) === "Error" && value.name === "KaunterError" && "code" in value)
      );
    } catch {
      return false; // a proxy that throws
    }
  }
}

/** `argument_invalid`, worded as in src/types/given.rs. */
export const wrong = (name, what, cause) => {
  const detail = `The argument \`${name}\` must be ${what}: tell the page's maker.`;
  return new KaunterError("argument_invalid", detail, { type: "input", detail, cause });
};

export const notBrowser = () =>
  new KaunterError("not_browser", "This only works in a browser: call it from a page.", {
    detail: 'In a test, replace "kaunter" by "kaunter/testing".',
  });

/** Why a signal was aborted. Chrome has `reason` from 98 on. */
export const reasonOf = (signal) => signal.reason ?? new DOMException("The call was aborted.", "AbortError");

/** Copies a caller's object: own fields, no prototype. */
export function own(given, name = "options") {
  try {
    if (given == null || /^(object|function)$/.test(typeof given)) return { __proto__: null, ...given };
  } catch (cause) {
    throw wrong(name, "readable", cause);
  }
  throw wrong(name, "an object");
}

/** The class name of a value of any window; "" if it can't be read. */
export function classOf(value) {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return "";
  }
}
