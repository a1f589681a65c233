// @ts-check
// The one error that this package throws and rejects with, and how the facade checks what a caller gives.

/** What went wrong: a stable `code`, and a sentence that a cashier can act on. */
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
    // The facts' own fields: what somebody put on Object.prototype is none of them.
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
  /** Recognises the error of another copy of the package too, where `instanceof` does not. */
  static is(value) {
    try {
      return (
        value instanceof KaunterError ||
        (classOf(value) === "Error" && value.name === "KaunterError" && "code" in value)
      );
    } catch {
      return false; // a proxy that throws is no error of ours
    }
  }
}

/** `argument_invalid`, in the words of src/types/given.rs. */
export const wrong = (name, what, cause) => {
  const detail = `The argument \`${name}\` must be ${what}: tell the page's maker.`;
  return new KaunterError("argument_invalid", detail, { type: "input", detail, cause });
};

/** `not_browser`. */
export const notBrowser = () => new KaunterError("not_browser", "This only works in a browser: call it from a page.");

/** The own fields of an object that a caller gives, without a prototype. */
export function own(given, name = "options") {
  try {
    if (given == null || /^(object|function)$/.test(typeof given)) return { __proto__: null, ...given };
  } catch (cause) {
    throw wrong(name, "readable", cause);
  }
  throw wrong(name, "an object");
}

/** The name of the browser's class that a value is of, in this window or in another; "" where a value does not say. */
export function classOf(value) {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return "";
  }
}
