// The number pad.

import { $, element } from "./dom";
import { dispatch } from "./loop";
import { say } from "./words";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "C", "0", "⌫"];

export function wirePad(): void {
  for (const key of KEYS) {
    const button = element("button", "key", key);
    button.dataset.key = key;
    button.onclick = () => dispatch({ type: "digit_pressed", key });
    $("pad").append(button);
  }
}

/** The keys without a digit have a name for screen readers, here and on the pad of the sign-in. */
export function nameKeys(): void {
  document.querySelector('[data-key="C"]')?.setAttribute("aria-label", say("clear"));
  document.querySelector('[data-key="⌫"]')?.setAttribute("aria-label", say("erase"));
  document.querySelector('[data-pin="C"]')?.setAttribute("aria-label", say("clearSecret"));
  document.querySelector('[data-pin="⌫"]')?.setAttribute("aria-label", say("eraseSecret"));
}
