//! The trades that this process drives, and when each one's next step is due: one queue for all of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use kaunter_core::trade::Trade;
use tokio::time::Instant;
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

use crate::fair_queue::SharedId;
use crate::limits::MAX_TIMER;

/// The trades that this process drives.
#[derive(Default)]
pub(super) struct Timers {
    known: Mutex<KnownTimers>,
}

#[derive(Default)]
struct KnownTimers {
    trades: HashMap<SharedId, Timed>,
    queue: DelayQueue<SharedId>,
    /// Rows of before the start are still being read: see [`Timers::needs_restart`].
    reads_rows: bool,
}

/// A trade with its next steps.
struct Timed {
    terminal: SharedId,
    /// The version that set the steps.
    version: u64,
    steps: NextSteps,
    timer: Option<Key>,
    looked: Option<Instant>,
    needs_restart: bool,
}

/// Which trade it is, for its timer.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedTrade<'a> {
    pub(super) trade_id: &'a str,
    pub(super) terminal: &'a str,
    pub(super) version: u64,
}

impl<'a> From<&'a Trade> for TimedTrade<'a> {
    fn from(trade: &'a Trade) -> Self {
        let facts = trade.facts();
        Self {
            trade_id: &facts.trade_id,
            terminal: &facts.terminal,
            version: trade.version(),
        }
    }
}

/// When the next steps of a trade are due.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NextSteps {
    /// Time moves the trade: it waits for nothing.
    pub(super) moves: Option<Instant>,
    /// A query is due: it waits for its turn.
    pub(super) asks: Option<Instant>,
}

/// A step that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DueStep {
    pub(super) trade_id: SharedId,
    pub(super) terminal: SharedId,
    pub(super) kind: StepKind,
    pub(super) due: Instant,
    /// When somebody looked at the trade last.
    pub(super) looked: Option<Instant>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Time moves the trade.
    Move,
    /// A question to the gateway begins.
    Question,
}

impl Timers {
    pub(super) fn contains(&self, trade_id: &str) -> bool {
        self.lock().trades.contains_key(trade_id)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().trades.len()
    }

    /// Marks every trade as due for a question. Calls `each` with its id.
    pub(super) fn ask_all(&self, mut each: impl FnMut(&SharedId)) {
        let mut known = self.lock();
        let KnownTimers { trades, queue, .. } = &mut *known;
        for (id, timed) in trades {
            each(id);
            timed.steps.asks = Some(Instant::now());
            timed.arm(queue, id);
        }
    }

    /// A step failed: it is due again then.
    pub(super) fn again(&self, trade_id: &str, kind: StepKind, at: Instant) {
        let mut known = self.lock();
        let KnownTimers { trades, queue, .. } = &mut *known;
        let Some((id, _)) = trades.get_key_value(trade_id) else {
            return;
        };
        let id = Arc::clone(id);
        if let Some(timed) = trades.get_mut(&id) {
            match kind {
                StepKind::Move => timed.steps.moves = Some(at),
                StepKind::Question => timed.steps.asks = Some(at),
            }
            timed.arm(queue, &id);
        }
    }

    /// Sets the next steps of a trade.
    pub(super) fn set(&self, trade: TimedTrade<'_>, steps: NextSteps) {
        let TimedTrade {
            trade_id,
            terminal,
            version,
        } = trade;
        let mut known = self.lock();
        let KnownTimers { trades, queue, .. } = &mut *known;
        let id = match trades.get_key_value(trade_id) {
            Some((id, _)) => Arc::clone(id),
            None => trade_id.into(),
        };
        let timed = trades.entry(Arc::clone(&id)).or_insert_with(|| Timed {
            terminal: terminal.into(),
            version,
            steps,
            timer: None,
            looked: None,
            needs_restart: false,
        });
        (timed.steps, timed.version) = (steps, version);
        timed.arm(queue, &id);
    }

