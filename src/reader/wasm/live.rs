//! Reads the frames of a scan, in the worker or on the page's thread.
//!
//! Between frames it keeps where the finders were, and how long a reading takes.

use js_sys::Uint8Array;
use kaunter_reader::{Effort, Found, Hint, Luma, Reader, luma_from_rgba};

use crate::copy::Copied;
use crate::now;
use crate::pace::Pace;
use crate::part::Part;
use crate::repeats::Repeats;
use crate::shapes::Reading;

/// The most codes that it reads in one frame: a counter does not show more at once.
const MAX_CODES: usize = 4;
/// The frames per second before the first scan.
const FRAMES_PER_SECOND: f64 = 30.0;

/// Reads scans one after the other. Keeps its buffer for the next frame.
#[derive(Debug)]
pub(crate) struct Live {
    reader: Reader,
    repeats: Repeats,
    pace: Pace,
    /// Left, top, width and height, as fractions of the picture's sides.
    region: [f64; 4],
    pixels: Vec<u8>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            repeats: Repeats::default(),
            pace: Pace::new(FRAMES_PER_SECOND, 0.0),
            region: [0.0, 0.0, 1.0, 1.0],
            pixels: Vec::new(),
        }
    }
}

impl Live {
    /// Begins a scan of this part of the picture.
    pub(crate) fn scan(&mut self, region: &[f64], scans_per_second: f64, now_ms: f64) {
        self.reader.reset();
        self.repeats = Repeats::default();
        self.pace = self.pace.again(scans_per_second, now_ms);
        for (side, given) in self.region.iter_mut().zip(region) {
            *side = *given;
        }
    }

    /// True if a frame that comes now should be read.
    pub(crate) fn takes(&mut self, now_ms: f64) -> bool {
        self.pace.takes(now_ms)
    }

    /// The time from the start of one reading to the start of the next, in ms.
    pub(crate) fn pause_ms(&self, now_ms: f64) -> f64 {
        self.pace.pause_ms(now_ms)
    }

    /// What would help while no code is read.
    pub(crate) fn hint(&self) -> Option<Hint> {
        self.reader.hint()
    }

    /// The buffer for the next frame; [`Self::read_copied`] and [`Self::read_pixels`] keep it again.
    pub(crate) fn take_pixels(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pixels)
    }

    /// Reads a frame that was copied from the browser. The time of a reading includes the copy.
    pub(crate) fn read_copied(&mut self, copied: Copied, began_ms: f64) -> Vec<Reading> {
        let readings = if copied.grey {
            let plane = copied.pixels.get(copied.offset..).unwrap_or_default();
            self.read_luma(plane, copied.size, copied.stride, began_ms)
        } else {
            let grey = luma_from_rgba(&copied.pixels);
            self.read_luma(&grey, copied.size, copied.stride / 4, began_ms)
        };
        self.pixels = copied.pixels;
        readings
    }

    /// Reads the pixels of a canvas: RGBA, without gaps between rows. Other bytes give no code.
    pub(crate) fn read_pixels(
        &mut self,
        rgba: &Uint8Array,
        size: (usize, usize),
        began_ms: f64,
    ) -> Vec<Reading> {
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
    ) -> Vec<Reading> {
        let part = Part::of(self.region, size);
        let found = read_part(&mut self.reader, pixels, stride, part);
        if !found.is_empty() {
            self.pace.wake(began_ms);
        }
        self.pace.took(now() - began_ms);
        self.repeats.frame(began_ms);
        let reading = |found: Found| {
            let arrived = self.repeats.news(&found.bytes, found.confirmed)?;
            Some(Reading::new(found, arrived))
        };
        found.into_iter().filter_map(reading).collect()
    }
}

/// Codes in a part of a picture, with positions in the whole picture.
fn read_part(reader: &mut Reader, pixels: &[u8], stride: usize, part: Part) -> Vec<Found> {
    let first = part.y * stride + part.x;
    let luma = pixels
        .get(first..)
        .and_then(|pixels| Luma::new(pixels, part.width, part.height, stride).ok());
    let Some(luma) = luma else { return Vec::new() };
    let mut found = reader.read(&luma, Effort::Live, MAX_CODES);
    // The gate counts readings of different frames. Equal codes at two places of one frame are one reading.
    for at in (1..found.len()).rev() {
        let (earlier, later) = found.split_at(at);
        if earlier.iter().any(|known| known.bytes == later[0].bytes) {
            found.remove(at);
        }
    }
    for corner in found.iter_mut().flat_map(|found| &mut found.corners) {
        corner.x += part.x as f32;
        corner.y += part.y as f32;
    }
    found
}
