//! The walk: it visits every world of page, backend and gateway that is reachable under a bounded policy.
//!
//! Question: can any order of events, faults, late answers and crashes charge a customer twice, or show a false end?
//! The machines are the real ones. The gateway is a model with a ledger of its charges and refunds.
//! The walk prints `N worlds` for each kind of world, how many moves of the table were taken, and the time.
//! A counter-example is printed step by step, with the name of its kind.
//!
//! `KAUNTER_WALK="cancel refunds" cargo test -p kaunter-core --test walk -- --nocapture` walks one kind by its name.
//! Without a name, it walks all kinds but the [`LARGE`] ones, and one of those. `KAUNTER_WALK=all` walks all, in four
//! times the time.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod world;

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::quality::FixedState;
use kaunter_core::trade::{MOVES, Move};
use world::{Action, Kind, World};

/// The most worlds of one kind. More of them mean that the policy is not small: a bug of the walk, not of the machines.
const MOST_WORLDS: usize = 12_000_000;

/// Kinds of 700,000 worlds and more: three quarters of all worlds. A usual run walks one of them, drawn at random.
const LARGE: [&str; 9] = [
    "cancel refunds",
    "cancel",
    "given back elsewhere, a hasty verdict",
    "cancel, paid after all",
    "our code, paid after all",
    "our code",
    "paid after all",
    "our code, cancel, paid after all",
    "no cancel",
];

/// One walk has found a fault. The others stop, because one counter-example is enough.
static FOUND: AtomicBool = AtomicBool::new(false);

struct Walk {
    seen: HashMap<u64, (u64, Action), FixedState>,
    moves: BTreeSet<Move>,
}

fn fingerprint(world: &World) -> u64 {
    FixedState::default().hash_one(world)
}

impl Walk {
    fn from(start: &World) -> Self {
        let mut walk = Self {
            seen: HashMap::default(),
            moves: BTreeSet::new(),
        };
        let mut open = vec![start.clone()];
        walk.seen.insert(fingerprint(start), (0, Action::Start));
        while let Some(world) = open.pop() {
            if FOUND.load(Ordering::Relaxed) {
                break;
            }
            let from = fingerprint(&world);
            for action in world.actions() {
                let mut next = world.clone();
                next.take(action);
                walk.moves.extend(next.drain_moves());
                let print = fingerprint(&next);
                if walk.seen.contains_key(&print) {
                    continue;
                }
                walk.seen.insert(print, (from, action));
                assert!(
                    walk.seen.len() < MOST_WORLDS,
                    "more than {MOST_WORLDS} worlds"
                );
                if let Err(what) = next.judge() {
                    FOUND.store(true, Ordering::Relaxed);
                    walk.tell(start, print);
                    panic!("{}: {what}\n{next:#?}", start.kind().name);
                }
                open.push(next);
            }
        }
        walk
    }

    /// Prints the steps to a world, with a sketch after each step.
    fn tell(&self, start: &World, mut print: u64) {
        println!("In a world of the kind \"{}\":", start.kind().name);
        let mut steps = Vec::new();
        while let Some((from, action)) = self.seen.get(&print) {
            steps.push(*action);
            print = *from;
        }
        steps.reverse();
        let mut world = start.clone();
        for (step, action) in steps.iter().enumerate() {
            let text = world.describe(*action);
            world.take(*action);
            println!("{step:3} {action:?} {text} -> {}", world.sketch());
        }
    }
}

/// The kinds that `KAUNTER_WALK` asks for.
fn kinds() -> Vec<Kind> {
    let all = Kind::all();
    let wanted: &dyn Fn(&str) -> bool = match std::env::var("KAUNTER_WALK") {
        Ok(name) if name == "all" => return all,
        Ok(name) => {
            let names: Vec<_> = all.iter().map(|kind| kind.name).collect();
            assert!(
                names.contains(&&*name),
                "no kind of worlds is called {name:?}; there are {names:#?}"
            );
            &move |kind| kind == name
        }
        Err(_) => {
            let drawn = LARGE[at_random(LARGE.len())];
            println!("of the large kinds: KAUNTER_WALK=\"{drawn}\"");
            &move |kind| kind == drawn || !LARGE.contains(&kind)
        }
    };
    all.into_iter().filter(|kind| wanted(kind.name)).collect()
}

fn at_random(below: usize) -> usize {
    let random = std::hash::RandomState::new().hash_one(());
    usize::try_from(random % below as u64).expect("it is below a usize")
}

#[test]
fn each_kind_of_worlds_has_a_name_of_its_own() {
    let kinds = Kind::all();
    let names: BTreeSet<_> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds.len());
    assert!(LARGE.iter().all(|large| names.contains(large)));
}

#[test]
fn rule_14_no_world_charges_twice_or_lies() {
    let began = std::time::Instant::now();
    let kinds = kinds();
    let all = kinds.len() == Kind::all().len();
    let kinds = std::sync::Mutex::new(kinds);
    let walked = std::sync::Mutex::new((0, BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(kind) = kinds.lock().unwrap().pop() else {
                        return;
                    };
                    let started = std::time::Instant::now();
                    let walk = Walk::from(&World::new(kind));
                    let (worlds, took_s) = (walk.seen.len(), started.elapsed().as_secs());
                    println!("{worlds:>9} worlds {took_s:>3} s  {}", kind.name);
                    let mut walked = walked.lock().unwrap();
                    walked.0 += walk.seen.len();
                    walked.1.extend(walk.moves);
                }
            });
        }
    });
    let (worlds, taken) = walked.into_inner().unwrap();
    let table: BTreeSet<Move> = MOVES
        .iter()
        .map(|&(from, to, _)| Move { from, to })
        .collect();
    let extra: Vec<_> = taken.difference(&table).collect();
    let missing: Vec<_> = table.difference(&taken).collect();
    println!(
        "{worlds} worlds, {} of {} moves of the table taken, {} s",
        table.intersection(&taken).count(),
        table.len(),
        began.elapsed().as_secs()
    );
    assert!(
        extra.is_empty(),
        "moves that the table doesn't have: {extra:?}"
    );
    assert!(
        missing.is_empty() || !all,
        "moves of the table that no world took: {missing:?}"
    );
}
