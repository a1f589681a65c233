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

/// A JSON body. An error names what is wrong without repeating the body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let checked = request.extensions_mut().remove::<CheckedToken>();
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
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let body = serde_path_to_error::deserialize(&mut json).map_err(|error| wrong(&error))?;
        json.end().map_err(|error| unreadable(&error))?;
        Ok(Self(body))
    }
}

/// Names the field that is wrong, and the expected type. Uses our own words, never the caller's.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        return unreadable(inner);
    }
    let message = inner.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(&*message, |(message, _)| message);
    // The name of an unknown field is the caller's text. A missing field's name and the text after the last "expected"
    // are ours.
    let is_unknown = message.starts_with("unknown field");
    let path: Vec<String> = error.path().iter().filter_map(segment).collect();
    let mut known = path.len() - usize::from(is_unknown && !path.is_empty());
    if path.first().is_some_and(|name| name == "metadata") {
        // The names in it are the caller's text.
        known = 1;
    }
    let field = path[..known].join(".");
    let what = if let Some(name) = message.strip_prefix("missing field ") {
        format!("{} is missing", name.replace('`', "\""))
    } else if message.ends_with("there are no fields") {
        "it takes no fields".to_owned()
    } else if message.starts_with("duplicate field") {
        "a field is there twice".to_owned()
    } else {
        match message.rsplit_once("expected ") {
            Some((_, expected)) if is_unknown => {
                format!("a field is unknown, expected {}", plain(expected))
            }
            Some((_, expected)) => format!("expected {}", plain(expected)),
            None => "the value is not allowed".to_owned(),
        }
    };
    let place = if field.is_empty() { "the body" } else { &field };
    let detail = format!("The body does not fit this call: {place}: {what}. See /openapi.json.");
    let problem = Problem::with_detail(ProblemCode::BadRequest, detail);
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    match (field.is_empty(), missing) {
        (_, Some(name)) => problem.at([&path[..known], &[name.to_owned()]].concat().join(".")),
        (false, None) => problem.at(field),
        (true, None) => problem,
    }
}

fn segment(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment;

    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// Translates serde's type names for a caller who knows JSON and not Rust.
fn plain(expected: &str) -> String {
    let plain = match expected {
        "a sequence" => "a list",
        "a string" => "text",
        "a boolean" => "true or false",
        "u8" | "u32" | "u64" | "usize" | "i64" => {
            "a whole number, without a decimal point or quotes"
        }
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        other => return other.replace('`', "\""),
    };
    plain.to_owned()
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail =
        format!("The body is not valid JSON (line {line}, column {column}): see /openapi.json.");
    Problem::with_detail(ProblemCode::BadRequest, detail)
}

impl KnownCaller {
    /// Refuses a list of trades to a terminal without the right `list`, and to a token for one sale.
    pub(crate) fn require_list(&self) -> Result<(), Problem> {
        let Some(claims) = &self.claims else {
            return Ok(());
        };
        Ok(desk::check_list(&claims.authority())?)
    }

    /// True if the caller may ask about this sale although it has no trade of its own there.
    pub(crate) fn may_charge(&self, reference: &str) -> bool {
        let claims = self.claims.as_ref();
        claims.is_none_or(|claims| desk::may_ask(&claims.authority(), reference))
    }

    /// The event that a status check sends to the machine, and the part of the trade that the caller may read.
    pub(crate) fn check_read(&self, facts: &Facts) -> Result<(Event, Reach), Problem> {
        let authority = self.claims.as_ref().map(Claims::authority);
        Ok(desk::read(authority.as_ref(), facts)?)
    }

    /// The part of a trade that the caller may read: the shop's server all of it, a terminal what its token allows.
    pub(crate) fn reach(&self, facts: &Facts) -> Reach {
        match &self.claims {
            Some(claims) => claims.authority().reach(facts),
            None => Reach::Whole,
        }
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
