//! Measures a finder's ring: rays from the middle to the ring's mid-line give a slanted square, to a part of a pixel.
//!
//! The mid-line lies between the ring's inner and outer edge, so it stays in place when dark or light bleeds.
//! A ring that a designer has drawn round gives an ellipse instead (`ellipse.rs`).
//! Three rings give twelve points, enough for the code's plane without its alignment pattern.

use super::ellipse::Ellipse;
use super::finder::FinderCandidate;
use super::likeness::{likeness_in, likeness_of_round};
use super::order::median;
use crate::clamp::within;
use crate::picture::bits::Bits;
use crate::picture::luma::Luma;
use crate::picture::point::{Point, intersection};
use crate::work::spend;

/// Rays around a finder. More cost time; fewer leave too few points for each side of a small ring.
const RAYS: usize = 48;
/// Rays that are sent first, evenly spread.
const FIRST_RAYS: usize = 16;
/// Cosine and sine of the angle between two rays, 7.5 degrees.
///
/// Turning a vector by constants keeps the sine function out of the module.
const COSINE: f32 = 0.991_444_9;
const SINE: f32 = 0.130_526_2;
/// The order of the first rays. Rows, columns and diagonals come last: the scan has walked them already.
const FIRST: [usize; FIRST_RAYS] = [3, 27, 9, 33, 15, 39, 21, 45, 6, 30, 18, 42, 0, 24, 12, 36];
/// How many of the first rays must cross a ring.
///
/// Chosen on the till set: three in four chance candidates end here.
/// Larger: dirty finders are lost. Smaller: more time.
const MIN_FIRST: usize = 12;
/// How many of all rays must cross a ring. Larger and smaller have the same effects.
const MIN_GOOD: usize = 40;
/// The ratio of a finder's height to its width, or the reverse, from which on its rays are spread as for a side view.
///
/// A finder that is turned by 45 degrees and faces the camera has 1. Larger: slanted rings lose their corners.
/// Smaller: the corners of others move, for nothing.
const SIDE_VIEW: f32 = 1.5;
/// The length of a ray in modules. A ring's outer corner is 3.5 * sqrt(2) = 4.9 from its middle, and more at a slant.
///
/// Larger: rays that miss cost more. Smaller: the far corners of slanted rings are not reached.
const REACH: f32 = 8.5;
/// The parts of a ray within which it must leave the core, and then enter the ring: at 1.5 and 2.5 modules of 3.5, and
/// half a module later where dark bleeds. A slant stretches all three distances alike.
///
/// Larger: rays through other objects cost more. Smaller: bled rings of slanted finders lose rays.
const CORE_PART: f32 = 2.0 / 3.5;
const LIGHT_PART: f32 = 3.0 / 3.5;
/// The bounds on the ratio of the core's mid-line to the ring's mid-line along a ray.
///
/// The core ends at 1.5 modules; the ring starts at 2.5 and ends at 3.5. So the mean of the first two edges is 2, and
/// the mid-line is at 3: the ratio is 2/3 at any slant. Wider bounds pass letters; narrower ones lose blurred rings.
const RATIO: std::ops::Range<f32> = 0.5..0.83;
/// The least likeness to a finder within the measured ring, and within the rough corners of the first rays.
///
/// Measured on the till set: one in forty finders of true codes has less than `MIN_LIKENESS`, and nine in ten rings of
/// pictures without a code. Larger: blurred finders are lost. Smaller: more chance triples are tried.
const MIN_LIKENESS: f32 = 0.4;
const MIN_LIKENESS_ROUGH: f32 = 0.25;
/// The least likeness of a round finder to one of circles.
///
/// Spots in a ring on dark ground have 0.41. Larger: blurred finders are lost. Smaller: seals and targets pass.
const MIN_LIKENESS_ROUND: f32 = 0.5;
/// The largest distance of a ring's middle from the candidate's, in modules. Beyond it, the ring is another object's.
const MAX_MIDDLE_OFF: f32 = 1.5;
/// Sides and diagonals whose directions have a smaller cross product are parallel and have no intersection.
const MIN_CROSS: f32 = 1e-3;
/// Two sides of a ring must meet at an angle whose sine is at least this: 8.6 degrees.
///
/// Larger: strongly slanted rings are lost. Smaller: corners of nearly parallel sides lie anywhere.
const MIN_SINE: f32 = 0.15;
/// Mid-line points whose radius is outside these multiples of the median are dropped: the ray left through a gap in the
/// ring, or ended at dirt. A square's corner is sqrt(2) times as far as its side, and more at a slant.
const RADII: std::ops::Range<f32> = 0.45..1.9;
/// One ray in this many must remain after that.
const MIN_POINTS_OF: usize = 2;
/// The length of a ray's steps: this part of a module, within the pixels of `STEPS`.
///
/// Larger: edges are measured less finely. Smaller: more time.
const STEP: f32 = 0.125;
const STEPS: (f32, f32) = (0.5, 1.5);
/// The shortest side of a ring in pixels.
const MIN_SIDE: f32 = 1.5;
/// The largest distance of a side's points from the line between its rough corners.
///
/// It is a part of that line's length, plus some pixels.
/// Chosen on the till set. Larger: points of the neighbouring sides bend the line. Smaller: rough corners lose points.
const BESIDE_PART: f32 = 0.18;
const BESIDE_PIXELS: f32 = 0.7;
/// The part of a side, from corner to corner, whose points count: near the corners rays cut the ring at a slant.
const ALONG: std::ops::Range<f32> = 0.12..0.88;
/// A side with fewer points than this is the line between its rough corners.
const MIN_POINTS: f32 = 3.0;
/// Modules along the four sides of a ring's mid-line.
const AROUND: f32 = 24.0;

