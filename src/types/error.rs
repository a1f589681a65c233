//! Trouble on its way to JavaScript: every error that is thrown or rejected is the facade's `KaunterError`.

use std::cell::RefCell;

use js_sys::{Function, Reflect};
use kaunter_core::error::ErrorCode;
use kaunter_core::wire::Problem;
use wasm_bindgen::prelude::*;

use super::given::{own, text};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** What went wrong. A code never changes its meaning. */
export type ErrorCode =
  | "env/not-browser" | "env/insecure-context" | "env/unsupported"
  | "wasm/load-failed" | "wasm/csp-blocked" | "wasm/version-mismatch" | "worker/failed"
  | "camera/denied" | "camera/dismissed" | "camera/policy-blocked" | "camera/frame-blocked" | "camera/not-found" | "camera/in-use" | "camera/timeout" | "camera/interrupted" | "camera/constraints"
  | "scan/timeout" | "scan/busy" | "scan/merchant-code" | "image/unsupported" | "money/invalid" | "sale/invalid"
  | "token/failed" | "token/forbidden" | "network/offline" | "network/failed" | "backend/refused" | "backend/store-unavailable" | "network/busy"
  | "wallet/unknown" | "wallet/required" | "code/invalid" | "code/taken" | "code_reused" | "money/limit" | "currency/unsupported"
  | "argument_invalid" | "sale/busy" | "sale/paid" | "sale_amount_mismatch" | "trade/mismatch" | "trade/closed" | "trade/not-found" | "trade/not-cancellable" | "journal/unavailable" | "journal/unreadable";

/** What a `KaunterError` carries besides its code and sentence. */
export interface ErrorFacts {
  /** The same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** "maybe" always comes with a `tradeId`: ask with `resume`, never charge again. */
  readonly moneyMoved: "no" | "maybe";
  readonly tradeId: string | null;
}
"#;

thread_local! {
    /// The facade's class; without it a plain `Error` carries the same fields.
    static CLASS: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Takes the facade's `KaunterError` class.
pub fn install(class: Function) {
    CLASS.with(|slot| slot.replace(Some(class)));
}

/// Trouble with all that JavaScript is told of it.
#[derive(Clone, Debug)]
pub struct Fail {
    /// The cause.
    pub code: ErrorCode,
    /// A sentence that says more than the code's own, without secrets: the error's `cause` where nothing was thrown.
    pub detail: Option<String>,
    /// The attempt that it is about, or that stands in the way.
    pub trade_id: Option<String>,
    /// True where money may have moved.
    pub money_moved: bool,
    /// What the browser or the caller threw.
    pub cause: Option<JsValue>,
}

impl Fail {
    /// Trouble with nothing but a code: no money moved.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            trade_id: None,
            money_moved: false,
            cause: None,
        }
    }

    /// The same, caused by this.
    #[must_use]
    pub fn caused_by(mut self, cause: JsValue) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The same, with a sentence that says more than the code's own.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    /// The same, about this attempt.
    #[must_use]
    pub fn about(mut self, trade_id: &str) -> Self {
        self.trade_id = Some(trade_id.to_owned());
        self
    }

    /// The `KaunterError`; `messages` is the caller's own wording by code, where there is one.
    #[must_use]
    pub fn to_js(&self, messages: &JsValue) -> JsValue {
        let word = JsValue::from_str(self.code.as_str());
        let own = own(messages, self.code.as_str()).ok();
        let own = own.and_then(|own| text(&own));
        let message = own.unwrap_or_else(|| self.sentence());
        // Without a prototype: what somebody put on that is no fact of ours.
        let facts = js_sys::Object::create(JsValue::NULL.unchecked_ref());
        put(&facts, "retryable", self.code.may_retry().into());
        let moved = self.money_moved && self.trade_id.is_some();
        put(
            &facts,
            "moneyMoved",
            if moved { "maybe" } else { "no" }.into(),
        );
        put(
            &facts,
            "tradeId",
            self.trade_id.clone().map_or(JsValue::NULL, JsValue::from),
        );
        let detail = || self.detail.as_deref().map(JsValue::from_str);
        let cause = self.cause.clone().or_else(detail);
        put(&facts, "cause", cause.unwrap_or_default());
        build(&word, &message, &facts)
    }

    fn sentence(&self) -> String {
        match (self.code, self.detail.as_deref()) {
            (ErrorCode::BackendRefused | ErrorCode::ArgumentInvalid, Some(detail)) => {
                detail.to_owned()
            }
            (code, Some(_) | None) => code.sentence().to_owned(),
        }
    }
}

impl From<ErrorCode> for Fail {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<&Problem> for Fail {
    fn from(problem: &Problem) -> Self {
        let said = format!(
            "the backend answered {}: {}",
            problem.status, problem.detail
        );
        let mut fail = Self::new(problem.code.into())
            .with_detail(&problem.detail)
            .caused_by(said.into());
        if let Some(trade) = &problem.trade {
            fail.trade_id = Some(trade.trade_id.clone());
            fail.money_moved = trade.status.at_risk();
        }
        fail
    }
}

impl From<Fail> for JsValue {
    fn from(fail: Fail) -> Self {
        fail.to_js(&JsValue::UNDEFINED)
    }
}

fn put(object: &js_sys::Object, name: &str, value: JsValue) {
    // Setting a field of a fresh object of our own can't be refused.
    let _ = Reflect::set(object, &name.into(), &value);
}

fn build(word: &JsValue, message: &str, facts: &js_sys::Object) -> JsValue {
    let made = CLASS.with(|slot| {
        let class = slot.borrow().clone()?;
        let arguments = js_sys::Array::of3(word, &message.into(), facts);
        Reflect::construct(&class, &arguments).ok()
    });
    made.unwrap_or_else(|| {
        let error = js_sys::Error::new(message);
        put(&error, "name", "KaunterError".into());
        put(&error, "code", word.clone());
        js_sys::Object::assign(&error, facts);
        error.into()
    })
}

/// Why a promise is rejected.
#[derive(Clone, Debug)]
pub enum Rejection {
    /// Our own word for it.
    Fail(Fail),
    /// The caller's: its abort's reason, or what its callback threw.
    Thrown(JsValue),
}

impl From<Fail> for Rejection {
    fn from(fail: Fail) -> Self {
        Self::Fail(fail)
    }
}
