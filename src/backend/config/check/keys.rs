//! The keys.

use super::{Check, found, is_loopback, refuse};
use crate::secret::Secret;

/// The sandbox's keys start with one of these, so that they are never used with real money. The second one is older.
const SANDBOX_MARKS: [&str; 2] = ["sandbox-", "simulator-"];

pub(super) const CHECKS: &[Check] = &[
    refuse(
        "KAUNTER_SERVER_KEY, KAUNTER_SIGNING_KEY, KAUNTER_AUDIT_KEY",
        "can be guessed, because it has fewer than 32 characters or fewer than 8 different ones",
        "make one with `openssl rand -hex 32`",
        |look| look.config.weak_keys(),
    ),
    refuse(
        "KAUNTER_SERVER_KEY, KAUNTER_SIGNING_KEY, KAUNTER_AUDIT_KEY, KAUNTER_GATEWAY_KEY",
        "are equal, so a server that has one has both",
        "make each with `openssl rand -hex 32`",
        |look| {
            // Sandbox keys at a gateway on this machine take no real money.
            let is_here = look.base_url().is_some_and(|base| is_loopback(&base));
            match is_here && is_sandbox_key(&look.config.signing_key) {
                true => Vec::new(),
                false => look.config.equal_keys(),
            }
        },
    ),
    refuse(
        "KAUNTER_GATEWAY_KEY, KAUNTER_GATEWAY_SECRET, KAUNTER_GATEWAY_PASSWORD",
        "are the sandbox's, and gateway.base_url is not on this machine",
        "set the real keys",
        |look| {
            let gateway = &look.config.gateway;
            let keys = [&gateway.key, &gateway.secret, &gateway.password];
            found(
                look.is_real() && keys.into_iter().any(is_sandbox_key),
                "the gateway's keys",
            )
        },
    ),
];

fn is_sandbox_key(key: &Secret) -> bool {
    let key = key.expose();
    SANDBOX_MARKS.iter().any(|mark| key.starts_with(mark))
}
