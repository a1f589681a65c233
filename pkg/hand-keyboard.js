// @ts-check
// The keys of a hand scanner that acts as a keyboard. Every key is heard before the page hears it. The keys of a burst
// reach no listener of the page, press no button and stay in no field.
//
// Only a third quick key tells a scanner from a person. So a first key outside a field is held for a moment, and given
// to the page if no quick key follows. In a field, keys are not held: the value is put back once a scanner is found.

import { isField, isOpaque, isPressable, replay, Values } from "./page-keys.js";
import { FAST_MS, kindOf, LATE_MS, Pace, textOf } from "./wedge.js";

/**
 * Gets the codes of the keyboard. `end` is how a code ended: by a key, or with `none` by a pause.
 * @typedef {{ wants(): boolean, take(text: string | null, end: "enter" | "tab" | "none"): void }} Sink
 */

/** A timer that is later than this was kept waiting by a busy page. Keys may be waiting too, and they come first. */
const MAX_LATE_MS = 20;
/** So often a timer waits again. A page that is always busy gets its keys nevertheless. */
const MAX_WAITS = 5;
/**
 * So many quick keys in a field are a scanner's. Smaller: letters of a quick typist are taken back. Larger: more of a
 * code can be seen for a moment.
 */
const FIELD_KEYS = 6;

export class Keyboard {
  /** @type {Set<Sink>} */
  #sinks = new Set();
  #pace = new Pace();
  /** The keys of this row, for the text of a code. @type {KeyboardEvent[]} */
  #row = [];
  /** Keys that the page does not have yet. @type {{ event: KeyboardEvent, target: EventTarget }[]} */
  #held = [];
  /** The keys of this row come from a scanner. */
  #scans = false;
  /** The values before this row. */
  #values = new Values();
  /** The field takes the keys of this burst: it has asked for them. */
  #passes = false;
  /** The keys that are down and that the page does not know of. @type {Set<string>} */
  #swallowed = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {[string, (event: any) => void][]} */
  #listeners = [
    ["keydown", (event) => this.#down(event)],
    ["keyup", (event) => this.#up(event)],
    ["blur", (event) => event.target === window && this.#left()],
  ];

  /** @param {Sink} sink */
  add(sink) {
    if (this.#sinks.size === 0)
      for (const [type, hear] of this.#listeners) addEventListener(type, hear, { capture: true });
    this.#sinks.add(sink);
  }

  /** @param {Sink} sink */
  remove(sink) {
    if (!this.#sinks.delete(sink) || this.#sinks.size > 0) return;
    for (const [type, hear] of this.#listeners) removeEventListener(type, hear, { capture: true });
    this.#left();
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    // A script of the page, or a key that was held.
    if (!event.isTrusted) return;
    const kind = kindOf(event);
    if (kind === "modifier") return;
    if (event.repeat) {
      if (this.#pace.burst && !this.#passes) this.#swallow(event);
      return;
    }
    const { began, keys } = this.#pace.take(kind, event.timeStamp);
    if (began) this.#begin();
    const target = event.composedPath()[0] ?? window;
    const isSure = !isField(target) || keys >= FIELD_KEYS || kind === "enter" || event.key === "Tab";
    const before = this.#scans;
    this.#scans = this.#pace.burst && (before || isSure);
    if (this.#scans && !before) this.#takeBack(target);
    if (kind === "sign" && !isShortcut(event)) this.#row.push(event);
    if (this.#scans) this.#burst(event, kind);
    else this.#person(event, kind, target);
  }

  #begin() {
    this.#row = [];
    this.#scans = false;
    this.#passes = false;
    this.#values.forget();
  }

  /**
   * A key that may be a person's.
   * @param {KeyboardEvent} event
   * @param {import("./wedge.d.ts").Key} kind
   * @param {EventTarget} target
   */
  #person(event, kind, target) {
    const isComposed = event.isComposing || event.key === "Process";
    // No scanner begins with Enter or Tab.
    if (kind !== "sign" || isShortcut(event) || isComposed || isField(target) || isOpaque(target)) {
      this.#values.remember(target);
      return this.#release();
    }
    // Space scrolls the page.
    if (event.key === " " && this.#held.length === 0 && !isPressable(target)) return;
    stop(event);
    this.#held.push({ event, target });
    this.#later(FAST_MS, () => this.#release());
  }

  /**
   * The keys of this row before this one were a scanner's too.
   * @param {EventTarget} target
   */
  #takeBack(target) {
    const takesScans = target instanceof Element && target.matches("[data-hand-scanner]");
    this.#passes = takesScans && ![...this.#sinks].some((sink) => sink.wants());
    for (const { event } of this.#held) this.#swallowed.add(event.code);
    this.#held = [];
    if (!this.#passes) this.#values.restore();
  }

  /**
   * A key of a scanner.
   * @param {KeyboardEvent} event
   * @param {import("./wedge.d.ts").Key} kind
   */
  #burst(event, kind) {
    if (this.#passes) return;
    this.#swallow(event);
    if (kind === "enter") this.#end("enter");
    else if (event.key === "Tab") this.#end("tab");
    else this.#later(LATE_MS, () => this.#end("none"));
  }

  /**
   * A code is complete.
   * @param {"enter" | "tab" | "none"} end
   */
  #end(end) {
    clearTimeout(this.#timer);
    const row = this.#row;
    this.#row = [];
    // An input method may have written later.
    this.#values.restore();
    if (row.length === 0) return;
    const text = textOf(row);
    for (const sink of this.#sinks) if (sink.wants()) sink.take(text, end);
  }

  /** Gives the page the keys of a person. */
  #release() {
    clearTimeout(this.#timer);
    const held = this.#held;
    this.#held = [];
    for (const { event, target } of held) replay(event, target);
  }

  /** The page has lost the keyboard, or no till listens any more: half a code is no code. */
  #left() {
    this.#row = [];
    this.#release();
    this.#swallowed.clear();
    this.#values.forget();
  }

  /** @param {KeyboardEvent} event */
  #up(event) {
    if (this.#swallowed.delete(event.code)) return stop(event);
    // Firefox presses a button when Space is released, even if the keydown was stopped.
    if (event.key === " " && isPressable(event.composedPath()[0])) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #swallow(event) {
    stop(event);
    this.#swallowed.add(event.code);
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   */
  #later(ms, run, waits = 0) {
    clearTimeout(this.#timer);
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const isLate = performance.now() - due > MAX_LATE_MS;
      if (isLate && waits < MAX_WAITS) this.#later(MAX_LATE_MS, run, waits + 1);
      else run();
    }, ms);
  }
}

/** AltGraph types characters. @param {KeyboardEvent} event */
const isShortcut = (event) => (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
