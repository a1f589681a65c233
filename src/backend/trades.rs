//! Drives the machine of an attempt: one mutation stored, then what it says is sent, each in a task of its own that no
//! client can abort. A row that is read back from the store asks; it never pays.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaunter_core::admission::{self, Asked, Denial};
use kaunter_core::policy::{Ms, Policy};
use kaunter_core::sale::{self, Amount, CodeUse, Due};
use kaunter_core::trade::{
    CodeMark, Context, CreateAnswer, Event, Facts, GatewayRequest, Move, Refusal, Rival, State,
    Step, Trade,
};
use kaunter_core::wire::{self, GatewayAnswer, ProblemCode};
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::clock::{Clock, rfc3339};
use crate::error::Problem;
use crate::gateway::{Answered, Gateway};
use crate::kill::{self, Point, Sent as At, Wished};
use crate::limits::{KEEP_PAUSE, KEEP_TRIES, MOST_TRIES, TIME_PAUSE_MS};
use crate::metrics::METRICS;
use crate::secret::Secret;
use crate::store::{self, Store, word};
use crate::trail::{self, Line, lines, noted};

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
    /// By how much the clock was set since these attempts were written.
    moved: Mutex<HashMap<String, i64>>,
    timers: Mutex<HashMap<String, AbortHandle>>,
    /// Requests to the gateway that are under way.
    tasks: TaskTracker,
    most_tasks: usize,
    /// Time acts no more, and nothing is asked: this process ends.
    closing: AtomicBool,
}

/// What an attempt is asked for.
#[derive(Clone)]
pub(crate) struct Wish {
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) who: String,
    pub(crate) new: wire::NewTrade,
    /// When the token was minted in which the shop's server named this sale with this amount.
    pub(crate) minted_s: Option<u64>,
}

/// What a person asks to be done to a trade.
pub(crate) struct Request {
    pub(crate) event: Event,
    /// The customer's code, on its way to the gateway.
    pub(crate) code: Option<Secret>,
    /// Who asks, for the audit trail.
    pub(crate) who: String,
    /// Why, for the audit trail: the person's own words.
    pub(crate) note: String,
}

/// What comes with an event and is not the machine's: a code on its way to the gateway, the gateway's own words, and a
/// person's.
#[derive(Clone, Default)]
struct Beside {
    code: Option<Secret>,
    said: Option<GatewayAnswer>,
    note: String,
}

/// A request to the gateway that is under way: it ends with the trade that its answer made, where that could be stored.
type Sent = tokio::task::JoinHandle<Option<Trade>>;

/// Why a change did not come about.
enum Hindrance {
    /// Another process was faster.
    Race,
    Problem(Problem),
}

