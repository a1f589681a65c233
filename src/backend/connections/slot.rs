//! The state of a connection, and since when.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;

use crate::limits::{CLOSING_WAIT, HEAD_WAIT, IDLE_WAIT, PAYMENT_WAIT, WRITE_WAIT};

/// One of the limited number of open connections.
pub(super) struct Slot {
    pub(super) id: u64,
    pub(super) address: IpAddr,
    activity: Mutex<Activity>,
    close: Notify,
}

struct Activity {
    phase: Phase,
    since: Instant,
    /// True once a call was answered on it.
    has_called: bool,
    /// When it last had a call about a payment that is open.
    paid_at: Option<Instant>,
    /// Since when written data waits for the caller to read it.
    write_pending_since: Option<Instant>,
}

/// What an idle connection was used for. The first one is closed first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Used {
    /// It never had a call.
    Never,
    /// It had a call.
    Once,
    /// It had a call about a payment in progress a short time ago.
    ForPayment,
}

/// A connection without a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Idle {
    pub(super) used: Used,
    pub(super) since: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request has begun.
    Idle,
    /// A part of the headers has arrived.
    ReadingHead,
    /// A call is in progress.
    InCall,
    /// It was closed.
    Closed,
}

impl Slot {
    pub(super) fn new(id: u64, address: IpAddr) -> Self {
        Self {
            id,
            address,
            activity: Mutex::new(Activity {
                phase: Phase::Idle,
                since: Instant::now(),
                has_called: false,
                paid_at: None,
                write_pending_since: None,
            }),
            close: Notify::new(),
        }
    }

    /// Data was read from it.
    pub(super) fn received(&self) {
        let mut activity = self.lock();
        if activity.phase == Phase::Idle {
            activity.enter(Phase::ReadingHead);
        }
    }

    /// Its TLS handshake is over: the time for the headers begins now.
    pub(super) fn handshaken(&self) {
        let mut activity = self.lock();
        if activity.phase != Phase::Closed {
            activity.enter(Phase::Idle);
        }
    }

    /// The data was written, or waits for the caller to read it.
    pub(super) fn wrote(&self, is_pending: bool) {
        let mut activity = self.lock();
        activity.write_pending_since =
            is_pending.then(|| activity.write_pending_since.unwrap_or_else(Instant::now));
    }

    /// Begins a call. `None` if the connection was closed.
    pub(super) fn begin(self: &Arc<Self>) -> Option<CallGuard> {
        let mut activity = self.lock();
        if activity.phase == Phase::Closed {
            return None;
        }
        activity.enter(Phase::InCall);
        Some(CallGuard(Arc::clone(self)))
    }

    /// Closes it, if it has no call. True if it did.
    pub(super) fn close_if_idle(&self) -> bool {
        let mut activity = self.lock();
        if activity.is_idle() {
            activity.enter(Phase::Closed);
            self.close.notify_one();
            return true;
        }
        false
    }

    /// Closes it because it was too slow, unless it has just begun a call.
    pub(super) fn close_if_late(&self) {
        let is_stuck = self.lock().is_stuck();
        if is_stuck {
            self.close.notify_one();
        } else {
            self.close_if_idle();
        }
    }

    pub(super) async fn close_requested(&self) {
        self.close.notified().await;
    }

    /// It had a call about a payment that is open.
    pub(super) fn pays(&self) {
        self.lock().paid_at = Some(Instant::now());
    }

    /// Since when it has had no call. `None` if it has one.
    pub(super) fn idle(&self) -> Option<Idle> {
        let activity = self.lock();
        let used = match activity.paid_at {
            Some(at) if at.elapsed() < PAYMENT_WAIT => Used::ForPayment,
            Some(_) | None if activity.has_called => Used::Once,
            Some(_) | None => Used::Never,
        };
        let since = activity.since;
        activity.is_idle().then_some(Idle { used, since })
    }

    /// True if its time is up.
    pub(super) fn is_late(&self, closing: bool) -> bool {
        let activity = self.lock();
        let most = match activity.phase {
            Phase::InCall | Phase::Closed => return activity.is_stuck(),
            Phase::Idle | Phase::ReadingHead if closing => CLOSING_WAIT,
            Phase::Idle if activity.has_called => IDLE_WAIT,
            Phase::Idle | Phase::ReadingHead => HEAD_WAIT,
        };
        activity.is_stuck() || activity.since.elapsed() > most
    }

    fn lock(&self) -> MutexGuard<'_, Activity> {
        self.activity
            .lock()
            .expect("nobody panics while holding it")
    }
}

impl Activity {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }

    fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle | Phase::ReadingHead) && self.write_pending_since.is_none()
    }

    fn is_stuck(&self) -> bool {
        self.write_pending_since
            .is_some_and(|since| since.elapsed() > WRITE_WAIT)
    }
}

/// A call in progress, until its answer is written.
pub(super) struct CallGuard(Arc<Slot>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        let mut activity = self.0.lock();
        activity.has_called = true;
        activity.enter(Phase::Idle);
    }
}
