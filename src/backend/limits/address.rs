//! Limits the calls of one address. All tills of a shop may share one address, and so may somebody who sends a flood:
//! callers with a token and callers without one are counted apart.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kaunter_core::wire::ProblemCode;

use super::LineLimiter;
use crate::calls::caller::Caller;
use crate::error::Problem;

/// Calls with a token or a key per call without one. 500 tills whose cashiers sign in within a minute make 500 calls
/// without a token.
const CALLS_PER_STRANGER: u32 = 10;
/// How many addresses are told apart, so that a flood from many addresses does not fill the memory. That two of 500
/// addresses share a counter is likelier than not, and leaves them as much as one address.
const MAX_COUNTERS: u64 = 65_536;

/// Counts events of addresses, within a bounded memory.
pub(crate) struct AddressLimiter {
    counters: DefaultKeyedRateLimiter<u64>,
    /// Keyed at random: nobody can choose addresses that share a counter with another one.
    hasher: RandomState,
    clock: DefaultClock,
}

impl AddressLimiter {
    pub(crate) fn per_minute(most: NonZeroU32) -> Self {
        Self {
            counters: RateLimiter::keyed(Quota::per_minute(most)),
            hasher: RandomState::new(),
            clock: DefaultClock::default(),
        }
    }

    /// Counts an event. Past the limit it returns how long to wait.
    pub(crate) fn count(&self, address: IpAddr) -> Result<(), Duration> {
        let counter = self.hasher.hash_one(address) % MAX_COUNTERS;
        self.counters
            .check_key(&counter)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Forgets addresses that sent nothing for a while.
    pub(crate) fn forget_idle(&self) {
        self.counters.retain_recent();
    }
}

/// Counts the calls of each address.
pub(super) struct AddressLimits {
    known: AddressLimiter,
    strangers: AddressLimiter,
    refused: LineLimiter,
}

impl AddressLimits {
    pub(super) fn new(calls_per_minute: u32) -> Self {
        let calls = |most| NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
        Self {
            known: AddressLimiter::per_minute(calls(calls_per_minute)),
            strangers: AddressLimiter::per_minute(calls(calls_per_minute / CALLS_PER_STRANGER)),
            refused: LineLimiter::default(),
        }
    }

    /// Counts a call of this address. The shop's server is not counted: its key is right. A call with an expired or
    /// revoked token counts as one without a token, because a person who has left may still have the token.
    pub(super) fn admit(&self, caller: &Caller, address: IpAddr) -> Result<(), Problem> {
        let limiter = match caller {
            Caller::Server(_) => return Ok(()),
            Caller::Stranger(_) => &self.strangers,
            Caller::Terminal(_) => &self.known,
        };
        limiter.count(address).map_err(|wait| {
            let detail = "Too many calls from this address: wait a few seconds.".to_owned();
            Problem::with_detail(ProblemCode::RateLimited, detail).after(wait)
        })
    }

    /// Also writes the line about refused calls that is due.
    pub(super) fn forget_idle(&self) {
        self.known.forget_idle();
        self.strangers.forget_idle();
        if let Some(refused) = self.refused.rest() {
            tracing::warn!(
                refused,
                "more calls were refused because of limits.calls_per_minute_per_address"
            );
        }
    }

    /// Logs that calls are refused. The number is that of all addresses.
    pub(super) fn warn(&self, address: IpAddr) {
        if let Some(refused) = self.refused.count() {
            tracing::warn!(
                refused,
                "{address} makes more calls than limits.calls_per_minute_per_address: they are refused. Behind a proxy, set trusted_proxies"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Bounds;

    fn count(limiter: &AddressLimiter, address: IpAddr, calls: u32) -> u32 {
        (0..calls)
            .map(|_| u32::from(limiter.count(address).is_ok()))
            .sum()
    }

    #[test]
    fn by_default_500_tills_of_one_address_are_not_refused() {
        let limits = AddressLimits::new(Bounds::default().calls_per_minute_per_address);
        let shop = IpAddr::from([203, 0, 113, 7]);
        let (tills, statuses, sales) = (500, 60 / 2, 4);
        // In a minute each till waits for a customer all the time, and begins and ends a sale.
        let calls = tills * (statuses + sales);
        assert_eq!(count(&limits.known, shop, calls), calls);
        // They all sign in, and half of them mistype once.
        assert_eq!(count(&limits.strangers, shop, tills * 3 / 2), tills * 3 / 2);
    }

    #[test]
    fn a_flood_is_refused_with_a_time_and_the_memory_is_bounded() {
        let limiter = AddressLimiter::per_minute(NonZeroU32::new(10).expect("it is not 0"));
        let one = IpAddr::from([203, 0, 113, 7]);
        assert_eq!(count(&limiter, one, 100), 10);
        let wait = limiter.count(one).expect_err("it is above its limit");
        assert!(wait <= Duration::from_secs(6));
        for nth in 0..200_000_u32 {
            let _ = limiter.count(IpAddr::from(nth.to_be_bytes()));
        }
        assert!(limiter.counters.len() as u64 <= MAX_COUNTERS);
    }
}
