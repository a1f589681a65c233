//! `POST /v1/trades/{trade_id}/verdict`: a person decides what the gateway left open, or corrects another person.
//!
//! A terminal speaks for the cashier whom its token names. The shop's server names the person: `actor`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use kaunter_core::desk::{Command, Speaker};
use kaunter_core::wire::{Right, Verdict};

use super::Body;
use super::audit::RecordedInChange;
use super::caller::VerdictCaller;
use super::payment::TradeAnswer;
use super::trades::{By, apply};
use crate::app::App;
use crate::error::Problem;
use crate::token::Claims;
use crate::trades::ChangeRequest;
use crate::trail::{Actor, ActorKind};

/// The trail of the trade has the verdict, so the layer that records calls writes no second line.
type VerdictResponse = Result<(Extension<RecordedInChange>, TradeAnswer), Problem>;

pub(crate) async fn give(
    State(app): State<Arc<App>>,
    caller: VerdictCaller,
    Path(trade_id): Path<String>,
    Body(verdict): Body<Verdict>,
) -> VerdictResponse {
    let trade = match caller {
        VerdictCaller::Terminal(claims) => of_terminal(&app, &claims, &trade_id, &verdict).await,
        VerdictCaller::Server => of_server(&app, &app.config.shop, &trade_id, &verdict).await,
    }?;
    Ok((Extension(RecordedInChange), trade))
}

async fn of_terminal(
    app: &App,
    claims: &Claims,
    trade_id: &str,
    verdict: &Verdict,
) -> Result<TradeAnswer, Problem> {
    claims.authority().require(Right::Review)?;
    let speaker = Speaker::Terminal {
        cashier: &claims.cashier,
        terminal: &claims.terminal,
    };
    let command = Command::verdict(verdict, speaker)?;
    app.limits.admit(&claims.shop, &claims.terminal)?;
    apply(app, By::person(claims), trade_id, command, None).await
}

async fn of_server(
    app: &App,
    shop: &str,
    trade_id: &str,
    verdict: &Verdict,
) -> Result<TradeAnswer, Problem> {
    let command = Command::verdict(verdict, Speaker::Server)?;
    let stored = app.trades.find(Some(shop), trade_id).await?;
    // The command has a name, or it would have been refused.
    let name = verdict.actor.as_deref().unwrap_or_default().trim();
    let request = ChangeRequest {
        event: command.event,
        code: None,
        who: Actor {
            person: name.to_owned(),
            ..ActorKind::Server.into()
        },
        note: command.note,
    };
    app.trades.request(&stored, request).await.map(TradeAnswer)
}
