//! The calls about attempts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use hmac::{Hmac, Mac};
use kaunter_core::authority::Reach;
use kaunter_core::trade::{CodeMark, Event, Trade};
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
use crate::trades::{Request, Wish, check_sale};

type Answer = Result<Json<wire::Trade>, Problem>;

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Body(new): Body<NewTrade>,
) -> Answer {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if new.idempotency_key.len() != KEY_CHARS || !new.idempotency_key.bytes().all(lower_hex) {
        return Err(Problem::new(ProblemCode::IdempotencyKeyInvalid).at("idempotency_key"));
    }
    let gateway = app.trades.gateway();
    check_sale(
        &new.sale,
        &gateway.config().currency,
        gateway.config().max_amount_minor,
    )?;
    claims.authority().require_sale(&new.sale)?;
    let wallets = gateway
        .offered_wallets(app.config.test_wallets)
        .await
        .map_err(|_| Problem::new(ProblemCode::GatewayUnavailable))?;
    let wallet = wallets
        .iter()
        .find(|wallet| wallet.wallet_id == new.wallet_id);
    let wallet = wallet.ok_or_else(|| Problem::new(ProblemCode::WalletUnknown).at("wallet_id"))?;
    if !wallet.modes.contains(&new.mode) {
        return Err(Problem::new(ProblemCode::ModeUnsupported).at("mode"));
    }
    let seen = claims.clone();
    let wish = Wish {
        minted_s: (claims.sale.as_ref() == Some(&new.sale)).then_some(claims.iat),
        who: claims.who(),
        shop: claims.shop,
        terminal: claims.terminal,
        new,
    };
    let created = app.trades.create(wish).await;
    created
        .map(Json)
        .map_err(|problem| problem.within(&seen.authority()))
}

pub(crate) async fn code(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(mut hand): Body<HandOver>,
) -> Answer {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    hand.code = kaunter_core::code::trimmed(&hand.code).into_owned();
    let good = |char: char| !char.is_control();
    if hand.code.is_empty() || hand.code.len() > CODE_MAX_BYTES || !hand.code.chars().all(good) {
        return Err(Problem::new(ProblemCode::CodeInvalid).at("code"));
    }
    let stored = app.trades.find(Some(&claims.shop), &trade_id).await?;
    let facts = stored.facts();
    // Who may read another terminal's trade hands no code to it.
    if facts.terminal != claims.terminal {
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    claims.authority().require_on(Right::Charge, facts)?;
    claims.authority().require_sale(&facts.sale)?;
    let mark = mark(&app.config.signing_key, &hand.code);
    let code = Secret::new(hand.code);
    let request = Request {
        event: Event::Code(mark),
        code: Some(code),
        who: claims.who(),
        note: String::new(),
    };
    app.trades.request(&stored, request).await.map(Json)
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
    Path(trade_id): Path<String>,
) -> Answer {
    either.admit_look(&app)?;
    let stored = app.trades.find(Some(&either.shop), &trade_id).await?;
    let own = either
        .claims
        .as_ref()
        .is_some_and(|claims| claims.terminal == stored.facts().terminal);
    let event = if own { Event::Heard } else { Event::Tick };
    looked_at(&app, &either, stored, event).await
}

/// What the caller may read of a trade, once time has acted on it.
async fn looked_at(app: &App, either: &Either, stored: Trade, event: Event) -> Answer {
    let reach = either.reach(stored.facts());
    if reach == Reach::Nothing {
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    let trade = app.trades.look(stored, event).await?;
    let told = reach.told(trade);
    told.map(Json)
        .ok_or_else(|| Problem::new(ProblemCode::TokenForbidden))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
) -> Answer {
    let wish = (Right::Cancel, Event::Cancel);
    wished(&app, &claims, &trade_id, wish, String::new()).await
}

pub(crate) async fn void(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(ask): Body<AskVoid>,
) -> Answer {
    claims.authority().require(Right::Void)?;
    let reason = noted(&ask.reason).ok_or_else(|| {
        let detail =
            format!("Say why the money is given back, in at most {NOTE_MAX_CHARS} characters.");
        Problem::because(ProblemCode::BadRequest, detail).at("reason")
    })?;
    let wish = (Right::Void, Event::Void);
    wished(&app, &claims, &trade_id, wish, reason).await
}

pub(crate) async fn void_status(
    State(app): State<Arc<App>>,
    either: Either,
    Path(trade_id): Path<String>,
) -> Answer {
    either.admit_look(&app)?;
    let stored = app.trades.find(Some(&either.shop), &trade_id).await?;
    looked_at(&app, &either, stored, Event::Tick).await
}

pub(crate) async fn verdict(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(verdict): Body<Verdict>,
) -> Answer {
    claims.authority().require(Right::Review)?;
    let evidence = noted(&verdict.evidence)
        .ok_or_else(|| Problem::new(ProblemCode::VerdictInvalid).at("evidence"))?;
    let wish = (Right::Review, Event::Verdict(verdict.outcome));
    wished(&app, &claims, &trade_id, wish, evidence).await
}

/// A person's wish about a trade, where the token has the right, reaches the trade, and moves no more than it may.
async fn wished(
    app: &App,
    claims: &Claims,
    trade_id: &str,
    (right, event): (Right, Event),
    note: String,
) -> Answer {
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let stored = app.trades.find(Some(&claims.shop), trade_id).await?;
    claims.authority().require_on(right, stored.facts())?;
    let request = Request {
        event,
        code: None,
        who: claims.who(),
        note,
    };
    app.trades.request(&stored, request).await.map(Json)
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
