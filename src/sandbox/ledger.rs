//! The ledger: every trade with what was really charged and refunded, every code, every request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::faults::{Call, Script};
use kaunter_model::script::Customer;

/// The real state of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Created,
    Pending,
    Paid,
    Failed,
    Closed,
    Voided,
}

/// A trade.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Trade {
    pub(crate) trade_id: String,
    pub(crate) gateway_ref: String,
    pub(crate) wallet_id: String,
    pub(crate) amount: u64,
    pub(crate) charged: u64,
    pub(crate) refunded: u64,
    pub(crate) calls: Calls,
    pub(crate) events: Vec<String>,
    pub(crate) place: Place,
    /// The code that the till shows, if the customer scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<String>,
    #[serde(skip)]
    pub(crate) plan: TradePlan,
}

/// The plan of the customer and the script for a trade.
#[derive(Clone, Debug, Default)]
pub(crate) struct TradePlan {
    pub(crate) code: Option<String>,
    /// When the customer answers, and whether it is yes.
    pub(crate) answers_at_ms: Option<(u64, bool)>,
    /// The phone page decides.
    pub(crate) asks_phone: bool,
    pub(crate) late_success_ms: Option<u64>,
    pub(crate) paid_late_at_ms: Option<u64>,
    pub(crate) not_found: u32,
    pub(crate) contradict: bool,
    pub(crate) void_fails: u32,
    pub(crate) void_shows_at_ms: Option<u64>,
}

/// How often each call came.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    pub(crate) create: u32,
    pub(crate) pay: u32,
    pub(crate) status: u32,
    pub(crate) cancel: u32,
    pub(crate) void: u32,
}

/// A customer's code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) wallet_id: String,
    pub(crate) balance: u64,
    pub(crate) customer: Customer,
    pub(crate) ends_at_ms: u64,
    pub(crate) used: bool,
}

/// A request, as it arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) at_ms: u64,
    pub(crate) call: Call,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trade_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<crate::faults::Fault>,
    /// The code of a payment: tests compare it with what was scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
struct SavedState {
    trades: Vec<Trade>,
    codes: BTreeMap<String, Code>,
}

/// The state of the gateway.
pub(crate) struct World {
    pub(crate) trades: Trades,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) script: Script,
    pub(crate) log: Log,
    /// Tokens of the gateway, and when each expires.
    pub(crate) tokens: BTreeMap<String, u64>,
    pub(crate) phone_seen_ms: Option<u64>,
    pub(crate) down_until_ms: u64,
    pub(crate) random: ChaCha8Rng,
    file: Option<PathBuf>,
}

impl World {
    pub(crate) fn load(file: Option<&Path>, seed: u64, is_lean: bool) -> anyhow::Result<Self> {
        let book = match file.filter(|file| file.exists()) {
            Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
            None => SavedState::default(),
        };
        Ok(Self {
            trades: Trades::of(book.trades),
            codes: book.codes,
            script: Script::default(),
            log: Log {
                is_lean,
                ..Log::default()
            },
            tokens: BTreeMap::new(),
            phone_seen_ms: None,
            down_until_ms: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
            file: file.map(Path::to_path_buf),
        })
    }

    /// Saves the ledger, if it has a file.
    pub(crate) fn save(&self) {
        let Some(file) = &self.file else { return };
        let book = SavedState {
            trades: self.trades.all().to_vec(),
            codes: self.codes.clone(),
        };
        let written = serde_json::to_vec(&book).map(|bytes| std::fs::write(file, bytes));
        if !matches!(written, Ok(Ok(()))) {
            eprintln!("the ledger could not be written to {}", file.display());
        }
    }

    pub(crate) fn trade(&mut self, gateway_ref: &str) -> Option<&mut Trade> {
        self.trades.by_ref(gateway_ref)
    }

    /// Twenty digits, of which the first fourteen are a date: the format of the gateway's ids. No two trades share one.
    pub(crate) fn new_trans_id(&mut self) -> String {
        let date = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
        let date = date.strftime("%Y%m%d%H%M%S").to_string();
        loop {
            let tail: u32 = self.random.random_range(0..1_000_000);
            let gateway_ref = format!("{date}{tail:06}");
            if !self.trades.has_ref(&gateway_ref) {
                return gateway_ref;
            }
        }
    }

    /// Applies what is due: customers answer, late money arrives.
    pub(crate) fn settle(&mut self, now_ms: u64) {
        self.trades.settle(now_ms);
    }

