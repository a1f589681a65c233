//! Decides which code of a live picture is taken: when a reading is believed, and which code waits for which.
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
//! A till's camera also sees the shop's own sticker and the goods' codes.
//! So a code passes only if no better one is in the picture, and two that are equally good pass neither (rule 49).
//!
//! The gate sees no pixels. The reader gives it the [`Evidence`] of each code.

use std::fmt;

use crate::code::trimmed;
use crate::policy::Ms;
use crate::rank::Rank;
use crate::wallet::{Kind, recognise};

/// Codes of one scan that the gate remembers.
///
/// A counter sees a handful. Larger: a screen that shows one code after another fills the memory.
/// Smaller: a customer's code may be ignored.
const MAX_SEEN: usize = 64;
/// A code that was not read for so long has left the picture. A shop's code is reported only after so long without a
/// customer's.
///
/// It is four times as long as the reader takes to tell a code again (`AGAIN_MS`), because not every frame is read.
/// Larger: after a second phone was taken away, the customer waits longer.
/// Smaller: a code that a hand or a reflection hides counts as gone, and the other one pays.
const GONE_MS: Ms = 1_000;
/// A link is taken only if it was in the picture for so long, and is alone there.
///
/// Larger: the customer of a wallet whose codes are links waits longer.
/// Smaller: goods on the counter are taken before the customer has raised the phone.
const GOODS_MS: Ms = 3_000;
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
/// // Shows a picture's codes to a gate: which of them passes?
/// fn look(gate: &mut Gate, codes: &[Evidence<'_>], now_ms: u64) -> Option<usize> {
///     codes.iter().for_each(|code| gate.see(*code, now_ms));
///     let passed = gate.choose(now_ms)?;
///     codes.iter().position(|code| code.bytes == passed)
/// }
/// let mut gate = Gate::new();
/// gate.begin("order-1");
///
/// // Digits without a check: only the second equal reading passes, and only once.
/// assert_eq!(look(&mut gate, &[read("134503098230927349", false)], 0), None);
/// assert_eq!(look(&mut gate, &[read("134503098230927349", false)], 33), Some(0));
/// assert_eq!(look(&mut gate, &[read("134503098230927349", false)], 66), None);
///
/// // Two readings of one picture, and codes with a structure of their own, pass at once.
/// assert_eq!(look(&mut gate, &[read("287650098230927349", true)], 99), Some(0));
/// assert_eq!(look(&mut gate, &[read("TNG-7Q2M", false)], 132), Some(0));
///
/// // A code of an earlier sale passes once the picture has been without it.
/// gate.used("TNG-7Q2M", "order-1");
/// gate.begin("order-2");
/// assert_eq!(look(&mut gate, &[read("TNG-7Q2M", false)], 0), None);
/// assert!(gate.met_left_over());
/// let again = Evidence { arrived: true, ..read("TNG-7Q2M", false) };
/// assert_eq!(look(&mut gate, &[again], 33), Some(0));
///
/// // Beside goods, the phone's code passes. Of two phones, neither does.
/// gate.begin("order-3");
/// let goods = read("https://shop.example/p/1", false);
/// assert_eq!(look(&mut gate, &[goods, read("TNG-8888", false)], 0), Some(1));
/// assert_eq!(look(&mut gate, &[read("TNG-1", false), read("TNG-2", false)], 33), None);
/// assert!(gate.sees_several());
/// ```
#[derive(Default)]
pub struct Gate {
    /// The codes of this scan.
    seen: Vec<Seen>,
    /// The codes that were read for the sale, and those of earlier sales, oldest first.
    taken: Vec<Vec<u8>>,
    used: Vec<Vec<u8>>,
    /// The reference of the sale; empty if the scan is for no sale.
    sale: String,
    met_left_over: bool,
    sees_several: bool,
}

/// A code that a scan has seen.
struct Seen {
    bytes: Vec<u8>,
    rank: Rank,
    /// When it came into the picture, and when it was last read there.
    came_ms: Ms,
    last_ms: Ms,
    /// It has all the readings that it needs.
    is_believed: bool,
    /// It was read beside another code, so it is no misreading of that one.
    is_beside: bool,
    has_passed: bool,
}

