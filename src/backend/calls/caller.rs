//! Identifies the caller: the shop's server by its key, a terminal by its token, or unknown.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use kaunter_core::wire::ProblemCode;

use crate::app::App;
use crate::error::Problem;
use crate::token::Claims;

/// The caller, by the credential in the `Authorization` header.
#[derive(Clone)]
pub(crate) enum Caller {
    Server,
    Terminal(Box<Claims>),
    /// And the reason.
    Stranger(Problem),
}

/// The token that was checked before the body was read.
#[derive(Clone)]
pub(crate) struct CheckedToken(pub(crate) Box<Claims>);

impl Caller {
    /// The token of a terminal, for the check after the body was read.
    pub(crate) fn checked_token(&self) -> Option<CheckedToken> {
        match self {
            Self::Terminal(claims) => Some(CheckedToken(claims.clone())),
            Self::Server | Self::Stranger(_) => None,
        }
    }

    pub(crate) fn of(headers: &HeaderMap, app: &App) -> Self {
        let Some(word) = bearer(headers) else {
            return Self::Stranger(Problem::new(ProblemCode::TokenMissing));
        };
        if app.config.server_key.is(word) {
            return Self::Server;
        }
        match app.tokens.check(word) {
            Ok(claims) => Self::Terminal(Box::new(claims)),
            Err(problem) => Self::Stranger(problem),
        }
    }

    /// Reads the caller that the middleware found.
    fn found(parts: &mut Parts) -> Self {
        let found = parts.extensions.remove::<Self>();
        found.unwrap_or_else(|| Self::Stranger(Problem::new(ProblemCode::TokenMissing)))
    }
}

/// The credential of `Authorization: Bearer`. The scheme is case-insensitive (RFC 9110, 11.1). Two such headers are
/// ignored.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, more) = (values.next()?, values.next());
    let (scheme, word) = value.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && more.is_none();
    is_bearer.then(|| word.trim_matches(' '))
}

/// A browser terminal, identified by its token.
pub(crate) struct Terminal(pub(crate) Claims);

impl FromRequestParts<Arc<App>> for Terminal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match Caller::found(parts) {
            Caller::Terminal(claims) => Ok(Self(*claims)),
            Caller::Stranger(problem) => Err(problem),
            Caller::Server => {
                let detail = "This call takes a terminal token, and the server key came: mint a token with POST /v1/terminal-tokens.";
                Err(Problem::with_detail(
                    ProblemCode::TokenInvalid,
                    detail.to_owned(),
                ))
            }
        }
    }
}

/// The shop's server, identified by the server key.
pub(crate) struct Server;

impl FromRequestParts<Arc<App>> for Server {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match Caller::found(parts) {
            Caller::Server => Ok(Self),
            Caller::Stranger(_) => Err(Problem::new(ProblemCode::ServerKeyInvalid)),
            Caller::Terminal(_) => {
                let detail = "This call takes the server key, and a terminal token came: call from the shop's server.";
                Err(Problem::with_detail(
                    ProblemCode::ServerKeyInvalid,
                    detail.to_owned(),
                ))
            }
        }
    }
}

/// KnownCaller of the two, for what both may read: its shop, and the terminal if it is one.
pub(crate) struct KnownCaller {
    pub(crate) shop: String,
    pub(crate) claims: Option<Claims>,
}

impl KnownCaller {
    /// Counts a terminal's status checks. The shop's server is trusted and not counted.
    pub(crate) fn admit_read(&self, app: &App) -> Result<(), Problem> {
        match &self.claims {
            Some(claims) => app.limits.admit_read(&claims.shop, &claims.terminal),
            None => Ok(()),
        }
    }

    /// Counts a list as a call, and not as a status check.
    pub(crate) fn admit(&self, app: &App) -> Result<(), Problem> {
        match &self.claims {
            Some(claims) => app.limits.admit(&claims.shop, &claims.terminal),
            None => Ok(()),
        }
    }
}

impl FromRequestParts<Arc<App>> for KnownCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let claims = match Caller::found(parts) {
            Caller::Server => None,
            Caller::Terminal(claims) => Some(*claims),
            Caller::Stranger(problem) => return Err(problem),
        };
        Ok(Self {
            shop: app.config.shop.clone(),
            claims,
        })
    }
}
