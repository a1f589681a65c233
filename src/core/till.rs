//! The state machine of one charge of one sale at the counter. The page drives it.
//!
//! It scans a code, asks the backend for a trade, hands the code over once, and then follows the trade to its end.
//!
//! ```text
//! Scanning ─> PickingWallet ─> JournallingCreation ─> Creating ─> Ready ─> JournallingHandOver ─> HandingOver
//!                               │                      │           │                               └─> Watching ─> Ended
//!                               │                      │           └─> Abandoning ─> Ended
//!                               │                      └─> JournallingHandOver ─> Watching, with our code on display
//!                               └─ (the way in where we present the code)
//! ```
//!
//! It decides nothing about money: the backend does. It is pure: the time and every answer are arguments.
//!
//! **One mutation, then drain: [`Charge::handle`], then [`Charge::next`] until it says [`ChargeStep::Wait`] or
//! [`ChargeStep::Done`].**
//!
//! The record of a [`ChargeStep::Journal`] must be durable before the driver says [`ChargeEvent::Journalled`].
//! A page that can't journal tells its cashier and goes on, because the backend stores before it acts.
//!
//! ```
//! use kaunter_core::money::Money;
//! use kaunter_core::policy::Policy;
//! use kaunter_core::till::{Charge, End, ChargeEvent, Hint, Plan, ChargeStep};
//! use kaunter_core::wire::{CodeMode, Sale, Status, TradeView};
//!
//! // Drains the machine: all steps up to the one that waits or ends.
//! fn drain(charge: &mut Charge) -> Vec<ChargeStep> {
//!     let mut steps = Vec::new();
//!     loop {
//!         let step = charge.next();
//!         let is_last = matches!(step, ChargeStep::Wait(_) | ChargeStep::Done(_));
//!         steps.push(step);
//!         if is_last {
//!             return steps;
//!         }
//!     }
//! }
//!
//! let sale = Sale {
//!     reference: "order-1".to_owned(),
//!     amount: Money { minor: 1250, currency: "MYR".to_owned() },
//! };
//! // The backend's answers: the same trade, newer each time.
//! let trade = |status, version| TradeView {
//!     trade_id: "T1".to_owned(),
//!     status,
//!     version,
//!     sale: sale.clone(),
//! # gateway_ref: None, attempt: 1, wallet_id: "21".to_owned(), wallet: None, mode: CodeMode::ConsumerPresented,
//! # terminal: String::new(), cancelled_by: None, reason: None, void_gateway_ref: None, as_of: String::new(),
//! # since: String::new(), created_at: String::new(), deadline_at: None, paid_at: None, decided_by: None, late: false,
//! # shown_code: None, gateway_answer: None, void_refused: None, cashier: None, proposal: None, single_person: false,
//! # verdict_contradicted: false,
//!     // and what else it tells
//! };
//! let plan = Plan {
//!     sale: sale.clone().into(),
//!     mode: CodeMode::ConsumerPresented,
//!     wallet: Some("21".to_owned()),
//!     code: None,
//!     keys: ["key-1".to_owned(), "key-2".to_owned()],
//! };
//! let mut charge = Charge::new(plan, Policy::default().page());
//!
//! // The camera starts, and the creation is journalled before it is sent.
//! assert!(matches!(drain(&mut charge)[..], [ChargeStep::Scan, ChargeStep::Journal(_), ChargeStep::Wait(_)]));
//! charge.handle(ChargeEvent::Journalled, 10);
//! assert!(matches!(drain(&mut charge)[..], [ChargeStep::Create(_), ChargeStep::Wait(_)]));
//!
//! // The trade awaits its code, and the customer shows one. The hand-over is journalled before it leaves.
//! charge.handle(ChargeEvent::Created(Ok(trade(Status::AwaitingCode, 1))), 20);
//! assert!(matches!(drain(&mut charge)[..], [ChargeStep::Wait(_)]));
//! charge.handle(ChargeEvent::Scanned(Hint::default()), 30);
//! assert!(matches!(drain(&mut charge)[..], [ChargeStep::Journal(_), ChargeStep::Wait(_)]));
//! charge.handle(ChargeEvent::Journalled, 40);
//! assert!(matches!(&drain(&mut charge)[..], [ChargeStep::HandOver(id), ChargeStep::Wait(_)] if id == "T1"));
//!
//! // The customer confirms, and a later answer says that the trade is paid.
//! charge.handle(ChargeEvent::HandedOver(Ok(trade(Status::Pending, 2))), 50);
//! assert!(matches!(drain(&mut charge)[..], [ChargeStep::Wait(2_050)]));
//! charge.handle(ChargeEvent::Tick, 2_050);
//! assert!(matches!(&drain(&mut charge)[..], [ChargeStep::Ask(_), ChargeStep::Wait(_)]));
//! charge.handle(ChargeEvent::StatusReplied(Ok(trade(Status::Paid, 3))), 2_100);
//! let steps = drain(&mut charge);
//! assert!(matches!(&steps[..], [ChargeStep::Forget(_), ChargeStep::Done(End::Known(_))]), "{steps:?}");
//! ```
//!
//! The machine never holds the code. The driver keeps it in memory and hands it over when told to.
//! After a reload the code is gone, so a resumed charge ([`Charge::resume`]) never hands over: it asks.
//!
//! If we present the code, the backend's trade contains it. It is shown once the journal says that it may be seen,
//! and shown again after a reload, while its payer is awaited.

