//! The machine of an attempt: one try to collect a sale, with one wallet and one code.
//!
//! The backend drives it and decides by it. It is pure: the time and the gateway's answers are arguments.
//!
//! ```text
//! Creating ──> AwaitingCode ──> Paying ──> Pending ──> Paid ──> Voiding ──> Voided
//!    │ │            │             │  └────> Unknown ──┐           └> VoidUnknown ─> VoidReview
//!    │ │            v             v            │       v
//!    │ │         Abandoned     Declined   Cancelling / CancelUnknown ─> Cancelled, Expired
//!    │ │                                       └────> NeedsReview       any closed + proof: LateSuccess
//!    │ └─> AwaitingPayer ──> Pending, Paid, Declined, Cancelled, Cancelling, NeedsReview
//!    └───> CreateUnknown ──> Abandoned
//! ```
//!
//! Two ways lead to the money. The customer presents a code: [`State::AwaitingCode`], and the payment leaves with it.
//! Or we present one: [`State::AwaitingPayer`], no payment of ours ever leaves, and from the moment in which the code may
//! be on display somebody may pay it. So this state holds the sale as `Paying` does.
//!
//! **One mutation, then drain: [`Trade::handle`], store the row, then [`Trade::next`] until it says
//! [`Step::Wait`] or [`Step::Done`].** Nothing that [`Step::Send`] names may leave before the row is durable,
//! and nothing is ever sent because of a state: a row that is read back from the store asks, it never pays.
//!
//! What holds, whatever happens: the payment leaves at most once; `Paid` is left only by a void; money that
//! may have moved is closed only on the gateway's word or a person's verdict.

mod answers;
mod event;
mod old;
mod refusal;
mod state;
mod table;
mod time;
mod view;
mod wishes;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use event::{
    CancelAnswer, Carried, CodeMark, CreateAnswer, Event, PayAnswer, StatusAnswer, StatusWord,
    VoidAnswer,
};
pub use refusal::Refusal;
pub use state::{Risk, State};
pub use table::MOVES;

use crate::policy::{Ms, Policy};
use crate::wire::{By, CodeMode, GatewayAnswer, Payload, Reason, Sale};

/// What never changes about an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Facts {
    /// The backend's unguessable name of it.
    #[serde(alias = "trx_id")]
    pub trade_id: String,
    /// The shop it belongs to.
    pub shop: String,
    /// The terminal that asked for it.
    pub terminal: String,
    /// 1 for the first attempt of its sale.
    pub attempt: u32,
    /// What it collects.
    pub sale: Sale,
    /// The gateway's id of the wallet.
    #[serde(alias = "integrator")]
    pub wallet_id: String,
    /// Who shows the code.
    #[serde(
        default = "old::mode",
        alias = "presented",
        deserialize_with = "old::read_mode"
    )]
    pub mode: CodeMode,
}

/// What the driver knows at the moment of an event.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The driver's clock.
    pub now: Ms,
    /// The durations of this attempt's gateway.
    pub policy: &'a Policy,
    /// What the other attempts of the sale are doing, read in the transaction that stores this event.
    pub rival: Rival,
    /// The gateway's own words, where the event is an answer of it. They decide nothing: they are kept.
    pub said: Option<&'a GatewayAnswer>,
    /// The code of [`Event::Code`] was handed over for another sale within [`Policy::code_memory_s`].
    pub code_reused: bool,
}

/// The worst that another attempt of the same sale is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rival {
    /// None holds the sale.
    None,
    /// One was paid after it was closed, and nobody has settled that yet.
    Late,
    /// Money may have moved, was taken, or is on its way back.
    Holds,
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Send this, now that the row is stored, and come back with the answer as an event.
    Send(Send),
    /// Come back with [`Event::Tick`] at this time, or earlier with any other event.
    Wait(Ms),
    /// Nothing is left to do unless somebody wishes it.
    Done,
}

/// A request to the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Send {
    /// Create the trade.
    Create,
    /// Pay with the code that was handed over: the one request that takes money.
    Pay,
    /// Ask how it stands; the answer comes back with this version.
    Query {
        /// The row's version when the question left.
        version: u64,
    },
    /// Cancel it.
    Cancel,
    /// Give the money back: the one request that returns money.
    Void,
}

/// One move, for the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// From where.
    pub from: State,
    /// To where.
    pub to: State,
}

