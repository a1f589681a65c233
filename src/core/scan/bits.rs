//! A picture of dark and light pixels, 64 to a word.

use super::Luma;
use super::threshold::{BLOCK, Thresholds};
use super::work::spend;

const WORD: usize = u64::BITS as usize;
/// Pixels of a way that are looked at together.
pub(super) const AHEAD: usize = 8;

/// Dark (1) and light (0) pixels. Rows begin at a word; what is left of a row's last word is dark or light as it comes.
pub(super) struct Bits {
    width: usize,
    height: usize,
    per_row: usize,
    words: Vec<u64>,
}

impl Bits {
    /// Pixels up to the threshold of their block are dark; those beyond the last block go by the last one's.
    pub(super) fn of(luma: &Luma<'_>, thresholds: &Thresholds) -> Self {
        let (width, height) = (luma.width(), luma.height());
        let per_row = width.div_ceil(WORD);
        let down = thresholds.values.len() / thresholds.across;
        let mut words = Vec::with_capacity(per_row * height);
        let mut limits = vec![0_u8; per_row * WORD];
        let mut padded = [0_u8; WORD];
        for y in 0..height {
            if y.is_multiple_of(BLOCK) && y / BLOCK < down {
                spell_out(thresholds, y / BLOCK, &mut limits);
            }
            let (limits, _) = limits.as_chunks::<WORD>();
            let (whole, rest) = luma.row(y).as_chunks::<WORD>();
            words.extend(
                whole
                    .iter()
                    .zip(limits)
                    .map(|(row, limit)| pack(row, limit)),
            );
            if let Some(limit) = limits.get(whole.len()) {
                padded[..rest.len()].copy_from_slice(rest);
                words.push(pack(&padded, limit));
            }
        }
        Self {
            width,
            height,
            per_row,
            words,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Whether the pixel is dark. Outside the picture: some answer, no panic.
    #[inline]
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        let word = self
            .words
            .get(y.wrapping_mul(self.per_row).wrapping_add(x / WORD));
        word.copied().unwrap_or_default() >> (x % WORD) & 1 == 1
    }

    /// A row.
    pub(super) fn row(&self, y: usize) -> Line<'_> {
        let words = self.words.get(y * self.per_row..).unwrap_or_default();
        Line {
            words: words.get(..self.per_row).unwrap_or_default(),
            length: self.width as i32,
        }
    }

    /// The next `AHEAD` pixels of a way that goes by these steps, the nearest lowest. Beyond the picture: some answer.
    #[inline]
    pub(super) fn ahead(&self, x: i32, y: i32, (dx, dy): (i32, i32)) -> u32 {
        (0..AHEAD).fold(0, |pixels, nearness| {
            let steps = nearness as i32 + 1;
            let dark = self.is_dark((x + dx * steps) as usize, (y + dy * steps) as usize);
            pixels | u32::from(dark) << nearness
        })
    }

    /// Where a row changes its colour, from its start to its end: 0, each first pixel of a new colour, the width.
    pub(super) fn edges(&self, y: usize, edges: &mut Vec<i32>) {
        // Room for all that there can be, so that the loop needs to ask for none.
        edges.resize(self.per_row * WORD + 2, 0);
        let words = &self.words[y * self.per_row..][..self.per_row];
        let mut last = words.first().copied().unwrap_or_default() & 1;
        let mut count = 1;
        for (at, word) in words.iter().enumerate() {
            let mut changes = word ^ (word << 1 | last);
            last = word >> (WORD - 1);
            while changes != 0 {
                edges[count] = (at * WORD) as i32 + changes.trailing_zeros() as i32;
                count += 1;
                changes &= changes - 1;
            }
        }
        let width = self.width as i32;
        while count > 0 && edges[count - 1] >= width {
            count -= 1;
        }
        edges[0] = 0;
        edges[count] = width;
        edges.truncate(count + 1);
    }
}

/// A row or a column of dark and light pixels.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    words: &'a [u64],
    /// Pixels.
    pub(super) length: i32,
}

