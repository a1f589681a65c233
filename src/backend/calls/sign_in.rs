//! `POST /v1/sign-in`: a person of `[[people]]` signs in at a terminal and gets a token. `POST /v1/sign-in/renew` replaces
//! that token by a fresh one, until the person's shift is over.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use hmac::{Hmac, Mac as _};
use kaunter_core::desk::check_name;
use kaunter_core::lockout::{MAX_SECRET_CHARS, is_locked};
use kaunter_core::review::person_key;
use kaunter_core::sign_in::{may_renew, may_work_at};
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode, SignIn, SignedIn};
use sha2::Sha256;

use super::{Body, Terminal};
use crate::app::App;
use crate::clock::wall_ms;
use crate::connections::Peer;
use crate::error::Problem;
use crate::metrics::METRICS;
use crate::people::Person;
use crate::secret::Secret;
use crate::store::Subjects;
use crate::trail::{Actor, AuditEntry, SIGN_IN_FAILED, SIGN_IN_LOCKED, SIGN_IN_REFUSED, SIGNED_IN};

pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(Peer(address)): Extension<Peer>,
    Body(request): Body<SignIn>,
) -> Result<Json<SignedIn>, Problem> {
    let SignIn {
        name,
        secret,
        terminal,
    } = request;
    let secret = Secret::new(secret.0);
    require_people(&app)?;
    check_name(&terminal, "terminal")?;
    check_name(&name, "name")?;
    if secret.expose().chars().count() > MAX_SECRET_CHARS {
        return Err(Problem::new(ProblemCode::SignInFailed));
    }
    let person = app.people.find(&name);
    let subjects = Subjects {
        person: subject(&app, person, &name),
        address,
    };
    let attempt = Attempt {
        app: &app,
        person,
        terminal: &terminal,
        subjects: &subjects,
    };
    let store = app.trades.store();
    let now = wall_ms();
    let counted = match store.count_sign_in(&subjects, now).await? {
        Ok(counted) => counted,
        Err(wait_ms) => {
            let wait = Duration::from_millis(wait_ms);
            return Err(Problem::new(ProblemCode::SignInLocked).after(wait));
        }
    };
    let is_own = app.people.is_secret_of(person, secret).await?;
    let Some(person) = person.filter(|_| is_own) else {
        let mut counted = counted.into_iter();
        let is_locked = counted.any(|(subject, tries)| is_locked(subject, tries, now));
        attempt.failed(is_locked).await?;
        return Err(Problem::new(ProblemCode::SignInFailed));
    };
    if !may_work_at(&person.terminals, &terminal) {
        attempt.ended(true, &[SIGN_IN_REFUSED]).await?;
        let detail = "This person may not work at this terminal: add it to the person's terminals.";
        return Err(Problem::with_detail(
            ProblemCode::TokenForbidden,
            detail.to_owned(),
        ));
    }
    attempt.ended(true, &[SIGNED_IN]).await?;
    let generation = app.terminals.fresh_generation(&terminal).await?;
    mint(&app, person, terminal, generation, wall_ms() / 1000)
}

pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
) -> Result<Json<SignedIn>, Problem> {
    require_people(&app)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let signed_in_s = claims
        .signed_in
        .filter(|signed_in_s| may_renew(*signed_in_s, wall_ms() / 1000));
    let person = app
        .people
        .find(&claims.cashier)
        .filter(|person| may_work_at(&person.terminals, &claims.terminal));
    match (signed_in_s, person) {
        (Some(signed_in_s), Some(person)) => {
            // The token was checked against a generation that may be two seconds old. A revocation since then counts.
            let generation = app.terminals.fresh_generation(&claims.terminal).await?;
            if claims.generation < generation {
                return Err(Problem::new(ProblemCode::TokenRevoked));
            }
            mint(&app, person, claims.terminal, generation, signed_in_s)
        }
        (None, _) | (_, None) => {
            let detail = "This token can't be renewed: sign in again with name and secret.";
            Err(Problem::with_detail(
                ProblemCode::SignInFailed,
                detail.to_owned(),
            ))
        }
    }
}

fn mint(
    app: &App,
    person: &Person,
    terminal: String,
    generation: u64,
    signed_in_s: u64,
) -> Result<Json<SignedIn>, Problem> {
    let request = MintToken {
        shop: app.config.shop.clone(),
        terminal,
        cashier: person.name.clone(),
        rights: person.rights.clone(),
        max_amount: None,
        sale: None,
    };
    let minted = app
        .tokens
        .mint_for(request, generation, Some(signed_in_s), wall_ms())?;
    let MintedToken { token, expires_at } = minted;
    Ok(Json(SignedIn {
        token,
        expires_at,
        name: person.name.clone(),
        rights: person.rights.clone(),
    }))
}

fn require_people(app: &App) -> Result<(), Problem> {
    if app.people.is_empty() {
        let detail = "Nobody signs in at this backend: mint tokens with POST /v1/terminal-tokens, or add [[people]].";
        return Err(Problem::with_detail(
            ProblemCode::SignInFailed,
            detail.to_owned(),
        ));
    }
    Ok(())
}

/// What counts the tries of a name. Names that nobody has share 1,024 rows, so that strangers can't fill the store, and
/// are locked as other names are. Such a name is not stored: it may be a secret in the wrong field.
fn subject(app: &App, person: Option<&Person>, name: &str) -> String {
    match person {
        Some(person) => format!("person:{}", person.name),
        None => {
            // Keyed, so that nobody can compute two names that share a row.
            let key_of_shop = app.config.signing_key.expose().as_bytes();
            let mut hash =
                Hmac::<Sha256>::new_from_slice(key_of_shop).expect("HMAC takes keys of any length");
            hash.update(b"sign-in:");
            hash.update(person_key(name).as_bytes());
            let hash = hash.finalize().into_bytes();
            let row = u16::from_be_bytes([hash[0], hash[1]]) % 1_024;
            format!("unknown:{row}")
        }
    }
}

/// A try, for the record.
struct Attempt<'a> {
    app: &'a App,
    person: Option<&'a Person>,
    terminal: &'a str,
    subjects: &'a Subjects,
}

impl Attempt<'_> {
    async fn failed(&self, is_locked: bool) -> Result<(), Problem> {
        if !is_locked {
            return self.ended(false, &[SIGN_IN_FAILED]).await;
        }
        let alarm = SIGN_IN_LOCKED;
        METRICS.alarm(alarm);
        tracing::error!(
            alarm,
            "somebody has typed a wrong secret too often: the audit trail has the name, the terminal and the address"
        );
        self.ended(false, &[SIGN_IN_FAILED, SIGN_IN_LOCKED]).await
    }

    async fn ended(&self, is_success: bool, events: &[&'static str]) -> Result<(), Problem> {
        let name = self.person.map_or("unknown", |person| &person.name);
        let entry =
            |event: &&'static str| AuditEntry::new(Actor::person(name, self.terminal), event);
        let entries: Vec<AuditEntry> = events.iter().map(entry).collect();
        let store = self.app.trades.store();
        store
            .end_sign_in(
                (&self.app.config.shop, self.subjects),
                is_success,
                &entries,
                wall_ms(),
            )
            .await?;
        Ok(())
    }
}
