//! What every gateway needs and none of them decides: durations, connections, a bound on questions, what is known of
//! its readiness and of its wallets.

use std::time::{Duration, Instant};

use kaunter_core::policy::Policy;
use kaunter_core::wire::GatewayAnswer;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::http::{Http, NoAnswer};
use super::offers::Offers;
use crate::limits::Bounds;

/// An answer in the machine's words, and what the gateway said in its own: masked, fit to be stored and shown.
pub(crate) type Told<A> = (A, Option<GatewayAnswer>);

/// What every gateway needs.
pub(crate) struct Common {
    pub(crate) policy: Policy,
    pub(crate) http: Http,
    pub(crate) offers: Offers,
    /// Places for questions that are out.
    questions: Semaphore,
    /// What the last look at the gateway's readiness found, and when.
    probed: Mutex<Option<(bool, Instant)>>,
}

impl Common {
    pub(crate) fn new(policy: Policy, bounds: &Bounds) -> anyhow::Result<Self> {
        Ok(Self {
            http: Http::new(&policy)?,
            offers: Offers::new(policy.poll_ms),
            policy,
            questions: Semaphore::new(bounds.concurrent_status_checks),
            probed: Mutex::new(None),
        })
    }

    /// A pause before a call that the gateway refused because we ask too much.
    pub(crate) async fn pause_before_retry(&self) {
        tokio::time::sleep(Duration::from_millis(self.policy.poll_ms / 2)).await;
    }

    /// A place for a question. None where too many are out: the question falls due again.
    pub(super) async fn status_check_permit(&self) -> Option<SemaphorePermit<'_>> {
        let wait = Duration::from_millis(self.policy.clock_grace_ms);
        let permit = tokio::time::timeout(wait, self.questions.acquire()).await;
        permit.ok()?.ok()
    }

    /// True where the gateway was heard of within a question's pause, or answers `probe` now. However many ask, it is
    /// asked once.
    pub(super) async fn is_ready(&self, probe: impl Future<Output = Result<(), NoAnswer>>) -> bool {
        let pause = Duration::from_millis(self.policy.poll_ms);
        if self.http.heard_within(pause) {
            return true;
        }
        let mut probed = self.probed.lock().await;
        if let Some((ready, at)) = *probed
            && at.elapsed() < pause
        {
            return ready;
        }
        let ready = probe.await.is_ok();
        *probed = Some((ready, Instant::now()));
        ready
    }
}
