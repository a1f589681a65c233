//! Why a trade ended unpaid, as JavaScript gets it, and the sentence for the cashier.

use kaunter_core::wire::Reason;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Why the wallet or the gateway refused a payment. */
export type DeclineReason = "code_expired" | "code_used" | "insufficient_funds" | "limit" | "wrong_wallet" | "other";

/**
 * Why a trade was closed unpaid. `superseded`: a newer trade of the same terminal replaced it. `terminal_silent`: the
 * page did not report for 3 minutes. `sale_busy`: another trade took the sale. `amount_changed`: the shop's server
 * registered another amount.
 */
export type CancelReason =
  | "requested" | "deadline" | "superseded" | "terminal_silent" | "gateway_unavailable"
  | "sale_busy" | "amount_changed";

/** Who closed a trade. */
export type CancelledBy = "cashier" | "customer" | "system";
"#;

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
                | Reason::AmountChanged
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
    /// The shop's server registered another amount.
    AmountChanged,
}

impl From<Option<Reason>> for CancelReason {
    fn from(reason: Option<Reason>) -> Self {
        match reason {
            Some(Reason::Deadline) => Self::Deadline,
            Some(Reason::Superseded) => Self::Superseded,
            Some(Reason::TerminalSilent) => Self::TerminalSilent,
            Some(Reason::GatewayUnavailable) => Self::GatewayUnavailable,
            Some(Reason::SaleBusy) => Self::SaleBusy,
            Some(Reason::AmountChanged) => Self::AmountChanged,
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
