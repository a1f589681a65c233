//! The calls about a trade.

use kaunter_core::authority::Reach;
use kaunter_core::desk::{self, Command, Speaker};
use kaunter_core::sale::SetBy;
use kaunter_core::terminal::{self, DeviceRole};
use kaunter_core::trade::Event;
use kaunter_core::wire::{AskVoid, HandOver, NewTrade, ProblemCode, Right, Sale, Verdict, Wallet};
use kaunter_model::store::{Created, Creator, Denied};
use serde::Deserialize;

use super::CallResult;
use super::sessions::wallets;
use crate::answer::Answer;
use crate::counter::Counter;
use crate::problem::Problem;
use crate::request::{Caller, Request, Terminal};
use crate::settings::{LIMITS, SHOP};

/// The query of a trade's status.
#[derive(Deserialize)]
struct StatusQuery {
    /// `true`: asks the gateway first.
    fresh: Option<String>,
}

impl Counter {
    pub(super) fn create(&mut self, request: &Request<'_>) -> CallResult {
        let terminal = request.terminal()?;
        let authority = terminal.authority();
        authority.require(Right::Charge)?;
        let new: NewTrade = request.body()?;
        desk::check_new(&new, &authority, LIMITS)?;
        let wallets = wallets();
        let wallet = desk::check_wallet(&new, &wallets)?;
        self.act(terminal, request.device()?)?;
        self.check_registered(&new, terminal, wallet)?;
        let trade_id = self.dice.trade_id();
        let creator = Creator {
            shop: SHOP,
            terminal: terminal.name,
            cashier: terminal.cashier,
            wallet_name: &wallet.name,
            trade_id: &trade_id,
        };
        let (now, policy) = (self.now, &self.policy);
        let row = match self.store.create(&creator, &new, now, policy) {
            Ok(Created::Same(row)) => row,
            Ok(Created::New { row, replaced }) => {
                replaced.into_iter().for_each(|(at, _)| self.drain(at));
                self.begin(row);
                row
            }
            Err(denied) => return Err(self.denied(&denied)),
        };
        Ok(Answer::json(200, &self.view(row)))
    }

    /// Why the store is unchanged, and which trade is in the way.
    pub(super) fn denied(&self, denied: &Denied) -> Problem {
        let problem = match denied.row {
            Some(row) => Problem::with_trade(denied.code, self.view(row)),
            None => denied.code.into(),
        };
        match denied.denial {
            Some(denial) => problem.denied(denial),
            None => problem,
        }
    }

    /// Checks a registered amount that the page did not state.
    fn check_registered(
        &self,
        new: &NewTrade,
        terminal: Terminal<'_>,
        wallet: &Wallet,
    ) -> Result<(), Problem> {
        let due = self.store.due(SHOP, &new.sale.reference);
        let registered = due.filter(|due| due.set_by == SetBy::Registration);
        let Some(due) = registered.filter(|_| new.sale.amount.is_none()) else {
            return Ok(());
        };
        let sale = Sale {
            reference: new.sale.reference.clone(),
            amount: due.amount,
        };
        desk::check_due(&sale, &terminal.authority(), LIMITS)?;
        Ok(desk::check_wallet_amount(wallet, &sale.amount)?)
    }

    pub(super) fn code(&mut self, request: &Request<'_>, trade_id: &str) -> CallResult {
        let terminal = request.terminal()?;
        terminal.authority().require(Right::Charge)?;
        let hand: HandOver = request.body()?;
        let (command, _) = Command::code(&hand.code, |code| self.mark(code))?;
        let device = request.device()?;
        self.command(terminal, Some(device), trade_id, command)
    }

    pub(super) fn cancel(&mut self, request: &Request<'_>, trade_id: &str) -> CallResult {
        let terminal = request.terminal()?;
        terminal.authority().require(Right::Cancel)?;
        let device = request.device()?;
        self.command(terminal, Some(device), trade_id, Command::cancel())
    }

