//! `GET /v1/sales?ref=`: a sale and its trades. A shop's server closes its bill by this answer, and never by what the
//! browser says.
//!
//! The reference is in the query: some proxies decode a slash in a path, and a paid sale would answer 404.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use kaunter_core::money::Money;
use kaunter_core::sale::Standing;
use kaunter_core::wire::{ProblemCode, SaleRecord};
use serde::Deserialize;

use super::KnownCaller;
use crate::app::App;
use crate::error::Problem;

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
    let store = app.trades.store();
    let rows = store.sale(&either.shop, &query.reference).await?;
    let trades: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let reach = either.reach(row.facts());
            reach.limit(app.trades.wire(row))
        })
        .collect();
    if trades.is_empty() && !either.may_charge(&query.reference) {
        // The answer does not reveal whether the sale exists.
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    let Some(first) = rows.first() else {
        return Err(Problem::new(ProblemCode::TradeNotFound));
    };
    let due = store.due(&either.shop, &query.reference).await?;
    let standing = Standing::of(rows.iter());
    Ok(Json(SaleRecord {
        reference: query.reference,
        due_amount: due.map_or_else(|| first.facts().sale.amount.clone(), |due| due.amount),
        closes_bill: bill.map(|bill| standing.closes_bill(&bill)),
        paid_amount: standing.paid_amount,
        decided_by: standing.decided_by,
        late_amount: standing.late_amount,
        unconfirmed: standing.open,
        trades,
    }))
}
