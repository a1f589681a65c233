//! Slows callers down who send wrong server keys. The right key is compared first, so that it is never slowed.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use kaunter_core::wire::ProblemCode;
use tokio::sync::Semaphore;

use crate::error::Problem;
use crate::limits::{AddressLimiter, LineLimiter};
use crate::metrics::METRICS;

/// Wrong keys a minute of one address that are answered at once: a shop's server with an old key, and its retries.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("it is not 0");
/// The same for all addresses together.
const IN_ALL: NonZeroU32 = NonZeroU32::new(100).expect("it is not 0");
/// How long each further answer is held back.
const HOLD: Duration = Duration::from_secs(1);
/// How many answers are held back at once. Past it, the answer comes at once: a flood must not fill the memory.
const MOST_HELD: usize = 64;

/// Counts wrong server keys.
pub(crate) struct FailedKeys {
    by_address: AddressLimiter,
    in_all: DefaultDirectRateLimiter,
    held: Semaphore,
    lines: LineLimiter,
}

impl FailedKeys {
    pub(crate) fn new() -> Self {
        Self {
            by_address: AddressLimiter::per_minute(PER_ADDRESS),
            in_all: RateLimiter::direct(Quota::per_minute(IN_ALL)),
            held: Semaphore::new(MOST_HELD),
            lines: LineLimiter::default(),
        }
    }

    /// Counts a wrong key of this address and raises an alarm. Past the limit it waits, and returns a refusal.
    pub(crate) async fn count(&self, address: Option<IpAddr>) -> Option<Problem> {
        let alarm = "server_key_failed";
        METRICS.alarm(alarm);
        if let Some(refused) = self.lines.count() {
            tracing::error!(
                alarm,
                refused,
                "a call came with an unknown server key: correct the shop's server, or find out who guesses"
            );
        }
        let is_within = address.is_none_or(|address| self.by_address.count(address).is_ok());
        if is_within && self.in_all.check().is_ok() {
            return None;
        }
        if let Ok(_held) = self.held.try_acquire() {
            tokio::time::sleep(HOLD).await;
        }
        let detail = "Too many calls with a wrong key: correct the key, and wait a few seconds.";
        let problem = Problem::with_detail(ProblemCode::RateLimited, detail.to_owned());
        Some(problem.after(Duration::from_secs(60)))
    }

    /// Forgets addresses that sent nothing for a while.
    pub(crate) fn forget_idle(&self) {
        self.by_address.forget_idle();
    }
}