/// The mid-line of a finder's ring: a square of six modules, seen at a slant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    pub(crate) center: Point,
    pub(crate) module: f32,
    /// In the order of a walk around the ring.
    pub(crate) corners: [Point; 4],
    /// The mid-line of a ring without corners. The corners are then chosen, not measured.
    pub(crate) round: Option<Ellipse>,
}

/// The directions of all rays.
pub(crate) struct Rays([Point; RAYS]);

impl Rays {
    /// Computes the directions, from the first to the right.
    pub(crate) fn new() -> Self {
        let mut rays = [Point::new(1.0, 0.0); RAYS];
        for at in 1..RAYS {
            let Point { x, y } = rays[at - 1];
            rays[at] = Point::new(x * COSINE - y * SINE, x * SINE + y * COSINE);
        }
        Self(rays)
    }

    /// The ring around a candidate; `None` if there is none. `bits` is the binarised `luma`.
    pub(crate) fn ring(
        &self,
        luma: &Luma<'_>,
        bits: &Bits,
        candidate: &FinderCandidate,
    ) -> Option<Ring> {
        let seen = candidate;
        let points = self.mid_line(luma, bits, seen)?;
        let ellipse = Ellipse::around(seen.center, &points);
        let square = || square(luma, seen, &points);
        let round = || round(luma, seen, ellipse?);
        // A circle has corners only by chance, so a clear one is not asked for them first.
        if ellipse.is_some_and(|ellipse| ellipse.is_round()) {
            round().or_else(square)
        } else {
            square().or_else(round)
        }
    }

