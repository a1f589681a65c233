//! Grey pictures: one byte a pixel, rows that may be longer than the picture is wide.

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

    pub(super) fn short_side(&self) -> usize {
        self.width.min(self.height)
    }

    pub(super) fn long_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// A row's pixels.
    #[must_use]
    pub fn row(&self, y: usize) -> &'a [u8] {
        &self.pixels[y * self.stride..][..self.width]
    }

    /// The mean of each box of `by` x `by` pixels; a rest at the right and the bottom is cut off.
    pub(super) fn shrunk(&self, by: usize) -> Shrunk<'a> {
        if by <= 1 {
            return Shrunk::Same(*self);
        }
        let (width, height) = ((self.width / by).max(1), (self.height / by).max(1));
        let area = u32::try_from(by * by).unwrap_or(u32::MAX);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            sums.fill(0);
            for row in (y * by..(y + 1) * by).filter(|row| *row < self.height) {
                for (sum, box_row) in sums.iter_mut().zip(self.row(row).chunks(by)) {
                    *sum += box_row.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            pixels.extend(
                sums.iter()
                    .map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)),
            );
        }
        Shrunk::Own {
            pixels,
            width,
            height,
        }
    }
}

/// A picture that was made smaller, or is large enough as it is.
pub(super) enum Shrunk<'a> {
    Same(Luma<'a>),
    Own {
        pixels: Vec<u8>,
        width: usize,
        height: usize,
    },
}

impl Shrunk<'_> {
    pub(super) fn luma(&self) -> Luma<'_> {
        match self {
            Self::Same(luma) => *luma,
            Self::Own {
                pixels,
                width,
                height,
            } => Luma {
                pixels,
                width: *width,
                height: *height,
                stride: *width,
            },
        }
    }
}

/// The grey of RGBA pixels, by the weights of BT.601 in 8 bits.
#[must_use]
pub fn luma_from_rgba(rgba: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let grey = |[red, green, blue, _]: &[u8; 4]| {
        let sum = 77 * u32::from(*red) + 150 * u32::from(*green) + 29 * u32::from(*blue);
        u8::try_from(sum >> 8).unwrap_or(u8::MAX)
    };
    pixels.iter().map(grey).collect()
}
