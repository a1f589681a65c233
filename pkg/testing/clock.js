// @ts-check
// The clock of kaunter/testing: time moves only between timers, and never by waiting.

/** Where each test begins: noon in Kuala Lumpur, so that a test does not cross a shop's day by accident. */
const START_MS = Date.UTC(2026, 0, 1, 4);

/** How far the clock moves by itself for the calls that wait. A call that waits longer waits for the test. */
const MAX_UNATTENDED_MS = 15 * 60_000;

/** @typedef {{ id: number, at: number, run: () => void }} Timer */

export class Clock {
  #now = START_MS;
  /** @type {Timer[]} By time, and by age where the time is the same. */
  #timers = [];
  #lastId = 0;
  /** How many calls of the till wait for their end. */
  #calls = 0;
  /** How many functions of the test work on an answer. */
  #held = 0;
  #unattendedUntil = 0;
  #isManual = false;
  #isGoing = false;
  #advancing = Promise.resolve();
  /** Counts the resets: what began before a reset moves nothing after it. */
  #era = 0;
  #turn;
  #report;

  /**
   * `turn` resolves when every promise that can settle has settled. `report` gets what a timer throws.
   * @param {() => Promise<unknown>} turn
   * @param {(error: unknown) => void} report
   */
  constructor(turn, report) {
    this.#turn = turn;
    this.#report = report;
  }

  now() {
    return this.#now;
  }

  /** Milliseconds since the start, as `performance.now()`. */
  elapsed() {
    return this.#now - START_MS;
  }

  /** @param {() => void} run */
  setTimeout(run, ms = 0) {
    const timer = { id: ++this.#lastId, at: this.#now + Math.max(0, Number(ms) || 0), run };
    const behind = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, timer);
    this.#go();
    return timer.id;
  }

  /** @param {number} id */
  clearTimeout(id) {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  /**
   * Moves the time, runs what is due in order, and lets promises settle in between. From the first call until `reset`,
   * time moves only here.
   * @param {number} ms
   */
  async advance(ms) {
    if (typeof ms !== "number" || !(ms >= 0 && ms < Number.MAX_SAFE_INTEGER))
      throw new TypeError("clock.advance needs a number of milliseconds, 0 or more.");
    this.#isManual = true;
    const advanced = this.#advancing.then(() => this.#advance(ms));
    this.#advancing = advanced.catch(() => {});
    await advanced;
  }

  /** @param {number} ms */
  async #advance(ms) {
    const era = this.#era;
    const end = this.#now + ms;
    await this.#turn();
    while (era === this.#era && this.#timers.length > 0 && this.#timers[0].at <= end) {
      this.#fire();
      await this.#turn();
    }
    if (era === this.#era) this.#now = Math.max(this.#now, end);
  }

  /**
   * Moves the time by itself until the promise has settled, unless a test moves it.
   * @template T
   * @param {Promise<T>} call
   */
  async during(call) {
    const era = this.#era;
    if (this.#calls++ === 0) this.#unattendedUntil = this.#now + MAX_UNATTENDED_MS;
    this.#go();
    try {
      return await call;
    } finally {
      if (era === this.#era) this.#calls--;
    }
  }

  /**
   * Keeps the time still until the promise has settled: a function of the test works on it.
   * @template T
   * @param {T | Promise<T>} work
   */
  async hold(work) {
    const era = this.#era;
    this.#held++;
    try {
      return await work;
    } finally {
      if (era === this.#era) this.#held--;
      this.#go();
    }
  }

  /** Resolves when every promise that can settle has settled. */
  settle() {
    return this.#turn();
  }

  reset() {
    this.#era++;
    this.#now = START_MS;
    this.#timers = [];
    this.#calls = this.#held = 0;
    this.#isManual = false;
  }

  /** Runs what is due; while a call waits, also what is due later. */
  async #go() {
    if (this.#isGoing) return;
    this.#isGoing = true;
    do await this.#turn();
    while (this.#step());
    this.#isGoing = false;
  }

  #step() {
    const next = this.#timers[0];
    if (!next) return false;
    const mayMove = !this.#isManual && this.#calls > 0 && this.#held === 0 && next.at <= this.#unattendedUntil;
    if (next.at > this.#now && !mayMove) return false;
    this.#fire();
    return true;
  }

  #fire() {
    const timer = /** @type {Timer} */ (this.#timers.shift());
    this.#now = Math.max(this.#now, timer.at);
    try {
      timer.run();
    } catch (error) {
      this.#report(error);
    }
  }
}

/**
 * A function whose promise resolves after every promise that can settle. It takes the environment's own timers, before a
 * test replaces them with fake ones; if they are fake already, the compiler of WebAssembly, which nobody fakes.
 * @param {typeof globalThis} real
 */
export function turns(real) {
  const isReal = (/** @type {any} */ timer) =>
    typeof timer === "function" && !("clock" in timer) && !timer._isMockFunction;
  for (const timer of [real.setImmediate, real.setTimeout])
    if (isReal(timer)) return () => new Promise((done) => timer.call(real, done));
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  return () => WebAssembly.compile(empty);
}
