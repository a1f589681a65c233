//! The terminals: each has a machine, a journal, and calls under way to the backend.

use kaunter_core::till::{self, Charge, End, Fault, Plan, Record, Reply};
use kaunter_core::wire::{self, CodeMode};
use kaunter_model::sample;

use super::{Message, World};

/// The name that two devices share.
pub(super) const NAME: &str = "till0";

/// The identity of a page's device.
pub(super) fn device(page: usize) -> String {
    format!("device{page}")
}

/// A call of a page to the backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Create(wire::NewTrade),
    HandOver(String),
    Ask(String),
    Cancel(String),
}

/// A terminal: its machine, its journal, and how its charge ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Page {
    pub(super) charge: Option<Charge>,
    pub(super) journal: Option<Record>,
    pub(super) writing: Option<Record>,
    pub(super) scanning: bool,
    pub(super) end: Option<End>,
    /// A person has let this device act for the name.
    pub(super) took_over: bool,
}

impl World {
    pub(super) fn start_page(&mut self) {
        let at = self.pages.len();
        let merchant = if at == 0 {
            self.kind.merchant
        } else {
            self.kind.second_merchant
        };
        let mut sale = sample::sale();
        if at > 0 && self.kind.second_amount {
            sale.amount.minor += 1;
        }
        let mut sale = wire::SaleInput::from(sale);
        sale.amount = sale.amount.filter(|_| !self.kind.registered);
        let plan = Plan {
            sale,
            mode: if merchant {
                CodeMode::MerchantPresented
            } else {
                CodeMode::ConsumerPresented
            },
            wallet: Some("W".to_owned()),
            code: None,
            keys: [format!("key{at}"), format!("spare{at}")],
        };
        let charge = Charge::new(plan, self.kind.policy().page());
        self.pages.push(Page {
            charge: Some(charge),
            journal: None,
            writing: None,
            scanning: false,
            end: None,
            took_over: false,
        });
        if at > 0 && self.kind.one_name {
            // A page of an earlier version cancels what awaits a code under its name.
            self.cancels_the_first(at);
        }
        self.drain_page(at);
    }

    /// A page asks to cancel the first page's trade.
    fn cancels_the_first(&mut self, at: usize) {
        if let Some(row) = self.store.rows().first() {
            let call = Call::Cancel(row.trade.facts().trade_id.clone());
            self.messages.push(Message::Call(at, call));
        }
    }

    /// A person lets a device act for the name, and cancels what the other one has begun.
    pub(super) fn takes_over(&mut self, at: usize) {
        let now = self.now;
        if let Some(devices) = &mut self.devices {
            devices.take_over(NAME, &device(at), now);
        }
        for page in 0..self.pages.len() {
            self.pages[page].took_over = page == at;
        }
        self.cancels_the_first(at);
    }

    pub(super) fn tell(&mut self, at: usize, event: till::ChargeEvent) {
        let now = self.now;
        if let Some(charge) = &mut self.pages[at].charge {
            charge.handle(event, now);
            self.drain_page(at);
        }
    }

    pub(super) fn drain_page(&mut self, at: usize) {
        let page = &mut self.pages[at];
        let Some(charge) = &mut page.charge else {
            return;
        };
        loop {
            let call = match charge.next() {
                till::ChargeStep::Wait(_) => return,
                till::ChargeStep::Scan => {
                    page.scanning = true;
                    continue;
                }
                till::ChargeStep::StopScan => {
                    page.scanning = false;
                    continue;
                }
                till::ChargeStep::Journal(record) => {
                    page.writing = Some(record);
                    continue;
                }
                till::ChargeStep::Forget(_) => {
                    page.journal = None;
                    page.writing = None;
                    continue;
                }
                till::ChargeStep::Yield(_, other) => {
                    page.journal = Some(other);
                    page.writing = None;
                    continue;
                }
                till::ChargeStep::Done(end) => {
                    page.end = Some(end);
                    continue;
                }
                till::ChargeStep::Show(_) => {
                    let shown = charge.record().trade_id.clone();
                    let row = shown.and_then(|trade_id| self.store.find(&trade_id));
                    if let Some(row) = row {
                        self.outside[row].shown = true;
                    }
                    continue;
                }
                till::ChargeStep::Pick | till::ChargeStep::Notice(_) => continue,
                till::ChargeStep::Create(new) => Call::Create(new),
                till::ChargeStep::HandOver(trade_id) => Call::HandOver(trade_id),
                till::ChargeStep::Ask(trade_id) => Call::Ask(trade_id),
                till::ChargeStep::Cancel(trade_id) => Call::Cancel(trade_id),
            };
            self.messages.push(Message::Call(at, call));
        }
    }

    pub(super) fn reply(call: &Call, reply: Reply) -> till::ChargeEvent {
        match call {
            Call::Create(_) => till::ChargeEvent::Created(reply),
            Call::HandOver(_) => till::ChargeEvent::HandedOver(reply),
            Call::Ask(_) => till::ChargeEvent::StatusReplied(reply),
            Call::Cancel(_) => till::ChargeEvent::CancelReplied(reply),
        }
    }

    pub(super) fn without_word(event: till::ChargeEvent) -> till::ChargeEvent {
        match event {
            till::ChargeEvent::Created(_) => till::ChargeEvent::Created(Err(Fault::NoAnswer)),
            till::ChargeEvent::HandedOver(_) => till::ChargeEvent::HandedOver(Err(Fault::NoAnswer)),
            till::ChargeEvent::StatusReplied(_) => {
                till::ChargeEvent::StatusReplied(Err(Fault::NoAnswer))
            }
            till::ChargeEvent::CancelReplied(_) => {
                till::ChargeEvent::CancelReplied(Err(Fault::NoAnswer))
            }
            other => other,
        }
    }
}
