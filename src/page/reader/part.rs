//! Parts of a picture, in whole pixels.

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
}
