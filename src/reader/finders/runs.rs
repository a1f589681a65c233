//! Five runs of dark and light in the proportions of a finder pattern, 1:1:3:1:1.
//!
//! Judged from an edge to the next edge of the same direction (two runs together): bleeding of light or dark moves both
//! edges by the same way, so those distances stay two and four modules where the runs themselves do not.

use crate::picture::bits::{AHEAD, Bits};
use crate::picture::lines::Line;
use crate::work::spend;

/// Lengths in pixels of five neighbouring runs.
pub(crate) type Runs = [i32; 5];

/// How far a distance may be off: quarters of a module, and twenty-eighths of a pixel.
#[derive(Clone, Copy)]
pub(crate) struct Slack {
    quarters: i32,
    twenty_eighths: i32,
}

/// Along rows and columns.
pub(crate) const STRAIGHT: Slack = Slack {
    quarters: 3,
    twenty_eighths: 20,
};
/// Along a diagonal, where steps are longer and a slanted finder's proportions worse.
pub(crate) const DIAGONAL: Slack = Slack {
    quarters: 5,
    twenty_eighths: 28,
};

/// Whether these runs could cross a finder's middle. No branches: a loop over many becomes vectors.
#[inline(always)]
pub(crate) fn cross_a_finder(runs: Runs, slack: Slack) -> bool {
    let [a, b, c, d, e] = runs;
    let sum = a + b + c + d + e;
    // All in twenty-eighths of a pixel, to stay with whole numbers: a module is 4 * sum.
    let bound = slack.quarters * sum + slack.twenty_eighths;
    // One comparison for both sides: what is too little wraps to what is too much.
    let near =
        |pair: i32, modules: i32, bound: i32| (pair - modules + bound) as u32 <= 2 * bound as u32;
    let outer = near(28 * (a + b), 8 * sum, bound) & near(28 * (d + e), 8 * sum, bound);
    // The distances of four modules may be off by a third more.
    let wide = 13 * bound;
    let inner = near(280 * (b + c), 160 * sum, wide) & near(280 * (c + d), 160 * sum, wide);
    // The middle is three modules: 1.4 to 4.8 where light or dark bleeds, and not thinner than its neighbours.
    let middle = (c * 5 > sum) & (c * 35 < sum * 24) & (c * 10 >= b * 9) & (c * 10 >= d * 9);
    outer & inner & middle
}

/// A way through a finder's middle: its runs, and how far the middle is from where the walk began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) runs: Runs,
    pub(crate) offset: f32,
}

impl Walk {
    /// From the steps to each change of colour, ahead and back.
    fn of(ahead: [i32; 3], back: [i32; 3]) -> Self {
        let shift = |edge: usize| (ahead[edge] - back[edge]) as f32;
        Self {
            runs: [
                back[2] - back[1],
                back[1] - back[0],
                back[0] + ahead[0] - 1,
                ahead[1] - ahead[0],
                ahead[2] - ahead[1],
            ],
            offset: shift(0) * 0.25 + (shift(1) + shift(2)) * 0.125,
        }
    }
}

/// How far a walk leads.
#[derive(Clone, Copy)]
pub(crate) struct Most {
    /// The half of the middle run is shorter: most walks over what is no finder end here.
    pub(crate) core: i32,
    /// Each half of the walk is shorter.
    pub(crate) half: i32,
}

/// Walks both ways from a pixel of a line to the third change of colour; the picture's side is one, too.
pub(crate) fn walk(line: Line<'_>, from: i32, most: Most) -> Option<Walk> {
    let half = |ahead: bool| {
        let room = if ahead { line.length - 1 - from } else { from };
        let mut edges = [0; 3];
        let mut done = 0;
        for (at, edge) in edges.iter_mut().enumerate() {
            let bound = room.min(if at == 0 { most.core } else { most.half }) - done;
            let run = if ahead {
                line.run_ahead(from + done, bound)
            } else {
                line.run_back(from - done, bound)
            };
            done = match run {
                Some(run) => done + run,
                // Beyond the picture's side all is quiet: the last run ends there.
                None if at == 2 && room < most.half => room + 1,
                None => return None,
            };
            *edge = done;
        }
        Some(edges)
    };
    Some(Walk::of(half(true)?, half(false)?))
}

