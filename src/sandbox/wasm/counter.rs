//! The counter: the backend on its store, its clock and its timers, at the play gateway.
//!
//! An event is decided by the trade's machine and stored, and then the machine's requests go to the gateway, which
//! answers at once. Time passes only as the caller says.

use hmac::{Hmac, Mac};
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{CodeMark, Event, Refusal, Step};
use kaunter_core::wire::{Metadata, TradeView};
use kaunter_model::devices::Devices;
use kaunter_model::store::{Store, Surroundings};
use sha2::Sha256;

use crate::dice::Dice;
use crate::ending::Ending;
use crate::faults::Fault;
use crate::gateway::Gateway;
use crate::settings::Settings;
use kaunter_core::calendar::rfc3339;

/// The most trades of a sandbox: with their state, what a browser stores for one origin.
pub(crate) const MAX_ROWS: usize = 2_000;
/// The clock was set back if it is further behind than this. A time service corrects less.
const MAX_DRIFT_MS: Ms = 5_000;
/// The most steps that one call catches up: a week of queries of one trade under review, many times over.
const MAX_STEPS: u32 = 20_000;

/// A counter.
#[derive(Clone, Debug)]
pub struct Counter {
    pub(crate) settings: Settings,
    pub(crate) policy: Policy,
    pub(crate) now: Ms,
    pub(crate) dice: Dice,
    pub(crate) store: Store,
    /// When each row's machine wants to hear of the time.
    pub(crate) wakes: Vec<Option<Ms>>,
    pub(crate) gateway: Gateway,
    pub(crate) devices: Devices,
    /// The shop's notes on its sales, by reference.
    pub(crate) metadata: Vec<(String, Metadata)>,
    /// How often each terminal was signed out.
    pub(crate) generations: Vec<(String, u64)>,
}

impl Counter {
    /// A counter without any trade.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            policy: settings.policy(),
            now: 0,
            dice: Dice(settings.seed.to_bits()),
            store: Store::new(MAX_ROWS),
            wakes: Vec::new(),
            gateway: Gateway {
                approval: settings.approval,
                ..Gateway::default()
            },
            devices: Devices::default(),
            metadata: Vec::new(),
            generations: Vec::new(),
        }
    }

    /// Turns a fault on or off.
    pub fn set_fault(&mut self, fault: Fault, is_on: bool) {
        self.gateway.faults.set(fault, is_on);
    }

    /// Plans how payments of this sale end. It survives no reload: tests plan, and a test has none.
    pub fn plan(&mut self, reference: &str, ending: Ending) {
        let planned = &mut self.gateway.planned;
        planned.retain(|(known, _)| known != reference);
        planned.push((reference.to_owned(), ending));
    }

    // ---- time ------------------------------------------------------------------------------------------------

    /// When [`Counter::tick`] is needed next.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Ms> {
        let rows = self.wakes.iter().flatten().copied();
        rows.chain(self.gateway.wakes_at()).min()
    }

    /// Runs what is due, each thing at its own time: the backend does not sleep when the page does.
    pub fn tick(&mut self, now: Ms) {
        self.follow(now);
        for _ in 0..MAX_STEPS {
            match self.wakes_at().filter(|at| *at < now) {
                Some(at) => self.run_due(at),
                None => break,
            }
        }
        self.run_due(now);
    }

    /// Follows a clock that was set back. Otherwise time only passes.
    fn follow(&mut self, now: Ms) {
        if now.saturating_add(MAX_DRIFT_MS) >= self.now {
            return;
        }
        let by = 0_i64.saturating_sub_unsigned(self.now - now);
        self.now = now;
        self.gateway.clock_set(by);
        for row in 0..self.store.rows().len() {
            // Never refused.
            let _ = self.apply(row, Event::ClockSet(by));
        }
    }

    fn run_due(&mut self, at: Ms) {
        self.now = self.now.max(at);
        let now = self.now;
        self.gateway.settle(now);
        for row in 0..self.wakes.len() {
            if self.wakes[row].take_if(|wake| *wake <= now).is_some() {
                // Never refused.
                let _ = self.apply(row, Event::Tick);
            }
        }
    }

    // ---- one event -------------------------------------------------------------------------------------------

    /// Applies an event to the trade of this row, and carries out what its machine says.
    pub(crate) fn apply(&mut self, row: usize, event: Event) -> Result<(), Refusal> {
        let granted = self.change(row, event, &Surroundings::default());
        self.drain(row);
        granted
    }

    fn change(
        &mut self,
        row: usize,
        event: Event,
        around: &Surroundings<'_>,
    ) -> Result<(), Refusal> {
        let (now, policy) = (self.now, &self.policy);
        let change = self.store.decide(row, event, now, policy, around);
        let done = self.store.commit(change);
        done.expect("nothing else changes the store meanwhile")
            .granted
    }

    /// Sends the requests of the stored machine, and stores their answers, until it waits.
    pub(crate) fn drain(&mut self, row: usize) {
        loop {
            match self.store.next(row, &self.policy) {
                Step::Send(send) => {
                    let gateway_ref = self.dice.gateway_ref();
                    let trade = self.store.trade(row);
                    let (event, words) =
                        self.gateway.serve(row, send, trade, &gateway_ref, self.now);
                    let around = Surroundings {
                        gateway_answer: words.as_ref(),
                        ..Surroundings::default()
                    };
                    // The gateway's answers are never refused.
                    let _ = self.change(row, event, &around);
                }
                Step::Wait(wake) => {
                    // A machine that wants to wake at once is woken by the next tick, so that no loop is endless.
                    self.wakes[row] = Some(wake.max(self.now + 1));
                    return;
                }
                Step::Done => {
                    self.wakes[row] = None;
                    return;
                }
            }
        }
    }

    /// Begins to play the trade of a new row.
    pub(crate) fn begin(&mut self, row: usize) {
        self.gateway.begin();
        self.wakes.push(None);
        self.drain(row);
    }

    /// A row as the API shows it.
    pub(crate) fn view(&self, row: usize) -> TradeView {
        self.store.trade(row).view(self.now, rfc3339)
    }

    /// The keyed hash of a code. The state never has the code itself.
    pub(crate) fn mark(&self, code: &str) -> CodeMark {
        let key = self.settings.seed.to_bits().to_be_bytes();
        let mut hash = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        hash.update(b"code:");
        hash.update(code.as_bytes());
        CodeMark(hex::encode(hash.finalize().into_bytes()))
    }
}
