//! The clock: the wall's time at the start, and monotonic from there, so that a wall clock that jumps moves no deadline.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kaunter_core::policy::Ms;

/// Milliseconds since 1970, never backwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Instant,
    began_ms: Ms,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            began: Instant::now(),
            began_ms: Ms::try_from(Timestamp::now().as_millisecond()).unwrap_or(0),
        }
    }

    pub(crate) fn now_ms(&self) -> Ms {
        let elapsed = self.began.elapsed().as_millis();
        self.began_ms + Ms::try_from(elapsed).unwrap_or(0)
    }

    /// From now until then.
    pub(crate) fn until(&self, then: Ms) -> Duration {
        Duration::from_millis(then.saturating_sub(self.now_ms()))
    }
}

/// RFC 3339 in UTC.
pub(crate) fn rfc3339(ms: Ms) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// The milliseconds of a day of the calendar in UTC, `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Option<std::ops::Range<Ms>> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    let start = Ms::try_from(start.as_millisecond()).ok()?;
    Some(start..start + 24 * 3_600_000)
}
