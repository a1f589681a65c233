//! The gateway's report: CSV with a header. Its column names and its words are configuration.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord, Trim};
use kaunter_core::money::Money;

use super::MoneyOutcome;
use crate::config::{Config, ReportWords};

/// A report, read row by row.
pub(super) struct Report {
    reader: csv::Reader<File>,
    record: StringRecord,
    /// The header is line 1. The library counts lines differently before and after a carriage return.
    line: u64,
    columns: Columns,
    words: ReportWords,
    currency: String,
}

struct Columns {
    gateway_ref: Option<usize>,
    trade_id: Option<usize>,
    amount: usize,
    status: Option<usize>,
}

/// A row that could be read.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) gateway_ref: Option<String>,
    pub(super) trade_id: Option<String>,
    pub(super) amount: Money,
    pub(super) money: MoneyOutcome,
    /// The status in the report's own words.
    pub(super) word: String,
}

impl Report {
    pub(super) fn open(path: &Path, config: &Config) -> anyhow::Result<Self> {
        let names = &config.report;
        let delimiter = u8::try_from(names.delimiter).context("report.delimiter must be ASCII")?;
        let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(Trim::All)
            .flexible(true)
            .from_reader(file);
        let head = reader
            .headers()
            .context("the report's header line can't be read")?;
        let at = |name: &str| {
            let same = |own: &str| {
                own.trim_start_matches('\u{feff}')
                    .eq_ignore_ascii_case(name)
            };
            head.iter().position(same)
        };
        let (gateway_ref, trade_id) = (at(&names.gateway_ref), at(&names.trade_id));
        let (Some(amount), Some(_)) = (at(&names.amount), gateway_ref.or(trade_id)) else {
            let has: Vec<_> = head.iter().collect();
            bail!(
                "the report needs the column {:?} and one of {:?} and {:?}, and has {has:?}: name them under [report] or with --column",
                names.amount,
                names.gateway_ref,
                names.trade_id
            );
        };
        let columns = Columns {
            gateway_ref,
            trade_id,
            amount,
            status: at(&names.status),
        };
        Ok(Self {
            reader,
            record: StringRecord::new(),
            line: 1,
            columns,
            words: names.words(&config.gateway.words),
            currency: config.gateway.currency.clone(),
        })
    }

    /// The next row, or its line and why it can't be read; `None` at the end.
    ///
    /// # Errors
    /// The file can't be read further.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Result<Row, (u64, String)>>> {
        let read = self.reader.read_record(&mut self.record);
        self.line += 1;
        let line = self.line;
        match read {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(self.row(line).map_err(|why| (line, why)))),
            Err(error) if error.is_io_error() => Err(error).context("reading the report"),
            Err(_) => Ok(Some(Err((line, "this is no UTF-8".to_owned())))),
        }
    }

    fn row(&self, line: u64) -> Result<Row, String> {
        let text = |at: Option<usize>| {
            let text = at.and_then(|at| self.record.get(at)).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let (gateway_ref, trade_id) = (text(self.columns.gateway_ref), text(self.columns.trade_id));
        if gateway_ref.is_none() && trade_id.is_none() {
            return Err("no name of a trade".to_owned());
        }
        let amount = text(Some(self.columns.amount)).ok_or("no amount")?;
        // Some reports separate thousands: 1,250.00.
        let amount = Money::parse(&amount.replace(',', ""), &self.currency)
            .map_err(|_| format!("{amount:?} is not an amount"))?;
        let word = text(self.columns.status);
        let money = match (&word, self.columns.status) {
            (Some(word), _) => self.money_outcome(word).ok_or_else(|| {
                format!("{word:?} is not under [report.words]: add it there with its meaning")
            })?,
            (None, None) => MoneyOutcome::Taken,
            (None, Some(_)) => return Err("no status".to_owned()),
        };
        Ok(Row {
            line,
            gateway_ref,
            trade_id,
            amount,
            money,
            word: word.unwrap_or_else(|| "taken".to_owned()),
        })
    }

    fn money_outcome(&self, word: &str) -> Option<MoneyOutcome> {
        let words = &self.words;
        [
            (&words.paid, MoneyOutcome::Taken),
            (&words.voided, MoneyOutcome::Returned),
            (&words.unpaid, MoneyOutcome::Unpaid),
            (&words.pending, MoneyOutcome::Open),
        ]
        .into_iter()
        .find(|(list, _)| list.iter().any(|own| own == word))
        .map(|(_, kept)| kept)
    }
}
