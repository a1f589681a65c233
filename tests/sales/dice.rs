//! The random numbers of one sale. They depend only on the run's seed and the sale's number.

use kaunter_core::policy::Ms;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The numbers of one sale, so that it can be replayed alone.
    pub(crate) fn of(seed: u64, sale: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(sale);
        Self(rng)
    }

    /// True with a chance of `permille` in a thousand.
    pub(crate) fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.0.random_range(0..1_000) < permille
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.0.random()
    }

    /// A number of this range, both ends included, each equally likely.
    pub(crate) fn between(&mut self, from: Ms, to: Ms) -> Ms {
        self.0.random_range(from..=to.max(from))
    }

    /// A number of this range, each doubling equally likely: seconds are common, and hours happen.
    pub(crate) fn spread(&mut self, from: Ms, to: Ms) -> Ms {
        let from = from.max(1);
        let doublings = (to / from).max(1).ilog2();
        let low = from << self.0.random_range(0..=doublings);
        self.between(low, low.saturating_mul(2)).min(to)
    }

    /// A number below this one.
    pub(crate) fn one_of(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }
}
