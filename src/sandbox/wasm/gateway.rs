//! The play gateway: an account for each trade, the customer, and the faults.
//!
//! The accounts are the model's, and so is the script of the amounts. Each request is answered at once; what comes later
//! is planned in the account.

mod trade;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{
    CancelAnswer, Carried, CreateAnswer, Event, GatewayRequest, GatewayStatus, PayAnswer, Trade,
    VoidAnswer,
};
use kaunter_core::wire::{CodeMode, GatewayAnswer, Payload, Sale};
use kaunter_model::gateway::{Request, Response, Stage, silence};
use kaunter_model::merchant_code;
use kaunter_model::script::{Customer, Decision, ScriptedEffects, decide};
pub use trade::EntryKind;
pub(crate) use trade::GatewayTrade;

use crate::ending::Ending;
use crate::faults::{Fault, Faults};
use crate::settings::Approval;

/// The gateway. Its trades have the indices of the store's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gateway {
    pub(crate) trades: Vec<GatewayTrade>,
    pub(crate) down_until_ms: Ms,
    pub(crate) faults: Faults,
    pub(crate) approval: Approval,
    /// How payments of a sale end, by its reference.
    pub(crate) planned: Vec<(String, Ending)>,
}

/// An answer to a request, with the gateway's own words if it came.
pub(crate) type Answered = (Event, Option<GatewayAnswer>);

impl Gateway {
    /// A new trade of the store.
    pub(crate) fn begin(&mut self) {
        self.trades.push(GatewayTrade::new());
    }

    pub(crate) fn wakes_at(&self) -> Option<Ms> {
        self.trades.iter().filter_map(GatewayTrade::wakes_at).min()
    }

    pub(crate) fn settle(&mut self, now: Ms) {
        self.trades.iter_mut().for_each(|trade| trade.settle(now));
    }

    /// The host's clock was set: what is planned keeps its distance.
    pub(crate) fn clock_set(&mut self, by: i64) {
        let shift = |at: &mut Ms| *at = at.saturating_add_signed(by);
        shift(&mut self.down_until_ms);
        for trade in &mut self.trades {
            trade.plan.times().for_each(shift);
        }
    }

    /// Answers a request about the trade of this row. `gateway_ref` is the id of a trade that it creates.
    pub(crate) fn serve(
        &mut self,
        row: usize,
        send: GatewayRequest,
        trade: &Trade,
        gateway_ref: &str,
        now: Ms,
    ) -> Answered {
        self.settle(now);
        let is_silent = self.trades[row].plan.is_silent;
        if is_silent || now < self.down_until_ms || self.faults.is_on(Fault::GatewayDown) {
            return (silence(send), None);
        }
        let ok = || Some(words("200", "OK"));
        match send {
            GatewayRequest::Create => (self.create(row, trade, gateway_ref), ok()),
            GatewayRequest::Pay => self.pay(row, trade, now),
            GatewayRequest::Query { .. } => {
                let own = &mut self.trades[row];
                if own.plan.lost_answers > 0 {
                    own.plan.lost_answers -= 1;
                    return (silence(send), None);
                }
                let request = Request {
                    gateway_ref: "",
                    cancel_refunds: false,
                    carried: carried(trade),
                };
                let mut event = own.account.serve(send, Response::Grant, request);
                if let Event::Status(_, answer) = &mut event
                    && let GatewayStatus::Failed(why) = &mut answer.status
                {
                    *why = own.plan.refused.unwrap_or(*why);
                }
                (event, ok())
            }
            GatewayRequest::Cancel => {
                let own = &mut self.trades[row];
                let answer = own.at(now, |account| account.cancel(false));
                if answer == CancelAnswer::Closed {
                    own.ended_unpaid(now);
                }
                (Event::CancelAnswered(answer), ok())
            }
            GatewayRequest::Void => self.void(row, now),
        }
    }

    fn create(&mut self, row: usize, trade: &Trade, gateway_ref: &str) -> Event {
        let facts = trade.facts();
        let own = &mut self.trades[row];
        let mut answer = own.account.create(Response::Grant, gateway_ref);
        if let CreateAnswer::Made { payload, .. } = &mut answer {
            let text = merchant_code::payload(gateway_ref, facts.sale.amount.minor);
            own.payload = (facts.mode == CodeMode::MerchantPresented).then_some(text);
            *payload = own.payload.clone().map(Payload);
        }
        Event::Created(answer)
    }

