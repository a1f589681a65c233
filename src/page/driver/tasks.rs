//! The tasks of a charge in the browser: scan, ask for the wallet, call the backend, show a code.

use std::rc::Rc;

use futures_util::future::abortable;
use js_sys::futures::JsFuture;
use kaunter_core::error::ErrorCode;
use kaunter_core::till::{ChargeEvent, Reply};
use kaunter_core::wire;
use wasm_bindgen::JsValue;

use super::{Driver, Picked, Post, TaskEnd};
use crate::page::till::Till;
use crate::page::{ask, clock, display, signal};
use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::given::wallet_id;
use crate::types::to_js;
use crate::types::wallet::JsWallets;

impl Driver {
    pub(super) fn look(&mut self) {
        let till = Rc::clone(&self.till);
        let mut options = self.options.clone();
        self.reference().clone_into(&mut options.sale);
        let (look, handle) = abortable(async move {
            let scan = till.eye().look(&options, till.wallets()).await;
            TaskEnd::Saw(Box::new(scan))
        });
        self.look = Some(handle);
        self.tasks
            .push(Box::pin(async { look.await.unwrap_or(TaskEnd::Nothing) }));
    }

    pub(super) fn pick(&mut self) {
        let till = Rc::clone(&self.till);
        let scan = self.code.as_ref().map(to_js).unwrap_or_default();
        self.tasks.push(Box::pin(async move {
            TaskEnd::Picked(picked(&till, &scan).await)
        }));
    }

    /// Makes a call whose answer is an event.
    pub(super) fn post(&mut self, post: Post) {
        let till = Rc::clone(&self.till);
        let sale = self.charge.record().sale.clone();
        self.tasks.push(Box::pin(async move {
            let backend = till.backend();
            let (call, event): (_, fn(Reply) -> ChargeEvent) = match &post {
                Post::Create(trade) => (backend.create(trade), ChargeEvent::Created),
                Post::HandOver(trade_id, code) => {
                    let call = backend.hand_over(trade_id, code.clone(), &sale);
                    (call, ChargeEvent::HandedOver)
                }
            };
            let answer = call.await;
            let why = answer.as_ref().err().cloned().map(Box::new);
            TaskEnd::Answered(event(answer.map_err(|trouble| trouble.fault())), why)
        }));
    }

    pub(super) fn hand_over(&mut self, trade_id: String) {
        let Some(code) = self.code.as_ref().map(Scan::code) else {
            return;
        };
        self.handed_ms.get_or_insert_with(clock::now_ms);
        self.post(Post::HandOver(trade_id, code));
    }

    /// Gives the caller our code to show. If it can't be shown, the charge is cancelled.
    pub(super) fn show(&mut self, show: &wire::ShownCode) {
        self.handed_ms.get_or_insert_with(clock::now_ms);
        let Some(on_code) = self.options.on_code.clone() else {
            return;
        };
        let shown = match display::draw(show) {
            Some(code) => on_code.call(&to_js(&code)).map(drop),
            None => Err(JsValue::from_str("The code is too long to be drawn.")),
        };
        if let Err(cause) = shown {
            signal::report(&cause);
            self.charge.handle(ChargeEvent::Cancel, clock::now_ms());
        }
    }

    /// Completes even if the charge ends before the answer: the trade should be closed.
    pub(super) fn cancel(&self, trade_id: String) {
        let till = Rc::clone(&self.till);
        let event_sender = self.event_sender.clone();
        let sale = self.charge.record().sale.clone();
        crate::page::spawn(async move {
            let reply = till.backend().cancel(&trade_id, Some(&sale)).await;
            let reply = reply.map_err(|trouble| trouble.fault());
            let _ = event_sender.unbounded_send(ChargeEvent::CancelReplied(reply));
        });
    }
}

/// Asks the caller's picker for a wallet.
async fn picked(till: &Till, scan: &JsValue) -> Result<Picked, Rejection> {
    let Some(pick) = till.choose_wallet() else {
        return Ok(Picked::Nothing);
    };
    let wallets: JsWallets = till.js_wallets();
    let picked = JsFuture::from(ask(pick, &[scan, &wallets])).await;
    let picked = picked.map_err(Rejection::Thrown)?;
    if picked.is_null() {
        return Ok(Picked::Cancelled);
    }
    if picked.is_undefined() {
        return Ok(Picked::Nothing);
    }
    let known = |id: &String| {
        let mut wallets = till.wallets().iter();
        wallets.any(|wallet| wallet.wallet_id == *id)
    };
    let id = wallet_id(&picked).filter(known);
    id.map(Picked::Wallet)
        .ok_or_else(|| Fail::new(ErrorCode::WalletUnknown).into())
}
