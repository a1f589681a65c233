//! The settings of a sandbox, and the policy of its backend.

use kaunter_core::calendar::Offset;
use kaunter_core::desk::Limits;
use kaunter_core::policy::Policy;
use serde::Deserialize;

/// The only shop.
pub const SHOP: &str = "sandbox";
/// The currency of the play gateway.
pub const CURRENCY: &str = "MYR";
/// The largest amount of a trade: RM 50,000, as the backend's default.
const MAX_MINOR: u64 = 5_000_000;

/// The amounts that the play gateway takes.
pub(crate) const LIMITS: Limits<'static> = Limits {
    currency: CURRENCY,
    max_minor: MAX_MINOR,
};

/// Who decides about a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// The last two digits of its amount.
    #[default]
    Auto,
    /// The customer, on the phone.
    Manual,
}

/// The settings of a sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Ids and codes follow from it.
    pub seed: f64,
    /// Who decides about a payment.
    pub approval: Approval,
    /// How long a code that was handed over for one sale is refused for another.
    pub code_memory_s: u32,
}

/// The shop's clock: Malaysia's.
pub(crate) fn offset() -> Offset {
    "+08:00".parse().expect("it is an offset")
}

impl Settings {
    /// The policy of the backend: core's default, at a gateway that can cancel.
    pub(crate) fn policy(self) -> Policy {
        Policy {
            can_cancel: true,
            code_memory_s: self.code_memory_s.into(),
            day_offset_ms: offset().millis(),
            ..Policy::default()
        }
    }
}
