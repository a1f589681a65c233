//! The effects of time in each state, as one row of facts for each. `time.rs` applies them.

use super::State;

impl State {
    /// The effects of time in this state.
    pub(super) fn timing(self) -> Timing {
        const REST: Timing = Timing {
            first: First::Never,
            pace: Pace::None,
            ends: Ends::Never,
            lost: None,
        };
        const POLLED: Timing = Timing {
            pace: Pace::Poll,
            ..REST
        };
        match self {
            Self::Creating => Timing {
                lost: Some(Lost::Create),
                ..REST
            },
            Self::AwaitingCode => Timing {
                ends: Ends::WithTerminal,
                ..REST
            },
            Self::AwaitingPayer => Timing {
                first: First::Poll,
                ends: Ends::AtDeadline,
                ..POLLED
            },
            Self::Paying => Timing {
                first: First::AsBefore,
                lost: Some(Lost::Pay),
                ..POLLED
            },
            Self::Pending | Self::Unknown => Timing {
                first: First::AsBeforeOrNow,
                ends: Ends::AtDeadline,
                ..POLLED
            },
            Self::Cancelling => Timing {
                ends: Ends::AtGiveUp,
                lost: Some(Lost::Cancel),
                ..POLLED
            },
            Self::CancelUnknown => Timing {
                first: First::Poll,
                ends: Ends::AtGiveUp,
                ..POLLED
            },
            Self::Voiding => Timing {
                lost: Some(Lost::Void),
                ..POLLED
            },
            Self::VoidUnknown => Timing {
                first: First::Now,
                ends: Ends::AtGiveUp,
                ..POLLED
            },
            Self::NeedsReview | Self::VoidReview => Timing {
                first: First::Review,
                pace: Pace::Review,
                ..REST
            },
            Self::Declined | Self::Cancelled | Self::Expired => Timing {
                first: First::LateIfSent,
                pace: Pace::Late,
                ..REST
            },
            Self::CreateUnknown
            | Self::Paid
            | Self::LateSuccess
            | Self::Abandoned
            | Self::Voided => REST,
        }
    }
}

/// The effects of time in a state.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// When the first query is due.
    pub(super) first: First,
    /// How the pauses between queries grow.
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
