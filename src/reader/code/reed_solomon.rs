//! Reed-Solomon error correction over GF(256), by tables of logarithms.
//!
//! Telling that a block can't be corrected takes a few microseconds.

/// The most parity codewords of a block that are handled. Codes have 30 at most (ISO/IEC 18004, table 9).
const MAX_PARITY: usize = 32;
/// The longest block. Places are powers of the field's generator, which has 255 different ones.
const MAX_LENGTH: usize = 255;
/// The polynomial x^8 + x^4 + x^3 + x^2 + 1 that defines the field (ISO/IEC 18004, error correction coding).
const FIELD: u16 = 0x11d;

const TABLES: ([u8; 512], [u8; 256]) = tables();
/// Powers of two. The table repeats after 255, so that a sum of two logarithms needs no remainder.
static POWER: [u8; 512] = TABLES.0;
static LOGARITHM: [u8; 256] = TABLES.1;

/// Computes both tables at compile time.
const fn tables() -> ([u8; 512], [u8; 256]) {
    let (mut power, mut logarithm) = ([0; 512], [0; 256]);
    let (mut at, mut value) = (0, 1_u16);
    while at < 255 {
        power[at] = value as u8;
        power[at + 255] = value as u8;
        logarithm[value as usize] = at as u8;
        value <<= 1;
        if value > 255 {
            value ^= FIELD;
        }
        at += 1;
    }
    (power, logarithm)
}

/// The logarithm of a value that is not zero.
fn log(value: u8) -> usize {
    usize::from(LOGARITHM[usize::from(value)])
}

/// `a` times `b`.
fn product(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    POWER[log(a) + log(b)]
}

/// `a` divided by `b`, which must not be zero.
fn quotient(a: u8, b: u8) -> u8 {
    if a == 0 {
        return 0;
    }
    POWER[log(a) + 255 - log(b)]
}

/// A polynomial, the constant term first.
type Polynomial = [u8; MAX_PARITY + 1];

/// The polynomial's value at the generator's power `exponent`, which is below 255.
fn value_at(polynomial: &[u8], exponent: usize) -> u8 {
    let mut sum = 0;
    let mut place = 0;
    for term in polynomial {
        if *term != 0 {
            sum ^= POWER[log(*term) + place];
        }
        place += exponent;
        if place >= 255 {
            place -= 255;
        }
    }
    sum
}

/// Parity codewords that a correction may not use up. They tell a block from noise.
#[derive(Clone, Copy)]
pub(crate) struct Reserve {
    /// The standard's protection against misreading, in all corrections.
    pub(crate) misdecode_protection: usize,
    /// The reserve when some codewords count as erased.
    ///
    /// With n codewords left, noise whose places are all erased becomes a block once in 256^n times.
    pub(crate) kept_from_erasures: usize,
}

impl Reserve {
    /// Whether a block with `wrong` wrong codewords had correction for one more.
    pub(crate) fn has_spare(self, wrong: usize, parity: usize) -> bool {
        2 * (wrong + 1) + self.misdecode_protection <= parity
    }
}

/// Corrects a block in place. Its last `parity` codewords are its parity, and those at the places `erased` are unknown.
///
/// Returns the number of other codewords that were wrong.
/// `None` if there are more errors than the parity and its reserve allow; the block's content is then undefined.
pub(crate) fn correct(
    block: &mut [u8],
    parity: usize,
    reserve: Reserve,
    erased: &[usize],
) -> Option<usize> {
    if parity > MAX_PARITY || block.len() > MAX_LENGTH || block.len() <= parity {
        return None;
    }
    let Some(syndromes) = syndromes(block, parity) else {
        return Some(0);
    };
    let erasures = erased.len();
    if erasures > parity {
        return None;
    }
    let last = block.len() - 1;
    let (locator, degree) = locator(&syndromes, parity, erased.iter().map(|at| last - at));
    let wrong = degree.checked_sub(erasures)?;
    // An error uses up two parity codewords, and an erasure one.
    let (used, with_erasures) = (
        2 * wrong + erasures + reserve.misdecode_protection,
        wrong + erasures + reserve.kept_from_erasures,
    );
    if used > parity || (erasures > 0 && with_erasures > parity) {
        return None;
    }
    let evaluator = evaluator(&syndromes, &locator, parity);
    let mut corrected = 0;
    for place in 0..block.len() {
        let inverse = (255 - place) % 255;
        if value_at(&locator[..=degree], inverse) != 0 {
            continue;
        }
        let slope = slope_at(&locator[..=degree], inverse);
        if slope == 0 {
            return None;
        }
        block[last - place] ^= quotient(value_at(&evaluator[..parity], inverse), slope);
        corrected += 1;
    }
    let sound = corrected == degree && self::syndromes(block, parity).is_none();
    sound.then_some(wrong)
}

