//! Whether this process is the only one that works on the store. While it is, its memory is as good as the store, and a
//! look needs no statement.
//!
//! There are two locks, which the system releases when their holder ends. Each process holds the lock `process`: the
//! only one exclusively, several of them shared. A newcomer takes the lock `wish` first, shared, until it has `process`.
//! The only process sees the wish at its next look, a quarter of a second later, and shares `process` from then on. The
//! newcomer changes nothing before that. A process that
//! tries to become the only one holds `wish` exclusively meanwhile, so that no newcomer comes in between.
//!
//! In PostgreSQL, the locks are advisory locks of one connection. Beside a SQLite file, they are locks of two empty
//! files. Behind a pooler, no connection keeps a lock: such a process is never the only one. It leaves a row instead,
//! which it renews (`pooled_processes`).
//!
//! A process that loses its connection has lost its lock. It is not the only one from then on, and takes its place again
//! before its next change. No rule depends on this: each change is checked by its version in the store.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::locks::{Hold, Lock, Locks};
use crate::clock::wall_ms;
use crate::limits::{JOIN_PAUSE, JOIN_WAIT, SOLE_GRACE, SOLE_LEASE, SOLE_PAUSE};
use crate::metrics::METRICS;

/// A time in which this process is the only one. 0 stands for all other times.
pub(super) type Epoch = u64;

/// Where this process stands.
#[derive(Debug)]
pub(super) struct Standing {
    epoch: AtomicU64,
    epochs: AtomicU64,
    /// When the lock was held for certain, by both clocks: the monotonic one stops while the host sleeps.
    heard: Mutex<(Instant, u64)>,
    place: watch::Sender<Place>,
    stop: Arc<Notify>,
    /// [`SOLE_PAUSE`], or less in a test.
    pause: Mutex<Duration>,
}

/// Whether this process may change the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It has not asked for a place: it only reads, or makes the tables.
    None,
    /// It waits for its place, because it is new or has lost its lock.
    Waits,
    Has,
}

impl Standing {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: AtomicU64::new(0),
            epochs: AtomicU64::new(0),
            heard: Mutex::new((Instant::now(), wall_ms())),
            place: watch::Sender::new(Place::None),
            stop: Arc::default(),
            pause: Mutex::new(SOLE_PAUSE),
        })
    }

    /// The present time of being the only one; 0 if this process is not.
    pub(super) fn epoch(&self) -> Epoch {
        match self.epoch.load(Ordering::SeqCst) {
            0 => 0,
            epoch if self.was_heard_lately() => epoch,
            _ => 0,
        }
    }

    /// Looks at the locks more often.
    #[cfg(test)]
    pub(super) fn hurry(&self, pause: Duration) {
        *self.pause.lock().expect("nobody panics while holding it") = pause;
    }

    fn pause(&self) -> Duration {
        *self.pause.lock().expect("nobody panics while holding it")
    }

    fn was_heard_lately(&self) -> bool {
        let (at, wall) = *self.heard.lock().expect("nobody panics while holding it");
        at.elapsed() < SOLE_LEASE && Duration::from_millis(wall_ms().abs_diff(wall)) < SOLE_LEASE
    }

    fn hear(&self) {
        *self.heard.lock().expect("nobody panics while holding it") = (Instant::now(), wall_ms());
    }

    fn set_sole(&self, is_sole: bool) {
        let epoch = if is_sole {
            self.epochs.fetch_add(1, Ordering::SeqCst) + 1
        } else {
            0
        };
        self.epoch.store(epoch, Ordering::SeqCst);
        METRICS.sole(is_sole);
    }

    fn take(&self, place: Place) {
        self.place.send_replace(place);
    }

    /// Waits for this process's place before a change. If the store does not give it one for a while, the change is made
    /// all the same: its version is checked, and the other process learns of it at its own next change.
    pub(super) async fn entitled(&self) {
        let mut place = self.place.subscribe();
        let has = place.wait_for(|place| *place != Place::Waits);
        if tokio::time::timeout(JOIN_WAIT, has).await.is_err() {
            tracing::warn!(
                "another process of this store does not give way: its looks may be some seconds old"
            );
        }
    }

    /// Asks for a place on the store, and keeps it until the store is closed. Waits for it.
    pub(super) async fn join<O, F>(self: &Arc<Self>, open: O)
    where
        O: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = sqlx::Result<Locks>> + Send,
    {
        self.take(Place::Waits);
        let (standing, stop) = (Arc::downgrade(self), Arc::clone(&self.stop));
        tokio::spawn(async move {
            tokio::select! {
                () = stop.notified() => {}
                () = keep_place(standing, open) => {}
            }
        });
        self.entitled().await;
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        // The locks end with the task.
        self.stop.notify_one();
    }
}

