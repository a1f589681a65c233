//! What touches the browser, and nothing else does: camera, worker, network, journal, timers.
//!
//! Every resource is a value whose drop releases it. Nothing here decides about money: the machine in
//! [`kaunter_core::till`] says what to do next, the driver does it.

use std::future::Future;
use std::pin::Pin;

use wasm_bindgen::JsCast;

pub mod backend;
pub mod camera;
pub mod clock;
pub mod day;
pub mod decoder;
mod display;
mod driver;
pub mod eye;
pub mod frames;
pub mod journal;
pub mod lock;
pub mod news;
pub mod pace;
pub mod reader;
pub mod signal;
pub mod still;
pub mod till;
pub mod voice;

/// Runs a future beside whatever runs. Boxed, so that what runs it is in the module once, and not for each future.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    js_sys::futures::spawn_local(future);
}

/// 128 random bits in lower-case hex: an attempt's key, a call's trace.
///
/// # Panics
/// Where the browser has no randomness; every browser that runs this has.
#[must_use]
pub fn random_hex() -> String {
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into())
        .expect("every browser of ours has crypto");
    let mut bytes = [0; 16];
    crypto
        .unchecked_into::<web_sys::Crypto>()
        .get_random_values_with_u8_array(&mut bytes)
        .expect("16 bytes are below the browser's limit");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
