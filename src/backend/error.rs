//! The errors of the API: a stable code, a sentence that says what to do, and when the same call makes sense again.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kaunter_core::authority::Authority;
use kaunter_core::desk::Refused;
use kaunter_core::wire::{self, ProblemCode, Retry};

/// An error of a call.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) code: ProblemCode,
    trade: Option<Box<wire::TradeView>>,
    /// A sentence that is more exact than the code's own. It never repeats what the caller sent.
    detail: Option<String>,
    /// When the same call makes sense again, if that is known.
    after: Option<Duration>,
    /// The name of the wrong field, as our API spells it.
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

    /// Adds the name of the wrong field.
    pub(crate) fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Adds the time after which the same call makes sense again.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = Some(wait);
        self
    }

    /// Adds the trade that is in the way.
    pub(crate) fn with_trade(code: ProblemCode, trade: wire::TradeView) -> Self {
        Self {
            trade: Some(Box::new(trade)),
            ..Self::new(code)
        }
    }

    /// Reduces the trade that is in the way to what this token may read.
    pub(crate) fn within(mut self, authority: &Authority<'_>) -> Self {
        self.trade = self.trade.and_then(|trade| {
            let reach = authority.reach_of(&trade.terminal, &trade.sale.reference);
            reach.limit(*trade).map(Box::new)
        });
        self
    }

    /// Replaces the sentence.
    pub(crate) fn replace_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    pub(crate) fn with_detail(code: ProblemCode, detail: String) -> Self {
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
            detail: refused.detail.map(str::to_owned),
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

/// The HTTP status, as the table of errors has it.
fn status(code: ProblemCode) -> StatusCode {
    StatusCode::from_u16(code.status()).expect("the table holds statuses: a test reads it")
}

/// Seconds until the same call makes sense again. Random if the limit does not say: tills that were refused together
/// should not return together.
fn retry_after_s(code: ProblemCode, known: Option<Duration>) -> u64 {
    if let Some(wait) = known {
        return wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    }
    let mut byte = [0];
    // Without randomness they return together, which is allowed.
    let _ = getrandom::fill(&mut byte);
    let (least, spread) = if code == ProblemCode::GatewayUnavailable {
        (3, 5)
    } else {
        (1, 3)
    };
    least + u64::from(byte[0]) % spread
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(self.code);
        crate::metrics::METRICS.problem(self.code);
        let after_s = retry_after_s(self.code, self.after);
        // The sentence states the same time as the `Retry-After` header.
        let body = wire::Problem {
            param: self.param,
            trace_id: crate::trace::id(),
            trade: self.trade,
            ..wire::Problem::new(self.code, self.detail, after_s)
        };
        let mut response = (status, Json(body)).into_response();
        // Read by the layer that records refusals.
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.code.retry() == Retry::Later || self.after.is_some() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_s));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Core has the words of the statuses, because the sandbox in a page answers with them, too.
    #[test]
    fn every_problem_has_the_words_of_its_status() {
        for code in ProblemCode::ALL.iter().copied() {
            let title = wire::Problem::new(code, None, 1).title;
            assert_eq!(status(code).canonical_reason(), Some(title.as_str()));
        }
    }
}
