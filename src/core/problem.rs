//! The JSON of a refused call: RFC 9457, with the code's row of the error table.

use crate::wire::{Problem, ProblemCode};

impl Problem {
    /// The problem with this code. `detail` replaces the code's own sentence, and `after_s` is the time after which the
    /// same call makes sense again: the sentence states it if it says "a few seconds".
    #[must_use]
    pub fn new(code: ProblemCode, detail: Option<String>, after_s: u64) -> Self {
        let detail = detail.unwrap_or_else(|| code.detail().to_owned());
        Self {
            kind: "about:blank".to_owned(),
            title: title(code.status()).to_owned(),
            status: code.status(),
            code,
            detail: detail.replace("a few seconds", &seconds(after_s)),
            retry: code.retry(),
            param: None,
            trace_id: None,
            trade: None,
        }
    }
}

fn seconds(number: u64) -> String {
    if number == 1 {
        "1 second".to_owned()
    } else {
        format!("{number} seconds")
    }
}

/// The words of an HTTP status (<https://www.rfc-editor.org/rfc/rfc9110#section-15>), for those that errors have.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_words_of_its_status() {
        for code in ProblemCode::ALL.iter().copied() {
            let problem = Problem::new(code, None, 3);
            assert_ne!(problem.title, "Error", "{code:?}");
            assert!(!problem.detail.contains("a few seconds"), "{code:?}");
        }
        let own = Problem::new(
            ProblemCode::RateLimited,
            Some("Wait a few seconds.".to_owned()),
            1,
        );
        assert_eq!(own.detail, "Wait 1 second.");
    }
}
