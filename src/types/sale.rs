//! Money, sales, wallets, trades and outcomes, as JavaScript gets them.

use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use kaunter_core::wire::{
    self, By, CodeMode, DecidedBy, GatewayAnswer, Reason, Right, Status, VerdictOutcome,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** An amount in minor units with its ISO 4217 currency, never a float: `{ minor: 1250, currency: "MYR" }` is RM 12.50. */
export interface Money { readonly minor: number; readonly currency: string }

/** What the customer owes, under the shop's own reference: 1 to 64 characters, unique for ever, collected at most once. */
export interface Sale { readonly ref: string; readonly amount: Money }

/** Who shows the code: the customer (the till scans it) or the shop (the customer scans it). */
export type CodeMode = "consumer_presented" | "merchant_presented";

/** An e-wallet that the gateway lists: GrabPay, Touch 'n Go, Boost. */
export interface Wallet {
  /** The gateway's id; it may change, so do not store it. */
  readonly walletId: string;
  readonly name: string;
  readonly logo: string | null;
  readonly test: boolean;
  readonly modes: readonly CodeMode[];
  /** The least amount that the wallet takes; `null` where the gateway does not say. */
  readonly minAmount: Money | null;
  readonly maxAmount: Money | null;
}

/** Where a trade stands. Later versions may add values: treat one that you do not know as not final. */
export type TradeStatus = "creating" | "awaiting_code" | "awaiting_payer" | "paying" | "pending" | "unknown" | "cancelling" | "voiding" | "needs_review" | "late_success" | "paid" | "declined" | "cancelled" | "voided";

/** Why a payment was refused. */
export type DeclineReason = "code_expired" | "code_used" | "insufficient_funds" | "limit" | "wrong_wallet" | "other";
/** Why a trade was closed unpaid. */
export type CancelReason = "requested" | "deadline" | "superseded" | "terminal_silent" | "gateway_unavailable" | "sale_busy";
/** Who closed a trade. */
export type CancelledBy = "cashier" | "customer" | "system";
/** Whose word it is. */
export type DecidedBy = "gateway" | "person";

/** What the gateway said, in its own words: for the operator, and beside our sentence for the cashier. */
export interface GatewayAnswer {
  /** `null` where it gave none. */
  readonly code: string | null;
  /** Empty where it gave none. */
  readonly message: string;
}

/** A person's verdict that waits for a second person. */
export interface VerdictProposal { readonly outcome: "paid" | "declined" | "voided"; readonly by: string; readonly at: string }

/** One try to collect a sale, as the backend tells it. */
export interface Trade {
  readonly tradeId: string;
  /** 1 for the first trade of its sale. */
  readonly attempt: number;
  readonly sale: Sale;
  readonly mode: CodeMode;
  readonly wallet: Wallet;
  readonly terminal: string;
  /** `null` where the backend does not say. */
  readonly cashier: string | null;
  readonly status: TradeStatus;
  /** When this status began. */
  readonly since: string;
  readonly createdAt: string;
  /** When the 2-second checks end, while money may move. */
  readonly deadlineAt: string | null;
  /** The gateway's own reference: print it on the receipt. */
  readonly gatewayRef: string | null;
  /** The gateway's own reference of the void. */
  readonly voidGatewayRef: string | null;
  readonly cancelledBy: CancelledBy | null;
  readonly reason: DeclineReason | CancelReason | null;
  /** What the gateway said when it put the trade where it stands. */
  readonly gatewayAnswer: GatewayAnswer | null;
  /** Whose word the status is; `null` while the trade is open. */
  readonly decidedBy: DecidedBy | null;
  readonly proposal: VerdictProposal | null;
  /** Proof of payment came after the trade had been closed. */
  readonly late: boolean;
  /** The last void was refused, and why: the money was not given back. */
  readonly voidRefused: GatewayAnswer | null;
}

/** What every ending of a trade says. */
export interface OutcomeBase {
  readonly tradeId: string;
  readonly sale: Sale;
  readonly wallet: Wallet;
  /** The gateway's own reference: print it on the receipt. */
  readonly gatewayRef: string | null;
}
/** The money is taken. */
export interface Paid extends OutcomeBase {
  readonly status: "paid";
  readonly paidAt: string;
  readonly decidedBy: DecidedBy;
  /** The money was to be given back, and the gateway refused: print no receipt. `void` always says so. */
  readonly voidRefused?: GatewayAnswer;
}
/** The payment was refused; no money is kept. */
export interface Declined extends OutcomeBase {
  readonly status: "declined";
  readonly reason: DeclineReason;
  /** A sentence for the cashier. */
  readonly message: string;
  readonly gatewayAnswer: GatewayAnswer | null;
}
/** Closed unpaid. `tradeId` is `null` where no trade was created. */
export interface Cancelled {
  readonly status: "cancelled";
  readonly tradeId: string | null;
  readonly sale: Sale;
  readonly by: CancelledBy;
  readonly reason: CancelReason;
}
/** The money was given back. */
export interface Voided extends OutcomeBase { readonly status: "voided"; readonly voidedAt: string }
/** Money may have moved and nobody knows yet: do not charge again; call `resume`. */
export interface Unconfirmed extends OutcomeBase {
  readonly status: "unconfirmed";
  readonly tradeStatus: TradeStatus;
  readonly since: string;
  readonly proposal: VerdictProposal | null;
}

/** How a sale's trade ended. Every ending resolves, and this union does not grow within a major version. */
export type Outcome = Paid | Declined | Cancelled | Voided | Unconfirmed;

/** How a void ended; `paid` always carries `voidRefused`. */
export type VoidOutcome = Voided | (Paid & { readonly voidRefused: GatewayAnswer }) | Unconfirmed;

/** Which trades to list. */
export interface TradeQuery {
  /** Every trade of one sale, oldest first. */
  ref?: string;
  /** `YYYY-MM-DD` in this device's time zone, newest first; without `ref` and `day`, today. */
  day?: string;
  terminal?: string;
}
export interface TradeList {
  readonly trades: readonly Trade[];
  /** Hand it in for the next page; `null` at the end. */
  readonly nextCursor: string | null;
}

/** A person's word on a trade that the gateway left open. */
export interface Verdict { outcome: "paid" | "declined" | "voided"; evidence: string }

/** What a call needs of the token. */
export type Right = "charge" | "cancel" | "void" | "review" | "list";

/** What the token says: who works here, and what they may do. */
export interface TillSession {
  readonly shop: string;
  readonly terminal: string;
  readonly cashier: string;
  readonly rights: readonly Right[];
  readonly currency: string;
  /** The largest amount of one sale. */
  readonly maxAmount: Money;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// A promise of an `Outcome`.
    #[wasm_bindgen(typescript_type = "Promise<Outcome>")]
    #[derive(Debug)]
    pub type OutcomePromise;

    /// A promise of a `Trade`.
    #[wasm_bindgen(typescript_type = "Promise<Trade>")]
    #[derive(Debug)]
    pub type TradePromise;

    /// A promise of a `TradeList`.
    #[wasm_bindgen(typescript_type = "Promise<TradeList>")]
    #[derive(Debug)]
    pub type TradesPromise;

    /// `TillSession` of the declarations.
    #[wasm_bindgen(typescript_type = "TillSession")]
    #[derive(Debug)]
    pub type JsSession;

    /// `readonly Wallet[]` of the declarations.
    #[wasm_bindgen(typescript_type = "readonly Wallet[]")]
    #[derive(Debug)]
    pub type JsWallets;

    /// `readonly Trade[]` of the declarations.
    #[wasm_bindgen(typescript_type = "readonly Trade[]")]
    #[derive(Debug)]
    pub type JsTrades;
}

/// A wallet of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// The gateway's id.
    pub wallet_id: String,
    /// Its name.
    pub name: String,
    /// The address of its logo.
    pub logo: Option<String>,
    /// Whether it is a test wallet.
    pub test: bool,
    /// The modes in which it can pay.
    pub modes: Vec<CodeMode>,
    /// The minimum amount, if the gateway gives one.
    pub min_amount: Option<Money>,
    /// The maximum amount, if the gateway gives one.
    pub max_amount: Option<Money>,
}

