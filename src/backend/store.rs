//! The store: one row per trade, written before anything is sent, and an audit row for every move.
//!
//! One transaction reads the sale's rows, asks the machine, and writes. No transaction is open during a call to the
//! gateway.

mod answers;
mod audit;
mod batch;
mod bindings;
mod create;
mod given_up;
mod list;
mod locks;
mod looks;
mod memory;
mod open;
mod owner;
mod pool;
mod postgres;
#[cfg(test)]
mod property;
mod sign_ins;
mod sole;
mod sqlite;
mod terminals;
mod turns;
mod unfinished;
mod words;

pub(crate) use bindings::{
    code_refused, due, free_code, holder_of, keep_code, name, set_due, set_metadata, take_code,
};

pub(crate) use batch::Patience;

pub(crate) use audit::{AuditMark, AuditReader, count_used};
pub(crate) use create::{SaleTrades, TakenSale, sale_trades, take_and_read_sale};
pub(crate) use given_up::{given_up, set_given_up, trades_to_leave};
pub(crate) use owner::Refused;
pub(crate) use sign_ins::Subjects;
pub(crate) use terminals::{TerminalRow, set_terminal, take_terminal};

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{SaleHold, Trade};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use crate::audit::{AuditKeys, ChainEnd};
use crate::limits::MAX_OPEN_ROWS;
use crate::metrics::METRICS;
use crate::trail::AuditEntry;
use answers::Answers;
use looks::Batches;
use memory::{Memory, Ticket, TradeWriting};
use pool::Pool;
use sole::Standing;

/// A transaction of the store, with the keys of the audit trail.
pub(crate) struct Change {
    transaction: Transaction<'static, Any>,
    keys: Arc<AuditKeys>,
    memory: Arc<Memory>,
    ticket: Ticket,
    /// The trades that it has written.
    written: Vec<Trade>,
    writing: Vec<TradeWriting>,
    /// The ends of the chains of the trades that it has read under the lock of their sale: they stay until it writes.
    ends: Vec<(String, ChainEnd)>,
    /// The trade whose id at the gateway the next [`update`] stores.
    named: Option<String>,
}

impl Change {
    /// Commits. A change that is dropped is rolled back.
    pub(crate) async fn commit(self) -> sqlx::Result<()> {
        let committing = self.memory.committing(self.ticket, self.written);
        METRICS.statement();
        self.transaction.commit().await?;
        committing.done();
        Ok(())
    }

    /// Parses the trade of a row that this change may write. It may have a change that is not stored.
    fn read(&self, row: &AnyRow) -> sqlx::Result<Trade> {
        read(row).map(|trade| self.memory.newest(trade))
    }
}

impl Deref for Change {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

/// Each use is one statement, and is counted.
impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        METRICS.statement();
        &mut self.transaction
    }
}

/// PostgreSQL reports a deadlock, or a serialization failure:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const TRY_AGAIN: [&str; 2] = ["40001", "40P01"];

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pool: Pool,
    /// Writes that may be lost when the machine loses its power, but not when this process ends.
    light: Pool,
    keys: Arc<AuditKeys>,
    standing: Arc<Standing>,
    memory: Arc<Memory>,
    batches: Arc<Batches>,
    answers: Arc<Answers>,
}

impl Store {
    fn new(pool: Pool, light: Pool, keys: Arc<AuditKeys>) -> Self {
        let standing = Standing::new();
        Self {
            pool,
            light,
            keys,
            memory: Arc::new(Memory::new(Arc::clone(&standing))),
            standing,
            batches: Arc::new(Batches::new()),
            answers: Arc::default(),
        }
    }

    /// Checks that the database answers.
    pub(crate) async fn ping(&self) -> sqlx::Result<()> {
        let mut connection = self.pool.connection().await?;
        sqlx::query("SELECT 1")
            .execute(&mut *connection)
            .await
            .map(drop)
    }

    /// Waits for a connection, and gives it back: the load is measured by it.
    pub(crate) async fn turn(&self) {
        self.pool.turn().await;
    }

    /// Begins a change. It locks its sale first ([`take_sale`], [`with_sale_hold`]), so that changes of one sale wait for
    /// each other. If two of them still collide, one is tried again (see [`lost_a_race`]).
    pub(crate) async fn begin(&self) -> sqlx::Result<Change> {
        self.standing.entitled().await;
        let ticket = self.memory.ticket();
        METRICS.statement();
        Ok(Change {
            transaction: self.pool.begin().await?,
            keys: Arc::clone(&self.keys),
            memory: Arc::clone(&self.memory),
            ticket,
            written: Vec::new(),
            writing: Vec::new(),
            ends: Vec::new(),
            named: None,
        })
    }

