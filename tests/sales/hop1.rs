//! Hop 1: calls of the pages, and the backend's replies.
//!
//! A call may be lost, delayed or overtaken, or arrive twice. The page waits for one reply, for a limited time.

use kaunter_core::policy::Ms;
use kaunter_core::till::{self, Fault as TillFault};
use kaunter_core::wire::{self, NewTrade};

use crate::tally::Fault;
use crate::world::{ScheduledEvent, World, say};

/// A call of a page.
#[derive(Clone, Debug)]
pub(crate) enum PageCall {
    Create(NewTrade),
    /// Hands a code over. The mark stands for the code.
    HandOver(String, String),
    Read(String),
    Cancel(String),
    Void(String),
    /// Lists the open trades of this terminal.
    Session,
}

/// The backend's reply.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the queue boxes it, and nothing else keeps it"
)]
pub(crate) enum Reply {
    Trade(till::Reply),
    /// The open trades, and whether another device acts for the terminal.
    Open(Vec<wire::TradeView>, bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) tab: usize,
    /// The device that called. Storage that is wiped later changes nothing in a call that has left.
    pub(crate) device: String,
    /// The load of the tab that called. After a reload, the reply is lost.
    pub(crate) life: u32,
    /// The promise that waits for it; `None` if the tab itself called.
    pub(crate) page: Option<usize>,
    pub(crate) ask: PageCall,
    /// The call that this one repeats; itself if it is the first.
    pub(crate) of: usize,
    /// The page has the reply, or no longer waits for it.
    answered: bool,
    /// The process that serves it, and which start of it.
    pub(crate) served_by: Option<(usize, u32)>,
    /// Requests to the gateway that the backend waits for before it replies.
    pub(crate) waits: u32,
    pub(crate) replied: bool,
    pub(crate) refused: Option<wire::ProblemCode>,
    pub(crate) row: Option<usize>,
}

const NO_ANSWER: Reply = Reply::Trade(Err(TillFault::NoAnswer));