impl Line<'_> {
    /// Pixels from one to the first after it of another colour, if they are at most so many.
    #[inline]
    pub(super) fn run_ahead(&self, from: i32, most: i32) -> Option<i32> {
        let (mut at, shift) = (from as usize / WORD, from as usize % WORD);
        let other = self.other_than(from);
        let mut others = (self.words.get(at)? ^ other) >> shift;
        let mut passed = -(shift as i32);
        while others == 0 {
            spend(1);
            passed += WORD as i32;
            at += 1;
            if passed > most {
                return None;
            }
            others = self.words.get(at)? ^ other;
        }
        // The first word is shifted, and so is its first pixel.
        let run = passed.max(0) + others.trailing_zeros() as i32;
        (run <= most).then_some(run)
    }

    /// The same before it.
    #[inline]
    pub(super) fn run_back(&self, from: i32, most: i32) -> Option<i32> {
        let (mut at, shift) = (from as usize / WORD, from as usize % WORD);
        let other = self.other_than(from);
        let mut others = (self.words.get(at)? ^ other) << (WORD - 1 - shift);
        let mut passed = 0;
        while others == 0 {
            spend(1);
            passed = if passed == 0 {
                shift as i32 + 1
            } else {
                passed + WORD as i32
            };
            if passed > most {
                return None;
            }
            at = at.checked_sub(1)?;
            others = self.words.get(at)? ^ other;
        }
        let run = passed + others.leading_zeros() as i32;
        (run <= most).then_some(run)
    }

    /// What a word is combined with to show the pixels of another colour than this one's.
    #[inline]
    fn other_than(&self, from: i32) -> u64 {
        let word = self.words.get(from as usize / WORD).copied();
        let dark = word.unwrap_or_default() >> (from as usize % WORD) & 1;
        dark.wrapping_neg()
    }
}

/// The columns of a picture, each as a line: made for 64 neighbours at once, where one of them is asked for.
pub(super) struct Columns<'a> {
    bits: &'a Bits,
    per_column: usize,
    strips: Vec<Vec<u64>>,
}

impl<'a> Columns<'a> {
    /// None is made yet.
    pub(super) fn of(bits: &'a Bits) -> Self {
        Self {
            bits,
            per_column: bits.height.div_ceil(WORD),
            strips: vec![Vec::new(); bits.per_row],
        }
    }

    /// A column.
    pub(super) fn line(&mut self, x: usize) -> Line<'_> {
        let (across, column) = (x / WORD, x % WORD);
        let length = self.bits.height as i32;
        let (bits, per_column) = (self.bits, self.per_column);
        let Some(strip) = self.strips.get_mut(across) else {
            return Line { words: &[], length };
        };
        if strip.is_empty() {
            *strip = strip_of(bits, across, per_column);
        }
        Line {
            words: &strip[column * per_column..][..per_column],
            length,
        }
    }
}

/// 64 columns, one after another.
fn strip_of(bits: &Bits, across: usize, per_column: usize) -> Vec<u64> {
    let mut strip = vec![0; per_column * WORD];
    for down in 0..per_column {
        spend(2 * WORD);
        let mut square = [0; WORD];
        let words = bits.words.iter().skip(down * WORD * bits.per_row + across);
        for (row, word) in square.iter_mut().zip(words.step_by(bits.per_row)) {
            *row = *word;
        }
        turn(&mut square);
        for (column, word) in strip.chunks_exact_mut(per_column).zip(square) {
            column[down] = word;
        }
    }
    strip
}

/// Rows for columns, and the other way round: halves change places, then quarters, down to single pixels.
fn turn(square: &mut [u64; WORD]) {
    let mut width = WORD / 2;
    let mut low = u64::MAX >> width;
    while width > 0 {
        for pair in square.chunks_exact_mut(2 * width) {
            let (above, below) = pair.split_at_mut(width);
            for (above, below) in above.iter_mut().zip(below) {
                let swap = (*above >> width ^ *below) & low;
                *above ^= swap << width;
                *below ^= swap;
            }
        }
        width /= 2;
        low ^= low << width;
    }
}

