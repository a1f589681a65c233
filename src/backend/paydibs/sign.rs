//! PayDibs' signature: MD5 of the values in the order of their fields' names, then the time, then the merchant's
//! secret.
//!
//! The values have no separators, so that two calls with different fields can have the same signature. It protects
//! nothing beyond what TLS does.

use md5::{Digest, Md5};

use super::call::Fields;
use super::words::field;

/// Signs the fields of a call, including `time`.
pub(super) fn sign(fields: &Fields, secret: &str) -> String {
    let mut signed: Vec<_> = fields
        .iter()
        .filter(|(name, _)| !matches!(*name, field::SIGN | field::TIME))
        .collect();
    signed.sort();
    let time = fields.iter().find(|(name, _)| *name == field::TIME);
    let mut hash = Md5::new();
    for (_, value) in signed.into_iter().chain(time) {
        hash.update(value);
    }
    hash.update(secret);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values were computed with `printf '%s' ... | md5sum`, and not with this code.
    #[test]
    fn signs_as_the_gateway_does() {
        let fields: Fields = vec![
            ("trx_id", "TRX-0001".to_owned()),
            ("pay_type", "MSU".to_owned()),
            ("amount", "12.50".to_owned()),
            ("integrator_id", "23".to_owned()),
            ("time", "1700000000".to_owned()),
        ];
        assert_eq!(sign(&fields, "s3cret"), "ad34c2e74b79dce0855972c504a4b2ce");
        let login: Fields = vec![
            ("time", "1700000001".to_owned()),
            (
                "login_password",
                "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            ),
            ("login_id", "M001".to_owned()),
        ];
        assert_eq!(sign(&login, "s3cret"), "792422780a3a5d0f537d591582931b78");
    }
}
