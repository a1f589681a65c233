//! Dates: the text of a time, and the days of a shop's calendar.
//!
//! A shop has a fixed offset from UTC. The shops of this gateway have no summer time, so no time zone database is
//! needed.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::policy::Ms;

/// A day.
pub const DAY_MS: Ms = 24 * 3_600_000;
/// A time in RFC 3339 in UTC, as all JSON has it. Milliseconds since 1970 go in.
///
/// A fraction of a second has only the digits that it needs, and none if it is 0.
///
/// ```
/// use kaunter_core::calendar::rfc3339;
///
/// assert_eq!(rfc3339(1_764_000_000_000), "2025-11-24T16:00:00Z");
/// assert_eq!(rfc3339(1_764_000_000_120), "2025-11-24T16:00:00.12Z");
/// ```
#[must_use]
pub fn rfc3339(ms: Ms) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

/// The shop's offset from UTC, as `+08:00`: its day begins at its own midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    minutes: i64,
}

impl Offset {
    /// The shop's clock minus UTC, in milliseconds.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.minutes * 60_000
    }

    /// The offset in minutes.
    #[must_use]
    pub fn minutes(self) -> i64 {
        self.minutes
    }

    /// The range of a day of the shop's calendar, `YYYY-MM-DD`, in milliseconds. `None` if the text is no date, or if
    /// that day begins before 1970.
    #[must_use]
    pub fn day(self, text: &str) -> Option<Range<Ms>> {
        let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
        let start = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let start = Ms::try_from(start.as_millisecond() - self.millis()).ok()?;
        Some(start..start + DAY_MS)
    }

    /// The time on the shop's clock at this millisecond, `YYYY-MM-DD HH:MM`.
    #[must_use]
    pub fn time(self, ms: Ms) -> String {
        self.shifted(ms)[..16].replace('T', " ")
    }

    /// The day of the shop's calendar at this millisecond, `YYYY-MM-DD`.
    #[must_use]
    pub fn name(self, ms: Ms) -> String {
        self.shifted(ms)[..10].to_owned()
    }

    fn shifted(self, ms: Ms) -> String {
        rfc3339(ms.checked_add_signed(self.millis()).unwrap_or(0))
    }
}

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

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

impl<'de> Deserialize<'de> for Offset {
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
