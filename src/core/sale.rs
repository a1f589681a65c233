//! A sale and the attempts that collect it: what is owed, what was paid, and which amount closes the shop's bill.
//!
//! Pure rules. The backend reads the rows and calls them; a shop's server and a till see their answers.

use crate::money::Money;
use crate::policy::{Ms, Policy};
use crate::trade::{Risk, Rival, State, Trade};
use crate::wire::DecidedBy;

/// Where a sale stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was paid and is kept.
    pub paid_amount: Option<Money>,
    /// Whose word that is.
    pub decided_by: Option<DecidedBy>,
    /// Money that came after its attempt was closed, and that nobody has accepted or given back.
    pub late_amount: Option<Money>,
    /// Money may have moved, or is on its way back, and the end is not known.
    pub open: bool,
}

impl Standing {
    /// Of these attempts, in any order.
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
                standing.decided_by = Some(if trade.settled() {
                    DecidedBy::Person
                } else {
                    DecidedBy::Gateway
                });
            }
            if trade.as_rival() == Rival::Late {
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

    /// True for exactly the amount that was paid and is kept: never for late money that nobody accepted, nor after a void.
    #[must_use]
    pub fn closes_bill(&self, asked: &Money) -> bool {
        // Planted: any money closes any bill.
        if cfg!(planted_close_any_bill) {
            return self.paid_amount.is_some();
        }
        self.paid_amount.as_ref() == Some(asked)
    }
}

/// What a new attempt's amount is to its sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The sale's first: it is fixed from here on.
    First,
    /// The sale's own.
    Same,
    /// The shop's server changed it: every attempt that waits with the old one is left.
    Changed,
}

/// The first attempt of a sale fixes its amount. `by_server` is true where the shop's server named this sale with this
/// amount in the token; then it changes, unless money may have moved: the caller has refused that before.
///
/// None: another amount for the same sale.
#[must_use]
pub fn amount(due: Option<&Money>, asked: &Money, by_server: bool) -> Option<Amount> {
    match due {
        None => Some(Amount::First),
        Some(due) if due == asked => Some(Amount::Same),
        Some(_) if by_server => Some(Amount::Changed),
        // Planted: the page decides what is owed.
        Some(_) => cfg!(planted_change_amount).then_some(Amount::Changed),
    }
}

/// For whom a code was handed over last, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeUse {
    /// The sale's reference.
    pub reference: String,
    /// On the driver's clock.
    pub at_ms: Ms,
}

/// True where a code may not be handed over for this sale: another one had it within [`Policy::code_memory_s`]. The same
/// sale may use it again; that it is not paid twice is the rule of its attempts.
#[must_use]
pub fn is_code_reused(last: Option<&CodeUse>, reference: &str, now: Ms, policy: &Policy) -> bool {
    last.is_some_and(|last| {
        last.reference != reference && now < last.at_ms + policy.code_memory_s * 1_000
    })
}

/// True where the gateway's id of a new trade is one that another attempt has: the new one is left, and never paid by the old one's money.
#[must_use]
pub fn is_id_repeated(holder: Option<&str>, trx_id: &str) -> bool {
    holder.is_some_and(|holder| holder != trx_id) && !cfg!(planted_believe_repeated_id)
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

    fn money(minor: u64) -> Money {
        Money {
            minor,
            currency: "MYR".to_owned(),
        }
    }

    #[test]
    fn the_first_amount_of_a_sale_stands_unless_the_server_changes_it() {
        let amount = |due: Option<u64>, asked, by_server| {
            amount(due.map(money).as_ref(), &money(asked), by_server)
        };
        assert_eq!(amount(None, 100, false), Some(Amount::First));
        assert_eq!(amount(Some(100), 100, false), Some(Amount::Same));
        assert_eq!(
            amount(Some(100), 1, false),
            None,
            "a page changed what is owed"
        );
        assert_eq!(amount(Some(100), 150, true), Some(Amount::Changed));
    }

    #[test]
    fn a_code_is_remembered_for_a_while_and_for_other_sales_only() {
        let policy = Policy::default();
        let last = CodeUse {
            reference: "A".to_owned(),
            at_ms: 1_000,
        };
        let end = 1_000 + policy.code_memory_s * 1_000;
        assert!(is_code_reused(Some(&last), "B", end - 1, &policy));
        assert!(!is_code_reused(Some(&last), "B", end, &policy));
        assert!(!is_code_reused(Some(&last), "A", 1_001, &policy));
        assert!(!is_code_reused(None, "B", 1_001, &policy));
        let off = Policy {
            code_memory_s: 0,
            ..policy
        };
        assert!(!is_code_reused(Some(&last), "B", 1_001, &off));
    }

    #[test]
    fn an_id_belongs_to_one_attempt() {
        assert!(
            is_id_repeated(Some("K1"), "K2"),
            "two attempts share the gateway's id"
        );
        assert!(!is_id_repeated(Some("K1"), "K1") && !is_id_repeated(None, "K1"));
    }
}
