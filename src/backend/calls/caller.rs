//! Identifies the caller: the shop's server by its key, a terminal by its token, or unknown.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use kaunter_core::server_key::KeyRight;
use kaunter_core::wire::ProblemCode;

use crate::app::App;
use crate::error::Problem;
use crate::token::Claims;

/// The second place for a token: with basic authentication in front, `Authorization` holds the proxy's password.
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("kaunter-token");

/// The caller, by the credential in [`TOKEN`], or else in the `Authorization` header.
#[derive(Clone)]
pub(crate) enum Caller {
    Server(Server),
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
            Self::Server(_) | Self::Stranger(_) => None,
        }
    }

    /// True if the token was revoked.
    pub(crate) fn is_revoked(&self) -> bool {
        matches!(self, Self::Stranger(problem) if problem.code == ProblemCode::TokenRevoked)
    }

    /// The name of the server key; empty if it came with none.
    pub(crate) fn server_key(&self) -> &str {
        match self {
            Self::Server(server) => &server.key,
            Self::Terminal(_) | Self::Stranger(_) => "",
        }
    }

    pub(crate) fn of(headers: &HeaderMap, app: &App) -> Self {
        let Some(word) = credential(headers) else {
            return Self::Stranger(missing(headers));
        };
        if let Some(key) = app.config.server_keys.iter().find(|key| key.is(word)) {
            return Self::Server(Server {
                key: key.name.clone(),
                rights: key.rights.clone(),
            });
        }
        match app.tokens.check(word) {
            Ok(claims) => Self::Terminal(Box::new(claims)),
            Err(_) if !is_token(word) => {
                let detail = "This is neither a terminal token, which has two points in it, nor a server key of this backend: mint a token with POST /v1/terminal-tokens, or correct the key.";
                let problem = Problem::with_detail(ProblemCode::TokenInvalid, detail.to_owned());
                Self::Stranger(problem)
            }
            Err(problem) => Self::Stranger(problem),
        }
    }

    /// Reads the caller that the middleware found.
    fn found(parts: &mut Parts) -> Self {
        let found = parts.extensions.remove::<Self>();
        found.unwrap_or_else(|| Self::Stranger(Problem::new(ProblemCode::TokenMissing)))
    }
}

/// True if the caller sent an unknown server key.
pub(crate) fn is_wrong_key(caller: &Caller, headers: &HeaderMap) -> bool {
    let is_stranger = matches!(caller, Caller::Stranger(_));
    is_stranger && credential(headers).is_some_and(|word| !is_token(word))
}

/// True for a text that can be a token. A text without the two points of a token can only be a server key.
fn is_token(word: &str) -> bool {
    word.matches('.').count() == 2
}

/// Why there is no credential.
fn missing(headers: &HeaderMap) -> Problem {
    let count = |name| headers.get_all(name).iter().count();
    let detail = match (count(TOKEN), count(header::AUTHORIZATION)) {
        (0, 0) => return Problem::new(ProblemCode::TokenMissing),
        (0, 1) => {
            "The header Authorization does not begin with \"Bearer \": send Authorization: Bearer and the token, or send the token alone in Kaunter-Token."
        }
        (0, _) => "There is more than one header Authorization: send one.",
        (_, _) => "There is more than one header Kaunter-Token: send one.",
    };
    Problem::with_detail(ProblemCode::TokenMissing, detail.to_owned())
}

/// The credential of the call. If [`TOKEN`] is there, `Authorization` is ignored. Two such headers are ignored.
fn credential(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(TOKEN).iter();
    match (values.next(), values.next()) {
        (None, _) => bearer(headers),
        (Some(value), None) => value.to_str().ok().map(str::trim),
        (Some(_), Some(_)) => None,
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
            Caller::Server(_) => {
                let detail = "This call takes a terminal token, and the server key came: mint a token with POST /v1/terminal-tokens.";
                Err(Problem::with_detail(
                    ProblemCode::TokenInvalid,
                    detail.to_owned(),
                ))
            }
        }
    }
}

/// One of the shop's servers, identified by its key. As an extractor, it needs a key with the right `all`.
#[derive(Clone)]
pub(crate) struct Server {
    /// The key's name.
    pub(crate) key: String,
    rights: Vec<KeyRight>,
}

impl Server {
    /// The server that calls, if its key has this right.
    fn found(parts: &mut Parts, right: KeyRight) -> Result<Self, Problem> {
        match Caller::found(parts) {
            Caller::Server(server) => server.with(right),
            Caller::Stranger(problem) => Err(Self::unknown(problem)),
            Caller::Terminal(_) => Err(Self::token_came()),
        }
    }

    /// The refusal of a caller whose credential opens nothing.
    fn unknown(problem: Problem) -> Problem {
        let is_token = [
            ProblemCode::TokenExpired,
            ProblemCode::TokenForbidden,
            ProblemCode::TokenRevoked,
        ];
        if is_token.contains(&problem.code) {
            return Self::token_came();
        }
        if problem.code != ProblemCode::TokenMissing {
            return Problem::new(ProblemCode::ServerKeyInvalid);
        }
        let detail = "This call takes the server key, and none came: send it in Authorization: Bearer, from the shop's server.";
        Problem::with_detail(ProblemCode::ServerKeyInvalid, detail.to_owned())
    }

    fn token_came() -> Problem {
        let detail = "This call takes the server key, and a terminal token came: call from the shop's server.";
        Problem::with_detail(ProblemCode::ServerKeyInvalid, detail.to_owned())
    }

    fn with(self, right: KeyRight) -> Result<Self, Problem> {
        if right.is_granted_by(&self.rights) {
            return Ok(self);
        }
        let word = right.as_str();
        let detail = format!(
            "This call takes a server key with the right \"{word}\": give it to this key in [[server_keys]], or use another key."
        );
        Err(Problem::with_detail(ProblemCode::TokenForbidden, detail))
    }
}

impl FromRequestParts<Arc<App>> for Server {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Self::found(parts, KeyRight::All)
    }
}

/// A server whose key may mint tokens, with the key's name.
pub(crate) struct Minter(pub(crate) String);

impl FromRequestParts<Arc<App>> for Minter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        Server::found(parts, KeyRight::Mint).map(|server| Self(server.key))
    }
}

/// Who gives a verdict: a terminal, or a server whose key may do everything.
pub(crate) enum VerdictCaller {
    Server,
    Terminal(Box<Claims>),
}

impl FromRequestParts<Arc<App>> for VerdictCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        match Caller::found(parts) {
            Caller::Server(server) => server.with(KeyRight::All).map(|_| Self::Server),
            Caller::Terminal(claims) => Ok(Self::Terminal(claims)),
            Caller::Stranger(problem) => Err(problem),
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
            Caller::Server(server) => {
                server.with(KeyRight::Read)?;
                None
            }
            Caller::Terminal(claims) => Some(*claims),
            Caller::Stranger(problem) => return Err(problem),
        };
        Ok(Self {
            shop: app.config.shop.clone(),
            claims,
        })
    }
}
