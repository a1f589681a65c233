//! The state of a connection, and since when.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;

use crate::limits::{CLOSING_WAIT, HEAD_WAIT, IDLE_WAIT, WRITE_WAIT};

/// One of the limited number of open connections.
pub(super) struct Seat {
    pub(super) id: u64,
    pub(super) address: IpAddr,
    now: Mutex<Now>,
    leave: Notify,
}

struct Now {
    does: Does,
    since: Instant,
    /// True once a call was answered on it.
    has_called: bool,
    /// Since when written data waits for the caller to read it.
    stuck: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// No request has begun.
    Idle,
    /// A part of the headers has arrived.
    Heads,
    /// A call is in progress.
    Calls,
    /// It was closed.
    Leaves,
}

impl Seat {
    pub(super) fn new(id: u64, address: IpAddr) -> Self {
        Self {
            id,
            address,
            now: Mutex::new(Now {
                does: Does::Idle,
                since: Instant::now(),
                has_called: false,
                stuck: None,
            }),
            leave: Notify::new(),
        }
    }

    /// Data was read from it.
    pub(super) fn heard(&self) {
        let mut now = self.lock();
        if now.does == Does::Idle {
            now.turn(Does::Heads);
        }
    }

    /// The data was written, or waits for the caller to read it.
    pub(super) fn wrote(&self, waits: bool) {
        let mut now = self.lock();
        now.stuck = waits.then(|| now.stuck.unwrap_or_else(Instant::now));
    }

    /// Begins a call. `None` if the connection was closed.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Call> {
        let mut now = self.lock();
        if now.does == Does::Leaves {
            return None;
        }
        now.turn(Does::Calls);
        Some(Call(Arc::clone(self)))
    }

    /// Closes it, if it has no call. True if it did.
    pub(super) fn leave(&self) -> bool {
        let mut now = self.lock();
        if now.waits() {
            now.turn(Does::Leaves);
            self.leave.notify_one();
            return true;
        }
        false
    }

    /// Closes it, if it was too slow. False if it has just begun a call.
    pub(super) fn end(&self) {
        let is_stuck = self.lock().is_stuck();
        if is_stuck {
            self.leave.notify_one();
        } else {
            self.leave();
        }
    }

    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Since when it has had no call. Connections that never had one come first.
    pub(super) fn waits_since(&self) -> Option<(bool, Instant)> {
        let now = self.lock();
        now.waits().then_some((now.has_called, now.since))
    }

    /// True if its time is up.
    pub(super) fn is_late(&self, closing: bool) -> bool {
        let now = self.lock();
        let most = match now.does {
            Does::Calls | Does::Leaves => return now.is_stuck(),
            Does::Idle | Does::Heads if closing => CLOSING_WAIT,
            Does::Idle if now.has_called => IDLE_WAIT,
            Does::Idle | Does::Heads => HEAD_WAIT,
        };
        now.is_stuck() || now.since.elapsed() > most
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().expect("nobody panics while holding it")
    }
}

impl Now {
    fn turn(&mut self, does: Does) {
        self.does = does;
        self.since = Instant::now();
    }

    fn waits(&self) -> bool {
        matches!(self.does, Does::Idle | Does::Heads) && self.stuck.is_none()
    }

    fn is_stuck(&self) -> bool {
        self.stuck.is_some_and(|since| since.elapsed() > WRITE_WAIT)
    }
}

/// A call in progress, until its answer is written.
pub(super) struct Call(Arc<Seat>);

impl Drop for Call {
    fn drop(&mut self) {
        let mut now = self.0.lock();
        now.has_called = true;
        now.turn(Does::Idle);
    }
}
