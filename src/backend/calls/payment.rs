//! What belongs to a payment in progress. Such a call is answered although its address makes too many calls, and its
//! connection is the last one to be closed for another caller.

use axum::Json;
use axum::response::{IntoResponse, Response};
use kaunter_core::wire::{ProblemCode, TradeView};

use super::caller::Caller;
use crate::app::App;
use crate::error::Problem;

/// A trade as the answer of a call.
pub(crate) struct TradeAnswer(pub(crate) TradeView);

/// As an extension of an answer: it is about a trade that is not at its end.
#[derive(Clone, Copy)]
pub(crate) struct OpenPayment;

impl IntoResponse for TradeAnswer {
    fn into_response(self) -> Response {
        let is_open = !self.0.status.ends_promise();
        let mut response = Json(self.0).into_response();
        if is_open {
            response.extensions_mut().insert(OpenPayment);
        }
        response
    }
}

/// True if the caller is a terminal, and the call is about a trade of its own or the terminal has an open one. A till
/// whose payment has just ended must learn how, and one that starts again must find its payment.
///
/// It reads the store, so a terminal may cause it as often as its own limit of status checks says.
pub(crate) async fn is_part_of_one(app: &App, caller: &Caller, trade_id: Option<&str>) -> bool {
    let Caller::Terminal(claims) = caller else {
        return false;
    };
    let (shop, terminal) = (&claims.shop, &claims.terminal);
    if !app.limits.has_reserve(shop, terminal) {
        return false;
    }
    let own = match trade_id {
        Some(trade_id) => {
            let found = app.trades.find(Some(shop), trade_id).await;
            found.map(|trade| trade.facts().terminal == *terminal)
        }
        None => {
            let open = app
                .trades
                .store()
                .open_trades(Some(shop), Some(terminal))
                .await;
            open.map(|open| !open.is_empty()).map_err(Problem::from)
        }
    };
    match own {
        Ok(own) => own,
        // Nobody knows: the call finds out why.
        Err(problem) => problem.code == ProblemCode::StoreUnavailable,
    }
}
