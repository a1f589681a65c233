//! The binarised picture: one bit for each pixel, 64 pixels to a word.

use super::luma::Luma;
use super::polarity::Polarity;
use super::threshold::{BLOCK, Thresholds};

/// Pixels in a word.
pub(crate) const WORD: usize = u64::BITS as usize;
/// Pixels of a diagonal that [`Bits::ahead`] fetches in one call.
///
/// Larger: walks that end early have fetched more than they need. Smaller: more calls for a long run.
pub(crate) const AHEAD: usize = 8;

/// Dark (1) and light (0) pixels. Each row begins at a new word; the unused bits of its last word have no meaning.
pub(crate) struct Bits {
    width: usize,
    height: usize,
    per_row: usize,
    words: Vec<u64>,
}

impl Bits {
    /// Binarises a picture: a pixel is dark if it is not above its block's threshold.
    ///
    /// Pixels beyond the last whole block use the threshold of the nearest one.
    pub(crate) fn of(luma: &Luma<'_>, thresholds: &Thresholds) -> Self {
        let (width, height) = (luma.width(), luma.height());
        let per_row = width.div_ceil(WORD);
        let down = thresholds.values.len() / thresholds.across;
        let mut words = Vec::with_capacity(per_row * height);
        let mut limits = vec![0_u8; per_row * WORD];
        let mut padded = [0_u8; WORD];
        for y in 0..height {
            if y.is_multiple_of(BLOCK) && y / BLOCK < down {
                expand_row(thresholds, y / BLOCK, &mut limits);
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

    /// The same picture with gaps closed in dark shapes, or in light ones.
    ///
    /// A gap is closed where no square of 2 `reach` + 1 pixels fits into it. This is the closing of mathematical
    /// morphology: the shapes grow by `reach` pixels to each side, and then all else grows back.
    pub(crate) fn closed(&self, reach: usize, polarity: Polarity) -> Self {
        let mut words = self.words.clone();
        // The shapes are ones while they grow, and then all else is.
        let first = if polarity.is_inverted() { u64::MAX } else { 0 };
        for (flip, times) in [(first, reach), (u64::MAX, reach), (!first, 0)] {
            words.iter_mut().for_each(|word| *word ^= flip);
            for _ in 0..times {
                grow(&mut words, self.per_row);
            }
        }
        Self { words, ..*self }
    }

    /// Pixels in a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Whether the pixel is dark. Outside the picture the result has no meaning, but it never panics.
    #[inline]
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        let word = self
            .words
            .get(y.wrapping_mul(self.per_row).wrapping_add(x / WORD));
        word.copied().unwrap_or_default() >> (x % WORD) & 1 == 1
    }

    /// The words of all rows, and the number of words in each row.
    pub(crate) fn words(&self) -> (&[u64], usize) {
        (&self.words, self.per_row)
    }

    /// The next `AHEAD` pixels along a direction, the nearest in the lowest bit.
    ///
    /// Pixels outside the picture have no meaning.
    #[inline]
    pub(crate) fn ahead(&self, x: i32, y: i32, (dx, dy): (i32, i32)) -> u32 {
        (0..AHEAD).fold(0, |pixels, nearness| {
            let steps = nearness as i32 + 1;
            let dark = self.is_dark((x + dx * steps) as usize, (y + dy * steps) as usize);
            pixels | u32::from(dark) << nearness
        })
    }

    /// The positions at which a row changes colour: 0, the first pixel of each new colour, and the width.
    ///
    /// `room` keeps the memory for them from row to row.
    pub(crate) fn edges<'a>(&self, y: usize, room: &'a mut Vec<i32>) -> &'a [i32] {
        // Enough for every possible edge, so that the loop never grows the vector.
        room.resize(self.per_row * WORD + 2, 0);
        let edges = room.as_mut_slice();
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
        &edges[..=count]
    }
}

/// Lets the ones in the words of all rows grow by a pixel to each side: along the rows, and then along the columns.
///
/// A row's last word has pixels that no one sees. They, and the next row, may grow into the pixels at the right side.
fn grow(words: &mut [u64], per_row: usize) {
    for (off, shift, rest) in [(1, 1, WORD - 1), (per_row, 0, 0)] {
        let before = words.to_vec();
        let get = |at: usize| before.get(at).copied().unwrap_or_default();
        for (at, word) in words.iter_mut().enumerate() {
            let (last, next) = (get(at.wrapping_sub(off)), get(at + off));
            *word |= *word << shift | *word >> shift | last >> rest | next << rest;
        }
    }
}

/// Writes each block's threshold once for each of its pixels, and the last block's to the end of the row.
fn expand_row(thresholds: &Thresholds, row: usize, limits: &mut [u8]) {
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
    /// Multiplied by this, eight bytes of 0 or 1 become the bits of the top byte, the first byte lowest.
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
        assert_eq!(bits.edges(0, &mut edges), [0, 3, 64, 129, 130]);
    }

    #[test]
    fn closing_joins_dots_and_leaves_wider_gaps_open() {
        for polarity in [Polarity::DarkOnLight, Polarity::LightOnDark] {
            // Dots of two pixels, one in four, on both sides of a gap of six, and of a word's end.
            let in_shape = |x: usize, y: usize| {
                let column = if x < 64 {
                    x.wrapping_sub(58)
                } else {
                    x.wrapping_sub(70)
                };
                column < 6 && (5..11).contains(&y)
            };
            let is_dot = |x: usize, y: usize| in_shape(x, y) && x % 4 > 1 && y % 4 < 3;
            let closed = bits(130, |x, y| is_dot(x, y) != polarity.is_inverted());
            let closed = closed.closed(1, polarity);
            for (x, y) in (0..20 * 130).map(|at| (at % 130, at / 130)) {
                let is_shape = closed.is_dark(x, y) != polarity.is_inverted();
                assert_eq!(is_shape, in_shape(x, y), "{x} {y} {polarity:?}");
            }
        }
    }

    #[test]
    fn outside_the_picture_is_no_panic() {
        assert!(!bits(64, |_, _| true).is_dark(usize::from(u16::MAX), 70_000));
    }
}
