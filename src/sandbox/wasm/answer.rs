//! The answer to a call.

use serde::Serialize;

/// An answer: what `fetch` would give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, or the word of `/healthz`.
    pub body: String,
    /// The header `Retry-After`.
    pub retry_after_s: Option<u64>,
}

impl Answer {
    /// An answer with a JSON body.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            status,
            body: serde_json::to_string(body).expect("an answer's types are JSON"),
            retry_after_s: None,
        }
    }
}
