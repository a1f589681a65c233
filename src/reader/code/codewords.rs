//! Proves at low cost that modules are a code: by its format information and the error correction of all its blocks.
//!
//! Refusing a grid takes microseconds; a decoder takes a tenth of a millisecond.
//! The proof is also stricter: in the smallest codes it keeps the standard's protection against misreading.

use super::reed_solomon::{Reserve, correct};
use crate::finders::order::order;
use crate::modules::modules::Modules;
use crate::plane::layout::{BlockLayout, Version};

/// The mask of the format information, so that it is never all light (ISO/IEC 18004, annex C).
const FORMAT_MASK: u16 = 0x5412;
/// Generator of the format information's BCH code (15, 5), from the same annex.
const FORMAT_GENERATOR: u16 = 0x537;
/// Errors in the format information that are corrected: its words differ in at least 7 bits.
const MAX_FORMAT_ERRORS: u32 = 3;
/// The same for a mirrored code, which is only looked for after the straight one has failed.
///
/// Larger: noise has a mirrored format too, and its correction costs time. Smaller: dirty mirrored codes are lost.
const MAX_MIRRORED_ERRORS: u32 = 1;
const FORMAT_BITS: usize = 15;
/// Parity codewords of each block that erasures may not use up.
///
/// Noise then passes once in 256^4 = 4 * 10^9 times. Larger: washed-out codes are lost. Smaller: noise is read.
const KEPT_FROM_ERASURES: usize = 4;
/// The step from one number of erasures to the next that is tried. Larger: codes are lost. Smaller: more time.
const ERASURES_STEP: usize = 2;

/// All words of the format information.
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

/// A proven code: its blocks can all be corrected, it is not mirrored, and its format information is clean.
pub(crate) struct ProvenCode {
    pub(crate) modules: Modules,
    /// The corrected data codewords.
    pub(crate) data: Vec<u8>,
    pub(crate) version: Version,
    pub(crate) orientation: Orientation,
    /// Each block had correction for one more wrong codeword. Noise becomes such a block at most once in 10^12 times.
    pub(crate) has_spare: bool,
}

/// How a code was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    Straight,
    Mirrored,
}

/// The corrected data of all blocks.
struct Data {
    codewords: Vec<u8>,
    has_spare: bool,
}

/// The format information nearest to one of its two copies, and the number of bits in which that copy is wrong.
#[derive(Clone, Copy)]
struct Format {
    word: u16,
    errors: u32,
}

impl Format {
    /// Reads both copies.
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

    /// The error correction level, numbered M, L, H, Q.
    fn level(self) -> usize {
        usize::from(self.word >> 13)
    }

    /// The data mask, 0 to 7.
    fn mask(self) -> u16 {
        self.word >> 10 & 7
    }

    /// Writes both copies without errors, so that the decoder has nothing to guess.
    fn write(self, modules: &mut Modules) {
        let word = self.word ^ FORMAT_MASK;
        for copy in copies(modules.side()) {
            for (at, (x, y)) in copy.into_iter().enumerate() {
                modules.set(x, y, word >> (FORMAT_BITS - 1 - at) & 1 == 1);
            }
        }
    }
}

/// The column and row of each bit of both copies, the highest bit first.
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

/// Proves that these modules are a code, straight or mirrored. `None` if a block can't be corrected.
pub(crate) fn prove(modules: &Modules) -> Option<ProvenCode> {
    let version = Version::of_side(modules.side())?;
    let straight = Format::of(modules);
    if straight.errors <= MAX_FORMAT_ERRORS
        && let Some(data) = corrected(modules, version, straight)
    {
        let modules = modules.clone();
        return Some(proven(
            modules,
            version,
            straight,
            data,
            Orientation::Straight,
        ));
    }
    let mirrored = modules.mirrored();
    let format = Format::of(&mirrored);
    let likely = format.errors <= MAX_MIRRORED_ERRORS && format.errors < straight.errors;
    let data = likely.then(|| corrected(&mirrored, version, format))??;
    Some(proven(
        mirrored,
        version,
        format,
        data,
        Orientation::Mirrored,
    ))
}

