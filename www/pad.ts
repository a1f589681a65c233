// Fingers: the number pad, the buttons below, and the one that must be held.

import { counter } from "./counter";
import { $, dialog, element } from "./dom";
import { formatted } from "./money";
import { showReady } from "./sale";
import { current, type Press, pressOf, trouble } from "./screen";
import * as sounds from "./sound";
import { say } from "./words";

const HOLD_MS = 600;
const MAX_DIGITS = 9;

export function fingers(): void {
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "⌫"]) {
    const button = element("button", "key", key);
    button.dataset.key = key;
    button.onclick = () => digit(key);
    $("pad").append(button);
  }
  for (const id of ["primary", "second", "third"] as const) pressable(id);
  // A browser lets a page sound only after a touch of its own.
  for (const touch of ["pointerdown", "keydown"])
    addEventListener(touch, () => sounds.unlock(), { once: true, capture: true });
}

/** The two keys that are no digits say what they do. */
export function nameKeys(): void {
  document.querySelector('[data-key="C"]')?.setAttribute("aria-label", say("clear"));
  document.querySelector('[data-key="⌫"]')?.setAttribute("aria-label", say("erase"));
}

/** Minor units, typed from the right: 1 2 5 0 is 12.50. */
export function digit(key: string): void {
  if (current() !== "ready" || !counter.till) return;
  trouble(null);
  if (key === "⌫") counter.minor = Math.floor(counter.minor / 10);
  else if (key === "C") counter.minor = 0;
  else if (String(counter.minor).length + key.length <= MAX_DIGITS) counter.minor = Number(`${counter.minor}${key}`);
  showReady();
}

/** The amount as it was before digits that no hand typed. */
export function restore(minor: number): void {
  if (minor === counter.minor || current() !== "ready") return;
  counter.minor = minor;
  showReady();
}

function pressable(id: "primary" | "second" | "third"): void {
  const button = $<HTMLButtonElement>(id);
  const hold = new Hold(button);
  button.onclick = (event) => {
    const press = pressOf(id);
    if (!press?.held) return press?.act();
    // The click of the finger that has held it for long enough says nothing more; a screen reader's click has no
    // finger.
    if (!(hold.spent && event.detail > 0)) question(press);
  };
  button.onpointerdown = (event) => {
    const press = pressOf(id);
    if (press?.held && event.button === 0) hold.begin(press.act);
  };
  button.onpointerup = button.onpointerleave = button.onpointercancel = () => hold.end();
  button.oncontextmenu = (event) => {
    if (pressOf(id)?.held) event.preventDefault();
  };
}

/** Once money may have moved, a cancel is held for a moment: no elbow cancels a payment. */
export class Hold {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** It was held for long enough. */
  spent = false;
  constructor(private readonly button: HTMLElement) {}
  begin(act: () => void): void {
    this.end();
    this.spent = false;
    this.button.classList.add("holding");
    this.#timer = setTimeout(() => {
      this.end();
      this.spent = true;
      act();
    }, HOLD_MS);
  }
  end(): void {
    clearTimeout(this.#timer);
    this.button.classList.remove("holding");
  }
}

/** Asks a person who can't hold a button, or only taps it. */
function question(press: Press): void {
  $("cancel-word").textContent = say("cancelTitle", { a: counter.sale ? formatted(counter.sale.amount) : "" });
  $("cancel-yes").onclick = () => {
    dialog("cancel").close();
    press.act();
  };
  dialog("cancel").showModal();
}
