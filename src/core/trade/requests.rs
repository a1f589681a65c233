//! Applies what people ask for: a code, a cancel, a void. `verdict.rs` has the verdicts.

use super::{CodeMark, Context, GatewayRequest, Refusal, Risk, SaleHold, State, Trade};
use crate::wire::{By, Reason};

impl Trade {
    /// Notes that the terminal is there. Writing the row twice in `heartbeat_ms` is enough.
    pub(super) fn terminal_seen(&mut self, context: &Context<'_>) {
        let stale = context.now >= self.terminal_seen_ms + context.policy.heartbeat_ms / 2;
        if stale && self.state.needs_terminal() {
            self.terminal_seen_ms = context.now;
        }
    }

    pub(super) fn superseded(&mut self, context: &Context<'_>) -> Result<(), Refusal> {
        if !self.state.gives_way() {
            return Err(Refusal::SaleBusy);
        }
        self.reason = Some(Reason::Superseded);
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

    pub(super) fn void_requested(&mut self, context: &Context<'_>) -> Result<(), Refusal> {
        match self.state.risk() {
            Risk::Taken if self.state.is_voiding() => Ok(()),
            Risk::Taken if !self.void.void_left => {
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
