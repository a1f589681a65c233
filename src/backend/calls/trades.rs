//! The calls about trades.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use hmac::{Hmac, Mac};
use kaunter_core::desk::{self, Command, NOTE_MAX_CHARS};
use kaunter_core::trade::CodeMark;
use kaunter_core::wire::{self, AskVoid, HandOver, NewTrade, ProblemCode, Right, Verdict};
use sha2::Sha256;

use super::{Body, KnownCaller, Terminal};
use crate::app::App;
use crate::error::Problem;
use crate::secret::Secret;
use crate::token::Claims;
use crate::trades::{ChangeRequest, CreateRequest};

type TradeResponse = Result<Json<wire::TradeView>, Problem>;

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Body(new): Body<NewTrade>,
) -> TradeResponse {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let gateway = app.trades.gateway();
    desk::check_new(&new, &claims.authority(), gateway.limits())?;
    let wallets = gateway
        .offered_wallets(app.config.test_wallets)
        .await
        .map_err(|_| Problem::new(ProblemCode::GatewayUnavailable))?;
    let wallet_name = desk::check_wallet(&new, &wallets)?.name.clone();
    let seen = claims.clone();
    let request = CreateRequest {
        minted_s: (claims.sale.as_ref() == Some(&new.sale)).then_some(claims.iat),
        who: claims.who(),
        shop: claims.shop,
        terminal: claims.terminal,
        wallet_name,
        new,
    };
    let created = app.trades.create(request).await;
    created
        .map(Json)
        .map_err(|problem| problem.within(&seen.authority()))
}

pub(crate) async fn code(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(hand): Body<HandOver>,
) -> TradeResponse {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let (command, code) = Command::code(&hand.code, |code| mark(&app.config.signing_key, code))?;
    apply(&app, &claims, &trade_id, command, Some(Secret::new(code))).await
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
    either: KnownCaller,
    Path(trade_id): Path<String>,
) -> TradeResponse {
    status_of(&app, &either, &trade_id).await
}

/// What the caller may read of a trade, once time has acted on it.
async fn status_of(app: &App, either: &KnownCaller, trade_id: &str) -> TradeResponse {
    either.admit_read(app)?;
    let stored = app.trades.find(Some(&either.shop), trade_id).await?;
    let (event, reach) = either.check_read(stored.facts())?;
    let trade = app.trades.check_status(stored, event).await?;
    let view = reach.limit(trade);
    view.map(Json)
        .ok_or_else(|| Problem::new(ProblemCode::TokenForbidden))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
) -> TradeResponse {
    claims.authority().require(Right::Cancel)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    apply(&app, &claims, &trade_id, Command::cancel(), None).await
}

pub(crate) async fn void(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(ask): Body<AskVoid>,
) -> TradeResponse {
    claims.authority().require(Right::Void)?;
    let command = Command::void(&ask.reason).map_err(|refused| {
        let detail =
            format!("Say why the money is given back, in at most {NOTE_MAX_CHARS} characters.");
        Problem::from(refused).replace_detail(detail)
    })?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    apply(&app, &claims, &trade_id, command, None).await
}

pub(crate) async fn void_status(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    Path(trade_id): Path<String>,
) -> TradeResponse {
    status_of(&app, &either, &trade_id).await
}

pub(crate) async fn verdict(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(verdict): Body<Verdict>,
) -> TradeResponse {
    claims.authority().require(Right::Review)?;
    let command = Command::verdict(&verdict)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    apply(&app, &claims, &trade_id, command, None).await
}

/// Applies a command to a trade, if the token allows it.
async fn apply(
    app: &App,
    claims: &Claims,
    trade_id: &str,
    command: Command,
    code: Option<Secret>,
) -> TradeResponse {
    let stored = app.trades.find(Some(&claims.shop), trade_id).await?;
    let command = desk::check_command(command, &claims.authority(), stored.facts())?;
    let request = ChangeRequest {
        event: command.event,
        code,
        who: claims.who(),
        note: command.note,
    };
    app.trades.request(&stored, request).await.map(Json)
}
