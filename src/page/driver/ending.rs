//! Ends a charge: the machine's result becomes an outcome, or a rejection if nothing began.

use kaunter_core::error::ErrorCode;
use kaunter_core::till::{End, Phase};
use kaunter_core::wire::{self, By, ProblemCode, Status};
use wasm_bindgen::JsValue;

use super::Driver;
use crate::page::signal;
use crate::types::error::{Fail, Rejection};
use crate::types::event::TillState;
use crate::types::outcome::Outcome;
use crate::types::reason::CancelReason;
use crate::types::trade::Trade;

impl Driver {
    pub(super) fn finish(&mut self, end: End) -> Result<Outcome, Rejection> {
        self.tell();
        let ended = self.ended(end);
        let state = match &ended {
            Ok(Outcome::Unconfirmed { .. }) => TillState::Review,
            Ok(_) | Err(_) => TillState::Idle,
        };
        let wallets = self.till.wallets();
        let trade = self.charge.trade().map(|trade| Trade::new(trade, wallets));
        self.till.announcer().set_state(state, trade);
        ended
    }

    fn ended(&mut self, end: End) -> Result<Outcome, Rejection> {
        match end {
            End::Known(trade) => {
                self.till.remember(&trade);
                Ok(self.till.outcome(&trade))
            }
            End::Unconfirmed(trade, trade_id) => Ok(self.unconfirmed(trade, &trade_id)),
            End::Refused(code, trade) => Err(self.refusal(code, trade.as_deref()).into()),
            End::Unreachable if signal::online() => {
                Err(self.failure(ErrorCode::NetworkFailed).into())
            }
            End::Unreachable => Err(Fail::new(ErrorCode::NetworkOffline).into()),
            End::NoToken => Err(self.failure(ErrorCode::TokenFailed).into()),
            End::GatewayDown => Err(self.failure(ErrorCode::GatewayUnavailable).into()),
            End::NoWallet => Err(Fail::new(ErrorCode::WalletRequired).into()),
            End::Aborted => match self.failure.take() {
                Some(rejection) => Err(rejection),
                None => Ok(Outcome::Cancelled {
                    trade_id: self.charge.record().trade_id.clone(),
                    sale: self.charge.record().sale.clone(),
                    by: By::Cashier,
                    reason: CancelReason::Requested,
                }),
            },
        }
    }

    /// Leaves a charge because the till closes. The backend continues with what may have moved money, and the next till
    /// shows it.
    pub(super) fn leave(&mut self) -> Result<Outcome, Rejection> {
        let record = self.charge.record().clone();
        let began = match self.charge.phase() {
            Phase::HandingOver | Phase::Watching => true,
            Phase::Scanning
            | Phase::PickingWallet
            | Phase::JournallingCreation
            | Phase::Creating
            | Phase::Ready
            | Phase::JournallingHandOver
            | Phase::Abandoning
            | Phase::Ended => false,
        };
        match record.trade_id {
            Some(trade_id) if began => {
                let trade = self.charge.trade().cloned().map(Box::new);
                Ok(self.unconfirmed(trade, &trade_id))
            }
            _ => Err(Rejection::Thrown(closed())),
        }
    }

    /// Stops the caller's events; a keeper continues with the status checks.
    pub(super) fn stop_watching(&self, reason: Rejection) -> Rejection {
        if let Some(trade) = self.charge.trade() {
            self.till.remember(trade);
        }
        self.till.announcer().set_state(TillState::Idle, None);
        reason
    }

    fn unconfirmed(&self, trade: Option<Box<wire::TradeView>>, trade_id: &str) -> Outcome {
        match trade {
            Some(trade) => {
                self.till.remember(&trade);
                Outcome::unconfirmed(&trade, self.till.wallets())
            }
            None => {
                let record = self.charge.record();
                let assumed = self.till.assumed(record, trade_id, Status::Unknown);
                Outcome::unconfirmed(&assumed, self.till.wallets())
            }
        }
    }

    fn refusal(&mut self, code: ProblemCode, trade: Option<&wire::TradeView>) -> Fail {
        let mut fail = self.failure(code.into());
        if let Some(trade) = trade {
            fail.trade_id = Some(trade.trade_id.clone());
            fail.money_moved = trade.status.at_risk();
            if code == ProblemCode::SaleBusy {
                // This till tried to charge the sale, and so this till checks that trade.
                self.till.remember(trade);
            }
        }
        fail
    }

    /// An error with the backend's own sentence, if its last problem has this code.
    fn failure(&mut self, code: ErrorCode) -> Fail {
        self.refused
            .take()
            .filter(|fail| fail.code == code)
            .unwrap_or_else(|| Fail::new(code))
    }
}

/// The rejection of a promise when the till closes.
pub(in crate::page) fn closed() -> JsValue {
    web_sys::DomException::new_with_message_and_name("The till is closed.", "AbortError")
        .map_or_else(|error| error, JsValue::from)
}