impl From<&wire::Wallet> for Wallet {
    fn from(wallet: &wire::Wallet) -> Self {
        Self {
            wallet_id: wallet.wallet_id.clone(),
            name: wallet.name.clone(),
            logo: wallet.logo.clone(),
            test: wallet.test,
            modes: wallet.modes.clone(),
            min_amount: None,
            max_amount: None,
        }
    }
}

/// The wallet with this id, or one with the id alone: the gateway may have removed it since.
#[must_use]
pub fn wallet_of(id: &str, wallets: &[Wallet]) -> Wallet {
    wallets
        .iter()
        .find(|wallet| wallet.wallet_id == id)
        .cloned()
        .unwrap_or_else(|| Wallet {
            wallet_id: id.to_owned(),
            name: id.to_owned(),
            logo: None,
            test: false,
            modes: vec![CodeMode::ConsumerPresented],
            min_amount: None,
            max_amount: None,
        })
}

/// A code on display.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCode {
    /// As an SVG picture.
    pub svg: String,
    /// The text of the code.
    pub payload: String,
    /// When it expires.
    pub expires_at: String,
}

/// A verdict that waits for a second person. No backend returns one yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictProposal {
    /// The first person's verdict.
    pub outcome: VerdictOutcome,
    /// The first person.
    pub by: String,
    /// When.
    pub at: String,
}

