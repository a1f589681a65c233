//! The rows of the audit trail, its chains and its seals.

use std::ops::Range;

use kaunter_core::audit::Refusals;
use kaunter_core::limits::Used;
use kaunter_core::policy::Ms;
use kaunter_core::review;
use kaunter_core::trade::Trade;
use kaunter_core::wire::Right;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::{Change, Store, bigint, lost_a_race, read, word};
use crate::audit::{self, AuditRow, ChainEnd, ChainEnds, Seal};
use crate::id;
use crate::limits::MAX_TRIES;
use crate::trail::{self, ActorKind, AuditEntry};

/// How many rows one statement reads, seals or fills in.
const BATCH: i64 = 2_000;
/// The chain of a shop's server and its operator.
pub(super) const SHOP: &str = "shop";
/// The chain of a terminal's refusals and devices: this, and the terminal's name.
const TERMINAL: &str = "terminal:";

/// The columns of a row.
macro_rules! columns {
    () => {
        "shop, trade_id, seq, version, nth, at_ms, actor, who, terminal, event, from_state, to_state, note, gateway_code, gateway_message, address, trace_id, code, call, about, hash, key_id, server_key, seal"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, 0)"
);
const DAY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE shop = $1 AND at_ms < $2 AND (at_ms, trade_id, version, nth) > ($3, $4, $5, $6) ORDER BY at_ms, trade_id, version, nth LIMIT $7"
);
const CHAINS: &str = concat!(
    "SELECT ",
    columns!(),
    ", COALESCE((SELECT audit_seq FROM trades WHERE trades.trade_id = audit.trade_id AND trades.shop = audit.shop), (SELECT seq FROM audit_chains WHERE audit_chains.chain = audit.trade_id AND audit_chains.shop = audit.shop), 0) AS end_seq FROM audit WHERE shop = $1 AND seq > 0 AND (trade_id, seq) > ($2, $3) ORDER BY trade_id, seq LIMIT $4"
);
const TRADE_ENDS: &str = "SELECT trade_id AS chain, audit_seq AS seq, audit_hash AS hash, state, (SELECT hash FROM audit WHERE audit.shop = trades.shop AND audit.trade_id = trades.trade_id AND audit.seq = trades.audit_seq AND audit.seq > 0) AS row_hash, (SELECT to_state FROM audit WHERE audit.shop = trades.shop AND audit.trade_id = trades.trade_id AND audit.seq > 0 AND audit.to_state <> '' ORDER BY audit.seq DESC LIMIT 1) AS moved_to FROM trades WHERE shop = $1 AND audit_seq > 0 AND trade_id > $2 ORDER BY trade_id LIMIT $3";
const OTHER_ENDS: &str = "SELECT chain, seq, hash, (SELECT audit.hash FROM audit WHERE audit.shop = audit_chains.shop AND audit.trade_id = audit_chains.chain AND audit.seq = audit_chains.seq AND audit.seq > 0) AS row_hash FROM audit_chains WHERE shop = $1 AND seq > 0 AND chain > $2 ORDER BY chain LIMIT $3";
const SEALED: &str = "SELECT trade_id, seq, hash FROM audit WHERE shop = $1 AND seal = $2 AND seq > 0 AND (trade_id, seq) > ($3, $4) ORDER BY trade_id, seq LIMIT $5";
const COVER: &str = "UPDATE audit SET seal = $1 WHERE shop = $2 AND seal = 0 AND seq > 0 AND (trade_id, seq) IN (SELECT trade_id, seq FROM audit WHERE shop = $2 AND seal = 0 AND seq > 0 ORDER BY trade_id, seq LIMIT $3)";
/// Locks a chain for this change, and creates it if it is new.
const TAKE: &str = "INSERT INTO audit_chains (shop, name, chain, seq, hash, minute, in_minute, left_out) VALUES ($1, $2, $3, 0, '', 0, 0, 0) ON CONFLICT (shop, name) DO UPDATE SET seq = audit_chains.seq RETURNING chain, seq, hash, minute, in_minute, left_out";

