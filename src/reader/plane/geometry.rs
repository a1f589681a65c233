//! The plane of a code seen at a slant, as a projective map (homography) from modules to pixels.

use crate::picture::point::Point;

/// A point of the code, in modules, and the pixel at which it was seen.
#[derive(Clone, Copy)]
pub(crate) struct Correspondence {
    pub(crate) module: Point,
    pub(crate) pixel: Point,
    /// Its weight in the fit.
    pub(crate) weight: f32,
}

impl Correspondence {
    pub(crate) const fn new(module: Point, pixel: Point, weight: f32) -> Self {
        Self {
            module,
            pixel,
            weight,
        }
    }
}

/// A projective map from modules to pixels: the first eight terms of its matrix, row by row. The ninth is 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homography([f32; 8]);

/// The bounds on a corner's depth, relative to that of the top left corner.
///
/// Wider: chance planes pass. Narrower: rough first planes of readable codes fail, although the codes have less depth.
const DEPTH: std::ops::RangeInclusive<f32> = 0.1..=10.0;
/// The least pivot of the normal equations. Below it the points do not determine a plane.
const MIN_PIVOT: f64 = 1e-9;
/// The least cross product of two sides, in square pixels. Below it the corners lie on a line.
const MIN_CROSS: f32 = 1e-3;
/// The least mean distance of points from their centre, in pixels. Below it they are one point.
const MIN_SPREAD: f64 = 1e-3;

impl Homography {
    /// The same plane with its origin moved: the new map shows `at` where this one shows `at + by`.
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

    /// The pixel of a point in modules.
    #[inline]
    pub(crate) fn map(&self, at: Point) -> Point {
        let m = &self.0;
        let near = (m[6] * at.x + m[7] * at.y + 1.0).recip();
        Point::new(
            (m[0] * at.x + m[1] * at.y + m[2]) * near,
            (m[3] * at.x + m[4] * at.y + m[5]) * near,
        )
    }

    /// The pixel of a point, and the steps in pixels that lead one module to the right and one down from there.
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

    /// The pixels of the corners of a square of `side` modules: top left, top right, bottom right, bottom left.
    pub(crate) fn corners(&self, side: f32) -> [Point; 4] {
        [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
            .map(|(x, y)| self.map(Point::new(x, y)))
    }

    /// The map that sends the corners of a square of `side` modules to these pixels, in the order of [`Self::corners`].
    ///
    /// The closed form is P. Heckbert's (Fundamentals of Texture Mapping and Image Warping, 1989, section 2.2.3).
    /// `None` if the corners lie on a line, or need an impossible depth.
    pub(crate) fn from_corners(corners: &[Point; 4], side: f32) -> Option<Self> {
        let [a, b, c, d] = *corners;
        let (right, down, skew) = (b - c, d - c, a - b + c - d);
        let across = right.cross(down);
        if across.abs() < MIN_CROSS {
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

    /// The map that fits these points best, by weighted linear least squares. It needs four points at least.
    pub(crate) fn fit(points: &[Correspondence], side: f32) -> Option<Self> {
        let frame = Frame::around(points, side)?;
        let mut equations = [[0.0; 9]; 8];
        for point in points {
            frame.add(point, &mut equations);
        }
        let map = frame.undo(&solve(&mut equations)?);
        map.is_sane(side).then_some(map)
    }

    /// Whether the depths of the other three corners are possible.
    fn is_sane(&self, side: f32) -> bool {
        let depth = |x: f32, y: f32| self.0[6] * x + self.0[7] * y + 1.0;
        let depths = [depth(side, 0.0), depth(0.0, side), depth(side, side)];
        depths.iter().all(|depth| DEPTH.contains(depth))
    }
}

/// The scale that brings both planes to about one unit. Without it the equations would lose their digits.
///
/// See R. Hartley, In Defense of the Eight-Point Algorithm, 1997: <https://doi.org/10.1109/34.601246>.
struct Frame {
    per_module: f64,
    centre: (f64, f64),
    spread: f64,
}

impl Frame {
    fn around(points: &[Correspondence], side: f32) -> Option<Self> {
        let count = points.len() as f64;
        let mean = |value: fn(Point) -> f32| {
            let values = points.iter().map(|point| f64::from(value(point.pixel)));
            values.sum::<f64>() / count
        };
        let centre = (mean(|pixel| pixel.x), mean(|pixel| pixel.y));
        let distance = |point: &Correspondence| {
            let (x, y) = (f64::from(point.pixel.x), f64::from(point.pixel.y));
            let (x, y) = (x - centre.0, y - centre.1);
            (x * x + y * y).sqrt()
        };
        let spread = points.iter().map(distance).sum::<f64>() / count;
        (spread > MIN_SPREAD).then_some(Self {
            per_module: f64::from(side).recip(),
            centre,
            spread,
        })
    }

    /// Adds a point's two equations to the normal equations.
    fn add(&self, point: &Correspondence, equations: &mut [[f64; 9]; 8]) {
        let u = f64::from(point.module.x) * self.per_module;
        let v = f64::from(point.module.y) * self.per_module;
        let x = (f64::from(point.pixel.x) - self.centre.0) / self.spread;
        let y = (f64::from(point.pixel.y) - self.centre.1) / self.spread;
        let weight = f64::from(point.weight);
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

    /// Turns a solution in scaled units into the map from modules to pixels.
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

/// Gauss-Jordan elimination with partial pivoting.
fn solve(equations: &mut [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for at in 0..8 {
        let size = |row: &usize| equations[*row][at].abs();
        let pivot = (at..8).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        equations.swap(at, pivot);
        let lead = equations[at];
        if lead[at].is_nan() || lead[at].abs() < MIN_PIVOT {
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
        let points: Vec<Correspondence> = SQUARE
            .iter()
            .zip(CORNERS)
            .map(|(module, pixel)| Correspondence::new(*module, pixel, 1.0))
            .collect();
        let closed = Homography::from_corners(&CORNERS, 21.0).unwrap();
        let fitted = Homography::fit(&points, 21.0).unwrap();
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
            let points = SQUARE.map(|module| Correspondence::new(module, pixel, 1.0));
            assert!(Homography::fit(&points, 21.0).is_none());
        }
    }
}
