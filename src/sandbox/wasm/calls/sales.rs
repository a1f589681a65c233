//! `/v1/sales`: a sale and its trades, its registration by the shop's server, and the wish to stop collecting it.

use kaunter_core::money::Money;
use kaunter_core::record::StoredSale;
use kaunter_core::registration;
use kaunter_core::trade::GiveUp;
use kaunter_core::wire::{AskGiveUp, ProblemCode, RegisterSale, Right, is_reference};
use kaunter_core::{desk, wire};
use serde::Deserialize;

use super::CallResult;
use crate::answer::Answer;
use crate::counter::Counter;
use crate::problem::Problem;
use crate::request::{Caller, Request, Terminal};
use crate::settings::{LIMITS, SHOP};

/// How often a wish is tried: once to ask the gateway, and once more to read what it said.
const TRIES: usize = 3;

/// The query of `GET /v1/sales`: the sale, and the amount of its bill.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaleQuery {
    #[serde(rename = "ref")]
    reference: String,
    minor: Option<String>,
    currency: Option<String>,
}

impl SaleQuery {
    fn bill(&self) -> Option<Option<Money>> {
        match (&self.minor, &self.currency) {
            (None, None) => Some(None),
            (Some(minor), Some(currency)) => Some(Some(Money {
                minor: minor.parse().ok()?,
                currency: currency.clone(),
            })),
            (Some(_), None) | (None, Some(_)) => None,
        }
    }
}

impl Counter {
    pub(super) fn sale(&mut self, request: &Request<'_>) -> CallResult {
        let caller = request.caller()?;
        let query: Option<SaleQuery> = request.query();
        let read = query.and_then(|query| Some((query.bill()?, query.reference)));
        let Some((bill, reference)) = read else {
            let detail = "Send ?ref=, and to close a bill &minor= and &currency= with it.";
            return Err(Problem::with_detail(ProblemCode::BadRequest, detail));
        };
        desk::check_query("ref", Some(&reference))?;
        self.record(caller, reference, bill)
    }

    /// What the caller may read of a sale. `bill` is the amount that it asks about.
    fn record(&self, caller: Caller<'_>, reference: String, bill: Option<Money>) -> CallResult {
        let rows = self.store.of_sale(SHOP, &reference);
        let given_up = rows
            .iter()
            .find_map(|row| self.store.trade(*row).given_up())
            .cloned();
        let metadata = match caller {
            Caller::Server => self.metadata_of(&reference).cloned(),
            Caller::Terminal(_) => None,
        };
        let stored = StoredSale {
            trades: rows.iter().map(|row| self.store.trade(*row)).collect(),
            due: self.store.due(SHOP, &reference),
            given_up,
            metadata,
            reference,
        };
        let record = stored.record(caller.authority().as_ref(), bill, self.now)?;
        Ok(Answer::json(200, &record))
    }

    fn metadata_of(&self, reference: &str) -> Option<&wire::Metadata> {
        let mut known = self.metadata.iter();
        known
            .find(|(own, _)| own == reference)
            .map(|(_, metadata)| metadata)
    }

    /// Registers a sale, or changes its amount or its metadata. The same call again changes nothing.
    pub(super) fn register(&mut self, request: &Request<'_>) -> CallResult {
        request.server()?;
        let RegisterSale {
            reference,
            amount,
            metadata,
        } = {
            let asked: RegisterSale = request.body()?;
            registration::check(&asked, LIMITS)?;
            asked
        };
        let (now, policy) = (self.now, &self.policy);
        let registered = self.store.register(SHOP, &reference, &amount, now, policy);
        let replaced = registered.map_err(|denial| {
            let rows = self.store.of_sale(SHOP, &reference);
            let trade = self.view(rows[denial.trade()]);
            Problem::with_trade((&denial).into(), trade).replace_detail(denial.detail())
        })?;
        replaced.into_iter().for_each(|(row, _)| self.drain(row));
        if let Some(metadata) = metadata {
            self.metadata.retain(|(own, _)| *own != reference);
            self.metadata.push((reference.clone(), metadata));
        }
        self.record(Caller::Server, reference, None)
    }

    /// `POST /v1/sales/give-up`: the customer pays in another way.
    pub(super) fn give_up(&mut self, request: &Request<'_>) -> CallResult {
        let terminal = request.terminal()?;
        let authority = terminal.authority();
        authority.require(Right::GiveUp)?;
        let ask: AskGiveUp = request.body()?;
        if !is_reference(&ask.reference) {
            return Err(Problem::from(ProblemCode::SaleInvalid).at("ref"));
        }
        self.stop_collecting(terminal, &ask)?;
        self.record(Caller::Terminal(terminal), ask.reference, None)
    }

    fn stop_collecting(&mut self, terminal: Terminal<'_>, ask: &AskGiveUp) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let rows = self.store.of_sale(SHOP, &ask.reference);
            let Some(first) = rows.first().copied() else {
                return Err(ProblemCode::TradeNotFound.into());
            };
            for row in &rows {
                let facts = self.store.trade(*row).facts();
                terminal.authority().require_on(Right::GiveUp, facts)?;
            }
            if self.store.is_given_up(first) {
                return Ok(());
            }
            let wish = GiveUp {
                by: terminal.cashier.to_owned(),
                tender: ask.tender,
                at_ms: self.now,
            };
            let given = self.store.give_up(first, &wish, &self.policy);
            let (row, _) = given.map_err(|denied| self.denied(&denied))?;
            // The gateway is asked, and its answer decides.
            self.drain(row);
        }
        Err(ProblemCode::GatewayUnavailable.into())
    }
}
