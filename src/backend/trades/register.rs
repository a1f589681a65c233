//! Registers a sale, if the rules allow it.

use std::sync::Arc;

use kaunter_core::policy::Ms;
use kaunter_core::registration::{self, Change, RegistrationDenial};
use kaunter_core::sale::{Due, SetBy};
use kaunter_core::trade::{Move, SaleHold, Trade};
use kaunter_core::wire::{ProblemCode, RegisterSale};

use super::Inner;
use super::change::ChangeError;
use super::create::store_replaced;
use crate::error::Problem;
use crate::limits::MAX_TRIES;
use crate::store;
use crate::trail::{self, Actor};

impl Inner {
    /// Tries again if another process was faster: the next try sees its change.
    pub(super) async fn register(
        self: &Arc<Self>,
        request: RegisterSale,
        who: &Actor,
    ) -> Result<(), Problem> {
        for _ in 0..MAX_TRIES {
            match self.try_register(&request, who).await {
                Err(ChangeError::Race) => {}
                Err(ChangeError::Problem(problem)) => return Err(problem),
                Ok(()) => return Ok(()),
            }
        }
        Err(Problem::new(ProblemCode::StoreUnavailable))
    }

    async fn try_register(
        self: &Arc<Self>,
        request: &RegisterSale,
        who: &Actor,
    ) -> Result<(), ChangeError> {
        let (shop, reference) = (&self.shop, &request.reference);
        let mut change = self.store.begin().await?;
        store::take_sale(&mut change, shop, reference).await?;
        let (registered, abandoned) = self.change_amount(&mut change, request, who).await?;
        if let Some(metadata) = &request.metadata {
            store::set_metadata(&mut change, shop, reference, metadata).await?;
        }
        change.commit().await?;
        for (left, moves) in &abandoned {
            Self::log_moves(left, moves, trail::AMOUNT_CHANGED);
            self.clear_timer(&left.facts().trade_id);
        }
        match registered {
            Change::New => tracing::info!("sale registered"),
            Change::Amount => {
                tracing::info!(abandoned = abandoned.len(), "registered amount changed")
            }
            Change::Same => {}
        }
        Ok(())
    }

    /// Asks the rules whether the amount may be registered. Stores it, and the trades that it abandons.
    async fn change_amount(
        self: &Arc<Self>,
        change: &mut store::Change,
        request: &RegisterSale,
        who: &Actor,
    ) -> Result<(Change, Vec<(Trade, Vec<Move>)>), ChangeError> {
        let (shop, reference) = (&self.shop, &request.reference);
        self.follow_clock();
        let (now, _) = self.clock.reading();
        // Only trades that are open or hold the sale matter here, whenever they began.
        let known = store::sale_trades(change, shop, reference, Ms::MAX).await?;
        let first = known.first.as_ref().map(Due::of_first);
        let due = store::due(change, shop, reference).await?.or(first);
        let mut others = known.recent;
        let stored: Vec<u64> = others.iter().map(Trade::version).collect();
        for other in others.iter_mut().filter(|other| other.state().gives_way()) {
            self.catch_up(other, SaleHold::None);
        }
        let registration =
            registration::register(&others, due.as_ref(), &request.amount, now, &self.policy)
                .map_err(|denial| self.not_registered(&denial, &others))?;
        match registration.change {
            Change::Same => {}
            Change::New | Change::Amount => {
                let due = Due {
                    amount: request.amount.clone(),
                    set_by: SetBy::Registration,
                };
                store::set_due(change, shop, reference, &due).await?;
            }
        }
        let replaced = (registration.replaced, stored.as_slice());
        let abandoned = store_replaced(change, replaced, who, trail::AMOUNT_CHANGED, now).await?;
        Ok((registration.change, abandoned))
    }

    /// Why the amount may not change, and which trade is in its way.
    fn not_registered(&self, denial: &RegistrationDenial, others: &[Trade]) -> Problem {
        let trade = self.wire(&others[denial.trade()]);
        Problem::with_trade(denial.into(), trade).replace_detail(denial.detail())
    }
}
