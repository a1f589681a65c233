//! A cheap proof that modules are a code: its format, and Reed and Solomon's correction of each of its blocks.
//!
//! It says no in microseconds where a decoder takes the tenth of a millisecond, and it is stricter: it keeps the
//! standard's distance from misreading in the smallest codes.

use super::layout::{Shares, Version};
use super::modules::Modules;
use super::reed_solomon::correct;

/// A format is XORed with this in a code, so that it is never all light.
const FORMAT_MASK: u16 = 0x5412;
/// The generator of the format's 10 correcting bits.
const FORMAT_GENERATOR: u16 = 0x537;
/// Formats differ in 7 bits at least.
const MOST_FORMAT_ERRORS: u32 = 3;
/// A mirrored code is looked for only where its format is nearly clean: any noise has some format.
const MOST_MIRRORED_ERRORS: u32 = 1;
const FORMAT_BITS: usize = 15;

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
pub(super) struct Sound {
    pub(super) modules: Modules,
    /// The corrected codewords that hold what the code says.
    pub(super) data: Vec<u8>,
    pub(super) version: Version,
    /// The code was seen in a mirror.
    pub(super) mirrored: bool,
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
pub(super) fn prove(modules: &Modules) -> Option<Sound> {
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
    data: Vec<u8>,
    mirrored: bool,
) -> Sound {
    format.write(&mut modules);
    Sound {
        modules,
        data,
        version,
        mirrored,
    }
}

/// What the blocks hold, one after another; none where one of them can't be corrected.
fn corrected(modules: &Modules, version: Version, format: Format) -> Option<Vec<u8>> {
    let shares = version.shares(format.level());
    let codewords = codewords(modules, version, format.mask());
    let most = shares.parity.saturating_sub(reserve(version, format)) / 2;
    let mut data = Vec::with_capacity(shares.total);
    let mut block = Vec::with_capacity(256);
    for at in 0..shares.blocks {
        fill_block(&codewords, shares, at, &mut block);
        correct(&mut block, shares.parity, most)?;
        data.extend_from_slice(&block[..block.len() - shares.parity]);
    }
    Some(data)
}

/// Correcting codewords that the standard keeps against misreading (table 9, the note on p).
fn reserve(version: Version, format: Format) -> usize {
    match (version.number(), format.level()) {
        // M, L, H, Q.
        (1, 0) => 2,
        (1, 1) => 3,
        (1, _) => 1,
        (2, 1) => 2,
        (3, 1) => 1,
        _ => 0,
    }
}

/// A block's codewords among the interleaved ones: its data, then its parity.
fn fill_block(codewords: &[u8], shares: Shares, at: usize, block: &mut Vec<u8>) {
    let Shares {
        blocks,
        parity,
        total,
    } = shares;
    let (data, longer) = (total / blocks - parity, total % blocks);
    let short_blocks = blocks - longer;
    block.clear();
    block.extend(codewords.iter().skip(at).step_by(blocks).take(data));
    if at >= short_blocks {
        block.extend(codewords.get(data * blocks + at - short_blocks));
    }
    let parities = codewords.iter().skip(data * blocks + longer + at);
    block.extend(parities.step_by(blocks).take(parity));
}

/// The codewords in the order of their drawing: up and down in pairs of columns, from the right, unmasked.
fn codewords(modules: &Modules, version: Version, mask: u16) -> Vec<u8> {
    let side = version.side();
    let reserved = version.reserved();
    let mut codewords = Vec::with_capacity(version.shares(0).total + 1);
    let (mut word, mut bits) = (0_u8, 0);
    // The timing column belongs to no pair.
    let rights = (1..side)
        .rev()
        .step_by(2)
        .map(|right| if right < 7 { right - 1 } else { right });
    for (pair, right) in rights.enumerate() {
        for step in 0..side {
            let y = if pair.is_multiple_of(2) {
                side - 1 - step
            } else {
                step
            };
            for x in [right, right.saturating_sub(1)] {
                if reserved[y * side + x] {
                    continue;
                }
                word = word << 1 | u8::from(modules.is_dark(x, y) != is_masked(mask, x, y));
                bits += 1;
                if bits == 8 {
                    codewords.push(word);
                    (word, bits) = (0, 0);
                }
            }
        }
    }
    codewords
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
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A drawn code.
    pub(in crate::scan) fn drawn(text: &str, version: i16, level: qrcode::EcLevel) -> Modules {
        let size = qrcode::Version::Normal(version);
        let code = qrcode::QrCode::with_version(text, size, level).unwrap();
        let dark = code.to_colors();
        let dark = dark.iter().map(|color| *color == qrcode::Color::Dark);
        Modules::new(code.width(), dark.collect())
    }

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