    fn pay(&mut self, row: usize, trade: &Trade, now: Ms) -> Answered {
        let (decision, effects) = self.decide(row, &trade.facts().sale, now);
        let own = &mut self.trades[row];
        let response = own.plan_payment(decision, effects);
        let mut answer = own.at(now, |account| account.pay(response, carried(trade)));
        let mut said = words("200", "OK");
        if let (
            PayAnswer::Refused(why),
            Decision::Refuse {
                code,
                message,
                reason,
            },
        ) = (&mut answer, decision)
        {
            *why = reason;
            said = words(&code.to_string(), message);
            own.ended_unpaid(now);
        }
        self.down_until_ms = self.down_until_ms.max(now + effects.down_ms);
        if effects.answer_lost || own.plan.is_silent {
            return (silence(GatewayRequest::Pay), None);
        }
        (Event::PayAnswered(answer), Some(said))
    }

    fn void(&mut self, row: usize, now: Ms) -> Answered {
        let own = &mut self.trades[row];
        let fails = own.plan.void_fails > 0;
        own.plan.void_fails = own.plan.void_fails.saturating_sub(1);
        let response = if fails {
            Response::Refuse
        } else {
            Response::Grant
        };
        let answer = own.at(now, |account| account.void(response));
        let said = match answer {
            VoidAnswer::Failed => words("7", "the void failed"),
            VoidAnswer::Done(_) | VoidAnswer::Unsent | VoidAnswer::Unclear => words("200", "OK"),
        };
        (Event::VoidAnswered(answer), Some(said))
    }

    /// What the customer and the script do with a payment of this amount.
    fn decide(&mut self, row: usize, sale: &Sale, now: Ms) -> (Decision, ScriptedEffects) {
        let planned = self.planned.iter();
        let mut planned = planned.filter(|(reference, _)| *reference == sale.reference);
        if let Some((_, ending)) = planned.next() {
            self.trades[row].plan.is_silent = *ending == Ending::Unconfirmed;
            return (ending.decision(), ScriptedEffects::default());
        }
        let customer = match self.approval {
            Approval::Auto => Customer::ByAmount,
            Approval::Manual => Customer::Asks,
        };
        // A fault plays the amount that has it in the script.
        let (customer, minor) = match self.faults.scripted_minor() {
            Some(minor) => (Customer::ByAmount, minor),
            None => (customer, sale.amount.minor),
        };
        let (decision, effects) = decide(customer, minor, now, false, |ms| ms);
        let answer_lost = effects.answer_lost || self.faults.is_on(Fault::AnswerLost);
        (
            decision,
            ScriptedEffects {
                answer_lost,
                ..effects
            },
        )
    }

    /// A customer has scanned a code that a till shows. False if no till shows it, or if it was used.
    pub(crate) fn scan(&mut self, payload: &str, sale: impl Fn(usize) -> Sale, now: Ms) -> bool {
        self.settle(now);
        let shows = |trade: &GatewayTrade| {
            trade.account.stage == Stage::Created && trade.payload.as_deref() == Some(payload)
        };
        let Some(row) = self.trades.iter().position(shows) else {
            return false;
        };
        let (decision, effects) = self.decide(row, &sale(row), now);
        let own = &mut self.trades[row];
        let response = own.plan_payment(decision, effects);
        own.at(now, |account| account.scan(response));
        if response == Response::Refuse {
            own.ended_unpaid(now);
        }
        if effects.answer_lost {
            // No call of the till is answered here: the next answer about it is lost.
            own.plan.lost_answers += 1;
        }
        self.down_until_ms = self.down_until_ms.max(now + effects.down_ms);
        true
    }

    /// The customer answers the oldest payment that the phone asks about. False if there is none.
    pub(crate) fn answer(&mut self, yes: bool, now: Ms) -> bool {
        self.settle(now);
        let Some(trade) = self.trades.iter_mut().find(|trade| trade.asks()) else {
            return false;
        };
        trade.answer(yes, now);
        true
    }
}

fn words(code: &str, message: &str) -> GatewayAnswer {
    GatewayAnswer {
        code: Some(code.to_owned()),
        message: message.to_owned(),
    }
}

/// The fields by which an answer says which trade it is about.
fn carried(trade: &Trade) -> Carried {
    Carried {
        gateway_ref: trade.gateway_ref().map(str::to_owned),
        amount: Some(trade.facts().sale.amount.clone()),
        ..Carried::default()
    }
}