impl World<'_> {
    pub(crate) fn call(&mut self, tab: usize, page: Option<usize>, ask: PageCall) {
        let at = self.calls.len();
        say!(self, "till {tab} calls #{at}: {}", describe(&ask));
        let patience_ms = self.weather.policy.call_timeout_ms;
        self.queue
            .plan(self.now + patience_ms, ScheduledEvent::CallTimesOut(at));
        self.post(tab, page, ask.clone(), at);
        if self.fault(self.weather.rates.twice, Fault::CallTwice) {
            self.post(tab, page, ask, at);
        }
    }

    fn post(&mut self, tab: usize, page: Option<usize>, ask: PageCall, of: usize) {
        let at = self.calls.len();
        self.calls.push(Call {
            tab,
            device: self.tabs[tab].device.clone(),
            life: self.tabs[tab].life,
            page,
            ask,
            of,
            answered: false,
            served_by: None,
            waits: 0,
            replied: false,
            refused: None,
            row: None,
        });
        if let Some(due) = self.carry(Fault::CallLost, Fault::CallDelayed) {
            self.queue.plan(due, ScheduledEvent::CallArrives(at));
        }
    }

    /// When a message of hop 1 arrives; `None` if it is lost.
    fn carry(&mut self, lost: Fault, delayed: Fault) -> Option<Ms> {
        if self.weather.cut.contains(&self.now) && self.stormy() {
            self.note(Fault::NetworkCut);
            return None;
        }
        if self.fault(self.weather.rates.lost, lost) {
            return None;
        }
        let usual = self.now + self.dice.between(4, 60);
        if self.fault(self.weather.rates.delayed, delayed) {
            let late = self.now + self.dice.spread(200, 120_000);
            return Some(self.held_until(late));
        }
        Some(usual)
    }

    pub(crate) fn call_arrives(&mut self, at: usize) {
        let up: Vec<usize> = (0..self.processes.len())
            .filter(|process| self.processes[*process].up)
            .collect();
        if up.is_empty() {
            let due = self.now + 5;
            self.queue
                .plan(due, ScheduledEvent::ReplyArrives(at, Box::new(NO_ANSWER)));
            return;
        }
        let process = up[self.dice.one_of(up.len())];
        if let Some(due) = self.stalled(process) {
            self.queue.plan(due, ScheduledEvent::CallArrives(at));
            return;
        }
        let life = self.processes[process].life;
        self.calls[at].served_by = Some((process, life));
        say!(self, "backend {process} serves #{at}");
        self.serve(process, at);
    }

    /// Sends the backend's reply, once.
    pub(crate) fn reply(&mut self, at: usize, reply: Reply) {
        if self.calls[at].replied {
            return;
        }
        self.calls[at].replied = true;
        if let Some(due) = self.carry(Fault::ReplyLost, Fault::ReplyDelayed) {
            self.queue
                .plan(due, ScheduledEvent::ReplyArrives(at, Box::new(reply)));
        }
    }

    /// Breaks the connections of a process that died, now or when the page gives up.
    pub(crate) fn break_calls_of(&mut self, process: usize) {
        let life = self.processes[process].life;
        for at in 0..self.calls.len() {
            let call = &mut self.calls[at];
            if call.served_by == Some((process, life)) && !call.replied {
                call.replied = true;
                if self.dice.coin() {
                    let due = self.now + 30;
                    self.queue
                        .plan(due, ScheduledEvent::ReplyArrives(at, Box::new(NO_ANSWER)));
                }
            }
        }
    }

    pub(crate) fn call_times_out(&mut self, at: usize) {
        self.reply_arrives(at, Box::new(NO_ANSWER));
    }

    pub(crate) fn reply_arrives(&mut self, at: usize, reply: Box<Reply>) {
        let of = self.calls[at].of;
        let call = &self.calls[of];
        let tab = call.tab;
        if call.answered || !self.tabs[tab].up || self.tabs[tab].life != call.life {
            return;
        }
        let asleep_ms = self.tabs[tab].asleep_ms;
        if self.now < asleep_ms {
            self.queue
                .plan(asleep_ms, ScheduledEvent::ReplyArrives(at, reply));
            return;
        }
        self.calls[of].answered = true;
        say!(self, "till {tab} hears #{of}: {}", describe_reply(&reply));
        let reply = match *reply {
            Reply::Open(open, taken) => return self.recover(tab, &open, taken),
            Reply::Trade(reply) => reply,
        };
        let event = match (&self.calls[of].ask, self.calls[of].page) {
            (PageCall::Session, _) => return self.session_unanswered(tab),
            (_, None) => return,
            (PageCall::Create(_), Some(page)) => (page, till::ChargeEvent::Created(reply)),
            (PageCall::HandOver(..), Some(page)) => (page, till::ChargeEvent::HandedOver(reply)),
            (PageCall::Read(_), Some(page)) => (page, till::ChargeEvent::StatusReplied(reply)),
            (PageCall::Cancel(_) | PageCall::Void(_), Some(page)) => {
                (page, till::ChargeEvent::CancelReplied(reply))
            }
        };
        self.tell_page(event.0, event.1);
    }
}

fn describe(ask: &PageCall) -> String {
    match ask {
        PageCall::Create(new) => format!("create {} with {}", new.idempotency_key, new.wallet_id),
        PageCall::HandOver(trade_id, mark) => format!("hand {mark} over to {trade_id}"),
        PageCall::Read(trade_id) => format!("ask about {trade_id}"),
        PageCall::Cancel(trade_id) => format!("cancel {trade_id}"),
        PageCall::Void(trade_id) => format!("void {trade_id}"),
        PageCall::Session => "what is open?".to_owned(),
    }
}

fn describe_reply(reply: &Reply) -> String {
    let trade = |trade: &wire::TradeView| {
        format!("{} {:?} v{}", trade.trade_id, trade.status, trade.version)
    };
    match reply {
        Reply::Trade(Ok(of)) => trade(of),
        Reply::Trade(Err(TillFault::Problem(code, of))) => {
            let of = of.as_deref().map(trade).unwrap_or_default();
            format!("{code:?} {of}")
        }
        Reply::Trade(Err(TillFault::NoAnswer)) => "nothing".to_owned(),
        Reply::Trade(Err(TillFault::NoToken)) => "no token".to_owned(),
        Reply::Open(open, taken) => format!("{} open, taken: {taken}", open.len()),
    }
}
