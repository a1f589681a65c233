//! Every shape that JavaScript sees, its TypeScript beside it, and the conversions from and to core.
//!
//! Answers are plain objects in camelCase, with `null` for what is not there. Nothing here acts.

pub mod camera;
pub mod code;
pub mod error;
pub mod event;
pub mod given;
pub mod money;
pub mod options;
pub mod outcome;
pub mod read;
pub mod reason;
pub mod sale;
pub mod session;
pub mod tender;
pub mod trade;
pub mod verdict;
pub mod wallet;

pub use serde::Serialize;
use wasm_bindgen::JsValue;

/// A plain object of JavaScript: `null` for `None`, `Uint8Array` for bytes.
///
/// # Panics
/// Never with the shapes of this module: all of them are trees of strings, numbers and bytes.
#[must_use]
pub fn to_js<T: Serialize>(value: &T) -> JsValue {
    value
        .serialize(&serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true))
        .expect("shapes hold only strings, safe numbers and bytes")
}
