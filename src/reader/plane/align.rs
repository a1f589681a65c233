//! Searches alignment patterns near the place where a plane expects them: a dark module in a light ring in a dark one.

use super::geometry::{Correspondence, Homography};
use super::layout::Version;
use crate::picture::luma::Luma;
use crate::picture::point::Point;
use crate::picture::polarity::Polarity;

/// Modules of a pattern to each side of its middle (ISO/IEC 18004, alignment pattern).
const HALF: i32 = 2;
/// Light modules of a pattern, and the dark ones with the middle counted `MIDDLE_WEIGHT` times.
const LIGHT: f32 = 8.0;
const DARK: f32 = 20.0;
/// The middle module counts as many as half the light ring, so that a ring of light around a light module fails.
const MIDDLE_WEIGHT: f32 = 4.0;
/// Search positions per module in the first search.
const PER_MODULE: i32 = 2;
/// The least contrast of a pattern, in shades.
///
/// Chosen on the till set. Larger: dim patterns are missed. Smaller: noise passes and bends the plane.
const MIN_CONTRAST: f32 = 6.0;
/// The contrast, in shades, that a distance of one module from the expected place costs.
///
/// Larger: a pattern that is far off loses to noise nearby. Smaller: data modules far away win.
const COST_PER_MODULE: f32 = 0.6;
/// The steps of the search around the best position, in modules.
const FINE_STEPS: [f32; 2] = [0.25, 0.12];
/// The search radius for the inner patterns, once the one at the fourth corner is known, in modules.
///
/// Larger: more time, and data modules are taken for patterns. Smaller: bent codes are missed.
const REACH_INSIDE: f32 = 1.3;

/// The point where the pattern near `middle` (in modules) is seen; `None` if there is none within `reach` modules.
pub(crate) fn find_alignment(
    luma: &Luma<'_>,
    plane: &Homography,
    middle: Point,
    reach: f32,
    polarity: Polarity,
) -> Option<Point> {
    let reach = (reach * PER_MODULE as f32) as i32;
    let patch = AlignmentPatch::new(luma, plane, middle, reach, polarity);
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
            start = offer(contrast(grey, polarity), off);
        }
    }
    (best.0 >= MIN_CONTRAST).then(|| plane.map(middle + best.1))
}

/// All patterns that are seen, except the one at the fourth corner.
pub(crate) fn find_alignments(
    luma: &Luma<'_>,
    plane: &Homography,
    version: Version,
    polarity: Polarity,
) -> Vec<Correspondence> {
    let last = version.side() - 7;
    let mut found = Vec::new();
    for (x, y) in version.alignments() {
        if (x, y) == (last, last) {
            continue;
        }
        let middle = Point::new(x as f32 + 0.5, y as f32 + 0.5);
        if let Some(pixel) = find_alignment(luma, plane, middle, REACH_INSIDE, polarity) {
            found.push(Correspondence::new(middle, pixel, 1.0));
        }
    }
    found
}

/// Greys at every half module around a middle, fetched once: neighbouring positions share most of them.
struct AlignmentPatch {
    greys: Vec<f32>,
    side: i32,
    reach: i32,
    polarity: Polarity,
}

impl AlignmentPatch {
    fn new(
        luma: &Luma<'_>,
        plane: &Homography,
        middle: Point,
        reach: i32,
        polarity: Polarity,
    ) -> Self {
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
            polarity,
        }
    }

    /// The contrast of a pattern whose middle is at this position, in half modules from the expected one.
    fn contrast(&self, x: i32, y: i32) -> f32 {
        let first = (self.reach + y) * self.side + self.reach + x;
        let grey = |i: i32, j: i32| {
            let (column, row) = ((i + HALF) * PER_MODULE, (j + HALF) * PER_MODULE);
            let at = first + row * self.side + column;
            self.greys.get(at as usize).copied().unwrap_or_default()
        };
        contrast(grey, self.polarity)
    }
}

/// The mean of the ring's light modules less that of the dark ones.
#[inline]
fn contrast(grey: impl Fn(i32, i32) -> f32, polarity: Polarity) -> f32 {
    let (mut light, mut dark) = (0.0, grey(0, 0) * (MIDDLE_WEIGHT - 1.0));
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
    polarity.signed(light / LIGHT - dark / DARK)
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
        let seen = find_alignment(&luma, &plane(), expected, 2.5, Polarity::DarkOnLight).unwrap();
        // In a sharp picture every position within half a module shows the same colours.
        let off = seen - Point::new(80.0, 84.0);
        assert!(off.x.abs() < 2.0 && off.y.abs() < 2.0, "{seen:?}");
    }

    #[test]
    fn nothing_and_its_opposite_are_none() {
        let pixels = picture();
        let luma = Luma::new(&pixels, SIDE, SIDE, SIDE).unwrap();
        let dark = Polarity::DarkOnLight;
        assert!(find_alignment(&luma, &plane(), Point::new(6.0, 6.0), 2.0, dark).is_none());
        let flat = vec![99; SIDE * SIDE];
        let flat = Luma::new(&flat, SIDE, SIDE, SIDE).unwrap();
        let light = Polarity::LightOnDark;
        assert!(find_alignment(&flat, &plane(), Point::new(20.0, 21.0), 2.0, light).is_none());
    }
}
