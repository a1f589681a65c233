//! Reads a caller's arguments before they reach a typed import. Any value of JavaScript gives a result or
//! `argument_invalid`, never a trap.
//!
//! Only an object's own fields are read. A field that another script put on `Object.prototype` is not an option of the
//! caller, and must not get the token.

use std::fmt;

use js_sys::{Array, Function, JsString, Object, Reflect};
use kaunter_core::error::ErrorCode;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, HtmlVideoElement, MediaStream};

use super::error::Fail;

/// The maximum length of a text that is copied into the module, in UTF-16 units. The backend accepts at most 1 KiB, and
/// a text of hundreds of megabytes would exhaust the module's memory.
const MAX_TEXT: u32 = 65_536;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = Object, js_name = hasOwn)]
    fn has_own(object: &JsValue, name: &str) -> Result<bool, JsValue>;
}

/// A field of the object's own; `undefined` if it has no such field.
///
/// # Errors
/// What the field's getter, or a proxy, throws; a `TypeError` for `undefined` and `null`.
pub fn own(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    if has_own(object, name)? {
        Reflect::get(object, &name.into())
    } else {
        Ok(JsValue::UNDEFINED)
    }
}

/// A field of the object's own; `undefined` if it is absent or can't be read.
#[must_use]
pub fn own_field(object: &JsValue, name: &str) -> JsValue {
    own(object, name).unwrap_or(JsValue::UNDEFINED)
}

/// A text field of the object's own; `None` if it is absent, can't be read, or is not a text.
#[must_use]
pub fn own_text(object: &JsValue, name: &str) -> Option<String> {
    text(&own_field(object, name))
}

/// `argument_invalid`, with a sentence that names the argument and says what it must be.
#[must_use]
pub fn wrong(name: &str, what: &str) -> Fail {
    Fail::new(ErrorCode::ArgumentInvalid).with_detail(&format!(
        "The argument `{name}` must be {what}: tell the page's maker."
    ))
}

/// A string, if the value is one and is not too long.
#[must_use]
pub fn text(value: &JsValue) -> Option<String> {
    let text: &JsString = value.dyn_ref()?;
    (text.length() <= MAX_TEXT).then(|| value.as_string())?
}

/// A number other than `NaN`.
#[must_use]
pub fn number(value: &JsValue) -> Option<f64> {
    value.as_f64().filter(|number| !number.is_nan())
}

/// The id of a wallet that was chosen: as text, as a safe integer (PHP prints it so), or in the `Wallet` itself.
#[must_use]
pub fn wallet_id(value: &JsValue) -> Option<String> {
    if let Some(whole) = value.as_f64() {
        let safe = whole.fract() == 0.0 && whole.abs() <= js_sys::Number::MAX_SAFE_INTEGER;
        return safe.then(|| (whole as i64).to_string());
    }
    if value.is_object() {
        let id = own(value, "walletId").ok().filter(|id| !id.is_object())?;
        return wallet_id(&id);
    }
    text(value)
}

/// The id of a trade.
///
/// # Errors
/// `argument_invalid`.
pub fn trade_id(value: &JsValue) -> Result<String, Fail> {
    text(value)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| wrong("tradeId", "a trade's id, a string"))
}

/// The result of a getter of a browser class. `None` if the value is not an object of that class, in this window or
/// another. A proxy is refused, as the browser's own functions refuse it.
fn of_class(value: &JsValue, class: &str, getter: &str) -> Option<JsValue> {
    let class = own(&js_sys::global(), class).ok()?;
    let prototype = own(&class, "prototype").ok()?;
    let descriptor =
        Reflect::get_own_property_descriptor(prototype.unchecked_ref::<Object>(), &getter.into())
            .ok()?;
    let getter: Function = own(&descriptor, "get").ok()?.dyn_into().ok()?;
    getter.call0(value).ok()
}

/// The text of a `URL`.
#[must_use]
pub fn url(value: &JsValue) -> Option<String> {
    text(&of_class(value, "URL", "href")?)
}

fn signal(value: &JsValue) -> Option<AbortSignal> {
    of_class(value, "AbortSignal", "aborted").map(|_| value.clone().unchecked_into())
}

