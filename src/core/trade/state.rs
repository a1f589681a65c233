//! The states of a trade, and what each one means for the money.

use serde::{Deserialize, Serialize};

use crate::wire::{By, Status};

/// The state of a trade, as the backend stores it. Pages see [`State::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The creation has left, or is about to.
    Creating,
    /// The creation got no clear answer.
    CreateUnknown,
    /// The gateway knows the trade, and the customer's code is awaited.
    AwaitingCode,
    /// Our code is visible, or may be: a customer may pay at any moment.
    AwaitingPayer,
    /// The payment has left, or may have.
    Paying,
    /// The gateway is processing.
    Pending,
    /// The payment got no clear answer. The gateway is asked every `poll_ms`.
    Unknown,
    /// A cancel is under way, or its answer is being checked.
    Cancelling,
    /// The cancel got no clear answer.
    CancelUnknown,
    /// The deadline has passed without an outcome: a person decides.
    NeedsReview,
    /// The shop has stopped collecting; the customer pays in another way. Wallet money that still comes is given back.
    GivenUp,
    /// The money is taken.
    Paid,
    /// The gateway has taken a payment back that it had reported: a person decides.
    Reversed,
    /// The void has left, or may have.
    Voiding,
    /// The void got no clear answer.
    VoidUnknown,
    /// The void got no answer in time: a person decides.
    VoidReview,
    /// Proof of payment came after the trade was closed.
    LateSuccess,
    /// Refused by the gateway.
    Declined,
    /// Closed unpaid by the cashier or the customer.
    Cancelled,
    /// Closed unpaid at the deadline.
    Expired,
    /// Closed before anything was presented.
    Abandoned,
    /// The money was returned.
    Voided,
}

/// What may have happened to the customer's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Risk {
    /// No money can have moved.
    None,
    /// Money may have moved.
    Possible,
    /// Money was taken.
    Taken,
    /// The trade is closed and no money was kept.
    Closed,
}

impl State {
    /// All states, in the order of the table in `docs/rules.md`.
    pub const ALL: [Self; 22] = [
        Self::Creating,
        Self::CreateUnknown,
        Self::AwaitingCode,
        Self::AwaitingPayer,
        Self::Paying,
        Self::Pending,
        Self::Unknown,
        Self::Cancelling,
        Self::CancelUnknown,
        Self::NeedsReview,
        Self::GivenUp,
        Self::Paid,
        Self::Reversed,
        Self::Voiding,
        Self::VoidUnknown,
        Self::VoidReview,
        Self::LateSuccess,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Abandoned,
        Self::Voided,
    ];

    /// What may have happened to the money in this state.
    #[must_use]
    pub fn risk(self) -> Risk {
        match self {
            Self::Creating | Self::CreateUnknown | Self::AwaitingCode => Risk::None,
            Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::GivenUp => Risk::Possible,
            Self::Paid
            | Self::Reversed
            | Self::Voiding
            | Self::VoidUnknown
            | Self::VoidReview
            | Self::LateSuccess => Risk::Taken,
            Self::Declined | Self::Cancelled | Self::Expired | Self::Abandoned | Self::Voided => {
                Risk::Closed
            }
        }
    }

