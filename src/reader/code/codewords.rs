//! A cheap proof that modules are a code: its format, and Reed and Solomon's correction of each of its blocks.
//!
//! It says no in microseconds where a decoder takes the tenth of a millisecond, and it is stricter: it keeps the
//! standard's distance from misreading in the smallest codes.

use super::reed_solomon::{Reserve, correct};
use crate::finders::order::order;
use crate::modules::modules::Modules;
use crate::plane::layout::{Shares, Version};

/// A format is XORed with this in a code, so that it is never all light.
const FORMAT_MASK: u16 = 0x5412;
/// The generator of the format's 10 correcting bits.
const FORMAT_GENERATOR: u16 = 0x537;
/// Formats differ in 7 bits at least.
const MOST_FORMAT_ERRORS: u32 = 3;
/// A mirrored code is looked for only where its format is nearly clean: any noise has some format.
const MOST_MIRRORED_ERRORS: u32 = 1;
const FORMAT_BITS: usize = 15;
/// What places in doubt leave of a block's parity: noise passes once in four thousand million times.
const KEPT_IN_DOUBT: usize = 4;
/// From one number of codewords in doubt to the next that is tried.
const DOUBTS_STEP: usize = 2;

/// All formats, with their correction.
const FORMATS: [u16; 32] = {
    let mut formats = [0; 32];
    let mut at = 0;
    while at < 32 {
        let mut rest = (at as u16) << 10;
        let mut bit = 14;
        while bit >= 10 {
            if rest >> bit & 1 == 1 {
                rest ^= FORMAT_GENERATOR << (bit - 10);
            }
            bit -= 1;
        }
        formats[at] = (at as u16) << 10 | rest;
        at += 1;
    }
    formats
};

/// The modules of a code whose every block can be corrected, the right way round and with their format clean.
pub(crate) struct Sound {
    pub(crate) modules: Modules,
    /// The corrected codewords that hold what the code says.
    pub(crate) data: Vec<u8>,
    pub(crate) version: Version,
    /// The code was seen in a mirror.
    pub(crate) mirrored: bool,
    /// Each block could have had one more codeword wrong: noise is corrected to such a block once in 10^12 times at most.
    pub(crate) spare: bool,
}

/// What a code's blocks hold.
struct Data {
    codewords: Vec<u8>,
    spare: bool,
}

/// The format nearest to what either of its copies shows, and in how many bits that is wrong.
#[derive(Clone, Copy)]
struct Format {
    word: u16,
    errors: u32,
}

impl Format {
    fn of(modules: &Modules) -> Self {
        let copies = copies(modules.side()).map(|copy| {
            let bits = copy.map(|(x, y)| u16::from(modules.is_dark(x, y)));
            bits.iter().fold(0, |word, bit| word << 1 | bit) ^ FORMAT_MASK
        });
        let errors = |format: u16| {
            let each = copies.map(|copy| (copy ^ format).count_ones());
            each[0].min(each[1])
        };
        let formats = FORMATS.map(|word| Self {
            word,
            errors: errors(word),
        });
        formats.into_iter().fold(formats[0], |best, format| {
            if format.errors < best.errors {
                format
            } else {
                best
            }
        })
    }

    fn level(self) -> usize {
        usize::from(self.word >> 13)
    }

    fn mask(self) -> u16 {
        self.word >> 10 & 7
    }

    /// Writes both copies as they should be: no decoder need guess them again.
    fn write(self, modules: &mut Modules) {
        let word = self.word ^ FORMAT_MASK;
        for copy in copies(modules.side()) {
            for (at, (x, y)) in copy.into_iter().enumerate() {
                modules.set(x, y, word >> (FORMAT_BITS - 1 - at) & 1 == 1);
            }
        }
    }
}

/// Where the bits of both copies are, as column and row, the highest bit first.
fn copies(side: usize) -> [[(usize, usize); FORMAT_BITS]; 2] {
    let around_corner = std::array::from_fn(|at| match at {
        0..6 => (at, 8),
        6 => (7, 8),
        7 => (8, 8),
        8 => (8, 7),
        _ => (8, 14 - at),
    });
    let along_sides = std::array::from_fn(|at| match at {
        0..7 => (8, side - 1 - at),
        _ => (side - FORMAT_BITS + at, 8),
    });
    [around_corner, along_sides]
}

