//! The rows of terminals: the generation of their tokens, and the device that acts for each.

use kaunter_core::policy::Ms;
use kaunter_core::terminal::ActingDevice;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Change, Store, audit, bigint};
use crate::trail::AuditEntry;

/// What the store knows of a terminal. One without a row has generation 0 and no device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TerminalRow {
    pub(crate) generation: u64,
    pub(crate) acting: Option<ActingDevice>,
}

const TERMINAL: &str =
    "SELECT generation, device, heard_ms FROM terminals WHERE shop = $1 AND terminal = $2";

impl Store {
    /// The terminal's row.
    pub(crate) async fn terminal(&self, shop: &str, terminal: &str) -> sqlx::Result<TerminalRow> {
        let row = sqlx::query(TERMINAL)
            .bind(shop)
            .bind(terminal)
            .fetch_optional(&mut *self.pool.connection().await?)
            .await?;
        row.map_or_else(|| Ok(TerminalRow::default()), |row| read(&row))
    }

    /// Stores that the acting device was heard, without waiting for the disk. False if another device acts now.
    pub(crate) async fn hear_device(
        &self,
        shop: &str,
        terminal: &str,
        device: &str,
        now: Ms,
    ) -> sqlx::Result<bool> {
        let mut connection = self.light.connection().await?;
        let done = sqlx::query(
            "UPDATE terminals SET heard_ms = $1 WHERE shop = $2 AND terminal = $3 AND device = $4",
        )
        .bind(bigint(now))
        .bind(shop)
        .bind(terminal)
        .bind(device)
        .execute(&mut *connection)
        .await?;
        connection.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

/// Locks a terminal for this change, and returns its row, which is created if it is new.
pub(crate) async fn take_terminal(
    change: &mut Change,
    shop: &str,
    terminal: &str,
) -> sqlx::Result<TerminalRow> {
    sqlx::query(
        "INSERT INTO terminals (shop, terminal, generation, device, heard_ms, changes) VALUES ($1, $2, 0, '', 0, 1) ON CONFLICT (shop, terminal) DO UPDATE SET changes = terminals.changes + 1",
    )
    .bind(shop)
    .bind(terminal)
    .execute(&mut **change)
    .await?;
    let row = sqlx::query(TERMINAL)
        .bind(shop)
        .bind(terminal)
        .fetch_one(&mut **change)
        .await?;
    read(&row)
}

/// Writes a terminal's row, with its line of the audit trail. This change has locked the row.
pub(crate) async fn set_terminal(
    change: &mut Change,
    (shop, terminal): (&str, &str),
    row: &TerminalRow,
    entry: Option<AuditEntry>,
    now: Ms,
) -> sqlx::Result<()> {
    let acting = row.acting.as_ref();
    sqlx::query(
        "UPDATE terminals SET generation = $1, device = $2, heard_ms = $3 WHERE shop = $4 AND terminal = $5",
    )
    .bind(bigint(row.generation))
    .bind(acting.map_or("", |acting| &*acting.device))
    .bind(bigint(acting.map_or(0, |acting| acting.heard_ms)))
    .bind(shop)
    .bind(terminal)
    .execute(&mut **change)
    .await?;
    let Some(entry) = entry else { return Ok(()) };
    let chain = (shop, audit::terminal_chain(terminal));
    audit::append_other(change, chain, entry, now).await
}

fn read(row: &AnyRow) -> sqlx::Result<TerminalRow> {
    let number = |name: &str| -> sqlx::Result<u64> {
        let number: i64 = row.try_get(name)?;
        Ok(u64::try_from(number).unwrap_or(0))
    };
    let device: String = row.try_get("device")?;
    let heard_ms = number("heard_ms")?;
    Ok(TerminalRow {
        generation: number("generation")?,
        acting: (!device.is_empty()).then_some(ActingDevice { device, heard_ms }),
    })
}
