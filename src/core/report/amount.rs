//! Amounts as reports write them: "1,250.00", "1.250,00", "RM 12.50", "12.50 MYR", "-12.50", "(12.50)".
//!
//! One number may mean two amounts: "1,250" is a thousand and more, or one and a quarter.
//! So a column is read as a whole ([`decimal_mark`]): a number with one meaning only settles the mark for all of them.

use crate::money::{Money, digits, is_name_of};

/// The character before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// "12.50".
    Point,
    /// "12,50".
    Comma,
}

impl DecimalMark {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Point, Self::Comma];

    fn char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// The mark that separates thousands beside it.
    fn other(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// There is no number in it, or more than one.
    #[error("it is not an amount")]
    NotANumber,
    /// A letter or sign beside the number is not the currency's.
    #[error("it is in another currency")]
    OtherCurrency,
}

/// Why a column has no decimal mark. The numbers are positions in the column, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkError {
    /// This number may be two amounts, and no number of the column settles which.
    Ambiguous(usize),
    /// One number has decimals behind a point only, and the other behind a comma only.
    Contradictory {
        /// The number with a decimal point.
        point: usize,
        /// The number with a decimal comma.
        comma: usize,
    },
}

/// An amount as it is written, with its sign and without its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenAmount {
    is_negative: bool,
    currency: String,
    /// Digits, marks and separators; it begins and ends with a digit.
    number: String,
}

impl WrittenAmount {
    /// Takes a text apart. The number itself is read by [`Self::read`].
    ///
    /// # Errors
    /// [`AmountError`] says why the text is no amount of this currency.
    pub fn parse(text: &str, currency: &str) -> Result<Self, AmountError> {
        let ends = |char: char| char.is_ascii_digit();
        let (first, last) = (text.find(ends), text.rfind(ends));
        let (Some(first), Some(last)) = (first, last) else {
            return Err(AmountError::NotANumber);
        };
        let (before, number, after) = (&text[..first], &text[first..=last], &text[last + 1..]);
        let is_number = |char: char| char.is_ascii_digit() || is_mark(char) || is_separator(char);
        if !number.chars().all(is_number) {
            return Err(AmountError::NotANumber);
        }
        let mut signs = Vec::new();
        for side in [before, after] {
            let mut name = String::new();
            for char in side.chars() {
                match char {
                    '-' | '\u{2212}' | '\u{ff0d}' | '\u{2013}' => signs.push('-'),
                    '+' | '(' | ')' => signs.push(char),
                    _ => name.push(char),
                }
            }
            let name = name.trim_matches(is_blank);
            if !name.is_empty() && !is_name_of(name, currency) {
                return Err(AmountError::OtherCurrency);
            }
        }
        let is_negative = match signs[..] {
            [] | ['+'] => false,
            ['-'] | ['(', ')'] => true,
            _ => return Err(AmountError::NotANumber),
        };
        Ok(Self {
            is_negative,
            currency: currency.to_owned(),
            number: number.to_owned(),
        })
    }

    /// Whether the amount is below zero: a return.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.is_negative
    }

    /// The amount without its sign, if the number can be read with this mark.
    ///
    /// Zeros beyond the currency's own digits are ignored.
    #[must_use]
    pub fn read(&self, mark: DecimalMark) -> Option<Money> {
        let (whole, fraction) = match self.number.split_once(mark.char()) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (self.number.as_str(), None),
        };
        let whole = without_separators(whole, mark)?;
        let Some(fraction) = fraction else {
            return Money::parse(&whole, &self.currency).ok();
        };
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = fraction.trim_end_matches('0').len();
        let length = kept.max(digits(&self.currency).min(fraction.len()));
        let plain = match &fraction[..length] {
            "" => whole,
            fraction => format!("{whole}.{fraction}"),
        };
        Money::parse(&plain, &self.currency).ok()
    }
}

/// The decimal mark of a column of amounts. Numbers that can't be read with either mark do not count.
///
/// # Errors
/// [`MarkError`] names the numbers that leave it open.
///
/// ```
/// use kaunter_core::report::amount::{DecimalMark, MarkError, WrittenAmount, decimal_mark};
///
/// let column = |texts: &[&str]| -> Vec<_> {
///     texts.iter().filter_map(|text| WrittenAmount::parse(text, "MYR").ok()).collect()
/// };
/// // The second number settles the first.
/// assert_eq!(decimal_mark(&column(&["1,250", "12.50"])), Ok(DecimalMark::Point));
/// assert_eq!(decimal_mark(&column(&["1.250", "12,50"])), Ok(DecimalMark::Comma));
/// assert_eq!(decimal_mark(&column(&["1,250", "800"])), Err(MarkError::Ambiguous(0)));
/// ```
pub fn decimal_mark(column: &[WrittenAmount]) -> Result<DecimalMark, MarkError> {
    let (mut point, mut comma, mut ambiguous) = (None, None, None);
    for (at, amount) in column.iter().enumerate() {
        let [with_point, with_comma] = DecimalMark::ALL.map(|mark| amount.read(mark));
        let settles = match (with_point, with_comma) {
            (Some(_), None) => &mut point,
            (None, Some(_)) => &mut comma,
            (Some(one), Some(other)) if one != other => &mut ambiguous,
            (Some(_), Some(_)) | (None, None) => continue,
        };
        settles.get_or_insert(at);
    }
    match (point, comma, ambiguous) {
        (Some(point), Some(comma), _) => Err(MarkError::Contradictory { point, comma }),
        (Some(_), None, _) | (None, None, None) => Ok(DecimalMark::Point),
        (None, Some(_), _) => Ok(DecimalMark::Comma),
        (None, None, Some(at)) => Err(MarkError::Ambiguous(at)),
    }
}

