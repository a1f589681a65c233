//! Drives the machine of a trade: one mutation stored, then what it says is sent, each in a task of its own that no
//! client can abort. A row that is read back from the store asks; it never pays.

mod change;
mod clock;
mod create;
mod drive;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{Event, Trade};
use kaunter_core::wire::{self, ProblemCode};
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::change::Beside;
use crate::clock::{Clock, rfc3339};
use crate::error::Problem;
use crate::gateway::Gateway;
use crate::kill::{self, Point, RequestStage};
use crate::secret::Secret;
use crate::store::Store;

/// The driver.
pub(crate) struct Trades {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    policy: Policy,
    /// The shop of this process: its gateway knows no other's trades.
    shop: String,
    clock: Clock,
    /// By how much the clock was set since these trades were written.
    moved: Mutex<HashMap<String, i64>>,
    timers: Mutex<HashMap<String, AbortHandle>>,
    /// Requests to the gateway that are under way.
    tasks: TaskTracker,
    max_tasks: usize,
    /// Time acts no more, and nothing is asked: this process ends.
    closing: AtomicBool,
}

/// What a trade is asked for.
#[derive(Clone)]
pub(crate) struct CreateRequest {
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) who: String,
    pub(crate) new: wire::NewTrade,
    /// When the token was minted in which the shop's server named this sale with this amount.
    pub(crate) minted_s: Option<u64>,
}

/// What a person asks to be done to a trade.
pub(crate) struct ChangeRequest {
    pub(crate) event: Event,
    /// The customer's code, on its way to the gateway.
    pub(crate) code: Option<Secret>,
    /// Who asks, for the audit trail.
    pub(crate) who: String,
    /// Why, for the audit trail: the person's own words.
    pub(crate) note: String,
}

/// A request to the gateway that is under way: it ends with the trade that its answer made, where that could be stored.
type Sent = tokio::task::JoinHandle<Option<Trade>>;

