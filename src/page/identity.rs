//! The identity of this device: random, and the same for every page of this browser and this origin.
//!
//! It is no secret. It tells the backend two devices apart that work under one terminal's name.

use kaunter_core::terminal::is_device;

use super::camera::choice::storage;
use super::random_hex;

const KEY: &str = "kaunter|device";

/// The stored identity. A browser that stores nothing has another one for each page.
pub(super) fn device() -> String {
    let storage = storage();
    let kept = storage.as_ref().and_then(|all| all.get_item(KEY).ok()?);
    kept.filter(|kept| is_device(kept)).unwrap_or_else(|| {
        let fresh = random_hex();
        if let Some(storage) = &storage {
            let _ = storage.set_item(KEY, &fresh);
        }
        fresh
    })
}
