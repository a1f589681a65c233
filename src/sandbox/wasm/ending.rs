//! How the payment of one sale ends, where a test says so: `kaunter/testing` plans it.

use kaunter_core::wire::Reason;
use kaunter_model::script::Decision;

/// What the customer and the gateway do with a payment, whatever its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is paid at once.
    Paid,
    /// The gateway refuses it.
    Declined(Reason),
    /// The customer never answers, so the backend cancels it when its time is up.
    Cancelled,
    /// From the payment on, the gateway answers nothing about this trade.
    Unconfirmed,
}

impl Ending {
    /// The ending with this name: a status, or the reason of a refusal.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "paid" => Self::Paid,
            "cancelled" => Self::Cancelled,
            "unconfirmed" => Self::Unconfirmed,
            "code_expired" => Self::Declined(Reason::CodeExpired),
            "code_used" => Self::Declined(Reason::CodeUsed),
            "insufficient_funds" => Self::Declined(Reason::InsufficientFunds),
            "limit" => Self::Declined(Reason::Limit),
            "wrong_wallet" => Self::Declined(Reason::WrongWallet),
            "other" => Self::Declined(Reason::Other),
            _ => return None,
        })
    }

    pub(crate) fn decision(self) -> Decision {
        match self {
            Self::Paid => Decision::Charge,
            Self::Declined(reason) => Decision::Refuse {
                code: 4000,
                message: "refused, as a test has planned",
                reason,
            },
            Self::Cancelled | Self::Unconfirmed => Decision::Wait {
                answer: None,
                asks_phone: false,
            },
        }
    }
}
