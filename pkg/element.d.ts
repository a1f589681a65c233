import type {
  ChargeOptions,
  ErrorCode,
  KaunterError,
  Outcome,
  SaleInput,
  ShowCodeOptions,
  Till,
  TillOptions,
} from "./index.js";

/** A text of the element. */
export type KaunterWord =
  | "start"
  | "noStart"
  | "retry"
  | "unfinished"
  | "unfinishedLate"
  | "unfinishedReversed"
  | "starting"
  | "showCode"
  | "photo"
  | "type"
  | "useCamera"
  | "noCode"
  | "cancel"
  | "closer"
  | "farther"
  | "glare"
  | "dark"
  | "holdStill"
  | "severalCodes"
  | "pickWallet"
  | "walletFrom"
  | "walletUpTo"
  | "voidFrom"
  | "typeCode"
  | "pay"
  | "scanOurs"
  | "makingOurs"
  | "leftOurs"
  | "cancelTitle"
  | "cancelHelp"
  | "cancelNo"
  | "cancelYes"
  | "lookup"
  | "paying"
  | "confirm"
  | "checking"
  | "cancelling"
  | "voiding"
  | "elapsed"
  | "elapsedOnly"
  | "timeUp"
  | "titlePaid"
  | "paidWith"
  | "alreadyPaid"
  | "titleDeclined"
  | "titleCancelled"
  | "cancelledCashier"
  | "cancelledCustomer"
  | "cancelledDeadline"
  | "cancelledSystem"
  | "cancelledAmount"
  | "notBack"
  | "gatewaySays"
  | "titleVoided"
  | "voided"
  | "backToSale"
  | "receipt"
  | "wallet"
  | "time"
  | "titleNotConfirmed"
  | "notConfirmed"
  | "titleLate"
  | "late"
  | "titleReversed"
  | "reversed"
  | "checkNow"
  | "checked"
  | "manager"
  | "accept"
  | "support"
  | "managerTitle"
  | "managerHelp"
  | "proposed"
  | "evidence"
  | "evidenceNeeded"
  | "wasPaid"
  | "wasNotPaid"
  | "wasReturned"
  | "verdict"
  | "chooseVerdict"
  | "settle"
  | "settlePaid"
  | "settleNotPaid"
  | "settleReturned"
  | "giveBack"
  | "backTitle"
  | "backHelp"
  | "why"
  | "chooseWhy"
  | "whyNeeded"
  | "whyAmount"
  | "whyGoods"
  | "whyTwice"
  | "whyLate"
  | "yes"
  | "keep"
  | "close"
  | "offline"
  | "sandbox"
  | "code_expired"
  | "code_used"
  | "insufficient_funds"
  | "limit"
  | "wrong_wallet"
  | "other"
  | "idle"
  | "titleRefused"
  | "torch"
  | "nextCamera"
  | "muted"
  | "nextCheck"
  | "aside"
  | "stop";

/** The shop's own texts, by word or by error code. `{a}` and `{b}` stand for an amount, a name or a number. */
export type KaunterTexts = Partial<Record<KaunterWord | ErrorCode, string>>;

/**
 * `<kaunter-till>`: a cashier's screen for one sale after the other. It scans, asks for the wallet, shows the till's code,
 * waits, tells how the sale ended, and offers refunds and verdicts to those who have the right.
 *
 * It is in the language of the nearest `lang` (English, Malay or Chinese). Importing this module defines the element.
 */
export class KaunterTill extends HTMLElement {
  /**
   * The options of its till. The element opens the till once it is in the document, and closes it after it was taken out.
   * Newer options for the same `backend` do not open another till; only their `getToken` is called from then on.
   */
  options: Omit<TillOptions, "preview" | "chooseWallet"> | null;
  /** An open till of yours in place of `options`. The element never closes it. Default: `null`. */
  till: Till | null;
  /** Texts of yours in place of the element's own. Default: `null`. */
  texts: KaunterTexts | null;
  /**
   * Collects a sale as `Till.charge` does, with the element as its screen. If the camera or the wallet is missing, the
   * cashier is asked, and the promise waits. A cashier's cancel resolves as `cancelled`.
   *
   * Rejects as `Till.charge` does, as `Till.open` does if the till did not open, with `sale_busy` while the element
   * collects another sale, and with `argument_invalid` without `options` and `till`.
   */
  charge(sale: SaleInput, options?: ChargeOptions): Promise<Outcome>;
  /**
   * Collects a sale with a code that the customer scans from the element. Without `walletId` the cashier chooses among the
   * wallets that can. Resolves and rejects as `charge` does, and with `mode_unsupported` if no wallet can.
   */
  showCode(sale: SaleInput, options?: Partial<Pick<ShowCodeOptions, "walletId" | "signal">>): Promise<Outcome>;
}

/** The element's events. They bubble, and leave shadow trees: listen on the element, or on what is around it. */
export interface KaunterTillEventMap {
  /** Its till is open. */
  "kaunter-ready": CustomEvent<{ readonly till: Till }>;
  /** A sale ended, or what was not confirmed, refunded or settled ended after its promise. */
  "kaunter-outcome": CustomEvent<Outcome>;
  /** The till did not open, or refused a call; the promise of a sale was rejected with this error. */
  "kaunter-error": CustomEvent<KaunterError>;
}

declare global {
  interface GlobalEventHandlersEventMap extends KaunterTillEventMap {}
  interface HTMLElementTagNameMap {
    "kaunter-till": KaunterTill;
  }
}
