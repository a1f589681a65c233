//! Drives the machine of a trade. Each change is stored, and then the machine's requests are sent, each in a task that
//! a client can not abort. A row that is read back from the store leads to a status check, never to a payment.

mod ask;
mod change;
mod clock;
mod create;
mod drive;
mod give_up;
mod people;
mod questions;
mod register;
mod resume;
mod timers;
mod void_window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaunter_core::limits::PersonLimits;
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::trade::{CodeMark, Event, Trade};
use kaunter_core::wire::{self, ProblemCode, Sales};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use self::change::EventDetails;
pub(crate) use self::give_up::GiveUpRequest;
use self::resume::Swept;
use self::timers::Timers;
use crate::clock::{Clock, Offset, rfc3339};
use crate::error::Problem;
use crate::fair_queue::FairQueue;
use crate::gateway::Gateway;
use crate::id::is_id;
use crate::kill::{self, Point, RequestStage};
use crate::load;
use crate::secret::Secret;
use crate::store::Store;
use crate::token::Claims;
use crate::trace::carried;
use crate::trail::{Actor, ActorKind};
use crate::unknown_words;

/// The driver of this shop's trades.
pub(crate) struct Trades {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    policy: Policy,
    /// The shop of this process. Its gateway does not know the trades of other shops.
    shop: String,
    /// Which sales it takes.
    sales: Sales,
    clock: Clock,
    /// The shop's offset from UTC, for hours of the day.
    offset: Offset,
    /// Trades whose stored times are behind the clock, and by how many milliseconds.
    moved: Mutex<HashMap<String, i64>>,
    /// The trades that this process drives.
    timers: Timers,
    /// Those whose time has come.
    moves: FairQueue,
    /// How far the search for other processes' trades has come.
    swept: Mutex<Swept>,
    /// Requests to the gateway in progress.
    tasks: TaskTracker,
    max_tasks: usize,
    limits: PersonLimits,
    /// Cancelled while this process ends: timers do not fire, and no status check begins.
    closing: CancellationToken,
}

/// A request to start a trade.
#[derive(Clone)]
pub(crate) struct CreateRequest {
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) who: Actor,
    /// The wallet, as the gateway lists it now.
    pub(crate) wallet: wire::Wallet,
    pub(crate) new: wire::NewTrade,
    /// The token of the page.
    pub(crate) claims: Claims,
    /// When the token was minted in which the shop's server named this sale with this amount.
    pub(crate) minted_s: Option<u64>,
}

/// A request of a person about a trade.
pub(crate) struct ChangeRequest {
    pub(crate) event: Event,
    /// The customer's code, for the gateway.
    pub(crate) code: Option<Secret>,
    /// Who made the request, for the audit trail.
    pub(crate) who: Actor,
    /// Why, in the person's own words, for the audit trail.
    pub(crate) note: String,
}

/// A request to the gateway in progress. Returns the trade with the stored answer, or `None` if it could not be stored.
type SendTask = tokio::task::JoinHandle<Option<Trade>>;