    pub(super) fn void(&mut self, request: &Request<'_>, trade_id: &str) -> CallResult {
        let terminal = request.terminal()?;
        terminal.authority().require(Right::Void)?;
        let AskVoid { reason } = request.body()?;
        self.command(terminal, None, trade_id, Command::void(&reason)?)
    }

    /// A person's verdict: a till's cashier, or whom the shop's server names.
    pub(super) fn verdict(&mut self, request: &Request<'_>, trade_id: &str) -> CallResult {
        let caller = request.caller()?;
        let verdict: Verdict = request.body()?;
        match caller {
            Caller::Terminal(terminal) => {
                terminal.authority().require(Right::Review)?;
                let speaker = Speaker::Terminal {
                    cashier: terminal.cashier,
                    terminal: terminal.name,
                };
                let command = Command::verdict(&verdict, speaker)?;
                self.command(terminal, None, trade_id, command)
            }
            Caller::Server => {
                let command = Command::verdict(&verdict, Speaker::Server)?;
                let row = self.find(trade_id)?;
                self.carry_out(row, command)
            }
        }
    }

    pub(super) fn status(&mut self, request: &Request<'_>, trade_id: &str) -> CallResult {
        let query: Option<StatusQuery> = request.query();
        let fresh = query.and_then(|query| match query.fresh.as_deref() {
            None | Some("false") => Some(false),
            Some("true") => Some(true),
            Some(_) => None,
        });
        let Some(fresh) = fresh else {
            let detail = "?fresh= takes true or false.";
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail).at("fresh"));
        };
        self.read(request, trade_id, fresh)
    }

    /// What the caller may read of a trade, once time has acted on it. `fresh` asks the gateway before.
    pub(super) fn read(
        &mut self,
        request: &Request<'_>,
        trade_id: &str,
        fresh: bool,
    ) -> CallResult {
        let caller = request.caller()?;
        let row = self.find(trade_id)?;
        let trade = self.store.trade(row);
        let (mut event, reach) = caller.read(trade.facts())?;
        if let Some(authority) = caller.authority() {
            let role = self.role(authority.terminal, request.device()?);
            event = terminal::read_event(event, role);
        }
        let refreshes = fresh || trade.is_checked_when_read(self.now, &self.policy);
        if reach == Reach::Whole && refreshes {
            event = Event::Refresh;
        }
        // A read is never refused.
        let _ = self.apply(row, event);
        let view = reach.limit(self.view(row));
        let view = view.ok_or(ProblemCode::TokenForbidden)?;
        Ok(Answer::json(200, &view))
    }

    /// Applies a command to a trade, if the token allows it. `device` is the caller's where that matters.
    pub(super) fn command(
        &mut self,
        terminal: Terminal<'_>,
        device: Option<Option<&str>>,
        trade_id: &str,
        command: Command,
    ) -> CallResult {
        let row = self.find(trade_id)?;
        let facts = self.store.trade(row).facts();
        let own = facts.terminal == terminal.name;
        let command = desk::check_command(command, &terminal.authority(), facts)?;
        if let Some(device) = device.filter(|_| own) {
            self.act(terminal, device)?;
        }
        self.carry_out(row, command)
    }

    fn carry_out(&mut self, row: usize, command: Command) -> CallResult {
        match self.apply(row, command.event) {
            Ok(()) => Ok(Answer::json(200, &self.view(row))),
            Err(refusal) => Err(Problem::with_trade(refusal.into(), self.view(row))),
        }
    }

    pub(super) fn find(&self, trade_id: &str) -> Result<usize, Problem> {
        let found = self.store.find(trade_id);
        found.ok_or_else(|| ProblemCode::TradeNotFound.into())
    }

    pub(super) fn role(&self, terminal: &str, device: Option<&str>) -> DeviceRole {
        self.devices.role(terminal, device, self.now, &self.policy)
    }

    /// Refuses a change by a device that only watches. A device that may act acts from now on.
    fn act(&mut self, terminal: Terminal<'_>, device: Option<&str>) -> Result<(), Problem> {
        let (now, policy) = (self.now, &self.policy);
        Ok(self.devices.act(terminal.name, device, now, policy)?)
    }
}
