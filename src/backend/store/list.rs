//! Lists of trades, page by page.

use kaunter_core::list::{Cursor, Filter};
use kaunter_core::policy::Ms;
use kaunter_core::trade::Trade;

use super::{Store, bigint, read};

/// Newest first. The additional condition has its own statement, so that each uses its own index.
macro_rules! newest {
    ($only:literal) => {
        concat!(
            "SELECT state FROM trades WHERE shop = $1 AND created_ms >= $2 AND (created_ms < $3 OR (created_ms = $3 AND trade_id < $4)) AND ($5 IS NULL OR terminal = $5)",
            $only,
            " ORDER BY created_ms DESC, trade_id DESC LIMIT $6"
        )
    };
}

const NEWEST: &str = newest!("");
const OPEN: &str = newest!(" AND is_open = 1");
const OF_SALE: &str = "SELECT state FROM trades WHERE shop = $1 AND created_ms >= $2 AND created_ms < $3 AND attempt > $4 AND ($5 IS NULL OR terminal = $5) AND sale_ref = $6 AND ($7 = 0 OR is_open = 1) ORDER BY attempt LIMIT $8";

impl Store {
    /// Reads a page: the trades after this position.
    pub(crate) async fn list(
        &self,
        shop: &str,
        filter: &Filter,
        after: Option<&Cursor>,
        rows: usize,
    ) -> sqlx::Result<Vec<Trade>> {
        let span = filter.span.clone().unwrap_or(0..Ms::MAX);
        let limit = bigint(rows as u64);
        let mut connection = self.pool.connection().await?;
        let rows = match &filter.reference {
            Some(reference) => {
                let attempt = match after {
                    Some(Cursor::Attempt(attempt)) => *attempt,
                    Some(Cursor::Time(..)) | None => 0,
                };
                sqlx::query(OF_SALE)
                    .bind(shop)
                    .bind(bigint(span.start))
                    .bind(bigint(span.end))
                    .bind(i64::from(attempt))
                    .bind(filter.terminal.as_deref())
                    .bind(reference)
                    .bind(i64::from(filter.is_open))
                    .bind(limit)
                    .fetch_all(&mut *connection)
                    .await?
            }
            None => {
                let (before_ms, trade_id) = match after {
                    Some(Cursor::Time(created_ms, trade_id)) => (*created_ms, trade_id.as_str()),
                    Some(Cursor::Attempt(_)) | None => (span.end, ""),
                };
                sqlx::query(if filter.is_open { OPEN } else { NEWEST })
                    .bind(shop)
                    .bind(bigint(span.start))
                    .bind(bigint(before_ms))
                    .bind(trade_id)
                    .bind(filter.terminal.as_deref())
                    .bind(limit)
                    .fetch_all(&mut *connection)
                    .await?
            }
        };
        rows.iter().map(read).collect()
    }
}
