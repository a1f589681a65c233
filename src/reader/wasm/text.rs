//! Decodes a code's text with `TextDecoder`, which browsers and Node have.

use kaunter_reader::{Found, Text};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/text.js")]
extern "C" {
    /// Throws if the browser does not know the character set, or the bytes are not valid.
    #[wasm_bindgen(catch, js_name = textIn)]
    fn text_in(encoding: &str, bytes: &[u8]) -> Result<String, JsValue>;
}

/// What a code says.
pub(crate) fn text_of(found: &Found) -> Text {
    found.text_by(&|encoding, bytes| text_in(encoding, bytes).ok())
}
