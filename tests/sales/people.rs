//! Customers, who approve, decline, take their time or walk away; and the people of the shop.
//! These give money back, and give verdicts by the gateway's books where the machines could not decide.

use kaunter_core::policy::Ms;
use kaunter_core::trade::{Event, GiveUp, State};
use kaunter_core::wire::{Tender, VerdictOutcome};
use kaunter_model::gateway::{self, Response, Stage};
use kaunter_model::sample;

use crate::gateway::PaymentAction;
use crate::hop1::PageCall;
use crate::tally::Fault;
use crate::world::{ScheduledEvent, World, say};

const SECOND: Ms = 1_000;
const MINUTE: Ms = 60 * SECOND;
const HOUR: Ms = 60 * MINUTE;
/// How often a person checks before giving up.
const MOST_LOOKS: u32 = 12;
/// How often people try to correct a verdict after the first time.
const MOST_CORRECTIONS: u32 = 3;
/// Who corrects a verdict.
const NAMES: [&str; 3] = [sample::CASHIER, "manager", "boss"];
/// What a cashier can say.
const OUTCOMES: [VerdictOutcome; 3] = [
    VerdictOutcome::Paid,
    VerdictOutcome::Declined,
    VerdictOutcome::Voided,
];

impl World<'_> {
    // ---- customers -------------------------------------------------------------------------------------------

    /// Whether the gateway guarantees that a trade of this age is never paid.
    fn is_too_old_to_pay(&self, row: usize) -> bool {
        let age_ms = self.weather.policy.unpaid_final_after_ms;
        age_ms.is_some_and(|age_ms| self.now >= self.contexts[row].account.created_ms + age_ms)
    }

    /// The last moment at which the gateway takes a payment for this trade.
    fn last_moment(&mut self, row: usize) -> Option<Ms> {
        let age_ms = self.weather.policy.unpaid_final_after_ms?;
        let end = self.contexts[row].account.created_ms + age_ms;
        let last = end.saturating_sub(self.dice.spread(1, 10 * SECOND));
        (last > self.now).then_some(last)
    }

    pub(crate) fn customer_takes(&mut self, row: usize) -> Response {
        if self.is_too_old_to_pay(row) {
            return Response::Refuse;
        }
        match self.dice.between(0, 99) {
            0..=49 => Response::Grant,
            50..=91 => Response::Wait,
            _ => Response::Refuse,
        }
    }

    /// Our code is on display. Most customers scan it at once, some late, and one in ten never.
    /// Sometimes a second customer scans it too, or somebody scans a photograph of it later.
    pub(crate) fn our_code_is_shown(&mut self, row: usize) {
        if self.contexts[row].shown_ms.is_some() {
            return;
        }
        self.contexts[row].shown_ms = Some(self.now);
        let first = match self.dice.between(0, 19) {
            0 | 1 => None,
            2 => Some(4 * HOUR),
            3 => Some(3 * MINUTE),
            _ => Some(40 * SECOND),
        };
        let second = self.dice.chance(60).then_some(HOUR);
        for longest in [first, second].into_iter().flatten() {
            let due = match self.last_moment(row) {
                Some(last) if self.dice.chance(100) => last,
                Some(_) | None => self.now + self.dice.spread(SECOND, longest),
            };
            self.queue
                .plan(due, ScheduledEvent::Customer(row, PaymentAction::Scans));
        }
    }

    fn scanned(&mut self, row: usize) {
        if self.contexts[row].account.stage != Stage::Created {
            // The gateway takes a code once. A second customer reads in the app that it is used or closed.
            let spent = self.contexts[row].account.ledger.payments > 0;
            return self.note(if spent {
                Fault::ScannedTwice
            } else {
                Fault::ScannedLate
            });
        }
        if self.store.trade(row).state() != State::AwaitingPayer {
            self.note(Fault::ScannedLate);
        }
        let (response, now) = (self.customer_takes(row), self.now);
        let late = self.is_closed(row);
        self.contexts[row].account.at(now, |account| {
            account.ledger.late |= late;
            account.scan(response);
        });
        self.shop_sees_both(row);
        self.customer_follows(row);
    }

    /// The customer has paid in another way, and now with the wallet too. Some shops see it first, and give it back
    /// in the gateway's portal.
    fn shop_sees_both(&mut self, row: usize) {
        let both = self.store.trade(row).state() == State::GivenUp
            && self.contexts[row].account.stage == Stage::Paid;
        if both && self.dice.chance(300) {
            let due = self.now + self.dice.spread(SECOND, 5 * MINUTE);
            self.queue
                .plan(due, ScheduledEvent::Customer(row, PaymentAction::GetsBack));
        }
    }

    /// Decides what happens to a payment that has reached the gateway.
    pub(crate) fn customer_follows(&mut self, row: usize) {
        if self.contexts[row].account.stage == Stage::Pending {
            let longest = match self.dice.between(0, 19) {
                0 => 10 * MINUTE,
                1 => 3 * HOUR,
                _ => 20 * SECOND,
            };
            let due = match self.last_moment(row) {
                Some(last) if self.dice.chance(300) => last,
                Some(_) | None => self.now + self.dice.spread(SECOND, longest),
            };
            let deed = match self.dice.between(0, 99) {
                0..=79 => PaymentAction::Confirms,
                80..=89 => PaymentAction::Refuses,
                _ => PaymentAction::Closes,
            };
            self.queue.plan(due, ScheduledEvent::Customer(row, deed));
        }
        self.plan_late(row);
    }

    /// A closed trade may be paid after all, even the next day.
    pub(crate) fn plan_late(&mut self, row: usize) {
        let account = self.contexts[row].account;
        let closed = account.stage.is_unpaid();
        let ages = self.weather.policy.unpaid_final_after_ms.is_some();
        let paying = account.ledger.payments > 0 || self.contexts[row].shown_ms.is_some();
        if closed && paying && !ages && self.dice.chance(self.weather.late) {
            let due = self.now + self.dice.spread(SECOND, 14 * HOUR);
            self.queue.plan(
                due,
                ScheduledEvent::Customer(row, PaymentAction::PaysAfterAll),
            );
        }
    }

    pub(crate) fn customer(&mut self, row: usize, deed: PaymentAction) {
        let now = self.now;
        let stage = self.contexts[row].account.stage;
        let closed = stage.is_unpaid();
        match deed {
            PaymentAction::Scans => self.scanned(row),
            PaymentAction::PaysAfterAll
                if closed && self.contexts[row].account.ledger.charged == 0 =>
            {
                self.note(Fault::PaidAfterAll);
                self.contexts[row]
                    .account
                    .at(now, gateway::Account::charge_late);
            }
            PaymentAction::PaysAfterAll => {}
            PaymentAction::GetsBack if stage == Stage::Paid => {
                self.note(Fault::GivenBack);
                self.contexts[row]
                    .account
                    .at(now, gateway::Account::refund_at_desk);
            }
            PaymentAction::GetsBack => {}
            PaymentAction::Confirms if stage == Stage::Pending && !self.is_too_old_to_pay(row) => {
                // A process with a wrong clock may have closed it already.
                let late = self.is_closed(row);
                self.contexts[row].account.at(now, |account| {
                    account.ledger.late |= late;
                    account.charge();
                });
                self.shop_sees_both(row);
            }
            PaymentAction::Confirms | PaymentAction::Refuses if stage == Stage::Pending => {
                self.contexts[row]
                    .account
                    .at(now, |account| account.stage = Stage::Failed);
                self.plan_late(row);
            }
            PaymentAction::Closes if stage == Stage::Pending => {
                self.contexts[row]
                    .account
                    .at(now, |account| account.stage = Stage::Closed);
                self.plan_late(row);
            }
            PaymentAction::Confirms | PaymentAction::Refuses | PaymentAction::Closes => {}
        }
        say!(
            self,
            "customer of trade {row} {deed:?}: {:?}",
            self.contexts[row].account.stage
        );
    }

    /// Whether the backend has closed it, for any reason.
    fn is_closed(&self, row: usize) -> bool {
        matches!(
            self.store.trade(row).state(),
            State::Declined | State::Cancelled | State::Expired
        )
    }

    // ---- the shop's people -----------------------------------------------------------------------------------

    pub(crate) fn people_notice(&mut self, row: usize, state: State) {
        if self.store.trade(row).decided_by_person() && self.dice.chance(self.weather.corrections) {
            let due = self.now + self.dice.spread(MINUTE, 4 * HOUR);
            self.queue.plan(due, ScheduledEvent::Correction(row, 0));
        }
        if state == State::Paid && self.dice.chance(self.weather.reversals) {
            let longest = if self.dice.coin() { MINUTE } else { 8 * HOUR };
            let due = self.now + self.dice.spread(SECOND, longest);
            self.queue
                .plan(due, ScheduledEvent::Customer(row, PaymentAction::GetsBack));
        }
        match state {
            State::NeedsReview
            | State::GivenUp
            | State::VoidReview
            | State::LateSuccess
            | State::Reversed => {
                let due = self.now + self.dice.spread(MINUTE, 4 * HOUR);
                self.queue.plan(due, ScheduledEvent::Review(row, 0));
            }
            State::Paid if self.dice.chance(self.weather.voids) => {
                let due = self.now + self.dice.spread(SECOND, 10 * MINUTE);
                self.queue.plan(due, ScheduledEvent::VoidWish(row));
            }
            State::AwaitingPayer | State::Pending | State::Unknown
                if self.dice.chance(self.weather.early_give_ups) =>
            {
                let due = self.now + self.dice.spread(SECOND, 2 * MINUTE);
                self.queue.plan(due, ScheduledEvent::GiveUpWish(row));
            }
            State::Paid
            | State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::Cancelling
            | State::CancelUnknown
            | State::Voiding
            | State::VoidUnknown
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => {}
        }
    }

    pub(crate) fn void_wish(&mut self, row: usize) {
        if self.held || self.store.trade(row).state() != State::Paid {
            return;
        }
        let Some(tab) = (0..self.tabs.len()).find(|tab| self.tabs[*tab].up) else {
            return;
        };
        let trade_id = self.store.trade(row).facts().trade_id.clone();
        self.call(tab, None, PageCall::Void(trade_id));
        if self.dice.coin() {
            // The cashier presses again, with or without a reply.
            let due = self.now + self.dice.spread(500, MINUTE);
            self.queue.plan(due, ScheduledEvent::VoidWish(row));
        }
    }

    /// The customer of this trade's sale pays in another way. The first process that runs decides by the shipped rule.
    pub(crate) fn give_up_wish(&mut self, row: usize) {
        let process = self.first_running();
        let Some(process) = process.filter(|_| !self.held && !self.store_is_down()) else {
            return;
        };
        let wish = GiveUp {
            by: "cashier".to_owned(),
            tender: Tender::Cash,
            at_ms: self.clock(process),
        };
        match self.store.give_up(row, &wish, &self.weather.policy) {
            Ok((at, moves)) => {
                say!(
                    self,
                    "the customer of trade {row} wants to pay in another way: trade {at} ends or asks first"
                );
                self.note(Fault::GivenUp);
                self.moved(at, moves);
                self.sends(process, at, None);
            }
            Err(code) => {
                say!(
                    self,
                    "the customer of trade {row} can't pay in another way: {code:?}"
                );
                self.note(Fault::NotGivenUp);
            }
        }
    }

    /// A person checks the gateway's books, when nothing is under way there any more.
    pub(crate) fn review(&mut self, row: usize, reads: u32) {
        let state = self.store.trade(row).state();
        if !matches!(
            state,
            State::NeedsReview
                | State::GivenUp
                | State::VoidReview
                | State::LateSuccess
                | State::Reversed
        ) {
            return;
        }
        let process = (0..self.processes.len()).find(|process| self.processes[*process].up);
        let gives_up = state == State::NeedsReview && self.dice.chance(self.weather.give_ups);
        let verdict = if gives_up {
            self.give_up_wish(row);
            None
        } else {
            self.verdict(row)
        };
        match (process, verdict) {
            (Some(process), Some(event)) if !self.held && self.stalled(process).is_none() => {
                say!(self, "a person settles trade {row}: {event:?}");
                self.apply(process, row, event, None, None);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        if reads < MOST_LOOKS {
            let due = self.now + (MINUTE << reads);
            self.queue.plan(due, ScheduledEvent::Review(row, reads + 1));
        }
    }

    /// Somebody corrects a person's verdict: proposes another one, or confirms it.
    ///
    /// People may be wrong about "paid": then the gateway's answer protects the sale. Nothing protects a sale from two
    /// people who call paid what was not, so these follow the gateway's books.
    pub(crate) fn correction(&mut self, row: usize, tries: u32) {
        let process = self.first_running();
        let process = process.filter(|process| !self.held && self.stalled(*process).is_none());
        let trade = self.store.trade(row);
        let (state, by_person) = (trade.state(), trade.decided_by_person());
        if by_person && self.dice.chance(self.weather.undone) {
            self.books_change(row, state);
        }
        let truth = self.contexts[row].account.verdict(State::NeedsReview);
        let outcome = if state == State::Paid {
            Some(OUTCOMES[self.dice.one_of(OUTCOMES.len())])
        } else if truth == Some(VerdictOutcome::Voided) && self.dice.chance(200) {
            // The customer has no money to get back either way, so this error is harmless.
            Some(VerdictOutcome::Declined)
        } else {
            truth.filter(|_| !self.is_under_way(row))
        };
        if let (true, Some(process), Some(outcome)) = (by_person, process, outcome) {
            let name = NAMES[self.dice.one_of(NAMES.len())];
            self.note(
                if state == State::Paid && truth == Some(VerdictOutcome::Paid) {
                    Fault::WronglyCorrected
                } else {
                    Fault::Corrected
                },
            );
            let event = sample::verdict_by(name, outcome);
            say!(self, "a person corrects trade {row}: {event:?}");
            self.apply(process, row, event, None, None);
        }
        if tries < MOST_CORRECTIONS {
            let due = self.now + self.dice.spread(SECOND, HOUR);
            self.queue
                .plan(due, ScheduledEvent::Correction(row, tries + 1));
        }
    }

    /// The gateway's books change after a person's verdict, so that a correction is right.
    fn books_change(&mut self, row: usize, state: State) {
        let now = self.now;
        let ages = self.weather.policy.unpaid_final_after_ms.is_some();
        let account = &mut self.contexts[row].account;
        let fault = match (state, account.stage) {
            (State::Paid, Stage::Paid) => {
                account.at(now, gateway::Account::refund_at_desk);
                Fault::GivenBack
            }
            (State::Declined, stage)
                if stage.is_unpaid() && account.ledger.charged == 0 && !ages =>
            {
                account.at(now, gateway::Account::charge_late);
                if self.dice.coin() {
                    account.at(now, gateway::Account::refund_at_desk);
                }
                Fault::PaidAfterAll
            }
            // The trade is closed, so its money is late.
            (State::Voided, Stage::Refunded) => {
                account.at(now, |account| {
                    account.ledger.late = true;
                    account.undo_refund();
                });
                Fault::ReversalUndone
            }
            (_, _) => return,
        };
        self.note(fault);
    }

    fn verdict(&mut self, row: usize) -> Option<Event> {
        if self.is_under_way(row) {
            return None;
        }
        let (state, now) = (self.store.trade(row).state(), self.now);
        let reversed =
            (state, self.contexts[row].account.stage) == (State::Reversed, Stage::Refunded);
        if reversed && self.dice.chance(self.weather.undone) {
            self.note(Fault::ReversalUndone);
            self.contexts[row]
                .account
                .at(now, gateway::Account::undo_refund);
        }
        let account = &mut self.contexts[row].account;
        if (state, account.stage) == (State::LateSuccess, Stage::Paid) {
            match self.dice.between(0, 9) {
                0..=4 => {}
                5..=8 => return Some(Event::Void),
                _ => account.at(now, gateway::Account::refund_at_desk),
            }
        }
        let truth = account.verdict(state)?;
        // The cashier says anything of an own charge. Two others look at the gateway's books, and the second one of them
        // is needed where the first one disagrees with the cashier.
        let name = match self.store.trade(row).proposal() {
            None if self.dice.chance(300) => {
                let said = OUTCOMES[self.dice.one_of(OUTCOMES.len())];
                return Some(sample::verdict_by(sample::CASHIER, said));
            }
            Some(proposal) if proposal.by == "manager" => "boss",
            Some(_) | None => "manager",
        };
        Some(sample::verdict_by(name, truth))
    }
}
