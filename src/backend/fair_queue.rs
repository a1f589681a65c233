//! Which trade comes next, where many wait for one thing. Trades that somebody looks at come before the others. The
//! terminals take turns. Of one terminal's trades, the one that is due longest comes first.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Every such turn is for a trade that nobody looks at, if one waits. So these trades are asked about even while the
/// others need the whole budget. A smaller number takes more from the customers who stand there.
const TURNS_PER_UNWATCHED: u32 = 8;

/// An id that several collections share.
pub(crate) type SharedId = Arc<str>;

/// Trades that wait for their turn.
#[derive(Default)]
pub(crate) struct FairQueue {
    turns: Mutex<TurnOrder>,
    joined: Notify,
}

impl FairQueue {
    /// Lets a trade wait, which was due then. It keeps its place if it waits already. `is_watched`: somebody looks at it
    /// now.
    pub(crate) fn join(
        &self,
        trade_id: &SharedId,
        terminal: &SharedId,
        due: Instant,
        is_watched: bool,
    ) {
        self.lock().join(trade_id, terminal, due, is_watched);
        self.joined.notify_one();
    }

    /// Somebody looks at the trade now.
    pub(crate) fn look(&self, trade_id: &str) {
        self.lock().look(trade_id);
    }

    /// The trade waits no longer.
    pub(crate) fn leave(&self, trade_id: &str) {
        self.lock().leave(trade_id);
    }

    /// Waits until a trade waits. Has one caller.
    pub(crate) async fn some(&self) {
        while self.len() == 0 {
            self.joined.notified().await;
        }
    }

    /// The trade whose turn it is.
    pub(crate) fn next(&self) -> Option<SharedId> {
        self.lock().next()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().places.len()
    }

    /// For how long the trade waits that waits longest.
    pub(crate) fn longest(&self) -> Duration {
        let turns = self.lock();
        let oldest = turns.places.values().map(|place| place.since).min();
        oldest.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, TurnOrder> {
        self.turns.lock().expect("nobody panics while holding it")
    }
}

/// The order of the turns.
#[derive(Default)]
struct TurnOrder {
    watched: Lane,
    unwatched: Lane,
    places: HashMap<SharedId, QueuePlace>,
    taken: u32,
}

/// Where a trade waits.
struct QueuePlace {
    terminal: SharedId,
    due: Instant,
    is_watched: bool,
    since: Instant,
}

impl TurnOrder {
    fn join(&mut self, trade_id: &SharedId, terminal: &SharedId, due: Instant, is_watched: bool) {
        if self.places.contains_key(trade_id) {
            if is_watched {
                self.look(trade_id);
            }
            return;
        }
        self.lane(is_watched).insert(terminal, due, trade_id);
        let place = QueuePlace {
            terminal: Arc::clone(terminal),
            due,
            is_watched,
            since: Instant::now(),
        };
        self.places.insert(Arc::clone(trade_id), place);
    }

    fn look(&mut self, trade_id: &str) {
        let Some((trade_id, place)) = self.places.get_key_value(trade_id) else {
            return;
        };
        if place.is_watched {
            return;
        }
        self.unwatched.remove(&place.terminal, place.due, trade_id);
        self.watched.insert(&place.terminal, place.due, trade_id);
        if let Some(place) = self.places.get_mut(trade_id.clone().as_ref()) {
            place.is_watched = true;
        }
    }

    fn leave(&mut self, trade_id: &str) {
        let Some((trade_id, place)) = self.places.remove_entry(trade_id) else {
            return;
        };
        self.lane(place.is_watched)
            .remove(&place.terminal, place.due, &trade_id);
    }

    fn next(&mut self) -> Option<SharedId> {
        self.taken = self.taken.wrapping_add(1);
        let (first, second) = match self.taken % TURNS_PER_UNWATCHED {
            0 => (&mut self.unwatched, &mut self.watched),
            _ => (&mut self.watched, &mut self.unwatched),
        };
        let trade_id = first.next().or_else(|| second.next())?;
        self.places.remove(&trade_id);
        Some(trade_id)
    }

