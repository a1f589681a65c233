//! Two processes on one store, their steps in any order: does a look ever show what was before, and does one version
//! ever have two contents?
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use kaunter_core::money::Money;
use kaunter_core::policy::Policy;
use kaunter_core::trade::{
    Carried, CodeMark, Context, CreateAnswer, Event, Facts, GatewayStatus, PayAnswer, SaleHold,
    StatusAnswer, Trade,
};
use kaunter_core::wire::{CodeMode, Sale};
use proptest::prelude::*;

use super::{Patience, Store, insert, update, with_sale_hold};
use crate::audit::AuditKeys;
use crate::secret::Secret;
use crate::trail::{ActorKind, AuditEntry, STARTED, entries, name};

const TRADES: usize = 4;
/// How many steps run at once.
const AT_ONCE: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Act {
    Look,
    /// Time passes: a status check may begin.
    Tick,
    /// Its answer has no news.
    NoNews,
    /// Such answers are stored.
    Answers,
    Code,
    Processing,
    Paid,
    /// The second process leaves, or comes back.
    Leave,
    Come,
}

fn steps() -> impl Strategy<Value = Vec<(usize, usize, Act)>> {
    let step = prop_oneof![
        8 => Just(Act::Look),
        4 => Just(Act::Tick),
        4 => Just(Act::NoNews),
        1 => Just(Act::Answers),
        1 => Just(Act::Code),
        1 => Just(Act::Processing),
        1 => Just(Act::Paid),
        1 => Just(Act::Leave),
        1 => Just(Act::Come),
    ];
    prop::collection::vec((0..2usize, 0..TRADES, step), 120)
}

struct World {
    file: PathBuf,
    keys: Arc<AuditKeys>,
    processes: [Mutex<Option<Store>>; 2],
    /// The version after the last change of each trade that has returned.
    stored: Mutex<HashMap<String, u64>>,
    /// What left a process under each version.
    shown: Mutex<HashMap<(String, u64), String>>,
    now: AtomicU64,
    free_looks: AtomicUsize,
}

fn id(nth: usize) -> String {
    format!("K{nth:019}")
}

