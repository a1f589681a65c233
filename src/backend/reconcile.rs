//! `kaunter-backend reconcile`: compares the gateway's report of a day with the store, and says which trades under
//! review the report could settle. Only [`Reconciliation::settle`] changes something, if a person asks for it.
//!
//! The report, and the trades of the day and of its two neighbours, are held in memory. The report says to which day a
//! payment belongs. A payment near midnight may be in either day's report, so that none of the two lacks it.

mod comparison;
mod date;
mod print;
mod report;
mod settle;
mod table;
mod text;

use std::path::Path;

use anyhow::Context as _;
use kaunter_core::list::Filter;
use kaunter_core::wire::VerdictOutcome;
use serde::Serialize;

use crate::clock::{DAY_MS, wall_ms};
use crate::config::Config;
use crate::limits::PAGE_ROWS;
use crate::ownership;
use comparison::Comparison;
use report::Report;

/// How the two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The report has a trade that the store does not have.
    MissingHere,
    /// The store has a paid trade that the report does not have.
    MissingThere,
    /// Both have it, with different amounts.
    Amount,
    /// Both have it, with a different status.
    State,
    /// The report has it more than once.
    Twice,
    /// The report has our id of it with another id of the gateway.
    Id,
    /// A row of the report that can't be read.
    Unreadable,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The kind of difference.
    pub kind: Kind,
    /// The line in the report's file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Our trade id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade_id: Option<String>,
    /// The gateway's id of the trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_ref: Option<String>,
    /// What the store says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<String>,
    /// What the report says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<String>,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// The day.
    pub day: String,
    /// The number of lines about trades of the day.
    pub rows: u64,
    /// Lines about trades of other days, if the report has a date column.
    pub other_days: u64,
    /// Lines that are no payments: totals, fees, footnotes.
    pub skipped: u64,
    /// Trades on which both sides agree.
    pub matched: u64,
    /// The differences.
    pub differences: Vec<Difference>,
    /// Trades near midnight that this report lacks: the report of the day before or after may have them.
    pub near_midnight: Vec<NearMidnight>,
    /// Trades under review that the report names, and what it would settle.
    pub reviews: Vec<Review>,
}

/// A trade that may belong to the day before or after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMidnight {
    /// Our trade id.
    pub trade_id: String,
    /// The gateway's id of the trade.
    pub gateway_ref: Option<String>,
    /// What the store says.
    pub here: String,
}

/// A trade under review, and what the report says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Review {
    /// The line in the report's file, from 1.
    pub line: u64,
    /// Our trade id.
    pub trade_id: String,
    /// The verdict that the report would give, or has given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<VerdictOutcome>,
    /// Whether it was stored.
    pub settled: bool,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What the report says, for the audit trail.
    pub stated: String,
}

impl Reconciled {
    /// True if both sides agree on everything.
    #[must_use]
    pub fn all_match(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A report and the store of the same days.
#[derive(Debug)]
pub struct Reconciliation {
    day: String,
    comparison: Comparison,
    /// The hash of the report's file, in hex.
    sha256: String,
}

impl Reconciliation {
    /// Reads a report, and the trades of its day in the store of this configuration.
    ///
    /// # Errors
    /// The day is not valid, the report lacks a column or can't be read, or the store can't be opened.
    pub async fn open(config: &Config, file: &Path, day: &str) -> anyhow::Result<Self> {
        let (comparison, sha256) = compare(config, file, day).await?;
        Ok(Self {
            day: day.to_owned(),
            comparison,
            sha256,
        })
    }

    /// Both sides, compared.
    #[must_use]
    pub fn result(&self) -> Reconciled {
        self.comparison.finish()
    }
}

async fn compare(config: &Config, file: &Path, day: &str) -> anyhow::Result<(Comparison, String)> {
    let wrong = || format!("{day} is not a day: write it as YYYY-MM-DD");
    let span = config.day.day(day).with_context(wrong)?;
    let date: jiff::civil::Date = day.parse().ok().with_context(wrong)?;
    let report = Report::open(file, config)?;
    let is_over = wall_ms() >= span.end && written_ms(file).is_none_or(|at| at >= span.end);
    let store = ownership::open_own(config).await?;
    let wide = span.start.saturating_sub(DAY_MS)..span.end + DAY_MS;
    let mut comparison = Comparison::new(day, span, report.covers(config), is_over);
    comparison.skipped = report.skipped;
    let filter = Filter {
        span: Some(wide),
        reference: None,
        terminal: None,
        is_open: false,
    };
    let mut cursor = None;
    loop {
        let page = store.list(&config.shop, &filter, cursor.as_ref(), PAGE_ROWS);
        let page = page.await?;
        page.iter().for_each(|stored| comparison.add(stored));
        match page.last() {
            Some(last) => cursor = Some(filter.cursor(last)),
            None => break,
        }
    }
    for row in report.rows {
        let row = match row {
            Ok(row) => row,
            Err(unreadable) => {
                comparison.unreadable(unreadable);
                continue;
            }
        };
        // Older than the day before: it is found only by its id.
        if comparison.find(&row).is_none()
            && let Some(trade_id) = &row.trade_id
            && let Some(stored) = store.find(Some(&config.shop), trade_id).await?
        {
            comparison.add(&stored);
        }
        match row.day.is_none_or(|own| own == date) {
            true => comparison.compare(row),
            false => comparison.elsewhere(&row),
        }
    }
    Ok((comparison, report.sha256))
}

/// When a file was written last, if its system says so. A report that was written during its day lacks the rest of it.
fn written_ms(file: &Path) -> Option<u64> {
    let written = std::fs::metadata(file).ok()?.modified().ok()?;
    let since = written.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}
