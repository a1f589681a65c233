//! One till: the state that its calls share.

mod idle;
mod keeper;
mod recovery;
mod sale;
mod trade;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use kaunter_core::till::{ChargeEvent, Record};
use kaunter_core::wire::{self, PagePolicy, Session};
use wasm_bindgen::JsCast;
use web_sys::{AbortController, AbortSignal};

use super::announcer::Announcer;
use super::backend::Backend;
use super::eye::{self, Eye};
use super::journal::Journal;
use super::news::News;
use super::{clock, identity, signal};
use crate::types::code::{Scan, ScanSource};
use crate::types::error::{Fail, Rejection};
use crate::types::event::{Emit, SpawnReader};
use crate::types::given::Callback;
use crate::types::options::{ScanOptions, TillOptions};
use crate::types::outcome::Outcome;
use crate::types::session::TillSession;
use crate::types::to_js;
use crate::types::trade::{Trade, TradeList, TradeQuery};
use crate::types::wallet::{JsWallets, Wallet};

/// An open till.
#[derive(Debug)]
pub struct Till {
    backend: Backend,
    session: Session,
    wallets: Vec<Wallet>,
    scope: String,
    journal: Option<Journal>,
    news: News,
    eye: Rc<Eye>,
    announcer: Rc<Announcer>,
    choose_wallet: Option<Callback>,
    /// Trades that have not ended, newest first.
    unfinished: RefCell<Vec<wire::TradeView>>,
    /// Trades on screen, and the channels of their drivers.
    watched: RefCell<Vec<(String, UnboundedSender<ChargeEvent>)>>,
    kept: RefCell<Vec<String>>,
    /// Another device acts for this terminal: this one closes nothing by itself.
    only_watches: Cell<bool>,
    closing: Option<AbortController>,
}

/// A trade on screen. When it is dropped, its keeper continues.
#[derive(Debug)]
pub struct Watched {
    till: Rc<Till>,
    trade_id: String,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.till.unwatch(&self.trade_id);
    }
}

impl Till {
    /// Signs in, finds unfinished trades, and continues their status checks. The camera stays off.
    ///
    /// `hears`: a hand scanner may offer codes.
    ///
    /// # Errors
    /// `backend_insecure`, `connect_csp_blocked`, `origin_refused`, `token_*`, `network_*`, `route_not_found`.
    pub async fn open(
        options: TillOptions,
        emit: Emit,
        spawn: SpawnReader,
        hears: bool,
    ) -> Result<Rc<Self>, Fail> {
        let announcer = Rc::new(Announcer::new(emit, options.messages.clone()));
        let journal = Journal::open().await;
        let device = identity::device(journal.as_ref().ok()).await;
        let backend = Backend::new(&options, device);
        let session = backend.session().await?;
        backend.set_call_ms(session.policy.call_timeout_ms);
        let scope = format!(
            "{}|{}|{}",
            backend.address(),
            session.shop,
            session.terminal
        );
        let journal = match journal {
            Ok(journal) => Some(journal.of(&scope)),
            Err(cause) => {
                announcer.warn_no_journal(cause);
                None
            }
        };
        let (tell, words) = unbounded();
        let till = Rc::new(Self {
            wallets: session.wallets.iter().map(Wallet::from).collect(),
            backend,
            news: News::join(&scope, tell),
            eye: Eye::new(&options, &scope, spawn, Rc::clone(&announcer), hears),
            scope,
            journal,
            announcer,
            choose_wallet: options.choose_wallet,
            unfinished: RefCell::default(),
            watched: RefCell::default(),
            kept: RefCell::default(),
            only_watches: Cell::new(session.terminal_taken),
            closing: AbortController::new().ok(),
            session,
        });
        crate::page::spawn(Self::hear(Rc::downgrade(&till), words));
        till.recover().await;
        crate::page::spawn(Self::look_around(Rc::downgrade(&till)));
        Ok(till)
    }