    /// Adds a trade of before the start, unless it is known. It is restarted in its turn, or before its first change.
    pub(super) fn resume(&self, trade: TimedTrade<'_>, steps: NextSteps) {
        if self.contains(trade.trade_id) {
            return;
        }
        self.set(trade, steps);
        if let Some(timed) = self.lock().trades.get_mut(trade.trade_id) {
            timed.needs_restart = true;
        }
    }

    /// Whether the steps were set by an older version: another process has changed the trade since.
    pub(super) fn are_older(&self, trade: TimedTrade<'_>) -> bool {
        let known = self.lock();
        let timed = known.trades.get(trade.trade_id);
        timed.is_some_and(|timed| timed.version < trade.version)
    }

    /// Whether the steps were set by a newer version.
    pub(super) fn are_newer(&self, trade: TimedTrade<'_>) -> bool {
        let known = self.lock();
        let timed = known.trades.get(trade.trade_id);
        timed.is_some_and(|timed| timed.version > trade.version)
    }

    /// Which of these trades this process drives.
    pub(super) fn known_of<'a>(&self, ids: &'a [String]) -> HashSet<&'a str> {
        let known = self.lock();
        let ids = ids.iter().map(String::as_str);
        ids.filter(|id| known.trades.contains_key(*id)).collect()
    }

    pub(super) fn clear(&self, trade_id: &str) {
        let mut known = self.lock();
        let KnownTimers { trades, queue, .. } = &mut *known;
        if let Some(key) = trades.remove(trade_id).and_then(|timed| timed.timer) {
            queue.try_remove(&key);
        }
    }

    pub(super) fn clear_all(&self) {
        let mut known = self.lock();
        known.trades.clear();
        known.queue.clear();
    }

    /// Somebody looks at the trade now.
    pub(super) fn look(&self, trade_id: &str) {
        if let Some(timed) = self.lock().trades.get_mut(trade_id) {
            timed.looked = Some(Instant::now());
        }
    }

    /// Begins to read the rows of before the start, or ends it.
    pub(super) fn reads_rows(&self, reads: bool) {
        self.lock().reads_rows = reads;
    }

    /// Whether the trade's row was stored by another run of the program, and this one has not changed it yet.
    pub(super) fn needs_restart(&self, trade_id: &str) -> bool {
        let known = self.lock();
        let timed = known.trades.get(trade_id);
        timed.map_or(known.reads_rows, |timed| timed.needs_restart)
    }

    /// The trade was restarted, and that is stored.
    pub(super) fn restarted(&self, trade_id: &str) {
        if let Some(timed) = self.lock().trades.get_mut(trade_id) {
            timed.needs_restart = false;
        }
    }

    /// Waits for the next steps that are due, at most `most` of them.
    pub(super) async fn due(&self, most: usize) -> Vec<DueStep> {
        std::future::poll_fn(|context| self.poll_due(most, context)).await
    }

    fn poll_due(&self, most: usize, context: &mut Context<'_>) -> Poll<Vec<DueStep>> {
        let mut known = self.lock();
        let KnownTimers { trades, queue, .. } = &mut *known;
        let (now, mut due) = (Instant::now(), Vec::new());
        // An empty queue keeps the waker: the next timer that is set wakes this task.
        while due.len() < most
            && let Poll::Ready(Some(expired)) = queue.poll_expired(context)
        {
            let id = expired.into_inner();
            if let Some(timed) = trades.get_mut(&id) {
                timed.timer = None;
                due.extend(timed.due_step(&id, now));
                timed.arm(queue, &id);
            }
        }
        match due.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(due),
        }
    }

    fn lock(&self) -> MutexGuard<'_, KnownTimers> {
        self.known.lock().expect("nobody panics while holding it")
    }
}

impl Timed {
    /// Takes the step that is due.
    fn due_step(&mut self, id: &SharedId, now: Instant) -> Option<DueStep> {
        let take = |at: &mut Option<Instant>| at.take_if(|at| *at <= now);
        let (kind, due) = match take(&mut self.steps.moves) {
            Some(due) => (StepKind::Move, due),
            None => (StepKind::Question, take(&mut self.steps.asks)?),
        };
        Some(DueStep {
            trade_id: Arc::clone(id),
            terminal: Arc::clone(&self.terminal),
            kind,
            due,
            looked: self.looked,
        })
    }

