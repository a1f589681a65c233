//! How much one terminal may ask: a bound on what changes something. Reads are bounded by their own nature: the backend
//! asks the gateway every two seconds, however often it is asked.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kaunter_core::wire::ProblemCode;

use crate::error::Problem;

/// Longest body of a request.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// Calls a minute, per terminal.
pub(crate) struct Limits(DefaultKeyedRateLimiter<String>);

impl Limits {
    pub(crate) fn new(calls_per_minute: u32) -> Self {
        let calls = NonZeroU32::new(calls_per_minute).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_minute(calls)))
    }

    pub(crate) fn admit(&self, shop: &str, terminal: &str) -> Result<(), Problem> {
        self.0
            .check_key(&format!("{shop}/{terminal}"))
            .map_err(|_| Problem::new(ProblemCode::TooMany))
    }
}
