//! Every bound of this process, each with its reason. Past one of them a caller is told to come back, and when: what is
//! stored is never let go of.
//!
//! Durations of a trade are the policy's, and `kaunter_core::admission` bounds how often a terminal tries one sale; what is
//! here bounds how much happens at once, and how large it is.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kaunter_core::wire::ProblemCode;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::calls::caller::Caller;
use crate::error::Problem;

/// Longest wait for the headers of a request, from its first byte or from the connection's beginning: a till on bad Wi-Fi
/// repeats a lost packet three times in it.
pub(crate) const HEAD_WAIT: Duration = Duration::from_secs(10);
/// Nobody who came in makes way for the next caller sooner: the headers of an honest one are on their way.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(100);
/// Longest wait for the next call on a connection: above the minute for which proxies keep theirs, or they would send a call
/// into a connection that is being closed.
pub(crate) const IDLE_WAIT: Duration = Duration::from_secs(75);
/// Longest wait for somebody to read what was written.
pub(crate) const WRITE_WAIT: Duration = Duration::from_secs(10);
/// Longest wait, at shutdown, for the rest of a request that has begun.
pub(crate) const CLOSING_WAIT: Duration = Duration::from_secs(1);
/// How often connections are looked through for those that took too long.
pub(crate) const REAP_PAUSE: Duration = Duration::from_millis(500);
/// Until the next connection is taken after the system refused one.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Callers that are told to come back at once; past them a connection is closed without a word.
pub(crate) const MAX_BYES: usize = 32;
/// Longest that one of them may take to hear it.
pub(crate) const BYE_WAIT: Duration = Duration::from_secs(2);
/// How often the log is told of a flood.
pub(crate) const TELL_PAUSE: Duration = Duration::from_secs(10);
/// Longest body of a request: the largest of the treaty, a code, has 1 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;
/// Most bytes of a request's head that one connection holds: a browser sends a tenth of it.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Longest wait for a body: a caller that drips holds one of the places of [`Bounds::concurrent_calls`].
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
/// Rows that are held at once while a list is written out, or compared with a report.
pub(crate) const PAGE_ROWS: usize = 200;
/// Trades of one answer of a list, where the caller does not say.
pub(crate) const LIST_ROWS: usize = 100;
/// The most that a caller may ask for: half a megabyte.
pub(crate) const LIST_MAX_ROWS: usize = 500;
/// Open trades that one answer names: more than a terminal can have by far, and a shop's server asks by the day.
pub(crate) const MAX_OPEN_ROWS: usize = 1_000;
/// How often a change that another process overtook is tried again.
pub(crate) const MAX_TRIES: u32 = 10;
/// How often an answer of the gateway that could not be stored is tried again: with doubling pauses, half a minute.
pub(crate) const KEEP_TRIES: u32 = 8;
/// The pause before the first of them.
pub(crate) const KEEP_PAUSE: Duration = Duration::from_millis(125);
/// Until time tries again where the store failed it.
pub(crate) const TIME_PAUSE_MS: u64 = 1_000;
/// How often the clock is compared with the wall's: two readings, and a till asks every two seconds.
pub(crate) const CLOCK_PAUSE: Duration = Duration::from_secs(1);
/// Longest name of a terminal or a cashier, in characters.
pub(crate) const NAME_MAX_CHARS: usize = 64;
/// Looks for each call that changes something: a till that watches ten trades every two seconds makes five a second.
const READS_PER_CHANGE: u32 = 20;

/// How much may be asked, and what may happen at once; an operator may set each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Calls of one terminal that change something, a minute; it may look twenty times as often.
    pub calls_per_minute: u32,
    /// Calls that are answered at once; those that look and those that change something are counted apart, so that
    /// tills which wait for a slow gateway keep nobody from asking. A till has one of each: this is as many tills.
    pub concurrent_calls: usize,
    /// Calls of one terminal that are answered at once, of each kind; never more than half of `concurrent_calls`. A till has one or
    /// two; a program that charges under one name may have as many as this, and nobody all of them.
    pub concurrent_calls_per_terminal: usize,
    /// Connections that are open at once; half of the files that the process may open (`ulimit -n`), where that is less.
    /// A browser keeps up to six.
    pub connections: usize,
    /// Of these, those of one address; never more than three quarters. All tills of a shop may stand behind one address,
    /// and all the world behind a proxy's.
    pub connections_per_address: usize,
    /// Requests to the gateway that are under way: past it no trade is begun and no code is taken. Above
    /// `concurrent_calls`,
    /// because a request outlives the call that caused it.
    pub concurrent_gateway_requests: usize,
    /// Questions to the gateway that are out at once: a gateway that hangs is not asked by everybody at once, and one
    /// that answers within 100 ms gets ten times as many a second.
    pub concurrent_status_checks: usize,
    /// How long a shutdown waits for what is under way: below the 30 s that Kubernetes gives before it kills.
    pub shutdown_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            calls_per_minute: 60,
            concurrent_calls: 1_000,
            concurrent_calls_per_terminal: 100,
            connections: 8_192,
            connections_per_address: 6_144,
            concurrent_gateway_requests: 2_000,
            concurrent_status_checks: 256,
            shutdown_ms: 25_000,
        }
    }
}

