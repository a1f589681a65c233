//! When a reading of a live picture is believed.
//!
//! A misread digit is another customer's money. Error correction catches nearly every misread, and an EMVCo code has a
//! structure that a misread breaks; bare digits have neither structure nor check, so they are read twice. Twice in one
//! picture is enough where both left error correction to spare: of noise that makes a code once in 10^12 times at most, and
//! a second picture under the same lamp says no more. Else twice in two pictures. Each code passes once.

use super::Found;
use crate::wallet::{Kind, recognise};

/// Codes that one scan may pass: a counter sees a handful, and a bound is a bound.
const MOST_PASSED: usize = 64;

/// The gate of one scan.
#[derive(Default)]
pub struct Gate {
    /// Bare digits that earlier frames held unconfirmed: the second reading passes.
    once: Vec<Vec<u8>>,
    passed: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({} passed)", self.passed.len())
    }
}

impl Gate {
    /// A gate that nothing has passed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The codes of one frame that pass now: each once in a scan, bare digits on their second equal reading.
    pub fn pass(&mut self, codes: Vec<Found>) -> Vec<Found> {
        let mut passing = Vec::new();
        for code in codes {
            if self.passed.contains(&code.bytes) || self.passed.len() >= MOST_PASSED {
                continue;
            }
            if needs_second_look(&code) && !self.once.contains(&code.bytes) {
                if self.once.len() >= MOST_PASSED {
                    self.once.remove(0);
                }
                self.once.push(code.bytes);
                continue;
            }
            self.passed.push(code.bytes.clone());
            passing.push(code);
        }
        passing
    }
}

fn needs_second_look(code: &Found) -> bool {
    if code.confirmed {
        return false;
    }
    match recognise(&code.text).kind {
        Kind::WeChatPay | Kind::Alipay | Kind::UnionPay => true,
        Kind::Opaque => code.bytes.iter().all(u8::is_ascii_digit),
        Kind::EmvConsumer { .. } | Kind::Merchant => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Point;
    use super::*;

    fn found(text: &str) -> Vec<Found> {
        vec![Found {
            bytes: text.as_bytes().to_vec(),
            eci: None,
            text: text.to_owned(),
            corners: [Point { x: 0.0, y: 0.0 }; 4],
            confirmed: false,
        }]
    }

    #[test]
    fn bare_digits_that_one_picture_has_confirmed_pass_at_once_and_once() {
        let mut gate = Gate::new();
        let confirmed = || {
            let mut codes = found("134503098230927349");
            codes[0].confirmed = true;
            codes
        };
        assert_eq!(gate.pass(confirmed()).len(), 1);
        assert!(gate.pass(confirmed()).is_empty());
    }

    #[test]
    fn bare_digits_pass_on_their_second_equal_reading_and_once() {
        let mut gate = Gate::new();
        assert!(gate.pass(found("134503098230927349")).is_empty());
        assert!(
            gate.pass(found("134503098230927348")).is_empty(),
            "another reading"
        );
        assert_eq!(gate.pass(found("134503098230927349")).len(), 1);
        assert!(
            gate.pass(found("134503098230927349")).is_empty(),
            "offered once"
        );
    }

    #[test]
    fn a_code_with_letters_passes_at_once_and_once() {
        let mut gate = Gate::new();
        assert_eq!(gate.pass(found("TNG-7Q2M")).len(), 1);
        assert!(gate.pass(found("TNG-7Q2M")).is_empty());
    }
}
