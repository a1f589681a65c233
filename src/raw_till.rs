//! The till's exports: each parses its arguments, and delegates. The facade's `Till` is a thin wrapper.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::Promise;
use kaunter_core::wire::{CodeMode, SaleInput};
use wasm_bindgen::prelude::*;

use crate::page::till::Till;
use crate::promise;
use crate::types::camera::Adjustment;
use crate::types::code::{Scan, ScanPromise};
use crate::types::error::{Fail, Rejection};
use crate::types::event::{
    CamerasPromise, Emit, JsCamera, JsTillState, PermissionPromise, SpawnReader, VoidPromise,
};
use crate::types::given::{self, Given, wrong};
use crate::types::options::{ScanOptions, TillOptions};
use crate::types::outcome::{Outcome, OutcomePromise};
use crate::types::sale::sale_from_js;
use crate::types::session::JsSession;
use crate::types::tender::give_up_from_js;
use crate::types::to_js;
use crate::types::trade::{JsTrades, Trade, TradePromise, TradeQuery, TradesPromise};
use crate::types::verdict::verdict_from_js;
use crate::types::wallet::JsWallets;

/// A till, as the facade's `Till` wraps it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawTill(Rc<Till>);

/// The work of an export, after its arguments were parsed.
type Work = Pin<Box<dyn Future<Output = Result<JsValue, Rejection>>>>;

impl RawTill {
    /// A promise of the result; a rejection has the caller's own wording. Shared by all exports, so that it is in the
    /// module once.
    fn promise<T: JsCast>(&self, work: Result<Work, Fail>) -> T {
        self.promised(work).unchecked_into()
    }

    fn promised(&self, work: Result<Work, Fail>) -> Promise {
        let till = Rc::clone(&self.0);
        match work {
            Ok(work) => promise(async move {
                work.await
                    .map_err(|rejection| till.announcer().rejection(rejection))
            }),
            Err(fail) => Promise::reject(&till.announcer().rejection(fail.into())),
        }
    }

    /// Work on the till.
    fn work<F>(&self, begin: impl FnOnce(Rc<Till>) -> F) -> Work
    where
        F: Future<Output = Result<JsValue, Rejection>> + 'static,
    {
        Box::pin(begin(Rc::clone(&self.0)))
    }

    /// Work on one trade.
    fn on_trade<F>(
        &self,
        trade_id: &JsValue,
        begin: impl FnOnce(Rc<Till>, String) -> F,
    ) -> Result<Work, Fail>
    where
        F: Future<Output = Result<JsValue, Rejection>> + 'static,
    {
        let trade_id = given::trade_id(trade_id)?;
        Ok(Box::pin(begin(Rc::clone(&self.0), trade_id)))
    }

    /// A charge, with a given code or one that the camera reads.
    fn charging(&self, sale: &JsValue, options: &JsValue) -> Result<Work, Fail> {
        let (sale, parsed) = (sale_from_js(sale)?, ScanOptions::of_charge(options)?);
        let code = Given::new(options, "")?.field("code")?;
        let code = (!given::is_nothing(&code)).then(|| self.code(&code));
        let code = code.transpose()?;
        Ok(self.collecting(sale, parsed, code, CodeMode::ConsumerPresented))
    }

    fn showing(&self, sale: &JsValue, options: &JsValue) -> Result<Work, Fail> {
        let (sale, parsed) = (sale_from_js(sale)?, ScanOptions::of_show(options)?);
        Ok(self.collecting(sale, parsed, None, CodeMode::MerchantPresented))
    }

    fn collecting(
        &self,
        sale: SaleInput,
        options: ScanOptions,
        code: Option<Scan>,
        mode: CodeMode,
    ) -> Work {
        self.work(async move |till| outcome(till.charge(sale, options, code, mode).await))
    }

    fn voiding(&self, trade_id: &JsValue, options: &JsValue) -> Result<Work, Fail> {
        let reason = reason(options)?;
        self.on_trade(trade_id, async move |till, id| {
            outcome(till.void(&id, &reason).await)
        })
    }

    /// A `Scan`, or its text.
    fn code(&self, code: &JsValue) -> Result<Scan, Fail> {
        let text = given::text(code).or_else(|| given::text(&given::own(code, "text").ok()?));
        text.map(|text| self.0.typed(&text))
            .ok_or_else(|| wrong("code", "a scan or the text of one"))
    }
}

