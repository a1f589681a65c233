//! Reads still pictures: a caller's pixels, or a bitmap that the browser draws.

use kaunter_reader::{Effort, Found, Luma, Reader, luma_from_rgba};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

/// The largest side of a drawn photo, in pixels. Phones make photos of 50 megapixels, and no code needs that.
const MAX_SIDE: u32 = 4_096;

/// All codes in a picture of RGBA or luma; the length says which. `None` if it is neither.
pub(crate) fn read(
    reader: &mut Reader,
    pixels: &[u8],
    (width, height): (u32, u32),
    effort: Effort,
    max: usize,
) -> Option<Vec<Found>> {
    let (width, height) = (width as usize, height as usize);
    let area = width.checked_mul(height)?;
    let grey;
    let luma = if pixels.len() == area {
        pixels
    } else if Some(pixels.len()) == area.checked_mul(4) {
        grey = luma_from_rgba(pixels);
        &grey
    } else {
        return None;
    };
    let luma = Luma::new(luma, width, height, width).ok()?;
    Some(reader.read(&luma, effort, max))
}

/// Draws a bitmap, not larger than [`MAX_SIDE`], and closes it: its RGBA and its size.
pub(crate) fn draw(bitmap: &ImageBitmap) -> Result<(Vec<u8>, (u32, u32)), JsValue> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let scale = (f64::from(MAX_SIDE) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    let (width, height) = (side(width), side(height));
    let context = canvas(width, height)?;
    let (right, bottom) = (f64::from(width), f64::from(height));
    let drawn = context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, right, bottom);
    bitmap.close();
    drawn?;
    let image = context.get_image_data(0.0, 0.0, right, bottom)?;
    Ok((image.data().0, (width, height)))
}

fn canvas(width: u32, height: u32) -> Result<CanvasRenderingContext2d, JsValue> {
    let document = web_sys::window().and_then(|window| window.document());
    let document = document.ok_or_else(|| JsValue::from_str("no document"))?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d")?;
    let context = context.ok_or_else(|| JsValue::from_str("no canvas"))?;
    Ok(context.unchecked_into())
}
