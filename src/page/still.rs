//! A still picture: whatever the browser can draw, read with every pass.

use js_sys::futures::JsFuture;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use kaunter_core::error::ErrorCode;
use kaunter_reader::Reader;
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

use super::frames::{Canvas, Frame};
use super::reader::read_still;
use crate::types::code::{DecodedCode, JsImage};
use crate::types::error::Fail;
use crate::types::options::ReadWish;

/// A photo is drawn no larger than this: phones hand over fifty megapixels, and a code that needs them is none.
const LONGEST_SIDE: u32 = 4_096;

/// Reads a picture.
///
/// # Errors
/// `image_unsupported`: the browser can't draw it.
pub async fn decode(image: &JsImage, wish: ReadWish) -> Result<Vec<DecodedCode>, Fail> {
    let unsupported = |cause| Fail::new(ErrorCode::ImageUnsupported).caused_by(cause);
    let (pixels, width, height) = draw(image).await.map_err(unsupported)?;
    read_still(&mut Reader::new(), &pixels, width, height, wish)
}

async fn draw(image: &JsImage) -> Result<(Vec<u8>, u32, u32), JsValue> {
    let global = js_sys::global();
    let create: Function = Reflect::get(&global, &"createImageBitmap".into())?.dyn_into()?;
    let promise = create.call1(&global, image)?;
    let bitmap: ImageBitmap = JsFuture::from(Promise::resolve(&promise))
        .await?
        .dyn_into()?;
    let (width, height) = (bitmap.width(), bitmap.height());
    let scale = (f64::from(LONGEST_SIDE) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    let (width, height) = (side(width), side(height));
    let canvas = Canvas::new(width, height)?;
    let drawn = canvas.context().draw_image_with_image_bitmap_and_dw_and_dh(
        &bitmap,
        0.0,
        0.0,
        width.into(),
        height.into(),
    );
    bitmap.close();
    drawn?;
    match canvas.read()? {
        Frame::Pixels {
            buffer,
            width,
            height,
        } => Ok((Uint8Array::new(&buffer).to_vec(), width, height)),
        Frame::Video(_) => Err(JsValue::from_str("a canvas has pixels")),
    }
}
