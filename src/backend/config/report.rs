//! The gateway's daily report: its columns, and the values of its status column.

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
    /// The column with the status. A report without it lists paid trades only.
    pub status: String,
    /// The delimiter between two columns.
    pub delimiter: char,
    /// Values of the status column that differ from those of the status call.
    pub words: Option<ReportWords>,
}

/// What a value of the status column means.
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
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            gateway_ref: column::GATEWAY_REF.to_owned(),
            trade_id: column::TRADE_ID.to_owned(),
            amount: column::AMOUNT.to_owned(),
            status: column::STATUS.to_owned(),
            delimiter: ',',
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
        })
    }
}
