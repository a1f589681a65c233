//! A shop with many tills, over HTTP like its own server and its pages.

use anyhow::{Context as _, ensure};
use kaunter_core::money::Money;
use kaunter_core::wire::{
    CodeMode, HandOver, MintToken, MintedToken, NewTrade, Right, SaleInput, Status, TradeView,
};
use rand::Rng;
use reqwest::{Client, Url};
use serde_json::{Value, json};

/// The wallet of every payment.
pub(crate) const WALLET: &str = "23";

/// The shop.
#[derive(Clone)]
pub(crate) struct ShopClient {
    http: Client,
    backend: Url,
    sandbox: Url,
    server_key: String,
}

impl ShopClient {
    pub(crate) fn new(backend: &Url, sandbox: &Url) -> anyhow::Result<Self> {
        Ok(Self {
            http: Client::new(),
            backend: backend.clone(),
            sandbox: sandbox.clone(),
            server_key: std::env::var("KAUNTER_SERVER_KEY").context("KAUNTER_SERVER_KEY")?,
        })
    }

    pub(crate) async fn token(&self, terminal: &str) -> anyhow::Result<String> {
        let minted: MintedToken = self
            .post("/v1/terminal-tokens", &self.server_key)?
            .json(&MintToken {
                shop: "load".to_owned(),
                terminal: terminal.to_owned(),
                cashier: "load".to_owned(),
                rights: vec![Right::Charge, Right::Cancel],
                max_amount: None,
                sale: None,
            })
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(minted.token)
    }

    /// A code of a customer with this behavior.
    pub(crate) async fn code(&self, customer: &str) -> anyhow::Result<String> {
        let body = json!({"wallet_id": WALLET, "customer": customer, "ttl_ms": 600_000});
        let made: Value = self
            .http
            .post(self.sandbox.join("/_sim/codes")?)
            .json(&body)
            .send()
            .await?
            .json()
            .await?;
        let code = made["code"].as_str().context("no code")?;
        Ok(code.to_owned())
    }

    pub(crate) async fn create(&self, token: &str) -> anyhow::Result<TradeView> {
        let random = || hex::encode(rand::rng().random::<[u8; 16]>());
        let new = NewTrade {
            idempotency_key: random(),
            sale: SaleInput {
                reference: random(),
                amount: Some(Money {
                    minor: 1250,
                    currency: "MYR".to_owned(),
                }),
            },
            wallet_id: WALLET.to_owned(),
            mode: CodeMode::ConsumerPresented,
        };
        let call = self.post("/v1/trades", token)?.json(&new);
        let trade: TradeView = call.send().await?.error_for_status()?.json().await?;
        ensure!(trade.status == Status::AwaitingCode, "{:?}", trade.status);
        Ok(trade)
    }

    pub(crate) async fn hand_over(
        &self,
        token: &str,
        trade_id: &str,
        code: String,
    ) -> anyhow::Result<TradeView> {
        let call = self
            .post(&format!("/v1/trades/{trade_id}/code"), token)?
            .json(&HandOver { code });
        Ok(call.send().await?.error_for_status()?.json().await?)
    }

    pub(crate) async fn ask(&self, token: &str, trade_id: &str) -> anyhow::Result<TradeView> {
        let address = self.backend.join(&format!("/v1/trades/{trade_id}"))?;
        let call = self.http.get(address).bearer_auth(token);
        Ok(call.send().await?.error_for_status()?.json().await?)
    }

    /// How many requests of this kind the gateway received.
    pub(crate) async fn requests(&self, call: &str) -> anyhow::Result<usize> {
        let address = self.sandbox.join("/_sim/log")?;
        let log: Vec<Value> = self.http.get(address).send().await?.json().await?;
        Ok(log.iter().filter(|entry| entry["call"] == call).count())
    }

    fn post(&self, path: &str, bearer: &str) -> anyhow::Result<reqwest::RequestBuilder> {
        let address = self.backend.join(path)?;
        Ok(self.http.post(address).bearer_auth(bearer))
    }
}
