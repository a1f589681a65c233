//! Every limit of this process, each with its reason. Past a limit, a caller is refused with `Retry-After`; a stored
//! trade is never dropped. Past `concurrent_calls` only new sales are refused, and every other call waits for its turn.
//!
//! The policy has the durations of a trade, and `kaunter_core::admission` limits how often a terminal tries one sale.
//! The limits here are about concurrency and size.

mod address;
mod lines;

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kaunter_core::limits::RightLimits;
use kaunter_core::wire::ProblemCode;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::calls::caller::Caller;
use crate::error::Problem;
use crate::load;
pub(crate) use address::AddressLimiter;
use address::AddressLimits;
pub(crate) use lines::{LineLimiter, LoggedTogether};

/// The maximum wait for the headers of a request, from its first byte or from the start of the connection. A till on
/// bad Wi-Fi can repeat a lost packet three times in it.
pub(crate) const HEAD_WAIT: Duration = Duration::from_secs(10);
/// A new connection is kept for at least this long: the headers of an honest caller are on their way.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The maximum wait for a TLS handshake. It takes two round trips; a till on bad Wi-Fi can repeat a lost packet twice in
/// it.
pub(crate) const HANDSHAKE_WAIT: Duration = Duration::from_secs(5);
/// The pause between two looks into the files of the certificate. It costs reading two small files.
pub(crate) const CERTIFICATE_PAUSE: Duration = Duration::from_secs(5);
/// The maximum wait for the next call on a connection. Longer than the minute of common proxies, which would otherwise
/// send a call into a connection that is being closed.
pub(crate) const IDLE_WAIT: Duration = Duration::from_secs(75);
/// How long a connection stays that of a payment after a call about an open trade: fifteen status checks of a till, and
/// three at the slowest pace that an overloaded backend asks for.
pub(crate) const PAYMENT_WAIT: Duration = Duration::from_secs(30);
/// The maximum wait for the caller to read what was written.
pub(crate) const WRITE_WAIT: Duration = Duration::from_secs(10);
/// The maximum wait, at shutdown, for the rest of a request that has begun.
pub(crate) const CLOSING_WAIT: Duration = Duration::from_secs(1);
/// The pause between two searches for connections that are too slow.
pub(crate) const REAP_PAUSE: Duration = Duration::from_millis(500);
/// The pause before the next connection is accepted after the system refused one.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Files that are not for callers: a connection for each of `concurrent_gateway_requests` and as many that the gateway
/// has not closed yet, the store's, and some for logs. Fewer: a flood of callers takes the gateway's.
const OWN_FILES: usize = 4_096;
/// How many callers are refused with `Retry-After` at once. Past that, a connection is closed without an answer.
pub(crate) const MAX_REFUSALS: usize = 32;
/// The maximum time that one of them may take to read it.
pub(crate) const REFUSAL_WAIT: Duration = Duration::from_secs(2);
/// The pause between two log lines about a flood of connections, or of refused calls.
pub(crate) const LOG_PAUSE: Duration = Duration::from_secs(10);
/// The maximum wait for a turn among [`Bounds::concurrent_calls`]. A page gives up after 10 s, and its call needs time
/// after its turn. Shorter: looks fail in a burst that would have passed.
pub(crate) const TURN_WAIT: Duration = Duration::from_secs(8);
/// The pause between two measurements of how long calls wait. Ten fit into a window of `kaunter_core::load`; a hundred a
/// second would cost a thousandth of a core for nothing.
pub(crate) const PROBE_PAUSE: Duration = Duration::from_millis(20);
/// The least `Retry-After` of a new sale that an overloaded backend refuses: what the level needs to fall.
pub(crate) const SALE_WAIT: Duration = Duration::from_secs(2);
/// How much longer it may be, at random. A page waits at most 10 s for it.
pub(crate) const SALE_WAIT_SPREAD: Duration = Duration::from_secs(6);
/// The maximum size of a request's body: the largest of the API, with a code, has 1 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;
/// The maximum size of a request's headers. A browser sends a tenth of it.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The maximum wait for a body. A slow caller holds one of [`Bounds::concurrent_calls`].
pub(crate) const BODY_WAIT: Duration = Duration::from_secs(10);
/// The maximum size of the gateway's answer. Its longest is the list of wallets.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// The maximum wait for a connection to the store. After that, the page has given up.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(3);
/// A connection to the store that was in use so recently is used again without a test. A longer time saves little, and
/// more calls fail after the database was restarted, each once.
pub(crate) const STORE_TRUST: Duration = Duration::from_secs(1);
/// The maximum duration of a statement in PostgreSQL, and of the wait for a lock there or for SQLite's writer.
pub(crate) const STATEMENT_WAIT: Duration = Duration::from_secs(5);
/// SQLite has one writer at a time, and a few readers beside it.
pub(crate) const SQLITE_CONNECTIONS: u32 = 4;
/// With [`POSTGRES_LIGHT_CONNECTIONS`], three processes stay below the default `max_connections` of PostgreSQL.
pub(crate) const POSTGRES_CONNECTIONS: u32 = 20;
/// Connections for changes that move no trade: see `store::Store::note`.
pub(crate) const POSTGRES_LIGHT_CONNECTIONS: u32 = 8;
/// How many callers share one statement. A row of a trade has some 1.5 KB; larger batches save little and keep the first
/// of them waiting.
pub(crate) const MAX_BATCH_ROWS: usize = 500;
/// The pause from one shared statement about status checks to the next. Checks that begin in it share the next statement.
/// A longer one saves statements, and delays such a check by up to that much of the two seconds between two checks.
pub(crate) const NOTE_PAUSE: Duration = Duration::from_millis(20);
/// How long an answer without news waits for a statement that it may share, while several processes have the store. A
/// process that ends meanwhile leaves the others to wait until the answer counts as lost. With a shorter one, a shop of
/// few tills needs a statement for each answer.
pub(crate) const ANSWER_PAUSE: Duration = Duration::from_millis(250);
/// As [`NOTE_PAUSE`], for looks of tills while several processes have the store. Each look waits for at most this pause and one
/// statement.
pub(crate) const LOOK_PAUSE: Duration = Duration::from_millis(5);
/// How many trades a process remembers: each takes some 3 KB. Trades past it are read from the store.
pub(crate) const MAX_KEPT_TRADES: usize = 250_000;
/// How long a trade is remembered that nobody uses. The timers of an open trade use it every five minutes at least.
pub(crate) const MEMORY_LIFE: Duration = Duration::from_secs(600);
/// How long the store may still carry out a commit whose answer never came. Until then, the trade is read each time.
pub(crate) const MEMORY_DOUBT: Duration = Duration::from_secs(60);
/// The pause between two looks at the locks of the processes. A newcomer waits that long; shorter pauses cost statements.
pub(crate) const SOLE_PAUSE: Duration = Duration::from_millis(250);
/// How long a process counts as the only one after its last look at the lock. It misses seven looks before that.
pub(crate) const SOLE_LEASE: Duration = Duration::from_secs(2);
/// How long a process holds the lock alone before it trusts its memory. One that has lost its lock notices within
/// [`SOLE_PAUSE`].
pub(crate) const SOLE_GRACE: Duration = Duration::from_secs(1);
/// The pause before a newcomer tries again.
pub(crate) const JOIN_PAUSE: Duration = Duration::from_millis(10);
/// How long a change waits for this process's place. Longer than [`SOLE_LEASE`]: a process that hangs is not the only one
/// any more.
pub(crate) const JOIN_WAIT: Duration = Duration::from_secs(3);
/// How long a row of a process behind a pooler counts after its last renewal, and the pause between two.
pub(crate) const POOLED_LIFE: Duration = Duration::from_secs(30);
pub(crate) const POOLED_RENEWAL: Duration = Duration::from_secs(5);
/// How many rows are in memory at once while a list is streamed, or compared with a report.
pub(crate) const PAGE_ROWS: usize = 200;
/// The maximum number of open trades in one answer. A terminal never has that many, and a shop's server asks by day.
pub(crate) const MAX_OPEN_ROWS: usize = 1_000;
/// How many paid trades one round checks. A shop with 5,000 payments a day has some 40 due in a round of 30 s.
pub(crate) const MAX_DUE_ROWS: u64 = 100;
/// The longest timer for the check of a paid trade. Later checks are read from the store when they are due.
pub(crate) const CHECK_TIMER_MS: u64 = 120_000;
/// The part of a second's questions that may leave at once. Tokio's timers are a millisecond or more late, so some turns
/// must be saved. More of them at once would be a burst.
pub(crate) const BURST_SHARE: u32 = 50;
/// How many steps of time are stored at once. The tills' own changes have the rest of the store's connections. Deadlines
/// that come together take longer with fewer.
pub(crate) const CONCURRENT_TICKS: usize = 8;
/// For how many pauses of `poll_ms` a trade counts as looked at. A page that was asked to look less often stays below.
pub(crate) const LOOKED_POLLS: u32 = 8;
/// How many rows are in memory at once while a start reads the open trades. Fewer rows cost more statements; more of them
/// keep a processor from a till's call for longer.
pub(crate) const RESUMED_ROWS: u64 = 500;
/// How many such pages of ids one round reads to find trades of a process that has ended: 10,000 ids. More of them cost the
/// store more every half minute; with fewer, 100,000 open trades take longer than ten rounds.
pub(crate) const SWEPT_PAGES: usize = 20;
/// The longest timer. A later step sets another one, so that a time that is far in the future harms nothing.
pub(crate) const MAX_TIMER: Duration = Duration::from_secs(24 * 3_600);
/// How many of the gateway's unknown words are kept: more than a gateway has codes, and a page of an operator's time.
pub(crate) const MAX_UNKNOWN_WORDS: usize = 200;
/// How often a change is tried again after another process was faster.
pub(crate) const MAX_TRIES: u32 = 10;
/// How often storing an answer of the gateway is tried again. With doubling pauses, that is half a minute.
pub(crate) const KEEP_TRIES: u32 = 8;
/// The first of these pauses.
pub(crate) const KEEP_PAUSE: Duration = Duration::from_millis(125);
/// The pause before giving up a sale looks again whether the gateway has answered. A query takes about that long.
pub(crate) const GIVE_UP_PAUSE: Duration = Duration::from_millis(100);
/// The pause before a timer tries again after the store failed.
pub(crate) const TIME_PAUSE: Duration = Duration::from_secs(1);
/// The pause between two comparisons with the wall clock. It costs two readings, and a till checks every two seconds.
pub(crate) const CLOCK_PAUSE: Duration = Duration::from_secs(1);
/// Status checks per call that changes something: a till that watches ten trades makes five checks a second.
const READS_PER_CHANGE: u32 = 20;

