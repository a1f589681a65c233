//! What touches the browser, and nothing else does: camera, worker, network, journal, timers.
//!
//! Every resource is a value whose drop releases it. Nothing here decides about money: the machine in
//! [`kaunter_core::till`] says what to do next, the driver does it.

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
pub mod day;
mod display;
mod driver;
pub mod eye;
pub mod frames;
pub mod journal;
pub mod lock;
pub mod news;
pub mod reader;
pub mod signal;
pub mod till;

/// Runs a future beside whatever runs. Boxed, so that what runs it is in the module once, and not for each future.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    js_sys::futures::spawn_local(future);
}

/// Calls a caller's function: a promise of what it gives, or throws.
pub(crate) fn ask(callback: &Callback, given: &[&JsValue]) -> Promise {
    browser::ask(
        &callback.function,
        &callback.this,
        &given.iter().copied().collect::<Array>(),
    )
}

/// 128 random bits in lower-case hex: a trade's key, a call's trace. Every browser that runs this has randomness.
#[must_use]
pub fn random_hex() -> String {
    browser::random_hex()
}