    /// Finds a trade of this shop, or of any shop if none is given.
    pub(crate) async fn find(
        &self,
        shop: Option<&str>,
        trade_id: &str,
    ) -> sqlx::Result<Option<Arc<Trade>>> {
        let trade = self.look(trade_id).await?;
        let own = |trade: &Arc<Trade>| shop.is_none_or(|shop| trade.facts().shop == shop);
        Ok(trade.filter(own))
    }

    /// Every trade of a sale, oldest first.
    pub(crate) async fn sale(&self, shop: &str, reference: &str) -> sqlx::Result<Vec<Trade>> {
        let rows = sqlx::query(
            "SELECT state FROM trades WHERE shop = $1 AND sale_ref = $2 ORDER BY attempt",
        )
        .bind(shop)
        .bind(reference)
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Open trades, newest first: of one terminal, of a shop, or of everybody.
    pub(crate) async fn open_trades(
        &self,
        shop: Option<&str>,
        terminal: Option<&str>,
    ) -> sqlx::Result<Vec<Trade>> {
        let rows = sqlx::query(
            "SELECT state FROM trades WHERE is_open = 1 AND ($1 IS NULL OR shop = $1) AND ($2 IS NULL OR terminal = $2) ORDER BY created_ms DESC LIMIT $3",
        )
        .bind(shop)
        .bind(terminal)
        .bind(bigint(MAX_OPEN_ROWS as u64))
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Trades of a terminal whose verdict the gateway contradicts, newest first, as long as it is asked about them.
    pub(crate) async fn contradicted_trades(
        &self,
        shop: &str,
        terminal: &str,
    ) -> sqlx::Result<Vec<Trade>> {
        let rows = sqlx::query(
            "SELECT state FROM trades WHERE shop = $1 AND checks_verdict = 1 AND is_open = 0 AND terminal = $2 ORDER BY created_ms DESC LIMIT $3",
        )
        .bind(shop)
        .bind(terminal)
        .bind(bigint(MAX_OPEN_ROWS as u64))
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        let mut trades: Vec<Trade> = rows.iter().map(read).collect::<sqlx::Result<_>>()?;
        trades.retain(Trade::verdict_contradicted);
        Ok(trades)
    }

    /// The number of open trades of a shop, by status.
    pub(crate) async fn count_open(&self, shop: &str) -> sqlx::Result<Vec<(String, i64)>> {
        let rows = sqlx::query(
            "SELECT status, COUNT(*) AS open FROM trades WHERE is_open = 1 AND shop = $1 GROUP BY status",
        )
        .bind(shop)
        .fetch_all(&mut *self.pool.connection().await?)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("status")?, row.try_get("open")?)))
            .collect()
    }
}

/// Locks a sale for this change, and creates its row if it is new.
pub(crate) async fn take_sale(
    change: &mut Change,
    shop: &str,
    reference: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sales (shop, sale_ref, changes) VALUES ($1, $2, 1) ON CONFLICT (shop, sale_ref) DO UPDATE SET changes = sales.changes + 1",
    )
    .bind(shop)
    .bind(reference)
    .execute(&mut **change)
    .await
    .map(drop)
}

/// Finds the trade with this idempotency key, inside a change.
pub(crate) async fn with_key(
    change: &mut Change,
    shop: &str,
    key: &str,
) -> sqlx::Result<Option<Trade>> {
    let row = sqlx::query("SELECT state FROM trades WHERE shop = $1 AND idempotency_key = $2")
        .bind(shop)
        .bind(key)
        .fetch_optional(&mut **change)
        .await?;
    row.map(|row| change.read(&row)).transpose()
}

/// Reads a trade and how it stands to the other trades of its sale. Locks the sale for this change.
pub(crate) async fn with_sale_hold(
    change: &mut Change,
    trade_id: &str,
) -> sqlx::Result<Option<(Trade, SaleHold)>> {
    let writing = change.memory.writing(trade_id);
    change.writing.push(writing);
    let sale = sqlx::query(
        "UPDATE sales SET changes = changes + 1 WHERE (shop, sale_ref) = (SELECT shop, sale_ref FROM trades WHERE trade_id = $1) RETURNING given_up_ms",
    )
    .bind(trade_id)
    .fetch_optional(&mut **change)
    .await?;
    let given_up: Option<i64> = match sale {
        Some(sale) => sale.try_get("given_up_ms")?,
        None => None,
    };
    // One read for the trade and what may be in its way.
    let rows = sqlx::query(
        "SELECT state, audit_seq, audit_hash FROM trades WHERE (shop, sale_ref) = (SELECT shop, sale_ref FROM trades WHERE trade_id = $1) AND (is_open = 1 OR holds_sale = 1 OR trade_id = $1)",
    )
    .bind(trade_id)
    .fetch_all(&mut **change)
    .await?;
    // A customer who pays in another way holds the sale as another trade would.
    let hold = given_up.map_or(SaleHold::None, |_| SaleHold::Held);
    let (mut own, mut hold) = (None, hold);
    for row in &rows {
        let trade = change.read(row)?;
        if trade.facts().trade_id == trade_id {
            change
                .ends
                .push((trade_id.to_owned(), audit::read_end(row)?));
            own = Some(trade);
        } else {
            hold = hold.max(trade.sale_hold());
        }
    }
    Ok(own.map(|own| (own, hold)))
}

