//! The clocks. [`wall_ms`] is the time of day: only tokens are minted and checked with it.
//!
//! [`Clock`] is the time of the store's rows. It runs on the monotonic clock, so that no deadline moves by itself. It
//! follows the wall clock when the two have come apart: after the host slept, or after its clock was set. The monotonic
//! clock of Linux stops while the host sleeps: <https://www.kernel.org/doc/html/latest/core-api/timekeeping.html>. The
//! driver of a trade then moves the trade's times by the same amount: see `crate::trades`.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
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

    /// The duration from now until then.
    pub(crate) fn until(&self, then: Ms) -> Duration {
        Duration::from_millis(then.saturating_sub(self.now_ms()))
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

/// RFC 3339 in UTC.
pub(crate) fn rfc3339(ms: Ms) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// The shop's offset from UTC, as `+08:00`: its day begins at its own midnight. The shops of this gateway have no
/// summer time, so that a fixed offset is enough and no time zone database is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    minutes: i64,
}

impl Offset {
    /// The shop's clock minus UTC.
    pub(crate) fn millis(self) -> i64 {
        self.minutes * 60_000
    }

    /// The range of a day of the shop's calendar, `YYYY-MM-DD`, in milliseconds.
    pub(crate) fn day(self, text: &str) -> Option<Range<Ms>> {
        let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        let start = start.as_millisecond() - self.minutes * 60_000;
        let start = Ms::try_from(start).ok()?;
        Some(start..start + DAY_MS)
    }

    /// The offset in minutes.
    pub(crate) fn minutes(self) -> i64 {
        self.minutes
    }

    /// The time on the shop's clock at this millisecond, `YYYY-MM-DD HH:MM`.
    pub(crate) fn time(self, ms: Ms) -> String {
        let shifted = i64::try_from(ms).unwrap_or(i64::MAX) + self.minutes * 60_000;
        rfc3339(Ms::try_from(shifted).unwrap_or(0))[..16].replace('T', " ")
    }

    /// The day of the shop's calendar at this millisecond, `YYYY-MM-DD`.
    pub(crate) fn name(self, ms: Ms) -> String {
        let shifted = i64::try_from(ms).unwrap_or(i64::MAX) + self.minutes * 60_000;
        rfc3339(Ms::try_from(shifted).unwrap_or(0))[..10].to_owned()
    }
}

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// A day.
pub(crate) const DAY_MS: Ms = 24 * 3_600_000;

impl std::str::FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not an offset from UTC: write it like +08:00");
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            Some(_) | None => return Err(wrong()),
        };
        let number = |text: &str, most: i64| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|_| digits)?;
            (number <= most).then_some(number)
        };
        let (hours, minutes) = rest.split_once(':').ok_or_else(wrong)?;
        let hours: i64 = number(hours, 14).ok_or_else(wrong)?;
        let minutes: i64 = number(minutes, 59).ok_or_else(wrong)?;
        let minutes = sign * (hours * 60 + minutes);
        // The earliest and the latest clock of the world: Baker Island and Kiribati.
        match (-12 * 60..=14 * 60).contains(&minutes) {
            true => Ok(Self { minutes }),
            false => Err(wrong()),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Offset {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shops_day_begins_at_its_own_midnight() {
        let day = |offset: &str, day: &str| offset.parse::<Offset>().ok()?.day(day);
        let start = |offset, text| day(offset, text).map(|day| rfc3339(day.start));
        assert_eq!(
            start("+00:00", "2026-11-24").as_deref(),
            Some("2026-11-24T00:00:00Z")
        );
        assert_eq!(
            start("+08:00", "2026-11-24").as_deref(),
            Some("2026-11-23T16:00:00Z")
        );
        assert_eq!(
            start("-03:30", "2026-03-01").as_deref(),
            Some("2026-03-01T03:30:00Z")
        );
        for (offset, ms, name) in [
            ("+08:00", 1_764_000_000_000, "2025-11-25"),
            ("+00:00", 1_764_000_000_000, "2025-11-24"),
            ("-03:30", 1_764_032_399_999, "2025-11-24"),
        ] {
            let text = offset;
            let offset: Offset = offset.parse().expect("an offset");
            assert_eq!(offset.to_string(), text);
            assert_eq!(offset.name(ms), name);
            assert!(offset.day(name).is_some_and(|day| day.contains(&ms)));
        }
        for text in ["yesterday", "2026-02-30", "2026-1-1", "", "20261124"] {
            assert_eq!(day("+08:00", text), None, "{text}");
        }
        for offset in [
            "8", "+8:00", "08:00", "+15:00", "+14:01", "-12:01", "+08:60", "+-8:00", "", "é",
        ] {
            assert!(offset.parse::<Offset>().is_err(), "{offset}");
        }
    }
}
