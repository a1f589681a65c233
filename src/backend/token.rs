//! Terminal tokens: minutes long, for one shop, terminal, cashier and set of rights, maybe for one sale.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kaunter_core::money::Money;
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode, Right, Sale};
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::error::Problem;
use crate::secret::Secret;

/// No token of ours is longer.
const MAX_CHARS: usize = 2_048;
/// No token lives longer, whatever is configured.
const MAX_LIFE_S: u64 = 900;

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) exp: u64,
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) cashier: String,
    pub(crate) may: Vec<Right>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_amount: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sale: Option<Sale>,
}

impl Claims {
    /// Who did it, for the audit trail.
    pub(crate) fn who(&self) -> String {
        format!("{}@{}", self.cashier, self.terminal)
    }
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    life_s: u64,
}

const ISSUER: &str = "kaunter";

impl Tokens {
    pub(crate) fn new(key: &Secret, life_s: u64) -> Self {
        let bytes = key.expose().as_bytes();
        Self {
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            life_s: life_s.clamp(1, MAX_LIFE_S),
        }
    }

    pub(crate) fn mint(&self, wish: MintToken, now_ms: u64) -> Result<MintedToken, Problem> {
        let exp = now_ms / 1000 + self.life_s;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            exp,
            shop: wish.shop,
            terminal: wish.terminal,
            cashier: wish.cashier,
            may: wish.may,
            max_amount: wish.max_amount,
            sale: wish.sale,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|_| Problem::new(ProblemCode::Internal))?;
        Ok(MintedToken {
            token,
            expires_at: rfc3339(exp * 1000),
        })
    }

    pub(crate) fn check(&self, token: &str) -> Result<Claims, Problem> {
        let invalid = || Problem::new(ProblemCode::TokenInvalid);
        if token.len() > MAX_CHARS {
            return Err(invalid());
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        let checked = decode::<Claims>(token, &self.decoding, &validation);
        checked.map(|token| token.claims).map_err(|error| {
            if matches!(error.kind(), ErrorKind::ExpiredSignature) {
                Problem::new(ProblemCode::TokenExpired)
            } else {
                invalid()
            }
        })
    }
}
