//! Simulates millions of sales on virtual time.
//!
//! There are tills, processes of the backend on one store, and a gateway with a ledger.
//! Network, clocks and people do everything to them that they can do. Both machines are the real ones.
//!
//! Each sale is a world of its own: trades of different sales share only processes, and each of the store's rules
//! concerns one sale. The seed of a world is made of the run's seed and the world's number.
//! So it replays alone ([`trace`]), and the number of threads changes nothing.
//!
//! It starts no program, opens no socket and reads no clock. `cargo xtask sim` measures its time.

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

/// The number of sales that a thread takes at once.
const BATCH: u64 = 256;

/// Simulates this number of sales, numbered from 0.
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

/// The whole history of one sale, with a line for each event, and its result.
#[must_use]
pub fn trace(seed: u64, sale: u64) -> (Vec<String>, Tally) {
    let mut tally = Tally::default();
    let mut world = World::new(seed, sale, &mut tally, true);
    world.run();
    let story = world.story.take().unwrap_or_default();
    (story, tally)
}
