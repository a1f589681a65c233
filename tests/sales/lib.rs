//! Sales by the million on virtual time: tills, processes of the backend on one store, a gateway with a ledger, and a
//! network, clocks and people that do everything to them. The machines are the real ones of both hops.
//!
//! Each sale is a world of its own: trades of different sales share nothing but processes, and the store's rules are
//! all per sale. A world is seeded by the run's seed and its own number, so that it replays alone ([`trace`]) and the
//! number of threads changes nothing.
//!
//! It does not start a program, open a socket or read a clock: `cargo xtask sim` measures the time around it.

mod backend;
mod desk;
mod dice;
mod gateway;
mod hop1;
mod hop2;
mod judge;
mod page;
mod people;
mod queue;
mod tally;
mod weather;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub use tally::{Finding, Kind, Tally};

use world::World;

/// Sales that a thread takes at once.
const BATCH: u64 = 256;

/// Simulates so many sales, numbered from 0.
#[must_use]
pub fn run(sales: u64, seed: u64, threads: usize) -> Tally {
    let next = AtomicU64::new(0);
    let all = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut tally = Tally::default();
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= sales {
                        break;
                    }
                    for sale in from..sales.min(from + BATCH) {
                        World::new(seed, sale, &mut tally, false).run();
                    }
                }
                all.lock()
                    .expect("no thread panics while adding")
                    .add(tally);
            });
        }
    });
    all.into_inner().expect("no thread panics while adding")
}

/// One sale's whole history, a line per happening, and what it came to.
#[must_use]
pub fn trace(seed: u64, sale: u64) -> (Vec<String>, Tally) {
    let mut tally = Tally::default();
    let mut world = World::new(seed, sale, &mut tally, true);
    world.run();
    let story = world.story.take().unwrap_or_default();
    (story, tally)
}