impl Seen {
    /// Whether it is in the picture and may be the customer's.
    fn competes(&self, now_ms: Ms) -> bool {
        !self.has_passed && (self.is_believed || self.is_beside) && !self.is_gone(now_ms)
    }

    fn is_gone(&self, now_ms: Ms) -> bool {
        now_ms.saturating_sub(self.last_ms) >= GONE_MS
    }

    /// Whether it has been in the picture for long enough that no better code is to be expected.
    fn has_waited(&self, is_alone: bool, now_ms: Ms) -> bool {
        let wait_ms = match self.rank {
            Rank::Goods if is_alone => GOODS_MS,
            Rank::Goods => return false,
            Rank::Merchant => GONE_MS,
            Rank::Unknown | Rank::Consumer => 0,
        };
        now_ms.saturating_sub(self.came_ms) >= wait_ms
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({} codes)", self.seen.len())
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
        self.seen.clear();
        self.met_left_over = false;
        self.sees_several = false;
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

    /// True while several codes are in the picture that may be the customer's, so that none of them passes.
    #[must_use]
    pub fn sees_several(&self) -> bool {
        self.sees_several
    }

    /// A reading of the picture of this time, which never goes back. Then ask [`Self::choose`].
    pub fn see(&mut self, code: Evidence<'_>, now_ms: Ms) {
        if self.is_left_over(code) {
            self.met_left_over = true;
            return;
        }
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.bytes == code.bytes) {
            if seen.is_gone(now_ms) {
                seen.came_ms = now_ms;
            }
            seen.last_ms = now_ms;
            seen.is_believed = true;
        } else if self.seen.len() < MAX_SEEN {
            let kind = recognise(code.text).kind;
            self.seen.push(Seen {
                bytes: code.bytes.to_vec(),
                rank: Rank::of(code.text, &kind),
                came_ms: now_ms,
                last_ms: now_ms,
                is_believed: code.confirmed || !is_bare_digits(code.bytes, &kind),
                is_beside: false,
                has_passed: false,
            });
        }
    }

    /// The bytes of the code that passes, if one of the picture's codes does. Each code passes once in a scan.
    ///
    /// Ask after a picture without codes too, so that [`Self::sees_several`] ends.
    pub fn choose(&mut self, now_ms: Ms) -> Option<&[u8]> {
        let (mut read, mut in_view) = (0, 0);
        for seen in &self.seen {
            read += u32::from(seen.last_ms == now_ms);
            in_view += u32::from(!seen.is_gone(now_ms));
        }
        let mut best: Option<&mut Seen> = None;
        let mut are_several = false;
        for seen in &mut self.seen {
            seen.is_beside |= read > 1 && seen.last_ms == now_ms;
            if !seen.competes(now_ms) {
                continue;
            }
            match &best {
                Some(best) if best.rank > seen.rank => {}
                Some(best) if best.rank == seen.rank => are_several = seen.rank > Rank::Merchant,
                Some(_) | None => {
                    best = Some(seen);
                    are_several = false;
                }
            }
        }
        self.sees_several = are_several;
        let best = best.filter(|_| !are_several)?;
        best.has_passed =
            best.is_believed && best.last_ms == now_ms && best.has_waited(in_view == 1, now_ms);
        best.has_passed.then_some(&best.bytes)
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

/// Whether a code is digits without a check: it needs a second equal reading.
fn is_bare_digits(bytes: &[u8], kind: &Kind) -> bool {
    match kind {
        Kind::WeChatPay | Kind::Alipay | Kind::UnionPay => true,
        Kind::Opaque => bytes.iter().all(u8::is_ascii_digit),
        Kind::EmvConsumer { .. } | Kind::Merchant => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "134503098230927349";
    const STICKER: &str = "https://qr.alipay.com/fkx1";
    const GOODS: &str = "https://shop.example/p/1";

    fn read(text: &str) -> Evidence<'_> {
        Evidence {
            bytes: text.as_bytes(),
            text,
            confirmed: false,
            arrived: false,
        }
    }

    fn confirmed(text: &str) -> Evidence<'_> {
        Evidence {
            confirmed: true,
            ..read(text)
        }
    }

    fn arrived(text: &str) -> Evidence<'_> {
        Evidence {
            arrived: true,
            ..read(text)
        }
    }

