//! Blocks with edges in them: how many there are, how sharp the edges are, and the largest connected patch.
//!
//! A code is such a patch even when the reader finds no finder pattern in it. Only [hints](crate::Hint) use this.

use super::luma::Luma;
use super::threshold::{BLOCK, Blocks, nth_largest};

/// Contrast of the whole picture, in shades, below which it counts as empty.
///
/// Chosen on the till set. Larger: dim screens get no hint. Smaller: sensor noise counts as a code.
const MIN_CONTRAST: u8 = 16;
/// A block is busy if its range exceeds the picture's contrast divided by this.
///
/// Chosen on the till set. Larger: shadows and noise are busy too. Smaller: blurred codes are not.
const BUSY_PART: u8 = 2;
/// Blocks in the smallest patch that may be a code.
///
/// Chosen on the till set. Larger: distant codes get no hint. Smaller: switches and price tags count as codes.
const MIN_BLOCKS: usize = 3;
/// The least share of its bounding box that a patch must fill. A square that stands on a corner fills half.
///
/// Larger: rotated codes are ignored. Smaller: lines of text count as codes.
const MIN_FILL: f32 = 0.4;
/// The longest bounding box that may be a code: long side over short side.
///
/// Larger: shelf edges and lines of text count as codes. Smaller: tilted or half hidden codes do not.
const MAX_ASPECT: usize = 3;
/// Busy blocks whose pixel steps are measured, evenly spread. More cost time and give the same figure.
const MAX_SAMPLED: usize = 64;
/// Steepness is what one sampled block in ten reaches.
/// Smaller: most blocks must be sharp. Larger: one reflection decides.
const STEEPEST_OF: usize = 10;

/// Statistics of the busy blocks of one level.
#[derive(Debug)]
pub(crate) struct Busy {
    /// The range of the picture's strongest blocks, in shades.
    pub(crate) contrast: u8,
    /// Busy blocks divided by all blocks.
    pub(crate) part: f32,
    /// The brightness that one busy block in ten reaches.
    pub(crate) light: u8,
    /// The steepest step from pixel to pixel divided by the contrast, along the axis where it is flatter.
    pub(crate) steepness: f32,
    /// The longer side of the largest patch, in pixels of the level; 0 if the patch can't be a code.
    pub(crate) side: usize,
    places: Vec<usize>,
}

impl Busy {
    /// Measures a level; `None` if it has too little contrast to hold a code.
    pub(crate) fn of(level: &Luma<'_>, blocks: &Blocks) -> Option<Self> {
        let contrast = blocks.contrast();
        if contrast < MIN_CONTRAST {
            return None;
        }
        let mut cells: Vec<bool> = blocks
            .ranges()
            .map(|range| range > contrast / BUSY_PART)
            .collect();
        let ats = cells.iter().enumerate();
        let places: Vec<usize> = ats.filter(|(_, busy)| **busy).map(|(at, _)| at).collect();
        let (across, down) = steepest(level, &places, blocks.across());
        Some(Self {
            contrast,
            part: places.len() as f32 / cells.len() as f32,
            light: blocks.light_of(&places),
            steepness: f32::from(across.min(down)) / f32::from(contrast),
            side: side(&largest(&mut cells, blocks.across()), blocks.across()),
            places,
        })
    }

    /// The mean change of a busy block's brightness since `before`; 0 if `before` is from a picture of another size.
    pub(crate) fn change(&self, blocks: &Blocks, before: &[u8]) -> f32 {
        let now = blocks.means();
        if before.len() != now.len() || self.places.is_empty() {
            return 0.0;
        }
        let changes = self.places.iter();
        let sum: u32 = changes
            .map(|at| u32::from(now[*at].abs_diff(before[*at])))
            .sum();
        sum as f32 / self.places.len() as f32
    }
}

/// The largest set of true cells that are connected by their sides. All cells become false.
fn largest(cells: &mut [bool], across: usize) -> Vec<usize> {
    let mut best = Vec::new();
    for first in 0..cells.len() {
        if !std::mem::take(&mut cells[first]) {
            continue;
        }
        let mut patch = vec![first];
        let mut next = 0;
        while let Some(at) = patch.get(next).copied() {
            next += 1;
            let column = at % across;
            let beside = [
                (column > 0).then(|| at - 1),
                (column + 1 < across).then_some(at + 1),
                at.checked_sub(across),
                (at + across < cells.len()).then_some(at + across),
            ];
            for cell in beside.into_iter().flatten() {
                if std::mem::take(&mut cells[cell]) {
                    patch.push(cell);
                }
            }
        }
        if patch.len() > best.len() {
            best = patch;
        }
    }
    best
}

