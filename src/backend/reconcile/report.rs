//! The gateway's report: text with a line of names. Its column names and its words are configuration.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use kaunter_core::money::{Money, is_name_of};
use kaunter_core::policy::Ms;
use kaunter_core::report::MoneyOutcome;
use kaunter_core::report::amount::{
    AmountError, DecimalMark, MarkError, WrittenAmount, decimal_mark,
};
use sha2::{Digest as _, Sha256};

use super::table::{Line, Table};
use super::{date, text};
use crate::config::{Config, ReportConfig, ReportWords};

/// The largest report: a hundred times the size of the longest that the tests read.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// How a line of totals begins.
const TOTALS: [&str; 12] = [
    "total",
    "grand total",
    "subtotal",
    "sub total",
    "sub-total",
    "sum",
    "jumlah",
    "合计",
    "总计",
    "小计",
    "合計",
    "總計",
];

/// A report that was read.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) rows: Vec<Result<Row, Unreadable>>,
    /// Lines that are no payments: totals, fees, footnotes.
    pub(super) skipped: u64,
    /// The hash of the file, in hex.
    pub(super) sha256: String,
}

/// A line that can't be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) line: u64,
    pub(super) why: String,
}

/// A line about a trade.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) gateway_ref: Option<String>,
    pub(super) trade_id: Option<String>,
    /// Without a sign: a return is an outcome.
    pub(super) amount: Money,
    pub(super) money: MoneyOutcome,
    /// The status in the report's own words.
    pub(super) word: String,
    /// The day that the report gives it.
    pub(super) day: Option<Date>,
}

/// A line before the decimal mark is known.
struct Draft {
    line: u64,
    gateway_ref: Option<String>,
    trade_id: Option<String>,
    written: WrittenAmount,
    text: String,
    money: MoneyOutcome,
    word: String,
    day: Option<Date>,
}

/// What a line turned out to be.
enum LineKind {
    Payment(Draft),
    NoPayment,
}

impl Report {
    /// Reads a file.
    ///
    /// # Errors
    /// It can't be read, lacks a column, or has amounts that may mean two things.
    pub(super) fn open(path: &Path, config: &Config) -> anyhow::Result<Self> {
        let failed = || format!("{} can't be read", path.display());
        let size = std::fs::metadata(path).with_context(failed)?.len();
        if size > MAX_BYTES {
            bail!("the report has more than {MAX_BYTES} bytes: split it");
        }
        let bytes = std::fs::read(path).with_context(failed)?;
        let words = config.report.words(&config.gateway.words);
        let currency = &config.gateway.currency;
        let mut report = Self::read(&text::decode(&bytes)?, &config.report, words, currency)?;
        report.sha256 = hex::encode(Sha256::digest(&bytes));
        Ok(report)
    }

    /// The days that the report covers, if it has a date column.
    pub(super) fn covers(&self, config: &Config) -> Option<Range<Ms>> {
        let days = || self.rows.iter().flatten().filter_map(|row| row.day);
        let span = |day: Date| config.day.day(&day.to_string());
        let (first, last) = (days().min().and_then(span)?, days().max().and_then(span)?);
        Some(first.start..last.end)
    }

    fn read(
        text: &str,
        names: &ReportConfig,
        words: ReportWords,
        currency: &str,
    ) -> anyhow::Result<Self> {
        let table = Table::read(text, names)?;
        let reader = Reader {
            table: &table,
            names,
            words,
            currency,
        };
        let mut report = Self::default();
        let mut drafts = Vec::new();
        for line in &table.lines {
            match reader.line(line) {
                Ok(LineKind::Payment(draft)) => drafts.push(Ok(draft)),
                Ok(LineKind::NoPayment) => report.skipped += 1,
                Err(why) => drafts.push(Err(Unreadable {
                    line: line.number,
                    why,
                })),
            }
        }
        let mark = reader.decimal_mark(&drafts)?;
        report.rows = drafts
            .into_iter()
            .map(|draft| draft.and_then(|draft| draft.with(mark)))
            .collect();
        Ok(report)
    }
}

