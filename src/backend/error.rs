//! Every error of the API: a stable word, a sentence that says what to do, and whether the same call makes sense again.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kaunter_core::authority::Authority;
use kaunter_core::desk::Refused;
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
            reach.limit(*trade).map(Box::new)
        });
        self
    }

    /// The same, in other words.
    pub(crate) fn saying(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    pub(crate) fn because(code: ProblemCode, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(code)
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self {
            param: refused.param.map(str::to_owned),
            ..Self::new(refused.code)
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

/// The status of the table.
fn status(code: ProblemCode) -> StatusCode {
    StatusCode::from_u16(code.status()).expect("the table holds statuses: a test reads it")
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
        let detail = self.detail.unwrap_or_else(|| self.code.detail().to_owned());
        let body = wire::Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: self.code,
            // Who reads the sentence learns what the header says.
            detail: detail.replace("a few seconds", &seconds(after_s)),
            retry: self.code.retry(),
            param: self.param,
            trace_id: crate::trace::id(),
            trade: self.trade,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.code.retry() == Retry::Later {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_s));
        }
        response
    }
}