    /// Shows a picture's codes to a gate. The index of the one that passes.
    fn look(gate: &mut Gate, codes: &[Evidence<'_>], now_ms: Ms) -> Option<usize> {
        codes.iter().for_each(|code| gate.see(*code, now_ms));
        let passed = gate.choose(now_ms)?;
        codes.iter().position(|code| code.bytes == passed)
    }

    /// Shows the same codes from a time to a time, as often as a reader tells them. The first that passes, and when.
    fn shown<'a>(
        gate: &mut Gate,
        codes: &[Evidence<'a>],
        from_ms: Ms,
        to_ms: Ms,
    ) -> Option<(&'a str, Ms)> {
        (from_ms..to_ms)
            .step_by(250)
            .find_map(|now_ms| Some((codes[look(gate, codes, now_ms)?].text, now_ms)))
    }

    #[test]
    fn bare_digits_that_one_picture_has_confirmed_pass_at_once_and_once() {
        let mut gate = Gate::new();
        assert_eq!(look(&mut gate, &[confirmed(DIGITS)], 0), Some(0));
        assert_eq!(look(&mut gate, &[confirmed(DIGITS)], 33), None);
    }

    #[test]
    fn bare_digits_pass_on_their_second_equal_reading_and_once() {
        let mut gate = Gate::new();
        assert_eq!(look(&mut gate, &[read(DIGITS)], 0), None);
        assert_eq!(
            look(&mut gate, &[read("134503098230927348")], 33),
            None,
            "another reading"
        );
        assert_eq!(look(&mut gate, &[read(DIGITS)], 66), Some(0));
        assert_eq!(look(&mut gate, &[read(DIGITS)], 99), None, "offered once");
        // Two pictures that were told together.
        gate.begin("");
        assert_eq!(look(&mut gate, &[read(DIGITS), read(DIGITS)], 0), Some(0));
    }

    #[test]
    fn a_code_with_letters_passes_at_once_and_once() {
        let mut gate = Gate::new();
        assert_eq!(look(&mut gate, &[read("TNG-7Q2M")], 0), Some(0));
        assert_eq!(look(&mut gate, &[read("TNG-7Q2M")], 33), None);
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
            for now_ms in 0..3 {
                let passed = look(&mut gate, &[read("TNG-7Q2M")], now_ms);
                assert_eq!(passed, None, "a left-over code was taken");
            }
            assert!(gate.met_left_over());
            assert_eq!(
                look(&mut gate, &[read("TNG-8888")], 3),
                Some(0),
                "another code"
            );
            assert_eq!(
                look(&mut gate, &[arrived("TNG-7Q2M")], 4),
                Some(0),
                "shown again"
            );
        }
    }

    #[test]
    fn rule_48_digits_that_came_again_still_need_their_second_reading() {
        let mut gate = after_first(DIGITS, "second");
        assert_eq!(look(&mut gate, &[arrived(DIGITS)], 0), None);
        assert_eq!(look(&mut gate, &[read(DIGITS)], 33), Some(0));
    }

    #[test]
    fn rule_48_the_same_sale_takes_its_code_again() {
        let mut gate = after_first("TNG-7Q2M", "first");
        assert_eq!(look(&mut gate, &[read("TNG-7Q2M")], 0), Some(0));
        assert!(!gate.met_left_over());
    }

    #[test]
    fn rule_48_several_phones_that_stay_are_all_held_back() {
        let mut gate = after_first("TNG-1", "second");
        gate.used("TNG-2", "second");
        gate.begin("third");
        let both = [read("TNG-1"), read("TNG-2")];
        assert_eq!(
            look(&mut gate, &both, 0),
            None,
            "a left-over code was taken"
        );
        for sale in 0..MAX_USED {
            gate.used(&format!("OTHER-{sale}"), "third");
        }
        gate.begin("fourth");
        assert_eq!(
            look(&mut gate, &[read("TNG-1")], 0),
            Some(0),
            "the memory is bounded"
        );
        let other = look(&mut gate, &[read("OTHER-0")], 33);
        assert_eq!(other, None, "a left-over code was taken");
    }

