//! What the gateway answers. An answer moves a row only if it agrees with it in every field that it carries and
//! is not older than it; proof of payment that comes too old is asked for again, never thrown away.

use super::{
    CancelAnswer, Carried, Context, CreateAnswer, Facts, PayAnswer, Risk, Rival, State,
    StatusAnswer, StatusWord, Trade, VoidAnswer,
};
use crate::money;
use crate::wire::{By, CodeMode, Payload, Reason};

impl Trade {
    pub(super) fn created(&mut self, answer: CreateAnswer, context: &Context<'_>) {
        if let CreateAnswer::Made { gateway_ref, .. } = &answer {
            self.gateway_ref.get_or_insert_with(|| gateway_ref.clone());
        }
        if self.state != State::Creating {
            return;
        }
        match answer {
            CreateAnswer::Made { payload, .. } => match (self.facts.mode, payload) {
                (CodeMode::ConsumerPresented, _) => {
                    self.heard_ms = context.now;
                    self.go(State::AwaitingCode, context);
                }
                (CodeMode::MerchantPresented, Some(payload)) => {
                    self.put_on_display(payload, context)
                }
                // A trade without anything to show is none for us.
                (CodeMode::MerchantPresented, None) => self.create_unanswered(context),
            },
            CreateAnswer::Refused(reason) => {
                self.reason = Some(reason);
                self.go(State::Declined, context);
            }
            CreateAnswer::NoWord | CreateAnswer::Repeated => self.create_unanswered(context),
        }
    }

    /// From here on somebody may pay, so rule 1 of `docs/rules.md` is checked once more. Where money came for another
    /// attempt while this creation was out (a late success, perhaps accepted by now), the code is not shown, and the
    /// attempt ends as [`State::Abandoned`].
    fn put_on_display(&mut self, payload: Payload, context: &Context<'_>) {
        if context.rival != Rival::None {
            self.reason = Some(Reason::SaleBusy);
            self.go(State::Abandoned, context);
            return;
        }
        let (now, policy) = (context.now, context.policy);
        self.payload = Some(payload);
        self.sent_ms = Some(now);
        self.age(context);
        self.deadline_ms = Some(now + policy.deadline_ms);
        self.go(State::AwaitingPayer, context);
    }

    /// Nothing was mode, so nothing is lost: the next attempt may start at once.
    pub(super) fn create_unanswered(&mut self, context: &Context<'_>) {
        self.go(State::CreateUnknown, context);
        self.reason = Some(Reason::GatewayUnavailable);
        self.go(State::Abandoned, context);
    }

    pub(super) fn pay_answered(&mut self, answer: PayAnswer, context: &Context<'_>) {
        // There is one payment per attempt, so its answer is current as long as nothing has overtaken it.
        let awaited = self.state.awaits_payment();
        let verifying = awaited || self.state == State::NeedsReview;
        match answer {
            PayAnswer::Paid(carried) | PayAnswer::Processing(carried)
                if verifying && !self.agrees(&carried) =>
            {
                self.go(State::NeedsReview, context);
            }
            PayAnswer::Paid(_) if awaited => self.paid(context),
            // It is proof, but of a past that a cancel, a review or a closing has overtaken: ask for the present.
            PayAnswer::Paid(_) => self.ask_at_once(context.now),
            PayAnswer::Processing(_) if self.state == State::Paying => {
                self.go(State::Pending, context)
            }
            PayAnswer::Refused(reason) if awaited => self.declined(reason, context),
            PayAnswer::Unsent if self.state.may_be_unsent() => {
                self.unsent(context);
            }
            PayAnswer::NoWord if self.state == State::Paying => {
                self.go(State::Unknown, context);
            }
            PayAnswer::Processing(_)
            | PayAnswer::Refused(_)
            | PayAnswer::Unsent
            | PayAnswer::NoWord => {}
        }
    }

    /// The only way back: not a byte of the payment was written.
    fn unsent(&mut self, context: &Context<'_>) {
        self.code = None;
        self.sent_ms = None;
        self.aging_ms = None;
        self.asked_old = false;
        self.deadline_ms = None;
        self.next_ask_ms = None;
        // A question that is out stays out: the next one waits for its answer, or until it counts as lost.
        self.heard_ms = context.now;
        if self.wish.is_some() {
            self.go(State::AwaitingCode, context);
            self.go(State::Abandoned, context);
        } else {
            self.go(State::AwaitingCode, context);
        }
    }

    pub(super) fn status_answered(
        &mut self,
        version: u64,
        answer: StatusAnswer,
        context: &Context<'_>,
    ) {
        if version == self.asked_version {
            self.asking_until_ms = None;
        }
        if version != self.version {
            if answer.word == StatusWord::Paid {
                self.ask_at_once(context.now);
            }
            return;
        }
        let StatusAnswer { word, carried } = answer;
        let spoke = !matches!(word, StatusWord::NoWord | StatusWord::Unpaid);
        if spoke && !self.agrees(&carried) {
            if self.state.risk() == Risk::Possible {
                self.go(State::NeedsReview, context);
            }
            return;
        }
        match self.state {
            State::AwaitingPayer
            | State::Paying
            | State::Pending
            | State::Unknown
            | State::NeedsReview => self.verified(word, context),
            State::Cancelling | State::CancelUnknown => self.cancel_verified(word, context),
            State::VoidUnknown | State::VoidReview | State::Voiding => {
                if word == StatusWord::Voided {
                    self.voided(context);
                }
            }
            State::Declined
            | State::Cancelled
            | State::Expired
            | State::Abandoned
            | State::Voided => {
                if word == StatusWord::Paid {
                    self.late_success(context);
                }
            }
            State::Creating
            | State::CreateUnknown
            | State::AwaitingCode
            | State::Paid
            | State::LateSuccess => {}
        }
    }