/// The same along a diagonal that leads down by a pixel, and to the right by this many.
pub(crate) fn walk_diagonal(bits: &Bits, from: (i32, i32), right: i32, most: Most) -> Option<Walk> {
    let ahead = half_diagonal(bits, from, (right, 1), most)?;
    let back = half_diagonal(bits, from, (-right, -1), most)?;
    Some(Walk::of(ahead, back))
}

/// Steps to each of the three changes of colour.
fn half_diagonal(bits: &Bits, from: (i32, i32), way: (i32, i32), most: Most) -> Option<[i32; 3]> {
    let ((x, y), (dx, dy)) = (from, way);
    let along = |at: i32, step: i32, size: usize| if step < 0 { at } else { size as i32 - 1 - at };
    let room = along(x, dx, bits.width()).min(along(y, dy, bits.height()));
    let mut last = u32::from(bits.is_dark(x as usize, y as usize));
    let mut edges = [0; 3];
    let mut edge = 0;
    let mut bound = room.min(most.core);
    let mut done = 0;
    while done < bound {
        spend(AHEAD.min((bound - done) as usize));
        let pixels = bits.ahead(x + dx * done, y + dy * done, way);
        // A pixel has changed where it is not as the one before it.
        let mut changes = (pixels ^ (pixels << 1 | last)) & ((1 << AHEAD) - 1);
        last = pixels >> (AHEAD - 1) & 1;
        while changes != 0 {
            let step = done + 1 + changes.trailing_zeros() as i32;
            if step > bound {
                break;
            }
            edges[edge] = step;
            if edge == 2 {
                return Some(edges);
            }
            edge += 1;
            bound = room.min(most.half);
            changes &= changes - 1;
        }
        done += AHEAD as i32;
    }
    edges[2] = room + 1;
    (edge == 2 && room < most.half).then_some(edges)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::picture::luma::Luma;
    use crate::picture::threshold::Thresholds;

    #[test]
    fn finder_runs_pass_sharp_bled_and_slightly_wrong() {
        for runs in [
            [1, 1, 3, 1, 1],
            [10, 10, 30, 10, 10],
            [14, 6, 34, 6, 14],
            [6, 14, 26, 14, 6],
            [9, 11, 29, 10, 12],
        ] {
            assert!(cross_a_finder(runs, STRAIGHT), "{runs:?}");
        }
    }

    #[test]
    fn other_runs_do_not() {
        for runs in [
            [10, 10, 10, 10, 10],
            [10, 30, 10, 30, 10],
            [30, 10, 30, 10, 10],
            [10, 10, 90, 10, 10],
        ] {
            assert!(!cross_a_finder(runs, STRAIGHT), "{runs:?}");
        }
    }

    /// Light but for a finder of `module` pixels at the left end of the middle row.
    fn row(module: usize, left: usize) -> Bits {
        let pixels: Vec<u8> = (0..64 * 16)
            .map(|at| {
                let run = (at % 64_usize).wrapping_sub(left) / module;
                if matches!(run, 0 | 2 | 3 | 4 | 6) {
                    0
                } else {
                    99
                }
            })
            .collect();
        let thresholds = Thresholds {
            across: 8,
            values: vec![50; 16],
        };
        Bits::of(&Luma::new(&pixels, 64, 16, 64).unwrap(), &thresholds)
    }

    const MOST: Most = Most { core: 20, half: 40 };

    /// Along the middle row.
    fn walk_from(x: i32, bits: &Bits) -> Option<Walk> {
        walk(Line::row(bits, 8), x, MOST)
    }

    #[test]
    fn a_walk_measures_the_runs_and_finds_the_middle() {
        let walk = walk_from(23, &row(4, 10)).unwrap();
        assert_eq!(walk.runs, [4, 4, 12, 4, 4]);
        // The middle run is pixels 18 to 29: its middle is 24, and pixel 23's is 23.5.
        assert_eq!(23.5 + walk.offset, 24.0);
    }

    #[test]
    fn the_side_of_the_picture_ends_the_last_run_and_no_other() {
        let whole = walk_from(13, &row(4, 0)).unwrap();
        assert_eq!(whole.runs, [4, 4, 12, 4, 4]);
        let cut = walk_from(53, &row(4, 40));
        assert!(cut.is_none(), "only 24 of 28 pixels are inside: {cut:?}");
    }
}
