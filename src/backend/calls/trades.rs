//! The calls about trades.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use kaunter_core::authority::Reach;
use kaunter_core::desk::{self, Command};
use kaunter_core::practice;
use kaunter_core::terminal;
use kaunter_core::trade::Event;
use kaunter_core::wire::{AskVoid, HandOver, NewTrade, ProblemCode, Right};
use serde::Deserialize;

use super::device::Device;
use super::payment::TradeAnswer;
use super::{Body, KnownCaller, Terminal};
use crate::app::App;
use crate::error::Problem;
use crate::secret::Secret;
use crate::token::Claims;
use crate::trades::{ChangeRequest, CreateRequest};

pub(super) type TradeResponse = Result<TradeAnswer, Problem>;

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    device: Device,
    Body(new): Body<NewTrade>,
) -> TradeResponse {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let gateway = app.trades.gateway();
    desk::check_new(&new, &claims.authority(), gateway.limits())?;
    practice::check(&new.sale.reference, "sale.ref")?;
    let wallets = gateway
        .offered_wallets(app.config.test_wallets)
        .await
        .map_err(|_| Problem::new(ProblemCode::GatewayUnavailable))?;
    let wallet = desk::check_wallet(&new, &wallets)?.clone();
    app.terminals.act(&claims, device.as_deref()).await?;
    let seen = claims.clone();
    let request = CreateRequest {
        minted_s: claims
            .sale
            .as_ref()
            .is_some_and(|own| new.sale.states(own))
            .then_some(claims.iat),
        who: claims.who(),
        claims: claims.clone(),
        shop: claims.shop,
        terminal: claims.terminal,
        wallet,
        new,
    };
    let created = app.trades.create(request).await;
    created
        .map(TradeAnswer)
        .map_err(|problem| problem.within(&seen.authority()))
}

pub(crate) async fn code(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    device: Device,
    Body(hand): Body<HandOver>,
) -> TradeResponse {
    claims.authority().require(Right::Charge)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let (mut command, code) = Command::code(&hand.code, |code| app.marks.mark(code))?;
    if let Some(previous) = app.marks.previous(&code)
        && app
            .trades
            .knows_code(&claims.shop, &trade_id, &previous)
            .await?
    {
        (command, _) = Command::code(&hand.code, |_| previous)?;
    }
    let by = By {
        claims: &claims,
        device: Some(&device),
    };
    apply(&app, by, &trade_id, command, Some(Secret::new(code))).await
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    device: Device,
    Path(trade_id): Path<String>,
    query: Result<Query<StatusQuery>, QueryRejection>,
) -> TradeResponse {
    let Query(query) = query.map_err(|_| {
        let detail = "?fresh= takes true or false.".to_owned();
        Problem::with_detail(ProblemCode::BadRequest, detail).at("fresh")
    })?;
    status_of(&app, &either, &device, &trade_id, query.fresh).await
}

/// The query of a trade's status.
#[derive(Deserialize)]
pub(crate) struct StatusQuery {
    /// Asks the gateway, and waits a short time for its answer.
    #[serde(default)]
    fresh: bool,
}

/// What the caller may read of a trade, once time has acted on it. `fresh` asks the gateway before.
async fn status_of(
    app: &App,
    either: &KnownCaller,
    device: &Device,
    trade_id: &str,
    fresh: bool,
) -> TradeResponse {
    either.admit_read(app)?;
    let stored = app.trades.find(Some(&either.shop), trade_id).await?;
    let (mut event, reach) = either.check_read(stored.facts())?;
    if let Some(claims) = &either.claims {
        let role = app
            .terminals
            .role(&claims.terminal, device.as_deref())
            .await?;
        event = terminal::read_event(event, role);
    }
    let trade = match reach {
        Reach::Whole if fresh => app.trades.refresh(&stored).await?,
        Reach::Whole if app.trades.is_checked_when_read(&stored) => {
            app.trades.check_status(&stored, Event::Refresh).await?
        }
        Reach::Whole | Reach::Standing | Reach::Nothing => {
            app.trades.check_status(&stored, event).await?
        }
    };
    let view = reach.limit(trade);
    view.map(TradeAnswer)
        .ok_or_else(|| Problem::new(ProblemCode::TokenForbidden))
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    device: Device,
    Path(trade_id): Path<String>,
) -> TradeResponse {
    claims.authority().require(Right::Cancel)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let by = By {
        claims: &claims,
        device: Some(&device),
    };
    apply(&app, by, &trade_id, Command::cancel(), None).await
}

pub(crate) async fn void(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    Path(trade_id): Path<String>,
    Body(ask): Body<AskVoid>,
) -> TradeResponse {
    claims.authority().require(Right::Void)?;
    let command = Command::void(&ask.reason)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    apply(&app, By::person(&claims), &trade_id, command, None).await
}

pub(crate) async fn void_status(
    State(app): State<Arc<App>>,
    either: KnownCaller,
    device: Device,
    Path(trade_id): Path<String>,
) -> TradeResponse {
    status_of(&app, &either, &device, &trade_id, true).await
}

/// Who gives a command to a trade.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    claims: &'a Claims,
    /// `None` if the right alone decides, whichever device a person uses.
    device: Option<&'a Device>,
}

impl<'a> By<'a> {
    pub(super) fn person(claims: &'a Claims) -> Self {
        Self {
            claims,
            device: None,
        }
    }
}

/// Applies a command to a trade, if the token allows it, and the device where it matters.
pub(super) async fn apply(
    app: &App,
    By { claims, device }: By<'_>,
    trade_id: &str,
    command: Command,
    code: Option<Secret>,
) -> TradeResponse {
    let stored = app.trades.find(Some(&claims.shop), trade_id).await?;
    let command = desk::check_command(command, &claims.authority(), stored.facts())?;
    if let Some(device) = device.filter(|_| stored.facts().terminal == claims.terminal) {
        app.terminals.act(claims, device.as_deref()).await?;
    }
    let request = ChangeRequest {
        event: command.event,
        code,
        who: claims.who(),
        note: command.note,
    };
    app.trades.request(&stored, request).await.map(TradeAnswer)
}
