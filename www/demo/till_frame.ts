// The cashier's terminal in a frame, which can be killed without a word, as a tab can.

import type { Host } from "../hosted";
import type { Screen } from "./stories";

/** The page before its till has drawn anything. */
const OPENING: Screen = { view: "ready", kind: "opening" };
/** There is no page. */
const AWAY: Screen = { view: "away", kind: "away" };

export class TillFrame {
  screen = AWAY;
  readonly #box: HTMLElement;
  readonly #terminal: string;
  readonly #host: () => Host;
  readonly #changed: () => void;
  #frame: HTMLIFrameElement | null = null;
  #stream: MediaStream | null = null;

  /** `host` gives what the frame's till works with; `changed` runs when its page shows another screen. */
  constructor(box: HTMLElement, terminal: string, host: () => Host, changed: () => void) {
    this.#box = box;
    this.#terminal = terminal;
    this.#host = host;
    this.#changed = changed;
  }

  /** Opens the page for this sale, as a point of sale does. */
  open(ref: string, minor: number): void {
    this.kill();
    const host = this.#host();
    this.#stream = host.stream;
    Object.assign(globalThis, { kaunterHost: host });
    const frame = document.createElement("iframe");
    frame.title = "The cashier's till";
    frame.allow = "camera; autoplay; screen-wake-lock";
    const query = new URLSearchParams({ hosted: "1", terminal: this.#terminal, ref, amount: String(minor) });
    frame.src = `./till.html?${query}`;
    frame.onload = () => this.#watch(frame);
    this.#frame = frame;
    this.#box.replaceChildren(frame);
    this.#show(OPENING);
  }

  /** Removes the page. It gets no chance to close anything. */
  kill(): void {
    this.#frame?.remove();
    this.#frame = null;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#show(AWAY);
  }

  #watch(frame: HTMLIFrameElement): void {
    const body = frame.contentDocument?.body;
    if (!body) return;
    const look = () => {
      const { view = "", kind = "" } = body.dataset;
      if (frame === this.#frame) this.#show({ view, kind });
    };
    new MutationObserver(look).observe(body, { attributeFilter: ["data-view", "data-kind"] });
    look();
  }

  #show(screen: Screen): void {
    this.screen = screen;
    this.#changed();
  }
}
