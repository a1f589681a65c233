//! Works on an existing trade: watch, check, cancel, void, give a verdict.

use std::pin::Pin;
use std::rc::Rc;

use kaunter_core::error::ErrorCode;
use kaunter_core::till::Record;
use kaunter_core::wire::{self, SaleInput, Verdict};

use super::{Till, aborted};
use crate::page::backend::{Call, CallError};
use crate::page::driver::Driver;
use crate::page::lock::{self, LockResult};
use crate::types::error::{Fail, Rejection};
use crate::types::options::ScanOptions;
use crate::types::outcome::Outcome;
use crate::types::trade::Trade;

impl Till {
    /// Watches a trade to its end.
    ///
    /// # Errors
    /// `trade_not_found`, `network_*`.
    pub async fn resume(
        self: &Rc<Self>,
        trade_id: &str,
        options: ScanOptions,
    ) -> Result<Outcome, Rejection> {
        if let Some(reason) = aborted(&options) {
            return Err(reason);
        }
        match self.trade(trade_id).await {
            Ok(trade) => self.follow(&trade, options).await,
            Err(trouble) => match self.lost(trade_id) {
                Some(lost) => Ok(self.outcome(&lost)),
                None => Err(Fail::from(trouble).into()),
            },
        }
    }

    async fn follow(
        self: &Rc<Self>,
        trade: &wire::TradeView,
        options: ScanOptions,
    ) -> Result<Outcome, Rejection> {
        if trade.status.ends_promise() {
            self.seen(trade);
            self.remember(trade);
            self.forget_if_over(trade).await;
            return Ok(self.outcome(trade));
        }
        let record = self.record_of(trade).await;
        let own = trade.terminal == self.session.terminal && !self.only_watches.get();
        let (lock, driver) = match lock::request(&self.lock_name(&trade.sale.reference)).await {
            LockResult::Acquired(lock) if own => {
                (Some(lock), Driver::resume(self, record, options))
            }
            LockResult::Acquired(_) | LockResult::Taken => {
                (None, Driver::follow(self, record, options))
            }
        };
        let end = driver.run().await;
        if let Some(lock) = lock {
            lock.free().await;
        }
        end
    }

    pub(super) async fn forget_if_over(&self, trade: &wire::TradeView) {
        if trade.status.is_final() {
            self.forget_trade(&trade.trade_id).await;
        }
    }

    async fn record_of(&self, trade: &wire::TradeView) -> Record {
        let journalled = self
            .records()
            .await
            .into_iter()
            .find(|record| record.trade_id.as_ref() == Some(&trade.trade_id));
        journalled.unwrap_or_else(|| Record::of(trade))
    }

    /// Makes a call that changes an existing trade. The trade is journalled first, also one of another till, so that a
    /// page that crashes meanwhile checks it after its start. Then the trade is watched to its end.
    fn change<'a>(
        self: &'a Rc<Self>,
        trade_id: &'a str,
        call: Call<'a, wire::TradeView>,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, Rejection>> + 'a>> {
        Box::pin(async move {
            let noted = self.note(trade_id).await.map_err(Fail::from)?;
            match call.await {
                Ok(trade) => self.follow(&trade, ScanOptions::default()).await,
                Err(trouble) => {
                    // After a refusal nothing began. Without an answer, it may have.
                    if let (Some(key), CallError::Problem(_) | CallError::NoToken(_)) =
                        (noted, &trouble)
                    {
                        self.forget(&key).await;
                    }
                    Err(Fail::from(trouble).into())
                }
            }
        })
    }

    /// Journals a trade that is not journalled yet. Returns the key of the new row.
    async fn note(&self, trade_id: &str) -> Result<Option<String>, CallError> {
        let known = |record: &Record| record.trade_id.as_deref() == Some(trade_id);
        if self.journal.is_none() || self.records().await.iter().any(known) {
            return Ok(None);
        }
        let record = Record::of(&self.trade(trade_id).await?);
        self.journal(&record).await;
        Ok(Some(record.key))
    }

