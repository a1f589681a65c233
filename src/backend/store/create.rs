//! The sale of a new trade: one statement locks its row and reads what the row says, and one reads the trades that matter.

use kaunter_core::policy::Ms;
use kaunter_core::sale::Due;
use kaunter_core::trade::{GiveUp, Trade};
use sqlx::Row;

use super::{Change, bigint, bindings, given_up};

/// A sale that this change has locked.
pub(crate) struct TakenSale {
    /// The row was made by this change. Each trade, registration and give-up of a sale makes or locks the row first, so
    /// the sale has no trade.
    pub(crate) is_new: bool,
    /// Who has stopped collecting the sale.
    pub(crate) given_up: Option<GiveUp>,
    /// Its amount, if it is stored.
    pub(crate) due: Option<Due>,
}

/// Locks a sale for this change, and creates its row if it is new.
pub(crate) async fn take_and_read_sale(
    change: &mut Change,
    shop: &str,
    reference: &str,
) -> sqlx::Result<TakenSale> {
    let row = sqlx::query(
        "INSERT INTO sales (shop, sale_ref, changes) VALUES ($1, $2, 1) ON CONFLICT (shop, sale_ref) DO UPDATE SET changes = sales.changes + 1 RETURNING changes, given_up_by, given_up_tender, given_up_ms, due_minor, due_currency, due_minted_s, registered",
    )
    .bind(shop)
    .bind(reference)
    .fetch_one(&mut **change)
    .await?;
    let is_set = |name: &str| {
        row.try_get::<Option<i64>, _>(name)
            .map(|value| value.is_some())
    };
    let changes: i64 = row.try_get("changes")?;
    Ok(TakenSale {
        is_new: changes == 1,
        given_up: is_set("given_up_ms")?
            .then(|| given_up::read_given_up(&row))
            .transpose()?,
        due: is_set("due_minor")?
            .then(|| bindings::read_due(&row))
            .transpose()?,
    })
}

/// The trades of one sale that decide whether a new one may begin.
#[derive(Default)]
pub(crate) struct SaleTrades {
    /// The first trade: its amount is the sale's.
    pub(crate) first: Option<Trade>,
    /// How many trades the sale has.
    pub(crate) count: u32,
    /// Trades that hold the sale, are open, or were begun since the given time, oldest first.
    pub(crate) recent: Vec<Trade>,
}

/// Reads the trades of a sale inside a change: the first, the last, and those that hold the sale, are open, or were
/// begun since then.
pub(crate) async fn sale_trades(
    change: &mut Change,
    shop: &str,
    reference: &str,
    since: Ms,
) -> sqlx::Result<SaleTrades> {
    let rows = sqlx::query(
        "SELECT state, attempt, CAST(CASE WHEN is_open = 1 OR holds_sale = 1 OR created_ms >= $3 THEN 1 ELSE 0 END AS BIGINT) AS is_recent FROM trades WHERE shop = $1 AND sale_ref = $2 AND (is_open = 1 OR holds_sale = 1 OR created_ms >= $3 OR attempt = (SELECT MIN(attempt) FROM trades WHERE shop = $1 AND sale_ref = $2) OR attempt = (SELECT MAX(attempt) FROM trades WHERE shop = $1 AND sale_ref = $2)) ORDER BY attempt",
    )
    .bind(shop)
    .bind(reference)
    .bind(bigint(since))
    .fetch_all(&mut **change)
    .await?;
    let mut trades = SaleTrades::default();
    for row in &rows {
        let (trade, attempt): (_, i64) = (change.read(row)?, row.try_get("attempt")?);
        trades.count = u32::try_from(attempt).unwrap_or(u32::MAX);
        if trades.first.is_none() {
            trades.first = Some(trade.clone());
        }
        let is_recent: i64 = row.try_get("is_recent")?;
        if is_recent == 1 {
            trades.recent.push(trade);
        }
    }
    Ok(trades)
}