    /// The phone page's answer to a payment that awaits it.
    pub(crate) fn phone_answers(&mut self, trade_id: &str, yes: bool, now_ms: u64) -> bool {
        let asks = |trade: &Trade| {
            trade.trade_id == trade_id && trade.place == Place::Pending && trade.plan.asks_phone
        };
        let Some(trade) = self.trades.find(asks) else {
            return false;
        };
        trade.plan.asks_phone = false;
        if yes {
            trade.charge("the customer confirmed on the phone");
        } else {
            trade.fail("the customer declined on the phone", now_ms);
        }
        true
    }
}

/// Every trade, oldest first. Each call of the gateway finds its trade without a search: a load of many tills has
/// thousands of calls per second.
#[derive(Default)]
pub(crate) struct Trades {
    all: Vec<Trade>,
    by_ref: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    /// Trades whose customer or whose late money may be due: every trade that was changed, until it has no such plan.
    planned: BTreeSet<usize>,
}

impl Trades {
    fn of(all: Vec<Trade>) -> Self {
        let mut trades = Self::default();
        all.into_iter().for_each(|trade| trades.push(trade));
        trades
    }

    pub(crate) fn all(&self) -> &[Trade] {
        &self.all
    }

    pub(crate) fn push(&mut self, trade: Trade) {
        let nth = self.all.len();
        self.by_ref.insert(trade.gateway_ref.clone(), nth);
        self.by_id.insert(trade.trade_id.clone(), nth);
        self.all.push(trade);
    }

    pub(crate) fn has_id(&self, trade_id: &str) -> bool {
        self.by_id.contains_key(trade_id)
    }

    fn has_ref(&self, gateway_ref: &str) -> bool {
        self.by_ref.contains_key(gateway_ref)
    }

    fn by_ref(&mut self, gateway_ref: &str) -> Option<&mut Trade> {
        let nth = *self.by_ref.get(gateway_ref)?;
        self.changing(nth)
    }

    /// The first trade of this kind, to change it.
    pub(crate) fn find(&mut self, is_it: impl Fn(&Trade) -> bool) -> Option<&mut Trade> {
        let nth = self.all.iter().position(is_it)?;
        self.changing(nth)
    }

    fn changing(&mut self, nth: usize) -> Option<&mut Trade> {
        self.planned.insert(nth);
        self.all.get_mut(nth)
    }

    fn settle(&mut self, now_ms: u64) {
        let all = &mut self.all;
        self.planned
            .retain(|nth| all.get_mut(*nth).is_some_and(|trade| trade.settle(now_ms)));
    }
}

/// The requests that came.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    /// How often each call came.
    pub(crate) counts: BTreeMap<Call, u64>,
    /// Only the counts are kept. A load of an hour has millions of requests.
    is_lean: bool,
}

impl Log {
    pub(crate) fn add(&mut self, entry: Entry) {
        *self.counts.entry(entry.call).or_default() += 1;
        if !self.is_lean {
            self.entries.push(entry);
        }
    }
}

impl Trade {
    /// Applies what is due. False if nothing can be due later.
    fn settle(&mut self, now_ms: u64) -> bool {
        let answer = self.plan.answers_at_ms.filter(|(at, _)| now_ms >= *at);
        if let Some((_, yes)) = answer.filter(|_| self.place == Place::Pending) {
            self.plan.answers_at_ms = None;
            if yes {
                self.charge("the customer confirmed");
            } else {
                self.fail("the customer declined", now_ms);
            }
        }
        let late = self.plan.paid_late_at_ms.filter(|at| now_ms >= *at);
        if late.is_some() && matches!(self.place, Place::Failed | Place::Closed) {
            self.plan.paid_late_at_ms = None;
            self.charge("paid after all");
        }
        self.plan.answers_at_ms.is_some() || self.plan.paid_late_at_ms.is_some()
    }

    pub(crate) fn charge(&mut self, why: &str) {
        self.place = Place::Paid;
        self.charged += self.amount;
        self.events.push(format!("charged: {why}"));
    }

    pub(crate) fn fail(&mut self, why: &str, now_ms: u64) {
        self.place = Place::Failed;
        self.plan.asks_phone = false;
        self.events.push(format!("failed: {why}"));
        self.promise_late(now_ms);
    }

    pub(crate) fn close(&mut self, why: &str, now_ms: u64) {
        self.place = Place::Closed;
        self.plan.asks_phone = false;
        self.events.push(format!("closed: {why}"));
        self.promise_late(now_ms);
    }

    pub(crate) fn refund(&mut self, why: &str) {
        self.place = Place::Voided;
        self.refunded += self.amount;
        self.events.push(format!("refunded: {why}"));
    }

    fn promise_late(&mut self, now_ms: u64) {
        let late = self.plan.late_success_ms.take();
        self.plan.paid_late_at_ms = late.map(|ms| now_ms + ms);
    }
}
