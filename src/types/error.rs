//! Errors for JavaScript: every error that is thrown or rejected is the facade's `KaunterError`.

use std::cell::RefCell;

use js_sys::{Function, Reflect};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use kaunter_core::wire::Problem;
use wasm_bindgen::prelude::*;

use super::given::{own, text};

#[wasm_bindgen(typescript_custom_section)]
const CODES: &'static str = kaunter_core::error::TYPESCRIPT;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** What an error is about. */
export type ErrorType =
  | "setup" | "camera" | "scan" | "input" | "auth" | "network" | "unavailable" | "conflict"
  | "journal";

/** What a `KaunterError` has besides its `code` and its `message`. */
export interface ErrorFacts {
  readonly type: ErrorType;
  /** A sentence for the developer: an address, a status, an option. Do not show it to a cashier. */
  readonly detail: string | null;
  /** True if the same call may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before the same call, in ms; `null` if the backend does not say. */
  readonly retryAfterMs: number | null;
  /** `maybe` always comes with a `tradeId`: call `resume` with it, and do not charge the sale again. */
  readonly moneyMoved: "no" | "maybe";
  /** The trade that the error is about, or that holds the sale. */
  readonly tradeId: string | null;
  /** The id of the failed call in the backend's log. */
  readonly traceId: string | null;
}
"#;

thread_local! {
    /// The facade's error class. Without it, a plain `Error` carries the same fields.
    static CLASS: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Takes the facade's `KaunterError` class.
pub fn install(class: Function) {
    CLASS.with(|slot| slot.replace(Some(class)));
}

/// An error with everything that JavaScript gets.
#[derive(Clone, Debug)]
pub struct Fail {
    /// The error code.
    pub code: ErrorCode,
    /// A sentence for the developer, without secrets.
    pub detail: Option<String>,
    /// The trade that the error is about, or that is in the way.
    pub trade_id: Option<String>,
    /// True where money may have moved.
    pub money_moved: bool,
    /// How long the backend asks to wait.
    pub retry_after_ms: Option<Ms>,
    /// The trace id of the call in the backend's log.
    pub trace_id: Option<String>,
    /// What the browser or the caller threw.
    pub cause: Option<JsValue>,
}

impl Fail {
    /// An error with only a code: no money moved.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            trade_id: None,
            money_moved: false,
            retry_after_ms: None,
            trace_id: None,
            cause: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, cause: JsValue) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Adds a sentence for the developer.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    /// Adds the trade.
    #[must_use]
    pub fn about(mut self, trade_id: &str) -> Self {
        self.trade_id = Some(trade_id.to_owned());
        self
    }

    /// The `KaunterError`. `messages` is the caller's own wording by code.
    #[must_use]
    pub fn to_js(&self, messages: &JsValue) -> JsValue {
        let word = JsValue::from_str(self.code.as_str());
        let own = own(messages, self.code.as_str()).ok();
        let own = own.and_then(|own| text(&own));
        let message = own.unwrap_or_else(|| self.sentence());
        // Own fields only: `Object.prototype` may have been changed.
        let facts = js_sys::Object::create(JsValue::NULL.unchecked_ref());
        put(&facts, "type", self.code.class().as_str().into());
        put(&facts, "detail", text_or_null(self.detail.as_deref()));
        put(&facts, "retryable", self.code.may_retry().into());
        let rest = self.retry_after_ms.map(|ms| JsValue::from_f64(ms as f64));
        put(&facts, "retryAfterMs", rest.unwrap_or(JsValue::NULL));
        let moved = self.money_moved && self.trade_id.is_some();
        put(
            &facts,
            "moneyMoved",
            if moved { "maybe" } else { "no" }.into(),
        );
        put(&facts, "tradeId", text_or_null(self.trade_id.as_deref()));
        put(&facts, "traceId", text_or_null(self.trace_id.as_deref()));
        put(&facts, "cause", self.cause.clone().unwrap_or_default());
        build(&word, &message, &facts)
    }

    /// The message also tells the developer which argument is wrong, or which origin to add.
    fn sentence(&self) -> String {
        match (self.code, self.detail.as_deref()) {
            (ErrorCode::ArgumentInvalid, Some(detail)) => detail.to_owned(),
            (ErrorCode::OriginRefused | ErrorCode::ConnectCspBlocked, Some(origin)) => {
                [self.code.sentence(), " (", origin, ")"].concat()
            }
            (code, Some(_) | None) => code.sentence().to_owned(),
        }
    }
}

fn text_or_null(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from_str)
}

impl From<ErrorCode> for Fail {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<&Problem> for Fail {
    fn from(problem: &Problem) -> Self {
        let mut fail = Self::new(problem.code.into()).with_detail(&format!(
            "the backend answered {}: {}",
            problem.status, problem.detail
        ));
        fail.trace_id.clone_from(&problem.trace_id);
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
    // Setting a field of a new object of our own can't fail.
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
    /// An error of ours.
    Fail(Fail),
    /// A value of the caller: the reason of its abort, or what its callback threw.
    Thrown(JsValue),
}

impl From<Fail> for Rejection {
    fn from(fail: Fail) -> Self {
        Self::Fail(fail)
    }
}