mod answers;
mod display;
mod ending;
mod event;

pub use event::{ChargeEvent, ChargeStep, End, Fault, Hint, OldRecord, Phase, Plan, Record, Reply};

use std::collections::VecDeque;

use crate::load::bounded_pace_ms;
use crate::policy::Ms;
use crate::wire::{CodeMode, NewTrade, PagePolicy, Status, TradeView};

/// How often a creation is sent with the same key if it gets no answer.
///
/// More: the cashier waits longer for a backend that is down. Fewer: bad Wi-Fi ends sales.
const CREATE_TRIES: u32 = 3;

/// Why the present trade is abandoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum AbandonReason {
    /// The caller gave up, or the promise has waited long enough.
    Aborted,
    /// The code belongs to another wallet: begin again with that one.
    OtherWallet,
}

/// One charge of one sale.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Charge {
    policy: PagePolicy,
    /// The pause between two looks that the backend has asked for; 0 is the policy's.
    pace_ms: Ms,
    phase: Phase,
    record: Record,
    /// The caller states the amount. Otherwise each creation asks for the registered one.
    states_amount: bool,
    spare_key: Option<String>,
    wallet_known: bool,
    code: Option<Hint>,
    /// The page was reloaded: the code is gone, and is never handed over again.
    resumed: bool,
    /// Another tab or till runs the trade: this charge never closes it unless it is asked to.
    following: bool,
    trade: Option<TradeView>,
    abandon_reason: Option<AbandonReason>,
    /// A cancel was asked for after the hand-over.
    cancel_requested: bool,
    tries: u32,
    /// How often the code was handed over. More than once only after an answer that it is still awaited.
    hand_overs: u32,
    /// The driver was told to show our code.
    shown: bool,
    /// A customer has scanned our code.
    scanned: bool,
    asking: bool,
    cancelling: bool,
    next_ask_ms: Option<Ms>,
    retry_ms: Option<Ms>,
    /// When the promise stops waiting for the backend.
    patience_ms: Option<Ms>,
    outbox: VecDeque<ChargeStep>,
}

impl Charge {
    /// Begins a charge. Drain it at once.
    #[must_use]
    pub fn new(plan: Plan, policy: PagePolicy) -> Self {
        let [key, spare] = plan.keys;
        let (wallet, mode) = (plan.wallet.clone(), plan.mode);
        let mut charge = Self {
            policy,
            pace_ms: 0,
            phase: Phase::Scanning,
            states_amount: plan.sale.amount.is_some(),
            record: Record {
                key,
                sale: plan.sale,
                wallet_id: wallet.clone().unwrap_or_default(),
                trade_id: None,
                handed_over: false,
                mode,
            },
            spare_key: Some(spare),
            wallet_known: wallet.is_some(),
            code: None,
            resumed: false,
            following: false,
            trade: None,
            abandon_reason: None,
            cancel_requested: false,
            tries: 0,
            hand_overs: 0,
            shown: false,
            scanned: false,
            asking: false,
            cancelling: false,
            next_ask_ms: None,
            retry_ms: None,
            patience_ms: None,
            outbox: VecDeque::new(),
        };
        if wallet.is_some() {
            charge.journal_creation();
        }
        match (mode, plan.code) {
            (CodeMode::MerchantPresented, _) if wallet.is_none() => charge.end(End::NoWallet),
            (CodeMode::MerchantPresented, _) => {}
            (CodeMode::ConsumerPresented, Some(hint)) => charge.scanned(hint),
            (CodeMode::ConsumerPresented, None) => charge.outbox.push_front(ChargeStep::Scan),
        }
        charge
    }

