//! One till: what its calls share, and the keepers of attempts that nobody watches on screen.

mod recovery;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use js_sys::Function;
use kaunter_core::error::ErrorCode;
use kaunter_core::till::{Event, Record};
use kaunter_core::wire::{
    self, PagePolicy, Presented, ProblemCode, Sale, Session, Status, Verdict,
};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, AbortSignal};

use super::backend::{Backend, Trouble};
use super::day::Day;
use super::driver::Driver;
use super::eye::{self, Eye};
use super::journal::Journal;
use super::lock::{self, Asked};
use super::news::News;
use super::voice::Voice;
use super::{clock, signal};
use crate::types::code::{Kind, Scan};
use crate::types::error::{Fail, Rejection};
use crate::types::event::{Emit, SpawnReader};
use crate::types::options::{OpenWish, ScanWish};
use crate::types::sale::{JsWallets, Outcome, Trade, Wallet};
use crate::types::to_js;

/// An attempt under review is asked about this much slower: a person decides, and that takes minutes.
const REVIEW_SLOWNESS: u64 = 15;

/// What a wallet without `"merchant"` in its `presents` is told.
const NO_DISPLAY: &str =
    "This wallet's app scans no code of a till: scan the customer's, or choose another wallet.";

/// A till that is open.
#[derive(Debug)]
pub struct Till {
    backend: Backend,
    session: Session,
    wallets: Vec<Wallet>,
    scope: String,
    journal: Option<Journal>,
    news: News,
    eye: Rc<Eye>,
    voice: Rc<Voice>,
    on_wallet: Option<Function>,
    /// What is not at its end, newest first.
    unfinished: RefCell<Vec<wire::Trade>>,
    /// Attempts on screen, and where their drivers listen.
    watched: RefCell<Vec<(String, UnboundedSender<Event>)>>,
    kept: RefCell<Vec<String>>,
    closing: Option<AbortController>,
}

/// An attempt on screen; dropped, its keeper asks again.
#[derive(Debug)]
pub struct Watched {
    till: Rc<Till>,
    trx_id: String,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.till.unwatch(&self.trx_id);
    }
}

impl Till {
    /// Signs in, finds what is unfinished, and goes on verifying it. No camera yet.
    ///
    /// # Errors
    /// `token/*`, `network/*`, `backend/refused`.
    pub async fn open(wish: OpenWish, emit: Emit, spawn: SpawnReader) -> Result<Rc<Self>, Fail> {
        let voice = Rc::new(Voice::new(emit, wish.messages.clone()));
        let backend = Backend::new(&wish);
        let session = backend.session().await?;
        backend.set_call_ms(session.policy.call_ms);
        let scope = format!(
            "{}|{}|{}",
            backend.address(),
            session.shop,
            session.terminal
        );
        let journal = match Journal::open(&scope).await {
            Ok(journal) => Some(journal),
            Err(cause) => {
                voice.no_journal(cause);
                None
            }
        };
        let (tell, words) = unbounded();
        let till = Rc::new(Self {
            wallets: session.integrators.iter().map(Wallet::from).collect(),
            backend,
            news: News::join(&scope, tell),
            eye: Eye::new(&wish, &scope, spawn, Rc::clone(&voice)),
            scope,
            journal,
            voice,
            on_wallet: wish.on_wallet,
            unfinished: RefCell::default(),
            watched: RefCell::default(),
            kept: RefCell::default(),
            closing: AbortController::new().ok(),
            session,
        });
        crate::page::spawn(Self::hear(Rc::downgrade(&till), words));
        till.recover().await;
        Ok(till)
    }

    fn lock_name(&self, sale: &Sale) -> String {
        format!("kaunter|{}|{}", self.scope, sale.reference)
    }

    // ---- what the driver needs -------------------------------------------------------------------------------

    /// The page's durations.
    #[must_use]
    pub fn policy(&self) -> &PagePolicy {
        &self.session.policy
    }

    /// The gateway's wallets.
    #[must_use]
    pub fn wallets(&self) -> &[Wallet] {
        &self.wallets
    }

    /// The same for JavaScript.
    #[must_use]
    pub fn js_wallets(&self) -> JsWallets {
        to_js(&self.wallets).unchecked_into()
    }

    /// The way to the backend.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The camera and its reader.
    #[must_use]
    pub fn eye(&self) -> &Rc<Eye> {
        &self.eye
    }

    /// What the tabs of this terminal tell each other.
    #[must_use]
    pub fn news(&self) -> &News {
        &self.news
    }

