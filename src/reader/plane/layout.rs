//! The layout of a code by the standard: sizes, function patterns, and how its codewords are split into blocks.
//!
//! The standard is ISO/IEC 18004, <https://www.iso.org/standard/62021.html>. Table numbers are of the 2015 edition.

/// A code's version, 1 to 40, which fixes its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(usize);

/// A module of a function pattern: its colour is the same in every code of the version.
#[derive(Clone, Copy)]
pub(crate) struct FunctionModule {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) dark: bool,
    /// Its weight in the contrast of a plane.
    pub(crate) weight: f32,
}

/// How the codewords of a code are split into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockLayout {
    pub(crate) blocks: usize,
    /// Error correction codewords of each block.
    pub(crate) parity: usize,
    /// Codewords of the whole code. The last `total % blocks` blocks hold one more than the others.
    pub(crate) total: usize,
}

/// Side of a finder pattern, in modules.
pub(crate) const FINDER: usize = 7;
/// The row and the column of the timing patterns.
pub(crate) const TIMING: usize = 6;
/// The first version whose codes hold version information.
pub(crate) const FIRST_WITH_VERSION: usize = 7;
/// Version 32 is the only one whose gap between alignment patterns does not follow the rule below (annex E).
const VERSION_32_GAP: usize = 26;
/// The weights of function modules in the contrast of a plane, by how much they tell about a shift.
///
/// Chosen on the till set. A timing module differs from both neighbours, as an alignment pattern's light ring does.
/// Most dark modules of a finder have dark neighbours: with a larger weight the finders decide alone.
const TIMING_WEIGHT: f32 = 1.5;
const FINDER_DARK_WEIGHT: f32 = 0.7;
const FINDER_LIGHT_WEIGHT: f32 = 1.0;
const ALIGNMENT_DARK_WEIGHT: f32 = 1.0;
const ALIGNMENT_LIGHT_WEIGHT: f32 = 1.5;

impl Version {
    /// The version of this number; `None` if it is not 1 to 40.
    pub(crate) fn new(number: usize) -> Option<Self> {
        (1..=40).contains(&number).then_some(Self(number))
    }

    /// The version with this many modules on a side.
    pub(crate) fn of_side(side: usize) -> Option<Self> {
        let modules = side.checked_sub(17)?;
        (modules % 4 == 0).then(|| Self::new(modules / 4)).flatten()
    }

    /// The version's number.
    pub(crate) fn number(self) -> usize {
        self.0
    }

    /// Modules on a side.
    pub(crate) fn side(self) -> usize {
        17 + 4 * self.0
    }

    /// The rows, and equally the columns, of the alignment patterns' middles (annex E).
    pub(crate) fn alignment_lines(self) -> Vec<usize> {
        if self.0 == 1 {
            return Vec::new();
        }
        let (gaps, last) = (self.0 / 7 + 1, self.side() - 7);
        // The gaps are even numbers and equal, counted from the end; the first gap takes what is left.
        let gap = if self.0 == 32 {
            VERSION_32_GAP
        } else {
            (last - TIMING).div_ceil(2 * gaps) * 2
        };
        let from_end = (0..gaps).rev().map(|at| last - at * gap);
        std::iter::once(TIMING).chain(from_end).collect()
    }

    /// The alignment patterns' middles, as column and row.
    pub(crate) fn alignments(self) -> Vec<(usize, usize)> {
        let lines = self.alignment_lines();
        let last = self.side() - 7;
        let at_finder = |x: usize, y: usize| {
            (x == TIMING && (y == TIMING || y == last)) || (y == TIMING && x == last)
        };
        let pairs = lines
            .iter()
            .flat_map(|y| lines.iter().map(move |x| (*x, *y)));
        pairs.filter(|(x, y)| !at_finder(*x, *y)).collect()
    }

