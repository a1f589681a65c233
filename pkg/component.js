// @ts-check
// The till of a component, for any framework: opened once while the component is on the page, and closed afterwards.

import { Till } from "kaunter";

/**
 * What a component shows of its till.
 * @typedef {{
 *   till: import("./index.d.ts").Till | null,
 *   state: import("./index.d.ts").TillState,
 *   trade: import("./index.d.ts").Trade | null,
 *   error: import("./index.d.ts").KaunterError | null,
 * }} View
 */

/** What is shown before the till is open, also by a server. @type {View} */
export const CLOSED = { till: null, state: "idle", trade: null, error: null };

/**
 * The tills that are closing. A new one opens after them: many phones open one camera at a time.
 * @type {Promise<unknown>}
 */
let closing = Promise.resolve();

export class ComponentTill {
  #view = CLOSED;
  #options;
  #tell;
  #isWanted = false;
  /** What `#isWanted` was when it was last carried out. */
  #isServed = false;
  #work = Promise.resolve();
  /** Ends an opening in progress. @type {AbortController | undefined} */
  #opening;
  /** The element that the till plays its camera in. The component's own may come and go. @type {any} */
  #player;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #isLive = false;

  /**
   * @param {any} options for `Till.open`
   * @param {(view: View) => void} tell is called after each change
   */
  constructor(options, tell) {
    this.#options = options;
    this.#tell = tell;
  }

  /** Sets later options. Only their functions have an effect on an open till. */
  setOptions(options) {
    this.#options = options;
  }

  /** Opens the till when the component is on the page, and closes it when the component has left. */
  setMounted(isMounted) {
    this.#isWanted = isMounted;
    // StrictMode and hot reloading mount a component again in the same task: then there is nothing to do.
    queueMicrotask(() => this.#isWanted || this.#opening?.abort());
    this.#work = this.#work.then(() => this.#settle());
  }

  /**
   * Sets the element that shows the camera's picture.
   * @param {HTMLVideoElement | null} video
   */
  setVideo(video) {
    if (this.#video && this.#video !== video) this.#video.srcObject = null;
    this.#video = video;
    this.#show();
  }

  async #settle() {
    if (this.#isServed === this.#isWanted) return;
    this.#isServed = this.#isWanted;
    const { till } = this.#view;
    if (this.#isWanted) await this.#open();
    else if (till) {
      closing = Promise.allSettled([closing, till.close()]);
      await closing;
      this.#change(CLOSED);
    }
  }

  async #open() {
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    this.#player = globalThis.document?.createElement("video");
    /** @type {any} */
    const options = { ...this.#options, signal, preview: this.#player };
    for (const name of ["getToken", "chooseWallet"])
      if (options[name]) options[name] = (...given) => this.#options[name](...given);
    this.#change(CLOSED);
    try {
      await closing;
      const till = await Till.open(options);
      this.#follow(till);
      this.#change({ till });
    } catch (error) {
      if (signal.aborted) this.#isServed = false;
      else this.#change({ error });
    }
  }

  /** @param {import("./index.d.ts").Till} till */
  #follow(till) {
    till.addEventListener("state", ({ detail: { from, to, trade } }) => {
      // A warning is about the sale during which it came.
      const begins = from === "idle" || from === "review";
      this.#change({ state: to, trade, ...(begins && { error: null }) });
    });
    till.addEventListener("trade", ({ detail: trade }) => {
      // An older trade is not what the till is doing now.
      if (trade.tradeId === this.#view.trade?.tradeId) this.#change({ trade });
    });
    till.addEventListener("warning", ({ detail: error }) => this.#change({ error }));
    till.addEventListener("camera", ({ detail: { status } }) => {
      this.#isLive = status === "live" || status === "muted";
      this.#show();
    });
  }

  /** Shows the till's picture in the component's element. */
  #show() {
    const video = this.#video;
    const stream = (this.#isLive && this.#player.srcObject) || null;
    if (!video || video.srcObject === stream) return;
    // iOS plays in full screen without `playsInline`, and only a muted video by itself.
    Object.assign(video, { autoplay: true, muted: true, playsInline: true, srcObject: stream });
    video.style.transform = stream ? this.#player.style.transform : "";
    // An element that was taken off the page has stopped. It may leave the page again before it plays.
    if (stream) video.play().catch(() => {});
  }

  /** @param {any} change */
  #change(change) {
    this.#view = { ...this.#view, ...change };
    this.#tell(this.#view);
  }
}
