//! Grey pictures: one byte a pixel, rows that may be longer than the picture is wide.

use super::point::Point;
use crate::clamp::within;
use crate::work::spend;

/// Sides up to this are read: a photo of 60 megapixels.
const MAX_SIDE: usize = 16_384;

/// A grey picture that is not ours: width, height and stride agree with its bytes.
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

/// Why bytes are no picture.
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
    /// Looks at `height` rows of `width` bytes that start `stride` bytes apart.
    ///
    /// # Errors
    /// [`LumaError`].
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

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    pub(crate) fn short_side(&self) -> usize {
        self.width.min(self.height)
    }

    pub(crate) fn long_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// A row's pixels.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.pixels[y * self.stride..][..self.width]
    }

    /// The part of the picture that begins here; none where it reaches beyond.
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

    /// The grey at a point, between the four pixels around it; outside, that of the nearest pixel inside.
    ///
    /// A pixel's own grey is at its middle: half a pixel from its corner.
    #[inline]
    pub(crate) fn grey_at(&self, at: Point) -> f32 {
        spend(1);
        // The right and bottom neighbours exist: a reader's picture has two columns and two rows at least.
        let x = within(at.x - 0.5, 0.0, (self.width - 1) as f32 - 0.001);
        let y = within(at.y - 0.5, 0.0, (self.height - 1) as f32 - 0.001);
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let first = row * self.stride + column;
        let Some(pixels) = self.pixels.get(first..) else {
            return 0.0;
        };
        let grey = |offset: usize| f32::from(pixels.get(offset).copied().unwrap_or_default());
        let above = grey(0) + (grey(1) - grey(0)) * right;
        let below = grey(self.stride) + (grey(self.stride + 1) - grey(self.stride)) * right;
        above + (below - above) * down
    }

    /// The grey of the pixel that holds a point; outside, that of the nearest inside.
    #[inline]
    pub(crate) fn pixel_at(&self, at: Point) -> f32 {
        spend(1);
        let (x, y) = (at.x.max(0.0) as usize, at.y.max(0.0) as usize);
        let at = y.min(self.height - 1) * self.stride + x.min(self.width - 1);
        f32::from(self.pixels.get(at).copied().unwrap_or_default())
    }

    /// Whether a point lies in the picture, or at most `margin` pixels outside.
    pub(crate) fn holds(&self, at: Point, margin: f32) -> bool {
        at.x >= -margin
            && at.y >= -margin
            && at.x <= self.width as f32 + margin
            && at.y <= self.height as f32 + margin
    }
}

/// The grey of RGBA pixels, by the weights of BT.601 in 8 bits.
#[must_use]
pub fn luma_from_rgba(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    // On whole words: a compiler makes vectors of shifts and products, and none of four bytes taken apart.
    let grey = |pixel: &[u8; 4]| {
        let word = u32::from_le_bytes(*pixel);
        let (red, green, blue) = (word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff);
        ((77 * red + 150 * green + 29 * blue) >> 8) as u8
    };
    pixels.iter().map(grey).collect()
}
