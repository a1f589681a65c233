//! The picture at twice its width or height, for codes that are seen from the side.
//!
//! A code that is turned away from the camera is narrow, so that its modules are rectangles.
//! Stretched, they are squares again, which is what all later stages are made for.

use super::luma::Luma;
use super::pyramid::Grey;

/// An axis of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    Width,
    Height,
}

/// Times that a picture is stretched.
///
/// Codes are read up to a ratio of 1.8 without it. Larger: more time for codes that are seldom held so.
pub(crate) const STRETCH_BY: usize = 2;

impl Axis {
    /// The factors by which a picture's width and height grow.
    pub(crate) fn factors(self) -> (usize, usize) {
        match self {
            Self::Width => (STRETCH_BY, 1),
            Self::Height => (1, STRETCH_BY),
        }
    }
}

/// The picture with a new pixel after each one along this axis: the mean of both neighbours.
pub(crate) fn stretch(luma: &Luma<'_>, axis: Axis) -> Grey {
    let (across, down) = axis.factors();
    let (width, height) = (luma.width(), luma.height());
    let mut pixels = Vec::with_capacity(width * across * height * down);
    for y in 0..height {
        let row = luma.row(y);
        match axis {
            Axis::Width => {
                let ends = row[1..].iter().chain(row.last());
                let pairs = row.iter().zip(ends).map(|(a, b)| [*a, a.midpoint(*b)]);
                pixels.extend(pairs.flatten());
            }
            Axis::Height => {
                let below = luma.row((y + 1).min(height - 1));
                pixels.extend_from_slice(row);
                pixels.extend(row.iter().zip(below).map(|(a, b)| a.midpoint(*b)));
            }
        }
    }
    Grey::new(pixels, width * across, height * down)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn between_two_pixels_is_their_mean() {
        let luma = Luma::new(&[10, 20, 30, 50], 2, 2, 2).unwrap();
        let wide = stretch(&luma, Axis::Width);
        assert_eq!(wide.luma().row(0), [10, 15, 20, 20]);
        assert_eq!(wide.luma().row(1), [30, 40, 50, 50]);
        let high = stretch(&luma, Axis::Height);
        let rows: Vec<&[u8]> = (0..4).map(|y| high.luma().row(y)).collect();
        assert_eq!(rows, [[10, 20], [20, 35], [30, 50], [30, 50]]);
    }
}
