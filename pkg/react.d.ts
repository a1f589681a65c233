import type { ReactElement } from "react";
import type { KaunterError, Outcome, SaleInput, Till, TillOptions, TillState, Trade } from "./index.js";

/** What `useTill` gives. */
export interface UseTill {
  /** `null` until it is open. */
  readonly till: Till | null;
  /** What the till is doing. `idle` until it is open. */
  readonly state: TillState;
  /** The trade that `state` is about, as it stands now, until the next sale begins. */
  readonly trade: Trade | null;
  /** Why the till did not open, or the last warning of this sale. */
  readonly error: KaunterError | null;
  /** The `ref` of the `<video>` that shows the camera's picture. The element may come and go. */
  readonly preview: (video: HTMLVideoElement | null) => void;
}

/**
 * Opens one till while the component is mounted, and closes it afterwards. The double mount of StrictMode opens one
 * till and one camera.
 *
 * The options count when the till opens; of `getToken` and `chooseWallet`, those of the last render are called. For
 * other options, or after `error`, mount the component again: give it another `key`.
 */
export function useTill(options: Omit<TillOptions, "preview" | "signal">): UseTill;

/** The properties of `KaunterTill`. */
export interface KaunterTillProps {
  /**
   * The options of its till, as the element takes them: newer ones for the same `backend` open no other till, and only
   * their `getToken` is called from then on.
   */
  options: Omit<TillOptions, "preview" | "chooseWallet">;
  /** The sale to collect; `null`: none. It is charged once when its `ref` changes. */
  sale: SaleInput | null;
  /** A sale ended, or what was not confirmed, refunded or settled ended later. */
  onOutcome(outcome: Outcome): void;
  /** The till did not open, or refused a sale. */
  onError?(error: KaunterError): void;
}

/** The element `<kaunter-till>` of `kaunter/element` as a component. It loads the element when it is mounted. */
export function KaunterTill(props: KaunterTillProps): ReactElement;
