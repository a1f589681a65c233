//! One call of the gateway: signed, timed, sent once, its answer judged as far as HTTP goes.
//!
//! No redirect is followed and no layer repeats. What moves money gets a connection of its own: one that the gateway
//! closed a moment ago would lose the request, and nobody could say whether it arrived.

use std::time::Duration;

use kaunter_core::policy::{Ms, Policy};
use md5::{Digest, Md5};
use reqwest::{Client, StatusCode, redirect, retry};

use super::Fields;
use super::answer::Envelope;
use crate::config::GatewayConfig;
use crate::metrics::METRICS;
use crate::secret::Secret;

/// No answer of the gateway is longer.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// No envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Not a byte of the request was written.
    Unsent,
    /// The gateway refused before it looked: its 401 or 429.
    RefusedEarly,
    /// Time-out, reset, a broken or strange answer.
    NoWord,
}

/// Signs and sends.
pub(super) struct Caller {
    base: String,
    key: Secret,
    secret: Secret,
    auth_error_codes: Vec<u32>,
    client: Client,
}

impl Caller {
    pub(super) fn new(config: &GatewayConfig, policy: &Policy) -> anyhow::Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_millis(policy.connect_ms))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        Ok(Self {
            base: config.base.trim_end_matches('/').to_owned(),
            key: config.key.clone(),
            secret: config.secret.clone(),
            auth_error_codes: config.words.auth_error_codes.clone(),
            client,
        })
    }

    /// Sends once.
    pub(super) async fn once(
        &self,
        name: &'static str,
        path: &str,
        fields: Fields,
        token: Option<&Secret>,
        patience_ms: Ms,
    ) -> Result<Envelope, Silence> {
        let answer = self.send(path, fields, token, patience_ms).await;
        let class = match &answer {
            Ok(_) => "word",
            Err(Silence::Unsent) => "unsent",
            Err(Silence::RefusedEarly) => "refused",
            Err(Silence::NoWord) => "no-word",
        };
        METRICS.gateway(name, class);
        tracing::debug!(call = name, class, "gateway");
        answer
    }

    async fn send(
        &self,
        path: &str,
        mut fields: Fields,
        token: Option<&Secret>,
        patience_ms: Ms,
    ) -> Result<Envelope, Silence> {
        let now_s = jiff::Timestamp::now().as_second();
        fields.push(("time", now_s.to_string()));
        fields.push(("sign", sign(&fields, self.secret.expose())));
        let mut request = self
            .client
            .post(format!("{}{path}", self.base))
            .timeout(Duration::from_millis(patience_ms))
            .header("Key", self.key.expose())
            .form(&fields);
        if let Some(token) = token {
            request = request.header("Auth-Token", token.expose());
        }
        let response = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                Silence::Unsent
            } else {
                Silence::NoWord
            }
        })?;
        if matches!(
            response.status(),
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS
        ) {
            return Err(Silence::RefusedEarly);
        }
        if response.status() != StatusCode::OK {
            return Err(Silence::NoWord);
        }
        let envelope = Envelope::read(&bounded(response).await?).ok_or(Silence::NoWord)?;
        if envelope
            .code()
            .is_some_and(|code| self.auth_error_codes.contains(&code))
        {
            return Err(Silence::RefusedEarly);
        }
        Ok(envelope)
    }
}

async fn bounded(mut response: reqwest::Response) -> Result<Vec<u8>, Silence> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|_| Silence::NoWord)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_BODY_BYTES {
            return Err(Silence::NoWord);
        }
    }
    Ok(body)
}

/// The gateway's signature: MD5 over the values in order of their names, then the time, then the secret.
pub(super) fn sign(fields: &Fields, secret: &str) -> String {
    let mut signed: Vec<_> = fields
        .iter()
        .filter(|(name, _)| !matches!(*name, "sign" | "time"))
        .collect();
    signed.sort();
    let time = fields.iter().find(|(name, _)| *name == "time");
    let mut hash = Md5::new();
    for (_, value) in signed.into_iter().chain(time) {
        hash.update(value);
    }
    hash.update(secret);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `printf '%s' ... | md5sum`, not with this code.
    #[test]
    fn signs_as_the_gateway_does() {
        let fields: Fields = vec![
            ("trx_id", "TRX-0001".to_owned()),
            ("pay_type", "MSU".to_owned()),
            ("amount", "12.50".to_owned()),
            ("integrator_id", "23".to_owned()),
            ("time", "1700000000".to_owned()),
        ];
        assert_eq!(sign(&fields, "s3cret"), "ad34c2e74b79dce0855972c504a4b2ce");
        let login: Fields = vec![
            ("time", "1700000001".to_owned()),
            (
                "login_password",
                "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            ),
            ("login_id", "M001".to_owned()),
        ];
        assert_eq!(sign(&login, "s3cret"), "792422780a3a5d0f537d591582931b78");
    }
}