/// Reads the lines of one table.
struct Reader<'a> {
    table: &'a Table,
    names: &'a ReportConfig,
    words: ReportWords,
    currency: &'a str,
}

impl Reader<'_> {
    fn line(&self, line: &Line) -> Result<LineKind, String> {
        let columns = &self.table.columns;
        let cell = |at: Option<usize>| {
            let text = at.and_then(|at| line.cells.get(at)).unwrap_or_default();
            (!text.is_empty()).then_some(text)
        };
        let id = |at| cell(at).map(plain_id).filter(|id| !is_total(id));
        let (gateway_ref, trade_id) = (id(columns.gateway_ref), id(columns.trade_id));
        let word = cell(columns.status);
        let is_ignored = word.is_some_and(|word| holds(&self.words.ignored, word, true));
        let unnamed = gateway_ref.is_none() && trade_id.is_none();
        if is_ignored || (unnamed && is_footer(line, columns.amount)) {
            return Ok(LineKind::NoPayment);
        }
        if unnamed {
            return Err("no id of a trade: if it is no payment, list its status under `ignored` of [report.words]".to_owned());
        }
        let text = cell(Some(columns.amount)).ok_or("no amount")?;
        let written = WrittenAmount::parse(text, self.currency).map_err(|error| match error {
            AmountError::NotANumber => format!("{text:?} is not an amount"),
            AmountError::OtherCurrency => {
                format!("{text:?} is not an amount in {}", self.currency)
            }
        })?;
        if let Some(other) = cell(columns.currency)
            && !is_name_of(other, self.currency)
        {
            return Err(format!(
                "the amount is in {other:?}, and not in {}",
                self.currency
            ));
        }
        let money = match (word, columns.status) {
            (Some(word), _) => self.money_outcome(word).ok_or_else(|| {
                format!("{word:?} is not under [report.words]: add it there with its meaning")
            })?,
            (None, None) => MoneyOutcome::Taken,
            (None, Some(_)) => return Err("no status".to_owned()),
        };
        let money = if written.is_negative() {
            let word = word.unwrap_or_default();
            money
                .negative()
                .ok_or_else(|| format!("{text:?} is negative, and {word:?} is no return"))?
        } else {
            money
        };
        let day = match (cell(columns.date), columns.date) {
            (_, None) => None,
            (None, Some(_)) => return Err("no date".to_owned()),
            (Some(text), Some(_)) => {
                let day = date::read(text, self.names.date_format.as_deref());
                Some(day.ok_or_else(|| {
                    format!("{text:?} is not a day that can be read: set date_format under [report], for example \"%d/%m/%Y\"")
                })?)
            }
        };
        Ok(LineKind::Payment(Draft {
            line: line.number,
            gateway_ref,
            trade_id,
            written,
            text: text.to_owned(),
            money,
            word: word.unwrap_or("taken").to_owned(),
            day,
        }))
    }

    /// The meaning of a status. Its letter case does not matter, unless two words differ in nothing else.
    fn money_outcome(&self, word: &str) -> Option<MoneyOutcome> {
        let words = &self.words;
        let of = |any_case| {
            let mut found = [
                (&words.paid, MoneyOutcome::Taken),
                (&words.voided, MoneyOutcome::Returned),
                (&words.unpaid, MoneyOutcome::Unpaid),
                (&words.pending, MoneyOutcome::Open),
            ]
            .into_iter()
            .filter(|(list, _)| holds(list, word, any_case))
            .map(|(_, money)| money);
            let first = found.next()?;
            found.next().is_none().then_some(first)
        };
        of(false).or_else(|| of(true))
    }

    /// The mark before the decimals of every amount.
    fn decimal_mark(&self, drafts: &[Result<Draft, Unreadable>]) -> anyhow::Result<DecimalMark> {
        if let Some(mark) = self.names.decimal_mark {
            return Ok(mark.into());
        }
        let drafts: Vec<&Draft> = drafts.iter().flatten().collect();
        let column: Vec<_> = drafts.iter().map(|draft| draft.written.clone()).collect();
        let (name, do_now) = (
            &self.names.amount,
            "set decimal_mark = \".\" or \",\" under [report]",
        );
        match decimal_mark(&column) {
            Ok(mark) => Ok(mark),
            Err(MarkError::Ambiguous(at)) => {
                let Draft { line, text, .. } = drafts[at];
                bail!(
                    "line {line}, column {name:?}: {text:?} may have decimals or thousands, and no line settles which: {do_now}"
                )
            }
            Err(MarkError::Contradictory { point, comma }) => {
                let (point, comma) = (drafts[point], drafts[comma]);
                bail!(
                    "column {name:?}: {:?} in line {} has a decimal point, and {:?} in line {} a decimal comma: {do_now}",
                    point.text,
                    point.line,
                    comma.text,
                    comma.line
                )
            }
        }
    }
}

