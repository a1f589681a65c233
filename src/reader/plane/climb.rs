//! Measures how well a plane fits the function patterns of a code, and improves the plane by hill climbing.
//!
//! The colours of function patterns (finder, timing, alignment) are known before a code is read.

use super::geometry::Homography;
use super::layout::Version;
use crate::picture::luma::{GREY_UNITS, Luma};
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// The modules that are compared. A large code has thousands of known ones; more cost time and give the same result.
const MAX_KNOWN: usize = 640;
/// The first step of the climb in modules, and the number of step sizes, each half the one before.
///
/// Larger: the climb leads to another module. Smaller: it does not reach a corner that is a module off.
const FIRST_STEP: f32 = 0.8;
const STEP_SIZES: usize = 4;
/// Rounds over the four corners with each step size. More cost time; fewer end before the best plane.
const ROUNDS: usize = 3;
/// The least spread of greys that is divided by: flat ground correlates with nothing.
const MIN_SPREAD: f32 = 1e-3;

/// The function patterns of a version as points with weights: positive where the picture should be light.
pub(crate) struct Pattern {
    version: Version,
    polarity: Polarity,
    points: Vec<(Point, f32)>,
}

impl Pattern {
    /// The function patterns of codes of this version and polarity.
    pub(crate) fn new(version: Version, polarity: Polarity) -> Self {
        let known = version.function_modules();
        let every = known.len().div_ceil(MAX_KNOWN);
        let points = known.iter().step_by(every).map(|known| {
            let middle = Point::new(known.x as f32 + 0.5, known.y as f32 + 0.5);
            let light = known.dark == polarity.is_inverted();
            (middle, if light { known.weight } else { -known.weight })
        });
        Self {
            version,
            polarity,
            points: points.collect(),
        }
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn polarity(&self) -> Polarity {
        self.polarity
    }

    /// Modules on a side.
    fn side(&self) -> f32 {
        self.version.side() as f32
    }

    /// The correlation of the greys with the expected colours, from -1 to 1, independent of the contrast.
    pub(crate) fn correlation(&self, luma: &Luma<'_>, plane: &Homography) -> f32 {
        let (mut sum, mut squares, mut signs, mut signed) = (0.0, 0.0, 0.0, 0.0);
        for ((_, weight), grey) in self.points.iter().zip(self.greys(luma, plane)) {
            let sign = if *weight < 0.0 { -1.0 } else { 1.0 };
            sum += grey;
            squares += grey * grey;
            signs += sign;
            signed += sign * grey;
        }
        let count = self.points.len() as f32;
        let spread = (squares - sum * sum / count).max(MIN_SPREAD);
        (signed - sum * signs / count) / (spread * (count - signs * signs / count)).sqrt()
    }

    /// The weighted sum of light greys less dark ones: faster than the correlation, and enough to compare two planes.
    fn contrast(&self, luma: &Luma<'_>, plane: &Homography) -> f32 {
        let greys = self.greys(luma, plane);
        let pairs = self.points.iter().zip(greys);
        pairs.map(|((_, weight), grey)| weight * grey).sum()
    }

    /// The greys of all points.
    #[inline(never)]
    fn greys(&self, luma: &Luma<'_>, plane: &Homography) -> Vec<f32> {
        let pixels = self.points.iter().map(|(point, _)| plane.map(*point));
        if luma.holds_inside(&plane.corners(self.side())) {
            let grey = |pixel| luma.grey_inside(pixel) as f32 / GREY_UNITS;
            pixels.map(grey).collect()
        } else {
            pixels.map(|pixel| luma.grey_at(pixel)).collect()
        }
    }

    /// Moves the plane's corners one at a time, by smaller and smaller steps, while the contrast grows.
    pub(crate) fn climb(&self, luma: &Luma<'_>, plane: &Homography) -> Homography {
        let mut corners = plane.corners(self.side());
        let mut best = (self.contrast(luma, plane), *plane);
        let module = (corners[1] - corners[0]).length() / self.side();
        let mut step = module * FIRST_STEP;
        for _ in 0..STEP_SIZES {
            for _ in 0..ROUNDS {
                if !self.round(luma, step, &mut corners, &mut best) {
                    break;
                }
            }
            step *= 0.5;
        }
        best.1
    }

    /// Tries each corner in each direction. True if a move was an improvement.
    fn round(
        &self,
        luma: &Luma<'_>,
        step: f32,
        corners: &mut [Point; 4],
        best: &mut (f32, Homography),
    ) -> bool {
        let mut better = false;
        // The least certain corner first: the one without a finder. The one between both others is the most certain.
        for corner in [2, 1, 3, 0] {
            for (x, y) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                let before = corners[corner];
                corners[corner] = before + Point::new(x, y);
                let plane = Homography::from_corners(corners, self.side());
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

    /// A picture of the function patterns; all other modules have the grey between.
    fn picture(dark: u8, light: u8) -> Vec<u8> {
        let mut pixels = vec![dark.midpoint(light); SIDE * SIDE];
        for known in version().function_modules() {
            let (left, top) = (LEFT as usize + known.x * 4, TOP as usize + known.y * 4);
            for row in pixels.chunks_exact_mut(SIDE).skip(top).take(4) {
                row[left..left + 4].fill(if known.dark { dark } else { light });
            }
        }
        pixels
    }

    /// The plane of the code with its last corner moved by `off` modules.
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
            let [as_drawn, inverted] = [Polarity::DarkOnLight, Polarity::LightOnDark]
                .map(|polarity| Pattern::new(version(), polarity).correlation(&luma, &on));
            assert!(as_drawn > 0.95, "{as_drawn} of {dark} to {light}");
            assert!((as_drawn + inverted).abs() < 1e-3, "{as_drawn} {inverted}");
            // One module off, only the patterns' correlation with themselves is left.
            let beside = Homography::from_corners(
                &on.corners(25.0)
                    .map(|corner| corner + Point::new(MODULE, MODULE)),
                25.0,
            );
            let pattern = Pattern::new(version(), Polarity::DarkOnLight);
            let beside = pattern.correlation(&luma, &beside.unwrap());
            assert!(beside < 0.5, "{beside}");
        }
    }

    #[test]
    fn a_grey_picture_correlates_with_nothing() {
        let pixels = vec![90; SIDE * SIDE];
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let pattern = Pattern::new(version(), Polarity::DarkOnLight);
        let correlation = pattern.correlation(&luma, &plane(Point::new(0.0, 0.0)));
        assert!(correlation.abs() < 0.05, "{correlation}");
    }

    #[test]
    fn a_climb_brings_a_corner_back_and_leaves_a_right_plane_where_it_is() {
        let pixels = picture(30, 220);
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let pattern = Pattern::new(version(), Polarity::DarkOnLight);
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
