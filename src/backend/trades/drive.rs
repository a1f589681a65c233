//! Carries out what the stored machine says: sends its requests to the gateway. `questions.rs` sets its
//! timers.

use std::sync::Arc;

use kaunter_core::trade::{GatewayRequest, Step, Trade};
use kaunter_core::wire::ProblemCode;
use tracing::Instrument;

use super::change::EventDetails;
use super::{Inner, SendTask};
use crate::gateway::Answered;
use crate::kill::{self, SendStage};
use crate::limits::{KEEP_PAUSE, KEEP_TRIES};
use crate::secret::Secret;
use crate::trace::carried;
use crate::trail::ActorKind;
use crate::unknown_words;

impl Inner {
    /// Carries out every step that the stored machine has now.
    pub(super) fn drain_steps(
        self: &Arc<Self>,
        trade: &mut Trade,
        mut code: Option<Secret>,
    ) -> Vec<SendTask> {
        let mut sent = Vec::new();
        loop {
            match trade.next(&self.policy) {
                // Another process makes the status check, or this one after its next start.
                Step::Send(GatewayRequest::Query { .. }) if self.is_closing() => {}
                Step::Send(send) => {
                    if let GatewayRequest::Query { .. } = send {
                        self.budget().asked();
                    }
                    sent.push(self.send(trade, send, code.take_if(|_| send == GatewayRequest::Pay)))
                }
                Step::Wait(wake) => {
                    self.schedule(trade, wake);
                    return sent;
                }
                Step::Done => {
                    self.clear_timer(&trade.facts().trade_id);
                    return sent;
                }
            }
        }
    }

    fn send(
        self: &Arc<Self>,
        trade: &Trade,
        send: GatewayRequest,
        code: Option<Secret>,
    ) -> SendTask {
        let inner = Arc::clone(self);
        let (facts, gateway_ref) = (
            trade.facts().clone(),
            trade.gateway_ref().map(str::to_owned),
        );
        let kept_back = self.kept_back(trade, send);
        let call = async move {
            kill::at(kill::of_send(send, SendStage::Sending));
            let sent = inner
                .gateway
                .send(&facts, gateway_ref.as_deref(), send, code);
            let answered = match kept_back {
                Some(answered) => answered,
                None => sent.await,
            };
            if inner.gateway.unknown().has_new() {
                unknown_words::keep(&inner.store, &inner.gateway, &inner.shop).await;
            }
            kill::at(kill::of_send(send, SendStage::Answered));
            let trade = inner.store_answer(&facts.trade_id, answered).await;
            kill::at(kill::of_send(send, SendStage::Kept));
            trade
        };
        self.tasks.spawn(carried(call.in_current_span()))
    }

    /// Stores an answer of the gateway. An overloaded store gets time, because this answer may be the only proof of
    /// what happened.
    async fn store_answer(
        self: &Arc<Self>,
        trade_id: &str,
        Answered {
            event,
            gateway_answer,
        }: Answered,
    ) -> Option<Trade> {
        let details = EventDetails {
            gateway_answer,
            ..EventDetails::default()
        };
        let mut pause = KEEP_PAUSE;
        for _ in 0..KEEP_TRIES {
            match self
                .apply(
                    trade_id,
                    event.clone(),
                    details.clone(),
                    &ActorKind::Gateway.into(),
                )
                .await
            {
                Ok(applied) => return Some(applied.trade),
                Err(problem) if problem.code == ProblemCode::StoreUnavailable => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(problem) => {
                    tracing::error!(%trade_id, code = problem.code.as_str(), "the gateway's answer was refused: the gateway will be asked again");
                    return None;
                }
            }
        }
        tracing::error!(%trade_id, "the gateway's answer could not be stored: the gateway will be asked again");
        None
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Sets the timer of a trade that this process has not seen before, or that another process has changed since: that one
    /// asks about it now. Somebody looks at it.
    pub(super) fn watch(self: &Arc<Self>, trade: &Trade) {
        let trade_id = &trade.facts().trade_id;
        let is_known = self.timers.contains(trade_id);
        if !self.is_closing() && (!is_known || self.timers.are_older(trade.into())) {
            match self.timers.needs_restart(trade_id) {
                true => self.resume(trade),
                false => drop(self.drain_steps(&mut trade.clone(), None)),
            }
        }
        self.looked(trade_id);
    }
}
