//! How much the greys around a place correlate with those of a finder: core, light ring, dark ring, light surroundings.
//!
//! Runs and rays only ask where dark and light change.
//! Leaves, letters and bricks pass that test by chance in some places; this correlation tells them from finders.

use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;
use crate::work::spend;

/// Modules from a finder's middle to the end of the light ring around it: 3.5 of the finder, and one of the separator.
pub(crate) const HALF: i32 = 4;
/// All modules within that distance, and the light ones among them.
const MODULES: usize = 81;
const LIGHT: f32 = 48.0;
/// Modules along the sides of a ring's mid-line, two of which are added up.
const TWO_SIDES: f32 = 12.0;
/// Axes that span less than this, in square pixels, have no inverse.
const MIN_AREA: f32 = 1e-3;

/// The steps in pixels that lead one module to the right and one module down, near a finder.
#[derive(Clone, Copy)]
pub(crate) struct Axes {
    pub(crate) right: Point,
    pub(crate) down: Point,
}

impl Axes {
    /// The axes of a ring, from the corners of its mid-line.
    pub(crate) fn of([a, b, c, d]: &[Point; 4]) -> Self {
        let [a, b, c, d] = [*a, *b, *c, *d];
        Self {
            right: ((b - a) + (c - d)).times(1.0 / TWO_SIDES),
            down: ((d - a) + (c - b)).times(1.0 / TWO_SIDES),
        }
    }

    /// These axes turned, and mirrored if needed, until they point most nearly where the other ones do.
    pub(crate) fn aligned_with(self, other: Self) -> Self {
        let back = |way: Point| Point::new(0.0, 0.0) - way;
        let Self { right, down } = self;
        let turns = [
            (right, down),
            (down, back(right)),
            (back(right), back(down)),
            (back(down), right),
        ];
        let mirrors = turns.map(|(right, down)| (down, right));
        let fit = |(right, down): &(Point, Point)| right.dot(other.right) + down.dot(other.down);
        let candidates = turns.into_iter().chain(mirrors);
        let best = candidates.max_by(|a, b| fit(a).total_cmp(&fit(b)));
        best.map_or(self, |(right, down)| Self { right, down })
    }

    /// A vector in pixels as modules to the right and down; `None` if the axes are parallel.
    pub(crate) fn modules(&self, vector: Point) -> Option<(f32, f32)> {
        let area = self.right.cross(self.down);
        (area.abs() > MIN_AREA).then(|| {
            (
                vector.cross(self.down) / area,
                self.right.cross(vector) / area,
            )
        })
    }

    /// The mean of two pairs of axes.
    pub(crate) fn mean(self, other: Self) -> Self {
        Self {
            right: (self.right + other.right).times(0.5),
            down: (self.down + other.down).times(0.5),
        }
    }

    /// The vector in pixels that leads `x` modules to the right and `y` modules down.
    pub(crate) fn vector(&self, x: f32, y: f32) -> Point {
        self.right.times(x) + self.down.times(y)
    }
}

/// How much the greys around a place look like a finder whose ring has these corners, from -1 to 1.
pub(crate) fn likeness_in(
    luma: &Luma<'_>,
    at: Point,
    ring: &[Point; 4],
    polarity: Polarity,
) -> f32 {
    likeness_at(luma, at, Axes::of(ring), polarity)
}

/// The same for a finder whose core and ring are round. The axes are those of its ellipse.
pub(crate) fn likeness_of_round(luma: &Luma<'_>, at: Point, axes: Axes, polarity: Polarity) -> f32 {
    // Each square around the middle becomes a circle that touches it from inside.
    let grey = |x: i32, y: i32| {
        let (x, y) = (x as f32, y as f32);
        let inwards = x.abs().max(y.abs()) / Point::new(x, y).length().max(1.0);
        luma.grey_at(at + axes.vector(x * inwards, y * inwards))
    };
    likeness(&module_greys(grey), polarity)
}

/// The greys of a finder's modules and of those around it, row by row, from a function of the offset in modules.
#[inline]
pub(crate) fn module_greys(grey: impl Fn(i32, i32) -> f32) -> [f32; MODULES] {
    let width = 2 * HALF + 1;
    let mut greys = [0.0; MODULES];
    for (at, out) in (0..).zip(&mut greys) {
        *out = grey(at % width - HALF, at / width - HALF);
    }
    greys
}

