//! The calls of the PayDibs POS API as data: one function for each call, each field of [`Call`] a column of the table.
//! [`super::Paydibs::send`] sends one.

use kaunter_core::trade::Facts;

use super::words::{CancelWords, field};
use crate::gateway::http::Connection;
use crate::secret::Secret;

/// The name of the question that every open payment asks every two seconds.
pub(super) const STATUS: &str = "status";

/// A call's fields, without `time` and `sign`.
pub(super) type Fields = Vec<(&'static str, String)>;

/// One call.
pub(super) struct Call<'a> {
    /// What logs and metrics call it.
    pub(super) name: &'static str,
    /// Below the gateway's address.
    pub(super) path: &'a str,
    pub(super) fields: Fields,
    pub(super) patience: Patience,
    pub(super) connection: Connection,
    pub(super) repeat: Repeat,
    /// The field of its answer that decides, where the envelope says that all is well.
    pub(super) decides: Option<&'a str>,
    pub(super) masks: Masks<'a>,
}

/// How long an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// `read_timeout_ms` of the policy.
    Short,
    /// `pay_timeout_ms` of the policy: a wallet may ask its customer first.
    Long,
}

/// Whether a call may leave twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It moves money. It takes a young token, for it must not be the call that finds an old one expired.
    Never,
    /// Once more where the gateway did not look at the first: it never left, or its token was refused.
    WhenRefusedEarly,
    /// And after a pause, where the gateway refused because we ask too much.
    WhenRefusedEarlyOrThrottled,
}

/// What an answer may say back to a cashier, and what it must not.
#[derive(Default)]
pub(super) struct Masks<'a> {
    /// The customer's code, where the call sends it.
    pub(super) code: Option<&'a str>,
    /// The trade's own names, which are shown.
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

/// Asks for a token.
pub(super) fn token(merchant: &Secret, password_hash: String) -> Call<'static> {
    Call {
        name: "token",
        path: "/token/api-token",
        fields: vec![
            (field::LOGIN_ID, merchant.expose().to_owned()),
            (field::LOGIN_PASSWORD, password_hash),
        ],
        patience: Patience::Short,
        connection: Connection::Kept,
        repeat: Repeat::Never,
        decides: Some(field::STATUS),
        masks: Masks::default(),
    }
}

/// Asks for the wallets that pay in one way.
pub(super) fn wallets(pay_type: &str) -> Call<'static> {
    Call {
        name: "integrators",
        path: "/payment/integrator-master",
        fields: vec![(field::PAY_TYPE, pay_type.to_owned())],
        patience: Patience::Short,
        connection: Connection::Kept,
        repeat: Repeat::WhenRefusedEarly,
        decides: None,
        masks: Masks::default(),
    }
}

/// Makes a trade. Nothing is presented yet: a trade that is made twice is paid once at most.
pub(super) fn create<'a>(facts: &'a Facts, pay_type: &str) -> Call<'a> {
    Call {
        name: "create",
        path: "/payment/create-trade",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::AMOUNT, facts.sale.amount.decimal()),
            (field::TRX_ID, facts.trade_id.clone()),
            (field::PAY_TYPE, pay_type.to_owned()),
        ],
        patience: Patience::Short,
        connection: Connection::Fresh,
        repeat: Repeat::WhenRefusedEarlyOrThrottled,
        decides: None,
        masks: Masks::of(facts, ""),
    }
}

/// Takes the money of a customer's code.
pub(super) fn pay<'a>(facts: &'a Facts, trans_id: &'a str, code: &'a Secret) -> Call<'a> {
    Call {
        name: "pay",
        path: "/payment/payment",
        fields: vec![
            (field::USER_QR_CODE, code.expose().to_owned()),
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::AMOUNT, facts.sale.amount.decimal()),
            (field::TRANS_ID, trans_id.to_owned()),
        ],
        patience: Patience::Long,
        connection: Connection::Fresh,
        repeat: Repeat::Never,
        decides: Some(field::USER_ORDER_STATUS),
        masks: Masks {
            code: Some(code.expose()),
            ..Masks::of(facts, trans_id)
        },
    }
}

/// Asks what became of a trade.
pub(super) fn status<'a>(facts: &'a Facts, trans_id: &'a str, connection: Connection) -> Call<'a> {
    Call {
        name: STATUS,
        path: "/payment/check-status",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::TRANS_ID, trans_id.to_owned()),
        ],
        patience: Patience::Short,
        connection,
        repeat: Repeat::WhenRefusedEarly,
        decides: Some(field::PAY_STATUS),
        masks: Masks::of(facts, trans_id),
    }
}

/// Closes a trade that is not paid. The call is an assumption, so its path and its words are configuration.
pub(super) fn cancel<'a>(facts: &'a Facts, trans_id: &'a str, words: &'a CancelWords) -> Call<'a> {
    Call {
        name: "cancel",
        path: &words.path,
        fields: vec![(field::TRANS_ID, trans_id.to_owned())],
        patience: Patience::Short,
        connection: Connection::Fresh,
        repeat: Repeat::WhenRefusedEarly,
        decides: Some(&words.field),
        masks: Masks::of(facts, trans_id),
    }
}

/// Gives the money of a paid trade back.
pub(super) fn void<'a>(facts: &'a Facts, trans_id: &'a str, password_hash: String) -> Call<'a> {
    Call {
        name: "void",
        path: "/payment/process-void",
        fields: vec![
            (field::INTEGRATOR_ID, facts.wallet_id.clone()),
            (field::TRANS_ID, trans_id.to_owned()),
            (field::VOID_PIN, password_hash),
        ],
        patience: Patience::Long,
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
            attempt: 1,
            sale: Sale {
                reference: "bill-1".to_owned(),
                amount,
            },
            wallet_id: "23".to_owned(),
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
