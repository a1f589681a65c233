//! What time does to an attempt: lost answers, deadlines, and when to ask.

use super::{Context, Risk, Send, State, Trade};
use crate::policy::{Ms, Policy};
use crate::wire::{By, CodeMode, Reason};

impl Trade {
    pub(super) fn time_acts(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        if self.asking_until_ms.is_some_and(|until| now >= until) {
            self.asking_until_ms = None;
        }
        if self.answer_lost_ms(policy).is_some_and(|lost| now >= lost) {
            self.answer_lost(context);
        }
        match self.state {
            State::AwaitingCode if now >= self.heard_ms + policy.terminal_silent_ms => {
                self.reason = Some(Reason::TerminalQuiet);
                self.go(State::Abandoned, context);
            }
            State::AwaitingPayer | State::Pending | State::Unknown => {
                self.deadline_or_wish(context)
            }
            State::Cancelling | State::CancelUnknown | State::VoidUnknown => self.give_up(context),
            State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::Paying
            | State::NeedsReview
            | State::Paid
            | State::Voiding
            | State::VoidReview
            | State::LateSuccess
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => {}
        }
    }

    /// When the answer to the request that this state waits for counts as lost.
    fn answer_lost_ms(&self, policy: &Policy) -> Option<Ms> {
        let patience_ms = match self.state {
            State::Creating => policy.read_timeout_ms,
            State::Paying | State::Voiding => policy.pay_timeout_ms,
            State::Cancelling if self.cancel_said.is_none() => policy.read_timeout_ms,
            State::Cancelling
            | State::CreateUnknown
            | State::AwaitingCode
            | State::AwaitingPayer
            | State::Pending
            | State::Unknown
            | State::CancelUnknown
            | State::NeedsReview
            | State::Paid
            | State::VoidUnknown
            | State::VoidReview
            | State::LateSuccess
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => return None,
        };
        Some(self.since_ms + policy.connect_timeout_ms + patience_ms + policy.clock_grace_ms)
    }

    fn answer_lost(&mut self, context: &Context<'_>) {
        match self.state {
            State::Creating => self.create_unanswered(context),
            State::Paying => self.go(State::Unknown, context),
            State::Cancelling => self.go(State::CancelUnknown, context),
            State::Voiding => self.go(State::VoidUnknown, context),
            State::CreateUnknown
            | State::AwaitingCode
            | State::AwaitingPayer
            | State::Pending
            | State::Unknown
            | State::CancelUnknown
            | State::NeedsReview
            | State::Paid
            | State::VoidUnknown
            | State::VoidReview
            | State::LateSuccess
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => {}
        }
    }

    fn deadline_or_wish(&mut self, context: &Context<'_>) {
        let time_is_up = self
            .deadline_ms
            .is_some_and(|deadline| context.now >= deadline);
        if time_is_up && !context.policy.can_cancel {
            self.go(State::NeedsReview, context);
        } else if (time_is_up || self.wish.is_some()) && self.old_enough_to_cancel(context) {
            self.wish.get_or_insert(By::Deadline);
            self.start_cancel(context);
        }
    }

    pub(super) fn old_enough_to_cancel(&self, context: &Context<'_>) -> bool {
        self.cancel_from_ms(context.policy)
            .is_none_or(|from| context.now >= from)
    }

