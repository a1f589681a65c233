//! What a trade tells about itself.

use super::{CodeMark, Facts, GiveUp, Risk, SaleHold, State, Trade};
use crate::policy::{Ms, Policy};
use crate::review::Proposal;
use crate::wire::{By, DecidedBy, GatewayAnswer, Payload, Reason};

impl Trade {
    /// The properties that never change.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The present state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The version, which grows with every change that must be stored.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When it was created.
    #[must_use]
    pub fn created_ms(&self) -> Ms {
        self.created_ms
    }

    /// When the present state began.
    #[must_use]
    pub fn since_ms(&self) -> Ms {
        self.since_ms
    }

    /// When its terminal last called.
    #[must_use]
    pub fn terminal_seen_ms(&self) -> Ms {
        self.terminal_seen_ms
    }

    /// The gateway's id of the trade.
    #[must_use]
    pub fn gateway_ref(&self) -> Option<&str> {
        self.gateway_ref.as_deref()
    }

    /// The keyed hash of its code.
    #[must_use]
    pub fn code(&self) -> Option<&CodeMark> {
        self.payment.code.as_ref()
    }

    /// The content of our code while its payer is awaited, to be shown until [`Trade::deadline_ms`].
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.payment
            .payload
            .as_ref()
            .filter(|_| self.state == State::AwaitingPayer)
    }

    /// Who closed it.
    #[must_use]
    pub fn by(&self) -> Option<By> {
        let closed = self.state.closed_by(self.cancel.requested_by)?;
        let own = self.reason.is_some_and(Reason::is_the_systems);
        Some(if own { By::System } else { closed })
    }

    /// Why it ended unpaid.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        let asked_for = match self.by() {
            Some(By::Cashier | By::Customer) => Some(Reason::Requested),
            Some(By::System) => Some(Reason::Deadline),
            None => None,
        };
        self.reason.or(asked_for)
    }

    /// When the first proof of payment came, if one came. A paid row of an earlier version has only its state's time.
    #[must_use]
    pub fn paid_ms(&self) -> Option<Ms> {
        let paid = (self.state == State::Paid).then_some(self.since_ms);
        self.payment.paid_ms.or(paid)
    }

    /// Whether reading the trade also checks its payment. A page that has just seen it paid causes no query.
    #[must_use]
    pub fn is_checked_when_read(&self, now: Ms, policy: &Policy) -> bool {
        let first_ms = policy.paid_check_first_ms;
        self.state == State::Paid && first_ms > 0 && now >= self.since_ms.saturating_add(first_ms)
    }

    /// When a paid trade is checked next; `None` for all others, and after the last check.
    #[must_use]
    pub fn paid_check_ms(&self) -> Option<Ms> {
        let (next, until) = (self.queries.next_ask_ms, self.queries.asking_until_ms);
        next.or(until).filter(|_| self.state == State::Paid)
    }

    /// The gateway's reference of the void.
    #[must_use]
    pub fn void_gateway_ref(&self) -> Option<&str> {
        self.void.void_gateway_ref.as_deref()
    }

    /// When the queries every `poll_ms` end; `None` unless money may have moved.
    #[must_use]
    pub fn deadline_ms(&self) -> Option<Ms> {
        match self.state.risk() {
            Risk::Possible => self.payment.deadline_ms,
            Risk::None | Risk::Taken | Risk::Closed => None,
        }
    }

    /// True if this trade blocks every other trade of its sale. The store has a unique index over these trades.
    #[must_use]
    pub fn holds_sale(&self) -> bool {
        match self.state.risk() {
            Risk::Possible => true,
            Risk::Taken => !self.lateness.late,
            Risk::None | Risk::Closed => false,
        }
    }

    /// How this trade holds its sale.
    #[must_use]
    pub fn sale_hold(&self) -> SaleHold {
        if self.holds_sale() {
            SaleHold::Held
        } else if self.state.risk() == Risk::Taken {
            SaleHold::Late
        } else {
            SaleHold::None
        }
    }

    /// Whether it was paid after it had been closed, no matter what has happened since.
    #[must_use]
    pub fn was_late(&self) -> bool {
        self.lateness.was_late
    }

    /// The gateway's answer that led to the present state, if one did.
    #[must_use]
    pub fn gateway_answer(&self) -> Option<&GatewayAnswer> {
        self.gateway_answer.as_ref()
    }

    /// The wish to stop collecting its sale, if it has become true.
    #[must_use]
    pub fn given_up(&self) -> Option<&GiveUp> {
        let waits = self.state.may_be_given_up();
        self.given_up.as_ref().filter(|_| !waits)
    }

    /// Whether a void has left and has not definitely failed.
    #[must_use]
    pub fn void_left(&self) -> bool {
        self.void.void_left
    }

    /// The gateway's words if the last void was refused.
    #[must_use]
    pub fn void_refused(&self) -> Option<&GatewayAnswer> {
        self.void.void_refused.as_ref()
    }

    /// Whether its state comes from a person's verdict.
    #[must_use]
    pub fn decided_by_person(&self) -> bool {
        self.decided_by_person
    }

    /// Whether one person alone confirmed the verdict that decided the present state: `single_person`.
    #[must_use]
    pub fn decided_alone(&self) -> bool {
        let verdict = self.review.verdict.as_ref();
        self.decided_by_person && verdict.is_some_and(|verdict| verdict.by.alone)
    }

    /// The names of the people whose verdict decided the present state; empty if the gateway did, and in old rows.
    #[must_use]
    pub fn decided_by_names(&self) -> &[String] {
        match &self.review.verdict {
            Some(verdict) if self.decided_by_person => &verdict.by.names,
            Some(_) | None => &[],
        }
    }

    /// The verdict that waits for a second person, or for the gateway's answer about a correction.
    #[must_use]
    pub fn proposal(&self) -> Option<&Proposal> {
        self.review.proposal.as_ref()
    }

    /// Whether a correction has all its names and waits for a fresh answer of the gateway.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        self.review.correction.is_some()
    }

    /// Whether the gateway has contradicted the last verdict since it was given.
    #[must_use]
    pub fn verdict_contradicted(&self) -> bool {
        let verdict = self.review.verdict.as_ref();
        verdict.is_some_and(|verdict| verdict.contradicted)
    }

    /// Whether people's words about the trade differ from those of this version of it. Such a change needs a line in the
    /// audit trail, even if the trade did not move.
    #[must_use]
    pub fn review_differs(&self, other: &Self) -> bool {
        self.review != other.review || self.decided_by_person != other.decided_by_person
    }

    /// Whether the two differ in nothing but what they know about their queries. No caller sees that, and the trade
    /// behaves in the same way until the next query.
    #[must_use]
    pub fn differs_only_in_queries(&self, other: &Self) -> bool {
        let mut same = self.clone();
        same.version = other.version;
        same.queries.clone_from(&other.queries);
        same.payment.aging_ms = other.payment.aging_ms;
        same == *other
    }

    /// Whether a query is out: its answer is not known here.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.queries.asking_until_ms.is_some()
    }

    /// Whether the gateway is still asked about a person's verdict. The store must find such a trade after a restart.
    #[must_use]
    pub fn checks_verdict(&self) -> bool {
        let asks = self.queries.next_ask_ms.is_some() || self.queries.asking_until_ms.is_some();
        self.decided_by_person && asks
    }

    /// The trade as its row reads back: without requests that have yet to leave, and without moves that were reported.
    #[must_use]
    pub fn as_row(&self) -> Self {
        let mut row = self.clone();
        row.outbox.clear();
        row.moves.clear();
        row
    }

    /// The trade after an answer without news, with the version of before: `None` if the change must be stored.
    ///
    /// Only the schedule of queries may differ, and the next query must be due at some time. Then a driver may keep the
    /// change in memory until that query begins. A driver that loses it asks once more, and no money depends on it. The
    /// version stays, because the change is not stored: no version leaves the driver that the store does not have.
    #[must_use]
    pub fn unstored(mut self, before: &Self) -> Option<Self> {
        let asks_again =
            self.queries.asking_until_ms.is_none() && self.queries.next_ask_ms.is_some();
        let columns = |trade: &Self| (trade.paid_check_ms(), trade.checks_verdict());
        if !asks_again || !self.outbox.is_empty() || columns(&self) != columns(before) {
            return None;
        }
        self.version = before.version;
        let queries = std::mem::replace(&mut self.queries, before.queries.clone());
        let is_same = self == *before;
        self.queries = queries;
        is_same.then_some(self)
    }

    /// Who decided the final status; `None` for an open trade, and for one that was closed before any code left.
    #[must_use]
    pub fn decided_by(&self) -> Option<DecidedBy> {
        if self.decided_by_person {
            Some(DecidedBy::Person)
        } else if self.state.status().is_final() && self.state != State::Abandoned {
            Some(DecidedBy::Gateway)
        } else {
            None
        }
    }

    /// When its payment left, or when our code became visible. Without that, when the trade was created.
    #[must_use]
    pub fn paid_from_ms(&self) -> Ms {
        self.payment.sent_ms.unwrap_or(self.created_ms)
    }

    /// Whether a payment may have left: ours, or that of somebody who has seen our code.
    #[must_use]
    pub fn payment_left(&self) -> bool {
        self.payment.sent_ms.is_some()
    }
}
