//! THE JS API: every export of the Wasm module, each a few lines that translate and delegate.
//!
//! The npm package's facade (`pkg/index.js`) is what developers import; it wraps these exports, and the two check each
//! other by [`abi_version`]. Exports that wait are plain functions that return a `Promise`: an `async fn` of a class
//! would borrow it across JavaScript's `free()`.

pub mod page;
mod raw_till;
pub mod types;

pub use raw_till::RawTill;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use page::reader::{LiveReader, VideoFrame, copy_out, read_still};
use page::{clock, still};
use types::code::{CodeInfo, CodesPromise, DecodedCode, JsCodeInfo, JsCodes, JsImage};
use types::error::Fail;
use types::given::{self, wrong};
use types::options::{ReadWish, Region};
use types::to_js;

/// The version that facade and module must share.
#[wasm_bindgen(js_name = abiVersion)]
#[must_use]
pub fn abi_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Takes the facade's `KaunterError` class.
#[wasm_bindgen(js_name = installError)]
pub fn install_error(class: js_sys::Function) {
    types::error::install(class);
}

/// What a code seems to be, before anything is sent.
///
/// # Errors
/// `argument_invalid`.
#[wasm_bindgen(js_name = inspectCode)]
pub fn inspect_code(text: &JsValue) -> Result<JsCodeInfo, JsValue> {
    let text = a_string(text, "text")?;
    Ok(to_js(&CodeInfo::of(&text, &[]).0).unchecked_into())
}

/// Reads a still picture.
#[wasm_bindgen]
#[must_use]
pub fn decode(image: JsImage, options: &JsValue) -> CodesPromise {
    let wish = ReadWish::read(options, true);
    promise(async move {
        let codes = still::decode(&image, wish?).await?;
        Ok(codes_to_js(&codes).into())
    })
    .unchecked_into()
}

fn codes_to_js(codes: &[DecodedCode]) -> JsCodes {
    codes.iter().map(to_js).collect::<Array>().unchecked_into()
}

fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    // Boxed, so that what makes a promise of a future is in the module once, and not for each export.
    let future: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(future);
    js_sys::futures::future_to_promise(future)
}

/// A side of a picture, in pixels.
fn side(value: &JsValue, name: &str) -> Result<u32, Fail> {
    let whole = |side: &f64| side.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(side);
    let side = given::number(value).filter(whole);
    side.map(|side| side as u32)
        .ok_or_else(|| wrong(name, "a whole number of pixels"))
}

/// An argument that is text.
fn a_string(value: &JsValue, name: &str) -> Result<String, Fail> {
    given::text(value).ok_or_else(|| wrong(name, "a string"))
}

/// The reader alone: on the page, in a worker, in Node.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Reader(kaunter_reader::Reader);

#[wasm_bindgen]
impl Reader {
    /// A reader that has seen nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every code in a picture: RGBA or luma, told apart by the length.
    ///
    /// # Errors
    /// `argument_invalid`, `image_unsupported`.
    pub fn read(
        &mut self,
        pixels: &Uint8Array,
        width: &JsValue,
        height: &JsValue,
        options: &JsValue,
    ) -> Result<JsCodes, JsValue> {
        let wish = ReadWish::read(options, false)?;
        let (width, height) = (side(width, "image.width")?, side(height, "image.height")?);
        let codes = read_still(&mut self.0, &pixels.to_vec(), width, height, wish)?;
        Ok(codes_to_js(&codes))
    }

    /// Forgets what earlier pictures taught.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

/// The reader of the module worker: frame after frame of one look.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct WorkerReader(Rc<RefCell<LiveReader>>);

#[wasm_bindgen]
impl WorkerReader {
    /// A reader that has seen nothing.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A new look, at a part of the picture: left, top, width and height in shares of its sides; so many frames a
    /// second at most.
    pub fn look(&self, region: &[f64], most: f64) {
        let region = Region::of(region);
        self.0.borrow_mut().look(region, most, clock::exact_ms());
    }

    /// Whether a frame that comes now is to be read.
    #[must_use]
    pub fn takes(&self) -> bool {
        self.0.borrow_mut().takes(clock::exact_ms())
    }

    /// Reads a `VideoFrame`, and closes it. One that can't be copied is refused and left open.
    #[wasm_bindgen(js_name = readFrame)]
    #[must_use]
    pub fn read_frame(&self, frame: VideoFrame) -> CodesPromise {
        let live = Rc::clone(&self.0);
        promise(async move {
            let began_ms = clock::exact_ms();
            let pixels = live.borrow_mut().take_pixels();
            let copied = copy_out(&frame, pixels).await?;
            let codes = live.borrow_mut().read_copied(copied, began_ms);
            Ok(codes_to_js(&codes).into())
        })
        .unchecked_into()
    }

    /// Reads pixels that somebody drew: RGBA, in tight rows.
    #[wasm_bindgen(js_name = readPixels)]
    #[must_use]
    pub fn read_pixels(&self, buffer: &js_sys::ArrayBuffer, width: u32, height: u32) -> JsCodes {
        let size = (width as usize, height as usize);
        let pixels = Uint8Array::new(buffer);
        let began_ms = clock::exact_ms();
        let codes = self.0.borrow_mut().read_pixels(&pixels, size, began_ms);
        codes_to_js(&codes)
    }

    /// What would help, while nothing is read.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = self.0.borrow().hint()?;
        Some(hint.as_str().to_owned())
    }
}
