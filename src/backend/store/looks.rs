//! Reads trades, and notes what does not move them. Callers of the same moment share one statement.

use std::sync::Arc;

use kaunter_core::trade::Trade;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::batch::{Batch, Item, Patience, together};
use super::terminals::{Heard, TerminalLook};
use super::turns::Turn;
use super::{Store, bigint, json as row_of, lost_a_race, read};
use crate::limits::{LOOK_PAUSE, NOTE_PAUSE};

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
#[derive(Debug)]
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
#[derive(Debug)]
pub(super) struct Batches {
    looks: Arc<Batch<TradeLook>>,
    notes: Arc<Batch<Note>>,
    pub(super) terminals: Arc<Batch<TerminalLook>>,
    pub(super) heard: Arc<Batch<Heard>>,
}

impl Batches {
    pub(super) fn new() -> Self {
        Self {
            looks: Batch::new(LOOK_PAUSE),
            notes: Batch::new(NOTE_PAUSE),
            terminals: Batch::new(LOOK_PAUSE),
            heard: Batch::new(LOOK_PAUSE),
        }
    }
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
            let looks = &self.batches.looks;
            let looked = self
                .share(looks, (item, self.patience()), Self::look_together)
                .await?;
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

    /// The trade as this process saw it last, without a statement. The store may have a newer one, which another process
    /// has stored: a change of this one is refused then, and the trade is forgotten here.
    pub(crate) fn last_seen(&self, trade_id: &str) -> Option<Arc<Trade>> {
        match self.standing.epoch() {
            0 => self.memory.hint(trade_id),
            _ => self.memory.sure(trade_id),
        }
    }

    async fn look_together(self, looks: Vec<TradeLook>) -> sqlx::Result<Vec<Looked>> {
        let asked: Vec<Value> = looks
            .iter()
            .map(|look| json!({ "trade_id": look.trade_id, "version": look.known.unwrap_or(0) }))
            .collect();
        let newer = |row: &AnyRow| {
            let state: Option<String> = row.try_get("state")?;
            state.map(|_| read(row)).transpose()
        };
        let statements = (LOOKS_OF_SQLITE, LOOKS_OF_POSTGRES);
        let found = together(&self.pool, statements, asked, ("trade_id", newer)).await?;
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
    pub(crate) async fn note(
        &self,
        trade: &Trade,
        was: u64,
        patience: Patience,
    ) -> sqlx::Result<bool> {
        self.standing.entitled().await;
        let _writing = self.memory.writing(&trade.facts().trade_id);
        let trade = trade.clone();
        let note = Note { trade, was };
        self.share(&self.batches.notes, (note, patience), Self::note_together)
            .await
    }

    /// Stores these changes, and the answers that wait.
    pub(super) async fn note_together(self, mut notes: Vec<Note>) -> sqlx::Result<Vec<bool>> {
        let ids: Vec<String> = notes.iter().map(Note::key).collect();
        self.answers.join(&mut notes);
        let answers = notes.iter().skip(ids.len());
        let _writing: Vec<_> = answers
            .map(|note| self.memory.writing(&note.key()))
            .collect();
        // In one order, so that two processes do not wait for each other.
        let mut sorted: Vec<&Note> = notes.iter().collect();
        sorted.sort_by_key(|note| &note.trade.facts().trade_id);
        let rows: Vec<Value> = sorted.into_iter().map(note_row).collect();
        let statements = (NOTES_OF_SQLITE, NOTES_OF_POSTGRES);
        let ticket = self.memory.ticket();
        let trades = notes.into_iter().map(|note| note.trade).collect();
        let committing = self.memory.committing(ticket, trades);
        let is_stored = |_: &AnyRow| Ok(());
        let stored = match together(&self.light, statements, rows, ("trade_id", is_stored)).await {
            Ok(stored) => stored,
            // Rolled back for certain: each is tried again.
            Err(error) if lost_a_race(&error) => {
                committing.refused();
                return Ok(vec![false; ids.len()]);
            }
            Err(error) => return Err(error),
        };
        committing.done_with(|trade| stored.contains_key(&trade.facts().trade_id));
        Ok(ids.iter().map(|id| stored.contains_key(id)).collect())
    }

    /// Keeps an answer without news in memory, if it has no other effect: see [`Trade::unstored`]. Returns the trade that
    /// is kept, or `None` if it must be stored. The only process stores it with the next status check; with several, it is
    /// stored a little later, so that the others may ask the next question.
    pub(crate) fn keep_unstored(&self, stored: &Arc<Trade>, answered: &Trade) -> Option<Trade> {
        let kept = answered.clone().unstored(stored)?;
        if !self.memory.keep_unstored(stored, &kept) {
            return None;
        }
        if self.standing.epoch() == 0 {
            self.answers.add(Note {
                trade: answered.clone(),
                was: stored.version(),
            });
        }
        Some(kept)
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
