//! Finds changes while the till is idle: late money for a trade that had ended, or trades that another page of this
//! terminal began.

use std::rc::{Rc, Weak};

use futures_channel::mpsc::unbounded;
use futures_util::StreamExt;
use kaunter_core::policy::Ms;

use super::Till;
use crate::page::signal::Waker;
use crate::page::{clock, signal};

/// If the backend does not answer, or the shop gives no token, the pause grows up to this factor: from 30 seconds to 8
/// minutes.
const MAX_SLOWNESS: Ms = 16;

impl Till {
    /// Fetches the open trades of this terminal every `heartbeat_ms`, and when the page becomes visible or is online
    /// again. Two requests are at least `poll_ms` apart. A page does not ask while it is hidden or offline, or has a
    /// trade on screen. Ends with the till.
    pub(super) async fn look_around(till: Weak<Self>) {
        let Some(closing) = till.upgrade().map(|till| till.closing()) else {
            return;
        };
        clock::first_of(signal::aborted(closing.as_ref()), Self::rounds(till)).await;
    }

    async fn rounds(till: Weak<Self>) {
        let (woke, mut wakes) = unbounded();
        let _waker = Waker::new(&woke);
        let mut slowness = 1;
        loop {
            let Some(policy) = till.upgrade().map(|till| till.policy().clone()) else {
                return;
            };
            let pause_ms = policy.heartbeat_ms.max(policy.poll_ms) * slowness;
            clock::within(pause_ms, wakes.next()).await;
            let Some(till) = till.upgrade() else { return };
            if signal::hidden() || !signal::online() || till.is_watching() {
                continue;
            }
            let answered = till.ask_what_is_open().await;
            slowness = if answered {
                1
            } else {
                (slowness * 2).min(MAX_SLOWNESS)
            };
            drop(till);
            clock::sleep(policy.poll_ms).await;
        }
    }

    /// Reports new trades and keeps them. False if the backend does not answer.
    async fn ask_what_is_open(self: &Rc<Self>) -> bool {
        let Ok(session) = self.backend.session().await else {
            return false;
        };
        // A trade that awaits its code belongs to the page that scans.
        for trade in session
            .open_trades
            .iter()
            .filter(|trade| trade.status.at_risk())
        {
            self.seen(trade);
        }
        true
    }
}
