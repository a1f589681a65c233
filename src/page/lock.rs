//! One owner per sale among the tabs of a browser, by Web Locks. The lock of a killed tab is free at once.

use js_sys::futures::JsFuture;

use super::browser::{self, Held};

/// The result of a request for a lock.
#[derive(Debug)]
pub enum LockResult {
    /// This till holds it until it is dropped.
    Acquired(Lock),
    /// Another tab, or another charge of this one, holds it.
    Taken,
}

/// A lock of this till. Dropping it releases it soon.
#[derive(Debug)]
pub struct Lock(Held);

impl Lock {
    /// Releases it, and waits until the browser has done so: the next request finds it free.
    pub async fn free(self) {
        let freed = self.0.freed();
        drop(self);
        let _ = JsFuture::from(freed).await;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.free();
    }
}

/// Requests a lock without waiting for it. A browser without locks grants every one: the backend refuses a second
/// charge.
pub async fn request(name: &str) -> LockResult {
    // If the caller was dropped, the lock is dropped here, and released as soon as it is granted.
    let lock = Lock(browser::lock(name));
    match JsFuture::from(lock.0.ours()).await {
        Ok(ours) if ours.is_falsy() => LockResult::Taken,
        Ok(_) | Err(_) => LockResult::Acquired(lock),
    }
}