fn stream(value: &JsValue) -> Option<MediaStream> {
    of_class(value, "MediaStream", "active").map(|_| value.clone().unchecked_into())
}

fn video(value: &JsValue) -> Option<HtmlVideoElement> {
    of_class(value, "HTMLVideoElement", "videoWidth").map(|_| value.clone().unchecked_into())
}

/// A callback, called as a method of the options object.
#[derive(Clone)]
pub struct Callback {
    /// The function.
    pub function: Function,
    /// Its `this`.
    pub this: JsValue,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

impl Callback {
    /// Calls it.
    ///
    /// # Errors
    /// What it throws.
    pub fn call(&self, given: &JsValue) -> Result<JsValue, JsValue> {
        Reflect::apply(&self.function, &self.this, &Array::of1(given))
    }
}

/// An options object, which may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    object: Option<&'a JsValue>,
    /// The prefix of a field's name in an error: `camera.`.
    within: &'static str,
}

impl<'a> Given<'a> {
    /// Optional options. `within` is the prefix of their names, or empty.
    ///
    /// # Errors
    /// `argument_invalid` where they are neither an object nor absent.
    pub fn new(value: &'a JsValue, within: &'static str) -> Result<Self, Fail> {
        let name = match within.trim_end_matches('.') {
            "" => "options",
            name => name,
        };
        let is_there = !is_nothing(value);
        if is_there && !value.is_object() && !value.is_function() {
            return Err(wrong(name, "an object"));
        }
        Ok(Self {
            object: is_there.then_some(value),
            within,
        })
    }

    /// A field as it is; `undefined` if it is missing.
    ///
    /// # Errors
    /// `argument_invalid`, caused by what its getter threw.
    pub fn field(&self, name: &str) -> Result<JsValue, Fail> {
        let field = self.object.map(|object| own(object, name));
        let field = field.unwrap_or(Ok(JsValue::UNDEFINED));
        field.map_err(|cause| self.wrong(name, "readable").caused_by(cause))
    }

    /// A field that is absent, or that `read` accepts.
    ///
    /// # Errors
    /// `argument_invalid` if `read` refuses it.
    pub fn get<T>(
        &self,
        name: &str,
        what: &str,
        read: fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, Fail> {
        let field = self.field(name)?;
        if is_nothing(&field) {
            return Ok(None);
        }
        read(&field).map_or_else(|| Err(self.wrong(name, what)), |value| Ok(Some(value)))
    }

    /// A text.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn text(&self, name: &str) -> Result<Option<String>, Fail> {
        let text = self.get(name, "a string", text)?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// A number.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Fail> {
        self.get(name, "a number", number)
    }

    /// True or false.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fail> {
        self.get(name, "true or false", JsValue::as_bool)
    }

    /// A function.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn callback(&self, name: &str) -> Result<Option<Callback>, Fail> {
        let function = self.get(name, "a function", |value| {
            value.is_function().then(|| value.clone().unchecked_into())
        })?;
        Ok(function.map(|function| Callback {
            function,
            this: self.object.cloned().unwrap_or_default(),
        }))
    }

    /// An `AbortSignal`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn signal(&self, name: &str) -> Result<Option<AbortSignal>, Fail> {
        self.get(name, "an AbortSignal", signal)
    }

    /// A video element.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn video(&self, name: &str) -> Result<Option<HtmlVideoElement>, Fail> {
        self.get(name, "a <video> element", video)
    }

    /// A `MediaStream`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn stream(&self, name: &str) -> Result<Option<MediaStream>, Fail> {
        self.get(name, "a MediaStream", stream)
    }

    /// `argument_invalid` for a field.
    #[must_use]
    pub fn wrong(&self, name: &str, what: &str) -> Fail {
        wrong(&format!("{}{name}", self.within), what)
    }
}

/// `undefined` and `null` mean that an option is absent.
#[must_use]
pub fn is_nothing(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}

/// Whole milliseconds of a JavaScript number; 0 if it is negative or not a number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: a cast of a float never wraps"
)]
pub(super) fn to_ms(ms: f64) -> u64 {
    ms as u64
}
