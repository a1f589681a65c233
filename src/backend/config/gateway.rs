//! The gateway: which one, where it is, and what it is told.

use kaunter_core::policy::Ms;
use serde::Deserialize;

use crate::paydibs::words::Words;
use crate::secret::Secret;

/// The gateways that this backend knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayKind {
    /// PayDibs.
    #[default]
    Paydibs,
}

/// Where the gateway is, and what it is told.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Which one it is.
    pub kind: GatewayKind,
    /// Its address, up to and with `/version1`.
    pub base_url: String,
    /// The merchant's API key.
    pub key: Secret,
    /// The merchant's API secret.
    pub secret: Secret,
    /// The merchant's code.
    pub merchant: Secret,
    /// The merchant's password.
    pub password: Secret,
    /// The currency it takes.
    pub currency: String,
    /// The largest amount of one trade, in minor units.
    pub max_amount_minor: u64,
    /// Whether an unfinished payment is cancelled; none: where its words have a cancel.
    pub can_cancel: Option<bool>,
    /// An unpaid trade of this age is never paid any more, on the gateway's word; none where it gave none.
    pub unpaid_final_after_ms: Option<Ms>,
    /// Its vocabulary.
    pub words: Words,
}

impl GatewayConfig {
    /// Whether the gateway is asked to cancel.
    #[must_use]
    pub(crate) fn cancels(&self) -> bool {
        self.can_cancel.unwrap_or(self.words.cancel.is_some())
    }
}
