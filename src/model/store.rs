//! The backend's store in memory: rows, and changes to them.
//!
//! A change is read, decided by the trade's machine, and written unless another change was faster.
//! The rules of core decide whether a trade may begin, and check repeated ids and reused codes.

use kaunter_core::admission::{self, Candidate, Denial};
use kaunter_core::giving_up::{self, GivingUp};
use kaunter_core::list::{Cursor, Filter};
use kaunter_core::money::Money;
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::registration;
use kaunter_core::sale::{self, CodeUse, Due, SetBy};
use kaunter_core::trade::{
    CodeMark, Context, CreateAnswer, Event, Facts, GiveUp, Move, Refusal, SaleHold, Step, Trade,
};
use kaunter_core::wire::{GatewayAnswer, NewTrade, ProblemCode, Sale, Sales};
use serde::{Deserialize, Serialize};

/// A stored trade.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Row {
    /// The key with which it was begun.
    pub key: String,
    /// The machine.
    pub trade: Trade,
}

/// The rows, the oldest first. A row keeps its index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    rows: Vec<Row>,
    max_rows: usize,
    /// What the shops' servers have registered, each with the shop and the sale's reference.
    registered: Vec<(String, String, Due)>,
}

/// Who asks for a new trade, and the id that it will get.
#[derive(Clone, Copy, Debug)]
pub struct Creator<'a> {
    /// The shop.
    pub shop: &'a str,
    /// The terminal that asks.
    pub terminal: &'a str,
    /// The cashier who works there.
    pub cashier: &'a str,
    /// The name of the trade's wallet.
    pub wallet_name: &'a str,
    /// The id of the trade, if it may begin.
    pub trade_id: &'a str,
}

/// The result of asking for a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The trade exists already, because the creation was repeated.
    Same(usize),
    /// The trade begins. Drain it with [`Store::next`].
    New {
        /// Its row.
        row: usize,
        /// The rows that it replaces, with their moves.
        replaced: Vec<(usize, Vec<Move>)>,
    },
}

/// Why a trade does not begin, or a sale is not given up. The store is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The error that the caller gets.
    pub code: ProblemCode,
    /// The row that stands in the way.
    pub row: Option<usize>,
    /// Why the rules of admission deny it, if they do.
    pub denial: Option<Denial>,
}

impl Denied {
    /// A denial, whose position is one of these rows.
    fn by(denial: Denial, rows: &[usize]) -> Self {
        Self {
            code: denial.into(),
            row: denial.trade().map(|at| rows[at]),
            denial: Some(denial),
        }
    }
}

/// What an event meets around this store: trades of other stores, and the gateway's words.
#[derive(Clone, Debug, Default)]
pub struct Surroundings<'a> {
    /// The other sale for which the code was handed over last.
    pub code: Option<CodeUse>,
    /// The trade that already has the gateway's id.
    pub holder: Option<&'a str>,
    /// The gateway's own words, if the event is its answer.
    pub gateway_answer: Option<&'a GatewayAnswer>,
}

/// A change that was decided and is not written yet.
#[derive(Clone, Debug)]
pub struct Change {
    /// The row.
    pub row: usize,
    event: Event,
    after: Trade,
    was: u64,
    granted: Result<(), Refusal>,
}

/// A committed change, or one that had nothing to write.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The moves of the trade.
    pub moves: Vec<Move>,
    /// Whether the machine granted the request.
    pub granted: Result<(), Refusal>,
}

/// Why a change was not written. Read it again.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The event that was to change the row.
    pub event: Box<Event>,
    /// True if another change of the row was faster. Otherwise, another trade now holds the sale.
    pub overtaken: bool,
}

impl Store {
    /// An empty store for at most `max_rows` rows.
    #[must_use]
    pub fn new(max_rows: usize) -> Self {
        Self {
            rows: Vec::new(),
            max_rows,
            registered: Vec::new(),
        }
    }

    /// A store with these rows, the oldest first, and these registered sales, each with its shop and reference. Each
    /// trade that has not ended gets [`Event::Restarted`] next.
    #[must_use]
    pub fn restored(
        max_rows: usize,
        rows: Vec<Row>,
        registered: impl IntoIterator<Item = (String, String, Money)>,
    ) -> Self {
        let due = |(shop, reference, amount)| {
            let set_by = SetBy::Registration;
            (shop, reference, Due { amount, set_by })
        };
        Self {
            rows,
            max_rows,
            registered: registered.into_iter().map(due).collect(),
        }
    }

