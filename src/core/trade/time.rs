//! Applies the passing of time: lost answers, deadlines, and the schedule of queries.

use super::timing::{Ends, First, Lost, Pace};
use super::{Context, GatewayRequest, Risk, State, Trade};
use crate::policy::{Ms, Policy};
use crate::wire::{By, CodeMode, Reason};

/// The offset basis and the prime of 64-bit FNV-1a: <http://www.isthe.com/chongo/tech/comp/fnv/>.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

impl Trade {
    pub(super) fn apply_deadlines(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        if self
            .queries
            .asking_until_ms
            .is_some_and(|until| now >= until)
        {
            self.queries.asking_until_ms = None;
            self.check_payment_at_once(context);
        }
        if self.answer_lost_ms(policy).is_some_and(|lost| now >= lost) {
            self.answer_lost(context);
        }
        match self.timing().ends {
            Ends::WithTerminal if now >= self.terminal_seen_ms + policy.terminal_silent_ms => {
                self.reason = Some(Reason::TerminalSilent);
                self.enter(State::Abandoned, context);
            }
            Ends::AtDeadline => self.deadline_or_request(context),
            Ends::AtGiveUp => self.give_up(context),
            Ends::WithTerminal | Ends::Never => {}
        }
    }

    /// The request whose answer is awaited. A cancel that was answered is being checked, so it can't get lost.
    fn awaited(&self) -> Option<Lost> {
        match self.timing().lost {
            Some(Lost::Cancel) => self.cancel.cancel_answer.is_none().then_some(Lost::Cancel),
            lost => lost,
        }
    }

    /// When the answer that this state waits for counts as lost.
    fn answer_lost_ms(&self, policy: &Policy) -> Option<Ms> {
        let patience_ms = match self.awaited()? {
            Lost::Create | Lost::Cancel => policy.read_timeout_ms,
            Lost::Pay | Lost::Void => policy.pay_timeout_ms,
        };
        Some(self.since_ms + policy.connect_timeout_ms + patience_ms + policy.clock_grace_ms)
    }

    fn answer_lost(&mut self, context: &Context<'_>) {
        match self.timing().lost {
            Some(Lost::Create) => self.create_unanswered(context),
            Some(Lost::Pay) => self.enter(State::Unknown, context),
            Some(Lost::Cancel) => self.enter(State::CancelUnknown, context),
            Some(Lost::Void) => self.enter(State::VoidUnknown, context),
            None => {}
        }
    }

    fn deadline_or_request(&mut self, context: &Context<'_>) {
        let time_is_up = self
            .payment
            .deadline_ms
            .is_some_and(|deadline| context.now >= deadline);
        if time_is_up && !context.policy.can_cancel {
            self.enter(State::NeedsReview, context);
        } else if (time_is_up || self.cancel.requested_by.is_some())
            && self.old_enough_to_cancel(context)
        {
            self.cancel.requested_by.get_or_insert(By::System);
            self.start_cancel(context);
        }
    }

    pub(super) fn old_enough_to_cancel(&self, context: &Context<'_>) -> bool {
        self.cancel_from_ms(context.policy)
            .is_none_or(|from| context.now >= from)
    }

    /// The earliest time of a cancel. It keeps a cancel from overtaking a payment of ours that is still on its way.
    ///
    /// If we show the code, no payment of ours is on its way, so there is no such time.
    /// A code that was shown by mistake can be taken down at once.
    fn cancel_from_ms(&self, policy: &Policy) -> Option<Ms> {
        match self.facts.mode {
            CodeMode::ConsumerPresented => self
                .payment
                .sent_ms
                .map(|sent| sent + policy.min_cancel_age_ms),
            CodeMode::MerchantPresented => None,
        }
    }

    fn give_up(&mut self, context: &Context<'_>) {
        if self.give_up_ms.is_none_or(|end| context.now < end) {
            return;
        }
        let review = if self.state == State::VoidUnknown {
            State::VoidReview
        } else {
            State::NeedsReview
        };
        self.cancel.cancel_answer = None;
        self.enter(review, context);
    }

    /// Schedules the first query of a state that was just entered.
    pub(super) fn schedule(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        self.queries.next_ask_ms = match self.timing().first {
            First::Never => None,
            First::AsBefore => self.queries.next_ask_ms,
            First::AsBeforeOrNow => self.queries.next_ask_ms.or(Some(now)),
            First::Now => Some(now),
            First::Poll => Some(now + policy.poll_ms),
            First::Review => Some(now + policy.review_check_first_ms),
            First::LateIfSent => self
                .payment
                .sent_ms
                .map(|_| now + policy.late_check_first_ms),
            First::Paid => self.next_paid_check_ms(now, policy),
        };
    }

