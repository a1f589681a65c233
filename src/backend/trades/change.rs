//! Changes a trade: one event, stored in one transaction.

use std::sync::Arc;

use kaunter_core::limits;
use kaunter_core::policy::Ms;
use kaunter_core::sale::{self, CodeUse};
use kaunter_core::trade::{
    CodeMark, Context, CreateAnswer, Event, Move, Refusal, SaleHold, State, Trade,
};
use kaunter_core::wire::{GatewayAnswer, ProblemCode, Right};

use super::{Inner, SendTask, people};
use crate::error::Problem;
use crate::kill::{self, RequestStage};
use crate::limits::MAX_TRIES;
use crate::metrics::METRICS;
use crate::secret::Secret;
use crate::store::{self, Patience, word};
use crate::trail::{self, Actor, entries};

/// What accompanies an event and is not for the machine: the customer's code, the gateway's own words, and a person's
/// note.
#[derive(Clone, Default)]
pub(super) struct EventDetails {
    pub(super) code: Option<Secret>,
    pub(super) gateway_answer: Option<GatewayAnswer>,
    pub(super) note: String,
}

/// Why a change was not stored.
pub(super) enum ChangeError {
    /// Another process was faster.
    Race,
    Problem(Problem),
}

impl From<Problem> for ChangeError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        if store::lost_a_race(&error) {
            Self::Race
        } else {
            Self::Problem(error.into())
        }
    }
}

/// The result of a change.
pub(super) struct Applied {
    pub(super) trade: Trade,
    pub(super) granted: Result<(), Refusal>,
    /// The requests that were sent because of it.
    pub(super) sent: Vec<SendTask>,
}

/// Whether time or the gateway is the cause, and no person.
fn is_of_nobody(event: &Event) -> bool {
    matches!(event, Event::Tick | Event::Turn | Event::Status(..))
}

/// The right whose limits this event has.
fn limited_right(event: &Event) -> Option<Right> {
    match event {
        Event::Void => Some(Right::Void),
        Event::Verdict(_) => Some(Right::Review),
        Event::Tick
        | Event::Turn
        | Event::Restarted
        | Event::ClockSet(_)
        | Event::TerminalSeen
        | Event::Refresh
        | Event::Superseded
        | Event::AmountChanged
        | Event::Code(_)
        | Event::Cancel
        | Event::GiveUp(_)
        | Event::Created(_)
        | Event::PayAnswered(_)
        | Event::Status(..)
        | Event::CancelAnswered(_)
        | Event::VoidAnswered(_) => None,
    }
}

impl Inner {
    /// Applies an event. The change is stored before anything is sent, and tried again if another process was faster.
    pub(super) async fn apply(
        self: &Arc<Self>,
        trade_id: &str,
        event: Event,
        details: EventDetails,
        who: &Actor,
    ) -> Result<Applied, Problem> {
        let EventDetails {
            code,
            gateway_answer,
            note,
        } = details;
        // Until its timer is set: the timer of an older change must not replace that of a newer one.
        let _turn = self.store.turn_of(trade_id).await;
        for _ in 0..MAX_TRIES {
            match self
                .try_apply(
                    trade_id,
                    event.clone(),
                    (gateway_answer.as_ref(), &note),
                    who,
                )
                .await
            {
                Err(ChangeError::Race) => {}
                Err(ChangeError::Problem(problem)) => return Err(problem),
                Ok((mut trade, granted)) => {
                    kill::at(kill::of_request(&event, RequestStage::Stored));
                    let sent = self.drain_steps(&mut trade, code);
                    return Ok(Applied {
                        trade,
                        granted,
                        sent,
                    });
                }
            }
        }
        Err(Problem::new(ProblemCode::StoreUnavailable))
    }

    /// What this event makes of the trade, if no other trade of the sale matters.
    pub(super) fn after(self: &Arc<Self>, mut trade: Trade, event: &Event) -> (Trade, i64) {
        let (now, by) = self.catch_up(&mut trade, SaleHold::None);
        let context = Context {
            now,
            policy: &self.policy,
            held_by_others: SaleHold::None,
            gateway_answer: None,
            code_reused: false,
        };
        let _ = trade.handle_in_turn(event.clone(), &context);
        (trade, by)
    }

    /// Handles an event that does not move the trade: nothing is due, or a status check begins or brings no news. That
    /// is the common case, and costs at most one statement. Returns `None` if the trade moves, or may move.
    async fn unmoved(
        self: &Arc<Self>,
        trade_id: &str,
        event: &Event,
    ) -> Result<Option<Trade>, ChangeError> {
        if !event.is_local() {
            return Ok(None);
        }
        let Some(stored) = self.stored(trade_id, event).await? else {
            return Ok(None);
        };
        let was = stored.version();
        let (mut trade, by) = self.after(Trade::clone(&stored), event);
        if !trade.take_moves().is_empty() || trade.review_differs(&stored) {
            return Ok(None);
        }
        if trade.version() != was {
            // A person waits for the others.
            let patience = match is_of_nobody(event) {
                true => Patience::Waits,
                false => Patience::Hurries,
            };
            let is_answer = matches!(event, Event::Status(..));
            let kept = is_answer.then(|| self.store.keep_unstored(&stored, &trade));
            match kept.flatten() {
                Some(kept) => trade = kept,
                None if self.store.note(&trade, was, patience).await? => {}
                None => return Err(ChangeError::Race),
            }
        }
        self.caught_up(trade_id, by);
        Self::alarm_if_contradicted(&stored, event);
        Ok(Some(trade))
    }

