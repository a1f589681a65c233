//! `POST /v1/sessions`: a terminal starts, and receives its wallets, its durations and its open trades.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use kaunter_core::authority::Reach;
use kaunter_core::money::Money;
use kaunter_core::terminal::DeviceRole;
use kaunter_core::wire::{FullSession, ProblemCode, Session};

use super::Terminal;
use super::device::Device;
use crate::app::App;
use crate::clock::rfc3339;
use crate::error::Problem;

pub(crate) async fn open(
    State(app): State<Arc<App>>,
    Terminal(claims): Terminal,
    device: Device,
) -> Result<Json<FullSession>, Problem> {
    app.limits.admit(&claims.shop, &claims.terminal)?;
    let role = app
        .terminals
        .role(&claims.terminal, device.as_deref())
        .await?;
    let trades = &app.trades;
    let gateway = trades.gateway();
    let wallets = gateway
        .offered_wallets(app.config.test_wallets)
        .await
        .map_err(|_| Problem::new(ProblemCode::GatewayUnavailable))?;
    let store = trades.store();
    let mut open_trades = store
        .open_trades(Some(&claims.shop), Some(&claims.terminal))
        .await?;
    // A person has to look at these as well, although they have ended.
    let contradicted = store.contradicted_trades(&claims.shop, &claims.terminal);
    open_trades.extend(contradicted.await?);
    let authority = claims.authority();
    let open_trades = open_trades
        .iter()
        .filter(|stored| authority.reach(stored.facts()) == Reach::Whole)
        .map(|stored| trades.wire(stored))
        .collect();
    let currency = gateway.config().currency.clone();
    let limit = Money {
        minor: gateway.config().max_amount_minor,
        currency: currency.clone(),
    };
    let session = Session {
        shop: claims.shop,
        terminal: claims.terminal,
        cashier: claims.cashier,
        rights: claims.rights,
        expires_at: rfc3339(claims.exp * 1000),
        wallets,
        currency,
        max_amount: claims.max_amount.unwrap_or(limit),
        policy: trades.policy().page(),
        open_trades,
        terminal_taken: role == DeviceRole::Watches,
        sandbox: app
            .config
            .terminal
            .as_ref()
            .is_some_and(|page| page.sandbox),
    };
    Ok(Json(FullSession {
        session,
        sales: app.config.sales,
    }))
}
