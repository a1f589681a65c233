//! The calls of the API. Each reads, checks, and delegates to [`crate::trades`].

pub(crate) mod caller;
pub(crate) mod days;
pub(crate) mod sales;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod trades;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use kaunter_core::wire::{ProblemCode, Sale};
use serde::de::DeserializeOwned;

pub(crate) use caller::{Either, Server, Terminal};

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

impl Claims {
    /// A token for one sale is for that sale, with its amount.
    pub(crate) fn require_sale(&self, sale: &Sale) -> Result<(), Problem> {
        if self.sale.as_ref().is_some_and(|own| own != sale) {
            return Err(Problem::new(ProblemCode::TokenForbidden));
        }
        let above = self.max_amount.as_ref().is_some_and(|max| {
            max.currency != sale.amount.currency || sale.amount.minor > max.minor
        });
        if above {
            Err(Problem::new(ProblemCode::AmountLimit))
        } else {
            Ok(())
        }
    }
}
