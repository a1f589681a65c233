//! Handlers of the API. Each parses, authorizes, and delegates to [`crate::trades`].

pub(crate) mod audit;
pub(crate) mod caller;
pub(crate) mod days;
pub(crate) mod device;
pub(crate) mod gateway;
pub(crate) mod payment;
pub(crate) mod sales;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod terminals;
pub(crate) mod tokens;
pub(crate) mod trades;
pub(crate) mod verdicts;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use kaunter_core::authority::{Authority, Reach};
use kaunter_core::desk;
use kaunter_core::trade::{Event, Facts};
use kaunter_core::wire::ProblemCode;
use serde::de::DeserializeOwned;

pub(crate) use caller::{CheckedToken, KnownCaller, Minter, Server, Terminal};

use crate::app::App;
use crate::error::Problem;
use crate::limits::BODY_WAIT;
use crate::token::Claims;
use crate::wrong_field::{Author, WrongField, explain, without_place};

/// A JSON body. An error names what is wrong without repeating the body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let checked = request.extensions_mut().remove::<CheckedToken>();
        let is_form = is_form(&request);
        let bytes = tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, app))
            .await
            .map_err(|_| {
                let detail = "The body did not arrive in time.".to_owned();
                Problem::with_detail(ProblemCode::BadRequest, detail)
            })?
            .map_err(|_| Problem::new(ProblemCode::BodyTooLarge))?;
        if let Some(CheckedToken(claims)) = checked {
            // The body may have taken seconds, and the token may have been revoked meanwhile.
            app.terminals.check(&claims).await?;
        }
        if let Some(detail) = no_json(&bytes) {
            return Err(Problem::with_detail(
                ProblemCode::BadRequest,
                detail.to_owned(),
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let body = serde_path_to_error::deserialize(&mut json);
        let body = body.map_err(|error| wrong(&error, is_form))?;
        json.end().map_err(|error| unreadable(&error, is_form))?;
        Ok(Self(body))
    }
}

/// Names the field that is wrong, and the expected type. Uses our own words, never the caller's.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>, is_form: bool) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        return unreadable(inner, is_form);
    }
    let message = without_place(inner);
    let WrongField { field, sentence } = explain(&message, error.path(), Author::Caller);
    let detail = format!("The body does not fit this call: {sentence}. See /openapi.json.");
    let problem = Problem::with_detail(ProblemCode::BadRequest, detail);
    match field.is_empty() {
        true => problem,
        false => problem.at(field),
    }
}

fn unreadable(error: &serde_json::Error, is_form: bool) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = if is_form {
        "The body is a form and not JSON: send JSON, with Content-Type: application/json. See /openapi.json."
            .to_owned()
    } else {
        format!("The body is not valid JSON (line {line}, column {column}): see /openapi.json.")
    };
    Problem::with_detail(ProblemCode::BadRequest, detail)
}

/// What a body is that can't be JSON, and what to do.
fn no_json(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        Some("The body is empty: send JSON. See /openapi.json.")
    } else if bytes.starts_with(b"\xef\xbb\xbf") {
        Some("The body begins with a byte order mark (BOM): send the JSON without it.")
    } else if std::str::from_utf8(bytes).is_err() {
        Some("The body is not text in UTF-8: send JSON in UTF-8.")
    } else {
        None
    }
}

/// True if the caller says that the body is a form: what a program sends that does not set the type.
fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("multipart/")
}

impl KnownCaller {
    /// True if the caller may ask about this sale although it has no trade of its own there.
    pub(crate) fn may_charge(&self, reference: &str) -> bool {
        desk::may_ask_about(self.authority().as_ref(), reference)
    }

    /// The event that a status check sends to the machine, and the part of the trade that the caller may read.
    pub(crate) fn check_read(&self, facts: &Facts) -> Result<(Event, Reach), Problem> {
        Ok(desk::read(self.authority().as_ref(), facts)?)
    }

    /// The token as core's rules see it; `None` for the shop's server, which may read everything.
    pub(crate) fn authority(&self) -> Option<Authority<'_>> {
        self.claims.as_ref().map(Claims::authority)
    }
}

impl Claims {
    /// The token as `kaunter_core::authority` sees it.
    pub(crate) fn authority(&self) -> Authority<'_> {
        Authority {
            terminal: &self.terminal,
            rights: &self.rights,
            sale: self.sale.as_ref(),
            max_amount: self.max_amount.as_ref(),
        }
    }
}
