// Formats amounts with the decimals of ISO 4217, as the till and the backend count them. A browser may have others.

import { formatMoney, type Money } from "kaunter";
import { locale } from "./words";

export const formatted = (money: Money): string => formatMoney(money, locale());
