//! A picture at half its size, and half of that: a code that fills the picture is found in a small copy, for next to
//! nothing, and its noise is averaged away there.

use super::luma::Luma;

/// A picture of our own: rows without a gap.
pub(crate) struct Grey {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Grey {
    pub(crate) fn luma(&self) -> Luma<'_> {
        Luma::new(&self.pixels, self.width, self.height, self.width)
            .expect("halves keep their sizes: see `halve`")
    }
}

/// Below this long side a picture is small enough to be looked at as it is.
const LEAST_LONG: usize = 320;
/// A picture of so few pixels on its short side is not halved: the modules of any code would be gone.
const LEAST_SHORT: usize = 64;
/// No picture needs more halves: the longest side there is, halved so often, is below `LEAST_LONG`.
const MOST_LEVELS: usize = 8;

/// The picture's halves, largest first; none where it is small.
pub(crate) fn halves(luma: &Luma<'_>) -> Vec<Grey> {
    let mut levels: Vec<Grey> = Vec::new();
    while levels.len() < MOST_LEVELS {
        let above = levels.last().map_or(*luma, Grey::luma);
        if above.long_side() < LEAST_LONG || above.short_side() < LEAST_SHORT {
            break;
        }
        let half = halve(&above);
        levels.push(half);
    }
    levels
}

/// The rounded mean of each 2 x 2 box; an odd column or row at the end is cut off. Sides of two and more.
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

/// Each pixel moves away from the mean of the four that are `reach` away by `amount` times its distance.
pub(crate) fn sharpen(luma: &Luma<'_>, reach: usize, amount: i16) -> Grey {
    let (width, height) = (luma.width(), luma.height());
    let mut pixels = vec![0; width * height];
    for (y, out) in pixels.chunks_exact_mut(width).enumerate() {
        let here = luma.row(y);
        let above = luma.row(y.saturating_sub(reach));
        let below = luma.row((y + reach).min(height - 1));
        // The sides have no such neighbours, and stay as they are.
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

/// `rows`: the greys themselves and what is around them. Six slices of one length, so that the compiler makes vectors.
fn sharpen_row(rows: [&[u8]; 5], amount: i16, out: &mut [u8]) {
    let length = out.len();
    let [here, left, right, above, below] = rows.map(|row| &row[..length]);
    for at in 0..length {
        let grey = |row: &[u8]| i16::from(row[at]);
        let around = grey(left) + grey(right) + grey(above) + grey(below);
        let off = (4 * grey(here) - around) * amount;
        // Towards zero, as a division by 4.
        let off = (off + (off >> 15 & 3)) >> 2;
        out[at] = (grey(here) + off).clamp(0, 255) as u8;
    }
}

/// Enlarged pictures have so many pixels for one, and a margin of so many.
pub(crate) const TIMES: usize = 3;
pub(crate) const MARGIN: usize = 12;

/// Each pixel as a square, within a light margin: a code drawn at a pixel a module, to the very edge, is one to read.
pub(crate) fn enlarge(luma: &Luma<'_>) -> Grey {
    let (width, height) = (
        luma.width() * TIMES + 2 * MARGIN,
        luma.height() * TIMES + 2 * MARGIN,
    );
    let mut pixels = vec![255; width * height];
    let inner = pixels.chunks_exact_mut(width).skip(MARGIN);
    for (y, out) in inner.take(luma.height() * TIMES).enumerate() {
        let row = luma.row(y / TIMES).iter();
        for (out, grey) in out[MARGIN..].chunks_exact_mut(TIMES).zip(row) {
            out.fill(*grey);
        }
    }
    Grey {
        pixels,
        width,
        height,
    }
}

/// On whole words: a compiler makes vectors of shifts and sums, and none of two bytes taken apart.
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
