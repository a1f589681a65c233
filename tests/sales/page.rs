//! The pages: tabs of a terminal, each with a journal, and their promises. The real machine of a charge drives each.
//!
//! A tab may die and come back, with or without its journal. A laptop may sleep.

use kaunter_core::policy::Ms;
use kaunter_core::till::{Charge, ChargeEvent, ChargeStep, End, Hint, Plan, Record};
use kaunter_core::wire::{self, CodeMode, Status};
use kaunter_model::store::Row;

use crate::hop1::PageCall;
use crate::tally::Fault;
use crate::world::{ScheduledEvent, World, say};

/// The most charges of one sale. A cashier who needs more has another problem.
const MOST_CHARGES: usize = 5;

#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) terminal: String,
    /// The identity in this tab's storage.
    pub(crate) device: String,
    pub(crate) up: bool,
    /// Counts the tab's loads. A reply to an earlier load is lost.
    pub(crate) life: u32,
    pub(crate) asleep_ms: Ms,
    journal: Vec<Record>,
}

/// A promise: a charge, or one that was resumed.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tab: usize,
    life: u32,
    pub(crate) charge: Charge,
    /// The mark of the code that the customer shows for this charge.
    mark: String,
    writing: Option<Record>,
    scanning: bool,
    timers: u32,
    pub(crate) end: Option<End>,
    /// Whether our code was on its display.
    pub(crate) shown: bool,
}

