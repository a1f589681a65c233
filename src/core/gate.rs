//! Decides when a reading of a live picture is believed.
//!
//! A misread digit is another customer's money. Error correction catches nearly every misread, and the structure of an
//! EMVCo code breaks where one slips through. Bare digits have no structure and no check, so two equal readings are
//! needed. Both may come from one picture if each left error correction to spare: noise becomes such a code at most
//! once in 10^12 times, and a second picture under the same lamp proves no more. Otherwise they come from two pictures.
//! Each code passes once per scan.
//!
//! The gate sees no pixels. Whoever reads the picture tells it the [`Evidence`] of each code.

use std::fmt;

use crate::wallet::{Kind, recognise};

/// Codes that one scan may pass: a counter sees a handful, and a bound is a bound.
const MOST_PASSED: usize = 64;

/// What one reading of a code tells the gate. Its `Debug` prints lengths only: a code is money.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The code's bytes: two readings are equal when these are.
    pub bytes: &'a [u8],
    /// The bytes as text: decides what kind of code this is.
    pub text: &'a str,
    /// The reader read it twice in this picture, with error correction to spare both times.
    pub confirmed: bool,
}

impl fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, confirmed) = (self.bytes.len(), self.confirmed);
        write!(f, "Evidence({length} bytes, confirmed: {confirmed})")
    }
}

/// The gate of one scan.
#[derive(Default)]
pub struct Gate {
    /// Bare digits that earlier frames held unconfirmed: the second reading passes.
    once: Vec<Vec<u8>>,
    passed: Vec<Vec<u8>>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({} passed)", self.passed.len())
    }
}

impl Gate {
    /// A gate that nothing has passed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a code passes now: each code once per scan, bare digits at their second equal reading.
    pub fn pass(&mut self, code: Evidence<'_>) -> bool {
        if holds(&self.passed, code.bytes) || self.passed.len() >= MOST_PASSED {
            return false;
        }
        if needs_second_look(code) && !holds(&self.once, code.bytes) {
            if self.once.len() >= MOST_PASSED {
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

fn needs_second_look(code: Evidence<'_>) -> bool {
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
