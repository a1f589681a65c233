//! One call of the gateway: signed, timed, sent once, its answer judged as far as HTTP goes.
//!
//! No redirect is followed and no layer repeats. What changes something gets a connection of its own: one that the gateway
//! closed a moment ago would lose the request, and nobody could say whether it arrived. Questions keep theirs: where one
//! is lost it is asked again, and each new one costs the gateway and us a handshake.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use kaunter_core::policy::{Ms, Policy};
use reqwest::{Client, StatusCode, redirect, retry};

use crate::config::GatewayConfig;
use crate::limits::MAX_ANSWER_BYTES;
use crate::metrics::METRICS;
use crate::paydibs::Fields;
use crate::paydibs::envelope::Envelope;
use crate::paydibs::sign::sign;
use crate::secret::Secret;

/// A kept connection is let go of before most gateways do.
const IDLE: Duration = Duration::from_secs(15);

/// No envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Not a byte of the request was written.
    Unsent,
    /// The gateway refused the token before it looked: its 401.
    RefusedEarly,
    /// The gateway refused before it looked, for we ask too much: its 429.
    Throttled,
    /// Time-out, reset, a broken or strange answer.
    NoWord,
}

/// Why there is no envelope to go by, and what there was instead.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) silence: Silence,
    /// The HTTP status, where an answer began.
    pub(crate) status: Option<u16>,
    /// What an answer that is no success said all the same.
    pub(crate) envelope: Option<Envelope>,
    /// What the operator reads: of a connection that failed, its reason.
    cause: String,
}

impl Failure {
    fn new(silence: Silence, cause: impl Into<String>) -> Self {
        Self {
            silence,
            status: None,
            envelope: None,
            cause: cause.into(),
        }
    }

    /// Nothing left, because no token could be had.
    pub(crate) fn without_token(silence: Silence) -> Self {
        Self::new(silence, "no token could be had")
    }
}

/// Which connection a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    /// Its own.
    Fresh,
    /// One that an earlier call left open.
    Kept,
}

/// Signs and sends.
pub(crate) struct Caller {
    base: String,
    key: Secret,
    secret: Secret,
    auth_error_codes: Vec<u32>,
    fresh: Client,
    kept: Client,
    /// When the gateway last said something that could be read.
    heard: Mutex<Option<Instant>>,
}

impl Caller {
    pub(crate) fn new(config: &GatewayConfig, policy: &Policy) -> anyhow::Result<Self> {
        let client = || {
            Client::builder()
                .connect_timeout(Duration::from_millis(policy.connect_ms))
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .no_proxy()
        };
        Ok(Self {
            base: config.base.trim_end_matches('/').to_owned(),
            key: config.key.clone(),
            secret: config.secret.clone(),
            auth_error_codes: config.words.auth_error_codes.clone(),
            fresh: client().pool_max_idle_per_host(0).build()?,
            kept: client().pool_idle_timeout(IDLE).build()?,
            heard: Mutex::new(None),
        })
    }

    /// True where the gateway was heard of so lately.
    pub(crate) fn heard_within(&self, age: Duration) -> bool {
        let heard = *self.heard.lock().expect("nobody panics while holding it");
        heard.is_some_and(|at| at.elapsed() < age)
    }

    /// Sends once.
    pub(crate) async fn once(
        &self,
        name: &'static str,
        path: &str,
        fields: Fields,
        token: Option<&Secret>,
        patience_ms: Ms,
        road: Road,
    ) -> Result<Envelope, Failure> {
        let answer = self.send(path, fields, token, patience_ms, road).await;
        let class = match answer.as_ref().map_err(|failure| failure.silence) {
            Ok(_) => "word",
            Err(Silence::Unsent) => "unsent",
            Err(Silence::RefusedEarly) => "refused",
            Err(Silence::Throttled) => "throttled",
            Err(Silence::NoWord) => "no-word",
        };
        METRICS.gateway(name, class);
        // Questions are many, and what they find is told as a move.
        match (&answer, road) {
            (Err(failure), _) => {
                let cause = failure.cause.as_str();
                tracing::warn!(
                    call = name,
                    class,
                    status = failure.status,
                    cause,
                    "gateway"
                );
            }
            (Ok(_), Road::Fresh) => tracing::info!(call = name, class, "gateway"),
            (Ok(_), Road::Kept) => tracing::debug!(call = name, class, "gateway"),
        }
        if answer.is_ok() {
            *self.heard.lock().expect("nobody panics while holding it") = Some(Instant::now());
        }
        answer
    }

    async fn send(
        &self,
        path: &str,
        mut fields: Fields,
        token: Option<&Secret>,
        patience_ms: Ms,
        road: Road,
    ) -> Result<Envelope, Failure> {
        let client = match road {
            Road::Fresh => &self.fresh,
            Road::Kept => &self.kept,
        };
        let now_s = jiff::Timestamp::now().as_second();
        fields.push(("time", now_s.to_string()));
        fields.push(("sign", sign(&fields, self.secret.expose())));
        let mut request = client
            .post(format!("{}{path}", self.base))
            .timeout(Duration::from_millis(patience_ms))
            .header("Key", self.key.expose())
            .form(&fields);
        if let Some(token) = token {
            request = request.header("Auth-Token", token.expose());
        }
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let body = bounded(response).await.map_err(|cause| Failure {
            status: Some(status.as_u16()),
            ..Failure::new(Silence::NoWord, cause)
        })?;
        self.judged(status, &body)
    }

    /// What the answer is as far as HTTP and the envelope's code go.
    fn judged(&self, status: StatusCode, body: &[u8]) -> Result<Envelope, Failure> {
        let envelope = Envelope::read(body);
        let stale = envelope
            .as_ref()
            .and_then(Envelope::code)
            .is_some_and(|code| self.auth_error_codes.contains(&code));
        let (silence, cause) = match (status, envelope.is_some()) {
            (StatusCode::UNAUTHORIZED, _) => (Silence::RefusedEarly, "it refused the token"),
            (StatusCode::TOO_MANY_REQUESTS, _) => (Silence::Throttled, "it is asked too often"),
            (status, true) if status.is_success() && stale => {
                (Silence::RefusedEarly, "it refused the token")
            }
            (status, true) if status.is_success() => {
                return envelope.ok_or_else(|| Failure::new(Silence::NoWord, ""));
            }
            (status, false) if status.is_success() => (
                Silence::NoWord,
                "the answer is no JSON object that says each thing once",
            ),
            (_, _) => (Silence::NoWord, "the answer is no success"),
        };
        Err(Failure {
            status: Some(status.as_u16()),
            envelope,
            ..Failure::new(silence, cause)
        })
    }
}

/// What a request that got no answer met, without its address: that may hold what is nobody's business.
fn unanswered(error: reqwest::Error) -> Failure {
    let silence = if error.is_connect() || error.is_builder() {
        Silence::Unsent
    } else {
        Silence::NoWord
    };
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        causes.push(error.to_string());
        source = error.source();
    }
    causes.dedup();
    Failure::new(silence, causes.join(": "))
}

async fn bounded(mut response: reqwest::Response) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|_| "the answer broke off")? {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER_BYTES {
            return Err("the answer is too long");
        }
    }
    Ok(body)
}
