//! Compares the lines of a report with the trades of the store.

use std::collections::HashMap;
use std::ops::Range;

use kaunter_core::policy::Ms;
use kaunter_core::report::{MoneyOutcome, Statement, Undecided, proposal};
use kaunter_core::trade::Trade;
use kaunter_core::wire::Status;

use super::report::{Row, Unreadable};
use super::{Difference, Kind, NearMidnight, Reconciled, Review};
use crate::store::word;

/// How far the gateway's clock may differ from ours at midnight.
const MIDNIGHT_MS: Ms = 60_000;

/// The longest account of a line in the audit trail, in characters.
const STATED_MAX_CHARS: usize = 200;

/// The trades of the store, and what the report says about them.
#[derive(Debug)]
pub(super) struct Comparison {
    day: String,
    span: Range<Ms>,
    /// The days that the report covers.
    covered: Range<Ms>,
    /// Whether the day was over when the report was written.
    is_over: bool,
    pub(super) skipped: u64,
    rows: u64,
    other_days: u64,
    own: Vec<StoredTrade>,
    by_trade_id: HashMap<String, usize>,
    by_gateway_ref: HashMap<String, usize>,
    differences: Vec<Difference>,
}

/// A trade of the store, with its lines in the report.
#[derive(Debug)]
pub(super) struct StoredTrade {
    pub(super) trade: Trade,
    /// The line of the report that counts.
    pub(super) there: Option<Row>,
    /// More than one payment and one return.
    is_repeated: bool,
    /// The report has it under another day.
    is_elsewhere: bool,
    agreed: bool,
}

