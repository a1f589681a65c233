// Holds the model. One event at a time: `next` decides, then the page is drawn, then the effects are carried out.

import { type Effect, type Event, type Facts, INITIAL, type Model } from "./model";
import { next } from "./model/next";

/** What surrounds the model. */
export interface Shell {
  facts(): Facts;
  draw(model: Model): void;
  perform(effect: Effect): void;
}

let model = INITIAL;
let shell: Shell | null = null;
let isRunning = false;
const queue: Event[] = [];

export function start(surroundings: Shell): void {
  shell = surroundings;
  shell.draw(model);
}

export function current(): Model {
  return model;
}

/** Draws again, for example in another language. */
export function redraw(): void {
  shell?.draw(model);
}

/** An event that an effect causes waits until all effects of the one before are begun. */
export function dispatch(event: Event): void {
  queue.push(event);
  if (isRunning || !shell) return;
  isRunning = true;
  try {
    for (let event = queue.shift(); event; event = queue.shift()) {
      const [after, effects] = next(model, event, shell.facts());
      model = after;
      shell.draw(model);
      for (const effect of effects) shell.perform(effect);
    }
  } finally {
    isRunning = false;
  }
}