    /// Makes the next query due now, if the state has any.
    pub(super) fn ask_at_once(&mut self, now: Ms) {
        let asks = match self.state.risk() {
            Risk::Possible => true,
            Risk::Taken => self.state.is_voiding() || self.decided_by_person,
            Risk::Closed => {
                self.payment.sent_ms.is_some()
                    && (self.state != State::Voided || self.decided_by_person)
            }
            Risk::None => false,
        };
        if asks {
            self.queries.next_ask_ms = Some(now);
        }
    }

    /// Makes a check of a paid trade due now, if the policy has such checks.
    ///
    /// It follows a void that was refused, because the money may have been given back in another way, and a check
    /// without an answer: its process has ended.
    pub(super) fn check_payment_at_once(&mut self, context: &Context<'_>) {
        if self.state == State::Paid && context.policy.paid_check_first_ms > 0 {
            self.queries.next_ask_ms = Some(context.now);
        }
    }

    pub(super) fn ask_if_due(&mut self, context: &Context<'_>) {
        let now = context.now;
        if self.queries.asking_until_ms.is_some()
            || self.queries.next_ask_ms.is_none_or(|due| now < due)
        {
            return;
        }
        self.ask(context);
        self.queries.next_ask_ms = self
            .pause_ms(now, context.policy)
            .map(|pause| now.saturating_add(pause));
        self.queries.asks = self.queries.asks.saturating_add(1);
    }

    /// Sends a query. The caller has checked that none is out.
    pub(super) fn ask(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        self.queries.asking_until_ms =
            Some(now + policy.connect_timeout_ms + policy.read_timeout_ms + policy.clock_grace_ms);
        self.queries.asked_old = match (policy.unpaid_final_after_ms, self.payment.aging_ms) {
            // The clock of the process that asks may be ahead of the clock that set the start.
            (Some(age), Some(since)) => now >= since + age + policy.clock_grace_ms,
            (None, _) | (_, None) => false,
        };
        self.outbox.push_back(GatewayRequest::Query {
            version: self.version,
        });
    }

    /// The time from the start of the query that leaves now to the start of the next one.
    fn pause_ms(&self, now: Ms, policy: &Policy) -> Option<Ms> {
        let doubled = |first: Ms| first.saturating_mul(1 << self.queries.asks.min(20));
        match self.timing().pace {
            Pace::None => None,
            Pace::Poll => Some(self.jittered(policy.poll_ms)),
            Pace::Review => {
                Some(doubled(policy.review_check_first_ms).min(policy.review_check_max_ms))
            }
            Pace::Late => {
                let pause = doubled(policy.late_check_first_ms);
                (pause <= policy.late_check_max_ms).then_some(pause)
            }
            Pace::Paid => Some(self.next_paid_check_ms(now, policy)? - now),
        }
    }

    /// The next time after `now` at which a paid trade is checked. The checks begin anew whenever it becomes paid: after a
    /// verdict, or after a void that was refused.
    ///
    /// The checks of a day begin together, so each trade's id moves them by up to an hour.
    fn next_paid_check_ms(&self, now: Ms, policy: &Policy) -> Option<Ms> {
        let [first, evening, morning] = policy.paid_checks(self.since_ms)?;
        let spread_ms = (self.hashed([]) >> 32) % (policy.day_ms / 24 + 1);
        let checks = [first, evening + spread_ms, morning + spread_ms];
        checks.into_iter().filter(|check| *check > now).min()
    }

    /// A pause that is up to ten per cent shorter or longer, so that tills that start together drift apart.
    ///
    /// It comes from a hash (FNV-1a) of the trade's id, so that a replay gives the same pause.
    fn jittered(&self, pause_ms: Ms) -> Ms {
        let hash = self.hashed(self.queries.asks.to_le_bytes());
        let span = pause_ms / 5;
        pause_ms - span / 2 + (hash >> 32) % (span + 1)
    }

