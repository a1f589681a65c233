//! A calendar day of this device, for a backend whose days are in UTC.

use js_sys::Date;
use wasm_bindgen::JsValue;

/// One calendar day of this device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Its first millisecond since 1970.
    start: f64,
    /// The first millisecond of the next day.
    end: f64,
}

impl Day {
    /// `YYYY-MM-DD`, or today.
    #[must_use]
    pub fn read(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else {
            let now = Date::new_0();
            return Some(Self::of(
                now.get_full_year(),
                now.get_month(),
                now.get_date(),
            ));
        };
        let [year, month, date] = text.split('-').collect::<Vec<_>>()[..] else {
            return None;
        };
        let digits = |part: &str, length: usize| {
            let good = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            good.then(|| part.parse::<u32>().ok()).flatten()
        };
        let (year, month, date) = (digits(year, 4)?, digits(month, 2)?, digits(date, 2)?);
        let day = Self::of(year, month.checked_sub(1)?, date);
        // The browser reads 31 February as 3 March: such a day is refused.
        let start = Date::new(&JsValue::from_f64(day.start));
        let same = start.get_full_year() == year
            && start.get_month() == month - 1
            && start.get_date() == date;
        same.then_some(day)
    }

    /// The browser knows the length of a day on which clocks change.
    fn of(year: u32, month: u32, date: u32) -> Self {
        let midnight = |date: u32| {
            let (month, date) = (month.cast_signed(), date.cast_signed());
            Date::new_with_year_month_day(year, month, date).get_time()
        };
        Self {
            start: midnight(date),
            end: midnight(date + 1),
        }
    }

    /// The days in UTC that it overlaps, the later one first.
    #[must_use]
    pub fn utc_days(self) -> Vec<String> {
        let name = |ms: f64| {
            let text = String::from(Date::new(&JsValue::from_f64(ms)).to_iso_string());
            text.split('T').next().unwrap_or_default().to_owned()
        };
        let mut days = vec![name(self.end - 1.0), name(self.start)];
        days.dedup();
        days
    }

    /// True if a time, in RFC 3339, is within it.
    #[must_use]
    pub fn holds(self, time: &str) -> bool {
        let ms = Date::parse(time);
        (self.start..self.end).contains(&ms)
    }
}
