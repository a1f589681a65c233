// @ts-check
// Amounts as people type and read them, by the rules of `Money::parse` (src/core/money.rs); a test compares the two.
// The decimals of a currency come from the module's table: Intl's differs.

import { KaunterError, own, wrong } from "./error.js";
import { DIGITS } from "./wasm/digits.js";

const digitsOf = (currency) =>
  Number(Object.keys(DIGITS).find((digits) => DIGITS[digits].split(" ").includes(currency)) ?? 2);

const isCurrency = (currency) => typeof currency === "string" && /^[A-Z]{3}$/.test(currency);

function notAnAmount(detail) {
  return new KaunterError("amount_invalid", "This is not an amount: type it like 12.50.", { type: "input", detail });
}

export function parseMoney(text, currency) {
  if (typeof text !== "string") throw wrong("text", "a string");
  if (typeof currency !== "string") throw wrong("currency", "a string");
  if (!isCurrency(currency)) throw notAnAmount("A currency is three upper-case letters, like MYR.");
  const [, whole, fraction = ""] = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text) ?? [];
  if (whole === undefined) throw notAnAmount("An amount has digits and one point, like 12.50.");
  const digits = digitsOf(currency);
  if (fraction.length > digits) throw notAnAmount(`${currency} has ${digits} digits behind the point.`);
  const minor = Number(whole + fraction.padEnd(digits, "0"));
  if (!Number.isSafeInteger(minor)) throw notAnAmount("The amount is too large.");
  return { minor, currency };
}

export function formatMoney(money, locale) {
  const { minor, currency } = own(money, "money");
  if (!Number.isSafeInteger(minor) || !isCurrency(currency)) {
    throw notAnAmount('An amount is like { minor: 1250, currency: "MYR" }.');
  }
  const digits = digitsOf(currency);
  // As text: a float does not hold every amount to its last digit. Old browsers still convert it to one.
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const decimal =
    `${minor < 0 ? "-" : ""}${text.slice(0, text.length - digits)}.${text.slice(text.length - digits)}`.replace(
      /\.$/,
      "",
    );
  try {
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(/** @type {any} */ (decimal));
  } catch (cause) {
    throw wrong("locale", "a language tag", cause);
  }
}
