//! Tells the page what the till does: emits its events, and holds the state that they report.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use kaunter_core::policy::Ms;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::event::{CameraChange, Emit, Hint, HintChange, Progress, StateChange, TillState};
use crate::types::to_js;
use crate::types::trade::Trade;

/// Emits the events of one till.
#[derive(Debug)]
pub struct Announcer {
    emit: Emit,
    messages: JsValue,
    state: Cell<TillState>,
    journal_warned: Cell<bool>,
    last_trade: RefCell<Option<Trade>>,
    /// The last hint, and when it was emitted.
    last_hint: Cell<(Option<Hint>, Ms)>,
}

/// A hint that changes faster can not be read.
const HINT_MS: Ms = 1_000;

impl Announcer {
    /// Emits through the facade's `emit`, with the caller's wording of errors.
    #[must_use]
    pub fn new(emit: Emit, messages: JsValue) -> Self {
        Self {
            emit,
            messages,
            state: Cell::new(TillState::Idle),
            journal_warned: Cell::new(false),
            last_trade: RefCell::new(None),
            last_hint: Cell::default(),
        }
    }

    /// What the till is doing.
    #[must_use]
    pub fn state(&self) -> TillState {
        self.state.get()
    }

    /// Sets what the till is doing, and about which trade. Emits `state` when it changes.
    pub fn set_state(&self, to: TillState, trade: Option<Trade>) {
        let from = self.state.replace(to);
        let same = *self.last_trade.borrow() == trade;
        if from == to && same {
            return;
        }
        self.last_trade.replace(trade.clone());
        if from != to {
            self.announce("state", &StateChange { from, to, trade });
        }
    }

    /// The camera changed.
    pub fn camera(&self, change: &CameraChange) {
        self.announce("camera", change);
    }

    /// Emits what would help to read the code: when it changes, at most once a second.
    pub fn hint(&self, hint: Option<Hint>, now_ms: Ms) {
        let (last, at_ms) = self.last_hint.get();
        if hint != last && now_ms.saturating_sub(at_ms) >= HINT_MS {
            self.last_hint.set((hint, now_ms));
            self.announce("hint", &HintChange { hint });
        }
    }

    /// Clears the hint when the scan ends.
    pub fn clear_hint(&self) {
        if self.last_hint.take().0.is_some() {
            self.announce("hint", &HintChange { hint: None });
        }
    }

    /// A code was read and taken.
    pub fn scan(&self, scan: &Scan) {
        self.announce("scan", scan);
    }

    /// A trade of this terminal changed.
    pub fn trade(&self, trade: &Trade) {
        self.announce("trade", trade);
    }

    /// A status check was answered, or failed.
    pub fn progress(&self, progress: &Progress) {
        self.announce("progress", progress);
    }

    /// A problem that does not stop the till.
    pub fn warning(&self, fail: &Fail) {
        self.emit("warning", &fail.to_js(&self.messages));
    }

    /// Warns once that there is no journal. The cashier can continue.
    pub fn warn_no_journal(&self, cause: JsValue) {
        if !self.journal_warned.replace(true) {
            let code = kaunter_core::error::ErrorCode::JournalUnavailable;
            self.warning(&Fail::new(code).caused_by(cause));
        }
    }

    /// What a promise is rejected with.
    #[must_use]
    pub fn rejection(&self, rejection: Rejection) -> JsValue {
        match rejection {
            Rejection::Fail(fail) => fail.to_js(&self.messages),
            Rejection::Thrown(value) => value,
        }
    }

    fn announce<T: Serialize>(&self, name: &str, detail: &T) {
        self.emit(name, &to_js(detail));
    }

    fn emit(&self, name: &str, detail: &JsValue) {
        let emit: &Function = self.emit.unchecked_ref();
        // An error in a listener of the page must not stop a payment.
        let _ = emit.call2(&JsValue::UNDEFINED, &name.into(), detail);
    }
}
