//! `GET /v1/gateway/unknown-words`: what the gateway said that the configuration does not know, for the operator.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use kaunter_core::wire::GatewayWords;

use super::Server;
use crate::app::App;
use crate::error::Problem;
use crate::unknown_words;

pub(crate) async fn unknown_words(
    State(app): State<Arc<App>>,
    _: Server,
) -> Result<Json<GatewayWords>, Problem> {
    let trades = &app.trades;
    unknown_words::keep(trades.store(), trades.gateway(), &app.config.shop).await;
    Ok(Json(
        unknown_words::list(&app.config, trades.store()).await?,
    ))
}