/// The position of the last row of a page of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditMark {
    pub(crate) at_ms: Ms,
    pub(crate) chain: String,
    pub(crate) version: u64,
    pub(crate) nth: u64,
}

impl AuditMark {
    pub(crate) fn of(row: &AuditRow) -> Self {
        Self {
            at_ms: row.at_ms,
            chain: row.chain.clone(),
            version: row.version,
            nth: row.nth,
        }
    }

    /// As a cursor of the API.
    pub(crate) fn text(&self) -> String {
        format!(
            "{}-{}-{}-{}",
            self.at_ms, self.chain, self.version, self.nth
        )
    }

    /// Parses the cursor of a caller.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mark = Self {
            at_ms: parts.next()?.parse().ok()?,
            chain: parts.next()?.to_owned(),
            version: parts.next()?.parse().ok()?,
            nth: parts.next()?.parse().ok()?,
        };
        let is_id = |byte: u8| byte.is_ascii_alphanumeric();
        let is_good = (1..=20).contains(&mark.chain.len()) && mark.chain.bytes().all(is_id);
        (is_good && parts.next().is_none()).then_some(mark)
    }
}

/// The end of a trade's chain.
pub(super) async fn end(change: &mut Change, trade_id: &str) -> sqlx::Result<ChainEnd> {
    let row = sqlx::query("SELECT audit_seq, audit_hash FROM trades WHERE trade_id = $1")
        .bind(trade_id)
        .fetch_optional(&mut **change)
        .await?;
    // Without the row, the change fails at its version.
    row.map_or(Ok(ChainEnd::default()), |row| read_end(&row))
}

/// The end of a trade's chain, as its row has it.
pub(super) fn read_end(row: &AnyRow) -> sqlx::Result<ChainEnd> {
    Ok(ChainEnd {
        seq: number(row, "audit_seq")?,
        hash: row.try_get("audit_hash")?,
    })
}

/// Writes the rows of a trade's change, and returns the new end of its chain, which is not stored yet.
pub(super) async fn append(
    change: &mut Change,
    trade: &Trade,
    end: ChainEnd,
    mut entries: Vec<AuditEntry>,
    now: Ms,
) -> sqlx::Result<ChainEnd> {
    let facts = trade.facts();
    for entry in &mut entries {
        entry.about.clone_from(&facts.trade_id);
    }
    let chain = (facts.shop.as_str(), facts.trade_id.as_str());
    write(change, chain, end, (trade.version(), now), entries).await
}

async fn write(
    change: &mut Change,
    chain: (&str, &str),
    end: ChainEnd,
    at: (u64, Ms),
    entries: Vec<AuditEntry>,
) -> sqlx::Result<ChainEnd> {
    let (rows, end) = audit::append(&change.keys, chain, end, at, entries);
    for row in rows {
        sqlx::query(INSERT)
            .bind(row.shop)
            .bind(row.chain)
            .bind(bigint(row.seq))
            .bind(bigint(row.version))
            .bind(bigint(row.nth))
            .bind(bigint(row.at_ms))
            .bind(row.actor)
            .bind(row.who)
            .bind(row.terminal)
            .bind(row.event)
            .bind(row.from_state)
            .bind(row.to_state)
            .bind(row.note)
            .bind(row.gateway_code)
            .bind(row.gateway_message)
            .bind(row.address)
            .bind(row.trace_id)
            .bind(row.code)
            .bind(row.call)
            .bind(row.about)
            .bind(row.hash)
            .bind(row.key_id)
            .bind(row.server_key)
            .execute(&mut **change)
            .await?;
    }
    Ok(end)
}

/// The name of a terminal's chain.
pub(super) fn terminal_chain(terminal: &str) -> String {
    format!("{TERMINAL}{terminal}")
}

