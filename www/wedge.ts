// Tells a hand scanner from a person at the keyboard. A scanner that acts as a keyboard ("wedge") types its code key by
// key, and Enter or Tab at the end, into the focused field. What it types is never an amount, and presses no button.

/**
 * The longest gap between two keys of a scanner. Scanners leave 1 to 30 ms, and a busy machine adds some; quick typists
 * leave 80 ms and more. If it is larger, a quick typist is taken for a scanner; if it is smaller, a slow scanner for a
 * person.
 */
export const FAST_MS = 50;
/** So many fast keys in a row are a burst of a scanner. Two may be a slip of the finger. */
const BURST_KEYS = 3;
/**
 * How long after its last fast pair a key still belongs to the burst: a busy machine delays keys, and scanners send
 * their suffix separately. A person does not type again as soon.
 */
export const LATE_MS = 250;
/** After so long without keys, the first one may be a scanner's whose second one is delayed. */
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
  // With a keyboard layout that the scanner does not expect, its characters arrive as dead or unidentified keys.
  return key.length === 1 || ["Dead", "Process", "Unidentified"].includes(key) ? "sign" : "other";
}

export interface Heard {
  /** It is the first key of a row. */
  began: boolean;
  /** The row has just become a burst. */
  found: boolean;
  /** It follows fast keys, so it presses nothing, even if they are too few for a burst. */
  hasty: boolean;
}

/** Measures the pace of keys. Stores no key: what a scanner reads may be a customer's code. */
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

  /** A delayed key of a burst. After its Enter a burst is over. */
  #late(at: number): boolean {
    return this.burst && this.#last.kind !== "enter" && at - this.#fastAt <= LATE_MS;
  }

  /** A new row. True if it may continue the row before it: then the values from before that row count. */
  #begin(gap: number): boolean {
    const joined =
      !this.burst && gap <= LATE_MS && (this.#keys > 1 || (this.#keys === 1 && this.#silence > SILENCE_MS));
    this.#silence = gap;
    this.#keys = 0;
    this.burst = false;
    return joined;
  }
}