impl Comparison {
    pub(super) fn new(
        day: &str,
        span: Range<Ms>,
        covered: Option<Range<Ms>>,
        is_over: bool,
    ) -> Self {
        Self {
            day: day.to_owned(),
            covered: covered.unwrap_or_else(|| span.clone()),
            span,
            is_over,
            skipped: 0,
            rows: 0,
            other_days: 0,
            own: Vec::new(),
            by_trade_id: HashMap::new(),
            by_gateway_ref: HashMap::new(),
            differences: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, trade: &Trade) {
        let at = self.own.len();
        self.by_trade_id.insert(trade.facts().trade_id.clone(), at);
        if let Some(gateway_ref) = trade.gateway_ref() {
            self.by_gateway_ref.insert(gateway_ref.to_owned(), at);
        }
        self.own.push(StoredTrade {
            trade: trade.clone(),
            there: None,
            is_repeated: false,
            is_elsewhere: false,
            agreed: true,
        });
    }

    pub(super) fn find(&self, row: &Row) -> Option<usize> {
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

    pub(super) fn unreadable(&mut self, Unreadable { line, why }: Unreadable) {
        self.rows += 1;
        self.differences.push(Difference {
            kind: Kind::Unreadable,
            line: Some(line),
            trade_id: None,
            gateway_ref: None,
            here: None,
            there: Some(why),
        });
    }

    /// A line of another day: its trade is not missing.
    pub(super) fn elsewhere(&mut self, row: &Row) {
        self.other_days += 1;
        if let Some(at) = self.find(row) {
            self.own[at].is_elsewhere = true;
        }
    }

    /// A line of the day.
    pub(super) fn compare(&mut self, row: Row) {
        self.rows += 1;
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
        let amount = &own.trade.facts().sale.amount;
        if *amount != row.amount {
            let (here, there) = (amount.to_string(), row.amount.to_string());
            self.differences
                .push(own.differs(Kind::Amount, row.line, here, there));
            own.agreed = false;
        }
        if let (Some(here), Some(there)) = (own.trade.gateway_ref(), &row.gateway_ref)
            && here != there
        {
            let (here, there) = (here.to_owned(), there.clone());
            self.differences
                .push(own.differs(Kind::Id, row.line, here, there));
            own.agreed = false;
        }
        // A payment and its refund may have a row each: then the refund counts.
        own.there = match own.there.take() {
            None => Some(row),
            Some(old) => match (old.money, row.money) {
                (MoneyOutcome::Taken, MoneyOutcome::Returned) => {
                    own.is_repeated |= !own.agreed;
                    Some(row)
                }
                (MoneyOutcome::Returned, MoneyOutcome::Taken) => {
                    own.is_repeated |= !own.agreed;
                    Some(old)
                }
                (_, _) => {
                    own.agreed = false;
                    own.is_repeated = true;
                    let (here, there) = (
                        word(own.trade.state().status()),
                        format!("also in line {}", old.line),
                    );
                    self.differences
                        .push(own.differs(Kind::Twice, row.line, here, there));
                    Some(old)
                }
            },
        };
    }

    /// What the report states about each trade that it names.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&StoredTrade, &Row, Statement<'_>)> {
        self.own.iter().filter_map(|own| {
            let row = own.there.as_ref()?;
            Some((own, row, self.statement(own, row)))
        })
    }

    fn statement<'a>(&self, own: &'a StoredTrade, row: &'a Row) -> Statement<'a> {
        Statement {
            trade_id: row.trade_id.as_deref(),
            gateway_ref: row.gateway_ref.as_deref(),
            amount: &row.amount,
            outcome: row.money,
            is_repeated: own.is_repeated,
            day_is_over: self.is_over,
        }
    }

    /// Both sides, compared.
    pub(super) fn finish(&self) -> Reconciled {
        let mut differences = self.differences.clone();
        let mut near_midnight = Vec::new();
        let mut matched = 0;
        for own in &self.own {
            let (here, status) = (own.money(), own.trade.state().status());
            match &own.there {
                Some(there) if there.money != here => {
                    let (here, word) = (word(status), there.word.clone());
                    differences.push(own.differs(Kind::State, there.line, here, word));
                }
                Some(_) if own.agreed => matched += 1,
                Some(_) => {}
                // The report may leave out trades that took no money.
                None if own.is_elsewhere || !own.has_money() => {}
                None => {
                    let here = format!("{}, {}", own.trade.facts().sale.amount, word(status));
                    let trade_id = own.trade.facts().trade_id.clone();
                    let gateway_ref = own.trade.gateway_ref().map(str::to_owned);
                    match self.belongs(&own.trade) {
                        Some(true) => differences.push(Difference {
                            kind: Kind::MissingThere,
                            line: None,
                            trade_id: Some(trade_id),
                            gateway_ref,
                            here: Some(here),
                            there: None,
                        }),
                        Some(false) => near_midnight.push(NearMidnight {
                            trade_id,
                            gateway_ref,
                            here,
                        }),
                        None => {}
                    }
                }
            }
        }
        Reconciled {
            day: self.day.clone(),
            rows: self.rows,
            other_days: self.other_days,
            skipped: self.skipped,
            matched,
            differences,
            near_midnight,
            reviews: self.reviews(),
        }
    }

    fn reviews(&self) -> Vec<Review> {
        let reviews = self.statements().filter_map(|(own, row, statement)| {
            let (outcome, why) = match proposal(&statement, &own.trade) {
                Ok(outcome) => (Some(outcome), None),
                Err(Undecided::NotReviewable) => return None,
                Err(why) => (None, Some(sentence(why).to_owned())),
            };
            Some(Review {
                line: row.line,
                trade_id: own.trade.facts().trade_id.clone(),
                outcome,
                settled: false,
                why,
                stated: row.stated(),
            })
        });
        reviews.collect()
    }

    /// Whether a trade belongs to the day: `Some(false)` if it may also belong to a neighbour that the report does not
    /// cover. Its money moved between its beginning and the time at which we knew.
    fn belongs(&self, trade: &Trade) -> Option<bool> {
        let first = trade.created_ms().saturating_sub(MIDNIGHT_MS);
        let last = trade.since_ms() + MIDNIGHT_MS;
        if last < self.span.start || first >= self.span.end {
            return None;
        }
        Some(self.covered.start <= first && last < self.covered.end)
    }
}

/// Why a report settles nothing.
pub(super) fn sentence(why: Undecided) -> &'static str {
    match why {
        Undecided::NotReviewable => "it is not under review any more",
        Undecided::DayNotOver => "the report was written before its day was over",
        Undecided::Repeated => "the report has it more than once",
        Undecided::OtherId => "the report has another id",
        Undecided::OtherAmount => "the report has another amount",
        Undecided::OtherQuestion => "the report does not answer what is open: a person decides",
        Undecided::NoAnswer => "the gateway did not answer: try again later",
        Undecided::Contradicted => "the gateway says otherwise now: ask its support",
    }
}

impl Row {
    /// What the line says, for a person.
    pub(super) fn stated(&self) -> String {
        let id = self.gateway_ref.as_ref().or(self.trade_id.as_ref());
        let id = id.map(String::as_str).unwrap_or_default();
        let text = format!("line {}: {id}, {}, {}", self.line, self.amount, self.word);
        // The report is untrusted text.
        let printable = text.chars().filter(|char| !char.is_control());
        printable.take(STATED_MAX_CHARS).collect()
    }
}

impl StoredTrade {
    fn money(&self) -> MoneyOutcome {
        match self.trade.state().status() {
            Status::Paid | Status::LateSuccess => MoneyOutcome::Taken,
            Status::Voided | Status::Reversed => MoneyOutcome::Returned,
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
            MoneyOutcome::Open => self.trade.state().status().at_risk(),
        }
    }

    fn differs(&self, kind: Kind, line: u64, here: String, there: String) -> Difference {
        Difference {
            kind,
            line: Some(line),
            trade_id: Some(self.trade.facts().trade_id.clone()),
            gateway_ref: self.trade.gateway_ref().map(str::to_owned),
            here: Some(here),
            there: Some(there),
        }
    }
}
