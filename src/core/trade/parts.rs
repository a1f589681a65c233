//! What a trade's row holds, grouped by what it serves. In the row's JSON the fields stand side by side: older versions
//! wrote them so, and `default` and `alias` read what those versions left out or called by another name.

use serde::{Deserialize, Serialize};

use super::{CancelAnswer, CodeMark, State, old};
use crate::policy::Ms;
use crate::review::Proposal;
use crate::wire::{By, GatewayAnswer, Payload, VerdictOutcome};

/// The code, and the payment that leaves with it. A payment that is proven unsent leaves the default behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Payment {
    pub(super) code: Option<CodeMark>,
    /// The content of our code, if we show one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Payload>,
    /// When the payment left, or our code became visible. `None` while it is certain that no payment has left.
    pub(super) sent_ms: Option<Ms>,
    /// When asking every `poll_ms` ends.
    pub(super) deadline_ms: Option<Ms>,
    /// The start of the trade's age on one clock: its payment, or the last restart.
    pub(super) aging_ms: Option<Ms>,
    /// When the first proof of payment came. It keeps its date if the clock is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) paid_ms: Option<Ms>,
}

/// The queries of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Queries {
    /// When the next query is due.
    pub(super) next_ask_ms: Option<Ms>,
    /// A query is out until its answer comes, or until this time.
    pub(super) asking_until_ms: Option<Ms>,
    /// The version that the newest query carries.
    pub(super) asked_version: u64,
    /// The newest query left when the trade was too old to be paid, and its answer is no younger.
    pub(super) asked_old: bool,
    /// Queries in the present state. The pauses of a review grow with their number.
    pub(super) asks: u32,
    /// When the last query left that somebody had asked for by [`super::Event::Refresh`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refreshed_ms: Option<Ms>,
}

/// A cancel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Cancel {
    /// Who has asked for it, if anybody has.
    #[serde(default, rename = "wish", deserialize_with = "old::read_by")]
    pub(super) requested_by: Option<By>,
    /// The answer to it, while a query checks the answer.
    #[serde(rename = "cancel_said")]
    pub(super) cancel_answer: Option<CancelAnswer>,
    /// It is out until its answer comes, or until this time. Until then it may still refund a payment.
    pub(super) cancelling_until_ms: Option<Ms>,
}

/// A void.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Void {
    /// The gateway's reference of it.
    #[serde(default, alias = "void_id")]
    pub(super) void_gateway_ref: Option<String>,
    /// It has left and has not definitely failed, so no second one leaves.
    pub(super) void_left: bool,
    /// The gateway's words, if the last void was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) void_refused: Option<GatewayAnswer>,
    /// Before the void the state came from a verdict. After a refused void it does again.
    #[serde(
        default,
        rename = "settled_before_void",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub(super) person_decided_before_void: bool,
}

/// Proof of payment that came after the trade had been closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Lateness {
    /// It came, and no person has decided about it.
    pub(super) late: bool,
    /// It came, whether a person has decided about it or not.
    #[serde(default)]
    pub(super) was_late: bool,
}

/// What people have said about the trade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Review {
    /// A verdict that waits for a second person, or for the gateway's answer about a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proposal: Option<Proposal>,
    /// A correction that has all its names and frees the sale: it waits for one fresh answer of the gateway, and no
    /// person stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) correction: Option<GivenBy>,
    /// The last verdict that decided. It stays when the gateway or a void has moved the trade on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<PersonVerdict>,
}

/// Who gave a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct GivenBy {
    /// The names: the person who proposed it first, if anybody had to.
    pub(super) names: Vec<String>,
    /// One person alone has confirmed it: `single_person`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) alone: bool,
}

/// A verdict that decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct PersonVerdict {
    /// The state that it decided. A correction may say what the first verdict could have said.
    pub(super) of: State,
    /// What it said.
    pub(super) outcome: VerdictOutcome,
    /// Who gave it.
    pub(super) by: GivenBy,
    /// The gateway has contradicted it since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) contradicted: bool,
}
