//! The effects of an action on a world.

use std::hash::{DefaultHasher, Hash, Hasher};

use kaunter_core::load::MAX_PACE_MS;
use kaunter_core::till::{self, Charge, Fault, Hint};
use kaunter_core::trade::{Carried, Event, GatewayRequest, State};
use kaunter_model::gateway::{self, Request, Response, Stage};
use kaunter_model::sample;

use super::{Action, Call, Message, World, twisted};

impl World {
    /// Takes one of its actions.
    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::Start => {}
            Action::Time => self.pass_time(),
            Action::Deliver(at, response) => {
                let message = self.messages.remove(at);
                self.deliver(message, response);
            }
            Action::Delay(at) => {
                self.faults -= 1;
                let message = self.messages.remove(at);
                self.late.push(message);
            }
            Action::DeliverLate(at, response) => {
                let message = self.late.remove(at);
                self.deliver(message, response);
            }
            Action::Twist(at) => {
                self.faults -= 1;
                if let Message::Answer(row, event) = self.messages.remove(at) {
                    let event = twisted(&event).unwrap();
                    self.messages.push(Message::Answer(row, event));
                }
            }
            Action::LoseRequest(at) => self.lose_request(at),
            Action::LoseAnswer(at, response) => self.lose_answer(at, response),
            Action::Unsent(at) => self.unsent(at),
            Action::LoseCall(at) => {
                self.faults -= 1;
                if let Message::Call(page, call) = self.messages.remove(at) {
                    self.tell(page, Self::reply(&call, Err(Fault::NoAnswer)));
                }
            }
            Action::LoseReply(at) => {
                self.faults -= 1;
                if let Message::Reply(page, event) = self.messages.remove(at) {
                    self.tell(page, Self::without_word(*event));
                }
            }
            Action::Durable(page) => {
                self.pages[page].journal = self.pages[page].writing.take();
                self.tell(page, till::ChargeEvent::Journalled);
            }
            Action::Scan(page) => {
                self.pages[page].scanning = false;
                self.tell(page, till::ChargeEvent::Scanned(Hint::default()));
            }
            Action::SecondTill => self.start_page(),
            Action::AmountChanges => {
                self.amount_changes -= 1;
                self.change_amount().unwrap();
            }
            Action::TakeOver(page) => {
                self.requests -= 1;
                self.takes_over(page);
            }
            Action::CashierCancels(page) => {
                self.requests -= 1;
                self.tell(page, till::ChargeEvent::Cancel);
            }
            Action::Void(row) => {
                self.requests -= 1;
                let _ = self.apply(row, Event::Void);
            }
            Action::Verdict(row, outcome) => {
                self.requests -= 1;
                let _ = self.apply(row, sample::verdict(outcome));
            }
            Action::Says(row, name, outcome) => {
                self.requests -= 1;
                let _ = self.apply(row, sample::verdict_by(name, outcome));
            }
            Action::GiveUp(row) => {
                self.give_ups -= 1;
                self.give_up(row);
            }
            Action::CustomerScans(row, response) => self.outside[row].account.scan(response),
            Action::CustomerConfirms(row) => self.outside[row].account.charge(),
            Action::CustomerRefuses(row) => self.outside[row].account.stage = Stage::Failed,
            Action::GivenBackElsewhere(row) => {
                self.outside[row].account.refund_at_desk();
            }
            Action::ReversalUndone(row) => self.outside[row].account.undo_refund(),
            Action::CustomerCloses(row) => self.outside[row].account.stage = Stage::Closed,
            Action::PaidAfterAll(row) => {
                self.lates -= 1;
                self.outside[row].account.charge_late();
            }
            Action::BackendDies { requests_lost } => self.backend_dies(requests_lost),
            Action::PageDies(page) => self.page_dies(page),
        }
        self.canonical();
    }

    pub(super) fn pass_time(&mut self) {
        self.now = self.next_wake().unwrap();
        for row in 0..self.outside.len() {
            let _ = self.apply(row, Event::Tick);
        }
        for page in 0..self.pages.len() {
            self.tell(page, till::ChargeEvent::Tick);
        }
    }

    pub(super) fn deliver(&mut self, message: Message, response: Response) {
        match message {
            Message::Call(page, call) => {
                let reply = self.backend(page, &call);
                // At every second version the backend is under load.
                let is_slow = reply.as_ref().is_ok_and(|trade| trade.version % 2 == 1);
                let event = Self::reply(&call, reply);
                // A query is answered at once. Only the version distinguishes an old answer from a new one.
                if matches!(call, Call::Ask(_)) {
                    let pace_ms = if is_slow { MAX_PACE_MS } else { 0 };
                    self.tell(page, till::ChargeEvent::Paced(pace_ms));
                    self.tell(page, event);
                } else {
                    self.messages.push(Message::Reply(page, Box::new(event)));
                }
            }
            Message::Reply(page, event) => self.tell(page, *event),
            Message::Request(row, send) => {
                let event = self.serve(row, send, response);
                self.messages.push(Message::Answer(row, event));
            }
            Message::Answer(row, event) => {
                let _ = self.apply(row, event);
            }
        }
    }

    /// The gateway serves a row's request, for that row's trade or for an older one with the same id.
    pub(super) fn serve(&mut self, row: usize, send: GatewayRequest, response: Response) -> Event {
        let oldest = self.store.trade(0).gateway_ref();
        let shared = row > 0 && oldest.is_some() && self.store.trade(row).gateway_ref() == oldest;
        let repeats = row > 0 && oldest.is_some() && self.kind.repeats_ids;
        let at = if shared { 0 } else { row };
        let request = Request {
            gateway_ref: &format!("G{}", if repeats { 0 } else { row }),
            cancel_refunds: self.kind.refunds,
            carried: Carried::default(),
        };
        self.outside[at].account.serve(send, response, request)
    }

    pub(super) fn lose_request(&mut self, at: usize) {
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            self.messages
                .push(Message::Answer(row, gateway::silence(send)));
        }
    }

    pub(super) fn lose_answer(&mut self, at: usize, response: Response) {
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            self.serve(row, send, response);
            self.messages
                .push(Message::Answer(row, gateway::silence(send)));
        }
    }

    pub(super) fn unsent(&mut self, at: usize) {
        self.faults -= 1;
        if let Message::Request(row, send) = self.messages.remove(at) {
            self.messages
                .push(Message::Answer(row, gateway::unsent(send)));
        }
    }

    pub(super) fn backend_dies(&mut self, requests_lost: bool) {
        self.faults -= 1;
        let messages = std::mem::take(&mut self.messages);
        for message in messages {
            match message {
                Message::Answer(..) => {}
                Message::Request(..) if requests_lost => {}
                Message::Request(row, send) => self.messages.push(Message::Request(row, send)),
                Message::Call(page, call) => self.messages.push(Message::Call(page, call)),
                Message::Reply(page, event) => {
                    self.messages
                        .push(Message::Reply(page, Box::new(Self::without_word(*event))));
                }
            }
        }
        self.late
            .retain(|message| !matches!(message, Message::Answer(..)));
        for row in 0..self.outside.len() {
            let _ = self.apply(row, Event::Restarted);
        }
    }

    pub(super) fn page_dies(&mut self, at: usize) {
        self.faults -= 1;
        for messages in [&mut self.messages, &mut self.late] {
            messages.retain(|message| !matches!(message, Message::Reply(page, _) if *page == at));
        }
        let page = &mut self.pages[at];
        page.writing = None;
        page.scanning = false;
        page.charge = page
            .journal
            .clone()
            .map(|record| Charge::resume(record, self.kind.policy().page(), self.now));
        self.drain_page(at);
    }

    /// The only assumption in the gateway's favour: a delayed cancel is dropped once its caller no longer waits.
    /// A cancel that refunds a trade after it was reported as paid would need a notice, and this gateway sends none.
    pub(super) fn drop_stale_cancels(&mut self) {
        let store = &self.store;
        self.late.retain(|message| match message {
            Message::Request(row, GatewayRequest::Cancel) => matches!(
                store.trade(*row).state(),
                State::Cancelling | State::CancelUnknown
            ),
            Message::Request(..) | Message::Answer(..) | Message::Call(..) | Message::Reply(..) => {
                true
            }
        });
    }

    pub(super) fn canonical(&mut self) {
        self.drop_stale_cancels();
        for messages in [&mut self.messages, &mut self.late] {
            messages.sort_by_cached_key(|message| {
                let mut hasher = DefaultHasher::new();
                message.hash(&mut hasher);
                hasher.finish()
            });
        }
    }
}
