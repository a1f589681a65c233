//! Follows a large code that is bent, from one alignment pattern to the next.
//!
//! Paper curls and lenses distort. Over a hundred modules that is more than a module, and no plane follows it.
//! The alignment patterns do: they are at most 28 modules apart.

use super::align::find_alignment;
use super::geometry::Homography;
use super::layout::Version;
use crate::finders::order::order;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// The search radius around the place that a pattern's neighbours predict, in modules.
///
/// Larger: data modules are taken for patterns. Smaller: strong bends are lost.
const REACH: f32 = 1.6;
/// The largest distance of a pattern from its predicted place, in modules. Beyond it, it is another object.
const MAX_STEP: f32 = 2.0;
/// One pattern in three must be found for a mesh.
/// Larger: a few false ones bend the code. Smaller: dirty codes stay flat.
const FOUND_OF: usize = 3;
/// The least area of a module in square pixels that has an inverse.
const MIN_AREA: f32 = 1e-6;

/// The offsets of a bent code's modules from its plane, at the crossings of the alignment patterns' rows and columns.
pub(crate) struct Mesh {
    /// The rows, and equally the columns, in modules.
    pub(super) lines: Vec<f32>,
    /// Pixels off the plane, row by row.
    pub(super) offs: Vec<Point>,
}

impl Mesh {
    /// The mesh of a code on this plane; `None` for versions with at most one pattern, or if few patterns are found.
    pub(crate) fn find(
        luma: &Luma<'_>,
        plane: &Homography,
        version: Version,
        polarity: Polarity,
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
        // The plane goes through the finders, so there the offset is 0.
        for at in [0, last, last * count] {
            seen[at] = Some(Point::new(0.0, 0.0));
        }
        // From the three finders inwards, so that each pattern has neighbours that predict its place.
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
            let Some(at) = find_alignment(luma, plane, moved, REACH, polarity) else {
                continue;
            };
            let off = at - pixel;
            if (off - expected).length() <= MAX_STEP * module {
                seen[y * count + x] = Some(off);
                found += 1;
            }
        }
        if found * FOUND_OF < sought {
            return None;
        }
        let offs = (0..count * count)
            .map(|at| seen[at].unwrap_or_else(|| expected(&seen, count, at % count, at / count)));
        let offs = offs.collect();
        Some(Self { lines, offs })
    }

    /// The offset in pixels of a point, in modules, from its place on the plane. Interpolated between four crossings.
    pub(crate) fn off(&self, at: Point) -> Point {
        self.mixed(self.between(at.x), self.between(at.y))
    }

    /// The offset at these parts of the ways between two columns and between two rows.
    pub(super) fn mixed(&self, (x, part_x): (usize, f32), (y, part_y): (usize, f32)) -> Point {
        let count = self.lines.len();
        let of = |x: usize, y: usize| self.offs[y * count + x];
        let mix = |a: Point, b: Point, part: f32| a.times(1.0 - part) + b.times(part);
        let above = mix(of(x, y), of(x + 1, y), part_x);
        let below = mix(of(x, y + 1), of(x + 1, y + 1), part_x);
        mix(above, below, part_y)
    }

    /// The index of the line before a coordinate, and the part of the way to the next one. Extrapolates at both ends.
    pub(super) fn between(&self, at: f32) -> (usize, f32) {
        let inner = &self.lines[1..self.lines.len() - 1];
        let line = inner.partition_point(|line| *line <= at);
        let (from, to) = (self.lines[line], self.lines[line + 1]);
        (line, (at - from) / (to - from))
    }
}

/// The offset that a pattern's neighbours predict: three of them form a parallelogram with it.
pub(super) fn expected(seen: &[Option<Point>], count: usize, x: usize, y: usize) -> Point {
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

/// The mean of all known offsets, weighted by the inverse of the fourth power of their distance.
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

/// The point in modules whose pixel on the plane is about `off` away from that of `at`.
fn shifted(at: Point, off: Point, right: Point, down: Point) -> Point {
    let area = right.cross(down);
    if area.abs() < MIN_AREA {
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

    /// The offset of a module's pixel in the bent code: most in the middle row, 0 in the first and the last.
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
        Mesh::find(&luma, &plane, version, Polarity::DarkOnLight)
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
        assert!(Mesh::find(&luma, &plane, version, Polarity::DarkOnLight).is_none());
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
        // Three corners of a parallelogram predict the fourth.
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
        // Without three neighbours: the mean, in which nearer ones count more.
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
