//! The rules of a sale and the trades that collect it: what is owed, what was paid, and which amount closes the bill.
//!
//! All functions are pure. The backend reads the rows and calls them; a shop's server and a till see the results.

use crate::money::Money;
use crate::policy::{Ms, Policy};
use crate::trade::{Risk, SaleHold, State, Trade};
use crate::wire::DecidedBy;

/// The state of a sale, from all of its trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The amount that was paid and was not given back.
    pub paid_amount: Option<Money>,
    /// Who said that it was paid.
    pub decided_by: Option<DecidedBy>,
    /// Money that came after its trade was closed, and that nobody has accepted or given back yet.
    pub late_amount: Option<Money>,
    /// Whether the outcome is open: money may have moved, or is being given back.
    pub open: bool,
}

impl Standing {
    /// The state of a sale with these trades, in any order.
    pub fn of<'a>(trades: impl IntoIterator<Item = &'a Trade>) -> Self {
        let mut standing = Self {
            paid_amount: None,
            decided_by: None,
            late_amount: None,
            open: false,
        };
        for trade in trades {
            let amount = &trade.facts().sale.amount;
            if trade.state() == State::Paid {
                standing.paid_amount = Some(amount.clone());
                standing.decided_by = Some(if trade.decided_by_person() {
                    DecidedBy::Person
                } else {
                    DecidedBy::Gateway
                });
            }
            if trade.sale_hold() == SaleHold::Late {
                standing.late_amount = Some(plus(standing.late_amount.take(), amount));
            }
            standing.open |= match trade.state().risk() {
                Risk::Possible => true,
                Risk::Taken => trade.state() != State::Paid,
                Risk::None | Risk::Closed => false,
            };
        }
        standing
    }

    /// True only for exactly the amount that was paid and was not given back.
    ///
    /// Late money that nobody has accepted closes no bill, and a payment that was voided does not either.
    /// A registered sale must also be registered with this amount: money for an old amount closes no bill.
    #[must_use]
    pub fn closes_bill(&self, asked: &Money, due: Option<&Due>) -> bool {
        let registered = due.filter(|due| due.set_by == SetBy::Registration);
        self.paid_amount.as_ref() == Some(asked)
            && registered.is_none_or(|due| due.amount == *asked)
    }

    /// What is missing of a bill of which a smaller amount was paid; `None` if nothing was paid, or enough.
    #[must_use]
    pub fn missing_amount(&self, bill: &Money) -> Option<Money> {
        missing(self.paid_amount.as_ref()?, bill)
    }
}

/// The part of a bill that a smaller payment leaves; `None` if it leaves nothing.
#[must_use]
pub fn missing(paid: &Money, bill: &Money) -> Option<Money> {
    let is_smaller = paid.currency == bill.currency && paid.minor < bill.minor;
    is_smaller.then(|| Money {
        minor: bill.minor - paid.minor,
        currency: bill.currency.clone(),
    })
}

/// How a new trade's amount relates to its sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// It is the sale's first amount, which is fixed from now on.
    First,
    /// It is the sale's amount.
    Same,
    /// The shop's server has changed it. Trades that wait with the old amount are abandoned.
    Changed,
}

/// Who said what a sale asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetBy {
    /// A page, with the sale's first trade.
    Page,
    /// The shop's server, by a token for this sale and this amount.
    Token {
        /// The time in seconds at which the token was minted.
        minted_s: u64,
    },
    /// The shop's server, by registering the sale. Only [`crate::registration::register`] changes it.
    Registration,
}

/// The amount that a sale asks for, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    /// The amount.
    pub amount: Money,
    /// Who set it.
    pub set_by: SetBy,
}

impl Due {
    /// The amount that the first trade sets, if nobody else has set one.
    #[must_use]
    pub fn of_first(trade: &Trade) -> Self {
        Self {
            amount: trade.facts().sale.amount.clone(),
            set_by: SetBy::Page,
        }
    }
}

/// Compares a new trade's amount with the sale's. `None` if the sale asks for another amount.
///
/// The first trade of a sale fixes its amount. Only the shop's server can change it: by a newer token for this sale and
/// amount, or by registering the sale. A registered amount is changed by no token. `minted_s` is the time at which the
/// token was minted.
/// The caller must have refused the trade before if money may have moved.
#[must_use]
pub fn amount(due: Option<&Due>, asked: &Money, minted_s: Option<u64>) -> Option<Amount> {
    let Some(due) = due else {
        return Some(Amount::First);
    };
    if due.amount == *asked {
        return Some(Amount::Same);
    }
    let is_newer = match due.set_by {
        SetBy::Page => minted_s.is_some(),
        SetBy::Token { minted_s: last_s } => minted_s.is_some_and(|minted_s| minted_s > last_s),
        SetBy::Registration => false,
    };
    is_newer.then_some(Amount::Changed)
}

/// The last hand-over of a code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeUse {
    /// The reference of the sale for which it was handed over.
    pub reference: String,
    /// The time on the driver's clock.
    pub at_ms: Ms,
    /// Whether the gateway has said since then that it took no money with this code.
    pub refused: bool,
}

/// Whether a code must not be handed over for this sale, because it was handed over within [`Policy::code_memory_s`].
///
/// The same sale may use it again after the gateway has definitely refused it.
/// A time stamp in the far future comes from a clock that was wrong, and does not count.
#[must_use]
pub fn is_code_reused(last: Option<&CodeUse>, reference: &str, now: Ms, policy: &Policy) -> bool {
    let memory_ms = policy.code_memory_s.saturating_mul(1_000);
    last.is_some_and(|last| {
        let free = last.reference == reference && last.refused;
        !free && now.abs_diff(last.at_ms) < memory_ms
    })
}