/// Writes an entry about something that is no trade, as a part of the caller's change.
pub(super) async fn append_other(
    change: &mut Change,
    (shop, name): (&str, String),
    entry: AuditEntry,
    now: Ms,
) -> sqlx::Result<()> {
    let chain = OtherChain::take(change, shop, name).await?;
    chain.store(change, shop, vec![entry], now).await
}

/// A chain that belongs to no trade, locked for a change.
struct OtherChain {
    name: String,
    id: String,
    end: ChainEnd,
    refusals: Refusals,
}

impl OtherChain {
    async fn take(change: &mut Change, shop: &str, name: String) -> sqlx::Result<Self> {
        let fresh = id::random('A').map_err(|error| sqlx::Error::Encode(error.into()))?;
        let row = sqlx::query(TAKE)
            .bind(shop)
            .bind(&name)
            .bind(fresh)
            .fetch_one(&mut **change)
            .await?;
        Ok(Self {
            name,
            id: row.try_get("chain")?,
            end: ChainEnd {
                seq: number(&row, "seq")?,
                hash: row.try_get("hash")?,
            },
            refusals: Refusals {
                minute: number(&row, "minute")?,
                rows: u32::try_from(number(&row, "in_minute")?).unwrap_or(u32::MAX),
                left_out: number(&row, "left_out")?,
            },
        })
    }

    /// Writes the entries, and the chain's new end.
    async fn store(
        self,
        change: &mut Change,
        shop: &str,
        entries: Vec<AuditEntry>,
        now: Ms,
    ) -> sqlx::Result<()> {
        let mut end = self.end;
        for entry in entries {
            let version = end.seq + 1;
            end = write(change, (shop, &self.id), end, (version, now), vec![entry]).await?;
        }
        sqlx::query("UPDATE audit_chains SET seq = $1, hash = $2, minute = $3, in_minute = $4, left_out = $5 WHERE shop = $6 AND name = $7")
            .bind(bigint(end.seq))
            .bind(end.hash)
            .bind(bigint(self.refusals.minute))
            .bind(i64::from(self.refusals.rows))
            .bind(bigint(self.refusals.left_out))
            .bind(shop)
            .bind(self.name)
            .execute(&mut **change)
            .await
            .map(drop)
    }
}

/// The row that says how many refusals of a minute have none.
fn left_out(count: u64, terminal: &str) -> Option<AuditEntry> {
    let mut entry = AuditEntry::new(ActorKind::Backend.into(), trail::LEFT_OUT);
    entry.note = count.to_string();
    terminal.clone_into(&mut entry.actor.terminal);
    (count > 0).then_some(entry)
}

/// Tries a change again if another process was faster.
macro_rules! again {
    ($change:expr) => {{
        let mut done = $change.await;
        for _ in 1..MAX_TRIES {
            match &done {
                Err(error) if lost_a_race(error) => done = $change.await,
                Ok(()) | Err(_) => break,
            }
        }
        done
    }};
}

impl Store {
    /// Records what the shop's server or an operator did.
    pub(crate) async fn record(&self, shop: &str, entry: &AuditEntry, now: Ms) -> sqlx::Result<()> {
        again!(self.try_record(shop, entry, now))
    }

    async fn try_record(&self, shop: &str, entry: &AuditEntry, now: Ms) -> sqlx::Result<()> {
        let mut change = self.begin().await?;
        let chain = OtherChain::take(&mut change, shop, SHOP.to_owned()).await?;
        let entries = vec![entry.clone()];
        chain.store(&mut change, shop, entries, now).await?;
        change.commit().await
    }

    /// Records a refused call of a terminal, or counts it.
    pub(crate) async fn record_refusal(
        &self,
        shop: &str,
        entry: &AuditEntry,
        now: Ms,
    ) -> sqlx::Result<()> {
        again!(self.try_record_refusal(shop, entry, now))
    }

