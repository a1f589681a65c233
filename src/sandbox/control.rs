//! Control calls for tests and demos, under `/_sim`.

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::faults::{Fault, Line};
use crate::ledger::{Code, Place, Trade};
use kaunter_model::script::Customer;
use kaunter_model::wallets::wallet;

/// The default lifetime of a code.
const CODE_MS: u64 = 60_000;
/// The default balance of a customer: more than a shop sells in one sale.
const BALANCE: u64 = 1_000_000;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/log", get(log))
        .route("/counts", get(counts))
        .route("/tokens", get(tokens))
        .route("/codes", post(make_code))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/names", get(async || Json(Fault::names())))
        .route("/report", get(report))
        .route("/refunds", post(refund))
        .route(
            "/shop",
            get(crate::shop::introduced).post(crate::shop::introduce),
        )
}

async fn ledger(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut world = sandbox.world.lock().await;
    world.settle(sandbox.now_ms());
    Json(json!(world.trades.all()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    /// `YYYY-MM-DD` in UTC; the default is every day.
    day: Option<String>,
}

/// The gateway's daily report, as CSV. Its columns are an assumption: PayDibs publishes no format.
async fn report(State(sandbox): State<Sandbox>, Query(Day { day }): Query<Day>) -> Response {
    let mut world = sandbox.world.lock().await;
    world.settle(sandbox.now_ms());
    let digits = day.unwrap_or_default().replace('-', "");
    let mut text = "trans_id,trx_id,integrator_id,amount,status\n".to_owned();
    // A reference begins with its date.
    for trade in world
        .trades
        .all()
        .iter()
        .filter(|trade| trade.gateway_ref.starts_with(&digits))
    {
        text.push_str(&reported(trade));
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    trade_id: String,
}

/// Gives a payment back as the gateway's portal does: the shop's system is not told.
async fn refund(State(sandbox): State<Sandbox>, Json(refund): Json<Refund>) -> StatusCode {
    let mut world = sandbox.world.lock().await;
    world.settle(sandbox.now_ms());
    let is_paid = |trade: &Trade| trade.trade_id == refund.trade_id && trade.place == Place::Paid;
    match world.trades.find(is_paid) {
        Some(trade) => {
            trade.refund("in the portal");
            StatusCode::NO_CONTENT
        }
        None => StatusCode::CONFLICT,
    }
}

fn reported(trade: &Trade) -> String {
    let word = match trade.place {
        Place::Created => "N",
        Place::Pending => "P",
        Place::Paid => "D",
        Place::Failed => "F",
        Place::Closed => "X",
        Place::Voided => "V",
    };
    let (ringgit, sen) = (trade.amount / 100, trade.amount % 100);
    format!(
        "{},{},{},{ringgit}.{sen:02},{word}\n",
        trade.gateway_ref, trade.trade_id, trade.wallet_id
    )
}

/// The gateway's own tokens: a test searches for them where they must not be.
async fn tokens(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world.lock().await;
    Json(json!(world.tokens.keys().collect::<Vec<_>>()))
}

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    since_ms: u64,
}

async fn log(State(sandbox): State<Sandbox>, Query(query): Query<LogQuery>) -> Json<Value> {
    let world = sandbox.world.lock().await;
    let new = world
        .log
        .entries
        .iter()
        .filter(|entry| entry.at_ms >= query.since_ms);
    Json(json!(new.collect::<Vec<_>>()))
}

/// How often each call came.
async fn counts(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.world.lock().await.log.counts))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCode {
    wallet_id: String,
    balance: Option<u64>,
    #[serde(default)]
    customer: Customer,
    ttl_ms: Option<u64>,
    /// A text to use instead of one of the wallet's own.
    code: Option<String>,
}

/// A new code.
#[derive(Serialize)]
struct MadeCode {
    code: String,
    wallet_id: String,
    balance: u64,
    /// As a picture: dark modules on light, with the quiet zone. Empty in a lean sandbox.
    svg: String,
    ttl_ms: u64,
}

pub(crate) async fn make_code(
    State(sandbox): State<Sandbox>,
    Json(new): Json<NewCode>,
) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let Some(wallet) = wallet(&new.wallet_id) else {
        return Err((
            StatusCode::BAD_REQUEST,
            "no such integrator: see /version1/payment/integrator-master",
        ));
    };
    let mut world = sandbox.world.lock().await;
    let text = new
        .code
        .unwrap_or_else(|| wallet.code(|below| world.random.random_range(0..below)));
    let ttl_ms = new.ttl_ms.unwrap_or(CODE_MS);
    let balance = new.balance.unwrap_or(BALANCE);
    let Ok(picture) = qrcode::QrCode::new(&text) else {
        return Err((
            StatusCode::BAD_REQUEST,
            "the code is too long for a QR code",
        ));
    };
    let code = Code {
        wallet_id: new.wallet_id.clone(),
        balance,
        customer: new.customer,
        ends_at_ms: sandbox.now_ms() + ttl_ms,
        used: false,
    };
    world.codes.insert(text.clone(), code);
    world.save();
    let svg = if sandbox.config.is_lean {
        String::new()
    } else {
        picture
            .render::<qrcode::render::svg::Color<'_>>()
            .min_dimensions(280, 280)
            .build()
    };
    Ok(Json(json!(MadeCode {
        code: text,
        wallet_id: new.wallet_id,
        balance,
        svg,
        ttl_ms,
    })))
}

async fn faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.world.lock().await.script.lines))
}

async fn add_fault(State(sandbox): State<Sandbox>, Json(line): Json<Line>) -> StatusCode {
    sandbox.world.lock().await.script.lines.push(line);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.world.lock().await.script.lines.clear();
    StatusCode::NO_CONTENT
}
