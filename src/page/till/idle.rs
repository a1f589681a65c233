//! What changes while the till is idle: money that comes for a trade that had ended, or what another page of this
//! terminal began. The backend hears of it, and an open page asks.

use std::rc::{Rc, Weak};

use futures_channel::mpsc::unbounded;
use futures_util::StreamExt;
use kaunter_core::policy::Ms;

use super::Till;
use crate::page::signal::Waker;
use crate::page::{clock, signal};

/// A backend that does not answer, or a shop that gives no token, is asked so many times less often at most: every 8
/// minutes in place of every 30 seconds.
const MAX_SLOWNESS: Ms = 16;

impl Till {
    /// Asks what of this terminal is open: every `heartbeat_ms`, and when the page is seen or finds its network again, but no
    /// sooner than `poll_ms` after the last question. A hidden page does not ask, nor one without a network, nor one with an
    /// trade on screen: that is asked about anyway. Ends with the till.
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

    /// Tells what is new, and keeps it; false where the backend does not answer.
    async fn ask_what_is_open(self: &Rc<Self>) -> bool {
        let Ok(session) = self.backend.session().await else {
            return false;
        };
        // A trade that awaits its code is the business of the page that scans.
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
