//! What binds a sale to its amount, a code to its sale, and a gateway id to its trade. Each binding is read and written
//! inside a change.

use std::ops::Range;

use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_core::sale::{CodeUse, Due, SetBy};
use kaunter_core::trade::{CodeMark, Trade};
use kaunter_core::wire::Metadata;
use sqlx::Row;

use super::{Change, Store, bigint, read};

/// How many rows one round of [`Store::fill_gateway_refs`] reads.
const FILL_ROWS: i64 = 500;

const DUE: &str = "SELECT due_minor, due_currency, due_minted_s, registered FROM sales WHERE shop = $1 AND sale_ref = $2 AND due_minor IS NOT NULL";

/// The amount of a sale, if it is stored.
pub(crate) async fn due(
    change: &mut Change,
    shop: &str,
    reference: &str,
) -> sqlx::Result<Option<Due>> {
    let row = sqlx::query(DUE)
        .bind(shop)
        .bind(reference)
        .fetch_optional(&mut **change)
        .await?;
    row.map(|row| read_due(&row)).transpose()
}

pub(super) fn read_due(row: &sqlx::any::AnyRow) -> sqlx::Result<Due> {
    let number = |name: &str| -> sqlx::Result<u64> {
        let number: i64 = row.try_get(name)?;
        Ok(u64::try_from(number).unwrap_or(0))
    };
    let set_by = match (number("registered")?, number("due_minted_s")?) {
        (0, 0) => SetBy::Page,
        (0, minted_s) => SetBy::Token { minted_s },
        (_, _) => SetBy::Registration,
    };
    Ok(Due {
        amount: Money {
            minor: number("due_minor")?,
            currency: row.try_get("due_currency")?,
        },
        set_by,
    })
}

/// Stores the amount of a sale. This change has locked the sale.
pub(crate) async fn set_due(
    change: &mut Change,
    shop: &str,
    reference: &str,
    due: &Due,
) -> sqlx::Result<()> {
    // The migration of registered sales says why their `due_minted_s` is the largest.
    let (registered, minted_s) = match due.set_by {
        SetBy::Page => (0, 0),
        SetBy::Token { minted_s } => (0, bigint(minted_s)),
        SetBy::Registration => (1, i64::MAX),
    };
    sqlx::query(
        "UPDATE sales SET due_minor = $1, due_currency = $2, due_minted_s = $3, registered = $4 WHERE shop = $5 AND sale_ref = $6",
    )
    .bind(bigint(due.amount.minor))
    .bind(&due.amount.currency)
    .bind(minted_s)
    .bind(registered)
    .bind(shop)
    .bind(reference)
    .execute(&mut **change)
    .await
    .map(drop)
}

/// Stores the metadata of a sale. This change has locked the sale.
pub(crate) async fn set_metadata(
    change: &mut Change,
    shop: &str,
    reference: &str,
    metadata: &Metadata,
) -> sqlx::Result<()> {
    let text = (!metadata.is_empty())
        .then(|| serde_json::to_string(metadata).expect("a map of texts is JSON"));
    sqlx::query("UPDATE sales SET metadata = $1 WHERE shop = $2 AND sale_ref = $3")
        .bind(text)
        .bind(shop)
        .bind(reference)
        .execute(&mut **change)
        .await
        .map(drop)
}

/// Locks a code for this change, and returns the sale for which it was handed over last. Two changes with one code wait
/// for each other. Nothing is stored unless [`keep_code`] is called: a change that refuses is rolled back.
pub(crate) async fn take_code(
    change: &mut Change,
    shop: &str,
    mark: &CodeMark,
) -> sqlx::Result<Option<CodeUse>> {
    let row = sqlx::query(
        "INSERT INTO codes (shop, mark, sale_ref, at_ms, uses, refused) VALUES ($1, $2, '', 0, 0, 0) ON CONFLICT (shop, mark) DO UPDATE SET at_ms = codes.at_ms RETURNING sale_ref, at_ms, refused",
    )
    .bind(shop)
    .bind(&mark.0)
    .fetch_one(&mut **change)
    .await?;
    let at_ms: i64 = row.try_get("at_ms")?;
    let reference = row.try_get("sale_ref")?;
    let refused: i64 = row.try_get("refused")?;
    // The row that was just inserted has 0.
    Ok((at_ms > 0).then(|| CodeUse {
        reference,
        at_ms: u64::try_from(at_ms).unwrap_or(0),
        refused: refused > 0,
    }))
}

/// Stores that the code was handed over for this sale.
pub(crate) async fn keep_code(
    change: &mut Change,
    shop: &str,
    mark: &CodeMark,
    code_use: &CodeUse,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE codes SET uses = CASE WHEN sale_ref = $1 THEN uses + 1 ELSE 1 END, sale_ref = $1, at_ms = $2, refused = 0 WHERE shop = $3 AND mark = $4",
    )
    .bind(&code_use.reference)
    .bind(bigint(code_use.at_ms))
    .bind(shop)
    .bind(&mark.0)
    .execute(&mut **change)
    .await
    .map(drop)
}

/// Stores that the gateway took no money with this code of the sale.
pub(crate) async fn code_refused(
    change: &mut Change,
    shop: &str,
    reference: &str,
    mark: &CodeMark,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE codes SET refused = 1 WHERE shop = $1 AND sale_ref = $2 AND mark = $3")
        .bind(shop)
        .bind(reference)
        .bind(&mark.0)
        .execute(&mut **change)
        .await
        .map(drop)
}

