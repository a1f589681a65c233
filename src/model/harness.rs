//! A harness for each machine: the machine, its clock, and a record of its steps.
//!
//! A test feeds it events and reads the record. The harnesses use the values of [`crate::sample`].

use kaunter_core::policy::{Ms, Policy};
use kaunter_core::till::{Charge, ChargeEvent, ChargeStep, End, Hint, Plan, Record};
use kaunter_core::trade::{
    Carried, CodeMark, Context, CreateAnswer, Event, Facts, GatewayRequest, GatewayStatus,
    PayAnswer, Refusal, SaleHold, State, StatusAnswer, Step, Trade,
};
use kaunter_core::wire::{CodeMode, GatewayAnswer, Payload, Reason, Status};

use crate::sample;

/// A trade, its clock, and the requests that it has sent.
#[derive(Clone, Debug)]
pub struct TradeHarness {
    /// The machine.
    pub trade: Trade,
    /// Its policy.
    pub policy: Policy,
    /// The time of the next event.
    pub now: Ms,
    /// How the other trades of the sale limit it.
    pub held_by_others: SaleHold,
    /// The gateway's words in its next answers.
    pub gateway_answer: Option<GatewayAnswer>,
    /// Whether the code was handed over for another sale.
    pub code_reused: bool,
    /// Whether its driver has a budget of queries, so that a due one waits for a tick.
    pub in_turn: bool,
    /// Its requests, each with its time.
    pub sent: Vec<(Ms, GatewayRequest)>,
}

impl TradeHarness {
    /// A new trade. Its creation has been sent.
    #[must_use]
    pub fn of(facts: Facts, policy: Policy, now: Ms) -> Self {
        let mut harness = Self {
            trade: Trade::new(facts, now),
            policy,
            now,
            held_by_others: SaleHold::None,
            gateway_answer: None,
            code_reused: false,
            in_turn: false,
            sent: Vec::new(),
        };
        harness.drain();
        harness
    }

    /// A new trade of this mode at a gateway that can cancel.
    #[must_use]
    pub fn new(mode: CodeMode) -> Self {
        let policy = Policy {
            can_cancel: true,
            ..Policy::default()
        };
        Self::of(sample::facts("T", mode), policy, 0)
    }

    /// A trade that was created and awaits the customer's code.
    #[must_use]
    pub fn open() -> Self {
        Self::new(CodeMode::ConsumerPresented).after([created()])
    }

    /// A trade whose code we show.
    #[must_use]
    pub fn shown() -> Self {
        Self::new(CodeMode::MerchantPresented).after([created()])
    }

    /// A trade whose code was handed over.
    #[must_use]
    pub fn paying() -> Self {
        Self::open().after([Event::Code(mark("one"))])
    }

    /// A trade for which the gateway took the money.
    #[must_use]
    pub fn paid() -> Self {
        let paid = PayAnswer::Paid(Carried::default());
        Self::paying().after([Event::PayAnswered(paid)])
    }

    /// A trade whose payment the gateway refused.
    #[must_use]
    pub fn declined() -> Self {
        let refused = PayAnswer::Refused(Reason::InsufficientFunds);
        Self::paying().after([Event::PayAnswered(refused)])
    }

    /// The same trade after these events.
    #[must_use]
    pub fn after(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        for event in events {
            self.tell(event);
        }
        self
    }

    /// Handles an event and drains the machine.
    ///
    /// # Errors
    /// The machine refuses it.
    pub fn handle(&mut self, event: Event) -> Result<(), Refusal> {
        let granted = self.decide(event);
        self.drain();
        granted
    }

    /// Handles an event. The machine keeps its requests until [`Self::drain`].
    ///
    /// # Errors
    /// The machine refuses it.
    pub fn decide(&mut self, event: Event) -> Result<(), Refusal> {
        let context = Context {
            now: self.now,
            policy: &self.policy,
            held_by_others: self.held_by_others,
            gateway_answer: self.gateway_answer.as_ref(),
            code_reused: self.code_reused,
        };
        if self.in_turn {
            return self.trade.handle_in_turn(event, &context);
        }
        self.trade.handle(event, &context)
    }

    /// Handles an event that must not be refused, and returns the state after it.
    ///
    /// # Panics
    /// The machine refuses it, so the test is wrong.
    pub fn tell(&mut self, event: Event) -> State {
        if let Err(refusal) = self.handle(event.clone()) {
            panic!("{refusal:?} on {event:?}");
        }
        self.state()
    }

    /// Lets time pass.
    pub fn at(&mut self, now: Ms) -> State {
        self.now = now;
        self.tell(Event::Tick)
    }

    /// The gateway's answer to the newest query.
    #[must_use]
    pub fn status_answer(&self, status: GatewayStatus, carried: Carried) -> Event {
        Event::Status(self.trade.version(), StatusAnswer { status, carried })
    }

    /// Answers the newest query.
    pub fn status(&mut self, status: GatewayStatus) -> State {
        self.tell(self.status_answer(status, Carried::default()))
    }

    /// Drains the machine.
    pub fn drain(&mut self) {
        while let Step::Send(send) = self.trade.next(&self.policy) {
            self.sent.push((self.now, send));
        }
    }

    /// When the machine needs the next [`Event::Tick`]; `None` if it needs none.
    #[must_use]
    pub fn wakes(&self) -> Option<Ms> {
        match self.trade.clone().next(&self.policy) {
            Step::Wait(at) => Some(at),
            // It was drained, so nothing is left to send.
            Step::Done | Step::Send(_) => None,
        }
    }

