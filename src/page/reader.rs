//! The reader at the boundary: pixels and frames of JavaScript in, codes out.

use js_sys::{Promise, Reflect, Uint8Array};
use kaunter_core::error::ErrorCode;
use kaunter_core::scan::{Effort, Gate, Luma, Reader, luma_from_rgba};
use wasm_bindgen::prelude::*;

use crate::types::code::DecodedCode;
use crate::types::error::Fail;
use crate::types::options::ReadWish;

/// More codes than a counter shows at once.
const MAX_LIVE: usize = 4;

#[wasm_bindgen]
extern "C" {
    /// A `VideoFrame`, as a worker sees it: web-sys wants a slice of ours for its copy, and a copy that ends later must
    /// not write into memory that has moved.
    #[derive(Debug)]
    pub type VideoFrame;

    #[wasm_bindgen(method, getter)]
    fn format(this: &VideoFrame) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = visibleRect)]
    fn visible_rect(this: &VideoFrame) -> JsValue;
    #[wasm_bindgen(method, catch, js_name = allocationSize)]
    fn allocation_size(this: &VideoFrame) -> Result<u32, JsValue>;
    #[wasm_bindgen(method, catch, js_name = copyTo)]
    fn copy_to(this: &VideoFrame, buffer: &Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn close(this: &VideoFrame);
}

/// Reads a still picture: RGBA or luma, told apart by the length.
///
/// # Errors
/// `image/unsupported` where the bytes are neither.
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

/// Reads frame after frame of one scan.
#[derive(Debug, Default)]
pub struct LiveReader {
    reader: Reader,
    gate: Gate,
}

impl LiveReader {
    /// A reader that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A new scan.
    pub fn reset(&mut self) {
        self.reader.reset();
        self.gate = Gate::new();
    }

    /// Reads RGBA. What is no picture holds no code.
    pub fn read_rgba(&mut self, pixels: &[u8], width: u32, height: u32) -> Vec<DecodedCode> {
        let grey = luma_from_rgba(pixels);
        self.read_luma(&grey, width, height, width)
    }

    fn read_luma(
        &mut self,
        pixels: &[u8],
        width: u32,
        height: u32,
        stride: u32,
    ) -> Vec<DecodedCode> {
        let luma = Luma::new(pixels, width as usize, height as usize, stride as usize);
        let found = luma.map(|luma| self.reader.read(&luma, Effort::Live, MAX_LIVE));
        let passed = self.gate.pass(found.unwrap_or_default());
        passed.into_iter().map(DecodedCode::from).collect()
    }
}

/// A frame in the browser's hands; closed when dropped: Chrome gives no more after a few that are open.
struct Held(VideoFrame);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The pixels of a frame that was copied out of the browser.
#[derive(Debug)]
pub struct Copied {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
    stride: u32,
    grey: bool,
}

/// Copies a frame out: only its plane of light where the format has one.
///
/// # Errors
/// What the browser threw, or that the format is none that is known.
pub async fn copy_out(frame: VideoFrame, buffer: Uint8Array) -> Result<Copied, JsValue> {
    let frame = Held(frame);
    let number = |object: &JsValue, name: &str| {
        let value = Reflect::get(object, &name.into()).ok();
        value
            .and_then(|value| value.as_f64())
            .map(|value| value as u32)
    };
    let unknown = || JsValue::from_str("a frame of an unknown format");
    let grey = match frame.0.format().as_deref() {
        Some("I420" | "I420A" | "I422" | "I444" | "NV12") => true,
        Some("RGBA" | "RGBX" | "BGRA" | "BGRX") => false,
        Some(_) | None => return Err(unknown()),
    };
    let rect = frame.0.visible_rect();
    let size = number(&rect, "width").zip(number(&rect, "height"));
    let (width, height) = size.ok_or_else(unknown)?;
    let needed = frame.0.allocation_size()?;
    let buffer = if buffer.length() < needed {
        Uint8Array::new_with_length(needed)
    } else {
        buffer
    };
    let layouts = js_sys::futures::JsFuture::from(frame.0.copy_to(&buffer)?).await?;
    let first = Reflect::get_u32(&layouts, 0)?;
    let place = number(&first, "offset").zip(number(&first, "stride"));
    let (offset, stride) = place.ok_or_else(unknown)?;
    let end = (offset + stride.saturating_mul(height)).min(buffer.length());
    Ok(Copied {
        bytes: buffer.subarray(offset, end).to_vec(),
        width,
        height,
        stride,
        grey,
    })
}

impl LiveReader {
    /// Reads a frame that was copied out.
    pub fn read_copied(&mut self, copied: &Copied) -> Vec<DecodedCode> {
        let Copied {
            bytes,
            width,
            height,
            stride,
            grey,
        } = copied;
        if *grey {
            self.read_luma(bytes, *width, *height, *stride)
        } else {
            self.read_luma(&luma_from_rgba(bytes), *width, *height, *stride / 4)
        }
    }

    /// Reads pixels that the page drew: RGBA or luma, rows `stride` bytes apart.
    pub fn read_pixels(
        &mut self,
        pixels: &[u8],
        width: u32,
        height: u32,
        stride: u32,
        rgba: bool,
    ) -> Vec<DecodedCode> {
        if rgba {
            self.read_luma(&luma_from_rgba(pixels), width, height, stride / 4)
        } else {
            self.read_luma(pixels, width, height, stride)
        }
    }
}