/// One try to collect a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// Our trade id.
    pub trade_id: String,
    /// 1 for the first trade of its sale.
    pub attempt: u32,
    /// The sale.
    pub sale: wire::Sale,
    /// Who shows the code.
    pub mode: CodeMode,
    /// The wallet.
    pub wallet: Wallet,
    /// The terminal that asked for it.
    pub terminal: String,
    /// The cashier.
    pub cashier: Option<String>,
    /// Its status.
    pub status: Status,
    /// When this status began.
    pub since: String,
    /// When it was created.
    pub created_at: String,
    /// When the checks every 2 s end.
    pub deadline_at: Option<String>,
    /// The gateway's own reference.
    pub gateway_ref: Option<String>,
    /// The gateway's own reference of the void.
    pub void_gateway_ref: Option<String>,
    /// Who closed it.
    pub cancelled_by: Option<By>,
    /// Why it ended unpaid.
    pub reason: Option<Reason>,
    /// What the gateway said about it.
    pub gateway_answer: Option<GatewayAnswer>,
    /// Who decided the status.
    pub decided_by: Option<DecidedBy>,
    /// A verdict that waits for a second person.
    pub proposal: Option<VerdictProposal>,
    /// Proof of payment came after it was closed, whatever happened to it since.
    pub late: bool,
    /// Why the last void was refused.
    pub void_refused: Option<GatewayAnswer>,
}

impl Trade {
    /// The backend's trade, for JavaScript.
    #[must_use]
    pub fn new(trade: &wire::TradeView, wallets: &[Wallet]) -> Self {
        Self {
            trade_id: trade.trade_id.clone(),
            attempt: trade.attempt,
            sale: trade.sale.clone(),
            mode: trade.mode,
            wallet: wallet_of(&trade.wallet_id, wallets),
            terminal: trade.terminal.clone(),
            cashier: None,
            status: trade.status,
            since: trade.since.clone(),
            created_at: trade.created_at.clone(),
            deadline_at: trade.deadline_at.clone(),
            gateway_ref: trade.gateway_ref.clone(),
            void_gateway_ref: trade.void_gateway_ref.clone(),
            cancelled_by: trade.cancelled_by,
            reason: trade.reason,
            gateway_answer: trade.gateway_answer.clone(),
            decided_by: trade.decided_by,
            proposal: None,
            late: trade.late,
            void_refused: trade.void_refused.clone(),
        }
    }
}

