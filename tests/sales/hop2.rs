//! Hop 2: requests to the gateway, and its answers.
//!
//! No request is repeated, so it arrives at most once. It may be lost or delayed.
//! Its answer may be lost, late, garbled, or about another amount.

use kaunter_core::money::Money;
use kaunter_core::policy::Ms;
use kaunter_core::trade::{
    Carried, CreateAnswer, Event, GatewayRequest, GatewayStatus, StatusAnswer,
};
use kaunter_core::wire::CodeMode;
use kaunter_model::gateway::{self, Response, silence, unsent};

use crate::tally::Fault;
use crate::world::{NEIGHBOUR, ScheduledEvent, World, say};

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) row: usize,
    pub(crate) send: GatewayRequest,
    process: usize,
    life: u32,
    /// The call whose reply waits for the answer.
    call: Option<usize>,
    /// Whether it may still arrive.
    pub(crate) flies: bool,
    answered: bool,
    /// The answer came in time, and is about to be stored.
    read: bool,
    times_out_ms: Ms,
}

impl World<'_> {
    pub(crate) fn send(
        &mut self,
        process: usize,
        row: usize,
        send: GatewayRequest,
        call: Option<usize>,
    ) {
        let at = self.requests.len();
        say!(self, "backend {process} sends {send:?} of trade {row}");
        let policy = &self.weather.policy;
        let patience_ms = match send {
            GatewayRequest::Pay | GatewayRequest::Void => policy.pay_timeout_ms,
            GatewayRequest::Create | GatewayRequest::Query { .. } | GatewayRequest::Cancel => {
                policy.read_timeout_ms
            }
        };
        let (connect_ms, grace_ms) = (policy.connect_timeout_ms, policy.clock_grace_ms);
        let times_out_ms = self.now + connect_ms + patience_ms;
        self.requests.push(Request {
            row,
            send,
            process,
            life: self.processes[process].life,
            call,
            flies: false,
            answered: false,
            read: false,
            times_out_ms,
        });
        if let Some(call) = call {
            self.calls[call].waits += 1;
        }
        let down = self.stormy() && self.weather.gateway_down.contains(&self.now);
        if down {
            self.note(Fault::GatewayDown);
        }
        if (down && self.dice.coin()) || self.fault(self.weather.rates.unsent, Fault::Unsent) {
            let due = self.now + self.dice.between(1, connect_ms);
            self.plan_answer(due, at, unsent(send));
            return;
        }
        self.queue.plan(times_out_ms, ScheduledEvent::GivesUp(at));
        if down || self.fault(self.weather.rates.lost, Fault::RequestLost) {
            return;
        }
        let mut due = self.now + self.dice.between(20, 400);
        if self.fault(self.weather.rates.delayed, Fault::RequestHeld) {
            // A payment or a void may wait in a queue for hours. A cancel is dropped once its caller has gone.
            let longest_ms = match send {
                GatewayRequest::Pay | GatewayRequest::Void | GatewayRequest::Create => {
                    2 * 3_600_000
                }
                GatewayRequest::Query { .. } | GatewayRequest::Cancel => {
                    connect_ms + patience_ms + grace_ms / 2
                }
            };
            let late = self.now + self.dice.spread(500, longest_ms);
            due = self.held_until(late);
        }
        self.requests[at].flies = true;
        self.queue.plan(due, ScheduledEvent::RequestArrives(at));
    }

    fn plan_answer(&mut self, due: Ms, at: usize, event: Event) {
        self.queue
            .plan(due, ScheduledEvent::Answer(at, Box::new(event)));
    }

    pub(crate) fn request_arrives(&mut self, at: usize) {
        let Request {
            row, send, flies, ..
        } = self.requests[at];
        if !flies {
            return;
        }
        self.requests[at].flies = false;
        if !matches!(send, GatewayRequest::Pay | GatewayRequest::Void)
            && self.fault(self.weather.rates.garbled, Fault::AnswerGarbled)
        {
            // The answer is a 429, a 401 or an error page: the request was not served.
            let due = self.now + self.dice.between(5, 200);
            self.plan_answer(due, at, silence(send));
            return;
        }
        let mut event = self.gateway_serves(row, send);
        say!(self, "gateway: {event:?} about trade {row}");
        if self.fault(self.weather.rates.lost, Fault::AnswerLost) {
            if self.dice.coin() {
                let due = self.now + self.dice.between(5, 200);
                self.plan_answer(due, at, silence(send));
            }
            return;
        }
        if self.fault(self.weather.rates.garbled, Fault::AnswerGarbled) {
            event = silence(send);
        } else if self.fault(self.weather.rates.wrong, Fault::AnswerWrong) {
            twist(&mut event);
        }
        let mut due = self.now + self.dice.between(20, 400);
        if self.fault(self.weather.rates.delayed, Fault::AnswerLate) {
            let late = self.now + self.dice.spread(500, 40_000);
            due = self.held_until(late);
        }
        // The driver no longer waits and has closed the connection, so the answer is lost.
        if due >= self.requests[at].times_out_ms {
            return;
        }
        if self.fault(self.weather.rates.delayed / 2, Fault::AnswerStuck) {
            self.requests[at].read = true;
            let late = due + self.dice.spread(1_000, 300_000);
            due = self.held_until(late);
        }
        self.plan_answer(due, at, event);
    }

    fn gateway_serves(&mut self, row: usize, send: GatewayRequest) -> Event {
        let now = self.now;
        let carried = self.carried(row);
        let refunds = self.weather.refunds;
        match send {
            GatewayRequest::Create => {
                let response = if self.dice.chance(20) {
                    Response::Refuse
                } else {
                    Response::Grant
                };
                let mut answer = self.contexts[row].account.create(response, row, now);
                if let CreateAnswer::Made { gateway_ref, .. } = &mut answer
                    && self.weather.repeats_ids
                    && self.fault(500, Fault::IdRepeated)
                {
                    NEIGHBOUR.clone_into(gateway_ref);
                }
                if let CreateAnswer::Made { payload, .. } = &mut answer
                    && self.store.trade(row).facts().mode == CodeMode::MerchantPresented
                    && self.fault(self.weather.rates.garbled / 4, Fault::NothingToShow)
                {
                    *payload = None;
                }
                Event::Created(answer)
            }
            GatewayRequest::Pay => {
                self.judge_code(row);
                let response = self.customer_takes(row);
                let answer = self.contexts[row]
                    .account
                    .at(now, |account| account.pay(response, carried));
                self.customer_follows(row);
                Event::PayAnswered(answer)
            }
            GatewayRequest::Query { version } => {
                let own = self.store.trade(row).gateway_ref() != Some(NEIGHBOUR);
                let (status, stale) = match own {
                    true => self.contexts[row].account.status(now, self.weather.lag_ms),
                    false => (GatewayStatus::Paid, false),
                };
                if stale {
                    self.note(Fault::StatusStale);
                }
                let carried = match status {
                    GatewayStatus::Unclear => Carried::default(),
                    GatewayStatus::Paid
                    | GatewayStatus::Pending
                    | GatewayStatus::Unpaid
                    | GatewayStatus::Failed(_)
                    | GatewayStatus::Closed
                    | GatewayStatus::Voided
                    | GatewayStatus::Unlisted => carried,
                };
                Event::Status(version, StatusAnswer { status, carried })
            }
            GatewayRequest::Cancel => {
                let answer = self.contexts[row]
                    .account
                    .at(now, |account| account.cancel(refunds));
                self.plan_late(row);
                Event::CancelAnswered(answer)
            }
            GatewayRequest::Void => {
                let response = if self.dice.chance(100) {
                    Response::Refuse
                } else {
                    Response::Grant
                };
                Event::VoidAnswered(
                    self.contexts[row]
                        .account
                        .at(now, |account| account.void(response)),
                )
            }
        }
    }

    fn carried(&self, row: usize) -> Carried {
        let facts = self.store.trade(row).facts();
        Carried {
            gateway_ref: self.store.trade(row).gateway_ref().map(str::to_owned),
            trade_id: None,
            amount: Some(facts.sale.amount.clone()),
            currency: None,
            wallet_id: None,
            incomplete: false,
        }
    }

    /// Ends the driver's wait, unless it has read an answer.
    pub(crate) fn gives_up(&mut self, at: usize) {
        let request = &self.requests[at];
        if request.answered || request.read {
            return;
        }
        match self.stalled(request.process) {
            Some(due) => self.queue.plan(due, ScheduledEvent::GivesUp(at)),
            None => {
                let silence = silence(request.send);
                self.answer_arrives(at, Box::new(silence));
            }
        }
    }

    pub(crate) fn answer_arrives(&mut self, at: usize, event: Box<Event>) {
        let Request {
            row,
            process,
            life,
            call,
            answered,
            ..
        } = self.requests[at];
        if answered || self.processes[process].life != life || !self.processes[process].up {
            return;
        }
        if let Some(due) = self.stalled(process) {
            self.queue.plan(due, ScheduledEvent::Answer(at, event));
            return;
        }
        self.requests[at].answered = true;
        say!(self, "backend {process} hears {event:?}");
        self.apply(process, row, *event, None, call);
    }

    /// Drops the requests of a process that died, if they had not left completely.
    pub(crate) fn drop_requests_of(&mut self, process: usize) {
        let life = self.processes[process].life;
        for at in 0..self.requests.len() {
            let request = &self.requests[at];
            if request.process == process && request.life == life && request.flies {
                self.requests[at].flies = self.dice.coin();
            }
        }
    }

    /// Whether a request of this trade may still reach the gateway.
    pub(crate) fn is_under_way(&self, row: usize) -> bool {
        let moves = |request: &Request| {
            request.row == row
                && request.flies
                && matches!(
                    request.send,
                    GatewayRequest::Pay | GatewayRequest::Cancel | GatewayRequest::Void
                )
        };
        self.contexts[row].changing > 0 || self.requests.iter().any(moves)
    }
}

/// The same answer about another amount.
fn twist(event: &mut Event) {
    if let Some(carried) = gateway::carried(event) {
        carried.amount = Some(Money {
            minor: 1,
            currency: "MYR".to_owned(),
        });
    }
}