    fn lane(&mut self, is_watched: bool) -> &mut Lane {
        match is_watched {
            true => &mut self.watched,
            false => &mut self.unwatched,
        }
    }
}

/// Terminals that take turns.
#[derive(Default)]
struct Lane {
    /// The terminals that have a record in `trades`, the next one first.
    order: VecDeque<SharedId>,
    /// Their trades, by the time when each was due. A record may be empty until its turn.
    trades: HashMap<SharedId, BTreeSet<(Instant, SharedId)>>,
}

impl Lane {
    fn insert(&mut self, terminal: &SharedId, due: Instant, trade_id: &SharedId) {
        if !self.trades.contains_key(terminal) {
            self.order.push_back(Arc::clone(terminal));
        }
        let own = self.trades.entry(Arc::clone(terminal)).or_default();
        own.insert((due, Arc::clone(trade_id)));
    }

    fn remove(&mut self, terminal: &SharedId, due: Instant, trade_id: &SharedId) {
        if let Some(own) = self.trades.get_mut(terminal) {
            own.remove(&(due, Arc::clone(trade_id)));
        }
    }

    fn next(&mut self) -> Option<SharedId> {
        while let Some(terminal) = self.order.pop_front() {
            let own = self.trades.get_mut(&terminal);
            let first = own.and_then(|own| Some((own.pop_first()?, own.is_empty())));
            match first {
                Some(((_, trade_id), false)) => {
                    self.order.push_back(terminal);
                    return Some(trade_id);
                }
                Some(((_, trade_id), true)) => {
                    self.trades.remove(&terminal);
                    return Some(trade_id);
                }
                None => drop(self.trades.remove(&terminal)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Instant {
        static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *BEGIN.get_or_init(Instant::now) + Duration::from_secs(second)
    }

    fn id(text: impl ToString) -> SharedId {
        text.to_string().into()
    }

    fn all(turns: &mut TurnOrder) -> Vec<String> {
        std::iter::from_fn(|| turns.next().map(|id| id.to_string())).collect()
    }

    #[test]
    fn rule_50_the_terminals_take_turns_and_the_oldest_of_each_comes_first() {
        let mut turns = TurnOrder::default();
        for nth in 0..3 {
            turns.join(&id(format!("a{nth}")), &id("a"), at(9 - nth), false);
        }
        turns.join(&id("b0"), &id("b"), at(20), false);
        turns.join(&id("c0"), &id("c"), at(1), false);
        assert_eq!(all(&mut turns), ["a2", "b0", "c0", "a1", "a0"]);
    }

    #[test]
    fn rule_50_a_trade_that_somebody_looks_at_comes_first_and_the_others_are_not_forgotten() {
        let mut turns = TurnOrder::default();
        for nth in 0..20 {
            turns.join(
                &id(format!("w{nth}")),
                &id(format!("till-{nth}")),
                at(5),
                true,
            );
            turns.join(&id(format!("u{nth}")), &id("left"), at(0), false);
        }
        turns.look("u19");
        turns.leave("w0");
        turns.leave("w0");
        let taken = all(&mut turns);
        assert_eq!(taken.len(), 39);
        let first: Vec<&String> = taken
            .iter()
            .take(16)
            .filter(|id| id.starts_with('u'))
            .collect();
        assert_eq!(first, ["u0", "u1"], "one turn in eight");
        let looked = taken.iter().position(|id| id == "u19");
        let unwatched = taken.iter().position(|id| id == "u3");
        assert!(looked < unwatched, "{taken:?}");
        assert_eq!(turns.places.len(), 0);
    }

    proptest::proptest! {
        #[test]
        fn rule_50_in_each_round_every_terminal_that_waits_is_served_once(
            waiting in proptest::collection::vec((0..6_u8, 0..50_u64), 1..60),
        ) {
            let mut turns = TurnOrder::default();
            let mut left = HashMap::<String, usize>::new();
            for (nth, (terminal, due)) in waiting.iter().enumerate() {
                turns.join(&id(format!("{terminal}-{nth}")), &id(terminal), at(*due), false);
                *left.entry(terminal.to_string()).or_default() += 1;
            }
            while !turns.places.is_empty() {
                let waits = left.values().filter(|own| **own > 0).count();
                let mut round = BTreeSet::new();
                for _ in 0..waits {
                    let taken = turns.next().expect("one waits");
                    let (terminal, _) = taken.split_once('-').expect("as it was joined");
                    *left.get_mut(terminal).expect("as it was joined") -= 1;
                    proptest::prop_assert!(round.insert(terminal.to_owned()), "served twice in a round");
                }
            }
            proptest::prop_assert!(left.values().all(|own| *own == 0));
        }
    }
}
