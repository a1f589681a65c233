//! Measures how busy this process is, and follows the level of [`kaunter_core::load`]: rule 51 of `docs/rules.md`.
//!
//! A probe stands in each queue like a call does, and measures its own wait: for a turn of the processor, for one of the
//! calls in progress, and for a connection to the store. So no clock speed, number of cores or database has to be known.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use kaunter_core::load::{self, Level, WINDOW_MS};
use kaunter_core::policy::Ms;
use kaunter_core::wire::ProblemCode;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::app::App;
use crate::error::Problem;
use crate::limits::{LineLimiter, PROBE_PAUSE, SALE_WAIT, SALE_WAIT_SPREAD};
use crate::metrics::METRICS;

/// The pause between two looks that the backend asks for, in milliseconds. Absent: `policy.poll_ms` of the session.
pub(crate) const PACE: HeaderName = HeaderName::from_static("kaunter-poll-ms");

/// A queue in which calls stand.
#[derive(Clone, Copy, Debug)]
enum Queue {
    Processor,
    Calls,
    Store,
}

impl Queue {
    const ALL: [Self; 3] = [Self::Processor, Self::Calls, Self::Store];

    fn as_str(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Calls => "calls",
            Self::Store => "store",
        }
    }

    /// What an operator can do about it.
    fn remedy(self) -> &'static str {
        match self {
            Self::Processor => {
                "give this machine more cores, or start another process on the same PostgreSQL"
            }
            Self::Calls => {
                "look for what is slow, the gateway or the store, and raise limits.concurrent_calls"
            }
            Self::Store => "look at the database's processor and disk",
        }
    }
}

/// How busy this process is.
#[derive(Default)]
pub(crate) struct Load {
    /// The position in [`Level::ALL`].
    level: AtomicUsize,
    processor: Probe,
    calls: Probe,
    store: Probe,
    refused: LineLimiter,
}

impl Load {
    pub(crate) fn level(&self) -> Level {
        Level::ALL[self.level.load(Ordering::Relaxed)]
    }

    /// Admits a new sale.
    pub(crate) fn admit_sale(&self) -> Result<(), Problem> {
        if self.level().takes_sales() {
            return Ok(());
        }
        METRICS.sale_refused();
        if let Some(refused) = self.refused.count() {
            tracing::warn!(
                refused,
                "new sales are refused: the backend is past its capacity"
            );
        }
        Err(sale_refused())
    }

    /// Adds the pace that the backend asks for, if it is slower than the policy's. It is up to a fifth shorter, at
    /// random: tills that look together would otherwise come together for ever.
    pub(crate) fn ask_pace(&self, response: &mut Response, poll_ms: Ms) {
        let pace_ms = self.level().pace_ms(poll_ms);
        if pace_ms > poll_ms {
            let least_ms = poll_ms.max(pace_ms - pace_ms / 5);
            let pace_ms = least_ms + part_at_random(pace_ms - least_ms);
            response
                .headers_mut()
                .insert(PACE, HeaderValue::from(pace_ms));
        }
    }

    /// Measures, until it is dropped.
    pub(crate) async fn follow(app: &App) {
        let own = &app.load;
        METRICS.load(Level::default());
        tokio::join!(
            own.processor.measure(turn_of_the_processor),
            own.calls.measure(|| app.limits.turn()),
            own.store.measure(|| app.trades.store().turn()),
            own.judge(),
        );
    }

    async fn judge(&self) {
        let mut load = load::Load::default();
        loop {
            tokio::time::sleep(Duration::from_millis(WINDOW_MS)).await;
            let waits = Queue::ALL.map(|queue| (self.probe(queue).take(), queue));
            for (wait, queue) in waits {
                METRICS.waits(queue.as_str(), wait);
            }
            let longest = waits.into_iter().max_by_key(|(wait, _)| *wait);
            let (wait, queue) = longest.expect("there are queues");
            let wait_ms = Ms::try_from(wait.as_millis()).unwrap_or(Ms::MAX);
            if let Some(level) = load.judge(wait_ms) {
                let at = Level::ALL.iter().position(|known| *known == level);
                self.level
                    .store(at.expect("it is a level"), Ordering::Relaxed);
                METRICS.load(level);
                tell(level, queue, wait_ms);
            }
        }
    }

    fn probe(&self, queue: Queue) -> &Probe {
        match queue {
            Queue::Processor => &self.processor,
            Queue::Calls => &self.calls,
            Queue::Store => &self.store,
        }
    }
}

/// The refusal of a new sale. The wait is random, so that tills which were refused together do not return together.
pub(crate) fn sale_refused() -> Problem {
    let spread_ms = u64::try_from(SALE_WAIT_SPREAD.as_millis()).unwrap_or(u64::MAX);
    let wait = SALE_WAIT + Duration::from_millis(part_at_random(spread_ms));
    Problem::new(ProblemCode::Overloaded).after(wait)
}

/// A random part of this time.
fn part_at_random(whole_ms: Ms) -> Ms {
    let mut bytes = [0; 2];
    // Without randomness callers come together, which is allowed.
    let _ = getrandom::fill(&mut bytes);
    whole_ms.saturating_mul(u64::from(u16::from_le_bytes(bytes))) / u64::from(u16::MAX)
}