    /// The modules of the function patterns, in which every code of this version is equal.
    pub(crate) fn function_modules(self) -> Vec<FunctionModule> {
        let mut known = Vec::with_capacity(512);
        let side = self.side();
        for (left, top) in [(0, 0), (side - FINDER, 0), (0, side - FINDER)] {
            add_finder(side, left, top, &mut known);
        }
        for at in FINDER + 1..side - FINDER - 1 {
            let dark = at % 2 == 0;
            for (x, y) in [(at, TIMING), (TIMING, at)] {
                known.push(FunctionModule {
                    x,
                    y,
                    dark,
                    weight: TIMING_WEIGHT,
                });
            }
        }
        for (x, y) in self.alignments() {
            add_alignment(x, y, &mut known);
        }
        known
    }

    /// For each module, row by row: whether it belongs to a function pattern, the format or the version information.
    pub(crate) fn reserved(self) -> Vec<bool> {
        let side = self.side();
        let mut reserved = vec![false; side * side];
        let mut paint = |left: usize, top: usize, width: usize, height: usize| {
            for row in reserved.chunks_exact_mut(side).skip(top).take(height) {
                row[left..left + width].fill(true);
            }
        };
        paint(0, 0, 9, 9);
        paint(side - 8, 0, 8, 9);
        paint(0, side - 8, 9, 8);
        paint(0, TIMING, side, 1);
        paint(TIMING, 0, 1, side);
        if self.0 >= FIRST_WITH_VERSION {
            paint(side - 11, 0, 3, 6);
            paint(0, side - 11, 6, 3);
        }
        for (x, y) in self.alignments() {
            paint(x - 2, y - 2, 5, 5);
        }
        reserved
    }

    /// The block layout at an error correction level, numbered as in the format information: M, L, H, Q.
    pub(crate) fn block_layout(self, level: usize) -> BlockLayout {
        let at = self.0 - 1;
        BlockLayout {
            blocks: usize::from(BLOCKS[at][level & 3]),
            parity: usize::from(PARITY[at][level & 3]),
            total: self.codewords(),
        }
    }

    /// Codewords of a code: its modules without the reserved ones, divided by eight.
    fn codewords(self) -> usize {
        let version = self.0;
        let mut modules = (16 * version + 128) * version + 64;
        if version >= 2 {
            let lines = version / 7 + 2;
            modules -= (25 * lines - 10) * lines - 55;
        }
        if version >= FIRST_WITH_VERSION {
            modules -= 36;
        }
        modules / 8
    }
}

/// Adds a finder pattern and the light separator around it, as far as it lies inside the code.
fn add_finder(side: usize, left: usize, top: usize, known: &mut Vec<FunctionModule>) {
    let (middle_x, middle_y) = (left + 3, top + 3);
    for y in top.saturating_sub(1)..(top + FINDER + 1).min(side) {
        for x in left.saturating_sub(1)..(left + FINDER + 1).min(side) {
            let ring = x.abs_diff(middle_x).max(y.abs_diff(middle_y));
            let dark = ring != 2 && ring != 4;
            let weight = if dark {
                FINDER_DARK_WEIGHT
            } else {
                FINDER_LIGHT_WEIGHT
            };
            known.push(FunctionModule { x, y, dark, weight });
        }
    }
}

/// Adds an alignment pattern.
fn add_alignment(middle_x: usize, middle_y: usize, known: &mut Vec<FunctionModule>) {
    for y in middle_y - 2..=middle_y + 2 {
        for x in middle_x - 2..=middle_x + 2 {
            let dark = x.abs_diff(middle_x).max(y.abs_diff(middle_y)) != 1;
            let weight = if dark {
                ALIGNMENT_DARK_WEIGHT
            } else {
                ALIGNMENT_LIGHT_WEIGHT
            };
            known.push(FunctionModule { x, y, dark, weight });
        }
    }
}