    /// Sets the timer to the next step.
    fn arm(&mut self, queue: &mut DelayQueue<SharedId>, id: &SharedId) {
        let next = [self.steps.moves, self.steps.asks];
        let Some(at) = next.into_iter().flatten().min() else {
            if let Some(key) = self.timer.take() {
                queue.try_remove(&key);
            }
            return;
        };
        let wait = at.saturating_duration_since(Instant::now()).min(MAX_TIMER);
        match &self.timer {
            Some(key) => queue.reset(key, wait),
            None => self.timer = Some(queue.insert(Arc::clone(id), wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn trade(trade_id: &str, version: u64) -> TimedTrade<'_> {
        TimedTrade {
            trade_id,
            terminal: "till",
            version,
        }
    }

    fn after(ms: u64) -> Option<Instant> {
        Some(Instant::now() + Duration::from_millis(ms))
    }

    async fn due(timers: &Timers) -> Vec<(String, StepKind)> {
        let due = timers.due(9).await.into_iter();
        due.map(|step| (step.trade_id.to_string(), step.kind))
            .collect()
    }

    #[tokio::test]
    async fn a_deadline_comes_while_a_question_waits_for_its_turn() {
        let timers = Timers::default();
        let steps = NextSteps {
            moves: after(40),
            asks: after(2),
        };
        timers.set(trade("one", 1), steps);
        assert_eq!(due(&timers).await, [("one".to_owned(), StepKind::Question)]);
        assert_eq!(due(&timers).await, [("one".to_owned(), StepKind::Move)]);
        assert!(timers.contains("one"), "until the change is stored");
    }

    #[tokio::test]
    async fn a_new_step_replaces_the_old_one_and_a_cleared_trade_has_none() {
        let timers = Timers::default();
        for trade_id in ["kept", "cleared", "far"] {
            let asks = after(2);
            timers.set(trade(trade_id, 1), NextSteps { moves: None, asks });
        }
        timers.clear("cleared");
        let far = after(u64::from(u32::MAX) * 1_000);
        timers.set(
            trade("far", 1),
            NextSteps {
                moves: far,
                asks: None,
            },
        );
        let moves = after(4);
        timers.set(trade("kept", 1), NextSteps { moves, asks: None });
        assert_eq!(due(&timers).await, [("kept".to_owned(), StepKind::Move)]);
        assert_eq!(timers.len(), 2);
    }

    #[tokio::test]
    async fn a_row_that_was_not_read_yet_needs_a_restart_until_it_is_stored() {
        let timers = Timers::default();
        assert!(!timers.needs_restart("read"));
        timers.reads_rows(true);
        assert!(timers.needs_restart("unread"));
        timers.set(trade("new", 1), NextSteps::default());
        assert!(!timers.needs_restart("new"));
        timers.resume(trade("new", 1), NextSteps::default());
        assert!(!timers.needs_restart("new"));
        timers.resume(trade("read", 1), NextSteps::default());
        timers.reads_rows(false);
        assert!(timers.needs_restart("read"));
        timers.restarted("read");
        assert!(!timers.needs_restart("read"));
        assert!(!timers.needs_restart("unread"), "another process drives it");
    }

    #[tokio::test]
    async fn steps_of_an_older_version_are_told_from_those_of_a_newer_one() {
        let timers = Timers::default();
        timers.set(trade("one", 4), NextSteps::default());
        let of = |version| {
            let one = trade("one", version);
            (timers.are_older(one), timers.are_newer(one))
        };
        assert_eq!(
            [3, 4, 5].map(of),
            [(false, true), (false, false), (true, false)]
        );
        assert!(!timers.are_older(trade("unknown", 1)));
    }
}
