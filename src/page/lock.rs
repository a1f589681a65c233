//! One owner per sale across the tabs of a browser: Web Locks. A killed tab's lock is free at once.

use js_sys::futures::JsFuture;

use super::browser::{self, Held};

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Asked {
    /// It is ours until dropped.
    Ours(Lock),
    /// Another tab, or another charge of this one, holds it.
    Taken,
}

/// A lock of ours; dropped, it is free soon.
#[derive(Debug)]
pub struct Lock(Held);

impl Lock {
    /// Lets go, and waits until the browser says so: who asks next finds it free.
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

/// Asks for a lock without waiting for it. A browser that has no locks gives every one: the backend stands behind them.
pub async fn ask(name: &str) -> Asked {
    // Nobody waits any more: then it is dropped here, and free as soon as it is ours.
    let lock = Lock(browser::lock(name));
    match JsFuture::from(lock.0.ours()).await {
        Ok(ours) if ours.is_falsy() => Asked::Taken,
        Ok(_) | Err(_) => Asked::Ours(lock),
    }
}
