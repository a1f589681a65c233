//! `POST /v1/terminal-tokens`: the shop's server mints a token for a cashier who has signed in there.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode, Right};
use kaunter_core::{desk, practice};

use super::audit::ServerAction;
use super::{Body, Minter};
use crate::app::App;
use crate::clock::wall_ms;
use crate::error::Problem;
use crate::store::word;
use crate::trail::TOKEN_MINTED;

pub(crate) async fn mint(
    State(app): State<Arc<App>>,
    Minter(key): Minter,
    Body(mut request): Body<MintToken>,
) -> Result<(Extension<ServerAction>, Json<MintedToken>), Problem> {
    if request.shop != app.config.shop {
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    desk::check_name(&request.terminal, "terminal")?;
    desk::check_name(&request.cashier, "cashier")?;
    if let Some(sale) = &request.sale {
        desk::check_sale(sale, app.trades.gateway().limits())?;
        practice::check(&sale.reference, "sale.ref")?;
    }
    if let Some(amount) = &request.max_amount {
        desk::check_max_amount(amount, app.trades.gateway().limits())?;
    }
    request.rights = distinct(&request.rights);
    let action = ServerAction {
        event: TOKEN_MINTED,
        person: request.cashier.clone(),
        terminal: request.terminal.clone(),
        note: request
            .rights
            .iter()
            .map(word)
            .collect::<Vec<_>>()
            .join(" "),
    };
    let generation = app.terminals.fresh_generation(&request.terminal).await?;
    let minted = app.tokens.mint(request, generation, wall_ms())?;
    tracing::info!(key, "minted a token");
    Ok((Extension(action), Json(minted)))
}

/// Each right once.
fn distinct(rights: &[Right]) -> Vec<Right> {
    let mut distinct = Vec::new();
    for right in rights {
        if !distinct.contains(right) {
            distinct.push(*right);
        }
    }
    distinct
}
