//! Terminal tokens: kept in memory only, asked of the caller's own server, never written anywhere.

use std::cell::RefCell;
use std::fmt;
use std::pin::pin;

use futures_util::future::{Either, select};
use js_sys::futures::JsFuture;
use js_sys::{Function, Object, Promise, Reflect};
use kaunter_core::policy::Ms;
use kaunter_core::wire::{ProblemCode, Sale};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::{Trouble, about_the_token};
use crate::page::clock;
use crate::types::to_js;

/// A right that a cashier's token mostly lacks: somebody else's token does it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Give money back.
    Void,
    /// Settle what needs a person's word.
    Review,
}

/// What a call is for, for the caller's `getToken`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// What any token may do.
    Any,
    /// A charge of this sale.
    Sale(&'a Sale),
    /// A right of its own.
    May(May),
}

/// A token. Its `Debug` tells its length only.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

impl Token {
    /// The header's value.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.0.len())
    }
}

/// The token of now, and where the next one comes from.
pub(super) struct Tokens {
    get: Function,
    now: RefCell<Option<Token>>,
    /// The question that is out, so that ten calls ask once.
    asking: RefCell<Option<Promise>>,
    end: RefCell<Option<AbortController>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({:?})", self.now.borrow())
    }
}

impl Tokens {
    pub(super) fn new(get: Function) -> Self {
        Self {
            get,
            now: RefCell::new(None),
            asking: RefCell::new(None),
            end: RefCell::new(AbortController::new().ok()),
        }
    }

    pub(super) fn close(&self) {
        if let Some(controller) = self.end.borrow_mut().take() {
            controller.abort();
        }
    }

    /// The token of now, or the first.
    pub(super) async fn current(
        &self,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Token, Trouble> {
        let known = self.now.borrow().clone();
        match known {
            Some(token) => Ok(token),
            None => self.shared("start", purpose, call_ms).await,
        }
    }

    /// Another token than the one that was refused; none where that would not help.
    pub(super) async fn instead_of(
        &self,
        refused: &Token,
        code: ProblemCode,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Option<Token>, Trouble> {
        if !about_the_token(code) {
            return Ok(None);
        }
        let forbidden = code == ProblemCode::TokenForbidden;
        if let (true, Purpose::May(_)) = (forbidden, purpose) {
            // Somebody with that right says yes once: the till's own token stays the cashier's.
            let promise = self.ask("forbidden", purpose)?;
            return read(promise, call_ms).await.map(Some);
        }
        if forbidden && matches!(purpose, Purpose::Any) {
            return Ok(None);
        }
        let newer = self.now.borrow().clone().filter(|now| now != refused);
        if newer.is_some() {
            return Ok(newer);
        }
        self.now.replace(None);
        let reason = if forbidden { "forbidden" } else { "expired" };
        self.shared(reason, purpose, call_ms).await.map(Some)
    }

    async fn shared(
        &self,
        reason: &str,
        purpose: Purpose<'_>,
        call_ms: Ms,
    ) -> Result<Token, Trouble> {
        let out = self.asking.borrow().clone();
        let promise = match out {
            Some(promise) => promise,
            None => {
                let promise = self.ask(reason, purpose)?;
                self.asking.replace(Some(promise.clone()));
                promise
            }
        };
        let _asked = Asked(&self.asking);
        let token = read(promise, call_ms).await?;
        self.now.replace(Some(token.clone()));
        Ok(token)
    }

    fn ask(&self, reason: &str, purpose: Purpose<'_>) -> Result<Promise, Trouble> {
        let context = Object::new();
        let put = |name: &str, value: &JsValue| {
            // A fresh object of our own takes every field.
            let _ = Reflect::set(&context, &name.into(), value);
        };
        put("reason", &reason.into());
        match purpose {
            Purpose::Any => {}
            Purpose::Sale(sale) => put("sale", &to_js(sale)),
            Purpose::May(May::Void) => put("may", &"void".into()),
            Purpose::May(May::Review) => put("may", &"review".into()),
        }
        let Some(end) = self.end.borrow().as_ref().map(AbortController::signal) else {
            return Err(Trouble::NoToken("the till is closed".into()));
        };
        put("signal", &end);
        let given = self.get.call1(&JsValue::UNDEFINED, &context);
        given
            .map(|given| Promise::resolve(&given))
            .map_err(Trouble::NoToken)
    }
}

/// Forgets the question when its asker is answered, or goes away: an old answer serves no later call.
struct Asked<'a>(&'a RefCell<Option<Promise>>);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.replace(None);
    }
}

async fn read(promise: Promise, call_ms: Ms) -> Result<Token, Trouble> {
    let given = JsFuture::from(promise);
    let late = pin!(clock::sleep(call_ms));
    let given = match select(given, late).await {
        Either::Left((given, _)) => given.map_err(Trouble::NoToken)?,
        Either::Right(((), _)) => return Err(Trouble::NoToken("getToken took too long".into())),
    };
    let token = given.as_string().filter(|token| is_header_safe(token));
    token
        .map(Token)
        .ok_or_else(|| Trouble::NoToken("getToken must give a token's text".into()))
}

/// Printable, without spaces: anything else is no token, and could break the header.
fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
