//! The state machine of a trade: one try to collect a sale, with one wallet and one code.
//!
//! The backend drives it, and decides nothing about money without it.
//! It is pure: the time and the gateway's answers are arguments.
//!
//! ```text
//! Creating ──> AwaitingCode ──> Paying ──> Pending ──> Paid ──> Voiding ──> Voided     (Paid ──> Reversed)
//!    │ │            │             │  └────> Unknown ──┐           └> VoidUnknown ─> VoidReview
//!    │ │            v             v            │       v
//!    │ │         Abandoned     Declined   Cancelling / CancelUnknown ─> Cancelled, Expired
//!    │ │                                       └────> NeedsReview       (closed + late proof: LateSuccess)
//!    │ └─> AwaitingPayer ──> Pending, Paid, Declined, Cancelled, Cancelling, NeedsReview
//!    └───> CreateUnknown ──> Abandoned
//! ```
//!
//! The picture has the main moves only. [`MOVES`] lists all, and `docs/rules.md` explains each state and each rule.
//! Proof of payment that comes after `Declined`, `Cancelled` or `Expired` leads to `LateSuccess`.
//!
//! There are two modes. If the customer shows a code ([`State::AwaitingCode`]), the backend sends the payment with it.
//! If we show one ([`State::AwaitingPayer`]), the backend never sends a payment.
//! A customer can pay as soon as our code may be visible. So `AwaitingPayer` holds the sale, as `Paying` does.
//!
//! **One mutation, then drain: [`Trade::handle`], store the row, then [`Trade::next`] until it says
//! [`Step::Wait`] or [`Step::Done`].**
//!
//! No request of a [`Step::Send`] may leave before the row is durable.
//! A trade that is loaded from the store never sends a payment. It only queries how its payment stands.
//!
//! ```
//! use kaunter_core::money::Money;
//! use kaunter_core::policy::Policy;
//! use kaunter_core::trade::{
//!     Carried, CodeMark, Context, CreateAnswer, Event, Facts, PayAnswer, SaleHold, GatewayRequest, State, Step, Trade,
//! };
//! use kaunter_core::wire::{CodeMode, Sale};
//!
//! // Stores the row, here in a vector, and only then drains the machine.
//! fn store_and_drain(rows: &mut Vec<String>, trade: &mut Trade, policy: &Policy) -> Vec<Step> {
//!     rows.push(serde_json::to_string(trade).expect("a row is JSON"));
//!     let mut steps = Vec::new();
//!     loop {
//!         let step = trade.next(policy);
//!         let is_last = matches!(step, Step::Wait(_) | Step::Done);
//!         steps.push(step);
//!         if is_last {
//!             return steps;
//!         }
//!     }
//! }
//!
//! let policy = Policy::default();
//! // No other trade of the sale is in the way. The time is in milliseconds.
//! let at = |now| Context { now, policy: &policy, held_by_others: SaleHold::None, gateway_answer: None, code_reused: false };
//! let mut rows = Vec::new();
//!
//! let mut trade = Trade::new(
//!     Facts {
//!         trade_id: "T1".to_owned(),
//!         shop: "shop-1".to_owned(),
//!         terminal: "till-1".to_owned(),
//!         cashier: Some("aina".to_owned()),
//!         attempt: 1,
//!         sale: Sale {
//!             reference: "order-1".to_owned(),
//!             amount: Money { minor: 1250, currency: "MYR".to_owned() },
//!         },
//!         wallet_id: "21".to_owned(),
//!         wallet_name: "GrabPay".to_owned(),
//!         mode: CodeMode::ConsumerPresented,
//!     },
//!     0,
//! );
//! let steps = store_and_drain(&mut rows, &mut trade, &policy);
//! assert_eq!(steps[0], Step::Send(GatewayRequest::Create));
//!
//! // The gateway has created it. Now it waits for the customer's code, and nothing is sent.
//! let created = CreateAnswer::Made { gateway_ref: "G1".to_owned(), payload: None };
//! trade.handle(Event::Created(created), &at(200))?;
//! let steps = store_and_drain(&mut rows, &mut trade, &policy);
//! assert!(matches!(steps[..], [Step::Wait(_)]));
//!
//! // The code is handed over: the payment leaves once, after the row says so.
//! trade.handle(Event::Code(CodeMark("5eb6...".to_owned())), &at(9_000))?;
//! let steps = store_and_drain(&mut rows, &mut trade, &policy);
//! assert!(matches!(steps[..], [Step::Send(GatewayRequest::Pay), Step::Wait(_)]));
//! assert_eq!(trade.state(), State::Paying);
//!
//! // A row that is read back asks for the payment's status. It never pays again.
//! let mut read_back: Trade = serde_json::from_str(&rows[2]).expect("the row above");
//! read_back.handle(Event::Restarted, &at(10_000))?;
//! let steps = store_and_drain(&mut rows, &mut read_back, &policy);
//! assert!(matches!(steps[..], [Step::Send(GatewayRequest::Query { .. }), Step::Wait(_)]));
//!
//! // Paid, with fields that agree with the trade's. The gateway is asked again after a minute.
//! let carried = Carried { trade_id: Some("T1".to_owned()), ..Carried::default() };
//! trade.handle(Event::PayAnswered(PayAnswer::Paid(carried)), &at(9_800))?;
//! let steps = store_and_drain(&mut rows, &mut trade, &policy);
//! assert!(matches!(steps[..], [Step::Wait(_)]));
//! assert_eq!(trade.state(), State::Paid);
//! # Ok::<(), kaunter_core::trade::Refusal>(())
//! ```
//!
//! These always hold:
//!
//! - The payment leaves at most once.
//! - Only a void moves a trade on from the gateway's `Paid`, or the gateway's word that it gave the money back: then it
//!   is `Reversed`. A person's `Paid` may be corrected by a second person.
//! - A trade that may have moved money is closed only by the gateway's answer or a person's verdict.

