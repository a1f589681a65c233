//! The calls of the API. Each reads, checks, and delegates to [`crate::trades`].

pub(crate) mod days;
pub(crate) mod sales;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod trades;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use kaunter_core::authority::{Authority, Reach};
use kaunter_core::trade::Facts;
use kaunter_core::wire::{ProblemCode, Right};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::Problem;
use crate::limits::BODY_WAIT;
use crate::token::Claims;

/// A body of the treaty; what is wrong with it is told without repeating it.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let bytes = tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, app))
            .await
            .map_err(|_| {
                let detail = "The body did not arrive in time.".to_owned();
                Problem::because(ProblemCode::BadRequest, detail)
            })?
            .map_err(|_| Problem::new(ProblemCode::TooLarge))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let detail = format!("The body is not the JSON that this call takes (line {line}, column {column}): see /openapi.json.");
            Problem::because(ProblemCode::BadRequest, detail)
        })
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// A browser terminal, by its token.
pub(crate) struct Terminal(pub(crate) Claims);

impl FromRequestParts<Arc<App>> for Terminal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| Problem::new(ProblemCode::TokenMissing))?;
        app.tokens.check(token).map(Self)
    }
}

/// The shop's server, by the server key.
pub(crate) struct Server;

impl FromRequestParts<Arc<App>> for Server {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match bearer(parts) {
            Some(key) if app.config.server_key.is(key) => Ok(Self),
            Some(_) | None => Err(Problem::new(ProblemCode::ServerKeyInvalid)),
        }
    }
}

/// Either of the two, for what both may read: the shop that they speak for, and the terminal if it is one.
pub(crate) struct Either {
    pub(crate) shop: String,
    pub(crate) claims: Option<Claims>,
}

impl Either {
    /// A terminal's looks are counted; the shop's own server is trusted not to run wild.
    pub(crate) fn admit_look(&self, app: &App) -> Result<(), Problem> {
        match &self.claims {
            Some(claims) => app.limits.admit_look(&claims.shop, &claims.terminal),
            None => Ok(()),
        }
    }

    /// The same for what is no poll of one trade: it counts as a call.
    pub(crate) fn admit(&self, app: &App) -> Result<(), Problem> {
        match &self.claims {
            Some(claims) => app.limits.admit(&claims.shop, &claims.terminal),
            None => Ok(()),
        }
    }
}

impl FromRequestParts<Arc<App>> for Either {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let word = bearer(parts).ok_or_else(|| Problem::new(ProblemCode::TokenMissing))?;
        if app.config.server_key.is(word) {
            return Ok(Self {
                shop: app.config.shop.clone(),
                claims: None,
            });
        }
        let claims = app.tokens.check(word)?;
        Ok(Self {
            shop: claims.shop.clone(),
            claims: Some(claims),
        })
    }
}

impl Either {
    /// Refuses a list of trades to a terminal without the right, and to one whose token is for one sale.
    pub(crate) fn require_list(&self) -> Result<(), Problem> {
        let Some(claims) = &self.claims else {
            return Ok(());
        };
        claims.authority().require(Right::List)?;
        match claims.sale {
            Some(_) => Err(Problem::new(ProblemCode::TokenForbidden)),
            None => Ok(()),
        }
    }

    /// True where the caller may ask about this sale even if it has no trade of its own there.
    pub(crate) fn may_charge(&self, reference: &str) -> bool {
        let Some(claims) = &self.claims else {
            return true;
        };
        let authority = claims.authority();
        authority.may_charge(reference)
            || (authority.is_for(reference) && claims.may.contains(&Right::List))
    }

    /// What the caller reads of a trade: the shop's own server all of it, a terminal what its token reaches.
    pub(crate) fn reach(&self, facts: &Facts) -> Reach {
        match &self.claims {
            Some(claims) => claims.authority().reach(facts),
            None => Reach::Whole,
        }
    }
}

impl Claims {
    /// The token as the rules see it.
    pub(crate) fn authority(&self) -> Authority<'_> {
        Authority {
            terminal: &self.terminal,
            rights: &self.may,
            sale: self.sale.as_ref(),
            max_amount: self.max_amount.as_ref(),
        }
    }
}
