//! The calls of the PayDibs POS API as data: one function for each call, each field of [`Call`] a column of the table.
//! [`super::Paydibs::send`] sends one.

use kaunter_core::trade::Facts;

use super::words::{CONSUMER_PRESENTED, CancelWords, field};
use crate::gateway::http::Connection;
use crate::secret::Secret;

/// The name of the status check, which the backend makes every `poll_ms` for an open payment.
pub(super) const STATUS: &str = "status";
/// The names of the other calls.
pub(super) const TOKEN: &str = "token";
pub(super) const WALLETS: &str = "integrators";
pub(super) const CREATE: &str = "create";
pub(super) const PAY: &str = "pay";
pub(super) const CANCEL: &str = "cancel";
pub(super) const VOID: &str = "void";

/// A call's fields, without `time` and `sign`.
pub(super) type Fields = Vec<(&'static str, String)>;

/// One call.
pub(super) struct Call<'a> {
    /// Its name in logs and metrics.
    pub(super) name: &'static str,
    /// The path below the gateway's base address.
    pub(super) path: &'a str,
    pub(super) fields: Fields,
    pub(super) timeout: AnswerTimeout,
    pub(super) connection: Connection,
    pub(super) repeat: Repeat,
    /// The field of its answer that decides, if the envelope's code says "ok".
    pub(super) decides: Option<&'a str>,
    pub(super) masks: Masks<'a>,
}

/// How long to wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnswerTimeout {
    /// `poll_ms` of the policy: a payment waits behind it.
    Proof,
    /// `read_timeout_ms` of the policy.
    Short,
    /// `pay_timeout_ms` of the policy: a wallet may ask its customer first.
    Long,
}

/// Whether a call may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Never: it moves money, or it asks for a token. It takes a token that will not expire during the call.
    Never,
    /// Once, if the gateway did not read the first: it was not sent, or its token was refused.
    WhenRefusedEarly,
    /// Also after a pause, if the gateway refused it with 429.
    WhenRefusedEarlyOrThrottled,
}

/// What an answer may repeat to a cashier, and what must be masked.
#[derive(Default)]
pub(super) struct Masks<'a> {
    /// The customer's code, if the call sends it.
    pub(super) code: Option<&'a str>,
    /// The trade's own ids, which are shown.
    pub(super) ids: Vec<&'a str>,
}

impl<'a> Masks<'a> {
    fn of(facts: &'a Facts, trans_id: &'a str) -> Self {
        Self {
            code: None,
            ids: vec![&facts.trade_id, trans_id, &facts.sale.reference],
        }
    }
}

/// Fetches a token.
pub(super) fn token(merchant: &Secret, password_hash: String) -> Call<'static> {
    Call {
        name: TOKEN,
        path: "/token/api-token",
        fields: vec![
            (field::LOGIN_ID, merchant.expose().to_owned()),
            (field::LOGIN_PASSWORD, password_hash),
        ],
        timeout: AnswerTimeout::Short,
        connection: Connection::Reused,
        repeat: Repeat::Never,
        decides: Some(field::STATUS),
        masks: Masks::default(),
    }
}

/// Fetches the wallets of one mode.
pub(super) fn wallets(pay_type: &str) -> Call<'static> {
    Call {
        name: WALLETS,
        path: "/payment/integrator-master",
        fields: vec![(field::PAY_TYPE, pay_type.to_owned())],
        timeout: AnswerTimeout::Short,
        connection: Connection::Reused,
        repeat: Repeat::WhenRefusedEarly,
        decides: None,
        masks: Masks::default(),
    }
}

/// Proves that the gateway accepts the token: the same list, fetched before a call that may leave only once.
pub(super) fn proof() -> Call<'static> {
    Call {
        timeout: AnswerTimeout::Proof,
        repeat: Repeat::Never,
        ..wallets(CONSUMER_PRESENTED)
    }
}

/// Creates a trade. Nothing is presented yet: a trade that is created twice is paid at most once.
pub(super) fn create<'a>(facts: &'a Facts, pay_type: &str) -> Call<'a> {
    Call {
        name: CREATE,
        path: "/payment/create-trade",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::AMOUNT, facts.sale.amount.decimal()),
            (field::TRX_ID, facts.trade_id.clone()),
            (field::PAY_TYPE, pay_type.to_owned()),
        ],
        timeout: AnswerTimeout::Short,
        connection: Connection::Fresh,
        repeat: Repeat::WhenRefusedEarlyOrThrottled,
        decides: None,
        masks: Masks::of(facts, ""),
    }
}

