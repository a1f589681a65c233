//! `/v1/sales`: a sale and its trades. The shop's server registers a sale here, and closes its bill by the answer, and
//! never by what the browser says.
//!
//! The reference is in the query or the body: some proxies decode a slash in a path, and a paid sale would answer 404.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use kaunter_core::money::Money;
use kaunter_core::registration::{
    self, METADATA_MAX_ENTRIES, METADATA_NAME_MAX_CHARS, METADATA_VALUE_MAX_CHARS,
};
use kaunter_core::sale::{Due, SetBy, Standing};
use kaunter_core::trade::{Facts, GiveUp};
use kaunter_core::wire::{
    AskGiveUp, GivenUp, Metadata, ProblemCode, RegisterSale, Right, SaleRecord, is_reference,
};
use serde::{Deserialize, Serialize};

use super::audit::ServerAction;
use super::{Body, KnownCaller, Server, Terminal, check_query};
use crate::app::App;
use crate::clock::rfc3339;
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

/// A sale's record, with the fields that the till's module does not read: there, each field costs bytes.
#[derive(Serialize)]
pub(crate) struct FullRecord {
    #[serde(flatten)]
    record: SaleRecord,
    /// Whether the shop's server has registered the sale.
    registered: bool,
    /// What a payment of a smaller amount leaves of the amount in the query, or of `due_amount` without one. Register it
    /// under another reference. Absent if nothing was paid, or enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_amount: Option<Money>,
    /// Only for the shop's server; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
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
    check_query("ref", Some(&query.reference))?;
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
    registration::check(&request, app.trades.gateway().limits()).map_err(|refused| {
        let problem = Problem::from(refused);
        match refused.param {
            Some("metadata") => problem.replace_detail(format!(
                "metadata takes at most {METADATA_MAX_ENTRIES} entries, with names of 1 to {METADATA_NAME_MAX_CHARS} and values of at most {METADATA_VALUE_MAX_CHARS} printable characters."
            )),
            Some(_) | None => problem,
        }
    })?;
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
    let trades: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let reach = either.reach(row.facts());
            reach.limit(app.trades.wire(row))
        })
        .collect();
    if trades.is_empty() && !either.may_charge(&reference) {
        // The answer does not reveal whether the sale exists.
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    let due = store.due(&either.shop, &reference).await?;
    let Some(due) = due.or_else(|| rows.first().map(Due::of_first)) else {
        return Err(Problem::new(ProblemCode::TradeNotFound));
    };
    let given_up = store.given_up(&either.shop, &reference).await?;
    let metadata = match either.claims {
        None => Some(store.metadata(&either.shop, &reference).await?),
        Some(_) => None,
    };
    let standing = Standing::of(rows.iter());
    let registered = due.set_by == SetBy::Registration;
    let missing_amount = standing.missing_amount(bill.as_ref().unwrap_or(&due.amount));
    let record = SaleRecord {
        reference,
        closes_bill: bill.map(|bill| standing.closes_bill(&bill, Some(&due))),
        due_amount: due.amount,
        paid_amount: standing.paid_amount,
        decided_by: standing.decided_by,
        late_amount: standing.late_amount,
        given_up: given_up.as_ref().map(told),
        unconfirmed: standing.open,
        trades,
    };
    Ok(FullRecord {
        record,
        registered,
        missing_amount,
        metadata: metadata.filter(|metadata| !metadata.is_empty()),
    })
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

fn told(given_up: &GiveUp) -> GivenUp {
    GivenUp {
        by: given_up.by.clone(),
        tender: given_up.tender,
        at: rfc3339(given_up.at_ms),
    }
}
