//! Keepers: each checks the status of one trade that is not on screen, until the trade ends.

use std::rc::Rc;

use kaunter_core::load::bounded_pace_ms;
use kaunter_core::wire::{self, Status};

use super::Till;
use crate::page::{clock, signal};

/// A trade under review is checked this much more slowly: a person decides, which takes minutes.
const REVIEW_SLOWNESS: u64 = 15;

impl Till {
    /// Lists a trade that has not ended, and starts a keeper for it.
    pub fn remember(self: &Rc<Self>, trade: &wire::TradeView) {
        self.news.tell(&trade.trade_id, trade.version);
        // Another device's trade is listed while it still awaits its code.
        let waits = self.is_unfinished(&trade.trade_id) && !trade.status.is_final();
        self.unfinished
            .borrow_mut()
            .retain(|known| known.trade_id != trade.trade_id);
        if trade.status.at_risk() || waits {
            self.keep_listed(trade.clone());
        }
    }

    /// Adds a trade to the list, and checks its status until it ends.
    pub(super) fn keep_listed(self: &Rc<Self>, trade: wire::TradeView) {
        self.enlist(trade.clone());
        if !self.kept.borrow().contains(&trade.trade_id) {
            self.kept.borrow_mut().push(trade.trade_id.clone());
            let till = Rc::clone(self);
            crate::page::spawn(async move { till.keep(trade).await });
        }
    }

    /// Adds a trade to the list, newest first.
    pub(super) fn enlist(&self, trade: wire::TradeView) {
        let mut unfinished = self.unfinished.borrow_mut();
        let older = |known: &wire::TradeView| known.created_at <= trade.created_at;
        let place = unfinished.iter().position(older);
        let place = place.unwrap_or(unfinished.len());
        unfinished.insert(place, trade);
    }

    /// Checks the status of a trade until the trade or the till ends.
    async fn keep(self: Rc<Self>, mut known: wire::TradeView) {
        while !known.status.is_final() && !self.is_closed() {
            let slow = matches!(
                known.status,
                Status::NeedsReview | Status::LateSuccess | Status::Reversed
            );
            let poll_ms = bounded_pace_ms(self.backend.pace_ms(), self.policy().poll_ms);
            clock::sleep(poll_ms * if slow { REVIEW_SLOWNESS } else { 1 }).await;
            if !self.is_unfinished(&known.trade_id) {
                break;
            }
            let on_screen = self.listener(&known.trade_id).is_some();
            if self.is_closed() || on_screen || signal::hidden() {
                continue;
            }
            let sale = known.sale.clone().into();
            let Ok(trade) = self.backend.trade(&known.trade_id, Some(&sale)).await else {
                continue;
            };
            self.seen(&trade);
            known = trade;
        }
        self.kept
            .borrow_mut()
            .retain(|kept| *kept != known.trade_id);
        if known.status.is_final() || !self.is_unfinished(&known.trade_id) {
            self.forget_trade(&known.trade_id).await;
        }
    }

    pub(super) async fn forget_trade(&self, trade_id: &str) {
        for record in self.records().await {
            if record.trade_id.as_deref() == Some(trade_id) {
                self.forget(&record.key).await;
            }
        }
    }
}
