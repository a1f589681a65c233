//! Stops collecting a sale that the customer pays in another way.

use std::sync::Arc;
use std::time::Duration;

use kaunter_core::admission::Denial;
use kaunter_core::giving_up::{self, GivingUp};
use kaunter_core::trade::{Event, Facts, GiveUp, SaleHold, Trade};
use kaunter_core::wire::{ProblemCode, Tender};
use tracing::Instrument;

use super::change::ChangeError;
use super::{Inner, SendTask, Trades};
use crate::error::Problem;
use crate::limits::{GIVE_UP_PAUSE, MAX_TRIES};
use crate::store;
use crate::trace::carried;
use crate::trail::{self, Actor, entries};

/// A request to stop collecting a sale.
#[derive(Clone)]
pub(crate) struct GiveUpRequest {
    pub(crate) shop: String,
    pub(crate) reference: String,
    pub(crate) tender: Tender,
    /// The cashier.
    pub(crate) by: String,
    /// Who made the request, for the audit trail.
    pub(crate) who: Actor,
}

/// What one try has stored.
enum Step {
    /// The sale is given up.
    Done(GiveUp),
    /// The gateway is being asked, and its answer decides.
    Asks(Vec<SendTask>),
}

impl Trades {
    /// Stops collecting a sale. `check` refuses a trade that the caller may not leave.
    ///
    /// If a trade of the sale may be paid, the gateway is asked first, and this waits for its answer.
    pub(crate) async fn give_up(
        &self,
        request: GiveUpRequest,
        check: impl Fn(&Facts) -> Result<(), Problem> + Send + Sync + 'static,
    ) -> Result<GiveUp, Problem> {
        let inner = Arc::clone(&self.inner);
        // A client that disconnects must not stop a change in the middle.
        let task = tokio::spawn(carried(
            async move { inner.give_up(&request, &check).await }.in_current_span(),
        ));
        task.await
            .map_err(|_| Problem::new(ProblemCode::Internal))?
    }
}

impl Inner {
    async fn give_up(
        self: &Arc<Self>,
        request: &GiveUpRequest,
        check: &(impl Fn(&Facts) -> Result<(), Problem> + Sync),
    ) -> Result<GiveUp, Problem> {
        let policy = &self.policy;
        let patience_ms =
            policy.connect_timeout_ms + policy.read_timeout_ms + policy.clock_grace_ms;
        let end = tokio::time::Instant::now() + Duration::from_millis(patience_ms);
        let mut races = 0;
        loop {
            let sent = match self.try_give_up(request, check).await {
                Ok(Step::Done(given_up)) => return Ok(given_up),
                Ok(Step::Asks(sent)) => sent,
                Err(ChangeError::Race) if races < MAX_TRIES => {
                    races += 1;
                    continue;
                }
                Err(ChangeError::Race) => return Err(Problem::new(ProblemCode::StoreUnavailable)),
                Err(ChangeError::Problem(problem)) => return Err(problem),
            };
            let answers = async {
                for task in sent {
                    let _ = task.await;
                }
                // An older query is out: the next one leaves when that one has its answer.
                tokio::time::sleep(GIVE_UP_PAUSE).await;
            };
            if tokio::time::timeout_at(end, answers).await.is_err() {
                return Err(Problem::new(ProblemCode::GatewayUnavailable));
            }
        }
    }

    async fn try_give_up(
        self: &Arc<Self>,
        request: &GiveUpRequest,
        check: &(impl Fn(&Facts) -> Result<(), Problem> + Sync),
    ) -> Result<Step, ChangeError> {
        let (shop, reference) = (&request.shop, &request.reference);
        let mut change = self.store.begin().await?;
        store::take_sale(&mut change, shop, reference).await?;
        self.follow_clock();
        let now = self.clock.now_ms();
        let mut trades = store::trades_to_leave(&mut change, shop, reference).await?;
        for trade in &trades {
            check(trade.facts())?;
        }
        if let Some(given_up) = store::given_up(&mut change, shop, reference).await? {
            return Ok(Step::Done(given_up));
        }
        let stored: Vec<u64> = trades.iter().map(Trade::version).collect();
        let moved: Vec<i64> = trades
            .iter_mut()
            .map(|trade| self.catch_up(trade, SaleHold::None).1)
            .collect();
        let wish = GiveUp {
            by: request.by.clone(),
            tender: request.tender,
            at_ms: now,
        };
        let answer = giving_up::give_up(&trades, &wish, &self.policy)
            .map_err(|denial| self.not_given_up(denial, &trades))?;
        let (at, mut trade, is_done) = match answer {
            None => return Err(Problem::new(ProblemCode::TradeNotFound).into()),
            Some(GivingUp::Now(at, trade)) => (at, *trade, true),
            Some(GivingUp::Asks(at, trade)) => (at, *trade, false),
        };
        let moves = trade.take_moves();
        if trade.version() != stored[at] {
            let event = Event::GiveUp(wish.clone());
            let mut entries = entries(&moves, &request.who, trail::name(&event));
            if let Some(entry) = entries.last_mut() {
                entry.note = trail::note(&event, "");
            }
            if !store::update(&mut change, &trade, stored[at], entries, now).await? {
                return Err(ChangeError::Race);
            }
        }
        if is_done {
            store::set_given_up(&mut change, shop, reference, &wish).await?;
        }
        change.commit().await?;
        Self::log_moves(&trade, &moves, "give_up");
        self.caught_up(&trade.facts().trade_id, moved[at]);
        let sent = self.drain_steps(&mut trade, None);
        Ok(if is_done {
            Step::Done(wish)
        } else {
            Step::Asks(sent)
        })
    }

    fn not_given_up(&self, denial: Denial, trades: &[Trade]) -> Problem {
        let code = denial.into();
        match denial.trade() {
            Some(at) => Problem::with_trade(code, self.wire(&trades[at])),
            None => Problem::new(code),
        }
    }
}
