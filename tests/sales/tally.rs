//! The result of a run: counts that add up in any order, so that the number of threads changes nothing.

use std::collections::BTreeSet;
use std::fmt;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{MOVES, Move};

macro_rules! faults {
    ($($name:ident: $text:literal,)*) => {
        /// What can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($name,)* }

        impl Fault {
            const NAMES: &'static [&'static str] = &[$($text,)*];

            pub(crate) fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }
        }
    };
}

faults! {
    CallLost: "call lost",
    CallDelayed: "call delayed",
    CallTwice: "call delivered twice",
    ReplyLost: "reply lost",
    ReplyDelayed: "reply delayed",
    NetworkCut: "network of a till cut",
    RequestLost: "request to the gateway lost",
    RequestHeld: "request to the gateway held up",
    AnswerLost: "answer of the gateway lost",
    AnswerLate: "answer of the gateway late",
    AnswerStuck: "answer of the gateway read in time and stored late",
    AnswerGarbled: "answer of the gateway garbled",
    AnswerWrong: "answer of the gateway about another amount",
    StatusStale: "status older than the ledger",
    Unsent: "not a byte left for the gateway",
    GatewayDown: "gateway down",
    PageDied: "page died",
    DiedWriting: "page died between the deed and its journal",
    DiedCalling: "page died just after the call",
    PageSlept: "laptop slept",
    TimerThrottled: "timer of a page throttled",
    JournalMissing: "page without a journal",
    JournalLost: "write to the journal lost",
    BackendDied: "backend died",
    DiedUnsent: "backend died between the row and the request",
    DiedSent: "backend died just after the request",
    BackendStalled: "backend stalled",
    StoreDown: "store down",
    StoreRaced: "row overtaken by another process",
    IndexHeld: "second holder of a sale refused by the index",
    ClockOff: "wall clock a day off",
    PaidAfterAll: "paid after it was closed",
    GivenBack: "given back elsewhere",
    ReversalUndone: "a reversal undone by the gateway",
    GivenUp: "paid in another way",
    NotGivenUp: "payment in another way refused",
    Corrected: "correction of a person's verdict",
    WronglyCorrected: "wrong correction of a person's \"paid\"",
    IdRepeated: "id of another trade given to a new one",
    SecondTill: "sale charged from a second till",
    ChargedAgain: "sale charged again",
    ScannedTwice: "our code scanned by a second customer",
    ScannedLate: "our code scanned after it was taken down",
    Registered: "amount of a sale registered or changed by the shop",
    NotRegistered: "change of a registered amount refused",
    StorageWiped: "storage of a page wiped while a payment is pending",
    DeviceTurnedAway: "change refused because another device of the name acts",
    NothingToShow: "trade without a code to show",
}

const FAULTS: usize = Fault::NAMES.len();

/// The kinds of broken rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Money was charged or given back more than once.
    Double,
    /// The ledger contradicts a state or the end of a charge.
    Wrong,
    /// Faults had stopped, time had passed, and an outcome was still open.
    Unresolved,
}

/// A sale that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The sale's number.
    pub sale: u64,
    /// The rule that it broke.
    pub kind: Kind,
    /// What happened.
    pub what: String,
}

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of sales.
    pub sales: u64,
    /// Sales whose faults stopped at some point.
    pub live: u64,
    /// The number of trades.
    pub trades: u64,
    /// The number of trades whose code we showed.
    pub shown: u64,
    /// The number of events.
    pub events: u64,
    /// The virtual time of all sales, in milliseconds.
    pub virtual_ms: u128,
    /// Sales that were paid at their end.
    pub paid: u64,
    /// How often each move of a trade was taken.
    pub moves: BTreeSet<Move>,
    /// The sales that broke a rule, by number.
    pub findings: Vec<Finding>,
    faults: Counts,
}

/// How often each fault struck.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counts([u64; FAULTS]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; FAULTS])
    }
}

impl Tally {
    pub(crate) fn note(&mut self, fault: Fault) {
        self.faults.0[fault as usize] += 1;
    }

    pub(crate) fn passed(&mut self, ms: Ms) {
        self.virtual_ms += u128::from(ms);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.sales += other.sales;
        self.live += other.live;
        self.trades += other.trades;
        self.shown += other.shown;
        self.events += other.events;
        self.virtual_ms += other.virtual_ms;
        self.paid += other.paid;
        self.moves.extend(other.moves);
        self.findings.extend(other.findings);
        self.findings.sort();
        for (sum, more) in self.faults.0.iter_mut().zip(other.faults.0) {
            *sum += more;
        }
    }

    /// How many sales broke this rule.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        let of_kind = |finding: &&Finding| finding.kind == kind;
        self.findings.iter().filter(of_kind).count()
    }

    /// The last line of a run.
    #[must_use]
    pub fn verdict(&self) -> String {
        let [double, wrong, unresolved] =
            [Kind::Double, Kind::Wrong, Kind::Unresolved].map(|kind| self.count(kind));
        format!("double {double}, wrong {wrong}, unresolved {unresolved}")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.virtual_ms / 3_600_000;
        writeln!(
            f,
            "{:>12} sales ({} under faults without end, {} whose faults stop)",
            self.sales,
            self.sales - self.live,
            self.live
        )?;
        writeln!(
            f,
            "{:>12} trades ({} with a code of ours on display)",
            self.trades, self.shown
        )?;
        writeln!(f, "{:>12} sales paid", self.paid)?;
        writeln!(f, "{:>12} events", self.events)?;
        writeln!(f, "{hours:>12} virtual hours")?;
        let table: BTreeSet<Move> = MOVES
            .iter()
            .map(|&(from, to, _)| Move { from, to })
            .collect();
        writeln!(
            f,
            "{:>12} of {} moves of the table taken",
            self.moves.intersection(&table).count(),
            table.len()
        )?;
        for Move { from, to } in table.difference(&self.moves) {
            writeln!(f, "{:>12} move not taken: {from:?} -> {to:?}", 0)?;
        }
        writeln!(f, "faults:")?;
        for (name, count) in Fault::NAMES.iter().zip(self.faults.0) {
            writeln!(f, "{count:>12} {name}")?;
        }
        Ok(())
    }
}
