//! The counter's machine: one charge of one sale, as the page sees it. It scans, asks the backend for an attempt,
//! hands the code over once, and then mirrors what the backend says until there is an end.
//!
//! ```text
//! Scanning ─> Picking ─> Opening ─> Creating ─> Ready ─> Sealing ─> Handing ─> Watching ─> Ended
//!                           │          │          └─────── Leaving ────────────────────────────┘
//!                           │          └─> Sealing ─> Watching, with our code on display
//!                           └─ (the way in where we present the code)
//! ```
//!
//! It decides nothing about money: the backend does. It is pure: the time and every answer are arguments.
//!
//! **One mutation, then drain: [`Charge::handle`], then [`Charge::next`] until it says [`Step::Wait`] or
//! [`Step::Done`].** A [`Step::Journal`] is durable before the driver says [`Event::Journalled`]; a page that cannot
//! journal says so to its cashier and goes on, because the backend stores before it acts.
//!
//! The code is never in here: the driver keeps it in memory and hands it over when told to. After a reload it is
//! gone, and so the machine never hands over again ([`Charge::resume`]): it asks.
//!
//! Where we present the code, the backend's trade brings it: it is shown after the journal has it that it may be seen,
//! and shown again after a reload, as long as its payer is awaited.

mod answers;
mod display;
mod event;

pub use event::{End, Event, Fault, Hint, OldRecord, Phase, Plan, Record, Reply, Step};

use std::collections::VecDeque;

use crate::policy::Ms;
use crate::wire::{CodeMode, NewTrade, PagePolicy, ProblemCode, Status, Trade};

/// How often a creation that got no answer is repeated, with the same key: bad Wi-Fi, not a dead backend.
const CREATE_TRIES: u32 = 3;

/// Why an attempt is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Leave {
    Stay,
    /// The caller gave up, or patience is at its end.
    Abort,
    /// The code is another wallet's: once more, with that one.
    Switch,
}

/// One charge of one sale.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Charge {
    policy: PagePolicy,
    phase: Phase,
    record: Record,
    spare_key: Option<String>,
    wallet_known: bool,
    code: Option<Hint>,
    /// True after a reload: the code is gone and never handed over again.
    resumed: bool,
    /// True where another tab or till has the attempt in hand: it is never closed from here unasked.
    following: bool,
    trade: Option<Trade>,
    leave: Leave,
    /// Somebody wishes to cancel after the hand-over.
    wish: bool,
    tries: u32,
    /// How often the code was handed over; more than once only where an answer says that it is still awaited.
    handed: u32,
    /// Our code was given to the driver.
    shown: bool,
    /// Somebody has scanned it.
    scanned: bool,
    asking: bool,
    cancelling: bool,
    next_ask_ms: Option<Ms>,
    retry_ms: Option<Ms>,
    /// When the promise stops waiting for the backend's word.
    patience_ms: Option<Ms>,
    outbox: VecDeque<Step>,
}

impl Charge {
    /// A new charge; drain it at once.
    #[must_use]
    pub fn new(plan: Plan, policy: PagePolicy) -> Self {
        let [key, spare] = plan.keys;
        let (wallet, mode) = (plan.wallet.clone(), plan.mode);
        let mut charge = Self {
            policy,
            phase: Phase::Scanning,
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
            leave: Leave::Stay,
            wish: false,
            tries: 0,
            handed: 0,
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
            charge.open();
        }
        match (mode, plan.code) {
            (CodeMode::MerchantPresented, _) if wallet.is_none() => charge.end(End::NoWallet),
            (CodeMode::MerchantPresented, _) => {}
            (CodeMode::ConsumerPresented, Some(hint)) => charge.scanned(hint),
            (CodeMode::ConsumerPresented, None) => charge.outbox.push_front(Step::Scan),
        }
        charge
    }

