//! The backend: processes on one store, each with a clock and timers of its own. One mutation is read, decided by the
//! real machine, written if nobody was faster, and only then is anything sent; what is in memory dies with its process.

use kaunter_core::policy::Ms;
use kaunter_core::sale;
use kaunter_core::trade::{
    Context, CreateAnswer, Event, MOVES, Refusal, Rival, Send, State, Step, Trade,
};
use kaunter_core::wire::ProblemCode;

use crate::tally::{Fault, Kind};
use crate::world::{Happening, NEIGHBOUR, World, say};

/// How often a change that another process overtook is tried again.
const MOST_TRIES: u32 = 10;

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) up: bool,
    pub(crate) life: u32,
    /// Its clock, against the truth: set when it starts.
    ahead_ms: i64,
    stalled_ms: Ms,
    /// The newest timer of each row: an older one does nothing.
    timers: Vec<u32>,
}

/// A change that was read and decided, and is about to be written.
#[derive(Debug)]
pub(crate) struct Change {
    process: usize,
    life: u32,
    row: usize,
    event: Event,
    after: Trade,
    was: u64,
    granted: Result<(), Refusal>,
    /// The call that wished it.
    wisher: Option<usize>,
    /// The call whose reply waits for the answer that this is.
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

    /// What the process takes the time for.
    pub(crate) fn clock(&self, process: usize) -> Ms {
        self.now
            .saturating_add_signed(self.processes[process].ahead_ms)
    }