/// The reason in an options object.
fn reason(options: &JsValue) -> Result<String, Fail> {
    let given = Given::new(options, "")?;
    let reason = given.text("reason")?;
    reason.ok_or_else(|| given.wrong("reason", "a sentence"))
}

/// An outcome, for JavaScript.
fn outcome(end: Result<Outcome, Rejection>) -> Result<JsValue, Rejection> {
    end.map(|end| to_js(&end))
}

/// A trade, for JavaScript.
fn trade(answer: Result<Trade, Fail>) -> Result<JsValue, Rejection> {
    Ok(to_js(&answer?))
}

/// Nothing, for JavaScript.
fn done(answer: Result<(), Fail>) -> Result<JsValue, Rejection> {
    answer?;
    Ok(JsValue::UNDEFINED)
}

#[wasm_bindgen]
impl RawTill {
    /// Opens a till. `emit` receives its events, `spawn` starts a reader. `hears`: a hand scanner may offer codes.
    pub fn open(options: &JsValue, emit: Emit, spawn: SpawnReader, hears: bool) -> Promise {
        let options = TillOptions::read(options);
        promise(async move {
            let options = options?;
            let messages = options.messages.clone();
            let till = Till::open(options, emit, spawn, hears).await;
            till.map(|till| Self(till).into())
                .map_err(|fail| fail.to_js(&messages))
        })
    }