/// Writes a new trade.
pub(crate) async fn insert(
    change: &mut Change,
    trade: &Trade,
    key: &str,
    entry: AuditEntry,
) -> sqlx::Result<()> {
    let facts = trade.facts();
    let end = audit::append(
        change,
        trade,
        ChainEnd::default(),
        vec![entry],
        trade.created_ms(),
    )
    .await?;
    sqlx::query(
        "INSERT INTO trades (trade_id, shop, sale_ref, terminal, attempt, idempotency_key, status, is_open, holds_sale, version, created_ms, state, gateway_ref, audit_seq, audit_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&facts.trade_id)
    .bind(&facts.shop)
    .bind(&facts.sale.reference)
    .bind(&facts.terminal)
    .bind(i64::from(facts.attempt))
    .bind(key)
    .bind(word(trade.state().status()))
    .bind(is_open(trade))
    .bind(i64::from(trade.holds_sale()))
    .bind(bigint(trade.version()))
    .bind(bigint(trade.created_ms()))
    .bind(json(trade))
    .bind(bindings::gateway_ref(trade))
    .bind(bigint(end.seq))
    .bind(end.hash)
    .execute(&mut **change)
    .await?;
    change.written.push(trade.clone());
    Ok(())
}

/// Stores a changed trade. False if another change was stored since: the version of the row and the end of its audit
/// chain change together, and only from what this change has read.
pub(crate) async fn update(
    change: &mut Change,
    trade: &Trade,
    was: u64,
    entries: Vec<AuditEntry>,
    now: Ms,
) -> sqlx::Result<bool> {
    let trade_id = &trade.facts().trade_id;
    let before = match change.ends.iter().position(|(of, _)| of == trade_id) {
        Some(at) => change.ends.swap_remove(at).1,
        None => audit::end(change, trade_id).await?,
    };
    let named = change.named.take().filter(|named| named == trade_id);
    let named = named.map(|_| bindings::gateway_ref(trade).to_owned());
    let was_seq = before.seq;
    let end = audit::append(change, trade, before, entries, now).await?;
    let done = sqlx::query(
        "UPDATE trades SET status = $1, is_open = $2, holds_sale = $3, version = $4, state = $5, check_ms = $6, audit_seq = $7, audit_hash = $8, checks_verdict = $12, gateway_ref = COALESCE($13, gateway_ref) WHERE trade_id = $9 AND version = $10 AND audit_seq = $11",
    )
    .bind(word(trade.state().status()))
    .bind(is_open(trade))
    .bind(i64::from(trade.holds_sale()))
    .bind(bigint(trade.version()))
    .bind(json(trade))
    .bind(trade.paid_check_ms().map(bigint))
    .bind(bigint(end.seq))
    .bind(end.hash)
    .bind(trade_id)
    .bind(bigint(was))
    .bind(bigint(was_seq))
    .bind(i64::from(trade.checks_verdict()))
    .bind(named)
    .execute(&mut **change)
    .await?;
    if done.rows_affected() == 0 {
        change.memory.lost(trade_id, was);
        return Ok(false);
    }
    change.written.push(trade.clone());
    Ok(true)
}

/// Parses the trade of a row.
fn read(row: &AnyRow) -> sqlx::Result<Trade> {
    let state: String = row.try_get("state")?;
    serde_json::from_str(&state).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// True if another process was faster: the same change, tried again, sees what that one did.
pub(crate) fn lost_a_race(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.is_unique_violation()
            || error
                .code()
                .is_some_and(|code| TRY_AGAIN.contains(&code.as_ref()))
    })
}

/// True if it is open: a terminal that comes back receives it.
fn is_open(trade: &Trade) -> i64 {
    i64::from(!trade.state().status().is_final())
}

/// A word of the API, as JSON has it.
pub(crate) fn word(word: impl serde::Serialize) -> String {
    let value = serde_json::to_value(word).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn json(trade: &Trade) -> String {
    serde_json::to_string(trade).expect("a trade is a tree of strings and numbers")
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
