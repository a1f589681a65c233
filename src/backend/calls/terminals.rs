//! `POST /v1/terminals/revoke`, `POST /v1/sign-out`, `POST /v1/terminals/take-over`: who may work under a terminal's
//! name.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use kaunter_core::desk;
use kaunter_core::wire::{
    ProblemCode, RevokeTerminal, RevokedTerminal, Right, TakeOver, TakenOver,
};

use super::audit::RecordedInChange;
use super::device::Device;
use super::{Body, Server, Terminal};
use crate::app::App;
use crate::error::Problem;
use crate::trail::{self, ActorKind};

pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    _: Server,
    Body(RevokeTerminal { terminal }): Body<RevokeTerminal>,
) -> Result<(Extension<RecordedInChange>, Json<RevokedTerminal>), Problem> {
    desk::check_name(&terminal, "terminal")?;
    let generation = app
        .terminals
        .revoke(&terminal, ActorKind::Server.into(), trail::REVOKED)
        .await?;
    let revoked = RevokedTerminal {
        terminal,
        generation,
    };
    Ok((Extension(RecordedInChange), Json(revoked)))
}

pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
) -> Result<Json<RevokedTerminal>, Problem> {
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let generation = app
        .terminals
        .revoke(&claims.terminal, claims.who(), trail::SIGNED_OUT)
        .await?;
    Ok(Json(RevokedTerminal {
        terminal: claims.terminal,
        generation,
    }))
}

pub(crate) async fn take_over(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    device: Device,
    Body(TakeOver { reason }): Body<TakeOver>,
) -> Result<Json<TakenOver>, Problem> {
    claims.authority().require(Right::Charge)?;
    let reason = desk::check_take_over(&reason)?;
    let Some(device) = device.as_deref() else {
        let detail = "Only a device with an identity can take over: send it in Kaunter-Device.";
        return Err(Problem::with_detail(
            ProblemCode::BadRequest,
            detail.to_owned(),
        ));
    };
    app.limits.admit(&claims.shop, &claims.terminal)?;
    app.terminals.take_over(&claims, device, reason).await?;
    Ok(Json(TakenOver {
        terminal: claims.terminal,
    }))
}
