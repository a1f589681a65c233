//! Quantiles of measured durations.

use std::time::Duration;

use serde_json::{Value, json};

/// Durations, in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<u32>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0
            .push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn summary(mut self) -> Value {
        self.0.sort_unstable();
        let at = |permille: usize| {
            let last = self.0.len().saturating_sub(1);
            self.0.get(last * permille / 1000)
        };
        json!({"count": self.0.len(), "p50_us": at(500), "p90_us": at(900), "p99_us": at(990), "max_us": at(1000)})
    }
}
