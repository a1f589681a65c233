//! The clocks. [`wall_ms`] is the time of day: only tokens are minted and checked with it.
//!
//! [`Clock`] is the time of the store's rows. It runs on the monotonic clock, so that no deadline moves by itself. It
//! follows the wall clock when the two have come apart: after the host slept, or after its clock was set. The monotonic
//! clock of Linux stops while the host sleeps: <https://www.kernel.org/doc/html/latest/core-api/timekeeping.html>. The
//! driver of a trade then moves the trade's times by the same amount: see `crate::trades`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
pub use kaunter_core::calendar::Offset;
pub(crate) use kaunter_core::calendar::{DAY_MS, rfc3339};
use kaunter_core::policy::Ms;

/// How far the clocks may be apart before ours follows. A time service corrects less than this by slewing.
const MAX_DRIFT_MS: u64 = 5_000;
/// Two readings that are further apart were interrupted, and can not be compared.
const MAX_BETWEEN: Duration = Duration::from_millis(100);

/// The time of day, in milliseconds since 1970.
pub(crate) fn wall_ms() -> Ms {
    Ms::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// Milliseconds since 1970: one reading of the wall clock, advanced by the monotonic clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    reading: Arc<Mutex<WallReading>>,
}

/// When the wall clock was read last, and its value.
#[derive(Clone, Copy, Debug)]
struct WallReading {
    at: Instant,
    wall_ms: Ms,
    /// The sum of all jumps since the start.
    jumps_ms: i64,
}

impl WallReading {
    fn now_ms(&self) -> Ms {
        self.wall_ms + Ms::try_from(self.at.elapsed().as_millis()).unwrap_or(0)
    }
}

impl Clock {
    pub(crate) fn start() -> Self {
        let reading = WallReading {
            at: Instant::now(),
            wall_ms: wall_ms(),
            jumps_ms: 0,
        };
        Self {
            reading: Arc::new(Mutex::new(reading)),
        }
    }

    pub(crate) fn now_ms(&self) -> Ms {
        self.lock().now_ms()
    }

    /// The time, and the sum of all jumps.
    pub(crate) fn reading(&self) -> (Ms, i64) {
        let reading = self.lock();
        (reading.now_ms(), reading.jumps_ms)
    }

    /// Restarts from the wall clock if it jumped. Returns the jump in milliseconds, negative if backwards.
    pub(crate) fn follow(&self) -> Option<i64> {
        let mut reading = self.lock();
        let before = Instant::now();
        let (wall_ms, own_ms) = (wall_ms(), reading.now_ms());
        if before.elapsed() > MAX_BETWEEN || wall_ms.abs_diff(own_ms) <= MAX_DRIFT_MS {
            return None;
        }
        let by = i64::try_from(wall_ms).ok()? - i64::try_from(own_ms).ok()?;
        *reading = WallReading {
            at: Instant::now(),
            wall_ms,
            jumps_ms: reading.jumps_ms + by,
        };
        Some(by)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, WallReading> {
        self.reading.lock().expect("nobody panics while holding it")
    }
}
