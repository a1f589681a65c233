// Amounts, as `Intl` writes them: how many decimals a currency has is the browser's knowledge.

import type { Money } from "kaunter";
import { locale } from "./words";

export function formatted({ minor, currency }: Money): string {
  const format = new Intl.NumberFormat(locale(), { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** decimals);
}
