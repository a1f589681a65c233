//! One HTTP exchange with a gateway: sent once, with a timeout and a limit for the answer. The adapter reads the
//! answer.
//!
//! Redirects are not followed, and no layer retries. A request that changes something gets a connection of its own. On
//! a kept connection that the gateway has just closed it would be lost, and nothing would show whether it arrived.
//! Status checks keep their connections: a lost one is repeated, and each new connection costs a handshake.
//!
//! The variables `HTTPS_PROXY` and the like are ignored: only the configuration may put something in between.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use kaunter_core::policy::{Ms, Policy};
use reqwest::{Certificate, Client, Proxy, RequestBuilder, StatusCode, redirect, retry};

use crate::config::GatewayConfig;
use crate::limits::MAX_ANSWER_BYTES;
use crate::metrics::METRICS;

/// How long an idle connection is kept: less than most gateways keep it.
const IDLE: Duration = Duration::from_secs(15);

/// Why a call has no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Not a byte of the request was written.
    Unsent,
    /// The gateway answered 401: it refused the token before it read the request.
    RefusedEarly,
    /// The gateway answered 429: it refused the request before it read it.
    Throttled,
    /// A timeout, a reset, or an answer that is incomplete or can not be read.
    Unclear,
}

/// A failed call, as the log shows it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) why: NoAnswer,
    /// The HTTP status, if an answer began.
    pub(crate) status: Option<u16>,
    /// What happened; for a connection that failed, its reason.
    pub(crate) cause: String,
}

impl Failure {
    pub(crate) fn new(why: NoAnswer, status: Option<StatusCode>, cause: impl Into<String>) -> Self {
        Self {
            why,
            status: status.map(|status| status.as_u16()),
            cause: cause.into(),
        }
    }
}

/// Which connection a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// A new one.
    Fresh,
    /// One that an earlier call left open.
    Reused,
}

/// A complete answer, of any status.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

/// The connections to a gateway.
pub(crate) struct Http {
    fresh: Client,
    kept: Client,
    /// When the last readable answer came.
    last_answer: Mutex<Option<Instant>>,
}

impl Http {
    pub(crate) fn new(config: &GatewayConfig, policy: &Policy) -> anyhow::Result<Self> {
        let authorities = config.authorities()?;
        let authorities = authorities.iter().map(|der| Certificate::from_der(der));
        let authorities = authorities.collect::<reqwest::Result<Vec<_>>>()?;
        let proxy = config.proxy_url()?.map(Proxy::https).transpose()?;
        let client = || {
            let client = Client::builder()
                .connect_timeout(Duration::from_millis(policy.connect_timeout_ms))
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .no_proxy();
            let client = match &proxy {
                Some(proxy) => client.proxy(proxy.clone()),
                None => client,
            };
            match authorities.is_empty() {
                true => client,
                // No other authority is trusted.
                false => client.tls_certs_only(authorities.clone()),
            }
        };
        Ok(Self {
            fresh: client().pool_max_idle_per_host(0).build()?,
            kept: client().pool_idle_timeout(IDLE).build()?,
            last_answer: Mutex::new(None),
        })
    }

    /// True if a readable answer came within this time.
    pub(crate) fn answered_within(&self, age: Duration) -> bool {
        let last_answer = *self
            .last_answer
            .lock()
            .expect("nobody panics while holding it");
        last_answer.is_some_and(|at| at.elapsed() < age)
    }

    /// A request with this timeout. The adapter adds what its gateway needs, and [`exchange`] sends it.
    pub(crate) fn post(
        &self,
        connection: Connection,
        url: String,
        patience_ms: Ms,
    ) -> RequestBuilder {
        let client = match connection {
            Connection::Fresh => &self.fresh,
            Connection::Reused => &self.kept,
        };
        client.post(url).timeout(Duration::from_millis(patience_ms))
    }

    /// Counts and logs a call, and notes that the gateway answered.
    pub(crate) fn note(
        &self,
        call: &'static str,
        connection: Connection,
        outcome: Result<(), &Failure>,
        took: Duration,
    ) {
        let result = match outcome.map_err(|failure| failure.why) {
            Ok(()) => "ok",
            Err(NoAnswer::Unsent) => "unsent",
            Err(NoAnswer::RefusedEarly | NoAnswer::Throttled) => "refused",
            Err(NoAnswer::Unclear) => "unknown",
        };
        METRICS.gateway(call, result, Some(took));
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Status checks are many. A change that one finds is logged as a move of the trade.
        match (outcome, connection) {
            (Err(failure), _) => {
                let (status, cause) = (failure.status, failure.cause.as_str());
                tracing::warn!(call, result, duration_ms, status, cause, "gateway");
            }
            (Ok(()), Connection::Fresh) => tracing::info!(call, result, duration_ms, "gateway"),
            (Ok(()), Connection::Reused) => tracing::debug!(call, result, duration_ms, "gateway"),
        }
        if outcome.is_ok() {
            *self
                .last_answer
                .lock()
                .expect("nobody panics while holding it") = Some(Instant::now());
        }
    }
}

/// Sends a request once.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Reply, Failure> {
    let response = request.send().await.map_err(unanswered)?;
    let status = response.status();
    let body = bounded(response)
        .await
        .map_err(|cause| Failure::new(NoAnswer::Unclear, Some(status), cause))?;
    Ok(Reply { status, body })
}

/// Why a request got no answer, without its address: that may hold a secret.
fn unanswered(error: reqwest::Error) -> Failure {
    let why = if error.is_connect() || error.is_builder() {
        NoAnswer::Unsent
    } else {
        NoAnswer::Unclear
    };
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        causes.push(error.to_string());
        source = error.source();
    }
    causes.dedup();
    Failure::new(why, None, causes.join(": "))
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
