//! What time does in each state: one row of facts per state. `time.rs` acts by it.

use super::State;

impl State {
    /// What time does in this state.
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

/// One row of facts per state: what time does in it.
#[derive(Clone, Copy)]
pub(super) struct Timing {
    /// When the first question is due.
    pub(super) first: First,
    /// How the pauses between questions grow.
    pub(super) pace: Pace,
    /// When time ends the state.
    pub(super) ends: Ends,
    /// The request whose answer can be lost.
    pub(super) lost: Option<Lost>,
}

/// When the first question of a state is due.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// There is none, unless an answer asks for one.
    Never,
    /// When the state before would have asked.
    AsBefore,
    /// When the state before would have asked; at once if it asked nothing.
    AsBeforeOrNow,
    /// At once.
    Now,
    /// After one pause of the 2-second pace.
    Poll,
    /// After the first pause of a review.
    Review,
    /// After the first pause of late questions, if a payment may have left.
    LateIfSent,
}

/// How the pauses between the questions of a state grow.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// No question follows.
    None,
    /// Every `poll_ms`, with jitter.
    Poll,
    /// Doubled up to `review_max_ms`.
    Review,
    /// Doubled until it is longer than `late_last_ms`; then no question follows.
    Late,
}

/// When time ends a state.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    /// Never.
    Never,
    /// When the terminal has been silent for too long.
    WithTerminal,
    /// At the deadline of the 2-second checks, or when a cancel is wished.
    AtDeadline,
    /// When a cancel, or the question about a void, took too long.
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
