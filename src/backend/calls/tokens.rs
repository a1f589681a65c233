//! `POST /v1/terminal-tokens`: the shop's server mints a token for a cashier who has signed in there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use kaunter_core::desk::{self, NAME_MAX_CHARS};
use kaunter_core::wire::{MintToken, MintedToken, ProblemCode};

use super::{Body, Server};
use crate::app::App;
use crate::clock::wall_ms;
use crate::error::Problem;

pub(crate) async fn mint(
    State(app): State<Arc<App>>,
    _: Server,
    Body(request): Body<MintToken>,
) -> Result<Json<MintedToken>, Problem> {
    if request.shop != app.config.shop {
        return Err(Problem::new(ProblemCode::TokenForbidden));
    }
    for (what, name) in [
        ("terminal", &request.terminal),
        ("cashier", &request.cashier),
    ] {
        let chars = name.chars().count();
        if chars == 0 || chars > NAME_MAX_CHARS || name.chars().any(char::is_control) {
            let detail =
                format!("The {what} must be a name of 1 to {NAME_MAX_CHARS} printable characters.");
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail).at(what));
        }
    }
    if let Some(sale) = &request.sale {
        desk::check_sale(sale, app.trades.gateway().limits())?;
    }
    app.tokens.mint(request, wall_ms()).map(Json)
}
