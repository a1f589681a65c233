//! Bindings to `browser.js`: sequences of browser calls that are shorter in JavaScript. Each is one call or one promise
//! here.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, IdbDatabase};

#[wasm_bindgen(module = "/src/page/browser.js")]
extern "C" {
    /// The answer to a call.
    #[derive(Debug)]
    pub(super) type Answer;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn status(this: &Answer) -> u16;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn rest(this: &Answer) -> f64;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn pace(this: &Answer) -> f64;
    #[wasm_bindgen(method, getter, structural, js_name = type)]
    pub(super) fn kind(this: &Answer) -> String;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn body(this: &Answer) -> JsValue;

    /// Calls the caller's function, and gives a promise of its result or of its error.
    pub(super) fn ask(callback: &Function, this: &JsValue, given: &Array) -> Promise;

    /// A promise of an [`Answer`].
    pub(super) fn call(
        own: Option<&Function>,
        address: &str,
        method: &str,
        body: Option<&str>,
        token: &str,
        device: &str,
        trace: &str,
        signal: Option<&AbortSignal>,
    ) -> Promise;

    /// Watches whether the page's policy blocks a session at this address. `None` if others on the network could read
    /// the call; an error if it is no address. The function explains a call that was not made: its promise rejects with
    /// the origin that `connect-src` lacks, or gives the page's own if `/healthz` answers a page of another origin.
    #[wasm_bindgen(catch)]
    pub(super) fn watch(
        address: &str,
        own: Option<&Function>,
        signal: Option<&AbortSignal>,
    ) -> Result<Option<Function>, JsValue>;

    /// A lock that was requested.
    #[derive(Debug)]
    pub(super) type Held;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn ours(this: &Held) -> Promise;
    #[wasm_bindgen(method, getter, structural)]
    pub(super) fn freed(this: &Held) -> Promise;
    #[wasm_bindgen(method, structural)]
    pub(super) fn free(this: &Held);
    pub(super) fn lock(name: &str) -> Held;

    /// A promise of an `IDBDatabase`.
    #[wasm_bindgen(js_name = openDatabase)]
    pub(super) fn open_database(name: &str, version: u32, store: &str) -> Promise;
    #[wasm_bindgen(catch)]
    pub(super) fn rows(database: &IdbDatabase, store: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn write(
        database: &IdbDatabase,
        store: &str,
        gone: Option<&str>,
        row: &JsValue,
    ) -> Result<Promise, JsValue>;
    /// A promise of the stored row.
    pub(super) fn claim(database: &IdbDatabase, store: &str, row: &JsValue) -> Promise;
    pub(super) fn persist();

    #[wasm_bindgen(js_name = randomHex)]
    pub(super) fn random_hex() -> String;
    pub(super) fn hidden() -> bool;
    pub(super) fn online() -> bool;
    pub(super) fn report(error: &JsValue);
}
