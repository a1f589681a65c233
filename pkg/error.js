// @ts-check
// The one error that this package throws and rejects with, and how the facade checks what a caller gives.

/** What went wrong: a stable `code`, and a sentence that a cashier can act on. */
export class KaunterError extends Error {
  name = "KaunterError";
  code;
  retryable;
  moneyMoved;
  tradeId;
  constructor(code, message, facts) {
    // The facts' own fields: what somebody put on Object.prototype is none of them.
    const {
      retryable = false,
      moneyMoved = "no",
      tradeId = null,
      cause,
    } = /** @type {any} */ ({ __proto__: null, ...facts });
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.moneyMoved = moneyMoved;
    this.tradeId = tradeId;
  }
}

/** `argument_invalid`, in the words of src/types/given.rs. */
export const wrong = (name, what, cause) =>
  new KaunterError("argument_invalid", `The argument \`${name}\` must be ${what}: tell the page's maker.`, { cause });

/** `env/not-browser`. */
export const notBrowser = () =>
  new KaunterError("env/not-browser", "This only works in a browser: call it from a page.");

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
