//! Keyed hashes of customers' codes. A hash tells two codes apart and gives neither away.

use hmac::{Hmac, Mac};
use kaunter_core::trade::CodeMark;
use sha2::Sha256;

use crate::config::Config;
use crate::secret::Secret;

/// Marks codes with the signing key. While the key is being replaced, a code that was marked with the key before keeps
/// that mark: otherwise the same code would read as another one.
pub(crate) struct CodeMarks {
    key: Secret,
    previous: Option<Secret>,
}

impl CodeMarks {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            key: config.signing_key.clone(),
            previous: config.previous_signing_key.clone(),
        }
    }

    /// The mark of a code that nobody has seen yet.
    pub(crate) fn mark(&self, code: &str) -> CodeMark {
        mark(&self.key, code)
    }

    /// The mark that the code has, if it was handed over before the key was replaced.
    pub(crate) fn previous(&self, code: &str) -> Option<CodeMark> {
        self.previous.as_ref().map(|key| mark(key, code))
    }
}

fn mark(key: &Secret, code: &str) -> CodeMark {
    let mut hash = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    hash.update(b"code:");
    hash.update(code.as_bytes());
    CodeMark(hex::encode(hash.finalize().into_bytes()))
}
