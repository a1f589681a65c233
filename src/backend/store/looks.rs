//! Reads trades, and notes what does not move them. Callers of the same moment share one statement.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kaunter_core::trade::Trade;
use serde_json::{Value, json};
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Row};

use super::batch::{Batch, Item};
use super::terminals::{Heard, TerminalLook};
use super::turns::Turn;
use super::{Pool, Store, bigint, json as row_of, lost_a_race, read};

/// A trade to read, and the version that this process has.
pub(super) struct TradeLook {
    trade_id: String,
    known: Option<u64>,
}

/// What the store has of it.
pub(super) enum Looked {
    Missing,
    /// The version is the same.
    Same,
    Newer(Box<Trade>),
}

impl Item for TradeLook {
    type Key = (String, Option<u64>);
    type Answer = Looked;

    fn key(&self) -> Self::Key {
        (self.trade_id.clone(), self.known)
    }
}

/// A change that does not move the trade.
pub(super) struct Note {
    trade: Trade,
    was: u64,
}

impl Item for Note {
    type Key = String;
    /// False if another change was stored since.
    type Answer = bool;

    fn key(&self) -> String {
        self.trade.facts().trade_id.clone()
    }
}

/// The callers that wait for a statement.
#[derive(Debug, Default)]
pub(super) struct Batches {
    looks: Arc<Batch<TradeLook>>,
    notes: Arc<Batch<Note>>,
    pub(super) terminals: Arc<Batch<TerminalLook>>,
    pub(super) heard: Arc<Batch<Heard>>,
}

const LOOKS_OF_POSTGRES: &str = "SELECT t.trade_id, CASE WHEN t.version = n.version THEN NULL ELSE t.state END AS state FROM (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(trade_id TEXT, version BIGINT) LIMIT $2) AS n JOIN trades t ON t.trade_id = n.trade_id";
const LOOKS_OF_SQLITE: &str = "SELECT t.trade_id, CASE WHEN t.version = n.value ->> 'version' THEN NULL ELSE t.state END AS state FROM json_each($1) AS n JOIN trades t ON t.trade_id = n.value ->> 'trade_id'";
const NOTES_OF_POSTGRES: &str = "UPDATE trades SET version = n.version, state = n.state, check_ms = n.check_ms, checks_verdict = n.checks_verdict FROM (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(trade_id TEXT, was BIGINT, version BIGINT, state TEXT, check_ms BIGINT, checks_verdict BIGINT) LIMIT $2) AS n WHERE trades.trade_id = n.trade_id AND trades.version = n.was RETURNING trades.trade_id";
const NOTES_OF_SQLITE: &str = "UPDATE trades SET version = n.value ->> 'version', state = n.value ->> 'state', check_ms = n.value ->> 'check_ms', checks_verdict = n.value ->> 'checks_verdict' FROM json_each($1) AS n WHERE trades.trade_id = n.value ->> 'trade_id' AND trades.version = n.value ->> 'was' RETURNING trades.trade_id";

impl Store {
    /// The trade as the store has it. No statement while this process is the only one and has read it before.
    ///
    /// It may have a change that is not stored, and then the version of the stored row: see [`Trade::unstored`].
    pub(crate) async fn look(&self, trade_id: &str) -> sqlx::Result<Option<Arc<Trade>>> {
        if let Some(trade) = self.memory.sure(trade_id) {
            return Ok(Some(trade));
        }
        // What is forgotten meanwhile is read again.
        loop {
            let hint = self.memory.hint(trade_id);
            let ticket = self.memory.ticket();
            let item = TradeLook {
                trade_id: trade_id.to_owned(),
                known: hint.as_ref().map(|trade| trade.version()),
            };
            let store = self.clone();
            let run = move |items| {
                let store = store.clone();
                async move { store.look_together(items).await }
            };
            let looked = self.batches.looks.join(item, run).await?;
            match (looked, hint) {
                (Looked::Missing, _) => return Ok(None),
                (Looked::Newer(trade), _) => return Ok(Some(self.memory.read(ticket, *trade))),
                (Looked::Same, Some(trade)) => {
                    return Ok(Some(self.memory.same(ticket, &trade)));
                }
                (Looked::Same, None) => {}
            }
        }
    }

    /// Waits for other changes of the trade in this process.
    pub(crate) async fn turn_of(&self, trade_id: &str) -> Turn {
        self.memory.turn(trade_id).await
    }

