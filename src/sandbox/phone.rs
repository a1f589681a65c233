//! The customer's phone: a page that shows a wallet's code, and asks the customer about payments.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::ledger::Place;
use kaunter_model::wallets::{WALLETS, wallet};

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/phone", get(page))
        .route("/phone/state", get(state))
        .route("/phone/answer", post(answer))
}

async fn page() -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (html, include_str!("phone.html")).into_response()
}

/// The contents of the page. A request for it shows that the page is open.
async fn state(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut world = sandbox.world.lock().await;
    let now_ms = sandbox.now_ms();
    world.phone_seen_ms = Some(now_ms);
    world.settle(now_ms);
    let trades: Vec<Value> = world
        .trades
        .all()
        .iter()
        .rev()
        .filter(|trade| trade.plan.code.is_some())
        .take(20)
        .map(|trade| {
            json!({
                "trade_id": trade.trade_id,
                "code": trade.plan.code,
                "amount": trade.amount,
                "place": trade.place,
                "asks": trade.place == Place::Pending && trade.plan.asks_phone,
            })
        })
        .collect();
    let shown: Vec<Value> = world
        .trades
        .all()
        .iter()
        .rev()
        .filter(|trade| trade.place == Place::Created)
        .filter_map(|trade| Some((trade, trade.payload.as_ref()?)))
        .take(5)
        .map(|(trade, payload)| {
            let wallet = wallet(&trade.wallet_id).map(|wallet| wallet.name);
            json!({"wallet": wallet, "amount": trade.amount, "payload": payload})
        })
        .collect();
    let wallets: Vec<Value> = WALLETS
        .iter()
        .map(|wallet| json!({"id": wallet.id, "name": wallet.name}))
        .collect();
    Json(json!({"wallets": wallets, "trades": trades, "shown": shown}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhoneAnswer {
    trade_id: String,
    approve: bool,
}

async fn answer(State(sandbox): State<Sandbox>, Json(answer): Json<PhoneAnswer>) -> StatusCode {
    let mut world = sandbox.world.lock().await;
    let now_ms = sandbox.now_ms();
    world.settle(now_ms);
    let taken = world.phone_answers(&answer.trade_id, answer.approve, now_ms);
    world.save();
    if taken {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}
