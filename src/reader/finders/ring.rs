//! The ring of a finder: rays from its middle to the ring's mid-line give a square seen at a slant, to a part of a pixel.
//!
//! The mid-line, between where the ring begins and where it ends, stays in place when dark or light bleeds. Three rings
//! give twelve points: enough for the code's plane without its alignment pattern.

use super::finder::Sighting;
use super::likeness::alike_in;
use super::order::median;
use crate::clamp::within;
use crate::picture::bits::Bits;
use crate::picture::luma::Luma;
use crate::picture::point::{Point, meeting};
use crate::work::spend;

const RAYS: usize = 48;
/// Rays that are sent first, evenly spread.
const FIRST_RAYS: usize = 16;
/// Of the angle from ray to ray, 7.5 degrees: a turn by them costs less than the module's own sine does.
const COSINE: f32 = 0.991_444_9;
const SINE: f32 = 0.130_526_2;
/// In this order: rows, columns and diagonals have been walked already, and tell the least.
const FIRST: [usize; FIRST_RAYS] = [3, 27, 9, 33, 15, 39, 21, 45, 6, 30, 18, 42, 0, 24, 12, 36];
/// Of the first rays, this many must show a ring: three in four sightings that are none end here.
const LEAST_FIRST: usize = 12;
/// Of all rays, this many must.
const LEAST_GOOD: usize = 40;
/// A ray ends after so many modules: a corner of a ring is 3.5 * sqrt 2 from its middle, more at a slant.
const REACH: f32 = 8.5;
/// The core ends at 1.5 modules and the ring's mid-line is at 3: their middles' ratio is 2/3, within these bounds.
const RATIO: std::ops::Range<f32> = 0.5..0.83;

/// What looks less like a finder, within these corners and within those of the first rays, is none. Of those of true
/// codes one in forty does; of the rings that a picture without a code shows nine in ten.
const LEAST_ALIKE: f32 = 0.4;
const LEAST_ALIKE_ROUGH: f32 = 0.25;

/// The mid-line of a finder's ring: a square of six modules, seen at a slant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    pub(crate) center: Point,
    pub(crate) module: f32,
    /// In the order of a walk around it.
    pub(crate) corners: [Point; 4],
}

/// The directions of the rays.
pub(crate) struct Rays([Point; RAYS]);

impl Rays {
    pub(crate) fn new() -> Self {
        let mut rays = [Point::new(1.0, 0.0); RAYS];
        for at in 1..RAYS {
            let Point { x, y } = rays[at - 1];
            rays[at] = Point::new(x * COSINE - y * SINE, x * SINE + y * COSINE);
        }
        Self(rays)
    }

    /// The ring around a sighting, where there is one: in a picture, and in its dark and light.
    pub(crate) fn ring(&self, luma: &Luma<'_>, bits: &Bits, seen: &Sighting) -> Option<Ring> {
        let points = self.mid_line(luma, bits, seen)?;
        let rough = rough_corners(&points)?;
        let corners = fine_corners(&points, &rough)?;
        let diagonal = |at: usize| (corners[at], corners[at + 2] - corners[at]);
        let center = meeting(diagonal(0), diagonal(1), 1e-3)?;
        // A middle so far off is another thing's. Written so that what is not a number is no ring either.
        let near = (center - seen.center).length() <= seen.module * 1.5;
        if !near || alike_in(luma, center, &corners, seen.inverted) < LEAST_ALIKE {
            return None;
        }
        let side = |at: usize| (corners[(at + 1) % 4] - corners[at]).length();
        Some(Ring {
            center,
            module: (0..4).map(side).sum::<f32>() / 24.0,
            corners,
        })
    }

    /// Points of the ring's mid-line; none where too few rays cross a ring.
    fn mid_line(&self, luma: &Luma<'_>, bits: &Bits, seen: &Sighting) -> Option<Vec<Point>> {
        let caster = Caster::new(bits, seen)?;
        let rays = FIRST
            .into_iter()
            .chain((0..FIRST_RAYS).flat_map(|at| [at * 3 + 1, at * 3 + 2]));
        let mut radii = Vec::with_capacity(RAYS);
        let mut ends = Vec::with_capacity(RAYS);
        let mut good = 0;
        for (sent, at) in rays.enumerate() {
            let misses = sent - good;
            if misses > RAYS - LEAST_GOOD || sent <= FIRST_RAYS && misses > FIRST_RAYS - LEAST_FIRST
            {
                return None;
            }
            if sent == FIRST_RAYS {
                // What the first rays tell is rough, and enough to end most of what is none.
                let corners = rough_corners(&ends)?;
                if alike_in(luma, seen.center, &corners, seen.inverted) < LEAST_ALIKE_ROUGH {
                    return None;
                }
            }
            if let Some(hit) = caster.cast(self.0[at]) {
                good += usize::from(hit.fits);
                radii.push(hit.radius);
                ends.push(seen.center + self.0[at].times(hit.radius));
            }
        }
        if good < LEAST_GOOD {
            return None;
        }
        // What left through a gap in the ring, or ended in dirt, is far from the rest.
        let median = median(&radii)?;
        let bounds = median * 0.45..median * 1.9;
        let near = |radius: &f32| bounds.contains(radius);
        let points: Vec<Point> = radii
            .iter()
            .zip(ends)
            .filter_map(|(radius, end)| near(radius).then_some(end))
            .collect();
        (points.len() >= RAYS / 2).then_some(points)
    }
}

