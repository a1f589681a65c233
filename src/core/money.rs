//! Money: an amount in minor units with its currency. It is never a float and never a bare integer.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest amount: 2^53 - 1 minor units, which is JavaScript's `Number.MAX_SAFE_INTEGER`.
///
/// A larger one would be rounded on the page.
pub const MAX_MINOR: u64 = (1 << 53) - 1;

/// An amount of money: minor units and an ISO 4217 code. RM 12.50 is `1250` of `MYR`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units (sen, cents), at most [`MAX_MINOR`].
    pub minor: u64,
    /// Three upper-case letters of ISO 4217.
    pub currency: String,
}

/// Why a text can't be read as an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text has other characters than digits and one point.
    #[error("an amount has digits and one point: type it like 12.50")]
    NotDigits,
    /// There are more digits behind the point than the currency has.
    #[error("too many digits behind the point for this currency")]
    TooFine,
    /// The amount is above [`MAX_MINOR`].
    #[error("the amount is too large")]
    TooLarge,
    /// The currency is not three upper-case letters.
    #[error("a currency is three upper-case letters, like MYR")]
    NoCurrency,
    /// The text names another currency than the expected one.
    #[error("the amount is in another currency")]
    OtherCurrency,
}

/// The currencies of ISO 4217 (list one of 2026) without two digits behind the point, by their number of digits.
///
/// The npm package's `formatMoney` gets this table at build time.
/// Browsers follow the table of CLDR instead, which counts the digits that are in daily use.
pub const DIGITS: [(usize, &str); 3] = [
    (
        0,
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// The number of digits that ISO 4217 gives a currency behind the point: two, unless [`DIGITS`] says otherwise.
#[must_use]
pub fn digits(currency: &str) -> usize {
    let holds = |(_, list): &&(usize, &str)| list.split(' ').any(|known| known == currency);
    DIGITS.iter().find(holds).map_or(2, |(digits, _)| *digits)
}

impl Money {
    /// Reads what a cashier types: digits, with at most one point and at most the currency's digits behind it.
    ///
    /// Nothing is rounded or guessed.
    ///
    /// # Errors
    /// [`MoneyError`] says what is wrong with the text.
    ///
    /// ```
    /// use kaunter_core::money::{Money, MoneyError};
    ///
    /// let amount = Money::parse("12.50", "MYR")?;
    /// assert_eq!(amount.minor, 1250);
    /// assert_eq!(amount.to_string(), "MYR 12.50");
    /// assert_eq!(Money::parse("7", "MYR")?.minor, 700);
    /// // The yen has no smaller unit.
    /// assert_eq!(Money::parse("1500", "JPY")?.minor, 1500);
    ///
    /// assert_eq!(Money::parse("12.505", "MYR"), Err(MoneyError::TooFine));
    /// assert_eq!(Money::parse("1,250.00", "MYR"), Err(MoneyError::NotDigits));
    /// assert_eq!(Money::parse("12.50", "RM"), Err(MoneyError::NoCurrency));
    /// # Ok::<(), MoneyError>(())
    /// ```
    pub fn parse(text: &str, currency: &str) -> Result<Self, MoneyError> {
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(MoneyError::NoCurrency);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotDigits);
        }
        let behind = digits(currency);
        if fraction.len() > behind && text.contains('.') {
            return Err(MoneyError::TooFine);
        }
        let places = (0..behind).map(|at| fraction.as_bytes().get(at).copied().unwrap_or(b'0'));
        let mut minor: u64 = 0;
        for digit in whole.bytes().chain(places) {
            minor = minor * 10 + u64::from(digit - b'0');
            if minor > MAX_MINOR {
                return Err(MoneyError::TooLarge);
            }
        }
        Ok(Self {
            minor,
            currency: currency.to_owned(),
        })
    }

    /// Reads what another system wrote, such as "1,250.00", "RM 12.50", "12.5000" or "1.250,00".
    ///
    /// Zeros beyond the currency's own digits are ignored. A text that can be read in two ways is refused.
    ///
    /// # Errors
    /// [`MoneyError::OtherCurrency`] if a letter or sign beside the number is not this currency's.
    /// Any other [`MoneyError`] as in [`Money::parse`].
    pub fn read(text: &str, currency: &str) -> Result<Self, MoneyError> {
        let is_number = |char: char| char.is_ascii_digit() || matches!(char, '.' | ',');
        let text = text.trim_matches(is_around);
        let number = text.trim_matches(|char| !is_number(char));
        let (before, after) = text.split_once(number).unwrap_or((text, ""));
        let names = [before, after].map(|name| name.trim_matches(is_around));
        if names.iter().any(|name| name.contains(['-', '+', '(', ')'])) {
            return Err(MoneyError::NotDigits);
        }
        if !names
            .iter()
            .all(|name| name.is_empty() || is_name_of(name, currency))
        {
            return Err(MoneyError::OtherCurrency);
        }
        let plain = plain_number(number, digits(currency)).ok_or(MoneyError::NotDigits)?;
        let plain = match plain.split_once('.') {
            Some((whole, fraction)) => {
                let kept = fraction.trim_end_matches('0');
                let padded = fraction.len().min(digits(currency)).max(kept.len());
                match &fraction[..padded] {
                    "" => whole.to_owned(),
                    fraction => format!("{whole}.{fraction}"),
                }
            }
            None => plain,
        };
        Self::parse(&plain, currency)
    }

    /// The amount as text, with all of its currency's digits and without the currency: "12.50".
    #[must_use]
    pub fn decimal(&self) -> String {
        let behind = digits(&self.currency);
        let text = format!("{:0>width$}", self.minor, width = behind + 1);
        let (whole, fraction) = text.split_at(text.len() - behind);
        if behind == 0 {
            whole.to_owned()
        } else {
            format!("{whole}.{fraction}")
        }
    }
}

