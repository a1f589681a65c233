// @ts-check
// Tells a hand scanner from a person at the keyboard. A scanner that acts as a keyboard ("wedge") types its code key by
// key, and Enter or Tab at the end, into the focused field. What it types is never an amount, and presses no button.
// No DOM and no clock: the page gives the keys and their times. The cashier's terminal uses it too.

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

const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "ScrollLock", "Fn"];
/** A character of another keyboard layout, or a key that an input method takes. */
const UNREADABLE = ["Dead", "Process", "Unidentified"];

/** @type {import("./wedge.d.ts").kindOf} */
export function kindOf({ key }) {
  if (MODIFIERS.includes(key)) return "modifier";
  if (key === "Enter") return "enter";
  // With a keyboard layout that the scanner does not expect, its characters arrive as dead or unidentified keys.
  return key.length === 1 || UNREADABLE.includes(key) ? "sign" : "other";
}

/** Measures the pace of keys. Stores no key: what a scanner reads may be a customer's code. */
export class Pace {
  #last = { at: -Infinity, kind: "other" };
  #fastAt = -Infinity;
  #keys = 0;
  #silence = Infinity;
  /** True while the keys come from a scanner. */
  burst = false;

  /** @type {import("./wedge.d.ts").Pace["take"]} */
  take(kind, at) {
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
      keys: this.#keys,
    };
  }

  /**
   * A delayed key of a burst. After its Enter a burst is over.
   * @param {number} at
   */
  #late(at) {
    return this.burst && this.#last.kind !== "enter" && at - this.#fastAt <= LATE_MS;
  }

  /**
   * A new row. True if it may continue the row before it: then the values from before that row count.
   * @param {number} gap
   */
  #begin(gap) {
    const joined =
      !this.burst && gap <= LATE_MS && (this.#keys > 1 || (this.#keys === 1 && this.#silence > SILENCE_MS));
    this.#silence = gap;
    this.#keys = 0;
    this.burst = false;
    return joined;
  }
}

/** The characters of the keys of a US keyboard, without and with Shift. */
const US = {
  Backquote: "`~",
  Minus: "-_",
  Equal: "=+",
  BracketLeft: "[{",
  BracketRight: "]}",
  Backslash: "\\|",
  Semicolon: ";:",
  Quote: "'\"",
  Comma: ",<",
  Period: ".>",
  Slash: "/?",
  Space: "  ",
  NumpadAdd: "++",
  NumpadSubtract: "--",
  NumpadMultiply: "**",
  NumpadDivide: "//",
  NumpadDecimal: "..",
};
const SHIFTED_DIGITS = ")!@#$%^&*(";

/** The character of a key if the keyboard were a US one; "" if it has none. */
function onUsKeyboard({ code, shiftKey }) {
  const [, row, name = ""] = /^(Digit|Numpad|Key)([A-Z0-9])$/.exec(code) ?? [];
  if (row === "Key") return shiftKey ? name : name.toLowerCase();
  if (row) return shiftKey && row === "Digit" ? SHIFTED_DIGITS[Number(name)] : name;
  return (Object.hasOwn(US, code) && US[code][shiftKey ? 1 : 0]) || "";
}

/** @type {import("./wedge.d.ts").textOf} */
export function textOf(strokes) {
  const typed = strokes.map(({ key }) => key);
  const text = typed.join("");
  const us = strokes.map(onUsKeyboard);
  const usText = us.includes("") ? null : us.join("");
  const isReadable = !typed.some((key) => UNREADABLE.includes(key));
  // Nearly every scanner is set to a US keyboard when it is new. On another layout its digits arrive as other signs.
  if (usText !== null && (!isReadable || !/^[ -~]*$/.test(text) || (isDigits(usText) && !isDigits(text))))
    return usText;
  return isReadable ? text : null;
}

const isDigits = (text) => /^\d+$/.test(text);
