//! The reader's Wasm module: reads codes from a browser's pixels.
//!
//! The package loads it in three places: in the worker that scans, on the page's thread if no worker can start, and in
//! `kaunter/reader` and `decode`. Each has its own instance, apart from the till's module: a trap makes this instance
//! unusable, and no other.
//!
//! It does not decide which readings are accepted: it sends each live reading with its evidence, and the till's gate
//! (`core/gate.rs`) decides. `pkg/reader.js` checks arguments before they come here.

mod copy;
mod live;
mod pace;
mod part;
mod repeats;
pub mod shapes;
mod still;
mod text;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use kaunter_reader::Effort;
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

use copy::{VideoFrame, copy_out};
use live::Live;
use shapes::{DecodedCode, JsCodes, JsReadings, ReadingsPromise, hint_word, to_js};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// The allocator with the least code that joins neighbouring pools again: pictures are large, and of many sizes.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

/// The version that the package's JavaScript and this module must share.
#[wasm_bindgen(js_name = abiVersion)]
#[must_use]
pub fn abi_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Reads pictures one by one.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Reader(kaunter_reader::Reader);

#[wasm_bindgen]
impl Reader {
    /// A new reader.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads at most `max` codes in a picture of RGBA or luma; the length says which. `None` if it is neither.
    #[must_use]
    pub fn read(
        &mut self,
        pixels: &Uint8Array,
        width: u32,
        height: u32,
        max: usize,
        still: bool,
    ) -> Option<JsCodes> {
        let size = (width, height);
        let is_rgba = f64::from(pixels.length()) == f64::from(width) * f64::from(height) * 4.0;
        let grey = is_rgba.then(|| still::opaque_grey(pixels)).flatten();
        let pixels = grey.unwrap_or_else(|| pixels.to_vec());
        let found = still::read(&mut self.0, &pixels, size, effort(still), max)?;
        Some(codes(found))
    }

    /// Draws a bitmap and reads at most `max` codes in it. Closes the bitmap.
    ///
    /// # Errors
    /// What the browser threw.
    #[wasm_bindgen(js_name = readBitmap)]
    pub fn read_bitmap(
        &mut self,
        bitmap: &ImageBitmap,
        max: usize,
        still: bool,
    ) -> Result<JsCodes, JsValue> {
        let (pixels, size) = still::draw(bitmap)?;
        let found = still::read(&mut self.0, &pixels, size, effort(still), max);
        Ok(codes(found.unwrap_or_default()))
    }

    /// Forgets what it learned from earlier pictures.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

fn effort(still: bool) -> Effort {
    if still { Effort::Still } else { Effort::Live }
}

fn codes(found: Vec<kaunter_reader::Found>) -> JsCodes {
    let codes = found.into_iter().map(DecodedCode::from);
    let codes: Array = codes.map(|code| to_js(&code)).collect();
    codes.unchecked_into()
}

/// Reads the frames of one scan after the other.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct LiveReader(Rc<RefCell<Live>>);

#[wasm_bindgen]
impl LiveReader {
    /// A new reader.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a scan of a part of the picture: left, top, width and height as fractions of its sides. `most` is the
    /// maximum of frames per second.
    pub fn scan(&self, region: &[f64], most: f64) {
        self.0.borrow_mut().scan(region, most, now());
    }

    /// True if a frame that comes now should be read. Counts it as read.
    #[must_use]
    pub fn takes(&self) -> bool {
        self.0.borrow_mut().takes(now())
    }

    /// The time from the start of one reading to the start of the next, in ms. A page that sends frames waits that
    /// long.
    #[wasm_bindgen(js_name = pauseMs)]
    #[must_use]
    pub fn pause_ms(&self) -> f64 {
        self.0.borrow().pause_ms(now())
    }

    /// Reads a `VideoFrame` and closes it. A frame that can't be copied is refused, and stays open.
    #[wasm_bindgen(js_name = readFrame)]
    #[must_use]
    pub fn read_frame(&self, frame: VideoFrame) -> ReadingsPromise {
        let live = Rc::clone(&self.0);
        let readings = async move {
            let began_ms = now();
            let pixels = live.borrow_mut().take_pixels();
            let copied = copy_out(&frame, pixels).await?;
            let readings = live.borrow_mut().read_copied(copied, began_ms);
            Ok(readings_to_js(&readings).into())
        };
        let readings: Promise = js_sys::futures::future_to_promise(readings);
        readings.unchecked_into()
    }

    /// Reads the pixels of a canvas: RGBA, without gaps between rows.
    #[wasm_bindgen(js_name = readPixels)]
    #[must_use]
    pub fn read_pixels(&self, buffer: &ArrayBuffer, width: u32, height: u32) -> JsReadings {
        let size = (width as usize, height as usize);
        let pixels = Uint8Array::new(buffer);
        let readings = self.0.borrow_mut().read_pixels(&pixels, size, now());
        readings_to_js(&readings)
    }

    /// What would help while no code is read.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = self.0.borrow().hint()?;
        Some(hint_word(hint).to_owned())
    }
}

fn readings_to_js(readings: &[shapes::Reading]) -> JsReadings {
    let readings: Array = readings.iter().map(to_js).collect();
    readings.unchecked_into()
}
