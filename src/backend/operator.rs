//! What the operator reads, on a listener of its own: the numbers show the shop's turnover, and strangers reach the
//! tills' address.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kaunter_core::wire::ProblemCode;

use crate::app::{self, App};
use crate::error::Problem;
use crate::gateway::ListStatus;
use crate::hosts::{self, Hosts};
use crate::limits::Bounds;
use crate::metrics::METRICS;

/// Connections of the operator's programs: one or two each.
const CONNECTIONS: usize = 64;

/// The routes of the operator's listener.
pub(crate) fn router(app: Arc<App>) -> Router {
    let hosts = Hosts::of_operator(&app.config.network);
    Router::new()
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(async || Problem::new(ProblemCode::MethodNotAllowed))
        .fallback(async || Problem::new(ProblemCode::RouteNotFound))
        .with_state(app)
        .layer(middleware::from_fn_with_state(hosts, hosts::checked))
        .layer(middleware::from_fn(app::traced))
}

/// The limits of the operator's listener: its connections are not those of the tills.
pub(crate) fn bounds() -> Bounds {
    Bounds {
        connections: CONNECTIONS,
        connections_per_address: CONNECTIONS,
        ..Bounds::default()
    }
}

/// Answers whether the store and the gateway are reachable.
async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.trades.store().ping().await.is_err() {
        return Problem::new(ProblemCode::StoreUnavailable).into_response();
    }
    if !app.trades.gateway().is_ready().await {
        return Problem::new(ProblemCode::GatewayUnavailable).into_response();
    }
    match app.trades.gateway().list_status() {
        (ListStatus::Empty, false) => {
            let detail = "The gateway's list of wallets is empty, so no sale can begin: it is asked for again within a minute.";
            Problem::with_detail(ProblemCode::GatewayUnavailable, detail.to_owned()).into_response()
        }
        (ListStatus::Empty | ListStatus::Shorter, _) => "ready, but the gateway lists fewer wallets than before: it is asked again within a minute\n".into_response(),
        (ListStatus::Unconfirmed | ListStatus::Complete, _) => "ready\n".into_response(),
    }
}

/// Renders the metrics. Open trades are counted in the store, so that the number is right after a restart.
async fn metrics(State(app): State<Arc<App>>) -> String {
    match app.trades.store().count_open(&app.config.shop).await {
        Ok(counts) => METRICS.open(counts),
        Err(error) => tracing::warn!(%error, "open trades could not be counted"),
    }
    app.trades.count_questions();
    METRICS.text()
}
