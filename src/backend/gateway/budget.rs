//! The budget of questions: how many status checks a second this process begins at its gateway, and whose comes next
//! (rule 50 of `docs/rules.md`). A question that waits here has not begun.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::fair_queue::{Id, Queue};
use crate::limits::BURST_SHARE;

/// The questions of this process.
pub(crate) struct Budget {
    /// The trades whose question is due.
    pub(crate) queue: Queue,
    per_second: u32,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    clock: TokioClock,
    /// Questions that left without a turn, less turns that caused no question. The next turns settle it.
    owed: AtomicI64,
    burst: i64,
    in_progress: Arc<Semaphore>,
}

/// A trade's turn. It ends when this is dropped.
pub(crate) struct Turn {
    pub(crate) trade_id: Id,
    _in_progress: OwnedSemaphorePermit,
}

impl Budget {
    pub(super) fn new(per_second: u32, concurrent: usize) -> Self {
        let per_second = per_second.max(1);
        let burst = (per_second / BURST_SHARE).max(1);
        // A second has at most `burst` turns that were saved, and those that come in it.
        let pause = Duration::from_secs(1) / (per_second - burst + 1);
        let quota = Quota::with_period(pause).expect("a pause is longer than 0");
        let quota = quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let clock = TokioClock(Instant::now());
        Self {
            queue: Queue::default(),
            per_second,
            limiter: RateLimiter::direct_with_clock(quota, clock),
            clock,
            owed: AtomicI64::new(0),
            burst: i64::from(burst),
            in_progress: Arc::new(Semaphore::new(concurrent)),
        }
    }

    /// Waits for the next turn. Has one caller.
    pub(crate) async fn next(&self) -> Turn {
        let permit = Arc::clone(&self.in_progress).acquire_owned().await;
        let in_progress = permit.expect("the semaphore is never closed");
        loop {
            self.queue.some().await;
            self.token().await;
            match self.queue.next() {
                Some(trade_id) => {
                    return Turn {
                        trade_id,
                        _in_progress: in_progress,
                    };
                }
                // It has left since.
                None => self.settle(),
            }
        }
    }

    /// A question leaves for the gateway, with a turn or without one.
    pub(crate) fn asked(&self) {
        self.owed.fetch_add(1, Ordering::SeqCst);
    }

    /// A turn was used. If no question has left, another trade may have it.
    pub(crate) fn settle(&self) {
        let most = -self.burst;
        let settled = |owed: i64| Some((owed - 1).max(most));
        let _ = self
            .owed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, settled);
    }

    /// How long a question that joins now waits, if all trades that wait come before it.
    pub(crate) fn wait(&self) -> Duration {
        let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        Duration::from_secs(1) * waiting / self.per_second
    }

    async fn token(&self) {
        let owes = |owed: i64| (owed > 0).then_some(owed - 1);
        let saved = |owed: i64| (owed < 0).then_some(owed + 1);
        let change = |by: fn(i64) -> Option<i64>| {
            let changed = self
                .owed
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, by);
            changed.is_ok()
        };
        if change(saved) {
            return;
        }
        loop {
            match self.limiter.check() {
                Ok(()) if change(owes) => {}
                Ok(()) => return,
                Err(until) => {
                    tokio::time::sleep(until.wait_time_from(self.clock.now())).await;
                }
            }
        }
    }
}

/// Tokio's clock, which a test can stop.
#[derive(Clone, Copy, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes turns for some seconds. Returns when each was given.
    async fn turns_of(budget: &Budget, seconds: u64, mut each: impl FnMut(&Turn)) -> Vec<Duration> {
        let (begin, mut given) = (Instant::now(), Vec::new());
        let end = begin + Duration::from_secs(seconds);
        while let Ok(turn) = tokio::time::timeout_at(end, budget.next()).await {
            given.push(begin.elapsed());
            each(&turn);
        }
        given
    }

    fn most_in_a_second(given: &[Duration]) -> usize {
        let second = |from: &Duration| {
            let window = *from..*from + Duration::from_secs(1);
            given.iter().filter(|at| window.contains(at)).count()
        };
        given.iter().map(second).max().unwrap_or(0)
    }

    fn fill(budget: &Budget, trades: usize) {
        for nth in 0..trades {
            let (trade, till) = (
                format!("K{nth}").into(),
                format!("till-{}", nth % 50).into(),
            );
            budget.queue.join(&trade, &till, Instant::now(), false);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rule_50_no_second_has_more_questions_than_the_budget_from_the_first_one_on() {
        for per_second in [1, 7, 40, 500] {
            let budget = Budget::new(per_second, 10_000);
            fill(&budget, 10_000);
            let given = turns_of(&budget, 10, |_| {
                budget.asked();
                budget.settle();
            })
            .await;
            let most = most_in_a_second(&given);
            assert!(most <= per_second as usize, "{most} of {per_second}");
            let least = per_second as usize * 9;
            assert!(
                given.len() >= least,
                "{} of {per_second} a second",
                given.len()
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rule_50_questions_without_a_turn_count_and_turns_without_a_question_do_not() {
        let budget = Budget::new(40, 1_000);
        fill(&budget, 1_000);
        for _ in 0..100 {
            budget.asked();
        }
        let used = |_: &Turn| {
            budget.asked();
            budget.settle();
        };
        let given = turns_of(&budget, 5, used).await;
        assert!(
            given.len() <= 100,
            "{} turns beside 100 questions",
            given.len()
        );

        let idle = turns_of(&budget, 1, |_| budget.settle()).await;
        assert!(idle.len() > 500, "{} turns caused no question", idle.len());
    }

    #[tokio::test(start_paused = true)]
    async fn rule_50_a_gateway_that_hangs_has_a_bounded_number_of_questions() {
        let budget = Budget::new(500, 3);
        fill(&budget, 100);
        let mut held = Vec::new();
        while let Ok(turn) = tokio::time::timeout(Duration::from_secs(1), budget.next()).await {
            held.push(turn);
        }
        assert_eq!(held.len(), 3);
        held.pop();
        budget.next().await;
    }
}
