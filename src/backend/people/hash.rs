//! Hashes of PINs and passwords: Argon2id, in the PHC string format
//! (<https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md>).

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret::Secret;

/// The least that OWASP's cheat sheet asks for: 19 MiB, two passes, one lane
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The most memory and passes of a hash in the configuration: a sign-in must not stop the backend.
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_PASSES: u32 = 10;
const SALT_BYTES: usize = 16;

/// Hashes a secret with a fresh salt.
pub(super) fn of(secret: &Secret) -> anyhow::Result<String> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let failed = |error| anyhow::anyhow!("the secret can't be hashed: {error}");
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(error.into()))?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = hasher.hash_password(secret.expose().as_bytes(), &salt);
    Ok(hash.map_err(failed)?.to_string())
}

/// Whether the hash is this secret's. Takes some 30 ms.
pub(super) fn is_of(hash: &Secret, secret: &Secret) -> bool {
    let Ok(hash) = PasswordHash::new(hash.expose()) else {
        return false;
    };
    let verified = Argon2::default().verify_password(secret.expose().as_bytes(), &hash);
    verified.is_ok()
}

/// Whether a text is an Argon2id hash that is neither cheap to guess nor too expensive to compare.
pub(crate) fn is_strong(hash: &Secret) -> bool {
    let Ok(hash) = PasswordHash::new(hash.expose()) else {
        return false;
    };
    let Ok(params) = Params::try_from(&hash) else {
        return false;
    };
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.hash.is_some()
        && (MEMORY_KIB..=MAX_MEMORY_KIB).contains(&params.m_cost())
        && (PASSES..=MAX_PASSES).contains(&params.t_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_own_secret_only() {
        let secret = Secret::new("481516");
        let (one, other) = (
            of(&secret).expect("it hashes"),
            of(&secret).expect("it hashes"),
        );
        assert_ne!(one, other, "each has its own salt");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        let one = Secret::new(one);
        assert!(is_strong(&one) && is_of(&one, &secret));
        assert!(!is_of(&one, &Secret::new("481517")));
        assert!(!is_of(&Secret::new("rubbish"), &secret));
    }

    #[test]
    fn a_cheap_or_a_foreign_hash_is_refused() {
        let tail = "c2FsdHNhbHRzYWx0c2FsdA$WwVGFGhCnjZTtZ8cDk4Rw3Bw6dSxYgjbkHnGxdVSzbU";
        for (head, good) in [
            ("$argon2id$v=19$m=19456,t=2,p=1$", true),
            ("$argon2id$v=19$m=65536,t=3,p=4$", true),
            ("$argon2id$v=19$m=4096,t=3,p=1$", false),
            ("$argon2id$v=19$m=19456,t=1,p=1$", false),
            ("$argon2id$v=19$m=4194304,t=2,p=1$", false),
            ("$argon2i$v=19$m=19456,t=2,p=1$", false),
            ("$2b$12$", false),
            ("", false),
        ] {
            assert_eq!(
                is_strong(&Secret::new(format!("{head}{tail}"))),
                good,
                "{head}"
            );
        }
    }
}