/// Takes a place, keeps it, and takes it again after the locks were lost.
async fn keep_place<O, F>(standing: Weak<Standing>, open: O)
where
    O: Fn() -> F + Send + Sync,
    F: Future<Output = sqlx::Result<Locks>> + Send,
{
    while standing.strong_count() > 0 {
        let opened = tokio::time::timeout(SOLE_LEASE, open()).await;
        if let Ok(Ok(locks)) = opened {
            let mut seat = Seat::new(locks);
            while let Some(pause) = seat.round(&standing).await {
                let longest = standing.upgrade().map_or(Duration::ZERO, |own| own.pause());
                tokio::time::sleep(pause.min(longest)).await;
            }
        }
        let Some(standing) = standing.upgrade() else {
            return;
        };
        standing.set_sole(false);
        standing.take(Place::Waits);
        drop(standing);
        tokio::time::sleep(SOLE_PAUSE).await;
    }
}

/// The locks of this process.
struct Seat {
    locks: Locks,
    process: Hold,
    is_wishing: bool,
    /// When it got `process` exclusively. A process that has lost its connection may still be storing a change then.
    alone_since: Option<Instant>,
}

impl Seat {
    fn new(locks: Locks) -> Self {
        Self {
            locks,
            process: Hold::None,
            is_wishing: false,
            alone_since: None,
        }
    }

    /// One look at the locks. The pause until the next one, or `None` if the locks are lost.
    async fn round(&mut self, standing: &Weak<Standing>) -> Option<Duration> {
        let step = tokio::time::timeout(SOLE_LEASE, self.step(standing));
        match step.await {
            Ok(Ok(pause)) => Some(pause),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lock of this process was lost: it is taken again");
                None
            }
            Err(_) => None,
        }
    }

    async fn step(&mut self, standing: &Weak<Standing>) -> sqlx::Result<Duration> {
        match self.process {
            Hold::None => {
                if !self.join().await? {
                    return Ok(JOIN_PAUSE);
                }
                if let Some(standing) = standing.upgrade() {
                    standing.take(Place::Has);
                }
                // Alone in most cases: no pause.
                Ok(Duration::ZERO)
            }
            Hold::Shared => {
                if self.rise().await? {
                    self.alone_since = Some(Instant::now());
                }
                Ok(SOLE_PAUSE)
            }
            Hold::Exclusive => self.look_for_wishes(standing).await,
        }
    }

    async fn join(&mut self) -> sqlx::Result<bool> {
        if !self.is_wishing {
            self.is_wishing = self
                .locks
                .change(Lock::Wish, Hold::None, Hold::Shared)
                .await?;
            if !self.is_wishing {
                return Ok(false);
            }
        }
        if !self
            .locks
            .change(Lock::Process, Hold::None, Hold::Shared)
            .await?
        {
            return Ok(false);
        }
        self.process = Hold::Shared;
        self.is_wishing = false;
        self.locks
            .change(Lock::Wish, Hold::Shared, Hold::None)
            .await
    }

    /// Tries to be the only one. Nobody joins meanwhile.
    async fn rise(&mut self) -> sqlx::Result<bool> {
        if !self.locks.may_be_sole().await?
            || !self
                .locks
                .change(Lock::Wish, Hold::None, Hold::Exclusive)
                .await?
        {
            return Ok(false);
        }
        let is_alone = self
            .locks
            .change(Lock::Process, Hold::Shared, Hold::Exclusive)
            .await?;
        if is_alone {
            self.process = Hold::Exclusive;
        }
        self.locks
            .change(Lock::Wish, Hold::Exclusive, Hold::None)
            .await?;
        Ok(is_alone)
    }

    /// Goes on being the only one, or gives way to a newcomer.
    async fn look_for_wishes(&mut self, standing: &Weak<Standing>) -> sqlx::Result<Duration> {
        let began = Instant::now();
        let is_free = self.locks.is_free_of_wishes().await?;
        let Some(standing) = standing.upgrade() else {
            return Ok(SOLE_PAUSE);
        };
        if !is_free {
            standing.set_sole(false);
            self.alone_since = None;
            self.process = Hold::Shared;
            self.locks
                .change(Lock::Process, Hold::Exclusive, Hold::Shared)
                .await?;
            return Ok(SOLE_PAUSE);
        }
        let lapsed = !standing.was_heard_lately();
        let is_sole = standing.epoch.load(Ordering::SeqCst) != 0;
        standing.hear();
        let grace = if self.locks.may_be_lost() {
            SOLE_GRACE
        } else {
            Duration::ZERO
        };
        let is_ready = self
            .alone_since
            .is_some_and(|since| began.duration_since(since) >= grace);
        // After a lapse, a newcomer may not have waited any longer.
        if is_ready && (!is_sole || lapsed) {
            standing.set_sole(true);
        }
        Ok(SOLE_PAUSE)
    }
}
