//! Applies the backend's answers. A trade with a newer version replaces the known one.
//!
//! If an answer is missing, the next query asks for it.

use super::{AbandonReason, CREATE_TRIES, Charge, ChargeStep, End, Fault, Phase, Reply};
use crate::policy::Ms;
use crate::wire::{ProblemCode, Reason, Status, TradeView};

impl Charge {
    pub(super) fn created(&mut self, reply: Reply, now: Ms) {
        if self.phase != Phase::Creating {
            return;
        }
        match reply {
            Ok(trade) => {
                self.record.trade_id = Some(trade.trade_id.clone());
                self.record.sale = trade.sale.clone().into();
                self.adopt(trade);
                self.trade_exists(now);
            }
            Err(
                Fault::NoAnswer
                | Fault::Problem(ProblemCode::RateLimited | ProblemCode::Overloaded, _),
            ) if self.abandon_reason.is_some() => self.abandoned(),
            Err(Fault::NoAnswer) if self.tries < CREATE_TRIES => self.create_later(now),
            Err(Fault::Problem(code @ (ProblemCode::RateLimited | ProblemCode::Overloaded), _))
                if self.tries < CREATE_TRIES =>
            {
                // The cashier learns why it takes longer.
                self.outbox.push_back(ChargeStep::Notice(code));
                self.create_later(now);
            }
            Err(Fault::NoAnswer) => self.end(End::Unreachable),
            Err(Fault::NoToken) => self.end(End::NoToken),
            Err(Fault::Problem(code, trade)) => self.end(End::Refused(code, trade)),
        }
    }

    /// The same key is the same trade, so a creation that got no answer is safe to send again.
    fn create_later(&mut self, now: Ms) {
        self.retry_ms = Some(now + self.policy.poll_ms);
    }

    /// Goes on after the creation was answered: to the code, or to the end of an abandoned trade.
    fn trade_exists(&mut self, now: Ms) {
        let Some(status) = self.trade.as_ref().map(|trade| trade.status) else {
            return;
        };
        if self.we_present() && self.abandon_reason.is_some() && !status.ends_promise() {
            return self.abandon_unseen(now);
        }
        match (status, self.abandon_reason) {
            (Status::AwaitingCode, Some(reason)) => self.abandon(reason),
            (Status::AwaitingCode, None) => {
                self.phase = Phase::Ready;
                self.next_ask_ms = Some(now + self.policy.heartbeat_ms);
                self.journal_hand_over();
            }
            (Status::Creating, _) => {
                self.phase = Phase::Watching;
                self.start_patience(now);
                self.next_ask_ms = Some(now + self.poll_ms());
            }
            (
                Status::AwaitingPayer
                | Status::Paying
                | Status::Pending
                | Status::Unknown
                | Status::Cancelling
                | Status::NeedsReview
                | Status::Paid
                | Status::Voiding
                | Status::LateSuccess
                | Status::Reversed
                | Status::Declined
                | Status::Cancelled
                | Status::Voided,
                _,
            ) => {
                self.phase = Phase::Watching;
                self.start_patience(now);
                self.next_ask_ms = Some(now + self.poll_ms());
                self.watch(now);
            }
        }
    }

    pub(super) fn handed_over(&mut self, reply: Reply, now: Ms) {
        if self.phase != Phase::HandingOver {
            return;
        }
        self.phase = Phase::Watching;
        self.next_ask_ms = Some(now + self.poll_ms());
        match reply {
            Ok(trade) => {
                self.adopt(trade);
                // If no byte reached the gateway, the trade still awaits its code. It goes again, at the usual pace.
                if !self.is_open_to_code() {
                    self.watch(now);
                }
            }
            Err(
                Fault::NoAnswer
                | Fault::NoToken
                | Fault::Problem(ProblemCode::RateLimited | ProblemCode::Overloaded, _),
            ) => {}
            Err(Fault::Problem(..)) if self.hand_overs > 1 => {
                if !self.asking {
                    self.ask(now);
                }
            }
            Err(Fault::Problem(code, trade)) => self.hand_over_refused(code, trade),
        }
        if self.cancel_requested && self.phase == Phase::Watching {
            self.send_cancel();
        }
    }

