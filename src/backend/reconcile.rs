//! `kaunter-backend reconcile`: compares the gateway's report of a day with the store. Changes nothing; a person looks
//! into each difference.
//!
//! The report is read row by row. The trades of the day and of its two neighbours are held in memory. A payment just
//! before midnight may be in either day's report, and the gateway's clock may differ from the shop's.

mod print;
mod report;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use kaunter_core::money::Money;
use kaunter_core::trade::Trade;
use kaunter_core::wire::Status;
use serde::Serialize;

use crate::clock::DAY_MS;
use crate::config::Config;
use crate::limits::PAGE_ROWS;
use crate::store::{Filter, Store, word};
use report::{Report, Row};

/// What became of the money, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MoneyOutcome {
    /// Taken and kept.
    Taken,
    /// Taken and given back.
    Returned,
    /// None taken.
    Unpaid,
    /// Not decided yet.
    Open,
}

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
    /// A row of the report that can't be read.
    Unreadable,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The kind of difference.
    pub kind: Kind,
    /// The line in the report; the header is line 1.
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
    /// The number of rows in the report.
    pub rows: u64,
    /// Trades on which both sides agree.
    pub matched: u64,
    /// The differences.
    pub differences: Vec<Difference>,
}

impl Reconciled {
    /// True if both sides agree on everything.
    #[must_use]
    pub fn all_match(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A trade of the store, reduced to what is compared.
struct StoredTrade {
    trade_id: String,
    gateway_ref: Option<String>,
    amount: Money,
    status: Status,
    /// True if it is of the day itself, and not of a neighbour.
    due: bool,
    there: Option<ReportMatch>,
    agreed: bool,
}

/// The row of the report that matches it.
struct ReportMatch {
    money: MoneyOutcome,
    word: String,
    line: u64,
}

/// Compares a report with the store of this configuration.
///
/// # Errors
/// The day is not valid, the report lacks a column or can't be read, or the store can't be opened.
pub async fn reconcile(config: &Config, file: &Path, day: &str) -> anyhow::Result<Reconciled> {
    let span = config.day.day(day);
    let span = span.with_context(|| format!("{day} is not a day: write it as YYYY-MM-DD"))?;
    let mut report = Report::open(file, config)?;
    let store = Store::of(config).await?;
    let mut comparison = Comparison::default();
    let wide = span.start.saturating_sub(DAY_MS)..span.end + DAY_MS;
    let filter = Filter {
        shop: config.shop.clone(),
        span: Some(wide),
        reference: None,
        terminal: None,
        is_open: false,
    };
    let mut mark = None;
    loop {
        let page = store.list(&filter, mark.as_ref(), PAGE_ROWS).await?;
        for stored in &page {
            comparison.add(stored, span.contains(&stored.created_ms()));
        }
        match page.last() {
            Some(last) => mark = Some(filter.mark(last)),
            None => break,
        }
    }
    let mut rows = 0;
    while let Some(row) = report.next()? {
        rows += 1;
        let row = match row {
            Ok(row) => row,
            Err((line, why)) => {
                comparison.unreadable(line, why);
                continue;
            }
        };
        // Older than the day before: it is found only by its id.
        if comparison.find(&row).is_none()
            && let Some(trade_id) = &row.trade_id
            && let Some(stored) = store.find(Some(&config.shop), trade_id).await?
        {
            comparison.add(&stored, false);
        }
        comparison.compare(row);
    }
    Ok(comparison.finish(day, rows))
}

#[derive(Default)]
struct Comparison {
    own: Vec<StoredTrade>,
    by_trade_id: HashMap<String, usize>,
    by_gateway_ref: HashMap<String, usize>,
    differences: Vec<Difference>,
}

impl Comparison {
    fn add(&mut self, trade: &Trade, due: bool) {
        let facts = trade.facts();
        let at = self.own.len();
        self.by_trade_id.insert(facts.trade_id.clone(), at);
        if let Some(gateway_ref) = trade.gateway_ref() {
            self.by_gateway_ref.insert(gateway_ref.to_owned(), at);
        }
        self.own.push(StoredTrade {
            trade_id: facts.trade_id.clone(),
            gateway_ref: trade.gateway_ref().map(str::to_owned),
            amount: facts.sale.amount.clone(),
            status: trade.state().status(),
            due,
            there: None,
            agreed: true,
        });
    }

    fn find(&self, row: &Row) -> Option<usize> {
        let ours = row
            .trade_id
            .as_ref()
            .and_then(|id| self.by_trade_id.get(id));
        let theirs = || {
            row.gateway_ref
                .as_ref()
                .and_then(|id| self.by_gateway_ref.get(id))
        };
        ours.or_else(theirs).copied()
    }

    fn unreadable(&mut self, line: u64, why: String) {
        self.differences.push(Difference {
            kind: Kind::Unreadable,
            line: Some(line),
            trade_id: None,
            gateway_ref: None,
            here: None,
            there: Some(why),
        });
    }

    fn compare(&mut self, row: Row) {
        let Some(at) = self.find(&row) else {
            self.differences.push(Difference {
                kind: Kind::MissingHere,
                line: Some(row.line),
                there: Some(format!("{}, {}", row.amount, row.word)),
                trade_id: row.trade_id,
                gateway_ref: row.gateway_ref,
                here: None,
            });
            return;
        };
        let own = &mut self.own[at];
        if own.amount != row.amount {
            own.agreed = false;
            let (here, there) = (own.amount.to_string(), row.amount.to_string());
            self.differences
                .push(own.differs(Kind::Amount, row.line, here, there));
        }
        let new = ReportMatch {
            money: row.money,
            word: row.word,
            line: row.line,
        };
        // A payment and its refund may have a row each: then the refund counts.
        own.there = match own.there.take() {
            None => Some(new),
            Some(old) => match (old.money, new.money) {
                (MoneyOutcome::Taken, MoneyOutcome::Returned) => Some(new),
                (MoneyOutcome::Returned, MoneyOutcome::Taken) => Some(old),
                (_, _) => {
                    own.agreed = false;
                    let (here, there) = (word(own.status), format!("also in line {}", old.line));
                    self.differences
                        .push(own.differs(Kind::Twice, new.line, here, there));
                    Some(old)
                }
            },
        };
    }

    fn finish(mut self, day: &str, rows: u64) -> Reconciled {
        let mut matched = 0;
        for own in &self.own {
            let here = own.money();
            match &own.there {
                Some(there) if there.money != here => {
                    let (here, word) = (word(own.status), there.word.clone());
                    self.differences
                        .push(own.differs(Kind::State, there.line, here, word));
                }
                Some(_) if own.agreed => matched += 1,
                Some(_) => {}
                // The report may leave out trades that took no money.
                None if own.due && own.has_money() => self.differences.push(Difference {
                    kind: Kind::MissingThere,
                    line: None,
                    trade_id: Some(own.trade_id.clone()),
                    gateway_ref: own.gateway_ref.clone(),
                    here: Some(format!("{}, {}", own.amount, word(own.status))),
                    there: None,
                }),
                None => {}
            }
        }
        Reconciled {
            day: day.to_owned(),
            rows,
            matched,
            differences: self.differences,
        }
    }
}

impl StoredTrade {
    fn money(&self) -> MoneyOutcome {
        match self.status {
            Status::Paid | Status::LateSuccess => MoneyOutcome::Taken,
            Status::Voided => MoneyOutcome::Returned,
            Status::Declined | Status::Cancelled => MoneyOutcome::Unpaid,
            Status::Creating
            | Status::AwaitingCode
            | Status::AwaitingPayer
            | Status::Paying
            | Status::Pending
            | Status::Unknown
            | Status::Cancelling
            | Status::NeedsReview
            | Status::Voiding => MoneyOutcome::Open,
        }
    }

    fn has_money(&self) -> bool {
        match self.money() {
            MoneyOutcome::Taken | MoneyOutcome::Returned => true,
            MoneyOutcome::Unpaid => false,
            MoneyOutcome::Open => self.status.at_risk(),
        }
    }

    fn differs(&self, kind: Kind, line: u64, here: String, there: String) -> Difference {
        Difference {
            kind,
            line: Some(line),
            trade_id: Some(self.trade_id.clone()),
            gateway_ref: self.gateway_ref.clone(),
            here: Some(here),
            there: Some(there),
        }
    }
}