impl From<Problem> for Hindrance {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for Hindrance {
    fn from(error: sqlx::Error) -> Self {
        if store::lost_a_race(&error) {
            Self::Race
        } else {
            Self::Problem(error.into())
        }
    }
}

/// The place of a new attempt in its sale.
struct Room {
    /// 1 for the first one.
    attempt: u32,
    /// What gave way to it, and how it moved.
    replaced: Vec<(Trade, Vec<Move>)>,
}

/// What a change came to.
struct Applied {
    trade: Trade,
    granted: Result<(), Refusal>,
    /// What was sent because of it.
    sent: Vec<Sent>,
}

impl Trades {
    pub(crate) fn new(
        store: Store,
        gateway: Gateway,
        policy: Policy,
        shop: String,
        clock: Clock,
        most_tasks: usize,
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
                most_tasks,
                closing: AtomicBool::new(false),
            }),
        }
    }

    /// Refuses what would begin something while too much is under way with the gateway.
    fn admit(&self) -> Result<(), Problem> {
        if self.inner.tasks.len() < self.inner.most_tasks {
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

    /// After a start: every attempt that time may still act on is asked about, even if no browser comes back.
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

    /// Now and then: attempts that no timer of this process knows, because the process that began them is gone.
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

    /// Starts an attempt, or finds the one that has the same key. Answers when the gateway did, or soon.
    pub(crate) async fn create(&self, wish: Wish) -> Result<wire::Trade, Problem> {
        kill::at(Point::CreateReceived);
        self.admit()?;
        let inner = Arc::clone(&self.inner);
        // A client that goes away must not stop a change in its middle.
        let created = tokio::spawn(async move { inner.create(wish).await }.in_current_span());
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
        request: Request,
    ) -> Result<wire::Trade, Problem> {
        let Request {
            event,
            code,
            who,
            note,
        } = request;
        kill::at(kill::of_wish(&event, Wished::Received));
        if matches!(event, Event::Code(_)) {
            self.admit()?;
        }
        let answering = kill::of_wish(&event, Wished::Answering);
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

    /// Looks at an attempt, and lets time act on it first. What that sends is not waited for. Mostly there is nothing to
    /// do: then a look costs the one read that brought `stored`.
    pub(crate) async fn look(&self, stored: Trade, event: Event) -> Result<wire::Trade, Problem> {
        let (trade, _) = self.inner.after(stored.clone(), &event);
        if trade.version() == stored.version() {
            self.inner.watch(&trade);
            return Ok(self.wire(&trade));
        }
        let (inner, id) = (Arc::clone(&self.inner), trade.facts().trade_id.clone());
        let look = async move { inner.apply(&id, event, Beside::default(), "terminal").await };
        let applied = tokio::spawn(look.in_current_span())
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

    /// An attempt of this shop.
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
    /// Where the wall clock has jumped, ours goes with it, and so do the times of every attempt that time may act on:
    /// before anything else is done to it, and at once. Nothing falls due by a jump, and nothing is put off by it.
    fn follow_clock(self: &Arc<Self>) {
        let ids: Vec<String> = {
            let mut moved = lock(&self.moved);
            let Some(by) = self.clock.follow() else {
                return;
            };
            let alarm = "clock_jumped";
            METRICS.alarm(alarm);
            tracing::warn!(
                alarm,
                "the wall clock jumped by {} s: set, or the host slept; open trades go on where they were",
                by / 1_000
            );
            let known: Vec<_> = lock(&self.timers).keys().cloned().collect();
            for trade_id in known {
                *moved.entry(trade_id).or_default() += by;
            }
            moved.keys().cloned().collect()
        };
        if self.is_closing() {
            return;
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            for trade_id in ids {
                if let Err(problem) = inner
                    .apply(&trade_id, Event::Restarted, Beside::default(), "time")
                    .await
                {
                    tracing::error!(%trade_id, code = problem.code.as_str(), "could not be asked about after the clock jumped");
                }
            }
        });
    }

    /// The time for this attempt, whose times are moved first where the clock was set since they were written; and by how
    /// much they were, for [`Self::caught_up`].
    fn catch_up(self: &Arc<Self>, trade: &mut Trade, rival: Rival) -> (Ms, i64) {
        self.follow_clock();
        let trade_id = &trade.facts().trade_id;
        let (now, by) = {
            let moved = lock(&self.moved);
            let by = moved.get(trade_id).copied().unwrap_or_default();
            (self.clock.now_ms(), by)
        };
        if by != 0 {
            let context = Context {
                now,
                policy: &self.policy,
                rival,
                said: None,
                code_reused: false,
            };
            // It refuses nothing.
            let _ = trade.handle(Event::ClockSet(by), &context);
        }
        (now, by)
    }

    /// A new attempt that was written by the clock of before a jump is moved like those that were known then.
    fn jumped_since(&self, trade: &Trade, jumps_ms: i64) {
        let mut moved = lock(&self.moved);
        let by = self.clock.reading().1 - jumps_ms;
        if by != 0 {
            moved.insert(trade.facts().trade_id.clone(), by);
        }
    }

    /// The attempt is stored with its times moved.
    fn caught_up(&self, trade_id: &str, by: i64) {
        let mut moved = lock(&self.moved);
        // The clock may have jumped once more meanwhile.
        if let Some(left) = moved.get_mut(trade_id) {
            *left -= by;
            if *left == 0 {
                moved.remove(trade_id);
            }
        }
    }

    fn wire(&self, trade: &Trade) -> wire::Trade {
        trade.view(self.clock.now_ms(), rfc3339)
    }

    /// Once more where another process was faster: then its attempt is seen.
    async fn create(self: &Arc<Self>, wish: Wish) -> Result<(Trade, Vec<Sent>), Problem> {
        for _ in 0..MOST_TRIES {
            match self.try_create(wish.clone()).await {
                Err(Hindrance::Race) => {}
                Err(Hindrance::Problem(problem)) => return Err(problem),
                Ok(created) => return Ok(created),
            }
        }
        Err(Problem::new(ProblemCode::StoreUnavailable))
    }

    async fn try_create(self: &Arc<Self>, wish: Wish) -> Result<(Trade, Vec<Sent>), Hindrance> {
        let new = &wish.new;
        let mut change = self.store.begin().await?;
        store::take_sale(&mut change, &wish.shop, &new.sale.reference).await?;
        if let Some(same) = store::with_key(&mut change, &wish.shop, &new.idempotency_key).await? {
            let facts = same.facts();
            return if admission::is_same(facts, &wish.terminal, new) {
                Ok((same, Vec::new()))
            } else {
                Err(Problem::new(ProblemCode::IdempotencyMismatch).into())
            };
        }
        self.follow_clock();
        let (now, jumps_ms) = self.clock.reading();
        let room = self.make_room(&mut change, &wish, now).await?;
        let Wish {
            shop,
            terminal,
            who,
            new,
            minted_s: _,
        } = wish;
        let facts = Facts {
            trade_id: new_trade_id()?,
            shop,
            terminal,
            attempt: room.attempt,
            sale: new.sale,
            wallet_id: new.wallet_id,
            mode: new.mode,
        };
        let mut trade = Trade::new(facts, now);
        store::insert(
            &mut change,
            &trade,
            &new.idempotency_key,
            Line {
                who,
                event: trail::STARTED,
                from_state: String::new(),
                to_state: word(trade.state()),
                note: String::new(),
            },
        )
        .await?;
        change.commit().await?;
        self.jumped_since(&trade, jumps_ms);
        for (left, moves) in &room.replaced {
            Self::tell(left, moves, trail::SUPERSEDED);
            self.disarm(&left.facts().trade_id);
        }
        kill::at(Point::CreateStored);
        METRICS.created();
        tracing::info!(trade_id = %trade.facts().trade_id, attempt = room.attempt, "attempt started");
        let sent = self.drain_steps(&mut trade, None);
        Ok((trade, sent))
    }

    /// Asks the rule whether the new attempt may begin, and writes what gives way to it and what the sale asks for now.
    async fn make_room(
        self: &Arc<Self>,
        change: &mut store::Change,
        wish: &Wish,
        now: Ms,
    ) -> Result<Room, Hindrance> {
        let (shop, sale) = (&wish.shop, &wish.new.sale);
        let since = now.saturating_sub(admission::WINDOW_MS);
        let attempts = store::attempts(change, shop, &sale.reference, since).await?;
        let first = attempts.first.as_ref().map(Due::of_first);
        let due = store::due(change, shop, &sale.reference).await?.or(first);
        let mut others = attempts.lately;
        let stored: Vec<u64> = others.iter().map(Trade::version).collect();
        for other in others.iter_mut().filter(|other| other.state().gives_way()) {
            self.catch_up(other, Rival::None);
        }
        let asked = Asked {
            terminal: &wish.terminal,
            amount: &sale.amount,
            minted_s: wish.minted_s,
        };
        let admission = admission::admit(&others, due.as_ref(), &asked, now, &self.policy)
            .map_err(|denial| self.denied(denial, &others))?;
        let mut replaced = Vec::new();
        for (at, mut left) in admission.replaced {
            let moves = left.take_moves();
            let lines = lines(&moves, &wish.who, trail::SUPERSEDED);
            if !store::update(change, &left, stored[at], lines, now).await? {
                return Err(Hindrance::Race);
            }
            replaced.push((left, moves));
        }
        match admission.amount {
            Amount::Same => {}
            Amount::First | Amount::Changed => {
                let due = Due {
                    amount: sale.amount.clone(),
                    minted_s: wish.minted_s.unwrap_or(0),
                };
                store::set_due(change, shop, &sale.reference, &due).await?;
            }
        }
        Ok(Room {
            attempt: attempts.count.saturating_add(1),
            replaced,
        })
    }

    /// Tells a caller why the new attempt may not begin, and which one is in its way.
    fn denied(&self, denial: Denial, others: &[Trade]) -> Problem {
        let code = denial.into();
        match denial {
            Denial::Busy(at) | Denial::Paid(at) => Problem::with(code, self.wire(&others[at])),
            Denial::AmountMismatch => Problem::new(code),
            Denial::TooMany { wait_ms } => {
                let wait = Duration::from_millis(wait_ms);
                let detail = format!(
                    "This terminal has tried this sale too often in ten minutes: try again in {} s, or use another way to pay.",
                    wait.as_secs() + 1
                );
                Problem::because(code, detail).after(wait)
            }
        }
    }

    /// One mutation, stored before anything is sent; made anew where another process was faster.
    async fn apply(
        self: &Arc<Self>,
        trade_id: &str,
        event: Event,
        beside: Beside,
        who: &str,
    ) -> Result<Applied, Problem> {
        let Beside { code, said, note } = beside;
        for _ in 0..MOST_TRIES {
            match self
                .try_apply(trade_id, event.clone(), (said.as_ref(), &note), who)
                .await
            {
                Err(Hindrance::Race) => {}
                Err(Hindrance::Problem(problem)) => return Err(problem),
                Ok((mut trade, granted)) => {
                    kill::at(kill::of_wish(&event, Wished::Stored));
                    let sent = self.drain_steps(&mut trade, code);
                    return Ok(Applied {
                        trade,
                        granted,
                        sent,
                    });
                }
            }
        }
        Err(Problem::new(ProblemCode::StoreUnavailable))
    }

    /// What an event that looks at no other attempt would make of this one.
    fn after(self: &Arc<Self>, mut trade: Trade, event: &Event) -> (Trade, i64) {
        let (now, by) = self.catch_up(&mut trade, Rival::None);
        let context = Context {
            now,
            policy: &self.policy,
            rival: Rival::None,
            said: None,
            code_reused: false,
        };
        let _ = trade.handle(event.clone(), &context);
        (trade, by)
    }

    /// Mostly an attempt does not move: nothing is due, a question falls due, or its answer is no news. Then it is not a
    /// change of its sale: one read, and one statement at most. None where it moves, or may.
    async fn unmoved(
        self: &Arc<Self>,
        trade_id: &str,
        event: &Event,
    ) -> Result<Option<Trade>, Hindrance> {
        if !event.is_local() {
            return Ok(None);
        }
        let Some(stored) = self.store.find(Some(&self.shop), trade_id).await? else {
            return Ok(None);
        };
        let was = stored.version();
        let (mut trade, by) = self.after(stored, event);
        if !trade.take_moves().is_empty() {
            return Ok(None);
        }
        if trade.version() != was && !self.store.note(&trade, was).await? {
            return Err(Hindrance::Race);
        }
        self.caught_up(trade_id, by);
        Ok(Some(trade))
    }

    async fn try_apply(
        self: &Arc<Self>,
        trade_id: &str,
        event: Event,
        (said, note): (Option<&GatewayAnswer>, &str),
        who: &str,
    ) -> Result<(Trade, Result<(), Refusal>), Hindrance> {
        if let Some(trade) = self.unmoved(trade_id, &event).await? {
            return Ok((trade, Ok(())));
        }
        let mut change = self.store.begin().await?;
        let Some((mut trade, rival)) = store::with_rival(&mut change, trade_id).await? else {
            return Err(Problem::new(ProblemCode::TradeNotFound).into());
        };
        if trade.facts().shop != self.shop {
            return Err(Problem::new(ProblemCode::TradeNotFound).into());
        }
        let was = trade.version();
        let (now, by) = self.catch_up(&mut trade, rival);
        let event = self.once_named(&mut change, &trade, event).await?;
        let code_use = CodeUse {
            reference: trade.facts().sale.reference.clone(),
            at_ms: now,
            refused: false,
        };
        let context = Context {
            now,
            policy: &self.policy,
            rival,
            said,
            code_reused: self
                .code_reused(&mut change, &trade, &event, &code_use)
                .await?,
        };
        let (action, note) = (trail::name(&event), trail::note(&event, note));
        let (had, named) = (trade.code().cloned(), trade.gateway_ref().is_some());
        let granted = trade.handle(event, &context);
        if trade.version() != was {
            let moves = trade.take_moves();
            let mut lines = lines(&moves, who, action);
            if let Some(line) = lines.first_mut() {
                line.note = note;
            }
            if let (Some(line), Some(said)) = (lines.last_mut(), said) {
                line.note = noted(&line.note, said);
            }
            Self::keep_bindings(&mut change, &trade, (had, named), &moves, &code_use).await?;
            if !store::update(&mut change, &trade, was, lines, now).await? {
                return Err(Hindrance::Race);
            }
            change.commit().await?;
            Self::tell(&trade, &moves, action);
        }
        self.caught_up(trade_id, by);
        Ok((trade, granted))
    }

    /// What the change makes of the attempt's code, and of the gateway's id of it.
    async fn keep_bindings(
        change: &mut store::Change,
        trade: &Trade,
        (had, named): (Option<CodeMark>, bool),
        moves: &[Move],
        code_use: &CodeUse,
    ) -> sqlx::Result<()> {
        let (shop, reference) = (&trade.facts().shop, &code_use.reference);
        match (had, trade.code()) {
            (None, Some(mark)) => store::keep_code(change, shop, mark, code_use).await?,
            (Some(mark), None) => store::free_code(change, shop, reference, &mark).await?,
            (Some(_), Some(mark)) if moves.iter().any(|step| sale::frees_code(step.to)) => {
                store::code_refused(change, shop, reference, mark).await?;
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if !named && trade.gateway_ref().is_some() {
            store::name(change, trade).await?;
        }
        Ok(())
    }

    /// True where the code of this event was handed over for another sale a short time ago.
    async fn code_reused(
        &self,
        change: &mut store::Change,
        trade: &Trade,
        event: &Event,
        code_use: &CodeUse,
    ) -> Result<bool, Hindrance> {
        // A code that an attempt has already is told of by the attempt.
        let (Event::Code(mark), None) = (event, trade.code()) else {
            return Ok(false);
        };
        let last = store::take_code(change, &trade.facts().shop, mark).await?;
        let CodeUse {
            reference, at_ms, ..
        } = code_use;
        Ok(sale::is_code_reused(
            last.as_ref(),
            reference,
            *at_ms,
            &self.policy,
        ))
    }

    /// The gateway's answer to a creation, unless it names a trade that another attempt has: a cache or a proxy that
    /// answers twice must not make one payment close two sales.
    async fn once_named(
        &self,
        change: &mut store::Change,
        trade: &Trade,
        event: Event,
    ) -> Result<Event, Hindrance> {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return Ok(event);
        };
        let facts = trade.facts();
        let holder = store::holder_of(change, &facts.shop, gateway_ref).await?;
        if !sale::is_id_repeated(holder.as_deref(), &facts.trade_id) {
            return Ok(event);
        }
        let alarm = "gateway_ref_repeated";
        METRICS.alarm(alarm);
        tracing::error!(trade_id = %facts.trade_id, alarm, "the gateway gave this trade the id of another one: it is left");
        Ok(Event::Created(CreateAnswer::Repeated))
    }

    /// Tells the operator what an attempt did, once it is stored.
    fn tell(trade: &Trade, moves: &[Move], action: &str) {
        let trade_id = &trade.facts().trade_id;
        let said = trade.gateway_answer();
        let gateway_code = said.and_then(|said| said.code.as_deref());
        let gateway_message = said.map(|said| said.message.as_str());
        for step @ Move { from, to } in moves {
            METRICS.moved(step);
            let (from, to_word) = (word(*from), word(*to));
            tracing::info!(%trade_id, from, to = to_word, action, gateway_code, gateway_message, "moved");
            match *to {
                State::LateSuccess => {
                    let alarm = "late_success";
                    METRICS.alarm(alarm);
                    tracing::error!(%trade_id, alarm, "paid after it was closed: accept it, or give the money back");
                }
                State::NeedsReview | State::VoidReview => METRICS.alarm("needs_review"),
                State::Creating
                | State::CreateUnknown
                | State::AwaitingCode
                | State::AwaitingPayer
                | State::Paying
                | State::Pending
                | State::Unknown
                | State::Cancelling
                | State::CancelUnknown
                | State::Paid
                | State::Voiding
                | State::VoidUnknown
                | State::Declined
                | State::Cancelled
                | State::Expired
                | State::Abandoned
                | State::Voided => {}
            }
        }
    }

    /// What the stored machine says to do now.
    fn drain_steps(self: &Arc<Self>, trade: &mut Trade, mut code: Option<Secret>) -> Vec<Sent> {
        let mut sent = Vec::new();
        loop {
            match trade.next(&self.policy) {
                // Another process asks, or this one after its next start.
                Step::Send(GatewayRequest::Query { .. }) if self.is_closing() => {}
                Step::Send(send) => {
                    sent.push(self.send(trade, send, code.take_if(|_| send == GatewayRequest::Pay)))
                }
                Step::Wait(wake) => {
                    self.arm(&trade.facts().trade_id, wake);
                    return sent;
                }
                Step::Done => {
                    self.disarm(&trade.facts().trade_id);
                    return sent;
                }
            }
        }
    }

    fn send(self: &Arc<Self>, trade: &Trade, send: GatewayRequest, code: Option<Secret>) -> Sent {
        let inner = Arc::clone(self);
        let (facts, gateway_ref) = (
            trade.facts().clone(),
            trade.gateway_ref().map(str::to_owned),
        );
        let call = async move {
            kill::at(kill::of_send(send, At::Sending));
            let answered = inner
                .gateway
                .send(&facts, gateway_ref.as_deref(), send, code)
                .await;
            kill::at(kill::of_send(send, At::Answered));
            let trade = inner.keep(&facts.trade_id, answered).await;
            kill::at(kill::of_send(send, At::Kept));
            trade
        };
        self.tasks.spawn(call.in_current_span())
    }

    /// Stores an answer of the gateway. A store that is out of breath gets time: the answer may be the only proof that there
    /// will ever be.
    async fn keep(
        self: &Arc<Self>,
        trade_id: &str,
        Answered { event, said }: Answered,
    ) -> Option<Trade> {
        let beside = Beside {
            said,
            ..Beside::default()
        };
        let mut pause = KEEP_PAUSE;
        for _ in 0..KEEP_TRIES {
            match self
                .apply(trade_id, event.clone(), beside.clone(), "gateway")
                .await
            {
                Ok(applied) => return Some(applied.trade),
                Err(problem) if problem.code == ProblemCode::StoreUnavailable => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(problem) => {
                    tracing::error!(%trade_id, code = problem.code.as_str(), "an answer could not be stored");
                    return None;
                }
            }
        }
        tracing::error!(%trade_id, "an answer could not be stored: it is asked for again");
        None
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// This process acts on an attempt that it has met.
    fn watch(self: &Arc<Self>, trade: &Trade) {
        let known = lock(&self.timers).contains_key(&trade.facts().trade_id);
        if !known {
            self.drain_steps(&mut trade.clone(), None);
        }
    }

    /// Time acts on this attempt then.
    fn arm(self: &Arc<Self>, trade_id: &str, wake: Ms) {
        if self.is_closing() {
            return;
        }
        let (inner, id) = (Arc::clone(self), trade_id.to_owned());
        let timer = tokio::spawn(async move {
            tokio::time::sleep(inner.clock.until(wake)).await;
            // In a task of its own: the change arms the next timer, which ends this one.
            tokio::spawn(async move {
                if let Err(problem) = inner
                    .apply(&id, Event::Tick, Beside::default(), "time")
                    .await
                {
                    tracing::error!(trade_id = %id, code = problem.code.as_str(), "time could not act; once more in a second");
                    let again = inner.clock.now_ms() + TIME_PAUSE_MS;
                    inner.arm(&id, again);
                }
            });
        });
        let old = lock(&self.timers).insert(trade_id.to_owned(), timer.abort_handle());
        if let Some(old) = old {
            old.abort();
        }
    }

    fn disarm(&self, trade_id: &str) {
        if let Some(timer) = lock(&self.timers).remove(trade_id) {
            timer.abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}

/// Twenty characters that nobody guesses: "K" and 95 random bits.
fn new_trade_id() -> Result<String, Problem> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0; 19];
    getrandom::fill(&mut bytes).map_err(|_| Problem::new(ProblemCode::Internal))?;
    let rest = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(std::iter::once('K').chain(rest).collect())
}