    /// Points of the ring's mid-line; `None` if too few rays cross a ring.
    fn mid_line(&self, luma: &Luma<'_>, bits: &Bits, seen: &FinderCandidate) -> Option<Vec<Point>> {
        // Seen from the side, a finder is much higher than wide. The rays are spread evenly as seen from the front.
        let side_view = seen.is_side_view(SIDE_VIEW);
        let higher = if side_view { seen.stretch.sqrt() } else { 1.0 };
        let mut caster = Caster::new(bits, seen)?;
        caster.inside &= !side_view;
        let rays = FIRST
            .into_iter()
            .chain((0..FIRST_RAYS).flat_map(|at| [at * 3 + 1, at * 3 + 2]));
        let mut radii = Vec::with_capacity(RAYS);
        let mut ends = Vec::with_capacity(RAYS);
        let mut good = 0;
        for (sent, at) in rays.enumerate() {
            let misses = sent - good;
            let too_many = misses > RAYS - MIN_GOOD;
            if too_many || sent <= FIRST_RAYS && misses > FIRST_RAYS - MIN_FIRST {
                return None;
            }
            if sent == FIRST_RAYS {
                // The corners of the first rays are rough, but good enough to refuse most chance candidates.
                let corners = rough_corners(&ends)?;
                let likeness = likeness_in(luma, seen.center, &corners, seen.polarity);
                if likeness < MIN_LIKENESS_ROUGH && Ellipse::around(seen.center, &ends).is_none() {
                    return None;
                }
            }
            let ray = Point::new(self.0[at].x / higher, self.0[at].y * higher);
            if let Some(hit) = caster.cast(ray) {
                good += usize::from(hit.fits);
                radii.push(hit.radius);
                ends.push(seen.center + ray.times(hit.radius));
            }
        }
        if good < MIN_GOOD {
            return None;
        }
        let median = median(&radii)?;
        let bounds = median * RADII.start..median * RADII.end;
        let near = |radius: &f32| bounds.contains(radius);
        let points: Vec<Point> = radii
            .iter()
            .zip(ends)
            .filter_map(|(radius, end)| near(radius).then_some(end))
            .collect();
        (points.len() >= RAYS / MIN_POINTS_OF).then_some(points)
    }
}

/// Steps along rays in fixed-point numbers with sixteen fractional bits.
struct Caster<'a> {
    bits: &'a Bits,
    center: Point,
    /// Whether the core is dark.
    core: bool,
    /// Pixels from step to step.
    step: f32,
    /// The step by which a ray must leave the core, that by which it must enter the ring, and the last one.
    bounds: [u32; 3],
    /// Whether every ray stays inside the picture, so that no step needs a check.
    inside: bool,
}

/// Where a ray crossed the ring.
struct Hit {
    /// Pixels from the middle to the mid-line.
    radius: f32,
    /// Whether core and ring have a finder's proportions.
    fits: bool,
}

/// One pixel in fixed-point numbers.
const FIXED: f32 = 65_536.0;

impl<'a> Caster<'a> {
    /// `None` if the middle is outside the picture, or has the wrong colour.
    fn new(bits: &'a Bits, seen: &FinderCandidate) -> Option<Self> {
        let Point { x, y } = seen.center;
        let (width, height) = (bits.width() as f32, bits.height() as f32);
        if !(x >= 0.0 && y >= 0.0 && x < width && y < height) {
            return None;
        }
        let core = bits.is_dark(x as usize, y as usize);
        if core == seen.polarity.is_inverted() {
            return None;
        }
        let reach = seen.module * REACH;
        let step = within(seen.module * STEP, STEPS.0, STEPS.1);
        let steps = reach / step;
        Some(Self {
            bits,
            center: seen.center,
            core,
            step,
            bounds: [steps * CORE_PART, steps * LIGHT_PART, steps].map(|steps| steps as u32),
            inside: x.min(y) > reach + 1.0 && x + reach + 1.0 < width && y + reach + 1.0 < height,
        })
    }

    /// Sends a ray; `None` if it does not cross a ring.
    #[inline]
    fn cast(&self, direction: Point) -> Option<Hit> {
        let edges = if self.inside {
            self.edges::<true>(direction)
        } else {
            self.edges::<false>(direction)
        }?;
        let radius = (edges[1] + edges[2]) * 0.5;
        let fits = RATIO.contains(&((edges[0] + edges[1]) / (2.0 * radius)));
        Some(Hit { radius, fits })
    }

