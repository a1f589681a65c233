//! Reproducible random numbers: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
//!
//! The same seed gives the same ids and codes. Its state is one number, which survives a reload, so that no id repeats.

/// The letters of an id: no two of them look alike.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The length of a trade's id.
const ID_CHARS: usize = 20;

/// A generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = limit as u64;
        // The remainder is below a `usize`.
        usize::try_from(self.draw() % limit).unwrap_or(0)
    }

    /// An id of a trade: `K`, as the backend's.
    pub(crate) fn trade_id(&mut self) -> String {
        let rest = (1..ID_CHARS).map(|_| char::from(LETTERS[self.below(LETTERS.len())]));
        std::iter::once('K').chain(rest).collect()
    }

    /// The gateway's id of a trade: 20 characters, as PayDibs writes them. Every receipt and every trade has it, so it
    /// says what it is.
    pub(crate) fn gateway_ref(&mut self) -> String {
        let digit = |_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0));
        "SANDBOX-".chars().chain((0..12).map(digit)).collect()
    }
}
