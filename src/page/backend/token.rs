//! Terminal tokens: kept in memory only, and fetched from the caller's own server.

use std::cell::RefCell;
use std::fmt;

use js_sys::futures::JsFuture;
use js_sys::{JSON, Object, Promise, Reflect};
use kaunter_core::policy::Ms;
use kaunter_core::wire::{ProblemCode, Right, SaleInput};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::{CallError, Refused, about_the_token};
use crate::page::{ask, clock};
use crate::types::given::{Callback, own, text};
use crate::types::to_js;

/// The purpose of a call, for the caller's `getToken`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// Any token will do.
    Any,
    /// This sale: its charge, or its status.
    Sale(&'a SaleInput),
    /// A right that a cashier's token usually lacks. Another person's token is used for this call alone.
    Right(Right),
    /// The last call of this till: a token that was revoked needs no other one.
    SignOut,
}

impl<'a> Purpose<'a> {
    /// The reference of the sale that the call is about.
    fn sale(self) -> Option<&'a str> {
        match self {
            Self::Sale(sale) => Some(&sale.reference),
            Self::Any | Self::Right(_) | Self::SignOut => None,
        }
    }

    /// The purpose of a call about this sale, if it is known.
    pub(super) fn of(sale: Option<&'a SaleInput>) -> Self {
        sale.map_or(Self::Any, Self::Sale)
    }
}

/// A token. Its `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// The value of the `Kaunter-Token` header. `Authorization` is left to the browser: a proxy with basic
    /// authentication in front of the backend reads its own password there.
    pub(super) fn header(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.0.len())
    }
}

/// The current tokens, and the function that fetches new ones.
///
/// A shop's server may mint a token for one sale, and a till may watch an older sale while it charges the next. So the
/// token of a sale is kept beside the till's own, and is used for that sale only.
pub(super) struct Tokens {
    get: Callback,
    now: RefCell<Option<Token>>,
    /// The token for one sale, with the sale's reference.
    bound: RefCell<Option<(String, Token)>>,
    /// The request in progress, and for which sale, so that concurrent calls share it.
    asking: RefCell<Option<(Option<String>, Promise)>>,
    end: RefCell<Option<AbortController>>,
    /// The tokens were revoked, and `getToken` was asked once since: how the backend said it. Until a call succeeds,
    /// nobody is asked again.
    revoked: RefCell<Option<Box<Refused>>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({:?})", self.now.borrow())
    }
}

impl Tokens {
    pub(super) fn new(get: Callback) -> Self {
        Self {
            get,
            now: RefCell::new(None),
            bound: RefCell::new(None),
            asking: RefCell::new(None),
            end: RefCell::new(AbortController::new().ok()),
            revoked: RefCell::new(None),
        }
    }

    pub(super) fn close(&self) {
        if let Some(controller) = self.end.borrow_mut().take() {
            controller.abort();
        }
    }

