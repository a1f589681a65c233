//! Local thresholds: the grey at which dark ends and light begins, for each block of 8 x 8 pixels.
//!
//! Both kinds use the same statistics.
//! [*Mean* thresholds](Blocks::mean_thresholds) average the means of the blocks around; they suit even light.
//! [*Mid-range* thresholds](Blocks::midrange_thresholds) lie halfway between the darkest and the lightest pixel around.
//! They suit overexposed screens, whose light bleeds into dark modules, and dark mode, where one colour prevails.

use super::luma::Luma;

/// Side of a block in pixels.
///
/// Chosen on the till set. Larger: a block spans several modules of a small code, or shadow and light together.
/// Smaller: noise decides the statistics.
pub(crate) const BLOCK: usize = 8;
/// Blocks to each side whose means are averaged.
///
/// Chosen on the till set. Larger: shadows are averaged away. Smaller: a near finder pattern is wider than the window
/// and its core becomes light.
const MEAN_REACH: usize = 2;
/// Blocks to each side whose darkest and lightest pixels count.
///
/// Chosen on the till set. Larger: a lamp beside the phone decides. Smaller: large modules have no contrast.
const MIDRANGE_REACH: usize = 1;
/// The noise level is the range that the quietest fifth of all blocks stay below.
///
/// Chosen on the till set. Larger (a smaller part): one even area decides. Smaller: blocks of the code count as noise.
const QUIET_OF: usize = 5;
/// The least and the greatest range that still counts as flat, in shades.
///
/// Chosen on the till set: dim screens have a contrast above 10, and noise stays below 40.
/// A larger range makes dim codes flat; a smaller one makes noise an edge.
const FLAT: std::ops::RangeInclusive<u8> = 10..=40;
/// A flat block without a known neighbour gets its darkest pixel divided by this as its threshold, so that it is light.
const FLAT_PART: u8 = 2;
/// Blocks that the picture's contrast leaves out as outliers: a code at arm's length has more blocks than this.
const CONTRAST_OUTLIERS: usize = 4;
/// The picture's brightness is what one block in fifty reaches.
/// Smaller: most blocks must be light. Larger: a lamp decides.
const LIGHT_OF: usize = 50;
/// The same among the busy blocks only, which are fewer.
const BUSY_LIGHT_OF: usize = 10;

/// The darkest, the lightest and the mean pixel of each block. Pixels beyond the last whole block are left out.
pub(crate) struct Blocks {
    across: usize,
    darkest: Vec<u8>,
    lightest: Vec<u8>,
    mean: Vec<u8>,
    /// Blocks whose range is not above this are flat: they hold no edge.
    flat: u8,
}

/// One threshold for each block: a pixel that is not above it is dark.
pub(crate) struct Thresholds {
    pub(crate) across: usize,
    pub(crate) values: Vec<u8>,
}

impl Blocks {
    /// Measures a picture of at least one whole block.
    pub(crate) fn of(luma: &Luma<'_>) -> Self {
        let (across, down) = (luma.width() / BLOCK, luma.height() / BLOCK);
        let count = across * down;
        let mut blocks = Self {
            across,
            darkest: Vec::with_capacity(count),
            lightest: Vec::with_capacity(count),
            mean: Vec::with_capacity(count),
            flat: *FLAT.start(),
        };
        let mut columns = ColumnStats::new(across * BLOCK);
        for row in 0..down {
            columns.measure(luma, row * BLOCK);
            blocks.push_row(&columns);
        }
        blocks.flat = blocks.flat_range();
        blocks
    }

    /// The number of blocks in a row.
    pub(crate) fn across(&self) -> usize {
        self.across
    }

    /// The mean of each block.
    pub(crate) fn means(&self) -> &[u8] {
        &self.mean
    }

