//! Parts of a picture, in whole pixels.

use kaunter_core::scan::Point;

use crate::types::options::Region;

/// No code is smaller, and no part: what a caller asks for by mistake is widened.
const LEAST_SIDE: usize = 64;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Part {
    /// A region of a picture of this size.
    pub(super) fn of(region: &Region, (width, height): (usize, usize)) -> Self {
        let (x, width) = span(region.x, region.width, width);
        let (y, height) = span(region.y, region.height, height);
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// A code and as much again on each side: a hand moves, and a finder wants light around it.
    pub(super) fn around(corners: &[Point; 4]) -> Self {
        let ends = |side: fn(&Point) -> f32| {
            let low = corners.iter().map(side).fold(f32::INFINITY, f32::min);
            let high = corners.iter().map(side).fold(0.0, f32::max);
            let more = (high - low).max(0.0) / 2.0;
            let low = (low - more).max(0.0);
            (low as usize, (high + more - low) as usize)
        };
        let (x, width) = ends(|corner| corner.x);
        let (y, height) = ends(|corner| corner.y);
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// What of it lies within another; all of the other where nothing does.
    pub(super) fn within(&self, other: &Self) -> Self {
        let overlap = |low: usize, length: usize, other_low: usize, other_length: usize| {
            let from = low.max(other_low);
            let to = (low + length).min(other_low + other_length);
            (from, to.saturating_sub(from))
        };
        let (x, width) = overlap(self.x, self.width, other.x, other.width);
        let (y, height) = overlap(self.y, self.height, other.y, other.height);
        if width.min(height) < LEAST_SIDE {
            return *other;
        }
        Self {
            x,
            y,
            width,
            height,
        }
    }
}

/// A share of a side, in pixels: never outside, never too small to hold a code.
fn span(from: f64, share: f64, side: usize) -> (usize, usize) {
    let pixels = |share: f64| (share.clamp(0.0, 1.0) * side as f64).round() as usize;
    let length = pixels(share).clamp(LEAST_SIDE.min(side), side);
    (pixels(from).min(side - length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Region = Region {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 1.0,
    };

    fn part(x: usize, y: usize, width: usize, height: usize) -> Part {
        Part {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn a_region_is_never_outside_and_never_too_small() {
        assert_eq!(Part::of(&WHOLE, (641, 481)), part(0, 0, 641, 481));
        let right = Region {
            x: 0.5,
            width: 0.5,
            ..WHOLE
        };
        assert_eq!(Part::of(&right, (640, 480)), part(320, 0, 320, 480));
        let over = Region {
            x: 0.9,
            y: 1.0,
            width: 1.0,
            height: 0.0,
        };
        assert_eq!(Part::of(&over, (640, 480)), part(0, 416, 640, 64));
        assert_eq!(Part::of(&over, (10, 10)), part(0, 0, 10, 10));
    }

    #[test]
    fn around_a_code_is_twice_its_size_and_within_the_region() {
        let at = |x, y| Point { x, y };
        let corners = [
            at(200.0, 100.0),
            at(300.0, 110.0),
            at(290.0, 200.0),
            at(205.0, 205.0),
        ];
        let near = Part::around(&corners);
        assert_eq!(near, part(150, 47, 200, 210));
        let whole = Part::of(&WHOLE, (320, 240));
        assert_eq!(near.within(&whole), part(150, 47, 170, 193));
        let elsewhere = part(0, 0, 100, 240);
        assert_eq!(near.within(&elsewhere), elsewhere);
    }
}