impl World {
    async fn new() -> Self {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let nth = NTH.fetch_add(1, Ordering::SeqCst);
        let name = format!("kaunter-property-{}-{nth}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let key = Secret::new("an-audit-key-of-more-than-thirty-two-characters");
        let world = Self {
            file: dir.join("kaunter.db"),
            keys: Arc::new(AuditKeys::new(&key, &[])),
            processes: [Mutex::default(), Mutex::default()],
            stored: Mutex::default(),
            shown: Mutex::default(),
            now: AtomicU64::new(1_000_000),
            free_looks: AtomicUsize::new(0),
        };
        world.come(0).await;
        let store = world.process(0).unwrap();
        for nth in 0..TRADES {
            let mut change = store.begin().await.unwrap();
            let trade = Trade::new(facts(nth), world.now());
            super::take_sale(&mut change, "demo", &trade.facts().sale.reference)
                .await
                .unwrap();
            let entry = AuditEntry::new(ActorKind::Terminal.into(), STARTED);
            insert(&mut change, &trade, &id(nth), entry).await.unwrap();
            change.commit().await.unwrap();
            let made = CreateAnswer::Made {
                gateway_ref: format!("G{nth}"),
                payload: None,
            };
            world
                .apply(&store, nth, |_| Event::Created(made.clone()))
                .await;
        }
        world
    }

    fn now(&self) -> u64 {
        self.now.fetch_add(700, Ordering::SeqCst)
    }

    fn process(&self, nth: usize) -> Option<Store> {
        self.processes[nth].lock().unwrap().clone()
    }

    async fn come(&self, nth: usize) {
        if self.process(nth).is_some() {
            return;
        }
        let store = Store::open(&self.file, None, Arc::clone(&self.keys))
            .await
            .unwrap();
        store.standing.hurry(Duration::from_millis(2));
        store.join_at(None, self.file.clone()).await;
        *self.processes[nth].lock().unwrap() = Some(store);
    }

    async fn leave(&self, nth: usize) {
        drop(self.processes[nth].lock().unwrap().take());
        let other = self.process(1 - nth).unwrap();
        // It may have come back meanwhile.
        while other.epoch() == 0 && self.process(nth).is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn shows(&self, trade: &Trade) {
        let view = trade.view(0, |ms| ms.to_string());
        let view = serde_json::to_string(&view).unwrap();
        let key = (trade.facts().trade_id.clone(), trade.version());
        let mut shown = self.shown.lock().unwrap();
        let first = shown.entry(key).or_insert_with(|| view.clone());
        assert_eq!(*first, view, "one version has one content");
    }

    async fn look(&self, store: &Store, nth: usize) {
        let id = id(nth);
        let floor = self.stored.lock().unwrap().get(&id).copied().unwrap_or(0);
        self.free_looks.fetch_add(
            usize::from(store.memory.sure(&id).is_some()),
            Ordering::SeqCst,
        );
        let trade = store.look(&id).await.unwrap().unwrap();
        let version = trade.version();
        assert!(
            version >= floor,
            "{id}: {floor} was stored, and {version} is shown"
        );
        self.shows(&trade);
    }

    /// Changes a trade as `trades::change` does.
    async fn apply(&self, store: &Store, nth: usize, event: impl Fn(&Trade) -> Event) {
        let id = id(nth);
        for _ in 0..20 {
            let _turn = store.turn_of(&id).await;
            let base = match store.last_seen(&id) {
                Some(base) => base,
                None => store.look(&id).await.unwrap().unwrap(),
            };
            let event = event(&base);
            let mut trade = self.after(&base, event.clone());
            let is_still = trade.take_moves().is_empty() && event.is_local();
            let version = if is_still && trade.version() == base.version() {
                base.version()
            } else if is_still {
                let is_answer = matches!(event, Event::Status(..));
                let kept = is_answer.then(|| store.keep_unstored(&base, &trade));
                match kept.flatten() {
                    Some(kept) => kept.version(),
                    _ if store
                        .note(&trade, base.version(), Patience::Waits)
                        .await
                        .unwrap() =>
                    {
                        trade.version()
                    }
                    _ => continue,
                }
            } else {
                match self.store(store, &id, event).await {
                    Some(version) => version,
                    None => continue,
                }
            };
            let mut stored = self.stored.lock().unwrap();
            let stored = stored.entry(id).or_default();
            *stored = version.max(*stored);
            return;
        }
        panic!("it lost every race");
    }

    async fn store(&self, store: &Store, id: &str, event: Event) -> Option<u64> {
        let mut change = store.begin().await.unwrap();
        let (stored, _) = with_sale_hold(&mut change, id).await.unwrap().unwrap();
        let mut trade = self.after(&stored, event.clone());
        if trade.version() != stored.version() {
            let moves = trade.take_moves();
            let entries = entries(&moves, &ActorKind::Gateway.into(), name(&event));
            let was = stored.version();
            if !update(&mut change, &trade, was, entries, 0).await.unwrap() {
                return None;
            }
            change.commit().await.unwrap();
        }
        Some(trade.version())
    }

    fn after(&self, trade: &Trade, event: Event) -> Trade {
        let policy = Policy::default();
        let context = Context {
            now: self.now(),
            policy: &policy,
            held_by_others: SaleHold::None,
            gateway_answer: None,
            code_reused: false,
        };
        let mut trade = trade.clone();
        let _ = trade.handle(event, &context);
        trade
    }

    async fn step(&self, (process, nth, step): (usize, usize, Act)) {
        match step {
            Act::Come => return self.come(1).await,
            Act::Leave => return self.leave(1).await,
            Act::Look
            | Act::Tick
            | Act::NoNews
            | Act::Answers
            | Act::Code
            | Act::Processing
            | Act::Paid => {}
        }
        let Some(store) = self.process(process) else {
            return;
        };
        let answered = |trade: &Trade, status| {
            let carried = Carried {
                trade_id: Some(trade.facts().trade_id.clone()),
                ..Carried::default()
            };
            Event::Status(trade.version(), StatusAnswer { status, carried })
        };
        match step {
            Act::Answers => store.note_answers(Duration::ZERO).await,
            Act::Tick => self.apply(&store, nth, |_| Event::Tick).await,
            Act::NoNews => {
                let no_news = |trade: &Trade| answered(trade, GatewayStatus::Pending);
                self.apply(&store, nth, no_news).await;
            }
            Act::Code => {
                let mark = CodeMark(format!("mark {nth}"));
                self.apply(&store, nth, |_| Event::Code(mark.clone())).await;
            }
            Act::Processing => {
                let answer = PayAnswer::Processing(Carried::default());
                self.apply(&store, nth, |_| Event::PayAnswered(answer.clone()))
                    .await;
            }
            Act::Paid => {
                let paid = |trade: &Trade| answered(trade, GatewayStatus::Paid);
                self.apply(&store, nth, paid).await;
            }
            Act::Look | Act::Leave | Act::Come => self.look(&store, nth).await,
        }
    }
}

fn facts(nth: usize) -> Facts {
    Facts {
        trade_id: id(nth),
        shop: "demo".to_owned(),
        terminal: format!("till-{nth}"),
        cashier: None,
        attempt: 1,
        sale: Sale {
            reference: format!("order-{nth}"),
            amount: Money {
                minor: 1200,
                currency: "MYR".to_owned(),
            },
        },
        wallet_id: "23".to_owned(),
        wallet_name: String::new(),
        mode: CodeMode::ConsumerPresented,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_look_is_old_and_no_version_has_two_contents(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for steps in steps.chunks(AT_ONCE) {
                join_all(steps.iter().map(|step| world.step(*step))).await;
            }
            // At rest, both processes show the same.
            world.come(1).await;
            for nth in 0..TRADES {
                for process in 0..2 {
                    world.look(&world.process(process).unwrap(), nth).await;
                }
            }
            world.leave(1).await;
            for nth in 0..TRADES {
                let store = world.process(0).unwrap();
                world.look(&store, nth).await;
                world.look(&store, nth).await;
            }
            assert!(world.free_looks.load(Ordering::SeqCst) >= TRADES, "some looks were free");
            let _ = std::fs::remove_dir_all(world.file.parent().unwrap());
        });
    }
}
