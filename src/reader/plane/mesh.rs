//! Where a large code bends: its alignment patterns, one after another, each looked for where its neighbours say.
//!
//! Paper curls and lenses bow. Over a hundred modules and more that is more than a module, which no plane follows; the
//! patterns, 28 modules apart at most, do.

use super::align::find_alignment;
use super::geometry::Homography;
use super::layout::Version;
use crate::finders::order::order;
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// How far from where its neighbours say a pattern is looked for, in modules.
const REACH: f32 = 1.6;
/// A pattern that is further off than its neighbours by so many modules is none.
const MOST_STEP: f32 = 2.0;
/// Of the patterns, one in so many must be seen for a mesh.
const LEAST_SEEN: usize = 3;

/// A plane, and how far the pixels of its modules are off it.
pub(crate) struct Mesh {
    lines: Vec<f32>,
    offs: Vec<Point>,
}

impl Mesh {
    /// The mesh of a code on this plane; none for codes with a single pattern, or where few are seen.
    pub(crate) fn find(
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
    pub(crate) fn off(&self, at: Point) -> Point {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 260;
    const LEFT: f32 = 30.0;
    const MODULE: f32 = 4.0;

    /// How far a module's pixel is off a flat code's: most in the middle row, nothing in the first and the last.
    fn bend(at: Point, side: f32, most: f32) -> Point {
        let part = at.y / side;
        Point::new(4.0 * part * (1.0 - part) * most, 0.0)
    }

    /// The alignment patterns of a code whose rows are moved by up to `most` pixels.
    fn picture(version: Version, most: f32) -> Vec<u8> {
        let side = version.side() as f32;
        let dark = |x: f32, y: f32| {
            let y = (y - LEFT) / MODULE;
            let x = (x - LEFT - bend(Point::new(0.0, y), side, most).x) / MODULE;
            version.alignments().iter().any(|(middle, row)| {
                let (dx, dy) = (x - *middle as f32 - 0.5, y - *row as f32 - 0.5);
                let ring = dx.abs().max(dy.abs());
                ring < 0.5 || (1.5..2.5).contains(&ring)
            })
        };
        let pixel = |at: usize| dark((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
        let pixels = (0..SIDE * SIDE).map(|at| if pixel(at) { 40 } else { 200 });
        pixels.collect()
    }

    fn mesh(version: usize, most: f32) -> Option<Mesh> {
        let version = Version::new(version).unwrap();
        let pixels = picture(version, most);
        let far = LEFT + version.side() as f32 * MODULE;
        let corners = [(LEFT, LEFT), (far, LEFT), (far, far), (LEFT, far)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, version.side() as f32).unwrap();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        Mesh::find(&luma, &plane, version, false)
    }

    #[test]
    fn a_bent_code_is_followed_to_a_part_of_a_module() {
        let mesh = mesh(7, 4.8).unwrap();
        for (x, y) in [(22.5, 22.5), (38.5, 22.5), (22.5, 38.5), (30.0, 22.5)] {
            let at = Point::new(x, y);
            let off = mesh.off(at) - bend(at, 45.0, 4.8);
            assert!(off.length() < 0.25 * MODULE, "{x} {y}: {off:?}");
        }
        assert!(mesh.off(Point::new(22.5, 22.5)).x > MODULE);
    }

    #[test]
    fn small_codes_and_those_whose_patterns_are_not_seen_have_none() {
        assert!(mesh(6, 0.0).is_none(), "a version with one pattern");
        let version = Version::new(7).unwrap();
        let pixels = vec![128; SIDE * SIDE];
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let corners = [(30.0, 30.0), (210.0, 30.0), (210.0, 210.0), (30.0, 210.0)];
        let corners = corners.map(|(x, y)| Point::new(x, y));
        let plane = Homography::from_corners(&corners, 45.0).unwrap();
        assert!(Mesh::find(&luma, &plane, version, false).is_none());
    }

    #[test]
    fn between_four_patterns_what_they_are_off_by_is_mixed() {
        let zero = Point::new(0.0, 0.0);
        let mut offs = vec![zero; 9];
        offs[4] = Point::new(8.0, 4.0);
        let lines = vec![6.5, 22.5, 38.5];
        let mesh = Mesh { lines, offs };
        assert_eq!(mesh.off(Point::new(22.5, 22.5)), Point::new(8.0, 4.0));
        assert_eq!(mesh.off(Point::new(14.5, 22.5)), Point::new(4.0, 2.0));
        assert_eq!(mesh.off(Point::new(30.5, 30.5)), Point::new(2.0, 1.0));
        assert_eq!(mesh.off(Point::new(6.5, 38.5)), zero);
    }

    #[test]
    fn neighbours_say_where_the_next_pattern_is() {
        let at = |x: f32, y: f32| Some(Point::new(x, y));
        // Three corners of a parallelogram, and the fourth.
        let seen = [
            at(1.0, 0.0),
            at(3.0, 1.0),
            None,
            at(0.0, 4.0),
            None,
            None,
            None,
            None,
            None,
        ];
        assert_eq!(expected(&seen, 3, 1, 1), Point::new(2.0, 5.0));
        // Without three: the mean, in which what is nearer counts more.
        let seen = [
            at(1.0, 0.0),
            None,
            None,
            None,
            None,
            None,
            at(18.0, 0.0),
            None,
            None,
        ];
        assert_eq!(expected(&seen, 3, 0, 1), Point::new(9.5, 0.0));
        let nearer = mean(&seen, 3, 1, 0);
        assert!(nearer.x < 2.0, "{nearer:?}");
    }

    #[test]
    fn a_place_is_moved_until_its_pixel_is_so_far_off() {
        let (right, down) = (Point::new(4.0, 1.0), Point::new(-1.0, 5.0));
        let moved = shifted(Point::new(7.0, 7.0), Point::new(2.0, 11.0), right, down);
        assert_eq!(moved, Point::new(8.0, 9.0));
        let flat = shifted(Point::new(7.0, 7.0), Point::new(2.0, 11.0), right, right);
        assert_eq!(flat, Point::new(7.0, 7.0));
    }
}
