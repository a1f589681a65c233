//! The JS API: every export of the till's Wasm module, each a few lines that translate and delegate.
//!
//! The code reader is a module of its own (`src/reader/wasm`), which a page loads at its first scan.
//!
//! Developers import the npm package's facade (`pkg/index.js`), which wraps these exports. [`abi_version`] checks that
//! both are of one version. Asynchronous exports are plain functions that return a `Promise`: an `async fn` of a class
//! would borrow it across JavaScript's `free()`.

pub mod page;
mod raw_till;
pub mod types;

pub use raw_till::RawTill;

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use types::code::{CodeInfo, JsCodeInfo};
use types::error::Fail;
use types::given::{self, wrong};
use types::to_js;

/// Every till downloads its code, so it is the allocator with the least of it
/// (docs/decisions/0024-two-modules.md).
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

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

fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    // Boxed, so that the code that makes a promise of a future is in the module once, and not for each export.
    let future: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(future);
    js_sys::futures::future_to_promise(future)
}

/// An argument that is text.
fn a_string(value: &JsValue, name: &str) -> Result<String, Fail> {
    given::text(value).ok_or_else(|| wrong(name, "a string"))
}
