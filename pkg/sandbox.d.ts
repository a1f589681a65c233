import type { Money, TillOptions, WasmSource } from "./index.js";

/** The options of `sandbox`. */
export interface SandboxOptions {
  /**
   * Who decides about a payment. `auto`: the last two digits of its amount (`.00` paid, `.01` declined, `.03` answer
   * lost). `manual`: the phone. Default: `auto`.
   */
  approval?: "auto" | "manual";
  /** Faults that are on from the start. */
  faults?: readonly SandboxFault[];
  /** Whether sales survive a reload. All tabs of an origin share them. Default: `true`. */
  persist?: boolean;
  /** Ids and codes follow from it. Default: a random one. */
  seed?: number;
  /** For how long a code that was handed over for one sale is refused for another. Default: 0. */
  codeMemoryS?: number;
  /** The sandbox's module, `sandbox.wasm`. Default: the file beside the JavaScript. */
  wasm?: WasmSource;
}

/**
 * What goes wrong, from its addition to `faults` to its removal. `answer_lost`: the gateway pays, and its answer is lost.
 * `never_answers`: the customer does nothing. `pays_after_cancel`: the customer pays after the cancel. `gateway_down`:
 * the gateway answers nothing. `network_cut`: no call of the till reaches its backend.
 */
export type SandboxFault = "answer_lost" | "never_answers" | "pays_after_cancel" | "gateway_down" | "network_cut";

/** Play money that was charged or given back. */
export interface LedgerEntry {
  readonly ref: string;
  readonly tradeId: string;
  readonly kind: "charge" | "refund";
  readonly amount: Money;
  /** RFC 3339. */
  readonly at: string;
}

/** A payment that waits for the customer. */
export interface WaitingPayment {
  readonly ref: string;
  readonly tradeId: string;
  readonly amount: Money;
  readonly walletId: string;
}

/** The customer's phone. */
export interface SandboxPhone {
  /**
   * The code that the customer shows, also to the camera: a fresh one after each payment. With a `walletId`, the phone
   * changes to that wallet. Default: WeChat Pay, whose codes a till knows without asking. Throws `argument_invalid`.
   */
  code(walletId?: string): { readonly text: string; readonly svg: string };
  /** What the phone asks about with `approval: "manual"`, the oldest first. */
  readonly waiting: readonly WaitingPayment[];
  /** Confirms the oldest payment that waits. */
  approve(): void;
  /** Declines the oldest payment that waits. */
  decline(): void;
  /** Scans a code that the till shows: the `payload` of `ShownCode`. */
  scan(payload: string): void;
  /** Moves the phone before the camera: `0.5, 0.5` is the middle of the picture. */
  move(x: number, y: number): void;
}

/** Options for `Till.open`, and the means to play the rest of the world: `Till.open({ ...(await sandbox()), preview })`. */
export interface Sandbox extends Pick<TillOptions, "backend" | "getToken"> {
  readonly fetch: typeof fetch;
  readonly phone: SandboxPhone;
  /** What was really charged and given back, in the order of time. */
  readonly ledger: readonly LedgerEntry[];
  readonly faults: Set<SandboxFault>;
  /** The picture of `cameraStream`. In a page, mouse and finger move its phone. */
  readonly canvas: HTMLCanvasElement;
  /**
   * A stream for `camera.stream`: a counter with the phone on it. The picture is drawn until you stop the stream's
   * tracks; a till never does.
   */
  cameraStream(): MediaStream;
  /** Forgets every sale, and turns all faults off. Close the till first. */
  reset(): Promise<void>;
}

/**
 * Starts a counter in this page: backend, gateway and customer. No call leaves the page, and no real money moves.
 *
 * Rejects with `argument_invalid`, `not_browser` and `module_*`.
 */
export function sandbox(options?: SandboxOptions): Promise<Sandbox>;