    fn lock_name(&self, reference: &str) -> String {
        format!("kaunter|{}|{}", self.scope, reference)
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

    /// The session of the token.
    #[must_use]
    pub fn session(&self) -> TillSession {
        TillSession::from(&self.session)
    }

    /// The wallets for JavaScript.
    #[must_use]
    pub fn js_wallets(&self) -> JsWallets {
        to_js(&self.wallets).unchecked_into()
    }

    /// The backend.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The camera and its reader.
    #[must_use]
    pub fn eye(&self) -> &Rc<Eye> {
        &self.eye
    }

    /// The messages between the tabs of this terminal.
    #[must_use]
    pub fn news(&self) -> &News {
        &self.news
    }

    /// The events.
    #[must_use]
    pub fn announcer(&self) -> &Announcer {
        &self.announcer
    }

    /// The caller's picker of wallets.
    #[must_use]
    pub fn choose_wallet(&self) -> Option<&Callback> {
        self.choose_wallet.as_ref()
    }

    /// Fires when the till closes.
    #[must_use]
    pub fn closing(&self) -> Option<AbortSignal> {
        self.closing.as_ref().map(AbortController::signal)
    }

    /// Stores a record. Without a journal, warns the cashier and goes on: the backend stores each trade before it acts.
    pub async fn journal(&self, record: &Record) {
        let Some(journal) = &self.journal else { return };
        if let Err(cause) = journal.put(record).await {
            self.announcer.warn_no_journal(cause);
        }
    }

    /// Removes a record.
    pub async fn forget(&self, key: &str) {
        if let Some(journal) = &self.journal {
            // A record that stays is checked again after a reload, and then removed.
            let _ = journal.forget(key).await;
        }
    }

    /// Removes a record, and notes the trade that is in its way.
    pub async fn give_way(&self, key: &str, record: &Record) {
        if let Some(journal) = &self.journal
            && let Err(cause) = journal.swap(key, record).await
        {
            self.announcer.warn_no_journal(cause);
        }
    }

    async fn records(&self) -> Vec<Record> {
        self.read().await.unwrap_or_default()
    }

    /// Every record; `None` if the journal can't be read now.
    async fn read(&self) -> Option<Vec<Record>> {
        let Some(journal) = &self.journal else {
            return Some(Vec::new());
        };
        let read = journal.all().await;
        read.map_err(|cause| self.announcer.warn_no_journal(cause))
            .ok()
    }

    /// Marks a trade as on screen until this is dropped; meanwhile its keeper pauses.
    #[must_use]
    pub fn watch(
        self: &Rc<Self>,
        trade_id: String,
        event_sender: UnboundedSender<ChargeEvent>,
    ) -> Watched {
        self.unwatch(&trade_id);
        self.watched
            .borrow_mut()
            .push((trade_id.clone(), event_sender));
        Watched {
            till: Rc::clone(self),
            trade_id,
        }
    }

    fn unwatch(&self, trade_id: &str) {
        self.watched
            .borrow_mut()
            .retain(|(known, _)| known != trade_id);
    }

    /// The channel of the driver of a trade on screen.
    fn listener(&self, trade_id: &str) -> Option<UnboundedSender<ChargeEvent>> {
        let watched = self.watched.borrow();
        let found = watched.iter().find(|(known, _)| known == trade_id)?;
        Some(found.1.clone())
    }

    /// True while a trade is on screen.
    fn is_watching(&self) -> bool {
        !self.watched.borrow().is_empty()
    }

    fn is_closed(&self) -> bool {
        self.closing().is_none_or(|closing| closing.aborted())
    }

    /// The outcome of a trade's status.
    #[must_use]
    pub fn outcome(&self, trade: &wire::TradeView) -> Outcome {
        Outcome::of(trade, &self.wallets)
    }

    // ---- what callers ask for --------------------------------------------------------------------------------

    /// Trades that have not ended, newest first.
    #[must_use]
    pub fn unfinished(&self) -> Vec<Trade> {
        let unfinished = self.unfinished.borrow();
        unfinished
            .iter()
            .map(|trade| Trade::new(trade, &self.wallets))
            .collect()
    }

    /// Scans for a code.
    ///
    /// # Errors
    /// An error of the eye. An abort rejects with its reason.
    pub async fn scan(self: &Rc<Self>, options: ScanOptions) -> Result<Scan, Rejection> {
        if let Some(reason) = aborted(&options) {
            return Err(reason);
        }
        let closing = self.closing();
        let stopped = async {
            let closed = signal::aborted(closing.as_ref());
            clock::first_of(signal::aborted(options.signal.as_ref()), closed).await;
            Err(aborted(&options).unwrap_or_else(|| Rejection::Thrown(super::driver::closed())))
        };
        let scan = clock::first_of(self.eye.look(&options, &self.wallets), stopped).await;
        self.announcer
            .set_state(crate::types::event::TillState::Idle, None);
        scan
    }

    /// A code that was typed, or that came from elsewhere.
    #[must_use]
    pub fn typed(&self, text: &str) -> Scan {
        eye::of_text(text, ScanSource::Manual, &self.wallets)
    }

    /// A page of the trades of a sale, oldest first, or of a day, newest first.
    ///
    /// # Errors
    /// `network_*`, `token_*`.
    pub async fn list(&self, query: &TradeQuery) -> Result<TradeList, Fail> {
        let page = self.backend.list(query).await?;
        let trades = page.trades.iter();
        Ok(TradeList {
            trades: trades
                .map(|trade| Trade::new(trade, &self.wallets))
                .collect(),
            next_cursor: page.next_cursor,
        })
    }

    /// Makes this device act for its terminal: a person has said so.
    ///
    /// # Errors
    /// `bad_request` without a reason, `token_*`, `network_*`.
    pub async fn take_over(&self, reason: String) -> Result<(), Fail> {
        self.backend.take_over(reason).await?;
        self.only_watches.set(false);
        Ok(())
    }

    /// Ends every token of this terminal, and closes the till.
    ///
    /// # Errors
    /// `token_*`, `network_*`: then the till stays open.
    pub async fn sign_out(&self) -> Result<(), Fail> {
        match self.backend.sign_out().await {
            // A till whose tokens were revoked is signed out already.
            Err(trouble) if !trouble.is_revoked() => Err(trouble.into()),
            Ok(_) | Err(_) => {
                self.close().await;
                Ok(())
            }
        }
    }

    /// Turns everything off. Open trades stay in the journal.
    pub async fn close(&self) {
        if let Some(closing) = &self.closing {
            closing.abort();
        }
        self.backend.close();
        self.news.leave();
        self.eye.close();
    }
}

fn aborted(options: &ScanOptions) -> Option<Rejection> {
    let signal = options.signal.as_ref().filter(|signal| signal.aborted())?;
    Some(Rejection::Thrown(signal::reason(signal)))
}
