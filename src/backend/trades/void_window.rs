//! Keeps a void back outside the wallet's window: a person is told when it will be possible, and an automatic void
//! counts as refused. See [`kaunter_core::void_window`].

use std::time::Duration;

use kaunter_core::trade::{Event, GatewayRequest, Risk, Trade, VoidAnswer};
use kaunter_core::void_window::VoidClosed;
use kaunter_core::wire::{GatewayAnswer, ProblemCode, Status};

use super::Inner;
use crate::clock::rfc3339;
use crate::error::Problem;
use crate::gateway::Answered;

impl Inner {
    /// Whether the gateway takes a void of this trade now.
    fn void_window(&self, trade: &Trade) -> Result<(), VoidClosed> {
        let facts = trade.facts();
        let config = self.gateway.config();
        let window = config.void_window(&facts.wallet_id, &facts.wallet_name);
        let offset = self.offset.minutes();
        window.check(trade.paid_from_ms(), self.clock.now_ms(), offset)
    }

    /// Refuses a person's void outside the window, before anything is stored. A void that is under way or done is left
    /// to the machine.
    pub(super) fn check_void(&self, trade: &Trade, event: &Event) -> Result<(), Problem> {
        let begins = *event == Event::Void
            && trade.state().risk() == Risk::Taken
            && !matches!(trade.state().status(), Status::Voiding | Status::Reversed);
        match self.void_window(trade) {
            Err(closed) if begins => {
                let code = ProblemCode::TradeNotVoidable;
                let problem = Problem::with_trade(code, self.wire(trade));
                let problem = problem.replace_detail(self.sentence(closed));
                Err(match closed {
                    VoidClosed::Until(at) => {
                        let wait = at.saturating_sub(self.clock.now_ms());
                        problem.after(Duration::from_millis(wait))
                    }
                    VoidClosed::TooOld => problem,
                })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The answer in place of the gateway's, for a void that the machine sends outside the window.
    pub(super) fn kept_back(&self, trade: &Trade, send: GatewayRequest) -> Option<Answered> {
        if send != GatewayRequest::Void {
            return None;
        }
        let closed = self.void_window(trade).err()?;
        let trade_id = &trade.facts().trade_id;
        tracing::warn!(%trade_id, "a void was not sent: it is outside the wallet's window");
        Some(Answered {
            event: Event::VoidAnswered(VoidAnswer::Failed),
            gateway_answer: Some(GatewayAnswer {
                code: None,
                message: self.sentence(closed),
            }),
        })
    }

    fn sentence(&self, closed: VoidClosed) -> String {
        match closed {
            VoidClosed::Until(at) => format!(
                "The wallet takes no voids now: try again from {} ({}).",
                self.offset.time(at),
                rfc3339(at)
            ),
            VoidClosed::TooOld => {
                "This payment is too old for a void: give the money back in another way.".to_owned()
            }
        }
    }
}