/// A list of trades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TradeList {
    /// The trades.
    pub trades: Vec<Trade>,
    /// The cursor of the next page. No backend returns one yet.
    pub next_cursor: Option<String>,
}

/// The session of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TillSession {
    /// The shop.
    pub shop: String,
    /// The terminal.
    pub terminal: String,
    /// The cashier.
    pub cashier: String,
    /// The cashier's rights.
    pub rights: Vec<Right>,
    /// The gateway's currency.
    pub currency: String,
    /// The largest amount of one sale.
    pub max_amount: Money,
}

impl From<&wire::Session> for TillSession {
    fn from(session: &wire::Session) -> Self {
        Self {
            shop: session.shop.clone(),
            terminal: session.terminal.clone(),
            cashier: session.cashier.clone(),
            rights: session.rights.clone(),
            currency: session.currency.clone(),
            max_amount: session.max_amount.clone(),
        }
    }
}

/// Why a payment was refused: the part of [`Reason`] that a declined trade can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The code has expired.
    CodeExpired,
    /// The code was used already.
    CodeUsed,
    /// The balance is too low.
    InsufficientFunds,
    /// The wallet's limit is exceeded.
    Limit,
    /// The code belongs to another wallet.
    WrongWallet,
    /// Another reason.
    Other,
}

impl From<Option<Reason>> for DeclineReason {
    fn from(reason: Option<Reason>) -> Self {
        match reason {
            Some(Reason::CodeExpired) => Self::CodeExpired,
            Some(Reason::CodeUsed) => Self::CodeUsed,
            Some(Reason::InsufficientFunds) => Self::InsufficientFunds,
            Some(Reason::Limit) => Self::Limit,
            Some(Reason::WrongWallet) => Self::WrongWallet,
            Some(
                Reason::Other
                | Reason::GatewayUnavailable
                | Reason::Superseded
                | Reason::TerminalSilent
                | Reason::SaleBusy
                | Reason::Requested
                | Reason::Deadline,
            )
            | None => Self::Other,
        }
    }
}

/// Why a trade was closed unpaid: the part of [`Reason`] that a cancelled trade can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// It was requested.
    Requested,
    /// The deadline passed.
    Deadline,
    /// A newer trade of the same terminal replaced it.
    Superseded,
    /// The terminal was silent for too long.
    TerminalSilent,
    /// The gateway did not answer the creation.
    GatewayUnavailable,
    /// Another trade took the sale.
    SaleBusy,
}

impl From<Option<Reason>> for CancelReason {
    fn from(reason: Option<Reason>) -> Self {
        match reason {
            Some(Reason::Deadline) => Self::Deadline,
            Some(Reason::Superseded) => Self::Superseded,
            Some(Reason::TerminalSilent) => Self::TerminalSilent,
            Some(Reason::GatewayUnavailable) => Self::GatewayUnavailable,
            Some(Reason::SaleBusy) => Self::SaleBusy,
            Some(
                Reason::Requested
                | Reason::CodeExpired
                | Reason::CodeUsed
                | Reason::InsufficientFunds
                | Reason::Limit
                | Reason::WrongWallet
                | Reason::Other,
            )
            | None => Self::Requested,
        }
    }
}

impl DeclineReason {
    /// The instruction for the cashier, in English.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::CodeExpired => "The code was too old: ask the customer for a fresh one.",
            Self::CodeUsed => "The code was used before: ask the customer for a fresh one.",
            Self::InsufficientFunds => {
                "Not enough money in the wallet: ask the customer to top up or pay another way."
            }
            Self::Limit => "The wallet's limit is reached: ask the customer to pay another way.",
            Self::WrongWallet => {
                "The code belongs to another wallet: choose that wallet and scan again."
            }
            Self::Other => "The wallet refused the payment: ask the customer to pay another way.",
        }
    }
}