mod answers;
mod event;
mod old;
mod parts;
mod properties;
mod refusal;
mod requests;
mod state;
mod table;
mod time;
mod timing;
mod verdict;
mod view;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use event::{
    CancelAnswer, Carried, CodeMark, CreateAnswer, Event, GatewayStatus, GiveUp, PayAnswer,
    StatusAnswer, VoidAnswer,
};
use parts::{Cancel, Lateness, Payment, Queries, Review, Void};
pub use refusal::Refusal;
pub use state::{Risk, State};
pub use table::MOVES;

use crate::policy::{Ms, Policy};
use crate::wire::{CodeMode, GatewayAnswer, Reason, Sale};

/// The properties of a trade that never change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Facts {
    /// The backend's id, which can't be guessed.
    #[serde(alias = "trx_id")]
    pub trade_id: String,
    /// The shop that it belongs to.
    pub shop: String,
    /// The terminal that asked for it.
    pub terminal: String,
    /// The cashier who charged the sale, by the token's name; `None` in rows of before names were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<String>,
    /// The trade's ordinal number within its sale, from 1.
    pub attempt: u32,
    /// The sale that it collects.
    pub sale: Sale,
    /// The gateway's id of the wallet.
    #[serde(alias = "integrator")]
    pub wallet_id: String,
    /// The wallet's name when the trade was created, because the gateway may give its id to another wallet. Empty in
    /// rows of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wallet_name: String,
    /// Who shows the code.
    #[serde(
        default = "old::mode",
        alias = "presented",
        deserialize_with = "old::read_mode"
    )]
    pub mode: CodeMode,
}

/// The circumstances of an event, which the driver knows.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time on the driver's clock.
    pub now: Ms,
    /// The policy of the trade's gateway.
    pub policy: &'a Policy,
    /// How the sale's other trades hold it, read in the transaction that stores this event.
    pub held_by_others: SaleHold,
    /// The gateway's own words, if the event is its answer. They are stored and decide nothing.
    pub gateway_answer: Option<&'a GatewayAnswer>,
    /// Whether the code of [`Event::Code`] was handed over for another sale within [`Policy::code_memory_s`].
    pub code_reused: bool,
}

/// How a trade holds its sale. Of several trades the strongest hold counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SaleHold {
    /// It does not.
    None,
    /// It was paid after it was closed, and no person has decided about that yet.
    Late,
    /// Its money may have moved, was taken, or is being given back.
    Held,
}

/// What the driver does next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Send this request after the row is stored, and come back with the answer as an event.
    Send(GatewayRequest),
    /// Come back with [`Event::Tick`] at this time, or earlier with any other event.
    Wait(Ms),
    /// Nothing is left to do, unless a person asks for something.
    Done,
}

/// A request to the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GatewayRequest {
    /// Create the trade.
    Create,
    /// Pay with the code that was handed over: the only request that takes money.
    Pay,
    /// Ask for its status. The answer comes back with this version.
    Query {
        /// The row's version when the query left.
        version: u64,
    },
    /// Cancel it.
    Cancel,
    /// Give the money back: the only request that returns money.
    Void,
}

/// A move from state to state, for the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// The old state.
    pub from: State,
    /// The new state.
    pub to: State,
}

/// A trade, as the row that the backend stores.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trade {
    facts: Facts,
    state: State,
    version: u64,
    created_ms: Ms,
    since_ms: Ms,
    #[serde(rename = "heard_ms")]
    terminal_seen_ms: Ms,
    #[serde(default, alias = "trans_id")]
    gateway_ref: Option<String>,
    #[serde(default, deserialize_with = "old::read_reason")]
    reason: Option<Reason>,
    #[serde(flatten)]
    payment: Payment,
    #[serde(flatten)]
    queries: Queries,
    #[serde(flatten)]
    cancel: Cancel,
    #[serde(flatten)]
    void: Void,
    #[serde(flatten)]
    lateness: Lateness,
    #[serde(flatten)]
    review: Review,
    /// When a cancel, or a void without an answer, ends in a review.
    give_up_ms: Option<Ms>,
    /// The wish to stop collecting its sale. Before [`State::GivenUp`], it waits for an answer of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_up: Option<GiveUp>,
    /// Its state comes from a person's verdict.
    #[serde(default, rename = "settled")]
    decided_by_person: bool,
    /// The gateway's answer that led to the present state, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway_answer: Option<GatewayAnswer>,
    #[serde(skip)]
    outbox: VecDeque<GatewayRequest>,
    #[serde(skip)]
    moves: Vec<Move>,
}