/// The correlation of such greys with a finder's colours, from -1 to 1.
pub(crate) fn likeness(greys: &[f32; MODULES], polarity: Polarity) -> f32 {
    spend(MODULES);
    let (mut sum, mut squares, mut light) = (0.0, 0.0, 0.0);
    for (at, grey) in (0..).zip(greys) {
        let (x, y) = (at % (2 * HALF + 1) - HALF, at / (2 * HALF + 1) - HALF);
        sum += grey;
        squares += grey * grey;
        // The rings at these distances are light (ISO/IEC 18004: finder pattern and separator).
        if matches!(x.abs().max(y.abs()), 2 | 4) {
            light += grey;
        }
    }
    let count = MODULES as f32;
    // At least one shade of spread for each module, so that flat ground correlates with nothing.
    let spread = (squares - sum * sum / count).max(count);
    let part = LIGHT / count;
    let correlation = (light - sum * part) / (spread * LIGHT * (1.0 - part)).sqrt();
    polarity.signed(correlation)
}

/// The same for the greys around a place in a picture.
pub(crate) fn likeness_at(luma: &Luma<'_>, at: Point, axes: Axes, polarity: Polarity) -> f32 {
    let grey = |x: i32, y: i32| luma.grey_at(at + axes.vector(x as f32, y as f32));
    likeness(&module_greys(grey), polarity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 80;
    const MODULE: f32 = 5.0;
    const MIDDLE: Point = Point::new(40.3, 39.6);

    /// The likeness of a picture at this turn. `shade` gives the shade at each offset from the middle, in modules.
    fn likeness_of(turn: f32, polarity: Polarity, shade: impl Fn(f32, f32) -> u8) -> f32 {
        let (right, down) = (
            Point::new(turn.cos(), turn.sin()).times(MODULE),
            Point::new(-turn.sin(), turn.cos()).times(MODULE),
        );
        let pixel = |at: usize| {
            let at = Point::new((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5) - MIDDLE;
            let modules = MODULE * MODULE;
            shade(at.dot(right) / modules, at.dot(down) / modules)
        };
        let pixels: Vec<u8> = (0..SIDE * SIDE).map(pixel).collect();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        likeness_at(&luma, MIDDLE, Axes { right, down }, polarity)
    }

    fn finder(x: f32, y: f32) -> u8 {
        let ring = x.abs().max(y.abs());
        let dark = ring < 1.5 || (2.5..3.5).contains(&ring);
        if dark { 70 } else { 150 }
    }

    #[test]
    fn a_finder_is_one_at_every_turn_dark_and_light() {
        let (dark, light) = (Polarity::DarkOnLight, Polarity::LightOnDark);
        for turn in [0.0, 0.3, 0.785, 2.0] {
            assert!(likeness_of(turn, dark, finder) > 0.95, "{turn}");
            assert!(likeness_of(turn, light, |x, y| 255 - finder(x, y)) > 0.95);
            assert!(likeness_of(turn, light, finder) < -0.95);
        }
    }

    #[test]
    fn a_finder_at_the_very_edge_of_a_dark_ground_is_one() {
        let narrow = |x: f32, y: f32| {
            if x < -4.0 || y < -4.0 {
                70
            } else {
                finder(x, y)
            }
        };
        assert!(likeness_of(0.0, Polarity::DarkOnLight, narrow) > 0.6);
    }

    #[test]
    fn a_letter_a_disc_and_flat_ground_are_none() {
        let letter = |x: f32, y: f32| {
            let far = (x * x + y * y * 0.5).sqrt();
            if (1.5..2.5).contains(&far) { 70 } else { 150 }
        };
        let disc = |x: f32, y: f32| if x * x + y * y < 9.0 { 70 } else { 150 };
        let dark = Polarity::DarkOnLight;
        for (name, likeness) in [
            ("letter", likeness_of(0.0, dark, letter)),
            ("disc", likeness_of(0.0, dark, disc)),
            ("flat", likeness_of(0.0, dark, |_, _| 99)),
        ] {
            assert!(likeness < 0.4, "{name}: {likeness}");
        }
    }
}