    /// What the till is doing.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn state(&self) -> JsTillState {
        JsValue::from_str(self.0.announcer().state().as_str()).unchecked_into()
    }

    /// The gateway's wallets.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn wallets(&self) -> JsWallets {
        self.0.js_wallets()
    }

    /// The session of the token.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn session(&self) -> JsSession {
        to_js(&self.0.session()).unchecked_into()
    }

    /// Trades that have not ended, newest first.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn unfinished(&self) -> JsTrades {
        to_js(&self.0.unfinished()).unchecked_into()
    }

    /// Starts camera and worker, so that the first scan finds them warm.
    #[wasm_bindgen(js_name = warmUp)]
    #[must_use]
    pub fn warm_up(&self) -> VoidPromise {
        self.promise(Ok(
            self.work(async move |till| done(till.eye().warm_up().await))
        ))
    }

    /// Scans for a code.
    #[must_use]
    pub fn scan(&self, options: &JsValue) -> ScanPromise {
        let options = ScanOptions::read(options);
        self.promise(options.map(|options| {
            self.work(async move |till| till.scan(options).await.map(|scan| to_js(&scan)))
        }))
    }

    /// A code of the hand scanner. False if no scan wants it; an empty text only asks that.
    #[must_use]
    pub fn offer(&self, code: &JsValue) -> bool {
        given::text(code).is_some_and(|code| self.0.eye().offer(code))
    }

    /// Collects a sale with the customer's code, scanned or given.
    #[must_use]
    pub fn charge(&self, sale: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.charging(sale, options))
    }

    /// Collects a sale with a code that the customer scans.
    #[wasm_bindgen(js_name = showCode)]
    #[must_use]
    pub fn show_code(&self, sale: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.showing(sale, options))
    }

    /// Checks the status of a trade.
    #[wasm_bindgen(js_name = checkStatus)]
    #[must_use]
    pub fn check_status(&self, trade_id: &JsValue) -> TradePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            trade(till.check_status(&id).await)
        }))
    }

    /// Cancels an unpaid trade. The customer may pay before the cancel arrives.
    #[must_use]
    pub fn cancel(&self, trade_id: &JsValue) -> OutcomePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            outcome(till.cancel(&id).await)
        }))
    }

    /// Gives the money back.
    #[wasm_bindgen(js_name = void)]
    #[must_use]
    pub fn void(&self, trade_id: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.voiding(trade_id, options))
    }

    /// Checks the status of a void.
    #[wasm_bindgen(js_name = checkVoidStatus)]
    #[must_use]
    pub fn check_void_status(&self, trade_id: &JsValue) -> TradePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            trade(till.check_void_status(&id).await)
        }))
    }

    /// Watches a trade to its end.
    #[must_use]
    pub fn resume(&self, trade_id: &JsValue, options: &JsValue) -> OutcomePromise {
        let options = ScanOptions::of_resume(options);
        self.promise(options.and_then(|options| {
            self.on_trade(trade_id, async move |till, id| {
                outcome(till.resume(&id, options).await)
            })
        }))
    }

    /// The trades of a sale or of a day, from every terminal of the shop.
    #[wasm_bindgen(js_name = listTrades)]
    #[must_use]
    pub fn list_trades(&self, query: &JsValue) -> TradesPromise {
        let query = TradeQuery::read(query);
        self.promise(
            query.map(|query| self.work(async move |till| Ok(to_js(&till.list(&query).await?)))),
        )
    }

    /// Gives a person's verdict on what the gateway left open.
    #[wasm_bindgen(js_name = giveVerdict)]
    #[must_use]
    pub fn give_verdict(&self, trade_id: &JsValue, verdict: &JsValue) -> OutcomePromise {
        let verdict = verdict_from_js(verdict);
        self.promise(verdict.and_then(|verdict| {
            self.on_trade(trade_id, async move |till, id| {
                outcome(till.give_verdict(&id, &verdict).await)
            })
        }))
    }

    /// Stops collecting a sale that the customer pays in another way.
    #[wasm_bindgen(js_name = giveUp)]
    #[must_use]
    pub fn give_up(&self, options: &JsValue) -> VoidPromise {
        let wish = give_up_from_js(options);
        self.promise(wish.map(|wish| self.work(async move |till| done(till.give_up(&wish).await))))
    }

    /// The camera that is on, or `null`.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn camera(&self) -> JsCamera {
        to_js(&self.0.eye().current()).unchecked_into()
    }

    /// Whether the camera may be used; never prompts.
    #[must_use]
    pub fn permission(&self) -> PermissionPromise {
        self.promise(Ok(
            self.work(async move |till| Ok(till.eye().permission().await.into()))
        ))
    }

    /// The cameras of this device. Never prompts.
    #[must_use]
    pub fn cameras(&self) -> CamerasPromise {
        self.promise(Ok(
            self.work(async move |till| Ok(to_js(&till.eye().cameras().await?)))
        ))
    }

    /// Switches to this camera, and remembers it for this terminal.
    #[wasm_bindgen(js_name = use)]
    #[must_use]
    pub fn choose(&self, camera: &JsValue) -> VoidPromise {
        let id = given::own(camera, "deviceId").ok();
        let id = id.and_then(|id| given::text(&id));
        let id = id.ok_or_else(|| wrong("camera", "a camera with its `deviceId`"));
        self.promise(id.map(|id| self.work(async move |till| done(till.eye().choose(&id).await))))
    }

    /// Sets torch, zoom and focus of the camera that is on.
    #[must_use]
    pub fn adjust(&self, what: &JsValue) -> VoidPromise {
        let options = Adjustment::read(what);
        self.promise(
            options.map(|options| {
                self.work(async move |till| done(till.eye().adjust(&options).await))
            }),
        )
    }

    /// Turns the camera off; the till stays open.
    #[must_use]
    pub fn release(&self) -> VoidPromise {
        self.0.eye().release();
        Promise::resolve(&JsValue::UNDEFINED).unchecked_into()
    }

    /// Makes this device act for its terminal.
    #[wasm_bindgen(js_name = takeOver)]
    #[must_use]
    pub fn take_over(&self, options: &JsValue) -> VoidPromise {
        let reason = reason(options);
        self.promise(
            reason.map(|reason| self.work(async move |till| done(till.take_over(reason).await))),
        )
    }

    /// Ends every token of this terminal, and closes the till.
    #[wasm_bindgen(js_name = signOut)]
    #[must_use]
    pub fn sign_out(&self) -> VoidPromise {
        self.promise(Ok(self.work(async move |till| done(till.sign_out().await))))
    }

    /// Ends every track, worker, timer and listener. Open trades stay in the journal.
    #[must_use]
    pub fn close(&self) -> VoidPromise {
        self.promise(Ok(self.work(async move |till| {
            till.close().await;
            Ok(JsValue::UNDEFINED)
        })))
    }
}
