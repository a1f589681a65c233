// Which text says what: hints, ends, verdicts, the limits of a wallet.

import type { GatewayAnswer, Money, Outcome, TillEventDetails, Trade, Verdict, Wallet } from "kaunter";
import type { Words } from "./say";

type Word = keyof Words;
export type Hint = TillEventDetails["hint"]["hint"];
export type VerdictOutcome = Verdict["outcome"];

export const HINTS: Record<NonNullable<Hint>, Word> = {
  closer: "closer",
  farther: "farther",
  glare: "glare",
  dark: "dark",
  hold_still: "holdStill",
  several_codes: "severalCodes",
};

/** What a person says about a trade, and the button that says it. */
export const SAID: Record<VerdictOutcome, Word> = { paid: "wasPaid", declined: "wasNotPaid", voided: "wasReturned" };
export const SETTLES: Record<VerdictOutcome, Word> = {
  paid: "settlePaid",
  declined: "settleNotPaid",
  voided: "settleReturned",
};

/** Why the money is given back. The audit trail has one language, the shop's: so it gets the first text of each. */
export const REASONS = [
  ["wrong amount", "whyAmount"],
  ["goods returned", "whyGoods"],
  ["paid twice", "whyTwice"],
  ["paid late", "whyLate"],
] as const satisfies readonly (readonly [string, Word])[];

/** Who cancelled, and why. */
export function cancelledWord({ by, reason }: Extract<Outcome, { status: "cancelled" }>) {
  if (reason === "amount_changed") return "cancelledAmount";
  if (by === "system") return reason === "deadline" ? "cancelledDeadline" : "cancelledSystem";
  return by === "customer" ? "cancelledCustomer" : "cancelledCashier";
}

/** What the screen of a trade without an outcome shows. */
export function kindOf(status: Trade["status"]): "not-confirmed" | "late" | "reversed" {
  if (status === "late_success") return "late";
  return status === "reversed" ? "reversed" : "not-confirmed";
}

export const NOT_CONFIRMED = {
  "not-confirmed": { title: "titleNotConfirmed", sentence: "notConfirmed", banner: "unfinished" },
  late: { title: "titleLate", sentence: "late", banner: "unfinishedLate" },
  reversed: { title: "titleReversed", sentence: "reversed", banner: "unfinishedReversed" },
} as const satisfies Record<ReturnType<typeof kindOf>, { title: Word; sentence: Word; banner: Word }>;

/** Statuses that no later answer changes, other than by late money or a refund. */
export const FINAL: readonly string[] = ["paid", "declined", "cancelled", "voided"];

/** A person has to decide: money came late, or a payment was taken back. */
export const isUrgent = ({ status }: Pick<Trade, "status">) => status === "late_success" || status === "reversed";

/** The gateway's own words are data, and shown as text: its sentence, or its code if it gave no sentence. */
export const wordsOf = ({ code, message }: GatewayAnswer): string => message || (code ?? "");

/** Why a wallet does not pay this amount: its smallest or its largest one. Null if it does. */
export function limitOf({ minAmount, maxAmount }: Wallet, { minor }: Money) {
  if (minAmount !== null && minor < minAmount.minor) return { word: "walletFrom", limit: minAmount } as const;
  if (maxAmount !== null && minor > maxAmount.minor) return { word: "walletUpTo", limit: maxAmount } as const;
  return null;
}