/// The outcome of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "status",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// The money is taken.
    Paid {
        /// Our trade id.
        trade_id: String,
        /// The sale.
        sale: wire::Sale,
        /// The wallet.
        wallet: Wallet,
        /// The gateway's own reference: for the receipt.
        gateway_ref: Option<String>,
        /// When.
        paid_at: String,
        /// Who decided.
        decided_by: DecidedBy,
        /// Why the money was not given back, if a void was refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        void_refused: Option<GatewayAnswer>,
    },
    /// Refused; no money kept.
    Declined {
        /// Our trade id.
        trade_id: String,
        /// The sale.
        sale: wire::Sale,
        /// The wallet.
        wallet: Wallet,
        /// The gateway's own reference.
        gateway_ref: Option<String>,
        /// Why.
        reason: DeclineReason,
        /// The instruction for the cashier.
        message: String,
        /// What the gateway said.
        gateway_answer: Option<GatewayAnswer>,
    },
    /// Closed unpaid.
    Cancelled {
        /// Our trade id; `None` if no trade was created.
        trade_id: Option<String>,
        /// The sale.
        sale: wire::Sale,
        /// Who closed it.
        by: By,
        /// Why.
        reason: CancelReason,
    },
    /// The money was returned.
    Voided {
        /// Our trade id.
        trade_id: String,
        /// The sale.
        sale: wire::Sale,
        /// The wallet.
        wallet: Wallet,
        /// The gateway's own reference.
        gateway_ref: Option<String>,
        /// When.
        voided_at: String,
    },
    /// Money may have moved: resume, never charge again.
    Unconfirmed {
        /// Our trade id.
        trade_id: String,
        /// The sale.
        sale: wire::Sale,
        /// The wallet.
        wallet: Wallet,
        /// The gateway's own reference.
        gateway_ref: Option<String>,
        /// Its status.
        trade_status: Status,
        /// Since when.
        since: String,
        /// A verdict that waits for a second person.
        proposal: Option<VerdictProposal>,
    },
}

impl Outcome {
    /// The outcome of a void: the type of `till.void` promises a reason if the money stays.
    #[must_use]
    pub fn of_void(mut self) -> Self {
        if let Self::Paid { void_refused, .. } = &mut self {
            void_refused.get_or_insert_default();
        }
        self
    }

    /// The outcome of a trade's status, or `Unconfirmed` if the trade has not ended.
    #[must_use]
    pub fn of(trade: &wire::TradeView, wallets: &[Wallet]) -> Self {
        let trade_id = trade.trade_id.clone();
        let gateway_ref = trade.gateway_ref.clone();
        let sale = trade.sale.clone();
        let wallet = wallet_of(&trade.wallet_id, wallets);
        match trade.status {
            Status::Paid => Self::Paid {
                trade_id,
                sale,
                wallet,
                gateway_ref,
                paid_at: trade.since.clone(),
                decided_by: trade.decided_by.unwrap_or(DecidedBy::Gateway),
                void_refused: trade.void_refused.clone(),
            },
            Status::Declined => {
                let reason = DeclineReason::from(trade.reason);
                Self::Declined {
                    trade_id,
                    sale,
                    wallet,
                    gateway_ref,
                    reason,
                    message: reason.sentence().to_owned(),
                    gateway_answer: trade.gateway_answer.clone(),
                }
            }
            Status::Cancelled => Self::Cancelled {
                trade_id: Some(trade_id),
                sale,
                by: trade.cancelled_by.unwrap_or(By::Cashier),
                reason: CancelReason::from(trade.reason),
            },
            Status::Voided => Self::Voided {
                trade_id,
                sale,
                wallet,
                gateway_ref,
                voided_at: trade.since.clone(),
            },
            Status::Creating
            | Status::AwaitingCode
            | Status::AwaitingPayer
            | Status::Paying
            | Status::Pending
            | Status::Unknown
            | Status::Cancelling
            | Status::NeedsReview
            | Status::Voiding
            | Status::LateSuccess => Self::unconfirmed(trade, wallets),
        }
    }

