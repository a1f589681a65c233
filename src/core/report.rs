//! The gateway's report of a day: what it states about a trade, and what such a statement may decide.
//!
//! [`amount`] reads the amounts of its columns. [`proposal`] and [`verdict`] are rule 40 of `docs/rules.md`.
//! The backend reads the file, asks the gateway, and stores the verdict.

pub mod amount;

use crate::money::Money;
use crate::trade::{GatewayStatus, State, StatusAnswer, Trade};
use crate::wire::VerdictOutcome;

/// What a report says became of a trade's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyOutcome {
    /// Taken and kept.
    Taken,
    /// Taken and given back.
    Returned,
    /// None taken.
    Unpaid,
    /// Not decided yet.
    Open,
}

impl MoneyOutcome {
    /// The meaning of a line whose amount is negative: a return. `None` if its status contradicts that.
    #[must_use]
    pub fn negative(self) -> Option<Self> {
        match self {
            Self::Taken | Self::Returned => Some(Self::Returned),
            Self::Unpaid | Self::Open => None,
        }
    }
}

/// What all lines of a report together state about one trade.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// Our id of the trade, if the report has it.
    pub trade_id: Option<&'a str>,
    /// The gateway's id of the trade, if the report has it.
    pub gateway_ref: Option<&'a str>,
    /// The amount, with its currency.
    pub amount: &'a Money,
    /// What became of the money. If the report has a payment and its return, the return counts.
    pub outcome: MoneyOutcome,
    /// Whether several lines name the trade, and they are not one payment and its return.
    pub is_repeated: bool,
    /// Whether the day of the report was over when the report was written.
    pub day_is_over: bool,
}

/// Why a report decides nothing about a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// The trade is not under review: there is nothing to decide.
    NotReviewable,
    /// The day of the report was not over.
    DayNotOver,
    /// The report names the trade more than once.
    Repeated,
    /// The report's ids are not the trade's, or it has none.
    OtherId,
    /// The amount or the currency is not the trade's.
    OtherAmount,
    /// The report's outcome does not answer the open question.
    OtherQuestion,
    /// The gateway did not answer the fresh question.
    NoAnswer,
    /// The gateway's fresh answer is not what the report says.
    Contradicted,
}

/// The verdict that a report would give, if the gateway's fresh answer does not contradict it.
///
/// # Errors
/// [`Undecided`] says why it gives none.
pub fn proposal(statement: &Statement<'_>, trade: &Trade) -> Result<VerdictOutcome, Undecided> {
    let outcome = answer(trade.state(), statement.outcome)?;
    if !statement.day_is_over {
        return Err(Undecided::DayNotOver);
    }
    if statement.is_repeated {
        return Err(Undecided::Repeated);
    }
    let same = |stated: Option<&str>, own: Option<&str>| stated.is_none() || stated == own;
    let named = statement.trade_id.is_some() || statement.gateway_ref.is_some();
    let facts = trade.facts();
    if !named
        || !same(statement.trade_id, Some(&facts.trade_id))
        || !same(statement.gateway_ref, trade.gateway_ref())
    {
        return Err(Undecided::OtherId);
    }
    if *statement.amount != facts.sale.amount {
        return Err(Undecided::OtherAmount);
    }
    Ok(outcome)
}

/// The verdict that a report gives. `fresh` is the gateway's answer to a question that was asked after the report was
/// read; `None` if it did not answer.
///
/// # Errors
/// [`Undecided`] says why it gives none.
pub fn verdict(
    statement: &Statement<'_>,
    trade: &Trade,
    fresh: Option<&StatusAnswer>,
) -> Result<VerdictOutcome, Undecided> {
    let outcome = proposal(statement, trade)?;
    let StatusAnswer { status, carried } = fresh.ok_or(Undecided::NoAnswer)?;
    let is_about =
        *status == GatewayStatus::Unclear || carried.agrees(trade.facts(), trade.gateway_ref());
    if is_about && agrees(outcome, *status) {
        Ok(outcome)
    } else {
        Err(Undecided::Contradicted)
    }
}

/// What a report answers to the question that a state leaves open.
fn answer(state: State, stated: MoneyOutcome) -> Result<VerdictOutcome, Undecided> {
    match (state, stated) {
        (State::NeedsReview, MoneyOutcome::Taken) => Ok(VerdictOutcome::Paid),
        (State::NeedsReview, MoneyOutcome::Unpaid) => Ok(VerdictOutcome::Declined),
        // A line about the payment says nothing about a void that may stand in a later report.
        // Whether late money is kept is for a person to say.
        (State::NeedsReview | State::VoidReview | State::LateSuccess, MoneyOutcome::Returned) => {
            Ok(VerdictOutcome::Voided)
        }
        (
            State::NeedsReview | State::VoidReview | State::LateSuccess,
            MoneyOutcome::Taken | MoneyOutcome::Unpaid | MoneyOutcome::Open,
        ) => Err(Undecided::OtherQuestion),
        (
            State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::Cancelling
            | State::CancelUnknown
            | State::Paid
            | State::Reversed
            | State::GivenUp
            | State::Voiding
            | State::VoidUnknown
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided,
            _,
        ) => Err(Undecided::NotReviewable),
    }
}

