//! What the till says while it works: its events, and the state that they tell of.

use std::cell::{Cell, RefCell};

use js_sys::Function;
use kaunter_core::policy::Ms;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::event::{CameraChange, Emit, Hint, HintChange, Progress, StateChange, TillState};
use crate::types::sale::Trade;
use crate::types::to_js;

/// The till's voice.
#[derive(Debug)]
pub struct Voice {
    emit: Emit,
    messages: JsValue,
    state: Cell<TillState>,
    journal_told: Cell<bool>,
    told: RefCell<Option<Trade>>,
    /// The hint that was told last, and when.
    hinted: Cell<(Option<Hint>, Ms)>,
}

/// A hint that changes faster helps nobody.
const HINT_MS: Ms = 1_000;

impl Voice {
    /// Speaks through the facade's `emit`, with the caller's wording of errors.
    #[must_use]
    pub fn new(emit: Emit, messages: JsValue) -> Self {
        Self {
            emit,
            messages,
            state: Cell::new(TillState::Idle),
            journal_told: Cell::new(false),
            told: RefCell::new(None),
            hinted: Cell::default(),
        }
    }

    /// What the till is doing.
    #[must_use]
    pub fn state(&self) -> TillState {
        self.state.get()
    }

    /// The till does this now, about this trade.
    pub fn now(&self, to: TillState, trade: Option<Trade>) {
        let from = self.state.replace(to);
        let same = *self.told.borrow() == trade;
        if from == to && same {
            return;
        }
        self.told.replace(trade.clone());
        if from != to {
            self.say("state", &StateChange { from, to, trade });
        }
    }

    /// The camera changed.
    pub fn camera(&self, change: &CameraChange) {
        self.say("camera", change);
    }

    /// No code was read; this would help. Said when it changes, at most once a second.
    pub fn hint(&self, hint: Option<Hint>, now_ms: Ms) {
        let (told, at_ms) = self.hinted.get();
        if hint != told && now_ms.saturating_sub(at_ms) >= HINT_MS {
            self.hinted.set((hint, now_ms));
            self.say("hint", &HintChange { hint });
        }
    }

    /// Nobody looks any more: a hint that stands is taken back.
    pub fn no_hint(&self) {
        if self.hinted.take().0.is_some() {
            self.say("hint", &HintChange { hint: None });
        }
    }

    /// A code was read and taken.
    pub fn scan(&self, scan: &Scan) {
        self.say("scan", scan);
    }

    /// A trade of this terminal changed.
    pub fn trade(&self, trade: &Trade) {
        self.say("trade", trade);
    }

    /// A question was answered, or not.
    pub fn progress(&self, progress: &Progress) {
        self.say("progress", progress);
    }

    /// Trouble that the till survives.
    pub fn warning(&self, fail: &Fail) {
        self.emit("warning", &fail.to_js(&self.messages));
    }

    /// There is no journal: said once, for it changes nothing that the cashier does.
    pub fn no_journal(&self, cause: JsValue) {
        if !self.journal_told.replace(true) {
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

    fn say<T: Serialize>(&self, name: &str, detail: &T) {
        self.emit(name, &to_js(detail));
    }

    fn emit(&self, name: &str, detail: &JsValue) {
        let emit: &Function = self.emit.unchecked_ref();
        // A listener that throws is the page's trouble; the money goes on.
        let _ = emit.call2(&JsValue::UNDEFINED, &name.into(), detail);
    }
}
