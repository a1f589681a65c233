//! Calls the backend. No other file knows its address or a token.
//!
//! Each call has a timeout. A call whose token was refused is repeated once with a new token, because the backend
//! refuses before it acts. Nothing else is repeated here; the machine decides whether a call is made again.

mod token;

use js_sys::futures::JsFuture;
use js_sys::{Array, Function, JSON};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use kaunter_core::till::Fault;
use kaunter_core::wire::{
    AskGiveUp, AskVoid, HandOver, NewTrade, Problem, ProblemCode, Right, SaleInput, Session,
    TradeList, TradeView, Verdict,
};
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal};

use token::{Purpose, Tokens};

use super::browser::{self, Answer};
use super::{clock, signal};
use crate::types::error::Fail;
use crate::types::given::wrong;
use crate::types::options::{ADDRESS, TillOptions};
use crate::types::read::from_js;
use crate::types::to_js;
use crate::types::trade::TradeQuery;

/// The timeout before the session has set one.
const CALL_MS: Ms = 10_000;
/// Where a sale begins.
const NEW_TRADE: &str = "/v1/trades";
/// The maximum that `Retry-After` delays calls: a code is valid for a minute, and a customer waits.
const MAX_REST_MS: Ms = 10_000;

/// Why there is no usable answer.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The backend refused.
    Problem(Box<Refused>),
    /// No answer in time, or an unreadable one: the call may have arrived. Holds what is known of the cause.
    NoAnswer(Option<JsValue>),
    /// The page, the address or the backend is set up wrongly, as the error says. Only before the first answer of
    /// a backend; later the same is a network fault.
    SetUp(ErrorCode, String),
    /// There is no token: the call was not sent.
    NoToken(JsValue),
}

/// A refusal of the backend.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The problem document.
    pub problem: Problem,
    /// When the same call makes sense again, if the backend says so.
    pub retry_after_ms: Option<Ms>,
}

impl Refused {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.problem.code
    }
}

impl CallError {
    /// True if the backend refuses every token of this till.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        matches!(self, Self::Problem(refused) if refused.code() == ProblemCode::TokenRevoked)
    }

    /// The fault as the machine sees it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Problem(refused) => Fault::Problem(refused.code(), refused.problem.trade.clone()),
            Self::NoAnswer(_) | Self::SetUp(..) => Fault::NoAnswer,
            Self::NoToken(_) => Fault::NoToken,
        }
    }
}

impl From<CallError> for Fail {
    fn from(trouble: CallError) -> Self {
        match trouble {
            CallError::Problem(refused) => Self {
                retry_after_ms: refused.retry_after_ms,
                ..Self::from(&refused.problem)
            },
            CallError::NoAnswer(cause) => Self {
                detail: cause.as_ref().and_then(JsValue::as_string),
                cause: cause.filter(|cause| !cause.is_string()),
                ..Self::new(if signal::online() {
                    ErrorCode::NetworkFailed
                } else {
                    ErrorCode::NetworkOffline
                })
            },
            CallError::SetUp(code, detail) => Self::new(code).with_detail(&detail),
            CallError::NoToken(cause) => Self {
                detail: cause.as_string(),
                ..Self::new(ErrorCode::TokenFailed).caused_by(cause)
            },
        }
    }
}

/// A call to the backend, with its answer.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + 'a>>;

/// The backend of one till.
#[derive(Debug)]
pub struct Backend {
    address: String,
    fetch: Option<Function>,
    tokens: Tokens,
    /// This device's identity: see `page/identity.rs`.
    device: String,
    call_ms: Cell<Ms>,
    /// True once a Kaunter backend has answered at this address.
    known: Cell<bool>,
    /// No call is made before this time (`Retry-After`).
    rest_until_ms: Cell<Ms>,
    /// The backend takes no new sale before this time. Payments in progress go on.
    begin_after_ms: Cell<Ms>,
    /// The pause between two looks that the backend asks for; 0 for that of the policy.
    pace_ms: Cell<Ms>,
}

impl Backend {
    /// A backend at the caller's address, for calls of this device. Makes no call yet.
    #[must_use]
    pub fn new(options: &TillOptions, device: String) -> Self {
        Self {
            address: options.backend.clone(),
            fetch: options.fetch.clone(),
            tokens: Tokens::new(options.get_token.clone()),
            device,
            call_ms: Cell::new(CALL_MS),
            known: Cell::new(false),
            rest_until_ms: Cell::new(0),
            begin_after_ms: Cell::new(0),
            pace_ms: Cell::new(0),
        }
    }

