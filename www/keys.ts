// Hands: the number pad, the keyboard, and the button that must be held.

import { counter } from "./counter";
import { $, element } from "./dom";
import { ready, showReady } from "./sale";
import { current, pressOf, wayOut } from "./screen";
import * as sounds from "./sound";
import { say } from "./words";

const HOLD_MS = 600;
const MOST_DIGITS = 9;

export function hands(): void {
  for (const key of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "⌫"]) {
    const button = element("button", "key", key);
    button.dataset["key"] = key;
    button.onclick = () => digit(key);
    $("pad").append(button);
  }
  for (const id of ["primary", "second", "third"] as const) pressable(id);
  document.addEventListener("keydown", keyed);
  // A browser lets a page sound only after a touch of its own.
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => sounds.unlock(), { once: true, capture: true });
}

/** The two keys that are no digits say what they do. */
export function nameKeys(): void {
  document.querySelector('[data-key="C"]')?.setAttribute("aria-label", say("clear"));
  document.querySelector('[data-key="⌫"]')?.setAttribute("aria-label", say("erase"));
}

/** Minor units, typed from the right: 1 2 5 0 is 12.50. */
function digit(key: string): void {
  if (current() !== "ready" || !counter.till) return;
  if (key === "⌫") counter.minor = Math.floor(counter.minor / 10);
  else if (key === "C") counter.minor = 0;
  else if (String(counter.minor).length + key.length <= MOST_DIGITS) counter.minor = Number(`${counter.minor}${key}`);
  showReady();
}

function pressable(id: "primary" | "second" | "third"): void {
  const button = $<HTMLButtonElement>(id);
  const hold = new Hold(button);
  button.onclick = () => { const press = pressOf(id); if (press && !press.held) press.act(); };
  button.onpointerdown = (event) => {
    const press = pressOf(id);
    if (press?.held && event.button === 0) hold.begin(press.act);
  };
  button.onpointerup = button.onpointerleave = button.onpointercancel = () => hold.end();
  button.oncontextmenu = (event) => { if (pressOf(id)?.held) event.preventDefault(); };
}

/** Once money may have moved, a cancel is held for a moment: no elbow cancels a payment. */
class Hold {
  #timer: ReturnType<typeof setTimeout> | undefined;
  constructor(private readonly button: HTMLElement) {}
  begin(act: () => void): void {
    this.end();
    this.button.classList.add("holding");
    this.#timer = setTimeout(() => { this.end(); act(); }, HOLD_MS);
  }
  end(): void {
    clearTimeout(this.#timer);
    this.button.classList.remove("holding");
  }
}

function keyed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const onButton = event.target instanceof HTMLElement && event.target.closest("button, a, input, select") !== null && event.target.id !== "primary";
  if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (event.key === "Backspace") digit("⌫");
  else if (event.key === "Enter" && !onButton && !event.repeat) {
    event.preventDefault();
    pressOf("primary")?.act();
  } else if (event.key === "Escape" && !event.repeat) escape();
}

function escape(): void {
  const press = wayOut();
  if (current() === "ready") {
    counter.minor = 0;
    ready();
  } else if (press?.held) {
    const hold = new Hold($("second"));
    hold.begin(press.act);
    const end = () => {
      hold.end();
      removeEventListener("keyup", up);
      removeEventListener("blur", end);
    };
    const up = (event: KeyboardEvent) => { if (event.key === "Escape") end(); };
    addEventListener("keyup", up);
    addEventListener("blur", end);
  } else if (["scan", "present", "declined"].includes(current())) press?.act();
}
