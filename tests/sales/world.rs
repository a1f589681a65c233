//! The world of one sale: its tills, the backend's processes on one store, the gateway, and the messages between them.
//!
//! Time is virtual: it jumps from one event to the next.

use kaunter_core::policy::Ms;
use kaunter_core::sale::CodeUse;
use kaunter_core::trade::{self, CodeMark, State};
use kaunter_core::wire::SaleInput;
use kaunter_model::devices::Devices;
use kaunter_model::sample;
use kaunter_model::store::{Row, Store};

use crate::backend::{Pending, Process};
use crate::dice::Dice;
use crate::gateway::{Account, PaymentAction};
use crate::hop1::{Call, Reply};
use crate::hop2::Request;
use crate::page::{Page, Tab};
use crate::queue::Queue;
use crate::tally::{Fault, Finding, Kind, Tally};
use crate::weather::{LONGEST_MS, START_MS, Weather};

/// More events than any world needs. If a world reaches this number, a machine never rests, which is a bug.
const MOST_EVENTS: u64 = 200_000;

/// A planned event. The numbers are indices of tabs, pages, calls, processes, rows and requests.
#[derive(Debug)]
pub(crate) enum ScheduledEvent {
    CallArrives(usize),
    /// The backend no longer waits for the gateway and replies.
    CallSettles(usize),
    ReplyArrives(usize, Box<Reply>),
    CallTimesOut(usize),
    PageTimer(usize, u32),
    Durable(usize),
    Scan(usize),
    Pick(usize),
    CashierCancels(usize),
    Charge(usize),
    TabDies(usize),
    TabReturns(usize),
    TabSleeps(usize),
    TabWakes(usize),
    Commit(Box<Pending>),
    Timer(usize, usize, u32),
    /// A process looks for checks of payments that are due, and finds this row's check of this time.
    Sweep(usize, Ms),
    ProcessDies(usize),
    ProcessStarts(usize),
    ProcessStalls(usize),
    ClockJumps,
    RequestArrives(usize),
    Answer(usize, Box<trade::Event>),
    GivesUp(usize),
    Customer(usize, PaymentAction),
    Review(usize, u32),
    /// Somebody corrects a person's verdict, rightly or wrongly.
    Correction(usize, u32),
    VoidWish(usize),
    GiveUpWish(usize),
    /// The shop's server registers this amount for the sale.
    Registers(u64),
    Calm,
    Checkpoint,
}

/// What the gateway, the customers and the processes know about a row's trade.
#[derive(Debug)]
pub(crate) struct TradeContext {
    pub(crate) account: Account,
    /// When our code was first on a display. From then on, anybody may have it.
    pub(crate) shown_ms: Option<Ms>,
    /// Changes that were read and are not written yet.
    pub(crate) changing: u32,
    /// The device that began the trade.
    pub(crate) device: String,
    /// The stored time of the next check of its payment, by which the sweep finds it.
    pub(crate) check_ms: Option<Ms>,
}

#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) now: Ms,
    pub(crate) sale: u64,
    pub(crate) dice: Dice,
    pub(crate) weather: Weather,
    pub(crate) queue: Queue<ScheduledEvent>,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) pages: Vec<Page>,
    pub(crate) calls: Vec<Call>,
    pub(crate) processes: Vec<Process>,
    /// How far the clock of the backend's host is ahead of the true time, in milliseconds.
    pub(crate) host_ahead_ms: i64,
    pub(crate) store: Store,
    pub(crate) devices: Devices,
    /// When each device made its last call that arrived.
    pub(crate) heard: Vec<(String, Ms)>,
    /// For each row of the store.
    pub(crate) contexts: Vec<TradeContext>,
    pub(crate) requests: Vec<Request>,
    pub(crate) tally: &'a mut Tally,
    pub(crate) story: Option<Vec<String>>,
    pub(crate) finding: Option<Finding>,
    /// Faults have stopped. People do nothing until it is checked that every trade settles.
    pub(crate) held: bool,
}

