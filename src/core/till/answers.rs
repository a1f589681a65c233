//! What the backend answers. An answer is adopted when its version is newer; what it can't say is asked again.

use super::{CREATE_TRIES, Charge, End, Fault, Leave, Phase, Reply, Step};
use crate::policy::Ms;
use crate::wire::{ProblemCode, Reason, Status, Trade};

impl Charge {
    pub(super) fn created(&mut self, reply: Reply, now: Ms) {
        if self.phase != Phase::Creating {
            return;
        }
        match reply {
            Ok(trade) => {
                self.record.trade_id = Some(trade.trade_id.clone());
                self.adopt(trade);
                self.attempt_exists(now);
            }
            Err(Fault::NoAnswer | Fault::Problem(ProblemCode::TooMany | ProblemCode::Busy, _))
                if self.leave != Leave::Stay =>
            {
                self.left()
            }
            Err(Fault::NoAnswer | Fault::Problem(ProblemCode::TooMany | ProblemCode::Busy, _))
                if self.tries < CREATE_TRIES =>
            {
                self.retry_ms = Some(now + self.policy.poll_ms);
            }
            Err(Fault::NoAnswer) => self.end(End::Unreachable),
            Err(Fault::NoToken) => self.end(End::NoToken),
            Err(Fault::Problem(code, trade)) => self.end(End::Refused(code, trade)),
        }
    }

    /// The creation was answered: on to the code, or away.
    fn attempt_exists(&mut self, now: Ms) {
        let Some(status) = self.trade.as_ref().map(|trade| trade.status) else {
            return;
        };
        if self.we_present() && self.leave != Leave::Stay && !status.ends_promise() {
            return self.leave_unseen(now);
        }
        match status {
            Status::AwaitingCode if self.leave != Leave::Stay => self.go_away(self.leave),
            Status::AwaitingCode => {
                self.phase = Phase::Ready;
                self.next_ask_ms = Some(now + self.policy.heard_ms);
                self.seal();
            }
            Status::Creating => {
                self.phase = Phase::Watching;
                self.be_patient(now);
                self.next_ask_ms = Some(now + self.policy.poll_ms);
            }
            Status::AwaitingPayer
            | Status::Paying
            | Status::Pending
            | Status::Unknown
            | Status::Cancelling
            | Status::NeedsReview
            | Status::Paid
            | Status::Voiding
            | Status::LateSuccess
            | Status::Declined
            | Status::Cancelled
            | Status::Voided => {
                self.phase = Phase::Watching;
                self.be_patient(now);
                self.next_ask_ms = Some(now + self.policy.poll_ms);
                self.watch(now);
            }
        }
    }

    pub(super) fn handed_over(&mut self, reply: Reply, now: Ms) {
        if self.phase != Phase::Handing {
            return;
        }
        self.phase = Phase::Watching;
        self.next_ask_ms = Some(now + self.policy.poll_ms);
        match reply {
            Ok(trade) => {
                self.adopt(trade);
                // Not a byte reached the gateway: once more, but at the usual pace.
                if !self.is_open_to_code() {
                    self.watch(now);
                }
            }
            Err(
                Fault::NoAnswer
                | Fault::NoToken
                | Fault::Problem(ProblemCode::TooMany | ProblemCode::Busy, _),
            ) => {}
            Err(Fault::Problem(..)) if self.handed > 1 => {
                if !self.asking {
                    self.ask(now);
                }
            }
            Err(Fault::Problem(code, trade)) => self.hand_over_refused(code, trade),
        }
        if self.wish && self.phase == Phase::Watching {
            self.send_wish();
        }
    }

    fn hand_over_refused(&mut self, code: ProblemCode, trade: Option<Box<Trade>>) {
        match code {
            // Another hand closed it: the trade itself says how it stands.
            ProblemCode::TradeClosed => {}
            // Nothing left, most likely: the trade itself says so, and then the code goes once more. The cashier is told why.
            ProblemCode::StoreUnavailable
            | ProblemCode::GatewayUnavailable
            | ProblemCode::Internal => self.outbox.push_back(Step::Notice(code)),
            // A definite no before anything left: the code was never the backend's.
            ProblemCode::BadRequest
            | ProblemCode::AmountInvalid
            | ProblemCode::AmountLimit
            | ProblemCode::CurrencyUnsupported
            | ProblemCode::SaleInvalid
            | ProblemCode::KeyInvalid
            | ProblemCode::IntegratorUnknown
            | ProblemCode::PresentedUnsupported
            | ProblemCode::CodeInvalid
            | ProblemCode::VerdictInvalid
            | ProblemCode::TokenMissing
            | ProblemCode::TokenInvalid
            | ProblemCode::TokenExpired
            | ProblemCode::TokenForbidden
            | ProblemCode::ServerKeyInvalid
            | ProblemCode::Mismatch
            | ProblemCode::SaleBusy
            | ProblemCode::SalePaid
            | ProblemCode::SaleAmountMismatch
            | ProblemCode::CodeTaken
            | ProblemCode::CodeReused
            | ProblemCode::TradeNotFound
            | ProblemCode::NotCancellable
            | ProblemCode::NotVoidable
            | ProblemCode::NotFound
            | ProblemCode::MethodNotAllowed
            | ProblemCode::TooLarge
            | ProblemCode::TooMany
            | ProblemCode::Busy => {
                self.send_wish();
                self.end(End::Refused(code, trade));
            }
        }
    }

