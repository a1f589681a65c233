//! Trades that this process has read or stored, so that a look need not read them again.
//!
//! While this process is the only one on the store ([`super::sole`]), what is kept here is what the store holds: each
//! own change is kept when it is stored. With several processes it is a hint, and its version is compared with the
//! store's before it is used.
//!
//! A trade may be kept with a change that is not stored: an answer of the gateway without news. Its version is that of
//! the stored row, and only the schedule of queries differs ([`Trade::unstored`]). So nothing that leaves this process
//! tells it apart from the row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use kaunter_core::trade::Trade;

use super::sole::{Epoch, Standing};
use super::turns::{Turn, Turns};
use crate::limits::{MAX_KEPT_TRADES, MEMORY_DOUBT, MEMORY_LIFE};

/// The trades that this process knows.
#[derive(Debug)]
pub(super) struct Memory {
    standing: Arc<Standing>,
    known: Mutex<KeptTrades>,
    turns: Turns,
}

#[derive(Debug, Default)]
struct KeptTrades {
    trades: HashMap<String, KeptTrade>,
    /// Changes of which this process does not know whether the store has them. A read that began before one of them may
    /// show the row of before.
    doubts: u64,
}

#[derive(Debug)]
struct KeptTrade {
    trade: Option<Arc<Trade>>,
    /// When this process was the only one, and read or stored it. 0 for a hint.
    epoch: Epoch,
    /// Changes of this trade that are being stored.
    writers: u32,
    /// Until then, a change may still be stored whose result never came.
    doubt_until: Option<Instant>,
    used: Instant,
}

impl KeptTrade {
    fn new() -> Self {
        Self {
            trade: None,
            epoch: 0,
            writers: 0,
            doubt_until: None,
            used: Instant::now(),
        }
    }

    fn is_in_doubt(&self) -> bool {
        self.doubt_until.is_some_and(|until| Instant::now() < until)
    }
}

/// What was known when a read or a change began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    epoch: Epoch,
    doubts: u64,
}

impl Memory {
    pub(super) fn new(standing: Arc<Standing>) -> Self {
        Self {
            standing,
            known: Mutex::default(),
            turns: Turns::default(),
        }
    }

    /// Waits for other changes of the trade in this process, so that a look and a timer do not begin one query twice.
    pub(super) async fn turn(&self, trade_id: &str) -> Turn {
        self.turns.take(trade_id).await
    }

    /// Taken before a read or a change begins.
    pub(super) fn ticket(&self) -> Ticket {
        let epoch = self.standing.epoch();
        Ticket {
            epoch,
            doubts: self.lock().doubts,
        }
    }

    /// The trade as the store has it, if this process knows without asking.
    pub(super) fn sure(&self, trade_id: &str) -> Option<Arc<Trade>> {
        let epoch = self.standing.epoch();
        let mut known = self.lock();
        let entry = known.trades.get_mut(trade_id)?;
        entry.used = Instant::now();
        let is_sure = epoch != 0 && entry.epoch == epoch && !entry.is_in_doubt();
        entry.trade.clone().filter(|_| is_sure)
    }

    /// The trade as this process saw it last. The store may have a newer one.
    pub(super) fn hint(&self, trade_id: &str) -> Option<Arc<Trade>> {
        self.lock().trades.get(trade_id)?.trade.clone()
    }

    /// Keeps a trade that was read. Returns the trade to work with: of the same version, it is the one that is known,
    /// which may have a change that is not stored.
    pub(super) fn read(&self, ticket: Ticket, trade: Trade) -> Arc<Trade> {
        let mut known = self.lock();
        let (doubts, is_full) = (known.doubts, known.trades.len() >= MAX_KEPT_TRADES);
        let trade_id = &trade.facts().trade_id;
        let is_new = !known.trades.contains_key(trade_id);
        if doubts != ticket.doubts || is_full && is_new {
            return Arc::new(trade);
        }
        let entry = known
            .trades
            .entry(trade_id.clone())
            .or_insert_with(KeptTrade::new);
        entry.used = Instant::now();
        if entry.is_in_doubt() || entry.epoch > ticket.epoch && ticket.epoch != 0 {
            return Arc::new(trade);
        }
        let is_sure = ticket.epoch != 0;
        match &entry.trade {
            Some(own) if own.version() == trade.version() => {
                let own = Arc::clone(own);
                entry.epoch = ticket.epoch;
                own
            }
            // Of two reads at once, the older one may come last.
            Some(own)
                if is_sure && entry.epoch == ticket.epoch && own.version() > trade.version() =>
            {
                Arc::clone(own)
            }
            Some(_) | None => {
                let trade = Arc::new(trade);
                entry.trade = Some(Arc::clone(&trade));
                entry.epoch = ticket.epoch;
                trade
            }
        }
    }

    /// Keeps that the store has this version still. Returns the trade to work with.
    pub(super) fn same(&self, ticket: Ticket, trade: &Arc<Trade>) -> Arc<Trade> {
        let mut known = self.lock();
        let doubts = known.doubts;
        let Some(entry) = known.trades.get_mut(&trade.facts().trade_id) else {
            return Arc::clone(trade);
        };
        entry.used = Instant::now();
        match &entry.trade {
            Some(own) if own.version() == trade.version() => {
                if doubts == ticket.doubts && !entry.is_in_doubt() && entry.epoch <= ticket.epoch {
                    entry.epoch = ticket.epoch;
                }
                Arc::clone(own)
            }
            Some(_) | None => Arc::clone(trade),
        }
    }

