//! The backend: a store around the real machine. It serves the calls of the pages.

use kaunter_core::till::{Fault, Reply};
use kaunter_core::trade::{CodeMark, Event, GatewayStatus, Move, Refusal, State, Step};
use kaunter_core::wire::{self, ProblemCode};
use kaunter_model::gateway::Account;
use kaunter_model::store::{Created, Creator, OtherStores};

use super::{Call, Message, Outside, World};

impl World {
    pub(super) fn backend(&mut self, page: usize, call: &Call) -> Reply {
        match call {
            Call::Create(new) => self.create(page, new),
            Call::HandOver(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Code(self.code(page)))
            }
            Call::Ask(trade_id) => {
                let row = self.find(trade_id)?;
                let own = self.store.trade(row).facts().terminal == terminal(page);
                self.answer(
                    row,
                    if own {
                        Event::TerminalSeen
                    } else {
                        Event::Tick
                    },
                )
            }
            Call::Cancel(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Cancel)
            }
        }
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
            shop: "shop",
            terminal: &terminal(page),
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

    /// One event, in one transaction: this backend is one process.
    pub(super) fn apply(&mut self, at: usize, event: Event) -> Result<(), Refusal> {
        let policy = self.kind.policy();
        let nothing = OtherStores::default();
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

    /// Rule 44: what a person called paid is freed only by an answer to a query that left after the correction.
    fn note_correction(&mut self, at: usize, event: &Event, moves: &[Move]) {
        let freed = moves.iter().any(|step| {
            step.from == State::Paid && matches!(step.to, State::Declined | State::Voided)
        });
        let asked_since = self.outside[at].corrected;
        let is_answered = matches!(event, Event::Status(version, answer)
            if asked_since.is_some_and(|since| *version >= since)
                && !matches!(answer.status, GatewayStatus::Paid | GatewayStatus::Unclear));
        self.freed_unasked |= freed && !is_answered;
        let trade = self.store.trade(at);
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
            ..self.store.trade(at).view(0, |_| String::new())
        }
    }
}

fn terminal(page: usize) -> String {
    format!("till{page}")
}
