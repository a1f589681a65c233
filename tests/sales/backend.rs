//! The backend: processes on one store, each with its own clock and timers.
//!
//! A mutation is read, decided by the real machine and written, unless another process was faster.
//! Requests leave only after the write. What is in memory dies with its process.

use kaunter_core::policy::Ms;
use kaunter_core::trade::{CreateAnswer, Event, GatewayRequest, MOVES, Move, State, Step};
use kaunter_core::wire::ProblemCode;
use kaunter_model::store::{Change, Surroundings};

use crate::tally::{Fault, Kind};
use crate::world::{NEIGHBOUR, ScheduledEvent, World, say};

/// How often a change is tried again after another process has overtaken it.
const MOST_TRIES: u32 = 10;

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) up: bool,
    pub(crate) life: u32,
    /// The offset of its clock from the true time, set when it starts.
    ahead_ms: i64,
    stalled_ms: Ms,
    /// The newest timer of each row. An older one does nothing.
    timers: Vec<u32>,
}

/// A change that was read and decided, and is about to be written.
#[derive(Debug)]
pub(crate) struct Pending {
    process: usize,
    life: u32,
    change: Change,
    /// The call that requested it.
    caller: Option<usize>,
    /// The call whose reply waits for this answer of the gateway.
    waiter: Option<usize>,
    tries: u32,
}