    /// The registered sales: shop, reference and amount of each.
    pub fn registered(&self) -> impl Iterator<Item = (&str, &str, &Money)> {
        let registered = self.registered.iter();
        registered.map(|(shop, reference, due)| (shop.as_str(), reference.as_str(), &due.amount))
    }

    /// All rows, the oldest first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The trade of this row.
    #[must_use]
    pub fn trade(&self, row: usize) -> &Trade {
        &self.rows[row].trade
    }

    /// The row of a trade.
    #[must_use]
    pub fn find(&self, trade_id: &str) -> Option<usize> {
        let is = |row: &Row| row.trade.facts().trade_id == trade_id;
        self.rows.iter().position(is)
    }

    /// Begins a trade, or finds the one that began with the same key.
    ///
    /// # Errors
    /// The key has another trade, the rules of admission deny it, or the store is full.
    pub fn create(
        &mut self,
        creator: &Creator<'_>,
        new: &NewTrade,
        now: Ms,
        policy: &Policy,
    ) -> Result<Created, Denied> {
        let refused = |code| Denied {
            code,
            row: None,
            denial: None,
        };
        let same =
            |row: &Row| row.trade.facts().shop == creator.shop && row.key == new.idempotency_key;
        if let Some(row) = self.rows.iter().position(same) {
            return if admission::is_same(self.trade(row).facts(), creator.terminal, new) {
                Ok(Created::Same(row))
            } else {
                Err(refused(ProblemCode::IdempotencyMismatch))
            };
        }
        let others = self.of_sale(creator.shop, &new.sale.reference);
        let given_up = others.iter().find_map(|row| self.trade(*row).given_up());
        admission::check_given_up(given_up).map_err(refused)?;
        let due = self.due(creator.shop, &new.sale.reference);
        let candidate = Candidate {
            terminal: creator.terminal,
            amount: new.sale.amount.as_ref(),
            minted_s: None,
            sales: Sales::Open,
        };
        let trades = others.iter().map(|row| self.trade(*row));
        let admission = admission::admit(trades, due.as_ref(), &candidate, now, policy)
            .map_err(|denial| Denied::by(denial, &others))?;
        if self.rows.len() >= self.max_rows {
            return Err(refused(ProblemCode::RateLimited));
        }
        let replaced = self.replace(&others, admission.replaced);
        let facts = Facts {
            trade_id: creator.trade_id.to_owned(),
            shop: creator.shop.to_owned(),
            terminal: creator.terminal.to_owned(),
            cashier: Some(creator.cashier.to_owned()),
            attempt: u32::try_from(others.len()).map_or(u32::MAX, |before| before + 1),
            sale: Sale {
                reference: new.sale.reference.clone(),
                amount: admission.asked,
            },
            wallet_id: new.wallet_id.clone(),
            wallet_name: creator.wallet_name.to_owned(),
            mode: new.mode,
        };
        self.rows.push(Row {
            key: new.idempotency_key.clone(),
            trade: Trade::new(facts, now),
        });
        let row = self.rows.len() - 1;
        Ok(Created::New { row, replaced })
    }

    /// Registers a sale, or changes its amount. Returns the rows that it abandons, with their moves.
    ///
    /// # Errors
    /// Money of a trade may have moved.
    pub fn register(
        &mut self,
        shop: &str,
        reference: &str,
        amount: &Money,
        now: Ms,
        policy: &Policy,
    ) -> Result<Vec<(usize, Vec<Move>)>, registration::RegistrationDenial> {
        let others = self.of_sale(shop, reference);
        let due = self.due(shop, reference);
        let trades = others.iter().map(|row| self.trade(*row));
        let registration = registration::register(trades, due.as_ref(), amount, now, policy)?;
        let replaced = self.replace(&others, registration.replaced);
        self.registered
            .retain(|(of, name, _)| of != shop || name != reference);
        let due = Due {
            amount: amount.clone(),
            set_by: SetBy::Registration,
        };
        let row = (shop.to_owned(), reference.to_owned(), due);
        self.registered.push(row);
        Ok(replaced)
    }

