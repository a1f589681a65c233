//! The signature of terminal tokens: HMAC-SHA-256, with the crates that also hash codes.
//!
//! `jsonwebtoken` leaves the cryptography to its user. Its own two choices bring RSA, elliptic curves or a library in C,
//! which no token of ours needs. So no other algorithm exists in this program.

use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use sha2::Sha256;

static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        let key = (key.family() == AlgorithmFamily::Hmac).then(|| key.as_bytes());
        Ok(Box::new(Keyed::new(*algorithm, key)?))
    },
    verifier_factory: |algorithm, key| {
        let is_hmac = key.family() == AlgorithmFamily::Hmac;
        let key = is_hmac.then(|| key.try_get_as_bytes()).transpose()?;
        Ok(Box::new(Keyed::new(*algorithm, key)?))
    },
    // For keys in JSON, which no token of ours has.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Chooses this signature for the process.
pub(crate) fn install() {
    // Fails if it was installed already.
    let _ = HS256.install_default();
}

/// A hash that has read its key.
struct Keyed(Hmac<Sha256>);

impl Keyed {
    fn new(algorithm: Algorithm, key: Option<&[u8]>) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let key = key.ok_or(ErrorKind::InvalidKeyFormat)?;
        Ok(Self(
            Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
        ))
    }
}

impl Signer<Vec<u8>> for Keyed {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let hash = self.0.clone().chain_update(message);
        Ok(hash.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Keyed {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let hash = self.0.clone().chain_update(message);
        // Compares in constant time.
        hash.verify_slice(signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Keyed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Keyed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{DecodingKey, EncodingKey};

    use super::*;

    /// RFC 7515, A.1, has this key, message and signature.
    #[test]
    fn the_example_of_the_standard_is_signed_and_checked() {
        install();
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signed = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = URL_SAFE_NO_PAD.decode(key).unwrap();
        let encoding = EncodingKey::from_secret(&key);
        let decoding = DecodingKey::from_secret(&key);
        let sign = |algorithm| jsonwebtoken::crypto::sign(message.as_bytes(), &encoding, algorithm);
        let verify = |signature: &str, algorithm| {
            let message = message.as_bytes();
            jsonwebtoken::crypto::verify(signature, message, &decoding, algorithm)
        };
        assert_eq!(sign(Algorithm::HS256).unwrap(), signed);
        assert!(verify(signed, Algorithm::HS256).unwrap());
        for wrong in ["", &signed[..40], &signed.replace('d', "e")] {
            assert!(!verify(wrong, Algorithm::HS256).unwrap_or(false), "{wrong}");
        }
        assert!(sign(Algorithm::HS512).is_err() && verify(signed, Algorithm::HS512).is_err());
    }
}