/// The block's values at the first powers of the generator; `None` if all are zero, which means no errors.
fn syndromes(block: &[u8], parity: usize) -> Option<Polynomial> {
    let mut syndromes = [0; MAX_PARITY + 1];
    let mut any = 0;
    for (power, syndrome) in syndromes.iter_mut().take(parity).enumerate() {
        let mut value = 0;
        for codeword in block {
            value = if value == 0 {
                *codeword
            } else {
                POWER[log(value) + power] ^ codeword
            };
        }
        *syndrome = value;
        any |= value;
    }
    (any != 0).then_some(syndromes)
}

/// The error locator polynomial and its degree, by the Berlekamp-Massey algorithm.
///
/// Its roots are the wrong places. It starts from the locator of the erased places.
/// See J. Massey, Shift-Register Synthesis and BCH Decoding, 1969: <https://doi.org/10.1109/TIT.1969.1054260>.
fn locator(
    syndromes: &Polynomial,
    parity: usize,
    erased: impl Iterator<Item = usize>,
) -> (Polynomial, usize) {
    let mut locator: Polynomial = [0; MAX_PARITY + 1];
    locator[0] = 1;
    let mut erasures = 0;
    for place in erased {
        erasures += 1;
        for at in (1..=erasures).rev() {
            locator[at] ^= product(locator[at - 1], POWER[place]);
        }
    }
    let (mut before, mut before_off) = (locator, 1);
    let (mut degree, mut gap) = (erasures, 1);
    for at in erasures..parity {
        let terms = (1..=degree.min(at)).map(|i| product(locator[i], syndromes[at - i]));
        let off = terms.fold(syndromes[at], |a, b| a ^ b);
        if off == 0 {
            gap += 1;
            continue;
        }
        let kept = locator;
        let factor = quotient(off, before_off);
        for (term, old) in locator.iter_mut().skip(gap).zip(before) {
            *term ^= product(factor, old);
        }
        if 2 * degree <= at + erasures {
            degree = at + 1 + erasures - degree;
            (before, before_off, gap) = (kept, off, 1);
        } else {
            gap += 1;
        }
    }
    (locator, degree)
}

/// Forney's error evaluator: the product of syndromes and locator, cut off after `parity` terms.
///
/// See G. Forney, On Decoding BCH Codes, 1965: <https://doi.org/10.1109/TIT.1965.1053825>.
fn evaluator(syndromes: &Polynomial, locator: &Polynomial, parity: usize) -> Polynomial {
    let mut evaluator = [0; MAX_PARITY + 1];
    for (at, term) in evaluator.iter_mut().take(parity).enumerate() {
        let products = (0..=at).map(|i| product(locator[i], syndromes[at - i]));
        *term = products.fold(0, |a, b| a ^ b);
    }
    evaluator
}