/// The whole part of a number without what separates its thousands. `None` if a group has not three digits.
fn without_separators(whole: &str, mark: DecimalMark) -> Option<String> {
    let separator = whole.chars().find(|char| !char.is_ascii_digit());
    let Some(separator) = separator else {
        return Some(whole.to_owned());
    };
    if is_mark(separator) && separator != mark.other() {
        return None;
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    // "0,125" is not a hundred and twenty-five.
    let good = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.iter().all(|group| group.len() == 3)
        && groups.iter().all(is_digits);
    good.then(|| groups.concat())
}

fn is_mark(char: char) -> bool {
    matches!(char, '.' | ',')
}

/// What separates thousands beside points and commas: spaces, apostrophes.
fn is_separator(char: char) -> bool {
    matches!(
        char,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}'
    )
}

fn is_blank(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200f}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, currency: &str, mark: DecimalMark) -> Option<i64> {
        let written = WrittenAmount::parse(text, currency).ok()?;
        let minor = i64::try_from(written.read(mark)?.minor).unwrap();
        Some(if written.is_negative() { -minor } else { minor })
    }

    #[test]
    fn an_amount_is_read_with_its_sign_and_without_its_currency() {
        use DecimalMark::{Comma, Point};
        for (text, mark, minor) in [
            ("1250.00", Point, 125_000),
            ("1,250.00", Point, 125_000),
            ("1.250,00", Comma, 125_000),
            ("1250,00", Comma, 125_000),
            ("1 250,00", Comma, 125_000),
            ("1\u{a0}250,00", Comma, 125_000),
            ("1'250.00", Point, 125_000),
            ("RM 12.50", Point, 1250),
            ("RM12.50", Point, 1250),
            ("rm 12.50", Point, 1250),
            ("MYR 12.50", Point, 1250),
            ("12.50 MYR", Point, 1250),
            ("-12.50", Point, -1250),
            ("\u{2212}12.50", Point, -1250),
            ("-RM 12.50", Point, -1250),
            ("RM -12.50", Point, -1250),
            ("12.50-", Point, -1250),
            ("(12.50)", Point, -1250),
            ("RM (12.50)", Point, -1250),
            ("(RM 12.50)", Point, -1250),
            ("+12.50", Point, 1250),
            ("12.5", Point, 1250),
            ("12.5000", Point, 1250),
            ("12", Comma, 1200),
            ("0,50", Comma, 50),
            ("1,234,567.89", Point, 123_456_789),
        ] {
            assert_eq!(read(text, "MYR", mark), Some(minor), "{text:?}");
        }
        assert_eq!(
            read("Rp. 500.000", "IDR", DecimalMark::Comma),
            Some(50_000_000)
        );
        assert_eq!(read("1,250", "JPY", DecimalMark::Point), Some(1250));
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in [
            "",
            "-",
            "RM",
            "five",
            "12.50.",
            ".50",
            "--12.50",
            "(12.50",
            "(-12.50)",
            "12.50 13.50",
            "1e3",
            "12/50",
            "1,2,3",
            "1,25,000.00",
            "1,250.00,00",
            "1.250.00",
        ] {
            for mark in DecimalMark::ALL {
                assert_eq!(read(text, "MYR", mark), None, "{text:?}");
            }
        }
        for text in ["SGD 12.50", "12.50 USD", "$12.50", "12.50 CR"] {
            let read = WrittenAmount::parse(text, "MYR");
            assert_eq!(read, Err(AmountError::OtherCurrency), "{text}");
        }
    }

    fn mark_of(texts: &[&str], currency: &str) -> Result<DecimalMark, MarkError> {
        let column: Vec<_> = texts
            .iter()
            .map(|text| WrittenAmount::parse(text, currency).unwrap())
            .collect();
        decimal_mark(&column)
    }

    #[test]
    fn a_number_with_one_meaning_settles_its_column_and_none_leaves_it_open() {
        use DecimalMark::{Comma, Point};
        let contradiction = MarkError::Contradictory { point: 1, comma: 0 };
        for (texts, currency, expected) in [
            (&["1,250", "12.50"][..], "MYR", Ok(Point)),
            (&["1,250", "12,50"], "MYR", Ok(Comma)),
            (&["1.250", "12.50"], "MYR", Ok(Point)),
            (&["1.250", "0,50"], "MYR", Ok(Comma)),
            // Its third decimal is not zero, and ringgit have two.
            (&["1,250", "1,255"], "MYR", Ok(Point)),
            (&["1.255"], "MYR", Ok(Comma)),
            (&["12", "800"], "MYR", Ok(Point)),
            (&[], "MYR", Ok(Point)),
            (&["12", "1,250"], "MYR", Err(MarkError::Ambiguous(1))),
            (&["1.250"], "MYR", Err(MarkError::Ambiguous(0))),
            (&["12,50", "12.50"], "MYR", Err(contradiction)),
            // The yen has no decimals, the dinar three.
            (&["1,250"], "JPY", Ok(Point)),
            (&["1.250"], "JPY", Ok(Comma)),
            (&["1,250"], "KWD", Err(MarkError::Ambiguous(0))),
            (&["1,250", "0,250"], "KWD", Ok(Comma)),
        ] {
            assert_eq!(mark_of(texts, currency), expected, "{texts:?} {currency}");
        }
    }

    /// A style in which a portal writes the amounts of a column.
    #[derive(Clone, Debug)]
    struct Style {
        mark: DecimalMark,
        separator: &'static str,
        decimals: Decimals,
        currency: usize,
        negative: usize,
    }

    #[derive(Clone, Copy, Debug)]
    enum Decimals {
        /// All of the currency's.
        All,
        /// None, if they are zero.
        NotZero,
        /// As many as needed.
        Short,
        /// Two zeros more.
        Long,
    }

    fn written(minor: i64, currency: &str, style: &Style) -> String {
        let behind = digits(currency);
        let text = format!("{:0>width$}", minor.unsigned_abs(), width = behind + 1);
        let (whole, fraction) = text.split_at(text.len() - behind);
        let mut number = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                number.push_str(style.separator);
            }
            number.push(digit);
        }
        let is_zero = fraction.bytes().all(|byte| byte == b'0');
        let fraction = match style.decimals {
            Decimals::All => fraction.to_owned(),
            Decimals::NotZero if is_zero => String::new(),
            Decimals::NotZero => fraction.to_owned(),
            Decimals::Short => fraction.trim_end_matches('0').to_owned(),
            Decimals::Long => format!("{fraction}00"),
        };
        if !fraction.is_empty() {
            number.push(style.mark.char());
            number.push_str(&fraction);
        }
        let number = match style.currency {
            0 => number,
            1 => format!("{currency} {number}"),
            2 => format!("{number} {}", currency.to_lowercase()),
            _ => format!("{currency}{number}"),
        };
        match (minor < 0, style.negative) {
            (false, _) => number,
            (true, 0) => format!("-{number}"),
            (true, 1) => format!("({number})"),
            (true, 2) => format!("{number}-"),
            (true, _) => format!("\u{2212} {number}"),
        }
    }

    fn styles() -> impl Strategy<Value = Style> {
        let decimals = prop_oneof![
            Just(Decimals::All),
            Just(Decimals::NotZero),
            Just(Decimals::Short),
            Just(Decimals::Long),
        ];
        let mark = prop_oneof![Just(DecimalMark::Point), Just(DecimalMark::Comma)];
        let separator = 0..5_usize;
        (mark, separator, decimals, 0..4_usize, 0..4_usize).prop_map(
            |(mark, separator, decimals, currency, negative)| {
                let marks = ["", ",", " ", "'", "\u{a0}"];
                let separator = match (marks[separator], mark) {
                    (",", DecimalMark::Comma) => ".",
                    (separator, _) => separator,
                };
                Style {
                    mark,
                    separator,
                    decimals,
                    currency,
                    negative,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_column_in_any_style_is_read_as_the_same_amounts_or_not_at_all(
            amounts in prop::collection::vec(
                prop_oneof![-200_000_000_i64..200_000_000, -300_000_i64..300_000, (-2_000_i64..2_000).prop_map(|ringgit| ringgit * 100)],
                1..12,
            ),
            currency in "MYR|JPY|KWD|IDR",
            style in styles(),
        ) {
            let texts: Vec<_> = amounts.iter().map(|minor| written(*minor, &currency, &style)).collect();
            let column: Vec<_> = texts.iter().map(|text| WrittenAmount::parse(text, &currency).unwrap()).collect();
            if let Ok(mark) = decimal_mark(&column) {
                for ((minor, text), written) in amounts.iter().zip(&texts).zip(&column) {
                    let read = written.read(mark).map(|money| money.minor);
                    prop_assert_eq!(read, Some(minor.unsigned_abs()), "{:?} in {:?}", text, texts);
                    prop_assert_eq!(written.is_negative(), *minor < 0);
                }
            } else {
                // Where every amount shows all its decimals, nothing is left open.
                prop_assert!(!matches!(style.decimals, Decimals::All) || digits(&currency) != 2, "{:?}", texts);
            }
        }

        #[test]
        fn no_text_panics(text in ".*", currency in ".{0,4}") {
            if let Ok(written) = WrittenAmount::parse(&text, &currency) {
                let _ = decimal_mark(std::slice::from_ref(&written));
                let _ = DecimalMark::ALL.map(|mark| written.read(mark));
            }
        }
    }
}