/// Restores what was known of a code, because it is proven that the code was not sent this time.
pub(crate) async fn free_code(
    change: &mut Change,
    shop: &str,
    reference: &str,
    mark: &CodeMark,
) -> sqlx::Result<()> {
    for statement in [
        "DELETE FROM codes WHERE shop = $1 AND sale_ref = $2 AND mark = $3 AND uses <= 1",
        "UPDATE codes SET uses = uses - 1, refused = 1 WHERE shop = $1 AND sale_ref = $2 AND mark = $3",
    ] {
        sqlx::query(statement)
            .bind(shop)
            .bind(reference)
            .bind(&mark.0)
            .execute(&mut **change)
            .await?;
    }
    Ok(())
}

/// Notes that this change has learned the gateway's id of the trade. The next update of the trade writes the column; an
/// id that another trade has was refused before.
pub(crate) fn name(change: &mut Change, trade: &Trade) {
    change.named = Some(trade.facts().trade_id.clone());
}

/// Finds the trade that has this gateway id.
pub(crate) async fn holder_of(
    change: &mut Change,
    shop: &str,
    gateway_ref: &str,
) -> sqlx::Result<Option<String>> {
    let row = sqlx::query("SELECT trade_id FROM trades WHERE shop = $1 AND gateway_ref = $2")
        .bind(shop)
        .bind(gateway_ref)
        .fetch_optional(&mut **change)
        .await?;
    row.map(|row| row.try_get("trade_id")).transpose()
}

/// The gateway's id of a trade, as its column holds it.
pub(super) fn gateway_ref(trade: &Trade) -> &str {
    trade.gateway_ref().unwrap_or_default()
}

impl Store {
    /// The amount of a sale, if it is stored.
    pub(crate) async fn due(&self, shop: &str, reference: &str) -> sqlx::Result<Option<Due>> {
        let mut connection = self.pool.connection().await?;
        let row = sqlx::query(DUE)
            .bind(shop)
            .bind(reference)
            .fetch_optional(&mut *connection)
            .await?;
        row.map(|row| read_due(&row)).transpose()
    }

    /// Whether a code with this mark was handed over a short time ago.
    pub(crate) async fn knows_code(&self, shop: &str, mark: &CodeMark) -> sqlx::Result<bool> {
        let mut connection = self.pool.connection().await?;
        let row = sqlx::query("SELECT at_ms FROM codes WHERE shop = $1 AND mark = $2")
            .bind(shop)
            .bind(&mark.0)
            .fetch_optional(&mut *connection)
            .await?;
        Ok(row.is_some())
    }

    /// The metadata of a sale; empty if it has none.
    pub(crate) async fn metadata(&self, shop: &str, reference: &str) -> sqlx::Result<Metadata> {
        let row = sqlx::query(
            "SELECT metadata FROM sales WHERE shop = $1 AND sale_ref = $2 AND metadata IS NOT NULL",
        )
        .bind(shop)
        .bind(reference)
        .fetch_optional(&mut *self.pool.connection().await?)
        .await?;
        let Some(row) = row else {
            return Ok(Metadata::new());
        };
        let text: String = row.try_get("metadata")?;
        serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// Deletes codes that no rule needs any more.
    pub(crate) async fn forget_codes(&self, known: Range<Ms>) -> sqlx::Result<()> {
        let mut connection = self.light.connection().await?;
        sqlx::query("DELETE FROM codes WHERE at_ms < $1 OR at_ms > $2")
            .bind(bigint(known.start))
            .bind(bigint(known.end))
            .execute(&mut *connection)
            .await?;
        connection.commit().await
    }

    /// Fills in the gateway ids of trades that a version without the column stored. Skips an id that another trade has,
    /// and raises an alarm.
    pub(super) async fn fill_gateway_refs(&self) -> sqlx::Result<()> {
        loop {
            let mut connection = self.pool.connection().await?;
            let rows = sqlx::query(
                "SELECT state FROM trades WHERE gateway_ref IS NULL ORDER BY created_ms LIMIT $1",
            )
            .bind(FILL_ROWS)
            .fetch_all(&mut *connection)
            .await?;
            drop(connection);
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                self.fill(&read(row)?).await?;
            }
        }
    }

    async fn fill(&self, trade: &Trade) -> sqlx::Result<()> {
        let trade_id = &trade.facts().trade_id;
        match self.set_gateway_ref(trade_id, gateway_ref(trade)).await {
            Err(error) if super::lost_a_race(&error) => {
                tracing::error!(%trade_id, alarm = "gateway_ref_repeated", "the gateway gave this trade the id of another trade: this trade keeps no gateway id");
                self.set_gateway_ref(trade_id, "").await
            }
            filled => filled,
        }
    }

    async fn set_gateway_ref(&self, trade_id: &str, gateway_ref: &str) -> sqlx::Result<()> {
        let mut connection = self.pool.connection().await?;
        sqlx::query(
            "UPDATE trades SET gateway_ref = $1 WHERE trade_id = $2 AND gateway_ref IS NULL",
        )
        .bind(gateway_ref)
        .bind(trade_id)
        .execute(&mut *connection)
        .await?;
        connection.commit().await
    }
}
