//! Money, sales, wallets, trades and outcomes, as JavaScript sees them.

use kaunter_core::error::ErrorCode;
use kaunter_core::money::Money;
use kaunter_core::wire::{
    self, By, CodeMode, DecidedBy, GatewayAnswer, Reason, Status, VerdictOutcome,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::error::Fail;
use super::given;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Minor units and ISO 4217, never a float: `{ minor: 1250, currency: "MYR" }` is RM 12.50. */
export interface Money { readonly minor: number; readonly currency: string }

/** What the customer owes. `ref` is your own number of the sale, 1 to 64 characters, unique for ever in your shop: it is charged at most once, whatever happens. */
export interface Sale { readonly ref: string; readonly amount: Money }

/** A wallet of the gateway: GrabPay, Touch 'n Go, Boost, ... Its id may change, so keep it nowhere. */
export interface Wallet {
  readonly id: string;
  readonly name: string;
  readonly logo: string | null;
  readonly test: boolean;
  readonly modes: readonly ("consumer_presented" | "merchant_presented")[];
}

/** What the gateway said, in its own words: for the operator, and beside our sentence for the cashier. */
export interface GatewayAnswer {
  /** `null` where it gave none. */
  readonly code: string | null;
  /** Empty where it gave none. */
  readonly message: string;
}

/** Where an attempt stands. "paid", "declined", "cancelled" and "voided" are final. */
export type TradeStatus = "creating" | "awaiting_code" | "awaiting_payer" | "paying" | "pending" | "unknown" | "cancelling" | "voiding" | "needs_review" | "late_success" | "paid" | "declined" | "cancelled" | "voided";

/** One try to collect a sale. */
export interface Trade {
  readonly tradeId: string;
  readonly sale: Sale;
  readonly wallet: Wallet | null;
  readonly status: TradeStatus;
  readonly createdAt: string;
  /** It stands as a person said (`settle`), not the gateway. */
  readonly settled: boolean;
  /** Proof of payment came after it had been closed, whatever became of it since. */
  readonly late: boolean;
  /** What the gateway said when it put the attempt where it stands. */
  readonly gatewayAnswer: GatewayAnswer | null;
  /** The last void was refused, and why: the money was not given back. */
  readonly voidRefused: GatewayAnswer | null;
}

/** Why a payment was refused. */
export type DeclineReason = "code_expired" | "code_used" | "insufficient_funds" | "limit" | "wrong_wallet" | "other";

/** Who closed a trade. */
export type CancelledBy = "cashier" | "customer" | "system";
/** Why a trade was closed unpaid. */
export type CancelReason = "requested" | "deadline" | "superseded" | "terminal_silent" | "gateway_unavailable" | "sale_busy";

/** The money is taken. */
export interface Paid {
  readonly status: "paid";
  readonly tradeId: string;
  readonly reference: string;
  readonly sale: Sale;
  readonly wallet: Wallet;
  readonly paidAt: string;
  /** It was to be given back, the gateway refused, and this is why. `void` always says so: print no receipt. */
  readonly voidRefused?: GatewayAnswer;
}
/** The payment was refused; no money is kept. `message` is a sentence for the cashier. */
export interface Declined {
  readonly status: "declined";
  readonly tradeId: string;
  readonly reason: DeclineReason;
  readonly message: string;
  readonly gatewayAnswer: GatewayAnswer | null;
}
/** Closed unpaid. */
export interface Cancelled { readonly status: "cancelled"; readonly tradeId: string | null; readonly by: CancelledBy; readonly reason: CancelReason }
/** The money was given back. */
export interface Voided { readonly status: "voided"; readonly tradeId: string; readonly reference: string; readonly sale: Sale; readonly voidedAt: string }
/** Money may have moved and nobody knows yet: do not charge again, call `resume`. */
export interface Unresolved { readonly status: "unresolved"; readonly tradeId: string; readonly since: string }

/** How a charge ends. Every ending resolves; only "nothing ever began" rejects. */
export type Outcome = Paid | Declined | Cancelled | Voided | Unresolved;

/** How a void ends: "paid" is a refund that was refused, and says why in `voidRefused`. */
export type VoidOutcome = Voided | (Paid & { readonly voidRefused: GatewayAnswer }) | Unresolved;
"#;

#[wasm_bindgen]
extern "C" {
    /// `Money` of the declarations.
    #[wasm_bindgen(typescript_type = "Money")]
    #[derive(Debug)]
    pub type JsMoney;

    /// A promise of an `Outcome`.
    #[wasm_bindgen(typescript_type = "Promise<Outcome>")]
    #[derive(Debug)]
    pub type OutcomePromise;

    /// A promise of a `Trade`.
    #[wasm_bindgen(typescript_type = "Promise<Trade>")]
    #[derive(Debug)]
    pub type TradePromise;

    /// A promise of `Trade[]`.
    #[wasm_bindgen(typescript_type = "Promise<Trade[]>")]
    #[derive(Debug)]
    pub type TradesPromise;

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
pub struct Wallet {
    /// The gateway's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its logo is.
    pub logo: Option<String>,
    /// A test wallet.
    pub test: bool,
    /// Which ways it can pay.
    pub modes: Vec<CodeMode>,
}

impl From<&wire::Wallet> for Wallet {
    fn from(wallet: &wire::Wallet) -> Self {
        Self {
            id: wallet.wallet_id.clone(),
            name: wallet.name.clone(),
            logo: wallet.logo.clone(),
            test: wallet.test,
            modes: wallet.modes.clone(),
        }
    }
}

/// The wallet with this id, or one that carries nothing but the id: the gateway may have renamed it since.
#[must_use]
pub fn wallet_of(id: &str, wallets: &[Wallet]) -> Wallet {
    wallets
        .iter()
        .find(|wallet| wallet.id == id)
        .cloned()
        .unwrap_or_else(|| Wallet {
            id: id.to_owned(),
            name: id.to_owned(),
            logo: None,
            test: false,
            modes: vec![CodeMode::ConsumerPresented],
        })
}

/// A code on display.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCode {
    /// As a picture.
    pub svg: String,
    /// What it says.
    pub payload: String,
    /// Until when it can be paid.
    pub expires_at: String,
}

/// One try to collect a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The backend's name of it.
    pub trade_id: String,
    /// The sale.
    pub sale: wire::Sale,
    /// The wallet, where the gateway still lists it.
    pub wallet: Option<Wallet>,
    /// Where it stands.
    pub status: Status,
    /// When it was asked for.
    pub created_at: String,
    /// It stands as a person said.
    pub settled: bool,
    /// Proof of payment came after it had been closed, whatever became of it since.
    pub late: bool,
    /// What the gateway said of it.
    pub gateway_answer: Option<GatewayAnswer>,
    /// Why the last void was refused.
    pub void_refused: Option<GatewayAnswer>,
}