    /// Not known yet.
    #[must_use]
    pub fn unconfirmed(trade: &wire::TradeView, wallets: &[Wallet]) -> Self {
        Self::Unconfirmed {
            trade_id: trade.trade_id.clone(),
            sale: trade.sale.clone(),
            wallet: wallet_of(&trade.wallet_id, wallets),
            gateway_ref: trade.gateway_ref.clone(),
            trade_status: trade.status,
            since: trade.since.clone(),
            proposal: None,
        }
    }
}

/// Parses a caller's sale, and names what is wrong before anything is sent.
///
/// # Errors
/// `sale_invalid` and `amount_invalid`.
pub fn sale_from_js(sale: &JsValue) -> Result<wire::Sale, Fail> {
    let reference = text(sale, "ref").ok_or_else(|| Fail::new(ErrorCode::SaleInvalid))?;
    let length = reference.chars().count();
    if length == 0 || length > wire::REF_MAX_CHARS || reference.chars().any(char::is_control) {
        return Err(Fail::new(ErrorCode::SaleInvalid));
    }
    let amount = money_from_js(&get(sale, "amount"))?;
    Ok(wire::Sale { reference, amount })
}

/// Parses an amount: a safe positive integer of minor units, and three upper-case letters.
///
/// # Errors
/// `amount_invalid`.
pub fn money_from_js(money: &JsValue) -> Result<Money, Fail> {
    let invalid = || Fail::new(ErrorCode::AmountInvalid);
    let minor = get(money, "minor").as_f64().ok_or_else(invalid)?;
    if !(1.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&minor) || minor.fract() != 0.0 {
        return Err(invalid());
    }
    let currency = text(money, "currency").ok_or_else(invalid)?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(invalid());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above: a safe positive integer"
    )]
    let minor = minor as u64;
    Ok(Money { minor, currency })
}

/// Parses a verdict.
///
/// # Errors
/// `argument_invalid` if it is not a verdict, `verdict_invalid` without evidence.
pub fn verdict_from_js(verdict: &JsValue) -> Result<wire::Verdict, Fail> {
    let outcome = match text(verdict, "outcome").as_deref() {
        Some("paid") => VerdictOutcome::Paid,
        Some("declined") => VerdictOutcome::Declined,
        Some("voided") => VerdictOutcome::Voided,
        Some(_) | None => {
            return Err(given::wrong(
                "outcome",
                "\"paid\", \"declined\" or \"voided\"",
            ));
        }
    };
    let evidence = text(verdict, "evidence")
        .filter(|evidence| !evidence.trim().is_empty())
        .ok_or_else(|| Fail::new(ErrorCode::VerdictInvalid))?;
    Ok(wire::Verdict { outcome, evidence })
}

/// A field of the object's own; what can't be read is not there, and is told as what it should have been.
fn get(object: &JsValue, name: &str) -> JsValue {
    given::own(object, name).unwrap_or(JsValue::UNDEFINED)
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    given::text(&get(object, name))
}

#[cfg(test)]
mod tests {
    use kaunter_core::trade::{self, State};

    use super::*;

    #[test]
    fn rule_9_only_a_paid_trade_makes_a_receipt() {
        let facts = trade::Facts {
            trade_id: "T".to_owned(),
            shop: "shop".to_owned(),
            terminal: "till-1".to_owned(),
            attempt: 1,
            sale: wire::Sale {
                reference: "S-1".to_owned(),
                amount: Money {
                    minor: 1250,
                    currency: "MYR".to_owned(),
                },
            },
            wallet_id: "21".to_owned(),
            mode: CodeMode::ConsumerPresented,
        };
        let told = trade::Trade::new(facts, 0).view(0, |_| String::new());
        for state in State::ALL {
            let status = state.status();
            let outcome = Outcome::of(
                &wire::TradeView {
                    status,
                    ..told.clone()
                },
                &[],
            );
            let receipt = matches!(outcome, Outcome::Paid { .. });
            assert_eq!(receipt, state == State::Paid, "{state:?}");
        }
    }
}