    /// The trade to change. Time and the gateway's answers change what this process saw last, without a read: if another
    /// process has changed the trade since, the store refuses what is stored next, and the trade is read then.
    async fn stored(&self, trade_id: &str, event: &Event) -> sqlx::Result<Option<Arc<Trade>>> {
        let last_seen = is_of_nobody(event)
            .then(|| self.store.last_seen(trade_id))
            .flatten();
        let is_usable = |trade: &Arc<Trade>| {
            // The question is another process's, which has asked again since.
            let is_others = matches!(event, Event::Turn) && trade.is_asking();
            // A trade that could not be kept has set the timer.
            let is_old = self.timers.are_newer((&**trade).into());
            trade.facts().shop == self.shop && !is_others && !is_old
        };
        match last_seen.filter(is_usable) {
            Some(trade) => Ok(Some(trade)),
            None => self.store.find(Some(&self.shop), trade_id).await,
        }
    }

    async fn try_apply(
        self: &Arc<Self>,
        trade_id: &str,
        event: Event,
        (gateway_answer, note): (Option<&GatewayAnswer>, &str),
        who: &Actor,
    ) -> Result<(Trade, Result<(), Refusal>), ChangeError> {
        if let Some(trade) = self.unmoved(trade_id, &event).await? {
            return Ok((trade, Ok(())));
        }
        let mut change = self.store.begin().await?;
        let Some((mut trade, hold)) = store::with_sale_hold(&mut change, trade_id).await? else {
            return Err(Problem::new(ProblemCode::TradeNotFound).into());
        };
        if trade.facts().shop != self.shop {
            return Err(Problem::new(ProblemCode::TradeNotFound).into());
        }
        let was = trade.version();
        let (now, by) = self.catch_up(&mut trade, hold);
        let event = self.refuse_repeated_id(&mut change, &trade, event).await?;
        let code_use = CodeUse {
            reference: trade.facts().sale.reference.clone(),
            at_ms: now,
            refused: false,
        };
        let context = Context {
            now,
            policy: &self.policy,
            held_by_others: hold,
            gateway_answer,
            code_reused: self
                .code_reused(&mut change, &trade, &event, &code_use)
                .await?,
        };
        let (action, note) = (trail::name(&event), trail::note(&event, note));
        let (had, named) = (trade.code().cloned(), trade.gateway_ref().is_some());
        let right = limited_right(&event);
        let before = trade.clone();
        let granted = trade.handle_in_turn(event, &context);
        if trade.version() != was {
            let note = people::note(&before, &trade, note);
            let moves = trade.take_moves();
            // A correction of "paid" moves the trade only after an answer, and is a person's decision now.
            let decides = !moves.is_empty() || trade.awaits_answer() && !before.awaits_answer();
            if let Some(right) = right.filter(|_| granted.is_ok() && decides) {
                self.check_limits(&mut change, &trade, right, who, now)
                    .await?;
            }
            let mut entries = entries(&moves, who, action);
            // Time may have moved the trade first: the last line is the one that was asked for.
            if let Some(entry) = entries.last_mut() {
                entry.note = note;
                entry.gateway_answer = gateway_answer.cloned();
            }
            if let Some(given_up) = trade.given_up() {
                // The first one counts, so that storing it again changes nothing.
                let facts = trade.facts();
                store::set_given_up(&mut change, &facts.shop, &facts.sale.reference, given_up)
                    .await?;
            }
            Self::keep_bindings(&mut change, &trade, (had, named), &moves, &code_use).await?;
            if !store::update(&mut change, &trade, was, entries, now).await? {
                return Err(ChangeError::Race);
            }
            change.commit().await?;
            Self::log_moves(&trade, &moves, action);
            people::alarm(&before, &trade);
        }
        self.caught_up(trade_id, by);
        Ok((trade, granted))
    }

    /// Refuses a void or a verdict above the limits of its person and terminal. The numbers are counted in the store,
    /// one change at a time. Nothing is stored of a change that is refused.
    async fn check_limits(
        &self,
        change: &mut store::Change,
        trade: &Trade,
        right: Right,
        who: &Actor,
        now: Ms,
    ) -> Result<(), ChangeError> {
        let limit = self.limits.of(right, &who.terminal);
        let Some(limit) = limit.filter(|_| !who.person.is_empty()) else {
            return Ok(());
        };
        let since = now.saturating_sub(limits::WINDOW_MS);
        let names = (who.person.as_str(), who.terminal.as_str());
        let used = store::count_used(change, &trade.facts().shop, right, names, since).await?;
        limit
            .check(&trade.facts().sale.amount, trade.created_ms(), now, used)
            .map_err(|exceeded| {
                let detail = exceeded.detail().to_owned();
                Problem::with_detail(ProblemCode::LimitExceeded, detail)
            })?;
        if limit.is_unusual(used) {
            let (trade_id, alarm) = (&trade.facts().trade_id, "void_rate");
            METRICS.alarm(alarm);
            let right = word(right);
            tracing::error!(%trade_id, alarm, "one person or one terminal uses the right `{right}` unusually often: look at the audit trail of the last hour");
        }
        Ok(())
    }

