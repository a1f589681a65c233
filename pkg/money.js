// @ts-check
// Amounts for people to read. How many decimals a currency has comes from the module's own table: Intl's is another
// one.

import { KaunterError, own, wrong } from "./error.js";
import { DIGITS } from "./wasm/digits.js";

const digitsOf = (currency) =>
  Number(Object.keys(DIGITS).find((digits) => DIGITS[digits].split(" ").includes(currency)) ?? 2);

export function formatMoney(money, locale) {
  const { minor, currency } = own(money, "money");
  if (!Number.isSafeInteger(minor) || typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
    throw new KaunterError("money/invalid", 'This is not an amount: give { minor: 1250, currency: "MYR" }.');
  }
  const digits = digitsOf(currency);
  // As text: a float does not hold every amount to its last digit. A browser that reads text as a float comes as near
  // as it can.
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
