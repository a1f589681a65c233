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

/// What a sale asks for, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What it asks for.
    pub amount: Money,
    /// When the token was minted that set it, in seconds; 0: a page set it, with its first attempt.
    pub minted_s: u64,
}

impl Due {
    /// What a sale asks for by its first trade, where no token has said so.
    #[must_use]
    pub fn of_first(trade: &Trade) -> Self {
        Self {
            amount: trade.facts().sale.amount.clone(),
            minted_s: 0,
        }
    }
}

/// The first attempt of a sale fixes its amount. `minted_s` is when the token was minted in which the shop's server named
/// this sale with this amount; then the amount changes, unless the server has said something else since, or money may have
/// moved: the caller has refused that before.
///
/// None: another amount for the same sale.
#[must_use]
pub fn amount(due: Option<&Due>, asked: &Money, minted_s: Option<u64>) -> Option<Amount> {
    match due {
        None => Some(Amount::First),
        Some(due) if due.amount == *asked => Some(Amount::Same),
        Some(due) if minted_s.is_some_and(|minted_s| minted_s > due.minted_s) => {
            Some(Amount::Changed)
        }
        Some(_) => None,
    }
}

/// For whom a code was handed over last, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeUse {
    /// The sale's reference.
    pub reference: String,
    /// On the driver's clock.
    pub at_ms: Ms,
    /// The gateway has said since that it took no money with it.
    pub refused: bool,
}

/// True where a code may not be handed over for this sale: it was handed over within [`Policy::code_memory_s`]. The same
/// sale may use it again once it was definitely refused. A stamp from far ahead is of a clock that was wrong.
#[must_use]
pub fn is_code_reused(last: Option<&CodeUse>, reference: &str, now: Ms, policy: &Policy) -> bool {
    let memory_ms = policy.code_memory_s.saturating_mul(1_000);
    last.is_some_and(|last| {
        let free = last.reference == reference && last.refused;
        !free && now.abs_diff(last.at_ms) < memory_ms
    })
}

/// True where the gateway has closed the attempt and took no money: its code may serve the sale once more.
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
        | State::Paid
        | State::Voiding
        | State::VoidUnknown
        | State::VoidReview
        | State::LateSuccess
        | State::Abandoned
        | State::Voided => false,
    }
}

/// True where the gateway's id of a new trade is one that another attempt has: the new one is left, and never paid by the old one's money.
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

    fn money(minor: u64) -> Money {
        Money {
            minor,
            currency: "MYR".to_owned(),
        }
    }

    #[test]
    fn rule_15_the_first_amount_of_a_sale_stands_unless_the_server_changes_it() {
        let due = |minor, minted_s| Due {
            amount: money(minor),
            minted_s,
        };
        assert_eq!(amount(None, &money(100), None), Some(Amount::First));
        let page = due(100, 0);
        let amount = |due: &Due, asked, minted_s| amount(Some(due), &money(asked), minted_s);
        assert_eq!(amount(&page, 100, None), Some(Amount::Same));
        assert_eq!(amount(&page, 1, None), None, "a page changed what is owed");
        assert_eq!(amount(&page, 150, Some(7)), Some(Amount::Changed));
        let server = due(150, 7);
        assert_eq!(
            amount(&server, 100, Some(6)),
            None,
            "an older word of the server"
        );
        assert_eq!(
            amount(&server, 100, Some(7)),
            None,
            "which of two is newer is not known"
        );
        assert_eq!(amount(&server, 200, Some(8)), Some(Amount::Changed));
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
    fn rule_17_an_id_belongs_to_one_attempt() {
        assert!(
            is_id_repeated(Some("K1"), "K2"),
            "two attempts share the gateway's id"
        );
        assert!(!is_id_repeated(Some("K1"), "K1") && !is_id_repeated(None, "K1"));
    }
}
