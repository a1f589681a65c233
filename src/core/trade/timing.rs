//! The effects of time in each state, as one row of facts for each. `time.rs` applies them, with the durations of
//! [`crate::policy::Policy`].
//!
//! Time never ends a review: a person does, or the gateway's answer. A closed trade whose payment had left is still
//! queried, because late proof of payment makes it `LateSuccess`.

use super::State;

impl State {
    /// The effects of time in this state.
    pub(super) fn timing(self) -> Timing {
        match self {
            Self::Creating => row(First::Never, Pace::None, Ends::Never, Some(Lost::Create)),
            Self::AwaitingCode => row(First::Never, Pace::None, Ends::WithTerminal, None),
            Self::AwaitingPayer => row(First::Poll, Pace::Poll, Ends::AtDeadline, None),
            Self::Paying => row(First::AsBefore, Pace::Poll, Ends::Never, Some(Lost::Pay)),
            Self::Pending | Self::Unknown => {
                row(First::AsBeforeOrNow, Pace::Poll, Ends::AtDeadline, None)
            }
            Self::Cancelling => row(First::Never, Pace::Poll, Ends::AtGiveUp, Some(Lost::Cancel)),
            Self::CancelUnknown => row(First::Poll, Pace::Poll, Ends::AtGiveUp, None),
            Self::Voiding => row(First::Never, Pace::Poll, Ends::Never, Some(Lost::Void)),
            Self::VoidUnknown => row(First::Now, Pace::Poll, Ends::AtGiveUp, None),
            Self::NeedsReview | Self::GivenUp | Self::VoidReview => {
                row(First::Review, Pace::Review, Ends::Never, None)
            }
            Self::Declined | Self::Cancelled | Self::Expired => {
                row(First::LateIfSent, Pace::Late, Ends::Never, None)
            }
            Self::Paid => row(First::Paid, Pace::Paid, Ends::Never, None),
            Self::CreateUnknown
            | Self::Reversed
            | Self::LateSuccess
            | Self::Abandoned
            | Self::Voided => row(First::Never, Pace::None, Ends::Never, None),
        }
    }
}

const fn row(first: First, pace: Pace, ends: Ends, lost: Option<Lost>) -> Timing {
    Timing {
        first,
        pace,
        ends,
        lost,
    }
}

/// The effects of time in a state.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// When the first query is due.
    pub(super) first: First,
    /// How long the pauses between queries are.
    pub(super) pace: Pace,
    /// When time ends the state.
    pub(super) ends: Ends,
    /// The request whose answer can be lost.
    pub(super) lost: Option<Lost>,
}

/// When the first query of a state is due.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// There is no query, unless an answer makes one due.
    Never,
    /// When the previous state's next query was due.
    AsBefore,
    /// When the previous state's next query was due, or at once if there was no query.
    AsBeforeOrNow,
    /// At once.
    Now,
    /// After `poll_ms`.
    Poll,
    /// After `review_check_first_ms`.
    Review,
    /// After `late_check_first_ms`, if a payment may have left.
    LateIfSent,
    /// At the next of the times of [`crate::policy::Policy::paid_checks`].
    Paid,
}

/// How the pauses between the queries of a state grow.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// There is no further query.
    None,
    /// Every `poll_ms`, with jitter.
    Poll,
    /// Doubled up to `review_check_max_ms`.
    Review,
    /// Doubled until it is longer than `late_check_max_ms`. Then there is no further query.
    Late,
    /// At the times of [`crate::policy::Policy::paid_checks`]. After the last of them, there is no further query.
    Paid,
}

/// When time ends a state.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    /// Never.
    Never,
    /// When the terminal has been silent for too long.
    WithTerminal,
    /// At the deadline, or when somebody has asked for a cancel.
    AtDeadline,
    /// When a cancel, or the query about a void, has taken too long.
    AtGiveUp,
}

/// A request whose answer counts as lost after a time.
#[derive(Clone, Copy)]
pub(super) enum Lost {
    /// The creation.
    Create,
    /// The payment.
    Pay,
    /// The cancel.
    Cancel,
    /// The void.
    Void,
}
