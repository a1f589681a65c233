//! One till: what its calls share.

mod attempt;
mod idle;
mod keeper;
mod recovery;
mod sale;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use kaunter_core::error::ErrorCode;
use kaunter_core::till::{Event, Record};
use kaunter_core::wire::{self, PagePolicy, ProblemCode, Sale, Session};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, AbortSignal};

use super::backend::{Backend, Trouble};
use super::day::Day;
use super::eye::{self, Eye};
use super::journal::Journal;
use super::news::News;
use super::voice::Voice;
use super::{clock, signal};
use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::event::{Emit, SpawnReader};
use crate::types::given::Callback;
use crate::types::options::{OpenWish, ScanWish};
use crate::types::sale::{JsWallets, Outcome, Trade, Wallet};
use crate::types::to_js;

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
    on_wallet: Option<Callback>,
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
        crate::page::spawn(Self::look_around(Rc::downgrade(&till)));
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
    pub fn on_wallet(&self) -> Option<&Callback> {
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

    /// True while an attempt is on screen.
    fn is_watching(&self) -> bool {
        !self.watched.borrow().is_empty()
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
        let closing = self.closing();
        let stopped = async {
            let closed = signal::aborted(closing.as_ref());
            clock::first_of(signal::aborted(wish.signal.as_ref()), closed).await;
            Err(aborted(&wish).unwrap_or_else(|| Rejection::Thrown(super::driver::closed())))
        };
        let scan = clock::first_of(self.eye.look(&wish, &self.wallets), stopped).await;
        self.voice.now(crate::types::event::TillState::Idle, None);
        scan
    }

    /// A code that somebody typed, or that came from elsewhere.
    #[must_use]
    pub fn typed(&self, text: &str) -> Scan {
        eye::of_text(text, &self.wallets)
    }

    /// Every attempt of a sale, oldest first.
    ///
    /// # Errors
    /// `network/*`, `token/*`.
    pub async fn find(&self, reference: &str) -> Result<Vec<Trade>, Fail> {
        if reference.is_empty() || reference.chars().count() > wire::REF_MAX_CHARS {
            return Err(Fail::new(ErrorCode::SaleInvalid));
        }
        match self.backend.find(reference).await {
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
        let mut trades = self.backend.days(&day.utc_days()).await?;
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
