// Requests and answers in plain words.

import { formatMoney, type Money } from "kaunter";
import type { Exchange } from "./wire";

export const money = (amount: Money) => formatMoney(amount, "en-MY");

type Body = { status?: string; code?: string; title?: string; wallets?: unknown[]; sale?: { amount?: Money } } | null;

/** Each request by its method and its path. */
const ASKED: readonly [method: string, path: RegExp, words: (body: Body) => string][] = [
  ["POST", /^\/v1\/sessions$/, () => "The till opens."],
  ["POST", /^\/v1\/trades$/, (body) => `A new trade${ofAmount(body)}.`],
  ["POST", /\/code$/, () => "The customer's code, for this trade only."],
  ["POST", /\/cancel$/, () => "Cancel the payment."],
  ["POST", /\/void$/, () => "Give the money back."],
  ["POST", /\/verdict$/, () => "A person's verdict on the trade."],
  ["GET", /^\/v1\/trades\/[^/]+(\/void)?$/, () => "How does the trade stand?"],
  ["GET", /^\/v1\/trades(\?|$)/, () => "Which trades are there?"],
];

const ofAmount = (body: Body) => (body?.sale?.amount ? ` of ${money(body.sale.amount)}` : "");

/** What each status of a trade means for the money. */
const STATUSES: Record<string, string> = {
  creating: "Not created at the gateway yet.",
  awaiting_code: "Created. Nothing is paid.",
  awaiting_payer: "The customer may scan the till's code.",
  paying: "The payment is on its way.",
  pending: "The gateway asks the customer.",
  unknown: "The gateway's answer is missing. The backend asks again, and pays nothing twice.",
  cancelling: "The cancel is on its way.",
  needs_review: "A person has to decide.",
  paid: "Paid.",
  voiding: "The money is on its way back.",
  late_success: "Paid after it was closed.",
  reversed: "The gateway took the payment back.",
  declined: "Declined. Nothing is paid.",
  cancelled: "Cancelled. Nothing is paid.",
  voided: "The money was given back.",
};

export function asked({ method, path, request }: Exchange): string {
  const found = ASKED.find(([known, pattern]) => known === method && pattern.test(path));
  return found ? found[2](request as Body) : `${method} ${path.split("?")[0]}`;
}

export function answered({ status, answer }: Exchange): string {
  const body = answer as Body;
  if (status === null) return "No answer came.";
  if (status >= 400) return `Refused (${status}).`;
  if (body?.wallets) return `Welcome. ${body.wallets.length} wallets.`;
  return STATUSES[body?.status ?? ""] ?? "Done.";
}