    /// The age guards a payment of ours that may still be on its way from being overtaken by its cancel. Where the
    /// customer pays, no request of ours is: the gateway alone sees both, and a code that was shown by mistake should
    /// not wait for somebody to scan it.
    fn cancel_from_ms(&self, policy: &Policy) -> Option<Ms> {
        match self.facts.mode {
            CodeMode::ConsumerPresented => self.sent_ms.map(|sent| sent + policy.min_cancel_age_ms),
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
        self.cancel_said = None;
        self.go(review, context);
    }

    /// Sets the first question of the state just entered.
    pub(super) fn schedule(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        self.next_ask_ms = match self.state {
            State::Paying => self.next_ask_ms,
            State::Pending | State::Unknown => self.next_ask_ms.or(Some(now)),
            State::AwaitingPayer | State::CancelUnknown => Some(now + policy.poll_ms),
            State::VoidUnknown => Some(now),
            State::NeedsReview | State::VoidReview => Some(now + policy.review_check_first_ms),
            State::Declined | State::Cancelled | State::Expired if self.sent_ms.is_some() => {
                Some(now + policy.late_check_first_ms)
            }
            State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::Cancelling
            | State::Paid
            | State::Voiding
            | State::LateSuccess
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => None,
        };
    }

    /// Brings the next question forward to now, where questions make sense.
    pub(super) fn ask_at_once(&mut self, now: Ms) {
        let asks = match self.state.risk() {
            Risk::Possible => true,
            Risk::Taken => self.state.is_voiding(),
            Risk::Closed => self.sent_ms.is_some() && self.state != State::Voided,
            Risk::None => false,
        };
        if asks {
            self.next_ask_ms = Some(now);
        }
    }

    pub(super) fn ask_if_due(&mut self, context: &Context<'_>) {
        let (now, policy) = (context.now, context.policy);
        if self.asking_until_ms.is_some() || self.next_ask_ms.is_none_or(|due| now < due) {
            return;
        }
        self.asking_until_ms =
            Some(now + policy.connect_timeout_ms + policy.read_timeout_ms + policy.clock_grace_ms);
        self.asked_old = match (policy.unpaid_final_after_ms, self.aging_ms) {
            // The process that asks may have a clock a little ahead of the one that noted when it began.
            (Some(age), Some(since)) => now >= since + age + policy.clock_grace_ms,
            (None, _) | (_, None) => false,
        };
        self.next_ask_ms = self.pause_ms(policy).map(|pause| now + pause);
        self.asks = self.asks.saturating_add(1);
        self.outbox.push_back(Send::Query {
            version: self.version,
        });
    }

    /// From the start of the question that leaves now to the start of the next.
    fn pause_ms(&self, policy: &Policy) -> Option<Ms> {
        let doubled = |first: Ms| first.saturating_mul(1 << self.asks.min(20));
        match self.state {
            State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::Cancelling
            | State::CancelUnknown
            | State::Voiding
            | State::VoidUnknown => Some(self.jittered(policy.poll_ms)),
            State::NeedsReview | State::VoidReview => {
                Some(doubled(policy.review_check_first_ms).min(policy.review_check_max_ms))
            }
            State::Declined | State::Cancelled | State::Expired => {
                let pause = doubled(policy.late_check_first_ms);
                (pause <= policy.late_check_max_ms).then_some(pause)
            }
            State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::Paid
            | State::LateSuccess
            | State::Abandoned
            | State::Voided => None,
        }
    }

    /// Ten per cent either way, drawn from the attempt's own name: tills that start together drift apart, and a
    /// replay draws the same.
    fn jittered(&self, pause_ms: Ms) -> Ms {
        let seed = self.facts.trade_id.bytes().chain(self.asks.to_le_bytes());
        let hash = seed.fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| {
            (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let span = pause_ms / 5;
        pause_ms - span / 2 + (hash >> 32) % (span + 1)
    }

    /// When time acts next.
    pub(super) fn wake_ms(&self, policy: &Policy) -> Option<Ms> {
        let own = match self.state {
            State::AwaitingCode => Some(self.heard_ms + policy.terminal_silent_ms),
            State::AwaitingPayer | State::Pending | State::Unknown => self.deadline_wake_ms(policy),
            State::Cancelling | State::CancelUnknown | State::VoidUnknown => self.give_up_ms,
            State::Creating
            | State::CreateUnknown
            | State::Paying
            | State::NeedsReview
            | State::Paid
            | State::Voiding
            | State::VoidReview
            | State::LateSuccess
            | State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => None,
        };
        let ask = match (self.next_ask_ms, self.asking_until_ms) {
            (Some(due), Some(until)) => Some(due.max(until)),
            (due, None) => due,
            (None, Some(_)) => None,
        };
        [own, ask, self.answer_lost_ms(policy)]
            .into_iter()
            .flatten()
            .min()
    }

    fn deadline_wake_ms(&self, policy: &Policy) -> Option<Ms> {
        let cancel_from = self.cancel_from_ms(policy);
        if self.wish.is_some() {
            return cancel_from;
        }
        match (self.deadline_ms, policy.can_cancel) {
            (Some(deadline), true) => Some(cancel_from.map_or(deadline, |from| from.max(deadline))),
            (deadline, _) => deadline,
        }
    }

    pub(super) fn start_cancel(&mut self, context: &Context<'_>) {
        let policy = context.policy;
        self.cancel_said = None;
        self.cancelling_until_ms = Some(
            context.now
                + policy.connect_timeout_ms
                + policy.read_timeout_ms
                + policy.clock_grace_ms,
        );
        self.give_up_ms
            .get_or_insert(context.now + context.policy.cancel_deadline_ms);
        self.go(State::Cancelling, context);
        self.outbox.push_back(Send::Cancel);
    }

    /// Starts to measure the age, where it counts: what another run's clock said is not added to this one's.
    pub(super) fn age(&mut self, context: &Context<'_>) {
        let counts = self.sent_ms.is_some() && context.policy.unpaid_final_after_ms.is_some();
        self.aging_ms = counts.then_some(context.now);
    }

    /// The clock was set by so much while the row was open. A row of the new clock is left alone: it is younger, or
    /// another process has moved it.
    pub(super) fn clock_set(&mut self, by: i64, now: Ms) {
        let newest = self.since_ms.max(self.heard_ms);
        let of_old_clock = if by > 0 {
            newest <= now.saturating_add_signed(-by)
        } else {
            newest > now
        };
        if of_old_clock {
            self.shift(by);
        }
    }

    /// A clock that was set back between two runs: the row's times move with it, so that no deadline stretches.
    pub(super) fn rebase(&mut self, now: Ms) {
        let newest = self.since_ms.max(self.heard_ms);
        let ahead = newest.saturating_sub(now);
        if ahead > 0 {
            self.shift(i64::try_from(ahead).unwrap_or(i64::MAX).saturating_neg());
        }
    }

    /// Moves every time of the row but its beginning, which stays what its own day's clock said.
    fn shift(&mut self, by: i64) {
        let shift = |ms: &mut Ms| *ms = ms.saturating_add_signed(by);
        shift(&mut self.since_ms);
        shift(&mut self.heard_ms);
        let times = [
            &mut self.sent_ms,
            &mut self.deadline_ms,
            &mut self.aging_ms,
            &mut self.next_ask_ms,
            &mut self.give_up_ms,
            &mut self.cancelling_until_ms,
            &mut self.asking_until_ms,
        ];
        times.into_iter().flatten().for_each(shift);
    }
}
