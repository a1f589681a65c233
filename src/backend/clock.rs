//! The clock: the wall's time at the start, and monotonic from there, so that a wall clock that jumps moves no deadline.

use std::ops::Range;
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

/// How far the shop's clock is from UTC, as `+08:00`: its day begins at its own midnight. The shops of this gateway know
/// no summer time, so that a number is enough, and a table of the world's time zones is not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    minutes: i64,
}

impl Offset {
    /// The milliseconds of a day of the shop's calendar, `YYYY-MM-DD`.
    pub(crate) fn day(self, text: &str) -> Option<Range<Ms>> {
        let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        let start = start.as_millisecond() - self.minutes * 60_000;
        let start = Ms::try_from(start).ok()?;
        Some(start..start + DAY_MS)
    }
}

/// A day.
pub(crate) const DAY_MS: Ms = 24 * 3_600_000;

impl std::str::FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no offset from UTC: write it like +08:00");
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
        Ok(Self {
            minutes: sign * (hours * 60 + minutes),
        })
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
        for text in ["yesterday", "2026-02-30", "2026-1-1", "", "20261124"] {
            assert_eq!(day("+08:00", text), None, "{text}");
        }
        for offset in ["8", "+8:00", "08:00", "+15:00", "+08:60", "+-8:00", "", "é"] {
            assert!(offset.parse::<Offset>().is_err(), "{offset}");
        }
    }
}
