//! How a sale ended, as JavaScript gets it.

use kaunter_core::wire::{self, By, DecidedBy, GatewayAnswer, Status, VerdictProposal};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::reason::{CancelReason, DeclineReason};
use super::wallet::{Wallet, wallet_of};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** The fields that most outcomes have. */
export interface OutcomeBase {
  readonly tradeId: string;
  readonly sale: Sale;
  readonly wallet: Wallet;
  /** The gateway's reference of the payment: print it on the receipt. `null` if the gateway gave none. */
  readonly gatewayRef: string | null;
}

/** The money was taken. */
export interface Paid extends OutcomeBase {
  readonly status: "paid";
  /** When the backend got the first proof of the payment, in RFC 3339. A refused void does not change it. */
  readonly paidAt: string;
  readonly decidedBy: DecidedBy;
  /** Present if a void was asked for and the gateway refused it: print no receipt. */
  readonly voidRefused?: GatewayAnswer;
}

/** The payment was refused. No money was kept. */
export interface Declined extends OutcomeBase {
  readonly status: "declined";
  readonly reason: DeclineReason;
  /** A sentence for the cashier: what happened, and what to do. */
  readonly message: string;
  readonly gatewayAnswer: GatewayAnswer | null;
}

/** The trade was closed unpaid. */
export interface Cancelled {
  readonly status: "cancelled";
  /** `null` if no trade was created. */
  readonly tradeId: string | null;
  /** Without an amount if no trade was created and the call stated none. */
  readonly sale: SaleInput;
  readonly by: CancelledBy;
  readonly reason: CancelReason;
}

/** The money was given back. */
export interface Voided extends OutcomeBase {
  readonly status: "voided";
  /** In RFC 3339. */
  readonly voidedAt: string;
}

/**
 * Money may have moved, and the outcome is not final. Do not charge the sale again: call `resume` with the `tradeId`.
 * `tradeStatus` `needs_review`, `late_success` or `reversed`: a person must decide. Call `giveVerdict`, or `void` if it
 * was paid.
 */
export interface Unconfirmed extends OutcomeBase {
  readonly status: "unconfirmed";
  readonly tradeStatus: TradeStatus;
  /** When `tradeStatus` began, in RFC 3339. */
  readonly since: string;
  /** A verdict that waits for a second person; `null` if none does. */
  readonly proposal: VerdictProposal | null;
}

/**
 * The outcome of a call about a trade. A refused payment and `unconfirmed` resolve the promise too; neither rejects it.
 * The union does not grow within a major version.
 */
export type Outcome = Paid | Declined | Cancelled | Voided | Unconfirmed;

/**
 * How a void ended. `paid`: the money was not given back, and `voidRefused` is the gateway's answer, empty if it gave
 * none. `unconfirmed` with `tradeStatus` `late_success`: the void of a late payment failed. `checkStatus` tells why.
 */
export type VoidOutcome = Voided | (Paid & { readonly voidRefused: GatewayAnswer }) | Unconfirmed;
"#;

#[wasm_bindgen]
extern "C" {
    /// A promise of an `Outcome`.
    #[wasm_bindgen(typescript_type = "Promise<Outcome>")]
    #[derive(Debug)]
    pub type OutcomePromise;
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
        sale: wire::SaleInput,
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
    /// The outcome of a void. A `Paid` without `void_refused` gets an empty one, because `VoidOutcome` requires it.
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
        let wallet = wallet_of(trade, wallets);
        match trade.status {
            Status::Paid => Self::Paid {
                trade_id,
                sale,
                wallet,
                gateway_ref,
                paid_at: trade.paid_at.as_ref().unwrap_or(&trade.since).clone(),
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
                sale: sale.into(),
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
            | Status::LateSuccess
            | Status::Reversed => Self::unconfirmed(trade, wallets),
        }
    }

    /// Not known yet.
    #[must_use]
    pub fn unconfirmed(trade: &wire::TradeView, wallets: &[Wallet]) -> Self {
        Self::Unconfirmed {
            trade_id: trade.trade_id.clone(),
            sale: trade.sale.clone(),
            wallet: wallet_of(trade, wallets),
            gateway_ref: trade.gateway_ref.clone(),
            trade_status: trade.status,
            since: trade.since.clone(),
            proposal: trade.proposal.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kaunter_core::money::Money;
    use kaunter_core::trade::{self, State};
    use kaunter_core::wire::CodeMode;

    use super::*;

    #[test]
    fn rule_9_only_a_paid_trade_makes_a_receipt() {
        let facts = trade::Facts {
            trade_id: "T".to_owned(),
            shop: "shop".to_owned(),
            terminal: "till-1".to_owned(),
            cashier: None,
            attempt: 1,
            sale: wire::Sale {
                reference: "S-1".to_owned(),
                amount: Money {
                    minor: 1250,
                    currency: "MYR".to_owned(),
                },
            },
            wallet_id: "21".to_owned(),
            wallet_name: String::new(),
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