    /// The same trade, with the change that is not stored, if this process has one.
    pub(super) fn newest(&self, trade: Trade) -> Trade {
        match self.hint(&trade.facts().trade_id) {
            Some(own) if own.version() == trade.version() => Trade::clone(&own),
            Some(_) | None => trade,
        }
    }

    /// Keeps a change that is not stored. False if it must be stored: another change is being stored, or this process
    /// does not know the row any more.
    pub(super) fn keep_unstored(&self, base: &Arc<Trade>, trade: &Trade) -> bool {
        let epoch = self.standing.epoch();
        let mut known = self.lock();
        let Some(entry) = known.trades.get_mut(&trade.facts().trade_id) else {
            return false;
        };
        let is_base = entry
            .trade
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(own, base));
        // With several processes it is a hint, as the trade that it changes.
        let is_known = (epoch == 0 || entry.epoch == epoch) && !entry.is_in_doubt();
        let keeps = is_base && is_known && entry.writers == 0;
        if keeps {
            entry.trade = Some(Arc::new(trade.as_row()));
        }
        keeps
    }

    /// Forgets a trade that another process has changed since.
    pub(super) fn lost(&self, trade_id: &str, version: u64) {
        let mut known = self.lock();
        if let Some(entry) = known.trades.get_mut(trade_id) {
            let is_old = |own: &Arc<Trade>| own.version() <= version;
            entry.trade = entry.trade.take().filter(|own| !is_old(own));
        }
    }

    /// Notes that changes of this trade are being stored.
    pub(super) fn writing(self: &Arc<Self>, trade_id: &str) -> TradeWriting {
        let mut known = self.lock();
        let entry = known
            .trades
            .entry(trade_id.to_owned())
            .or_insert_with(KeptTrade::new);
        entry.writers += 1;
        TradeWriting {
            memory: Arc::clone(self),
            trade_id: trade_id.to_owned(),
        }
    }

    /// Takes the trades of a change that is being committed.
    pub(super) fn committing(self: &Arc<Self>, ticket: Ticket, trades: Vec<Trade>) -> Committing {
        Committing {
            memory: Arc::clone(self),
            ticket,
            trades,
        }
    }

    /// Forgets trades that nobody used for a while. An open trade is used by each of its timers.
    pub(super) fn forget_idle(&self) {
        self.lock()
            .trades
            .retain(|_, entry| entry.writers > 0 || entry.used.elapsed() < MEMORY_LIFE);
    }

    fn stored(&self, ticket: Ticket, trades: Vec<Trade>) {
        let mut known = self.lock();
        for trade in trades {
            let trade_id = &trade.facts().trade_id;
            let entry = known
                .trades
                .entry(trade_id.clone())
                .or_insert_with(KeptTrade::new);
            let is_newer = entry
                .trade
                .as_ref()
                .is_none_or(|own| own.version() < trade.version() || entry.epoch != ticket.epoch);
            if is_newer {
                // It has requests that must leave once only.
                entry.trade = Some(Arc::new(trade.as_row()));
                entry.epoch = ticket.epoch;
            }
            entry.used = Instant::now();
        }
    }

    fn doubt(&self, trades: &[Trade]) {
        let mut known = self.lock();
        known.doubts += 1;
        for trade in trades {
            let trade_id = trade.facts().trade_id.clone();
            let entry = known.trades.entry(trade_id).or_insert_with(KeptTrade::new);
            entry.trade = None;
            entry.doubt_until = Some(Instant::now() + MEMORY_DOUBT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, KeptTrades> {
        self.known.lock().expect("nobody panics while holding it")
    }
}

/// A trade whose change is being stored.
#[derive(Debug)]
pub(super) struct TradeWriting {
    memory: Arc<Memory>,
    trade_id: String,
}

impl Drop for TradeWriting {
    fn drop(&mut self) {
        let mut known = self.memory.lock();
        if let Some(entry) = known.trades.get_mut(&self.trade_id) {
            entry.writers = entry.writers.saturating_sub(1);
        }
    }
}

/// Trades that are stored when the commit returns. If it fails, nobody knows whether they are.
pub(super) struct Committing {
    memory: Arc<Memory>,
    ticket: Ticket,
    trades: Vec<Trade>,
}

impl Committing {
    /// The store has them.
    pub(super) fn done(mut self) {
        let trades = std::mem::take(&mut self.trades);
        self.memory.stored(self.ticket, trades);
    }

    /// The store has only these of them, and refused the others: another change was stored before.
    pub(super) fn done_with(mut self, has: impl Fn(&Trade) -> bool) {
        let trades = std::mem::take(&mut self.trades);
        let (stored, lost): (Vec<_>, Vec<_>) = trades.into_iter().partition(has);
        self.memory.stored(self.ticket, stored);
        for trade in lost {
            self.memory
                .lost(&trade.facts().trade_id, trade.version().saturating_sub(1));
        }
    }

    /// The store has none of them, and never will.
    pub(super) fn refused(mut self) {
        self.trades.clear();
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        if !self.trades.is_empty() {
            self.memory.doubt(&self.trades);
        }
    }
}