    async fn look_together(&self, looks: Vec<TradeLook>) -> sqlx::Result<Vec<Looked>> {
        let asked: Vec<Value> = looks
            .iter()
            .map(|look| json!({ "trade_id": look.trade_id, "version": look.known.unwrap_or(0) }))
            .collect();
        let statements = (LOOKS_OF_SQLITE, LOOKS_OF_POSTGRES);
        let rows = together(&self.pool, statements, asked)
            .fetch_all(&mut *self.pool.connection().await?)
            .await?;
        let mut found = HashMap::new();
        for row in &rows {
            let state: Option<String> = row.try_get("state")?;
            let looked = match state {
                None => None,
                Some(_) => Some(read(row)?),
            };
            found.insert(row.try_get::<String, _>("trade_id")?, looked);
        }
        let looked = |look: &TradeLook| match found.get(&look.trade_id) {
            None => Looked::Missing,
            Some(None) => Looked::Same,
            Some(Some(trade)) => Looked::Newer(Box::new(trade.clone())),
        };
        Ok(looks.iter().map(looked).collect())
    }

    /// Stores a change that does not move the trade: a status check began, or its answer had no news. Without an audit
    /// row, and without waiting for the disk. After a power failure the check is made once more; no money depends on it.
    /// False if another change was stored since.
    pub(crate) async fn note(&self, trade: &Trade, was: u64) -> sqlx::Result<bool> {
        self.standing.entitled().await;
        let _writing = self.memory.writing(&trade.facts().trade_id);
        let store = self.clone();
        let run = move |items| {
            let store = store.clone();
            async move { store.note_together(items).await }
        };
        let trade = trade.clone();
        self.batches.notes.join(Note { trade, was }, run).await
    }

    async fn note_together(&self, notes: Vec<Note>) -> sqlx::Result<Vec<bool>> {
        // In one order, so that two processes do not wait for each other.
        let mut sorted: Vec<&Note> = notes.iter().collect();
        sorted.sort_by(|one, other| {
            one.trade
                .facts()
                .trade_id
                .cmp(&other.trade.facts().trade_id)
        });
        let rows: Vec<Value> = sorted.into_iter().map(note_row).collect();
        let statements = (NOTES_OF_SQLITE, NOTES_OF_POSTGRES);
        let ids: Vec<String> = notes.iter().map(Note::key).collect();
        let ticket = self.memory.ticket();
        let trades = notes.into_iter().map(|note| note.trade).collect();
        let committing = self.memory.committing(ticket, trades);
        let stored = async {
            let mut connection = self.light.connection().await?;
            let stored = together(&self.light, statements, rows)
                .fetch_all(&mut *connection)
                .await?;
            connection.commit().await?;
            stored
                .iter()
                .map(|row| row.try_get::<String, _>("trade_id"))
                .collect::<sqlx::Result<Vec<_>>>()
        };
        let stored = match stored.await {
            Ok(stored) => stored,
            // Rolled back for certain: each is tried again.
            Err(error) if lost_a_race(&error) => {
                committing.refused();
                return Ok(vec![false; ids.len()]);
            }
            Err(error) => return Err(error),
        };
        let stored: HashSet<_> = stored.into_iter().collect();
        committing.done_with(|trade| stored.contains(&trade.facts().trade_id));
        Ok(ids.iter().map(|id| stored.contains(id)).collect())
    }

    /// Keeps a change in memory that is not stored: see [`Trade::unstored`]. False if it must be stored.
    pub(crate) fn keep_unstored(&self, stored: &Arc<Trade>, trade: &Trade) -> bool {
        self.memory.keep_unstored(stored, trade)
    }

    /// The present time of being the only process on the store; 0 if this one is not.
    pub(crate) fn epoch(&self) -> u64 {
        self.standing.epoch()
    }

    /// Forgets trades that nobody used for a while.
    pub(crate) fn forget_idle(&self) {
        self.memory.forget_idle();
    }
}

/// One statement for these rows, which it takes as JSON.
///
/// PostgreSQL also gets their number as a `LIMIT`: without it, it expects a hundred rows, and reads a small table whole.
pub(super) fn together(
    pool: &Pool,
    (of_sqlite, of_postgres): (&'static str, &'static str),
    rows: Vec<Value>,
) -> Query<'static, Any, AnyArguments> {
    let count = bigint(rows.len() as u64);
    let rows = Value::from(rows).to_string();
    match pool.is_sqlite() {
        true => sqlx::query(of_sqlite).bind(rows),
        false => sqlx::query(of_postgres).bind(rows).bind(count),
    }
}

fn note_row(note: &Note) -> Value {
    let trade = &note.trade;
    json!({
        "trade_id": trade.facts().trade_id,
        "was": bigint(note.was),
        "version": bigint(trade.version()),
        "state": row_of(trade),
        "check_ms": trade.paid_check_ms().map(bigint),
        "checks_verdict": i64::from(trade.checks_verdict()),
    })
}