/// Whether the gateway has closed the trade without taking money, so that the sale may use its code again.
#[must_use]
pub fn frees_code(state: State) -> bool {
    match state {
        State::Declined | State::Cancelled | State::Expired => true,
        State::Creating
        | State::CreateUnknown
        | State::AwaitingCode
        | State::AwaitingPayer
        | State::Paying
        | State::Pending
        | State::Unknown
        | State::Cancelling
        | State::CancelUnknown
        | State::NeedsReview
        | State::GivenUp
        | State::Paid
        | State::Reversed
        | State::Voiding
        | State::VoidUnknown
        | State::VoidReview
        | State::LateSuccess
        | State::Abandoned
        | State::Voided => false,
    }
}

/// Whether the gateway has given a new trade an id that another trade already has.
///
/// The new trade is then abandoned, so that the old one's money never pays it.
#[must_use]
pub fn is_id_repeated(holder: Option<&str>, trade_id: &str) -> bool {
    holder.is_some_and(|holder| holder != trade_id)
}

fn plus(sum: Option<Money>, amount: &Money) -> Money {
    match sum {
        Some(sum) if sum.currency == amount.currency => Money {
            minor: sum.minor.saturating_add(amount.minor),
            currency: sum.currency,
        },
        Some(_) | None => amount.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::money;

    #[test]
    fn rule_15_the_first_amount_of_a_sale_stands_unless_the_server_changes_it() {
        let due = |minor, set_by| Due {
            amount: money(minor),
            set_by,
        };
        assert_eq!(amount(None, &money(100), None), Some(Amount::First));
        let page = due(100, SetBy::Page);
        let amount = |due: &Due, asked, minted_s| amount(Some(due), &money(asked), minted_s);
        assert_eq!(amount(&page, 100, None), Some(Amount::Same));
        assert_eq!(amount(&page, 1, None), None, "a page changed what is owed");
        assert_eq!(amount(&page, 150, Some(7)), Some(Amount::Changed));
        let server = due(150, SetBy::Token { minted_s: 7 });
        assert_eq!(
            amount(&server, 100, Some(6)),
            None,
            "an older token of the server"
        );
        assert_eq!(
            amount(&server, 100, Some(7)),
            None,
            "it is not known which of the two tokens is newer"
        );
        assert_eq!(amount(&server, 200, Some(8)), Some(Amount::Changed));
    }

    #[test]
    fn rule_33_no_token_and_no_page_changes_a_registered_amount() {
        let due = Due {
            amount: money(100),
            set_by: SetBy::Registration,
        };
        let asked = |minor, minted_s| amount(Some(&due), &money(minor), minted_s);
        assert_eq!(asked(100, None), Some(Amount::Same));
        assert_eq!(asked(100, Some(u64::MAX)), Some(Amount::Same));
        assert_eq!(asked(1, None), None);
        assert_eq!(asked(150, Some(u64::MAX)), None, "a token changed it");
    }

    #[test]
    fn rule_33_only_the_registered_amount_closes_the_bill_of_a_registered_sale() {
        let standing = Standing {
            paid_amount: Some(money(100)),
            decided_by: Some(DecidedBy::Person),
            late_amount: None,
            open: false,
        };
        let due = |minor, set_by| Due {
            amount: money(minor),
            set_by,
        };
        let now = due(150, SetBy::Registration);
        for asked in [100, 150] {
            assert!(
                !standing.closes_bill(&money(asked), Some(&now)),
                "money for an old amount closed a bill of {asked}"
            );
        }
        assert!(standing.closes_bill(&money(100), Some(&due(100, SetBy::Registration))));
        assert!(standing.closes_bill(&money(100), Some(&due(150, SetBy::Page))));
        assert!(standing.closes_bill(&money(100), None));
        assert_eq!(standing.missing_amount(&money(150)), Some(money(50)));
        assert_eq!(standing.missing_amount(&money(100)), None);
        assert_eq!(standing.missing_amount(&money(1)), None);
        let ringgit = Money {
            minor: 150,
            currency: "SGD".to_owned(),
        };
        assert_eq!(standing.missing_amount(&ringgit), None);
    }

    #[test]
    fn rule_16_a_code_is_remembered_for_a_while_and_for_other_sales_only() {
        let policy = Policy::default();
        let last = CodeUse {
            reference: "A".to_owned(),
            at_ms: 1_000,
            refused: false,
        };
        let refused = CodeUse {
            refused: true,
            ..last.clone()
        };
        let end = 1_000 + policy.code_memory_s * 1_000;
        assert!(is_code_reused(Some(&last), "B", end - 1, &policy));
        assert!(!is_code_reused(Some(&last), "B", end, &policy));
        assert!(is_code_reused(Some(&last), "A", 1_001, &policy));
        assert!(!is_code_reused(Some(&refused), "A", 1_001, &policy));
        assert!(is_code_reused(Some(&refused), "B", 1_001, &policy));
        let wrong = CodeUse {
            at_ms: 90_000_000,
            ..last.clone()
        };
        assert!(!is_code_reused(Some(&wrong), "B", 1_001, &policy));
        assert!(!is_code_reused(None, "B", 1_001, &policy));
        let off = Policy {
            code_memory_s: 0,
            ..policy
        };
        assert!(!is_code_reused(Some(&last), "B", 1_001, &off));
    }

    #[test]
    fn rule_17_an_id_belongs_to_one_trade() {
        assert!(
            is_id_repeated(Some("K1"), "K2"),
            "two trades share the gateway's id"
        );
        assert!(!is_id_repeated(Some("K1"), "K1") && !is_id_repeated(None, "K1"));
    }
}