    fn hand_over_refused(&mut self, code: ProblemCode, trade: Option<Box<TradeView>>) {
        match code {
            // Another terminal closed it. The next query gets its status.
            ProblemCode::TradeClosed => {}
            // Most likely nothing left. If the next query says so, the code goes again.
            // The notice tells the cashier why it takes longer.
            ProblemCode::StoreUnavailable
            | ProblemCode::GatewayUnavailable
            | ProblemCode::Internal => self.outbox.push_back(ChargeStep::Notice(code)),
            // Definitely refused before anything left: the backend never had the code.
            ProblemCode::BadRequest
            | ProblemCode::AmountInvalid
            | ProblemCode::AmountTooLarge
            | ProblemCode::AmountTooSmall
            | ProblemCode::CurrencyUnsupported
            | ProblemCode::SaleInvalid
            | ProblemCode::IdempotencyKeyInvalid
            | ProblemCode::WalletUnknown
            | ProblemCode::ModeUnsupported
            | ProblemCode::CodeInvalid
            | ProblemCode::VerdictInvalid
            | ProblemCode::TokenMissing
            | ProblemCode::TokenInvalid
            | ProblemCode::TokenExpired
            | ProblemCode::TokenRevoked
            | ProblemCode::TokenForbidden
            | ProblemCode::SignInFailed
            | ProblemCode::SignInLocked
            | ProblemCode::LimitExceeded
            | ProblemCode::ServerKeyInvalid
            | ProblemCode::IdempotencyMismatch
            | ProblemCode::SaleBusy
            | ProblemCode::SalePaid
            | ProblemCode::SaleGivenUp
            | ProblemCode::SaleAmountMismatch
            | ProblemCode::SaleNotRegistered
            | ProblemCode::TradeHasCode
            | ProblemCode::CodeReused
            | ProblemCode::TradeNotFound
            | ProblemCode::TradeNotCancellable
            | ProblemCode::TradeNotVoidable
            | ProblemCode::TradeNotInReview
            | ProblemCode::TerminalTaken
            | ProblemCode::RouteNotFound
            | ProblemCode::MethodNotAllowed
            | ProblemCode::BodyTooLarge
            | ProblemCode::RateLimited
            | ProblemCode::Overloaded => {
                self.send_cancel();
                self.end(End::Refused(code, trade));
            }
        }
    }

    /// Whether an answer is about an abandoned trade: it comes late and is ignored.
    fn is_about_another(&self, reply: &Reply) -> bool {
        let own = self.record.trade_id.as_deref();
        reply
            .as_ref()
            .is_ok_and(|trade| Some(&*trade.trade_id) != own)
    }

    pub(super) fn status_replied(&mut self, reply: Reply, now: Ms) {
        if self.is_about_another(&reply) {
            return;
        }
        self.asking = false;
        match reply {
            Ok(trade) if self.is_stale(&trade) => {}
            Ok(trade) => {
                self.adopt(trade);
                self.watch(now);
            }
            Err(Fault::Problem(
                code @ (ProblemCode::TradeNotFound | ProblemCode::TokenRevoked),
                _,
            )) => self.out_of_sight(code),
            Err(Fault::NoAnswer | Fault::NoToken | Fault::Problem(..)) => {}
        }
    }

    /// The backend does not know the trade, or tells this till nothing any more.
    /// If a code was handed over, that does not show where the money is.
    fn out_of_sight(&mut self, code: ProblemCode) {
        let trade_id = self.record.trade_id.clone().unwrap_or_default();
        if self.record.handed_over {
            self.end(End::Unconfirmed(self.trade.clone().map(Box::new), trade_id));
        } else {
            self.end(End::Refused(code, None));
        }
    }