/// The code that these modules are, straight or mirrored; none where a block can't be corrected.
pub(crate) fn prove(modules: &Modules) -> Option<Sound> {
    let version = Version::of_side(modules.side())?;
    let straight = Format::of(modules);
    if straight.errors <= MOST_FORMAT_ERRORS
        && let Some(data) = corrected(modules, version, straight)
    {
        return Some(sound(modules.clone(), version, straight, data, false));
    }
    let mirrored = modules.mirrored();
    let format = Format::of(&mirrored);
    let likely = format.errors <= MOST_MIRRORED_ERRORS && format.errors < straight.errors;
    let data = likely.then(|| corrected(&mirrored, version, format))??;
    Some(sound(mirrored, version, format, data, true))
}

fn sound(
    mut modules: Modules,
    version: Version,
    format: Format,
    data: Data,
    mirrored: bool,
) -> Sound {
    format.write(&mut modules);
    Sound {
        modules,
        data: data.codewords,
        version,
        mirrored,
        spare: data.spare,
    }
}

/// What the blocks hold, one after another; none where one of them can't be corrected.
fn corrected(modules: &Modules, version: Version, format: Format) -> Option<Data> {
    let shares = version.shares(format.level());
    let codewords = codewords(modules, version, format.mask());
    let reserve = reserve(version, format);
    let mut data = Data {
        codewords: Vec::with_capacity(shares.total),
        spare: true,
    };
    let mut block = Vec::with_capacity(256);
    for at in 0..shares.blocks {
        fill_block(&codewords, shares, at, &mut block);
        let wrong = correct(&mut block, shares.parity, reserve, &[])?;
        data.spare &= reserve.is_spared(wrong, shares.parity);
        let held = &block[..block.len() - shares.parity];
        data.codewords.extend_from_slice(held);
    }
    Some(data)
}

/// The code that these modules are, where some are told to be in doubt: as far as each grey is from its threshold, so
/// certain is its module. Straight codes only.
///
/// The least certain codewords of a block are taken for unknown, more and more of them: an error whose place is known
/// costs half. The modules are then drawn anew, for no decoder need find the same again.
pub(crate) fn prove_in_doubt(modules: &Modules, certain: &[f32]) -> Option<Sound> {
    let version = Version::of_side(modules.side())?;
    let format = Format::of(modules);
    if format.errors > MOST_FORMAT_ERRORS {
        return None;
    }
    let shares = version.shares(format.level());
    let mut codewords = codewords(modules, version, format.mask());
    let certainty = certainty(certain, version);
    let reserve = reserve(version, format);
    let places: Vec<usize> = (0..codewords.len()).collect();
    let mut data = Vec::with_capacity(shares.total);
    let (mut block, mut ats) = (Vec::with_capacity(256), Vec::with_capacity(256));
    for at in 0..shares.blocks {
        fill_block(&codewords, shares, at, &mut block);
        fill_block(&places, shares, at, &mut ats);
        let doubtful = order(ats.iter().map(|at| certainty[*at]));
        let sound = (0..=shares.parity.saturating_sub(reserve.in_doubt))
            .step_by(DOUBTS_STEP)
            .find_map(|doubts| {
                let mut block = block.clone();
                correct(&mut block, shares.parity, reserve, &doubtful[..doubts])?;
                Some(block)
            })?;
        for (at, codeword) in ats.iter().zip(&sound) {
            codewords[*at] = *codeword;
        }
        data.extend_from_slice(&sound[..sound.len() - shares.parity]);
    }
    let mut drawn = modules.clone();
    for ((x, y), at) in data_modules(version).zip(0..codewords.len() * 8) {
        let dark = codewords[at / 8] << (at % 8) & 0x80 != 0;
        drawn.set(x, y, dark != is_masked(format.mask(), x, y));
    }
    let data = Data {
        codewords: data,
        spare: false,
    };
    Some(sound(drawn, version, format, data, false))
}

/// Of each codeword the certainty of its least certain module.
fn certainty(certain: &[f32], version: Version) -> Vec<f32> {
    let side = version.side();
    let each: Vec<f32> = data_modules(version)
        .map(|(x, y)| certain[y * side + x])
        .collect();
    let (codewords, _) = each.as_chunks::<8>();
    let least = |bits: &[f32; 8]| bits.iter().fold(f32::MAX, |a, b| a.min(*b));
    codewords.iter().map(least).collect()
}

