//! State that every gateway needs: durations, connections, the limit of status checks, its readiness and its wallets.

use std::time::{Duration, Instant};

use kaunter_core::policy::Policy;
use kaunter_core::wire::GatewayAnswer;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::budget::Budget;
use super::http::{Http, NoAnswer};
use super::offers::Offers;
use super::unknown::UnknownWords;
use crate::config::GatewayConfig;
use crate::limits::Bounds;

/// An answer as an event of the machine, and the gateway's own words: masked, so that they may be stored and shown.
pub(crate) type GatewayReply<A> = (A, Option<GatewayAnswer>);

/// State that every gateway needs.
pub(crate) struct Common {
    pub(crate) policy: Policy,
    pub(crate) http: Http,
    pub(crate) offers: Offers,
    pub(crate) unknown: UnknownWords,
    /// Whose status check begins next.
    pub(super) budget: Budget,
    /// Permits for status checks.
    status_checks: Semaphore,
    /// The result of the last readiness check, and when it was made.
    probed: Mutex<Option<(bool, Instant)>>,
}

impl Common {
    pub(crate) fn new(
        config: &GatewayConfig,
        policy: Policy,
        bounds: &Bounds,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            http: Http::new(config, &policy)?,
            offers: Offers::new(policy.poll_ms),
            unknown: UnknownWords::default(),
            budget: Budget::new(policy.questions_per_second, bounds.concurrent_status_checks),
            policy,
            status_checks: Semaphore::new(bounds.concurrent_status_checks),
            probed: Mutex::new(None),
        })
    }

    /// Waits before a call is repeated that the gateway refused with 429.
    pub(crate) async fn pause_before_retry(&self) {
        tokio::time::sleep(Duration::from_millis(self.policy.poll_ms / 2)).await;
    }

    /// A permit for a status check. `None` if too many are in progress: the machine makes the check again later.
    pub(super) async fn status_check_permit(&self) -> Option<SemaphorePermit<'_>> {
        let wait = Duration::from_millis(self.policy.clock_grace_ms);
        let permit = tokio::time::timeout(wait, self.status_checks.acquire()).await;
        permit.ok()?.ok()
    }

    /// True if the gateway answered within the last pause between status checks, or answers `probe` now. Concurrent
    /// callers share one request.
    pub(super) async fn is_ready(&self, probe: impl Future<Output = Result<(), NoAnswer>>) -> bool {
        let pause = Duration::from_millis(self.policy.poll_ms);
        if self.http.answered_within(pause) {
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
