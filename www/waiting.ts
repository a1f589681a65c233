// The screen while the customer decides: what the customer must do now, and a countdown between two answers.

import { $ } from "./dom";
import { current, show, whenLeft } from "./screen";
import { say, type Words } from "./words";

const TICK_MS = 1_000;

let since = 0;
const KEPT = "kaunter.deadline";
/** As the till said last; the same from sale to sale, so it is known before the first answer. */
let deadlineMs = Number(localStorage.getItem(KEPT)) || 0;
let line: keyof Words = "paying";

/**
 * Shows what to tell the customer. `cancel` is what a held button does, `back` leads away from a trade that is only
 * looked at.
 */
export function wait(what: keyof Words, cancel?: () => void, back?: () => void): void {
  line = what;
  if (current() !== "waiting") since = performance.now();
  const began = current() === "waiting";
  show("waiting", () => ({
    sentence: say(late() ? "timeUp" : line),
    icon: line === "confirm" ? "phone" : "clock",
    second: { word: say("hold"), held: true, act: cancel ?? (() => {}), off: !cancel },
    ...(back && { third: { word: say("backToSale"), act: back } }),
  }));
  if (!began) {
    const ticker = setInterval(tick, TICK_MS);
    whenLeft(() => clearInterval(ticker));
  }
  tick();
}

/** The till made another status check. */
export function polled(detail: { readonly elapsedMs: number; readonly deadlineMs: number }): void {
  since = performance.now() - detail.elapsedMs;
  if (deadlineMs !== detail.deadlineMs) localStorage.setItem(KEPT, String(detail.deadlineMs));
  deadlineMs = detail.deadlineMs;
  if (current() === "waiting") tick();
}

function late(): boolean {
  const asking: (keyof Words)[] = ["paying", "confirm", "checking"];
  return deadlineMs > 0 && performance.now() - since > deadlineMs && asking.includes(line);
}

function tick(): void {
  const gone = performance.now() - since;
  const [elapsed, left] = [Math.floor(gone / 1000), Math.max(0, Math.ceil((deadlineMs - gone) / 1000))];
  const known = deadlineMs > 0;
  $("left").textContent = String(known ? left : elapsed);
  $("left-word").textContent = say(known ? "secondsLeft" : "secondsGone");
  $("seconds").textContent = known ? say("elapsed", { a: elapsed, b: left }) : say("elapsedOnly", { a: elapsed });
  // The ring moves towards where it will be at the next tick, so that it never jumps.
  $("dial").style.strokeDashoffset = String(known ? Math.min(100, (100 * (gone + TICK_MS)) / deadlineMs) : 0);
  if (late()) $("sentence").textContent = say("timeUp");
}
