//! Applies the gateway's answers.
//!
//! An answer moves a trade only if all fields that it carries agree with the trade, and it is not older than the row.
//! An outdated proof of payment is never ignored: the trade asks again.

use super::{
    CancelAnswer, Carried, Context, CreateAnswer, Facts, GatewayStatus, PayAnswer, Risk, SaleHold,
    State, StatusAnswer, Trade, VoidAnswer,
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
                    self.terminal_seen_ms = context.now;
                    self.enter(State::AwaitingCode, context);
                }
                (CodeMode::MerchantPresented, Some(payload)) => {
                    self.put_on_display(payload, context)
                }
                // Without a payload there is nothing to show: treat it as unanswered.
                (CodeMode::MerchantPresented, None) => self.create_unanswered(context),
            },
            CreateAnswer::Refused(reason) => {
                self.reason = Some(reason);
                self.enter(State::Declined, context);
            }
            CreateAnswer::Unclear | CreateAnswer::Repeated => self.create_unanswered(context),
        }
    }

    /// Puts our code on display. From then on somebody may pay, so rule 1 of `docs/rules.md` is checked again.
    ///
    /// While this creation was out, another trade may have got money: a late success, perhaps accepted by now.
    /// Then the code is not shown, and the trade ends as [`State::Abandoned`].
    fn put_on_display(&mut self, payload: Payload, context: &Context<'_>) {
        if context.held_by_others != SaleHold::None {
            self.reason = Some(Reason::SaleBusy);
            self.enter(State::Abandoned, context);
            return;
        }
        let (now, policy) = (context.now, context.policy);
        self.payment.payload = Some(payload);
        self.payment.sent_ms = Some(now);
        self.start_aging(context);
        self.payment.deadline_ms = Some(now + policy.deadline_ms);
        self.enter(State::AwaitingPayer, context);
    }

    /// Abandons a trade whose creation got no answer. Nothing was presented, so the next trade may begin at once.
    pub(super) fn create_unanswered(&mut self, context: &Context<'_>) {
        self.enter(State::CreateUnknown, context);
        self.reason = Some(Reason::GatewayUnavailable);
        self.enter(State::Abandoned, context);
    }

    pub(super) fn pay_answered(&mut self, answer: PayAnswer, context: &Context<'_>) {
        // A trade has only one payment, so its answer is valid until another event has overtaken it.
        let awaited = self.state.awaits_payment();
        let verifying = awaited || self.state == State::NeedsReview;
        match answer {
            PayAnswer::Paid(carried) | PayAnswer::Processing(carried)
                if verifying && !self.agrees(&carried) =>
            {
                self.enter(State::NeedsReview, context);
            }
            PayAnswer::Paid(_) if awaited => self.paid(context),
            // It proves a payment, but a cancel, a review or a closing came after it. Ask for the present status.
            PayAnswer::Paid(_) => self.ask_at_once(context.now),
            PayAnswer::Processing(_) if self.state == State::Paying => {
                self.enter(State::Pending, context)
            }
            PayAnswer::Refused(reason) if awaited => self.declined(reason, context),
            PayAnswer::Unsent if self.state.may_be_unsent() => {
                self.unsent(context);
            }
            PayAnswer::Unclear if self.state == State::Paying => {
                self.enter(State::Unknown, context);
            }
            PayAnswer::Processing(_)
            | PayAnswer::Refused(_)
            | PayAnswer::Unsent
            | PayAnswer::Unclear => {}
        }
    }

    /// Goes back to awaiting a code, because no byte of the payment was written. This is the only move backwards.
    fn unsent(&mut self, context: &Context<'_>) {
        self.payment = Default::default();
        self.queries.asked_old = false;
        self.queries.next_ask_ms = None;
        // A query that is out stays out. The next one waits for its answer, or until it counts as lost.
        self.terminal_seen_ms = context.now;
        if self.cancel.requested_by.is_some() {
            self.enter(State::AwaitingCode, context);
            self.enter(State::Abandoned, context);
        } else {
            self.enter(State::AwaitingCode, context);
        }
    }

    pub(super) fn status_answered(
        &mut self,
        version: u64,
        answer: StatusAnswer,
        context: &Context<'_>,
    ) {
        if version == self.queries.asked_version {
            self.queries.asking_until_ms = None;
        }
        if version != self.version {
            if answer.status == GatewayStatus::Paid {
                self.ask_at_once(context.now);
            }
            return;
        }
        let StatusAnswer { status, carried } = answer;
        let is_clear = !matches!(
            status,
            GatewayStatus::Unclear | GatewayStatus::Unlisted | GatewayStatus::Unpaid
        );
        if is_clear && !self.agrees(&carried) {
            if self.state.risk() == Risk::Possible && self.state != State::GivenUp {
                // A person must look at it first, so a wish to stop collecting is dropped.
                self.given_up = None;
                self.enter(State::NeedsReview, context);
            }
            return;
        }
        if self.decided_by_person && self.verdict_checked(status, context) {
            return;
        }
        match (self.state.risk(), status) {
            (Risk::Possible, status) if self.state.is_cancelling() => {
                self.cancel_verified(status, context)
            }
            (Risk::Possible, status) if self.state == State::GivenUp => {
                self.verified_given_up(status, context)
            }
            (Risk::Possible, status) => self.verified(status, context),
            (Risk::Taken, GatewayStatus::Voided) if self.state.is_voiding() => self.voided(context),
            (Risk::Taken, GatewayStatus::Voided) if self.state == State::Paid => {
                self.given_back(context)
            }
            (Risk::Closed, GatewayStatus::Paid) => self.late_success(context),
            (Risk::None | Risk::Taken | Risk::Closed, _) => {}
        }
    }

    fn verified(&mut self, status: GatewayStatus, context: &Context<'_>) {
        match status {
            // It was true when the gateway said it, but the cancel may still refund it. The next query tells.
            GatewayStatus::Paid if self.cancel_is_out(context) => return,
            GatewayStatus::Paid => self.paid(context),
            GatewayStatus::Failed(reason) => self.declined(reason, context),
            GatewayStatus::Closed => self.enter(State::Cancelled, context),
            GatewayStatus::Voided if self.state == State::NeedsReview => self.voided(context),
            GatewayStatus::Voided => self.enter(State::NeedsReview, context),
            GatewayStatus::Pending | GatewayStatus::Unpaid
                if self.state == State::NeedsReview && self.queries.asked_old =>
            {
                self.enter(State::Expired, context)
            }
            GatewayStatus::Pending if self.state != State::NeedsReview => {
                if self.state == State::AwaitingPayer {
                    // A customer who scans at the last moment also gets the full time to enter a PIN.
                    self.payment.deadline_ms = Some(context.now + context.policy.deadline_ms);
                }
                self.enter(State::Pending, context);
            }
            GatewayStatus::Pending
            | GatewayStatus::Unpaid
            | GatewayStatus::Unlisted
            | GatewayStatus::Unclear => {}
        }
        if self.given_up.is_some() && self.state.may_be_given_up() {
            self.enter(State::GivenUp, context);
        }
    }

    /// Applies a status after the shop has stopped collecting: money that came is given back.
    fn verified_given_up(&mut self, status: GatewayStatus, context: &Context<'_>) {
        match status {
            GatewayStatus::Paid => self.late_success(context),
            GatewayStatus::Failed(reason) => self.declined(reason, context),
            GatewayStatus::Closed => self.enter(State::Cancelled, context),
            GatewayStatus::Voided => self.voided(context),
            GatewayStatus::Pending | GatewayStatus::Unpaid if self.queries.asked_old => {
                self.enter(State::Expired, context)
            }
            GatewayStatus::Pending
            | GatewayStatus::Unpaid
            | GatewayStatus::Unlisted
            | GatewayStatus::Unclear => {}
        }
    }

    /// Whether a cancel has left that may still refund a payment.
    pub(super) fn cancel_is_out(&self, context: &Context<'_>) -> bool {
        let until_ms = self.cancel.cancelling_until_ms;
        until_ms.is_some_and(|until| context.now < until)
    }

    pub(super) fn cancel_answered(&mut self, answer: CancelAnswer, context: &Context<'_>) {
        self.cancel.cancelling_until_ms = None;
        if !self.state.is_cancelling() {
            return;
        }
        if answer == CancelAnswer::Unclear {
            self.enter(State::CancelUnknown, context);
            return;
        }
        self.cancel.cancel_answer = Some(answer);
        self.ask_at_once(context.now);
    }

    /// Applies a status while a cancel is out. It ends the trade if it agrees with the cancel's answer.
    fn cancel_verified(&mut self, status: GatewayStatus, context: &Context<'_>) {
        let closed = if self.cancel.requested_by == Some(By::System) {
            State::Expired
        } else {
            State::Cancelled
        };
        match (status, self.cancel.cancel_answer) {
            (GatewayStatus::Closed, _) => self.enter(closed, context),
            (GatewayStatus::Voided, _) => self.voided(context),
            (GatewayStatus::Failed(reason), _) => self.declined(reason, context),
            (GatewayStatus::Paid, Some(CancelAnswer::TooLate)) => self.paid(context),
            (GatewayStatus::Unlisted | GatewayStatus::Unclear, None) => {}
            // The status contradicts the cancel's answer: repeat both, at the usual pace.
            (
                GatewayStatus::Paid
                | GatewayStatus::Pending
                | GatewayStatus::Unpaid
                | GatewayStatus::Unlisted
                | GatewayStatus::Unclear,
                Some(_),
            ) => {
                self.cancel.cancel_answer = None;
                self.enter(State::CancelUnknown, context);
            }
            (GatewayStatus::Paid | GatewayStatus::Pending | GatewayStatus::Unpaid, None) => {
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
                self.void.void_gateway_ref = void_gateway_ref;
                self.voided(context);
            }
            VoidAnswer::Failed | VoidAnswer::Unsent => {
                self.give_up_ms = None;
                self.void.void_left = false;
                self.void.void_refused = Some(context.gateway_answer.cloned().unwrap_or_default());
                if self.lateness.late {
                    self.enter(State::LateSuccess, context);
                } else {
                    self.enter(State::Paid, context);
                    if self.void.person_decided_before_void {
                        self.decided_by_a_person(context);
                    }
                    self.check_payment_at_once(context);
                }
            }
            VoidAnswer::Unclear => {
                if self.state == State::Voiding {
                    self.enter(State::VoidUnknown, context);
                }
            }
        }
    }

    fn paid(&mut self, context: &Context<'_>) {
        self.reason = None;
        self.enter(State::Paid, context);
    }

    fn declined(&mut self, reason: Reason, context: &Context<'_>) {
        self.reason = Some(reason);
        self.enter(State::Declined, context);
    }

    fn voided(&mut self, context: &Context<'_>) {
        self.lateness.late = false;
        self.enter(State::Voided, context);
    }

    /// The gateway says that a paid trade was given back.
    ///
    /// A void of ours without a clear answer may have done it, although a person has decided otherwise.
    /// If no void of ours can have done it, the payment was reversed.
    fn given_back(&mut self, context: &Context<'_>) {
        if self.void.void_left {
            self.voided(context);
        } else {
            self.enter(State::Reversed, context);
        }
    }

    /// Whether this answer contradicts the trade and does not move it: a person should look into it.
    ///
    /// A payment stands against all answers but the gateway's clear word that it was given back.
    #[must_use]
    pub fn is_contradicted_by(&self, answer: &StatusAnswer) -> bool {
        match (self.state, answer.status) {
            (State::Paid, GatewayStatus::Unclear) => false,
            (State::Paid, GatewayStatus::Paid | GatewayStatus::Voided) => {
                !self.agrees(&answer.carried)
            }
            // What a person decided is compared with the verdict, and has an alarm of its own.
            (State::Paid, _) => !self.decided_by_person,
            (State::Reversed, GatewayStatus::Paid) => true,
            (_, _) => false,
        }
    }

    /// Stores a proof of payment that came after the end.
    ///
    /// If another trade may take the money too, or the customer has paid in another way, this one gives it back, once.
    /// Otherwise a person decides.
    pub(super) fn late_success(&mut self, context: &Context<'_>) {
        self.lateness.late = true;
        self.lateness.was_late = true;
        self.enter(State::LateSuccess, context);
        let is_unwanted = context.held_by_others == SaleHold::Held || self.given_up.is_some();
        // A void that has left already, and may still work, is not repeated.
        if is_unwanted && !self.void.void_left {
            self.start_void(context);
        }
    }

    fn agrees(&self, carried: &Carried) -> bool {
        carried.agrees(&self.facts, self.gateway_ref.as_deref())
    }
}

impl Carried {
    /// Whether all fields that the answer carries agree with the trade, and all required ones are there.
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
