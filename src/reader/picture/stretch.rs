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
    let mut pixels = vec![0; width * across * height * down];
    for (y, out) in pixels.chunks_exact_mut(width * STRETCH_BY).enumerate() {
        let row = luma.row(y);
        // Where the neighbours are, and how far each new pixel is from its first one.
        let (beside, off) = match axis {
            Axis::Width => (&row[1..], 1),
            Axis::Height => (luma.row((y + 1).min(height - 1)), width),
        };
        for (x, grey) in row.iter().enumerate() {
            let at = x * across;
            out[at] = *grey;
            out[at + off] = grey.midpoint(*beside.get(x).unwrap_or(grey));
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
