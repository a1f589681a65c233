//! `GET /v1/sales?ref=`: a sale and its trades, and the call that stops collecting it. A shop's server closes its bill by this answer, and never by what the
//! browser says.
//!
//! The reference is in the query: some proxies decode a slash in a path, and a paid sale would answer 404.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use kaunter_core::money::Money;
use kaunter_core::sale::Standing;
use kaunter_core::trade::{Facts, GiveUp};
use kaunter_core::wire::{AskGiveUp, GivenUp, ProblemCode, Right, SaleRecord};
use serde::Deserialize;

use super::{Body, KnownCaller, Terminal};
use crate::app::App;
use crate::clock::rfc3339;
use crate::error::Problem;
use crate::trades::GiveUpRequest;

/// The query of `GET /v1/sales`: the sale, and the amount of its bill.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaleQuery {
    #[serde(rename = "ref")]
    reference: String,
    minor: Option<u64>,
    currency: Option<String>,
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    query: Result<Query<SaleQuery>, QueryRejection>,
) -> Result<Json<SaleRecord>, Problem> {
    either.admit_read(&app)?;
    let refuse = || {
        let detail = "Send ?ref=, and to close a bill &minor= and &currency= with it.".to_owned();
        Problem::with_detail(ProblemCode::BadRequest, detail)
    };
    let Query(query) = query.map_err(|_| refuse())?;
    let bill = match (query.minor, query.currency) {
        (Some(minor), Some(currency)) => Some(Money { minor, currency }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(refuse()),
    };
    record(&app, &either, &query.reference, bill).await
}

/// The sale with the trades that the caller may read.
async fn record(
    app: &App,
    either: &KnownCaller,
    reference: &str,
    bill: Option<Money>,
) -> Result<Json<SaleRecord>, Problem> {
    let store = app.trades.store();
    let rows = store.sale(&either.shop, reference).await?;
    let trades: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let reach = either.reach(row.facts());
            reach.limit(app.trades.wire(row))
        })
        .collect();
    if trades.is_empty() && !either.may_charge(reference) {
        // The answer does not reveal whether the sale exists.
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    let Some(first) = rows.first() else {
        return Err(Problem::new(ProblemCode::TradeNotFound));
    };
    let due = store.due(&either.shop, reference).await?;
    let given_up = store.given_up(&either.shop, reference).await?;
    let standing = Standing::of(rows.iter());
    Ok(Json(SaleRecord {
        reference: reference.to_owned(),
        due_amount: due.map_or_else(|| first.facts().sale.amount.clone(), |due| due.amount),
        closes_bill: bill.map(|bill| standing.closes_bill(&bill)),
        paid_amount: standing.paid_amount,
        decided_by: standing.decided_by,
        late_amount: standing.late_amount,
        given_up: given_up.as_ref().map(told),
        unconfirmed: standing.open,
        trades,
    }))
}

/// `POST /v1/sales/give-up`: the customer pays in another way.
pub(crate) async fn give_up(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Body(ask): Body<AskGiveUp>,
) -> Result<Json<SaleRecord>, Problem> {
    let authority = claims.authority();
    authority.require(Right::GiveUp)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let request = GiveUpRequest {
        shop: claims.shop.clone(),
        who: claims.who(),
        by: claims.cashier.clone(),
        reference: ask.reference.clone(),
        tender: ask.tender,
    };
    let seen = claims.clone();
    let may_leave = move |facts: &Facts| Ok(seen.authority().require_on(Right::GiveUp, facts)?);
    let given_up = app.trades.give_up(request, may_leave).await;
    given_up.map_err(|problem| problem.within(&claims.authority()))?;
    let either = KnownCaller {
        shop: claims.shop.clone(),
        claims: Some(claims),
    };
    record(&app, &either, &ask.reference, None).await
}

fn told(given_up: &GiveUp) -> GivenUp {
    GivenUp {
        by: given_up.by.clone(),
        tender: given_up.tender,
        at: rfc3339(given_up.at_ms),
    }
}
