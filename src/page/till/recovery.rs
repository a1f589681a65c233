//! Restores what an earlier page left, from the backend's list and the journal, and follows the messages of other tabs.

use std::rc::{Rc, Weak};

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use kaunter_core::error::ErrorCode;
use kaunter_core::till::{ChargeEvent, Record};
use kaunter_core::wire::{self, DecidedBy, ProblemCode, Status, Verdict, VerdictOutcome};

use super::Till;
use crate::page::backend::CallError;
use crate::page::clock;
use crate::page::lock::{self, LockResult};
use crate::page::news::TradeChange;
use crate::types::error::Fail;
use crate::types::outcome::Outcome;
use crate::types::trade::Trade;

impl Till {
    /// Restores what a reload left: the backend's list, and what only the journal knows.
    pub(super) async fn recover(self: &Rc<Self>) {
        self.tell_unreadable().await;
        let mut open = self.session.open_trades.clone();
        let records = self.read().await;
        // A journal that does not answer now may answer later.
        let mut others = records.is_none();
        for record in records.unwrap_or_default() {
            // Another tab is working on this sale, and removes the record itself while it lives.
            if !self.is_ours(&record.sale.reference).await {
                others = true;
            } else if let Some(trade) = self.recall(&record, &open).await {
                open.push(trade);
            }
        }
        for trade in open {
            self.take_up(&trade).await;
        }
        if others {
            crate::page::spawn(Self::inherit(Rc::downgrade(self)));
        }
    }

    /// Repeats the search every `poll_ms`, until the journal was read and has no record of another tab. A tab that
    /// crashed leaves its records.
    async fn inherit(till: Weak<Self>) {
        loop {
            let Some(poll_ms) = till.upgrade().map(|till| till.policy().poll_ms) else {
                return;
            };
            clock::sleep(poll_ms).await;
            let Some(till) = till.upgrade().filter(|till| !till.is_closed()) else {
                return;
            };
            if !till.inherit_what_is_free().await {
                return;
            }
        }
    }

    /// True if another tab is working on a record, or if the journal can't be read.
    async fn inherit_what_is_free(self: &Rc<Self>) -> bool {
        let Some(records) = self.read().await else {
            return true;
        };
        let mut others = false;
        for record in records {
            let known = self
                .unfinished
                .borrow()
                .iter()
                .any(|trade| record.trade_id.as_ref() == Some(&trade.trade_id));
            if known {
                continue;
            }
            if !self.is_ours(&record.sale.reference).await {
                others = true;
            } else if let Some(trade) = self.recall(&record, &[]).await {
                self.take_up(&trade).await;
                self.announcer.trade(&Trade::new(&trade, &self.wallets));
            }
        }
        others
    }

    async fn tell_unreadable(&self) {
        let Some(journal) = &self.journal else { return };
        match journal.unreadable().await {
            Ok(0) => {}
            Ok(_) => self
                .announcer
                .warning(&Fail::new(ErrorCode::JournalUnreadable)),
            Err(cause) => self.announcer.warn_no_journal(cause),
        }
    }

    /// What became of a journalled trade that is not on the backend's list.
    async fn recall(&self, record: &Record, open: &[wire::TradeView]) -> Option<wire::TradeView> {
        let Some(trade_id) = &record.trade_id else {
            // The creation was never answered, so no code was sent. If the backend has the trade, it is on its list.
            self.forget(&record.key).await;
            return None;
        };
        if open.iter().any(|trade| trade.trade_id == *trade_id) {
            return None;
        }
        match self.backend.trade(trade_id, Some(&record.sale)).await {
            Ok(trade) if trade.status.is_final() => {
                if record.handed_over {
                    self.announcer.trade(&Trade::new(&trade, &self.wallets));
                    self.keep_for_telling(trade);
                } else {
                    self.forget(&record.key).await;
                }
                None
            }
            Ok(trade) => Some(trade),
            Err(CallError::Problem(refused)) if refused.code() == ProblemCode::TradeNotFound => {
                if record.handed_over {
                    // The backend lost its store. A person looks into it, with the id that the gateway knows too.
                    self.announcer
                        .warning(&Fail::new(ErrorCode::TradeNotFound).about(trade_id));
                    return Some(self.assumed(record, trade_id, Status::NeedsReview));
                }
                self.forget(&record.key).await;
                None
            }
            Err(_) => Some(self.assumed(record, trade_id, Status::Unknown)),
        }
    }

    /// Lists a trade that ended while no page was open. Its outcome was not reported yet, so it stays until `resume`.
    fn keep_for_telling(&self, trade: wire::TradeView) {
        self.enlist(trade);
    }