/// Error correction codewords of each block, by version and level M, L, H, Q (table 9).
#[rustfmt::skip]
const PARITY: [[u8; 4]; 40] = [
    [10, 7, 17, 13], [16, 10, 28, 22], [26, 15, 22, 18], [18, 20, 16, 26], [24, 26, 22, 18],
    [16, 18, 28, 24], [18, 20, 26, 18], [22, 24, 26, 22], [22, 30, 24, 20], [26, 18, 28, 24],
    [30, 20, 24, 28], [22, 24, 28, 26], [22, 26, 22, 24], [24, 30, 24, 20], [24, 22, 24, 30],
    [28, 24, 30, 24], [28, 28, 28, 28], [26, 30, 28, 28], [26, 28, 26, 26], [26, 28, 28, 30],
    [26, 28, 30, 28], [28, 28, 24, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 26, 30, 30],
    [28, 28, 30, 28], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30],
    [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30],
    [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30], [28, 30, 30, 30],
];

/// Blocks of a code, by version and level M, L, H, Q (table 9).
#[rustfmt::skip]
const BLOCKS: [[u8; 4]; 40] = [
    [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 2, 2], [2, 1, 4, 2], [2, 1, 4, 4],
    [4, 2, 4, 4], [4, 2, 5, 6], [4, 2, 6, 6], [5, 2, 8, 8], [5, 4, 8, 8],
    [5, 4, 11, 8], [8, 4, 11, 10], [9, 4, 16, 12], [9, 4, 16, 16], [10, 6, 18, 12],
    [10, 6, 16, 17], [11, 6, 19, 16], [13, 6, 21, 18], [14, 7, 25, 21], [16, 8, 25, 20],
    [17, 8, 25, 23], [17, 9, 34, 23], [18, 9, 30, 25], [20, 10, 32, 27], [21, 12, 35, 29],
    [23, 12, 37, 34], [25, 12, 40, 34], [26, 13, 42, 35], [28, 14, 45, 38], [29, 15, 48, 40],
    [31, 16, 51, 43], [33, 17, 54, 45], [35, 18, 57, 48], [37, 19, 60, 51], [38, 19, 63, 53],
    [40, 20, 66, 56], [43, 21, 70, 59], [45, 22, 74, 62], [47, 24, 77, 65], [49, 25, 81, 68],
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn version(number: usize) -> Version {
        Version::new(number).unwrap()
    }

    #[test]
    pub(crate) fn alignment_lines_are_those_of_the_standard() {
        assert!(version(1).alignment_lines().is_empty());
        assert_eq!(version(2).alignment_lines(), [6, 18]);
        assert_eq!(version(7).alignment_lines(), [6, 22, 38]);
        assert_eq!(version(15).alignment_lines(), [6, 26, 48, 70]);
        assert_eq!(version(32).alignment_lines(), [6, 34, 60, 86, 112, 138]);
        assert_eq!(
            version(40).alignment_lines(),
            [6, 30, 58, 86, 114, 142, 170]
        );
    }

    #[test]
    fn what_is_not_reserved_holds_every_codeword() {
        for number in 1..=40 {
            let free = version(number).reserved().iter().filter(|r| !**r).count();
            assert_eq!(free / 8, version(number).codewords(), "version {number}");
            for level in 0..4 {
                let layout = version(number).block_layout(level);
                assert!(layout.total / layout.blocks > layout.parity);
            }
        }
    }

    #[test]
    fn known_modules_are_those_of_a_drawn_code() {
        for number in [1, 2, 7, 23, 32, 40] {
            let size = qrcode::Version::Normal(number);
            let code = qrcode::QrCode::with_version(b"1", size, qrcode::EcLevel::L).unwrap();
            for known in version(number as usize).function_modules() {
                let dark = code[(known.x, known.y)] == qrcode::Color::Dark;
                assert_eq!(dark, known.dark, "{number}: {} {}", known.x, known.y);
            }
        }
    }

    #[test]
    fn sides_that_no_version_has_are_none() {
        for side in [0, 17, 20, 22, 178, 181] {
            assert!(Version::of_side(side).is_none());
        }
        assert_eq!(Version::of_side(21), Version::new(1));
        assert_eq!(Version::of_side(177), Version::new(40));
    }
}