    /// The distances at which a ray leaves the core, enters the ring and leaves it.
    #[inline]
    fn edges<const INSIDE: bool>(&self, direction: Point) -> Option<[f32; 3]> {
        let fixed = |value: f32| (value * FIXED) as i32;
        let stride = direction.times(self.step);
        let (step_x, step_y) = (fixed(stride.x), fixed(stride.y));
        let (mut x, mut y) = (fixed(self.center.x), fixed(self.center.y));
        let (width, height) = (self.bits.width() as i32, self.bits.height() as i32);
        let mut colour = self.core;
        let mut edges = [0.0; 3];
        let mut edge = 0;
        let (mut step, mut bound) = (0, self.bounds[0]);
        while step < bound {
            step += 1;
            spend(1);
            (x, y) = (x.wrapping_add(step_x), y.wrapping_add(step_y));
            let (column, row) = (x >> 16, y >> 16);
            let outside = !INSIDE && (column < 0 || row < 0 || column >= width || row >= height);
            if outside && edge < 2 {
                return None;
            }
            // The ring's outer edge may be the picture's side: a file may be cut to the code.
            let here = self.bits.is_dark(column as usize, row as usize);
            if here == colour && !outside {
                continue;
            }
            colour = here;
            edges[edge] = (step as f32 - 0.5) * self.step;
            edge += 1;
            let Some(next) = self.bounds.get(edge) else {
                return Some(edges);
            };
            bound = *next;
        }
        None
    }
}

/// The ring with corners on these points of its mid-line; `None` if they form no square seen at a slant.
fn square(luma: &Luma<'_>, seen: &FinderCandidate, points: &[Point]) -> Option<Ring> {
    let rough = rough_corners(points)?;
    let corners = fine_corners(points, &rough)?;
    let diagonal = |at: usize| (corners[at], corners[at + 2] - corners[at]);
    let center = intersection(diagonal(0), diagonal(1), MIN_CROSS)?;
    // In this form, NaN is refused too.
    let near = (center - seen.center).length() <= seen.module * MAX_MIDDLE_OFF;
    if !near || likeness_in(luma, center, &corners, seen.polarity) < MIN_LIKENESS {
        return None;
    }
    let side = |at: usize| (corners[(at + 1) % 4] - corners[at]).length();
    Some(Ring {
        center,
        module: (0..4).map(side).sum::<f32>() / AROUND,
        corners,
        round: None,
    })
}

/// The ring with this mid-line; `None` if its greys are not those of a finder.
fn round(luma: &Luma<'_>, seen: &FinderCandidate, ellipse: Ellipse) -> Option<Ring> {
    let axes = ellipse.axes();
    let likeness = likeness_of_round(luma, seen.center, axes, seen.polarity);
    (likeness >= MIN_LIKENESS_ROUND).then(|| Ring {
        center: seen.center,
        module: ellipse.mean_module(),
        corners: corners_of(seen.center, axes.right, axes.down),
        round: Some(ellipse),
    })
}

/// The corners of a mid-line, from its middle and the steps of a module to the right and down.
pub(crate) fn corners_of(center: Point, right: Point, down: Point) -> [Point; 4] {
    let corner = |x: f32, y: f32| center + right.times(x) + down.times(y);
    [
        corner(-3.0, -3.0),
        corner(3.0, -3.0),
        corner(3.0, 3.0),
        corner(-3.0, 3.0),
    ]
}

/// Compares two points by a value.
fn by(value: impl Fn(Point) -> f32) -> impl Fn(&&Point, &&Point) -> std::cmp::Ordering {
    move |a, b| value(**a).total_cmp(&value(**b))
}

/// The point furthest from the mean, the one furthest from that, and the furthest on each side of their line.
fn rough_corners(points: &[Point]) -> Option<[Point; 4]> {
    let sum = points.iter().fold(Point::new(0.0, 0.0), |a, b| a + *b);
    let mean = sum.times((points.len() as f32).recip());
    let furthest = |from: Point| points.iter().max_by(by(|p| (p - from).dot(p - from)));
    let first = *furthest(mean)?;
    let third = *furthest(first)?;
    let diagonal = third - first;
    let side = |p: Point| diagonal.cross(p - first);
    let second = *points.iter().max_by(by(side))?;
    let fourth = *points.iter().min_by(by(side))?;
    Some([first, second, third, fourth])
}

