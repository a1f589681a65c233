//! `/v1/sales`: a sale and its trades. The shop's server registers a sale here, and closes its bill by the answer, and
//! never by what the browser says.
//!
//! The reference is in the query or the body: some proxies decode a slash in a path, and a paid sale would answer 404.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use kaunter_core::desk;
use kaunter_core::money::Money;
use kaunter_core::practice;
use kaunter_core::record::StoredSale;
use kaunter_core::registration;
use kaunter_core::trade::Facts;
use kaunter_core::wire::{AskGiveUp, FullRecord, ProblemCode, RegisterSale, Right, is_reference};
use serde::Deserialize;

use super::audit::ServerAction;
use super::{Body, KnownCaller, Server, Terminal};
use crate::app::App;
use crate::error::Problem;
use crate::trades::GiveUpRequest;
use crate::trail::SALE_REGISTERED;

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
) -> Result<Json<FullRecord>, Problem> {
    either.admit_read(&app)?;
    let refuse = || {
        let detail = "Send ?ref=, and to close a bill &minor= and &currency= with it.".to_owned();
        Problem::with_detail(ProblemCode::BadRequest, detail)
    };
    let Query(query) = query.map_err(|_| refuse())?;
    desk::check_query("ref", Some(&query.reference))?;
    let bill = match (query.minor, query.currency) {
        (Some(minor), Some(currency)) => Some(Money { minor, currency }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(refuse()),
    };
    record(&app, &either, query.reference, bill).await.map(Json)
}

/// Registers a sale, or changes its amount or its metadata. The same call again changes nothing.
pub(crate) async fn register(
    State(app): State<Arc<App>>,
    _: Server,
    Body(request): Body<RegisterSale>,
) -> Result<(Extension<ServerAction>, Json<FullRecord>), Problem> {
    registration::check(&request, app.trades.gateway().limits())?;
    practice::check(&request.reference, "ref")?;
    let reference = request.reference.clone();
    let amount = &request.amount;
    let action = ServerAction {
        event: SALE_REGISTERED,
        note: format!("{reference}: {} {}", amount.decimal(), amount.currency),
        ..ServerAction::default()
    };
    app.trades.register(request).await?;
    let server = KnownCaller {
        shop: app.config.shop.clone(),
        claims: None,
    };
    let record = record(&app, &server, reference, None).await?;
    Ok((Extension(action), Json(record)))
}

/// What the caller may read of a sale. `bill` is the amount that it asks about.
async fn record(
    app: &App,
    either: &KnownCaller,
    reference: String,
    bill: Option<Money>,
) -> Result<FullRecord, Problem> {
    let store = app.trades.store();
    let rows = store.sale(&either.shop, &reference).await?;
    let metadata = match either.claims {
        None => Some(store.metadata(&either.shop, &reference).await?),
        Some(_) => None,
    };
    let stored = StoredSale {
        trades: rows.iter().collect(),
        due: store.due(&either.shop, &reference).await?,
        given_up: store.given_up(&either.shop, &reference).await?,
        metadata,
        reference,
    };
    let now = app.trades.now_ms();
    Ok(stored.record(either.authority().as_ref(), bill, now)?)
}

/// `POST /v1/sales/give-up`: the customer pays in another way.
pub(crate) async fn give_up(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Body(ask): Body<AskGiveUp>,
) -> Result<Json<FullRecord>, Problem> {
    let authority = claims.authority();
    authority.require(Right::GiveUp)?;
    if !is_reference(&ask.reference) {
        return Err(Problem::new(ProblemCode::SaleInvalid).at("ref"));
    }
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
    let either = KnownCaller {
        shop: claims.shop.clone(),
        claims: Some(claims.clone()),
    };
    given_up.map_err(|problem| {
        let is_missing = problem.code == ProblemCode::TradeNotFound;
        if is_missing && !either.may_charge(&ask.reference) {
            // The answer does not reveal whether the sale exists.
            return Problem::new(ProblemCode::TokenForbidden);
        }
        problem.within(&claims.authority())
    })?;
    record(&app, &either, ask.reference, None).await.map(Json)
}
