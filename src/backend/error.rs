//! Every error of the API: a stable word, a sentence that says what to do, and whether the same call makes sense again.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kaunter_core::authority::Authority;
use kaunter_core::wire::{self, ProblemCode, Retry};

/// An error on its way to the caller.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: ProblemCode,
    trade: Option<Box<wire::Trade>>,
    /// What the code's own sentence can't know; never what the caller sent.
    detail: Option<String>,
    /// When the same call makes sense again, where that is known.
    after: Option<Duration>,
    /// The field that is wrong: a name of ours.
    param: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: ProblemCode) -> Self {
        Self {
            code,
            trade: None,
            detail: None,
            after: None,
            param: None,
        }
    }

    /// The same, naming the field that is wrong.
    pub(crate) fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same, with the time after which it makes sense again.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = Some(wait);
        self
    }

    /// The same, naming the trade that stands in the way.
    pub(crate) fn with(code: ProblemCode, trade: wire::Trade) -> Self {
        Self {
            trade: Some(Box::new(trade)),
            ..Self::new(code)
        }
    }

    /// The same, with as much of the trade that stands in the way as this token reads.
    pub(crate) fn within(mut self, authority: &Authority<'_>) -> Self {
        self.trade = self.trade.and_then(|trade| {
            let reach = authority.reach_of(&trade.terminal, &trade.sale.reference);
            reach.told(*trade).map(Box::new)
        });
        self
    }

    pub(crate) fn because(code: ProblemCode, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(code)
        }
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(ProblemCode::StoreUnavailable)
    }
}

fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::BadRequest
        | ProblemCode::AmountInvalid
        | ProblemCode::AmountLimit
        | ProblemCode::CurrencyUnsupported
        | ProblemCode::SaleInvalid
        | ProblemCode::KeyInvalid
        | ProblemCode::IntegratorUnknown
        | ProblemCode::PresentedUnsupported
        | ProblemCode::CodeInvalid
        | ProblemCode::VerdictInvalid => StatusCode::BAD_REQUEST,
        ProblemCode::TokenMissing
        | ProblemCode::TokenInvalid
        | ProblemCode::TokenExpired
        | ProblemCode::ServerKeyInvalid => StatusCode::UNAUTHORIZED,
        ProblemCode::TokenForbidden => StatusCode::FORBIDDEN,
        ProblemCode::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::SaleBusy
        | ProblemCode::SalePaid
        | ProblemCode::SaleAmountMismatch
        | ProblemCode::CodeTaken
        | ProblemCode::CodeReused
        | ProblemCode::TradeClosed
        | ProblemCode::NotCancellable
        | ProblemCode::NotVoidable => StatusCode::CONFLICT,
        ProblemCode::TradeNotFound | ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::Busy | ProblemCode::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::GatewayUnavailable => StatusCode::BAD_GATEWAY,
        ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn retry(code: ProblemCode) -> Retry {
    match code {
        ProblemCode::TokenMissing | ProblemCode::TokenInvalid | ProblemCode::TokenExpired => {
            Retry::AfterRefresh
        }
        ProblemCode::TooMany
        | ProblemCode::Busy
        | ProblemCode::StoreUnavailable
        | ProblemCode::GatewayUnavailable
        | ProblemCode::Internal => Retry::Later,
        ProblemCode::BadRequest
        | ProblemCode::AmountInvalid
        | ProblemCode::AmountLimit
        | ProblemCode::CurrencyUnsupported
        | ProblemCode::SaleInvalid
        | ProblemCode::KeyInvalid
        | ProblemCode::IntegratorUnknown
        | ProblemCode::PresentedUnsupported
        | ProblemCode::CodeInvalid
        | ProblemCode::VerdictInvalid
        | ProblemCode::TokenForbidden
        | ProblemCode::ServerKeyInvalid
        | ProblemCode::Mismatch
        | ProblemCode::SaleBusy
        | ProblemCode::SalePaid
        | ProblemCode::SaleAmountMismatch
        | ProblemCode::CodeTaken
        | ProblemCode::CodeReused
        | ProblemCode::TradeClosed
        | ProblemCode::TradeNotFound
        | ProblemCode::NotCancellable
        | ProblemCode::NotVoidable
        | ProblemCode::NotFound
        | ProblemCode::MethodNotAllowed
        | ProblemCode::TooLarge => Retry::Never,
    }
}

