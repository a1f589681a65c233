//! The trace id of a call: one word that finds the call in the page, in the answer and in the log.

use std::future::Future;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the trace id: taken where a caller sends one, and always answered.
pub(crate) const TRACE: HeaderName = HeaderName::from_static("kaunter-trace-id");
/// Longest id that is taken from a caller.
const MAX_CHARS: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

/// The id that the caller sent, or a fresh one: anything but letters and digits would forge lines of a log.
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
    // Without randomness calls share an id: no reason to refuse them.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

/// Runs a call under its id.
pub(crate) fn within<F: Future>(id: String, call: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(id, call)
}

/// The id of the call that runs here.
pub(crate) fn id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// As a header's value.
pub(crate) fn value(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("letters and digits")
}