    /// An answer about an attempt that was left: it comes late, and is none about this one.
    fn is_about_another(&self, reply: &Reply) -> bool {
        let own = self.record.trade_id.as_deref();
        reply
            .as_ref()
            .is_ok_and(|trade| Some(&*trade.trade_id) != own)
    }

    pub(super) fn told(&mut self, reply: Reply, now: Ms) {
        if self.is_about_another(&reply) {
            return;
        }
        self.asking = false;
        match reply {
            Ok(trade) if self.is_outlived(&trade) => {}
            Ok(trade) => {
                self.adopt(trade);
                self.watch(now);
            }
            Err(Fault::Problem(ProblemCode::TradeNotFound, _)) => self.forgotten(),
            Err(Fault::NoAnswer | Fault::NoToken | Fault::Problem(..)) => {}
        }
    }

    /// The backend does not know the attempt. Where a code was handed over, that is no proof of anything.
    fn forgotten(&mut self) {
        let trade_id = self.record.trade_id.clone().unwrap_or_default();
        if self.record.handed_over {
            self.end(End::Unresolved(self.trade.clone().map(Box::new), trade_id));
        } else {
            self.end(End::Refused(ProblemCode::TradeNotFound, None));
        }
    }

    pub(super) fn cancel_told(&mut self, reply: Reply, now: Ms) {
        if self.is_about_another(&reply) {
            return;
        }
        self.cancelling = false;
        if self.phase == Phase::Leaving {
            match reply {
                Ok(trade) => {
                    let closed = trade.status == Status::Cancelled && !self.is_outlived(&trade);
                    self.adopt(trade);
                    if closed {
                        return self.left();
                    }
                    // It was not ours to leave any more: another hand gave it a code, or it was paid since.
                    self.phase = Phase::Watching;
                    self.be_patient(now);
                    self.watch(now);
                }
                Err(Fault::Problem(_, Some(trade))) if trade.status != Status::Cancelled => {
                    self.adopt(*trade);
                    self.phase = Phase::Watching;
                    self.be_patient(now);
                    self.watch(now);
                }
                // The code may be with the backend, and nobody says how the attempt stands.
                Err(_) if self.record.handed_over => {
                    let trade_id = self.record.trade_id.clone().unwrap_or_default();
                    self.end(End::Unresolved(self.trade.clone().map(Box::new), trade_id));
                }
                Err(_) => self.left(),
            }
            return;
        }
        match reply {
            Ok(trade) if self.is_outlived(&trade) => {}
            Ok(trade) => {
                self.adopt(trade);
                self.watch(now);
            }
            Err(Fault::Problem(code, trade)) => {
                self.wish = false;
                self.outbox.push_back(Step::Notice(code));
                if let Some(trade) = trade.filter(|trade| !self.is_outlived(trade)) {
                    self.adopt(*trade);
                    self.watch(now);
                }
            }
            Err(Fault::NoAnswer | Fault::NoToken) => {}
        }
    }

    /// True where something newer is known already. Such an answer says nothing about now: above all it does not confirm
    /// that a code is awaited still.
    fn is_outlived(&self, trade: &Trade) -> bool {
        self.trade
            .as_ref()
            .is_some_and(|known| trade.version < known.version)
    }

    fn adopt(&mut self, trade: Trade) {
        let newer = self
            .trade
            .as_ref()
            .is_none_or(|known| trade.version > known.version);
        if newer {
            self.trade = Some(trade);
        }
    }

    /// What the newest word on the attempt means for this charge.
    fn watch(&mut self, now: Ms) {
        let Some(trade) = self.trade.clone() else {
            return;
        };
        if trade.status.ends_promise() {
            if matches!(self.phase, Phase::Ready | Phase::Watching) {
                self.settled(trade);
            }
        } else if self.phase == Phase::Watching && self.is_open_to_code() {
            self.open_again(now);
        } else if self.phase == Phase::Watching && self.we_present() {
            self.watch_display(trade.status, now);
        } else if self.phase == Phase::Ready && trade.status != Status::AwaitingCode {
            // Another hand gave it a code: from here on we only watch.
            self.phase = Phase::Watching;
            self.outbox.push_back(Step::StopScan);
            self.be_patient(now);
            self.next_ask_ms = Some(now + self.policy.poll_ms);
        }
    }

    /// Created at last, or the hand-over never arrived, or the gateway was never reached.
    fn open_again(&mut self, now: Ms) {
        if self.following && !self.wish {
            // Its own till hands the code over; our patience begins then.
            self.patience_ms = None;
            self.be_patient(now);
        } else if self.resumed || self.leave != Leave::Stay || self.wish {
            self.go_away(Leave::Abort);
        } else if self.record.handed_over {
            self.hand_over(now);
        } else {
            self.patience_ms = None;
            self.attempt_exists(now);
        }
    }

    fn settled(&mut self, trade: Trade) {
        let reason = trade.reason.filter(|_| trade.status == Status::Cancelled);
        self.end(match reason {
            Some(Reason::GatewayUnavailable) => End::GatewayDown,
            // Closed before our code was shown. The other attempt's name is the sale's to tell, not this trade's.
            Some(Reason::SaleBusy) => End::Refused(ProblemCode::SaleBusy, None),
            Some(_) | None => End::Settled(Box::new(trade)),
        });
    }
}
