// Decides which sale is on screen. There is one call of the till at a time, and a screen to return to. An old sale
// never replaces a payment in progress, and returns to what was there before.

import { KaunterError, type Outcome, type Sale, type Till, type Trade } from "kaunter";
import { stayAwake } from "./awake";
import * as connection from "./connection";
import { counter } from "./counter";
import { current, trouble } from "./screen";
import { told } from "./words";

export const FINAL: readonly string[] = ["paid", "declined", "cancelled", "voided"];

export const stage = {
  /** The trade that somebody looks at, as it stood then; null: the sale in hand is on screen. */
  looking: null as Trade | null,
  /** It had ended before it was opened from the history: no news, however it ended. */
  old: false,
  /** What the point of sale asks for under the reference of the sale in hand, where that has another amount. */
  asked: null as Sale | null,
  /** Shows the sale in hand again; null: the next sale is typed. */
  home: null as (() => void) | null,
};

let abort: AbortController | null = null;
let runs = 0;
let running: Promise<void> = Promise.resolve();
let acting = -1;

export function till(): Till {
  if (!counter.till) throw new Error("the till is not open");
  return counter.till;
}

/** A payment, a refund or a verdict is in progress: its end must be seen. */
export function isBusy(): boolean {
  return acting === runs || ["scan", "present", "waiting"].includes(current());
}

/** Shows the current sale again. */
export function inHand(): void {
  Object.assign(stage, { looking: null, old: false, asked: null });
}

/** Sets where Back leads. */
export function keep(home: (() => void) | null): void {
  if (!stage.looking) stage.home = home;
}

export function signal(): { signal: AbortSignal } {
  abort = new AbortController();
  return { signal: abort.signal };
}

export function stop(): void {
  abort?.abort();
}

/** Stops waiting for the call in progress; the till continues it. */
export function letGo(): void {
  runs++;
}

/** Ends the call in progress without showing its result. */
export async function dismiss(): Promise<void> {
  letGo();
  stop();
  await running;
}

/** True once another call has replaced that one. */
export function since(): () => boolean {
  const then = runs;
  return () => then !== runs;
}

export interface Ends {
  ended: (outcome: Outcome) => void;
  refused: (error: unknown) => void;
  /** Somebody only looks: nothing is lost if another sale is looked at meanwhile. */
  reading?: boolean;
}

/** One call of the till, to its end on the screen; only the newest is shown. */
export function run(begin: () => Promise<Outcome>, { ended, refused, reading = false }: Ends): Promise<void> {
  const own = ++runs;
  if (!reading) acting = own;
  stayAwake();
  trouble(null);
  const over = (word: string) => {
    if (acting === own) acting = -1;
    document.body.dataset.promise = word; // for tests
  };
  running = begin().then(
    (outcome) => {
      if (own !== runs) return;
      over(outcome.status);
      ended(outcome);
    },
    (error: unknown) => {
      noteNetwork(error);
      if (own !== runs) return;
      over(error instanceof KaunterError ? error.code : "aborted");
      refused(error);
    },
  );
  return running;
}

export function noteNetwork(error: unknown): void {
  if (error instanceof KaunterError && error.code === "network_failed") connection.heard(false);
}

/** A held button: the customer may be faster, so the wait goes on, and the truth is shown. */
export function cancelHeld(): void {
  if (abort && !abort.signal.aborted) return abort.abort();
  if (counter.tradeId)
    till()
      .cancel(counter.tradeId)
      .catch((error: unknown) => trouble(told(error)));
}