/// The limits that an operator may set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Calls per minute of one terminal that change something. Status checks may be twenty times as many.
    pub calls_per_minute: u32,
    /// Calls per minute of one address with a token, and ten times as many as those without one. 500 tills that wait for
    /// a customer make 15,000 status checks, and twice that is for all else. A call of a payment in progress is never
    /// refused because of it.
    pub calls_per_minute_per_address: u32,
    /// Calls in progress. Status checks and calls that change something are counted apart, so that tills that wait for
    /// a slow gateway do not block status checks. A call takes some milliseconds, so this many serve far more tills.
    /// Above it a new sale is refused, and every other call waits for its turn.
    pub concurrent_calls: usize,
    /// Calls in progress of one terminal, of each kind; at most half of `concurrent_calls`. A till has one or two. A
    /// program that charges under one terminal's name may use all of them.
    pub concurrent_calls_per_terminal: usize,
    /// Open connections. A browser keeps up to six. The files that the process may open (`ulimit -n`) bound it, without
    /// `OWN_FILES` of them. An idle one takes 18 KiB of memory, so all of them take 290 MiB.
    pub connections: usize,
    /// Open connections of one address; at most three quarters of `connections`. All tills of a shop may share one
    /// address, and behind a proxy everybody does.
    pub connections_per_address: usize,
    /// Requests to the gateway in progress; past it no trade begins and no code is accepted. Higher than
    /// `concurrent_calls`, because a request outlives the call that caused it.
    pub concurrent_gateway_requests: usize,
    /// Status checks at the gateway in progress, so that a gateway that hangs is not flooded. One that answers within
    /// 100 ms gets ten times as many a second.
    pub concurrent_status_checks: usize,
    /// How long a shutdown waits for work in progress: less than the 30 s after which Kubernetes kills.
    pub shutdown_ms: u64,
    /// What a person with the right `void` may give back.
    pub void: RightLimits,
    /// What a person with the right `review` may decide.
    pub review: RightLimits,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            calls_per_minute: 60,
            calls_per_minute_per_address: 30_000,
            concurrent_calls: 1_000,
            concurrent_calls_per_terminal: 100,
            connections: 16_384,
            connections_per_address: 12_288,
            concurrent_gateway_requests: 2_000,
            concurrent_status_checks: 256,
            shutdown_ms: 25_000,
            void: RightLimits::default(),
            review: RightLimits::default(),
        }
    }
}