impl Trades {
    pub(crate) fn new(
        store: Store,
        gateway: Gateway,
        policy: Policy,
        shop: String,
        clock: Clock,
        max_tasks: usize,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                gateway,
                policy,
                shop,
                clock,
                moved: Mutex::default(),
                timers: Mutex::new(HashMap::new()),
                tasks: TaskTracker::new(),
                max_tasks,
                closing: AtomicBool::new(false),
            }),
        }
    }

    /// Refuses what would begin something while too much is under way with the gateway.
    fn admit(&self) -> Result<(), Problem> {
        if self.inner.tasks.len() < self.inner.max_tasks {
            Ok(())
        } else {
            Err(Problem::new(ProblemCode::Overloaded))
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// After a start: every trade that time may still act on is asked about, even if no browser comes back.
    pub(crate) async fn restart(&self) -> anyhow::Result<()> {
        let since = self
            .inner
            .clock
            .now_ms()
            .saturating_sub(self.inner.policy.late_check_max_ms);
        for trade_id in self.inner.store.unfinished(&self.inner.shop, since).await? {
            self.inner
                .apply(&trade_id, Event::Restarted, Beside::default(), "backend")
                .await
                .ok();
        }
        Ok(())
    }

    /// Now and then: trades that no timer of this process knows, because the process that began them is gone.
    pub(crate) async fn sweep(&self) -> Result<(), Problem> {
        let inner = &self.inner;
        let memory_ms = inner.policy.code_memory_s * 1_000;
        let now = inner.clock.now_ms();
        let known = now.saturating_sub(memory_ms)..now.saturating_add(memory_ms);
        if let Err(error) = inner.store.forget_codes(known).await {
            tracing::warn!(%error, "old codes could not be forgotten: once more at the next round");
        }
        for trade_id in inner.store.unfinished(&inner.shop, Ms::MAX).await? {
            let known = lock(&inner.timers).contains_key(&trade_id);
            if !known {
                inner
                    .apply(&trade_id, Event::Tick, Beside::default(), "time")
                    .await?;
            }
        }
        Ok(())
    }

    /// Follows the wall clock, where it was set or the host slept: see [`Clock`].
    pub(crate) fn follow_clock(&self) {
        self.inner.follow_clock();
    }

    /// Time acts no more, and nothing is asked: what it would have done is done after the next start, or by another
    /// process.
    pub(crate) fn rest(&self) {
        self.inner.closing.store(true, Ordering::SeqCst);
        let timers: Vec<_> = lock(&self.inner.timers).drain().collect();
        timers.into_iter().for_each(|(_, timer)| timer.abort());
    }

    /// Waits for what is under way with the gateway.
    pub(crate) async fn drain(&self) {
        self.rest();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Starts a trade, or finds the one that has the same key. Answers when the gateway did, or soon.
    pub(crate) async fn create(&self, request: CreateRequest) -> Result<wire::Trade, Problem> {
        kill::at(Point::CreateReceived);
        self.admit()?;
        let inner = Arc::clone(&self.inner);
        // A client that goes away must not stop a change in its middle.
        let created = tokio::spawn(async move { inner.create(request).await }.in_current_span());
        let (trade, sent) = created
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        let trade = self.answered(trade, sent).await;
        kill::at(Point::CreateAnswering);
        Ok(self.wire(&trade))
    }

    /// Applies what a person asks for to a trade that was found. Waits for the gateway's answer, but not long.
    pub(crate) async fn request(
        &self,
        found: &Trade,
        request: ChangeRequest,
    ) -> Result<wire::Trade, Problem> {
        let ChangeRequest {
            event,
            code,
            who,
            note,
        } = request;
        kill::at(kill::of_request(&event, RequestStage::Received));
        if matches!(event, Event::Code(_)) {
            self.admit()?;
        }
        let answering = kill::of_request(&event, RequestStage::Answering);
        let (inner, id) = (Arc::clone(&self.inner), found.facts().trade_id.clone());
        let said = None;
        let beside = Beside { code, said, note };
        let applied = tokio::spawn(
            async move { inner.apply(&id, event, beside, &who).await }.in_current_span(),
        );
        let applied = applied
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        let refusal = applied.granted.err();
        let trade = self.answered(applied.trade, applied.sent).await;
        kill::at(answering);
        let trade = self.wire(&trade);
        match refusal {
            None => Ok(trade),
            Some(refusal) => Err(Problem::with(refusal.into(), trade)),
        }
    }

    /// Looks at a trade, and lets time act on it first. What that sends is not waited for. Mostly there is nothing to
    /// do: then a look costs the one read that brought `stored`.
    pub(crate) async fn check_status(&self, stored: Trade, event: Event) -> Result<wire::Trade, Problem> {
        let (trade, _) = self.inner.after(stored.clone(), &event);
        if trade.version() == stored.version() {
            self.inner.watch(&trade);
            return Ok(self.wire(&trade));
        }
        let (inner, id) = (Arc::clone(&self.inner), trade.facts().trade_id.clone());
        let check = async move { inner.apply(&id, event, Beside::default(), "terminal").await };
        let applied = tokio::spawn(check.in_current_span())
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        Ok(self.wire(&applied.trade))
    }

    /// Gives the gateway a little time, so that most answers are the last word: the trade as the newest of them left it.
    /// Only where that time is not enough is the row read again.
    async fn answered(&self, mut trade: Trade, sent: Vec<Sent>) -> Trade {
        let all = async {
            for task in sent {
                if let Ok(Some(newer)) = task.await
                    && newer.facts().trade_id == trade.facts().trade_id
                    && newer.version() > trade.version()
                {
                    trade = newer;
                }
            }
        };
        let patience = Duration::from_millis(self.inner.policy.code_answer_ms);
        if tokio::time::timeout(patience, all).await.is_ok() {
            return trade;
        }
        // A slow gateway: maybe it has answered since.
        let found = self.find(Some(&trade.facts().shop), &trade.facts().trade_id);
        match found.await {
            Ok(newer) if newer.version() > trade.version() => newer,
            Ok(_) | Err(_) => trade,
        }
    }

    /// A trade of this shop.
    pub(crate) async fn find(&self, shop: Option<&str>, trade_id: &str) -> Result<Trade, Problem> {
        let found = self.inner.store.find(shop, trade_id).await?;
        found.ok_or_else(|| Problem::new(ProblemCode::TradeNotFound))
    }

    /// The treaty's view of a row.
    pub(crate) fn wire(&self, trade: &Trade) -> wire::Trade {
        self.inner.wire(trade)
    }
}

impl Inner {
    fn wire(&self, trade: &Trade) -> wire::Trade {
        trade.told(self.clock.now_ms(), rfc3339)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}
