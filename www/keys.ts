// The keyboard. Every key is handled here before the rest of the page: keys of a hand scanner are dropped, and Enter or
// Space presses a button only once it is clear that a person pressed the key.

import { FAST_MS, type Key, kindOf, Pace } from "../pkg/wedge.js";
import { $ } from "./dom";
import { buttonAt, Hold, wayOut } from "./foot";
import { current, dispatch } from "./loop";

const pace = new Pace();
/** Enter or Space, until no other key has followed it. */
let pending: ReturnType<typeof setTimeout> | undefined;
/** The amount, and the value of the date field that has the focus, before the current row of keys. */
let before = { minor: 0, field: null as HTMLInputElement | null, value: "" };
/** The focus is where the pointer or a closed dialog left it: it was not moved by the keyboard. */
let isFocusLeftOver = true;
let isPointing = false;

export function wireKeyboard(): void {
  addEventListener("keydown", filter, { capture: true });
  addEventListener("keyup", released, { capture: true });
  document.addEventListener("keydown", keyed);
  const pointing = (isDown: boolean) => () => {
    isPointing = isDown;
  };
  addEventListener("pointerdown", pointing(true), { capture: true });
  for (const type of ["pointerup", "pointercancel", "keydown"]) {
    addEventListener(type, pointing(false), { capture: true });
  }
  document.addEventListener("focusin", () => {
    isFocusLeftOver = isPointing;
  });
  // The browser returns the focus to the button that opened the dialog, and sends this event after that.
  document.addEventListener(
    "close",
    () => {
      isFocusLeftOver = true;
    },
    { capture: true },
  );
}

const hasDialog = () => document.querySelector("dialog[open]") !== null;

const PRESSABLE =
  "button, a, label.button, input:is([type=radio], [type=checkbox], [type=file]), select, input:is([type=date], [type=range])";
const pressable = (target: EventTarget | null) =>
  target instanceof Element ? target.closest<HTMLElement>(PRESSABLE) : null;
const takesText = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && ["text", "password", "search"].includes(target.type);

function stop(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function filter(event: KeyboardEvent): void {
  const kind = kindOf(event);
  if (kind === "modifier") return;
  // A key that is held down repeats. That is meant only in a text field, and for Backspace.
  if (event.repeat) {
    if (kind === "enter" || (kind === "sign" && !takesText(event.target))) stop(event);
    return;
  }
  const { began, found, hasty } = pace.take(kind, event.timeStamp);
  if (kind !== "other") clearTimeout(pending);
  if (began) remember(event.target);
  if (found) takeBack();
  if (pace.burst) return scanner(event, kind);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (kind === "enter" || event.key === " ") return press(event, hasty);
  // A letter would choose another option of the list.
  if (kind === "sign" && event.target instanceof HTMLSelectElement) stop(event);
}

/** A text field also takes what a scanner types. Everywhere else its keys are dropped. */
function scanner(event: KeyboardEvent, kind: Key): void {
  if (kind === "sign" && takesText(event.target) && !event.ctrlKey && !event.altKey) return;
  if (kind === "enter") return entered(event);
  stop(event);
}

/** Enter in a text field. The field of a bill's reference looks it up; the others do nothing. */
function entered(event: KeyboardEvent): void {
  stop(event);
  if (takesText(event.target)) event.target?.dispatchEvent(new Event("enter"));
}

function remember(target: EventTarget | null): void {
  const field = target instanceof HTMLInputElement && target.type === "date" ? target : null;
  before = { minor: current().draft.minor, field, value: field?.value ?? "" };
}

/** The first keys of a burst were taken for a person's. */
function takeBack(): void {
  clearTimeout(pending);
  const { field, value } = before;
  if (field && field.value !== value) {
    field.value = value;
    field.dispatchEvent(new Event("change"));
  }
  dispatch({ type: "scanner_typed", minor: before.minor, isCovered: hasDialog() });
}

/** Enter and Space press by our code, not by the browser's: a moment later, so that a scanner's never do. */
function press(event: KeyboardEvent, isHasty: boolean): void {
  const { target } = event;
  const isEnter = event.key === "Enter";
  if (takesText(target)) {
    // No field moves money by Enter: the button that names the action is pressed for that.
    if (isEnter) entered(event);
    return;
  }
  const chosen = pressable(target);
  const isInside = hasDialog();
  // On a screen Enter presses the primary button, unless the keyboard has moved the focus to another one.
  const isPrimary = isEnter && !isInside && (chosen === null || isFocusLeftOver) && buttonAt("primary") !== undefined;
  if (!isPrimary && !chosen) return;
  stop(event);
  // In a dialog Enter presses what the keyboard has moved the focus to, not what the pointer pressed last.
  if (isHasty || (isEnter && isInside && isFocusLeftOver)) return;
  const { screen } = current().view;
  pending = setTimeout(() => {
    if (!isPrimary) return act(chosen, isEnter);
    const button = buttonAt("primary");
    if (button && current().view.screen === screen && !hasDialog()) dispatch(button.event);
  }, FAST_MS);
}

function act(chosen: HTMLElement | null, isEnter: boolean): void {
  if (!chosen?.isConnected || document.activeElement !== chosen) return;
  const isList = chosen instanceof HTMLSelectElement || (chosen instanceof HTMLInputElement && chosen.type === "date");
  if (isList && !isEnter) chosen.showPicker();
  // Enter ticks no box and chooses no radio button.
  else if (!isList && !(isEnter && chosen.matches("input:not([type=file])"))) chosen.click();
}

/** Firefox presses a button when Space is released, even if the keydown was stopped. */
function released(event: KeyboardEvent): void {
  if (event.key === " " && !takesText(event.target) && pressable(event.target)) event.preventDefault();
}

/** Digits and Esc, while no dialog is open. */
function keyed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || hasDialog()) return;
  if (/^[0-9]$/.test(event.key)) dispatch({ type: "digit_pressed", key: event.key });
  else if (event.key === "Backspace") dispatch({ type: "digit_pressed", key: "⌫" });
  else if (event.key === "Escape" && !event.repeat) leave();
}

/** Esc: clears the amount, or presses the way out. One that must be held is held by the key. */
function leave(): void {
  const { screen } = current().view;
  const button = wayOut();
  if (screen === "ready") dispatch({ type: "clear_pressed" });
  else if (button?.isHeld) {
    const hold = new Hold($("second"));
    hold.begin(button);
    const end = () => {
      hold.end();
      removeEventListener("keyup", up);
      removeEventListener("blur", end);
    };
    const up = (event: KeyboardEvent) => {
      if (event.key === "Escape") end();
    };
    addEventListener("keyup", up);
    addEventListener("blur", end);
  } else if (button && ["scan", "present", "declined"].includes(screen)) dispatch(button.event);
}
