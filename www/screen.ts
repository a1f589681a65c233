// One screen at a time: an amount, one line, and the buttons below, the primary one always in the same place.

import { counter, currency } from "./counter";
import { $, element, type Icon, icon } from "./dom";
import { formatted } from "./money";
import { say } from "./words";

export type Screen = "ready" | "scan" | "present" | "waiting" | "paid" | "declined" | "not-confirmed";
/** How it ended, for the colours: a cancelled sale is no alarm, an earlier one no news, another one no success. */
export type Kind = Screen | "cancelled" | "voided" | "late" | "old" | "kept" | "other";

export interface Press {
  word: string;
  act: () => void;
  /** Held for a moment before it acts: money may have moved. */
  held?: boolean;
  off?: boolean;
}

export interface Look {
  title?: string;
  icon?: Icon;
  sentence: string;
  /** Said below the sentence: when it was, and what the gateway says. */
  details?: string[];
  note?: string;
  primary?: Press;
  second?: Press;
  third?: Press;
}

/** A second tap of the same finger must not press what has just appeared under it. */
const SETTLE_MS = 350;

let screen: Screen = "ready";
let look: () => Look = () => ({ sentence: "" });
let presses: Partial<Record<"primary" | "second" | "third", Press>> = {};
let settled = 0;
let left: () => void = () => {};
let changed: (to: Screen) => void = () => {};

export function current(): Screen {
  return screen;
}

/** Runs after each change of the screen. */
export function onScreen(act: (to: Screen) => void): void {
  changed = act;
}

/** True while what has just appeared is not to be pressed. */
function settling(): boolean {
  return performance.now() < settled;
}

/** Shows a screen. `of` is asked again when the language changes. */
export function show(to: Screen, of: () => Look, kind: Kind = to): void {
  const other = to !== screen;
  if (other) {
    settled = performance.now() + SETTLE_MS;
    setTimeout(press, SETTLE_MS + 1);
    trouble(null);
    left();
    left = () => {};
  }
  screen = to;
  look = of;
  document.body.dataset.screen = to;
  document.body.dataset.kind = kind;
  redraw();
  if (other) changed(to);
}

/** Runs once, when the screen that is shown now is left. */
export function whenLeft(act: () => void): void {
  left = act;
}

export function redraw(): void {
  const { title, icon: name, sentence, details = [], note, primary, second, third } = look();
  $("amount").textContent = formatted(counter.sale?.amount ?? { minor: counter.minor, currency: currency() });
  $("title").textContent = title ?? "";
  $("title").hidden = !title;
  $("icon").hidden = !name;
  $("icon").replaceChildren(...(name ? [icon(name)] : []));
  if ($("sentence").textContent !== sentence) $("sentence").textContent = sentence;
  $("details").replaceChildren(...details.map((line) => element("p", "small", line)));
  $("note").textContent = note ?? "";
  presses = { ...(primary && { primary }), ...(second && { second }), ...(third && { third }) };
  press();
}

function press(): void {
  const escapes = ["scan", "present", "waiting", "declined"].includes(screen);
  const key = { primary: "Enter", second: escapes ? "Esc" : undefined, third: undefined };
  // Where there is only a way out, it stands where the primary button stands.
  $("foot").toggleAttribute("data-lone", !presses.primary);
  for (const id of ["primary", "second", "third"] as const) {
    const button = $<HTMLButtonElement>(id);
    const { word, off, held } = presses[id] ?? {};
    button.hidden = !word;
    // A button that must be held needs no time to settle: a finger that is down already goes on holding it.
    button.disabled = Boolean(off) || (!held && settling());
    button.toggleAttribute("data-held", Boolean(held));
    button.replaceChildren(word ?? "");
    button.removeAttribute("aria-keyshortcuts");
    const hint = key[id];
    if (word && hint) {
      const shown = document.createElement("kbd");
      shown.textContent = hint;
      shown.setAttribute("aria-hidden", "true");
      button.append(shown);
      button.setAttribute("aria-keyshortcuts", hint === "Esc" ? "Escape" : hint);
    }
  }
}

/** What a button does now; nothing where it is not there, off, or has only just appeared. */
export function pressOf(id: "primary" | "second" | "third"): Press | undefined {
  return $<HTMLButtonElement>(id).disabled ? undefined : presses[id];
}

/** The way out by Esc: another key than the one that led here, so it need not settle. */
export function wayOut(): Press | undefined {
  return presses.second?.off ? undefined : presses.second;
}

export function trouble(sentence: string | null, id = "trouble"): void {
  $(id).hidden = sentence === null;
  $(id).replaceChildren(...(sentence === null ? [] : [icon("alert"), sentence]));
}

/** The support code can be copied; it names the trade, and holds nothing of the customer's code. */
export function copying(): void {
  $("copy").onclick = async () => {
    const code = $("support").textContent ?? "";
    await navigator.clipboard.writeText(code).catch(() => {
      // Without the clipboard's permission the code is at least selected.
      getSelection()?.selectAllChildren($("support"));
      document.execCommand("copy");
    });
    $("copied").textContent = say("copied");
  };
}