    /// Continues a charge that a reload interrupted, or that another terminal began. It asks, and never pays.
    #[must_use]
    pub fn resume(record: Record, policy: PagePolicy, now: Ms) -> Self {
        let [key, spare] = [record.key.clone(), String::new()];
        let plan = Plan {
            sale: record.sale.clone(),
            mode: CodeMode::ConsumerPresented,
            wallet: None,
            code: None,
            keys: [key, spare],
        };
        let mut charge = Self::new(plan, policy);
        charge.outbox.clear();
        charge.spare_key = None;
        charge.resumed = true;
        charge.record = record;
        if charge.record.trade_id.is_some() {
            charge.phase = Phase::Watching;
            charge.start_patience(now);
            charge.ask(now);
        } else {
            // The creation was never answered, so no code can have left or been shown.
            // If the backend has the trade, it abandons it, or lists it as open.
            charge.end(End::Aborted);
        }
        charge
    }

    /// Follows a trade that another tab or till runs, until its end.
    #[must_use]
    pub fn follow(record: Record, policy: PagePolicy, now: Ms) -> Self {
        let mut charge = Self::resume(record, policy, now);
        charge.following = true;
        charge
    }

    /// Applies an event. Deadlines that have passed are applied first.
    pub fn handle(&mut self, event: ChargeEvent, now: Ms) {
        if self.phase == Phase::Ended {
            return;
        }
        self.apply_deadlines(now);
        match event {
            ChargeEvent::Tick => {}
            ChargeEvent::Woke => self.woke(now),
            ChargeEvent::Paced(pace_ms) => self.paced(pace_ms),
            ChargeEvent::Journalled => self.journalled(now),
            ChargeEvent::Scanned(hint) => self.scanned(hint),
            ChargeEvent::Picked(wallet) => self.picked(wallet),
            ChargeEvent::Created(reply) => self.created(reply, now),
            ChargeEvent::HandedOver(reply) => self.handed_over(reply, now),
            ChargeEvent::StatusReplied(reply) => self.status_replied(reply, now),
            ChargeEvent::CancelReplied(reply) => self.cancel_replied(reply, now),
            ChargeEvent::Cancel => self.cancel(now),
        }
    }