    /// What a sale asks for.
    #[must_use]
    pub fn due(&self, shop: &str, reference: &str) -> Option<Due> {
        let mut registered = self.registered.iter();
        let own = registered.find(|(of, name, _)| of == shop && name == reference);
        let first = || {
            let rows = self.of_sale(shop, reference);
            rows.first().map(|row| Due::of_first(self.trade(*row)))
        };
        own.map(|(_, _, due)| due.clone()).or_else(first)
    }

    fn replace(
        &mut self,
        others: &[usize],
        replaced: Vec<(usize, Trade)>,
    ) -> Vec<(usize, Vec<Move>)> {
        let store = |(at, mut left): (usize, Trade)| {
            let moves = left.take_moves();
            self.rows[others[at]].trade = left;
            (others[at], moves)
        };
        replaced.into_iter().map(store).collect()
    }

    /// How the other trades of its sale limit this one.
    #[must_use]
    pub fn held_by_others(&self, of: usize) -> SaleHold {
        if self.is_given_up(of) {
            SaleHold::Held
        } else {
            self.held_by_trades(of)
        }
    }

    fn held_by_trades(&self, of: usize) -> SaleHold {
        let others = self.others(of);
        others
            .map(|row| row.trade.sale_hold())
            .max()
            .unwrap_or(SaleHold::None)
    }

    /// Whether the customer pays the sale of this row in another way. That holds the sale as another trade would.
    #[must_use]
    pub fn is_given_up(&self, of: usize) -> bool {
        let own = self.trade(of).given_up().is_some();
        own || self.others(of).any(|row| row.trade.given_up().is_some())
    }

    /// Stops collecting the sale of this row, or asks the gateway first. Then drain the row with [`Store::next`].
    ///
    /// # Errors
    /// The rule of giving up denies it, or another trade holds the sale.
    pub fn give_up(
        &mut self,
        of: usize,
        wish: &GiveUp,
        policy: &Policy,
    ) -> Result<(usize, Vec<Move>), Denied> {
        let facts = self.trade(of).facts();
        let rows = self.of_sale(&facts.shop, &facts.sale.reference);
        let trades: Vec<Trade> = rows.iter().map(|row| self.trade(*row).clone()).collect();
        let answer = giving_up::give_up(&trades, wish, policy);
        let answer = answer.map_err(|denial| Denied::by(denial, &rows))?;
        let (at, mut after) = match answer.expect("the row is a trade of the sale") {
            GivingUp::Now(at, after) | GivingUp::Asks(at, after) => (rows[at], after),
        };
        let moves = after.take_moves();
        self.rows[at].trade = *after;
        Ok((at, moves))
    }

    /// Reads a row and decides what this event changes. The store changes only when the change is committed.
    #[must_use]
    pub fn decide(
        &self,
        row: usize,
        event: Event,
        now: Ms,
        policy: &Policy,
        around: &Surroundings<'_>,
    ) -> Change {
        let event = self.known(row, event, around);
        let context = Context {
            now,
            policy,
            held_by_others: self.held_by_others(row),
            gateway_answer: around.gateway_answer,
            code_reused: self.is_code_reused(row, &event, now, policy, around),
        };
        let mut after = self.trade(row).clone();
        let was = after.version();
        let granted = after.handle(event.clone(), &context);
        Change {
            row,
            event,
            after,
            was,
            granted,
        }
    }

    /// Writes a change. Then drain the row with [`Store::next`].
    ///
    /// # Errors
    /// Another change of the row was faster, or another trade now holds the sale.
    pub fn commit(&mut self, change: Change) -> Result<Committed, Conflict> {
        let Change {
            row,
            event,
            mut after,
            was,
            granted,
        } = change;
        let changes = after.version() != was;
        let overtaken = self.trade(row).version() != was;
        let second = after.holds_sale() && self.held_by_trades(row) == SaleHold::Held;
        if changes && (overtaken || second) {
            return Err(Conflict {
                event: Box::new(event),
                overtaken,
            });
        }
        let moves = after.take_moves();
        // The event changed nothing in this row, but another change may have been written since.
        if changes {
            self.rows[row].trade = after;
        }
        Ok(Committed { moves, granted })
    }

