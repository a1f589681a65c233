//! Compares each sale with the gateway's ledger. The result must hold at every moment.
//!
//! Money that was charged after its trade was closed is not counted.
//! It has raised an alarm, or the next query will raise one.

use kaunter_core::money::Money;
use kaunter_core::sale::{Due, SetBy, Standing};
use kaunter_core::till::End;
use kaunter_core::trade::{Risk, State, Trade};
use kaunter_core::wire::Status;

use crate::gateway::Ledger;

/// What the backend and the gateway know about one trade.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The backend's row.
    pub trade: &'a Trade,
    /// The gateway's ledger of it.
    pub ledger: Ledger,
    /// Whether our code was on a display.
    pub shown: bool,
    /// Whether the money may have been given back since the row was stored, without a void that the row knows.
    pub reversible: bool,
}

impl Evidence<'_> {
    /// Whether the money of a paid trade was given back, and the backend has not asked since.
    fn is_given_back(&self) -> bool {
        let paid = self.trade.state() == State::Paid;
        let known = self.ledger.at_desk || self.trade.void_left();
        self.reversible && paid && known && self.ledger.kept() == 0
    }
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Money was taken or given back more than once.
    Double(String),
    /// A state, a bill or the end of a charge contradicts the ledger.
    Wrong(String),
}

impl Breach {
    /// A sentence that says what happened.
    #[must_use]
    pub fn sentence(&self) -> &str {
        match self {
            Self::Double(what) | Self::Wrong(what) => what,
        }
    }
}

/// Judges all trades of one sale. `due` is what it asks for.
///
/// # Errors
/// The first rule that is broken.
pub fn sale<'a>(
    trades: impl Iterator<Item = Evidence<'a>> + Clone,
    due: Option<&Due>,
) -> Result<(), Breach> {
    let (mut kept, mut kept_late, mut holders) = (0, 0, 0);
    for (at, evidence) in trades.clone().enumerate() {
        trade(at, &evidence)?;
        holders += u8::from(evidence.trade.holds_sale());
        if evidence.ledger.late {
            kept_late += evidence.ledger.kept();
        } else {
            kept += evidence.ledger.kept();
        }
    }
    if kept > 1 {
        let what = format!("double charge: the sale keeps its amount {kept} times");
        return Err(Breach::Double(what));
    }
    if holders > 1 {
        return Err(Breach::Wrong("two trades hold one sale".to_owned()));
    }
    let given_back = trades.clone().any(|evidence| evidence.is_given_back());
    let kept = kept + kept_late + i16::from(given_back);
    let registered = due.filter(|due| due.set_by == SetBy::Registration);
    match registered {
        Some(due) => registered_bill(trades, due, kept),
        None => bill(trades.map(|evidence| evidence.trade), kept),
    }
}

/// Judges one trade. `at` is its position among those of the sale.
fn trade(at: usize, evidence: &Evidence<'_>) -> Result<(), Breach> {
    let (state, ledger) = (evidence.trade.state(), evidence.ledger);
    if ledger.payments > 1 || ledger.charged > 1 {
        let what = format!("double charge: the payment of trade {at} reached the gateway twice");
        return Err(Breach::Double(what));
    }
    if ledger.refunded > ledger.charged {
        let what = format!("double refund: trade {at} was given back twice");
        return Err(Breach::Double(what));
    }
    if evidence.shown && (state.risk() == Risk::None || state == State::Abandoned) {
        let what = format!("the code of trade {at} was shown, and it is {state:?}");
        return Err(Breach::Wrong(what));
    }
    let unexpected = ledger.kept() != 0 && !ledger.late;
    let lie = match state {
        State::Paid => ledger.kept() != 1 && !evidence.is_given_back(),
        // A void of ours is never taken for a reversal.
        State::Reversed => !ledger.at_desk,
        State::LateSuccess => ledger.charged != 1,
        State::Voided | State::Declined | State::Cancelled | State::Expired => unexpected,
        State::Creating | State::CreateUnknown | State::AwaitingCode | State::Abandoned => {
            ledger.payments != 0
        }
        State::AwaitingPayer
        | State::Paying
        | State::Pending
        | State::Unknown
        | State::Cancelling
        | State::CancelUnknown
        | State::NeedsReview
        | State::GivenUp
        | State::Voiding
        | State::VoidUnknown
        | State::VoidReview => false,
    };
    if lie {
        let what = format!("trade {at} is {state:?}, and the ledger says {ledger:?}");
        return Err(Breach::Wrong(what));
    }
    Ok(())
}