    /// The status that page and shop see.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Creating | Self::CreateUnknown => Status::Creating,
            Self::AwaitingCode => Status::AwaitingCode,
            Self::AwaitingPayer => Status::AwaitingPayer,
            Self::Paying => Status::Paying,
            Self::Pending => Status::Pending,
            Self::Unknown => Status::Unknown,
            Self::Cancelling | Self::CancelUnknown => Status::Cancelling,
            Self::NeedsReview | Self::GivenUp | Self::VoidReview => Status::NeedsReview,
            Self::Paid => Status::Paid,
            Self::Reversed => Status::Reversed,
            Self::Voiding | Self::VoidUnknown => Status::Voiding,
            Self::LateSuccess => Status::LateSuccess,
            Self::Declined => Status::Declined,
            Self::Cancelled | Self::Expired | Self::Abandoned => Status::Cancelled,
            Self::Voided => Status::Voided,
        }
    }

    /// Whether a newer trade may replace this one: nothing was presented, so no money can have moved.
    #[must_use]
    pub fn gives_way(self) -> bool {
        match self.risk() {
            Risk::None => true,
            Risk::Possible | Risk::Taken | Risk::Closed => false,
        }
    }

    /// What is under way. Other predicates are derived from it, so that a new state has them all.
    fn stage(self) -> Stage {
        match self {
            Self::Creating => Stage::Creation,
            Self::AwaitingCode => Stage::Code,
            Self::AwaitingPayer => Stage::Payer,
            Self::Paying | Self::Pending | Self::Unknown => Stage::Payment,
            Self::Cancelling | Self::CancelUnknown => Stage::Cancel,
            Self::Voiding | Self::VoidUnknown | Self::VoidReview => Stage::Void,
            Self::NeedsReview | Self::GivenUp | Self::Reversed | Self::LateSuccess => Stage::Person,
            Self::CreateUnknown
            | Self::Paid
            | Self::Declined
            | Self::Cancelled
            | Self::Expired
            | Self::Abandoned
            | Self::Voided => Stage::Nothing,
        }
    }

    /// Whether the trade needs its terminal: if that falls silent, a trade that awaits a code is abandoned.
    pub(super) fn needs_terminal(self) -> bool {
        match self.stage() {
            Stage::Creation | Stage::Code => true,
            Stage::Payer
            | Stage::Payment
            | Stage::Cancel
            | Stage::Void
            | Stage::Person
            | Stage::Nothing => false,
        }
    }

    /// Whether a payment may be under way, which could be cancelled.
    pub(super) fn awaits_money(self) -> bool {
        self.stage() == Stage::Payer || self.awaits_payment()
    }

    /// Whether the payment has left and its outcome is awaited.
    pub(super) fn awaits_payment(self) -> bool {
        self.stage() == Stage::Payment
    }

    /// Whether a proof that the payment never left is believed: the gateway has said nothing about it yet.
    pub(super) fn may_be_unsent(self) -> bool {
        self.awaits_payment() && self != Self::Pending
    }

    /// Whether a cancel is under way.
    pub(super) fn is_cancelling(self) -> bool {
        self.stage() == Stage::Cancel
    }

    /// Whether a void is under way, or got no answer.
    pub(super) fn is_voiding(self) -> bool {
        self.stage() == Stage::Void
    }

    /// Whether the shop may stop collecting, once a fresh answer of the gateway does not say paid.
    pub(super) fn may_be_given_up(self) -> bool {
        match self {
            Self::AwaitingPayer | Self::Pending | Self::Unknown | Self::NeedsReview => true,
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::Paying
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::GivenUp
            | Self::Paid
            | Self::Reversed
            | Self::Voiding
            | Self::VoidUnknown
            | Self::VoidReview
            | Self::LateSuccess
            | Self::Declined
            | Self::Cancelled
            | Self::Expired
            | Self::Abandoned
            | Self::Voided => false,
        }
    }

    /// Whether a wish to stop collecting stays in this state. An end that the gateway gave before the wish counts.
    pub(super) fn keeps_wish(self) -> bool {
        match self.risk() {
            Risk::None => false,
            Risk::Possible => !self.is_cancelling(),
            Risk::Taken => self != Self::Paid,
            Risk::Closed => true,
        }
    }

    /// Whether the state comes from a proof of payment.
    pub(super) fn proves_payment(self) -> bool {
        matches!(self, Self::Paid | Self::LateSuccess)
    }

    /// Whether only a person can continue the trade.
    pub(super) fn awaits_person(self) -> bool {
        self.stage() == Stage::Person
    }

    /// Who closed the trade, if the state tells it. The argument is who has asked for a cancel.
    pub(super) fn closed_by(self, requested_by: Option<By>) -> Option<By> {
        let by = if self == Self::Abandoned {
            By::Cashier
        } else if self == Self::Expired {
            By::System
        } else {
            requested_by.unwrap_or(By::Customer)
        };
        (self.status() == Status::Cancelled).then_some(by)
    }
}

/// What is under way in a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The creation.
    Creation,
    /// The customer's code is awaited.
    Code,
    /// Our code is on display.
    Payer,
    /// The payment.
    Payment,
    /// A cancel.
    Cancel,
    /// A void, or the query about its outcome.
    Void,
    /// A person decides.
    Person,
    /// Nothing.
    Nothing,
}
