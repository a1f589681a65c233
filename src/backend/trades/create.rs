//! Starts a trade, if the rules admit it.

use std::sync::Arc;
use std::time::Duration;

use kaunter_core::admission::{self, Candidate, Denial};
use kaunter_core::desk;
use kaunter_core::policy::Ms;
use kaunter_core::sale::{Amount, Due, SetBy};
use kaunter_core::trade::{Facts, Move, SaleHold, Trade};
use kaunter_core::wire::{ProblemCode, Sale};

use super::change::ChangeError;
use super::{CreateRequest, Inner, SendTask};
use crate::error::Problem;
use crate::id;
use crate::kill::{self, Point};
use crate::limits::MAX_TRIES;
use crate::metrics::METRICS;
use crate::store::{self, SaleTrades, TakenSale, word};
use crate::trail::{self, Actor, AuditEntry, entries};

/// A new trade that the rules admit, and what it changes.
struct Admitted {
    /// The sale, with the amount that the trade collects.
    sale: Sale,
    /// Its ordinal number: 1 for the first trade.
    attempt: u32,
    /// The trades that it replaced, and their moves.
    replaced: Vec<(Trade, Vec<Move>)>,
}

impl Inner {
    /// Tries again if another process was faster: the next try sees its trade.
    pub(super) async fn create(
        self: &Arc<Self>,
        request: CreateRequest,
    ) -> Result<(Trade, Vec<SendTask>), Problem> {
        for _ in 0..MAX_TRIES {
            match self.try_create(request.clone()).await {
                Err(ChangeError::Race) => {}
                Err(ChangeError::Problem(problem)) => return Err(problem),
                Ok(created) => return Ok(created),
            }
        }
        Err(Problem::new(ProblemCode::StoreUnavailable))
    }

    async fn try_create(
        self: &Arc<Self>,
        request: CreateRequest,
    ) -> Result<(Trade, Vec<SendTask>), ChangeError> {
        let new = &request.new;
        let mut change = self.store.begin().await?;
        let sale =
            store::take_and_read_sale(&mut change, &request.shop, &new.sale.reference).await?;
        if let Some(same) =
            store::with_key(&mut change, &request.shop, &new.idempotency_key).await?
        {
            let facts = same.facts();
            return if admission::is_same(facts, &request.terminal, new) {
                Ok((same, Vec::new()))
            } else {
                Err(Problem::new(ProblemCode::IdempotencyMismatch).into())
            };
        }
        self.follow_clock();
        let (now, jumps_ms) = self.clock.reading();
        let admitted = self.admit(&mut change, &request, sale, now).await?;
        let CreateRequest {
            shop,
            terminal,
            who,
            wallet,
            new,
            claims,
            minted_s: _,
        } = request;
        let facts = Facts {
            trade_id: id::random('K').map_err(|_| Problem::new(ProblemCode::Internal))?,
            shop,
            terminal,
            cashier: Some(claims.cashier),
            attempt: admitted.attempt,
            sale: admitted.sale,
            wallet_id: new.wallet_id,
            wallet_name: wallet.name,
            mode: new.mode,
        };
        let mut trade = Trade::new(facts, now);
        store::insert(
            &mut change,
            &trade,
            &new.idempotency_key,
            AuditEntry {
                to_state: word(trade.state()),
                ..AuditEntry::new(who, trail::STARTED)
            },
        )
        .await?;
        change.commit().await?;
        self.jumped_since(&trade, jumps_ms);
        for (left, moves) in &admitted.replaced {
            Self::log_moves(left, moves, trail::SUPERSEDED);
            self.clear_timer(&left.facts().trade_id);
        }
        kill::at(Point::CreateStored);
        METRICS.created();
        tracing::info!(trade_id = %trade.facts().trade_id, attempt = admitted.attempt, "trade started");
        let sent = self.drain_steps(&mut trade, None);
        Ok((trade, sent))
    }

    /// Asks the rules whether the new trade may begin. Stores which trades it replaces, and the amount of the sale.
    async fn admit(
        self: &Arc<Self>,
        change: &mut store::Change,
        request: &CreateRequest,
        taken: TakenSale,
        now: Ms,
    ) -> Result<Admitted, ChangeError> {
        let (shop, sale) = (&request.shop, &request.new.sale);
        admission::check_given_up(taken.given_up.as_ref()).map_err(Problem::new)?;
        let since = now.saturating_sub(admission::WINDOW_MS);
        let known = if taken.is_new {
            SaleTrades::default()
        } else {
            store::sale_trades(change, shop, &sale.reference, since).await?
        };
        let first = known.first.as_ref().map(Due::of_first);
        let due = taken.due.or(first);
        let mut others = known.recent;
        let stored: Vec<u64> = others.iter().map(Trade::version).collect();
        for other in others.iter_mut().filter(|other| other.state().gives_way()) {
            self.catch_up(other, SaleHold::None);
        }
        let candidate = Candidate {
            terminal: &request.terminal,
            amount: sale.amount.as_ref(),
            minted_s: request.minted_s,
            sales: self.sales,
        };
        let admission = admission::admit(&others, due.as_ref(), &candidate, now, &self.policy)
            .map_err(|denial| self.denied(denial, &others))?;
        let sale = Sale {
            reference: sale.reference.clone(),
            amount: admission.asked,
        };
        desk::check_due(&sale, &request.claims.authority(), self.gateway.limits())
            .map_err(Problem::from)?;
        // A page that states no amount learns the registered one here.
        desk::check_wallet_amount(&request.wallet, &sale.amount).map_err(Problem::from)?;
        let replaced = (admission.replaced, stored.as_slice());
        let replaced =
            store_replaced(change, replaced, &request.who, trail::SUPERSEDED, now).await?;
        match admission.amount {
            Amount::Same => {}
            Amount::First | Amount::Changed => {
                let due = Due {
                    amount: sale.amount.clone(),
                    set_by: request
                        .minted_s
                        .map_or(SetBy::Page, |minted_s| SetBy::Token { minted_s }),
                };
                store::set_due(change, shop, &sale.reference, &due).await?;
            }
        }
        Ok(Admitted {
            sale,
            attempt: known.count.saturating_add(1),
            replaced,
        })
    }

    /// Why the new trade may not begin, and which trade is in its way.
    fn denied(&self, denial: Denial, others: &[Trade]) -> Problem {
        let code = denial.into();
        let problem = match denial.trade() {
            Some(at) => Problem::with_trade(code, self.wire(&others[at])),
            None => Problem::new(code),
        };
        let problem = match denial.detail(self.sales) {
            Some(detail) => problem.replace_detail(detail),
            None => problem,
        };
        match denial.wait_ms() {
            Some(wait_ms) => problem.after(Duration::from_millis(wait_ms)),
            None => problem,
        }
    }
}

/// Stores the trades that gave way, each with its position and the versions that were read. Returns their moves.
pub(super) async fn store_replaced(
    change: &mut store::Change,
    (replaced, stored): (Vec<(usize, Trade)>, &[u64]),
    who: &Actor,
    event: &'static str,
    now: Ms,
) -> Result<Vec<(Trade, Vec<Move>)>, ChangeError> {
    let mut moved = Vec::new();
    for (at, mut left) in replaced {
        let moves = left.take_moves();
        let entries = entries(&moves, who, event);
        if !store::update(change, &left, stored[at], entries, now).await? {
            return Err(ChangeError::Race);
        }
        moved.push((left, moves));
    }
    Ok(moved)
}
