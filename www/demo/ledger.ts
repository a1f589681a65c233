// The ledger's line about each sale: computed from what the gateway really charged and gave back.

import { money } from "./words";
import type { Entry } from "./world";

export interface Line {
  readonly ref: string;
  readonly words: string;
  /** Nothing was charged twice, and nothing given back that was not charged. */
  readonly isRight: boolean;
}

/** One line for each sale, the newest first. A trade that no answer named stands for itself. */
export function lines(entries: readonly Entry[], refs: ReadonlyMap<string, string>): Line[] {
  const sales = new Map<string, Entry[]>();
  for (const entry of entries) {
    const ref = refs.get(entry.tradeId) ?? entry.tradeId;
    sales.set(ref, [...(sales.get(ref) ?? []), entry]);
  }
  return [...sales].map(([ref, own]) => ({ ref, ...line(own) })).reverse();
}

function line(entries: readonly Entry[]): Omit<Line, "ref"> {
  const [first] = entries;
  const charges = entries.filter(({ kind }) => kind === "charge").length;
  const refunds = entries.length - charges;
  if (!first) return { words: "Not charged.", isRight: true };
  const amount = money(first.amount);
  if (charges !== 1 || refunds > 1)
    return { words: `Charged ${charges} times, given back ${refunds} times: ${amount} each.`, isRight: false };
  return { words: `Charged once: ${amount}${refunds ? ", and given back once" : ""}.`, isRight: true };
}

/** The line of one sale, also if nothing of it is in the ledger. */
export const lineOf = (ref: string, all: readonly Line[]): Line =>
  all.find((own) => own.ref === ref) ?? { ref, ...line([]) };