fn proven(
    mut modules: Modules,
    version: Version,
    format: Format,
    data: Data,
    orientation: Orientation,
) -> ProvenCode {
    format.write(&mut modules);
    ProvenCode {
        modules,
        data: data.codewords,
        version,
        orientation,
        has_spare: data.has_spare,
    }
}

/// Corrects all blocks. `None` if one of them has too many errors.
fn corrected(modules: &Modules, version: Version, format: Format) -> Option<Data> {
    let layout = version.block_layout(format.level());
    let codewords = codewords(modules, version, format.mask());
    let reserve = reserve(version, format);
    let mut data = Data {
        codewords: Vec::with_capacity(layout.total),
        has_spare: true,
    };
    let mut block = Vec::with_capacity(256);
    for at in 0..layout.blocks {
        fill_block(&codewords, layout, at, &mut block);
        let wrong = correct(&mut block, layout.parity, reserve, &[])?;
        data.has_spare &= reserve.has_spare(wrong, layout.parity);
        let held = &block[..block.len() - layout.parity];
        data.codewords.extend_from_slice(held);
    }
    Some(data)
}

/// Proves a code with washed-out modules, by erasure decoding. Straight codes only.
///
/// `confidence` gives, for each module, the distance of its grey from its threshold.
/// The least certain codewords of each block count as erased, in growing numbers: an error at a known place needs half
/// as much parity. The modules are then drawn from the corrected codewords, so that the decoder has no errors to find.
pub(crate) fn prove_with_erasures(modules: &Modules, confidence: &[f32]) -> Option<ProvenCode> {
    let version = Version::of_side(modules.side())?;
    let format = Format::of(modules);
    if format.errors > MAX_FORMAT_ERRORS {
        return None;
    }
    let layout = version.block_layout(format.level());
    let mut codewords = codewords(modules, version, format.mask());
    let confidence = codeword_confidence(confidence, version);
    let reserve = reserve(version, format);
    let places: Vec<usize> = (0..codewords.len()).collect();
    let mut data = Vec::with_capacity(layout.total);
    let (mut block, mut ats) = (Vec::with_capacity(256), Vec::with_capacity(256));
    for at in 0..layout.blocks {
        fill_block(&codewords, layout, at, &mut block);
        fill_block(&places, layout, at, &mut ats);
        let doubtful = order(ats.iter().map(|at| confidence[*at]));
        let corrected = (0..=layout.parity.saturating_sub(reserve.kept_from_erasures))
            .step_by(ERASURES_STEP)
            .find_map(|erasures| {
                let mut block = block.clone();
                correct(&mut block, layout.parity, reserve, &doubtful[..erasures])?;
                Some(block)
            })?;
        for (at, codeword) in ats.iter().zip(&corrected) {
            codewords[*at] = *codeword;
        }
        data.extend_from_slice(&corrected[..corrected.len() - layout.parity]);
    }
    let mut drawn = modules.clone();
    for ((x, y), at) in data_modules(version).zip(0..codewords.len() * 8) {
        let dark = codewords[at / 8] << (at % 8) & 0x80 != 0;
        drawn.set(x, y, dark != is_masked(format.mask(), x, y));
    }
    let data = Data {
        codewords: data,
        has_spare: false,
    };
    Some(proven(drawn, version, format, data, Orientation::Straight))
}

/// The confidence of each codeword: that of its least certain module.
fn codeword_confidence(confidence: &[f32], version: Version) -> Vec<f32> {
    let side = version.side();
    let each: Vec<f32> = data_modules(version)
        .map(|(x, y)| confidence[y * side + x])
        .collect();
    let (codewords, _) = each.as_chunks::<8>();
    let least = |bits: &[f32; 8]| bits.iter().fold(f32::MAX, |a, b| a.min(*b));
    codewords.iter().map(least).collect()
}

