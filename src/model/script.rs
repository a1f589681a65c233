//! The customer's decision about a payment, and the amounts that script a decision.
//!
//! The sandbox server and the sandbox in a page play the same script: the last two digits of an amount choose its row.

use kaunter_core::policy::Ms;
use kaunter_core::wire::Reason;
use serde::{Deserialize, Serialize};

/// How a customer behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Customer {
    /// Confirms at once.
    Approves,
    /// Declines at once.
    Declines,
    /// Confirms on the phone page.
    Asks,
    /// Confirms after this time.
    ApprovesAfterMs(Ms),
    /// Never answers.
    Ignores,
    /// The sen of the amount decide.
    #[default]
    ByAmount,
}

/// What the gateway does with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Money moves now.
    Charge,
    /// It waits for the customer.
    Wait {
        /// When the customer answers, and whether it is yes; `None` if nobody has planned an answer.
        answer: Option<(Ms, bool)>,
        /// Whether the phone asks the customer.
        asks_phone: bool,
    },
    /// It refuses.
    Refuse {
        /// The gateway's code.
        code: u32,
        /// The gateway's sentence.
        message: &'static str,
        /// What the code means.
        reason: Reason,
    },
}

/// What a scripted amount adds to the decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptedEffects {
    /// The answer to the payment is lost.
    pub answer_lost: bool,
    /// The gateway is down for this long.
    pub down_ms: Ms,
    /// Once the trade has ended unpaid, it is paid after all, this much later.
    pub late_success_ms: Option<Ms>,
    /// This many voids fail.
    pub void_fails: u32,
}

/// Without an open phone page, an amount without a script is confirmed after this time.
const ABSENT_MS: Ms = 3_000;

/// Decides: first by the amount's script, then by the customer. `scaled` gives a duration on the caller's clock.
pub fn decide(
    customer: Customer,
    amount_minor: u64,
    now: Ms,
    phone_is_open: bool,
    scaled: impl Fn(Ms) -> Ms,
) -> (Decision, ScriptedEffects) {
    let wait = |answer, asks_phone| Decision::Wait { answer, asks_phone };
    let after = |ms| wait(Some((now + ms, true)), false);
    let none = ScriptedEffects::default();
    let lost = ScriptedEffects {
        answer_lost: true,
        ..none
    };
    let refuse = |code, message, reason| Decision::Refuse {
        code,
        message,
        reason,
    };
    match customer {
        Customer::Approves => (Decision::Charge, none),
        Customer::Declines => (wait(Some((now, false)), false), none),
        Customer::Asks => (wait(None, true), none),
        Customer::ApprovesAfterMs(ms) => (after(ms), none),
        Customer::Ignores => (wait(None, false), none),
        Customer::ByAmount => match amount_minor % 100 {
            0 => (Decision::Charge, none),
            1 => (wait(Some((now, false)), false), none),
            2 => (after(scaled(6_000)), none),
            3 => (Decision::Charge, lost),
            4 => (wait(None, false), none),
            5 => {
                let down_ms = scaled(20_000);
                (Decision::Charge, ScriptedEffects { down_ms, ..lost })
            }
            6 => {
                let reason = Reason::InsufficientFunds;
                (refuse(4001, "insufficient funds", reason), none)
            }
            7 => (refuse(4002, "code expired", Reason::CodeExpired), none),
            8 => {
                let late_success_ms = Some(scaled(3_000));
                let late = ScriptedEffects {
                    late_success_ms,
                    ..none
                };
                (wait(None, false), late)
            }
            9 => {
                let void_fails = 1;
                (Decision::Charge, ScriptedEffects { void_fails, ..none })
            }
            _ if phone_is_open => (wait(None, true), none),
            _ => (after(scaled(ABSENT_MS)), none),
        },
    }
}
