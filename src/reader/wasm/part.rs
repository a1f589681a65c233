//! Parts of a picture, in whole pixels.

/// A smaller part could hold no code, so what a caller asks for by mistake is widened. Pixels.
const MIN_SIDE: usize = 64;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Part {
    /// A region of a picture of this size: left, top, width and height, in shares of its sides.
    pub(crate) fn of(region: [f64; 4], (width, height): (usize, usize)) -> Self {
        let [left, top, across, down] = region;
        let (x, width) = span(left, across, width);
        let (y, height) = span(top, down, height);
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
    let length = pixels(share).clamp(MIN_SIDE.min(side), side);
    (pixels(from).min(side - length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [f64; 4] = [0.0, 0.0, 1.0, 1.0];

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
        assert_eq!(Part::of(WHOLE, (641, 481)), part(0, 0, 641, 481));
        let right = [0.5, 0.0, 0.5, 1.0];
        assert_eq!(Part::of(right, (640, 480)), part(320, 0, 320, 480));
        let over = [0.9, 1.0, 1.0, 0.0];
        assert_eq!(Part::of(over, (640, 480)), part(0, 416, 640, 64));
        assert_eq!(Part::of(over, (10, 10)), part(0, 0, 10, 10));
        let none = [f64::NAN; 4];
        assert_eq!(Part::of(none, (640, 480)), part(0, 0, 64, 64));
    }
}