/// Correcting codewords that the standard keeps against misreading (table 9, the note on p), and those that are kept where
/// places are in doubt.
fn reserve(version: Version, format: Format) -> Reserve {
    let least = match (version.number(), format.level()) {
        // M, L, H, Q.
        (1, 0) => 2,
        (1, 1) => 3,
        (1, _) => 1,
        (2, 1) => 2,
        (3, 1) => 1,
        _ => 0,
    };
    Reserve {
        least,
        in_doubt: KEPT_IN_DOUBT,
    }
}

/// A block's codewords among the interleaved ones: its data, then its parity.
fn fill_block<T: Copy>(codewords: &[T], shares: Shares, at: usize, block: &mut Vec<T>) {
    let Shares {
        blocks,
        parity,
        total,
    } = shares;
    let (data, longer) = (total / blocks - parity, total % blocks);
    let short_blocks = blocks - longer;
    block.clear();
    let datas = codewords.iter().copied().skip(at);
    block.extend(datas.step_by(blocks).take(data));
    if at >= short_blocks {
        block.extend(codewords.get(data * blocks + at - short_blocks).copied());
    }
    let parities = codewords.iter().copied().skip(data * blocks + longer + at);
    block.extend(parities.step_by(blocks).take(parity));
}

/// The codewords in the order of their drawing, unmasked.
fn codewords(modules: &Modules, version: Version, mask: u16) -> Vec<u8> {
    let bits = data_modules(version).map(|(x, y)| modules.is_dark(x, y) != is_masked(mask, x, y));
    let mut codewords = Vec::with_capacity(version.shares(0).total + 1);
    let (mut word, mut count) = (0_u8, 0);
    for bit in bits {
        word = word << 1 | u8::from(bit);
        count += 1;
        if count == 8 {
            codewords.push(word);
            (word, count) = (0, 0);
        }
    }
    codewords
}

/// Columns and rows of the modules that hold codewords, in the order of their drawing: up and down in pairs of columns,
/// from the right.
fn data_modules(version: Version) -> impl Iterator<Item = (usize, usize)> {
    let side = version.side();
    let reserved = version.reserved();
    // The timing column belongs to no pair.
    let rights = (1..side)
        .rev()
        .step_by(2)
        .map(|right| if right < 7 { right - 1 } else { right });
    let pairs = rights.enumerate().flat_map(move |(pair, right)| {
        let up = pair.is_multiple_of(2);
        let rows = (0..side).map(move |step| if up { side - 1 - step } else { step });
        rows.flat_map(move |y| [(right, y), (right.saturating_sub(1), y)])
    });
    pairs.filter(move |(x, y)| !reserved[y * side + x])
}

