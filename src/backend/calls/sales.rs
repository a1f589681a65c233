//! `GET /v1/sales/{ref}`: a sale and its attempts. A shop's server closes its bill on this, never on the browser's word.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use kaunter_core::trade::{Risk, State as TradeState};
use kaunter_core::wire::{ProblemCode, SaleRecord};

use super::Either;
use crate::app::App;
use crate::error::Problem;

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    either: Either,
    Path(reference): Path<String>,
) -> Result<Json<SaleRecord>, Problem> {
    either.admit_look(&app)?;
    let attempts = app.trades.store().sale(&either.shop, &reference).await?;
    if attempts.is_empty() {
        return Err(Problem::new(ProblemCode::TradeNotFound));
    }
    let states = || attempts.iter().map(|stored| stored.trade.state());
    let paid = states().any(|state| state == TradeState::Paid);
    let open = states().any(|state| match state.risk() {
        Risk::Possible => true,
        Risk::Taken => state != TradeState::Paid,
        Risk::None | Risk::Closed => false,
    });
    Ok(Json(SaleRecord {
        reference,
        paid,
        open,
        attempts: attempts
            .iter()
            .map(|stored| app.trades.wire(&stored.trade))
            .collect(),
    }))
}
