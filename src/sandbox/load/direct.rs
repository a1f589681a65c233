//! Calls the gateway as the backend does, to measure the gateway's own share of a time.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use md5::{Digest, Md5};
use rand::Rng;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::shop::WALLET;
use crate::times::Times;

/// The pause between two calls during the load: enough calls for a p99, too few to be a load themselves.
const PAUSE: Duration = Duration::from_millis(40);

/// A signed-in client of the gateway.
pub(crate) struct Direct {
    http: Client,
    base: Url,
    key: String,
    secret: String,
    token: String,
}

type CallFields = Vec<(String, String)>;

fn env(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| name.to_owned())
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Direct {
    pub(crate) async fn sign_in(sandbox: &Url) -> anyhow::Result<Self> {
        let mut direct = Self {
            // Like the backend's payments: a new connection for each.
            http: Client::builder().pool_max_idle_per_host(0).build()?,
            base: sandbox.clone(),
            key: env("KAUNTER_GATEWAY_KEY")?,
            secret: env("KAUNTER_GATEWAY_SECRET")?,
            token: String::new(),
        };
        let password = hex::encode(Md5::digest(env("KAUNTER_GATEWAY_PASSWORD")?));
        let fields = vec![
            field("login_id", &env("KAUNTER_GATEWAY_MERCHANT")?),
            field("login_password", &password),
        ];
        let data = direct.call("token/api-token", fields).await?;
        let token = data["Auth_Token"].as_str().context("no token")?;
        token.clone_into(&mut direct.token);
        Ok(direct)
    }

    async fn call(&self, path: &str, mut fields: CallFields) -> anyhow::Result<Value> {
        let now_s = jiff::Timestamp::now().as_second();
        fields.push(field("time", &now_s.to_string()));
        fields.push(field("sign", &kaunter_sandbox::sign(&fields, &self.secret)));
        let answer: Value = self
            .http
            .post(self.base.join(&format!("/version1/{path}"))?)
            .header("Key", &self.key)
            .header("Auth-Token", &self.token)
            .form(&fields)
            .send()
            .await?
            .json()
            .await?;
        Ok(answer["data"].clone())
    }

    /// Creates a trade that nobody pays.
    pub(crate) async fn create(&self) -> anyhow::Result<String> {
        let trade_id = format!("L{}", hex::encode(rand::rng().random::<[u8; 9]>()));
        let fields = vec![
            field("integrator_id", WALLET),
            field("amount", "12.50"),
            field("trx_id", &trade_id),
            field("pay_type", "MSU"),
        ];
        let data = self.call("payment/create-trade", fields).await?;
        Ok(data["trans_id"].as_str().context("no trade")?.to_owned())
    }

    pub(crate) async fn pay(&self, gateway_ref: &str, code: &str) -> anyhow::Result<()> {
        let fields = vec![
            field("user_qr_code", code),
            field("integrator_id", WALLET),
            field("amount", "12.50"),
            field("trans_id", gateway_ref),
        ];
        let data = self.call("payment/payment", fields).await?;
        data["user_order_status"].as_str().context("not paid")?;
        Ok(())
    }

    /// Measures payments now and then until the time is over.
    pub(crate) async fn payments(
        self,
        shop: crate::ShopClient,
        until: Instant,
    ) -> anyhow::Result<Times> {
        let mut times = Times::default();
        while Instant::now() < until {
            let (gateway_ref, code) = (self.create().await?, shop.code("approves").await?);
            let began = Instant::now();
            self.pay(&gateway_ref, &code).await?;
            times.add(began.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Ok(times)
    }
}
