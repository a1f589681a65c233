/// <reference lib="esnext.disposable" />

import type { WasmSource } from "./reader.js";
import type {
  Adjustment,
  Camera,
  ChargeOptions,
  Money,
  Outcome,
  PayOptions,
  PresentOptions,
  Recognised,
  ResumeOptions,
  Sale,
  Scan,
  ScanOptions,
  TillEventDetails,
  TillOptions,
  TillState,
  Trade,
  VoidOutcome,
  Wallet,
} from "./wasm/till.js";

export type { DecodedCode, Point, ReadOptions, WasmSource } from "./reader.js";
export { decode, KaunterError, loadReader, Reader, version } from "./reader.js";
export type {
  Adjustment,
  Camera,
  CameraOptions,
  Cancelled,
  CancelledBy,
  CancelReason,
  ChargeOptions,
  Declined,
  DeclineReason,
  ErrorCode,
  ErrorFacts,
  ErrorType,
  GatewayAnswer,
  Money,
  Outcome,
  Paid,
  PayOptions,
  PresentOptions,
  Recognised,
  ResumeOptions,
  Right,
  Sale,
  Scan,
  ScanOptions,
  ScanSource,
  ShownCode,
  TillEventDetails,
  TillOptions,
  TillState,
  TokenAnswer,
  TokenContext,
  Trade,
  TradeStatus,
  Unresolved,
  Voided,
  VoidOutcome,
  Wallet,
  WalletChoice,
} from "./wasm/till.js";

/** Where the worker comes from; `false`: the reader runs on this thread, in an instance of its own module. */
export type WorkerSource = string | URL | (() => Worker) | false;

/**
 * Loads and compiles the till's module once; `Till.open` does it by itself. Call it first where your tools need to be
 * told where the files are: `till` and `reader` are the package's two modules, `till.wasm` and `reader.wasm`. The
 * reader's is loaded later, by `warmUp`, a scan or `decode`. Idempotent: once a module is there, another address changes
 * nothing; `worker` holds for the next till. Rejects with `argument_invalid`, `browser_unsupported` and `module_*`.
 */
export function init(options?: { till?: WasmSource; reader?: WasmSource; worker?: WorkerSource }): Promise<void>;

/** What a code is, before anything is sent: a hint, never a gate. After `init` or `Till.open`. */
export function recognise(text: string): Recognised;

/** "12.50" -> 1250. Throws `amount_invalid` for "12.5O", "1,2.50", "12.505", "". After `init` or `Till.open`. */
export function money(text: string, currency: string): Money;

/**
 * Writes an amount for a person, with the decimals that `money` reads. At any time: it needs no `init`. Throws
 * `amount_invalid`.
 */
export function formatMoney(money: Money, locale?: string): string;

/**
 * A counter: one terminal of a shop, its camera, its payments. Of a wrong argument each method rejects with
 * `argument_invalid`, whose sentence names it; none throws.
 */
export class Till extends EventTarget implements AsyncDisposable {
  private constructor(key: symbol);
  /**
   * Signs in; no camera prompt yet. Finds unfinished trades and goes on verifying them. Rejects with `token_*`,
   * `network_*`.
   */
  static open(options: TillOptions): Promise<Till>;
  readonly state: TillState;
  readonly wallets: readonly Wallet[];
  /**
   * What this till has begun, or ran into, and whose end nobody was told: newest first. After a crash also an attempt
   * that ended meanwhile: `resume` tells how, and takes it off the list. An attempt that the backend does not know any
   * more, and whose code had left, is "needs_review".
   */
  readonly unfinished: readonly Trade[];

