//! Serves the calls of the pages, as the backend does.

use kaunter_core::terminal::{self, DeviceRole};
use kaunter_core::till::Fault as TillFault;
use kaunter_core::trade::{CodeMark, Event, Move, Refusal};
use kaunter_core::wire::{self, NewTrade, ProblemCode};
use kaunter_model::sample;
use kaunter_model::store::{Created, Creator};

use crate::gateway::Account;
use crate::hop1::{Call, PageCall, Reply};
use crate::tally::Fault;
use crate::world::{SHOP, ScheduledEvent, TradeContext, World, say};

impl World<'_> {
    pub(crate) fn serve(&mut self, process: usize, at: usize) {
        if let Err(code) = self.check_device(process, at) {
            self.note(Fault::DeviceTurnedAway);
            return self.refuse(at, code, None);
        }
        let event = match self.calls[at].ask.clone() {
            PageCall::Create(new) => return self.create(process, at, &new),
            PageCall::Session => return self.session(process, at),
            PageCall::Read(trade_id) => (trade_id, None),
            PageCall::HandOver(trade_id, mark) => (trade_id, Some(Event::Code(CodeMark(mark)))),
            PageCall::Cancel(trade_id) => (trade_id, Some(Event::Cancel)),
            PageCall::Void(trade_id) => (trade_id, Some(Event::Void)),
        };
        let (trade_id, request) = event;
        let Some(row) = self.store.find(&trade_id) else {
            return self.refuse(at, ProblemCode::TradeNotFound, None);
        };
        let own = self.tabs[self.calls[at].tab].terminal == self.store.trade(row).facts().terminal;
        let read = if own {
            Event::TerminalSeen
        } else {
            Event::Tick
        };
        let read = terminal::read_event(read, self.role(process, at));
        self.apply(process, row, request.unwrap_or(read), Some(at), None);
    }

    fn role(&self, process: usize, at: usize) -> DeviceRole {
        let Call { tab, device, .. } = &self.calls[at];
        let (now, policy) = (self.clock(process), &self.weather.policy);
        self.devices
            .role(&self.tabs[*tab].terminal, Some(device), now, policy)
    }

    /// Only the acting device of a name begins, hands over or cancels.
    fn check_device(&mut self, process: usize, at: usize) -> Result<(), ProblemCode> {
        if self.store_is_down() {
            return Ok(());
        }
        let now = self.clock(process);
        let Call {
            tab, device, ask, ..
        } = self.calls[at].clone();
        let terminal = self.tabs[tab].terminal.clone();
        self.devices
            .hear(&terminal, &device, now, &self.weather.policy);
        let own = match &ask {
            PageCall::Create(_) => true,
            PageCall::HandOver(trade_id, _) | PageCall::Cancel(trade_id) => {
                let row = self.store.find(trade_id);
                row.is_some_and(|row| self.store.trade(row).facts().terminal == terminal)
            }
            PageCall::Read(_) | PageCall::Void(_) | PageCall::Session => false,
        };
        if own {
            let role = self.role(process, at);
            let policy = &self.weather.policy;
            self.devices.act(&terminal, Some(&device), now, policy)?;
            if role != DeviceRole::Acts {
                self.judge_device(&terminal, &device);
            }
        }
        self.heard_from(device);
        Ok(())
    }

    fn heard_from(&mut self, device: String) {
        self.heard.retain(|(known, _)| *known != device);
        self.heard.push((device, self.now));
    }

    fn session(&mut self, process: usize, at: usize) {
        if self.store_is_down() {
            self.note(Fault::StoreDown);
            return self.refuse(at, ProblemCode::StoreUnavailable, None);
        }
        let terminal = &self.tabs[self.calls[at].tab].terminal;
        let open = (0..self.contexts.len()).filter(|row| {
            let trade = self.store.trade(*row);
            trade.facts().terminal == *terminal && !trade.state().status().is_final()
        });
        let open = open.map(|row| self.wire(row)).collect();
        let taken = self.role(process, at) == DeviceRole::Watches;
        self.reply(at, Reply::Open(open, taken));
    }

    fn create(&mut self, process: usize, at: usize, new: &NewTrade) {
        if self.store_is_down() {
            self.note(Fault::StoreDown);
            return self.refuse(at, ProblemCode::StoreUnavailable, None);
        }
        let terminal = self.tabs[self.calls[at].tab].terminal.clone();
        let now = self.clock(process);
        let creator = Creator {
            shop: SHOP,
            terminal: &terminal,
            cashier: sample::CASHIER,
            wallet_name: "",
            trade_id: &format!("K{}-{}", self.sale, self.contexts.len()),
        };
        let policy = &self.weather.policy;
        match self.store.create(&creator, new, now, policy) {
            Ok(Created::Same(row)) => {
                let trade = self.wire(row);
                self.reply(at, Reply::Trade(Ok(trade)));
            }
            Ok(Created::New { row, replaced }) => {
                self.supersede(process, replaced);
                say!(self, "  trade {row}: {} of {terminal}", creator.trade_id);
                self.contexts.push(TradeContext {
                    account: Account::NEW,
                    shown_ms: None,
                    changing: 0,
                    device: self.calls[at].device.clone(),
                    check_ms: None,
                });
                self.sends(process, row, Some(at));
                self.request_stored(process, at, row, None);
            }
            Err(denied) => self.refuse(at, denied.code, denied.row),
        }
    }

    /// The shop's server registers the sale with this amount. It asks the first process that is up.
    pub(crate) fn register(&mut self, minor: u64) {
        let up = (0..self.processes.len()).find(|process| self.processes[*process].up);
        let Some(process) = up.filter(|_| !self.store_is_down()) else {
            return;
        };
        let mut sale = sample::sale();
        sale.amount.minor = minor;
        let (now, policy) = (self.clock(process), &self.weather.policy);
        let registered = self
            .store
            .register(SHOP, &sale.reference, &sale.amount, now, policy);
        match registered {
            Ok(replaced) => {
                say!(self, "the shop registers {minor} sen");
                self.note(Fault::Registered);
                self.supersede(process, replaced);
            }
            Err(denial) => {
                say!(self, "the shop can't register {minor} sen: {denial:?}");
                self.note(Fault::NotRegistered);
            }
        }
    }

    /// Counts the moves of the trades that a new trade or a new amount has replaced, and stops their timers.
    fn supersede(&mut self, process: usize, replaced: Vec<(usize, Vec<Move>)>) {
        for (row, moves) in replaced {
            self.tally.moves.extend(moves);
            say!(self, "  trade {row}: superseded");
            self.disarm(process, row);
        }
    }

    /// Replies after a request was stored: to a read at once, to others after the gateway's answer or a short wait.
    pub(crate) fn request_stored(
        &mut self,
        process: usize,
        at: usize,
        row: usize,
        refused: Option<Refusal>,
    ) {
        if !self.processes[process].up {
            return;
        }
        self.calls[at].row = Some(row);
        self.calls[at].refused = refused.map(ProblemCode::from);
        let reads = matches!(self.calls[at].ask, PageCall::Read(_));
        if reads || self.calls[at].waits == 0 {
            return self.reply_with_row(at);
        }
        let due = self.now + self.weather.policy.code_answer_ms;
        self.queue.plan(due, ScheduledEvent::CallSettles(at));
    }

    /// The gateway has answered one of the requests that a reply waits for.
    pub(crate) fn one_less_to_wait_for(&mut self, call: Option<usize>) {
        let Some(at) = call else { return };
        self.calls[at].waits -= 1;
        if self.calls[at].waits == 0 && self.calls[at].row.is_some() {
            self.reply_with_row(at);
        }
    }

    pub(crate) fn call_settles(&mut self, at: usize) {
        let served = self.calls[at].served_by;
        let Some((process, life)) = served else {
            return;
        };
        if self.processes[process].life != life {
            return;
        }
        match self.stalled(process) {
            Some(due) => self.queue.plan(due, ScheduledEvent::CallSettles(at)),
            None => self.reply_with_row(at),
        }
    }

    fn reply_with_row(&mut self, at: usize) {
        let (Some(row), false) = (self.calls[at].row, self.calls[at].replied) else {
            return;
        };
        let trade = self.wire(row);
        let reply = match self.calls[at].refused {
            None => Ok(trade),
            Some(code) => Err(TillFault::Problem(code, Some(Box::new(trade)))),
        };
        self.reply(at, Reply::Trade(reply));
    }

    pub(crate) fn refuse(&mut self, at: usize, code: ProblemCode, row: Option<usize>) {
        let trade = row.map(|row| Box::new(self.wire(row)));
        self.reply(at, Reply::Trade(Err(TillFault::Problem(code, trade))));
    }

    /// A row as the pages see it. Its times are empty, because nothing here reads them.
    fn wire(&self, row: usize) -> wire::TradeView {
        self.store.trade(row).view(0, |_| String::new())
    }
}
