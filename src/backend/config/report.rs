//! The gateway's daily report: its columns, and the values of its status column.

use kaunter_core::report::amount::DecimalMark;
use serde::Deserialize;

use crate::paydibs::words::{Words, column};

/// How the gateway's daily report is read. PayDibs does not publish its format; the defaults are the names of its API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// The column with the gateway's id of the trade.
    pub gateway_ref: String,
    /// The column with our trade id. If a row has one, the trade is found by it.
    pub trade_id: String,
    /// The column with the amount, in ringgit with decimals.
    pub amount: String,
    /// The column with the currency of the amount, if it has one of its own.
    pub currency: Option<String>,
    /// The column with the status. A report without it lists paid trades only.
    pub status: String,
    /// The column with the day to which the gateway counts a payment.
    pub date: Option<String>,
    /// How that column writes a day, as `strptime` has it. By default it is `2026-11-24`, `2026/11/24` or `20261124`.
    pub date_format: Option<String>,
    /// The mark before the decimals. By default the column of amounts settles it.
    pub decimal_mark: Option<ConfiguredMark>,
    /// The delimiter between two columns. By default the line of names settles it.
    pub delimiter: Option<char>,
    /// Values of the status column that differ from those of the status call.
    pub words: Option<ReportWords>,
}

/// A decimal point or a decimal comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ConfiguredMark {
    /// "12.50".
    #[serde(rename = ".")]
    Point,
    /// "12,50".
    #[serde(rename = ",")]
    Comma,
}

impl From<ConfiguredMark> for DecimalMark {
    fn from(mark: ConfiguredMark) -> Self {
        match mark {
            ConfiguredMark::Point => Self::Point,
            ConfiguredMark::Comma => Self::Comma,
        }
    }
}

/// What a value of the status column means. The letter case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportWords {
    /// The money was taken.
    pub paid: Vec<String>,
    /// The money was returned.
    pub voided: Vec<String>,
    /// No money was taken.
    pub unpaid: Vec<String>,
    /// Not decided when the report was written.
    pub pending: Vec<String>,
    /// The line is no payment and no return: a fee, a transfer to the bank.
    pub ignored: Vec<String>,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            gateway_ref: column::GATEWAY_REF.to_owned(),
            trade_id: column::TRADE_ID.to_owned(),
            amount: column::AMOUNT.to_owned(),
            currency: None,
            status: column::STATUS.to_owned(),
            date: None,
            date_format: None,
            decimal_mark: None,
            delimiter: None,
            words: None,
        }
    }
}

impl ReportConfig {
    /// The values of the status column for this gateway's vocabulary.
    #[must_use]
    pub(crate) fn words(&self, gateway: &Words) -> ReportWords {
        self.words.clone().unwrap_or_else(|| ReportWords {
            paid: gateway.paid.clone(),
            voided: gateway.voided.clone(),
            unpaid: [gateway.failed.clone(), gateway.closed.clone()].concat(),
            pending: gateway.pending.clone(),
            ignored: Vec::new(),
        })
    }
}
