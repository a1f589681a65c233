//! The plane of a code seen at a slant: from modules to pixels.

use crate::picture::point::Point;

/// A point of the code's plane, in modules, and where it was seen.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) module: Point,
    pub(crate) pixel: Point,
    /// How much it counts beside the others.
    pub(crate) weight: f32,
}

impl Sight {
    pub(crate) const fn new(module: Point, pixel: Point, weight: f32) -> Self {
        Self {
            module,
            pixel,
            weight,
        }
    }
}

/// A projective map from modules to pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homography([f32; 8]);

/// No corner of a code that can be read is ten times as far from the camera as its top left one, or a tenth.
const DEPTH: std::ops::RangeInclusive<f32> = 0.1..=10.0;
/// Below this a pivot is noise: its equations don't say where the plane is.
const LEAST_PIVOT: f64 = 1e-9;

impl Homography {
    /// The same plane, of which each point is seen where another was: so far to its right and below it.
    pub(crate) fn moved(&self, by: Point) -> Self {
        let m = &self.0;
        let near = (m[6] * by.x + m[7] * by.y + 1.0).recip();
        let origin = self.map(by);
        Self([
            m[0] * near,
            m[1] * near,
            origin.x,
            m[3] * near,
            m[4] * near,
            origin.y,
            m[6] * near,
            m[7] * near,
        ])
    }

    /// Where a point of the plane is seen.
    #[inline]
    pub(crate) fn map(&self, at: Point) -> Point {
        let m = &self.0;
        let near = (m[6] * at.x + m[7] * at.y + 1.0).recip();
        Point::new(
            (m[0] * at.x + m[1] * at.y + m[2]) * near,
            (m[3] * at.x + m[4] * at.y + m[5]) * near,
        )
    }

    /// As `map`, and how far a module's step to the right and one down lead from there.
    #[inline]
    pub(crate) fn map_with_steps(&self, at: Point) -> (Point, Point, Point) {
        let m = &self.0;
        let near = (m[6] * at.x + m[7] * at.y + 1.0).recip();
        let seen = Point::new(
            (m[0] * at.x + m[1] * at.y + m[2]) * near,
            (m[3] * at.x + m[4] * at.y + m[5]) * near,
        );
        let right = Point::new(m[0] - seen.x * m[6], m[3] - seen.y * m[6]).times(near);
        let down = Point::new(m[1] - seen.x * m[7], m[4] - seen.y * m[7]).times(near);
        (seen, right, down)
    }

    /// Where the corners of a square of `side` modules are seen: from the top left, clockwise.
    pub(crate) fn corners(&self, side: f32) -> [Point; 4] {
        [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
            .map(|(x, y)| self.map(Point::new(x, y)))
    }

    /// The map that sends the corners of a square of `side` modules to these: from the top left, clockwise.
    pub(crate) fn from_corners(corners: &[Point; 4], side: f32) -> Option<Self> {
        let [a, b, c, d] = *corners;
        let (right, down, skew) = (b - c, d - c, a - b + c - d);
        let across = right.cross(down);
        if across.abs() < 1e-3 {
            return None;
        }
        let (g, h) = (skew.cross(down) / across, right.cross(skew) / across);
        let k = side.recip();
        let map = Self([
            (b.x - a.x + g * b.x) * k,
            (d.x - a.x + h * d.x) * k,
            a.x,
            (b.y - a.y + g * b.y) * k,
            (d.y - a.y + h * d.y) * k,
            a.y,
            g * k,
            h * k,
        ]);
        map.is_sane(side).then_some(map)
    }

    /// The map that suits these sights best, by weighted least squares; four at least.
    pub(crate) fn fit(sights: &[Sight], side: f32) -> Option<Self> {
        let frame = Frame::around(sights, side)?;
        let mut equations = [[0.0; 9]; 8];
        for sight in sights {
            frame.add(sight, &mut equations);
        }
        let map = frame.undo(&solve(&mut equations)?);
        map.is_sane(side).then_some(map)
    }

    fn is_sane(&self, side: f32) -> bool {
        let depth = |x: f32, y: f32| self.0[6] * x + self.0[7] * y + 1.0;
        let depths = [depth(side, 0.0), depth(0.0, side), depth(side, side)];
        depths.iter().all(|depth| DEPTH.contains(depth))
    }
}

/// Both planes shrunk to about one unit: equations of pixels squared would lose their digits.
struct Frame {
    per_module: f64,
    centre: (f64, f64),
    spread: f64,
}

impl Frame {
    fn around(sights: &[Sight], side: f32) -> Option<Self> {
        let count = sights.len() as f64;
        let mean = |value: fn(Point) -> f32| {
            let values = sights.iter().map(|sight| f64::from(value(sight.pixel)));
            values.sum::<f64>() / count
        };
        let centre = (mean(|pixel| pixel.x), mean(|pixel| pixel.y));
        let distance = |sight: &Sight| {
            let (x, y) = (f64::from(sight.pixel.x), f64::from(sight.pixel.y));
            let (x, y) = (x - centre.0, y - centre.1);
            (x * x + y * y).sqrt()
        };
        let spread = sights.iter().map(distance).sum::<f64>() / count;
        (spread > 1e-3).then_some(Self {
            per_module: f64::from(side).recip(),
            centre,
            spread,
        })
    }