impl Trades {
    pub(crate) fn new(
        store: Store,
        gateway: Gateway,
        policy: Policy,
        (shop, sales): (String, Sales),
        (clock, offset): (Clock, Offset),
        max_tasks: usize,
        limits: PersonLimits,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                gateway,
                policy,
                shop,
                sales,
                clock,
                offset,
                moved: Mutex::default(),
                timers: Timers::default(),
                moves: FairQueue::default(),
                swept: Mutex::default(),
                tasks: TaskTracker::new(),
                max_tasks,
                limits,
                closing: CancellationToken::new(),
            }),
        }
    }

    /// Refuses a new sale while many requests to the gateway are in progress: a quarter of them is for payments that have
    /// begun.
    fn admit_sale(&self) -> Result<(), Problem> {
        let most = self.inner.max_tasks - self.inner.max_tasks / 4;
        if self.inner.tasks.len() < most {
            Ok(())
        } else {
            Err(load::sale_refused())
        }
    }

    /// Refuses a code while too many requests to the gateway are in progress.
    fn admit_code(&self) -> Result<(), Problem> {
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

    /// Follows the wall clock after it was set or the host slept: see [`Clock`].
    pub(crate) fn follow_clock(&self) {
        self.inner.follow_clock();
    }

    /// Stops timers and status checks. The next start, or another process, does what they would have done.
    pub(crate) fn stop_timers(&self) {
        self.inner.closing.cancel();
        self.inner.timers.clear_all();
    }

    /// Waits for the requests to the gateway in progress.
    pub(crate) async fn drain(&self) {
        self.stop_timers();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        // Another process may ask the next question.
        self.inner.store.note_answers(Duration::ZERO).await;
        self.keep_words().await;
    }

    /// Stores the gateway's unknown words that wait.
    pub(crate) async fn keep_words(&self) {
        let Inner {
            store,
            gateway,
            shop,
            ..
        } = &*self.inner;
        unknown_words::keep(store, gateway, shop).await;
    }

    /// Starts a trade, or finds the one with the same key. Waits a short time for the gateway's answer.
    pub(crate) async fn create(&self, request: CreateRequest) -> Result<wire::TradeView, Problem> {
        kill::at(Point::CreateReceived);
        self.admit_sale()?;
        let inner = Arc::clone(&self.inner);
        // A client that disconnects must not stop a change in the middle.
        let created = tokio::spawn(carried(
            async move { inner.create(request).await }.in_current_span(),
        ));
        let (trade, sent) = created
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        let trade = self.answered(trade, sent).await;
        kill::at(Point::CreateAnswering);
        Ok(self.wire(&trade))
    }

    /// Registers a sale, or changes it.
    pub(crate) async fn register(&self, request: wire::RegisterSale) -> Result<(), Problem> {
        let inner = Arc::clone(&self.inner);
        let who = Actor::from(ActorKind::Server);
        // A client that disconnects must not stop a change in the middle.
        let registered = tokio::spawn(carried(
            async move { inner.register(request, &who).await }.in_current_span(),
        ));
        registered
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))?
    }

    /// Applies a person's request to a trade. Waits a short time for the gateway's answer.
    pub(crate) async fn request(
        &self,
        found: &Trade,
        request: ChangeRequest,
    ) -> Result<wire::TradeView, Problem> {
        let ChangeRequest {
            event,
            code,
            who,
            note,
        } = request;
        kill::at(kill::of_request(&event, RequestStage::Received));
        if matches!(event, Event::Code(_)) {
            self.admit_code()?;
        }
        self.inner.check_void(found, &event)?;
        let answering = kill::of_request(&event, RequestStage::Answering);
        let (inner, id) = (Arc::clone(&self.inner), found.facts().trade_id.clone());
        let gateway_answer = None;
        let details = EventDetails {
            code,
            gateway_answer,
            note,
        };
        let applied = tokio::spawn(carried(
            async move { inner.apply(&id, event, details, &who).await }.in_current_span(),
        ));
        let applied = applied
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        self.inner.looked(&applied.trade.facts().trade_id);
        let refusal = applied.granted.err();
        let trade = self.answered(applied.trade, applied.sent).await;
        kill::at(answering);
        let trade = self.wire(&trade);
        match refusal {
            None => Ok(trade),
            Some(refusal) => Err(Problem::with_trade(refusal.into(), trade)),
        }
    }

    /// Returns the status of a trade, after its timers have had their effect. Requests that this causes are not
    /// awaited. Usually nothing is due, and the check costs only the read that returned `stored`.
    pub(crate) async fn check_status(
        &self,
        stored: &Trade,
        event: Event,
    ) -> Result<wire::TradeView, Problem> {
        let (trade, moved_by) = self.inner.after(stored.clone(), &event);
        // What only its next query needs is stored with that query.
        let is_same = trade.version() == stored.version();
        if is_same || moved_by == 0 && trade.differs_only_in_queries(stored) {
            self.inner.watch(stored);
            return Ok(self.wire(stored));
        }
        self.inner.looked(&stored.facts().trade_id);
        let (inner, id) = (Arc::clone(&self.inner), trade.facts().trade_id.clone());
        let actor = Actor::from(ActorKind::Terminal);
        let check = async move {
            inner
                .apply(&id, event, EventDetails::default(), &actor)
                .await
        };
        let applied = tokio::spawn(carried(check.in_current_span()))
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        Ok(self.wire(&applied.trade))
    }

    /// Whether reading the trade's status also checks its payment.
    pub(crate) fn is_checked_when_read(&self, trade: &Trade) -> bool {
        trade.is_checked_when_read(self.inner.clock.now_ms(), &self.inner.policy)
    }

    /// Asks the gateway about a trade, and waits a short time for the answer.
    pub(crate) async fn refresh(&self, stored: &Trade) -> Result<wire::TradeView, Problem> {
        let (inner, id) = (Arc::clone(&self.inner), stored.facts().trade_id.clone());
        let actor = Actor::from(ActorKind::Terminal);
        let ask = async move {
            inner
                .apply(&id, Event::Refresh, EventDetails::default(), &actor)
                .await
        };
        let applied = tokio::spawn(carried(ask.in_current_span()))
            .await
            .map_err(|_| Problem::new(ProblemCode::Internal))??;
        let trade = self.answered(applied.trade, applied.sent).await;
        Ok(self.wire(&trade))
    }

    /// Waits a short time for the gateway, so that most answers show the final state. Returns the newest version of the
    /// trade. Reads the row again only if the time was not enough.
    async fn answered(&self, mut trade: Trade, sent: Vec<SendTask>) -> Trade {
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
        // The gateway is slow: its answer may be stored by now.
        let found = self.find(Some(&trade.facts().shop), &trade.facts().trade_id);
        match found.await {
            Ok(newer) if newer.version() > trade.version() => Trade::clone(&newer),
            Ok(_) | Err(_) => trade,
        }
    }

    /// Finds a trade of this shop.
    pub(crate) async fn find(
        &self,
        shop: Option<&str>,
        trade_id: &str,
    ) -> Result<Arc<Trade>, Problem> {
        if !is_id(trade_id) {
            // The store is not asked: PostgreSQL fails on a NUL.
            return Err(Problem::new(ProblemCode::TradeNotFound));
        }
        let found = self.inner.store.find(shop, trade_id).await?;
        found.ok_or_else(|| Problem::new(ProblemCode::TradeNotFound))
    }

    /// True if this trade has the code with this mark, or it was handed over a short time ago.
    pub(crate) async fn knows_code(
        &self,
        shop: &str,
        trade_id: &str,
        mark: &CodeMark,
    ) -> Result<bool, Problem> {
        let trade = self.find(Some(shop), trade_id).await?;
        if trade.code() == Some(mark) {
            return Ok(true);
        }
        Ok(self.inner.store.knows_code(shop, mark).await?)
    }

    /// The time on the clock of the store's rows.
    pub(crate) fn now_ms(&self) -> Ms {
        self.inner.clock.now_ms()
    }

    /// The trade as the API shows it.
    pub(crate) fn wire(&self, trade: &Trade) -> wire::TradeView {
        self.inner.wire(trade)
    }
}

impl Inner {
    fn wire(&self, trade: &Trade) -> wire::TradeView {
        trade.view(self.clock.now_ms(), rfc3339)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}
