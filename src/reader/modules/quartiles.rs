//! Thresholds of codes that are drawn in several inks: pale modules beside strong ones, or a reflection on some.
//!
//! A data mask makes half of a code's modules dark and half light. So the quartiles of the greys in a window are the
//! medians of both, whatever a few much darker or much lighter modules are. A mean follows those few.

use crate::work::spend;

/// Modules along a tile's side: its modules share a threshold.
///
/// Larger: a shade within a tile counts as modules. Smaller: more time.
const TILE: usize = 4;
/// Modules to each side of a tile whose greys count too.
///
/// Larger: shades count as modules, and more time. Smaller: a finder pattern fills the window.
const AROUND: usize = 4;

/// Which of these greys, row by row, are darker than the middle of the quartiles around.
pub(crate) fn dark_by_quartiles(greys: &[f32], side: usize) -> Vec<bool> {
    let tiles = side.div_ceil(TILE);
    let ends =
        |tile: usize| (tile * TILE).saturating_sub(AROUND)..(tile * TILE + TILE + AROUND).min(side);
    let mut thresholds = Vec::with_capacity(tiles * tiles);
    for tile in 0..tiles * tiles {
        let (mut counts, mut count) = ([0_usize; 256], 0);
        for row in ends(tile / tiles) {
            for grey in &greys[row * side..][ends(tile % tiles)] {
                counts[usize::from(*grey as u8)] += 1;
                count += 1;
            }
        }
        spend(count);
        // Twice the middle of both quartiles, as the sum of the shades that they are above.
        let (mut below, mut sum) = (0, 0_u16);
        for shade in counts {
            below += shade;
            sum += u16::from(below * 4 <= count) + u16::from((count - below) * 4 >= count);
        }
        thresholds.push(f32::from(sum) * 0.5);
    }
    let dark =
        |(at, grey): (usize, &f32)| *grey < thresholds[at / side / TILE * tiles + at % side / TILE];
    greys.iter().enumerate().map(dark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pale_modules_are_dark_beside_strong_ones() {
        // Pale and light modules, on ground that darkens; one corner is black, another one reflects a lamp.
        let side = 29;
        let is_dark = |at: usize| (at % side * 5 + at / side * 3 + at * at) % 4 < 2;
        let is_odd = |x: usize, y: usize| x < 4 && y < 5;
        let greys: Vec<f32> = (0..side * side)
            .map(|at| {
                let (x, y) = (at % side, at / side);
                let shade = x as f32;
                match is_dark(at) {
                    true if is_odd(x, y) => 5.0,
                    false if is_odd(side - 1 - x, y) => 255.0,
                    dark => {
                        if dark {
                            180.0 - shade
                        } else {
                            200.0 - shade
                        }
                    }
                }
            })
            .collect();
        let dark = dark_by_quartiles(&greys, side);
        let wrong = (0..side * side)
            .filter(|at| dark[*at] != is_dark(*at))
            .count();
        assert!(wrong <= 3, "{wrong}");
    }
}
