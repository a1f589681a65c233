//! Carries out what the stored machine says: sends its requests to the gateway, and sets its timers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{Event, GatewayRequest, State, Step, Trade};
use kaunter_core::wire::ProblemCode;
use tracing::Instrument;

use super::change::EventDetails;
use super::{Inner, SendTask, lock};
use crate::gateway::Answered;
use crate::kill::{self, SendStage};
use crate::limits::{CHECK_TIMER_MS, KEEP_PAUSE, KEEP_TRIES, TIME_PAUSE_MS};
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
                    sent.push(self.send(trade, send, code.take_if(|_| send == GatewayRequest::Pay)))
                }
                // The sweep reads the later checks of paid trades from the store, so that no process holds thousands of timers.
                Step::Wait(wake)
                    if trade.state() == State::Paid
                        && wake > self.clock.now_ms() + CHECK_TIMER_MS =>
                {
                    self.clear_timer(&trade.facts().trade_id);
                    return sent;
                }
                Step::Wait(wake) => {
                    self.set_timer(&trade.facts().trade_id, wake);
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
        self.closing.load(Ordering::SeqCst)
    }

    /// Sets the timer of a trade that this process has not seen before.
    pub(super) fn watch(self: &Arc<Self>, trade: &Trade) {
        let known = lock(&self.timers).contains_key(&trade.facts().trade_id);
        if !known {
            self.drain_steps(&mut trade.clone(), None);
        }
    }

    /// Sets a timer: the machine gets a tick at this time.
    fn set_timer(self: &Arc<Self>, trade_id: &str, wake: Ms) {
        if self.is_closing() {
            return;
        }
        let (inner, id) = (Arc::clone(self), trade_id.to_owned());
        let timer = tokio::spawn(async move {
            tokio::time::sleep(inner.clock.until(wake)).await;
            // Runs in a task of its own: the change sets the next timer, which aborts this one.
            tokio::spawn(async move {
                if let Err(problem) = inner
                    .apply(
                        &id,
                        Event::Tick,
                        EventDetails::default(),
                        &ActorKind::Time.into(),
                    )
                    .await
                {
                    tracing::error!(trade_id = %id, code = problem.code.as_str(), "a timed step could not be stored: it is tried again in a second");
                    let again = inner.clock.now_ms() + TIME_PAUSE_MS;
                    inner.set_timer(&id, again);
                }
            });
        });
        let old = lock(&self.timers).insert(trade_id.to_owned(), timer.abort_handle());
        if let Some(old) = old {
            old.abort();
        }
    }

    pub(super) fn clear_timer(&self, trade_id: &str) {
        if let Some(timer) = lock(&self.timers).remove(trade_id) {
            timer.abort();
        }
    }
}