  /** From a tap: permission, camera, worker, and the reader's module. Rejects with `camera_*`. */
  warmUp(): Promise<void>;
  /** Looks for one code. An abort rejects with `signal.reason`. */
  scan(options?: ScanOptions): Promise<Scan>;
  /**
   * Scans the customer's code, then pays. Every ending resolves; it rejects only where nothing ever began, with
   * `sale_busy` or `sale_paid` and the `tradeId` where another attempt has the sale. An abort before the code is
   * handed over rejects with `signal.reason`; after that it is a wish to cancel, and the promise resolves with the
   * truth.
   */
  charge(sale: Sale, options?: ChargeOptions): Promise<Outcome>;
  /** Pays with a code that is already there. */
  pay(sale: Sale, code: Scan | string, options?: PayOptions): Promise<Outcome>;
  /**
   * Shows a code that the customer scans: `onCode` gets it once, as an SVG, and you put it on the screen until the
   * `trade` event no longer says "awaiting_payer". Ends like `charge`. From the moment in which the code is shown
   * somebody may pay it, so an abort is a wish to cancel from then on. After a reload `resume` watches the trade, and
   * shows the code again where it is given `onCode`. Rejects with `wallet_unknown` where the wallet's `modes` lacks
   * "merchant_presented".
   */
  present(sale: Sale, options: PresentOptions): Promise<Outcome>;

  /** How an attempt stands. Rejects with `trade_not_found`. */
  status(tradeId: string): Promise<Trade>;
  /** Cancels an unpaid trade; may lose to the customer and resolve "paid". Rejects with `trade_not_cancellable`. */
  cancel(tradeId: string): Promise<Outcome>;
  /**
   * Gives the money back, once. `reason` goes to the audit trail. Where the gateway refuses, the money stays: resolves
   * "paid" with `voidRefused`, in the gateway's words.
   */
  void(tradeId: string, reason: string): Promise<VoidOutcome>;
  /** How the void stands. */
  voidStatus(tradeId: string): Promise<Trade>;
  /** Watches a trade to its end: after a reload, or "unresolved". Without an id: the newest unfinished. */
  resume(tradeId?: string, options?: ResumeOptions): Promise<Outcome>;
  /**
   * Every attempt of a sale, from any terminal of the shop, oldest first. Asks `getToken` for the right "list" where
   * the token lacks it.
   */
  find(ref: string): Promise<Trade[]>;
  /**
   * The attempts of a day, from every terminal of the shop, newest first. `day` is `YYYY-MM-DD` in this device's time
   * zone; without it, today. Asks `getToken` for the right "list" where the token lacks it. What a person `settled` and
   * what was paid `late` say so. Rejects with `argument_invalid` where it is no day.
   */
  history(day?: string): Promise<Trade[]>;
  /**
   * A person's word on "needs_review" and "late_success". `evidence` goes to the audit trail. Where the backend has
   * lost its records it knows no such trade: then the word ends what this till's journal still holds, and `evidence` is
   * kept nowhere.
   */
  settle(tradeId: string, verdict: { outcome: "paid" | "declined" | "voided"; evidence: string }): Promise<Outcome>;

  /** Whether the camera may be used; never prompts. */
  permission(): Promise<"granted" | "prompt" | "denied" | "unknown">;
  /**
   * The cameras that there are; never prompts. Before a camera was allowed they have no labels, and in most browsers no
   * ids: `warmUp` first.
   */
  cameras(): Promise<Camera[]>;
  /**
   * Takes this camera from now on, in a scan that is under way too. Remembered for the terminal in this browser, by id
   * and by label; `CameraOptions` come after it. Rejects with `camera_not_found`, or why it does not start.
   */
  use(camera: Pick<Camera, "deviceId">): Promise<void>;
  /**
   * Torch, zoom and focus of the camera that is on. Rejects with `camera_unsupported` where it can't, or where none is
   * on.
   */
  adjust(what: Adjustment): Promise<void>;
  /** Camera off, till stays open. A scan or a start that is under way rejects with `camera_interrupted`. */
  release(): Promise<void>;
  /** Every track, worker, timer and listener; open trades stay journalled. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  addEventListener<K extends keyof TillEventMap>(
    type: K,
    listener: (event: TillEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** The events of a till: `CustomEvent`s, their details in `TillEventDetails`. */
export type TillEventMap = { [K in keyof TillEventDetails]: CustomEvent<TillEventDetails[K]> };
