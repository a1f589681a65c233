//! Moves the times of open trades when the wall clock was set.

use std::sync::Arc;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{Context, Event, SaleHold, Trade};

use super::change::EventDetails;
use super::{Inner, lock};
use crate::metrics::METRICS;
use crate::trail::ActorKind;

impl Inner {
    /// Moves our clock and the times of every open trade when the wall clock jumps, before any other change. A jump
    /// makes nothing due, and delays nothing.
    pub(super) fn follow_clock(self: &Arc<Self>) {
        let ids: Vec<String> = {
            let mut moved = lock(&self.moved);
            let Some(by) = self.clock.follow() else {
                return;
            };
            let alarm = "clock_jumped";
            METRICS.alarm(alarm);
            tracing::warn!(
                alarm,
                "the wall clock jumped by {} s, because it was set or the host slept: open trades continue",
                by / 1_000
            );
            let known: Vec<_> = lock(&self.timers).keys().cloned().collect();
            for trade_id in known {
                *moved.entry(trade_id).or_default() += by;
            }
            moved.keys().cloned().collect()
        };
        if self.is_closing() {
            return;
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            for trade_id in ids {
                if let Err(problem) = inner
                    .apply(
                        &trade_id,
                        Event::Restarted,
                        EventDetails::default(),
                        &ActorKind::Time.into(),
                    )
                    .await
                {
                    tracing::error!(%trade_id, code = problem.code.as_str(), "the status of this trade could not be checked after the clock jumped: the next scheduled check follows");
                }
            }
        });
    }

    /// Moves the times of this trade, if the clock was set since they were stored. Returns the time, and by how much
    /// they moved, for [`Self::caught_up`].
    pub(super) fn catch_up(self: &Arc<Self>, trade: &mut Trade, hold: SaleHold) -> (Ms, i64) {
        self.follow_clock();
        let trade_id = &trade.facts().trade_id;
        let (now, by) = {
            let moved = lock(&self.moved);
            let by = moved.get(trade_id).copied().unwrap_or_default();
            (self.clock.now_ms(), by)
        };
        if by != 0 {
            let context = Context {
                now,
                policy: &self.policy,
                held_by_others: hold,
                gateway_answer: None,
                code_reused: false,
            };
            // This event is never refused.
            let _ = trade.handle(Event::ClockSet(by), &context);
        }
        (now, by)
    }

    /// Marks a new trade that was stored with the clock of before a jump: its times move like those of older trades.
    pub(super) fn jumped_since(&self, trade: &Trade, jumps_ms: i64) {
        let mut moved = lock(&self.moved);
        let by = self.clock.reading().1 - jumps_ms;
        if by != 0 {
            moved.insert(trade.facts().trade_id.clone(), by);
        }
    }

    /// Notes that the trade is stored with its times moved.
    pub(super) fn caught_up(&self, trade_id: &str, by: i64) {
        let mut moved = lock(&self.moved);
        // The clock may have jumped again since.
        if let Some(left) = moved.get_mut(trade_id) {
            *left -= by;
            if *left == 0 {
                moved.remove(trade_id);
            }
        }
    }
}