    fn verified(&mut self, word: StatusWord, context: &Context<'_>) {
        let cancel_is_out = self
            .cancelling_until_ms
            .is_some_and(|until| context.now < until);
        match word {
            // True when it was said; the cancel may refund it yet. The next question tells.
            StatusWord::Paid if cancel_is_out => {}
            StatusWord::Paid => self.paid(context),
            StatusWord::Failed(reason) => self.declined(reason, context),
            StatusWord::Closed => self.go(State::Cancelled, context),
            StatusWord::Voided if self.state == State::NeedsReview => self.voided(context),
            StatusWord::Voided => self.go(State::NeedsReview, context),
            StatusWord::Pending | StatusWord::Unpaid
                if self.state == State::NeedsReview && self.asked_old =>
            {
                self.go(State::Expired, context)
            }
            StatusWord::Pending if self.state != State::NeedsReview => {
                if self.state == State::AwaitingPayer {
                    // Scanned at the last moment: this customer too gets the time that a PIN takes.
                    self.deadline_ms = Some(context.now + context.policy.deadline_ms);
                }
                self.go(State::Pending, context);
            }
            StatusWord::Pending | StatusWord::Unpaid | StatusWord::NoWord => {}
        }
    }

    pub(super) fn cancel_answered(&mut self, answer: CancelAnswer, context: &Context<'_>) {
        self.cancelling_until_ms = None;
        if !self.state.is_cancelling() {
            return;
        }
        if answer == CancelAnswer::NoWord {
            self.go(State::CancelUnknown, context);
            return;
        }
        self.cancel_said = Some(answer);
        self.ask_at_once(context.now);
    }

    /// What a question says while a cancel is out: its word ends the attempt where it fits the cancel's.
    fn cancel_verified(&mut self, word: StatusWord, context: &Context<'_>) {
        let closed = if self.wish == Some(By::System) {
            State::Expired
        } else {
            State::Cancelled
        };
        match (word, self.cancel_said) {
            (StatusWord::Closed, _) => self.go(closed, context),
            (StatusWord::Voided, _) => self.voided(context),
            (StatusWord::Failed(reason), _) => self.declined(reason, context),
            (StatusWord::Paid, Some(CancelAnswer::TooLate)) => self.paid(context),
            (StatusWord::NoWord, None) => {}
            // The question does not bear the cancel's answer out: both again, at the usual pace.
            (
                StatusWord::Paid | StatusWord::Pending | StatusWord::Unpaid | StatusWord::NoWord,
                Some(_),
            ) => {
                self.cancel_said = None;
                self.go(State::CancelUnknown, context);
            }
            (StatusWord::Paid | StatusWord::Pending | StatusWord::Unpaid, None) => {
                if self.state == State::CancelUnknown {
                    self.start_cancel(context);
                }
            }
        }
    }

    pub(super) fn void_answered(&mut self, answer: VoidAnswer, context: &Context<'_>) {
        if !self.state.is_voiding() {
            return;
        }
        match answer {
            VoidAnswer::Done(void_gateway_ref) => {
                self.void_gateway_ref = void_gateway_ref;
                self.voided(context);
            }
            VoidAnswer::Failed | VoidAnswer::Unsent => {
                self.give_up_ms = None;
                self.void_left = false;
                self.void_refused = Some(context.said.cloned().unwrap_or_default());
                if self.late {
                    self.go(State::LateSuccess, context);
                } else {
                    self.go(State::Paid, context);
                    self.settled = self.settled_before_void;
                }
            }
            VoidAnswer::NoWord => {
                if self.state == State::Voiding {
                    self.go(State::VoidUnknown, context);
                }
            }
        }
    }

    fn paid(&mut self, context: &Context<'_>) {
        self.reason = None;
        self.go(State::Paid, context);
    }

    fn declined(&mut self, reason: Reason, context: &Context<'_>) {
        self.reason = Some(reason);
        self.go(State::Declined, context);
    }

    fn voided(&mut self, context: &Context<'_>) {
        self.late = false;
        self.go(State::Voided, context);
    }

    /// Proof after the end is always stored. Where another attempt may take the money too, this one gives it back,
    /// once; where none does, a person accepts it or gives it back.
    fn late_success(&mut self, context: &Context<'_>) {
        self.late = true;
        self.was_late = true;
        self.go(State::LateSuccess, context);
        if context.rival == Rival::Holds {
            self.start_void(context);
        }
    }

    fn agrees(&self, carried: &Carried) -> bool {
        carried.agrees(&self.facts, self.gateway_ref.as_deref())
    }
}

impl Carried {
    /// True where each field that the answer carries is this attempt's, and none that it needs is missing.
    #[must_use]
    pub fn agrees(&self, facts: &Facts, gateway_ref: Option<&str>) -> bool {
        let same = |carried: &Option<String>, own: Option<&str>| {
            carried.is_none() || carried.as_deref() == own
        };
        let amount = &facts.sale.amount;
        !self.incomplete
            && same(&self.gateway_ref, gateway_ref)
            && same(&self.trade_id, Some(&facts.trade_id))
            && same(&self.wallet_id, Some(&facts.wallet_id))
            && self.amount.as_ref().is_none_or(|own| own == amount)
            && self
                .currency
                .as_deref()
                .is_none_or(|own| money::is_name_of(own, &amount.currency))
    }
}