    // ---- life and death --------------------------------------------------------------------------------------

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
        self.queue.plan(due, Happening::ProcessStarts(at));
    }

    /// It asks about all that time may still act on, and sends nothing.
    pub(crate) fn process_starts(&mut self, at: usize) {
        if self.processes[at].up {
            return;
        }
        if self.store_is_down() {
            self.queue
                .plan(self.now + 1_000, Happening::ProcessStarts(at));
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
        for row in 0..self.rows.len() {
            let trade = &self.rows[row].trade;
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

    /// When a stalled process goes on; none where it isn't stalled.
    pub(crate) fn stalled(&self, at: usize) -> Option<Ms> {
        let until = self.processes[at].stalled_ms;
        (self.now < until).then_some(until)
    }

    /// The host goes down, for longer than any request lives, and comes up with a clock a day off.
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
            self.queue.plan(due, Happening::Timer(process, row, nth));
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
            Some(due) => self.queue.plan(due, Happening::Timer(process, row, nth)),
            None => self.apply(process, row, Event::Tick, None, None),
        }
    }

    // ---- one mutation ----------------------------------------------------------------------------------------

    pub(crate) fn apply(
        &mut self,
        process: usize,
        row: usize,
        event: Event,
        wisher: Option<usize>,
        waiter: Option<usize>,
    ) {
        self.attempt_change(process, row, event, (wisher, waiter), 0);
    }

    fn attempt_change(
        &mut self,
        process: usize,
        row: usize,
        event: Event,
        (wisher, waiter): (Option<usize>, Option<usize>),
        tries: u32,
    ) {
        if tries >= MOST_TRIES || self.store_is_down() {
            if tries == 0 {
                self.note(Fault::StoreDown);
            }
            self.not_stored(process, row, &event, wisher);
            return self.one_less_to_wait_for(waiter);
        }
        let event = self.once_named(row, event);
        let now = self.clock(process);
        let context = Context {
            now,
            policy: &self.weather.policy,
            rival: self.rival(row),
            said: None,
            code_reused: self.is_code_reused(row, &event, now),
        };
        let mut after = self.rows[row].trade.clone();
        let was = after.version();
        let granted = after.handle(event.clone(), &context);
        let change = Change {
            process,
            life: self.processes[process].life,
            row,
            event,
            after,
            was,
            granted,
            wisher,
            waiter,
            tries,
        };
        self.rows[row].changing += 1;
        // Two processes may read the same row; one of them is late with its write.
        if self.processes.len() > 1 && self.stormy() && self.dice.chance(self.weather.rates.races) {
            let due = self.now + self.dice.between(1, 300);
            self.queue.plan(due, Happening::Commit(Box::new(change)));
        } else {
            self.commit(change);
        }
    }

    fn is_code_reused(&self, row: usize, event: &Event, now: Ms) -> bool {
        let Event::Code(mark) = event else {
            return false;
        };
        let reference = &self.rows[row].trade.facts().sale.reference;
        let last = self.code_before(mark);
        sale::is_code_reused(last.as_ref(), reference, now, &self.weather.policy)
    }

    /// The store knows whose the gateway's id is.
    fn once_named(&self, row: usize, event: Event) -> Event {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return event;
        };
        let holder = (gateway_ref == NEIGHBOUR).then_some("before");
        if sale::is_id_repeated(holder, &self.rows[row].trade.facts().trade_id) {
            Event::Created(CreateAnswer::Repeated)
        } else {
            event
        }
    }

    /// What the other attempts of the sale are to this one.
    fn rival(&self, of: usize) -> Rival {
        let others = self.rows.iter().enumerate().filter(|(at, _)| *at != of);
        others
            .map(|(_, row)| row.trade.as_rival())
            .max()
            .unwrap_or(Rival::None)
    }

    pub(crate) fn commit(&mut self, change: Change) {
        let (process, row) = (change.process, change.row);
        self.rows[row].changing -= 1;
        if self.processes[process].life != change.life {
            return;
        }
        let waits_for = (change.wisher, change.waiter);
        let written = change.after.version() != change.was;
        if written {
            let overtaken = self.rows[row].trade.version() != change.was;
            let second = change.after.holds_sale() && self.rival(row) == Rival::Holds;
            if overtaken || second {
                self.note(if overtaken {
                    Fault::StoreRaced
                } else {
                    Fault::IndexHeld
                });
                let tries = change.tries + 1;
                return self.attempt_change(process, row, change.event, waits_for, tries);
            }
        }
        self.store(row, change.after, written);
        self.sends(process, row, change.wisher);
        if let Some(call) = change.wisher {
            self.wish_stored(process, call, row, change.granted.err());
        }
        self.one_less_to_wait_for(change.waiter);
    }

    fn store(&mut self, row: usize, mut after: Trade, written: bool) {
        let moves = after.take_moves();
        for moved in &moves {
            say!(
                self,
                "  attempt {row}: {:?} -> {:?} v{}",
                moved.from,
                moved.to,
                after.version()
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
        // A row that nothing changed may have been written by another since.
        if written {
            self.rows[row].trade = after;
        }
    }

    /// What the stored machine says to do now.
    pub(crate) fn sends(&mut self, process: usize, row: usize, call: Option<usize>) {
        loop {
            match self.rows[row].trade.next(&self.weather.policy) {
                Step::Send(send) => {
                    let matters = !matches!(send, Send::Query { .. });
                    if matters && self.fault(self.weather.rates.dies_at_send, Fault::DiedUnsent) {
                        while let Step::Send(_) = self.rows[row].trade.next(&self.weather.policy) {}
                        return self.process_dies(process, None);
                    }
                    self.send(process, row, send, call);
                    if matters && self.fault(self.weather.rates.dies_at_send, Fault::DiedSent) {
                        while let Step::Send(_) = self.rows[row].trade.next(&self.weather.policy) {}
                        return self.process_dies(process, None);
                    }
                }
                Step::Wait(wake) => return self.arm(process, row, Some(wake)),
                Step::Done => return self.disarm(process, row),
            }
        }
    }

    fn not_stored(&mut self, process: usize, row: usize, event: &Event, wisher: Option<usize>) {
        say!(self, "backend {process} can't store {event:?}");
        if let Some(call) = wisher {
            self.refuse(call, ProblemCode::StoreUnavailable, None);
        }
        // The driver's own timer comes back in a second; an answer that could not be stored is lost.
        if matches!(event, Event::Tick) {
            let again = self.clock(process) + 1_000;
            self.arm(process, row, Some(again));
        }
    }
}