/// Adds a line to the history, if it is recorded.
macro_rules! say {
    ($world:expr, $($text:tt)*) => {
        if $world.story.is_some() {
            let text = format!($($text)*);
            $world.tell(&text);
        }
    };
}
pub(crate) use say;

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, sale: u64, tally: &'a mut Tally, story: bool) -> Self {
        let mut dice = Dice::of(seed, sale);
        let weather = Weather::draw(&mut dice);
        let mut world = Self {
            now: START_MS,
            sale,
            dice,
            weather,
            queue: Queue::new(),
            tabs: Vec::new(),
            pages: Vec::new(),
            calls: Vec::new(),
            processes: Vec::new(),
            host_ahead_ms: 0,
            store: Store::new(usize::MAX),
            devices: Devices::default(),
            heard: Vec::new(),
            contexts: Vec::new(),
            requests: Vec::new(),
            tally,
            story: story.then(Vec::new),
            finding: None,
            held: false,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        if self.story.is_some() {
            let text = format!("{:#?}", self.weather);
            self.tell(&text);
        }
        self.start_backend();
        self.plan_registrations();
        self.open_tabs();
        self.plan_troubles();
        if let Some(calm_ms) = self.weather.calm_ms {
            self.queue.plan(calm_ms, ScheduledEvent::Calm);
        }
    }

    /// Plans crashes, sleeps and stalls in the first minutes, in which money moves.
    fn plan_troubles(&mut self) {
        let mut troubles = Vec::new();
        for _ in 0..self.weather.page_deaths + self.weather.wipes {
            let tab = self.dice.one_of(self.tabs.len());
            troubles.push(ScheduledEvent::TabDies(tab));
        }
        for _ in 0..self.weather.sleeps {
            let tab = self.dice.one_of(self.tabs.len());
            troubles.push(ScheduledEvent::TabSleeps(tab));
        }
        for _ in 0..self.weather.backend_deaths {
            let process = self.dice.one_of(self.processes.len());
            troubles.push(ScheduledEvent::ProcessDies(process));
        }
        for _ in 0..self.weather.stalls {
            let process = self.dice.one_of(self.processes.len());
            troubles.push(ScheduledEvent::ProcessStalls(process));
        }
        if self.weather.clock_off {
            troubles.push(ScheduledEvent::ClockJumps);
        }
        for trouble in troubles {
            let after = self.dice.spread(200, 400_000);
            self.queue.plan(self.now + after, trouble);
        }
    }

    /// The shop's server registers the sale first, and may change its amount while the tills charge it.
    fn plan_registrations(&mut self) {
        if !self.weather.registered {
            return;
        }
        let first = sample::sale().amount.minor;
        self.register(first);
        for nth in 1..=self.weather.amount_changes {
            let after = self.dice.spread(200, 1_800_000);
            let event = ScheduledEvent::Registers(first + u64::from(nth));
            self.queue.plan(self.now + after, event);
        }
    }

    /// Runs until nothing is left to happen, or until the first finding.
    pub(crate) fn run(&mut self) {
        let mut events = 0;
        let mut cut = false;
        while let Some((at, what)) = self.queue.next() {
            if at > START_MS + LONGEST_MS {
                cut = true;
                break;
            }
            self.now = at.max(self.now);
            self.happen(what);
            events += 1;
            if events > MOST_EVENTS {
                self.find(Kind::Unresolved, "the machines never rest".to_owned());
            }
            self.judge();
            if self.finding.is_some() {
                break;
            }
        }
        if self.finding.is_none() {
            self.judge_rest(if cut { START_MS + LONGEST_MS } else { Ms::MAX });
        }
        self.tally.sales += 1;
        self.tally.live += u64::from(self.weather.calm_ms.is_some());
        self.tally.trades += self.contexts.len() as u64;
        let shown = self.contexts.iter().filter(|row| row.shown_ms.is_some());
        self.tally.shown += shown.count() as u64;
        self.tally.events += events;
        self.tally.passed(self.now - START_MS);
        let paid = |row: &Row| row.trade.state() == State::Paid;
        self.tally.paid += u64::from(self.store.rows().iter().any(paid));
        if let Some(finding) = self.finding.take() {
            self.tally.findings.push(finding);
        }
    }

    fn happen(&mut self, what: ScheduledEvent) {
        match what {
            ScheduledEvent::CallArrives(call) => self.call_arrives(call),
            ScheduledEvent::CallSettles(call) => self.call_settles(call),
            ScheduledEvent::ReplyArrives(call, reply) => self.reply_arrives(call, reply),
            ScheduledEvent::CallTimesOut(call) => self.call_times_out(call),
            ScheduledEvent::PageTimer(page, nth) => self.page_timer(page, nth),
            ScheduledEvent::Durable(page) => self.durable(page),
            ScheduledEvent::Scan(page) => self.scan(page),
            ScheduledEvent::Pick(page) => self.pick(page),
            ScheduledEvent::CashierCancels(page) => self.cashier_cancels(page),
            ScheduledEvent::Charge(tab) => self.charge(tab),
            ScheduledEvent::TabDies(tab) => self.tab_dies(tab),
            ScheduledEvent::TabReturns(tab) => self.tab_returns(tab),
            ScheduledEvent::TabSleeps(tab) => self.tab_sleeps(tab),
            ScheduledEvent::TabWakes(tab) => self.tab_wakes(tab),
            ScheduledEvent::Commit(change) => self.commit(*change),
            ScheduledEvent::Timer(process, row, nth) => self.timer(process, row, nth),
            ScheduledEvent::Sweep(row, check_ms) => self.sweep(row, check_ms),
            ScheduledEvent::ProcessDies(process) => self.process_dies(process, None),
            ScheduledEvent::ProcessStarts(process) => self.process_starts(process),
            ScheduledEvent::ProcessStalls(process) => self.process_stalls(process),
            ScheduledEvent::ClockJumps => self.clock_jumps(),
            ScheduledEvent::RequestArrives(request) => self.request_arrives(request),
            ScheduledEvent::Answer(request, event) => self.answer_arrives(request, event),
            ScheduledEvent::GivesUp(request) => self.gives_up(request),
            ScheduledEvent::Customer(row, deed) => self.customer(row, deed),
            ScheduledEvent::Review(row, tries) => self.review(row, tries),
            ScheduledEvent::Correction(row, tries) => self.correction(row, tries),
            ScheduledEvent::VoidWish(row) => self.void_wish(row),
            ScheduledEvent::GiveUpWish(row) => self.give_up_wish(row),
            ScheduledEvent::Registers(minor) => self.register(minor),
            ScheduledEvent::Calm => self.calm(),
            ScheduledEvent::Checkpoint => self.checkpoint(),
        }
    }

    /// Stops the faults: delayed messages arrive, what was down comes up, and the host's clock is right again.
    fn calm(&mut self) {
        say!(self, "faults stop");
        self.held = true;
        if self.host_ahead_ms != 0 {
            self.host_ahead_ms = 0;
            for process in 0..self.processes.len() {
                self.process_dies(process, Some(100));
            }
        }
        let policy = &self.weather.policy;
        let rest_ms = policy.terminal_silent_ms
            + 2 * policy.deadline_ms
            + policy.min_cancel_age_ms
            + policy.cancel_deadline_ms
            + policy.void_deadline_ms
            + policy.last_word_ms
            + policy.review_check_max_ms
            + 2 * (policy.connect_timeout_ms + policy.pay_timeout_ms + policy.clock_grace_ms)
            + 120_000;
        self.queue
            .plan(self.now + rest_ms, ScheduledEvent::Checkpoint);
    }

    fn checkpoint(&mut self) {
        say!(self, "everything should have settled");
        self.judge_settled();
        self.held = false;
    }

    // ---- faults ----------------------------------------------------------------------------------------------

    /// Whether faults still happen.
    pub(crate) fn stormy(&self) -> bool {
        self.weather.calm_ms.is_none_or(|calm| self.now < calm)
    }

    /// Draws whether this fault happens, and counts it.
    pub(crate) fn fault(&mut self, permille: u32, fault: Fault) -> bool {
        let strikes = permille > 0 && self.stormy() && self.dice.chance(permille);
        if strikes {
            self.note(fault);
        }
        strikes
    }

    pub(crate) fn note(&mut self, fault: Fault) {
        self.tally.note(fault);
        say!(self, "  FAULT: {}", fault.name());
    }

    /// Ends a delay at the latest when the faults stop.
    pub(crate) fn held_until(&mut self, at: Ms) -> Ms {
        match self.weather.calm_ms {
            Some(calm) if self.now < calm => at.min(calm + self.dice.between(0, 500)),
            Some(_) | None => at,
        }
    }

    // ---- reports ---------------------------------------------------------------------------------------------

    pub(crate) fn find(&mut self, kind: Kind, what: String) {
        say!(self, "FOUND {kind:?}: {what}");
        self.finding.get_or_insert(Finding {
            sale: self.sale,
            kind,
            what,
        });
    }

    pub(crate) fn tell(&mut self, text: &str) {
        let at = self.now - START_MS;
        if let Some(story) = &mut self.story {
            story.push(format!("{:>9}.{:03} {text}", at / 1_000, at % 1_000));
        }
    }
}

/// The only shop.
pub(crate) const SHOP: &str = "shop";
/// The gateway's id of the sale before this one, which is paid.
pub(crate) const NEIGHBOUR: &str = "G-before";

impl World<'_> {
    /// The sale that this tab charges. A tampered page, or one with an older bill, has another amount. A registered sale
    /// needs none.
    pub(crate) fn sale_of(&self, tab: usize) -> SaleInput {
        let mut sale = sample::sale();
        if tab > 0 && self.weather.other_amount {
            sale.amount.minor = 1;
            return sale.into();
        }
        let mut sale = SaleInput::from(sale);
        sale.amount = sale.amount.filter(|_| !self.weather.registered);
        sale
    }

    /// The sale for which this code was handed over last, if it was another one.
    pub(crate) fn code_before(&self, mark: &CodeMark) -> Option<CodeUse> {
        (self.weather.old_code && mark.0 == "code0").then(|| CodeUse {
            reference: "before".to_owned(),
            at_ms: START_MS,
            refused: false,
        })
    }
}