/// How many connections there may be, in a process that may open so many files: the other half is for the store, the gateway
/// and those that are being turned away.
pub(crate) fn connections(bounds: &Bounds) -> usize {
    let most = crate::process::most_files().map_or(usize::MAX, |files| files / 2);
    if most < bounds.connections {
        tracing::warn!(
            "at most {most} connections, because of the files that this process may open: raise `ulimit -n`"
        );
    }
    bounds.connections.min(most).max(1)
}

/// How much one terminal may ask, and how much everybody together.
pub(crate) struct Limits {
    changes: DefaultKeyedRateLimiter<String>,
    looks: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    changing: Arc<Semaphore>,
    looking: Arc<Semaphore>,
    /// The shop's server has places of its own: no till keeps it from minting tokens.
    serving: Arc<Semaphore>,
    /// Calls under way, of each terminal and kind.
    under_way: Arc<Mutex<HashMap<(String, bool), usize>>>,
    most_under_way: usize,
}

impl Limits {
    pub(crate) fn new(calls_per_minute: u32, bounds: &Bounds) -> Self {
        let calls = NonZeroU32::new(calls_per_minute).unwrap_or(NonZeroU32::MIN);
        let looks = calls.saturating_mul(NonZeroU32::new(READS_PER_CHANGE).unwrap_or(NonZeroU32::MIN));
        Self {
            changes: RateLimiter::keyed(Quota::per_minute(calls)),
            looks: RateLimiter::keyed(Quota::per_minute(looks)),
            clock: DefaultClock::default(),
            changing: Arc::new(Semaphore::new(bounds.concurrent_calls)),
            looking: Arc::new(Semaphore::new(bounds.concurrent_calls)),
            serving: Arc::new(Semaphore::new(bounds.concurrent_calls)),
            under_way: Arc::default(),
            most_under_way: bounds
                .concurrent_calls_per_terminal
                .min(bounds.concurrent_calls / 2)
                .max(1),
        }
    }

    /// A call of this terminal that changes something, or opens a session.
    pub(crate) fn admit(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.within(&self.changes, shop, terminal)
    }

    /// A look of this terminal.
    pub(crate) fn admit_read(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
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
                Problem::new(ProblemCode::RateLimited).after(wait)
            })
    }

    /// A place among the calls that are answered at once, given back when it is dropped. A stranger needs none: it is
    /// refused before its body is waited for.
    pub(crate) fn place(&self, caller: &Caller, looks: bool) -> Result<Place, Problem> {
        let (places, own) = match caller {
            Caller::Stranger(_) => return Ok(Place::default()),
            Caller::Server => (&self.serving, None),
            Caller::Terminal(claims) => {
                let own = self.own_place(&claims.terminal, looks)?;
                let all = if looks { &self.looking } else { &self.changing };
                (all, Some(own))
            }
        };
        let place = Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| Problem::new(ProblemCode::Overloaded))?;
        Ok(Place {
            _place: Some(place),
            _own: own,
        })
    }

    fn own_place(&self, terminal: &str, looks: bool) -> Result<OwnPlace, Problem> {
        let key = (terminal.to_owned(), looks);
        let mut under_way = lock(&self.under_way);
        let own = under_way.get(&key).copied().unwrap_or_default();
        if own >= self.most_under_way {
            let detail = format!(
                "This terminal has {own} calls under way, and nothing was begun: try again in a few seconds."
            );
            return Err(Problem::because(ProblemCode::Overloaded, detail));
        }
        under_way.insert(key.clone(), own + 1);
        Ok(OwnPlace {
            under_way: Arc::clone(&self.under_way),
            key,
        })
    }

    /// Forgets terminals that have been quiet.
    pub(crate) fn tidy(&self) {
        self.changes.retain_recent();
        self.looks.retain_recent();
    }
}

/// A place among the calls that are answered at once.
#[derive(Default)]
pub(crate) struct Place {
    _place: Option<OwnedSemaphorePermit>,
    _own: Option<OwnPlace>,
}

/// One of a terminal's own.
struct OwnPlace {
    under_way: Arc<Mutex<HashMap<(String, bool), usize>>>,
    key: (String, bool),
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        let mut under_way = lock(&self.under_way);
        match under_way.get_mut(&self.key) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(under_way.remove(&self.key)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}