    /// The range of each block: its lightest pixel less its darkest.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = u8> {
        let pairs = self.lightest.iter().zip(&self.darkest);
        pairs.map(|(lightest, darkest)| lightest - darkest)
    }

    /// The fifth largest range of a block: the picture's contrast without a few outliers.
    pub(crate) fn contrast(&self) -> u8 {
        nth_largest(self.ranges(), CONTRAST_OUTLIERS)
    }

    /// The brightness that one block in fifty reaches.
    pub(crate) fn light(&self) -> u8 {
        nth_largest(self.lightest.iter().copied(), self.mean.len() / LIGHT_OF)
    }

    /// The brightness that one of these blocks in ten reaches.
    pub(crate) fn light_of(&self, places: &[usize]) -> u8 {
        nth_largest(
            places.iter().map(|at| self.lightest[*at]),
            places.len() / BUSY_LIGHT_OF,
        )
    }

    /// The largest range of the blocks within `reach` pixels of a point.
    pub(crate) fn range_near(&self, x: f32, y: f32, reach: f32) -> u8 {
        let ranges = self.blocks_in([x - reach, y - reach, x + reach, y + reach]);
        let range = |at: usize| self.lightest[at] - self.darkest[at];
        ranges.map(range).max().unwrap_or_default()
    }

    /// Counts the blocks of a rectangle (left, top, right, bottom) whose darkest and lightest pixels reach both shades.
    ///
    /// Returns that count, and the number of all blocks in the rectangle.
    pub(crate) fn count_lit(
        &self,
        ends: [f32; 4],
        (darkest, lightest): (u8, u8),
    ) -> (usize, usize) {
        let lit = |at: usize| self.darkest[at] >= darkest && self.lightest[at] >= lightest;
        self.blocks_in(ends).fold((0, 0), |(some, all), at| {
            (some + usize::from(lit(at)), all + 1)
        })
    }

    /// The blocks that a rectangle of pixels touches.
    fn blocks_in(&self, [left, top, right, bottom]: [f32; 4]) -> impl Iterator<Item = usize> {
        let across = self.across;
        let down = self.mean.len() / across.max(1);
        let blocks = |from: f32, to: f32, most: usize| {
            let block = |pixel: f32| (pixel / BLOCK as f32) as usize;
            block(from).min(most)..(block(to) + 1).min(most)
        };
        let columns = blocks(left, right, across);
        blocks(top, bottom, down).flat_map(move |y| columns.clone().map(move |x| y * across + x))
    }

    /// Appends a row of blocks.
    fn push_row(&mut self, columns: &ColumnStats) {
        let (sums, _) = columns.sum.as_chunks::<BLOCK>();
        let mean = |block: &[u16; BLOCK]| {
            (block.iter().map(|sum| u32::from(*sum)).sum::<u32>() >> 6) as u8
        };
        push_extremes(&columns.darkest, u32::MAX, &mut self.darkest);
        push_extremes(&columns.lightest, 0, &mut self.lightest);
        self.mean.extend(sums.iter().map(mean));
    }

    /// The range up to which a block is flat: half as much again as the quietest fifth of all blocks.
    fn flat_range(&self) -> u8 {
        let mut counts = [0_usize; 256];
        for (darkest, lightest) in self.darkest.iter().zip(&self.lightest) {
            counts[usize::from(lightest - darkest)] += 1;
        }
        let (mut below, quiet_blocks) = (0, self.mean.len() / QUIET_OF);
        let quiet = counts.iter().position(|count| {
            below += count;
            below >= quiet_blocks.max(1)
        });
        let quiet = u8::try_from(quiet.unwrap_or(0)).unwrap_or(u8::MAX);
        quiet
            .saturating_add(quiet / 2)
            .clamp(*FLAT.start(), *FLAT.end())
    }

    /// Thresholds from the blocks' means. A flat block is light, unless its earlier neighbours show that it is dark.
    pub(crate) fn mean_thresholds(&self) -> Thresholds {
        let across = self.across;
        let mut values: Vec<u8> = Vec::with_capacity(self.mean.len());
        for (at, mean) in self.mean.iter().enumerate() {
            let (darkest, lightest) = (self.darkest[at], self.lightest[at]);
            let value = if lightest - darkest > self.flat {
                *mean
            } else {
                let known = before(&values, across);
                known
                    .filter(|known| darkest < *known)
                    .unwrap_or(darkest / FLAT_PART)
            };
            values.push(value);
        }
        self.smoothed(&values, MEAN_REACH)
    }

    /// Thresholds halfway between the darkest and the lightest pixel around. Among flat blocks, all pixels are light.
    pub(crate) fn midrange_thresholds(&self) -> Thresholds {
        let darkest = neighbour_extremes(&self.darkest, self.across, u8::MAX);
        let lightest = neighbour_extremes(&self.lightest, self.across, 0);
        let middles = darkest.iter().zip(&lightest).map(|(darkest, lightest)| {
            if lightest - darkest <= self.flat {
                darkest.saturating_sub(1)
            } else {
                darkest.midpoint(*lightest)
            }
        });
        let values: Vec<u8> = middles.collect();
        self.smoothed(&values, MIDRANGE_REACH)
    }

    /// Averages each value with its neighbours.
    fn smoothed(&self, values: &[u8], reach: usize) -> Thresholds {
        Thresholds {
            across: self.across,
            values: box_means(values, self.across, reach),
        }
    }
}