/// x times the locator's derivative, which consists of its odd terms: in this field twice anything is zero.
fn slope_at(locator: &[u8], exponent: usize) -> u8 {
    let mut odd = [0; MAX_PARITY + 1];
    for (at, term) in locator.iter().enumerate().skip(1).step_by(2) {
        odd[at] = *term;
    }
    value_at(&odd[..locator.len()], exponent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NO_RESERVE: Reserve = Reserve {
        misdecode_protection: 0,
        kept_from_erasures: 0,
    };

    /// Data and its parity: the remainder by the generator polynomial.
    fn encoded(data: &[u8], parity: usize) -> Vec<u8> {
        let mut generator = vec![1_u8];
        for root in &POWER[..parity] {
            generator.push(0);
            for at in (1..generator.len()).rev() {
                let before = generator[at - 1];
                generator[at] ^= product(before, *root);
            }
        }
        let mut rest = data.to_vec();
        rest.resize(data.len() + parity, 0);
        for at in 0..data.len() {
            let lead = rest[at];
            for (offset, term) in generator.iter().enumerate() {
                rest[at + offset] ^= product(lead, *term);
            }
        }
        data.iter().chain(&rest[data.len()..]).copied().collect()
    }

    fn data(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 37 + 11) as u8).collect()
    }

    #[test]
    fn the_standard_s_example_has_its_parity() {
        // ISO/IEC 18004, annex I: "01234567" in version 1-M.
        let data = [
            0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
            0xec, 0x11,
        ];
        let parity = [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55];
        assert_eq!(encoded(&data, 10)[16..], parity);
    }

    #[test]
    fn as_many_errors_as_half_the_parity_are_corrected_wherever_they_are() {
        for (length, parity) in [(19, 7), (16, 10), (100, 30), (123, 30), (9, 17)] {
            let good = encoded(&data(length), parity);
            for wrong in 0..=parity / 2 {
                let mut block = good.clone();
                for error in 0..wrong {
                    let at = (error * 31 + length) % block.len();
                    block[at] ^= (error * 7 + 1) as u8;
                }
                let differing = block.iter().zip(&good).filter(|(a, b)| a != b).count();
                assert_eq!(
                    correct(&mut block, parity, NO_RESERVE, &[]),
                    Some(differing)
                );
                assert_eq!(block, good);
            }
        }
    }

    #[test]
    fn more_errors_than_allowed_are_none() {
        let mut block = encoded(&data(16), 10);
        for at in [0, 5, 9] {
            block[at] ^= 0x55;
        }
        let reserve = |misdecode_protection| Reserve {
            misdecode_protection,
            kept_from_erasures: 0,
        };
        assert_eq!(correct(&mut block.clone(), 10, reserve(5), &[]), None);
        assert_eq!(correct(&mut block, 10, reserve(4), &[]), Some(3));
    }

    #[test]
    fn blocks_that_are_none_are_no_panic() {
        assert_eq!(correct(&mut [], 0, NO_RESERVE, &[]), None);
        assert_eq!(correct(&mut [1; 10], 10, NO_RESERVE, &[]), None);
        assert_eq!(correct(&mut [1; 300], 10, NO_RESERVE, &[]), None);
        assert_eq!(correct(&mut [1; 100], 90, NO_RESERVE, &[]), None);
        let all: Vec<usize> = (0..30).collect();
        let mut block = encoded(&data(20), 10);
        block[3] ^= 1;
        assert_eq!(correct(&mut block, 10, NO_RESERVE, &all), None);
    }

    #[test]
    fn places_in_doubt_cost_half_of_what_errors_do() {
        for (length, parity) in [(16, 10), (100, 30), (21, 18)] {
            let good = encoded(&data(length), parity);
            for erasures in 0..=parity {
                let wrong = (parity - erasures) / 2;
                let mut block = good.clone();
                // Three in four of the erased codewords are wrong, and some others too.
                let erased: Vec<usize> = (0..erasures).map(|at| at * 7 % block.len()).collect();
                let others = (0..block.len()).filter(|at| !erased.contains(at));
                let others: Vec<usize> = others.take(wrong).collect();
                for at in erased.iter().filter(|at| *at % 4 != 1).chain(&others) {
                    block[*at] ^= (at * 5 + 1) as u8;
                }
                assert_eq!(
                    correct(&mut block, parity, NO_RESERVE, &erased),
                    Some(wrong),
                    "{length} {parity} {erasures}"
                );
                assert_eq!(block, good);
            }
        }
    }

    #[test]
    fn doubts_leave_their_reserve() {
        let good = encoded(&data(16), 10);
        let reserve = Reserve {
            misdecode_protection: 2,
            kept_from_erasures: 4,
        };
        for (erasures, correctable) in [(6, true), (7, false)] {
            let mut block = good.clone();
            let erased: Vec<usize> = (0..erasures).collect();
            erased.iter().for_each(|at| block[*at] ^= 0x5a);
            let corrected = correct(&mut block, 10, reserve, &erased);
            assert_eq!(corrected.is_some(), correctable, "{erasures}");
        }
    }
}
