//! A shop's server, and the customers with their codes.

use std::time::Duration;

use anyhow::Context as _;
use kaunter_core::wire::{MintToken, MintedToken, Right};
use reqwest::{Client, Url};
use serde_json::{Value, json};

use crate::line::Target;

/// How long a connection of the shop's server stays without a call.
const IDLE: Duration = Duration::from_secs(1);
/// The wallet of every payment.
pub(crate) const WALLET: &str = "23";

/// The shop.
#[derive(Clone)]
pub(crate) struct ShopClient {
    http: Client,
    backend: Url,
    sandbox: Url,
    server_key: String,
    targets: Vec<Target>,
}

impl ShopClient {
    pub(crate) fn new(backends: &[Url], sandbox: &Url) -> anyhow::Result<Self> {
        Ok(Self {
            // The shop's server keeps no connection while the tills look: each till's own is what counts.
            http: Client::builder().pool_idle_timeout(IDLE).build()?,
            backend: backends.first().context("no backend")?.clone(),
            sandbox: sandbox.clone(),
            server_key: std::env::var("KAUNTER_SERVER_KEY").context("KAUNTER_SERVER_KEY")?,
            targets: backends.iter().map(Target::of).collect::<Result<_, _>>()?,
        })
    }

    /// The backend that the till with this number calls.
    pub(crate) fn target(&self, nth: usize) -> &Target {
        &self.targets[nth % self.targets.len()]
    }

    pub(crate) async fn token(&self, terminal: &str) -> anyhow::Result<String> {
        let address = self.backend.join("/v1/terminal-tokens")?;
        let minted: MintedToken = self
            .http
            .post(address)
            .bearer_auth(&self.server_key)
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
        let body = json!({"wallet_id": WALLET, "customer": customer, "ttl_ms": 3_600_000});
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

    /// How many requests of this kind the gateway has received.
    pub(crate) async fn requests(&self, call: &str) -> anyhow::Result<u64> {
        let address = self.sandbox.join("/_sim/counts")?;
        let counts: Value = self.http.get(address).send().await?.json().await?;
        Ok(counts[call].as_u64().unwrap_or(0))
    }
}
