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
//! A phone that is still in the picture after its sale must not pay the next one.
//! So a code that was read for a sale passes for another sale only after the picture was without it (rule 48).
//!
//! The gate sees no pixels. The reader gives it the [`Evidence`] of each code.

use std::fmt;

use crate::code::trimmed;
use crate::wallet::{Kind, recognise};

/// Codes that one scan may pass, and unconfirmed ones that it remembers.
///
/// A counter sees a handful. Larger: a screen that shows one code after another fills the memory.
/// Smaller: a customer's code may be ignored.
const MAX_PASSED: usize = 64;
/// Codes of earlier sales that the gate remembers.
///
/// Larger: codes stay in memory for longer. Smaller: of several phones that were left in the picture, one may pay again.
const MAX_USED: usize = 8;

/// One reading of a code. Its `Debug` prints lengths only, because a code is worth money.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The code's bytes. Two readings are equal if their bytes are.
    pub bytes: &'a [u8],
    /// The bytes as text, by which the kind of code is recognised.
    pub text: &'a str,
    /// The reader has read it twice in this picture, both times with error correction to spare.
    pub confirmed: bool,
    /// The scan has watched the picture without this code for a while, and then it came.
    pub arrived: bool,
}

impl fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            confirmed, arrived, ..
        } = self;
        let length = self.bytes.len();
        write!(
            f,
            "Evidence({length} bytes, confirmed: {confirmed}, arrived: {arrived})"
        )
    }
}

/// The gate of a till: one scan after the other passes it.
///
/// ```
/// use kaunter_core::gate::{Evidence, Gate};
///
/// let read = |text: &'static str, confirmed| Evidence { bytes: text.as_bytes(), text, confirmed, arrived: false };
/// let mut gate = Gate::new();
/// gate.begin("order-1");
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
///
/// // A code of an earlier sale passes once the picture has been without it.
/// gate.used("TNG-7Q2M", "order-1");
/// gate.begin("order-2");
/// assert!(!gate.pass(read("TNG-7Q2M", false)));
/// assert!(gate.met_left_over());
/// assert!(gate.pass(Evidence { arrived: true, ..read("TNG-7Q2M", false) }));
/// ```
#[derive(Default)]
pub struct Gate {
    /// Digits that were read once, without confirmation.
    once: Vec<Vec<u8>>,
    passed: Vec<Vec<u8>>,
    /// The codes that were read for the sale, and those of earlier sales, oldest first.
    taken: Vec<Vec<u8>>,
    used: Vec<Vec<u8>>,
    /// The reference of the sale; empty if the scan is for no sale.
    sale: String,
    met_left_over: bool,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({} passed)", self.passed.len())
    }
}

impl Gate {
    /// A gate that knows no code of an earlier sale.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a scan for a sale, or with an empty reference for no sale.
    pub fn begin(&mut self, sale: &str) {
        self.once.clear();
        self.passed.clear();
        self.met_left_over = false;
        self.turn_to(sale);
    }

    /// A code was read for a sale, or typed for it.
    pub fn used(&mut self, code: &str, sale: &str) {
        self.turn_to(sale);
        self.taken.push(trimmed(code).as_bytes().to_vec());
    }

    /// Another sale begins: the codes of the last one are those of an earlier sale.
    fn turn_to(&mut self, sale: &str) {
        if self.sale != sale {
            self.used.append(&mut self.taken);
            while self.used.len() > MAX_USED {
                self.used.remove(0);
            }
            sale.clone_into(&mut self.sale);
        }
    }

    /// True if this scan has held back a code of an earlier sale that is still in the picture.
    #[must_use]
    pub fn met_left_over(&self) -> bool {
        self.met_left_over
    }

    /// Whether a code passes with this reading: each code once in a scan, and digits with their second equal reading.
    ///
    /// A code of an earlier sale passes only after the picture was without it.
    pub fn pass(&mut self, code: Evidence<'_>) -> bool {
        if self.is_left_over(code) {
            self.met_left_over = true;
            return false;
        }
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

    /// Whether a code was read for another sale and is still in the picture. One that came again is forgotten.
    fn is_left_over(&mut self, code: Evidence<'_>) -> bool {
        let text = trimmed(code.text);
        let Some(at) = self.used.iter().position(|used| used == text.as_bytes()) else {
            return false;
        };
        if code.arrived {
            self.used.remove(at);
        }
        !code.arrived
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
            arrived: false,
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

    /// A gate whose code was read for the sale `first`, in a scan for this sale.
    fn after_first(code: &str, sale: &str) -> Gate {
        let mut gate = Gate::new();
        gate.begin("first");
        gate.used(code, "first");
        gate.begin(sale);
        gate
    }

    #[test]
    fn rule_48_a_code_of_an_earlier_sale_passes_once_the_picture_was_without_it() {
        for sale in ["second", ""] {
            let mut gate = after_first(" TNG-7Q2M", sale);
            for _ in 0..3 {
                assert!(!gate.pass(read("TNG-7Q2M")), "a left-over code was taken");
            }
            assert!(gate.met_left_over());
            assert!(gate.pass(read("TNG-8888")), "another code");
            let arrived = Evidence {
                arrived: true,
                ..read("TNG-7Q2M")
            };
            assert!(gate.pass(arrived), "shown again");
        }
    }

    #[test]
    fn rule_48_digits_that_came_again_still_need_their_second_reading() {
        let mut gate = after_first("134503098230927349", "second");
        let arrived = Evidence {
            arrived: true,
            ..read("134503098230927349")
        };
        assert!(!gate.pass(arrived));
        assert!(gate.pass(read("134503098230927349")));
    }

    #[test]
    fn rule_48_the_same_sale_takes_its_code_again() {
        let mut gate = after_first("TNG-7Q2M", "first");
        assert!(gate.pass(read("TNG-7Q2M")));
        assert!(!gate.met_left_over());
    }

    #[test]
    fn rule_48_several_phones_that_stay_are_all_held_back() {
        let mut gate = after_first("TNG-1", "second");
        gate.used("TNG-2", "second");
        gate.begin("third");
        assert!(!gate.pass(read("TNG-1")), "a left-over code was taken");
        assert!(!gate.pass(read("TNG-2")), "a left-over code was taken");
        for sale in 0..MAX_USED {
            gate.used(&format!("OTHER-{sale}"), "third");
        }
        gate.begin("fourth");
        assert!(gate.pass(read("TNG-1")), "the memory is bounded");
        assert!(!gate.pass(read("OTHER-0")), "a left-over code was taken");
    }

    #[test]
    fn evidence_and_gate_print_no_code() {
        let mut gate = Gate::new();
        let code = read("TNG-7Q2M");
        gate.pass(code);
        assert!(!format!("{code:?} {gate:?}").contains("TNG"));
    }
}
