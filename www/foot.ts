// The buttons below, the primary one always in the same place, and the one that must be held.

import { $, dialog } from "./dom";
import type { Button, Layout } from "./layout";
import { current, dispatch } from "./loop";
import { formatted } from "./money";
import { say } from "./words";

type Place = "primary" | "second" | "third";
const PLACES = ["primary", "second", "third"] as const;
/** Screens whose second button is also pressed by Esc. */
const ESCAPES: readonly string[] = ["scan", "present", "waiting", "declined"];
/** A second tap of the same finger must not press what has just appeared under it. */
const SETTLE_MS = 350;
const HOLD_MS = 600;

let buttons: Pick<Layout, Place> = {};
let settledAt = 0;

export function wireFoot(): void {
  for (const place of PLACES) wire(place);
}

/** Another screen appears: for a moment its buttons can't be pressed. */
export function settle(): void {
  settledAt = performance.now() + SETTLE_MS;
  setTimeout(drawButtons, SETTLE_MS + 1);
}

export function drawFoot({ primary, second, third }: Layout): void {
  buttons = { ...(primary && { primary }), ...(second && { second }), ...(third && { third }) };
  drawButtons();
}

function drawButtons(): void {
  const hasEscape = ESCAPES.includes(current().view.screen);
  const keys = { primary: "Enter", second: hasEscape ? "Esc" : undefined, third: undefined };
  // A single way out has the place of the primary button.
  $("foot").toggleAttribute("data-lone", !buttons.primary);
  for (const place of PLACES) drawButton($<HTMLButtonElement>(place), buttons[place], keys[place]);
}

function drawButton(element: HTMLButtonElement, button: Button | undefined, key: string | undefined): void {
  const { word, isOff, isHeld } = button ?? {};
  element.hidden = !word;
  // A button that must be held needs no time to settle: a finger that is down already goes on holding it.
  element.disabled = Boolean(isOff) || (!isHeld && performance.now() < settledAt);
  element.toggleAttribute("data-held", Boolean(isHeld));
  // A click is lost if what the pointer went down on is replaced meanwhile.
  if (element.textContent === `${word ?? ""}${word ? (key ?? "") : ""}`) return;
  element.removeAttribute("aria-keyshortcuts");
  element.replaceChildren(word ?? "");
  if (!word || !key) return;
  const cap = document.createElement("kbd");
  cap.textContent = key;
  cap.setAttribute("aria-hidden", "true");
  element.append(cap);
  element.setAttribute("aria-keyshortcuts", key === "Esc" ? "Escape" : key);
}

/** The button in a place, if it can be pressed now. */
export function buttonAt(place: Place): Button | undefined {
  return $<HTMLButtonElement>(place).disabled ? undefined : buttons[place];
}

/** The button that Esc presses. Another key than the one that led here, so it does not need to settle. */
export function wayOut(): Button | undefined {
  return buttons.second?.isOff ? undefined : buttons.second;
}

function wire(place: Place): void {
  const element = $<HTMLButtonElement>(place);
  const hold = new Hold(element);
  element.onclick = (event) => {
    const button = buttonAt(place);
    if (!button) return;
    if (!button.isHeld) return dispatch(button.event);
    // A finger that has held it for long enough also clicks. A screen reader clicks without a finger.
    if (!(hold.isSpent && event.detail > 0)) ask(button);
  };
  element.onpointerdown = (event) => {
    const button = buttonAt(place);
    if (button?.isHeld && event.button === 0) hold.begin(button);
  };
  element.onpointerup = element.onpointerleave = element.onpointercancel = () => hold.end();
  element.oncontextmenu = (event) => {
    if (buttonAt(place)?.isHeld) event.preventDefault();
  };
}

/** Once money may have moved, a cancel is held for a moment: no elbow cancels a payment. */
export class Hold {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** It was held for long enough. */
  isSpent = false;
  constructor(private readonly element: HTMLElement) {}
  begin({ event }: Button): void {
    this.end();
    this.isSpent = false;
    this.element.classList.add("holding");
    this.#timer = setTimeout(() => {
      this.end();
      this.isSpent = true;
      dispatch(event);
    }, HOLD_MS);
  }
  end(): void {
    clearTimeout(this.#timer);
    this.element.classList.remove("holding");
  }
}

/** Asks a person who can't hold a button, or only taps it. */
function ask({ event }: Button): void {
  const { sale } = current();
  $("cancel-word").textContent = say("cancelTitle", { a: sale ? formatted(sale.amount) : "" });
  $("cancel-yes").onclick = () => {
    dialog("cancel").close();
    dispatch(event);
  };
  dialog("cancel").showModal();
}
