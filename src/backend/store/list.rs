//! Lists of trades, page by page.

use std::ops::Range;

use kaunter_core::policy::Ms;
use kaunter_core::trade::Trade;

use super::{Store, bigint, read};

/// Which trades are listed.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) shop: String,
    /// Only trades created in this range of milliseconds.
    pub(crate) span: Option<Range<Ms>>,
    /// Only trades of this sale, oldest first. Without it, newest first.
    pub(crate) reference: Option<String>,
    pub(crate) terminal: Option<String>,
    /// Only open trades.
    pub(crate) is_open: bool,
}

/// The position of the last trade of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Newest first: the time at which the trade was created, and its id.
    Time(Ms, String),
    /// Within a sale: the ordinal number of the trade.
    Attempt(u32),
}

impl Mark {
    /// As a cursor of the API.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Time(created_ms, trade_id) => format!("{created_ms}-{trade_id}"),
            Self::Attempt(attempt) => attempt.to_string(),
        }
    }

    /// Parses the cursor of a caller, for a list of this kind.
    pub(crate) fn read(text: &str, is_sale: bool) -> Option<Self> {
        if is_sale {
            return text.parse().ok().map(Self::Attempt);
        }
        let (created_ms, trade_id) = text.split_once('-')?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_good = (1..=20).contains(&trade_id.len()) && trade_id.bytes().all(is_id);
        let created_ms = created_ms.parse().ok().filter(|_| is_good)?;
        Some(Self::Time(created_ms, trade_id.to_owned()))
    }
}

impl Filter {
    /// The position of this trade.
    pub(crate) fn mark(&self, trade: &Trade) -> Mark {
        let facts = trade.facts();
        match self.reference {
            Some(_) => Mark::Attempt(facts.attempt),
            None => Mark::Time(trade.created_ms(), facts.trade_id.clone()),
        }
    }
}

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
        filter: &Filter,
        after: Option<&Mark>,
        rows: usize,
    ) -> sqlx::Result<Vec<Trade>> {
        let span = filter.span.clone().unwrap_or(0..Ms::MAX);
        let limit = bigint(rows as u64);
        let mut connection = self.pool.connection().await?;
        let rows = match &filter.reference {
            Some(reference) => {
                let attempt = match after {
                    Some(Mark::Attempt(attempt)) => *attempt,
                    Some(Mark::Time(..)) | None => 0,
                };
                sqlx::query(OF_SALE)
                    .bind(&filter.shop)
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
                    Some(Mark::Time(created_ms, trade_id)) => (*created_ms, trade_id.as_str()),
                    Some(Mark::Attempt(_)) | None => (span.end, ""),
                };
                sqlx::query(if filter.is_open { OPEN } else { NEWEST })
                    .bind(&filter.shop)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_no_other_text_is_one() {
        let marks = [
            (Mark::Time(1_764_236_000_000, "K7Q-2".to_owned()), false),
            (Mark::Attempt(7), true),
        ];
        for (mark, is_sale) in marks {
            assert_eq!(Mark::read(&mark.text(), is_sale).as_ref(), Some(&mark));
            assert_eq!(Mark::read(&mark.text(), !is_sale), None);
        }
        for text in ["", "-", "1-", "-K", "x-K", "1-K K", "1-' OR 1", "-1", "1.5"] {
            assert_eq!(Mark::read(text, false), None, "{text}");
        }
    }
}
