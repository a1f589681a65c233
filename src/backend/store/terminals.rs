//! The rows of terminals: the generation of their tokens, and the device that acts for each.

use kaunter_core::policy::Ms;
use kaunter_core::terminal::ActingDevice;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::batch::{Item, together};
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

/// The keys of the rows stand in JSON, so that one statement reads the rows of many callers.
const READS_OF_POSTGRES: &str = "SELECT t.terminal, t.generation, t.device, t.heard_ms FROM (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(shop TEXT, terminal TEXT) LIMIT $2) AS n JOIN terminals t ON t.shop = n.shop AND t.terminal = n.terminal";
const READS_OF_SQLITE: &str = "SELECT t.terminal, t.generation, t.device, t.heard_ms FROM json_each($1) AS n JOIN terminals t ON t.shop = n.value ->> 'shop' AND t.terminal = n.value ->> 'terminal'";
const HEARD_OF_POSTGRES: &str = "UPDATE terminals SET heard_ms = n.heard_ms FROM (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(shop TEXT, terminal TEXT, device TEXT, heard_ms BIGINT) LIMIT $2) AS n WHERE terminals.shop = n.shop AND terminals.terminal = n.terminal AND terminals.device = n.device RETURNING terminals.terminal";
const HEARD_OF_SQLITE: &str = "UPDATE terminals SET heard_ms = n.value ->> 'heard_ms' FROM json_each($1) AS n WHERE terminals.shop = n.value ->> 'shop' AND terminals.terminal = n.value ->> 'terminal' AND terminals.device = n.value ->> 'device' RETURNING terminals.terminal";

/// A row to read. A process has one shop.
pub(super) struct TerminalLook {
    shop: String,
    terminal: String,
}

impl Item for TerminalLook {
    type Key = String;
    type Answer = TerminalRow;

    fn key(&self) -> String {
        self.terminal.clone()
    }
}

/// An acting device that was heard.
pub(super) struct Heard {
    shop: String,
    terminal: String,
    device: String,
    now: Ms,
}

impl Item for Heard {
    type Key = String;
    /// False if another device acts now.
    type Answer = bool;

    fn key(&self) -> String {
        self.terminal.clone()
    }
}

impl Store {
    /// The terminal's row. Callers of the same moment share one statement.
    pub(crate) async fn terminal(&self, shop: &str, terminal: &str) -> sqlx::Result<TerminalRow> {
        let look = TerminalLook {
            shop: shop.to_owned(),
            terminal: terminal.to_owned(),
        };
        self.share(
            &self.batches.terminals,
            (look, self.patience()),
            Self::terminals_together,
        )
        .await
    }

    async fn terminals_together(self, looks: Vec<TerminalLook>) -> sqlx::Result<Vec<TerminalRow>> {
        let asked: Vec<Value> = looks
            .iter()
            .map(|look| json!({ "shop": look.shop, "terminal": look.terminal }))
            .collect();
        let statements = (READS_OF_SQLITE, READS_OF_POSTGRES);
        let found = together(&self.pool, statements, asked, ("terminal", read)).await?;
        let own = |look: &TerminalLook| found.get(&look.terminal).cloned().unwrap_or_default();
        Ok(looks.iter().map(own).collect())
    }

    /// Stores that the acting device was heard, without waiting for the disk. False if another device acts now. Callers
    /// of the same moment share one statement.
    pub(crate) async fn hear_device(
        &self,
        shop: &str,
        terminal: &str,
        device: &str,
        now: Ms,
    ) -> sqlx::Result<bool> {
        self.standing.entitled().await;
        let heard = Heard {
            shop: shop.to_owned(),
            terminal: terminal.to_owned(),
            device: device.to_owned(),
            now,
        };
        self.share(
            &self.batches.heard,
            (heard, self.patience()),
            Self::hear_together,
        )
        .await
    }

    async fn hear_together(self, mut heard: Vec<Heard>) -> sqlx::Result<Vec<bool>> {
        let asked: Vec<String> = heard.iter().map(Heard::key).collect();
        // In one order, so that two processes do not wait for each other.
        heard.sort_by(|one, other| one.terminal.cmp(&other.terminal));
        let rows: Vec<Value> = heard.iter().map(heard_row).collect();
        let statements = (HEARD_OF_SQLITE, HEARD_OF_POSTGRES);
        let is_stored = |_: &AnyRow| Ok(());
        let stored = together(&self.light, statements, rows, ("terminal", is_stored)).await?;
        Ok(asked.iter().map(|name| stored.contains_key(name)).collect())
    }
}

fn heard_row(heard: &Heard) -> Value {
    json!({
        "shop": heard.shop,
        "terminal": heard.terminal,
        "device": heard.device,
        "heard_ms": bigint(heard.now),
    })
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