/// The number of connections for a process that may open this many files. The rest is for the store, the gateway and
/// callers that are being refused: `OWN_FILES`, and at most half.
pub(crate) fn connections(bounds: &Bounds) -> usize {
    let most =
        crate::process::most_files().map_or(usize::MAX, |files| files - (files / 2).min(OWN_FILES));
    if most < bounds.connections {
        tracing::warn!("the limit of open files allows only {most} connections: raise `ulimit -n`");
    }
    bounds.connections.min(most).max(1)
}

/// Counts the calls of each terminal, and of all callers together.
pub(crate) struct Limits {
    changes: DefaultKeyedRateLimiter<String>,
    looks: DefaultKeyedRateLimiter<String>,
    /// Calls of a terminal whose address is above its limit.
    reserve: DefaultKeyedRateLimiter<String>,
    addresses: AddressLimits,
    clock: DefaultClock,
    changing: Arc<Semaphore>,
    looking: Arc<Semaphore>,
    /// The shop's server has a limit of its own: tills can not keep it from minting tokens.
    serving: Arc<Semaphore>,
    /// Calls in progress, by terminal and kind.
    under_way: Arc<Mutex<HashMap<(String, bool), usize>>>,
    most_under_way: usize,
}

impl Limits {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let calls = NonZeroU32::new(bounds.calls_per_minute).unwrap_or(NonZeroU32::MIN);
        let looks =
            calls.saturating_mul(NonZeroU32::new(READS_PER_CHANGE).unwrap_or(NonZeroU32::MIN));
        Self {
            changes: RateLimiter::keyed(Quota::per_minute(calls)),
            looks: RateLimiter::keyed(Quota::per_minute(looks)),
            reserve: RateLimiter::keyed(Quota::per_minute(looks)),
            addresses: AddressLimits::new(bounds.calls_per_minute_per_address),
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

    /// Admits a call of this terminal that changes something, or opens a session.
    pub(crate) fn admit(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.within(&self.changes, shop, terminal)
    }

    /// Admits a status check of this terminal.
    pub(crate) fn admit_read(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.within(&self.looks, shop, terminal)
    }

    /// Admits a call of this address. [`Self::refuse_address`] answers one that is not admitted.
    pub(crate) fn admit_address(&self, caller: &Caller, address: IpAddr) -> Result<(), Problem> {
        self.addresses.admit(caller, address)
    }

    /// Refuses a call because of its address.
    pub(crate) fn refuse_address(&self, problem: Problem, address: IpAddr) -> Response {
        self.addresses.warn(address);
        LoggedTogether::answer(problem)
    }

    /// True if a terminal whose address is above its limit may still be asked about its payment.
    pub(crate) fn has_reserve(&self, shop: &str, terminal: &str) -> bool {
        self.within(&self.reserve, shop, terminal).is_ok()
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

    /// A permit for one call in progress, returned when it is dropped. If none is left, a new sale is refused, and every
    /// other call waits for its turn: the semaphore is fair. An unknown caller needs no permit: it is refused before its
    /// body is read.
    pub(crate) async fn permit(
        &self,
        caller: &Caller,
        kind: CallKind,
    ) -> Result<CallPermit, Problem> {
        let (permits, own) = match caller {
            Caller::Stranger(_) => return Ok(CallPermit::default()),
            Caller::Server(_) => (&self.serving, None),
            Caller::Terminal(claims) => {
                let looks = kind == CallKind::Look;
                let own = self.terminal_permit(&claims.terminal, looks)?;
                let all = if looks { &self.looking } else { &self.changing };
                (all, Some(own))
            }
        };
        let permits = Arc::clone(permits);
        let permit = match kind {
            CallKind::NewSale => permits
                .try_acquire_owned()
                .map_err(|_| load::sale_refused()),
            CallKind::Look | CallKind::Change => {
                match tokio::time::timeout(TURN_WAIT, permits.acquire_owned()).await {
                    Ok(permit) => Ok(permit.expect("nobody closes it")),
                    Err(_) => Err(Problem::new(ProblemCode::Overloaded)),
                }
            }
        };
        let permit = permit?;
        Ok(CallPermit {
            _permit: Some(permit),
            _own: own,
        })
    }

    /// Waits for a turn as a look and a change do, and gives it back.
    pub(crate) async fn turn(&self) {
        let _ = tokio::join!(self.looking.acquire(), self.changing.acquire());
    }

    fn terminal_permit(&self, terminal: &str, looks: bool) -> Result<TerminalPermit, Problem> {
        let key = (terminal.to_owned(), looks);
        let mut under_way = lock(&self.under_way);
        let own = under_way.get(&key).copied().unwrap_or_default();
        if own >= self.most_under_way {
            let detail = format!(
                "This terminal has {own} calls in progress, so this one was not begun: try again in a few seconds."
            );
            return Err(Problem::with_detail(ProblemCode::Overloaded, detail));
        }
        under_way.insert(key.clone(), own + 1);
        Ok(TerminalPermit {
            under_way: Arc::clone(&self.under_way),
            key,
        })
    }

    /// Forgets terminals and addresses that made no calls for a while.
    pub(crate) fn forget_idle(&self) {
        self.changes.retain_recent();
        self.looks.retain_recent();
        self.reserve.retain_recent();
        self.addresses.forget_idle();
    }
}

/// What a call does. It decides which calls are refused first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// It reads.
    Look,
    /// It changes something that has begun, or opens a session.
    Change,
    /// It begins a new sale: it is refused first.
    NewSale,
}

/// A permit for one call in progress.
#[derive(Default)]
pub(crate) struct CallPermit {
    _permit: Option<OwnedSemaphorePermit>,
    _own: Option<TerminalPermit>,
}

/// A permit of one terminal.
struct TerminalPermit {
    under_way: Arc<Mutex<HashMap<(String, bool), usize>>>,
    key: (String, bool),
}

impl Drop for TerminalPermit {
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
