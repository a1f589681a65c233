//! Where an attempt can be, and what that means for the money.

use serde::{Deserialize, Serialize};

use crate::wire::{By, Status};

/// Where an attempt stands, in the backend's own words; [`State::status`] is what the page sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The creation has left, or is about to.
    Creating,
    /// The creation got no clear answer.
    CreateUnknown,
    /// The gateway knows the trade; the customer's code is awaited.
    AwaitingCode,
    /// Our code is on display, or may be: the customer may pay at any moment.
    AwaitingPayer,
    /// The payment has left, or may have.
    Paying,
    /// The gateway is processing.
    Pending,
    /// The payment got no clear answer; asked every 2 s.
    Unknown,
    /// A cancel is under way, or answered and being checked.
    Cancelling,
    /// The cancel got no clear answer.
    CancelUnknown,
    /// Time is up without a word: a person decides.
    NeedsReview,
    /// The money is taken.
    Paid,
    /// The void has left, or may have.
    Voiding,
    /// The void got no clear answer.
    VoidUnknown,
    /// No word on the void in time: a person decides.
    VoidReview,
    /// Proof of payment came after the attempt was closed.
    LateSuccess,
    /// Refused by the gateway.
    Declined,
    /// Closed unpaid by the cashier or the customer.
    Cancelled,
    /// Closed unpaid because time was up.
    Expired,
    /// Left before anything was presented.
    Abandoned,
    /// The money was returned.
    Voided,
}

/// What may have become of the customer's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Risk {
    /// None can have moved.
    None,
    /// Some may have moved.
    Possible,
    /// It was taken.
    Taken,
    /// The attempt is closed and none was kept.
    Closed,
}

impl State {
    /// Every state, in the order of the table in `docs/rules.md`.
    pub const ALL: [Self; 20] = [
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
        Self::Paid,
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

    /// What may have become of the money.
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
            | Self::NeedsReview => Risk::Possible,
            Self::Paid
            | Self::Voiding
            | Self::VoidUnknown
            | Self::VoidReview
            | Self::LateSuccess => Risk::Taken,
            Self::Declined | Self::Cancelled | Self::Expired | Self::Abandoned | Self::Voided => {
                Risk::Closed
            }
        }
    }

    /// The word for page and shop.
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
            Self::NeedsReview | Self::VoidReview => Status::NeedsReview,
            Self::Paid => Status::Paid,
            Self::Voiding | Self::VoidUnknown => Status::Voiding,
            Self::LateSuccess => Status::LateSuccess,
            Self::Declined => Status::Declined,
            Self::Cancelled | Self::Expired | Self::Abandoned => Status::Cancelled,
            Self::Voided => Status::Voided,
        }
    }

    /// True where a newer trade may take this one's place: no code was mode, so no money can have moved.
    #[must_use]
    pub fn gives_way(self) -> bool {
        match self.risk() {
            Risk::None => true,
            Risk::Possible | Risk::Taken | Risk::Closed => false,
        }
    }

    /// True where the row notes that its terminal was heard of: a trade that awaits its code ends with its terminal.
    pub(super) fn needs_terminal(self) -> bool {
        match self {
            Self::Creating | Self::AwaitingCode => true,
            Self::CreateUnknown
            | Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::Paid
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

    /// True where the payment has left and the gateway's word on it is awaited.
    pub(super) fn awaits_payment(self) -> bool {
        match self {
            Self::Paying | Self::Pending | Self::Unknown => true,
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::AwaitingPayer
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::Paid
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

    /// True where proof that the payment never left is believed: the gateway has said nothing about it yet.
    pub(super) fn may_be_unsent(self) -> bool {
        match self {
            Self::Paying | Self::Unknown => true,
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::AwaitingPayer
            | Self::Pending
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::Paid
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

    /// True where a cancel is under way.
    pub(super) fn is_cancelling(self) -> bool {
        match self {
            Self::Cancelling | Self::CancelUnknown => true,
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::NeedsReview
            | Self::Paid
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

    /// True where a void is under way, or no word on it came.
    pub(super) fn is_voiding(self) -> bool {
        match self {
            Self::Voiding | Self::VoidUnknown | Self::VoidReview => true,
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::Paid
            | Self::LateSuccess
            | Self::Declined
            | Self::Cancelled
            | Self::Expired
            | Self::Abandoned
            | Self::Voided => false,
        }
    }

    /// Who closed it, where the state itself says so.
    pub(super) fn closed_by(self, wish: Option<By>) -> Option<By> {
        match self {
            Self::Abandoned => Some(By::Cashier),
            Self::Expired => Some(By::System),
            Self::Cancelled => Some(wish.unwrap_or(By::Customer)),
            Self::Creating
            | Self::CreateUnknown
            | Self::AwaitingCode
            | Self::AwaitingPayer
            | Self::Paying
            | Self::Pending
            | Self::Unknown
            | Self::Cancelling
            | Self::CancelUnknown
            | Self::NeedsReview
            | Self::Paid
            | Self::Voiding
            | Self::VoidUnknown
            | Self::VoidReview
            | Self::LateSuccess
            | Self::Declined
            | Self::Voided => None,
        }
    }
}
