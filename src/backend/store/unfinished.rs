//! Trades that a process must drive further, page by page. Other shops' trades are left out: this process's gateway does
//! not know them.

use kaunter_core::policy::Ms;
use kaunter_core::trade::Trade;
use sqlx::Row;

use super::{Store, bigint, read};
use crate::limits::{MAX_DUE_ROWS, RESUMED_ROWS};

/// A trade's id, and its terminal.
pub(crate) type TradeOfTerminal = (String, String);

/// The same condition as that of the index `trades_unfinished`.
macro_rules! unfinished {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM trades WHERE shop = $1 AND (is_open = 1 OR checks_verdict = 1) AND trade_id > $2 ORDER BY trade_id LIMIT $3"
        )
    };
}

impl Store {
    /// Trades that are open, or whose verdict is still checked: those after this id.
    pub(crate) async fn unfinished(&self, shop: &str, after: &str) -> sqlx::Result<Vec<Trade>> {
        let ticket = self.memory.ticket();
        let rows = sqlx::query(unfinished!("state"))
            .bind(shop)
            .bind(after)
            .bind(bigint(RESUMED_ROWS))
            .fetch_all(&mut *self.pool.connection().await?)
            .await?;
        // Its turn comes soon, and needs no other read.
        let keep = |row| Ok(Trade::clone(&self.memory.read(ticket, read(row)?)));
        rows.iter().map(keep).collect()
    }

    /// Their ids.
    pub(crate) async fn unfinished_ids(
        &self,
        shop: &str,
        after: &str,
    ) -> sqlx::Result<Vec<String>> {
        let rows = sqlx::query(unfinished!("trade_id"))
            .bind(shop)
            .bind(after)
            .bind(bigint(RESUMED_ROWS))
            .fetch_all(&mut *self.pool.connection().await?)
            .await?;
        rows.iter().map(|row| row.try_get("trade_id")).collect()
    }

    /// Trades that were closed unpaid, and began after this one.
    pub(crate) async fn closed_unpaid(
        &self,
        shop: &str,
        (created_ms, trade_id): &(Ms, String),
    ) -> sqlx::Result<Vec<Trade>> {
        let rows = sqlx::query(
            "SELECT state FROM trades WHERE shop = $1 AND created_ms >= $2 AND (created_ms > $2 OR trade_id > $3) AND is_open = 0 AND status IN ('declined', 'cancelled') ORDER BY created_ms, trade_id LIMIT $4",
        )
        .bind(shop)
        .bind(bigint(*created_ms))
        .bind(trade_id)
        .bind(bigint(RESUMED_ROWS))
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Paid trades that are due to be checked, the longest due first, and at most [`MAX_DUE_ROWS`] of them.
    pub(crate) async fn due_checks(
        &self,
        shop: &str,
        now: Ms,
    ) -> sqlx::Result<Vec<TradeOfTerminal>> {
        let rows = sqlx::query(
            "SELECT trade_id, terminal FROM trades WHERE shop = $1 AND check_ms <= $2 ORDER BY check_ms LIMIT $3",
        )
        .bind(shop)
        .bind(bigint(now))
        .bind(bigint(MAX_DUE_ROWS))
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("trade_id")?, row.try_get("terminal")?)))
            .collect()
    }
}