    /// Sets the timeout of one call, as the session says.
    pub fn set_call_ms(&self, ms: Ms) {
        self.call_ms.set(ms.max(1));
    }

    /// The pause between two looks that the backend asks for; 0 for that of the policy.
    #[must_use]
    pub fn pace_ms(&self) -> Ms {
        self.pace_ms.get()
    }

    /// The address as the caller gave it. It is part of the journal's scope.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `POST /v1/sessions`. Until a backend has answered here, a call without an answer is explained. No other call is:
    /// a payment waits for nothing.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn session(&self) -> Result<Session, CallError> {
        let answer = match self.known.get() {
            true => self.sign_in().await,
            false => self.first_answer().await,
        };
        let session = answer.and_then(|body| self.read::<Session>(body));
        self.known.set(self.known.get() || session.is_ok());
        match session {
            // Every backend has this route: the path of the address is wrong.
            Err(CallError::Problem(refused)) if refused.code() == ProblemCode::RouteNotFound => {
                let status = refused.problem.status.to_string();
                Err(self.foreign(&status))
            }
            session => session,
        }
    }

    fn sign_in(&self) -> Call<'_, JsValue> {
        self.call("POST", "/v1/sessions".to_owned(), None, Purpose::Any)
    }

    /// Refuses an unsafe address, and explains a call that could not be made: see decision 38.
    async fn first_answer(&self) -> Result<JsValue, CallError> {
        let end = Abort::new();
        let explain = browser::watch(&self.address, self.fetch.as_ref(), end.signal().as_ref());
        let Ok(explain) = explain else {
            let detail = wrong("backend", ADDRESS).detail;
            return Err(CallError::SetUp(
                ErrorCode::ArgumentInvalid,
                detail.unwrap_or_default(),
            ));
        };
        let Some(explain) = explain else {
            return Err(CallError::SetUp(
                ErrorCode::BackendInsecure,
                self.address.clone(),
            ));
        };
        let answer = self.sign_in().await;
        if !was_not_made(&answer) {
            return answer;
        }
        let why = JsFuture::from(browser::ask(&explain, &explain, &Array::new()));
        let (code, origin) = match clock::within(self.call_ms.get(), why).await {
            Some(Err(origin)) => (ErrorCode::ConnectCspBlocked, origin),
            Some(Ok(origin)) => (ErrorCode::OriginRefused, origin),
            None => return answer,
        };
        let Some(origin) = origin.as_string() else {
            return answer;
        };
        if code == ErrorCode::OriginRefused {
            // The network is good now. If it was bad before, this call is answered.
            let again = self.sign_in().await;
            if !was_not_made(&again) {
                return again;
            }
        }
        Err(CallError::SetUp(code, origin))
    }

    /// `POST /v1/trades`. The same key again is the same trade.
    pub fn create<'a>(&'a self, trade: &'a NewTrade) -> Call<'a, TradeView> {
        let path = NEW_TRADE.to_owned();
        self.post(path, Some(to_js(trade)), Purpose::Sale(&trade.sale))
    }

    /// `POST /v1/trades/{trade_id}/code`.
    pub fn hand_over<'a>(
        &'a self,
        trade_id: &str,
        code: String,
        sale: &'a SaleInput,
    ) -> Call<'a, TradeView> {
        let body = to_js(&HandOver { code });
        self.post(path(trade_id, "/code"), Some(body), Purpose::Sale(sale))
    }

    /// `GET /v1/trades/{trade_id}`. The sale, if known, selects the token: one may be for one sale only.
    pub fn trade<'a>(&'a self, trade_id: &str, sale: Option<&'a SaleInput>) -> Call<'a, TradeView> {
        self.request("GET", path(trade_id, ""), None, Purpose::of(sale))
    }

    /// `POST /v1/trades/{trade_id}/cancel`. The sale, if known, selects the token.
    pub fn cancel<'a>(
        &'a self,
        trade_id: &str,
        sale: Option<&'a SaleInput>,
    ) -> Call<'a, TradeView> {
        self.post(path(trade_id, "/cancel"), None, Purpose::of(sale))
    }

    /// `POST /v1/trades/{trade_id}/void`.
    pub fn void(&self, trade_id: &str, reason: &str) -> Call<'_, TradeView> {
        let body = to_js(&AskVoid {
            reason: reason.to_owned(),
        });
        let purpose = Purpose::Right(Right::Void);
        self.post(path(trade_id, "/void"), Some(body), purpose)
    }

    /// `GET /v1/trades/{trade_id}/void`: the backend asks the gateway before it answers. The sale, if known, selects the
    /// token.
    pub fn void_status<'a>(
        &'a self,
        trade_id: &str,
        sale: Option<&'a SaleInput>,
    ) -> Call<'a, TradeView> {
        self.request("GET", path(trade_id, "/void"), None, Purpose::of(sale))
    }

    /// `POST /v1/trades/{trade_id}/verdict`.
    pub fn verdict(&self, trade_id: &str, verdict: &Verdict) -> Call<'_, TradeView> {
        let purpose = Purpose::Right(Right::Review);
        self.post(path(trade_id, "/verdict"), Some(to_js(verdict)), purpose)
    }

    /// `GET /v1/sales?ref=`: the trades that this terminal may see. The rest of the record is the shop's server's.
    pub fn sale(&self, reference: &str) -> Call<'_, TradeList> {
        self.request("GET", sale_path(reference), None, Purpose::Any)
    }

    /// `POST /v1/sales/give-up`: the customer pays in another way. Gives the sale's trades.
    pub fn give_up(&self, wish: &AskGiveUp) -> Call<'_, TradeList> {
        let path = "/v1/sales/give-up".to_owned();
        let purpose = Purpose::Right(Right::GiveUp);
        self.request("POST", path, Some(to_js(wish)), purpose)
    }

    /// `GET /v1/trades` with the right `list`: one page of a sale's trades, or of a day's.
    pub fn list(&self, query: &TradeQuery) -> Call<'_, TradeList> {
        let path = format!("/v1/trades{}", query.text());
        self.request("GET", path, None, Purpose::Right(Right::List))
    }

    /// `POST /v1/terminals/take-over`.
    pub fn take_over(&self, reason: String) -> Call<'_, JsValue> {
        // The body has the fields of a void's.
        let body = to_js(&AskVoid { reason });
        let path = "/v1/terminals/take-over".to_owned();
        self.call("POST", path, Some(body), Purpose::Any)
    }

    /// `POST /v1/sign-out`.
    pub fn sign_out(&self) -> Call<'_, JsValue> {
        self.call("POST", "/v1/sign-out".to_owned(), None, Purpose::SignOut)
    }

    /// Stops asking for tokens: the till closes.
    pub fn close(&self) {
        self.tokens.close();
    }

    fn post<'a>(
        &'a self,
        path: String,
        body: Option<JsValue>,
        purpose: Purpose<'a>,
    ) -> Call<'a, TradeView> {
        self.request("POST", path, body, purpose)
    }

    /// Makes a call and parses its answer. Boxed, so that it is in the module once for each type of answer, not for
    /// each call.
    fn request<'a, T: DeserializeOwned + 'a>(
        &'a self,
        method: &'static str,
        path: String,
        body: Option<JsValue>,
        purpose: Purpose<'a>,
    ) -> Call<'a, T> {
        Box::pin(async move { self.read(self.call(method, path, body, purpose).await?) })
    }

    /// Makes a call, and repeats it once with a new token if the first was refused. Boxed, so that it is in the module
    /// once, and not for each call.
    fn call<'a>(
        &'a self,
        method: &'static str,
        path: String,
        body: Option<JsValue>,
        purpose: Purpose<'a>,
    ) -> Call<'a, JsValue> {
        Box::pin(async move {
            let body = body.map(|body| {
                let text = JSON::stringify(&body).expect("a request's body has no cycles");
                String::from(text)
            });
            let (path, body) = (path.as_str(), body.as_deref());
            let token = self.tokens.current(purpose, self.call_ms.get()).await?;
            let mut end = self.timed(method, path, body, &token).await;
            if let Err(CallError::Problem(refused)) = &end {
                let fresh = self
                    .tokens
                    .instead_of(&token, refused, purpose, self.call_ms.get());
                let Some(fresh) = fresh.await? else {
                    return end;
                };
                end = self.timed(method, path, body, &fresh).await;
            }
            if end.is_ok() {
                self.tokens.accepted();
            }
            end
        })
    }

    fn timed<'a>(
        &'a self,
        method: &'static str,
        path: &'a str,
        body: Option<&'a str>,
        token: &'a token::Token,
    ) -> Pin<Box<dyn Future<Output = Result<JsValue, CallError>> + 'a>> {
        Box::pin(async move {
            let begins = method == "POST" && path == NEW_TRADE;
            let mut due = self.rest_until_ms.get();
            if begins {
                due = due.max(self.begin_after_ms.get());
            }
            // Outside the timeout, which is for the answer alone.
            clock::until(due).await;
            let end = Abort::new();
            let address = format!("{}{path}", self.address);
            let trace_id = super::random_hex();
            let call = JsFuture::from(browser::call(
                self.fetch.as_ref(),
                &address,
                method,
                body,
                token.header(),
                &self.device,
                &trace_id,
                end.signal().as_ref(),
            ));
            match clock::within(self.call_ms.get(), call).await {
                Some(Ok(answer)) => self.heard(answer.unchecked_ref(), &trace_id, begins),
                Some(Err(cause)) => Err(CallError::NoAnswer(Some(cause))),
                None => Err(CallError::NoAnswer(None)),
            }
        })
    }

    fn heard(&self, answer: &Answer, trace_id: &str, begins: bool) -> Result<JsValue, CallError> {
        let (status, body) = (answer.status(), answer.body());
        let retry_after_ms = retry_after(answer);
        self.pace_ms.set(answer.pace() as Ms);
        if let (429 | 503, Some(rest_ms)) = (status, retry_after_ms) {
            let until_ms = clock::now_ms() + rest_ms.min(MAX_REST_MS);
            let rest = match begins && status == 503 {
                true => &self.begin_after_ms,
                false => &self.rest_until_ms,
            };
            rest.set(until_ms);
        }
        if (200..300).contains(&status) && body.is_object() {
            return Ok(body);
        }
        if let Ok(problem) = from_js::<Problem>(body) {
            self.known.set(true);
            let named = Some(trace_id.to_owned());
            return Err(CallError::Problem(Box::new(Refused {
                problem: Problem {
                    trace_id: problem.trace_id.or(named),
                    ..problem
                },
                retry_after_ms,
            })));
        }
        let kind = answer.kind();
        let kind = kind.split(';').next().unwrap_or_default();
        let said = format!("{status} {kind}").trim_end().to_owned();
        // A proxy answers 502 to 504 for a backend that is down. The login page of a public Wi-Fi may answer anything.
        if self.known.get() || status >= 500 {
            return Err(CallError::NoAnswer(Some(said.into())));
        }
        Err(self.foreign(&said))
    }

    fn foreign(&self, said: &str) -> CallError {
        let address = &self.address;
        let detail = format!(
            "{address} answered {said}, which is not an answer of a Kaunter backend: check the address in `backend`."
        );
        CallError::SetUp(ErrorCode::RouteNotFound, detail)
    }

    /// Parses an answer. One of another shape counts as no answer: the request may have had its effect.
    fn read<T: DeserializeOwned>(&self, body: JsValue) -> Result<T, CallError> {
        from_js(body).map_err(|_| match self.known.get() {
            true => CallError::NoAnswer(None),
            false => self.foreign("with other fields"),
        })
    }
}

