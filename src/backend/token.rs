//! Terminal tokens: valid for minutes, for one shop, terminal, cashier and set of rights, and optionally for one sale.
//! Only the wall clock decides whether a token is valid.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kaunter_core::money::Money;
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode, Right, Sale};
use serde::{Deserialize, Serialize};

use crate::clock::{rfc3339, wall_ms};
use crate::config::Config;
use crate::error::Problem;
use crate::trail::Actor;

/// The longest lifetime of a token that the configuration may ask for.
const MAX_CHARS: usize = 2_048;
/// A token with a longer lifetime is refused, whatever signed it.
const MAX_LIFE_S: u64 = 900;
/// The longest lifetime that is minted. Shorter than what is accepted: the clock of another process may be a little
/// behind.
const MAX_MINTED_S: u64 = MAX_LIFE_S - 30;

/// The claims of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) exp: u64,
    /// When it was minted. Decides nothing; it shows an operator which clock minted it.
    #[serde(default)]
    pub(crate) iat: u64,
    pub(crate) shop: String,
    pub(crate) terminal: String,
    pub(crate) cashier: String,
    #[serde(alias = "may")]
    pub(crate) rights: Vec<Right>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_amount: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sale: Option<Sale>,
}

impl Claims {
    /// Who did it, for the audit trail.
    pub(crate) fn who(&self) -> Actor {
        Actor::person(&self.cashier, &self.terminal)
    }
}

/// The header of our tokens. Other fields are refused: `crit` would require what this program does not implement (RFC
/// 7515, 4.1.11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JwtHeader {
    #[serde(rename = "alg")]
    _alg: Algorithm,
    #[serde(rename = "typ", default)]
    _typ: Option<String>,
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    shop: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    life_s: u64,
}

const ISSUER: &str = "kaunter";

impl Tokens {
    pub(crate) fn new(config: &Config) -> Self {
        let bytes = config.signing_key.expose().as_bytes();
        Self {
            shop: config.shop.clone(),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
            life_s: config.token_life_s.clamp(1, MAX_MINTED_S),
        }
    }

    pub(crate) fn mint(&self, request: MintToken, now_ms: u64) -> Result<MintedToken, Problem> {
        let iat = now_ms / 1000;
        let exp = iat + self.life_s;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            exp,
            iat,
            shop: request.shop,
            terminal: request.terminal,
            cashier: request.cashier,
            rights: request.rights,
            max_amount: request.max_amount,
            sale: request.sale,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|_| Problem::new(ProblemCode::Internal))?;
        Ok(MintedToken {
            token,
            expires_at: rfc3339(exp * 1000),
        })
    }

    /// The claims of a token, if it is one of ours, for this shop, and valid now.
    pub(crate) fn check(&self, token: &str) -> Result<Claims, Problem> {
        let invalid = || Problem::new(ProblemCode::TokenInvalid);
        if token.len() > MAX_CHARS || !has_plain_head(token) {
            return Err(invalid());
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // The library reads a clock of its own, and has no limit for a lifetime.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        let checked = decode::<Claims>(token, &self.decoding, &validation);
        let claims = checked.map_err(|_| invalid())?.claims;
        let now = wall_ms() / 1000;
        if claims.exp <= now {
            return Err(Problem::new(ProblemCode::TokenExpired));
        }
        if claims.exp - now > MAX_LIFE_S {
            let detail = "The token has more than 15 minutes left: ask the shop's server for a fresh one, and check its clock and this backend's.";
            return Err(Problem::with_detail(
                ProblemCode::TokenInvalid,
                detail.to_owned(),
            ));
        }
        if claims.shop != self.shop {
            let detail = "The token is for another shop: ask this shop's server for one.";
            return Err(Problem::with_detail(
                ProblemCode::TokenForbidden,
                detail.to_owned(),
            ));
        }
        Ok(claims)
    }
}

fn has_plain_head(token: &str) -> bool {
    let head = token.split('.').next().unwrap_or_default();
    URL_SAFE_NO_PAD
        .decode(head)
        .is_ok_and(|json| serde_json::from_slice::<JwtHeader>(&json).is_ok())
}
