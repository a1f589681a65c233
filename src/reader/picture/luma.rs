//! Grey pictures that are borrowed from the caller: one byte for each pixel, and a stride from row to row.

use super::point::Point;
use crate::clamp::within;
use crate::work::spend;

/// The longest side that is accepted, in pixels: a JPEG has no longer one. Long screenshots have more than 16,384.
const MAX_SIDE: usize = 65_535;
/// Keeps a bilinear sample's right and lower neighbours inside the picture, in pixels.
const INSIDE: f32 = 0.001;
/// The weights of red, green and blue of ITU-R BT.601 (0.299, 0.587, 0.114), times 256.
///
/// See <https://www.itu.int/rec/R-REC-BT.601>.
const BT601: [u32; 3] = [77, 150, 29];

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
    #[inline]
    pub(crate) fn grey_at(&self, at: Point) -> f32 {
        spend(1);
        // The right and lower neighbours exist: the reader refuses pictures of fewer than 21 pixels a side.
        let x = within(at.x - 0.5, 0.0, (self.width - 1) as f32 - INSIDE);
        let y = within(at.y - 0.5, 0.0, (self.height - 1) as f32 - INSIDE);
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

    /// The grey of the pixel at a point, without interpolation. Outside, the nearest pixel counts.
    #[inline]
    pub(crate) fn pixel_at(&self, at: Point) -> f32 {
        spend(1);
        let (x, y) = (at.x.max(0.0) as usize, at.y.max(0.0) as usize);
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

/// Converts RGBA pixels to grey, by the weights of ITU-R BT.601. Alpha is ignored.
#[must_use]
pub fn luma_from_rgba(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    // Shifts of whole words: the compiler vectorises them, and not the indexing of single bytes.
    let [red_weight, green_weight, blue_weight] = BT601;
    let grey = |pixel: &[u8; 4]| {
        let word = u32::from_le_bytes(*pixel);
        let (red, green, blue) = (word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff);
        ((red_weight * red + green_weight * green + blue_weight * blue) >> 8) as u8
    };
    pixels.iter().map(grey).collect()
}
