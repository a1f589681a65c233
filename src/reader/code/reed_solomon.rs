//! Reed and Solomon's correction over GF(256), by tables of logarithms: whether a block can be corrected at all costs
//! a few microseconds, and hopeless grids end here.

/// Correcting codewords of a block: 30 at most in a code (table 9 of the standard).
const MOST_PARITY: usize = 32;
/// Codewords of a block are fewer: places are powers of the field's generator, of which there are 255.
const MOST_LENGTH: usize = 255;
/// x^8 + x^4 + x^3 + x^2 + 1, by which the standard's field is made.
const FIELD: u16 = 0x11d;

const TABLES: ([u8; 512], [u8; 256]) = tables();
/// Powers of two, twice over, so that a sum of two logarithms needs no remainder.
static POWER: [u8; 512] = TABLES.0;
static LOGARITHM: [u8; 256] = TABLES.1;

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

fn log(value: u8) -> usize {
    usize::from(LOGARITHM[usize::from(value)])
}

fn product(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    POWER[log(a) + log(b)]
}

/// `a` over `b`; `b` is not zero.
fn quotient(a: u8, b: u8) -> u8 {
    if a == 0 {
        return 0;
    }
    POWER[log(a) + 255 - log(b)]
}

/// A polynomial, the constant first.
type Polynomial = [u8; MOST_PARITY + 1];

/// The value at the generator's power `exponent` (below 255).
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

/// What no correction may use up of a block's parity, beyond two for each error: what is left tells a block from noise.
#[derive(Clone, Copy)]
pub(crate) struct Reserve {
    /// Against misreading, as the standard asks.
    pub(crate) least: usize,
    /// Where places are told to be in doubt: with fewer left, noise whose places are all in doubt is corrected to something
    /// once in 256 to the power of what is left.
    pub(crate) in_doubt: usize,
}

impl Reserve {
    /// Whether a block with so many wrong codewords could have been corrected with one more.
    pub(crate) fn is_spared(self, wrong: usize, parity: usize) -> bool {
        2 * (wrong + 1) + self.least <= parity
    }
}