    /// The state of the trade.
    #[must_use]
    pub fn state(&self) -> State {
        self.trade.state()
    }

    /// How many of its requests satisfy `which`.
    #[must_use]
    pub fn count(&self, which: fn(&GatewayRequest) -> bool) -> usize {
        self.sent.iter().filter(|(_, send)| which(send)).count()
    }

    /// How many payments it has sent.
    #[must_use]
    pub fn payments(&self) -> usize {
        self.count(|send| *send == GatewayRequest::Pay)
    }

    /// How many voids it has sent.
    #[must_use]
    pub fn voids(&self) -> usize {
        self.count(|send| *send == GatewayRequest::Void)
    }

    /// How many queries it has sent.
    #[must_use]
    pub fn queries(&self) -> usize {
        self.asked_at().len()
    }

    /// When it has sent its queries.
    #[must_use]
    pub fn asked_at(&self) -> Vec<Ms> {
        let asked = self.sent.iter();
        asked
            .filter(|(_, send)| matches!(send, GatewayRequest::Query { .. }))
            .map(|(at, _)| *at)
            .collect()
    }
}

/// The event that the gateway has created the trade.
#[must_use]
pub fn created() -> Event {
    Event::Created(CreateAnswer::Made {
        gateway_ref: "G".to_owned(),
        payload: Some(Payload("scan me".to_owned())),
    })
}

/// The mark of a customer's code.
#[must_use]
pub fn mark(code: &str) -> CodeMark {
    CodeMark(code.to_owned())
}

/// A charge, its clock, and its steps.
#[derive(Clone, Debug)]
pub struct ChargeHarness {
    /// The machine.
    pub charge: Charge,
    /// The time of the next event.
    pub now: Ms,
    /// Its steps, without the waits.
    pub steps: Vec<ChargeStep>,
}

impl ChargeHarness {
    /// This charge, drained.
    #[must_use]
    pub fn of(charge: Charge) -> Self {
        let mut harness = Self {
            charge,
            now: 0,
            steps: Vec::new(),
        };
        harness.drain();
        harness
    }

    /// A new charge of the sample sale.
    #[must_use]
    pub fn new(mode: CodeMode, wallet: Option<&str>, code: Option<Hint>) -> Self {
        let plan = Plan {
            sale: sample::sale().into(),
            mode,
            wallet: wallet.map(str::to_owned),
            code,
            keys: ["key".to_owned(), "spare".to_owned()],
        };
        Self::of(Charge::new(plan, Policy::default().page()))
    }

    /// A charge that a reload interrupted.
    #[must_use]
    pub fn resume(record: Record) -> Self {
        Self::of(Charge::resume(record, Policy::default().page(), 0))
    }

    /// A charge whose wallet was given. Its trade exists and awaits a code.
    #[must_use]
    pub fn ready() -> Self {
        let mode = CodeMode::ConsumerPresented;
        let trade = sample::view("T", mode, Status::AwaitingCode, 1);
        let mut harness = Self::new(mode, Some("21"), None);
        harness
            .tell(ChargeEvent::Journalled)
            .tell(ChargeEvent::Created(Ok(trade)));
        harness
    }

    /// A charge that is handing its code over.
    #[must_use]
    pub fn handing() -> Self {
        let mut harness = Self::ready();
        harness
            .tell(ChargeEvent::Scanned(Hint::default()))
            .tell(ChargeEvent::Journalled);
        harness
    }

    /// A charge that has asked for a trade whose code we present.
    #[must_use]
    pub fn presenting() -> Self {
        let mut harness = Self::new(CodeMode::MerchantPresented, Some("21"), None);
        harness.tell(ChargeEvent::Journalled);
        harness
    }

    /// A charge that shows our code.
    #[must_use]
    pub fn shown() -> Self {
        let trade = sample::view("T", CodeMode::MerchantPresented, Status::AwaitingPayer, 2);
        let mut harness = Self::presenting();
        harness
            .tell(ChargeEvent::Created(Ok(trade)))
            .tell(ChargeEvent::Journalled);
        harness
    }

    /// Handles an event and drains the machine.
    pub fn tell(&mut self, event: ChargeEvent) -> &mut Self {
        self.charge.handle(event, self.now);
        self.drain();
        self
    }

    fn drain(&mut self) {
        loop {
            let step = self.charge.next();
            if let ChargeStep::Wait(_) = step {
                return;
            }
            self.steps.push(step);
        }
    }

    /// When the machine needs the next [`ChargeEvent::Tick`]; `None` if it waits only for other events.
    #[must_use]
    pub fn wakes(&self) -> Option<Ms> {
        let ChargeStep::Wait(at) = self.charge.clone().next() else {
            return None;
        };
        (at < Ms::MAX).then_some(at)
    }

    /// How many of its steps satisfy `which`.
    #[must_use]
    pub fn count(&self, which: impl Fn(&ChargeStep) -> bool) -> usize {
        self.steps.iter().filter(|step| which(step)).count()
    }

    /// How often it has handed over a code.
    #[must_use]
    pub fn hand_overs(&self) -> usize {
        self.count(|step| matches!(step, ChargeStep::HandOver(_)))
    }

    /// How often it has shown our sample code.
    #[must_use]
    pub fn shows(&self) -> usize {
        self.count(|step| *step == ChargeStep::Show(sample::show()))
    }

    /// How it ended.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.steps.iter().find_map(|step| {
            let ChargeStep::Done(end) = step else {
                return None;
            };
            Some(end)
        })
    }
}