/// An attempt: the row that the backend stores.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trade {
    facts: Facts,
    state: State,
    version: u64,
    created_ms: Ms,
    since_ms: Ms,
    heard_ms: Ms,
    #[serde(default, alias = "trans_id")]
    gateway_ref: Option<String>,
    code: Option<CodeMark>,
    /// What our code says, in the merchant-presented way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
    #[serde(default, deserialize_with = "old::read_reason")]
    reason: Option<Reason>,
    #[serde(default, alias = "void_id")]
    void_gateway_ref: Option<String>,
    /// When the payment left, or from when somebody could pay our code; none while it is proven that none did.
    sent_ms: Option<Ms>,
    /// When verifying every `poll_ms` ends.
    deadline_ms: Option<Ms>,
    /// When the next question is due.
    next_ask_ms: Option<Ms>,
    /// A question is out until its answer comes, or until then.
    asking_until_ms: Option<Ms>,
    /// The version that the newest question carries.
    asked_version: u64,
    /// From when the attempt's age is measured by one clock: from its payment, or from the last restart.
    aging_ms: Option<Ms>,
    /// The newest question left when the attempt was too old to be paid: its answer is no younger.
    asked_old: bool,
    /// Questions under the present schedule; the pauses of a review grow with it.
    asks: u32,
    /// Somebody wishes to cancel, and who.
    #[serde(default, deserialize_with = "old::read_by")]
    wish: Option<By>,
    /// What the cancel was answered with, while that is being checked.
    cancel_said: Option<CancelAnswer>,
    /// A cancel is out until its answer comes, or until then: it may still turn what is paid into what is refunded.
    cancelling_until_ms: Option<Ms>,
    /// When cancelling, or the question about a void, ends in a review.
    give_up_ms: Option<Ms>,
    /// A void left, and the gateway has not said that it failed: no second one leaves.
    void_left: bool,
    /// It was proven paid after it had been closed, and that is not settled.
    late: bool,
    /// It was proven paid after it had been closed, settled since or not.
    #[serde(default)]
    was_late: bool,
    /// A person's verdict put it where it stands.
    #[serde(default)]
    settled: bool,
    /// What the gateway said when an answer of it put the attempt where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_answer: Option<GatewayAnswer>,
    /// The last void was refused, and with which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    void_refused: Option<GatewayAnswer>,
    /// Before the void it stood as a person said: so it does again where the void is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    settled_before_void: bool,
    #[serde(skip)]
    outbox: VecDeque<Send>,
    #[serde(skip)]
    moves: Vec<Move>,
}

impl Trade {
    /// A new attempt in [`State::Creating`]: store it, then drain it.
    #[must_use]
    pub fn new(facts: Facts, now: Ms) -> Self {
        Self {
            facts,
            state: State::Creating,
            version: 1,
            created_ms: now,
            since_ms: now,
            heard_ms: now,
            gateway_ref: None,
            code: None,
            payload: None,
            reason: None,
            void_gateway_ref: None,
            sent_ms: None,
            deadline_ms: None,
            next_ask_ms: None,
            asking_until_ms: None,
            asked_version: 0,
            aging_ms: None,
            asked_old: false,
            asks: 0,
            wish: None,
            cancel_said: None,
            cancelling_until_ms: None,
            give_up_ms: None,
            void_left: false,
            late: false,
            was_late: false,
            settled: false,
            gateway_answer: None,
            void_refused: None,
            settled_before_void: false,
            outbox: VecDeque::from([Send::Create]),
            moves: Vec::new(),
        }
    }

    /// One mutation. Time acts first, so that an answer at the deadline can't outrun it.
    ///
    /// The version has grown by one if, and only if, anything is to be stored.
    ///
    /// # Errors
    /// A [`Refusal`] says why a wish is not granted. What time did in the same call stands and is to be stored.
    pub fn handle(&mut self, event: Event, context: &Context<'_>) -> Result<(), Refusal> {
        let before = self.clone();
        if let Event::ClockSet(by) = event {
            self.clock_set(by, context.now);
        }
        self.time_acts(context);
        let moves = self.moves.len();
        let granted = self.act(event, context);
        if self.moves.len() > moves {
            self.gateway_answer = context.said.cloned();
        }
        self.ask_if_due(context);
        if *self != before {
            self.version = before.version + 1;
            self.stamp_questions();
        }
        granted
    }

    /// What to do now. Call it until it says [`Step::Wait`] or [`Step::Done`].
    #[must_use]
    pub fn next(&mut self, policy: &Policy) -> Step {
        match self.outbox.pop_front() {
            Some(send) => Step::Send(send),
            None => self.wake_ms(policy).map_or(Step::Done, Step::Wait),
        }
    }