/// The longer side of a patch's bounding box in pixels; 0 if the patch can't be a code.
fn side(patch: &[usize], across: usize) -> usize {
    let ends = patch
        .iter()
        .fold([usize::MAX, usize::MAX, 0, 0], |ends, at| {
            let (x, y) = (at % across, at / across);
            [
                ends[0].min(x),
                ends[1].min(y),
                ends[2].max(x),
                ends[3].max(y),
            ]
        });
    if patch.len() < MIN_BLOCKS {
        return 0;
    }
    let (width, height) = (ends[2] - ends[0] + 1, ends[3] - ends[1] + 1);
    let (short, long) = (width.min(height), width.max(height));
    let fill = patch.len() as f32 / (width * height) as f32;
    if fill < MIN_FILL || long > MAX_ASPECT * short {
        return 0;
    }
    long * BLOCK
}

/// The step to the right and the step down that the steepest tenth of these blocks reach.
fn steepest(level: &Luma<'_>, places: &[usize], across: usize) -> (u8, u8) {
    let every = places.len().div_ceil(MAX_SAMPLED).max(1);
    let steps = places.iter().step_by(every).map(|at| {
        let (left, top) = (at % across * BLOCK, at / across * BLOCK);
        block_steps(level, left, top)
    });
    let (across, down): (Vec<u8>, Vec<u8>) = steps.unzip();
    let tenth = |steps: Vec<u8>| {
        let beyond = steps.len() / STEEPEST_OF;
        nth_largest(steps.into_iter(), beyond)
    };
    (tenth(across), tenth(down))
}

/// The steepest step to the right and the steepest step down within one block.
fn block_steps(level: &Luma<'_>, left: usize, top: usize) -> (u8, u8) {
    let row = |y: usize| &level.row(top + y)[left..][..BLOCK];
    let steepest = |a: &[u8], b: &[u8]| {
        let steps = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
        steps.fold(0, u8::max)
    };
    let across = (0..BLOCK).map(|y| steepest(row(y), &row(y)[1..]));
    let down = (1..BLOCK).map(|y| steepest(row(y - 1), row(y)));
    (across.fold(0, u8::max), down.fold(0, u8::max))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 240;

    /// A lattice of 3 pixels a cell within these bounds, on light ground.
    fn lattice(bounds: std::ops::Range<usize>) -> Vec<u8> {
        let pixel = |x: usize, y: usize| {
            if !bounds.contains(&x) || !bounds.contains(&y) {
                220
            } else if (x / 3 + y / 3).is_multiple_of(2) {
                30
            } else {
                220
            }
        };
        (0..SIDE * SIDE)
            .map(|at| pixel(at % SIDE, at / SIDE))
            .collect()
    }

    fn measured(pixels: &[u8]) -> (Option<Busy>, Blocks) {
        let luma = Luma::new(pixels, SIDE, SIDE, SIDE).unwrap();
        let blocks = Blocks::of(&luma);
        (Busy::of(&luma, &blocks), blocks)
    }

    #[test]
    fn a_lattice_on_quiet_ground_is_a_sharp_patch() {
        let busy = measured(&lattice(80..128)).0.unwrap();
        assert_eq!((busy.contrast, busy.side, busy.light), (190, 48, 220));
        assert!((busy.part - 0.04).abs() < 0.001, "{busy:?}");
        assert!(busy.steepness > 0.9, "{busy:?}");
    }

    #[test]
    fn a_bar_and_a_speck_are_no_patch_and_a_quiet_picture_has_none() {
        let bar: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| {
                if (84..87).contains(&(at / SIDE)) {
                    30
                } else {
                    220
                }
            })
            .collect();
        assert_eq!(measured(&bar).0.unwrap().side, 0);
        assert!(measured(&lattice(0..0)).0.is_none());
    }

    #[test]
    fn what_moves_changes_and_what_stands_does_not() {
        let (_, before) = measured(&lattice(80..128));
        let (busy, now) = measured(&lattice(82..130));
        let busy = busy.unwrap();
        assert!(busy.change(&now, before.means()) > 5.0);
        assert!(busy.change(&now, now.means()) < f32::EPSILON);
    }
}