/// Fits a line to the points of each side, and intersects neighbouring lines.
fn fine_corners(points: &[Point], rough: &[Point; 4]) -> Option<[Point; 4]> {
    let mut lines = [(Point::new(0.0, 0.0), Point::new(0.0, 0.0)); 4];
    for (at, line) in lines.iter_mut().enumerate() {
        *line = side_line(points, rough[at], rough[(at + 1) % 4])?;
    }
    let mut corners = *rough;
    for (at, corner) in corners.iter_mut().enumerate() {
        *corner = intersection(lines[(at + 3) % 4], lines[at], MIN_SINE)?;
    }
    Some(corners)
}

/// The line through the points between two corners, along their principal axis: a total least squares fit.
fn side_line(points: &[Point], from: Point, to: Point) -> Option<(Point, Point)> {
    let side = to - from;
    let length = side.length();
    if length.is_nan() || length < MIN_SIDE {
        return None;
    }
    let beside = length * (length * BESIDE_PART + BESIDE_PIXELS);
    let along = length * length * ALONG.start..length * length * ALONG.end;
    let (mut count, mut sum) = (0.0, Point::new(0.0, 0.0));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for point in points {
        let off = *point - from;
        if along.contains(&off.dot(side)) && side.cross(off).abs() < beside {
            count += 1.0;
            sum = sum + off;
            xx += off.x * off.x;
            xy += off.x * off.y;
            yy += off.y * off.y;
        }
    }
    if count < MIN_POINTS {
        return Some((from, side.times(length.recip())));
    }
    let mean = sum.times(1.0 / count);
    xx -= sum.x * mean.x;
    xy -= sum.x * mean.y;
    yy -= sum.y * mean.y;
    // The axis has half the angle of the vector (xx - yy, 2 xy). Adding the vector's length along the nearer
    // coordinate axis halves the angle without trigonometry.
    let (along, across) = (xx - yy, 2.0 * xy);
    let size = Point::new(along, across).length();
    let axis = if along >= 0.0 {
        Point::new(along + size, across)
    } else {
        Point::new(across, size - along)
    };
    let mean = from + mean;
    Some((mean, axis.times(axis.length().max(1e-6).recip())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::picture::luma::Luma;
    use crate::picture::polarity::Polarity;
    use crate::picture::threshold::{BLOCK, Thresholds};
    use crate::plane::geometry::Homography;

    const SIDE: usize = 128;

    /// The ring around a place of a picture.
    fn ring(dark: impl Fn(f32, f32) -> bool, x: f32, y: f32) -> Option<Ring> {
        let pixel = |at: usize| {
            let dark = dark((at % SIDE) as f32 + 0.5, (at / SIDE) as f32 + 0.5);
            if dark { 40 } else { 140 }
        };
        let pixels: Vec<u8> = (0..SIDE * SIDE).map(pixel).collect();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let thresholds = Thresholds {
            across: SIDE / BLOCK,
            values: vec![90; SIDE / BLOCK * SIDE / BLOCK],
        };
        let candidate = FinderCandidate {
            center: Point::new(x, y),
            module: 6.0,
            polarity: Polarity::DarkOnLight,
            rows: 3,
            stretch: 1.0,
        };
        Rays::new().ring(&luma, &Bits::of(&luma, &thresholds), &candidate)
    }

    /// Whether a point in modules is dark on a finder.
    fn on_finder(u: f32, v: f32) -> bool {
        let ring = (u - 3.5).abs().max((v - 3.5).abs());
        ring < 1.5 || (2.5..3.5).contains(&ring)
    }

    #[test]
    fn a_slanted_ring_gives_its_corners_to_half_a_pixel() {
        let outer = [(40.0, 42.0), (86.0, 36.0), (90.0, 78.0), (36.0, 84.0)];
        let outer = outer.map(|(x, y)| Point::new(x, y));
        let map = Homography::from_corners(&outer, 7.0).unwrap();
        let back = |x: f32, y: f32| nearest_module(&map, x, y);
        let slanted = |x: f32, y: f32| {
            let module = back(x, y);
            on_finder(module.x, module.y)
        };
        let middle = map.map(Point::new(3.5, 3.5));
        let ring = ring(slanted, middle.x + 1.0, middle.y - 1.0).unwrap();
        for (u, v) in [(0.5, 0.5), (6.5, 0.5), (6.5, 6.5), (0.5, 6.5)] {
            let corner = map.map(Point::new(u, v));
            let off = ring.corners.map(|seen| (seen - corner).length());
            assert!(off.iter().any(|off| *off < 0.6), "{u} {v}: {off:?}");
        }
        assert!((ring.center - middle).length() < 0.5);
    }

    /// The module seen at a pixel, by Newton's method.
    fn nearest_module(map: &Homography, x: f32, y: f32) -> Point {
        let mut module = Point::new(3.5, 3.5);
        for _ in 0..20 {
            let (seen, right, down) = map.map_with_steps(module);
            let off = Point::new(x, y) - seen;
            let across = right.cross(down);
            module = module + Point::new(off.cross(down) / across, right.cross(off) / across);
        }
        module
    }

    #[test]
    fn a_square_without_a_ring_and_a_cross_are_none() {
        let square = |x: f32, y: f32| (x - 60.0).abs() < 12.0 && (y - 60.0).abs() < 12.0;
        assert!(ring(square, 60.0, 60.0).is_none());
        let cross = |x: f32, y: f32| {
            let far = (x - 60.0).abs().max((y - 60.0).abs());
            let thin = (x - 60.0).abs().min((y - 60.0).abs()) < 4.0;
            thin && on_finder(3.5 + far / 6.0, 3.5)
        };
        assert!(ring(cross, 60.0, 60.0).is_none());
    }

    #[test]
    fn a_ring_around_a_spot_in_busy_ground_is_none() {
        // It passes every test of the rays; but a finder has a light separator around it.
        let seal = |x: f32, y: f32| {
            let ring = Point::new(x - 60.0, y - 60.0).length() / 6.0;
            ring < 1.5 || (2.5..3.5).contains(&ring) || ring > 3.7
        };
        let finder = |x: f32, y: f32| on_finder((x - 60.0) / 6.0 + 3.5, (y - 60.0) / 6.0 + 3.5);
        assert!(ring(finder, 60.0, 60.0).is_some());
        assert!(ring(seal, 60.0, 60.0).is_none());
    }

    #[test]
    fn a_round_ring_is_one_with_any_core_and_has_no_corners_of_its_own() {
        let rings: [(f32, f32); 3] = [(1.0, 1.0), (1.0, 0.0), (0.75, 0.4)];
        for (ring_part, core_part) in rings {
            // The half side of a square with round corners that touches this point.
            let size = |x: f32, y: f32, part: f32| {
                let (x, y) = (x.abs() / 6.0, y.abs() / 6.0);
                let round = Point::new(x, y).length();
                x.max(y) * (1.0 - part) + round * part
            };
            let dark = |x: f32, y: f32| {
                // Seen at a slant: half as wide again along the diagonal.
                let (x, y) = (x - 60.0, y - 60.0);
                let (x, y) = (x - 0.2 * (x + y), y - 0.2 * (x + y));
                let (ring, core) = (size(x, y, ring_part), size(x, y, core_part));
                core < 1.5 || (2.5..3.5).contains(&ring)
            };
            let ring = ring(dark, 60.5, 59.5).unwrap();
            let round = ring.round.unwrap();
            let long = round.module(Point::new(1.0, 1.0)).length();
            let across = round.module(Point::new(1.0, -1.0)).length();
            assert!((across - 6.0).abs() < 0.5, "{across}");
            assert!((long - 10.0).abs() < 0.8, "{long}");
        }
    }

    #[test]
    fn outside_and_at_the_side_is_no_panic() {
        for (x, y) in [(-5.0, 3.0), (f32::NAN, 1.0), (1e9, 1e9), (0.5, 127.5)] {
            assert!(ring(|_, _| true, x, y).is_none());
        }
    }
}
