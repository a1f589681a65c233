//! Round finder rings: code designers draw the ring of a finder pattern as a circle, or with round corners.
//!
//! Such a ring has no corners to measure. Seen at a slant its mid-line is an ellipse.
//! The ellipse gives the length of a module in every direction. Where the code's sides lie, its other finders say.

use super::likeness::Axes;
use crate::picture::point::Point;

/// The largest mean deviation of the mid-line's points from an ellipse, as a part of the squared radius.
///
/// Larger: shapes that are no rings pass. Smaller: rings of few pixels, or dirty ones, are lost.
const MAX_OFF: f32 = 0.2;
/// The deviation below which corners are not looked for. A square's is 0.19, and that of a circle of few pixels 0.04.
///
/// Larger: blurred squares lose their corners. Smaller: circles get corners at chance places.
const ROUND: f32 = 0.09;
/// The largest ratio of the long axis to the short one, squared: a tilt of 60 degrees makes the axes 2 : 1.
const MAX_STRETCH_SQUARED: f32 = 4.0;
/// Modules from the middle to the ring's mid-line.
const MID_LINE: f32 = 3.0;

/// An ellipse around the origin. At the angle `a`, 1 / radius^2 = `mean` + `cosine` cos 2a + `sine` sin 2a.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ellipse {
    mean: f32,
    cosine: f32,
    sine: f32,
    /// The mean deviation of the mid-line's points, as a part of the squared radius.
    deviation: f32,
}

/// A vector as the cosine and sine of twice its angle, and its squared length.
fn doubled(Point { x, y }: Point) -> (f32, f32, f32) {
    let squared = x * x + y * y;
    ((x * x - y * y) / squared, 2.0 * x * y / squared, squared)
}

impl Ellipse {
    /// The ellipse through points around a middle, which lie at even angles; `None` if they form no ellipse.
    pub(crate) fn around(middle: Point, points: &[Point]) -> Option<Self> {
        let (mut mean, mut cosine, mut sine) = (0.0, 0.0, 0.0);
        for point in points {
            let (c, s, squared) = doubled(*point - middle);
            mean += squared.recip();
            cosine += c / squared;
            sine += s / squared;
        }
        // These are the Fourier coefficients of 1 / radius^2.
        let part = (points.len() as f32).recip();
        let mut ellipse = Self {
            mean: mean * part,
            cosine: 2.0 * cosine * part,
            sine: 2.0 * sine * part,
            deviation: 0.0,
        };
        let off: f32 = points
            .iter()
            .map(|point| ellipse.off(*point - middle))
            .sum();
        let swing = Point::new(ellipse.cosine, ellipse.sine).length();
        let is_stretched = ellipse.mean + swing > (ellipse.mean - swing) * MAX_STRETCH_SQUARED;
        ellipse.deviation = off * part;
        // In this form, NaN is refused too.
        (ellipse.deviation <= MAX_OFF && !is_stretched).then_some(ellipse)
    }

    /// Whether the points can't be those of a square.
    pub(crate) fn is_round(&self) -> bool {
        self.deviation < ROUND
    }

    fn inverse_square(&self, cosine: f32, sine: f32) -> f32 {
        self.mean + self.cosine * cosine + self.sine * sine
    }

    /// How far a point lies from the ellipse, as a part of the squared radius.
    fn off(&self, point: Point) -> f32 {
        let (cosine, sine, squared) = doubled(point);
        (squared * self.inverse_square(cosine, sine) - 1.0).abs()
    }

    /// The vector of one module in a direction.
    pub(crate) fn module(&self, direction: Point) -> Point {
        let (cosine, sine, squared) = doubled(direction);
        direction.times((squared * self.inverse_square(cosine, sine)).sqrt().recip() / MID_LINE)
    }

    /// Steps of a module to the right and down, as the circle's plane has them: conjugate radii of the ellipse.
    pub(crate) fn axes(&self) -> Axes {
        Axes {
            right: self.module(Point::new(1.0, 0.0)),
            down: self.module(Point::new(-self.sine, self.mean + self.cosine)),
        }
    }

    /// The mean length of a module in pixels.
    pub(crate) fn mean_module(&self) -> f32 {
        self.mean.sqrt().recip() / MID_LINE
    }

    /// The same ellipse in a picture of `scale` times the size.
    pub(crate) fn times(&self, scale: f32) -> Self {
        let part = (scale * scale).recip();
        Self {
            mean: self.mean * part,
            cosine: self.cosine * part,
            sine: self.sine * part,
            ..*self
        }
    }
}
