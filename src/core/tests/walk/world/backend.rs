//! The backend: the rules of the store, around the real machine.

use kaunter_core::admission::{self, Asked};
use kaunter_core::sale::{self, CodeUse, Due};
use kaunter_core::till::{Fault, Reply};
use kaunter_core::trade::{
    CodeMark, Context, CreateAnswer, Event, Facts, Refusal, Rival, Step, Trade,
};
use kaunter_core::wire::{self, ProblemCode};
use kaunter_model::gateway::Account;

use super::{Call, Message, Row, World};

const MOST_ATTEMPTS: usize = 2;

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
                let own = self.rows[row].page == page;
                self.answer(row, if own { Event::Heard } else { Event::Tick })
            }
            Call::Cancel(trade_id) => {
                let row = self.find(trade_id)?;
                self.answer(row, Event::Cancel)
            }
        }
    }

    /// What the customer shows this page.
    pub(super) fn code(&self, page: usize) -> CodeMark {
        let shown = if self.kind.second_code { 0 } else { page };
        CodeMark(format!("code{shown}"))
    }

    /// True where the rule refuses the code that this row's page hands over now.
    pub(super) fn is_code_reused(&self, at: usize) -> bool {
        let code = self.code(self.rows[at].page);
        let others = self.rows.iter().enumerate().filter(|(row, _)| *row != at);
        let last = others
            .filter(|(_, row)| row.trade.payment_left() && self.code(row.page) == code)
            .map(|(_, row)| CodeUse {
                reference: row.trade.facts().sale.reference.clone(),
                at_ms: self.now,
                refused: sale::frees_code(row.trade.state()),
            })
            .next_back();
        let reference = &self.rows[at].trade.facts().sale.reference;
        sale::is_code_reused(last.as_ref(), reference, self.now, &self.kind.policy())
    }

    /// The store's part of a creation: an id that another row has is never believed.
    pub(super) fn stored(&self, at: usize, event: Event) -> Event {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return event;
        };
        let mut holders = self.rows.iter().enumerate().filter(|(row, _)| *row != at);
        let holder = holders.find(|(_, row)| row.trade.gateway_ref() == Some(gateway_ref));
        let holder = holder.map(|(_, row)| row.trade.facts().trade_id.as_str());
        if sale::is_id_repeated(holder, &self.rows[at].trade.facts().trade_id) {
            return Event::Created(CreateAnswer::Repeated);
        }
        event
    }

    pub(super) fn find(&self, trade_id: &str) -> Result<usize, Fault> {
        self.rows
            .iter()
            .position(|row| row.trade.facts().trade_id == trade_id)
            .ok_or(Fault::Problem(ProblemCode::TradeNotFound, None))
    }

    pub(super) fn answer(&mut self, row: usize, event: Event) -> Reply {
        let refused = self.apply(row, event);
        let trade = self.wire(row);
        match refused {
            Ok(()) => Ok(trade),
            Err(refusal) => Err(Fault::Problem(refusal.into(), Some(Box::new(trade)))),
        }
    }

    pub(super) fn create(&mut self, page: usize, new: &wire::NewTrade) -> Reply {
        if let Some(row) = self
            .rows
            .iter()
            .position(|row| row.key == new.idempotency_key)
        {
            return Ok(self.wire(row));
        }
        let policy = self.kind.policy();
        let terminal = format!("till{page}");
        let others = self.rows.iter().map(|row| &row.trade);
        let due = self.rows.first().map(|row| Due::of_first(&row.trade));
        let asked = Asked {
            terminal: &terminal,
            amount: &new.sale.amount,
            minted_s: None,
        };
        let admission = admission::admit(others, due.as_ref(), &asked, self.now, &policy).map_err(
            |denial| {
                let trade = denial.trade().map(|row| Box::new(self.wire(row)));
                Fault::Problem(denial.into(), trade)
            },
        )?;
        // Before anything is written, for a refusal changes nothing.
        if self.rows.len() == MOST_ATTEMPTS {
            return Err(Fault::Problem(ProblemCode::RateLimited, None));
        }
        for (row, mut left) in admission.replaced {
            self.moves.extend(left.take_moves());
            self.rows[row].trade = left;
        }
        let facts = Facts {
            trade_id: format!("T{}", self.rows.len()),
            shop: "shop".to_owned(),
            terminal,
            attempt: u32::try_from(self.rows.len()).unwrap() + 1,
            sale: new.sale.clone(),
            wallet_id: new.wallet_id.clone(),
            mode: new.mode,
        };
        let mut trade = Trade::new(facts, self.now);
        let row = self.rows.len();
        while let Step::Send(send) = trade.next(&policy) {
            self.messages.push(Message::Request(row, send));
        }
        self.rows.push(Row {
            key: new.idempotency_key.clone(),
            page,
            trade,
            account: Account::NEW,
            shown: false,
        });
        Ok(self.wire(row))
    }

    pub(super) fn rival(&self, of: usize) -> Rival {
        let others = self.rows.iter().enumerate().filter(|(at, _)| *at != of);
        others
            .map(|(_, row)| row.trade.as_rival())
            .max()
            .unwrap_or(Rival::None)
    }

    pub(super) fn apply(&mut self, at: usize, event: Event) -> Result<(), Refusal> {
        let policy = self.kind.policy();
        let event = self.stored(at, event);
        let code_reused = matches!(event, Event::Code(_)) && self.is_code_reused(at);
        let context = Context {
            now: self.now,
            policy: &policy,
            rival: self.rival(at),
            said: None,
            code_reused,
        };
        let trade = &mut self.rows[at].trade;
        let granted = trade.handle(event, &context);
        self.moves.extend(trade.take_moves());
        while let Step::Send(send) = trade.next(&policy) {
            self.messages.push(Message::Request(at, send));
        }
        granted
    }

    pub(super) fn wire(&self, at: usize) -> wire::Trade {
        // What no page decides by would only tell worlds apart that are one.
        wire::Trade {
            gateway_ref: None,
            void_gateway_ref: None,
            decided_by: None,
            late: false,
            deadline_at: None,
            ..self.rows[at].trade.told(0, |_| String::new())
        }
    }
}