impl Trade {
    /// A new trade in [`State::Creating`]. Store it, then drain it.
    #[must_use]
    pub fn new(facts: Facts, now: Ms) -> Self {
        Self {
            facts,
            state: State::Creating,
            version: 1,
            created_ms: now,
            since_ms: now,
            terminal_seen_ms: now,
            gateway_ref: None,
            reason: None,
            payment: Payment::default(),
            queries: Queries::default(),
            cancel: Cancel::default(),
            void: Void::default(),
            lateness: Lateness::default(),
            review: Review::default(),
            give_up_ms: None,
            given_up: None,
            decided_by_person: false,
            gateway_answer: None,
            outbox: VecDeque::from([GatewayRequest::Create]),
            moves: Vec::new(),
        }
    }

    /// Applies an event. Deadlines that have passed are applied first, so a late answer does not undo a deadline.
    ///
    /// The version grows by one if, and only if, something must be stored.
    ///
    /// # Errors
    /// A [`Refusal`] says why a request is not granted. Store the row all the same: a deadline may have changed it.
    pub fn handle(&mut self, event: Event, context: &Context<'_>) -> Result<(), Refusal> {
        self.handle_with(event, context, true)
    }

    /// Like [`Trade::handle`], for a driver that has a budget of queries. A query that is due begins only with
    /// [`Event::Turn`], or with a person's request ([`Event::begins_queries`]).
    ///
    /// # Errors
    /// As [`Trade::handle`].
    pub fn handle_in_turn(&mut self, event: Event, context: &Context<'_>) -> Result<(), Refusal> {
        let asks = event.begins_queries();
        self.handle_with(event, context, asks)
    }

    fn handle_with(
        &mut self,
        event: Event,
        context: &Context<'_>,
        asks: bool,
    ) -> Result<(), Refusal> {
        let before = self.clone();
        if let Event::ClockSet(by) = event {
            self.clock_set(by, context.now);
        }
        self.apply_deadlines(context);
        let moves_before = self.moves.len();
        let granted = self.apply(event, context);
        // The answer that caused a move is kept with it.
        if self.moves.len() > moves_before {
            self.gateway_answer = context.gateway_answer.cloned();
        }
        if asks {
            self.ask_if_due(context);
        }
        if *self != before {
            self.version = before.version + 1;
            self.stamp_queries();
        }
        granted
    }

    /// The next step. Call it until it says [`Step::Wait`] or [`Step::Done`].
    #[must_use]
    pub fn next(&mut self, policy: &Policy) -> Step {
        match self.outbox.pop_front() {
            Some(send) => Step::Send(send),
            None => self.wake_ms(policy).map_or(Step::Done, Step::Wait),
        }
    }

    fn apply(&mut self, event: Event, context: &Context<'_>) -> Result<(), Refusal> {
        match event {
            Event::Tick | Event::Turn => Ok(()),
            Event::Restarted | Event::ClockSet(_) => {
                self.adjust_to_clock(context.now);
                if self.queries.asking_until_ms.take().is_some() {
                    self.check_payment_at_once(context);
                }
                self.start_aging(context);
                self.ask_at_once(context.now);
                Ok(())
            }
            Event::TerminalSeen => {
                self.terminal_seen(context);
                Ok(())
            }
            Event::Refresh => {
                self.refresh(context);
                Ok(())
            }
            Event::Superseded => self.give_way(Reason::Superseded, context),
            Event::AmountChanged => self.give_way(Reason::AmountChanged, context),
            Event::Code(mark) => self.code_given(mark, context),
            Event::Cancel => self.cancel_requested(context),
            Event::Void => self.void_requested(context),
            Event::Verdict(verdict) => self.verdict(&verdict, context),
            Event::GiveUp(wish) => self.give_up_wished(wish, context),
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

    /// The moves since the last call, the oldest first, for the audit trail.
    pub fn take_moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    fn enter(&mut self, to: State, context: &Context<'_>) {
        if self.state == to {
            return;
        }
        self.moves.push(Move {
            from: self.state,
            to,
        });
        self.state = to;
        self.gateway_answer = None;
        self.decided_by_person = false;
        self.review.proposal = None;
        self.review.correction = None;
        self.since_ms = context.now;
        self.queries.asks = 0;
        if !self.state.keeps_wish() {
            self.given_up = None;
        }
        if to.proves_payment() {
            self.payment.paid_ms.get_or_insert(context.now);
        }
        self.schedule(context);
    }

    fn stamp_queries(&mut self) {
        let stamp = self.version;
        for send in &mut self.outbox {
            if let GatewayRequest::Query { version } = send {
                *version = stamp;
                self.queries.asked_version = stamp;
            }
        }
    }
}
