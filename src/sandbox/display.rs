//! A code on a till's display, and the customer who scans it. Only with the profile `sandbox`: PayDibs publishes
//! nothing about this, so the words are the sandbox's own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use kaunter_model::script::Customer;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Sandbox;
use crate::faults::{Call, Fault, Line};
use crate::gateway::{Payer, customer_pays};
use crate::ledger::Place;

/// The gateway's word for "the customer scans the merchant's code".
pub(crate) const PAY_TYPE: &str = "USM";
/// The field of `create-trade`'s answer that holds the code's text.
pub(crate) const FIELD: &str = "merchant_qr_code";
/// The default balance of a customer.
const BALANCE: u64 = 1_000_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new().route("/scan", post(scan))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    payload: String,
    #[serde(default)]
    customer: Customer,
    balance: Option<u64>,
}

/// The wallet's app has scanned a code, and the customer decides. A code works once.
async fn scan(
    State(sandbox): State<Sandbox>,
    Json(scanned): Json<Scanned>,
) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let mut world = sandbox.world.lock().await;
    let now_ms = sandbox.now_ms();
    world.settle(now_ms);
    let shown = |trade: &&crate::ledger::Trade| trade.payload.as_ref() == Some(&scanned.payload);
    let Some(trade) = world.trades.all().iter().find(shown) else {
        return Err((StatusCode::NOT_FOUND, "no till shows this code"));
    };
    if trade.place != Place::Created {
        return Err((StatusCode::CONFLICT, "this code was used, or was withdrawn"));
    }
    let (trade_id, gateway_ref) = (trade.trade_id.clone(), trade.gateway_ref.clone());
    let payer = Payer {
        customer: scanned.customer,
        balance: scanned.balance.unwrap_or(BALANCE),
        code: scanned.payload,
    };
    let (answer, effects) = customer_pays(&sandbox, &mut world, &gateway_ref, payer, None, now_ms);
    if effects.answer_lost {
        // No call of the till is answered here. A lost answer is that of the next call about it.
        world.script.lines.push(Line {
            call: Some(Call::Status),
            trade_id: Some(trade_id.clone()),
            nth: None,
            times: None,
            fault: Fault::Cut,
            seen: 0,
            dice: None,
        });
    }
    world.save();
    let place = world.trade(&gateway_ref).map(|trade| trade.place);
    let refused = answer.err().map(|(_, why)| why);
    Ok(Json(
        json!({"trade_id": trade_id, "place": place, "refused": refused}),
    ))
}
