/// <reference lib="esnext.disposable" />

import type { KaunterError, WasmSource } from "./reader.js";
import type {
  Adjustment,
  Camera,
  ChargeOptions,
  CodeInfo,
  GiveUpOptions,
  Money,
  Outcome,
  ResumeOptions,
  SaleInput,
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
  GiveUpOptions,
  HandScannerDevice,
  HandScannerOptions,
  Money,
  Outcome,
  Paid,
  ResumeOptions,
  Right,
  Sale,
  SaleInput,
  Scan,
  ScanOptions,
  ScanSource,
  ShowCodeOptions,
  ShownCode,
  Tender,
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

/** The reader's worker: the address of its script, or a function that makes it. `false`: read on the page's thread. */
export type WorkerSource = string | URL | (() => Worker) | false;

/**
 * Sets the addresses of the package's files, and loads the till's module. Optional: without it, each call loads what it
 * needs from beside the JavaScript.
 *
 * `till` is `till.wasm`. `reader` is `reader.wasm`, which `warmUp`, the first scan or `decode` loads. An address of a
 * module that is already loaded has no effect. `worker` applies to tills that are opened later.
 *
 * Rejects with `argument_invalid`, `not_browser`, `browser_unsupported`, `version_mismatch` and `module_*`.
 */
export function init(options?: { till?: WasmSource; reader?: WasmSource; worker?: WorkerSource }): Promise<void>;

/**
 * Tells what a code seems to be. Sends nothing. Loads the till's module if needed, and rejects as `init` does.
 */
export function inspectCode(text: string): Promise<CodeInfo>;

/**
 * Parses an amount that a person typed: `parseMoney("12.50", "MYR")` is `{ minor: 1250, currency: "MYR" }`. Throws
 * `amount_invalid`, and `argument_invalid` if an argument is not a string.
 */
export function parseMoney(text: string, currency: string): Money;

/**
 * Formats an amount for a person, with the decimals that `parseMoney` reads. Default locale: the browser's. Throws
 * `amount_invalid`, and `argument_invalid` if `locale` is not a language tag.
 */
export function formatMoney(money: Money, locale?: string): string;

/**
 * The till of one counter: its camera, its payments and its unfinished trades.
 *
 * No method throws: a wrong argument rejects with `argument_invalid`, and `detail` names it. Calls to the backend also
 * reject with `network_*`, `token_*`, `rate_limited`, `overloaded`, `store_unavailable` and `internal`. After
 * `token_revoked` the till makes no more calls: open another one when somebody has signed in.
 */
export class Till extends EventTarget implements AsyncDisposable {
  private constructor(key: symbol);
  /**
   * Gets a token, opens a session at the backend, and finds unfinished trades. Does not ask for the camera.
   *
   * Rejects with `argument_invalid`, `token_*`, `network_*`, as `init` does, and with `signal.reason` after an abort. A
   * wrong set-up has its own codes: `backend_insecure` before anything is sent, `route_not_found` (the address is not a
   * Kaunter backend), `origin_refused` and `connect_csp_blocked`. With these two, `detail` is the origin to add.
   */
  static open(options: TillOptions): Promise<Till>;
  /** What the till is doing. The `state` event reports changes. */
  readonly state: TillState;
  /** What the token says: the shop, the terminal, the cashier, and what they may do. */
  readonly session: TillSession;
  /** The wallets of the gateway. */
  readonly wallets: readonly Wallet[];
  /**
   * The trades of this till whose money may have moved and whose outcome is not final, and those that ended while no
   * page was open, newest first. Includes trades of other tills that this till has resumed or changed, and those that
   * await a code at another device that acts for this terminal. Pass each to `resume`. If the backend has lost a trade
   * whose code was handed over, its status is `needs_review`. If the backend did not answer, it is `unknown`. In both
   * cases `attempt`, `createdAt` and `since` are placeholders.
   */
  readonly unfinished: readonly Trade[];
  readonly camera: TillCamera;

  /**
   * Scans one code. Rejects with `scan_timeout`, `scan_busy` (another scan is running), `camera_*`, `worker_failed`,
   * with what `accept` threw, and with `signal.reason` after an abort.
   */
  scan(options?: ScanOptions): Promise<Scan>;
  /**
   * Collects a sale with the customer's code: the till scans it, or `options.code` has it. Resolves with an `Outcome`,
   * also if the payment was refused.
   *
   * Rejects only if this call began no payment. `sale_busy`: another trade holds the sale. `sale_paid`: another trade
   * has collected it. `tradeId` is that trade, or `null` if it is not known.
   * `terminal_taken`: another device acts for this terminal; see `takeOver`.
   * Other codes: `sale_*`, `amount_*`, `currency_unsupported`, `wallet_*`, `code_*`, `merchant_code`,
   * `gateway_unavailable`, and those of `scan`. `signal`: see `ChargeOptions`.
   */
  charge(sale: SaleInput, options?: ChargeOptions): Promise<Outcome>;
  /**
   * Collects a sale with a code that the customer scans. `onCode` gets the code once. Show it until a `trade` event has
   * another status than `awaiting_payer`. Resolves and rejects as `charge` does, and with `mode_unsupported` if the
   * wallet's app can't scan a till's code.
   */
  showCode(sale: SaleInput, options: ShowCodeOptions): Promise<Outcome>;
  /**
   * Watches a trade until it ends. Sends no payment. If the gateway decides nothing in time, it resolves as
   * `unconfirmed`. Rejects with `trade_not_found`, and with `signal.reason` after an abort.
   */
  resume(tradeId: string, options?: ResumeOptions): Promise<Outcome>;

  /**
   * Cancels a trade that is not paid, and watches it until it ends or a person must decide. The customer may pay before
   * the cancel arrives, so it can resolve as `paid`; without a clear answer it resolves as `unconfirmed`.
   * Rejects with `trade_not_cancellable`, `trade_not_found` and `terminal_taken`.
   */
  cancel(tradeId: string): Promise<Outcome>;
  /**
   * Gives back the money of a trade that was paid, also late. After a failed void, call it again to try again. `reason`
   * must not be empty; the audit trail keeps it. Resolves as `unconfirmed` if the gateway does not answer in time.
   * Rejects with `trade_not_voidable` and `trade_not_found`.
   */
  void(tradeId: string, options: { reason: string }): Promise<VoidOutcome>;
  /** Gets a trade from the backend. Rejects with `trade_not_found`. */
  checkStatus(tradeId: string): Promise<Trade>;
  /** Asks the gateway now how a trade stands, also one that is paid. Rejects with `trade_not_found`. */
  refresh(tradeId: string): Promise<Trade>;
  /** Asks the gateway whether the void of a trade has ended. Rejects with `trade_not_found`. */
  checkVoidStatus(tradeId: string): Promise<Trade>;
  /**
   * Lists the trades of a sale or of a day, by default from all terminals of the shop. If the token lacks the right
   * `list`, the till calls `getToken` for a token with it. Rejects with `sale_invalid` if `ref` is not a reference.
   */
  listTrades(query?: TradeQuery): Promise<TradeList>;

  /**
   * Records a person's verdict on a trade in `needs_review`, `late_success` or `reversed`, or corrects another person's.
   * On one's own charge, and above the shop's limit, it waits for a second person: the trade then has a `proposal`.
   * In `late_success` and `reversed`, `declined` is refused. Rejects with `trade_not_in_review`, `verdict_invalid`,
   * `trade_not_found`, and with `sale_busy` if the verdict is `paid` and another trade holds or has collected the sale.
   *
   * If the backend has lost the trade, the verdict only ends the row in this till's journal. Then nothing keeps
   * `evidence`.
   */
  giveVerdict(tradeId: string, verdict: Verdict): Promise<Outcome>;
  /**
   * Stops collecting a sale that the customer pays in another way. Wallet money that comes later is given back by
   * itself. Needs the right `give_up`. Rejects with `sale_paid` if the gateway says so first, with `sale_busy` if a
   * payment, a cancel or a void of the sale is on its way, and with `trade_not_found`.
   */
  giveUp(options: GiveUpOptions): Promise<void>;
  /**
   * Makes this device act for its terminal, so that it may charge and cancel. Call it after `terminal_taken`, once a
   * person has confirmed that the other device stops. The audit trail keeps `reason`; it must not be empty.
   */
  takeOver(options: { reason: string }): Promise<void>;
  /**
   * Ends every token of this terminal, and closes the till. Open trades go on at the backend. If it rejects, the till is
   * still open.
   */
  signOut(): Promise<void>;
  /** Stops the camera, the worker and the timers. Open trades stay in the journal. */
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
  /** The camera that is on; `null` if no camera is on. */
  readonly current: Camera | null;
  /**
   * Asks for permission, starts the camera and the worker, and loads the reader, so that the first scan starts at once.
   * Call it from a tap. Rejects with `camera_*` and `module_*`.
   */
  warmUp(): Promise<void>;
  /** Lists the cameras. Never prompts. Labels, and in most browsers ids, are empty until a camera was allowed. */
  list(): Promise<Camera[]>;
  /**
   * Switches to a camera, also during a scan, and remembers it for the terminal. This camera has precedence over
   * `CameraOptions`. Rejects with `camera_not_found` and other `camera_*`.
   */
  use(camera: Pick<Camera, "deviceId">): Promise<void>;
  /**
   * Sets torch, zoom or focus of the camera that is on. An absent setting stays as it is. Rejects with
   * `camera_unsupported` if the camera has no such setting.
   */
  adjust(adjustment: Adjustment): Promise<void>;
  /** Turns the camera off. The till stays open. A running scan rejects with `camera_interrupted`. */
  release(): Promise<void>;
  /** Tells whether the page may use the camera. Never prompts. `unknown`: the browser does not say. */
  permission(): Promise<PermissionState | "unknown">;
}

/** The `detail` of each event. Use events to update the screen; the promise of a call gives its outcome. */
export interface TillEventDetails extends Omit<WrittenDetails, "warning"> {
  /** Something went wrong that stops nothing. Show its `message`. */
  warning: KaunterError;
}
export type TillEventMap = { [K in keyof TillEventDetails]: CustomEvent<TillEventDetails[K]> };
