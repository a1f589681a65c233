//! Follows a code that is bent or crumpled, by the edges of its own modules.
//!
//! A plane is right for flat paper only, and small codes have one alignment pattern or none.
//! But modules meet on the lines of the grid. Where the grid is right, the area of each module has one colour,
//! and its mean is far from the threshold; half a module beside it, the mean of many areas is near the threshold.
//! So each point of a mesh moves to where the modules around it differ most from the threshold.

use super::geometry::Homography;
use super::layout::Version;
use super::mesh::{Mesh, expected};
use crate::finders::order::order;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// Modules between two lines of the mesh, about. Larger: a crease is lost. Smaller: chance moves a point.
const GAP: f32 = 5.0;
/// The most lines. More cost time, by their square.
const MAX_LINES: usize = 12;
/// Modules from the code's side to the first line and to the last.
const BORDER: f32 = 2.5;
/// Modules to each side of a point that are compared.
///
/// Larger: a crease is lost, and more time. Smaller: chance moves a point.
const WINDOW: i32 = 3;
/// Samples in a module, along each axis.
const PER_MODULE: i32 = 4;
/// How far a point is searched from the place that its neighbours predict, in samples. Each sweep has its own reach.
///
/// The period of the grid is a module: with half of it or more, a point slips to the next module.
const REACH: [i32; 3] = [3, 2, 2];
/// What a distance of a module from the predicted place costs, as a part of the contrast.
///
/// Larger: bends are not followed. Smaller: chance moves a point.
const COST: f32 = 0.12;
const MAX_REACH: i32 = REACH[0];
const HALF: i32 = WINDOW * PER_MODULE + PER_MODULE / 2 + MAX_REACH;
const SIDE: i32 = 2 * HALF + 1;

/// The code's modules as far as they are known before it is read.
struct Known {
    side: usize,
    /// 1 for light, -1 for dark, 0 for data.
    signs: Vec<f32>,
}

/// The mesh on which the modules differ most from their thresholds.
pub(crate) fn relaxed(
    luma: &Luma<'_>,
    plane: &Homography,
    version: Version,
    polarity: Polarity,
) -> Mesh {
    let side = version.side();
    let mut signs = vec![0.0; side * side];
    for known in version.function_modules() {
        signs[known.y * side + known.x] = if known.dark { -1.0 } else { 1.0 };
    }
    let known = Known { side, signs };
    let span = side as f32 - 2.0 * BORDER;
    let gaps = ((span / GAP).round() as usize).clamp(2, MAX_LINES - 1);
    let count = gaps + 1;
    // On the middles of modules.
    let line = |at: usize| (BORDER + span * at as f32 / gaps as f32).floor() + 0.5;
    let lines: Vec<f32> = (0..count).map(line).collect();
    let mut mesh = Mesh {
        lines: lines.clone(),
        offs: vec![Point::new(0.0, 0.0); count * count],
    };
    let last = count - 1;
    let steps = (0..count * count).map(|at| {
        let (x, y) = (at % count, at / count);
        (x + y).min(last - x + y).min(x + last - y) as f32
    });
    let turns = order(steps);
    let mut seen: Vec<Option<Point>> = vec![None; count * count];
    for (sweep, reach) in REACH.into_iter().enumerate() {
        for at in &turns {
            let (x, y) = (*at % count, *at / count);
            let predicted = if sweep > 0 {
                between(&mesh.offs, count, x, y)
            } else if seen.iter().any(Option::is_some) {
                expected(&seen, count, x, y)
            } else {
                Point::new(0.0, 0.0)
            };
            if sweep == 0 {
                for (nx, ny) in around(count, x, y) {
                    if seen[ny * count + nx].is_none() {
                        mesh.offs[ny * count + nx] = predicted;
                    }
                }
            }
            let middle = Point::new(lines[x], lines[y]);
            let off = moved(luma, plane, &mesh, &known, middle, predicted, reach, polarity);
            mesh.offs[*at] = mesh.offs[*at] + off;
            seen[*at] = Some(mesh.offs[*at]);
        }
    }
    mesh
}

/// The point and those around it.
fn around(count: usize, x: usize, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let range = move |at: usize| at.saturating_sub(1)..(at + 2).min(count);
    range(y).flat_map(move |y| range(x).map(move |x| (x, y)))
}