/// The parity codewords that are not used for correction.
///
/// The standard calls them *p*, the misdecode protection codewords of the smallest codes (table 9, note b).
fn reserve(version: Version, format: Format) -> Reserve {
    let misdecode_protection = match (version.number(), format.level()) {
        // Levels are M, L, H, Q.
        (1, 0) => 2,
        (1, 1) => 3,
        (1, _) => 1,
        (2, 1) => 2,
        (3, 1) => 1,
        _ => 0,
    };
    Reserve {
        misdecode_protection,
        kept_from_erasures: KEPT_FROM_ERASURES,
    }
}

/// Collects a block's codewords from the interleaved ones: its data, then its parity.
fn fill_block<T: Copy>(codewords: &[T], layout: BlockLayout, at: usize, block: &mut Vec<T>) {
    let BlockLayout {
        blocks,
        parity,
        total,
    } = layout;
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

/// The unmasked codewords, in the order in which they are drawn.
fn codewords(modules: &Modules, version: Version, mask: u16) -> Vec<u8> {
    let bits = data_modules(version).map(|(x, y)| modules.is_dark(x, y) != is_masked(mask, x, y));
    let mut codewords = Vec::with_capacity(version.block_layout(0).total + 1);
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

/// The column and row of each data module, in the order in which they are drawn.
///
/// That is up and down in pairs of columns, from the right.
fn data_modules(version: Version) -> impl Iterator<Item = (usize, usize)> {
    let side = version.side();
    let reserved = version.reserved();
    // The timing pattern's column belongs to no pair.
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

/// Whether a data mask inverts a module (table 10).
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
                let proven = prove(&modules).unwrap();
                assert_eq!(proven.orientation, Orientation::Straight);
                assert_eq!(proven.modules, modules, "{version} {level:?}");
            }
        }
    }

    #[test]
    fn codewords_in_doubt_are_corrected_beyond_half_the_parity() {
        for (version, level, wide, provable) in [
            (1, qrcode::EcLevel::M, 5, true),
            (1, qrcode::EcLevel::M, 9, false),
            (7, qrcode::EcLevel::M, 18, true),
            (7, qrcode::EcLevel::M, 30, false),
        ] {
            let modules = drawn("134503098230927349", version, level);
            let side = modules.side();
            let mut washed = modules.clone();
            let mut confidence = vec![60.0; side * side];
            for at in 0..wide * wide {
                let (x, y) = (9 + at % wide, side - 1 - at / wide);
                washed.set(x, y, false);
                confidence[y * side + x] = (at % 3) as f32;
            }
            assert!(prove(&washed).is_none(), "{version} {wide}");
            let proved = prove_with_erasures(&washed, &confidence);
            assert_eq!(proved.is_some(), provable, "{version} {wide}");
            if let Some(proved) = proved {
                // Modules without a codeword are left as they were: no decoder looks at them.
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
            let confidence: Vec<f32> = (0..21 * 21).map(|_| (next() & 63) as f32).collect();
            assert!(prove_with_erasures(&Modules::new(21, noise), &confidence).is_none());
        }
    }

    #[test]
    fn a_mirrored_code_is_turned_back() {
        let modules = drawn("134503098230927349", 3, qrcode::EcLevel::M);
        let proven = prove(&modules.mirrored()).unwrap();
        assert_eq!(proven.orientation, Orientation::Mirrored);
        assert_eq!(proven.modules, modules);
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
                let layout = version.block_layout(format.level());
                let reserve = reserve(version, format);
                // The words of the longest block that are corrected to a valid one, of 256 to the power of its length.
                let length = layout.total.div_ceil(layout.blocks) as f64;
                let wrongs =
                    (0..layout.parity).take_while(|n| reserve.has_spare(*n, layout.parity));
                let (mut ways, mut near) = (1.0, 0.0);
                for wrong in wrongs {
                    if wrong > 0 {
                        ways *= (length - wrong as f64 + 1.0) / wrong as f64 * 255.0;
                    }
                    near += ways;
                }
                let chance = near / 256_f64.powi(layout.parity as i32);
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
