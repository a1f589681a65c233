//! PayDibs' vocabulary: the names of its fields, and their values. PayDibs publishes no documentation, so what is not
//! known for certain is configuration: [`Words`].

use std::collections::BTreeMap;

use kaunter_core::trade::{CancelAnswer, GatewayStatus};
use kaunter_core::wire::Reason;
use serde::Deserialize;

/// The names of fields, in calls and in answers.
pub(super) mod field {
    pub(crate) const ACTIVE: &str = "active";
    pub(crate) const AMOUNT: &str = "amount";
    pub(crate) const AUTH_TOKEN: &str = "Auth_Token";
    pub(crate) const CURRENCY: &str = "currency";
    pub(crate) const ID: &str = "id";
    pub(crate) const INTEGRATOR_ID: &str = "integrator_id";
    pub(crate) const INTEGRATOR_LOGO_LINK: &str = "integrator_logo_link";
    pub(crate) const INTEGRATOR_NAME: &str = "integrator_name";
    pub(crate) const LOGIN_ID: &str = "login_id";
    pub(crate) const LOGIN_PASSWORD: &str = "login_password";
    pub(crate) const PAY_STATUS: &str = "pay_status";
    pub(crate) const PAY_TYPE: &str = "pay_type";
    pub(crate) const SIGN: &str = "sign";
    pub(crate) const STATUS: &str = "status";
    pub(crate) const TIME: &str = "time";
    /// PayDibs' name of a void.
    pub(crate) const TRANSACTION_ID: &str = "transaction_id";
    /// PayDibs' name of a trade.
    pub(crate) const TRANS_ID: &str = "trans_id";
    /// Our name of a trade.
    pub(crate) const TRX_ID: &str = "trx_id";
    pub(crate) const USER_ORDER_STATUS: &str = "user_order_status";
    pub(crate) const USER_QR_CODE: &str = "user_qr_code";
    pub(crate) const VOID_PIN: &str = "void_pin";
}

/// Columns of the daily report. Its format is not published: these are the names of the API.
pub(crate) mod column {
    use super::field;

    pub(crate) const GATEWAY_REF: &str = field::TRANS_ID;
    pub(crate) const TRADE_ID: &str = field::TRX_ID;
    pub(crate) const AMOUNT: &str = field::AMOUNT;
    pub(crate) const STATUS: &str = field::STATUS;
}

/// `code` of an envelope.
pub(super) mod code {
    /// Success.
    pub(crate) const OK: u32 = 200;
    /// The gateway's own faults: they refuse nothing.
    pub(crate) const FAULTS: std::ops::Range<u32> = 500..600;
}

/// `data.status` of an answer: each call has its own numbers.
pub(super) mod status {
    /// Token: the answer holds a token.
    pub(crate) const TOKEN_GRANTED: u64 = 1;
    /// Payment: accepted. Paid if `user_order_status` says so, and pending otherwise.
    pub(crate) const PAYMENT_ACCEPTED: u64 = 200;
    /// Void: the money was given back.
    pub(crate) const VOID_DONE: u64 = 1;
    /// Void: there is no such payment, so no money was given back.
    pub(crate) const VOID_NOT_FOUND: u64 = 3;
    /// Void: the merchant's password is wrong, so no money was given back.
    pub(crate) const VOID_WRONG_PASSWORD: u64 = 6;
    /// Void: no money was given back.
    pub(crate) const VOID_FAILED: u64 = 7;
    /// Void: every number that is known. 5 is a timeout and 8 unknown: they decide nothing.
    pub(crate) const VOID_KNOWN: [u64; 6] = [
        VOID_DONE,
        VOID_NOT_FOUND,
        5,
        VOID_WRONG_PASSWORD,
        VOID_FAILED,
        8,
    ];
}

/// `data.user_order_status` of a payment.
pub(super) mod order {
    /// The money is taken.
    pub(crate) const PAID: &str = "S";
}

/// `active` of a test wallet.
const TEST_WALLET: &str = "T";
/// `pay_type` of the mode in which the merchant scans the customer's code.
pub(super) const CONSUMER_PRESENTED: &str = "MSU";

/// The vocabulary that a gateway is assumed to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Only what is known for certain.
    #[default]
    Documented,
    /// The sandbox's vocabulary: assumptions.
    Sandbox,
}

