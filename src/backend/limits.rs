//! Every bound of this process, each with its reason. Past one of them a caller is told to come back, and when: what is
//! stored is never let go of.
//!
//! Durations of a trade are the policy's; what is here bounds how much happens at once, and how large it is.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kaunter_core::wire::ProblemCode;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Problem;

/// Longest body of a request: the largest of the treaty, a code, has 1 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;
/// Longest wait for a body: a caller that drips holds one of the places of [`Bounds::calls`].
pub(crate) const BODY_WAIT: Duration = Duration::from_secs(10);
/// Longest answer of the gateway: its longest is the list of wallets.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Longest wait for a connection to the store: longer, and the page has given up.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(3);
/// Longest statement of PostgreSQL, and longest wait for a lock of it or of SQLite's writer.
pub(crate) const STATEMENT_WAIT: Duration = Duration::from_secs(5);
/// SQLite has one writer at a time, and a few readers beside it.
pub(crate) const SQLITE_CONNECTIONS: u32 = 4;
/// With [`POSTGRES_LIGHT_CONNECTIONS`], below what a PostgreSQL of default settings takes from three processes.
pub(crate) const POSTGRES_CONNECTIONS: u32 = 20;
/// Connections for what moves nothing: see `store::Store::note`.
pub(crate) const POSTGRES_LIGHT_CONNECTIONS: u32 = 8;
/// Rows that are held at once while a day is written out.
pub(crate) const PAGE_ROWS: usize = 200;
/// Open attempts that one answer names: more than a terminal can have by far, and a shop's server asks by the day.
pub(crate) const MAX_OPEN_ROWS: usize = 1_000;
/// Attempts of one sale: a cashier who tries more often has another problem.
pub(crate) const MOST_ATTEMPTS: usize = 50;
/// How often a change that another process overtook is tried again.
pub(crate) const MOST_TRIES: u32 = 10;
/// How often an answer of the gateway that could not be stored is tried again: with doubling pauses, half a minute.
pub(crate) const KEEP_TRIES: u32 = 8;
/// The pause before the first of them.
pub(crate) const KEEP_PAUSE: Duration = Duration::from_millis(125);
/// Until time tries again where the store failed it.
pub(crate) const TIME_PAUSE_MS: u64 = 1_000;
/// How often the clock is compared with the wall's: two readings, and a till asks every two seconds.
pub(crate) const CLOCK_PAUSE: Duration = Duration::from_secs(1);
/// Longest evidence of a verdict or reason of a void, in characters: a few sentences.
pub(crate) const NOTE_MAX_CHARS: usize = 500;
/// Longest name of a terminal or a cashier, in characters.
pub(crate) const NAME_MAX_CHARS: usize = 64;
/// Looks for each call that changes something: a till that watches ten trades every two seconds makes five a second.
const LOOKS_A_CALL: u32 = 20;

/// What may happen at once; an operator may set each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Calls that are answered at once; those that look and those that change something are counted apart, so that
    /// tills which wait for a slow gateway keep nobody from asking. A till has one of each: this is as many tills.
    pub calls: usize,
    /// Requests to the gateway that are under way: past it no attempt is begun and no code is taken. Above `calls`,
    /// because a request outlives the call that caused it.
    pub requests: usize,
    /// Questions to the gateway that are out at once: a gateway that hangs is not asked by everybody at once, and one
    /// that answers within 100 ms gets ten times as many a second.
    pub questions: usize,
    /// How long a shutdown waits for what is under way: below the 30 s that Kubernetes gives before it kills.
    pub drain_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            calls: 1_000,
            requests: 2_000,
            questions: 256,
            drain_ms: 25_000,
        }
    }
}

/// How much one terminal may ask, and how much everybody together.
pub(crate) struct Limits {
    changes: DefaultKeyedRateLimiter<String>,
    looks: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    changing: Arc<Semaphore>,
    looking: Arc<Semaphore>,
}

impl Limits {
    pub(crate) fn new(calls_per_minute: u32, bounds: &Bounds) -> Self {
        let calls = NonZeroU32::new(calls_per_minute).unwrap_or(NonZeroU32::MIN);
        let looks = calls.saturating_mul(NonZeroU32::new(LOOKS_A_CALL).unwrap_or(NonZeroU32::MIN));
        Self {
            changes: RateLimiter::keyed(Quota::per_minute(calls)),
            looks: RateLimiter::keyed(Quota::per_minute(looks)),
            clock: DefaultClock::default(),
            changing: Arc::new(Semaphore::new(bounds.calls)),
            looking: Arc::new(Semaphore::new(bounds.calls)),
        }
    }

    /// A call of this terminal that changes something, or opens a session.
    pub(crate) fn admit(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.within(&self.changes, shop, terminal)
    }

    /// A look of this terminal.
    pub(crate) fn admit_look(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.within(&self.looks, shop, terminal)
    }

    fn within(
        &self,
        limiter: &DefaultKeyedRateLimiter<String>,
        shop: &str,
        terminal: &str,
    ) -> Result<(), Problem> {
        limiter
            .check_key(&format!("{shop}/{terminal}"))
            .map_err(|not_until| {
                let wait = not_until.wait_time_from(self.clock.now());
                Problem::new(ProblemCode::TooMany).after(wait)
            })
    }

    /// A place among the calls that are answered at once, given back when it is dropped.
    pub(crate) fn place(&self, looks: bool) -> Result<OwnedSemaphorePermit, Problem> {
        let places = if looks { &self.looking } else { &self.changing };
        Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| Problem::new(ProblemCode::Busy))
    }

    /// Forgets terminals that have been quiet.
    pub(crate) fn tidy(&self) {
        self.changes.retain_recent();
        self.looks.retain_recent();
    }
}
