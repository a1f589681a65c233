// The customer's hand: where the phone is in the camera's picture. Mouse and finger move it, arrow keys, and a button.

import type { Camera } from "./world";

/** Beside the picture's middle, so that half of the code is outside. */
const ASIDE = { x: 1.04, y: 0.56 };
const HELD_UP = { x: 0.5, y: 0.52 };
/** A share of the picture for each press of a key. */
const STEP = 0.06;
const MOVE_MS = 700;
const FRAME_MS = 40;

const KEYS: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class Hand {
  readonly #phone: Camera["phone"];
  #at = ASIDE;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ canvas, phone }: Camera) {
    this.#phone = phone;
    phone.move(ASIDE.x, ASIDE.y);
    // The picture follows the pointer by itself; the keys go on from there.
    for (const type of ["pointerdown", "pointermove"] as const) canvas.addEventListener(type, this.#dragged);
    canvas.addEventListener("keydown", this.#pressed);
  }

  holdUp(): void {
    this.#go(HELD_UP);
  }
  putAside(): void {
    this.#go(ASIDE);
  }

  #dragged = (event: PointerEvent): void => {
    if (!(event.buttons & 1)) return;
    clearInterval(this.#timer);
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.#at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };

  #pressed = (event: KeyboardEvent): void => {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault(); // the page stays where it is
    clearInterval(this.#timer);
    const within = (share: number) => Math.min(Math.max(share, -0.1), 1.1);
    this.#move({ x: within(this.#at.x + by[0] * STEP), y: within(this.#at.y + by[1] * STEP) });
  };

  /** Moves there in a moment, or at once for people who want no motion. */
  #go(to: typeof ASIDE): void {
    clearInterval(this.#timer);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.#move(to);
    const [from, began] = [this.#at, performance.now()];
    this.#timer = setInterval(() => {
      const share = Math.min((performance.now() - began) / MOVE_MS, 1);
      const eased = share * share * (3 - 2 * share);
      this.#move({ x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased });
      if (share === 1) clearInterval(this.#timer);
    }, FRAME_MS);
  }

  #move(at: typeof ASIDE): void {
    this.#at = at;
    this.#phone.move(at.x, at.y);
  }
}
