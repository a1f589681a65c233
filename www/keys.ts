// Hands on the keyboard. Every key passes here before the page sees it: a hand scanner's are taken out, and what Enter
// or Space would press is pressed only once it is clear that a hand pressed the key.

import { counter } from "./counter";
import { $ } from "./dom";
import { digit, Hold, restore } from "./pad";
import { ready } from "./sale";
import { current, pressOf, trouble, wayOut } from "./screen";
import { FAST_MS, type Key, kindOf, LATE_MS, Pace } from "./wedge";
import { say } from "./words";

const pace = new Pace();
let still: ReturnType<typeof setTimeout> | undefined;
/** Enter or Space, until no other key has followed it. */
let pending: ReturnType<typeof setTimeout> | undefined;
/** What stood in the amount, and in the field that has the focus, before the row of keys that runs. */
let before = { minor: 0, field: null as HTMLInputElement | null, value: "" };
/** The focus is where a finger or a closed dialog left it: nobody chose it for the keyboard. */
let carried = true;
let pointing = false;

export function keyboard(): void {
  addEventListener("keydown", sieve, { capture: true });
  addEventListener("keyup", released, { capture: true });
  document.addEventListener("keydown", keyed);
  addEventListener(
    "pointerdown",
    () => {
      pointing = true;
    },
    { capture: true },
  );
  for (const over of ["pointerup", "pointercancel", "keydown"])
    addEventListener(
      over,
      () => {
        pointing = false;
      },
      { capture: true },
    );
  document.addEventListener("focusin", () => {
    carried = pointing;
  });
  // The browser gives the focus back to the button that opened the dialog; the event comes after that.
  document.addEventListener(
    "close",
    () => {
      carried = true;
    },
    { capture: true },
  );
}

const PRESSABLE =
  "button, a, label.button, input:is([type=radio], [type=checkbox], [type=file]), select, input:is([type=date], [type=range])";
const pressable = (target: EventTarget | null) =>
  target instanceof Element ? target.closest<HTMLElement>(PRESSABLE) : null;
const writes = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && ["text", "password", "search"].includes(target.type);

function stop(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function sieve(event: KeyboardEvent): void {
  const kind = kindOf(event);
  if (kind === "modifier") return;
  // A key that is held says the same again; only where text is written, and for Backspace, that is meant.
  if (event.repeat) {
    if (kind === "enter" || (kind === "sign" && !writes(event.target))) stop(event);
    return;
  }
  const { began, found, hasty } = pace.take(kind, event.timeStamp);
  listen();
  if (kind !== "other") clearTimeout(pending);
  if (began) remember(event.target);
  if (found) takeBack();
  if (pace.burst) return scanner(event, kind);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (kind === "enter" || event.key === " ") return press(event, hasty);
  // A letter would choose another entry of the list.
  if (kind === "sign" && event.target instanceof HTMLSelectElement) stop(event);
}

/** A field that takes text takes a scanner's, too; all else is left as it was. */
function scanner(event: KeyboardEvent, kind: Key): void {
  if (kind === "sign" && writes(event.target) && !event.ctrlKey && !event.altKey) return;
  stop(event);
}

/** Shows in the page's DOM whether keys are coming, for tests. */
function listen(): void {
  document.body.dataset.keys = "coming";
  clearTimeout(still);
  still = setTimeout(() => {
    document.body.dataset.keys = "still";
  }, LATE_MS + FAST_MS);
}

function remember(target: EventTarget | null): void {
  const field = target instanceof HTMLInputElement && target.type === "date" ? target : null;
  before = { minor: counter.minor, field, value: field?.value ?? "" };
}

/** The first keys of a burst were taken for a hand's. */
function takeBack(): void {
  clearTimeout(pending);
  restore(before.minor);
  const { field, value } = before;
  if (field && field.value !== value) {
    field.value = value;
    field.dispatchEvent(new Event("change"));
  }
  if (["ready", "scan"].includes(current()) && !document.querySelector("dialog[open]")) trouble(say("handScanner"));
}

/** Enter and Space press by our hand, not by the browser's: a moment later, so that a scanner's never do. */
function press(event: KeyboardEvent, hasty: boolean): void {
  const { target } = event;
  const enter = event.key === "Enter";
  if (writes(target)) {
    // No field sends anything by Enter: a button that says what it does is pressed for that.
    if (enter) stop(event);
    return;
  }
  const chosen = pressable(target);
  const inside = document.querySelector("dialog[open]") !== null;
  // At a screen Enter presses the button that names it, unless somebody has moved the focus elsewhere.
  const primary = enter && !inside && (chosen === null || carried) && pressOf("primary") !== undefined;
  if (!primary && !chosen) return;
  stop(event);
  // In a dialog Enter presses what the keyboard has chosen, not what a finger pressed last.
  if (hasty || (enter && inside && carried)) return;
  const from = current();
  pending = setTimeout(() => {
    if (!primary) act(chosen, enter);
    else if (current() === from && !document.querySelector("dialog[open]")) pressOf("primary")?.act();
  }, FAST_MS);
}

function act(chosen: HTMLElement | null, enter: boolean): void {
  if (!chosen?.isConnected || document.activeElement !== chosen) return;
  const lists = chosen instanceof HTMLSelectElement || (chosen instanceof HTMLInputElement && chosen.type === "date");
  if (lists && !enter) chosen.showPicker();
  // Enter ticks no box and chooses no radio button.
  else if (!lists && !(enter && chosen.matches("input:not([type=file])"))) chosen.click();
}

/** Firefox presses a button when Space is let go, whatever became of the key before. */
function released(event: KeyboardEvent): void {
  if (event.key === " " && !writes(event.target) && pressable(event.target)) event.preventDefault();
}

/** Digits and Esc, where no dialog is open. */
function keyed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (event.key === "Backspace") digit("⌫");
  else if (event.key === "Escape" && !event.repeat) leave();
}

function leave(): void {
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
    const up = (event: KeyboardEvent) => {
      if (event.key === "Escape") end();
    };
    addEventListener("keyup", up);
    addEventListener("blur", end);
  } else if (["scan", "present", "declined"].includes(current())) press?.act();
}