    /// A hash of the trade's id and these bytes.
    fn hashed(&self, salt: impl IntoIterator<Item = u8>) -> u64 {
        let seed = self.facts.trade_id.bytes().chain(salt);
        seed.fold(FNV_OFFSET, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
        })
    }

    /// When the next deadline or query is due.
    pub(super) fn wake_ms(&self, policy: &Policy) -> Option<Ms> {
        let due = [self.move_due_ms(policy), self.query_due_ms(policy)];
        due.into_iter().flatten().min()
    }

    /// When time moves the trade next: a deadline, or an answer that counts as lost. Such a tick waits for nothing.
    #[must_use]
    pub fn move_due_ms(&self, policy: &Policy) -> Option<Ms> {
        let own = match self.timing().ends {
            Ends::Never => None,
            Ends::WithTerminal => Some(self.terminal_seen_ms + policy.terminal_silent_ms),
            Ends::AtDeadline => self.deadline_wake_ms(policy),
            Ends::AtGiveUp => self.give_up_ms,
        };
        let due = [own, self.answer_lost_ms(policy)];
        due.into_iter().flatten().min()
    }

    /// When the next query is due. A tick at that time moves nothing before [`Trade::move_due_ms`], so it may wait for
    /// its turn.
    #[must_use]
    pub fn query_due_ms(&self, policy: &Policy) -> Option<Ms> {
        match (self.queries.next_ask_ms, self.queries.asking_until_ms) {
            (Some(due), Some(until)) => Some(due.max(until)),
            (Some(due), None) => Some(due),
            // Nobody else would notice that the last check of a payment got no answer.
            (None, until) => {
                until.filter(|_| self.state == State::Paid && policy.paid_check_first_ms > 0)
            }
        }
    }

    fn deadline_wake_ms(&self, policy: &Policy) -> Option<Ms> {
        let cancel_from = self.cancel_from_ms(policy);
        if self.cancel.requested_by.is_some() {
            return cancel_from;
        }
        match (self.payment.deadline_ms, policy.can_cancel) {
            (Some(deadline), true) => Some(cancel_from.map_or(deadline, |from| from.max(deadline))),
            (deadline, _) => deadline,
        }
    }

    pub(super) fn start_cancel(&mut self, context: &Context<'_>) {
        let policy = context.policy;
        self.cancel.cancel_answer = None;
        self.cancel.cancelling_until_ms = Some(
            context.now
                + policy.connect_timeout_ms
                + policy.read_timeout_ms
                + policy.clock_grace_ms,
        );
        self.give_up_ms
            .get_or_insert(context.now + context.policy.cancel_deadline_ms);
        self.enter(State::Cancelling, context);
        self.outbox.push_back(GatewayRequest::Cancel);
    }

    /// Starts to measure the age, if the policy needs it. Times of another process's clock are not added to this one's.
    pub(super) fn start_aging(&mut self, context: &Context<'_>) {
        let counts =
            self.payment.sent_ms.is_some() && context.policy.unpaid_final_after_ms.is_some();
        self.payment.aging_ms = counts.then_some(context.now);
    }

    /// Moves the row's times after the clock was set by `by` milliseconds.
    ///
    /// A row with times of the new clock is left alone: it is younger, or another process has moved it.
    pub(super) fn clock_set(&mut self, by: i64, now: Ms) {
        let newest = self.since_ms.max(self.terminal_seen_ms);
        let of_old_clock = if by > 0 {
            newest <= now.saturating_add_signed(-by)
        } else {
            newest > now
        };
        if of_old_clock {
            self.shift(by);
        }
    }

    /// Moves the row's times if the clock was set back between two runs, so that no deadline comes later.
    pub(super) fn adjust_to_clock(&mut self, now: Ms) {
        let newest = self.since_ms.max(self.terminal_seen_ms);
        let ahead = newest.saturating_sub(now);
        if ahead > 0 {
            self.shift(i64::try_from(ahead).unwrap_or(i64::MAX).saturating_neg());
        }
    }

    /// Moves all times of the row except its creation, which keeps the date of its day.
    fn shift(&mut self, by: i64) {
        let shift = |ms: &mut Ms| *ms = ms.saturating_add_signed(by);
        shift(&mut self.since_ms);
        shift(&mut self.terminal_seen_ms);
        let times = [
            &mut self.payment.sent_ms,
            &mut self.payment.deadline_ms,
            &mut self.payment.aging_ms,
            &mut self.queries.next_ask_ms,
            &mut self.give_up_ms,
            &mut self.cancel.cancelling_until_ms,
            &mut self.queries.asking_until_ms,
        ];
        times.into_iter().flatten().for_each(shift);
        if let Some(proposal) = &mut self.review.proposal {
            shift(&mut proposal.at_ms);
        }
    }
}
