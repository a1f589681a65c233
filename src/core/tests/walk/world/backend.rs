//! The backend: a store around the real machine. It serves the calls of the pages.

use kaunter_core::money::Money;
use kaunter_core::registration::RegistrationDenial;
use kaunter_core::terminal::{self, DeviceRole};
use kaunter_core::till::{Fault, Reply};
use kaunter_core::trade::{CodeMark, Event, GatewayStatus, GiveUp, Move, Refusal, State, Step};
use kaunter_core::wire::{self, ProblemCode, Tender};
use kaunter_model::gateway::Account;
use kaunter_model::sample;
use kaunter_model::store::{Created, Creator, Surroundings};

use super::page::{NAME, device};
use super::{Call, Message, Outside, SHOP, World};

impl World {
    pub(super) fn backend(&mut self, page: usize, call: &Call) -> Reply {
        self.check_device(page, call)?;
        match call {
            Call::Create(new) => self.create(page, new),
            Call::HandOver(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Code(self.code(page)))
            }
            Call::Ask(trade_id) => {
                let row = self.find(trade_id)?;
                let own = self.store.trade(row).facts().terminal == self.terminal(page);
                let event = if own {
                    Event::TerminalSeen
                } else {
                    Event::Tick
                };
                self.answer(row, terminal::read_event(event, self.role(page)))
            }
            Call::Cancel(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Cancel)
            }
        }
    }

    /// The name under which a page works.
    fn terminal(&self, page: usize) -> String {
        if self.kind.one_name {
            NAME.to_owned()
        } else {
            format!("till{page}")
        }
    }

    fn role(&self, page: usize) -> DeviceRole {
        let policy = self.kind.policy();
        let devices = self.devices.as_ref();
        devices.map_or(DeviceRole::Acts, |devices| {
            devices.role(NAME, Some(&device(page)), self.now, &policy)
        })
    }

    /// Two devices of one name: only the acting one changes anything. A device in these worlds is never silent for long
    /// enough, so only a person lets the other one act.
    fn check_device(&mut self, page: usize, call: &Call) -> Result<(), Fault> {
        let (now, policy) = (self.now, self.kind.policy());
        let Some(devices) = &mut self.devices else {
            return Ok(());
        };
        if matches!(call, Call::Ask(_)) {
            return Ok(());
        }
        let acts = devices.act(NAME, Some(&device(page)), now, &policy);
        acts.map_err(|code| Fault::Problem(code, None))?;
        let others = |outside: &Outside| outside.page != page;
        self.meddled |= !self.pages[page].took_over && self.outside.iter().any(others);
        Ok(())
    }

    /// The code that the customer shows to this page.
    fn code(&self, page: usize) -> CodeMark {
        let shown = if self.kind.second_code { 0 } else { page };
        CodeMark(format!("code{shown}"))
    }

    fn find(&self, trade_id: &str) -> Result<usize, Fault> {
        let row = self.store.find(trade_id);
        row.ok_or(Fault::Problem(ProblemCode::TradeNotFound, None))
    }

    fn answer(&mut self, row: usize, event: Event) -> Reply {
        let refused = self.apply(row, event);
        let trade = self.wire(row);
        match refused {
            Ok(()) => Ok(trade),
            Err(refusal) => Err(Fault::Problem(refusal.into(), Some(Box::new(trade)))),
        }
    }

    fn create(&mut self, page: usize, new: &wire::NewTrade) -> Reply {
        let policy = self.kind.policy();
        let creator = Creator {
            shop: SHOP,
            terminal: &self.terminal(page),
            cashier: sample::CASHIER,
            wallet_name: "",
            trade_id: &format!("T{}", self.outside.len()),
        };
        match self.store.create(&creator, new, self.now, &policy) {
            Ok(Created::Same(row)) => Ok(self.wire(row)),
            Ok(Created::New { row, replaced }) => {
                self.moves
                    .extend(replaced.into_iter().flat_map(|(_, moves)| moves));
                self.outside.push(Outside {
                    account: Account::NEW,
                    shown: false,
                    page,
                    corrected: None,
                });
                self.drain_row(row);
                Ok(self.wire(row))
            }
            Err(denied) => {
                let trade = denied.row.map(|row| Box::new(self.wire(row)));
                Err(Fault::Problem(denied.code, trade))
            }
        }
    }

    /// What the shop's server asks for after it has changed the amount of the registered sale.
    fn other_amount() -> Money {
        let mut amount = sample::sale().amount;
        amount.minor += 1;
        amount
    }

    /// The shop's server registers the sale, before a till charges it.
    pub(super) fn register(&mut self) {
        let (sale, policy) = (sample::sale(), self.kind.policy());
        let registered =
            self.store
                .register(SHOP, &sale.reference, &sale.amount, self.now, &policy);
        assert_eq!(registered, Ok(Vec::new()), "nothing is in the way yet");
    }

    /// Whether the shop's server may change the amount of the registered sale now. A refusal changes nothing.
    pub(super) fn may_change_amount(&self) -> bool {
        self.clone().change_amount().is_ok()
    }

    /// The shop's server changes the amount of the registered sale.
    pub(super) fn change_amount(&mut self) -> Result<(), RegistrationDenial> {
        let (sale, policy) = (sample::sale(), self.kind.policy());
        let amount = Self::other_amount();
        let replaced = self
            .store
            .register(SHOP, &sale.reference, &amount, self.now, &policy)?;
        self.moves
            .extend(replaced.into_iter().flat_map(|(_, moves)| moves));
        Ok(())
    }

    /// One event, in one transaction: this backend is one process.
    pub(super) fn apply(&mut self, at: usize, event: Event) -> Result<(), Refusal> {
        let policy = self.kind.policy();
        let nothing = Surroundings::default();
        let change = self
            .store
            .decide(at, event.clone(), self.now, &policy, &nothing);
        match self.store.commit(change) {
            Ok(done) => {
                self.note_correction(at, &event, &done.moves);
                self.moves.extend(done.moves);
                self.drain_row(at);
                done.granted
            }
            // No other change was faster, so the machine itself has let a second trade hold the sale.
            Err(_) => {
                self.second_holder = true;
                Ok(())
            }
        }
    }

    /// The cashier stops collecting the sale, unless the rule denies it.
    pub(super) fn give_up(&mut self, at: usize) {
        let wish = GiveUp {
            by: "cashier".to_owned(),
            tender: Tender::Cash,
            at_ms: self.now,
        };
        let policy = self.kind.policy();
        if let Ok((row, moves)) = self.store.give_up(at, &wish, &policy) {
            self.moves.extend(moves);
            self.drain_row(row);
        }
    }

    /// Rule 44: what a person called paid is freed only by an answer to a query that left after the correction.
    fn note_correction(&mut self, at: usize, event: &Event, moves: &[Move]) {
        let freed = moves.iter().any(|step| {
            step.from == State::Paid && matches!(step.to, State::Declined | State::Voided)
        });
        let asked_since = self.outside[at].corrected;
        let is_answered = matches!(event, Event::Status(version, answer)
            if asked_since.is_some_and(|since| *version >= since)
                && !matches!(answer.status, GatewayStatus::Paid | GatewayStatus::Unclear | GatewayStatus::Unlisted));
        let trade = self.store.trade(at);
        // A void of ours frees it by the gateway's own word.
        self.freed_unasked |= freed && !is_answered && trade.decided_by_person();
        self.outside[at].corrected = match (trade.awaits_answer(), asked_since) {
            (true, None) => Some(trade.version()),
            (true, since) => since,
            (false, _) => None,
        };
    }

    fn drain_row(&mut self, row: usize) {
        let policy = self.kind.policy();
        while let Step::Send(send) = self.store.next(row, &policy) {
            self.messages.push(Message::Request(row, send));
        }
    }

    fn wire(&self, at: usize) -> wire::TradeView {
        // No page decides by these fields. With them, equal worlds would count as different.
        wire::TradeView {
            gateway_ref: None,
            void_gateway_ref: None,
            decided_by: None,
            proposal: None,
            single_person: false,
            verdict_contradicted: false,
            late: false,
            deadline_at: None,
            paid_at: None,
            ..self.store.trade(at).view(0, |_| String::new())
        }
    }
}
