//! Grey pictures that are borrowed from the caller: one byte for each pixel, and a stride from row to row.

use super::point::Point;
use crate::clamp::within;
use crate::work::spend;

/// The longest side that is accepted, in pixels: a JPEG has no longer one. Long screenshots have more than 16,384.
const MAX_SIDE: usize = 65_535;
/// Keeps a bilinear sample's right and lower neighbours inside the picture, in pixels.
const INSIDE: f32 = 0.001;
/// Pixels from the picture's sides at which a point's four neighbours exist, and those of taps near it.
const FROM_SIDES: f32 = 2.0;
/// Fractional bits of a place in [`Luma::grey_inside`], and the units of a shade that it returns.
const PLACE_BITS: u32 = 8;
pub(crate) const GREY_UNITS: f32 = (1 << (2 * PLACE_BITS)) as f32;

/// A borrowed grey picture whose width, height and stride are known to fit its bytes.
#[derive(Clone, Copy)]
pub struct Luma<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
}

impl std::fmt::Debug for Luma<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Luma({} x {})", self.width, self.height)
    }
}

/// Why bytes can't be used as a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LumaError {
    /// A side is zero, or too long.
    #[error("a picture's sides are 1 to {MAX_SIDE} pixels")]
    Sides,
    /// Fewer bytes than width, height and stride ask for.
    #[error("the bytes are fewer than width, height and stride ask for")]
    TooShort,
}

impl<'a> Luma<'a> {
    /// Borrows `height` rows of `width` bytes that start `stride` bytes apart.
    ///
    /// # Errors
    /// [`LumaError::Sides`] if a side is zero or too long.
    /// [`LumaError::TooShort`] if `stride` is less than `width`, or `pixels` ends before the last row does.
    pub fn new(
        pixels: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, LumaError> {
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(LumaError::Sides);
        }
        let needed = stride
            .checked_mul(height - 1)
            .and_then(|bytes| bytes.checked_add(width));
        if stride < width || needed.is_none_or(|needed| pixels.len() < needed) {
            return Err(LumaError::TooShort);
        }
        Ok(Self {
            pixels,
            width,
            height,
            stride,
        })
    }

    /// Pixels in each row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The shorter of width and height.
    pub(crate) fn short_side(&self) -> usize {
        self.width.min(self.height)
    }

    /// The longer of width and height.
    pub(crate) fn long_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// The pixels of row `y`.
    ///
    /// # Panics
    /// If `y` is not less than the height.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.pixels[y * self.stride..][..self.width]
    }

    /// A part of the picture; `None` if it reaches beyond the picture.
    pub(crate) fn window(
        &self,
        left: usize,
        top: usize,
        width: usize,
        height: usize,
    ) -> Option<Self> {
        if left + width > self.width || top + height > self.height {
            return None;
        }
        let pixels = self.pixels.get(top * self.stride + left..)?;
        Self::new(pixels, width, height, self.stride).ok()
    }

    /// The grey at a point, interpolated between the four pixels around it. Outside, the nearest pixel counts.
    ///
    /// A pixel's own grey is at its centre, half a pixel from its corner.
    /// It is never inlined: it is called from many places, and loops over many points use [`Self::grey_inside`].
    #[inline(never)]
    pub(crate) fn grey_at(&self, at: Point) -> f32 {
        spend(1);
        // The right and lower neighbours exist: the reader refuses pictures of fewer than 21 pixels a side.
        let x = within(at.x - 0.5, 0.0, (self.width - 1) as f32 - INSIDE);
        let y = within(at.y - 0.5, 0.0, (self.height - 1) as f32 - INSIDE);
        // Signed conversions are a single instruction on every machine; both numbers are positive.
        let (column, row) = (x as i32, y as i32);
        let (right, down) = (x - column as f32, y - row as f32);
        let first = row as usize * self.stride + column as usize;
        let [a, b] = self.pair(first).map(f32::from);
        let [c, d] = self.pair(first + self.stride).map(f32::from);
        let (above, below) = (a + (b - a) * right, c + (d - c) * right);
        above + (below - above) * down
    }

    /// The grey at a point inside the picture, as [`Self::grey_at`] but with whole numbers: `GREY_UNITS` to a shade.
    ///
    /// Places are rounded to 1/256 pixel. It takes two thirds of the time, and is for the taps of a whole code.
    #[inline(always)]
    pub(crate) fn grey_inside(&self, at: Point) -> i32 {
        spend(1);
        let half = 1 << (PLACE_BITS - 1);
        let (x, y) = (fixed(at.x) - half, fixed(at.y) - half);
        let first = (y >> PLACE_BITS) as usize * self.stride + (x >> PLACE_BITS) as usize;
        let part = (1 << PLACE_BITS) - 1;
        let (right, down) = (x & part, y & part);
        let [a, b] = self.pair(first).map(i32::from);
        let [c, d] = self.pair(first + self.stride).map(i32::from);
        let (above, below) = (
            (a << PLACE_BITS) + (b - a) * right,
            (c << PLACE_BITS) + (d - c) * right,
        );
        (above << PLACE_BITS) + (below - above) * down
    }

    /// Whether [`Self::grey_inside`] may be asked for all points between these corners.
    pub(crate) fn holds_inside(&self, corners: &[Point; 4]) -> bool {
        corners
            .iter()
            .all(|corner| self.holds(*corner, -FROM_SIDES))
    }

    /// Two neighbouring pixels, in one checked read instead of two. Outside the memory they are black.
    #[inline(always)]
    fn pair(&self, first: usize) -> [u8; 2] {
        let pair = self.pixels.get(first..first.wrapping_add(2));
        let pair: Option<[u8; 2]> = pair.and_then(|pair| pair.try_into().ok());
        pair.unwrap_or_default()
    }

    /// The grey of the pixel at a point, without interpolation. Outside, the nearest pixel counts.
    #[inline]
    pub(crate) fn pixel_at(&self, at: Point) -> f32 {
        spend(1);
        // A negative coordinate saturates to 0.
        let (x, y) = (at.x as usize, at.y as usize);
        let at = y.min(self.height - 1) * self.stride + x.min(self.width - 1);
        f32::from(self.pixels.get(at).copied().unwrap_or_default())
    }

    /// Whether a point lies in the picture, or at most `margin` pixels outside. A negative margin shrinks the picture.
    pub(crate) fn holds(&self, at: Point, margin: f32) -> bool {
        at.x >= -margin
            && at.y >= -margin
            && at.x <= self.width as f32 + margin
            && at.y <= self.height as f32 + margin
    }
}

/// A place from 0 to 32,767 pixels as a whole number of 1/256 pixel.
///
/// A float between 2^23 and 2^24 has no fractional bits, so adding 2^23 rounds, and leaves the number in the lowest bits.
/// That is one addition, where a checked conversion is a dozen instructions of WebAssembly's machine code.
#[inline(always)]
fn fixed(place: f32) -> i32 {
    const ROUNDER: f32 = 8_388_608.0;
    let scaled = place * (1 << PLACE_BITS) as f32 + ROUNDER;
    (scaled.to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32)
}
