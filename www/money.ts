// Amounts, with the decimals that the module and the backend count: those of ISO 4217, not the browser's.

import { formatMoney, type Money } from "kaunter";
import { locale } from "./words";

export const formatted = (money: Money): string => formatMoney(money, locale());
