//! Rows and columns of the binarised picture as lines of words, so that a run's length is a count of zero bits.
//!
//! Most walks go down a column, so columns are transposed on demand, 64 at a time.
//! A square of 64 by 64 bits costs as much to transpose as a few walks through it.

use super::bits::{Bits, WORD};
use crate::work::spend;

/// One row or column of the binarised picture.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    words: &'a [u64],
    /// In pixels.
    pub(crate) length: i32,
}

impl<'a> Line<'a> {
    /// The row `y`; empty below the picture.
    pub(crate) fn row(bits: &'a Bits, y: usize) -> Self {
        let (words, per_row) = bits.words();
        let words = words.get(y * per_row..).unwrap_or_default();
        Self {
            words: words.get(..per_row).unwrap_or_default(),
            length: bits.width() as i32,
        }
    }

    /// The length of the run from pixel `from` onwards; `None` if it is longer than `most` or meets the line's end.
    #[inline]
    pub(crate) fn run_ahead(&self, from: i32, most: i32) -> Option<i32> {
        let (mut at, shift) = (from as usize / WORD, from as usize % WORD);
        let other = self.other_than(from);
        let mut others = (self.words.get(at)? ^ other) >> shift;
        // The first word's pixels before `from` have been shifted out.
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
        let run = passed.max(0) + others.trailing_zeros() as i32;
        (run <= most).then_some(run)
    }

    /// The length of the run that ends at pixel `from`, going back; `None` if it is longer than `most`.
    #[inline]
    pub(crate) fn run_back(&self, from: i32, most: i32) -> Option<i32> {
        let (mut at, shift) = (from as usize / WORD, from as usize % WORD);
        let other = self.other_than(from);
        let mut others = (self.words.get(at)? ^ other) << (WORD - 1 - shift);
        let mut passed = shift as i32 + 1 - WORD as i32;
        while others == 0 {
            spend(1);
            passed += WORD as i32;
            if passed > most {
                return None;
            }
            at = at.checked_sub(1)?;
            others = self.words.get(at)? ^ other;
        }
        let run = passed.max(0) + others.leading_zeros() as i32;
        (run <= most).then_some(run)
    }

    /// XORed with a word, this sets the bits of the pixels whose colour differs from pixel `from`.
    #[inline]
    fn other_than(&self, from: i32) -> u64 {
        let word = self.words.get(from as usize / WORD).copied();
        let dark = word.unwrap_or_default() >> (from as usize % WORD) & 1;
        dark.wrapping_neg()
    }
}

/// The columns of a binarised picture as lines. A strip of 64 columns is transposed when one of them is first needed.
pub(crate) struct ColumnLines<'a> {
    bits: &'a Bits,
    per_column: usize,
    strips: Vec<Vec<u64>>,
}

impl<'a> ColumnLines<'a> {
    /// Starts without any strip.
    pub(crate) fn of(bits: &'a Bits) -> Self {
        Self {
            bits,
            per_column: bits.height().div_ceil(WORD),
            strips: vec![Vec::new(); bits.width().div_ceil(WORD)],
        }
    }

    /// The column `x`; empty beyond the picture.
    pub(crate) fn line(&mut self, x: usize) -> Line<'_> {
        let (across, column) = (x / WORD, x % WORD);
        let length = self.bits.height() as i32;
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

/// 64 neighbouring columns, one after another.
fn strip_of(bits: &Bits, across: usize, per_column: usize) -> Vec<u64> {
    let (words, per_row) = bits.words();
    let mut strip = vec![0; per_column * WORD];
    for down in 0..per_column {
        spend(2 * WORD);
        let mut square = [0; WORD];
        let first = words.get(down * WORD * per_row + across..);
        let rows = first.unwrap_or_default().iter().step_by(per_row);
        for (row, word) in square.iter_mut().zip(rows) {
            *row = *word;
        }
        transpose(&mut square);
        for (column, word) in strip.chunks_exact_mut(per_column).zip(square) {
            column[down] = word;
        }
    }
    strip
}

/// Transposes a square of bits by swapping halves, then quarters, down to single bits.
///
/// This is the method of Hacker's Delight (H. S. Warren, 2nd edition), section 7-3.
fn transpose(square: &mut [u64; WORD]) {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::luma::Luma;
    use super::super::threshold::{BLOCK, Thresholds};
    use super::*;

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
            let mut columns = ColumnLines::of(&bits);
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
                same(Line::row(&bits, y), &colours);
            }
            for x in 0..width {
                let colours: Vec<bool> = (0..HEIGHT).map(|y| dark(x, y)).collect();
                same(columns.line(x), &colours);
            }
        }
    }
}
