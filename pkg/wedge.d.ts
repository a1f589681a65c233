// wedge.js for TypeScript: the terminal imports it. It is no part of the package's interface.

/** What a key does: `sign` types a character. */
export type Key = "modifier" | "sign" | "enter" | "other";

export interface Heard {
  /** It is the first key of a row. */
  began: boolean;
  /** The row has just become a burst. */
  found: boolean;
  /** It follows fast keys, so it presses nothing, even if they are too few for a burst. */
  hasty: boolean;
  /** How many keys of the row have come. */
  keys: number;
}

/** A key of a burst, as its event has it. */
export interface Stroke {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
}

export const FAST_MS: number;
export const LATE_MS: number;
export function kindOf(event: { readonly key: string }): Key;
/** Measures the pace of keys. `at` is the time of a key in ms, by its event. */
export class Pace {
  burst: boolean;
  take(kind: Key, at: number): Heard;
}
/** The text of a burst; `null` if the scanner's keyboard layout makes it unreadable. */
export function textOf(strokes: readonly Stroke[]): string | null;
