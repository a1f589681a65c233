//! Reads still pictures: a caller's pixels, or a bitmap that the browser draws.

use js_sys::Uint8Array;
use kaunter_reader::{Effort, Found, Luma, Reader, add_luma_from_rgba, luma_from_rgba};
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

/// The pixels of a canvas that every browser draws: Safari
/// [has no larger ones](https://pqina.nl/blog/canvas-area-exceeds-the-maximum-limit/).
/// Phones make photos of 50 megapixels, and no code needs that.
const MAX_AREA: f64 = 4_096.0 * 4_096.0;
/// The longest side of a canvas that every browser draws: Firefox has no longer ones.
const MAX_SIDE: f64 = 32_767.0;
/// The bytes that are copied and converted at a time. Larger ones leave the cache; smaller ones are more calls.
const STRIPE: usize = 1 << 16;
/// What is behind a transparent picture: first white as a page is, then black as a page in dark mode is.
const GROUNDS: [u8; 2] = [255, 0];

/// All codes in a picture of RGBA or luma; the length says which. `None` if it is neither.
pub(crate) fn read(
    reader: &mut Reader,
    pixels: &[u8],
    size: (u32, u32),
    effort: Effort,
    max: usize,
) -> Option<Vec<Found>> {
    let size = (size.0 as usize, size.1 as usize);
    let area = size.0.checked_mul(size.1)?;
    let mut read = |luma: &[u8]| {
        let luma = Luma::new(luma, size.0, size.1, size.0).ok()?;
        Some(reader.read(&luma, effort, max))
    };
    if pixels.len() == area {
        read(pixels)
    } else if Some(pixels.len()) != area.checked_mul(4) {
        None
    } else {
        let mut grey = Vec::new();
        if add_luma_from_rgba(pixels, &mut grey) {
            return read(&grey);
        }
        let [light, dark] = GROUNDS;
        let found = read(&luma_upon(pixels, light))?;
        if found.is_empty() {
            return read(&luma_upon(pixels, dark));
        }
        Some(found)
    }
}

/// The grey pixels of a browser's opaque RGBA picture; `None` if some pixel is transparent.
///
/// It copies one stripe after the other, because a stripe stays in the processor's cache and a picture does not.
pub(crate) fn opaque_grey(rgba: &Uint8Array) -> Option<Vec<u8>> {
    let mut grey = Vec::with_capacity(rgba.length() as usize / 4);
    for from in (0..rgba.length()).step_by(STRIPE) {
        let to = rgba.length().min(from + STRIPE as u32);
        let stripe = rgba.subarray(from, to).to_vec();
        if !add_luma_from_rgba(&stripe, &mut grey) {
            return None;
        }
    }
    Some(grey)
}

/// Converts an RGBA picture to grey, as it looks upon a ground of this grey.
fn luma_upon(rgba: &[u8], ground: u8) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let mut luma = luma_from_rgba(rgba);
    for (grey, [.., alpha]) in luma.iter_mut().zip(pixels) {
        let (own, behind) = (u32::from(*alpha), u32::from(u8::MAX - alpha));
        let mixed = u32::from(*grey) * own + u32::from(ground) * behind;
        *grey = (mixed / u32::from(u8::MAX)) as u8;
    }
    luma
}

/// Draws a bitmap, no larger than [`MAX_AREA`] and [`MAX_SIDE`], and closes it: its RGBA and its size.
///
/// The bound is an area, because a long screenshot has a small one.
pub(crate) fn draw(bitmap: &ImageBitmap) -> Result<(Vec<u8>, (u32, u32)), JsValue> {
    let (width, height) = (f64::from(bitmap.width()), f64::from(bitmap.height()));
    let by_area = (MAX_AREA / (width * height).max(1.0)).sqrt();
    let by_side = MAX_SIDE / width.max(height).max(1.0);
    let scale = by_area.min(by_side).min(1.0);
    let side = |length: f64| ((length * scale) as u32).max(1);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says where it stopped")]
    use super::*;

    /// "KAUNTER" as a version 1 code.
    const QR: &str = include_str!("../../../tests/corpus/kaunter.txt");
    const SIDE: usize = 29 * 4;

    /// The code with its margin, at four pixels a module: a colour for dark and one for light.
    fn drawn(dark: [u8; 4], light: [u8; 4]) -> Vec<u8> {
        let rows: Vec<&[u8]> = QR
            .lines()
            .map(|row| row.trim().as_bytes())
            .filter(|row| !row.is_empty())
            .collect();
        let is_dark = |x: usize, y: usize| {
            let row = (y / 4).checked_sub(4).and_then(|y| rows.get(y));
            row.and_then(|row| row.get((x / 4).checked_sub(4)?)) == Some(&b'#')
        };
        let pixels = (0..SIDE * SIDE).map(|at| (at % SIDE, at / SIDE));
        let pixels = pixels.map(|(x, y)| if is_dark(x, y) { dark } else { light });
        pixels.flatten().collect()
    }

    #[test]
    fn a_transparent_pixel_shows_the_ground_and_an_opaque_one_itself() {
        let rgba = [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 102];
        let own = luma_from_rgba(&rgba);
        assert_eq!(luma_upon(&rgba, 255), [own[0], own[1], 255, 153]);
        assert_eq!(luma_upon(&rgba, 0), [own[0], own[1], 0, 0]);
    }

    #[test]
    fn a_code_upon_a_transparent_ground_is_read_whatever_its_colour() {
        let clear = [0, 0, 0, 0];
        for (dark, light) in [
            ([0, 0, 0, 255], clear),
            ([20, 30, 120, 255], clear),
            ([0, 0, 0, 200], clear),
            ([0, 0, 0, 255], [0, 0, 0, 90]),
            (clear, [255, 255, 255, 255]),
            ([255, 255, 255, 255], clear),
            ([0, 0, 0, 255], [255, 255, 255, 255]),
        ] {
            for effort in [Effort::Live, Effort::Still] {
                let pixels = drawn(dark, light);
                let size = (SIDE as u32, SIDE as u32);
                let found = read(&mut Reader::new(), &pixels, size, effort, 1).unwrap();
                let texts: Vec<&str> = found.iter().map(|found| &*found.text).collect();
                assert_eq!(texts, ["KAUNTER"], "{dark:?} upon {light:?}, {effort:?}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_picture_are_refused() {
        let read = |pixels: &[u8], size| {
            read(&mut Reader::new(), pixels, size, Effort::Live, 1).map(|found| found.len())
        };
        assert_eq!(read(&[255; 400], (10, 10)), Some(0));
        for length in [0, 99, 101, 399, 401] {
            assert_eq!(read(&vec![0; length], (10, 10)), None, "{length} bytes");
        }
        assert_eq!(read(&[], (0, 0)), None);
        assert_eq!(read(&[], (u32::MAX, u32::MAX)), None);
    }
}