/// The eight masks of the standard (table 10).
fn is_masked(mask: u16, x: usize, y: usize) -> bool {
    match mask {
        0 => (x + y).is_multiple_of(2),
        1 => y.is_multiple_of(2),
        2 => x.is_multiple_of(3),
        3 => (x + y).is_multiple_of(3),
        4 => (y / 2 + x / 3).is_multiple_of(2),
        5 => (x * y).is_multiple_of(6),
        6 => (x * y % 2 + x * y % 3).is_multiple_of(2),
        _ => (x * y % 3 + (x + y) % 2).is_multiple_of(2),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::modules::modules::tests::drawn;

    fn with_wrong(modules: &Modules, wrong: usize) -> Modules {
        let mut modules = modules.clone();
        for at in 0..wrong {
            let (x, y) = (9 + at * 3 % (modules.side() - 10), 9 + at * 7 % 4);
            modules.set(x, y, !modules.is_dark(x, y));
        }
        modules
    }

    #[test]
    fn every_version_and_level_is_sound() {
        for version in 1..=40 {
            for level in [
                qrcode::EcLevel::L,
                qrcode::EcLevel::M,
                qrcode::EcLevel::Q,
                qrcode::EcLevel::H,
            ] {
                let modules = drawn("134503", version, level);
                let sound = prove(&modules).unwrap();
                assert!(!sound.mirrored);
                assert_eq!(sound.modules, modules, "{version} {level:?}");
            }
        }
    }

    #[test]
    fn codewords_in_doubt_are_corrected_beyond_half_the_parity() {
        for (version, level, wide, sound) in [
            (1, qrcode::EcLevel::M, 5, true),
            (1, qrcode::EcLevel::M, 9, false),
            (7, qrcode::EcLevel::M, 18, true),
            (7, qrcode::EcLevel::M, 30, false),
        ] {
            let modules = drawn("134503098230927349", version, level);
            let side = modules.side();
            let mut washed = modules.clone();
            let mut certain = vec![60.0; side * side];
            for at in 0..wide * wide {
                let (x, y) = (9 + at % wide, side - 1 - at / wide);
                washed.set(x, y, false);
                certain[y * side + x] = (at % 3) as f32;
            }
            assert!(prove(&washed).is_none(), "{version} {wide}");
            let proved = prove_in_doubt(&washed, &certain);
            assert_eq!(proved.is_some(), sound, "{version} {wide}");
            if let Some(proved) = proved {
                // What holds no codeword is left as it was: no decoder looks there.
                let data = prove(&modules).unwrap().data;
                assert!(proved.data == data && prove(&proved.modules).unwrap().data == data);
            }
        }
    }

    #[test]
    fn noise_in_doubt_is_no_code() {
        let mut state = 1_u32;
        for _ in 0..400 {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 16
            };
            let noise: Vec<bool> = (0..21 * 21).map(|_| next() & 1 == 1).collect();
            let certain: Vec<f32> = (0..21 * 21).map(|_| (next() & 63) as f32).collect();
            assert!(prove_in_doubt(&Modules::new(21, noise), &certain).is_none());
        }
    }

    #[test]
    fn a_mirrored_code_is_turned_back() {
        let modules = drawn("134503098230927349", 3, qrcode::EcLevel::M);
        let sound = prove(&modules.mirrored()).unwrap();
        assert!(sound.mirrored);
        assert_eq!(sound.modules, modules);
    }

    #[test]
    fn a_format_with_three_wrong_bits_in_both_copies_is_cleaned() {
        let modules = drawn("134503098230927349", 2, qrcode::EcLevel::Q);
        let mut dirty = modules.clone();
        for copy in copies(modules.side()) {
            for (x, y) in [copy[0], copy[5], copy[11]] {
                dirty.set(x, y, !dirty.is_dark(x, y));
            }
        }
        assert_eq!(prove(&dirty).unwrap().modules, modules);
    }

    #[test]
    fn too_many_wrong_modules_and_noise_are_none() {
        let modules = drawn("134503098230927349", 2, qrcode::EcLevel::L);
        assert!(prove(&with_wrong(&modules, 2)).is_some());
        assert!(prove(&with_wrong(&modules, 30)).is_none());
        for side in [0, 1, 20, 21, 25, 177, 181] {
            let noise = (0..side * side).map(|at| at * at % 7 < 3).collect();
            assert!(prove(&Modules::new(side, noise)).is_none(), "{side}");
        }
    }

    #[test]
    fn noise_has_correction_to_spare_once_in_a_million_million_times_at_most() {
        for version in (1..=40).map(|number| Version::new(number).unwrap()) {
            for word in FORMATS {
                let format = Format { word, errors: 0 };
                let shares = version.shares(format.level());
                let reserve = reserve(version, format);
                // Words of the longest block within reach of one that is whole, of 256 to its length.
                let length = shares.total.div_ceil(shares.blocks) as f64;
                let wrongs =
                    (0..shares.parity).take_while(|n| reserve.is_spared(*n, shares.parity));
                let (mut ways, mut near) = (1.0, 0.0);
                for wrong in wrongs {
                    if wrong > 0 {
                        ways *= (length - wrong as f64 + 1.0) / wrong as f64 * 255.0;
                    }
                    near += ways;
                }
                let chance = near / 256_f64.powi(shares.parity as i32);
                assert!(chance < 1e-12, "{} {word:#x}: {chance}", version.number());
            }
        }
    }

    #[test]
    fn the_smallest_code_keeps_its_reserve() {
        // Version 1-L could correct three codewords, and corrects two.
        let modules = drawn("1345", 1, qrcode::EcLevel::L);
        let mut dirty = modules.clone();
        for y in [20, 16, 12] {
            dirty.set(20, y, !dirty.is_dark(20, y));
        }
        assert!(prove(&dirty).is_none());
    }
}
