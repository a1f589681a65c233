//! The gateway's day report: its columns, and the words of its status.

use serde::Deserialize;

use crate::paydibs::words::{Words, column};

/// How a gateway's day report is read: its columns by their names, its words for how a payment stands. PayDibs' own
/// format is not known; the defaults are the names of its API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// The gateway's name of the trade.
    pub gateway_ref: String,
    /// Ours; where a row has it, it is the one that is looked for.
    pub trade_id: String,
    /// Ringgit with decimals.
    pub amount: String,
    /// How the payment stands; a report without this column is one of payments that were taken.
    pub status: String,
    /// What stands between two columns.
    pub delimiter: char,
    /// Words of the status column, where they are not those of the gateway's status call.
    pub words: Option<ReportWords>,
}

/// What a report's words mean.
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
    /// The words of the status column, of a gateway that has these.
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
