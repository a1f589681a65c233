//! A sale and the attempts that collect it: what is owed, what was paid, and which amount closes the shop's bill.
//!
//! Pure rules. The backend reads the rows and calls them; a shop's server and a till see their answers.

use crate::money::Money;
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

fn plus(sum: Option<Money>, amount: &Money) -> Money {
    match sum {
        Some(sum) if sum.currency == amount.currency => Money {
            minor: sum.minor.saturating_add(amount.minor),
            currency: sum.currency,
        },
        Some(_) | None => amount.clone(),
    }
}
