//! Dark or light: a threshold per block, from the means of the blocks around it that show an edge.
//!
//! A flat block says nothing about where dark ends and light begins, so it has no vote; where no block around has one,
//! the middle between the picture's darkest and lightest blocks decides. What is flat is measured against the picture's
//! own quiet blocks, so that a dim or noisy camera gets a threshold too.

use super::Luma;

/// Side of a block: smaller than two modules of a code that fills a tenth of the picture, larger than sensor noise.
const BLOCK: usize = 8;
/// Blocks to each side that vote: the finder pattern of a code near the camera is wider than one block.
const REACH: usize = 2;
/// Below this a block's range is noise, however quiet the rest is.
const LEAST_RANGE: u8 = 14;

/// A picture of dark (true) and light pixels.
pub(super) struct Bits {
    width: usize,
    dark: Vec<bool>,
}

impl Bits {
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark[y * self.width + x]
    }
}

#[derive(Clone, Copy)]
struct Block {
    mean: u8,
    range: u8,
}

/// Dark pixels are those below their block's threshold.
pub(super) fn binarise(luma: &Luma<'_>) -> Bits {
    let (width, height) = (luma.width(), luma.height());
    let across = width.div_ceil(BLOCK);
    let blocks = blocks(luma, across);
    let thresholds = thresholds(&blocks, across);
    let mut dark = Vec::with_capacity(width * height);
    for y in 0..height {
        let row_thresholds = &thresholds[y / BLOCK * across..][..across];
        for (pixels, threshold) in luma.row(y).chunks(BLOCK).zip(row_thresholds) {
            dark.extend(pixels.iter().map(|pixel| pixel < threshold));
        }
    }
    Bits { width, dark }
}

fn blocks(luma: &Luma<'_>, across: usize) -> Vec<Block> {
    let down = luma.height().div_ceil(BLOCK);
    let mut blocks = Vec::with_capacity(across * down);
    for top in (0..luma.height()).step_by(BLOCK) {
        let rows = top..(top + BLOCK).min(luma.height());
        for left in (0..luma.width()).step_by(BLOCK) {
            let columns = left..(left + BLOCK).min(luma.width());
            let (mut least, mut most, mut sum, mut count) = (u8::MAX, 0, 0_u32, 0_u32);
            for y in rows.clone() {
                for pixel in &luma.row(y)[columns.clone()] {
                    least = least.min(*pixel);
                    most = most.max(*pixel);
                    sum += u32::from(*pixel);
                    count += 1;
                }
            }
            blocks.push(Block {
                mean: u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX),
                range: most - least,
            });
        }
    }
    blocks
}

/// Half as much again as the quietest fifth of the blocks.
fn flat_below(blocks: &[Block]) -> u8 {
    let mut ranges: Vec<u8> = blocks.iter().map(|block| block.range).collect();
    let fifth = ranges.len() / 5;
    let (_, quiet, _) = ranges.select_nth_unstable(fifth);
    quiet.saturating_add(*quiet / 2).clamp(LEAST_RANGE, 64)
}

fn thresholds(blocks: &[Block], across: usize) -> Vec<u8> {
    let flat_below = flat_below(blocks);
    let means = blocks.iter().map(|block| block.mean);
    let middle = means.clone().min().unwrap_or(0) / 2 + means.max().unwrap_or(u8::MAX) / 2;
    let down = blocks.len() / across;
    let mut thresholds = Vec::with_capacity(blocks.len());
    for y in 0..down {
        for x in 0..across {
            let (mut sum, mut votes) = (0_u32, 0_u32);
            for row in y.saturating_sub(REACH)..(y + REACH + 1).min(down) {
                let from = row * across + x.saturating_sub(REACH);
                let to = row * across + (x + REACH + 1).min(across);
                for block in blocks[from..to]
                    .iter()
                    .filter(|block| block.range >= flat_below)
                {
                    sum += u32::from(block.mean);
                    votes += 1;
                }
            }
            let mean = sum.checked_div(votes);
            thresholds.push(mean.map_or(middle, |mean| u8::try_from(mean).unwrap_or(u8::MAX)));
        }
    }
    thresholds
}