impl Draft {
    fn with(self, mark: DecimalMark) -> Result<Row, Unreadable> {
        let amount = self.written.read(mark).ok_or_else(|| Unreadable {
            line: self.line,
            why: format!("{:?} is not an amount", self.text),
        })?;
        Ok(Row {
            line: self.line,
            gateway_ref: self.gateway_ref,
            trade_id: self.trade_id,
            amount,
            money: self.money,
            word: self.word,
            day: self.day,
        })
    }
}

/// An id without what keeps a spreadsheet from taking it for a number: `="2026…"`, `'2026…`.
fn plain_id(text: &str) -> String {
    let quoted = text
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.unwrap_or_else(|| text.strip_prefix('\'').unwrap_or(text));
    text.trim().to_owned()
}

/// Whether a line without an id is no payment: a line of totals, or one without an amount.
fn is_footer(line: &Line, amount: usize) -> bool {
    let empty = |cell: &str| cell.is_empty();
    line.cells.get(amount).is_none_or(empty) || line.cells.iter().any(is_total)
}

fn is_total(cell: &str) -> bool {
    let cell = cell.trim().to_lowercase();
    TOTALS.iter().any(|total| {
        cell.strip_prefix(total)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

fn holds(list: &[String], word: &str, any_case: bool) -> bool {
    list.iter().any(|own| match any_case {
        true => own.to_lowercase() == word.to_lowercase(),
        false => own == word,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::config::ConfiguredMark;

    fn words() -> ReportWords {
        let list = |word: &str| vec![word.to_owned()];
        ReportWords {
            paid: list("Paid"),
            voided: list("Refund"),
            unpaid: list("Failed"),
            pending: list("Open"),
            ignored: list("Fee"),
        }
    }

    fn read(text: &str) -> anyhow::Result<Report> {
        Report::read(text, &ReportConfig::default(), words(), "MYR")
    }

    /// Line, minor units and outcome of each row.
    fn rows(report: &Report) -> Vec<(u64, u64, MoneyOutcome)> {
        let rows = report.rows.iter().map(|row| row.as_ref().unwrap());
        rows.map(|row| (row.line, row.amount.minor, row.money))
            .collect()
    }

    #[test]
    fn what_stands_around_the_payments_is_left_out() {
        let text = "Merchant;Kedai Runcit\n\n\"Period\";1,000 to 2,000\n\nDate;TRANS_ID;trx_id;Fee;Amount;Status\n\
            2026-11-24;1;A;0,12;\"1.250,00\";PAID\n\n\
            2026-11-24;2;B;0,10;RM 12,50;paid\n\
            2026-11-24;2;B;;-12,50;Paid\n\
            2026-11-24;=\"3\";;;7,00 MYR;refund\n\
            2026-11-24;4;C;;5,00;failed\n\
            2026-11-24;;;;1,00;FEE\n\
            ;Total;;0,22;1.262,50;\n\
            ;;;;Total (4): 1.262,50;\n\
            Printed by the portal\n";
        let report = read(text).unwrap();
        use MoneyOutcome::{Returned, Taken, Unpaid};
        let expected = [
            (6, 125_000, Taken),
            (8, 1250, Taken),
            (9, 1250, Returned),
            (10, 700, Returned),
            (11, 500, Unpaid),
        ];
        assert_eq!(rows(&report), expected);
        assert_eq!(report.skipped, 4);
        let ids: Vec<_> = report
            .rows
            .iter()
            .flatten()
            .map(|row| row.gateway_ref.clone().unwrap())
            .collect();
        assert_eq!(ids, ["1", "2", "2", "3", "4"]);
    }

    #[test]
    fn a_line_that_may_be_a_payment_and_can_not_be_read_is_told() {
        let report = read("trans_id,amount,status\n1,five,Paid\n2,SGD 5.00,Paid\n3,-5.00,Failed\n4,5.00,Sure\n,5.00,Paid\n5,5.00,\n").unwrap();
        let told: Vec<_> = report
            .rows
            .iter()
            .map(|row| {
                row.as_ref()
                    .err()
                    .map(|row| (row.line, row.why.clone()))
                    .unwrap()
            })
            .collect();
        for ((line, why), (at, words)) in told.iter().zip([
            (2, "not an amount"),
            (3, "not an amount in MYR"),
            (4, "negative"),
            (5, "[report.words]"),
            (6, "no id"),
            (7, "no status"),
        ]) {
            assert_eq!(*line, at);
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn an_ambiguous_amount_is_an_error_with_its_place_and_what_to_do() {
        let text = "title\ntrans_id,amount,status\n1,RM 7,Paid\n2,\"1,250\",Paid\n";
        let error = read(text).unwrap_err().to_string();
        assert_eq!(
            error,
            "line 4, column \"amount\": \"1,250\" may have decimals or thousands, and no line settles which: set decimal_mark = \".\" or \",\" under [report]"
        );
        let configured = |mark| {
            let names = ReportConfig {
                decimal_mark: Some(mark),
                ..ReportConfig::default()
            };
            rows(&Report::read(text, &names, words(), "MYR").unwrap())[1].1
        };
        assert_eq!(configured(ConfiguredMark::Point), 125_000);
        assert_eq!(configured(ConfiguredMark::Comma), 125);
        let both = "trans_id;amount;status\n1;12.50;Paid\n2;12,50;Paid\n";
        let error = read(both).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("line 3"),
            "{error}"
        );
    }

    #[test]
    fn names_that_are_missing_or_there_twice_are_told() {
        for (text, words) in [
            ("a,b\n1,2\n", "first line is \"a,b\""),
            ("trans_id,amount,Amount\n1,2,3\n", "two columns"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let names = ReportConfig {
            date: Some("Settled on".to_owned()),
            ..ReportConfig::default()
        };
        let error = Report::read("trans_id,amount\n", &names, words(), "MYR").unwrap_err();
        assert!(error.to_string().contains("report.date"), "{error}");
    }

    /// How a portal writes its file.
    #[derive(Clone, Debug)]
    struct Style {
        delimiter: u8,
        encoding: usize,
        line_end: &'static str,
        decimal_comma: bool,
        separates_thousands: bool,
        all_decimals: bool,
        currency: usize,
        minus_for_returns: bool,
        upper_case: bool,
        lines_above: usize,
        totals: bool,
    }

    fn styles() -> impl Strategy<Value = Style> {
        let delimiter = prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')];
        let line_end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
        let flags = prop::array::uniform6(any::<bool>());
        (
            delimiter,
            0..6_usize,
            line_end,
            flags,
            0..3_usize,
            0..4_usize,
        )
            .prop_map(
                |(delimiter, encoding, line_end, flags, currency, lines_above)| {
                    let [
                        decimal_comma,
                        separates_thousands,
                        all_decimals,
                        minus_for_returns,
                        upper_case,
                        totals,
                    ] = flags;
                    Style {
                        delimiter,
                        encoding,
                        line_end,
                        decimal_comma,
                        separates_thousands,
                        all_decimals,
                        currency,
                        minus_for_returns,
                        upper_case,
                        lines_above,
                        totals,
                    }
                },
            )
    }

    fn amount(minor: u64, negative: bool, style: &Style) -> String {
        let (point, thousand) = if style.decimal_comma {
            (",", ".")
        } else {
            (".", ",")
        };
        let (ringgit, sen) = ((minor / 100).to_string(), minor % 100);
        let mut text = String::new();
        for (at, digit) in ringgit.chars().enumerate() {
            if style.separates_thousands && at > 0 && (ringgit.len() - at).is_multiple_of(3) {
                text.push_str(thousand);
            }
            text.push(digit);
        }
        if style.all_decimals || sen > 0 {
            text.push_str(&format!("{point}{sen:02}"));
        }
        let sign = if negative { "-" } else { "" };
        match style.currency {
            0 => format!("{sign}{text}"),
            1 => format!("{sign}RM {text}"),
            _ => format!("{sign}{text} MYR"),
        }
    }

    fn file(trades: &[(u64, MoneyOutcome)], style: &Style) -> Vec<u8> {
        let mut lines: Vec<Vec<String>> = Vec::new();
        for nth in 0..style.lines_above {
            lines.push(vec![format!("Period {nth}"), "1,000.00".to_owned()]);
        }
        let case = |text: &str| match style.upper_case {
            true => text.to_uppercase(),
            false => text.to_owned(),
        };
        lines.push(["trans_id", "fee", "amount", "status"].map(case).to_vec());
        for (nth, (minor, money)) in trades.iter().enumerate() {
            let is_return = *money == MoneyOutcome::Returned;
            let negative = is_return && style.minus_for_returns;
            let word = match money {
                MoneyOutcome::Taken => "paid",
                MoneyOutcome::Returned if negative => "paid",
                MoneyOutcome::Returned => "refund",
                MoneyOutcome::Unpaid => "failed",
                MoneyOutcome::Open => "open",
            };
            let fee = amount(minor / 100, false, style);
            lines.push(vec![
                nth.to_string(),
                fee,
                amount(*minor, negative, style),
                case(word),
            ]);
        }
        if style.totals {
            let sum = trades.iter().map(|(minor, _)| minor).sum();
            lines.push(vec![
                "Total".to_owned(),
                String::new(),
                amount(sum, false, style),
                String::new(),
            ]);
        }
        let mut writer = csv::WriterBuilder::new()
            .delimiter(style.delimiter)
            .flexible(true)
            .from_writer(Vec::new());
        lines
            .iter()
            .for_each(|line| writer.write_record(line).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let text = text.replace('\n', style.line_end);
        let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
        let big = || text.encode_utf16().flat_map(u16::to_be_bytes);
        match style.encoding {
            0 => text.into_bytes(),
            1 => [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
            2 => [0xff, 0xfe].into_iter().chain(little()).collect(),
            3 => [0xfe, 0xff].into_iter().chain(big()).collect(),
            4 => little().collect(),
            _ => big().collect(),
        }
    }

    proptest! {
        #[test]
        fn a_report_in_any_style_is_read_as_the_same_payments_or_not_at_all(
            trades in prop::collection::vec(
                (
                    prop_oneof![1_u64..50_000_000, (1_u64..5_000).prop_map(|ringgit| ringgit * 100)],
                    prop_oneof![
                        Just(MoneyOutcome::Taken),
                        Just(MoneyOutcome::Returned),
                        Just(MoneyOutcome::Unpaid),
                        Just(MoneyOutcome::Open),
                    ],
                ),
                1..10,
            ),
            style in styles(),
        ) {
            let bytes = file(&trades, &style);
            let text = text::decode(&bytes).unwrap();
            match read(&text) {
                Ok(report) => {
                    let first = style.lines_above as u64 + 2;
                    let expected: Vec<_> = (first..).zip(&trades).map(|(line, (minor, money))| (line, *minor, *money)).collect();
                    prop_assert_eq!(rows(&report), expected, "{}", text);
                    prop_assert_eq!(report.skipped, u64::from(style.totals));
                }
                Err(error) => prop_assert!(!style.all_decimals, "{}: {}", error, text),
            }
        }

        #[test]
        fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(text) = text::decode(&bytes) {
                let _ = read(&text);
                let _ = read(&format!("trans_id,amount,status\n{text}"));
            }
        }
    }
}