    async fn try_record_refusal(
        &self,
        shop: &str,
        entry: &AuditEntry,
        now: Ms,
    ) -> sqlx::Result<()> {
        let terminal = &entry.actor.terminal;
        let mut change = self.begin().await?;
        let name = terminal_chain(terminal);
        let mut chain = OtherChain::take(&mut change, shop, name).await?;
        let recorded = chain.refusals.take(now);
        let before = left_out(recorded.left_out_before, terminal);
        let own = recorded.has_row.then(|| entry.clone());
        let entries = before.into_iter().chain(own).collect();
        chain.store(&mut change, shop, entries, now).await?;
        change.commit().await
    }

    /// Writes the number of refusals that were left out in minutes that are over.
    pub(crate) async fn record_left_out(&self, shop: &str, now: Ms) -> sqlx::Result<()> {
        let rows = sqlx::query("SELECT name FROM audit_chains WHERE shop = $1 AND left_out > 0")
            .bind(shop)
            .fetch_all(&mut *self.pool.connection().await?)
            .await?;
        for row in rows {
            let name: String = row.try_get("name")?;
            again!(self.try_record_left_out(shop, &name, now))?;
        }
        Ok(())
    }

    async fn try_record_left_out(&self, shop: &str, name: &str, now: Ms) -> sqlx::Result<()> {
        let mut change = self.begin().await?;
        let mut chain = OtherChain::take(&mut change, shop, name.to_owned()).await?;
        let count = chain.refusals.close(now);
        let terminal = name.strip_prefix(TERMINAL).unwrap_or_default();
        let Some(entry) = left_out(count, terminal) else {
            return Ok(());
        };
        chain.store(&mut change, shop, vec![entry], now).await?;
        change.commit().await
    }

    /// The rows of a shop in a range of milliseconds, oldest first, after this position.
    pub(crate) async fn audit_page(
        &self,
        shop: &str,
        span: Range<Ms>,
        after: Option<&AuditMark>,
        rows: usize,
    ) -> sqlx::Result<Vec<AuditRow>> {
        // No row is before the first position of its millisecond.
        let first = AuditMark {
            at_ms: span.start,
            chain: String::new(),
            version: 0,
            nth: 0,
        };
        let after = after.unwrap_or(&first);
        let rows = sqlx::query(DAY)
            .bind(shop)
            .bind(bigint(span.end))
            .bind(bigint(after.at_ms))
            .bind(&after.chain)
            .bind(bigint(after.version))
            .bind(bigint(after.nth))
            .bind(bigint(rows as u64))
            .fetch_all(&mut *self.pool.connection().await?)
            .await?;
        rows.iter().map(audit_row).collect()
    }

    /// The newest sealed day until this one.
    pub(crate) async fn last_sealed(
        &self,
        shop: &str,
        until: &str,
    ) -> sqlx::Result<Option<String>> {
        let row =
            sqlx::query("SELECT MAX(day) AS day FROM audit_seals WHERE shop = $1 AND day <= $2")
                .bind(shop)
                .bind(until)
                .fetch_one(&mut *self.pool.connection().await?)
                .await?;
        row.try_get("day")
    }