/// Corrects a block whose last `parity` codewords correct the others, and whose codewords at `doubted` may be anything; in
/// how many other places it was wrong. None where more is wrong than the parity and its reserve allow, as far as can be
/// told: the block is then as it was, or worse.
pub(crate) fn correct(
    block: &mut [u8],
    parity: usize,
    reserve: Reserve,
    doubted: &[usize],
) -> Option<usize> {
    if parity > MOST_PARITY || block.len() > MOST_LENGTH || block.len() <= parity {
        return None;
    }
    let Some(syndromes) = syndromes(block, parity) else {
        return Some(0);
    };
    let doubts = doubted.len();
    if doubts > parity {
        return None;
    }
    let last = block.len() - 1;
    let (locator, degree) = locator(&syndromes, parity, doubted.iter().map(|at| last - at));
    let wrong = degree.checked_sub(doubts)?;
    let (used, left) = (
        2 * wrong + doubts + reserve.least,
        wrong + doubts + reserve.in_doubt,
    );
    if used > parity || (doubts > 0 && left > parity) {
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

/// The block's values at the first powers of the generator; none where all are zero, and nothing is wrong.
fn syndromes(block: &[u8], parity: usize) -> Option<Polynomial> {
    let mut syndromes = [0; MOST_PARITY + 1];
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

/// Berlekamp and Massey's shortest polynomial whose roots are the wrong places, and its degree. It begins with those of
/// the places in doubt.
fn locator(
    syndromes: &Polynomial,
    parity: usize,
    doubted: impl Iterator<Item = usize>,
) -> (Polynomial, usize) {
    let mut locator: Polynomial = [0; MOST_PARITY + 1];
    locator[0] = 1;
    let mut doubts = 0;
    for place in doubted {
        doubts += 1;
        for at in (1..=doubts).rev() {
            locator[at] ^= product(locator[at - 1], POWER[place]);
        }
    }
    let (mut before, mut before_off) = (locator, 1);
    let (mut degree, mut gap) = (doubts, 1);
    for at in doubts..parity {
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
        if 2 * degree <= at + doubts {
            degree = at + 1 + doubts - degree;
            (before, before_off, gap) = (kept, off, 1);
        } else {
            gap += 1;
        }
    }
    (locator, degree)
}

/// Forney's evaluator: syndromes times locator, as far as there are syndromes.
fn evaluator(syndromes: &Polynomial, locator: &Polynomial, parity: usize) -> Polynomial {
    let mut evaluator = [0; MOST_PARITY + 1];
    for (at, term) in evaluator.iter_mut().take(parity).enumerate() {
        let products = (0..=at).map(|i| product(locator[i], syndromes[at - i]));
        *term = products.fold(0, |a, b| a ^ b);
    }
    evaluator
}

/// x times the locator's derivative: its odd terms, for in this field twice anything is nothing.
fn slope_at(locator: &[u8], exponent: usize) -> u8 {
    let mut odd = [0; MOST_PARITY + 1];
    for (at, term) in locator.iter().enumerate().skip(1).step_by(2) {
        odd[at] = *term;
    }
    value_at(&odd[..locator.len()], exponent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NONE: Reserve = Reserve {
        least: 0,
        in_doubt: 0,
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
                assert_eq!(correct(&mut block, parity, NONE, &[]), Some(differing));
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
        let reserve = |least| Reserve { least, in_doubt: 0 };
        assert_eq!(correct(&mut block.clone(), 10, reserve(5), &[]), None);
        assert_eq!(correct(&mut block, 10, reserve(4), &[]), Some(3));
    }

    #[test]
    fn blocks_that_are_none_are_no_panic() {
        assert_eq!(correct(&mut [], 0, NONE, &[]), None);
        assert_eq!(correct(&mut [1; 10], 10, NONE, &[]), None);
        assert_eq!(correct(&mut [1; 300], 10, NONE, &[]), None);
        assert_eq!(correct(&mut [1; 100], 90, NONE, &[]), None);
        let all: Vec<usize> = (0..30).collect();
        let mut block = encoded(&data(20), 10);
        block[3] ^= 1;
        assert_eq!(correct(&mut block, 10, NONE, &all), None);
    }

    #[test]
    fn places_in_doubt_cost_half_of_what_errors_do() {
        for (length, parity) in [(16, 10), (100, 30), (21, 18)] {
            let good = encoded(&data(length), parity);
            for doubts in 0..=parity {
                let wrong = (parity - doubts) / 2;
                let mut block = good.clone();
                // Three in four of what is in doubt are wrong, and so are some that are not.
                let doubted: Vec<usize> = (0..doubts).map(|at| at * 7 % block.len()).collect();
                let others = (0..block.len()).filter(|at| !doubted.contains(at));
                let others: Vec<usize> = others.take(wrong).collect();
                for at in doubted.iter().filter(|at| *at % 4 != 1).chain(&others) {
                    block[*at] ^= (at * 5 + 1) as u8;
                }
                assert_eq!(
                    correct(&mut block, parity, NONE, &doubted),
                    Some(wrong),
                    "{length} {parity} {doubts}"
                );
                assert_eq!(block, good);
            }
        }
    }

    #[test]
    fn doubts_leave_their_reserve() {
        let good = encoded(&data(16), 10);
        let reserve = Reserve {
            least: 2,
            in_doubt: 4,
        };
        for (doubts, sound) in [(6, true), (7, false)] {
            let mut block = good.clone();
            let doubted: Vec<usize> = (0..doubts).collect();
            doubted.iter().for_each(|at| block[*at] ^= 0x5a);
            let corrected = correct(&mut block, 10, reserve, &doubted);
            assert_eq!(corrected.is_some(), sound, "{doubts}");
        }
    }
}