    /// A trade as the journal alone knows it. Any answer of the backend is newer.
    pub(in crate::page) fn assumed(
        &self,
        record: &Record,
        trade_id: &str,
        status: Status,
    ) -> wire::TradeView {
        let now = String::from(js_sys::Date::new_0().to_iso_string());
        wire::TradeView {
            trade_id: trade_id.to_owned(),
            gateway_ref: None,
            attempt: 1,
            sale: record.sale.clone().known(),
            wallet_id: record.wallet_id.clone(),
            wallet: None,
            mode: record.mode,
            terminal: self.session.terminal.clone(),
            cashier: None,
            status,
            cancelled_by: None,
            reason: None,
            void_gateway_ref: None,
            version: 0,
            as_of: now.clone(),
            since: now.clone(),
            created_at: now,
            deadline_at: None,
            paid_at: None,
            shown_code: None,
            gateway_answer: None,
            void_refused: None,
            decided_by: None,
            proposal: None,
            single_person: false,
            verdict_contradicted: false,
            late: false,
        }
    }

    /// A trade whose code this till handed over, and which the backend does not know: that proves nothing.
    pub(super) fn lost(&self, trade_id: &str) -> Option<wire::TradeView> {
        let unfinished = self.unfinished.borrow();
        let assumed = unfinished.iter().find(|trade| trade.trade_id == trade_id)?;
        let lost = assumed.version == 0 && assumed.status == Status::NeedsReview;
        lost.then(|| assumed.clone())
    }

    /// Decides such a trade by a person's verdict. The backend has checked that this person may give it.
    pub(super) async fn decide_lost(
        self: &Rc<Self>,
        trade_id: &str,
        verdict: &Verdict,
    ) -> Option<Outcome> {
        let mut trade = self.lost(trade_id)?;
        trade.status = match verdict.outcome {
            VerdictOutcome::Paid => Status::Paid,
            VerdictOutcome::Declined => Status::Declined,
            VerdictOutcome::Voided => Status::Voided,
        };
        trade.decided_by = Some(DecidedBy::Person);
        self.announcer.trade(&Trade::new(&trade, &self.wallets));
        self.remember(&trade);
        self.forget_trade(trade_id).await;
        Some(self.outcome(&trade))
    }

    pub(super) fn is_unfinished(&self, trade_id: &str) -> bool {
        let unfinished = self.unfinished.borrow();
        unfinished.iter().any(|trade| trade.trade_id == trade_id)
    }

    async fn take_up(self: &Rc<Self>, trade: &wire::TradeView) {
        if trade.status.is_final() {
            // A contradicted verdict: the page hears of it with the first heartbeat, once it listens.
            return;
        }
        if !matches!(trade.status, Status::Creating | Status::AwaitingCode) {
            return self.remember(trade);
        }
        if self.only_watches.get() {
            // Another device's customer may be about to show a code.
            return self.keep_listed(trade.clone());
        }
        let own = trade.terminal == self.session.terminal;
        if own && self.is_ours(&trade.sale.reference).await {
            // Its code was lost with the old page: the trade is closed at once, so that the sale is free.
            let sale = trade.sale.clone().into();
            if let Ok(closed) = self.backend.cancel(&trade.trade_id, Some(&sale)).await {
                self.remember(&closed);
                self.forget_if_over(&closed).await;
            }
        }
    }

    /// True if no other tab of this browser is working on this sale.
    async fn is_ours(&self, reference: &str) -> bool {
        match lock::request(&self.lock_name(reference)).await {
            LockResult::Acquired(lock) => {
                lock.free().await;
                true
            }
            LockResult::Taken => false,
        }
    }

    /// Follows the messages of the other tabs until the till closes: checks a trade that changed at once.
    pub(super) async fn hear(till: Weak<Self>, mut changes: UnboundedReceiver<TradeChange>) {
        while let Some(change) = changes.next().await {
            if let Some(till) = till.upgrade() {
                till.trade_changed(&change).await;
            }
        }
    }

    async fn trade_changed(self: &Rc<Self>, change: &TradeChange) {
        if !self.news.is_new(&change.trade_id, change.version) {
            return;
        }
        if let Some(event_sender) = self.listener(&change.trade_id) {
            let _ = event_sender.unbounded_send(ChargeEvent::Woke);
            return;
        }
        if let Ok(trade) = self.backend.trade(&change.trade_id, None).await {
            self.seen(&trade);
        }
    }

    /// Takes an answer of the backend about a trade that is not on screen.
    pub(super) fn seen(self: &Rc<Self>, trade: &wire::TradeView) {
        if self.news.is_new(&trade.trade_id, trade.version) {
            // A listener of the event may read the list, so the list is updated first.
            self.remember(trade);
            self.announcer.trade(&Trade::new(trade, &self.wallets));
        }
    }
}
