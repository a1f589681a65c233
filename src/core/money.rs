//! Money: an amount in minor units and its currency. Never a float, never a bare integer.

use serde::{Deserialize, Serialize};

/// An amount of money: minor units and an ISO 4217 code. RM 12.50 is `1250` of `MYR`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units (sen, cents); up to 2^53 - 1, so that JavaScript keeps it exactly.
    pub minor: u64,
    /// Three upper-case letters of ISO 4217.
    pub currency: String,
}
