//! Terminal tokens: valid for minutes, for one shop, terminal, cashier and set of rights, and optionally for one sale.
//! Only the wall clock decides whether a token is valid.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kaunter_core::money::Money;
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode, Right, Sale};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::clock::{rfc3339, wall_ms};
use crate::config::Config;
use crate::error::Problem;
use crate::secret::Secret;
use crate::trail::Actor;

/// The longest token. One with the longest names of a shop, a terminal, a cashier and a sale is a little shorter.
const MAX_CHARS: usize = 2_048;
/// A token with a longer lifetime is refused, whatever signed it.
const MAX_LIFE_S: u64 = 900;
/// The longest lifetime that is minted. Shorter than what is accepted: the clock of another process may be a little
/// behind.
pub(crate) const MAX_MINTED_S: u64 = MAX_LIFE_S - 30;

/// The claims of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) exp: u64,
    /// When it was minted, by the clock that also gave `exp`: their difference is the token's whole life.
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
    /// The terminal's generation when it was minted. Absent for 0: a process of the version before still reads it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) generation: u64,
    /// When the cashier signed in at this backend, in seconds. A token that a shop's server minted does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed_in: Option<u64>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
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
    /// Which key signed it. Tokens of earlier versions do not say it.
    #[serde(default)]
    kid: Option<String>,
}

/// A key that signs or signed tokens.
struct SigningKey {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    fn new(key: &Secret) -> Self {
        let bytes = key.expose().as_bytes();
        let mut name =
            Hmac::<Sha256>::new_from_slice(bytes).expect("HMAC takes keys of any length");
        name.update(b"kid");
        Self {
            // 32 bits tell two keys apart, and say nothing about them.
            kid: hex::encode(&name.finalize().into_bytes()[..4]),
            encoding: EncodingKey::from_secret(bytes),
            decoding: DecodingKey::from_secret(bytes),
        }
    }
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    shop: String,
    key: SigningKey,
    /// Accepted, but not used.
    previous: Option<SigningKey>,
    life_s: u64,
}

const ISSUER: &str = "kaunter";

impl Tokens {
    pub(crate) fn new(config: &Config) -> Self {
        crate::jwt::install();
        Self {
            shop: config.shop.clone(),
            key: SigningKey::new(&config.signing_key),
            previous: config.previous_signing_key.as_ref().map(SigningKey::new),
            life_s: config.token_life_s.clamp(1, MAX_MINTED_S),
        }
    }

    pub(crate) fn mint(
        &self,
        request: MintToken,
        generation: u64,
        now_ms: u64,
    ) -> Result<MintedToken, Problem> {
        self.mint_for(request, generation, None, now_ms)
    }

    /// Mints a token, maybe for a person who signed in at this backend, at this time.
    pub(crate) fn mint_for(
        &self,
        request: MintToken,
        generation: u64,
        signed_in: Option<u64>,
        now_ms: u64,
    ) -> Result<MintedToken, Problem> {
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
            generation,
            signed_in,
        };
        let header = Header {
            kid: Some(self.key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let token = encode(&header, &claims, &self.key.encoding)
            .map_err(|_| Problem::new(ProblemCode::Internal))?;
        if token.len() > MAX_CHARS {
            // It would be refused by every call.
            let detail = "The token would be too long: send shorter names.".to_owned();
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail));
        }
        Ok(MintedToken {
            token,
            expires_at: rfc3339(exp * 1000),
        })
    }

    /// The claims of a token, if it is one of ours, for this shop, and valid now.
    pub(crate) fn check(&self, token: &str) -> Result<Claims, Problem> {
        let invalid = || Problem::new(ProblemCode::TokenInvalid);
        let header = header(token).filter(|_| token.len() <= MAX_CHARS);
        let kid = header.ok_or_else(invalid)?.kid;
        let mut validation = Validation::new(Algorithm::HS256);
        // The library reads a clock of its own, and has no limit for a lifetime.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        let claims = [Some(&self.key), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .filter(|key| kid.as_ref().is_none_or(|kid| *kid == key.kid))
            .find_map(|key| decode::<Claims>(token, &key.decoding, &validation).ok())
            .ok_or_else(invalid)?
            .claims;
        let now = wall_ms() / 1000;
        if claims.exp <= now {
            return Err(Problem::new(ProblemCode::TokenExpired));
        }
        // Tokens of earlier versions do not say when they were minted.
        if claims.iat > 0 && claims.exp.saturating_sub(claims.iat) > MAX_LIFE_S {
            let detail = "The token was signed for more than 15 minutes: ask the shop's server for one that this backend minted.";
            return Err(Problem::with_detail(
                ProblemCode::TokenInvalid,
                detail.to_owned(),
            ));
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

fn header(token: &str) -> Option<JwtHeader> {
    let head = token.get(..MAX_CHARS).unwrap_or(token).split('.').next()?;
    let json = URL_SAFE_NO_PAD.decode(head).ok()?;
    serde_json::from_slice(&json).ok()
}
