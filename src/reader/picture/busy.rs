//! The busy parts of a picture: blocks with edges in them, how sharp these are, and the largest patch of them. A code is
//! such a patch also where no finder of it can be seen.

use super::luma::Luma;
use super::threshold::{BLOCK, Blocks, reached};

/// Without so much contrast anywhere there is nothing to be seen.
const LEAST_CONTRAST: u8 = 16;
/// Fewer blocks are a switch, or a price tag.
const LEAST_BLOCKS: usize = 3;
/// Of its box, a patch fills so much: a square on its tip fills half.
const LEAST_FILL: f32 = 0.4;
/// Its box is no longer than so many times its width.
const MOST_LONG: usize = 3;
/// Blocks whose steps are looked at.
const MOST_LOOKED: usize = 64;

/// Blocks with half the picture's contrast.
#[derive(Debug)]
pub(crate) struct Busy {
    /// The range of the picture's strongest blocks.
    pub(crate) contrast: u8,
    /// Busy blocks, as a part of all.
    pub(crate) part: f32,
    /// The light that one busy block in ten reaches.
    pub(crate) light: u8,
    /// The steepest step from pixel to pixel, across or down, whichever is flatter, as a part of the contrast.
    pub(crate) steepness: f32,
    /// The longer side of the largest patch, in pixels of the copy; 0 where that is no likely code.
    pub(crate) side: usize,
    places: Vec<usize>,
}

impl Busy {
    /// The busy parts of a copy; none where all is quiet.
    pub(crate) fn of(copy: &Luma<'_>, blocks: &Blocks) -> Option<Self> {
        let contrast = blocks.contrast();
        if contrast < LEAST_CONTRAST {
            return None;
        }
        let mut cells: Vec<bool> = blocks.ranges().map(|range| range > contrast / 2).collect();
        let ats = cells.iter().enumerate();
        let places: Vec<usize> = ats.filter(|(_, busy)| **busy).map(|(at, _)| at).collect();
        let (across, down) = steepest(copy, &places, blocks.across());
        Some(Self {
            contrast,
            part: places.len() as f32 / cells.len() as f32,
            light: blocks.light_of(&places),
            steepness: f32::from(across.min(down)) / f32::from(contrast),
            side: side(&largest(&mut cells, blocks.across()), blocks.across()),
            places,
        })
    }

    /// How many shades a busy block's mean has changed since these means were taken; 0 where they are of no such picture.
    pub(crate) fn change(&self, blocks: &Blocks, before: &[u8]) -> f32 {
        let now = blocks.each_mean();
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

/// The largest set of true cells that touch by their sides. Cells become false.
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

/// The longer side of a patch's box, where its shape is a code's.
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
    if patch.len() < LEAST_BLOCKS {
        return 0;
    }
    let (width, height) = (ends[2] - ends[0] + 1, ends[3] - ends[1] + 1);
    let (short, long) = (width.min(height), width.max(height));
    let fill = patch.len() as f32 / (width * height) as f32;
    if fill < LEAST_FILL || long > MOST_LONG * short {
        return 0;
    }
    long * BLOCK
}

/// The steepest steps across and down that a tenth of these blocks reach.
fn steepest(copy: &Luma<'_>, places: &[usize], across: usize) -> (u8, u8) {
    let every = places.len().div_ceil(MOST_LOOKED).max(1);
    let steps = places.iter().step_by(every).map(|at| {
        let (left, top) = (at % across * BLOCK, at / across * BLOCK);
        block_steps(copy, left, top)
    });
    let (across, down): (Vec<u8>, Vec<u8>) = steps.unzip();
    let tenth = |steps: Vec<u8>| {
        let beyond = steps.len() / 10;
        reached(steps.into_iter(), beyond)
    };
    (tenth(across), tenth(down))
}

/// The steepest steps across and down in one block.
fn block_steps(copy: &Luma<'_>, left: usize, top: usize) -> (u8, u8) {
    let row = |y: usize| &copy.row(top + y)[left..][..BLOCK];
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

    fn look(pixels: &[u8]) -> (Option<Busy>, Blocks) {
        let luma = Luma::new(pixels, SIDE, SIDE, SIDE).unwrap();
        let blocks = Blocks::of(&luma);
        (Busy::of(&luma, &blocks), blocks)
    }

    #[test]
    fn a_lattice_on_quiet_ground_is_a_sharp_patch() {
        let busy = look(&lattice(80..128)).0.unwrap();
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
        assert_eq!(look(&bar).0.unwrap().side, 0);
        assert!(look(&lattice(0..0)).0.is_none());
    }

    #[test]
    fn what_moves_changes_and_what_stands_does_not() {
        let (_, before) = look(&lattice(80..128));
        let (busy, now) = look(&lattice(82..130));
        let busy = busy.unwrap();
        assert!(busy.change(&now, before.each_mean()) > 5.0);
        assert!(busy.change(&now, now.each_mean()) < f32::EPSILON);
        assert!(busy.change(&now, &[]) < f32::EPSILON);
    }
}
