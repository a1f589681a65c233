//! Quantiles of measured durations.

use std::time::Duration;

use serde_json::{Value, json};

/// Durations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// In microseconds.
    pub(crate) fn summary(mut self) -> Value {
        self.0.sort_unstable();
        let at = |permille: usize| {
            let last = self.0.len().saturating_sub(1);
            let took = self.0.get(last * permille / 1000);
            took.map(Duration::as_micros)
        };
        json!({"count": self.0.len(), "p50_us": at(500), "p90_us": at(900), "p99_us": at(990), "max_us": at(1000)})
    }
}
