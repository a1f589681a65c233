//! Tells the page about the progress of a charge: the trade, the state of the till, each status check.

use kaunter_core::till::{Fault, Phase, Reply};
use kaunter_core::wire::{CodeMode, Status};

use super::Driver;
use crate::page::clock;
use crate::types::event::{Progress, TillState};
use crate::types::trade::Trade;

impl Driver {
    /// Tells the page what changed: the trade, and the state of the till.
    pub(super) fn tell(&mut self) {
        let wallets = self.till.wallets();
        let trade = self.charge.trade();
        let shown = trade.map(|trade| Trade::new(trade, wallets));
        if let (Some(trade), Some(shown)) = (trade, &shown)
            && trade.version != self.told_version
        {
            self.told_version = trade.version;
            if trade.mode == CodeMode::MerchantPresented
                && trade.status == Status::Pending
                && !self.scanned
            {
                self.scanned = true;
                self.handed_ms = Some(clock::now_ms());
            }
            self.till.announcer().trade(shown);
            self.till.news().tell(&trade.trade_id, trade.version);
        }
        if let Some(state) = self.state() {
            self.till.announcer().set_state(state, shown);
        }
    }

    /// The state of the till; `None` while the eye sets it.
    fn state(&self) -> Option<TillState> {
        let status = self.charge.trade().map(|trade| trade.status);
        match self.charge.phase() {
            Phase::Scanning | Phase::Ready => None,
            Phase::JournallingCreation | Phase::Creating if self.eye_looks() => None,
            Phase::PickingWallet => Some(TillState::Scanned),
            Phase::JournallingCreation
            | Phase::Creating
            | Phase::JournallingHandOver
            | Phase::HandingOver => Some(TillState::Paying),
            Phase::Abandoning => Some(TillState::Cancelling),
            Phase::Watching => Some(status.map_or(TillState::Waiting, watched_as)),
            Phase::Ended => Some(TillState::Idle),
        }
    }

    fn eye_looks(&self) -> bool {
        self.code.is_none() && self.charge.record().mode == CodeMode::ConsumerPresented
    }

    pub(super) fn tell_progress(&self, reply: &Reply) {
        let trade_id = self.charge.record().trade_id.clone();
        let (Some(handed_ms), Some(trade_id)) = (self.handed_ms, trade_id) else {
            return;
        };
        let policy = self.till.policy();
        self.till.announcer().progress(&Progress {
            trade_id,
            elapsed_ms: clock::now_ms().saturating_sub(handed_ms),
            deadline_ms: policy.deadline_ms,
            next_check_ms: self.charge.poll_ms(),
            online: !matches!(reply, Err(Fault::NoAnswer)),
        });
    }
}

fn watched_as(status: Status) -> TillState {
    match status {
        Status::Creating | Status::AwaitingCode | Status::Paying => TillState::Paying,
        Status::AwaitingPayer | Status::Pending | Status::Unknown => TillState::Waiting,
        Status::Cancelling | Status::Voiding => TillState::Cancelling,
        Status::NeedsReview | Status::LateSuccess | Status::Reversed => TillState::Review,
        Status::Paid | Status::Declined | Status::Cancelled | Status::Voided => TillState::Idle,
    }
}
