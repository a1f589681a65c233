//! Everything that touches the browser: camera, worker, network, journal, timers.
//!
//! Every resource is a value whose drop releases it. Nothing here decides about money: the machine in
//! [`kaunter_core::till`] says what to do next, and the driver does it.

use std::future::Future;
use std::pin::Pin;

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;

use crate::types::given::Callback;

pub mod announcer;
pub mod backend;
mod browser;
pub mod camera;
pub mod clock;
mod display;
mod driver;
pub mod eye;
pub mod frames;
mod identity;
pub mod journal;
pub mod lock;
pub mod news;
pub mod reader;
pub mod signal;
pub mod till;

/// Runs a future in the background. Boxed, so that its executor is in the module once, and not for each future.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    js_sys::futures::spawn_local(future);
}

/// Calls a caller's function. Returns a promise of its result or its error.
pub(crate) fn ask(callback: &Callback, given: &[&JsValue]) -> Promise {
    browser::ask(
        &callback.function,
        &callback.this,
        &given.iter().copied().collect::<Array>(),
    )
}

/// 128 random bits in lower-case hex: a trade's key, or a call's trace id. Every supported browser has randomness.
#[must_use]
pub fn random_hex() -> String {
    browser::random_hex()
}
