//! Runs what is due in time: moves at once, and questions to the gateway in their turn (rule 50 of `docs/rules.md`).

use std::sync::Arc;
use std::time::Duration;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{Event, State, Trade};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Instrument;

use super::change::{Applied, EventDetails};
use super::timers::{NextSteps, StepKind};
use super::{Inner, Trades};
use crate::error::Problem;
use crate::gateway::budget::{Budget, QuestionTurn};
use crate::limits::{
    ANSWER_PAUSE, CHECK_TIMER_MS, CONCURRENT_TICKS, LOOKED_POLLS, PAGE_ROWS, TIME_PAUSE,
};
use crate::metrics::METRICS;
use crate::trace::carried;
use crate::trail::ActorKind;

impl Trades {
    /// Tells the metrics how many questions wait.
    pub(crate) fn count_questions(&self) {
        let (budget, known) = (self.inner.budget(), self.inner.timers.len());
        let (waiting, longest) = (budget.queue.len(), budget.queue.longest());
        METRICS.questions(waiting, longest, budget.wait(), known);
    }
}

impl Inner {
    pub(super) fn budget(&self) -> &Budget {
        self.gateway.budget()
    }

    /// Runs the steps that are due, until this process ends.
    pub(super) fn start_steps(self: &Arc<Self>) {
        self.until_closing(Self::run_timers);
        self.until_closing(Self::run_moves);
        self.until_closing(Self::run_questions);
        self.until_closing(Self::run_answers);
    }

    pub(super) fn until_closing<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        run: impl FnOnce(Arc<Self>) -> F,
    ) {
        let (closing, run) = (self.closing.clone(), run(Arc::clone(self)));
        tokio::spawn(async move { closing.run_until_cancelled(run).await });
    }

    /// Lets each trade wait whose time has come.
    async fn run_timers(self: Arc<Self>) {
        let looked_within = Duration::from_millis(self.policy.poll_ms) * LOOKED_POLLS;
        loop {
            for step in self.timers.due(PAGE_ROWS).await {
                let is_watched = step.looked.is_some_and(|at| at.elapsed() <= looked_within);
                let queue = match step.kind {
                    StepKind::Move => &self.moves,
                    StepKind::Question => &self.budget().queue,
                };
                queue.join(&step.trade_id, &step.terminal, step.due, is_watched);
            }
        }
    }

    /// Moves the trades whose time has come, a few at once.
    async fn run_moves(self: Arc<Self>) {
        let permits = Arc::new(Semaphore::new(CONCURRENT_TICKS));
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await;
            self.moves.some().await;
            let Some(trade_id) = self.moves.next() else {
                continue;
            };
            let inner = Arc::clone(&self);
            // A task of its own: a change that has begun is not stopped in the middle.
            let tick = async move {
                let _ = inner.tick(&trade_id, StepKind::Move).await;
                drop(permit);
            };
            tokio::spawn(carried(tick.in_current_span()));
        }
    }

    async fn run_questions(self: Arc<Self>) {
        loop {
            let turn = self.budget().next().await;
            let ask = Arc::clone(&self).take_turn(turn);
            tokio::spawn(carried(ask.in_current_span()));
        }
    }

    async fn run_answers(self: Arc<Self>) {
        loop {
            tokio::time::sleep(ANSWER_PAUSE).await;
            self.store.note_answers(ANSWER_PAUSE).await;
        }
    }

    async fn take_turn(self: Arc<Self>, turn: QuestionTurn) {
        let ticked = self.tick(&turn.trade_id, StepKind::Question).await;
        self.budget().settle();
        // The turn lasts until the gateway has answered, so that one that hangs is not flooded.
        for sent in ticked.map_or_else(|_| Vec::new(), |applied| applied.sent) {
            let _ = sent.await;
        }
    }

    async fn tick(self: &Arc<Self>, trade_id: &str, kind: StepKind) -> Result<Applied, Problem> {
        let who = ActorKind::Time.into();
        let event = match kind {
            StepKind::Move => Event::Tick,
            StepKind::Question => Event::Turn,
        };
        let ticked = self
            .apply(trade_id, event, EventDetails::default(), &who)
            .await;
        if let Err(problem) = &ticked {
            tracing::error!(%trade_id, code = problem.code.as_str(), "a timed step could not be stored: it is tried again in a second");
            let again = Instant::now() + TIME_PAUSE;
            self.timers.again(trade_id, kind, again);
        }
        ticked
    }

    /// Sets the timer of a trade, whose next step the machine wants then.
    pub(super) fn schedule(&self, trade: &Trade, wake: Ms) {
        let facts = trade.facts();
        self.leave_queues(&facts.trade_id);
        // The sweep reads the later checks of paid trades from the store, so that no process holds thousands of timers.
        let is_later = wake > self.clock.now_ms() + CHECK_TIMER_MS;
        if trade.state() == State::Paid && is_later {
            self.timers.clear(&facts.trade_id);
        } else if !self.is_closing() {
            let steps = self.steps(trade);
            self.timers.set(trade.into(), steps);
        }
    }

    pub(super) fn steps(&self, trade: &Trade) -> NextSteps {
        let (now, now_ms) = (Instant::now(), self.clock.now_ms());
        let at = |due_ms: Ms| match due_ms.checked_sub(now_ms) {
            Some(left_ms) => now + Duration::from_millis(left_ms),
            None => {
                let late = Duration::from_millis(now_ms - due_ms);
                now.checked_sub(late).unwrap_or(now)
            }
        };
        NextSteps {
            moves: trade.move_due_ms(&self.policy).map(at),
            asks: trade.query_due_ms(&self.policy).map(at),
        }
    }

    /// Somebody looks at the trade: it comes before those that nobody looks at.
    pub(super) fn looked(&self, trade_id: &str) {
        self.timers.look(trade_id);
        self.budget().queue.look(trade_id);
        self.moves.look(trade_id);
    }

    pub(super) fn clear_timer(&self, trade_id: &str) {
        self.timers.clear(trade_id);
        self.leave_queues(trade_id);
    }

    fn leave_queues(&self, trade_id: &str) {
        self.budget().queue.leave(trade_id);
        self.moves.leave(trade_id);
    }
}