    #[test]
    fn rule_49_a_customers_code_is_taken_beside_a_sticker_and_goods_at_once() {
        let around = [STICKER, GOODS, "WIFI:S:shop;;"].map(read);
        for phone in [confirmed(DIGITS), read("TNG-7Q2M")] {
            for place in 0..=around.len() {
                let mut codes = around.to_vec();
                codes.insert(place, phone);
                let mut gate = Gate::new();
                assert_eq!(
                    look(&mut gate, &codes, 0),
                    Some(place),
                    "the wrong code was taken"
                );
                let mut gate = Gate::new();
                assert_eq!(
                    shown(&mut gate, &around, 0, 1_000),
                    None,
                    "the wrong code was taken"
                );
                assert_eq!(
                    look(&mut gate, &[phone], 1_000),
                    Some(0),
                    "the phone came later"
                );
            }
        }
        let mut gate = Gate::new();
        let both = [read("TABLE-5"), confirmed(DIGITS)];
        assert_eq!(
            look(&mut gate, &both, 0),
            Some(1),
            "a known wallet is better than an unknown text"
        );
    }

    #[test]
    fn rule_49_two_customers_codes_pass_neither_until_one_is_gone() {
        for [a, b] in [
            ["TNG-1", "TNG-2"].map(read),
            [DIGITS, "287650098230927349"].map(confirmed),
        ] {
            let mut gate = Gate::new();
            assert_eq!(
                shown(&mut gate, &[a, b], 0, 5_000),
                None,
                "one of two codes was taken"
            );
            assert!(gate.sees_several());
            let taken = shown(&mut gate, &[b], 5_000, 9_000);
            assert_eq!(
                taken,
                Some((b.text, 5_750)),
                "a second after the other was read last"
            );
            assert!(!gate.sees_several());
        }
    }

    #[test]
    fn rule_49_digits_that_were_seen_together_once_are_two_codes() {
        let mut gate = Gate::new();
        let [a, b] = [DIGITS, "287650098230927349"].map(read);
        assert_eq!(look(&mut gate, &[a, b], 0), None);
        assert_eq!(
            look(&mut gate, &[a], 33),
            None,
            "one of two codes was taken"
        );
        assert!(gate.sees_several());
        assert_eq!(look(&mut gate, &[], 1_000), None);
        assert!(!gate.sees_several(), "both are gone");
    }

    #[test]
    fn rule_49_what_is_no_customers_code_waits_for_one() {
        let after = |text| shown(&mut Gate::new(), &[read(text)], 0, 9_000);
        assert_eq!(after(STICKER), Some((STICKER, 1_000)), "reported");
        assert_eq!(
            after(GOODS),
            Some((GOODS, 3_000)),
            "perhaps an unknown wallet's"
        );
        let mut gate = Gate::new();
        assert_eq!(
            shown(&mut gate, &[GOODS, "WIFI:S:shop;;"].map(read), 0, 2_500),
            None
        );
        assert_eq!(
            shown(&mut gate, &[GOODS, "WIFI:S:shop;;"].map(read), 2_500, 9_000),
            None
        );
        assert!(!gate.sees_several(), "nobody has shown a phone");
        let mut gate = Gate::new();
        let both = [GOODS, STICKER].map(read);
        assert_eq!(
            shown(&mut gate, &both, 0, 9_000),
            Some((STICKER, 1_000)),
            "reported"
        );
        assert_eq!(
            shown(&mut gate, &both, 1_250, 9_000),
            None,
            "a link beside a sticker"
        );
        // Time counts while it is in the picture only.
        let mut gate = Gate::new();
        assert_eq!(look(&mut gate, &[read(GOODS)], 0), None);
        assert_eq!(look(&mut gate, &[read(GOODS)], 60_000), None);
    }

    #[test]
    fn evidence_and_gate_print_no_code() {
        let mut gate = Gate::new();
        let code = read("TNG-7Q2M");
        look(&mut gate, &[code], 0);
        assert!(!format!("{code:?} {gate:?}").contains("TNG"));
    }
}