    /// Adds the two normal equations of a sight.
    fn add(&self, sight: &Sight, equations: &mut [[f64; 9]; 8]) {
        let u = f64::from(sight.module.x) * self.per_module;
        let v = f64::from(sight.module.y) * self.per_module;
        let x = (f64::from(sight.pixel.x) - self.centre.0) / self.spread;
        let y = (f64::from(sight.pixel.y) - self.centre.1) / self.spread;
        let weight = f64::from(sight.weight);
        for terms in [
            [u, v, 1.0, 0.0, 0.0, 0.0, -u * x, -v * x, x],
            [0.0, 0.0, 0.0, u, v, 1.0, -u * y, -v * y, y],
        ] {
            for (equation, term) in equations.iter_mut().zip(terms) {
                let factor = weight * term;
                for (sum, other) in equation.iter_mut().zip(terms) {
                    *sum += factor * other;
                }
            }
        }
    }

    /// The map between the planes as they are.
    fn undo(&self, s: &[f64; 8]) -> Homography {
        let (k, spread, (x, y)) = (self.per_module, self.spread, self.centre);
        let (g, h) = (s[6] * k, s[7] * k);
        let terms = [
            s[0] * k * spread + x * g,
            s[1] * k * spread + x * h,
            s[2] * spread + x,
            s[3] * k * spread + y * g,
            s[4] * k * spread + y * h,
            s[5] * spread + y,
            g,
            h,
        ];
        Homography(terms.map(|term| term as f32))
    }
}

/// Gauss and Jordan, with the largest pivot of each column.
fn solve(equations: &mut [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for at in 0..8 {
        let size = |row: &usize| equations[*row][at].abs();
        let pivot = (at..8).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        equations.swap(at, pivot);
        let lead = equations[at];
        if lead[at].is_nan() || lead[at].abs() < LEAST_PIVOT {
            return None;
        }
        for (row, equation) in equations.iter_mut().enumerate() {
            let factor = equation[at] / lead[at];
            if row == at || factor == 0.0 {
                continue;
            }
            for (value, lead) in equation.iter_mut().zip(lead).skip(at) {
                *value -= factor * lead;
            }
        }
    }
    Some(std::array::from_fn(|at| {
        equations[at][8] / equations[at][at]
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CORNERS: [Point; 4] = [
        Point::new(100.0, 80.0),
        Point::new(340.0, 100.0),
        Point::new(300.0, 330.0),
        Point::new(90.0, 280.0),
    ];
    const SQUARE: [Point; 4] = [
        Point::new(0.0, 0.0),
        Point::new(21.0, 0.0),
        Point::new(21.0, 21.0),
        Point::new(0.0, 21.0),
    ];

    #[test]
    fn a_moved_plane_shows_each_point_where_another_was() {
        let plane = Homography::from_corners(&CORNERS, 21.0).unwrap();
        let by = Point::new(0.4, -0.7);
        let moved = plane.moved(by);
        for (x, y) in [(0.0, 0.0), (3.5, 17.0), (21.0, 21.0)] {
            let at = Point::new(x, y);
            assert!(near(moved.map(at), plane.map(at + by)), "{at:?}");
        }
    }

    fn near(a: Point, b: Point) -> bool {
        (a - b).length() < 0.05
    }

    #[test]
    fn corners_map_to_corners_by_both_ways() {
        let sights: Vec<Sight> = SQUARE
            .iter()
            .zip(CORNERS)
            .map(|(module, pixel)| Sight::new(*module, pixel, 1.0))
            .collect();
        let closed = Homography::from_corners(&CORNERS, 21.0).unwrap();
        let fitted = Homography::fit(&sights, 21.0).unwrap();
        for (module, pixel) in SQUARE.iter().zip(CORNERS) {
            assert!(near(closed.map(*module), pixel));
            assert!(near(fitted.map(*module), pixel));
        }
        let inside = Point::new(7.0, 13.0);
        assert!(near(closed.map(inside), fitted.map(inside)));
    }

    #[test]
    fn steps_are_the_way_to_the_neighbours() {
        let map = Homography::from_corners(&CORNERS, 21.0).unwrap();
        let at = Point::new(9.0, 9.0);
        let (seen, right, down) = map.map_with_steps(at);
        let moved = |x: f32, y: f32| map.map(at + Point::new(x, y));
        assert!(near(seen + right.times(0.1), moved(0.1, 0.0)));
        assert!(near(seen + down.times(0.1), moved(0.0, 0.1)));
    }

    #[test]
    fn no_plane_through_points_of_a_line_or_of_nowhere() {
        let line = [0.0, 1.0, 2.0, 3.0].map(|at| Point::new(at * 10.0, at * 10.0));
        assert!(Homography::from_corners(&line, 21.0).is_none());
        for pixel in [Point::new(5.0, 5.0), Point::new(f32::NAN, f32::INFINITY)] {
            let sights = SQUARE.map(|module| Sight::new(module, pixel, 1.0));
            assert!(Homography::fit(&sights, 21.0).is_none());
        }
    }
}