    /// The events.
    #[must_use]
    pub fn voice(&self) -> &Voice {
        &self.voice
    }

    /// The caller's picker of wallets.
    #[must_use]
    pub fn on_wallet(&self) -> Option<&Function> {
        self.on_wallet.as_ref()
    }

    /// Fires when the till closes.
    #[must_use]
    pub fn closing(&self) -> Option<AbortSignal> {
        self.closing.as_ref().map(AbortController::signal)
    }

    /// Stores a record; without a journal the cashier is told, and the trade goes on: the backend stores before it acts.
    pub async fn journal(&self, record: &Record) {
        let Some(journal) = &self.journal else { return };
        if let Err(cause) = journal.put(record).await {
            self.voice.no_journal(cause);
        }
    }

    /// Removes a record.
    pub async fn forget(&self, key: &str) {
        if let Some(journal) = &self.journal {
            // A record that stays is asked about once more, and then removed.
            let _ = journal.forget(key).await;
        }
    }

    /// Removes a record, and notes the attempt that stood in its way.
    pub async fn give_way(&self, key: &str, record: &Record) {
        if let Some(journal) = &self.journal
            && let Err(cause) = journal.swap(key, record).await
        {
            self.voice.no_journal(cause);
        }
    }

    async fn records(&self) -> Vec<Record> {
        self.read().await.unwrap_or_default()
    }

    /// The same; none where the journal can't be read now.
    async fn read(&self) -> Option<Vec<Record>> {
        let Some(journal) = &self.journal else {
            return Some(Vec::new());
        };
        let read = journal.all().await;
        read.map_err(|cause| self.voice.no_journal(cause)).ok()
    }

    /// While this lives, the attempt is on screen, and its keeper rests.
    #[must_use]
    pub fn watch(self: &Rc<Self>, trx_id: String, letters: UnboundedSender<Event>) -> Watched {
        self.unwatch(&trx_id);
        self.watched.borrow_mut().push((trx_id.clone(), letters));
        Watched {
            till: Rc::clone(self),
            trx_id,
        }
    }

    fn unwatch(&self, trx_id: &str) {
        self.watched
            .borrow_mut()
            .retain(|(known, _)| known != trx_id);
    }

    /// Where the driver of an attempt listens that is on screen.
    fn listener(&self, trx_id: &str) -> Option<UnboundedSender<Event>> {
        let watched = self.watched.borrow();
        let found = watched.iter().find(|(known, _)| known == trx_id)?;
        Some(found.1.clone())
    }

    /// Keeps what is not at its end, with a keeper that goes on asking.
    pub fn remember(self: &Rc<Self>, trade: &wire::Trade) {
        self.news.tell(&trade.trx_id, trade.version);
        self.unfinished
            .borrow_mut()
            .retain(|known| known.trx_id != trade.trx_id);
        if !trade.status.at_risk() {
            return;
        }
        self.enlist(trade.clone());
        if !self.kept.borrow().contains(&trade.trx_id) {
            self.kept.borrow_mut().push(trade.trx_id.clone());
            let (till, trade) = (Rc::clone(self), trade.clone());
            crate::page::spawn(async move { till.keep(trade).await });
        }
    }

    /// Puts an attempt on the list, newest first.
    fn enlist(&self, trade: wire::Trade) {
        let mut unfinished = self.unfinished.borrow_mut();
        let older = |known: &wire::Trade| known.created_at <= trade.created_at;
        let place = unfinished.iter().position(older);
        let place = place.unwrap_or(unfinished.len());
        unfinished.insert(place, trade);
    }

    /// Asks about an attempt until its end, or the till's.
    async fn keep(self: Rc<Self>, mut known: wire::Trade) {
        while known.status.at_risk() && !self.is_closed() {
            let slow = matches!(known.status, Status::NeedsReview | Status::LateSuccess);
            clock::sleep(self.policy().poll_ms * if slow { REVIEW_SLOWNESS } else { 1 }).await;
            let on_screen = self.listener(&known.trx_id).is_some();
            if self.is_closed() || on_screen || signal::hidden() {
                continue;
            }
            let Ok(trade) = self.backend.trade(&known.trx_id).await else {
                continue;
            };
            self.seen(&trade);
            known = trade;
        }
        self.kept.borrow_mut().retain(|kept| *kept != known.trx_id);
        if !known.status.at_risk() {
            self.forget_trade(&known.trx_id).await;
        }
    }

