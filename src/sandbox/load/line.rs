//! A till's connection to the backend. It stays open between calls, as a browser's does.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::{Body, Bytes, to_bytes};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use serde_json::Value;
use tokio::net::TcpSocket;

/// The longest wait for an answer: the page's own `call_timeout_ms`.
const CALL_WAIT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The tills of one shop share one address.
const TILLS_PER_ADDRESS: usize = 100;
/// The pause that the backend asks for between two looks, in milliseconds.
const PACE: &str = "kaunter-poll-ms";

/// Where the backend is.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    host: HeaderValue,
}

impl Target {
    pub(crate) fn of(backend: &Url) -> anyhow::Result<Self> {
        let address: SocketAddr = backend.socket_addrs(|| None)?[0];
        let host = HeaderValue::from_str(&address.to_string())?;
        Ok(Self { address, host })
    }
}

/// An answer of the backend.
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    /// The pace that the backend asks for, if it asks for one.
    pub(crate) pace: Option<Duration>,
}

/// Why a call brought no answer, or none that helps.
pub(crate) struct CallFailure {
    /// A word for the report, like `503 overloaded`.
    pub(crate) kind: String,
    /// How long the backend asks to wait.
    pub(crate) wait: Option<Duration>,
}

impl CallFailure {
    pub(crate) fn of(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            wait: None,
        }
    }

    /// The backend does not take the token any more.
    pub(crate) fn is_unauthorised(&self) -> bool {
        self.kind.starts_with("401 ")
    }
}

/// The connection of one till.
pub(crate) struct TillConnection {
    target: Target,
    from: Ipv4Addr,
    bearer: HeaderValue,
    open: Option<SendRequest<Body>>,
}

impl TillConnection {
    /// Of the till with this number. It calls from its shop's address on loopback.
    pub(crate) fn new(target: &Target, nth: usize, token: &str) -> anyhow::Result<Self> {
        let shop = u16::try_from(nth / TILLS_PER_ADDRESS)?;
        let [high, low] = shop.to_be_bytes();
        Ok(Self {
            target: target.clone(),
            from: Ipv4Addr::new(127, 1, high, low + 1),
            bearer: bearer(token)?,
            open: None,
        })
    }

    /// Calls with this token from now on.
    pub(crate) fn bear(&mut self, token: &str) -> anyhow::Result<()> {
        self.bearer = bearer(token)?;
        Ok(())
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, CallFailure> {
        self.call(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Answer, CallFailure> {
        self.call(Method::POST, path, Body::from(body.to_string()))
            .await
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Answer, CallFailure> {
        let answered = tokio::time::timeout(CALL_WAIT, self.exchange(method, path, body)).await;
        let answered = answered.unwrap_or_else(|_| Err(CallFailure::of("no answer in 10 s")));
        if answered
            .as_ref()
            .is_err_and(|failure| failure.wait.is_none())
        {
            self.open = None;
        }
        answered
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Answer, CallFailure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.target.host.clone())
            .header(AUTHORIZATION, self.bearer.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| CallFailure::of("no request"))?;
        // A connection that the backend has closed meanwhile is opened anew, as a browser does it.
        let mut kept = self.open.take();
        if let Some(sender) = &mut kept
            && sender.ready().await.is_err()
        {
            kept = None;
        }
        let sender = match kept {
            Some(sender) => sender,
            None => self
                .connect()
                .await
                .map_err(|_| CallFailure::of("no connection"))?,
        };
        let sender = self.open.insert(sender);
        let response = sender
            .send_request(request)
            .await
            .map_err(|_| CallFailure::of("connection closed"))?;
        let (head, body) = response.into_parts();
        let body = to_bytes(Body::new(body), MAX_ANSWER_BYTES)
            .await
            .map_err(|_| CallFailure::of("answer cut"))?;
        if head.status.is_success() {
            let pace = number(&head.headers, PACE).map(Duration::from_millis);
            return Ok(Answer { body, pace });
        }
        Err(refused(head.status, &head.headers, &body))
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Body>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .context("no HTTP connection")?;
        // Ends with the connection. The next call reports a broken one.
        tokio::spawn(async move { connection.await.ok() });
        Ok(sender)
    }
}

fn bearer(token: &str) -> anyhow::Result<HeaderValue> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CallFailure {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or("without a code");
    CallFailure {
        kind: format!("{} {code}", status.as_u16()),
        wait: number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
