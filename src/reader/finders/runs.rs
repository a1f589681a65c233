//! Tests whether five runs of dark and light have the proportions of a finder pattern, 1:1:3:1:1.
//!
//! Distances are taken from an edge to the next edge of the same direction, over two runs.
//! Bleeding moves both edges the same way, so these distances stay two and four modules when the runs do not.

use crate::picture::bits::{AHEAD, Bits};
use crate::picture::lines::Line;
use crate::work::spend;

/// Lengths in pixels of five neighbouring runs.
pub(crate) type Runs = [i32; 5];

/// The tolerance of a distance: quarters of a module, plus twenty-eighths of a pixel.
#[derive(Clone, Copy)]
pub(crate) struct Slack {
    quarters: i32,
    twenty_eighths: i32,
}

/// The tolerance along rows and columns: 3/4 of a module and 5/7 of a pixel.
///
/// Chosen on the till set. Larger: text passes. Smaller: blurred and slanted finders fail.
pub(crate) const STRAIGHT: Slack = Slack {
    quarters: 3,
    twenty_eighths: 20,
};
/// The tolerance along a diagonal, whose steps are longer and on which a slant distorts more.
pub(crate) const DIAGONAL: Slack = Slack {
    quarters: 5,
    twenty_eighths: 28,
};
/// The tolerance of a distance of four modules, in tenths of that of two modules.
const WIDE_TENTHS: i32 = 13;
/// The bounds on the middle run, in thirty-fifths of all five: above 1.4 modules and below 4.8.
///
/// It has 3 modules, and bleeding makes it narrower or wider.
/// Chosen on the till set. Wider bounds pass text; narrower ones lose overexposed codes.
const MIDDLE: std::ops::Range<i32> = 7..24;
/// The middle run is at least this many tenths of either neighbour.
const MIDDLE_TENTHS: i32 = 9;

/// Whether these runs may cross the middle of a finder. Without branches, so that the compiler vectorises a loop of it.
#[inline(always)]
pub(crate) fn crosses_a_finder(runs: Runs, slack: Slack) -> bool {
    let [a, b, c, d, e] = runs;
    let sum = a + b + c + d + e;
    // In twenty-eighths of a pixel all terms are whole numbers: a module is 4 * sum.
    let bound = slack.quarters * sum + slack.twenty_eighths;
    // One comparison for both sides: a negative difference wraps to a large number.
    let near =
        |pair: i32, modules: i32, bound: i32| (pair - modules + bound) as u32 <= 2 * bound as u32;
    let outer = near(28 * (a + b), 8 * sum, bound) & near(28 * (d + e), 8 * sum, bound);
    let wide = WIDE_TENTHS * bound;
    let inner = near(280 * (b + c), 160 * sum, wide) & near(280 * (c + d), 160 * sum, wide);
    let middle = (c * 35 > sum * MIDDLE.start)
        & (c * 35 < sum * MIDDLE.end)
        & (c * 10 >= b * MIDDLE_TENTHS)
        & (c * 10 >= d * MIDDLE_TENTHS);
    outer & inner & middle
}

/// A walk through a finder's middle: the runs it crossed, and the middle's offset from the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) runs: Runs,
    pub(crate) offset: f32,
}

impl Walk {
    /// From the distances to each change of colour, ahead and back.
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
            // The middle by the core's edges counts half, by the ring's inner and outer edges a quarter each.
            offset: shift(0) * 0.25 + (shift(1) + shift(2)) * 0.125,
        }
    }
}

/// The bounds of a walk, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct WalkLimits {
    /// Half of the middle run. Most walks over other objects end here.
    pub(crate) core: i32,
    /// Each half of the walk.
    pub(crate) half: i32,
}

/// Walks from a pixel of a line in both directions to the third change of colour.
///
/// The picture's side may take the place of the third one.
pub(crate) fn walk(line: Line<'_>, from: i32, limits: WalkLimits) -> Option<Walk> {
    let half = |direction: Direction| {
        let ahead = direction == Direction::Ahead;
        let room = if ahead { line.length - 1 - from } else { from };
        let mut edges = [0; 3];
        let mut done = 0;
        for (at, edge) in edges.iter_mut().enumerate() {
            let most = if at == 0 { limits.core } else { limits.half };
            let bound = room.min(most) - done;
            let run = if ahead {
                line.run_ahead(from + done, bound)
            } else {
                line.run_back(from - done, bound)
            };
            done = match run {
                Some(run) => done + run,
                // The ring's outer run may end at the picture's side.
                None if at == 2 && room < limits.half => room + 1,
                None => return None,
            };
            *edge = done;
        }
        Some(edges)
    };
    Some(Walk::of(half(Direction::Ahead)?, half(Direction::Back)?))
}

/// The two directions along a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ahead,
    Back,
}

/// Walks a diagonal that leads down by one pixel and to the right by `right` pixels, 1 or -1.
pub(crate) fn walk_diagonal(
    bits: &Bits,
    from: (i32, i32),
    right: i32,
    limits: WalkLimits,
) -> Option<Walk> {
    let ahead = half_diagonal(bits, from, (right, 1), limits)?;
    let back = half_diagonal(bits, from, (-right, -1), limits)?;
    Some(Walk::of(ahead, back))
}

/// The distances to each of three changes of colour along one half of a diagonal.
fn half_diagonal(
    bits: &Bits,
    from: (i32, i32),
    direction: (i32, i32),
    limits: WalkLimits,
) -> Option<[i32; 3]> {
    let ((x, y), (dx, dy)) = (from, direction);
    let along = |at: i32, step: i32, size: usize| if step < 0 { at } else { size as i32 - 1 - at };
    let room = along(x, dx, bits.width()).min(along(y, dy, bits.height()));
    let mut last = u32::from(bits.is_dark(x as usize, y as usize));
    let mut edges = [0; 3];
    let mut edge = 0;
    let mut bound = room.min(limits.core);
    let mut done = 0;
    while done < bound {
        spend(AHEAD.min((bound - done) as usize));
        let pixels = bits.ahead(x + dx * done, y + dy * done, direction);
        // A bit is set where a pixel differs from the one before it.
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
            bound = room.min(limits.half);
            changes &= changes - 1;
        }
        done += AHEAD as i32;
    }
    edges[2] = room + 1;
    (edge == 2 && room < limits.half).then_some(edges)
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
            assert!(crosses_a_finder(runs, STRAIGHT), "{runs:?}");
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
            assert!(!crosses_a_finder(runs, STRAIGHT), "{runs:?}");
        }
    }

    /// A light picture with a finder of `module` pixels at the left end of the middle row.
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

    const LIMITS: WalkLimits = WalkLimits { core: 20, half: 40 };

    /// A walk along the middle row.
    fn walk_from(x: i32, bits: &Bits) -> Option<Walk> {
        walk(Line::row(bits, 8), x, LIMITS)
    }

    #[test]
    fn a_walk_measures_the_runs_and_finds_the_middle() {
        let walk = walk_from(23, &row(4, 10)).unwrap();
        assert_eq!(walk.runs, [4, 4, 12, 4, 4]);
        // The middle run is pixels 18 to 29: its middle is 24, and that of pixel 23 is 23.5.
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