    pub(super) fn cancel_replied(&mut self, reply: Reply, now: Ms) {
        if self.is_about_another(&reply) {
            return;
        }
        self.cancelling = false;
        if self.phase == Phase::Abandoning {
            match reply {
                Ok(trade) => {
                    let closed = trade.status == Status::Cancelled && !self.is_stale(&trade);
                    self.adopt(trade);
                    if closed {
                        return self.abandoned();
                    }
                    // It can't be abandoned any more: another terminal has handed over a code, or it was paid since.
                    self.phase = Phase::Watching;
                    self.start_patience(now);
                    self.watch(now);
                }
                Err(Fault::Problem(_, Some(trade))) if trade.status != Status::Cancelled => {
                    self.adopt(*trade);
                    self.phase = Phase::Watching;
                    self.start_patience(now);
                    self.watch(now);
                }
                // The backend may have the code, and the trade's status is not known.
                Err(_) if self.record.handed_over => {
                    let trade_id = self.record.trade_id.clone().unwrap_or_default();
                    self.end(End::Unconfirmed(self.trade.clone().map(Box::new), trade_id));
                }
                Err(_) => self.abandoned(),
            }
            return;
        }
        match reply {
            Ok(trade) if self.is_stale(&trade) => {}
            Ok(trade) => {
                self.adopt(trade);
                self.watch(now);
            }
            Err(Fault::Problem(code, trade)) => {
                self.cancel_requested = false;
                self.outbox.push_back(ChargeStep::Notice(code));
                if let Some(trade) = trade.filter(|trade| !self.is_stale(trade)) {
                    self.adopt(*trade);
                    self.watch(now);
                }
            }
            Err(Fault::NoAnswer | Fault::NoToken) => {}
        }
    }

    /// Whether a newer version is known already.
    ///
    /// Such an answer says nothing about the present. In particular it does not confirm that a code is still awaited.
    fn is_stale(&self, trade: &TradeView) -> bool {
        self.trade
            .as_ref()
            .is_some_and(|known| trade.version < known.version)
    }

    fn adopt(&mut self, trade: TradeView) {
        let newer = self
            .trade
            .as_ref()
            .is_none_or(|known| trade.version > known.version);
        if newer {
            self.trade = Some(trade);
        }
    }

    /// Acts on the newest version of the trade.
    fn watch(&mut self, now: Ms) {
        let Some(trade) = self.trade.clone() else {
            return;
        };
        if trade.status.ends_promise() {
            if matches!(self.phase, Phase::Ready | Phase::Watching) {
                self.end_known(trade);
            }
        } else if self.phase == Phase::Watching && self.is_open_to_code() {
            self.open_again(now);
        } else if self.phase == Phase::Watching && self.we_present() {
            self.watch_display(trade.status, now);
        } else if self.phase == Phase::Ready && trade.status != Status::AwaitingCode {
            // Another terminal has handed over a code: from now on this one only asks.
            self.phase = Phase::Watching;
            self.outbox.push_back(ChargeStep::StopScan);
            self.start_patience(now);
            self.next_ask_ms = Some(now + self.poll_ms());
        }
    }

    /// Acts on a trade that awaits its code (again): the creation or the hand-over got no answer, or nothing was sent.
    fn open_again(&mut self, now: Ms) {
        if self.following && !self.cancel_requested {
            // The till that runs the trade hands the code over. This one starts to wait then.
            self.patience_ms = None;
            self.start_patience(now);
        } else if self.resumed || self.abandon_reason.is_some() || self.cancel_requested {
            self.abandon(AbandonReason::Aborted);
        } else if self.record.handed_over {
            self.hand_over(now);
        } else {
            self.patience_ms = None;
            self.trade_exists(now);
        }
    }

    fn end_known(&mut self, trade: TradeView) {
        let reason = trade.reason.filter(|_| trade.status == Status::Cancelled);
        self.end(match reason {
            Some(Reason::GatewayUnavailable) => End::GatewayDown,
            // Closed before our code was shown. This trade does not name the one that holds the sale.
            Some(Reason::SaleBusy) => End::Refused(ProblemCode::SaleBusy, None),
            Some(_) | None => End::Known(Box::new(trade)),
        });
    }
}
