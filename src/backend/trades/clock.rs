//! Moves the times of open trades when the wall clock was set, and restarts those of before the start.

use std::sync::Arc;

use kaunter_core::policy::Ms;
use kaunter_core::trade::{Context, Event, SaleHold, Trade};

use super::{Inner, lock};
use crate::metrics::METRICS;

impl Inner {
    /// Moves our clock and the times of every open trade when the wall clock jumps, before any other change. A jump
    /// makes nothing due, and delays nothing.
    pub(super) fn follow_clock(self: &Arc<Self>) {
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
        // Each is asked about in its turn. Its times move then, or with an earlier change.
        self.timers
            .ask_all(|trade_id| *moved.entry(trade_id.to_string()).or_default() += by);
    }

    /// Moves the times of this trade, if the clock was set since they were stored. Restarts it, if its row is of before the
    /// start of this process. Returns the time, and by how much
    /// they moved, for [`Self::caught_up`].
    pub(super) fn catch_up(self: &Arc<Self>, trade: &mut Trade, hold: SaleHold) -> (Ms, i64) {
        self.follow_clock();
        let trade_id = &trade.facts().trade_id;
        let (now, by) = {
            let moved = lock(&self.moved);
            let by = moved.get(trade_id).copied().unwrap_or_default();
            (self.clock.now_ms(), by)
        };
        let needs_restart = self.timers.needs_restart(trade_id);
        let context = Context {
            now,
            policy: &self.policy,
            held_by_others: hold,
            gateway_answer: None,
            code_reused: false,
        };
        if by != 0 {
            // This event is never refused.
            let _ = trade.handle_in_turn(Event::ClockSet(by), &context);
        } else if needs_restart {
            let _ = trade.handle_in_turn(Event::Restarted, &context);
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

    /// Notes that the trade is stored with its times moved, and restarted.
    pub(super) fn caught_up(&self, trade_id: &str, by: i64) {
        self.timers.restarted(trade_id);
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
