import type { DeclineReason, Outcome } from "./index.js";

export * from "./index.js";

/**
 * Sets how the next charge ends, or the next charge of one sale. Without it, a charge is paid. It counts for one charge,
 * also for one with `showCode`; another call replaces it.
 *
 * `cancelled`: the customer does not answer until the time is up. `unconfirmed`: the gateway does not answer. Throws
 * `argument_invalid` for what no charge can end as: `voided` comes from `till.void`.
 *
 * A sale without an amount counts as registered by your server, with RM 10.00.
 */
export function setOutcome(
  outcome: Outcome["status"] | { status: "declined"; reason: DeclineReason },
  sale?: { ref: string },
): void;

/**
 * The time of all tills, which begins at 2026-01-01T04:00:00Z in each test. While a call of a till waits, the time moves
 * by itself, so that the call ends without waiting: by at most 15 minutes for one call, and not while a function of yours
 * works, such as `chooseWallet` or `accept`.
 */
export const clock: {
  /** The time, in ms since 1970. */
  now(): number;
  /**
   * Moves the time and runs what is due, in order. From the first call until `resetTesting`, the time moves only here:
   * a test sees every step of a charge. `advance(0)` stops the time.
   */
  advance(ms: number): Promise<void>;
};

/** Forgets every sale, outcome and timer: call it between tests, and open another till. */
export function resetTesting(): Promise<void>;
