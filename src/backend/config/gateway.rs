//! The settings of the gateway.

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

/// The settings of the gateway.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The kind of gateway.
    pub kind: GatewayKind,
    /// The base address, including `/version1`.
    pub base_url: String,
    /// The merchant's API key.
    pub key: Secret,
    /// The merchant's API secret.
    pub secret: Secret,
    /// The merchant's code.
    pub merchant: Secret,
    /// The merchant's password.
    pub password: Secret,
    /// The currency of the merchant's account.
    pub currency: String,
    /// The largest amount of one trade, in minor units.
    pub max_amount_minor: u64,
    /// Whether unfinished payments are cancelled. `None`: if the vocabulary has a cancel.
    pub can_cancel: Option<bool>,
    /// After this age an unpaid trade can not be paid any more, as the gateway states it. `None` if it does not say.
    pub unpaid_final_after_ms: Option<Ms>,
    /// The gateway's vocabulary.
    pub words: Words,
}

impl GatewayConfig {
    /// Whether the gateway is asked to cancel.
    #[must_use]
    pub(crate) fn cancels(&self) -> bool {
        self.can_cancel.unwrap_or(self.words.cancel.is_some())
    }
}
