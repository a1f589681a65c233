//! The days of a report's date column.

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;

/// Reads a day at the start of a text; a time may follow. Without a format, only a form that begins with the year is
/// read: in others, day and month look alike.
pub(super) fn read(text: &str, format: Option<&str>) -> Option<Date> {
    match format {
        Some(format) => {
            let (time, _) = BrokenDownTime::parse_prefix(format, text).ok()?;
            time.to_date().ok()
        }
        None => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let (form, length) = match (digits, text.as_bytes().get(4)) {
                (4, Some(b'-')) => ("%Y-%m-%d", 10),
                (4, Some(b'/')) => ("%Y/%m/%d", 10),
                (8 | 14, _) => ("%Y%m%d", 8),
                _ => return None,
            };
            let day = text.get(..length)?;
            let more = text.as_bytes().get(length);
            Date::strptime(form, day)
                .ok()
                .filter(|_| digits == 14 || !more.is_some_and(u8::is_ascii_digit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_day_is_read_only_where_day_and_month_can_not_be_confused() {
        let day = Some(jiff::civil::date(2026, 11, 4));
        for text in [
            "2026-11-04",
            "2026/11/04 23:59:58",
            "2026-11-04T23:59:58+08:00",
            "20261104",
            "20261104235958",
        ] {
            assert_eq!(read(text, None), day, "{text}");
        }
        for text in [
            "04/11/2026",
            "2026-11-041",
            "2026-13-04",
            "",
            "2026",
            "202611",
        ] {
            assert_eq!(read(text, None), None, "{text}");
        }
        assert_eq!(read("04/11/2026 23:59", Some("%d/%m/%Y")), day);
        assert_eq!(read("11/04/2026", Some("%m/%d/%Y")), day);
        assert_eq!(read("4 Nov 2026", Some("%d %b %Y")), day);
        assert_eq!(read("2026-11-04", Some("%d/%m/%Y")), None);
    }
}
