//! What can happen to an attempt: wishes of people, answers of the gateway, and time.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::wire::{Payload, Reason, VerdictOutcome};

/// Something that happened. Time acts in each of them, and [`Event::Tick`] is time alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Only time has passed.
    Tick,
    /// The backend started: what is open is asked about at once, and nothing is sent again.
    Restarted,
    /// The driver's clock was set while it ran, forward by so many milliseconds, or back: the row's times move with it,
    /// so that no deadline comes sooner or later. Then as after a start.
    ClockSet(i64),
    /// The creating terminal was heard of.
    Heard,
    /// A newer attempt of the same terminal takes this one's place.
    Superseded,
    /// The customer's code was handed over; the mark is its keyed hash, never the code.
    Code(CodeMark),
    /// A person wishes to cancel.
    Cancel,
    /// A person gives the money back.
    Void,
    /// A person settles what the gateway could not.
    Verdict(VerdictOutcome),
    /// The answer to [`super::Send::Create`].
    Created(CreateAnswer),
    /// The answer to [`super::Send::Pay`].
    PayAnswered(PayAnswer),
    /// The answer to [`super::Send::Query`], with the version that the question carried.
    Status(u64, StatusAnswer),
    /// The answer to [`super::Send::Cancel`].
    CancelAnswered(CancelAnswer),
    /// The answer to [`super::Send::Void`].
    VoidAnswered(VoidAnswer),
}

impl Event {
    /// True where the other trades of the sale don't matter unless this one moves, and where nothing is refused: without a
    /// move, what it changes may be stored outside of a change of the sale, and needs no line in the audit trail.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tick | Self::Restarted | Self::ClockSet(_) | Self::Heard | Self::Status(..) => {
                true
            }
            Self::Superseded
            | Self::Code(_)
            | Self::Cancel
            | Self::Void
            | Self::Verdict(_)
            | Self::Created(_)
            | Self::PayAnswered(_)
            | Self::CancelAnswered(_)
            | Self::VoidAnswered(_) => false,
        }
    }
}

/// A keyed hash of a code, in hex: it tells two codes apart and gives neither away.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CodeMark(pub String);

impl std::fmt::Debug for CodeMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeMark({} chars)", self.0.len())
    }
}

/// The fields of an answer that bind it to an attempt: each one that is carried must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Carried {
    /// The gateway's name of the trade.
    pub gateway_ref: Option<String>,
    /// Our name of the attempt.
    pub trade_id: Option<String>,
    /// The amount.
    pub amount: Option<Money>,
    /// The currency, where it stands beside the amount.
    pub currency: Option<String>,
    /// The wallet.
    pub wallet_id: Option<String>,
    /// A field that the gateway's adapter requires is missing, or one could not be read.
    pub incomplete: bool,
}

/// What the gateway said to a creation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CreateAnswer {
    /// The trade exists under this name.
    Made {
        /// The gateway's name of the trade, not empty.
        gateway_ref: String,
        /// What our code is to say, in the merchant-presented way.
        payload: Option<Payload>,
    },
    /// It will not be.
    Refused(Reason),
    /// It named a trade that another attempt has already: whatever the gateway means by it, it is not this attempt's.
    Repeated,
    /// No clear answer, whatever the cause: nothing was presented.
    NoWord,
}

/// What the gateway said to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PayAnswer {
    /// The money is taken.
    Paid(Carried),
    /// The customer has to confirm.
    Processing(Carried),
    /// Definitely not, and why.
    Refused(Reason),
    /// Proven unsent: not a byte was written.
    Unsent,
    /// No clear answer.
    NoWord,
}

/// What the gateway said to a question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatusAnswer {
    /// Its word.
    pub word: StatusWord,
    /// What binds it.
    pub carried: Carried,
}

/// The gateway's word on a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusWord {
    /// The money is taken.
    Paid,
    /// The customer has to confirm.
    Pending,
    /// Not paid so far: no word on what comes.
    Unpaid,
    /// It failed for good.
    Failed(Reason),
    /// It was closed unpaid.
    Closed,
    /// The money was returned.
    Voided,
    /// Time-out, not found, unreadable, an unlisted word: no word at all.
    NoWord,
}

/// What the gateway said to a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelAnswer {
    /// Closed unpaid.
    Closed,
    /// It was paid, and the money goes back.
    Refunded,
    /// It is paid and stays so.
    TooLate,
    /// No clear answer.
    NoWord,
}

/// What the gateway said to a void.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VoidAnswer {
    /// The money goes back; the gateway's reference of the void.
    Done(Option<String>),
    /// Definitely not.
    Failed,
    /// Proven unsent.
    Unsent,
    /// No clear answer.
    NoWord,
}
