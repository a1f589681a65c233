//! Decides when a reading of a live picture is believed, and passes each code once in a scan.
//!
//! A misread digit takes another customer's money.
//! Error correction catches nearly every misread, and a misread EMVCo code has a broken structure.
//! A code of digits has neither structure nor check, so it needs two equal readings.
//!
//! Both may come from one picture if each had error correction to spare.
//! Noise becomes such a code at most once in 10^12 times, and a second picture with the same reflection proves no more.
//! Otherwise they come from two pictures.
//! `docs/decisions/0007-two-readings-must-agree.md` has the measurements.
//!
//! The gate sees no pixels. The reader gives it the [`Evidence`] of each code.

use std::fmt;

use crate::wallet::{Kind, recognise};

/// Codes that one scan may pass, and unconfirmed ones that it remembers.
///
/// A counter sees a handful. Larger: a screen that shows one code after another fills the memory.
/// Smaller: a customer's code may be ignored.
const MAX_PASSED: usize = 64;

/// One reading of a code. Its `Debug` prints lengths only, because a code is worth money.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The code's bytes. Two readings are equal if their bytes are.
    pub bytes: &'a [u8],
    /// The bytes as text, by which the kind of code is recognised.
    pub text: &'a str,
    /// The reader has read it twice in this picture, both times with error correction to spare.
    pub confirmed: bool,
}

impl fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, confirmed) = (self.bytes.len(), self.confirmed);
        write!(f, "Evidence({length} bytes, confirmed: {confirmed})")
    }
}

/// The gate of one scan.
///
/// ```
/// use kaunter_core::gate::{Evidence, Gate};
///
/// let read = |text: &'static str, confirmed| Evidence { bytes: text.as_bytes(), text, confirmed };
/// let mut gate = Gate::new();
///
/// // Digits without a check: only the second equal reading passes, and only once.
/// assert!(!gate.pass(read("134503098230927349", false)));
/// assert!(!gate.pass(read("134503098230927348", false)));
/// assert!(gate.pass(read("134503098230927349", false)));
/// assert!(!gate.pass(read("134503098230927349", false)));
///
/// // Two readings of one picture, and codes with a structure of their own, pass at once.
/// assert!(gate.pass(read("287650098230927349", true)));
/// assert!(gate.pass(read("TNG-7Q2M", false)));
/// ```
#[derive(Default)]
pub struct Gate {
    /// Digits that were read once, without confirmation.
    once: Vec<Vec<u8>>,
    passed: Vec<Vec<u8>>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({} passed)", self.passed.len())
    }
}

impl Gate {
    /// A gate for a new scan.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a code passes with this reading: each code once in a scan, and digits with their second equal reading.
    pub fn pass(&mut self, code: Evidence<'_>) -> bool {
        if holds(&self.passed, code.bytes) || self.passed.len() >= MAX_PASSED {
            return false;
        }
        if needs_second_reading(code) && !holds(&self.once, code.bytes) {
            if self.once.len() >= MAX_PASSED {
                self.once.remove(0);
            }
            self.once.push(code.bytes.to_vec());
            return false;
        }
        self.passed.push(code.bytes.to_vec());
        true
    }
}

fn holds(codes: &[Vec<u8>], bytes: &[u8]) -> bool {
    codes.iter().any(|code| code == bytes)
}

/// Whether a code needs a second equal reading: digits without a check that are not confirmed.
fn needs_second_reading(code: Evidence<'_>) -> bool {
    if code.confirmed {
        return false;
    }
    match recognise(code.text).kind {
        Kind::WeChatPay | Kind::Alipay | Kind::UnionPay => true,
        Kind::Opaque => code.bytes.iter().all(u8::is_ascii_digit),
        Kind::EmvConsumer { .. } | Kind::Merchant => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Evidence<'_> {
        Evidence {
            bytes: text.as_bytes(),
            text,
            confirmed: false,
        }
    }

    #[test]
    fn bare_digits_that_one_picture_has_confirmed_pass_at_once_and_once() {
        let mut gate = Gate::new();
        let confirmed = Evidence {
            confirmed: true,
            ..read("134503098230927349")
        };
        assert!(gate.pass(confirmed));
        assert!(!gate.pass(confirmed));
    }

    #[test]
    fn bare_digits_pass_on_their_second_equal_reading_and_once() {
        let mut gate = Gate::new();
        assert!(!gate.pass(read("134503098230927349")));
        assert!(!gate.pass(read("134503098230927348")), "another reading");
        assert!(gate.pass(read("134503098230927349")));
        assert!(!gate.pass(read("134503098230927349")), "offered once");
    }

    #[test]
    fn a_code_with_letters_passes_at_once_and_once() {
        let mut gate = Gate::new();
        assert!(gate.pass(read("TNG-7Q2M")));
        assert!(!gate.pass(read("TNG-7Q2M")));
    }

    #[test]
    fn evidence_and_gate_print_no_code() {
        let mut gate = Gate::new();
        let code = read("TNG-7Q2M");
        gate.pass(code);
        assert!(!format!("{code:?} {gate:?}").contains("TNG"));
    }
}
