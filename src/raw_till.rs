//! The till's exports: each reads what it was given, and delegates. The facade's `Till` is thin over them.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::Promise;
use kaunter_core::error::ErrorCode;
use wasm_bindgen::prelude::*;

use crate::page::camera;
use crate::page::till::Till;
use crate::types::code::{Scan, ScanPromise};
use crate::types::error::{Fail, Rejection};
use crate::types::event::{
    CamerasPromise, Emit, JsTillState, PermissionPromise, SpawnReader, VoidPromise,
};
use crate::types::given::{self, wrong};
use crate::types::options::{Adjustment, OpenWish, ScanWish};
use crate::types::sale::{
    JsTrades, JsWallets, Outcome, OutcomePromise, Trade, TradePromise, TradesPromise, sale_from_js,
    verdict_from_js,
};
use crate::types::to_js;
use crate::{a_string, promise};

/// A till, as the facade's `Till` wraps it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawTill(Rc<Till>);

/// What an export does once it has read what it was given.
type Work = Pin<Box<dyn Future<Output = Result<JsValue, Rejection>>>>;

impl RawTill {
    /// A promise of what the work brings; a rejection speaks in the caller's own words. The one for all exports, so that
    /// only their work is in the module for each.
    fn promise<T: JsCast>(&self, work: Result<Work, Fail>) -> T {
        self.promised(work).unchecked_into()
    }

    fn promised(&self, work: Result<Work, Fail>) -> Promise {
        let till = Rc::clone(&self.0);
        match work {
            Ok(work) => promise(async move {
                work.await
                    .map_err(|rejection| till.voice().rejection(rejection))
            }),
            Err(fail) => Promise::reject(&till.voice().rejection(fail.into())),
        }
    }

    /// Work on the till.
    fn work<F>(&self, begin: impl FnOnce(Rc<Till>) -> F) -> Work
    where
        F: Future<Output = Result<JsValue, Rejection>> + 'static,
    {
        Box::pin(begin(Rc::clone(&self.0)))
    }

    /// Work on one attempt.
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

    /// A charge, of a code that is there or of one that the camera will see.
    fn charging(
        &self,
        sale: &JsValue,
        options: &JsValue,
        code: Option<&JsValue>,
    ) -> Result<Work, Fail> {
        let (sale, wish) = (sale_from_js(sale)?, ScanWish::read(options)?);
        let code = code.map(|code| self.code(code)).transpose()?;
        Ok(self.work(async move |till| outcome(till.charge(sale, wish, code).await)))
    }

    fn presenting(&self, sale: &JsValue, options: &JsValue) -> Result<Work, Fail> {
        let (sale, wish) = (sale_from_js(sale)?, ScanWish::read(options)?);
        if wish.on_code.is_none() {
            return Err(wrong("onCode", "a function"));
        }
        Ok(self.work(async move |till| outcome(till.present(sale, wish).await)))
    }

    fn resuming(&self, trade_id: &JsValue, options: &JsValue) -> Result<Work, Fail> {
        let named = !given::is_nothing(trade_id);
        let id = named.then(|| given::trade_id(trade_id)).transpose()?;
        let wish = ScanWish::read(options)?;
        Ok(self.work(async move |till| outcome(till.resume(id, wish).await)))
    }

    /// A `Scan`, or its text.
    fn code(&self, code: &JsValue) -> Result<Scan, Fail> {
        let text = given::text(code).or_else(|| given::text(&given::own(code, "text").ok()?));
        text.map(|text| self.0.typed(&text))
            .ok_or_else(|| Fail::new(ErrorCode::CodeInvalid))
    }
}

/// An outcome, for JavaScript.
fn outcome(end: Result<Outcome, Rejection>) -> Result<JsValue, Rejection> {
    end.map(|end| to_js(&end))
}

/// A trade, for JavaScript.
fn trade(answer: Result<Trade, Fail>) -> Result<JsValue, Rejection> {
    Ok(to_js(&answer?))
}

/// Trades, for JavaScript.
fn trades(answer: Result<Vec<Trade>, Fail>) -> Result<JsValue, Rejection> {
    Ok(to_js(&answer?))
}

/// Nothing, for JavaScript.
fn done(answer: Result<(), Fail>) -> Result<JsValue, Rejection> {
    answer?;
    Ok(JsValue::UNDEFINED)
}

#[wasm_bindgen]
impl RawTill {
    /// Opens a till. `emit` hears its events, `spawn` makes whoever reads.
    pub fn open(options: &JsValue, emit: Emit, spawn: SpawnReader) -> Promise {
        let wish = OpenWish::read(options);
        promise(async move {
            let wish = wish?;
            let messages = wish.messages.clone();
            let till = Till::open(wish, emit, spawn).await;
            till.map(|till| Self(till).into())
                .map_err(|fail| fail.to_js(&messages))
        })
    }