    /// Seals a day: every row that is there and has no seal belongs to it, and every later one to the next. `None` if
    /// another process was faster.
    pub(crate) async fn seal(
        &self,
        shop: &str,
        day: &str,
        utc_offset: &str,
        now: Ms,
    ) -> sqlx::Result<Option<Seal>> {
        let mut change = self.begin().await?;
        let last = sqlx::query(
            "SELECT nth, hash FROM audit_seals WHERE shop = $1 ORDER BY nth DESC LIMIT 1",
        )
        .bind(shop)
        .fetch_optional(&mut *change)
        .await?;
        let (last, before) = match last {
            None => (0, String::new()),
            Some(row) => (number(&row, "nth")?, row.try_get("hash")?),
        };
        let mut seal = Seal {
            shop: shop.to_owned(),
            day: day.to_owned(),
            utc_offset: utc_offset.to_owned(),
            nth: last + 1,
            at_ms: now,
            ..Seal::default()
        };
        if !claim(&mut change, &seal).await? {
            return Ok(None);
        }
        loop {
            let covered = sqlx::query(COVER)
                .bind(bigint(seal.nth))
                .bind(shop)
                .bind(BATCH)
                .execute(&mut *change)
                .await?;
            if covered.rows_affected() < BATCH.unsigned_abs() {
                break;
            }
        }
        let mut ends = ChainEnds::new(&change.keys);
        take_sealed(&mut change.transaction, &seal, &mut ends).await?;
        seal.close(&change.keys, ends, &before);
        sqlx::query("UPDATE audit_seals SET chain_count = $1, row_count = $2, digest = $3, hash = $4, key_id = $5 WHERE shop = $6 AND nth = $7")
            .bind(bigint(seal.chains))
            .bind(bigint(seal.rows))
            .bind(&seal.digest)
            .bind(&seal.hash)
            .bind(&seal.key_id)
            .bind(shop)
            .bind(bigint(seal.nth))
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        Ok(Some(seal))
    }

    /// Begins to read the whole trail of a shop.
    pub(crate) async fn read_audit(&self, shop: &str) -> sqlx::Result<AuditReader> {
        Ok(AuditReader {
            snapshot: self.pool.snapshot().await?,
            shop: shop.to_owned(),
        })
    }

