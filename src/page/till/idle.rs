//! Finds changes while the till is idle: late money for a trade that had ended, a verdict that the gateway contradicts, or
//! trades that another page of this terminal began.

use std::rc::{Rc, Weak};

use futures_channel::mpsc::unbounded;
use futures_util::StreamExt;
use kaunter_core::policy::Ms;

use super::Till;
use crate::page::backend::CallError;
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
            slowness = match till.ask_what_is_open().await {
                Ok(()) => 1,
                Err(trouble) if trouble.is_revoked() => {
                    // Nothing is asked any more until the page opens another till.
                    return till.announcer.warning(&trouble.into());
                }
                Err(_) => (slowness * 2).min(MAX_SLOWNESS),
            };
            drop(till);
            clock::sleep(policy.poll_ms).await;
        }
    }

    /// Reports new trades and keeps them.
    async fn ask_what_is_open(self: &Rc<Self>) -> Result<(), CallError> {
        let session = self.backend.session().await?;
        self.only_watches.set(session.terminal_taken);
        // A trade that awaits its code belongs to the page that scans. One that has ended has a contradicted verdict.
        for trade in session
            .open_trades
            .iter()
            .filter(|trade| trade.status.at_risk() || trade.status.is_final())
        {
            self.seen(trade);
        }
        Ok(())
    }
}
