//! The trace id of a call: one id in the page, the answer and the log.

use std::future::Future;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header of the trace id: accepted from a caller, and part of every answer.
pub(crate) const TRACE: HeaderName = HeaderName::from_static("kaunter-trace-id");
/// The maximum length of an id from a caller.
const MAX_CHARS: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

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

/// As the value of a header.
pub(crate) fn value(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("letters and digits")
}
