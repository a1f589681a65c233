//! The picture at half its size, at a quarter, and so on, and other derived pictures.
//!
//! A large code is found in a small level at little cost, and averaging removes noise there.

use super::luma::Luma;

/// A grey picture that owns its pixels. Its stride is its width.
pub(crate) struct Grey {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Grey {
    /// `pixels` holds `height` rows of `width` pixels.
    pub(super) fn new(pixels: Vec<u8>, width: usize, height: usize) -> Self {
        Self {
            pixels,
            width,
            height,
        }
    }

    /// Borrows the pixels as a picture.
    pub(crate) fn luma(&self) -> Luma<'_> {
        Luma::new(&self.pixels, self.width, self.height, self.width)
            .expect("halves keep their sizes: see `halve`")
    }
}

/// A level whose long side is shorter than this is not halved again.
///
/// Chosen on the till set. Larger: large codes cost more. Smaller: levels in which no code has readable modules.
const MIN_LONG: usize = 320;
/// A level whose short side is shorter than this is not halved again: the modules of any code would be lost.
const MIN_SHORT: usize = 64;
/// The bound on the number of levels. The longest side that [`Luma`] accepts is below `MIN_LONG` after eight halvings.
const MAX_LEVELS: usize = 8;
/// Pixels to each side for one pixel of an enlarged picture.
///
/// The finder scan wants cores of two pixels and more. Larger: more time for the same reads.
pub(crate) const ENLARGE_BY: usize = 3;
/// Light pixels around an enlarged picture: the quiet zone of ISO/IEC 18004, four modules, at a pixel for each module.
pub(crate) const ENLARGE_MARGIN: usize = 12;

/// The picture's halves, the largest first; empty if the picture is small.
pub(crate) fn halves(luma: &Luma<'_>) -> Vec<Grey> {
    let mut levels: Vec<Grey> = Vec::new();
    while levels.len() < MAX_LEVELS {
        let above = levels.last().map_or(*luma, Grey::luma);
        if above.long_side() < MIN_LONG || above.short_side() < MIN_SHORT {
            break;
        }
        let half = halve(&above);
        levels.push(half);
    }
    levels
}

/// Averages each 2 x 2 box, rounded. An odd last column or row is dropped. Both sides must be two at least.
pub(crate) fn halve(luma: &Luma<'_>) -> Grey {
    let (width, height) = (luma.width() / 2, luma.height() / 2);
    let mut pixels = vec![0; width * height];
    for (y, out) in pixels.chunks_exact_mut(width).enumerate() {
        let (above, _) = luma.row(2 * y).as_chunks::<2>();
        let (below, _) = luma.row(2 * y + 1).as_chunks::<2>();
        for (out, (above, below)) in out.iter_mut().zip(above.iter().zip(below)) {
            *out = mean_of_four(*above, *below);
        }
    }
    Grey {
        pixels,
        width,
        height,
    }
}

/// Moves each pixel away from the mean of the four pixels at distance `reach`, by `amount` times the difference.
pub(crate) fn sharpen(luma: &Luma<'_>, reach: usize, amount: i16) -> Grey {
    let (width, height) = (luma.width(), luma.height());
    let mut pixels = vec![0; width * height];
    for (y, out) in pixels.chunks_exact_mut(width).enumerate() {
        let here = luma.row(y);
        let above = luma.row(y.saturating_sub(reach));
        let below = luma.row((y + reach).min(height - 1));
        // Pixels near the left and the right side lack a neighbour and stay as they are.
        out.copy_from_slice(here);
        let inner = width - 2 * reach;
        sharpen_row(
            [
                &here[reach..][..inner],
                &here[..inner],
                &here[2 * reach..][..inner],
                &above[reach..][..inner],
                &below[reach..][..inner],
            ],
            amount,
            &mut out[reach..][..inner],
        );
    }
    Grey {
        pixels,
        width,
        height,
    }
}

/// `rows`: the pixels, then those to the left, to the right, above and below. Equal lengths let the compiler vectorise.
fn sharpen_row(rows: [&[u8]; 5], amount: i16, out: &mut [u8]) {
    let length = out.len();
    let [here, left, right, above, below] = rows.map(|row| &row[..length]);
    for at in 0..length {
        let grey = |row: &[u8]| i16::from(row[at]);
        let around = grey(left) + grey(right) + grey(above) + grey(below);
        let off = (4 * grey(here) - around) * amount;
        // Divides by 4 and rounds towards zero.
        let off = (off + (off >> 15 & 3)) >> 2;
        out[at] = (grey(here) + off).clamp(0, 255) as u8;
    }
}

/// Draws each pixel as a square, with a light margin around: for codes drawn at a pixel a module, without a quiet zone.
pub(crate) fn enlarge(luma: &Luma<'_>) -> Grey {
    let (width, height) = (
        luma.width() * ENLARGE_BY + 2 * ENLARGE_MARGIN,
        luma.height() * ENLARGE_BY + 2 * ENLARGE_MARGIN,
    );
    let mut pixels = vec![255; width * height];
    let inner = pixels.chunks_exact_mut(width).skip(ENLARGE_MARGIN);
    for (y, out) in inner.take(luma.height() * ENLARGE_BY).enumerate() {
        let row = luma.row(y / ENLARGE_BY).iter();
        for (out, grey) in out[ENLARGE_MARGIN..].chunks_exact_mut(ENLARGE_BY).zip(row) {
            out.fill(*grey);
        }
    }
    Grey {
        pixels,
        width,
        height,
    }
}

/// The rounded mean of four pixels. It works on whole words: the compiler vectorises shifts, but no single bytes.
fn mean_of_four(above: [u8; 2], below: [u8; 2]) -> u8 {
    let sum = |pair: [u8; 2]| {
        let word = u16::from_le_bytes(pair);
        (word & 0xff) + (word >> 8)
    };
    ((sum(above) + sum(below) + 2) >> 2) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_half_is_the_rounded_mean_of_boxes_and_drops_the_odd_end() {
        let pixels = [0, 4, 9, 8, 4, 9, 9, 9, 9];
        let half = halve(&Luma::new(&pixels, 3, 3, 3).unwrap());
        assert_eq!((half.width, half.height, half.pixels), (1, 1, vec![4]));
    }

    #[test]
    fn halves_end_where_the_picture_is_small() {
        let pixels = vec![7; 1280 * 720];
        let sizes: Vec<_> = halves(&Luma::new(&pixels, 1280, 720, 1280).unwrap())
            .iter()
            .map(|level| (level.width, level.height))
            .collect();
        assert_eq!(sizes, [(640, 360), (320, 180), (160, 90)]);
        assert!(halves(&Luma::new(&pixels, 300, 300, 300).unwrap()).is_empty());
        assert!(halves(&Luma::new(&pixels, 10_000, 60, 10_000).unwrap()).is_empty());
    }
}
