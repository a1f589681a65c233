//! What a connection is doing, and since when.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;

use crate::limits::{CLOSING_WAIT, HEAD_WAIT, IDLE_WAIT, WRITE_WAIT};

/// A connection's place among those that are open.
pub(super) struct Seat {
    pub(super) id: u64,
    pub(super) address: IpAddr,
    now: Mutex<Now>,
    leave: Notify,
}

struct Now {
    does: Does,
    since: Instant,
    /// A call was answered on it.
    has_called: bool,
    /// Since when nobody reads what is written.
    stuck: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Nothing is heard of it.
    Idle,
    /// Something of a request has come, and not all of its headers.
    Heads,
    /// A call is answered.
    Calls,
    /// It was let go.
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

    /// Something was read of it.
    pub(super) fn heard(&self) {
        let mut now = self.lock();
        if now.does == Does::Idle {
            now.turn(Does::Heads);
        }
    }

    /// What was to be written is, or waits for somebody to read.
    pub(super) fn wrote(&self, waits: bool) {
        let mut now = self.lock();
        now.stuck = waits.then(|| now.stuck.unwrap_or_else(Instant::now));
    }

    /// A call begins; none where the connection was let go.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Call> {
        let mut now = self.lock();
        if now.does == Does::Leaves {
            return None;
        }
        now.turn(Does::Calls);
        Some(Call(Arc::clone(self)))
    }

    /// True where it has no call under way, and is let go.
    pub(super) fn leave(&self) -> bool {
        let mut now = self.lock();
        if now.waits() {
            now.turn(Does::Leaves);
            self.leave.notify_one();
            return true;
        }
        false
    }

    /// It took too long; not where it has just begun a call.
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

    /// Since when it waits without a call; who never made one is the first.
    pub(super) fn waits_since(&self) -> Option<(bool, Instant)> {
        let now = self.lock();
        now.waits().then_some((now.has_called, now.since))
    }

    /// It has had its time.
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

/// A call under way, until its answer is written.
pub(super) struct Call(Arc<Seat>);

impl Drop for Call {
    fn drop(&mut self) {
        let mut now = self.0.lock();
        now.has_called = true;
        now.turn(Does::Idle);
    }
}