    /// Fills in the shop of rows that a version without the column stored.
    pub(super) async fn fill_audit_shops(&self) -> sqlx::Result<()> {
        loop {
            let mut connection = self.pool.connection().await?;
            // A row of no trade can not be; it must not stop the others.
            let filled = sqlx::query("UPDATE audit SET shop = COALESCE((SELECT shop FROM trades WHERE trades.trade_id = audit.trade_id), '?') WHERE (trade_id, version, nth) IN (SELECT trade_id, version, nth FROM audit WHERE shop = '' LIMIT $1)")
                .bind(BATCH)
                .execute(&mut *connection)
                .await?;
            connection.commit().await?;
            if filled.rows_affected() < BATCH.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

/// Writes the row of a seal that is not closed yet. One process gets it.
async fn claim(change: &mut Change, seal: &Seal) -> sqlx::Result<bool> {
    let done = sqlx::query("INSERT INTO audit_seals (shop, day, utc_offset, nth, at_ms, chain_count, row_count, digest, hash, key_id) VALUES ($1, $2, $3, $4, $5, 0, 0, '', '', '') ON CONFLICT DO NOTHING")
        .bind(&seal.shop)
        .bind(&seal.day)
        .bind(&seal.utc_offset)
        .bind(bigint(seal.nth))
        .bind(bigint(seal.at_ms))
        .execute(&mut **change)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Adds the rows of a seal to a digest, page by page.
async fn take_sealed(
    snapshot: &mut Transaction<'static, Any>,
    seal: &Seal,
    ends: &mut ChainEnds,
) -> sqlx::Result<()> {
    let mut after = (String::new(), 0);
    loop {
        let rows = sqlx::query(SEALED)
            .bind(&seal.shop)
            .bind(bigint(seal.nth))
            .bind(&after.0)
            .bind(bigint(after.1))
            .bind(BATCH)
            .fetch_all(&mut **snapshot)
            .await?;
        for row in &rows {
            let hash: String = row.try_get("hash")?;
            after = (row.try_get("trade_id")?, number(row, "seq")?);
            ends.take(&after.0, after.1, &hash);
        }
        if (rows.len() as u64) < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}

/// The end of a chain, as its trade or its row of `audit_chains` has it.
pub(crate) struct StoredEnd {
    pub(crate) chain: String,
    pub(crate) end: ChainEnd,
    /// The hash of the row at this end, if there is one.
    pub(crate) row_hash: Option<String>,
    /// The state of the trade, and the state to which its last row moved it.
    pub(crate) states: Option<(String, String)>,
}

/// Reads the whole trail of a shop, page by page, as it was at one moment.
pub(crate) struct AuditReader {
    snapshot: Transaction<'static, Any>,
    shop: String,
}

impl AuditReader {
    /// The next rows of the chains, chain by chain, each with the stored end of its chain.
    pub(crate) async fn rows(&mut self, after: (&str, u64)) -> sqlx::Result<Vec<(AuditRow, u64)>> {
        let rows = sqlx::query(CHAINS)
            .bind(&self.shop)
            .bind(after.0)
            .bind(bigint(after.1))
            .bind(BATCH)
            .fetch_all(&mut *self.snapshot)
            .await?;
        let row = |row: &AnyRow| Ok((audit_row(row)?, number(row, "end_seq")?));
        rows.iter().map(row).collect()
    }

    /// The ends of the next chains of trades.
    pub(crate) async fn trade_ends(&mut self, after: &str) -> sqlx::Result<Vec<StoredEnd>> {
        let rows = self.batch(TRADE_ENDS, after).await?;
        let end = |row: &AnyRow| {
            let moved_to: Option<String> = row.try_get("moved_to")?;
            let states = match moved_to {
                Some(moved_to) => Some((word(read(row)?.state()), moved_to)),
                None => None,
            };
            stored_end(row, states)
        };
        rows.iter().map(end).collect()
    }

    /// The ends of the next other chains.
    pub(crate) async fn other_ends(&mut self, after: &str) -> sqlx::Result<Vec<StoredEnd>> {
        let rows = self.batch(OTHER_ENDS, after).await?;
        rows.iter().map(|row| stored_end(row, None)).collect()
    }

    async fn batch(&mut self, query: &'static str, after: &str) -> sqlx::Result<Vec<AnyRow>> {
        sqlx::query(query)
            .bind(&self.shop)
            .bind(after)
            .bind(BATCH)
            .fetch_all(&mut *self.snapshot)
            .await
    }

    /// Every seal, oldest first: one for each day.
    pub(crate) async fn seals(&mut self) -> sqlx::Result<Vec<Seal>> {
        let rows = sqlx::query("SELECT shop, day, utc_offset, nth, at_ms, chain_count, row_count, digest, hash, key_id FROM audit_seals WHERE shop = $1 ORDER BY nth")
            .bind(&self.shop)
            .fetch_all(&mut *self.snapshot)
            .await?;
        rows.iter().map(seal_row).collect()
    }

    /// Adds the rows of a seal to a digest.
    pub(crate) async fn take_sealed(
        &mut self,
        seal: &Seal,
        ends: &mut ChainEnds,
    ) -> sqlx::Result<()> {
        take_sealed(&mut self.snapshot, seal, ends).await
    }

    /// How many rows are in no chain: those of earlier versions.
    pub(crate) async fn unchained(&mut self) -> sqlx::Result<u64> {
        let row = sqlx::query("SELECT COUNT(*) AS count FROM audit WHERE shop = $1 AND seq <= 0")
            .bind(&self.shop)
            .fetch_one(&mut *self.snapshot)
            .await?;
        number(&row, "count")
    }
}

/// Locks the counting of a right for this change, and counts how often it was used since then: by this person, and at
/// this terminal.
pub(crate) async fn count_used(
    change: &mut Change,
    shop: &str,
    right: Right,
    (person, terminal): (&str, &str),
    since: Ms,
) -> sqlx::Result<Used> {
    let (event, name) = if right == Right::Void {
        ("void", "void")
    } else {
        ("verdict", "review")
    };
    sqlx::query("INSERT INTO limit_locks (shop, right_name, uses) VALUES ($1, $2, 1) ON CONFLICT (shop, right_name) DO UPDATE SET uses = limit_locks.uses + 1")
        .bind(shop)
        .bind(name)
        .execute(&mut **change)
        .await?;
    // SQLite's lower case is ASCII's, so the names are compared here.
    let rows = sqlx::query("SELECT who, COUNT(*) AS uses, COUNT(CASE WHEN terminal = $1 AND terminal <> '' THEN 1 END) AS at_terminal FROM audit WHERE shop = $2 AND at_ms >= $3 AND event = $4 AND actor IN ('person', 'server') AND to_state <> '' GROUP BY who")
        .bind(terminal)
        .bind(shop)
        .bind(bigint(since))
        .bind(event)
        .fetch_all(&mut **change)
        .await?;
    let person = review::person_key(person);
    let (mut by_person, mut by_terminal) = (0, 0);
    for row in rows {
        if review::person_key(row.try_get("who")?) == person {
            by_person += number(&row, "uses")?;
        }
        by_terminal += number(&row, "at_terminal")?;
    }
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Used {
        by_person: count(by_person),
        by_terminal: count(by_terminal),
    })
}

fn stored_end(row: &AnyRow, states: Option<(String, String)>) -> sqlx::Result<StoredEnd> {
    Ok(StoredEnd {
        chain: row.try_get("chain")?,
        end: ChainEnd {
            seq: number(row, "seq")?,
            hash: row.try_get("hash")?,
        },
        row_hash: row.try_get("row_hash")?,
        states,
    })
}

fn number(row: &AnyRow, name: &str) -> sqlx::Result<u64> {
    let number: i64 = row.try_get(name)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn audit_row(row: &AnyRow) -> sqlx::Result<AuditRow> {
    Ok(AuditRow {
        shop: row.try_get("shop")?,
        chain: row.try_get("trade_id")?,
        seq: number(row, "seq")?,
        version: number(row, "version")?,
        nth: number(row, "nth")?,
        at_ms: number(row, "at_ms")?,
        actor: row.try_get("actor")?,
        who: row.try_get("who")?,
        terminal: row.try_get("terminal")?,
        server_key: row.try_get("server_key")?,
        event: row.try_get("event")?,
        from_state: row.try_get("from_state")?,
        to_state: row.try_get("to_state")?,
        note: row.try_get("note")?,
        gateway_code: row.try_get("gateway_code")?,
        gateway_message: row.try_get("gateway_message")?,
        address: row.try_get("address")?,
        trace_id: row.try_get("trace_id")?,
        code: row.try_get("code")?,
        call: row.try_get("call")?,
        about: row.try_get("about")?,
        hash: row.try_get("hash")?,
        key_id: row.try_get("key_id")?,
        seal: number(row, "seal")?,
    })
}

fn seal_row(row: &AnyRow) -> sqlx::Result<Seal> {
    Ok(Seal {
        shop: row.try_get("shop")?,
        day: row.try_get("day")?,
        utc_offset: row.try_get("utc_offset")?,
        nth: number(row, "nth")?,
        at_ms: number(row, "at_ms")?,
        chains: number(row, "chain_count")?,
        rows: number(row, "row_count")?,
        digest: row.try_get("digest")?,
        hash: row.try_get("hash")?,
        key_id: row.try_get("key_id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_the_trail_is_read_as_it_was_written_and_no_other_text_is_one() {
        let mark = AuditMark {
            at_ms: 1_764_236_000_000,
            chain: "K7Q2".to_owned(),
            version: 3,
            nth: 1,
        };
        assert_eq!(AuditMark::read(&mark.text()), Some(mark));
        for text in [
            "",
            "1",
            "1-K-1",
            "1-K-1-0-2",
            "x-K-1-0",
            "1-K K-1-0",
            "1--1-0",
        ] {
            assert_eq!(AuditMark::read(text), None, "{text}");
        }
    }
}
