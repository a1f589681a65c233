import type { ShallowRef } from "vue";
import type { KaunterError, Till, TillOptions, TillState, Trade } from "./index.js";

/** What `useTill` gives. */
export interface UseTill {
  /** `null` until it is open. */
  readonly till: ShallowRef<Till | null>;
  /** What the till is doing. `idle` until it is open. */
  readonly state: ShallowRef<TillState>;
  /** The trade that `state` is about, as it stands now, until the next sale begins. */
  readonly trade: ShallowRef<Trade | null>;
  /** Why the till did not open, or the last warning of this sale. */
  readonly error: ShallowRef<KaunterError | null>;
  /** The `ref` of the `<video>` that shows the camera's picture. The element may come and go. */
  readonly preview: ShallowRef<HTMLVideoElement | null>;
}

/**
 * Opens one till while the component is mounted, and closes it afterwards.
 *
 * The options count when the till opens; of `getToken` and `chooseWallet`, those that `options` has at that moment are
 * called. For other options, or after `error`, mount the component again: give it another `key`.
 */
export function useTill(options: Omit<TillOptions, "preview" | "signal">): UseTill;