/// Whether the gateway's answer leaves room for the verdict. An unclear answer does; that is why a report is needed.
fn agrees(outcome: VerdictOutcome, fresh: GatewayStatus) -> bool {
    match fresh {
        GatewayStatus::Unclear | GatewayStatus::Unlisted => true,
        GatewayStatus::Paid => outcome == VerdictOutcome::Paid,
        GatewayStatus::Voided => outcome == VerdictOutcome::Voided,
        GatewayStatus::Unpaid | GatewayStatus::Failed(_) | GatewayStatus::Closed => {
            outcome == VerdictOutcome::Declined
        }
        GatewayStatus::Pending => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::policy::Policy;
    use crate::review::GivenVerdict;
    use crate::trade::{
        Carried, CodeMark, Context, CreateAnswer, Event, Facts, PayAnswer, SaleHold, VoidAnswer,
    };
    use crate::wire::{CodeMode, Reason, Sale};

    fn given(outcome: VerdictOutcome) -> GivenVerdict {
        GivenVerdict {
            outcome,
            by: "manager".to_owned(),
        }
    }

    fn money(minor: u64, currency: &str) -> Money {
        Money {
            minor,
            currency: currency.to_owned(),
        }
    }

    fn carried(trade_id: &str) -> Carried {
        Carried {
            trade_id: Some(trade_id.to_owned()),
            ..Carried::default()
        }
    }

    /// A trade after these events.
    fn after(events: Vec<Event>) -> Trade {
        let policy = Policy::default();
        let mut trade = Trade::new(
            Facts {
                trade_id: "T1".to_owned(),
                shop: "demo".to_owned(),
                terminal: "till-1".to_owned(),
                cashier: Some("aina".to_owned()),
                attempt: 1,
                sale: Sale {
                    reference: "A".to_owned(),
                    amount: money(1250, "MYR"),
                },
                wallet_id: "23".to_owned(),
                wallet_name: String::new(),
                mode: CodeMode::ConsumerPresented,
            },
            0,
        );
        let created = Event::Created(CreateAnswer::Made {
            gateway_ref: "G1".to_owned(),
            payload: None,
        });
        let code = Event::Code(CodeMark("m".to_owned()));
        let times = [0, 1].into_iter().chain((0..).map(|nth| 2 + nth * 600_000));
        for (event, now) in [created, code].into_iter().chain(events).zip(times) {
            let context = Context {
                now,
                policy: &policy,
                held_by_others: SaleHold::None,
                gateway_answer: None,
                code_reused: false,
            };
            trade.handle(event, &context).unwrap();
        }
        trade
    }

    fn paid() -> Event {
        Event::PayAnswered(PayAnswer::Paid(carried("T1")))
    }

    fn under_review() -> Trade {
        let trade = after(vec![Event::PayAnswered(PayAnswer::Paid(carried("T2")))]);
        assert_eq!(trade.state(), State::NeedsReview);
        trade
    }

    fn void_review() -> Trade {
        let unclear = Event::VoidAnswered(VoidAnswer::Unclear);
        let trade = after(vec![paid(), Event::Void, unclear, Event::Tick]);
        assert_eq!(trade.state(), State::VoidReview);
        trade
    }

    fn statement(amount: &Money, outcome: MoneyOutcome) -> Statement<'_> {
        Statement {
            trade_id: Some("T1"),
            gateway_ref: Some("G1"),
            amount,
            outcome,
            is_repeated: false,
            day_is_over: true,
        }
    }

    fn said(status: GatewayStatus) -> StatusAnswer {
        StatusAnswer {
            status,
            carried: carried("T1"),
        }
    }

    /// The verdict after an unclear answer.
    fn verdict(statement: &Statement<'_>, trade: &Trade) -> Result<VerdictOutcome, Undecided> {
        super::verdict(statement, trade, Some(&said(GatewayStatus::Unclear)))
    }

    #[test]
    fn rule_40_a_report_settles_only_its_own_trade_and_exactly_its_amount() {
        let trade = under_review();
        let own = money(1250, "MYR");
        let taken = statement(&own, MoneyOutcome::Taken);
        assert_eq!(verdict(&taken, &trade), Ok(VerdictOutcome::Paid));
        for (minor, currency) in [(1249, "MYR"), (125_000, "MYR"), (1250, "SGD")] {
            let other = money(minor, currency);
            let stated = statement(&other, MoneyOutcome::Taken);
            assert_eq!(
                verdict(&stated, &trade),
                Err(Undecided::OtherAmount),
                "{other} is not what the trade asks for"
            );
        }
        for (trade_id, gateway_ref) in [
            (Some("T2"), Some("G1")),
            (Some("T1"), Some("G2")),
            (None, Some("G2")),
            (None, None),
        ] {
            let stated = Statement {
                trade_id,
                gateway_ref,
                ..taken
            };
            assert_eq!(
                verdict(&stated, &trade),
                Err(Undecided::OtherId),
                "{trade_id:?} {gateway_ref:?}"
            );
        }
        for (trade_id, gateway_ref) in [(Some("T1"), None), (None, Some("G1"))] {
            let stated = Statement {
                trade_id,
                gateway_ref,
                ..taken
            };
            assert_eq!(verdict(&stated, &trade), Ok(VerdictOutcome::Paid));
        }
    }

    #[test]
    fn rule_40_a_duplicate_and_an_unfinished_day_settle_nothing() {
        let (trade, own) = (under_review(), money(1250, "MYR"));
        let taken = statement(&own, MoneyOutcome::Taken);
        let repeated = Statement {
            is_repeated: true,
            ..taken
        };
        let early = Statement {
            day_is_over: false,
            ..taken
        };
        assert_eq!(verdict(&repeated, &trade), Err(Undecided::Repeated));
        assert_eq!(verdict(&early, &trade), Err(Undecided::DayNotOver));
    }

    #[test]
    fn rule_40_a_report_answers_only_the_question_that_is_open() {
        use MoneyOutcome::{Open, Returned, Taken, Unpaid};
        let own = money(1250, "MYR");
        let late = {
            let refused = Event::PayAnswered(PayAnswer::Refused(Reason::Other));
            let declined = after(vec![refused, Event::Restarted]);
            let answer = said(GatewayStatus::Paid);
            let asked = declined.version();
            let refused = Event::PayAnswered(PayAnswer::Refused(Reason::Other));
            after(vec![
                refused,
                Event::Restarted,
                Event::Status(asked, answer),
            ])
        };
        assert_eq!(late.state(), State::LateSuccess);
        let open = Err(Undecided::OtherQuestion);
        for (trade, answers) in [
            (
                under_review(),
                [
                    (Taken, Ok(VerdictOutcome::Paid)),
                    (Returned, Ok(VerdictOutcome::Voided)),
                    (Unpaid, Ok(VerdictOutcome::Declined)),
                    (Open, open),
                ],
            ),
            (
                void_review(),
                [
                    (Taken, open),
                    (Returned, Ok(VerdictOutcome::Voided)),
                    (Unpaid, open),
                    (Open, open),
                ],
            ),
            (
                late,
                [
                    (Taken, open),
                    (Returned, Ok(VerdictOutcome::Voided)),
                    (Unpaid, open),
                    (Open, open),
                ],
            ),
            (
                after(vec![paid()]),
                [Taken, Returned, Unpaid, Open]
                    .map(|stated| (stated, Err(Undecided::NotReviewable))),
            ),
        ] {
            for (stated, expected) in answers {
                let statement = statement(&own, stated);
                let state = trade.state();
                assert_eq!(
                    proposal(&statement, &trade),
                    expected,
                    "{state:?} {stated:?}"
                );
                // The machine takes each verdict that a report may give.
                if let Ok(outcome) = expected {
                    let policy = Policy::default();
                    let context = Context {
                        now: 90_000_000,
                        policy: &policy,
                        held_by_others: SaleHold::None,
                        gateway_answer: None,
                        code_reused: false,
                    };
                    let mut trade = trade.clone();
                    assert_eq!(
                        trade.handle(Event::Verdict(given(outcome)), &context),
                        Ok(())
                    );
                }
            }
        }
    }

    #[test]
    fn rule_40_a_fresh_answer_that_says_otherwise_settles_nothing() {
        use GatewayStatus::{Closed, Failed, Paid, Pending, Unclear, Unpaid, Voided};
        let (trade, own) = (under_review(), money(1250, "MYR"));
        let failed = Failed(Reason::Other);
        let all = [Paid, Pending, Unpaid, failed, Closed, Voided, Unclear];
        for (stated, room) in [
            (MoneyOutcome::Taken, vec![Paid, Unclear]),
            (MoneyOutcome::Returned, vec![Voided, Unclear]),
            (MoneyOutcome::Unpaid, vec![Unpaid, failed, Closed, Unclear]),
        ] {
            let statement = statement(&own, stated);
            assert_eq!(
                super::verdict(&statement, &trade, None),
                Err(Undecided::NoAnswer)
            );
            let other = StatusAnswer {
                status: room[0],
                carried: carried("T2"),
            };
            assert_eq!(
                super::verdict(&statement, &trade, Some(&other)),
                Err(Undecided::Contradicted),
                "it is about another trade"
            );
            for fresh in all {
                let given = super::verdict(&statement, &trade, Some(&said(fresh)));
                match room.contains(&fresh) {
                    true => assert!(given.is_ok(), "{stated:?} {fresh:?}"),
                    false => {
                        assert_eq!(given, Err(Undecided::Contradicted), "{stated:?} {fresh:?}")
                    }
                }
            }
        }
    }

    #[test]
    fn a_negative_amount_is_a_return() {
        assert_eq!(MoneyOutcome::Taken.negative(), Some(MoneyOutcome::Returned));
        assert_eq!(
            MoneyOutcome::Returned.negative(),
            Some(MoneyOutcome::Returned)
        );
        assert_eq!(MoneyOutcome::Unpaid.negative(), None);
        assert_eq!(MoneyOutcome::Open.negative(), None);
    }
}