    /// The current token for this purpose, or the first one.
    pub(super) async fn current(
        &self,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Token, CallError> {
        let known = self.bound_to(purpose).or_else(|| self.now.borrow().clone());
        if let Some(token) = known {
            return Ok(token);
        }
        let revoked = self.revoked.borrow().clone();
        match revoked.filter(|_| self.asking.borrow().is_none()) {
            Some(refused) => Err(CallError::Problem(refused)),
            None => self.shared("start", purpose, call_ms).await,
        }
    }

    /// A call succeeded: if tokens were revoked, somebody has signed in since.
    pub(super) fn accepted(&self) {
        self.revoked.replace(None);
    }

    fn bound_to(&self, purpose: Purpose<'_>) -> Option<Token> {
        let reference = purpose.sale()?;
        let bound = self.bound.borrow();
        let own = bound.as_ref().filter(|(own, _)| own == reference);
        own.map(|(_, token)| token.clone())
    }

    /// Another token than the refused one; `None` if a new one would not help.
    pub(super) async fn instead_of(
        &self,
        refused: &Token,
        why: &Refused,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Option<Token>, CallError> {
        let code = why.code();
        let revoked = code == ProblemCode::TokenRevoked;
        if !about_the_token(code) || (revoked && matches!(purpose, Purpose::SignOut)) {
            return Ok(None);
        }
        let forbidden = code == ProblemCode::TokenForbidden;
        if let (true, Purpose::Right(_)) = (forbidden, purpose) {
            // A person with that right agrees once: the till's own token stays the cashier's.
            let promise = self.ask("forbidden", purpose)?;
            return read(promise, call_ms).await.map(Some);
        }
        if forbidden && matches!(purpose, Purpose::Any) {
            return Ok(None);
        }
        let known = self.bound_to(purpose).or_else(|| self.now.borrow().clone());
        let newer = known.filter(|known| known != refused);
        if newer.is_some() {
            return Ok(newer);
        }
        if !forbidden {
            let is_refused = |token: &mut Token| token == refused;
            let _ = self.now.borrow_mut().take_if(is_refused);
            let _ = self
                .bound
                .borrow_mut()
                .take_if(|(_, token)| is_refused(token));
        }
        let mut about = purpose;
        if revoked {
            let before = self.revoked.replace(Some(Box::new(why.clone())));
            if before.is_some() && self.asking.borrow().is_none() {
                return Ok(None);
            }
            // One question for all calls, so it names no sale.
            about = Purpose::Any;
        }
        let reason = if revoked {
            "revoked"
        } else if forbidden {
            "forbidden"
        } else {
            "expired"
        };
        match self.shared(reason, about, call_ms).await {
            // Nobody has signed in again: the refusal itself says what happened.
            Err(_) if revoked => Ok(None),
            token => token.map(Some),
        }
    }

    async fn shared(
        &self,
        reason: &str,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Token, CallError> {
        let sale = purpose.sale().map(str::to_owned);
        let out = self.asking.borrow().clone();
        let promise = match out {
            Some((own, promise)) if own == sale => promise,
            Some(_) | None => {
                let promise = self.ask(reason, purpose)?;
                self.asking.replace(Some((sale.clone(), promise.clone())));
                promise
            }
        };
        let _pending = PendingRequest(&self.asking);
        let token = read(promise, call_ms).await?;
        match sale {
            Some(reference) => drop(self.bound.replace(Some((reference, token.clone())))),
            None => drop(self.now.replace(Some(token.clone()))),
        }
        Ok(token)
    }

    fn ask(&self, reason: &str, purpose: Purpose<'_>) -> Result<Promise, CallError> {
        let context = Object::new();
        let put = |name: &str, value: &JsValue| {
            // A new object of our own accepts every field.
            let _ = Reflect::set(&context, &name.into(), value);
        };
        put("reason", &reason.into());
        match purpose {
            Purpose::Any | Purpose::SignOut => {}
            Purpose::Sale(sale) => put("sale", &to_js(sale)),
            Purpose::Right(right) => put("right", &to_js(&right)),
        }
        let Some(end) = self.end.borrow().as_ref().map(AbortController::signal) else {
            return Err(CallError::NoToken("the till is closed".into()));
        };
        put("signal", &end);
        Ok(ask(&self.get, &[&context]))
    }
}

/// Forgets the request when its caller is answered or dropped: an old answer must not serve a later call.
struct PendingRequest<'a>(&'a RefCell<Option<(Option<String>, Promise)>>);

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.0.replace(None);
    }
}

async fn read(promise: Promise, call_ms: Ms) -> Result<Token, CallError> {
    let given = clock::within(call_ms, JsFuture::from(promise)).await;
    let given = given.unwrap_or_else(|| Err("getToken took too long".into()));
    let given = given.map_err(CallError::NoToken)?;
    let token = token_in(&given).ok_or_else(|| CallError::NoToken(described(&given).into()))?;
    Ok(Token(token))
}

/// Reads the token that `getToken` returned: text, or the backend's answer as an object or as JSON.
fn token_in(given: &JsValue) -> Option<String> {
    let token = match text(given) {
        Some(json) if json.trim_start().starts_with('{') => {
            text(&own(&JSON::parse(&json).ok()?, "token").ok()?)?
        }
        Some(token) => token,
        None => text(&own(given, "token").ok()?)?,
    };
    let token = token.trim();
    is_header_safe(token).then(|| token.to_owned())
}

/// Describes what came instead of a token, without its contents: it may hold a token.
fn described(given: &JsValue) -> String {
    let came = match text(given) {
        Some(text) if text.is_empty() => "an empty text".to_owned(),
        Some(text) if text.trim_start().starts_with('<') => "a page of HTML".to_owned(),
        Some(text) => format!("a text of {} bytes that is not a token", text.len()),
        None if given.is_object() => "an object without a text in `token`".to_owned(),
        None => given.js_typeof().as_string().unwrap_or_default(),
    };
    format!(
        "getToken gave {came}: it must give the token's text, or the backend's answer, which has `token`"
    )
}

/// Accepts printable characters without spaces. Others are not part of a token, and could break the header.
fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
