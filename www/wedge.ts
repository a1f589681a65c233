// Tells a hand scanner from a hand. A scanner that is a keyboard ("wedge") types its code key by key, and Enter or Tab
// at the end, into whatever has the focus. What it types is never an amount, and presses nothing.

/**
 * Two keys closer than this were not typed by a finger. Scanners leave 1 to 30 ms, and a busy page adds some; quick
 * typists leave 80 ms and more. Larger: a rolling hand is taken for a scanner. Smaller: a slow scanner for a hand.
 */
export const FAST_MS = 50;
/** So many fast keys in a row are a burst: two may be a slip of the finger. */
const BURST_KEYS = 3;
/** A burst goes on over a pause of this length, as before a scanner's suffix. */
const CALM_MS = 100;

const MODIFIERS: readonly string[] = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "ScrollLock", "Fn"];

export type Key = "modifier" | "sign" | "enter" | "other";

export function kindOf({ key }: KeyboardEvent): Key {
  if (MODIFIERS.includes(key)) return "modifier";
  if (key === "Enter") return "enter";
  // A layout that the scanner does not know makes dead keys and nameless ones of its signs.
  return key.length === 1 || ["Dead", "Process", "Unidentified"].includes(key) ? "sign" : "other";
}

/** Listens to the pace of keys. It keeps no key: what a scanner reads may be a customer's code. */
export class Pace {
  #last = -Infinity;
  #keys = 0;
  #pause = FAST_MS;

  /** True while the keys are a scanner's. */
  get burst(): boolean {
    return this.#keys >= BURST_KEYS;
  }

  /** Takes a key; `began`: it is the first of a row, `found`: the row has just become a burst. */
  take(kind: Key, at: number): { began: boolean; found: boolean } {
    const began = at - this.#last > this.#pause;
    if (began) this.#keys = 0;
    const before = this.burst;
    if (kind === "sign" || kind === "enter") this.#keys += 1;
    this.#last = at;
    // After its Enter a burst has nothing to wait for.
    this.#pause = this.burst && kind !== "enter" ? CALM_MS : FAST_MS;
    return { began, found: this.burst && !before };
  }

  /** Ends the row: the keys have been still for long enough. */
  rest(): void {
    this.#keys = 0;
    this.#last = -Infinity;
    this.#pause = FAST_MS;
  }

  /** How long to listen before the row is over. */
  get pause(): number {
    return this.#pause;
  }
}