    fn act(&mut self, event: Event, context: &Context<'_>) -> Result<(), Refusal> {
        match event {
            Event::Tick => Ok(()),
            Event::Restarted | Event::ClockSet(_) => {
                self.rebase(context.now);
                self.asking_until_ms = None;
                self.age(context);
                self.ask_at_once(context.now);
                Ok(())
            }
            Event::Heard => {
                self.heard(context);
                Ok(())
            }
            Event::Superseded => self.superseded(context),
            Event::Code(mark) => self.code_given(mark, context),
            Event::Cancel => self.cancel_wished(context),
            Event::Void => self.void_wished(context),
            Event::Verdict(outcome) => self.verdict(outcome, context),
            Event::Created(answer) => {
                self.created(answer, context);
                Ok(())
            }
            Event::PayAnswered(answer) => {
                self.pay_answered(answer, context);
                Ok(())
            }
            Event::Status(version, answer) => {
                self.status_answered(version, answer, context);
                Ok(())
            }
            Event::CancelAnswered(answer) => {
                self.cancel_answered(answer, context);
                Ok(())
            }
            Event::VoidAnswered(answer) => {
                self.void_answered(answer, context);
                Ok(())
            }
        }
    }

    /// The moves since the last call, oldest first: for the audit trail.
    pub fn take_moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    /// What never changes.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Grows with every change that is to be stored.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When it was asked for.
    #[must_use]
    pub fn created_ms(&self) -> Ms {
        self.created_ms
    }

    /// When the present state began.
    #[must_use]
    pub fn since_ms(&self) -> Ms {
        self.since_ms
    }

    /// When its terminal was last heard of.
    #[must_use]
    pub fn heard_ms(&self) -> Ms {
        self.heard_ms
    }

    /// The gateway's name of the trade.
    #[must_use]
    pub fn gateway_ref(&self) -> Option<&str> {
        self.gateway_ref.as_deref()
    }

    /// The keyed hash of its code.
    #[must_use]
    pub fn code(&self) -> Option<&CodeMark> {
        self.code.as_ref()
    }

    /// What our code says, while its payer is awaited: to be shown until [`Trade::deadline_ms`].
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.payload
            .as_ref()
            .filter(|_| self.state == State::AwaitingPayer)
    }

    /// Who closed it.
    #[must_use]
    pub fn by(&self) -> Option<By> {
        let closed = self.state.closed_by(self.wish)?;
        let own = self.reason.is_some_and(Reason::is_the_systems);
        Some(if own { By::System } else { closed })
    }

    /// Why it ended unpaid.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        let asked_for = match self.by() {
            Some(By::Cashier | By::Customer) => Some(Reason::Requested),
            Some(By::System) => Some(Reason::Deadline),
            None => None,
        };
        self.reason.or(asked_for)
    }

    /// The gateway's reference of the void.
    #[must_use]
    pub fn void_gateway_ref(&self) -> Option<&str> {
        self.void_gateway_ref.as_deref()
    }

    /// When verifying every 2 s ends, where it is under way.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<Ms> {
        match self.state.risk() {
            Risk::Possible => self.deadline_ms,
            Risk::None | Risk::Taken | Risk::Closed => None,
        }
    }

    /// True where no other attempt of the sale may be paid: the store's unique index is over these.
    #[must_use]
    pub fn holds_sale(&self) -> bool {
        match self.state.risk() {
            Risk::Possible => true,
            Risk::Taken => !self.late,
            Risk::None | Risk::Closed => false,
        }
    }

    /// What this attempt is to the others of its sale.
    #[must_use]
    pub fn as_rival(&self) -> Rival {
        if self.holds_sale() {
            Rival::Holds
        } else if self.state.risk() == Risk::Taken {
            Rival::Late
        } else {
            Rival::None
        }
    }

    /// True where proof of payment came after it had been closed, whatever became of it since.
    #[must_use]
    pub fn was_late(&self) -> bool {
        self.was_late
    }

    /// What the gateway said, where its answer put the attempt where it stands.
    #[must_use]
    pub fn gateway_answer(&self) -> Option<&GatewayAnswer> {
        self.gateway_answer.as_ref()
    }

    /// Why the last void was refused; none where none was.
    #[must_use]
    pub fn void_refused(&self) -> Option<&GatewayAnswer> {
        self.void_refused.as_ref()
    }

    /// True where it stands as a person said.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.settled
    }

    /// True once a payment may have left, ours or that of somebody who saw our code, and was not proven unsent.
    #[must_use]
    pub fn payment_left(&self) -> bool {
        self.sent_ms.is_some()
    }

    fn go(&mut self, to: State, context: &Context<'_>) {
        if self.state == to {
            return;
        }
        self.moves.push(Move {
            from: self.state,
            to,
        });
        self.state = to;
        self.gateway_answer = None;
        self.settled = false;
        self.since_ms = context.now;
        self.asks = 0;
        self.schedule(context);
    }

    fn stamp_questions(&mut self) {
        let stamp = self.version;
        for send in &mut self.outbox {
            if let Send::Query { version } = send {
                *version = stamp;
                self.asked_version = stamp;
            }
        }
    }
}
