/// <reference lib="esnext.disposable" />

import type { KaunterError, WasmSource } from "./reader.js";
import type {
  Adjustment,
  Camera,
  ChargeOptions,
  CodeInfo,
  Money,
  Outcome,
  ResumeOptions,
  Sale,
  Scan,
  ScanOptions,
  ShowCodeOptions,
  TillOptions,
  TillSession,
  TillState,
  Trade,
  TradeList,
  TradeQuery,
  Verdict,
  VoidOutcome,
  Wallet,
  TillEventDetails as WrittenDetails,
} from "./wasm/till.js";

export type { DecodedCode, PixelData, Point, ReadOptions, WasmSource } from "./reader.js";
export { decode, KaunterError, Reader, version } from "./reader.js";
export type {
  Adjustment,
  Camera,
  CameraOptions,
  Cancelled,
  CancelledBy,
  CancelReason,
  ChargeOptions,
  CodeInfo,
  CodeMode,
  DecidedBy,
  Declined,
  DeclineReason,
  ErrorCode,
  ErrorType,
  GatewayAnswer,
  Money,
  Outcome,
  Paid,
  ResumeOptions,
  Right,
  Sale,
  Scan,
  ScanOptions,
  ScanSource,
  ShowCodeOptions,
  ShownCode,
  TillOptions,
  TillSession,
  TillState,
  TokenContext,
  Trade,
  TradeList,
  TradeQuery,
  TradeStatus,
  Unconfirmed,
  Verdict,
  VerdictProposal,
  Voided,
  VoidOutcome,
  Wallet,
} from "./wasm/till.js";

/** Where the reader's worker comes from; `false` reads on the page's own thread, in an instance of its own module. */
export type WorkerSource = string | URL | (() => Worker) | false;

/**
 * Says where the modules are, and loads the till's. Optional: everything loads what it needs by itself. `till` and
 * `reader` are the package's two modules, `till.wasm` and `reader.wasm`. The reader's is loaded later, by `warmUp`, a
 * scan or `decode`. Idempotent: once a module is there, another address changes nothing; `worker` holds for the next
 * till. Rejects with `argument_invalid`, `browser_unsupported` and `module_*`.
 */
export function init(options?: { till?: WasmSource; reader?: WasmSource; worker?: WorkerSource }): Promise<void>;

/** Tells what a code seems to be, before anything is sent. Loads the module if needed. */
export function inspectCode(text: string): Promise<CodeInfo>;

/** Reads an amount that a person typed: `parseMoney("12.50", "MYR").minor` is 1250. Throws `amount_invalid`. Needs no `init`. */
export function parseMoney(text: string, currency: string): Money;

/** Writes an amount for a person, with the decimals that `parseMoney` reads. Throws `amount_invalid`. Needs no `init`. */
export function formatMoney(money: Money, locale?: string): string;

/**
 * A counter of a shop: its camera, its payments, and what is not finished. For a wrong argument each method rejects with
 * `argument_invalid`, whose `detail` names it; none throws.
 */
export class Till extends EventTarget implements AsyncDisposable {
  private constructor(key: symbol);
  /** Signs in and finds unfinished trades; asks for no camera. Rejects with `token_*`, `network_*`, `route_not_found`. */
  static open(options: TillOptions): Promise<Till>;
  readonly state: TillState;
  /** What the token says: who works here, and what they may do. */
  readonly session: TillSession;
  readonly wallets: readonly Wallet[];
  /**
   * Trades of this till whose end nobody was told, newest first: pass each to `resume`. After a crash also one that
   * ended meanwhile. One that the backend does not know any more, and whose code had left, is "needs_review".
   */
  readonly unfinished: readonly Trade[];
  readonly camera: TillCamera;

  /** Scans one code. */
  scan(options?: ScanOptions): Promise<Scan>;
  /**
   * Collects a sale with the customer's code, scanned or given. Rejects only where nothing began: with `sale_busy` or
   * `sale_paid` and the `tradeId` where another trade has the sale.
   */
  charge(sale: Sale, options?: ChargeOptions): Promise<Outcome>;
  /**
   * Collects a sale with a code that the customer scans. `onCode` gets it once; show it until the `trade` event no
   * longer says "awaiting_payer". Rejects only where nothing began: with `mode_unsupported` where the wallet's app scans
   * no code of a till.
   */
  showCode(sale: Sale, options: ShowCodeOptions): Promise<Outcome>;
  /** Watches a trade to its end; sends no payment. */
  resume(tradeId: string, options?: ResumeOptions): Promise<Outcome>;

  /** Cancels a trade that is not paid; the customer may be faster, so it can resolve `paid`. */
  cancel(tradeId: string): Promise<Outcome>;
  /** Gives the money of a paid trade back, once. `reason` is kept in the audit trail. */
  void(tradeId: string, options: { reason: string }): Promise<VoidOutcome>;
  /** Reads how a trade stands. */
  checkStatus(tradeId: string): Promise<Trade>;
  /** Reads how the void of a trade stands. */
  checkVoidStatus(tradeId: string): Promise<Trade>;
  /** Lists trades of a sale or of a day, from every terminal. Asks `getToken` for the right "list" where it lacks. */
  listTrades(query?: TradeQuery): Promise<TradeList>;

  /**
   * Records a person's verdict on a trade that needs review. Where the backend has lost its records it knows no such
   * trade: then the verdict ends what this till's journal still holds, and `evidence` is kept nowhere.
   */
  giveVerdict(tradeId: string, verdict: Verdict): Promise<Outcome>;
  /** Stops the camera, worker and timers; open trades stay in the journal. */
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
  removeEventListener<K extends keyof TillEventMap>(
    type: K,
    listener: (event: TillEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** The camera of a till. */
export interface TillCamera {
  /** The camera that is on; `null` where none is. */
  readonly current: Camera | null;
  /** Asks for permission, starts camera and worker, loads the reader: call it from a tap. Rejects with `camera_*`. */
  warmUp(): Promise<void>;
  /** Lists cameras; never prompts. Labels, and in most browsers ids, are empty until a camera was allowed. */
  list(): Promise<Camera[]>;
  /**
   * Switches to this camera, also during a scan, and remembers it for the terminal. `CameraOptions` come after it.
   * Rejects with `camera_not_found`, or why it does not start.
   */
  use(camera: Pick<Camera, "deviceId">): Promise<void>;
  /** Sets torch, zoom or focus; what is left out stays. Rejects with `camera_unsupported` where it can't. */
  adjust(adjustment: Adjustment): Promise<void>;
  /** Turns the camera off; the till stays open. A scan under way rejects with `camera_interrupted`. */
  release(): Promise<void>;
  /** Tells whether the camera may be used; never prompts. */
  permission(): Promise<PermissionState | "unknown">;
}

/** The `detail` of each event. Events are for the screen; the promise tells the end of a sale. */
export interface TillEventDetails extends Omit<WrittenDetails, "warning"> {
  /** Trouble that the till survives: show it, nothing failed. */
  warning: KaunterError;
}
export type TillEventMap = { [K in keyof TillEventDetails]: CustomEvent<TillEventDetails[K]> };
