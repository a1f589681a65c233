//! Copies a frame's pixels from the browser into the module's memory, without a JavaScript buffer between.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A `VideoFrame`. web-sys's `copyTo` takes a slice, and the copy ends later than a slice may live.
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

    /// The memory of the module.
    type Memory;
    #[wasm_bindgen(method, getter)]
    fn buffer(this: &Memory) -> JsValue;
}

/// The pixels of a frame that was copied out of the browser.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) pixels: Vec<u8>,
    /// The offset of the first plane.
    pub(crate) offset: usize,
    /// Width and height, in pixels.
    pub(crate) size: (usize, usize),
    /// Bytes from the start of one row to the next.
    pub(crate) stride: usize,
    /// One or four bytes per pixel.
    pub(crate) grey: bool,
}

/// Copies a frame into `pixels` and closes it, because
/// [a browser has few frames](https://www.w3.org/TR/webcodecs/#dom-videoframe-close) and gives no more while they are
/// open. The first plane of I420, NV12 and the formats like them is the grey picture.
///
/// # Errors
/// What the browser threw, or that the format is not known. The frame stays open then, and can still be drawn.
pub(crate) async fn copy_out(frame: &VideoFrame, mut pixels: Vec<u8>) -> Result<Copied, JsValue> {
    let unknown = || JsValue::from_str("a frame of an unknown format");
    let grey = match frame.format().as_deref() {
        Some("I420" | "I420A" | "I422" | "I422A" | "I444" | "I444A" | "NV12") => true,
        Some("RGBA" | "RGBX" | "BGRA" | "BGRX") => false,
        Some(_) | None => return Err(unknown()),
    };
    let rect = frame.visible_rect();
    let size = number(&rect, "width").zip(number(&rect, "height"));
    let size = size.ok_or_else(unknown)?;
    pixels.resize(frame.allocation_size()? as usize, 0);
    let view = view_of(&mut pixels);
    let copied = js_sys::futures::JsFuture::from(frame.copy_to(&view)?).await;
    let layouts = copied?;
    if view.length() as usize != pixels.len() {
        // The memory grew during the copy, so the browser wrote into a detached buffer.
        return Err(JsValue::from_str("the memory has moved"));
    }
    frame.close();
    let first = Reflect::get_u32(&layouts, 0)?;
    let place = number(&first, "offset").zip(number(&first, "stride"));
    let (offset, stride) = place.ok_or_else(unknown)?;
    Ok(Copied {
        pixels,
        offset,
        size,
        stride,
        grey,
    })
}

/// A JavaScript view of a vector's bytes. Made for each frame, because a view is detached when the memory grows.
fn view_of(pixels: &mut [u8]) -> Uint8Array {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let (start, length) = (pixels.as_mut_ptr() as usize, pixels.len());
    // An address of this module has 32 bits.
    Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), start as u32, length as u32)
}

fn number(object: &JsValue, name: &str) -> Option<usize> {
    let value = Reflect::get(object, &name.into()).ok()?.as_f64()?;
    Some(value as usize)
}
