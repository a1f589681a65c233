//! The wallets that tills may offer. Fetches the list of wallets with one request at a time, which concurrent callers
//! share.

use std::sync::{Mutex as StdMutex, MutexGuard};
use std::time::{Duration, Instant};

use kaunter_core::policy::Ms;
use kaunter_core::wire::Wallet;
use tokio::sync::Mutex;

use super::http::NoAnswer;
use super::wallets::{ListStatus, Wallets};

/// How long a list that is not complete is kept, in pauses between status checks: 20 s.
const DOUBTFUL_POLLS: u64 = 10;

/// The wallets that tills may offer.
pub(crate) struct Offers {
    wallets: StdMutex<Wallets>,
    /// Held while the list is fetched. Holds the last failure and its time.
    asking: Mutex<Option<(NoAnswer, Instant)>>,
    /// How long a list that is not complete is kept.
    soon: Duration,
}

impl Offers {
    pub(super) fn new(poll_ms: Ms) -> Self {
        Self {
            wallets: StdMutex::new(Wallets::default()),
            asking: Mutex::new(None),
            soon: Duration::from_millis(poll_ms * DOUBTFUL_POLLS),
        }
    }

    /// The wallets. Awaits `ask` only if no list is known. [`Self::refresh`] fetches a list that is old or not
    /// complete.
    pub(super) async fn list(
        &self,
        ask: impl Future<Output = Result<Vec<Wallet>, NoAnswer>>,
    ) -> Result<Vec<Wallet>, NoAnswer> {
        let offered = || self.wallets().offered().map(<[_]>::to_vec);
        if let Some(list) = offered().filter(|list| !list.is_empty()) {
            return Ok(list);
        }
        self.refresh(ask).await?;
        Ok(offered().unwrap_or_default())
    }

    /// Awaits `ask` if the list is unknown, old or not complete.
    pub(super) async fn refresh(
        &self,
        ask: impl Future<Output = Result<Vec<Wallet>, NoAnswer>>,
    ) -> Result<(), NoAnswer> {
        let began = Instant::now();
        let mut asked = self.asking.lock().await;
        if self.wallets().current(self.soon).is_some() {
            return Ok(());
        }
        // Another request failed while this one waited: its error is the answer to both.
        if let Some((why, at)) = *asked
            && at >= began
        {
            return Err(why);
        }
        match ask.await {
            Ok(list) => {
                let mut wallets = self.wallets();
                wallets.answered(list, Instant::now());
                let list_status = wallets.list_status();
                if matches!(list_status, ListStatus::Empty | ListStatus::Shorter) {
                    tracing::warn!(list_status = ?list_status, "the gateway lists fewer wallets than before: the list is fetched again soon");
                }
                Ok(())
            }
            Err(why) => {
                *asked = Some((why, Instant::now()));
                Err(why)
            }
        }
    }

    /// How far the list is trusted, and whether it offers any wallet.
    pub(super) fn list_status(&self) -> (ListStatus, bool) {
        let wallets = self.wallets();
        let offers = wallets.offered().is_some_and(|list| !list.is_empty());
        (wallets.list_status(), offers)
    }

    fn wallets(&self) -> MutexGuard<'_, Wallets> {
        self.wallets.lock().expect("nobody panics while holding it")
    }
}
