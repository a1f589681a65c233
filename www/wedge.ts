// Tells a hand scanner from a hand. A scanner that acts as a keyboard ("wedge") types its code key by key, and Enter or
// Tab at the end, into the focused field. What it types is never an amount, and presses no button.

/**
 * Two keys closer than this were not typed one after the other. Scanners leave 1 to 30 ms, and a busy machine adds
 * some; quick typists leave 80 ms and more. Larger: a rolling hand is taken for a scanner. Smaller: a slow scanner for
 * a hand.
 */
export const FAST_MS = 50;
/** This many fast keys in a row are a burst: two may be a slip of the finger. */
const BURST_KEYS = 3;
/**
 * A busy machine holds keys up, and scanners send their suffix on its own: so long after its last fast pair a key still
 * belongs to the burst. No hand is back at the keys as soon.
 */
export const LATE_MS = 250;
/** After such a silence a first key may be a scanner's, whose second one was held up. */
const SILENCE_MS = 300;

const MODIFIERS: readonly string[] = [
  "Shift",
  "Control",
  "Alt",
  "AltGraph",
  "Meta",
  "CapsLock",
  "NumLock",
  "ScrollLock",
  "Fn",
];

export type Key = "modifier" | "sign" | "enter" | "other";

export function kindOf({ key }: KeyboardEvent): Key {
  if (MODIFIERS.includes(key)) return "modifier";
  if (key === "Enter") return "enter";
  // A layout that the scanner does not know makes dead keys and nameless ones of its signs.
  return key.length === 1 || ["Dead", "Process", "Unidentified"].includes(key) ? "sign" : "other";
}

export interface Heard {
  /** It is the first of a row of keys, fast or alone. */
  began: boolean;
  /** The row has just become a burst. */
  found: boolean;
  /** It follows keys that no hand types one by one: it presses nothing, even where they are too few for a burst. */
  hasty: boolean;
}

/** Listens to the pace of keys. Stores no key: what a scanner reads may be a customer's code. */
export class Pace {
  #last = { at: -Infinity, kind: "other" as Key };
  #fastAt = -Infinity;
  #keys = 0;
  #silence = Infinity;
  /** True while the keys come from a scanner. */
  burst = false;

  take(kind: Key, at: number): Heard {
    const gap = at - this.#last.at;
    const fast = gap <= FAST_MS;
    const joined = !fast && !this.#late(at) && this.#begin(gap);
    const counted = kind === "sign" || kind === "enter";
    if (fast && counted && this.#last.kind === "sign") this.#fastAt = at;
    const before = this.burst;
    if (counted) this.#keys += 1;
    this.burst ||= this.#keys >= BURST_KEYS;
    this.#last = { at, kind };
    return {
      began: counted && this.#keys === 1 && !joined,
      found: this.burst && !before,
      hasty: at - this.#fastAt <= LATE_MS,
    };
  }

  /** A key of a burst that was held up. After its Enter a burst has nothing to wait for. */
  #late(at: number): boolean {
    return this.burst && this.#last.kind !== "enter" && at - this.#fastAt <= LATE_MS;
  }

  /** A new row. True where it may be the rest of a scanner's: what stood before the row before it counts. */
  #begin(gap: number): boolean {
    const joined =
      !this.burst && gap <= LATE_MS && (this.#keys > 1 || (this.#keys === 1 && this.#silence > SILENCE_MS));
    this.#silence = gap;
    this.#keys = 0;
    this.burst = false;
    return joined;
  }
}