impl World<'_> {
    pub(crate) fn open_tabs(&mut self) {
        for at in 0..usize::from(self.weather.tabs) {
            let terminal = if self.weather.one_terminal { 0 } else { at };
            self.tabs.push(Tab {
                terminal: format!("till{terminal}"),
                // The tabs of a terminal are tabs of one browser, or of two that have one name.
                device: format!(
                    "device{}",
                    if self.weather.two_devices {
                        at
                    } else {
                        terminal
                    }
                ),
                up: true,
                life: 0,
                asleep_ms: 0,
                journal: Vec::new(),
            });
            let begins = if at == 0 {
                0
            } else {
                self.note(Fault::SecondTill);
                self.dice.spread(10, 240_000)
            };
            self.queue
                .plan(self.now + begins, ScheduledEvent::Charge(at));
            if !self.weather.journals {
                self.note(Fault::JournalMissing);
            }
        }
    }

    /// Whether this promise is still pending.
    pub(crate) fn runs(&self, at: usize) -> bool {
        let page = &self.pages[at];
        let tab = &self.tabs[page.tab];
        page.end.is_none() && tab.up && tab.life == page.life
    }

    /// Delays an event until the laptop wakes.
    fn sleeps_through(&mut self, tab: usize, what: ScheduledEvent) -> Option<ScheduledEvent> {
        let until = self.tabs[tab].asleep_ms;
        if self.now < until {
            self.queue.plan(until, what);
            return None;
        }
        Some(what)
    }

    // ---- promises --------------------------------------------------------------------------------------------

    /// The cashier charges the sale, unless this tab already runs a charge of it (a Web Lock).
    pub(crate) fn charge(&mut self, tab: usize) {
        let busy = (0..self.pages.len()).any(|at| self.pages[at].tab == tab && self.runs(at));
        if busy || !self.tabs[tab].up || self.held || self.pages.len() >= MOST_CHARGES {
            return;
        }
        let at = self.pages.len();
        let hint = |dice: &mut crate::dice::Dice| match dice.between(0, 19) {
            0 => Hint {
                wallet: Some("B".to_owned()),
                official: true,
            },
            1 => Hint {
                wallet: Some("A".to_owned()),
                official: true,
            },
            _ => Hint::default(),
        };
        let shows = self.dice.chance(self.weather.shows);
        let plan = Plan {
            sale: self.sale_of(tab),
            mode: if shows {
                CodeMode::MerchantPresented
            } else {
                CodeMode::ConsumerPresented
            },
            wallet: (shows || self.dice.chance(800)).then(|| "A".to_owned()),
            code: (!shows && self.dice.chance(200)).then(|| hint(&mut self.dice)),
            keys: [format!("key{at}"), format!("spare{at}")],
        };
        say!(self, "till {tab} charges ({:?}): page {at}", plan.mode);
        if self.dice.chance(self.weather.cancels) {
            let due = self.now + self.dice.spread(50, 120_000);
            self.queue.plan(due, ScheduledEvent::CashierCancels(at));
        }
        let charge = Charge::new(plan, self.weather.policy.page());
        self.open_page(tab, charge);
    }

    fn resume(&mut self, tab: usize, record: Record) {
        say!(
            self,
            "till {tab} resumes {record:?}: page {}",
            self.pages.len()
        );
        let charge = Charge::resume(record, self.weather.policy.page(), self.now);
        self.open_page(tab, charge);
    }

    fn open_page(&mut self, tab: usize, charge: Charge) {
        let at = self.pages.len();
        self.pages.push(Page {
            tab,
            life: self.tabs[tab].life,
            charge,
            mark: format!("code{at}"),
            writing: None,
            scanning: false,
            timers: 0,
            end: None,
            shown: false,
        });
        self.drain_page(at);
    }

    pub(crate) fn tell_page(&mut self, at: usize, event: ChargeEvent) {
        if self.runs(at) {
            self.pages[at].charge.handle(event, self.now);
            self.drain_page(at);
        }
    }

    fn drain_page(&mut self, at: usize) {
        let tab = self.pages[at].tab;
        loop {
            let ask = match self.pages[at].charge.next() {
                ChargeStep::Wait(due) => return self.set_timer(at, due),
                ChargeStep::Scan => {
                    self.look_for_a_code(at);
                    continue;
                }
                ChargeStep::StopScan => {
                    self.pages[at].scanning = false;
                    continue;
                }
                ChargeStep::Pick => {
                    let due = self.now + self.dice.between(500, 5_000);
                    self.queue.plan(due, ScheduledEvent::Pick(at));
                    continue;
                }
                ChargeStep::Journal(record) => {
                    self.pages[at].writing = Some(record);
                    let due = self.now + self.dice.between(1, 10);
                    self.queue.plan(due, ScheduledEvent::Durable(at));
                    continue;
                }
                ChargeStep::Forget(key) => {
                    self.tabs[tab].journal.retain(|record| record.key != key);
                    continue;
                }
                ChargeStep::Yield(key, record) => {
                    self.tabs[tab].journal.retain(|known| known.key != key);
                    self.keep(tab, record);
                    continue;
                }
                ChargeStep::Show(_) => {
                    let trade_id = self.pages[at].charge.record().trade_id.clone();
                    if let Some(row) = trade_id.and_then(|trade_id| self.store.find(&trade_id)) {
                        say!(self, "page {at} shows the code of trade {row}");
                        self.pages[at].shown = true;
                        self.our_code_is_shown(row);
                    }
                    continue;
                }
                ChargeStep::Notice(_) => continue,
                ChargeStep::Done(end) => {
                    self.ended(at, end);
                    continue;
                }
                ChargeStep::Create(new) => PageCall::Create(new),
                ChargeStep::HandOver(trade_id) => {
                    PageCall::HandOver(trade_id, self.pages[at].mark.clone())
                }
                ChargeStep::Ask(trade_id) => PageCall::Read(trade_id),
                ChargeStep::Cancel(trade_id) => PageCall::Cancel(trade_id),
            };
            self.call(tab, Some(at), ask);
        }
    }

    fn set_timer(&mut self, at: usize, due: Ms) {
        self.pages[at].timers += 1;
        if due == Ms::MAX || self.pages[at].end.is_some() {
            return;
        }
        let mut due = due.max(self.now + 1);
        if self.fault(self.weather.rates.throttled, Fault::TimerThrottled) {
            let late = due + self.dice.between(0, 60_000);
            due = self.held_until(late);
        }
        let nth = self.pages[at].timers;
        self.queue.plan(due, ScheduledEvent::PageTimer(at, nth));
    }

    fn ended(&mut self, at: usize, end: End) {
        say!(self, "page {at} ends: {}", describe_end(&end));
        let again = match &end {
            End::Known(trade) if trade.status == Status::Paid => 20,
            End::Known(_) | End::Unconfirmed(..) => 300,
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => 500,
        };
        self.pages[at].end = Some(end);
        if self.dice.chance(again) {
            self.note(Fault::ChargedAgain);
            let due = self.now + self.dice.spread(500, 60_000);
            self.queue
                .plan(due, ScheduledEvent::Charge(self.pages[at].tab));
        }
    }

    // ---- events of a promise ---------------------------------------------------------------------------------

    pub(crate) fn page_timer(&mut self, at: usize, nth: u32) {
        if self.pages[at].timers != nth || !self.runs(at) {
            return;
        }
        let tab = self.pages[at].tab;
        if self
            .sleeps_through(tab, ScheduledEvent::PageTimer(at, nth))
            .is_some()
        {
            self.tell_page(at, ChargeEvent::Tick);
        }
    }

    pub(crate) fn durable(&mut self, at: usize) {
        if !self.runs(at) {
            return;
        }
        let tab = self.pages[at].tab;
        if self
            .sleeps_through(tab, ScheduledEvent::Durable(at))
            .is_none()
        {
            return;
        }
        if self.fault(self.weather.rates.dies_at_send, Fault::DiedWriting) {
            return self.tab_dies(tab);
        }
        if let Some(record) = self.pages[at].writing.take() {
            self.keep(tab, record);
            self.tell_page(at, ChargeEvent::Journalled);
        }
        if self.fault(self.weather.rates.dies_at_send, Fault::DiedCalling) {
            self.tab_dies(tab);
        }
    }

    fn keep(&mut self, tab: usize, record: Record) {
        if self.weather.journals {
            let journal = &mut self.tabs[tab].journal;
            journal.retain(|known| known.key != record.key);
            journal.push(record);
        }
    }

    /// Most customers have the code ready, and some need time. One in a hundred walks away until the cashier gives up.
    fn look_for_a_code(&mut self, at: usize) {
        self.pages[at].scanning = true;
        if self.dice.chance(10) {
            let due = self.now + self.dice.spread(60_000, 1_800_000);
            self.queue.plan(due, ScheduledEvent::CashierCancels(at));
            return;
        }
        let longest = if self.dice.chance(50) {
            400_000
        } else {
            15_000
        };
        let due = self.now + self.dice.spread(300, longest);
        let due = self.held_until(due);
        self.queue.plan(due, ScheduledEvent::Scan(at));
    }

    pub(crate) fn scan(&mut self, at: usize) {
        if !self.runs(at) || !self.pages[at].scanning {
            return;
        }
        let tab = self.pages[at].tab;
        if self.sleeps_through(tab, ScheduledEvent::Scan(at)).is_none() {
            return;
        }
        self.pages[at].scanning = false;
        let wallet = self
            .dice
            .chance(600)
            .then(|| if self.dice.chance(60) { "B" } else { "A" }.to_owned());
        let hint = Hint {
            official: wallet.is_some(),
            wallet,
        };
        say!(self, "page {at} reads a code: {hint:?}");
        self.tell_page(at, ChargeEvent::Scanned(hint));
    }

    pub(crate) fn pick(&mut self, at: usize) {
        let wallet = self.dice.chance(950).then(|| "A".to_owned());
        self.tell_page(at, ChargeEvent::Picked(wallet));
    }

    pub(crate) fn cashier_cancels(&mut self, at: usize) {
        if !self.runs(at) {
            return;
        }
        if self.held || self.now < self.tabs[self.pages[at].tab].asleep_ms {
            self.queue
                .plan(self.now + 60_000, ScheduledEvent::CashierCancels(at));
            return;
        }
        say!(self, "the cashier cancels page {at}");
        self.tell_page(at, ChargeEvent::Cancel);
    }

    // ---- tabs ------------------------------------------------------------------------------------------------

    /// The tab dies. A write that was under way may have reached the disk. Everything in memory is lost.
    pub(crate) fn tab_dies(&mut self, tab: usize) {
        if !self.tabs[tab].up || !self.stormy() {
            return;
        }
        self.note(Fault::PageDied);
        say!(self, "till {tab} dies");
        for at in 0..self.pages.len() {
            if self.pages[at].tab != tab || !self.runs(at) {
                continue;
            }
            if let Some(record) = self.pages[at].writing.take() {
                if self.dice.coin() {
                    self.keep(tab, record);
                } else {
                    self.note(Fault::JournalLost);
                }
            }
        }
        self.tabs[tab].up = false;
        self.tabs[tab].life += 1;
        if self.dice.chance(900) {
            let due = self.now + self.dice.spread(300, 300_000);
            self.queue.plan(due, ScheduledEvent::TabReturns(tab));
        }
    }

    /// Reads the journal after a reload, and asks the backend for the open trades.
    pub(crate) fn tab_returns(&mut self, tab: usize) {
        say!(self, "till {tab} is back");
        self.tabs[tab].up = true;
        let pending = |row: &Row| row.trade.state().status().at_risk();
        if self.weather.wipes > 0 && self.stormy() && self.store.rows().iter().any(pending) {
            self.weather.wipes -= 1;
            self.note(Fault::StorageWiped);
            self.tabs[tab].journal.clear();
            self.tabs[tab].device.push_str(" wiped");
        }
        self.call(tab, None, PageCall::Session);
    }

    pub(crate) fn session_unanswered(&mut self, tab: usize) {
        if self.tabs[tab].up && self.dice.chance(900) {
            let due = self.now + 3_000;
            self.queue.plan(due, ScheduledEvent::TabReturns(tab));
        }
    }

    /// Closes trades that await a code, and follows trades that may have moved money.
    pub(crate) fn recover(&mut self, tab: usize, open: &[wire::TradeView], taken: bool) {
        let mut watched = false;
        for record in std::mem::take(&mut self.tabs[tab].journal) {
            let waits = open.iter().any(|trade| {
                let same = record.trade_id.as_ref() == Some(&trade.trade_id);
                same && matches!(trade.status, Status::Creating | Status::AwaitingCode)
            });
            // The creation got no answer, so no code can have left. If the backend has the trade, its list names it.
            if record.trade_id.is_some() && !waits {
                self.tabs[tab].journal.push(record.clone());
                watched = true;
                self.resume(tab, record);
            }
        }
        for trade in open {
            if matches!(trade.status, Status::Creating | Status::AwaitingCode) {
                // A page of an earlier version cancels although another device acts.
                if taken && self.dice.coin() {
                    continue;
                }
                self.call(tab, None, PageCall::Cancel(trade.trade_id.clone()));
            } else if !watched && !trade.status.ends_promise() && self.dice.chance(700) {
                watched = true;
                self.resume(tab, resumed(trade));
            }
        }
        if self.dice.chance(400) {
            let due = self.now + self.dice.spread(500, 60_000);
            self.queue.plan(due, ScheduledEvent::Charge(tab));
        }
    }

    pub(crate) fn tab_sleeps(&mut self, tab: usize) {
        if !self.stormy() || !self.tabs[tab].up {
            return;
        }
        self.note(Fault::PageSlept);
        let until = self.now + self.dice.spread(2_000, 4 * 3_600_000);
        let until = self.held_until(until);
        say!(self, "till {tab} falls asleep");
        self.tabs[tab].asleep_ms = until;
        self.queue.plan(until, ScheduledEvent::TabWakes(tab));
    }

    pub(crate) fn tab_wakes(&mut self, tab: usize) {
        say!(self, "till {tab} wakes");
        for at in 0..self.pages.len() {
            if self.pages[at].tab == tab {
                self.tell_page(at, ChargeEvent::Woke);
            }
        }
    }
}

/// The record of a trade that this till knows only from the backend's list.
fn resumed(trade: &wire::TradeView) -> Record {
    Record {
        key: format!("resumed-{}", trade.trade_id),
        sale: trade.sale.clone().into(),
        wallet_id: trade.wallet_id.clone(),
        trade_id: Some(trade.trade_id.clone()),
        handed_over: true,
        mode: trade.mode,
    }
}

fn describe_end(end: &End) -> String {
    match end {
        End::Known(trade) => format!("{} is {:?}", trade.trade_id, trade.status),
        End::Unconfirmed(_, trade_id) => format!("{trade_id} is unconfirmed"),
        End::Refused(code, _) => format!("refused, {code:?}"),
        End::Unreachable | End::NoToken | End::GatewayDown | End::NoWallet | End::Aborted => {
            format!("{end:?}")
        }
    }
}