    /// The sale of a trade, if this till knows it.
    fn sale_of(&self, trade_id: &str) -> Option<SaleInput> {
        let unfinished = self.unfinished.borrow();
        let known = unfinished.iter().find(|trade| trade.trade_id == trade_id)?;
        Some(known.sale.clone().into())
    }

    async fn trade(&self, trade_id: &str) -> Result<wire::TradeView, CallError> {
        let sale = self.sale_of(trade_id);
        self.backend.trade(trade_id, sale.as_ref()).await
    }

    /// Checks the status of a trade.
    ///
    /// # Errors
    /// `trade_not_found`, `network_*`.
    pub async fn check_status(self: &Rc<Self>, trade_id: &str) -> Result<Trade, Fail> {
        let sale = self.sale_of(trade_id);
        self.checked(self.backend.trade(trade_id, sale.as_ref()))
            .await
    }

    /// Checks the status of a void, or of a payment: the backend asks the gateway before it answers.
    ///
    /// # Errors
    /// `trade_not_found`, `network_*`.
    pub async fn check_void_status(self: &Rc<Self>, trade_id: &str) -> Result<Trade, Fail> {
        let sale = self.sale_of(trade_id);
        self.checked(self.backend.void_status(trade_id, sale.as_ref()))
            .await
    }

    async fn checked(self: &Rc<Self>, call: Call<'_, wire::TradeView>) -> Result<Trade, Fail> {
        Ok(self.noted(&call.await?).await)
    }

    async fn noted(self: &Rc<Self>, trade: &wire::TradeView) -> Trade {
        if trade.terminal == self.session.terminal {
            self.remember(trade);
            self.forget_if_over(trade).await;
        }
        Trade::new(trade, &self.wallets)
    }

    /// Cancels an unpaid trade. The customer may pay before the cancel arrives.
    ///
    /// # Errors
    /// `trade_not_cancellable`, `trade_not_found`, `token_forbidden`, `network_*`.
    pub async fn cancel(self: &Rc<Self>, trade_id: &str) -> Result<Outcome, Rejection> {
        let sale = self.sale_of(trade_id);
        let cancel = self.backend.cancel(trade_id, sale.as_ref());
        self.change(trade_id, cancel).await
    }

    /// Gives the money back. `Paid` with `void_refused` if the gateway refuses.
    ///
    /// # Errors
    /// `trade_not_voidable` if it is not paid, `trade_not_found`, `token_forbidden`, `network_*`.
    pub async fn void(self: &Rc<Self>, trade_id: &str, reason: &str) -> Result<Outcome, Rejection> {
        let end = self
            .change(trade_id, self.backend.void(trade_id, reason))
            .await;
        end.map(Outcome::of_void)
    }

    /// Stops collecting a sale that the customer pays in another way.
    ///
    /// # Errors
    /// `sale_paid` if the gateway says so first, `sale_busy`, `trade_not_found`, `token_forbidden`, `network_*`.
    pub async fn give_up(self: &Rc<Self>, wish: &wire::AskGiveUp) -> Result<(), Fail> {
        let record = self.backend.give_up(wish).await?;
        for trade in &record.trades {
            self.noted(trade).await;
        }
        Ok(())
    }

    /// Gives a person's verdict. If the backend does not know the trade, it ends the record in this till's journal.
    ///
    /// # Errors
    /// `trade_not_in_review` if the trade is not under review, `token_forbidden`, `network_*`.
    pub async fn give_verdict(
        self: &Rc<Self>,
        trade_id: &str,
        verdict: &Verdict,
    ) -> Result<Outcome, Rejection> {
        let end = self
            .change(trade_id, self.backend.verdict(trade_id, verdict))
            .await;
        match end {
            Err(Rejection::Fail(fail)) if fail.code == ErrorCode::TradeNotFound => {
                let decided = self.decide_lost(trade_id, verdict).await;
                decided.ok_or(Rejection::Fail(fail))
            }
            end => end,
        }
    }
}