/// The mean of the values to the left (twice), above, and above left of the next value; `None` in the first row.
///
/// In the first column, the value to the left is the last one of the row above: one block in dozens, and no division.
fn before(values: &[u8], across: usize) -> Option<u8> {
    let left = values.len().checked_sub(1)?;
    let above = left.checked_sub(across)?;
    let sum = u16::from(values[above + 1]) + 2 * u16::from(values[left]);
    Some(((sum + u16::from(values[above])) / 4) as u8)
}

/// The value at place `beyond`, counted from 0, if the values stood in order with the largest first; 0 beyond the last.
pub(crate) fn nth_largest(values: impl Iterator<Item = u8>, beyond: usize) -> u8 {
    let mut counts = [0_usize; 256];
    values.for_each(|value| counts[usize::from(value)] += 1);
    let mut above = 0;
    let at = counts.iter().rposition(|count| {
        above += count;
        above > beyond
    });
    u8::try_from(at.unwrap_or(0)).unwrap_or(u8::MAX)
}

/// The darkest pixel, the lightest one and the sum of each column, over the rows of one block.
struct ColumnStats {
    darkest: Vec<u8>,
    lightest: Vec<u8>,
    sum: Vec<u16>,
}

impl ColumnStats {
    fn new(width: usize) -> Self {
        Self {
            darkest: vec![0; width],
            lightest: vec![0; width],
            sum: vec![0; width],
        }
    }

    /// Measures all eight rows at once: in this form the compiler vectorises the loop.
    fn measure(&mut self, luma: &Luma<'_>, top: usize) {
        let width = self.sum.len();
        let rows: [&[u8]; BLOCK] = std::array::from_fn(|row| &luma.row(top + row)[..width]);
        let (darkest, lightest) = (&mut self.darkest[..width], &mut self.lightest[..width]);
        let sums = &mut self.sum[..width];
        for x in 0..width {
            let (mut least, mut most, mut sum) = (u8::MAX, 0_u8, 0_u16);
            for row in rows {
                least = least.min(row[x]);
                most = most.max(row[x]);
                sum += u16::from(row[x]);
            }
            (darkest[x], lightest[x], sums[x]) = (least, most, sum);
        }
    }
}

/// Appends the maximum of each block's columns, or the minimum: that is the maximum of the complements (`flip`).
///
/// It works on words of four columns: the compiler vectorises shifts, but no single bytes.
#[inline(never)]
fn push_extremes(columns: &[u8], flip: u32, out: &mut Vec<u8>) {
    let (blocks, _) = columns.as_chunks::<BLOCK>();
    let four = |[a, b, c, d]: [u8; 4]| {
        let word = u32::from_le_bytes([a, b, c, d]) ^ flip;
        let pairs = (word & 0xff).max(word >> 8 & 0xff);
        pairs.max((word >> 16 & 0xff).max(word >> 24))
    };
    out.extend(blocks.iter().map(|[a, b, c, d, e, f, g, h]| {
        (four([*a, *b, *c, *d]).max(four([*e, *f, *g, *h])) ^ flip) as u8
    }));
}

/// Replaces each value by the maximum of itself and its eight neighbours, or the minimum, as above.
///
/// Over slices of equal length, so that the compiler vectorises it.
#[inline(never)]
fn neighbour_extremes(values: &[u8], across: usize, flip: u8) -> Vec<u8> {
    let values: Vec<u8> = values.iter().map(|value| value ^ flip).collect();
    let mut wide = values.clone();
    let rows = values.chunks_exact(across);
    for (out, row) in wide.chunks_exact_mut(across).zip(rows) {
        widen(out, row, MIDRANGE_REACH);
    }
    let mut high = wide.clone();
    widen(&mut high, &wide, MIDRANGE_REACH * across);
    high.iter_mut().for_each(|value| *value ^= flip);
    high
}

