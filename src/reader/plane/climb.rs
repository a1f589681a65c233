//! How well a plane suits the modules that are known before a code is read, and a plane that suits them better.

use super::geometry::Homography;
use super::layout::Version;
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// Known modules that are looked at: a large code has thousands, and every tenth says as much.
const MOST_KNOWN: usize = 640;
/// The first step of the climb, in modules; it is halved so often.
const FIRST_STEP: f32 = 0.8;
const HALVINGS: usize = 4;
/// Rounds over the corners at each step.
const ROUNDS: usize = 3;

/// The known modules of a version, as points with signs: positive where light is expected.
pub(crate) struct Pattern {
    side: f32,
    points: Vec<(Point, f32)>,
}

impl Pattern {
    pub(crate) fn new(version: Version, inverted: bool) -> Self {
        let known = version.known();
        let every = known.len().div_ceil(MOST_KNOWN);
        let points = known.iter().step_by(every).map(|known| {
            let middle = Point::new(known.x as f32 + 0.5, known.y as f32 + 0.5);
            let light = known.dark == inverted;
            (middle, if light { known.weight } else { -known.weight })
        });
        Self {
            side: version.side() as f32,
            points: points.collect(),
        }
    }

    /// From -1 to 1, how far light and dark are where they should be, whatever the contrast.
    pub(crate) fn correlation(&self, luma: &Luma<'_>, plane: &Homography) -> f32 {
        let (mut sum, mut squares, mut signs, mut signed) = (0.0, 0.0, 0.0, 0.0);
        for (point, weight) in &self.points {
            let (grey, sign) = (luma.grey_at(plane.map(*point)), weight.signum());
            sum += grey;
            squares += grey * grey;
            signs += sign;
            signed += sign * grey;
        }
        let count = self.points.len() as f32;
        let spread = (squares - sum * sum / count).max(1e-3);
        (signed - sum * signs / count) / (spread * (count - signs * signs / count)).sqrt()
    }

    fn contrast(&self, luma: &Luma<'_>, plane: &Homography) -> f32 {
        let greys = self.points.iter();
        greys
            .map(|(point, weight)| weight * luma.grey_at(plane.map(*point)))
            .sum()
    }

    /// Moves the plane's corners one at a time, in ever smaller steps, as long as the known modules show more contrast.
    pub(crate) fn climb(&self, luma: &Luma<'_>, plane: &Homography) -> Homography {
        let mut corners = plane.corners(self.side);
        let mut best = (self.contrast(luma, plane), *plane);
        let module = (corners[1] - corners[0]).length() / self.side;
        let mut step = module * FIRST_STEP;
        for _ in 0..HALVINGS {
            for _ in 0..ROUNDS {
                if !self.round(luma, step, &mut corners, &mut best) {
                    break;
                }
            }
            step *= 0.5;
        }
        best.1
    }

    /// One try at each corner in each direction; whether any was better.
    fn round(
        &self,
        luma: &Luma<'_>,
        step: f32,
        corners: &mut [Point; 4],
        best: &mut (f32, Homography),
    ) -> bool {
        let mut better = false;
        // The corner without a finder is the least certain, the one between two the most.
        for corner in [2, 1, 3, 0] {
            for (x, y) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                let before = corners[corner];
                corners[corner] = before + Point::new(x, y);
                let plane = Homography::from_corners(corners, self.side);
                let tried = plane.map(|plane| (self.contrast(luma, &plane), plane));
                match tried.filter(|tried| tried.0 > best.0) {
                    Some(tried) => {
                        *best = tried;
                        better = true;
                    }
                    None => corners[corner] = before,
                }
            }
        }
        better
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 200;
    /// Where the code of version 2 is drawn: its top left corner, and pixels of a module.
    const LEFT: f32 = 40.0;
    const TOP: f32 = 44.0;
    const MODULE: f32 = 4.0;

    fn version() -> Version {
        Version::new(2).unwrap()
    }

    /// The known modules of a code; what is not known is of the grey between.
    fn picture(dark: u8, light: u8) -> Vec<u8> {
        let mut pixels = vec![dark.midpoint(light); SIDE * SIDE];
        for known in version().known() {
            let (left, top) = (LEFT as usize + known.x * 4, TOP as usize + known.y * 4);
            for row in pixels.chunks_exact_mut(SIDE).skip(top).take(4) {
                row[left..left + 4].fill(if known.dark { dark } else { light });
            }
        }
        pixels
    }

    /// The plane of the code, with its last corner so many modules off.
    fn plane(off: Point) -> Homography {
        let side = version().side() as f32;
        let far = Point::new(LEFT + side * MODULE, TOP + side * MODULE);
        let corners = [
            Point::new(LEFT, TOP),
            Point::new(far.x, TOP),
            far + off.times(MODULE),
            Point::new(LEFT, far.y),
        ];
        Homography::from_corners(&corners, side).unwrap()
    }

    fn last_corner(plane: &Homography) -> Point {
        plane.corners(version().side() as f32)[2]
    }

    #[test]
    fn correlation_says_what_lies_where_it_should_whatever_the_contrast() {
        let on = plane(Point::new(0.0, 0.0));
        for (dark, light) in [(30, 220), (100, 112)] {
            let pixels = picture(dark, light);
            let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
            let [as_drawn, inverted] = [false, true]
                .map(|inverted| Pattern::new(version(), inverted).correlation(&luma, &on));
            assert!(as_drawn > 0.95, "{as_drawn} of {dark} to {light}");
            assert!((as_drawn + inverted).abs() < 1e-3, "{as_drawn} {inverted}");
            // A module aside, what is left is what patterns have in common with themselves.
            let beside = Homography::from_corners(
                &on.corners(25.0)
                    .map(|corner| corner + Point::new(MODULE, MODULE)),
                25.0,
            );
            let beside = Pattern::new(version(), false).correlation(&luma, &beside.unwrap());
            assert!(beside < 0.5, "{beside}");
        }
    }

    #[test]
    fn a_grey_picture_correlates_with_nothing() {
        let pixels = vec![90; SIDE * SIDE];
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let pattern = Pattern::new(version(), false);
        let correlation = pattern.correlation(&luma, &plane(Point::new(0.0, 0.0)));
        assert!(correlation.abs() < 0.05, "{correlation}");
    }

    #[test]
    fn a_climb_brings_a_corner_back_and_leaves_a_right_plane_where_it_is() {
        let pixels = picture(30, 220);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let pattern = Pattern::new(version(), false);
        let right = last_corner(&plane(Point::new(0.0, 0.0)));
        for (x, y) in [(1.5, -1.0), (-1.2, 1.2), (0.0, 0.0)] {
            let start = plane(Point::new(x, y));
            let climbed = pattern.climb(&luma, &start);
            let off = (last_corner(&climbed) - right).length() / MODULE;
            let most = 0.1 + 0.4 * Point::new(x, y).length();
            assert!(off < most, "{off} modules off from {x} {y}");
            assert!(pattern.contrast(&luma, &climbed) >= pattern.contrast(&luma, &start));
        }
    }
}
