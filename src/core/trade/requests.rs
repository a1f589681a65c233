//! Applies what people ask for: a code, a cancel, a void. `verdict.rs` has the verdicts.

use super::{CodeMark, Context, GatewayRequest, GiveUp, Refusal, Risk, SaleHold, State, Trade};
use crate::policy::Ms;
use crate::wire::{By, Reason};

impl Trade {
    /// Notes that the terminal is there. Writing the row twice in `heartbeat_ms` is enough.
    pub(super) fn terminal_seen(&mut self, context: &Context<'_>) {
        let stale = context.now >= self.terminal_seen_ms + context.policy.heartbeat_ms / 2;
        if stale && self.state.needs_terminal() {
            self.terminal_seen_ms = context.now;
        }
    }

    /// Asks the gateway now, if the trade has an outcome to ask about. The scheduled queries stay as they are.
    pub(super) fn refresh(&mut self, context: &Context<'_>) {
        let (now, pause_ms) = (context.now, context.policy.refresh_pause_ms);
        // A time in the future comes from a clock that was wrong.
        let is_young = |last: Ms| now.abs_diff(last) < pause_ms;
        let is_out = self.queries.asking_until_ms.is_some();
        if is_out || self.queries.refreshed_ms.is_some_and(is_young) || !self.has_outcome() {
            return;
        }
        self.queries.refreshed_ms = Some(now);
        self.ask(context);
    }

    /// Whether the gateway can tell how the payment ended.
    fn has_outcome(&self) -> bool {
        match self.state.risk() {
            Risk::Possible | Risk::Taken => true,
            Risk::Closed => self.payment.sent_ms.is_some() && self.state != State::Voided,
            Risk::None => false,
        }
    }

    /// Abandons the trade for another one, or for another amount of its sale, if no money can have moved.
    pub(super) fn give_way(
        &mut self,
        reason: Reason,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        if !self.state.gives_way() {
            return Err(Refusal::SaleBusy);
        }
        self.reason = Some(reason);
        self.enter(State::Abandoned, context);
        Ok(())
    }

    pub(super) fn code_given(
        &mut self,
        mark: CodeMark,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        if let Some(taken) = &self.payment.code {
            return if *taken == mark {
                Ok(())
            } else {
                Err(Refusal::CodeTaken)
            };
        }
        if self.state != State::AwaitingCode {
            return Err(Refusal::TradeClosed);
        }
        if context.held_by_others != SaleHold::None {
            return Err(Refusal::SaleBusy);
        }
        if context.code_reused {
            return Err(Refusal::CodeReused);
        }
        let (now, policy) = (context.now, context.policy);
        self.payment.code = Some(mark);
        self.payment.sent_ms = Some(now);
        self.start_aging(context);
        self.payment.deadline_ms = Some(now + policy.deadline_ms);
        self.queries.next_ask_ms = Some(now + policy.poll_ms);
        self.enter(State::Paying, context);
        self.outbox.push_back(GatewayRequest::Pay);
        Ok(())
    }

    pub(super) fn cancel_requested(&mut self, context: &Context<'_>) -> Result<(), Refusal> {
        let state = self.state;
        if state.gives_way() {
            self.cancel.requested_by = Some(By::Cashier);
            self.enter(State::Abandoned, context);
        } else if state.awaits_money() && context.policy.can_cancel {
            self.cancel.requested_by = Some(By::Cashier);
            if state != State::Paying && self.old_enough_to_cancel(context) {
                self.start_cancel(context);
            }
        } else if state.awaits_money() || state.is_voiding() || state.awaits_person() {
            return Err(Refusal::NotCancellable);
        }
        // A cancel is under way, or the trade is at its end.
        Ok(())
    }

    /// Rule 35 of `docs/rules.md`: what has ended is only noted, and what may be paid is asked about first.
    pub(super) fn give_up_wished(
        &mut self,
        wish: GiveUp,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let state = self.state;
        if state.gives_way() {
            self.cancel.requested_by = Some(By::Cashier);
            self.enter(State::Abandoned, context);
        } else if state.may_be_given_up() && !self.cancel_is_out(context) {
            // The answer must be younger than the wish: the row's new version makes older ones outdated.
            self.ask_at_once(context.now);
        } else if state.risk() != Risk::Closed && state != State::GivenUp {
            return Err(if state == State::Paid {
                Refusal::SalePaid
            } else {
                Refusal::SaleBusy
            });
        }
        self.given_up.get_or_insert(wish);
        Ok(())
    }

    pub(super) fn void_requested(&mut self, context: &Context<'_>) -> Result<(), Refusal> {
        match self.state.risk() {
            Risk::Taken if self.state.is_voiding() => Ok(()),
            Risk::Taken if !self.void.void_left && self.state != State::Reversed => {
                self.start_void(context);
                Ok(())
            }
            Risk::Closed if self.state == State::Voided => Ok(()),
            Risk::None | Risk::Possible | Risk::Taken | Risk::Closed => Err(Refusal::NotVoidable),
        }
    }

    pub(super) fn start_void(&mut self, context: &Context<'_>) {
        self.void.void_left = true;
        self.void.void_refused = None;
        self.void.person_decided_before_void = self.decided_by_person;
        self.give_up_ms = Some(context.now + context.policy.void_deadline_ms);
        self.enter(State::Voiding, context);
        self.outbox.push_back(GatewayRequest::Void);
    }
}