    /// A charge that a reload interrupted, or one that another terminal began: it asks, and never pays.
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
            charge.be_patient(now);
            charge.ask(now);
        } else {
            // Journalled and never answered: no code can have left or been shown. The backend abandons what it may have,
            // or lists it as open.
            charge.end(End::Aborted);
        }
        charge
    }

    /// The same for an attempt that another tab or till has in hand: only looked at, until its end.
    #[must_use]
    pub fn follow(record: Record, policy: PagePolicy, now: Ms) -> Self {
        let mut charge = Self::resume(record, policy, now);
        charge.following = true;
        charge
    }

    /// One mutation. Time acts first.
    pub fn handle(&mut self, event: Event, now: Ms) {
        if self.phase == Phase::Ended {
            return;
        }
        self.time_acts(now);
        match event {
            Event::Tick => {}
            Event::Woke => self.woke(now),
            Event::Journalled => self.journalled(now),
            Event::Scanned(hint) => self.scanned(hint),
            Event::Picked(wallet) => self.picked(wallet),
            Event::Created(reply) => self.created(reply, now),
            Event::HandedOver(reply) => self.handed_over(reply, now),
            Event::Told(reply) => self.told(reply, now),
            Event::CancelTold(reply) => self.cancel_told(reply, now),
            Event::Cancel => self.cancel(now),
        }
    }

    /// What to do now. Call it until it says [`Step::Wait`] or [`Step::Done`].
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "the drain of a machine, which has no end"
    )]
    pub fn next(&mut self) -> Step {
        self.outbox
            .pop_front()
            .unwrap_or_else(|| Step::Wait(self.wake_ms()))
    }

    /// Where it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The attempt, as the backend told it last.
    #[must_use]
    pub fn trade(&self) -> Option<&Trade> {
        self.trade.as_ref()
    }

    /// What the journal holds of it.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    fn time_acts(&mut self, now: Ms) {
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

    fn woke(&mut self, now: Ms) {
        let due = matches!(self.phase, Phase::Ready | Phase::Watching) && !self.asking;
        if due && self.record.trade_id.is_some() {
            self.ask(now);
        }
    }

    /// Journal the attempt, then create it.
    fn open(&mut self) {
        self.phase = Phase::Opening;
        self.outbox.push_back(Step::Journal(self.record.clone()));
    }

    fn create(&mut self) {
        self.phase = Phase::Creating;
        self.tries += 1;
        self.outbox.push_back(Step::Create(NewTrade {
            idempotency_key: self.record.key.clone(),
            sale: self.record.sale.clone(),
            wallet_id: self.record.wallet_id.clone(),
            mode: self.record.mode,
        }));
    }

    fn journalled(&mut self, now: Ms) {
        match self.phase {
            Phase::Opening if self.leave == Leave::Stay => self.create(),
            Phase::Opening => self.left(),
            Phase::Sealing if self.we_present() => self.put_on_display(now),
            Phase::Sealing => self.hand_over(now),
            Phase::Scanning
            | Phase::Picking
            | Phase::Creating
            | Phase::Ready
            | Phase::Handing
            | Phase::Watching
            | Phase::Leaving
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
            Phase::Ready => self.seal(),
            Phase::Picking
            | Phase::Opening
            | Phase::Creating
            | Phase::Sealing
            | Phase::Handing
            | Phase::Watching
            | Phase::Leaving
            | Phase::Ended => {}
        }
    }

    fn choose_wallet(&mut self) {
        match self.code.as_ref().and_then(|hint| hint.wallet.clone()) {
            Some(wallet) => self.picked(Some(wallet)),
            None => {
                self.phase = Phase::Picking;
                self.outbox.push_back(Step::Pick);
            }
        }
    }

    fn picked(&mut self, wallet: Option<String>) {
        if !matches!(self.phase, Phase::Scanning | Phase::Picking) {
            return;
        }
        let Some(wallet) = wallet else {
            return self.end(End::NoWallet);
        };
        self.record.wallet_id = wallet;
        self.wallet_known = true;
        self.open();
    }

    /// A code and an attempt that awaits one: journal that they meet, unless the code is another wallet's.
    fn seal(&mut self) {
        let Some(hint) = &self.code else { return };
        let other = hint.official
            && hint
                .wallet
                .as_ref()
                .is_some_and(|id| *id != self.record.wallet_id);
        if other && self.spare_key.is_some() {
            self.go_away(Leave::Switch);
            return;
        }
        self.phase = Phase::Sealing;
        self.next_ask_ms = None;
        self.record.handed_over = true;
        self.outbox.push_back(Step::Journal(self.record.clone()));
    }

    fn hand_over(&mut self, now: Ms) {
        let Some(trade_id) = self.record.trade_id.clone() else {
            return;
        };
        self.phase = Phase::Handing;
        self.handed += 1;
        self.be_patient(now);
        self.outbox.push_back(Step::HandOver(trade_id));
    }

    fn be_patient(&mut self, now: Ms) {
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
            self.policy.poll_ms
        };
        self.asking = true;
        self.next_ask_ms = Some(now + pause_ms);
        self.outbox.push_back(Step::Ask(trade_id));
    }

    fn cancel(&mut self, now: Ms) {
        match self.phase {
            Phase::Scanning | Phase::Picking => self.end(End::Aborted),
            Phase::Opening | Phase::Creating => self.leave = Leave::Abort,
            Phase::Sealing if self.we_present() => self.leave_unseen(now),
            Phase::Ready | Phase::Sealing => self.go_away(Leave::Abort),
            Phase::Handing => self.wish = true,
            Phase::Watching => {
                self.wish = true;
                self.send_wish();
            }
            Phase::Leaving => self.leave = Leave::Abort,
            Phase::Ended => {}
        }
    }

    fn send_wish(&mut self) {
        let Some(trade_id) = self.record.trade_id.clone().filter(|_| !self.cancelling) else {
            return;
        };
        self.cancelling = true;
        self.outbox.push_back(Step::Cancel(trade_id));
    }

    /// Leave an attempt that has no code: the backend closes it on the spot.
    fn go_away(&mut self, why: Leave) {
        self.leave = why;
        self.phase = Phase::Leaving;
        self.next_ask_ms = None;
        self.patience_ms = None;
        self.send_wish();
    }

    /// The attempt is left: over, or once more with the code's own wallet.
    fn left(&mut self) {
        let key = self.record.key.clone();
        match (
            self.leave,
            self.spare_key.take(),
            self.code.as_ref().and_then(|hint| hint.wallet.clone()),
        ) {
            (Leave::Switch, Some(spare), Some(wallet)) => {
                self.outbox.push_back(Step::Forget(key));
                self.leave = Leave::Stay;
                self.trade = None;
                self.tries = 0;
                self.asking = false;
                self.record = Record {
                    key: spare,
                    sale: self.record.sale.clone(),
                    wallet_id: wallet,
                    trade_id: None,
                    handed_over: false,
                    mode: self.record.mode,
                };
                self.open();
            }
            (Leave::Stay | Leave::Abort | Leave::Switch, _, _) => {
                // Once a code was handed over, the backend's word is the end; before, nothing began.
                let began = self.resumed || self.record.handed_over;
                match self.trade.clone() {
                    Some(trade) if began && trade.status == Status::Cancelled => {
                        self.end(End::Settled(Box::new(trade)));
                    }
                    Some(_) | None => self.end(End::Aborted),
                }
            }
        }
    }

    fn out_of_patience(&mut self) {
        self.patience_ms = None;
        if self.phase == Phase::Watching && self.is_open_to_code() && !self.following {
            // The code never arrived, as far as we know; a closed attempt makes it sure.
            return self.go_away(Leave::Abort);
        }
        let trade_id = self.record.trade_id.clone().unwrap_or_default();
        self.end(End::Unresolved(self.trade.clone().map(Box::new), trade_id));
    }

    fn end(&mut self, end: End) {
        let keep = match &end {
            End::Unresolved(..) => true,
            End::Settled(trade) => trade.status.at_risk(),
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => false,
        };
        if matches!(
            self.phase,
            Phase::Scanning | Phase::Ready | Phase::Opening | Phase::Creating | Phase::Leaving
        ) && self.code.is_none()
        {
            self.outbox.push_back(Step::StopScan);
        }
        if !keep {
            let key = self.record.key.clone();
            self.outbox.push_back(match rival(&end) {
                Some(record) => Step::Yield(key, record),
                None => Step::Forget(key),
            });
        }
        self.phase = Phase::Ended;
        self.next_ask_ms = None;
        self.outbox.push_back(Step::Done(end));
    }

    fn is_open_to_code(&self) -> bool {
        self.trade
            .as_ref()
            .is_some_and(|trade| trade.status == Status::AwaitingCode)
    }
}

/// What the journal notes of the attempt that stands in this one's way, where its end is not known: this till ran into
/// it, so this till asks about it. A sale that is paid has nothing left to ask.
fn rival(end: &End) -> Option<Record> {
    match end {
        End::Refused(ProblemCode::SaleBusy, Some(trade)) if trade.status.at_risk() => {
            Some(Record::of(trade))
        }
        End::Settled(_)
        | End::Unresolved(..)
        | End::Refused(..)
        | End::Unreachable
        | End::NoToken
        | End::GatewayDown
        | End::NoWallet
        | End::Aborted => None,
    }
}