/// Raises each value to those `off` places before and after it.
#[inline(never)]
fn widen(out: &mut [u8], values: &[u8], off: usize) {
    let off = off.min(values.len());
    for (out, after) in out.iter_mut().zip(&values[off..]) {
        *out = (*out).max(*after);
    }
    for (out, before) in out[off..].iter_mut().zip(values) {
        *out = (*out).max(*before);
    }
}

/// The mean of the box around each value. At the picture's sides the box is cut off.
fn box_means(values: &[u8], across: usize, reach: usize) -> Vec<u8> {
    let (down, whole) = (values.len() / across, 2 * reach + 1);
    let mut sums = Vec::with_capacity(values.len());
    for row in values.chunks_exact(across) {
        box_sums(row, reach, &mut sums);
    }
    let mut means = Vec::with_capacity(values.len());
    let mut column_sums = vec![0_u16; across];
    for y in 0..down {
        let (first, last) = (y.saturating_sub(reach), (y + reach + 1).min(down));
        column_sums.fill(0);
        for row in sums[first * across..last * across].chunks_exact(across) {
            for (sum, value) in column_sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        // The columns near both sides have narrower boxes. Elsewhere the divisor is the same.
        let rows = last - first;
        let width = |x: usize| (x + reach + 1).min(across) - x.saturating_sub(reach);
        let inverse = (FIXED_ONE / (rows * whole) as u32) + 1;
        means.extend(
            column_sums
                .iter()
                .map(|sum| ((u32::from(*sum) * inverse) >> FIXED) as u8),
        );
        let sides = (0..reach.min(across)).chain(across.saturating_sub(reach)..across);
        let row = &mut means[y * across..];
        for x in sides {
            row[x] = (usize::from(column_sums[x]) / (rows * width(x))) as u8;
        }
    }
    means
}

/// Fractional bits of an inverse. The sum of a box of 25 bytes, times an inverse, stays within 32 bits and is exact.
const FIXED: u32 = 18;
const FIXED_ONE: u32 = 1 << FIXED;

/// Appends the sum of each value of a row and its neighbours. A box holds 25 bytes at most, so its sum is a `u16`.
fn box_sums(row: &[u8], reach: usize, sums: &mut Vec<u16>) {
    let start = sums.len();
    sums.extend(row.iter().map(|value| u16::from(*value)));
    let out = &mut sums[start..];
    for off in 1..=reach.min(row.len()) {
        for (sum, right) in out.iter_mut().zip(&row[off..]) {
            *sum += u16::from(*right);
        }
        for (sum, left) in out.iter_mut().skip(off).zip(row) {
            *sum += u16::from(*left);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn picture(pixel: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        (0..48 * 48).map(|at| pixel(at % 48, at / 48)).collect()
    }

    #[test]
    fn both_thresholds_part_a_dark_square_from_its_ground() {
        let pixels = picture(|x, y| {
            if (10..30).contains(&x) && (10..30).contains(&y) {
                60
            } else {
                200
            }
        });
        let blocks = Blocks::of(&Luma::new(&pixels, 48, 48, 48).unwrap());
        for thresholds in [blocks.mean_thresholds(), blocks.midrange_thresholds()] {
            let at_edge = thresholds.values[thresholds.across + 1];
            assert!((60..200).contains(&at_edge), "{at_edge}");
        }
    }

    #[test]
    fn a_flat_picture_is_light() {
        let pixels = picture(|x, _| 100 + (x % 3) as u8);
        let blocks = Blocks::of(&Luma::new(&pixels, 48, 48, 48).unwrap());
        for thresholds in [blocks.mean_thresholds(), blocks.midrange_thresholds()] {
            assert!(thresholds.values.iter().all(|value| *value < 100));
        }
    }

    #[test]
    fn noise_of_a_dim_room_counts_as_flat() {
        let pixels = picture(|x, y| 20 + (x * 7 + y * 13) as u8 % 18);
        let blocks = Blocks::of(&Luma::new(&pixels, 48, 48, 48).unwrap());
        assert!(blocks.flat >= 17, "{}", blocks.flat);
    }
}
