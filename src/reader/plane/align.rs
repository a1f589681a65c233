//! Alignment patterns: a dark module in a light ring in a dark one, looked for where a plane says it is.

use super::geometry::{Homography, Sight};
use super::layout::Version;
use crate::picture::luma::Luma;
use crate::picture::point::Point;

/// Modules of a pattern to each side of its middle.
const HALF: i32 = 2;
/// The first search looks at every half module.
const PER_MODULE: i32 = 2;
/// Shades of grey by which light modules must be lighter than dark ones.
const LEAST_CONTRAST: f32 = 6.0;
/// Shades that a module's distance from the expected place costs: of two equal ones the nearer is it.
const COST_PER_MODULE: f32 = 0.6;
/// Steps of the search around the best of the first, in modules.
const FINE_STEPS: [f32; 2] = [0.25, 0.12];
/// How far off the patterns of a large code are, once the fourth corner is known: in modules.
const REACH_INSIDE: f32 = 1.3;

/// Where the pattern near `middle` (in modules) is seen; none where nothing like it is within `reach` modules.
pub(crate) fn find_alignment(
    luma: &Luma<'_>,
    plane: &Homography,
    middle: Point,
    reach: f32,
    inverted: bool,
) -> Option<Point> {
    let reach = (reach * PER_MODULE as f32) as i32;
    let patch = Patch::new(luma, plane, middle, reach, inverted);
    let mut best = (f32::MIN, Point::new(0.0, 0.0));
    let mut offer = |score: f32, off: Point| {
        let score = score - COST_PER_MODULE * off.length();
        if score > best.0 {
            best = (score, off);
        }
        best.1
    };
    let mut start = Point::new(0.0, 0.0);
    for y in -reach..=reach {
        for x in -reach..=reach {
            let off = Point::new(x as f32, y as f32).times(1.0 / PER_MODULE as f32);
            start = offer(patch.contrast(x, y), off);
        }
    }
    for step in FINE_STEPS {
        let around = start;
        for (y, x) in [-1, 0, 1].iter().flat_map(|y| [(*y, -1), (*y, 0), (*y, 1)]) {
            let off = around + Point::new(x as f32, y as f32).times(step);
            let grey = |i: i32, j: i32| {
                let pixel = plane.map(middle + off + Point::new(i as f32, j as f32));
                luma.grey_at(pixel)
            };
            start = offer(contrast(grey, inverted), off);
        }
    }
    (best.0 >= LEAST_CONTRAST).then(|| plane.map(middle + best.1))
}

/// Every pattern but that of the fourth corner, where it is seen.
pub(crate) fn find_alignments(
    luma: &Luma<'_>,
    plane: &Homography,
    version: Version,
    inverted: bool,
) -> Vec<Sight> {
    let last = version.side() - 7;
    let mut sights = Vec::new();
    for (x, y) in version.alignments() {
        if (x, y) == (last, last) {
            continue;
        }
        let middle = Point::new(x as f32 + 0.5, y as f32 + 0.5);
        if let Some(pixel) = find_alignment(luma, plane, middle, REACH_INSIDE, inverted) {
            sights.push(Sight::new(middle, pixel, 1.0));
        }
    }
    sights
}

/// Greys at every half module around a middle: neighbouring places share most of theirs.
struct Patch {
    greys: Vec<f32>,
    side: i32,
    reach: i32,
    inverted: bool,
}

impl Patch {
    fn new(luma: &Luma<'_>, plane: &Homography, middle: Point, reach: i32, inverted: bool) -> Self {
        let most = reach + HALF * PER_MODULE;
        let side = 2 * most + 1;
        let mut greys = Vec::with_capacity((side * side) as usize);
        for y in -most..=most {
            for x in -most..=most {
                let off = Point::new(x as f32, y as f32).times(1.0 / PER_MODULE as f32);
                greys.push(luma.grey_at(plane.map(middle + off)));
            }
        }
        Self {
            greys,
            side,
            reach,
            inverted,
        }
    }

    fn contrast(&self, x: i32, y: i32) -> f32 {
        let first = (self.reach + y) * self.side + self.reach + x;
        let grey = |i: i32, j: i32| {
            let (column, row) = ((i + HALF) * PER_MODULE, (j + HALF) * PER_MODULE);
            let at = first + row * self.side + column;
            self.greys.get(at as usize).copied().unwrap_or_default()
        };
        contrast(grey, self.inverted)
    }
}

/// By how much the ring of eight light modules is lighter than the seventeen dark ones; the middle counts for four.
#[inline]
fn contrast(grey: impl Fn(i32, i32) -> f32, inverted: bool) -> f32 {
    let (mut light, mut dark) = (0.0, grey(0, 0) * 3.0);
    for j in -HALF..=HALF {
        for i in -HALF..=HALF {
            let grey = grey(i, j);
            if i.abs().max(j.abs()) == 1 {
                light += grey;
            } else {
                dark += grey;
            }
        }
    }
    let contrast = light / 8.0 - dark / 20.0;
    if inverted { -contrast } else { contrast }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIDE: usize = 160;

    /// A pattern of modules of 4 pixels around (80, 84), dark on light.
    fn picture() -> Vec<u8> {
        (0..SIDE * SIDE)
            .map(|at| {
                let off = |place: usize, middle: f32| ((place as f32 + 0.5 - middle) / 4.0).abs();
                let ring = off(at % SIDE, 80.0).max(off(at / SIDE, 84.0));
                let dark = ring < 0.5 || (1.5..2.5).contains(&ring);
                if dark { 60 } else { 180 }
            })
            .collect()
    }

    fn plane() -> Homography {
        let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)];
        Homography::from_corners(&corners.map(|(x, y)| Point::new(x, y)), 25.0).unwrap()
    }

    #[test]
    fn a_pattern_two_modules_off_is_found_to_half_a_module() {
        let pixels = picture();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let expected = Point::new(18.5, 20.0);
        let seen = find_alignment(&luma, &plane(), expected, 2.5, false).unwrap();
        // Every place within half a module shows the same colours where all is sharp.
        let off = seen - Point::new(80.0, 84.0);
        assert!(off.x.abs() < 2.0 && off.y.abs() < 2.0, "{seen:?}");
    }

    #[test]
    fn nothing_and_its_opposite_are_none() {
        let pixels = picture();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        assert!(find_alignment(&luma, &plane(), Point::new(6.0, 6.0), 2.0, false).is_none());
        let flat = vec![99; SIDE * SIDE];
        let flat = Luma::new(&flat, SIDE, SIDE, SIDE).unwrap();
        assert!(find_alignment(&flat, &plane(), Point::new(20.0, 21.0), 2.0, true).is_none());
    }
}
