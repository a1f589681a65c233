//! Decides whether the shop may stop collecting a sale, because the customer pays in another way.
//!
//! Rule 35 of `docs/rules.md`. The function is pure: the backend reads the trades of the sale, calls [`give_up`], and
//! stores the result in one transaction. The walk and the simulation call the same function.

use crate::admission::Denial;
use crate::policy::Policy;
use crate::trade::{Context, Event, GiveUp, SaleHold, State, Trade};

/// What giving up changes. It is valid once the trade is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivingUp {
    /// The sale is given up from now on. The trade at this position notes it, and is abandoned if it awaited a code.
    Now(usize, Box<Trade>),
    /// The trade at this position asks the gateway first. Its answer decides: see [`Trade::given_up`].
    Asks(usize, Box<Trade>),
}

/// Decides whether the shop may stop collecting a sale.
///
/// `trades` are the trades of the sale, the oldest first: at least the newest one, and all that are open or hold the
/// sale. `None` if there is no trade: then there is nothing to give up.
///
/// # Errors
/// [`Denial::Paid`] if the sale is paid, and [`Denial::Busy`] if a trade can't be left now. Nothing changes then.
pub fn give_up(
    trades: &[Trade],
    wish: &GiveUp,
    policy: &Policy,
) -> Result<Option<GivingUp>, Denial> {
    let in_the_way = trades
        .iter()
        .position(|trade| trade.sale_hold() != SaleHold::None || trade.state().gives_way());
    let Some(at) = in_the_way.or_else(|| trades.len().checked_sub(1)) else {
        return Ok(None);
    };
    let context = Context {
        now: wish.at_ms,
        policy,
        held_by_others: SaleHold::None,
        gateway_answer: None,
        code_reused: false,
    };
    let mut trade = trades[at].clone();
    if trade.handle(Event::GiveUp(wish.clone()), &context).is_err() {
        return Err(if trade.state() == State::Paid {
            Denial::Paid(at)
        } else {
            Denial::Busy(at)
        });
    }
    let trade = Box::new(trade);
    Ok(Some(match trade.given_up() {
        Some(_) => GivingUp::Now(at, trade),
        None => GivingUp::Asks(at, trade),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{NOW, in_state};
    use crate::wire::{ProblemCode, Tender};

    fn ask(trades: &[Trade]) -> Result<Option<GivingUp>, Denial> {
        let wish = GiveUp {
            by: "aminah".to_owned(),
            tender: Tender::Card,
            at_ms: NOW,
        };
        give_up(trades, &wish, &Policy::default())
    }

    /// What a sale with one trade in each state answers: the state after it, and whether the gateway is asked.
    fn meaning(state: State) -> Result<(State, bool), Denial> {
        match state {
            State::Creating | State::CreateUnknown | State::AwaitingCode => {
                Ok((State::Abandoned, false))
            }
            State::AwaitingPayer | State::Pending | State::Unknown | State::NeedsReview => {
                Ok((state, true))
            }
            State::Paying
            | State::Cancelling
            | State::CancelUnknown
            | State::Reversed
            | State::Voiding
            | State::VoidUnknown
            | State::VoidReview
            | State::LateSuccess => Err(Denial::Busy(0)),
            State::Paid => Err(Denial::Paid(0)),
            State::GivenUp
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => Ok((state, false)),
        }
    }

    #[test]
    fn rule_35_each_state_of_a_sale_is_given_up_asked_about_or_refused() {
        assert_eq!(ask(&[]), Ok(None), "there is nothing to give up");
        for state in State::ALL {
            let answer = ask(&[in_state(State::Declined), in_state(state)]);
            let holds = meaning(state).is_err();
            let told = answer.map(|answer| match answer {
                Some(GivingUp::Now(_, trade)) => (trade.state(), false),
                Some(GivingUp::Asks(_, trade)) => (trade.state(), true),
                None => (state, false),
            });
            let at_second = |denial| match denial {
                Denial::Paid(_) => Denial::Paid(1),
                Denial::Busy(_)
                | Denial::AmountMismatch
                | Denial::NotRegistered
                | Denial::TooMany { .. } => Denial::Busy(1),
            };
            assert_eq!(told, meaning(state).map_err(at_second), "{state:?}");
            // A trade that holds the sale decides, wherever it stands.
            let older = ask(&[in_state(state), in_state(State::Abandoned)]);
            assert_eq!(older.is_err(), holds, "{state:?} before another");
        }
    }

    #[test]
    fn rule_35_a_sale_that_was_given_up_takes_no_new_trade() {
        let wish = GiveUp {
            by: "aminah".to_owned(),
            tender: Tender::Card,
            at_ms: NOW,
        };
        assert_eq!(crate::admission::check_given_up(None), Ok(()));
        let refused = crate::admission::check_given_up(Some(&wish));
        assert_eq!(refused, Err(ProblemCode::SaleGivenUp));
    }
}