    /// The next step of this row's driver.
    pub fn next(&mut self, row: usize, policy: &Policy) -> Step {
        self.rows[row].trade.next(policy)
    }

    /// The first rows of a list, after this position: those of a sale with the oldest first, others with the newest
    /// first.
    #[must_use]
    pub fn list(&self, filter: &Filter, after: Option<&Cursor>, rows: usize) -> Vec<usize> {
        let mut listed: Vec<usize> = (0..self.rows.len())
            .filter(|row| takes(filter, after, self.trade(*row)))
            .collect();
        let created = |row: &usize| {
            let trade = self.trade(*row);
            (trade.created_ms(), trade.facts().trade_id.clone())
        };
        match filter.reference {
            Some(_) => listed.sort_by_key(|row| self.trade(*row).facts().attempt),
            None => listed.sort_by_key(|row| std::cmp::Reverse(created(row))),
        }
        listed.truncate(rows);
        listed
    }

    /// The rows of a sale, the oldest first.
    #[must_use]
    pub fn of_sale(&self, shop: &str, reference: &str) -> Vec<usize> {
        let of = |row: &usize| {
            let facts = self.trade(*row).facts();
            facts.shop == shop && facts.sale.reference == reference
        };
        (0..self.rows.len()).filter(of).collect()
    }

    fn others(&self, of: usize) -> impl Iterator<Item = &Row> {
        let facts = self.trade(of).facts();
        let rows = self.of_sale(&facts.shop, &facts.sale.reference);
        let others = rows.into_iter().filter(move |row| *row != of);
        others.map(|row| &self.rows[row])
    }

    /// Replaces a creation's answer if another row already has the gateway's id in it.
    fn known(&self, row: usize, event: Event, around: &Surroundings<'_>) -> Event {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return event;
        };
        let own = self.trade(row).facts();
        let has = |other: &Row| other.trade.gateway_ref() == Some(gateway_ref);
        let mut rows = self.rows.iter().enumerate().filter(|(at, _)| *at != row);
        let holder = rows.find(|(_, other)| has(other));
        let holder = holder.map(|(_, other)| other.trade.facts().trade_id.as_str());
        if sale::is_id_repeated(holder.or(around.holder), &own.trade_id) {
            return Event::Created(CreateAnswer::Repeated);
        }
        event
    }

    fn is_code_reused(
        &self,
        row: usize,
        event: &Event,
        now: Ms,
        policy: &Policy,
        around: &Surroundings<'_>,
    ) -> bool {
        let Event::Code(mark) = event else {
            return false;
        };
        let last = self.last_use(row, mark).or_else(|| around.code.clone());
        let reference = &self.trade(row).facts().sale.reference;
        sale::is_code_reused(last.as_ref(), reference, now, policy)
    }

    /// The last hand-over of a code for another row.
    fn last_use(&self, row: usize, mark: &CodeMark) -> Option<CodeUse> {
        let others = self.rows.iter().enumerate().filter(|(at, _)| *at != row);
        let used = others
            .filter(|(_, other)| other.trade.payment_left() && other.trade.code() == Some(mark));
        let last = used.map(|(_, other)| &other.trade).next_back()?;
        Some(CodeUse {
            reference: last.facts().sale.reference.clone(),
            // The row does not store when its code came. The last move is later, so the code is remembered for longer.
            at_ms: last.since_ms(),
            refused: sale::frees_code(last.state()),
        })
    }
}

/// Whether a list has this trade after this position.
fn takes(filter: &Filter, after: Option<&Cursor>, trade: &Trade) -> bool {
    let (facts, created_ms) = (trade.facts(), trade.created_ms());
    let is_after = match after {
        None => true,
        Some(Cursor::Attempt(attempt)) => facts.attempt > *attempt,
        Some(Cursor::Time(ms, trade_id)) => (created_ms, &facts.trade_id) < (*ms, trade_id),
    };
    let (span, reference) = (filter.span.as_ref(), filter.reference.as_ref());
    let terminal = filter.terminal.as_ref();
    is_after
        && span.is_none_or(|span| span.contains(&created_ms))
        && reference.is_none_or(|reference| *reference == facts.sale.reference)
        && terminal.is_none_or(|terminal| *terminal == facts.terminal)
        && (!filter.is_open || !trade.state().status().is_final())
}
