//! The keys of the audit trail.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::secret::Secret;

pub(super) type KeyedHash = Hmac<Sha256>;

/// A key that was derived from a secret of the configuration.
pub(super) struct AuditKey {
    /// The name of the key in the rows. It says nothing about the key.
    pub(super) id: String,
    bytes: [u8; 32],
}

impl AuditKey {
    /// HKDF-SHA-256 (RFC 5869) with one block of output: the signing key, from which it may come, signs tokens too.
    fn derive(secret: &Secret) -> Self {
        let extracted = hash(&[0; 32], &[secret.expose().as_bytes()]);
        let expand = |info: &str| hash(&extracted, &[info.as_bytes(), &[1]]);
        Self {
            id: hex::encode(&expand("kaunter audit key id")[..8]),
            bytes: expand("kaunter audit key"),
        }
    }

    /// A hash with this key for one purpose.
    pub(super) fn mac(&self, purpose: &str) -> KeyedHash {
        let mut mac = keyed(&self.bytes);
        super::put(&mut mac, purpose);
        mac
    }
}

fn keyed(key: &[u8]) -> KeyedHash {
    KeyedHash::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The key that hashes new rows, and those that hashed earlier ones.
pub(crate) struct AuditKeys {
    current: AuditKey,
    previous: Vec<AuditKey>,
}

impl AuditKeys {
    pub(crate) fn new(current: &Secret, previous: &[Secret]) -> Self {
        Self {
            current: AuditKey::derive(current),
            previous: previous.iter().map(AuditKey::derive).collect(),
        }
    }

    pub(super) fn current(&self) -> &AuditKey {
        &self.current
    }

    pub(super) fn find(&self, id: &str) -> Option<&AuditKey> {
        let mut all = std::iter::once(&self.current).chain(&self.previous);
        all.find(|key| key.id == id)
    }
}

impl std::fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditKeys({} previous)", self.previous.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_derived_as_hkdf_says() {
        // RFC 5869, A.3: no salt, no info; the first block of the output.
        let extracted = hash(&[0; 32], &[&[0x0b; 22]]);
        let expected = "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04";
        assert_eq!(hex::encode(extracted), expected);
        let output = hash(&extracted, &[b"", &[1]]);
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
        assert_eq!(hex::encode(output), expected);
    }

    #[test]
    fn a_key_is_not_printed() {
        let keys = AuditKeys::new(&Secret::new("planted"), &[Secret::new("planted")]);
        assert_eq!(format!("{keys:?}"), "AuditKeys(1 previous)");
    }
}
