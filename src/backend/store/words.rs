//! The gateway's words that the configuration did not know when they came.

use kaunter_core::policy::Ms;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, bigint};
use crate::gateway::unknown::{UnknownWord, WordKey};
use crate::limits::MAX_UNKNOWN_WORDS;

impl Store {
    /// Adds words to those that are stored, and deletes the oldest above [`MAX_UNKNOWN_WORDS`]. A power failure may
    /// lose the last ones.
    pub(crate) async fn keep_words(&self, shop: &str, words: &[UnknownWord]) -> sqlx::Result<()> {
        let mut change = self.begin().await?;
        for word in words {
            sqlx::query(
                "INSERT INTO gateway_words (shop, call, field, word, message, first_ms, last_ms, seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (shop, call, field, word) DO UPDATE SET message = excluded.message, last_ms = excluded.last_ms, seen = gateway_words.seen + excluded.seen",
            )
            .bind(shop)
            .bind(&word.key.call)
            .bind(&word.key.field)
            .bind(&word.key.word)
            .bind(&word.message)
            .bind(bigint(word.first_ms))
            .bind(bigint(word.last_ms))
            .bind(bigint(word.count))
            .execute(&mut *change)
            .await?;
        }
        sqlx::query(
            "DELETE FROM gateway_words WHERE shop = $1 AND last_ms < (SELECT MIN(last_ms) FROM (SELECT last_ms FROM gateway_words WHERE shop = $1 ORDER BY last_ms DESC LIMIT $2) AS newest)",
        )
        .bind(shop)
        .bind(bigint(MAX_UNKNOWN_WORDS as u64))
        .execute(&mut *change)
        .await?;
        change.commit().await
    }

    /// The stored words, by call, field and word.
    pub(crate) async fn words(&self, shop: &str) -> sqlx::Result<Vec<UnknownWord>> {
        let rows = sqlx::query(
            "SELECT call, field, word, message, first_ms, last_ms, seen FROM gateway_words WHERE shop = $1 ORDER BY call, field, word LIMIT $2",
        )
        .bind(shop)
        .bind(bigint(2 * MAX_UNKNOWN_WORDS as u64))
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter().map(read_word).collect()
    }
}

fn read_word(row: &AnyRow) -> sqlx::Result<UnknownWord> {
    let number = |name: &str| -> sqlx::Result<Ms> {
        let number: i64 = row.try_get(name)?;
        Ok(u64::try_from(number).unwrap_or(0))
    };
    Ok(UnknownWord {
        key: WordKey {
            call: row.try_get("call")?,
            field: row.try_get("field")?,
            word: row.try_get("word")?,
        },
        message: row.try_get("message")?,
        first_ms: number("first_ms")?,
        last_ms: number("last_ms")?,
        count: number("seen")?,
    })
}
