//! One question to the gateway about a trade, outside the machine's own schedule.

use std::sync::Arc;

use kaunter_core::trade::{Event, GatewayRequest, StatusAnswer, Trade};

use super::Trades;
use super::change::EventDetails;
use crate::error::Problem;
use crate::trail::ActorKind;

impl Trades {
    /// Asks for the status of a trade once, and gives the answer to the machine, like every answer.
    ///
    /// Returns the trade after that, and the answer; `None` if the gateway sent none.
    pub(crate) async fn ask_once(
        &self,
        trade_id: &str,
    ) -> Result<(Trade, Option<StatusAnswer>), Problem> {
        let stored = self.find(Some(&self.inner.shop), trade_id).await?;
        let version = stored.version();
        let query = GatewayRequest::Query { version };
        let gateway = &self.inner.gateway;
        let answered = gateway
            .send(stored.facts(), stored.gateway_ref(), query, None)
            .await;
        let answer = match (&answered.event, &answered.gateway_answer) {
            (Event::Status(_, answer), Some(_)) => Some(answer.clone()),
            (_, _) => None,
        };
        let details = EventDetails {
            gateway_answer: answered.gateway_answer,
            ..EventDetails::default()
        };
        let inner = Arc::clone(&self.inner);
        let applied = inner
            .apply(
                trade_id,
                answered.event,
                details,
                &ActorKind::Gateway.into(),
            )
            .await?;
        Ok((applied.trade, answer))
    }
}
