//! The reader at the boundary: pixels of JavaScript in, codes out; a picture at once, or frame after frame of a look.

mod copy;
mod part;

use js_sys::Uint8Array;
use kaunter_core::error::ErrorCode;
use kaunter_core::gate::{Evidence, Gate};
use kaunter_reader::{Effort, Found, Luma, Reader, luma_from_rgba};

use super::clock;
use super::pace::Pace;
use crate::types::code::DecodedCode;
use crate::types::error::Fail;
use crate::types::event::Hint;
use crate::types::options::{ReadWish, Region};
pub use copy::{Copied, VideoFrame, copy_out};
use part::Part;

/// More codes than a counter shows at once.
const MAX_LIVE: usize = 4;

/// Reads a still picture: RGBA or luma, told apart by the length.
///
/// # Errors
/// `image_unsupported` where the bytes are neither.
pub fn read_still(
    reader: &mut Reader,
    pixels: &[u8],
    width: u32,
    height: u32,
    wish: ReadWish,
) -> Result<Vec<DecodedCode>, Fail> {
    let (across, down) = (width as usize, height as usize);
    let grey;
    let luma = match across.checked_mul(down) {
        Some(area) if pixels.len() == area => pixels,
        Some(area) if Some(pixels.len()) == area.checked_mul(4) => {
            grey = luma_from_rgba(pixels);
            &grey
        }
        Some(_) | None => return Err(Fail::new(ErrorCode::ImageUnsupported)),
    };
    let luma = Luma::new(luma, across, down, across)
        .map_err(|_| Fail::new(ErrorCode::ImageUnsupported))?;
    let effort = if wish.still {
        Effort::Still
    } else {
        Effort::Live
    };
    let found = reader.read(&luma, effort, wish.max);
    Ok(found.into_iter().map(DecodedCode::from).collect())
}

/// Reads frame after frame of one look: in the worker, or on the page where there is none.
///
/// What it learns goes with it from frame to frame: the reader's finders and region, and how long reading takes.
/// Its buffer is kept for the shift.
#[derive(Debug)]
pub struct LiveReader {
    reader: Reader,
    gate: Gate,
    pace: Pace,
    region: Region,
    pixels: Vec<u8>,
}

impl Default for LiveReader {
    fn default() -> Self {
        Self::new()
    }
}

impl LiveReader {
    /// A reader that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            reader: Reader::new(),
            gate: Gate::new(),
            pace: Pace::new(30.0, 0.0),
            region: Region::default(),
            pixels: Vec::new(),
        }
    }

    /// A new look, at this part of the picture.
    pub fn look(&mut self, region: Region, scans_per_second: f64, now_ms: f64) {
        self.reader.reset();
        self.gate = Gate::new();
        self.pace = self.pace.again(scans_per_second, now_ms);
        self.region = region;
    }

    /// Whether a frame that comes now is to be read.
    pub fn takes(&mut self, now_ms: f64) -> bool {
        self.pace.takes(now_ms)
    }

    /// What would help, while nothing is read.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.reader.hint().map(Hint::from)
    }

    /// The buffer for the next frame; [`Self::read_copied`] and [`Self::read_pixels`] keep it again.
    #[must_use]
    pub fn take_pixels(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pixels)
    }

    /// Reads a frame that was copied out of the browser; the copying began then.
    pub fn read_copied(&mut self, copied: Copied, began_ms: f64) -> Vec<DecodedCode> {
        let codes = if copied.grey {
            let plane = copied.pixels.get(copied.offset..).unwrap_or_default();
            self.read_luma(plane, copied.size, copied.stride, began_ms)
        } else {
            let grey = luma_from_rgba(&copied.pixels);
            self.read_luma(&grey, copied.size, copied.stride / 4, began_ms)
        };
        self.pixels = copied.pixels;
        codes
    }

    /// Reads pixels that somebody drew, RGBA in tight rows. What is no picture holds no code.
    pub fn read_pixels(
        &mut self,
        rgba: &Uint8Array,
        size: (usize, usize),
        began_ms: f64,
    ) -> Vec<DecodedCode> {
        let mut pixels = self.take_pixels();
        pixels.resize(rgba.length() as usize, 0);
        rgba.copy_to(&mut pixels);
        let grey = luma_from_rgba(&pixels);
        self.pixels = pixels;
        self.read_luma(&grey, size, size.0, began_ms)
    }

    fn read_luma(
        &mut self,
        pixels: &[u8],
        size: (usize, usize),
        stride: usize,
        began_ms: f64,
    ) -> Vec<DecodedCode> {
        let part = Part::of(&self.region, size);
        let mut found = read_part(&mut self.reader, pixels, stride, part);
        if !found.is_empty() {
            self.pace.wake(began_ms);
        }
        self.pace.took(clock::exact_ms() - began_ms);
        found.retain(|found| self.gate.pass(evidence(found)));
        found.into_iter().map(DecodedCode::from).collect()
    }
}

/// What the gate asks about a code that was read.
fn evidence(found: &Found) -> Evidence<'_> {
    Evidence {
        bytes: &found.bytes,
        text: &found.text,
        confirmed: found.confirmed,
    }
}

/// Codes in a part of a picture, at their places in the whole of it.
fn read_part(reader: &mut Reader, pixels: &[u8], stride: usize, part: Part) -> Vec<Found> {
    let first = part.y * stride + part.x;
    let luma = pixels
        .get(first..)
        .and_then(|pixels| Luma::new(pixels, part.width, part.height, stride).ok());
    let Some(luma) = luma else { return Vec::new() };
    let mut found = reader.read(&luma, Effort::Live, MAX_LIVE);
    for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
        corner.x += part.x as f32;
        corner.y += part.y as f32;
    }
    found
}
