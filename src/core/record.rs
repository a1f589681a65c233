//! The record of a sale, as `GET /v1/sales` tells it: its trades, what is owed and paid, and whether its bill closes.

use crate::authority::Authority;
use crate::calendar::rfc3339;
use crate::desk;
use crate::money::Money;
use crate::policy::Ms;
use crate::sale::{Due, SetBy, Standing};
use crate::trade::{GiveUp, Trade};
use crate::wire::{FullRecord, GivenUp, Metadata, ProblemCode, SaleRecord};

/// What is stored about a sale.
#[derive(Clone, Debug)]
pub struct StoredSale<'a> {
    /// Its reference.
    pub reference: String,
    /// All of its trades, the oldest first.
    pub trades: Vec<&'a Trade>,
    /// What it asks for, if that is stored. Otherwise its first trade says it.
    pub due: Option<Due>,
    /// Who has stopped collecting it.
    pub given_up: Option<GiveUp>,
    /// The shop's notes on it, for the shop's server only.
    pub metadata: Option<Metadata>,
}

impl StoredSale<'_> {
    /// What the caller may read of the sale. `authority` is `None` for the shop's server, and `bill` is the amount that
    /// it asks about.
    ///
    /// # Errors
    /// `token_forbidden` if the token may not even learn whether the sale exists, and `trade_not_found` if it does not.
    pub fn record(
        self,
        authority: Option<&Authority<'_>>,
        bill: Option<Money>,
        now: Ms,
    ) -> Result<FullRecord, ProblemCode> {
        let trades: Vec<_> = self
            .trades
            .iter()
            .filter_map(|trade| {
                let reach = desk::reach(authority, trade.facts());
                reach.limit(trade.view(now, rfc3339))
            })
            .collect();
        if trades.is_empty() && !desk::may_ask_about(authority, &self.reference) {
            // The answer does not reveal whether the sale exists.
            return Err(ProblemCode::TokenForbidden);
        }
        let first = self.trades.first().map(|trade| Due::of_first(trade));
        let due = self.due.or(first).ok_or(ProblemCode::TradeNotFound)?;
        let standing = Standing::of(self.trades.iter().copied());
        let registered = due.set_by == SetBy::Registration;
        let missing_amount = standing.missing_amount(bill.as_ref().unwrap_or(&due.amount));
        let record = SaleRecord {
            reference: self.reference,
            closes_bill: bill.map(|bill| standing.closes_bill(&bill, Some(&due))),
            due_amount: due.amount,
            paid_amount: standing.paid_amount,
            decided_by: standing.decided_by,
            late_amount: standing.late_amount,
            given_up: self.given_up.map(told),
            unconfirmed: standing.open,
            trades,
        };
        Ok(FullRecord {
            record,
            registered,
            missing_amount,
            metadata: self.metadata.filter(|metadata| !metadata.is_empty()),
        })
    }
}

fn told(given_up: GiveUp) -> GivenUp {
    GivenUp {
        by: given_up.by,
        tender: given_up.tender,
        at: rfc3339(given_up.at_ms),
    }
}
