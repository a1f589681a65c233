//! The events of a trade: requests of people, answers of the gateway, and time.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::policy::Ms;
use crate::review::GivenVerdict;
use crate::wire::{Payload, Reason, Tender};

/// An event of a trade. Each one also applies the deadlines that have passed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Only time has passed.
    Tick,
    /// Only time has passed, and it is the trade's turn to ask the gateway: see [`super::Trade::handle_in_turn`].
    Turn,
    /// The backend has started: open trades ask at once, and no request is sent again.
    Restarted,
    /// The driver's clock was set while it ran, by this many milliseconds.
    ///
    /// The row's times move with it, so that no deadline comes sooner or later. Then the trade asks, as after a start.
    ClockSet(i64),
    /// The terminal that created the trade has called.
    TerminalSeen,
    /// Somebody wants to know how the trade stands now. At most one query leaves for it in `refresh_pause_ms`.
    Refresh,
    /// A newer trade of the same terminal replaces this one.
    Superseded,
    /// The shop's server has registered another amount for the sale.
    AmountChanged,
    /// The customer's code was handed over. The mark is its keyed hash, never the code.
    Code(CodeMark),
    /// A person cancels.
    Cancel,
    /// A person gives the money back.
    Void,
    /// A person decides what the gateway has left open, or corrects another person's verdict.
    Verdict(GivenVerdict),
    /// A person stops collecting the sale. It counts once a fresh answer of the gateway does not say paid.
    GiveUp(GiveUp),
    /// The answer to [`super::GatewayRequest::Create`].
    Created(CreateAnswer),
    /// The answer to [`super::GatewayRequest::Pay`].
    PayAnswered(PayAnswer),
    /// The answer to [`super::GatewayRequest::Query`], with the version that the query carried.
    Status(u64, StatusAnswer),
    /// The answer to [`super::GatewayRequest::Cancel`].
    CancelAnswered(CancelAnswer),
    /// The answer to [`super::GatewayRequest::Void`].
    VoidAnswered(VoidAnswer),
}

impl Event {
    /// Whether the event is never refused, and depends on the sale's other trades only if the trade moves.
    ///
    /// Without a move, its changes may be stored without locking the sale, and need no line in the audit trail.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tick
            | Self::Turn
            | Self::Restarted
            | Self::ClockSet(_)
            | Self::TerminalSeen
            | Self::Refresh
            | Self::Status(..) => true,
            Self::Superseded
            | Self::AmountChanged
            | Self::Code(_)
            | Self::Cancel
            | Self::Void
            | Self::Verdict(_)
            | Self::GiveUp(_)
            | Self::Created(_)
            | Self::PayAnswered(_)
            | Self::CancelAnswered(_)
            | Self::VoidAnswered(_) => false,
        }
    }

    /// Whether a query that is due leaves with this event at once, even if the driver has a budget of queries.
    ///
    /// A person who asks for something waits for the answer.
    #[must_use]
    pub fn begins_queries(&self) -> bool {
        match self {
            Self::Turn
            | Self::Refresh
            | Self::Code(_)
            | Self::Cancel
            | Self::Void
            | Self::Verdict(_)
            | Self::GiveUp(_) => true,
            Self::Tick
            | Self::Restarted
            | Self::ClockSet(_)
            | Self::TerminalSeen
            | Self::Superseded
            | Self::AmountChanged
            | Self::Created(_)
            | Self::PayAnswered(_)
            | Self::Status(..)
            | Self::CancelAnswered(_)
            | Self::VoidAnswered(_) => false,
        }
    }
}

/// A person's wish to stop collecting a sale.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GiveUp {
    /// The person.
    pub by: String,
    /// How the customer pays instead.
    pub tender: Tender,
    /// When it was asked for.
    pub at_ms: Ms,
}

/// A keyed hash of a code, in hex. It tells two codes apart without revealing either.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CodeMark(pub String);

impl std::fmt::Debug for CodeMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeMark({} chars)", self.0.len())
    }
}

/// The fields of an answer that identify its trade. All that are present must agree with the trade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Carried {
    /// The gateway's id of the trade.
    pub gateway_ref: Option<String>,
    /// Our id of the trade.
    pub trade_id: Option<String>,
    /// The amount.
    pub amount: Option<Money>,
    /// The currency, if it is a field of its own.
    pub currency: Option<String>,
    /// The wallet.
    pub wallet_id: Option<String>,
    /// Whether a field that the gateway's adapter requires is missing or unreadable.
    pub incomplete: bool,
}

/// The gateway's answer to a creation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CreateAnswer {
    /// The trade exists.
    Made {
        /// The gateway's id of the trade, which is not empty.
        gateway_ref: String,
        /// The content of the code that we show, if we show one.
        payload: Option<Payload>,
    },
    /// The gateway refuses to create it.
    Refused(Reason),
    /// The gateway gave an id that another trade already has, so the answer is not about this trade.
    Repeated,
    /// No clear answer, for any reason. Nothing was presented.
    Unclear,
}

/// The gateway's answer to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PayAnswer {
    /// The money is taken.
    Paid(Carried),
    /// The customer has to confirm.
    Processing(Carried),
    /// Definitely refused, and why.
    Refused(Reason),
    /// Proven unsent: no byte was written.
    Unsent,
    /// No clear answer.
    Unclear,
}

/// The gateway's answer to a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatusAnswer {
    /// The status.
    pub status: GatewayStatus,
    /// The fields that identify the trade.
    pub carried: Carried,
}

/// A trade's status at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatewayStatus {
    /// The money is taken.
    Paid,
    /// The customer has to confirm.
    Pending,
    /// Not paid yet, and it may still be.
    Unpaid,
    /// It has failed and can't be paid any more.
    Failed(Reason),
    /// It was closed unpaid.
    Closed,
    /// The money was returned.
    Voided,
    /// The gateway answered, without a status that is listed: not found, given back in part, or an unknown word.
    ///
    /// It decides as little as [`Self::Unclear`], but it contradicts a payment.
    Unlisted,
    /// No status: a time-out, a fault of the gateway, or an unreadable answer.
    Unclear,
}

/// The gateway's answer to a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelAnswer {
    /// Closed unpaid.
    Closed,
    /// It was paid, and the money is given back.
    Refunded,
    /// It is paid and stays paid.
    TooLate,
    /// No clear answer.
    #[serde(rename = "no_word")]
    Unclear,
}

/// The gateway's answer to a void.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VoidAnswer {
    /// The money is given back. The text is the gateway's reference of the void.
    Done(Option<String>),
    /// Definitely refused.
    Failed,
    /// Proven unsent.
    Unsent,
    /// No clear answer.
    Unclear,
}