/// Takes the money with a customer's code.
pub(super) fn pay<'a>(facts: &'a Facts, trans_id: &'a str, code: &'a Secret) -> Call<'a> {
    Call {
        name: PAY,
        path: "/payment/payment",
        fields: vec![
            (field::USER_QR_CODE, code.expose().to_owned()),
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::AMOUNT, facts.sale.amount.decimal()),
            (field::TRANS_ID, trans_id.to_owned()),
        ],
        timeout: AnswerTimeout::Long,
        connection: Connection::Fresh,
        repeat: Repeat::Never,
        decides: Some(field::USER_ORDER_STATUS),
        masks: Masks {
            code: Some(code.expose()),
            ..Masks::of(facts, trans_id)
        },
    }
}

/// Checks the status of a trade.
pub(super) fn status<'a>(facts: &'a Facts, trans_id: &'a str, connection: Connection) -> Call<'a> {
    Call {
        name: STATUS,
        path: "/payment/check-status",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::TRANS_ID, trans_id.to_owned()),
        ],
        timeout: AnswerTimeout::Short,
        connection,
        repeat: Repeat::WhenRefusedEarly,
        decides: Some(field::PAY_STATUS),
        masks: Masks::of(facts, trans_id),
    }
}

/// Closes an unpaid trade. This call is an assumption, so its path and its words are configuration.
pub(super) fn cancel<'a>(facts: &'a Facts, trans_id: &'a str, words: &'a CancelWords) -> Call<'a> {
    Call {
        name: CANCEL,
        path: &words.path,
        fields: vec![(field::TRANS_ID, trans_id.to_owned())],
        timeout: AnswerTimeout::Short,
        connection: Connection::Fresh,
        repeat: Repeat::WhenRefusedEarly,
        decides: Some(&words.field),
        masks: Masks::of(facts, trans_id),
    }
}

/// Gives the money of a paid trade back.
pub(super) fn void<'a>(facts: &'a Facts, trans_id: &'a str, password_hash: String) -> Call<'a> {
    Call {
        name: VOID,
        path: "/payment/process-void",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::TRANS_ID, trans_id.to_owned()),
            (field::VOID_PIN, password_hash),
        ],
        timeout: AnswerTimeout::Long,
        connection: Connection::Fresh,
        repeat: Repeat::Never,
        decides: Some(field::STATUS),
        masks: Masks::of(facts, trans_id),
    }
}

#[cfg(test)]
mod tests {
    use kaunter_core::money::Money;
    use kaunter_core::wire::{CodeMode, Sale};

    use super::*;

    fn facts() -> Facts {
        let amount = Money {
            minor: 1250,
            currency: "MYR".to_owned(),
        };
        Facts {
            trade_id: "K-1".to_owned(),
            shop: "shop".to_owned(),
            terminal: "till".to_owned(),
            cashier: None,
            attempt: 1,
            sale: Sale {
                reference: "bill-1".to_owned(),
                amount,
            },
            wallet_id: "23".to_owned(),
            wallet_name: String::new(),
            mode: CodeMode::ConsumerPresented,
        }
    }

    #[test]
    fn what_changes_something_has_its_own_connection_and_what_moves_money_leaves_once() {
        let (facts, code) = (facts(), Secret::new("code"));
        let words = CancelWords {
            path: "/cancel".to_owned(),
            field: "word".to_owned(),
            closed: "C".to_owned(),
            too_late: "L".to_owned(),
            refunded: "R".to_owned(),
        };
        let money = [
            pay(&facts, "T-1", &code),
            void(&facts, "T-1", "hash".to_owned()),
        ];
        for call in &money {
            assert_eq!(call.repeat, Repeat::Never, "{}", call.name);
        }
        let others = [create(&facts, "MSU"), cancel(&facts, "T-1", &words)];
        for call in money.iter().chain(&others) {
            assert_eq!(call.connection, Connection::Fresh, "{}", call.name);
        }
    }
}