/// Whether a character around a number has no meaning: white space and marks without a width.
fn is_around(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200f}')
}

/// Whether people write the currency this way before or behind a number.
#[must_use]
pub fn is_name_of(name: &str, currency: &str) -> bool {
    let signs: &[&str] = match currency {
        "MYR" => &["RM"],
        "SGD" => &["S$"],
        "IDR" => &["Rp", "Rp."],
        "THB" => &["฿"],
        "PHP" => &["₱"],
        "VND" => &["₫"],
        "CNY" => &["¥", "￥", "RMB"],
        "HKD" => &["HK$"],
        "USD" => &["$", "US$"],
        "EUR" => &["€"],
        _ => &[],
    };
    name.eq_ignore_ascii_case(currency) || signs.iter().any(|sign| name.eq_ignore_ascii_case(sign))
}

/// The number with at most one point, and without marks between thousands. `None` if it may be two different numbers.
fn plain_number(text: &str, behind: usize) -> Option<String> {
    let thousands = |whole: &str, mark: char| {
        let mut groups = whole.split(mark);
        let first = groups.next()?;
        let good = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
        (good || !whole.contains(mark)).then(|| whole.replace(mark, ""))
    };
    let last = text.rfind(['.', ',']);
    let Some(at) = last else {
        return Some(text.to_owned());
    };
    let mark = char::from(text.as_bytes()[at]);
    let other = if mark == '.' { ',' } else { '.' };
    let (whole, fraction) = (&text[..at], &text[at + 1..]);
    let once = !whole.contains(mark);
    if whole.contains(other) {
        // With both marks, the last one is the decimal mark and must be the only one of its kind.
        let whole = once.then(|| thousands(whole, other)).flatten()?;
        return Some(format!("{whole}.{fraction}"));
    }
    match mark {
        '.' if once => Some(text.to_owned()),
        // After a single comma, three digits are thousands, unless the currency has three decimals.
        ',' if once && fraction.len() == behind && behind != 3 => {
            Some(format!("{whole}.{fraction}"))
        }
        ',' if once && behind == 3 => None,
        _ => thousands(text, mark),
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.decimal())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// The package's `parseMoney` is tested with the same vectors.
    #[test]
    fn every_vector_is_read_as_it_says() {
        let vectors = include_str!("../../tests/corpus/amounts.json");
        let vectors: Vec<serde_json::Value> = serde_json::from_str(vectors).unwrap();
        for vector in vectors {
            let field = |name: &str| vector[name].as_str().unwrap();
            let read = Money::parse(field("text"), field("currency"));
            assert_eq!(
                read.ok().map(|money| money.minor),
                vector["minor"].as_u64(),
                "{vector}"
            );
        }
    }

    #[test]
    fn reads_what_a_cashier_types() {
        for (text, minor) in [
            ("12.50", 1250),
            ("0.01", 1),
            ("7", 700),
            ("7.5", 750),
            ("007.00", 700),
        ] {
            assert_eq!(Money::parse(text, "MYR").unwrap().minor, minor, "{text}");
        }
        assert_eq!(Money::parse("1500", "JPY").unwrap().minor, 1500);
        assert_eq!(Money::parse("1.234", "KWD").unwrap().minor, 1234);
    }

    #[test]
    fn reads_what_other_systems_write_as_the_same_value() {
        for text in [
            "1250.00",
            "1,250.00",
            "1250",
            "RM 1,250.00",
            "RM1250.00",
            "1250.00 MYR",
            "myr 1250",
            "1250.0000",
            "\u{feff}1,250.00 ",
            "1.250,00",
            "1250,00",
            "RM\u{a0}1,250",
            "01250.00",
            "1250.",
        ] {
            assert_eq!(
                Money::read(text, "MYR").map(|money| money.minor),
                Ok(125_000),
                "{text:?}"
            );
        }
        for (text, currency, minor) in [
            ("12.5000", "MYR", 1250),
            ("1,234,567.89", "MYR", 123_456_789),
            ("1,500", "JPY", 1500),
            ("1500.00", "JPY", 1500),
            ("Rp 500.000,00", "IDR", 50_000_000),
            ("1.234", "KWD", 1234),
        ] {
            assert_eq!(
                Money::read(text, currency).map(|money| money.minor),
                Ok(minor),
                "{text}"
            );
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_amount() {
        for text in [
            "1,2,3", "12,5", "1,23.00", "1.2.3", "-12.50", "(12.50)", "+1", "", ".", ",", "RM",
            "1 250.00", "1e3",
        ] {
            assert!(Money::read(text, "MYR").is_err(), "{text:?}");
        }
        assert!(Money::read("1,234", "KWD").is_err());
        assert_eq!(Money::read("12.505", "MYR"), Err(MoneyError::TooFine));
        for text in ["SGD 12.50", "S$12.50", "12.50 IDR", "$12.50"] {
            assert_eq!(
                Money::read(text, "MYR"),
                Err(MoneyError::OtherCurrency),
                "{text}"
            );
        }
    }

    #[test]
    fn each_currency_has_the_digits_of_iso_4217() {
        for (digits_behind, currency) in [
            (0, "JPY"),
            (0, "KRW"),
            (0, "VND"),
            (0, "CLP"),
            (0, "UYI"),
            (3, "KWD"),
            (3, "IQD"),
            (3, "TND"),
            (4, "CLF"),
            (4, "UYW"),
            (2, "MYR"),
            (2, "IDR"),
            (2, "HUF"),
            (2, "MMK"),
            (2, "LAK"),
            (2, "MGA"),
            (2, "COP"),
            (2, "XX"),
            (2, "JPYX"),
            (2, ""),
        ] {
            assert_eq!(digits(currency), digits_behind, "{currency}");
        }
        for (_, list) in DIGITS {
            assert!(list.split(' ').all(|currency| currency.len() == 3));
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "12.5O", "1,2.50", "-1", "+1", "", ".", ".5", "5.", "NaN", "1e3", " 1", "1 ", "1.2.3",
            "１２",
        ] {
            assert_eq!(
                Money::parse(text, "MYR"),
                Err(MoneyError::NotDigits),
                "{text:?}"
            );
        }
        assert_eq!(Money::parse("12.505", "MYR"), Err(MoneyError::TooFine));
        assert_eq!(Money::parse("12.0", "JPY"), Err(MoneyError::TooFine));
        assert_eq!(
            Money::parse("90071992547409.92", "MYR"),
            Err(MoneyError::TooLarge)
        );
        assert_eq!(
            Money::parse(&"9".repeat(40), "MYR"),
            Err(MoneyError::TooLarge)
        );
        for currency in ["myr", "RM", "MYRX", "", "MY1"] {
            assert_eq!(Money::parse("1", currency), Err(MoneyError::NoCurrency));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(minor in 0..=MAX_MINOR, currency in "MYR|JPY|KWD|SGD") {
            let money = Money { minor, currency: currency.clone() };
            prop_assert_eq!(Money::parse(&money.decimal(), &currency), Ok(money));
        }

        #[test]
        fn what_is_written_is_read_as_the_same_value(minor in 0..=MAX_MINOR, currency in "MYR|JPY|KWD|SGD") {
            let money = Money { minor, currency: currency.clone() };
            prop_assert_eq!(Money::read(&money.to_string(), &currency), Ok(money));
        }

        #[test]
        fn no_text_panics(text in ".*", currency in ".{0,4}") {
            let _ = Money::parse(&text, &currency);
            let _ = Money::read(&text, &currency);
        }
    }
}
