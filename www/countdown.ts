// The time that the customer has left to confirm: counted each second between two answers of the till.

import { $ } from "./dom";
import type { Progress } from "./model";
import { say } from "./words";

const TICK_MS = 1_000;
const KEPT = "kaunter.deadline";
/** While the till asks for an answer, time can be up. A cancel or a refund has no deadline. */
const ASKING: readonly Progress[] = ["paying", "confirm", "checking"];

let since = 0;
/** As the till said last. It is the same for each sale, so it is known before the first answer. */
let deadlineMs = Number(localStorage.getItem(KEPT)) || 0;
let shown: Progress | null = null;
let ticker: ReturnType<typeof setInterval> | undefined;

/** Shows the countdown. Null: the screen has no countdown. */
export function draw(progress: Progress | null): void {
  if (progress && shown === null) {
    since = performance.now();
    ticker = setInterval(tick, TICK_MS);
  }
  if (progress === null) clearInterval(ticker);
  shown = progress;
  tick();
}

/** The till made another status check. */
export function polled(detail: { readonly elapsedMs: number; readonly deadlineMs: number }): void {
  since = performance.now() - detail.elapsedMs;
  if (deadlineMs !== detail.deadlineMs) localStorage.setItem(KEPT, String(detail.deadlineMs));
  deadlineMs = detail.deadlineMs;
  tick();
}

export function isTimeUp(progress: Progress): boolean {
  return deadlineMs > 0 && performance.now() - since > deadlineMs && ASKING.includes(progress);
}

function tick(): void {
  if (shown === null) return;
  const gone = performance.now() - since;
  const [elapsed, left] = [Math.floor(gone / 1000), Math.max(0, Math.ceil((deadlineMs - gone) / 1000))];
  const isKnown = deadlineMs > 0;
  $("left").textContent = String(isKnown ? left : elapsed);
  $("left-word").textContent = say(isKnown ? "secondsLeft" : "secondsGone");
  $("seconds").textContent = isKnown ? say("elapsed", { a: elapsed, b: left }) : say("elapsedOnly", { a: elapsed });
  // The ring moves towards where it will be at the next tick, so that it never jumps.
  $("dial").style.strokeDashoffset = String(isKnown ? Math.min(100, (100 * (gone + TICK_MS)) / deadlineMs) : 0);
  if (isTimeUp(shown)) $("sentence").textContent = say("timeUp");
}
