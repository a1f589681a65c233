//! The identity of this device: random, and the same for every page of this browser and this origin.
//!
//! The journal's database has it, because two tabs that start together must store one identity. `localStorage` has a copy
//! for a browser whose database does not answer: between tabs, it is not exact
//! ([decision 37](../../docs/decisions/0037-a-device-is-claimed-in-one-transaction.md)).
//!
//! It is no secret. It tells the backend two devices apart that work under one terminal's name.

use kaunter_core::terminal::is_device;

use super::camera::choice::storage;
use super::journal::Journal;
use super::random_hex;

const KEY: &str = "kaunter|device";

/// The stored identity. A browser that stores nothing has another one for each page.
pub(super) async fn device(journal: Option<&Journal>) -> String {
    let storage = storage();
    let kept = storage.as_ref().and_then(|all| all.get_item(KEY).ok()?);
    let copy = kept
        .filter(|kept| is_device(kept))
        .unwrap_or_else(random_hex);
    let claimed = match journal {
        Some(journal) => journal.claim_device(&copy).await,
        None => None,
    };
    let device = claimed.filter(|device| is_device(device)).unwrap_or(copy);
    if let Some(storage) = &storage {
        let _ = storage.set_item(KEY, &device);
    }
    device
}