    /// The next step. Call it until it says [`ChargeStep::Wait`] or [`ChargeStep::Done`].
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "the drain of a machine, which has no end"
    )]
    pub fn next(&mut self) -> ChargeStep {
        self.outbox
            .pop_front()
            .unwrap_or_else(|| ChargeStep::Wait(self.wake_ms()))
    }

    /// The phase of the charge.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The newest trade that the backend has sent.
    #[must_use]
    pub fn trade(&self) -> Option<&TradeView> {
        self.trade.as_ref()
    }

    /// The charge's record in the journal.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    fn apply_deadlines(&mut self, now: Ms) {
        if self.patience_ms.is_some_and(|end| now >= end) {
            self.out_of_patience();
        } else if self.retry_ms.is_some_and(|due| now >= due) {
            self.retry_ms = None;
            self.create();
        } else if self.next_ask_ms.is_some_and(|due| now >= due) && !self.asking {
            self.ask(now);
        }
    }

    fn wake_ms(&self) -> Ms {
        let ask = if self.asking { None } else { self.next_ask_ms };
        [self.patience_ms, self.retry_ms, ask]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Ms::MAX)
    }

    /// From the start of one look to the start of the next: what the backend has asked for, within bounds.
    #[must_use]
    pub fn poll_ms(&self) -> Ms {
        bounded_pace_ms(self.pace_ms, self.policy.poll_ms)
    }

    /// Also moves the next look. A page that only reports that it is there has a pace of its own.
    fn paced(&mut self, pace_ms: Ms) {
        let before_ms = self.poll_ms();
        self.pace_ms = pace_ms;
        if self.phase != Phase::Ready
            && let Some(due) = self.next_ask_ms
        {
            self.next_ask_ms = Some((due + self.poll_ms()).saturating_sub(before_ms));
        }
    }

    fn woke(&mut self, now: Ms) {
        let due = matches!(self.phase, Phase::Ready | Phase::Watching) && !self.asking;
        if due && self.record.trade_id.is_some() {
            self.ask(now);
        }
    }

    /// Journals the trade's key, before the trade is created.
    fn journal_creation(&mut self) {
        self.phase = Phase::JournallingCreation;
        self.outbox
            .push_back(ChargeStep::Journal(self.record.clone()));
    }

    fn create(&mut self) {
        self.phase = Phase::Creating;
        self.tries += 1;
        self.outbox.push_back(ChargeStep::Create(NewTrade {
            idempotency_key: self.record.key.clone(),
            sale: self.record.sale.clone(),
            wallet_id: self.record.wallet_id.clone(),
            mode: self.record.mode,
        }));
    }

    fn journalled(&mut self, now: Ms) {
        match self.phase {
            Phase::JournallingCreation if self.abandon_reason.is_none() => self.create(),
            Phase::JournallingCreation => self.abandoned(),
            Phase::JournallingHandOver if self.we_present() => self.put_on_display(now),
            Phase::JournallingHandOver => self.hand_over(now),
            Phase::Scanning
            | Phase::PickingWallet
            | Phase::Creating
            | Phase::Ready
            | Phase::HandingOver
            | Phase::Watching
            | Phase::Abandoning
            | Phase::Ended => {}
        }
    }

    fn scanned(&mut self, hint: Hint) {
        if self.code.is_some() || self.resumed || self.we_present() {
            return;
        }
        self.code = Some(hint);
        match self.phase {
            Phase::Scanning => self.choose_wallet(),
            Phase::Ready => self.journal_hand_over(),
            Phase::PickingWallet
            | Phase::JournallingCreation
            | Phase::Creating
            | Phase::JournallingHandOver
            | Phase::HandingOver
            | Phase::Watching
            | Phase::Abandoning
            | Phase::Ended => {}
        }
    }

    fn choose_wallet(&mut self) {
        match self.code.as_ref().and_then(|hint| hint.wallet.clone()) {
            Some(wallet) => self.picked(Some(wallet)),
            None => {
                self.phase = Phase::PickingWallet;
                self.outbox.push_back(ChargeStep::Pick);
            }
        }
    }

    fn picked(&mut self, wallet: Option<String>) {
        if !matches!(self.phase, Phase::Scanning | Phase::PickingWallet) {
            return;
        }
        let Some(wallet) = wallet else {
            return self.end(End::NoWallet);
        };
        self.record.wallet_id = wallet;
        self.wallet_known = true;
        self.journal_creation();
    }

    /// Journals that the code will be handed over. If the code belongs to another wallet, begins again with that one.
    fn journal_hand_over(&mut self) {
        let Some(hint) = &self.code else { return };
        let other = hint.official
            && hint
                .wallet
                .as_ref()
                .is_some_and(|id| *id != self.record.wallet_id);
        if other && self.spare_key.is_some() {
            self.abandon(AbandonReason::OtherWallet);
            return;
        }
        self.phase = Phase::JournallingHandOver;
        self.next_ask_ms = None;
        self.record.handed_over = true;
        self.outbox
            .push_back(ChargeStep::Journal(self.record.clone()));
    }

    fn hand_over(&mut self, now: Ms) {
        let Some(trade_id) = self.record.trade_id.clone() else {
            return;
        };
        self.phase = Phase::HandingOver;
        self.hand_overs += 1;
        self.start_patience(now);
        self.outbox.push_back(ChargeStep::HandOver(trade_id));
    }

    fn start_patience(&mut self, now: Ms) {
        self.patience_ms
            .get_or_insert(now + self.policy.deadline_ms + self.policy.last_word_ms);
    }

    fn ask(&mut self, now: Ms) {
        let Some(trade_id) = self.record.trade_id.clone() else {
            return;
        };
        let pause_ms = if self.phase == Phase::Ready {
            self.policy.heartbeat_ms
        } else {
            self.poll_ms()
        };
        self.asking = true;
        self.next_ask_ms = Some(now + pause_ms);
        self.outbox.push_back(ChargeStep::Ask(trade_id));
    }

    fn is_open_to_code(&self) -> bool {
        self.trade
            .as_ref()
            .is_some_and(|trade| trade.status == Status::AwaitingCode)
    }
}