/// Repeats each block's threshold for each of its pixels, and the last one to the end of the row.
fn spell_out(thresholds: &Thresholds, row: usize, limits: &mut [u8]) {
    let values = &thresholds.values[row * thresholds.across..][..thresholds.across];
    let (blocks, _) = limits.as_chunks_mut::<BLOCK>();
    let last = values.last().copied().unwrap_or_default();
    let values = values.iter().copied().chain(std::iter::repeat(last));
    for (block, value) in blocks.iter_mut().zip(values) {
        *block = [value; BLOCK];
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn pack(row: &[u8; WORD], limits: &[u8; WORD]) -> u64 {
    /// Times this, eight bytes that are 0 or 1 show as the bits of the top byte, the first byte lowest.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut dark = [0_u8; WORD];
    for (dark, (pixel, limit)) in dark.iter_mut().zip(row.iter().zip(limits)) {
        *dark = u8::from(pixel <= limit);
    }
    let (bytes, _) = dark.as_chunks::<8>();
    let bits = bytes
        .iter()
        .map(|byte| u64::from_le_bytes(*byte).wrapping_mul(GATHER) >> 56);
    bits.rev().fold(0, |word, byte| word << 8 | byte)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn pack(row: &[u8; WORD], limits: &[u8; WORD]) -> u64 {
    use core::arch::wasm32::{i8x16_bitmask, u8x16_le, u64x2, v128};
    let vector = |bytes: &[u8; 16]| -> v128 {
        let (halves, _) = bytes.as_chunks::<8>();
        u64x2(u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
    };
    let (rows, _) = row.as_chunks::<16>();
    let (limits, _) = limits.as_chunks::<16>();
    let pairs = rows.iter().zip(limits).rev();
    pairs.fold(0, |word, (row, limits)| {
        word << 16 | u64::from(i8x16_bitmask(u8x16_le(vector(row), vector(limits))))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A picture of `width` columns, dark where asked.
    fn bits(width: usize, dark: impl Fn(usize, usize) -> bool) -> Bits {
        let pixels: Vec<u8> = (0..width * 20)
            .map(|at| if dark(at % width, at / width) { 10 } else { 90 })
            .collect();
        let thresholds = Thresholds {
            across: width / BLOCK,
            values: vec![50; width / BLOCK * 2],
        };
        Bits::of(&Luma::new(&pixels, width, 20, width).unwrap(), &thresholds)
    }

    #[test]
    fn every_pixel_keeps_its_colour_at_any_width() {
        for width in [21, 64, 65, 130] {
            let dark = |x: usize, y: usize| (x * 7 + y * 3) % 5 < 2;
            let bits = bits(width, dark);
            for y in 0..20 {
                for x in 0..width {
                    assert_eq!(bits.is_dark(x, y), dark(x, y), "{x} {y} of {width}");
                }
            }
        }
    }

    #[test]
    fn edges_are_the_changes_of_colour_between_both_ends() {
        let bits = bits(130, |x, _| (3..64).contains(&x) || x == 129);
        let mut edges = Vec::new();
        bits.edges(0, &mut edges);
        assert_eq!(edges, [0, 3, 64, 129, 130]);
    }

    /// Pixels of a line from one to the next of another colour, one by one.
    fn counted(line: &[bool], from: usize, ahead: bool) -> Option<i32> {
        let other = |at: &usize| line[*at] != line[from];
        let found = if ahead {
            (from..line.len()).find(other)
        } else {
            (0..from).rev().find(other)
        };
        found.map(|at| at.abs_diff(from) as i32)
    }

    #[test]
    fn runs_along_rows_and_columns_are_as_long_as_counted_one_by_one() {
        const HEIGHT: usize = 150;
        for width in [40, 64, 130] {
            // Short runs and long ones, and one over three words.
            let dark = |x: usize, y: usize| {
                (x * x / 9 + y) % 7 < 3 && !(60..140).contains(&y) || x % 50 == 21
            };
            let pixel = |at: usize| if dark(at % width, at / width) { 10 } else { 90 };
            let pixels: Vec<u8> = (0..width * HEIGHT).map(pixel).collect();
            let thresholds = Thresholds {
                across: width / BLOCK,
                values: vec![50; width / BLOCK * (HEIGHT / BLOCK)],
            };
            let luma = Luma::new(&pixels, width, HEIGHT, width).unwrap();
            let bits = Bits::of(&luma, &thresholds);
            let mut columns = Columns::of(&bits);
            let same = |line: Line<'_>, colours: &[bool]| {
                assert_eq!(line.length, colours.len() as i32);
                for from in 0..colours.len() {
                    let (ahead, back) =
                        (counted(colours, from, true), counted(colours, from, false));
                    let most = line.length;
                    // What follows the line's end in its last word is no part of it.
                    let room = most - 1 - from as i32;
                    assert_eq!(line.run_ahead(from as i32, room), ahead, "{from}");
                    assert_eq!(line.run_back(from as i32, most), back, "{from}");
                    if let Some(run) = ahead {
                        assert_eq!(line.run_ahead(from as i32, run - 1), None);
                    }
                    if let Some(run) = back {
                        assert_eq!(line.run_back(from as i32, run - 1), None);
                    }
                }
            };
            for y in 0..HEIGHT {
                let colours: Vec<bool> = (0..width).map(|x| dark(x, y)).collect();
                same(bits.row(y), &colours);
            }
            for x in 0..width {
                let colours: Vec<bool> = (0..HEIGHT).map(|y| dark(x, y)).collect();
                same(columns.line(x), &colours);
            }
        }
    }

    #[test]
    fn outside_the_picture_is_no_panic() {
        assert!(!bits(64, |_, _| true).is_dark(usize::from(u16::MAX), 70_000));
    }
}