/// One line of the log for each change of the level.
fn tell(level: Level, queue: Queue, wait_ms: Ms) {
    let (queue, remedy, level_word) = (queue.as_str(), queue.remedy(), level.as_str());
    match level {
        Level::Normal => tracing::info!(
            level = level_word,
            "the load has ended: everything is as usual"
        ),
        Level::Slow => tracing::warn!(
            level = level_word,
            queue,
            wait_ms,
            "calls wait, so pages are asked to look less often, and new sales are taken: if it lasts, {remedy}"
        ),
        Level::Full => tracing::error!(
            level = level_word,
            queue,
            wait_ms,
            "the backend is past its capacity: new sales are refused, and payments in progress go on: {remedy}"
        ),
    }
}

/// Waits as a task waits that a full queue has put aside.
///
/// Each thread of the runtime has a queue of 256 tasks. Past that, tasks go into the queue that all threads share, and a
/// task that has just become ready overtakes them. So the probe comes from another thread and stands in the shared queue.
async fn turn_of_the_processor() {
    let (tell, told) = oneshot::channel();
    let runtime = Handle::current();
    drop(spawn_blocking(move || {
        runtime.spawn(async move { tell.send(()) });
    }));
    // It ends without a word only when the runtime ends.
    let _ = told.await;
}

/// The waits of one queue in the present window.
#[derive(Default)]
struct Probe(Mutex<Measured>);

#[derive(Default)]
struct Measured {
    /// The shortest wait that ended in this window.
    shortest: Option<Duration>,
    /// Since when the probe waits.
    since: Option<Instant>,
}

impl Probe {
    /// Stands in the queue again and again. A pause that takes too long counts as a wait, because timers and calls have
    /// the same processor.
    async fn measure<F: Future<Output = ()>>(&self, turn: impl Fn() -> F) {
        loop {
            let begins = Instant::now() + PROBE_PAUSE;
            self.lock().since = Some(begins);
            tokio::time::sleep(PROBE_PAUSE).await;
            turn().await;
            let wait = begins.elapsed();
            let mut measured = self.lock();
            measured.shortest = Some(
                measured
                    .shortest
                    .map_or(wait, |shortest| shortest.min(wait)),
            );
            measured.since = None;
        }
    }

    /// The shortest wait of the window, or of the wait that has not ended yet. Begins the next window.
    fn take(&self) -> Duration {
        let mut measured = self.lock();
        let ended = measured.shortest.take();
        let present = measured.since.map(|since| since.elapsed());
        ended.or(present).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_free_queue_is_measured_again_and_again() {
        let probe = Probe::default();
        let turns = std::cell::Cell::new(0);
        let count = || async { turns.set(turns.get() + 1) };
        let enough = async {
            while turns.get() < 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = probe.measure(count) => {}
            () = enough => {}
        }
        assert!(probe.lock().shortest.is_some());
    }

    #[tokio::test]
    async fn a_wait_that_has_not_ended_counts() {
        let probe = Probe::default();
        let stuck =
            tokio::time::timeout(PROBE_PAUSE * 3, probe.measure(std::future::pending::<()>));
        assert!(stuck.await.is_err());
        assert!(
            probe.take() >= PROBE_PAUSE,
            "nobody was let through in this window"
        );
        let mut measured = probe.lock();
        measured.shortest = Some(Duration::ZERO);
        drop(measured);
        assert_eq!(
            probe.take(),
            Duration::ZERO,
            "somebody was, so the queue is no standing one"
        );
    }

    /// A thread of the runtime queues 256 tasks, and its later ones overtake those that it has put aside.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn rule_51_the_probe_of_the_processor_waits_behind_all_that_are_ready() {
        const TASKS: u32 = 4_096;
        let wait = || Arc::new(Semaphore::new(0));
        let (started, ready, ran) = (wait(), wait(), wait());
        for _ in 0..TASKS {
            let (started, ready, ran) =
                (Arc::clone(&started), Arc::clone(&ready), Arc::clone(&ran));
            tokio::spawn(async move {
                started.add_permits(1);
                let _ = ready.acquire().await;
                ran.add_permits(1);
            });
        }
        // A task too: then all of them become ready on the same thread.
        let probe = tokio::spawn(async move {
            let _ = started.acquire_many(TASKS).await;
            ready.add_permits(TASKS as usize);
            turn_of_the_processor().await;
            ran.available_permits()
        });
        let before = probe.await.expect("it does not panic");
        assert!(
            before > TASKS as usize / 2,
            "{before} of {TASKS} ran before it"
        );
    }

    #[test]
    fn rule_51_tills_that_are_refused_together_do_not_return_together() {
        let waits: std::collections::BTreeSet<String> = (0..100)
            .map(|_| {
                let response = axum::response::IntoResponse::into_response(sale_refused());
                let after = &response.headers()[axum::http::header::RETRY_AFTER];
                after.to_str().expect("it is a number").to_owned()
            })
            .collect();
        assert!(waits.len() >= 3, "{waits:?}");
    }
}