    /// What it is doing.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn state(&self) -> JsTillState {
        JsValue::from_str(self.0.voice().state().as_str()).unchecked_into()
    }

    /// The gateway's wallets.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn wallets(&self) -> JsWallets {
        self.0.js_wallets()
    }

    /// What is not at its end, newest first.
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

    /// Looks for a code.
    #[must_use]
    pub fn scan(&self, options: &JsValue) -> ScanPromise {
        let wish = ScanWish::read(options);
        self.promise(wish.map(|wish| {
            self.work(async move |till| till.scan(wish).await.map(|scan| to_js(&scan)))
        }))
    }

    /// Scans the customer's code, then pays.
    #[must_use]
    pub fn charge(&self, sale: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.charging(sale, options, None))
    }

    /// Pays with a code that is already there.
    #[must_use]
    pub fn pay(&self, sale: &JsValue, code: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.charging(sale, options, Some(code)))
    }

    /// Collects a sale with a code that the caller shows and the customer scans.
    #[must_use]
    pub fn present(&self, sale: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.presenting(sale, options))
    }

    /// How an attempt stands.
    #[must_use]
    pub fn status(&self, trade_id: &JsValue) -> TradePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            trade(till.status(&id).await)
        }))
    }

    /// Cancels an unpaid attempt; may lose to the customer.
    #[must_use]
    pub fn cancel(&self, trade_id: &JsValue) -> OutcomePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            outcome(till.cancel(&id).await)
        }))
    }

    /// Gives the money back.
    #[wasm_bindgen(js_name = void)]
    #[must_use]
    pub fn void(&self, trade_id: &JsValue, reason: &JsValue) -> OutcomePromise {
        let reason = a_string(reason, "reason");
        self.promise(reason.and_then(|reason| {
            self.on_trade(trade_id, async move |till, id| {
                outcome(till.void(&id, &reason).await)
            })
        }))
    }

    /// How the void of an attempt stands.
    #[wasm_bindgen(js_name = voidStatus)]
    #[must_use]
    pub fn void_status(&self, trade_id: &JsValue) -> TradePromise {
        self.promise(self.on_trade(trade_id, async move |till, id| {
            trade(till.void_status(&id).await)
        }))
    }

    /// Watches an attempt to its end; without a name, the newest that is unfinished.
    #[must_use]
    pub fn resume(&self, trade_id: &JsValue, options: &JsValue) -> OutcomePromise {
        self.promise(self.resuming(trade_id, options))
    }

    /// Every attempt of a sale, from any terminal of the shop, oldest first.
    #[must_use]
    pub fn find(&self, reference: &JsValue) -> TradesPromise {
        let reference = a_string(reference, "ref");
        self.promise(
            reference
                .map(|reference| self.work(async move |till| trades(till.find(&reference).await))),
        )
    }

    /// The attempts of a day, from any terminal of the shop, newest first; today where none is named.
    #[must_use]
    pub fn history(&self, day: &JsValue) -> TradesPromise {
        let named = !given::is_nothing(day);
        let day = named.then(|| a_string(day, "day")).transpose();
        self.promise(
            day.map(|day| self.work(async move |till| trades(till.history(day.as_deref()).await))),
        )
    }

    /// A person's word on what the gateway could not settle.
    #[must_use]
    pub fn settle(&self, trade_id: &JsValue, verdict: &JsValue) -> OutcomePromise {
        let verdict = verdict_from_js(verdict);
        self.promise(verdict.and_then(|verdict| {
            self.on_trade(trade_id, async move |till, id| {
                outcome(till.settle(&id, &verdict).await)
            })
        }))
    }

    /// Whether the camera may be used; never prompts.
    #[must_use]
    pub fn permission(&self) -> PermissionPromise {
        self.promise(Ok(
            self.work(async move |_| Ok(camera::permission().await.into()))
        ))
    }

    /// The cameras that there are; never prompts.
    #[must_use]
    pub fn cameras(&self) -> CamerasPromise {
        self.promise(Ok(
            self.work(async move |till| Ok(to_js(&till.eye().cameras().await?)))
        ))
    }

    /// Takes this camera from now on, at this terminal.
    #[wasm_bindgen(js_name = use)]
    #[must_use]
    pub fn choose(&self, camera: &JsValue) -> VoidPromise {
        let id = given::own(camera, "deviceId").ok();
        let id = id.and_then(|id| given::text(&id));
        let id = id.ok_or_else(|| wrong("camera", "a camera with its `deviceId`"));
        self.promise(id.map(|id| self.work(async move |till| done(till.eye().choose(&id).await))))
    }

    /// Torch, zoom and focus of the camera that is on.
    #[must_use]
    pub fn adjust(&self, what: &JsValue) -> VoidPromise {
        let wish = Adjustment::read(what);
        self.promise(
            wish.map(|wish| self.work(async move |till| done(till.eye().adjust(&wish).await))),
        )
    }

    /// Camera off; the till stays open.
    #[must_use]
    pub fn release(&self) -> VoidPromise {
        self.0.eye().release();
        Promise::resolve(&JsValue::UNDEFINED).unchecked_into()
    }

    /// Every track, worker, timer and listener off; open attempts stay journalled.
    #[must_use]
    pub fn close(&self) -> VoidPromise {
        self.promise(Ok(self.work(async move |till| {
            till.close().await;
            Ok(JsValue::UNDEFINED)
        })))
    }
}
