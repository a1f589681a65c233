//! The budget of questions: how many status checks a second this process begins at its gateway, and whose comes next
//! (rule 50 of `docs/rules.md`). A question that waits here has not begun.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fair_queue::{FairQueue, SharedId};
use crate::limits::BURST_SHARE;

/// The questions of this process.
pub(crate) struct Budget {
    /// The trades whose question is due.
    pub(crate) queue: FairQueue,
    pace: Pace<DefaultClock>,
    in_progress: Arc<Semaphore>,
}

/// A trade's turn. It ends when this is dropped.
pub(crate) struct QuestionTurn {
    pub(crate) trade_id: SharedId,
    _in_progress: OwnedSemaphorePermit,
}

impl Budget {
    pub(super) fn new(per_second: u32, concurrent: usize) -> Self {
        Self {
            queue: FairQueue::default(),
            pace: Pace::new(per_second, DefaultClock::default()),
            in_progress: Arc::new(Semaphore::new(concurrent)),
        }
    }

    /// Waits for the next turn. Has one caller.
    pub(crate) async fn next(&self) -> QuestionTurn {
        let permit = Arc::clone(&self.in_progress).acquire_owned().await;
        let in_progress = permit.expect("the semaphore is never closed");
        loop {
            self.queue.some().await;
            while let Err(wait) = self.pace.take() {
                tokio::time::sleep(wait).await;
            }
            match self.queue.next() {
                Some(trade_id) => {
                    return QuestionTurn {
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
        self.pace.asked();
    }

    /// A turn was used. If no question has left, another trade may have it.
    pub(crate) fn settle(&self) {
        self.pace.settle();
    }

    /// How long a question that joins now waits, if all trades that wait come before it.
    pub(crate) fn wait(&self) -> Duration {
        let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        Duration::from_secs(1) * waiting / self.pace.per_second
    }
}

/// How often a turn is given.
struct Pace<C: Clock> {
    per_second: u32,
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    /// Questions that left without a turn, less turns that caused no question. The next turns settle it.
    owed: AtomicI64,
    burst: u32,
}

impl<C: Clock + Clone> Pace<C> {
    fn new(per_second: u32, clock: C) -> Self {
        let per_second = per_second.max(1);
        let burst = (per_second / BURST_SHARE).max(1);
        // A second has at most `burst` turns that were saved, and those that come in it.
        let pause = Duration::from_secs(1) / (per_second - burst + 1) + Duration::from_nanos(1);
        let quota = Quota::with_period(pause).expect("a pause is longer than 0");
        let quota = quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self {
            per_second,
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            owed: AtomicI64::new(0),
            burst,
        }
    }

    /// Takes a turn, or returns how long to wait for one. Has one caller.
    fn take(&self) -> Result<(), Duration> {
        if self.change(|owed| (owed < 0).then_some(owed + 1)) {
            return Ok(());
        }
        loop {
            let taken = self.limiter.check();
            taken.map_err(|until| until.wait_time_from(self.clock.now()))?;
            if !self.change(|owed| (owed > 0).then_some(owed - 1)) {
                return Ok(());
            }
        }
    }

    fn asked(&self) {
        self.owed.fetch_add(1, Ordering::SeqCst);
    }

    fn settle(&self) {
        let most = -i64::from(self.burst);
        self.change(|owed| Some((owed - 1).max(most)));
    }

    fn change(&self, by: impl Fn(i64) -> Option<i64>) -> bool {
        let changed = self
            .owed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, by);
        changed.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use tokio::time::Instant;

    use super::*;

    /// Takes turns for some seconds of the clock. Returns when each was given.
    fn turns(pace: &Pace<FakeRelativeClock>, seconds: u64, each: impl Fn()) -> Vec<Duration> {
        let (mut now, mut given) = (Duration::ZERO, Vec::new());
        while now < Duration::from_secs(seconds) {
            match pace.take() {
                Ok(()) => {
                    given.push(now);
                    each();
                }
                Err(wait) => {
                    now += wait;
                    pace.clock.advance(wait);
                }
            }
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

    #[test]
    fn rule_50_no_second_has_more_questions_than_the_budget_from_the_first_one_on() {
        for per_second in [1, 7, 40, 500] {
            let pace = Pace::new(per_second, FakeRelativeClock::default());
            let given = turns(&pace, 10, || {
                pace.asked();
                pace.settle();
            });
            let most = most_in_a_second(&given);
            assert!(most <= per_second as usize, "{most} of {per_second}");
            let least = per_second as usize * 9;
            assert!(given.len() >= least, "{} of {per_second}", given.len());
        }
    }

    #[test]
    fn rule_50_questions_without_a_turn_count_and_turns_without_a_question_do_not() {
        let pace = Pace::new(40, FakeRelativeClock::default());
        for _ in 0..100 {
            pace.asked();
        }
        let used = || {
            pace.asked();
            pace.settle();
        };
        let given = turns(&pace, 5, used);
        assert!(given.len() <= 101, "{} beside 100 questions", given.len());
        for _ in 0..500 {
            // Each gives its turn back.
            pace.settle();
            assert_eq!(pace.take(), Ok(()));
        }
    }

    #[tokio::test]
    async fn rule_50_a_gateway_that_hangs_has_a_bounded_number_of_questions() {
        let budget = Budget::new(100_000, 3);
        for nth in 0..9 {
            let trade_id = nth.to_string().into();
            budget
                .queue
                .join(&trade_id, &"till".into(), Instant::now(), false);
        }
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(budget.next().await);
        }
        let mut next = std::pin::pin!(budget.next());
        assert!(futures_util::poll!(&mut next).is_pending());
        held.pop();
        assert_eq!(next.await.trade_id.as_ref(), "3");
    }
}
