//! Which sales are not collected any more, because the customer pays in another way.

use kaunter_core::trade::{GiveUp, Trade};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Change, Store, bigint, word};

const GIVEN_UP: &str = "SELECT given_up_by, given_up_tender, given_up_ms FROM sales WHERE shop = $1 AND sale_ref = $2 AND given_up_ms IS NOT NULL";

/// Who has given the sale up, inside a change.
pub(crate) async fn given_up(
    change: &mut Change,
    shop: &str,
    reference: &str,
) -> sqlx::Result<Option<GiveUp>> {
    let row = sqlx::query(GIVEN_UP)
        .bind(shop)
        .bind(reference)
        .fetch_optional(&mut **change)
        .await?;
    row.map(|row| read_given_up(&row)).transpose()
}

/// Stores that the sale is given up. The first one counts.
pub(crate) async fn set_given_up(
    change: &mut Change,
    shop: &str,
    reference: &str,
    given_up: &GiveUp,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE sales SET given_up_by = $1, given_up_tender = $2, given_up_ms = $3 WHERE shop = $4 AND sale_ref = $5 AND given_up_ms IS NULL",
    )
    .bind(&given_up.by)
    .bind(word(given_up.tender))
    .bind(bigint(given_up.at_ms))
    .bind(shop)
    .bind(reference)
    .execute(&mut **change)
    .await
    .map(drop)
}

/// The trades that decide whether a sale can be given up, the oldest first: the newest one, and all that are open or
/// hold the sale.
pub(crate) async fn trades_to_leave(
    change: &mut Change,
    shop: &str,
    reference: &str,
) -> sqlx::Result<Vec<Trade>> {
    let rows = sqlx::query(
        "SELECT state FROM trades WHERE shop = $1 AND sale_ref = $2 AND (is_open = 1 OR holds_sale = 1 OR attempt = (SELECT MAX(attempt) FROM trades WHERE shop = $1 AND sale_ref = $2)) ORDER BY attempt",
    )
    .bind(shop)
    .bind(reference)
    .fetch_all(&mut **change)
    .await?;
    rows.iter().map(|row| change.read(row)).collect()
}

impl Store {
    /// Who has given the sale up.
    pub(crate) async fn given_up(
        &self,
        shop: &str,
        reference: &str,
    ) -> sqlx::Result<Option<GiveUp>> {
        let row = sqlx::query(GIVEN_UP)
            .bind(shop)
            .bind(reference)
            .fetch_optional(&mut *self.pool.connection().await?)
            .await?;
        row.map(|row| read_given_up(&row)).transpose()
    }
}

pub(super) fn read_given_up(row: &AnyRow) -> sqlx::Result<GiveUp> {
    let (tender, at_ms): (String, i64) =
        (row.try_get("given_up_tender")?, row.try_get("given_up_ms")?);
    let tender = serde_json::from_value(tender.into());
    Ok(GiveUp {
        by: row.try_get("given_up_by")?,
        tender: tender.map_err(|error| sqlx::Error::Decode(error.into()))?,
        at_ms: u64::try_from(at_ms).unwrap_or(0),
    })
}