impl Trade {
    /// What JavaScript sees of the backend's trade.
    #[must_use]
    pub fn new(trade: &wire::Trade, wallets: &[Wallet]) -> Self {
        Self {
            trade_id: trade.trade_id.clone(),
            sale: trade.sale.clone(),
            wallet: wallets
                .iter()
                .find(|wallet| wallet.id == trade.wallet_id)
                .cloned(),
            status: trade.status,
            created_at: trade.created_at.clone(),
            settled: trade.decided_by == Some(DecidedBy::Person),
            late: trade.late,
            gateway_answer: trade.gateway_answer.clone(),
            void_refused: trade.void_refused.clone(),
        }
    }
}

/// Why a payment was refused: the part of [`Reason`] that a declined trade can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The code was too old.
    CodeExpired,
    /// The code was used before.
    CodeUsed,
    /// Not enough money.
    InsufficientFunds,
    /// The wallet's limit.
    Limit,
    /// A code of another wallet.
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
    /// Somebody asked for it.
    Requested,
    /// Time was up.
    Deadline,
    /// A newer trade of the same terminal took its place.
    Superseded,
    /// The terminal was not heard of for too long.
    TerminalSilent,
    /// The gateway gave no word on the creation.
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
    /// What the cashier does about it, in English.
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

/// How a charge ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(
    tag = "status",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// The money is taken.
    Paid {
        /// The backend's name of the attempt.
        trade_id: String,
        /// The gateway's name of the trade: for the receipt.
        reference: String,
        /// The sale.
        sale: wire::Sale,
        /// The wallet.
        wallet: Wallet,
        /// When.
        paid_at: String,
        /// Why it was not given back, where it was to be.
        #[serde(skip_serializing_if = "Option::is_none")]
        void_refused: Option<GatewayAnswer>,
    },
    /// Refused; no money kept.
    Declined {
        /// The backend's name of the attempt.
        trade_id: String,
        /// Why.
        reason: DeclineReason,
        /// What the cashier does about it.
        message: String,
        /// What the gateway said.
        gateway_answer: Option<GatewayAnswer>,
    },
    /// Closed unpaid.
    Cancelled {
        /// The backend's name of the attempt; none where none was made.
        trade_id: Option<String>,
        /// Who closed it.
        by: By,
        /// Why.
        reason: CancelReason,
    },
    /// The money was returned.
    Voided {
        /// The backend's name of the attempt.
        trade_id: String,
        /// The gateway's name of the trade.
        reference: String,
        /// The sale.
        sale: wire::Sale,
        /// When.
        voided_at: String,
    },
    /// Money may have moved: resume, never charge again.
    Unresolved {
        /// The backend's name of the attempt.
        trade_id: String,
        /// Since when.
        since: String,
    },
}