fn sentence(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::BadRequest => {
            "The body is not the JSON that this call takes: see /openapi.json."
        }
        ProblemCode::AmountInvalid => {
            "The amount must be a whole number of minor units, more than 0."
        }
        ProblemCode::AmountLimit => {
            "The amount is above the limit: split the sale, or raise the limit."
        }
        ProblemCode::CurrencyUnsupported => {
            "The gateway takes no such currency: send the one that the session names."
        }
        ProblemCode::SaleInvalid => {
            "The sale's ref must have 1 to 64 printable characters: send the shop's own number of it."
        }
        ProblemCode::KeyInvalid => {
            "The key must be 32 lower-case hex digits: make a fresh one per attempt."
        }
        ProblemCode::IntegratorUnknown => {
            "No such wallet: open a session and choose one of its wallets."
        }
        ProblemCode::PresentedUnsupported => {
            "This wallet can't be paid this way: its \"presents\" in the session says how."
        }
        ProblemCode::CodeInvalid => "The code must be text of 1 to 1024 bytes: scan it again.",
        ProblemCode::VerdictInvalid => {
            "Only a payment under review takes a verdict, and only with evidence: say what the wallet's own records show."
        }
        ProblemCode::TokenMissing => "Send a terminal token in the Authorization header.",
        ProblemCode::TokenInvalid => {
            "This is no token of this backend: ask the shop's server for a fresh one."
        }
        ProblemCode::TokenExpired => {
            "The token's time is up: ask the shop's server for a fresh one."
        }
        ProblemCode::TokenForbidden => {
            "The token does not allow this: ask the shop's server for one that does."
        }
        ProblemCode::ServerKeyInvalid => {
            "The server key is wrong: check the shop's server, never send it from a browser."
        }
        ProblemCode::Mismatch => {
            "This key was used for another sale: make a fresh key per attempt."
        }
        ProblemCode::SaleBusy => {
            "Another attempt collects this sale: watch that trade, do not charge again."
        }
        ProblemCode::SalePaid => "This sale is paid: do not charge again.",
        ProblemCode::SaleAmountMismatch => {
            "This sale has another amount: only the shop's server can change it, with a token for this sale and the new amount."
        }
        ProblemCode::CodeReused => {
            "This code was handed over for another sale a short time ago: ask the customer for a fresh one."
        }
        ProblemCode::CodeTaken => "This attempt has another code: watch the trade.",
        ProblemCode::TradeClosed => {
            "This attempt takes no code now: watch the trade, or start a new attempt."
        }
        ProblemCode::TradeNotFound => "This shop has no such trade: check its number.",
        ProblemCode::NotCancellable => "This payment can't be cancelled now: watch the trade.",
        ProblemCode::NotVoidable => "Only a paid trade can be given back, once: watch the trade.",
        ProblemCode::NotFound => "No such address: see /openapi.json.",
        ProblemCode::MethodNotAllowed => "This address takes another method: see /openapi.json.",
        ProblemCode::TooLarge => "The body is above 16 KiB.",
        ProblemCode::TooMany => "Too many calls from this terminal: wait a few seconds.",
        ProblemCode::Busy => {
            "The backend has its hands full, and nothing was begun: try again in a few seconds."
        }
        ProblemCode::StoreUnavailable => {
            "The store does not answer, and nothing was begun: try again in a few seconds."
        }
        ProblemCode::GatewayUnavailable => {
            "The gateway does not answer, and nothing was begun: try again in a few seconds."
        }
        ProblemCode::Internal => {
            "A fault of the backend: try again, and tell its operator the trace id."
        }
    }
}

/// Seconds until the same call makes sense again. Drawn from a few where the limit does not say: tills that were turned
/// away together should not come back together.
fn retry_after_s(code: ProblemCode, known: Option<Duration>) -> u64 {
    if let Some(wait) = known {
        return wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    }
    let mut byte = [0];
    // Without randomness they come back together: no reason to fail.
    let _ = getrandom::fill(&mut byte);
    let (least, spread) = if code == ProblemCode::GatewayUnavailable {
        (3, 5)
    } else {
        (1, 3)
    };
    least + u64::from(byte[0]) % spread
}

fn seconds(number: u64) -> String {
    if number == 1 {
        "1 second".to_owned()
    } else {
        format!("{number} seconds")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(self.code);
        crate::metrics::METRICS.problem(self.code);
        let after_s = retry_after_s(self.code, self.after);
        let detail = self
            .detail
            .unwrap_or_else(|| sentence(self.code).to_owned());
        let body = wire::Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: self.code,
            // Who reads the sentence learns what the header says.
            detail: detail.replace("a few seconds", &seconds(after_s)),
            retry: retry(self.code),
            param: self.param,
            trace_id: crate::trace::id(),
            trade: self.trade,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if retry(self.code) == Retry::Later {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_s));
        }
        response
    }
}
