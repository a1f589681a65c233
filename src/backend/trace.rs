//! The trace id of a call: one id in the page, the answer and the log.

use std::future::Future;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header of the trace id: accepted from a caller, and part of every answer.
pub(crate) const TRACE: HeaderName = HeaderName::from_static("kaunter-trace-id");
/// The maximum length of an id from a caller.
const MAX_CHARS: usize = 64;

tokio::task_local! {
    static CURRENT: String;
    static ADDRESS: String;
    static SERVER_KEY: String;
}

/// The address of the caller, as an extension of its request. Behind a trusted proxy it is what the proxy says.
#[derive(Clone, Copy)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

/// The caller's id, or a fresh one. Other characters than letters and digits could forge log lines.
pub(crate) fn of(headers: &HeaderMap) -> String {
    let sent = headers.get(&TRACE).and_then(|id| id.to_str().ok());
    let is_good = |id: &&str| {
        let chars = 1..=MAX_CHARS;
        chars.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    sent.filter(is_good).map_or_else(fresh, str::to_owned)
}

pub(crate) fn fresh() -> String {
    let mut bytes = [0; 16];
    // Without randomness calls share an id; they are accepted all the same.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// Runs a call under its trace id.
pub(crate) fn within<F: Future>(id: String, call: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(id, call)
}

/// The trace id of the current call.
pub(crate) fn id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Runs a call with the address of its caller.
pub(crate) fn from<F: Future>(
    address: Option<PeerAddress>,
    call: F,
) -> impl Future<Output = F::Output> {
    let text = address.map(|PeerAddress(ip)| ip.to_canonical().to_string());
    ADDRESS.scope(text.unwrap_or_default(), call)
}

/// The address of the caller of the current call.
pub(crate) fn address() -> Option<String> {
    ADDRESS.try_with(Clone::clone).ok()
}

/// Runs a call under the name of the server key that it came with; empty if it came with none.
pub(crate) fn with_key<F: Future>(name: String, call: F) -> impl Future<Output = F::Output> {
    SERVER_KEY.scope(name, call)
}

/// The name of the server key of the current call.
pub(crate) fn server_key() -> Option<String> {
    SERVER_KEY.try_with(Clone::clone).ok()
}

/// Runs a part of the current call that gets a task of its own under the call's trace id. It has no address: what it
/// does is not the caller's doing.
pub(crate) fn carried<F: Future>(part: F) -> impl Future<Output = F::Output> {
    within(id().unwrap_or_default(), part)
}

/// As the value of a header.
pub(crate) fn value(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("letters and digits")
}
