//! Where a large code bends: its alignment patterns, one after another, each looked for where its neighbours say.
//!
//! Paper curls and lenses bow. Over a hundred modules and more that is more than a module, which no plane follows; the
//! patterns, 28 modules apart at most, do.

use super::align::find_alignment;
use super::geometry::Homography;
use super::layout::Version;
use super::order::order;
use super::{Luma, Point};

/// How far from where its neighbours say a pattern is looked for, in modules.
const REACH: f32 = 1.6;
/// A pattern that is further off than its neighbours by so many modules is none.
const MOST_STEP: f32 = 2.0;
/// Of the patterns, one in so many must be seen for a mesh.
const LEAST_SEEN: usize = 3;

/// A plane, and how far the pixels of its modules are off it.
pub(super) struct Mesh {
    lines: Vec<f32>,
    offs: Vec<Point>,
}

impl Mesh {
    /// The mesh of a code on this plane; none for codes with a single pattern, or where few are seen.
    pub(super) fn find(
        luma: &Luma<'_>,
        plane: &Homography,
        version: Version,
        inverted: bool,
    ) -> Option<Self> {
        let lines: Vec<f32> = version
            .alignment_lines()
            .iter()
            .map(|line| *line as f32 + 0.5)
            .collect();
        let count = lines.len();
        if count < 3 {
            return None;
        }
        let mut seen: Vec<Option<Point>> = vec![None; count * count];
        let last = count - 1;
        // The plane goes through the finders: there is nothing to look for.
        for at in [0, last, last * count] {
            seen[at] = Some(Point::new(0.0, 0.0));
        }
        // From the three finders inwards, so that each has neighbours to ask.
        let steps = (0..count * count).map(|at| {
            let (x, y) = (at % count, at / count);
            (x + y).min(last - x + y).min(x + last - y) as f32
        });
        let (mut found, mut sought) = (0, 0);
        for at in order(steps) {
            let (x, y) = (at % count, at / count);
            if seen[at].is_some() {
                continue;
            }
            sought += 1;
            let expected = expected(&seen, count, x, y);
            let middle = Point::new(lines[x], lines[y]);
            let (pixel, right, down) = plane.map_with_steps(middle);
            let module = (right.length() + down.length()) * 0.5;
            let moved = shifted(middle, expected, right, down);
            let Some(at) = find_alignment(luma, plane, moved, REACH, inverted) else {
                continue;
            };
            let off = at - pixel;
            if (off - expected).length() <= MOST_STEP * module {
                seen[y * count + x] = Some(off);
                found += 1;
            }
        }
        if found * LEAST_SEEN < sought {
            return None;
        }
        let offs = (0..count * count)
            .map(|at| seen[at].unwrap_or_else(|| expected(&seen, count, at % count, at / count)));
        let offs = offs.collect();
        Some(Self { lines, offs })
    }

    /// How far the pixel of this place, in modules, is off the plane's.
    pub(super) fn off(&self, at: Point) -> Point {
        let (x, part_x) = self.between(at.x);
        let (y, part_y) = self.between(at.y);
        let count = self.lines.len();
        let of = |x: usize, y: usize| self.offs[y * count + x];
        let mix = |a: Point, b: Point, part: f32| a.times(1.0 - part) + b.times(part);
        let above = mix(of(x, y), of(x + 1, y), part_x);
        let below = mix(of(x, y + 1), of(x + 1, y + 1), part_x);
        mix(above, below, part_y)
    }

    /// The line before a place, and how far it is towards the next; a little beyond both ends.
    fn between(&self, at: f32) -> (usize, f32) {
        let inner = &self.lines[1..self.lines.len() - 1];
        let line = inner.partition_point(|line| *line <= at);
        let (from, to) = (self.lines[line], self.lines[line + 1]);
        (line, (at - from) / (to - from))
    }
}

/// What a pattern is off by if the bend goes on as its neighbours say: three of them make a parallelogram with it.
fn expected(seen: &[Option<Point>], count: usize, x: usize, y: usize) -> Point {
    let of = |x: Option<usize>, y: Option<usize>| {
        let (x, y) = (x.filter(|x| *x < count)?, y.filter(|y| *y < count)?);
        seen[y * count + x]
    };
    let (mut sum, mut corners) = (Point::new(0.0, 0.0), 0.0);
    for nx in [x.checked_sub(1), Some(x + 1)] {
        for ny in [y.checked_sub(1), Some(y + 1)] {
            let beside = (of(nx, Some(y)), of(Some(x), ny), of(nx, ny));
            if let (Some(a), Some(b), Some(opposite)) = beside {
                sum = sum + a + b - opposite;
                corners += 1.0;
            }
        }
    }
    if corners > 0.0 {
        return sum.times(1.0 / corners);
    }
    mean(seen, count, x, y)
}

/// The mean of what the neighbours are off by, the nearer the heavier.
fn mean(seen: &[Option<Point>], count: usize, x: usize, y: usize) -> Point {
    let (mut sum, mut weights) = (Point::new(0.0, 0.0), 0.0);
    for (at, off) in seen.iter().enumerate() {
        let Some(off) = off else { continue };
        let (dx, dy) = ((at % count).abs_diff(x), (at / count).abs_diff(y));
        let square = (dx * dx + dy * dy) as f32;
        let weight = (square * square).recip();
        sum = sum + off.times(weight);
        weights += weight;
    }
    sum.times(1.0 / weights)
}

/// The place whose pixel on the plane is `off` away from that of `at`, nearly.
fn shifted(at: Point, off: Point, right: Point, down: Point) -> Point {
    let area = right.cross(down);
    if area.abs() < 1e-6 {
        return at;
    }
    at + Point::new(off.cross(down) / area, right.cross(off) / area)
}