    /// Stores what the change says about the trade's code, and about the gateway's id of it.
    async fn keep_bindings(
        change: &mut store::Change,
        trade: &Trade,
        (had, named): (Option<CodeMark>, bool),
        moves: &[Move],
        code_use: &CodeUse,
    ) -> sqlx::Result<()> {
        let (shop, reference) = (&trade.facts().shop, &code_use.reference);
        match (had, trade.code()) {
            (None, Some(mark)) => store::keep_code(change, shop, mark, code_use).await?,
            (Some(mark), None) => store::free_code(change, shop, reference, &mark).await?,
            (Some(_), Some(mark)) if moves.iter().any(|step| sale::frees_code(step.to)) => {
                store::code_refused(change, shop, reference, mark).await?;
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if !named && trade.gateway_ref().is_some() {
            store::name(change, trade);
        }
        Ok(())
    }

    /// True if the code of this event was handed over for another sale a short time ago.
    async fn code_reused(
        &self,
        change: &mut store::Change,
        trade: &Trade,
        event: &Event,
        code_use: &CodeUse,
    ) -> Result<bool, ChangeError> {
        // A trade that already has a code compares it itself.
        let (Event::Code(mark), None) = (event, trade.code()) else {
            return Ok(false);
        };
        let last = store::take_code(change, &trade.facts().shop, mark).await?;
        let CodeUse {
            reference, at_ms, ..
        } = code_use;
        Ok(sale::is_code_reused(
            last.as_ref(),
            reference,
            *at_ms,
            &self.policy,
        ))
    }

    /// Replaces the gateway's answer to a creation where its id already belongs to another trade.
    /// A cache or a proxy that answers twice must not let one payment close two sales.
    async fn refuse_repeated_id(
        &self,
        change: &mut store::Change,
        trade: &Trade,
        event: Event,
    ) -> Result<Event, ChangeError> {
        let Event::Created(CreateAnswer::Made { gateway_ref, .. }) = &event else {
            return Ok(event);
        };
        let facts = trade.facts();
        let holder = store::holder_of(change, &facts.shop, gateway_ref).await?;
        if !sale::is_id_repeated(holder.as_deref(), &facts.trade_id) {
            return Ok(event);
        }
        let alarm = "gateway_ref_repeated";
        METRICS.alarm(alarm);
        tracing::error!(trade_id = %facts.trade_id, alarm, "the gateway gave this trade the id of another trade: this trade was abandoned");
        Ok(Event::Created(CreateAnswer::Repeated))
    }

    /// Raises an alarm if the gateway contradicts a payment without moving it.
    fn alarm_if_contradicted(trade: &Trade, event: &Event) {
        let Event::Status(_, answer) = event else {
            return;
        };
        if trade.is_contradicted_by(answer) {
            let alarm = "paid_contradicted";
            METRICS.alarm(alarm);
            let status = trail::status(answer.status);
            tracing::error!(trade_id = %trade.facts().trade_id, alarm, status, "the gateway no longer reports this trade as before: look it up in the gateway's portal");
        }
    }

    /// Logs and counts the moves of a trade, once they are stored.
    pub(super) fn log_moves(trade: &Trade, moves: &[Move], action: &str) {
        let trade_id = &trade.facts().trade_id;
        let gateway_answer = trade.gateway_answer();
        let gateway_code = gateway_answer.and_then(|gateway_answer| gateway_answer.code.as_deref());
        let gateway_message = gateway_answer.map(|gateway_answer| gateway_answer.message.as_str());
        for step @ Move { from, to } in moves {
            METRICS.moved(step);
            let (from, to_word) = (word(*from), word(*to));
            tracing::info!(%trade_id, from, to = to_word, action, gateway_code, gateway_message, "moved");
            match *to {
                State::LateSuccess => {
                    let alarm = "late_success";
                    METRICS.alarm(alarm);
                    tracing::error!(%trade_id, alarm, "this trade was paid after it had been closed: accept the payment, or give the money back");
                }
                State::Reversed => {
                    let alarm = "reversed";
                    METRICS.alarm(alarm);
                    tracing::error!(%trade_id, alarm, "the gateway has taken this payment back: the shop does not have the money");
                }
                State::NeedsReview | State::VoidReview => METRICS.alarm("needs_review"),
                State::Creating
                | State::CreateUnknown
                | State::AwaitingCode
                | State::AwaitingPayer
                | State::Paying
                | State::Pending
                | State::Unknown
                | State::Cancelling
                | State::CancelUnknown
                | State::GivenUp
                | State::Paid
                | State::Voiding
                | State::VoidUnknown
                | State::Declined
                | State::Cancelled
                | State::Expired
                | State::Abandoned
                | State::Voided => {}
            }
        }
    }
}
