//! Ends a charge: a cancel, an abandoned trade, answers that stay away, and what the journal keeps.

use super::{AbandonReason, Charge, ChargeStep, End, Phase, Record};
use crate::policy::Ms;
use crate::wire::{ProblemCode, Status};

impl Charge {
    pub(super) fn cancel(&mut self, now: Ms) {
        match self.phase {
            Phase::Scanning | Phase::PickingWallet => self.end(End::Aborted),
            Phase::JournallingCreation | Phase::Creating => {
                self.abandon_reason = Some(AbandonReason::Aborted)
            }
            Phase::JournallingHandOver if self.we_present() => self.abandon_unseen(now),
            Phase::Ready | Phase::JournallingHandOver => self.abandon(AbandonReason::Aborted),
            Phase::HandingOver => self.cancel_requested = true,
            Phase::Watching => {
                self.cancel_requested = true;
                self.send_cancel();
            }
            Phase::Abandoning => self.abandon_reason = Some(AbandonReason::Aborted),
            Phase::Ended => {}
        }
    }

    pub(super) fn send_cancel(&mut self) {
        let Some(trade_id) = self.record.trade_id.clone().filter(|_| !self.cancelling) else {
            return;
        };
        self.cancelling = true;
        self.outbox.push_back(ChargeStep::Cancel(trade_id));
    }

    /// Abandons a trade that has no code. The backend closes it at once.
    pub(super) fn abandon(&mut self, reason: AbandonReason) {
        self.abandon_reason = Some(reason);
        self.phase = Phase::Abandoning;
        self.next_ask_ms = None;
        self.patience_ms = None;
        self.send_cancel();
    }

    /// The trade is abandoned. Ends the charge, or begins again with the code's own wallet.
    pub(super) fn abandoned(&mut self) {
        let key = self.record.key.clone();
        match (
            self.abandon_reason,
            self.spare_key.take(),
            self.code.as_ref().and_then(|hint| hint.wallet.clone()),
        ) {
            (Some(AbandonReason::OtherWallet), Some(spare), Some(wallet)) => {
                self.outbox.push_back(ChargeStep::Forget(key));
                self.abandon_reason = None;
                self.trade = None;
                self.tries = 0;
                self.asking = false;
                let mut sale = self.record.sale.clone();
                sale.amount = sale.amount.filter(|_| self.states_amount);
                self.record = Record {
                    key: spare,
                    sale,
                    wallet_id: wallet,
                    trade_id: None,
                    handed_over: false,
                    mode: self.record.mode,
                };
                self.journal_creation();
            }
            (None | Some(AbandonReason::Aborted | AbandonReason::OtherWallet), _, _) => {
                // After a hand-over the backend's trade is the outcome. Before it, nothing has begun.
                let began = self.resumed || self.record.handed_over;
                match self.trade.clone() {
                    Some(trade) if began && trade.status == Status::Cancelled => {
                        self.end(End::Known(Box::new(trade)));
                    }
                    Some(_) | None => self.end(End::Aborted),
                }
            }
        }
    }

    pub(super) fn out_of_patience(&mut self) {
        self.patience_ms = None;
        if self.phase == Phase::Watching && self.is_open_to_code() && !self.following {
            // As far as we know, the code never arrived. Closing the trade makes sure of it.
            return self.abandon(AbandonReason::Aborted);
        }
        let trade_id = self.record.trade_id.clone().unwrap_or_default();
        self.end(End::Unconfirmed(self.trade.clone().map(Box::new), trade_id));
    }

    pub(super) fn end(&mut self, end: End) {
        let keep = match &end {
            End::Unconfirmed(..) => true,
            End::Known(trade) => trade.status.at_risk(),
            End::Refused(..)
            | End::Unreachable
            | End::NoToken
            | End::GatewayDown
            | End::NoWallet
            | End::Aborted => false,
        };
        if matches!(
            self.phase,
            Phase::Scanning
                | Phase::Ready
                | Phase::JournallingCreation
                | Phase::Creating
                | Phase::Abandoning
        ) && self.code.is_none()
        {
            self.outbox.push_back(ChargeStep::StopScan);
        }
        if !keep {
            let key = self.record.key.clone();
            self.outbox.push_back(match blocking_record(&end) {
                Some(record) => ChargeStep::Yield(key, record),
                None => ChargeStep::Forget(key),
            });
        }
        self.phase = Phase::Ended;
        self.next_ask_ms = None;
        self.outbox.push_back(ChargeStep::Done(end));
    }
}

/// The record of the trade that stands in this one's way, if its outcome is open.
///
/// This till has met it, so it also follows it. A sale that is paid needs no more queries.
fn blocking_record(end: &End) -> Option<Record> {
    match end {
        End::Refused(ProblemCode::SaleBusy, Some(trade)) if trade.status.at_risk() => {
            Some(Record::of(trade))
        }
        End::Known(_)
        | End::Unconfirmed(..)
        | End::Refused(..)
        | End::Unreachable
        | End::NoToken
        | End::GatewayDown
        | End::NoWallet
        | End::Aborted => None,
    }
}
