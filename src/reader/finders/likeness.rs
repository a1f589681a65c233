//! How much the greys around a place look like a finder's: core, light ring, dark ring and the light around it.
//!
//! Runs and rays ask where dark and light change. In a picture of leaves, letters or bricks some places answer them by
//! chance; these greys tell them from finders.

use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::work::spend;

/// Modules of a finder and its light surroundings to each side of its middle.
pub(crate) const HALF: i32 = 4;
/// All of them, and the light ones.
const MODULES: usize = 81;
const LIGHT: f32 = 48.0;

/// How far a module's step leads to the right and down, near a finder.
#[derive(Clone, Copy)]
pub(crate) struct Axes {
    pub(crate) right: Point,
    pub(crate) down: Point,
}

impl Axes {
    /// Along the sides of a finder's ring.
    pub(crate) fn of([a, b, c, d]: &[Point; 4]) -> Self {
        let [a, b, c, d] = [*a, *b, *c, *d];
        Self {
            right: ((b - a) + (c - d)).times(1.0 / 12.0),
            down: ((d - a) + (c - b)).times(1.0 / 12.0),
        }
    }

    /// Turned until the right is most nearly the right of these, and the down their down.
    pub(crate) fn turned_to(self, other: Self) -> Self {
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
        let ways = turns.into_iter().chain(mirrors);
        let best = ways.max_by(|a, b| fit(a).total_cmp(&fit(b)));
        best.map_or(self, |(right, down)| Self { right, down })
    }

    /// A way in modules to the right and down.
    pub(crate) fn modules(&self, way: Point) -> Option<(f32, f32)> {
        let area = self.right.cross(self.down);
        (area.abs() > 1e-3).then(|| (way.cross(self.down) / area, self.right.cross(way) / area))
    }

    pub(crate) fn mean(self, other: Self) -> Self {
        Self {
            right: (self.right + other.right).times(0.5),
            down: (self.down + other.down).times(0.5),
        }
    }

    pub(crate) fn way(&self, x: f32, y: f32) -> Point {
        self.right.times(x) + self.down.times(y)
    }
}

/// How much the greys around a middle look like a finder's whose ring has these corners, from -1 to 1.
pub(crate) fn alike_in(luma: &Luma<'_>, at: Point, ring: &[Point; 4], inverted: bool) -> f32 {
    alike_at(luma, at, Axes::of(ring), inverted)
}

/// The greys of a finder's modules and of those around it, row by row.
#[inline]
pub(crate) fn modules(grey: impl Fn(i32, i32) -> f32) -> [f32; MODULES] {
    let width = 2 * HALF + 1;
    let mut greys = [0.0; MODULES];
    for (at, out) in (0..).zip(&mut greys) {
        *out = grey(at % width - HALF, at / width - HALF);
    }
    greys
}

/// How the greys of `modules` correlate with a finder's, from -1 to 1.
pub(crate) fn alike(greys: &[f32; MODULES], inverted: bool) -> f32 {
    spend(MODULES);
    let (mut sum, mut squares, mut light) = (0.0, 0.0, 0.0);
    for (at, grey) in (0..).zip(greys) {
        let (x, y) = (at % (2 * HALF + 1) - HALF, at / (2 * HALF + 1) - HALF);
        sum += grey;
        squares += grey * grey;
        if matches!(x.abs().max(y.abs()), 2 | 4) {
            light += grey;
        }
    }
    let count = MODULES as f32;
    let spread = (squares - sum * sum / count).max(count);
    let part = LIGHT / count;
    let correlation = (light - sum * part) / (spread * LIGHT * (1.0 - part)).sqrt();
    if inverted { -correlation } else { correlation }
}

/// The same of the greys around a place.
pub(crate) fn alike_at(luma: &Luma<'_>, at: Point, axes: Axes, inverted: bool) -> f32 {
    alike(
        &modules(|x, y| luma.grey_at(at + axes.way(x as f32, y as f32))),
        inverted,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 80;
    const MODULE: f32 = 5.0;
    const MIDDLE: Point = Point::new(40.3, 39.6);

    /// How much a picture, of so many shades at each place in modules off the middle, looks like a finder at this turn.
    fn alike_of(turn: f32, inverted: bool, shade: impl Fn(f32, f32) -> u8) -> f32 {
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
        alike_at(&luma, MIDDLE, Axes { right, down }, inverted)
    }

    fn finder(x: f32, y: f32) -> u8 {
        let ring = x.abs().max(y.abs());
        let dark = ring < 1.5 || (2.5..3.5).contains(&ring);
        if dark { 70 } else { 150 }
    }

    #[test]
    fn a_finder_is_one_at_every_turn_dark_and_light() {
        for turn in [0.0, 0.3, 0.785, 2.0] {
            assert!(alike_of(turn, false, finder) > 0.95, "{turn}");
            assert!(alike_of(turn, true, |x, y| 255 - finder(x, y)) > 0.95);
            assert!(alike_of(turn, true, finder) < -0.95);
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
        assert!(alike_of(0.0, false, narrow) > 0.6);
    }

    #[test]
    fn a_letter_a_disc_and_flat_ground_are_none() {
        let letter = |x: f32, y: f32| {
            let far = (x * x + y * y * 0.5).sqrt();
            if (1.5..2.5).contains(&far) { 70 } else { 150 }
        };
        let disc = |x: f32, y: f32| if x * x + y * y < 9.0 { 70 } else { 150 };
        for (name, alike) in [
            ("letter", alike_of(0.0, false, letter)),
            ("disc", alike_of(0.0, false, disc)),
            ("flat", alike_of(0.0, false, |_, _| 99)),
        ] {
            assert!(alike < 0.4, "{name}: {alike}");
        }
    }
}