/// Steps along rays in whole numbers: sixteen bits behind the point.
struct Caster<'a> {
    bits: &'a Bits,
    center: Point,
    core: bool,
    step: f32,
    steps: u32,
    /// No ray can leave the picture.
    inside: bool,
}

struct Hit {
    radius: f32,
    fits: bool,
}

const FIXED: f32 = 65_536.0;

impl<'a> Caster<'a> {
    fn new(bits: &'a Bits, seen: &Sighting) -> Option<Self> {
        let Point { x, y } = seen.center;
        let (width, height) = (bits.width() as f32, bits.height() as f32);
        if !(x >= 0.0 && y >= 0.0 && x < width && y < height) {
            return None;
        }
        let core = bits.is_dark(x as usize, y as usize);
        if core == seen.inverted {
            return None;
        }
        let reach = seen.module * REACH;
        let step = within(seen.module * 0.125, 0.5, 1.5);
        Some(Self {
            bits,
            center: seen.center,
            core,
            step,
            steps: (reach / step) as u32,
            inside: x.min(y) > reach + 1.0 && x + reach + 1.0 < width && y + reach + 1.0 < height,
        })
    }

    /// Where a ray leaves the core, enters the ring and leaves it.
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
        for step in 1..=self.steps {
            spend(1);
            (x, y) = (x.wrapping_add(step_x), y.wrapping_add(step_y));
            let (column, row) = (x >> 16, y >> 16);
            if !INSIDE && (column < 0 || row < 0 || column >= width || row >= height) {
                return None;
            }
            let here = self.bits.is_dark(column as usize, row as usize);
            if here == colour {
                continue;
            }
            colour = here;
            edges[edge] = (step as f32 - 0.5) * self.step;
            edge += 1;
            if edge == 3 {
                return Some(edges);
            }
        }
        None
    }
}

fn by(value: impl Fn(Point) -> f32) -> impl Fn(&&Point, &&Point) -> std::cmp::Ordering {
    move |a, b| value(**a).total_cmp(&value(**b))
}

/// The point furthest from all, the one furthest from that, and the furthest to both sides of their line.
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

/// Lines through the points of each side, and where they meet.
fn fine_corners(points: &[Point], rough: &[Point; 4]) -> Option<[Point; 4]> {
    let mut lines = [(Point::new(0.0, 0.0), Point::new(0.0, 0.0)); 4];
    for (at, line) in lines.iter_mut().enumerate() {
        *line = side_line(points, rough[at], rough[(at + 1) % 4])?;
    }
    let mut corners = *rough;
    for (at, corner) in corners.iter_mut().enumerate() {
        // Sides of a square seen at a slant meet at more than some nine degrees.
        *corner = meeting(lines[(at + 3) % 4], lines[at], 0.15)?;
    }
    Some(corners)
}

/// The line through the points between two corners, by their principal direction.
fn side_line(points: &[Point], from: Point, to: Point) -> Option<(Point, Point)> {
    let side = to - from;
    let length = side.length();
    if length.is_nan() || length < 1.5 {
        return None;
    }
    let beside = length * (length * 0.18 + 0.7);
    let along = length * length * 0.12..length * length * 0.88;
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
    if count < 3.0 {
        return Some((from, side.times(length.recip())));
    }
    let mean = sum.times(1.0 / count);
    xx -= sum.x * mean.x;
    xy -= sum.x * mean.y;
    yy -= sum.y * mean.y;
    // Half the angle of (xx - yy, 2 xy), by the sum of that and its length along the nearer axis.
    let (along, across) = (xx - yy, 2.0 * xy);
    let size = Point::new(along, across).length();
    let way = if along >= 0.0 {
        Point::new(along + size, across)
    } else {
        Point::new(across, size - along)
    };
    let mean = from + mean;
    Some((mean, way.times(way.length().max(1e-6).recip())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::picture::luma::Luma;
    use crate::picture::threshold::{BLOCK, Thresholds};
    use crate::plane::geometry::Homography;

    const SIDE: usize = 128;

    /// The ring around this place of a picture.
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
        let sighting = Sighting {
            center: Point::new(x, y),
            module: 6.0,
            inverted: false,
            rows: 3,
        };
        Rays::new().ring(&luma, &Bits::of(&luma, &thresholds), &sighting)
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

    /// The module seen at a pixel, by Newton's steps.
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
        // All that the rays ask for; a finder has nothing dark around it but its own ring.
        let seal = |x: f32, y: f32| {
            let ring = Point::new(x - 60.0, y - 60.0).length() / 6.0;
            ring < 1.5 || (2.5..3.5).contains(&ring) || ring > 4.0
        };
        let finder = |x: f32, y: f32| on_finder((x - 60.0) / 6.0 + 3.5, (y - 60.0) / 6.0 + 3.5);
        assert!(ring(finder, 60.0, 60.0).is_some());
        assert!(ring(seal, 60.0, 60.0).is_none());
    }

    #[test]
    fn outside_and_at_the_side_is_no_panic() {
        for (x, y) in [(-5.0, 3.0), (f32::NAN, 1.0), (1e9, 1e9), (0.5, 127.5)] {
            assert!(ring(|_, _| true, x, y).is_none());
        }
    }
}
