//! The backend: a store around the real machine. It serves the calls of the pages.

use kaunter_core::till::{Fault, Reply};
use kaunter_core::trade::{CodeMark, Event, GiveUp, Refusal, Step};
use kaunter_core::wire::{self, ProblemCode, Tender};
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
        let change = self.store.decide(at, event, self.now, &policy, &nothing);
        match self.store.commit(change) {
            Ok(done) => {
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
            late: false,
            deadline_at: None,
            paid_at: None,
            ..self.store.trade(at).view(0, |_| String::new())
        }
    }
}

fn terminal(page: usize) -> String {
    format!("till{page}")
}