impl World<'_> {
    pub(crate) fn start_backend(&mut self) {
        for _ in 0..self.weather.processes {
            let ahead_ms = self.skew();
            self.processes.push(Process {
                up: true,
                life: 0,
                ahead_ms,
                stalled_ms: 0,
                timers: Vec::new(),
            });
        }
    }

    fn skew(&mut self) -> i64 {
        let most = self.weather.skew_ms;
        let drawn = i64::try_from(self.dice.between(0, 2 * most)).unwrap_or(0);
        drawn - i64::try_from(most).unwrap_or(0)
    }

    /// The time on the clock of this process.
    pub(crate) fn clock(&self, process: usize) -> Ms {
        self.now
            .saturating_add_signed(self.processes[process].ahead_ms)
    }

    // ---- start and crash -------------------------------------------------------------------------------------

    pub(crate) fn process_dies(&mut self, at: usize, down_ms: Option<Ms>) {
        if !self.processes[at].up || (down_ms.is_none() && !self.stormy()) {
            return;
        }
        self.note(Fault::BackendDied);
        say!(self, "backend {at} dies");
        self.break_calls_of(at);
        self.drop_requests_of(at);
        let process = &mut self.processes[at];
        process.up = false;
        process.life += 1;
        let down_ms = down_ms.unwrap_or_else(|| self.dice.spread(100, 300_000));
        let due = self.held_until(self.now + down_ms);
        self.queue.plan(due, ScheduledEvent::ProcessStarts(at));
    }

    /// It asks about each trade that time can still change, and sends nothing else.
    pub(crate) fn process_starts(&mut self, at: usize) {
        if self.processes[at].up {
            return;
        }
        if self.store_is_down() {
            self.queue
                .plan(self.now + 1_000, ScheduledEvent::ProcessStarts(at));
            return;
        }
        let ahead_ms = self.host_ahead_ms + self.skew();
        let process = &mut self.processes[at];
        process.up = true;
        process.ahead_ms = ahead_ms;
        process.stalled_ms = 0;
        say!(self, "backend {at} starts, its clock {ahead_ms} ms ahead");
        let since = self
            .clock(at)
            .saturating_sub(self.weather.policy.late_check_max_ms);
        for row in 0..self.contexts.len() {
            let trade = self.store.trade(row);
            let open = !trade.state().status().is_final();
            let closed = matches!(
                trade.state(),
                State::Declined | State::Cancelled | State::Expired | State::Abandoned
            );
            if open || (closed && trade.created_ms() >= since) {
                self.apply(at, row, Event::Restarted, None, None);
            }
        }
    }

    pub(crate) fn process_stalls(&mut self, at: usize) {
        if self.processes[at].up && self.stormy() {
            self.note(Fault::BackendStalled);
            let until = self.now + self.dice.spread(500, 300_000);
            self.processes[at].stalled_ms = self.held_until(until);
        }
    }

    /// When a stalled process goes on; `None` if it isn't stalled.
    pub(crate) fn stalled(&self, at: usize) -> Option<Ms> {
        let until = self.processes[at].stalled_ms;
        (self.now < until).then_some(until)
    }

    /// The first process that runs and isn't stalled.
    pub(crate) fn first_running(&self) -> Option<usize> {
        let runs =
            |process: &usize| self.processes[*process].up && self.stalled(*process).is_none();
        (0..self.processes.len()).find(runs)
    }

    /// The host goes down for longer than any request lives. When it comes up, its clock is a day off.
    pub(crate) fn clock_jumps(&mut self) {
        if !self.stormy() {
            return;
        }
        self.note(Fault::ClockOff);
        let day = 24 * 3_600_000;
        self.host_ahead_ms = if self.dice.coin() { day } else { -day };
        let down_ms = self.dice.between(45_000, 120_000);
        for process in 0..self.processes.len() {
            self.process_dies(process, Some(down_ms));
        }
    }

    pub(crate) fn store_is_down(&self) -> bool {
        self.stormy() && self.weather.store_down.contains(&self.now)
    }

    // ---- timers ----------------------------------------------------------------------------------------------

    fn arm(&mut self, process: usize, row: usize, wake: Option<Ms>) {
        let clock = self.clock(process);
        let timers = &mut self.processes[process].timers;
        if timers.len() <= row {
            timers.resize(row + 1, 0);
        }
        timers[row] += 1;
        let nth = timers[row];
        if let Some(wake) = wake {
            let due = self.now + wake.saturating_sub(clock).max(1);
            self.queue
                .plan(due, ScheduledEvent::Timer(process, row, nth));
        }
    }

    pub(crate) fn disarm(&mut self, process: usize, row: usize) {
        self.arm(process, row, None);
    }

    pub(crate) fn timer(&mut self, process: usize, row: usize, nth: u32) {
        if !self.processes[process].up || self.processes[process].timers[row] != nth {
            return;
        }
        match self.stalled(process) {
            Some(due) => self
                .queue
                .plan(due, ScheduledEvent::Timer(process, row, nth)),
            None => self.apply(process, row, Event::Tick, None, None),
        }
    }

    // ---- the sweep -------------------------------------------------------------------------------------------

    /// Plans the sweep that finds the check of this row's payment, if the stored time of that check has changed.
    ///
    /// The backend looks for due checks at a fixed pace, whichever process has the row's timer. Here, only the sweeps
    /// that find something are events.
    fn plan_sweep(&mut self, process: usize, row: usize) {
        let check_ms = self.store.trade(row).paid_check_ms();
        if check_ms == self.contexts[row].check_ms {
            return;
        }
        self.contexts[row].check_ms = check_ms;
        if let Some(check_ms) = check_ms {
            let wait_ms = check_ms.saturating_sub(self.clock(process));
            self.sweep_later(row, check_ms, wait_ms);
        }
    }

    fn sweep_later(&mut self, row: usize, check_ms: Ms, wait_ms: Ms) {
        let pause_ms = self.weather.policy.review_check_first_ms;
        let due = self.now + wait_ms + self.dice.between(1, pause_ms);
        self.queue.plan(due, ScheduledEvent::Sweep(row, check_ms));
    }

    /// The first process that runs checks the payment, whichever process was to do it.
    pub(crate) fn sweep(&mut self, row: usize, check_ms: Ms) {
        let due = |world: &Self| world.store.trade(row).paid_check_ms() == Some(check_ms);
        if !due(self) {
            return;
        }
        let process = self.first_running();
        let wait_ms = process.map_or(0, |process| check_ms.saturating_sub(self.clock(process)));
        if let Some(process) = process
            && wait_ms == 0
        {
            say!(
                self,
                "backend {process} sweeps: a check of trade {row} is due"
            );
            self.apply(process, row, Event::Tick, None, None);
        }
        if due(self) {
            // A host's clock that is a day off may be set right at any moment.
            let wait_ms = if self.host_ahead_ms == 0 { wait_ms } else { 0 };
            self.sweep_later(row, check_ms, wait_ms);
        }
    }

    // ---- one mutation ----------------------------------------------------------------------------------------

    pub(crate) fn apply(
        &mut self,
        process: usize,
        row: usize,
        event: Event,
        caller: Option<usize>,
        waiter: Option<usize>,
    ) {
        self.change_trade(process, row, event, (caller, waiter), 0);
    }

    fn change_trade(
        &mut self,
        process: usize,
        row: usize,
        event: Event,
        (caller, waiter): (Option<usize>, Option<usize>),
        tries: u32,
    ) {
        if tries >= MOST_TRIES || self.store_is_down() {
            if tries == 0 {
                self.note(Fault::StoreDown);
            }
            self.not_stored(process, row, &event, caller);
            return self.one_less_to_wait_for(waiter);
        }
        let now = self.clock(process);
        let elsewhere = self.elsewhere(&event);
        let policy = &self.weather.policy;
        let change = self.store.decide(row, event, now, policy, &elsewhere);
        let change = Pending {
            process,
            life: self.processes[process].life,
            change,
            caller,
            waiter,
            tries,
        };
        self.contexts[row].changing += 1;
        // Two processes may read the same row. Then one of them writes too late.
        if self.processes.len() > 1 && self.stormy() && self.dice.chance(self.weather.rates.races) {
            let due = self.now + self.dice.between(1, 300);
            self.queue
                .plan(due, ScheduledEvent::Commit(Box::new(change)));
        } else {
            self.commit(change);
        }
    }

    /// How the sale before this one affects an event.
    fn elsewhere(&self, event: &Event) -> Surroundings<'static> {
        let mut elsewhere = Surroundings::default();
        if let Event::Code(mark) = event {
            elsewhere.code = self.code_before(mark);
        }
        if let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = event
            && gateway_ref == NEIGHBOUR
        {
            elsewhere.holder = Some("before");
        }
        elsewhere
    }

    pub(crate) fn commit(&mut self, pending: Pending) {
        let Pending {
            process,
            life,
            change,
            caller,
            waiter,
            tries,
        } = pending;
        let row = change.row;
        self.contexts[row].changing -= 1;
        if self.processes[process].life != life {
            return;
        }
        let done = match self.store.commit(change) {
            Ok(done) => done,
            Err(conflict) => {
                self.note(if conflict.overtaken {
                    Fault::StoreRaced
                } else {
                    Fault::IndexHeld
                });
                let event = *conflict.event;
                return self.change_trade(process, row, event, (caller, waiter), tries + 1);
            }
        };
        self.moved(row, done.moves);
        self.plan_sweep(process, row);
        self.sends(process, row, caller);
        if let Some(call) = caller {
            self.request_stored(process, call, row, done.granted.err());
        }
        self.one_less_to_wait_for(waiter);
    }

    pub(crate) fn moved(&mut self, row: usize, moves: Vec<Move>) {
        for moved in &moves {
            say!(
                self,
                "  trade {row}: {:?} -> {:?} v{}",
                moved.from,
                moved.to,
                self.store.trade(row).version()
            );
            self.people_notice(row, moved.to);
            if !MOVES
                .iter()
                .any(|&(from, to, _)| (from, to) == (moved.from, moved.to))
            {
                let what = format!("{moved:?} is not in the table");
                self.find(Kind::Wrong, what);
            }
        }
        self.tally.moves.extend(moves);
    }

    /// Does what the stored machine says.
    pub(crate) fn sends(&mut self, process: usize, row: usize, call: Option<usize>) {
        loop {
            match self.store.next(row, &self.weather.policy) {
                Step::Send(send) => {
                    let matters = !matches!(send, GatewayRequest::Query { .. });
                    if matters && self.fault(self.weather.rates.dies_at_send, Fault::DiedUnsent) {
                        while let Step::Send(_) = self.store.next(row, &self.weather.policy) {}
                        return self.process_dies(process, None);
                    }
                    self.send(process, row, send, call);
                    if matters && self.fault(self.weather.rates.dies_at_send, Fault::DiedSent) {
                        while let Step::Send(_) = self.store.next(row, &self.weather.policy) {}
                        return self.process_dies(process, None);
                    }
                }
                Step::Wait(wake) => return self.arm(process, row, Some(wake)),
                Step::Done => return self.disarm(process, row),
            }
        }
    }

    fn not_stored(&mut self, process: usize, row: usize, event: &Event, caller: Option<usize>) {
        say!(self, "backend {process} can't store {event:?}");
        if let Some(call) = caller {
            self.refuse(call, ProblemCode::StoreUnavailable, None);
        }
        // The driver's own timer comes back in a second. An answer that could not be stored is lost.
        if matches!(event, Event::Tick) {
            let again = self.clock(process) + 1_000;
            self.arm(process, row, Some(again));
        }
    }
}