/// The mean of what opposite neighbours predict; at a side, of what the two next points inwards do.
fn between(offs: &[Point], count: usize, x: usize, y: usize) -> Point {
    let along = |at: usize, of: &dyn Fn(usize) -> Point| {
        if at == 0 {
            of(1).times(2.0) - of(2)
        } else if at + 1 == count {
            of(at - 1).times(2.0) - of(at - 2)
        } else {
            (of(at - 1) + of(at + 1)).times(0.5)
        }
    };
    let across = along(x, &|x| offs[y * count + x]);
    let down = along(y, &|y| offs[y * count + x]);
    (across + down).times(0.5)
}

/// How far the point at `middle` moves, in pixels.
fn moved(
    luma: &Luma<'_>,
    plane: &Homography,
    mesh: &Mesh,
    known: &Known,
    middle: Point,
    predicted: Point,
    reach: i32,
    polarity: Polarity,
) -> Point {
    let per = PER_MODULE as f32;
    let (_, right, down) = plane.map_with_steps(middle);
    let now = mesh.off(middle);
    let mut sums = vec![0.0; ((SIDE + 1) * (SIDE + 1)) as usize];
    for y in 0..SIDE {
        let mut row = 0.0;
        for x in 0..SIDE {
            let at = middle + Point::new((x - HALF) as f32 / per, (y - HALF) as f32 / per);
            row += polarity.upright(luma.grey_at(plane.map(at) + mesh.off(at)));
            sums[((y + 1) * (SIDE + 1) + x + 1) as usize] =
                sums[(y * (SIDE + 1) + x + 1) as usize] + row;
        }
    }
    let sum = |x: i32, y: i32| {
        let at = |x: i32, y: i32| sums[(y * (SIDE + 1) + x) as usize];
        (at(x + 2, y + 2) - at(x - 1, y + 2) - at(x + 2, y - 1) + at(x - 1, y - 1)) / 9.0
    };
    let (mx, my) = (middle.x as i32, middle.y as i32);
    let inside = |x: i32, y: i32| {
        (x >= 0 && y >= 0 && x < known.side as i32 && y < known.side as i32)
            .then(|| known.signs[y as usize * known.side + x as usize])
    };
    let modules: Vec<(i32, i32, f32)> = (-WINDOW..=WINDOW)
        .flat_map(|y| (-WINDOW..=WINDOW).map(move |x| (x, y)))
        .filter_map(|(x, y)| Some((x * PER_MODULE, y * PER_MODULE, inside(mx + x, my + y)?)))
        .collect();
    // The threshold is halfway between the mean of the darker modules and that of the lighter ones.
    let greys = modules.iter().map(|(x, y, _)| sum(HALF + x, HALF + y));
    let mean = greys.clone().sum::<f32>() / modules.len() as f32;
    let (mut dark, mut darks, mut light, mut lights) = (0.0, 0.0, 0.0, 0.0);
    for grey in greys {
        if grey < mean {
            dark += grey;
            darks += 1.0;
        } else {
            light += grey;
            lights += 1.0;
        }
    }
    if darks < 1.0 || lights < 1.0 {
        return predicted - now;
    }
    let (dark, light) = (dark / darks, light / lights);
    let (threshold, contrast) = ((dark + light) * 0.5, (light - dark) * 0.5);
    let score = |x: i32, y: i32| {
        let all = modules.iter().map(|(mx, my, sign)| {
            let off = sum(HALF + mx + x, HALF + my + y) - threshold;
            if *sign == 0.0 { off.abs() } else { off * sign }
        });
        let seen = all.sum::<f32>() / (modules.len() as f32 * contrast.max(1.0));
        let by = right.times(x as f32 / per) + down.times(y as f32 / per);
        let module = (right.length() + down.length()) * 0.5;
        seen - COST * (now + by - predicted).length() / module
    };
    let mut best = (f32::MIN, 0, 0);
    for y in -reach..=reach {
        for x in -reach..=reach {
            let score = score(x, y);
            if score > best.0 {
                best = (score, x, y);
            }
        }
    }
    right.times(best.1 as f32 / per) + down.times(best.2 as f32 / per)
}