/// The gateway's vocabulary beyond what is known for certain. Configuration, and not code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Codes that mean that a payment definitely failed, and why.
    pub declined_codes: BTreeMap<u32, Reason>,
    /// Values of `pay_status`.
    pub paid: Vec<String>,
    /// The customer has to confirm.
    pub pending: Vec<String>,
    /// Not paid so far, and nobody is paying. The payment can still succeed, but a lost cancel may be repeated.
    pub unpaid: Vec<String>,
    /// It failed and can not succeed any more.
    pub failed: Vec<String>,
    /// It was closed unpaid.
    pub closed: Vec<String>,
    /// The whole amount was returned: a void, or a refund in full. A word for a part of it does not belong here.
    pub voided: Vec<String>,
    /// Codes of the envelope that mean that the token must be renewed.
    pub renew_token_codes: Vec<u32>,
    /// Values of `active` of wallets that tills may offer. `""` stands for a wallet without the field.
    #[serde(default = "active_words")]
    pub active: Vec<String>,
    /// Values of `active` of wallets that are switched off.
    pub inactive: Vec<String>,
    /// The field of a wallet in the list that holds its smallest amount, if the list has one.
    pub min_amount_field: Option<String>,
    /// The field of a wallet in the list that holds its largest amount, if the list has one.
    pub max_amount_field: Option<String>,
    /// The call that cancels an unfinished payment, and its vocabulary.
    pub cancel: Option<CancelWords>,
    /// How the till shows a code that the customer scans; `None` if the gateway has no such code.
    pub merchant_presented: Option<MerchantWords>,
}

/// How the gateway creates a code that the till shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantWords {
    /// `pay_type` of this mode, in `create-trade` and in the list of wallets.
    pub pay_type: String,
    /// The field of `create-trade`'s answer that holds the code's text: an EMVCo code.
    pub field: String,
}

/// How the gateway cancels.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelWords {
    /// The path below the gateway's address.
    pub path: String,
    /// The field of its answer.
    pub field: String,
    /// Closed unpaid.
    pub closed: String,
    /// Paid, and the money was kept.
    pub too_late: String,
    /// Paid, and the money was given back.
    pub refunded: String,
}

/// The value of `active` that is assumed: without one, no sale could begin.
fn active_words() -> Vec<String> {
    vec!["Y".to_owned()]
}

/// What `active` says about a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WalletState {
    /// Tills may offer it.
    Active,
    /// It pays with test money.
    Test,
    /// It is switched off.
    Inactive,
    /// The vocabulary does not have the word, so the wallet is not offered.
    Unknown,
}

impl Words {
    /// The vocabulary of a profile.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let word = |word: &str| vec![word.to_owned()];
        let documented = Self {
            paid: word("D"),
            renew_token_codes: vec![401],
            active: active_words(),
            ..Self::default()
        };
        match profile {
            Profile::Documented => documented,
            Profile::Sandbox => Self {
                declined_codes: BTreeMap::from([
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
                inactive: word("N"),
                min_amount_field: Some("min_amount".to_owned()),
                max_amount_field: Some("max_amount".to_owned()),
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
                ..documented
            },
        }
    }

    /// What a value of `pay_status` means.
    pub(super) fn status(&self, word: Option<&str>) -> GatewayStatus {
        let is = |list: &[String]| word.is_some_and(|word| list.iter().any(|own| own == word));
        if is(&self.paid) {
            GatewayStatus::Paid
        } else if is(&self.pending) {
            GatewayStatus::Pending
        } else if is(&self.unpaid) {
            GatewayStatus::Unpaid
        } else if is(&self.failed) {
            GatewayStatus::Failed(Reason::Other)
        } else if is(&self.closed) {
            GatewayStatus::Closed
        } else if is(&self.voided) {
            GatewayStatus::Voided
        } else if word.is_some() {
            GatewayStatus::Unlisted
        } else {
            GatewayStatus::Unclear
        }
    }

    /// Whether the vocabulary has this value of `pay_status`.
    pub(super) fn knows_status(&self, word: &str) -> bool {
        let status = self.status(Some(word));
        !matches!(status, GatewayStatus::Unclear | GatewayStatus::Unlisted)
    }

    /// What a value of `active` means.
    pub(super) fn wallet_state(&self, word: &str) -> WalletState {
        let is = |list: &[String]| list.iter().any(|own| own == word);
        if word == TEST_WALLET {
            WalletState::Test
        } else if is(&self.active) {
            WalletState::Active
        } else if is(&self.inactive) {
            WalletState::Inactive
        } else {
            WalletState::Unknown
        }
    }

    /// Why a payment definitely failed; `None` if the envelope's code does not say so.
    pub(super) fn definite(&self, code: Option<u32>) -> Option<Reason> {
        self.declined_codes.get(&code?).copied()
    }
}

impl CancelWords {
    /// What a value of the cancel's answer means.
    pub(super) fn answer(&self, word: Option<&str>) -> CancelAnswer {
        match word.filter(|word| !word.is_empty()) {
            Some(word) if word == self.closed => CancelAnswer::Closed,
            Some(word) if word == self.too_late => CancelAnswer::TooLate,
            Some(word) if word == self.refunded => CancelAnswer::Refunded,
            Some(_) | None => CancelAnswer::Unclear,
        }
    }
}
