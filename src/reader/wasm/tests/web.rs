//! Does the reader's module read what a real browser draws?
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test says where it stopped")]

use js_sys::{Array, Reflect, Uint8Array};
use kaunter_reader_wasm::Reader;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::ImageBitmap;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_still_picture_is_read_and_rubbish_is_refused() {
    // A code, drawn as an SVG picture that the browser itself rasterises.
    let rows = QR.lines().map(str::trim).filter(|row| !row.is_empty());
    let squares: String = rows
        .enumerate()
        .flat_map(|(y, row)| {
            row.bytes()
                .enumerate()
                .filter(|(_, dark)| *dark == b'#')
                .map(move |(x, _)| {
                    format!(
                        "<rect x='{}' y='{}' width='1.02' height='1.02'/>",
                        x + 4,
                        y + 4
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='290' height='290' viewBox='0 0 29 29'><rect width='29' height='29' fill='#fff'/>{squares}</svg>"
    );
    let canvas = js_sys::Function::new_with_args(
        "svg",
        "return (async () => { const image = new Image(); image.src = 'data:image/svg+xml,' + encodeURIComponent(svg); await image.decode(); return createImageBitmap(image); })()",
    );
    let bitmap = js_sys::futures::JsFuture::from(
        canvas
            .call1(&JsValue::UNDEFINED, &svg.into())
            .unwrap()
            .unchecked_into::<js_sys::Promise>(),
    )
    .await
    .unwrap();
    let bitmap: ImageBitmap = bitmap.unchecked_into();
    let mut reader = Reader::new();
    let codes: Array = reader
        .read_bitmap(&bitmap, 1, true)
        .unwrap()
        .unchecked_into();
    let text = Reflect::get(&codes.get(0), &"text".into()).unwrap();
    assert_eq!(text.as_string().unwrap(), "KAUNTER");

    // The bitmap was closed, so the browser draws nothing of it.
    assert!(reader.read_bitmap(&bitmap, 1, true).is_err());
    let rubbish = Uint8Array::new_with_length(7);
    assert!(reader.read(&rubbish, 3, 3, 1, true).is_none());
}

/// "KAUNTER" as a version 1 code.
const QR: &str = include_str!("../../../../tests/corpus/kaunter.txt");