    async fn forget_trade(&self, trx_id: &str) {
        for record in self.records().await {
            if record.trx_id.as_deref() == Some(trx_id) {
                self.forget(&record.key).await;
            }
        }
    }

    fn is_closed(&self) -> bool {
        self.closing().is_none_or(|closing| closing.aborted())
    }

    /// The end that a trade's status is.
    #[must_use]
    pub fn outcome(&self, trade: &wire::Trade) -> Outcome {
        Outcome::of(trade, &self.wallets)
    }

    // ---- what callers ask for --------------------------------------------------------------------------------

    /// What is not at its end, newest first.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Trade> {
        let unfinished = self.unfinished.borrow();
        unfinished
            .iter()
            .map(|trade| Trade::new(trade, &self.wallets))
            .collect()
    }

    /// Looks for a code.
    ///
    /// # Errors
    /// What the eye says; an abort rejects with its reason.
    pub async fn scan(self: &Rc<Self>, wish: ScanWish) -> Result<Scan, Rejection> {
        if let Some(reason) = aborted(&wish) {
            return Err(reason);
        }
        let look = std::pin::pin!(self.eye.look(&wish, &self.wallets));
        let abort = std::pin::pin!(signal::aborted(wish.signal.as_ref()));
        let closing = self.closing();
        let close = std::pin::pin!(signal::aborted(closing.as_ref()));
        let stop = futures_util::future::select(abort, close);
        let scan = match futures_util::future::select(look, stop).await {
            futures_util::future::Either::Left((scan, _)) => scan,
            futures_util::future::Either::Right(_) => {
                Err(aborted(&wish).unwrap_or_else(|| Rejection::Thrown(super::driver::closed())))
            }
        };
        self.voice.now(crate::types::event::TillState::Idle, None);
        scan
    }

    /// Collects a sale, with a code that is there or one that the camera will see.
    ///
    /// # Errors
    /// Only where nothing ever began.
    pub async fn charge(
        self: &Rc<Self>,
        sale: Sale,
        wish: ScanWish,
        code: Option<Scan>,
    ) -> Result<Outcome, Rejection> {
        if let Some(reason) = aborted(&wish) {
            return Err(reason);
        }
        self.check(&sale, &wish, code.as_ref())?;
        let name = self.lock_name(&sale);
        let begin = |sale| Driver::new(self, sale, wish, code, Presented::Consumer);
        self.own(&name, sale, begin).await
    }

    /// Charges as the one owner of a sale in this browser.
    async fn own(
        self: &Rc<Self>,
        name: &str,
        sale: Sale,
        begin: impl FnOnce(Sale) -> Driver,
    ) -> Result<Outcome, Rejection> {
        let lock = match lock::ask(name).await {
            Asked::Ours(lock) => lock,
            Asked::Taken => return Err(self.busy(&sale).await.into()),
        };
        let end = begin(sale).run().await;
        // The caller may charge the sale again as soon as it hears of this end.
        lock.free().await;
        end
    }

    /// Collects a sale with a code that the caller shows.
    ///
    /// # Errors
    /// Only where nothing ever began.
    pub async fn present(
        self: &Rc<Self>,
        sale: Sale,
        wish: ScanWish,
    ) -> Result<Outcome, Rejection> {
        if let Some(reason) = aborted(&wish) {
            return Err(reason);
        }
        self.check(&sale, &wish, None)?;
        let Some(id) = &wish.wallet else {
            return Err(Fail::new(ErrorCode::WalletRequired).into());
        };
        let scans = |wallet: &&Wallet| wallet.presents.contains(&Presented::Merchant);
        if !self.wallets.iter().filter(scans).any(|own| own.id == *id) {
            return Err(Fail::new(ErrorCode::WalletUnknown)
                .with_detail(NO_DISPLAY)
                .into());
        }
        let name = self.lock_name(&sale);
        let begin = |sale| Driver::new(self, sale, wish, None, Presented::Merchant);
        self.own(&name, sale, begin).await
    }

    /// What the backend would refuse is refused before anything is asked.
    fn check(&self, sale: &Sale, wish: &ScanWish, code: Option<&Scan>) -> Result<(), Fail> {
        if sale.amount.currency != self.session.currency {
            return Err(Fail::new(ErrorCode::CurrencyUnsupported));
        }
        if sale.amount.minor > self.session.max_amount.minor {
            return Err(Fail::new(ErrorCode::MoneyLimit));
        }
        let known = |id: &String| self.wallets.iter().any(|wallet| wallet.id == *id);
        if wish.wallet.as_ref().is_some_and(|id| !known(id)) {
            return Err(Fail::new(ErrorCode::WalletUnknown));
        }
        match code {
            Some(scan) if !scan.is_sendable() => Err(Fail::new(ErrorCode::CodeInvalid)),
            Some(scan) if scan.recognised.kind == Kind::Merchant => {
                Err(Fail::new(ErrorCode::ScanMerchantCode))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Another tab has this sale in hand: which attempt is it?
    async fn busy(&self, sale: &Sale) -> Fail {
        let fail = Fail::new(ErrorCode::SaleBusy);
        let record = self.backend.sale(&sale.reference).await;
        let holder = record.ok().and_then(|record| {
            let open = |trade: &&wire::Trade| !trade.status.is_final();
            record.attempts.iter().rev().find(open).cloned()
        });
        match holder {
            Some(trade) => {
                let mut fail = fail.about(&trade.trx_id);
                fail.money_moved = trade.status.at_risk();
                fail
            }
            None => fail,
        }
    }

    /// A code that somebody typed, or that came from elsewhere.
    #[must_use]
    pub fn typed(&self, text: &str) -> Scan {
        eye::of_text(text, &self.wallets)
    }

    /// Watches an attempt to its end; without a name, the newest that is unfinished.
    ///
    /// # Errors
    /// `trade/not-found`, `network/*`.
    pub async fn resume(
        self: &Rc<Self>,
        trade_id: Option<String>,
        wish: ScanWish,
    ) -> Result<Outcome, Rejection> {
        if let Some(reason) = aborted(&wish) {
            return Err(reason);
        }
        let newest = || {
            self.unfinished
                .borrow()
                .first()
                .map(|trade| trade.trx_id.clone())
        };
        let trx_id = trade_id
            .or_else(newest)
            .ok_or_else(|| Fail::new(ErrorCode::TradeNotFound))?;
        match self.backend.trade(&trx_id).await {
            Ok(trade) => self.follow(&trade, wish).await,
            Err(trouble) => self.lost(&trx_id).ok_or_else(|| Fail::from(trouble).into()),
        }
    }

    /// An attempt whose code this till handed over, and which the backend does not know: no proof of anything.
    fn lost(&self, trx_id: &str) -> Option<Outcome> {
        let unfinished = self.unfinished.borrow();
        let assumed = unfinished
            .iter()
            .find(|trade| trade.trx_id == trx_id && trade.status == Status::NeedsReview)?;
        (assumed.version == 0).then(|| self.outcome(assumed))
    }

    async fn follow(
        self: &Rc<Self>,
        trade: &wire::Trade,
        wish: ScanWish,
    ) -> Result<Outcome, Rejection> {
        if trade.status.ends_promise() {
            self.remember(trade);
            self.forget_if_over(trade).await;
            return Ok(self.outcome(trade));
        }
        let record = self.record_of(trade).await;
        let own = trade.terminal == self.session.terminal;
        match lock::ask(&self.lock_name(&trade.sale)).await {
            Asked::Ours(lock) if own => {
                let end = Driver::resume(self, record, wish).run().await;
                lock.free().await;
                end
            }
            Asked::Ours(_) | Asked::Taken => Driver::follow(self, record, wish).run().await,
        }
    }

    async fn forget_if_over(&self, trade: &wire::Trade) {
        if trade.status.is_final() {
            self.forget_trade(&trade.trx_id).await;
        }
    }

    async fn record_of(&self, trade: &wire::Trade) -> Record {
        let journalled = self
            .records()
            .await
            .into_iter()
            .find(|record| record.trx_id.as_ref() == Some(&trade.trx_id));
        journalled.unwrap_or_else(|| Record::of(trade))
    }

    /// A call with a side effect on an attempt that is there: journalled first, so that a page that dies in its middle
    /// asks about it after its start, whichever till the attempt is of; then watched to its end.
    async fn wish(
        self: &Rc<Self>,
        trade_id: &str,
        call: impl Future<Output = Result<wire::Trade, Trouble>>,
    ) -> Result<Outcome, Rejection> {
        let noted = self.note(trade_id).await.map_err(Fail::from)?;
        match call.await {
            Ok(trade) => self.follow(&trade, ScanWish::default()).await,
            Err(trouble) => {
                // Refused: nothing began. Without an answer it may have.
                if let (Some(key), Trouble::Problem(_) | Trouble::NoToken(_)) = (noted, &trouble) {
                    self.forget(&key).await;
                }
                Err(Fail::from(trouble).into())
            }
        }
    }

    /// Journals an attempt that is not journalled yet; the new row's key.
    async fn note(&self, trade_id: &str) -> Result<Option<String>, Trouble> {
        let known = |record: &Record| record.trx_id.as_deref() == Some(trade_id);
        if self.journal.is_none() || self.records().await.iter().any(known) {
            return Ok(None);
        }
        let record = Record::of(&self.backend.trade(trade_id).await?);
        self.journal(&record).await;
        Ok(Some(record.key))
    }

    /// How an attempt stands.
    ///
    /// # Errors
    /// `trade/not-found`, `network/*`.
    pub async fn status(self: &Rc<Self>, trade_id: &str) -> Result<Trade, Fail> {
        let trade = self.backend.trade(trade_id).await?;
        self.noted(&trade).await
    }

    /// How the void of an attempt stands.
    ///
    /// # Errors
    /// `trade/not-found`, `network/*`.
    pub async fn void_status(self: &Rc<Self>, trade_id: &str) -> Result<Trade, Fail> {
        let trade = self.backend.void_status(trade_id).await?;
        self.noted(&trade).await
    }

    async fn noted(self: &Rc<Self>, trade: &wire::Trade) -> Result<Trade, Fail> {
        if trade.terminal == self.session.terminal {
            self.remember(trade);
            self.forget_if_over(trade).await;
        }
        Ok(Trade::new(trade, &self.wallets))
    }

    /// Cancels an unpaid attempt; may lose to the customer.
    ///
    /// # Errors
    /// `trade/not-cancellable`, `trade/not-found`, `token/forbidden`, `network/*`.
    pub async fn cancel(self: &Rc<Self>, trade_id: &str) -> Result<Outcome, Rejection> {
        self.wish(trade_id, self.backend.cancel(trade_id)).await
    }

    /// Gives the money back.
    ///
    /// # Errors
    /// `backend/refused` where it is not paid, `trade/not-found`, `token/forbidden`, `network/*`.
    pub async fn void(self: &Rc<Self>, trade_id: &str, reason: &str) -> Result<Outcome, Rejection> {
        self.wish(trade_id, self.backend.void(trade_id, reason))
            .await
    }

    /// A person's word.
    ///
    /// # Errors
    /// `backend/refused` where nothing is under review, `token/forbidden`, `network/*`.
    pub async fn settle(
        self: &Rc<Self>,
        trade_id: &str,
        verdict: &Verdict,
    ) -> Result<Outcome, Rejection> {
        self.wish(trade_id, self.backend.settle(trade_id, verdict))
            .await
    }

    /// Every attempt of a sale, oldest first.
    ///
    /// # Errors
    /// `network/*`, `token/*`.
    pub async fn find(&self, reference: &str) -> Result<Vec<Trade>, Fail> {
        match self.backend.sale(reference).await {
            Ok(record) => Ok(record
                .attempts
                .iter()
                .map(|trade| Trade::new(trade, &self.wallets))
                .collect()),
            Err(Trouble::Problem(problem)) if problem.code == ProblemCode::TradeNotFound => {
                Ok(Vec::new())
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// The attempts of a day of this device's calendar, newest first.
    ///
    /// # Errors
    /// `backend/refused` where it is no day, `network/*`, `token/*`.
    pub async fn history(&self, day: Option<&str>) -> Result<Vec<Trade>, Fail> {
        let day = Day::read(day).ok_or_else(|| {
            Fail::new(ErrorCode::BackendRefused).with_detail("Ask for a day as YYYY-MM-DD.")
        })?;
        let mut trades = Vec::new();
        for utc in day.utc_days() {
            trades.extend(self.backend.day(&utc).await?);
        }
        trades.retain(|trade| day.holds(&trade.created_at));
        Ok(trades
            .iter()
            .map(|trade| Trade::new(trade, &self.wallets))
            .collect())
    }

    /// Everything off; open attempts stay journalled.
    pub async fn close(&self) {
        if let Some(closing) = &self.closing {
            closing.abort();
        }
        self.backend.close();
        self.news.leave();
        self.eye.close();
    }
}

fn aborted(wish: &ScanWish) -> Option<Rejection> {
    let signal = wish.signal.as_ref().filter(|signal| signal.aborted())?;
    Some(Rejection::Thrown(signal::reason(signal)))
}
