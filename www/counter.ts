// What the parts of the page share: the till, and the sale in hand.

import type { Sale, Till } from "kaunter";

export interface Settings {
  token_url: string;
  phone_url: string | null;
  simulated: boolean;
  currency: string;
}

export const address = new URLSearchParams(location.search);
export const terminal = address.get("terminal") ?? "till-1";

export const counter = {
  settings: undefined as Settings | undefined,
  /** None until it is open. */
  till: undefined as Till | undefined,
  /** What is typed for the next sale, in minor units. */
  minor: 0,
  /** The shop's number of the next sale. */
  ref: newRef(),
  /** The reference is used up: money was taken for it, or may have been. */
  used: false,
  /** The sale on screen. */
  sale: null as Sale | null,
  /** The attempt on screen. */
  tradeId: null as string | null,
};

export function currency(): string {
  return counter.settings?.currency ?? "MYR";
}

/** A reference of our own where no point of sale names one: unique for ever. */
export function newRef(): string {
  return `${terminal}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}
