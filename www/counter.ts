// The state that the parts of the page share: the till, and the current sale.

import type { Sale, Till } from "kaunter";

export interface Settings {
  token_url: string;
  phone_url: string | null;
  sandbox: boolean;
  currency: string;
}

export const address = new URLSearchParams(location.search);
export const terminal = address.get("terminal") ?? "till-1";

export const counter = {
  settings: undefined as Settings | undefined,
  /** Null until the till is open. */
  till: undefined as Till | undefined,
  /** What is typed for the next sale, in minor units. */
  minor: 0,
  /** The shop's reference of the next sale. */
  ref: newRef(),
  /** The reference is used up: money was taken for it, or may have been. */
  used: false,
  /** The amount that the reference is bound to, because a trade of it exists. Null: no amount is known. */
  bound: null as number | null,
  /** The sale on screen. */
  sale: null as Sale | null,
  /** The trade on screen. */
  tradeId: null as string | null,
};

export function currency(): string {
  return counter.settings?.currency ?? "MYR";
}

/** A random reference, if the point of sale names none: unique for ever. */
export function newRef(): string {
  return `${terminal}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

export function renewRef(): void {
  Object.assign(counter, { ref: newRef(), used: false, bound: null });
}

/** Keeps what a trade says about the reference of the next sale: from its first trade on, the amount stands. */
export function bind(sale: Sale): void {
  if (sale.ref === counter.ref) counter.bound = sale.amount.minor;
}

/** What Charge asks for now. Another amount than the reference's own is another sale, with another reference. */
export function wanted(): Sale {
  if (counter.used || (counter.bound !== null && counter.bound !== counter.minor)) renewRef();
  return { ref: counter.ref, amount: { minor: counter.minor, currency: currency() } };
}
