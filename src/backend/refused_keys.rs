//! Logs refused calls of the shop's servers by the name of their key: a stolen key is seen when it tries what it may not
//! do.

use std::collections::HashMap;
use std::sync::Mutex;

use kaunter_core::wire::ProblemCode;

use crate::limits::LineLimiter;

/// The key's name, the call and the code. The calls are routes with methods that they have, so there are few.
type Refusal = (String, String, &'static str);

/// Limits the lines of each key.
#[derive(Default)]
pub(crate) struct RefusedKeys(Mutex<HashMap<Refusal, LineLimiter>>);

impl RefusedKeys {
    /// Logs a call that was refused because this key may not make it.
    pub(crate) fn log(&self, key: &str, call: &str, code: ProblemCode) {
        let code = code.as_str();
        let refusal = (key.to_owned(), call.to_owned(), code);
        let mut refusals = self.0.lock().expect("nobody panics while holding it");
        if let Some(refused) = refusals.entry(refusal).or_default().count() {
            tracing::warn!(
                key,
                call,
                code,
                refused,
                "a call with a server key was refused"
            );
        }
    }
}
