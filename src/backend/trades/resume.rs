//! Drives trades further that this process did not begin: those of before its start, and those of a process that has
//! ended.
//!
//! Their rows are read in the background, page by page. Until then, and until its turn, such a trade behaves as any row
//! that is read back: the first change restarts it, and what it sends is a question, never a payment.

use std::sync::Arc;

use futures_util::future::join_all;
use kaunter_core::trade::Trade;
use tokio::time::Instant;

use super::timers::NextSteps;
use super::{Inner, Trades, lock};
use crate::clock::wall_ms;
use crate::error::Problem;
use crate::limits::{RESUMED_ROWS, SWEPT_PAGES, TIME_PAUSE};

impl Trades {
    /// Begins to drive trades: resumes every open or recently closed one in the background, even if no browser comes
    /// back.
    pub(crate) fn start(&self) {
        let inner = &self.inner;
        inner.timers.reads_rows(true);
        inner.start_steps();
        inner.until_closing(Inner::resume_all);
    }

    /// Takes over trades that have no timer in this process: the process that started them has ended. Checks payments
    /// that are due to be checked.
    pub(crate) async fn sweep(&self) -> Result<(), Problem> {
        let inner = &self.inner;
        let memory_ms = inner.policy.code_memory_s * 1_000;
        let now = inner.clock.now_ms();
        let known = now.saturating_sub(memory_ms)..now.saturating_add(memory_ms);
        if let Err(error) = inner.store.forget_codes(known).await {
            tracing::warn!(%error, "old codes could not be deleted: the next round tries again");
        }
        if let Err(error) = inner.store.forget_sign_ins(wall_ms()).await {
            tracing::warn!(%error, "old sign-ins could not be deleted: the next round tries again");
        }
        inner.take_over().await?;
        for (trade_id, terminal) in inner.store.due_checks(&inner.shop, now).await? {
            let (trade_id, terminal) = (trade_id.into(), terminal.into());
            let queue = &inner.budget().queue;
            queue.join(&trade_id, &terminal, Instant::now(), false);
        }
        Ok(())
    }
}

impl Inner {
    async fn resume_all(self: Arc<Self>) {
        while let Err(error) = self.read_all().await {
            tracing::error!(%error, "the open trades could not be read: the next second tries again");
            tokio::time::sleep(TIME_PAUSE).await;
        }
        self.timers.reads_rows(false);
        let trades = self.timers.len();
        tracing::info!(
            trades,
            "every open trade is driven: each one is asked about in its turn"
        );
    }

    async fn read_all(&self) -> sqlx::Result<()> {
        let mut after = String::new();
        loop {
            let page = self.store.unfinished(&self.shop, &after).await?;
            page.iter().for_each(|trade| self.resume(trade));
            match page.last() {
                Some(last) if is_full(page.len()) => after.clone_from(&last.facts().trade_id),
                Some(_) | None => break,
            }
        }
        let since = self.clock.now_ms();
        let since = since.saturating_sub(self.policy.late_check_max_ms);
        let mut after = (since, String::new());
        loop {
            let page = self.store.closed_unpaid(&self.shop, &after).await?;
            page.iter().for_each(|trade| self.resume(trade));
            match page.last() {
                Some(last) if is_full(page.len()) => {
                    after = (last.created_ms(), last.facts().trade_id.clone());
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Drives a trade of before the start further: it is asked about in its turn, and its deadlines wait for nothing.
    pub(super) fn resume(&self, trade: &Trade) {
        let (now, due) = (Instant::now(), self.steps(trade));
        let steps = NextSteps {
            asks: Some(due.asks.map_or(now, |at| at.min(now))),
            ..due
        };
        self.timers.resume(trade.into(), steps);
    }

    /// Sets timers for open trades that this process does not know. A round reads a part of the ids, and the next round
    /// goes on there. While this process is the only one on the store, one pass over all of them is enough.
    async fn take_over(self: &Arc<Self>) -> Result<(), Problem> {
        let epoch = self.store.epoch();
        let Swept {
            mut after,
            began_in,
            whole_in,
        } = lock(&self.swept).clone();
        if epoch != 0 && epoch == whole_in {
            return Ok(());
        }
        let began_in = if after.is_empty() { epoch } else { began_in };
        for _ in 0..SWEPT_PAGES {
            let page = self.store.unfinished_ids(&self.shop, &after).await?;
            let known = self.timers.known_of(&page);
            let is_new = |trade_id: &&String| !known.contains(trade_id.as_str());
            // Together, they share a statement.
            let reads = page.iter().filter(is_new);
            let reads = reads.map(|trade_id| self.store.find(Some(&self.shop), trade_id));
            for trade in join_all(reads).await {
                if let Some(trade) = trade? {
                    self.drain_steps(&mut Trade::clone(&trade), None);
                }
            }
            after = match page.last() {
                Some(last) if is_full(page.len()) => last.clone(),
                Some(_) | None => String::new(),
            };
            if after.is_empty() {
                break;
            }
        }
        let is_whole = after.is_empty() && began_in == self.store.epoch();
        *lock(&self.swept) = Swept {
            after,
            began_in,
            whole_in: if is_whole { began_in } else { 0 },
        };
        Ok(())
    }
}

/// How far the sweep has come.
#[derive(Clone, Default)]
pub(super) struct Swept {
    /// The last id that was read; empty at the end.
    after: String,
    /// The time of being the only process on the store when the pass began; 0 for none.
    began_in: u64,
    /// Such a time in which a whole pass was made.
    whole_in: u64,
}

/// Whether more rows may follow a page.
fn is_full(rows: usize) -> bool {
    rows as u64 >= RESUMED_ROWS
}
