//! The calls about attempts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use hmac::{Hmac, Mac};
use kaunter_core::trade::{CodeMark, Event};
use kaunter_core::wire::{
    self, AskVoid, CODE_MAX_BYTES, HandOver, KEY_CHARS, NewTrade, ProblemCode, Right, Verdict,
};
use sha2::Sha256;

use super::{Body, Either, Terminal};
use crate::app::App;
use crate::error::Problem;
use crate::limits::NOTE_MAX_CHARS;
use crate::secret::Secret;
use crate::token::Claims;
use crate::trades::{Wish, check_sale};

type Answer = Result<Json<wire::Trade>, Problem>;

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Body(new): Body<NewTrade>,
) -> Answer {
    claims.require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if new.key.len() != KEY_CHARS || !new.key.bytes().all(lower_hex) {
        return Err(Problem::new(ProblemCode::KeyInvalid));
    }
    let gateway = app.trades.gateway();
    check_sale(
        &new.sale,
        &gateway.config().currency,
        gateway.config().max_amount_minor,
    )?;
    claims.require_sale(&new.sale)?;
    let wallets = gateway
        .integrators(app.config.test_wallets)
        .await
        .map_err(|_| Problem::new(ProblemCode::GatewayUnavailable))?;
    let wallet = wallets.iter().find(|wallet| wallet.id == new.integrator);
    let wallet = wallet.ok_or_else(|| Problem::new(ProblemCode::IntegratorUnknown))?;
    if !wallet.presents.contains(&new.presented) {
        return Err(Problem::new(ProblemCode::PresentedUnsupported));
    }
    let wish = Wish {
        who: claims.who(),
        shop: claims.shop,
        terminal: claims.terminal,
        new,
    };
    app.trades.create(wish).await.map(Json)
}

pub(crate) async fn code(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trx_id): Path<String>,
    Body(mut hand): Body<HandOver>,
) -> Answer {
    claims.require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    hand.code = kaunter_core::code::trimmed(&hand.code).into_owned();
    let good = |char: char| !char.is_control();
    if hand.code.is_empty() || hand.code.len() > CODE_MAX_BYTES || !hand.code.chars().all(good) {
        return Err(Problem::new(ProblemCode::CodeInvalid));
    }
    let stored = app.trades.find(Some(&claims.shop), &trx_id).await?;
    if stored.trade.facts().terminal != claims.terminal {
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    claims.require_sale(&stored.trade.facts().sale)?;
    let mark = mark(&app.config.signing_key, &hand.code);
    let code = Secret::new(hand.code);
    let who = claims.who();
    app.trades
        .wish(&claims.shop, &trx_id, Event::Code(mark), Some(code), &who)
        .await
        .map(Json)
}

/// A keyed hash: it tells two codes apart and gives neither away.
fn mark(key: &Secret, code: &str) -> CodeMark {
    let mut hash = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    hash.update(b"code:");
    hash.update(code.as_bytes());
    CodeMark(hex::encode(hash.finalize().into_bytes()))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    either: Either,
    Path(trx_id): Path<String>,
) -> Answer {
    either.admit_look(&app)?;
    let stored = app.trades.find(Some(&either.shop), &trx_id).await?;
    let own = either
        .claims
        .is_some_and(|claims| claims.terminal == stored.trade.facts().terminal);
    let event = if own { Event::Heard } else { Event::Tick };
    app.trades.look(stored, event).await.map(Json)
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trx_id): Path<String>,
) -> Answer {
    claims.require(Right::Cancel)?;
    wished(&app, &claims, &trx_id, Event::Cancel, &claims.who()).await
}

pub(crate) async fn void(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trx_id): Path<String>,
    Body(ask): Body<AskVoid>,
) -> Answer {
    claims.require(Right::Void)?;
    let reason = noted(&ask.reason).ok_or_else(|| {
        let detail =
            format!("Say why the money is given back, in at most {NOTE_MAX_CHARS} characters.");
        Problem::because(ProblemCode::BadRequest, detail)
    })?;
    let who = format!("{}: {reason}", claims.who());
    wished(&app, &claims, &trx_id, Event::Void, &who).await
}

pub(crate) async fn void_status(
    State(app): State<Arc<App>>,
    either: Either,
    Path(trx_id): Path<String>,
) -> Answer {
    either.admit_look(&app)?;
    let stored = app.trades.find(Some(&either.shop), &trx_id).await?;
    app.trades.look(stored, Event::Tick).await.map(Json)
}

pub(crate) async fn verdict(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trx_id): Path<String>,
    Body(verdict): Body<Verdict>,
) -> Answer {
    claims.require(Right::Review)?;
    let evidence =
        noted(&verdict.evidence).ok_or_else(|| Problem::new(ProblemCode::VerdictInvalid))?;
    let who = format!("{}: {evidence}", claims.who());
    wished(
        &app,
        &claims,
        &trx_id,
        Event::Verdict(verdict.outcome),
        &who,
    )
    .await
}

async fn wished(app: &App, claims: &Claims, trx_id: &str, event: Event, who: &str) -> Answer {
    app.limits.admit(&claims.shop, &claims.terminal)?;
    app.trades
        .wish(&claims.shop, trx_id, event, None, who)
        .await
        .map(Json)
}

/// A sentence for the audit trail: something, not too much, on one line.
fn noted(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= NOTE_MAX_CHARS).then(|| text.to_owned())
}
