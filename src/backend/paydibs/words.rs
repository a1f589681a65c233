//! PayDibs' words. What nobody could read in its documents is an assumption, and so configuration.

use std::collections::BTreeMap;

use kaunter_core::wire::Reason;
use serde::Deserialize;

/// Which words a gateway is believed to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Only what is known.
    #[default]
    Plain,
    /// The simulator's: assumptions.
    Rich,
}

/// The gateway's vocabulary beyond what is known: data, never code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Codes that say that a payment definitely failed, and why.
    pub definite_codes: BTreeMap<u32, Reason>,
    /// Words of `pay_status`.
    pub paid: Vec<String>,
    /// The customer has to confirm.
    pub pending: Vec<String>,
    /// Not paid so far, and nobody is paying: no word on what comes, but one that lets a lost cancel be repeated.
    pub unpaid: Vec<String>,
    /// It failed for good.
    pub failed: Vec<String>,
    /// It was closed unpaid.
    pub closed: Vec<String>,
    /// The money was returned.
    pub voided: Vec<String>,
    /// Codes of the envelope that mean "renew the token".
    pub auth_error_codes: Vec<u32>,
    /// The call that cancels an unfinished payment, and its words.
    pub cancel: Option<CancelWords>,
    /// How the till shows a code that the customer scans; none: it can't.
    pub merchant_presented: Option<MerchantWords>,
}

/// How a gateway is asked for a code that the till shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantWords {
    /// `pay_type` of this way, in `create-trade` and in the list of wallets.
    pub pay_type: String,
    /// The field of `create-trade`'s answer that holds what the code says: an EMVCo text.
    pub field: String,
}

/// How a gateway cancels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelWords {
    /// The path below the gateway's address.
    pub path: String,
    /// The field of its answer.
    pub field: String,
    /// Closed unpaid.
    pub closed: String,
    /// Paid, and it stays so.
    pub too_late: String,
    /// Paid, and given back.
    pub refunded: String,
}

impl Words {
    /// A profile's words.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let word = |word: &str| vec![word.to_owned()];
        let plain = Self {
            paid: word("D"),
            auth_error_codes: vec![401],
            ..Self::default()
        };
        match profile {
            Profile::Plain => plain,
            Profile::Rich => Self {
                definite_codes: BTreeMap::from([
                    (4001, Reason::InsufficientFunds),
                    (4002, Reason::CodeExpired),
                    (4003, Reason::CodeUsed),
                    (4004, Reason::Limit),
                    (4005, Reason::WrongWallet),
                ]),
                pending: word("P"),
                unpaid: word("N"),
                failed: word("F"),
                closed: word("X"),
                voided: word("V"),
                cancel: Some(CancelWords {
                    path: "/payment/cancel-trade".to_owned(),
                    field: "cancel_status".to_owned(),
                    closed: "C".to_owned(),
                    too_late: "L".to_owned(),
                    refunded: "R".to_owned(),
                }),
                merchant_presented: Some(MerchantWords {
                    pay_type: "USM".to_owned(),
                    field: "merchant_qr_code".to_owned(),
                }),
                ..plain
            },
        }
    }
}
