//! The customer's decision about a payment, and the amounts that script a decision.

use serde::{Deserialize, Serialize};

use crate::ledger::{Place, World};

/// How a customer behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Customer {
    /// Confirms at once.
    Approves,
    /// Declines at once.
    Declines,
    /// Confirms on the phone page.
    Asks,
    /// Confirms after this time.
    ApprovesAfterMs(u64),
    /// Never answers.
    Ignores,
    /// The sen of the amount decide.
    #[default]
    ByAmount,
}

/// What the gateway does with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Money moves now.
    Charge,
    /// It waits for the customer: an answer at a given time, the phone page, or no answer.
    Wait(Option<(u64, bool)>, bool),
    /// It refuses, with this code and this message.
    Refuse(u32, &'static str),
}

/// What a scripted amount adds: the answer is lost, or the gateway is down for this long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptedEffects {
    pub(crate) answer_lost: bool,
    pub(crate) down_ms: u64,
    pub(crate) late_success_ms: Option<u64>,
    pub(crate) void_fails: u32,
}

/// Without an open phone page, an amount without a script is confirmed after this time.
const ABSENT_MS: u64 = 3_000;

/// Decides: first by the amount's script, then by the customer.
pub(crate) fn decide(
    customer: Customer,
    amount: u64,
    now_ms: u64,
    phone_is_open: bool,
    scaled: impl Fn(u64) -> u64,
) -> (Decision, ScriptedEffects) {
    let after = |ms| Decision::Wait(Some((now_ms + ms, true)), false);
    let none = ScriptedEffects::default();
    match customer {
        Customer::Approves => (Decision::Charge, none),
        Customer::Declines => (Decision::Wait(Some((now_ms, false)), false), none),
        Customer::Asks => (Decision::Wait(None, true), none),
        Customer::ApprovesAfterMs(ms) => (after(ms), none),
        Customer::Ignores => (Decision::Wait(None, false), none),
        Customer::ByAmount => match amount % 100 {
            0 => (Decision::Charge, none),
            1 => (Decision::Wait(Some((now_ms, false)), false), none),
            2 => (after(scaled(6_000)), none),
            3 => (
                Decision::Charge,
                ScriptedEffects {
                    answer_lost: true,
                    ..none
                },
            ),
            4 => (Decision::Wait(None, false), none),
            5 => (
                Decision::Charge,
                ScriptedEffects {
                    answer_lost: true,
                    down_ms: scaled(20_000),
                    ..none
                },
            ),
            6 => (Decision::Refuse(4001, "insufficient funds"), none),
            7 => (Decision::Refuse(4002, "code expired"), none),
            8 => {
                let late_success_ms = Some(scaled(3_000));
                (
                    Decision::Wait(None, false),
                    ScriptedEffects {
                        late_success_ms,
                        ..none
                    },
                )
            }
            9 => (
                Decision::Charge,
                ScriptedEffects {
                    void_fails: 1,
                    ..none
                },
            ),
            _ if phone_is_open => (Decision::Wait(None, true), none),
            _ => (after(scaled(ABSENT_MS)), none),
        },
    }
}

impl World {
    /// The phone page's answer to a payment that awaits it.
    pub(crate) fn phone_answers(&mut self, trade_id: &str, yes: bool, now_ms: u64) -> bool {
        let asks = |trade: &&mut crate::ledger::Trade| {
            trade.trade_id == trade_id && trade.place == Place::Pending && trade.plan.asks_phone
        };
        let Some(trade) = self.trades.iter_mut().find(asks) else {
            return false;
        };
        trade.plan.asks_phone = false;
        if yes {
            trade.charge("the customer confirmed on the phone");
        } else {
            trade.fail("the customer declined on the phone", now_ms);
        }
        true
    }
}