/// The bill of a registered sale must close only on the registered amount, and that must not change beside money at
/// risk. Late money is of the amount that was registered when its trade began.
fn registered_bill<'a>(
    trades: impl Iterator<Item = Evidence<'a>> + Clone,
    due: &Due,
    kept: i16,
) -> Result<(), Breach> {
    let wrong = |what: &str| Err(Breach::Wrong(what.to_owned()));
    let amount = |evidence: &Evidence<'a>| evidence.trade.facts().sale.amount.clone();
    let at_risk = |evidence: &Evidence<'_>| evidence.trade.holds_sale() && !evidence.ledger.late;
    let mut holders = trades.clone().filter(at_risk);
    if holders.any(|evidence| amount(&evidence) != due.amount) {
        return wrong("the amount changed beside a trade at risk");
    }
    let standing = Standing::of(trades.clone().map(|evidence| evidence.trade));
    let paid = |evidence: &Evidence<'a>| {
        evidence.trade.state() == State::Paid && amount(evidence) == due.amount
    };
    if standing.closes_bill(&due.amount, Some(due))
        && (kept < 1 || !trades.clone().any(|own| paid(&own)))
    {
        return wrong("the bill closes, and the ledger does not keep its amount");
    }
    let mut others = trades
        .map(|evidence| amount(&evidence))
        .filter(|own| *own != due.amount);
    if others.any(|other| standing.closes_bill(&other, Some(due))) {
        return wrong("a sale closes for an amount that is not owed");
    }
    Ok(())
}

/// The bill must close only on the amount that the ledger keeps. All trades collect the same amount.
fn bill<'a>(trades: impl Iterator<Item = &'a Trade> + Clone, kept: i16) -> Result<(), Breach> {
    let wrong = |what: &str| Err(Breach::Wrong(what.to_owned()));
    let mut amounts = trades.clone().map(|trade| &trade.facts().sale.amount);
    let Some(due) = amounts.next() else {
        return Ok(());
    };
    if amounts.any(|amount| amount != due) {
        return wrong("a page changed what is owed");
    }
    let standing = Standing::of(trades.clone());
    if standing.paid_amount.is_some() && trades.clone().any(|trade| trade.given_up().is_some()) {
        return wrong("a sale that the customer pays in another way counts as paid");
    }
    if standing.closes_bill(due, None) && kept < 1 {
        return wrong("the bill closes, and the ledger keeps nothing");
    }
    let other = Money {
        minor: due.minor.saturating_add(1),
        currency: due.currency.clone(),
    };
    if standing.closes_bill(&other, None) {
        return wrong("another amount closes the bill");
    }
    Ok(())
}

/// Judges the end that a charge reported to the cashier. It must be true, now and later.
///
/// `ledger` gives the gateway's ledger of a trade, by the backend's id.
/// `began` says whether this charge may have moved money.
///
/// # Errors
/// The ledger contradicts the end.
pub fn end(
    end: &End,
    ledger: impl Fn(&str) -> Option<Ledger>,
    began: impl FnOnce() -> bool,
) -> Result<(), Breach> {
    let lie = match end {
        End::Known(trade) => match (trade.status, ledger(&trade.trade_id)) {
            (_, None) => true,
            (Status::Paid, Some(ledger)) => ledger.charged == 0,
            (Status::Declined | Status::Cancelled | Status::Voided, Some(ledger)) => {
                ledger.kept() != 0 && !ledger.late
            }
            (
                Status::Creating
                | Status::AwaitingCode
                | Status::AwaitingPayer
                | Status::Paying
                | Status::Pending
                | Status::Unknown
                | Status::Cancelling
                | Status::NeedsReview
                | Status::Voiding
                | Status::LateSuccess
                | Status::Reversed,
                Some(_),
            ) => false,
        },
        End::Unconfirmed(..) => false,
        End::Refused(..)
        | End::Unreachable
        | End::NoToken
        | End::GatewayDown
        | End::NoWallet
        | End::Aborted => began(),
    };
    if lie {
        let what = format!("a till was told {end:?}, and the ledger says otherwise");
        return Err(Breach::Wrong(what));
    }
    Ok(())
}