impl Outcome {
    /// The end of a void: the type of `till.void` promises a reason where the money stays.
    #[must_use]
    pub fn of_void(mut self) -> Self {
        if let Self::Paid { void_refused, .. } = &mut self {
            void_refused.get_or_insert_default();
        }
        self
    }

    /// The end that a trade's status is, or `Unresolved` where it is none.
    #[must_use]
    pub fn of(trade: &wire::Trade, wallets: &[Wallet]) -> Self {
        let trade_id = trade.trade_id.clone();
        let reference = trade
            .gateway_ref
            .clone()
            .unwrap_or_else(|| trade.trade_id.clone());
        match trade.status {
            Status::Paid => Self::Paid {
                trade_id,
                reference,
                sale: trade.sale.clone(),
                wallet: wallet_of(&trade.wallet_id, wallets),
                paid_at: trade.since.clone(),
                void_refused: trade.void_refused.clone(),
            },
            Status::Declined => {
                let reason = DeclineReason::from(trade.reason);
                Self::Declined {
                    trade_id,
                    reason,
                    message: reason.sentence().to_owned(),
                    gateway_answer: trade.gateway_answer.clone(),
                }
            }
            Status::Cancelled => Self::Cancelled {
                trade_id: Some(trade_id),
                by: trade.cancelled_by.unwrap_or(By::Cashier),
                reason: CancelReason::from(trade.reason),
            },
            Status::Voided => Self::Voided {
                trade_id,
                reference,
                sale: trade.sale.clone(),
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
            | Status::LateSuccess => Self::Unresolved {
                trade_id,
                since: trade.since.clone(),
            },
        }
    }
}

/// Reads a sale that a caller gave, and says what is wrong with it before anything is sent.
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

/// Reads an amount: a safe positive integer of minor units, and three upper-case letters.
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

/// Reads a verdict.
///
/// # Errors
/// `argument_invalid` where it is none, `verdict_invalid` where it has no evidence.
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
        let told = trade::Trade::new(facts, 0).told(0, |_| String::new());
        for state in State::ALL {
            let status = state.status();
            let outcome = Outcome::of(
                &wire::Trade {
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