/// True if `fetch` failed: a timeout has no cause, and the cause of an unreadable answer is a text.
fn was_not_made(answer: &Result<JsValue, CallError>) -> bool {
    matches!(answer, Err(CallError::NoAnswer(Some(cause))) if !cause.is_string())
}

/// `Retry-After`, if the answer has one.
fn retry_after(answer: &Answer) -> Option<Ms> {
    let seconds = answer.rest() as Ms;
    (seconds > 0).then(|| seconds.saturating_mul(1_000))
}

/// Aborts a call when dropped, so that the browser does not go on with it.
#[derive(Debug)]
struct Abort(Option<AbortController>);

impl Abort {
    fn new() -> Self {
        Self(AbortController::new().ok())
    }

    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

fn path(trade_id: &str, rest: &str) -> String {
    let trade_id = String::from(js_sys::encode_uri_component(trade_id));
    format!("/v1/trades/{trade_id}{rest}")
}

fn sale_path(reference: &str) -> String {
    let reference = String::from(js_sys::encode_uri_component(reference));
    format!("/v1/sales?ref={reference}")
}

/// True if a new token may help.
fn about_the_token(code: ProblemCode) -> bool {
    matches!(
        code,
        ProblemCode::TokenMissing
            | ProblemCode::TokenInvalid
            | ProblemCode::TokenExpired
            | ProblemCode::TokenRevoked
            | ProblemCode::TokenForbidden
    )
}
