//! The shop's own server, as a PHP point of sale would implement it. It holds the server key, mints terminal tokens for
//! its cashiers, and closes a bill by the backend's answer, never by the browser's.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, request::Parts};
use axum::routing::{get, post};
use axum::{Json, Router};
use kaunter_core::money::Money;
use kaunter_core::wire::{
    MintToken, MintedToken, RegisterSale, Right, Sale, SaleInput, SaleRecord,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::Sandbox;

/// The only shop of the sandbox.
const SHOP: &str = "demo";

/// The settings of the shop's server.
pub(crate) struct ShopServer {
    backend: Option<String>,
    server_key: Option<String>,
    /// The rights of its cashiers; by default every right.
    rights: Option<Vec<Right>>,
    /// The bills that were rung up, by reference.
    bills: HashMap<String, Money>,
}

impl ShopServer {
    pub(crate) fn new(backend: Option<String>, server_key: Option<String>) -> Self {
        Self {
            backend,
            server_key,
            rights: None,
            bills: HashMap::new(),
        }
    }
}

impl ShopServer {
    /// The sale for a token: with the bill's own amount, if the shop knows the bill, else with the page's.
    fn bill_of(&self, sale: SaleInput) -> Option<Sale> {
        let own = self.bills.get(&sale.reference).cloned();
        Some(Sale {
            amount: own.or(sale.amount)?,
            reference: sale.reference,
        })
    }
}

pub(crate) fn routes() -> Router<Sandbox> {
    // A real shop lists its own pages; the sandbox serves pages of this machine only.
    let loopback = AllowOrigin::predicate(|origin: &HeaderValue, _: &Parts| {
        let origin = origin.to_str().unwrap_or_default();
        ["http://127.0.0.1:", "http://localhost:"]
            .iter()
            .any(|own| origin.starts_with(own))
    });
    let cors = CorsLayer::new()
        .allow_origin(loopback)
        .allow_headers(Any)
        .allow_methods(Any);
    Router::new()
        .route("/token", post(token))
        .route("/sales", get(close_bill).post(ring_up))
        .layer(cors)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShopSettings {
    backend: String,
    server_key: String,
    /// The rights of its cashiers.
    #[serde(default)]
    rights: Option<Vec<Right>>,
}

/// Sets the shop's backend, and its server key there.
pub(crate) async fn introduce(
    State(sandbox): State<Sandbox>,
    Json(introduction): Json<ShopSettings>,
) -> StatusCode {
    let mut shop = sandbox.shop.lock().await;
    shop.backend = Some(introduction.backend);
    shop.server_key = Some(introduction.server_key);
    shop.rights = introduction.rights;
    StatusCode::NO_CONTENT
}

/// The shop's backend, for a page that the sandbox serves. The server key stays here.
pub(crate) async fn introduced(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "backend": sandbox.shop.lock().await.backend }))
}

/// Mints a token for a cashier who is signed in at the shop.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedIn {
    terminal: String,
    cashier: Option<String>,
    rights: Option<Vec<Right>>,
    sale: Option<SaleInput>,
}

type Refused = (StatusCode, Json<Value>);

fn refused(why: &str) -> Refused {
    (StatusCode::BAD_GATEWAY, Json(json!({ "error": why })))
}

impl Sandbox {
    async fn backend(&self) -> Result<(String, String), Refused> {
        let shop = self.shop.lock().await;
        match (&shop.backend, &shop.server_key) {
            (Some(backend), Some(key)) => Ok((backend.clone(), key.clone())),
            (_, _) => Err(refused(
                "the sandbox's shop has no backend yet: send POST /_sim/shop",
            )),
        }
    }
}

async fn token(
    State(sandbox): State<Sandbox>,
    Json(till): Json<SignedIn>,
) -> Result<Json<MintedToken>, Refused> {
    let (backend, server_key) = sandbox.backend().await?;
    // More rights are requested by name: a real shop asks for a manager's approval then.
    let everyday = vec![Right::Charge, Right::Cancel];
    let most = sandbox.shop.lock().await.rights.clone();
    let mut rights = till.rights.unwrap_or(everyday);
    rights.retain(|right| most.as_ref().is_none_or(|most| most.contains(right)));
    let sale = match till.sale {
        Some(sale) => sandbox.shop.lock().await.bill_of(sale),
        None => None,
    };
    let answer = sandbox
        .http
        .post(format!("{backend}/v1/terminal-tokens"))
        .bearer_auth(server_key)
        .json(&MintToken {
            shop: SHOP.to_owned(),
            terminal: till.terminal,
            cashier: till.cashier.unwrap_or_else(|| "cashier".to_owned()),
            rights,
            max_amount: None,
            sale,
        })
        .send()
        .await
        .map_err(|_| refused("the backend does not answer"))?;
    if !answer.status().is_success() {
        return Err(refused("the backend minted no token"));
    }
    answer
        .json()
        .await
        .map(Json)
        .map_err(|_| refused("the backend's answer is no token"))
}

/// A bill of the shop: its reference and its amount.
#[derive(Deserialize)]
struct Bill {
    #[serde(rename = "ref")]
    reference: String,
    minor: u64,
    currency: String,
}

/// Rings up a bill: registers it at the backend, before a till charges its reference.
async fn ring_up(
    State(sandbox): State<Sandbox>,
    Json(bill): Json<Bill>,
) -> Result<Json<SaleRecord>, Refused> {
    let (backend, server_key) = sandbox.backend().await?;
    let amount = Money {
        minor: bill.minor,
        currency: bill.currency,
    };
    let answer = sandbox
        .http
        .put(format!("{backend}/v1/sales"))
        .bearer_auth(server_key)
        .json(&RegisterSale {
            reference: bill.reference.clone(),
            amount: amount.clone(),
            metadata: None,
        })
        .send()
        .await
        .map_err(|_| refused("the backend does not answer"))?;
    if !answer.status().is_success() {
        return Err(refused("the backend did not register the bill"));
    }
    let record = answer
        .json()
        .await
        .map_err(|_| refused("the backend's answer is no sale"))?;
    let mut shop = sandbox.shop.lock().await;
    shop.bills.insert(bill.reference, amount);
    Ok(Json(record))
}

/// Handles a till's message that a sale is paid: asks the backend about the bill's own amount, and trusts no other
/// answer.
async fn close_bill(
    State(sandbox): State<Sandbox>,
    Query(bill): Query<Bill>,
) -> Result<Json<Value>, Refused> {
    let (backend, server_key) = sandbox.backend().await?;
    let mut address = reqwest::Url::parse(&backend).map_err(|_| refused("no address"))?;
    address.set_path("/v1/sales");
    address
        .query_pairs_mut()
        .append_pair("ref", &bill.reference)
        .append_pair("minor", &bill.minor.to_string())
        .append_pair("currency", &bill.currency);
    let answer = sandbox
        .http
        .get(address)
        .bearer_auth(server_key)
        .send()
        .await
        .map_err(|_| refused("the backend does not answer"))?;
    let record: SaleRecord = answer
        .json()
        .await
        .map_err(|_| refused("the backend knows no such sale"))?;
    Ok(Json(json!({
        "ref": bill.reference,
        "closed": record.closes_bill == Some(true),
        "unconfirmed": record.unconfirmed,
    })))
}
