//! What is counted while the tills look: times, failures, and how long each till went without an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::line::CallFailure;
use crate::times::Times;

/// What the tills share.
#[derive(Clone, Default)]
pub(crate) struct Round(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    /// Nobody looks: only the backend's own work goes on.
    is_silent: bool,
    is_measured: bool,
    looks: Times,
    /// How late a look left, because this program was busy.
    late: Times,
    failures: BTreeMap<String, u64>,
    /// The slowest pace that was asked for.
    pace: Duration,
    /// Of each till: its last good answer, and the longest time without one.
    answers: Vec<(Instant, Duration)>,
}

impl Round {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().expect("nobody panics while holding it")
    }

    /// One more till.
    pub(crate) fn join(&self) -> usize {
        let mut counts = self.counts();
        counts.answers.push((Instant::now(), Duration::ZERO));
        counts.answers.len() - 1
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.counts().is_silent
    }

    pub(crate) fn be_silent(&self, is_silent: bool) {
        self.counts().is_silent = is_silent;
    }

    /// Counts from now on.
    pub(crate) fn begin(&self) {
        let mut counts = self.counts();
        let now = Instant::now();
        counts.answers.fill((now, Duration::ZERO));
        counts.is_measured = true;
    }

    pub(crate) fn good(&self, nth: usize, due: Instant, began: Instant, pace: Duration) {
        let mut counts = self.counts();
        let now = Instant::now();
        if let Some((last, longest)) = counts.answers.get_mut(nth) {
            *longest = (*longest).max(now - *last);
            *last = now;
        }
        if counts.is_measured {
            counts.looks.add(now - began);
            counts.late.add(began - due);
            counts.pace = counts.pace.max(pace);
        }
    }

    pub(crate) fn failed(&self, failure: CallFailure) {
        let mut counts = self.counts();
        if counts.is_measured {
            *counts.failures.entry(failure.kind).or_default() += 1;
        }
    }

    /// Stops counting.
    pub(crate) fn end(&self) -> Value {
        let mut counts = self.counts();
        let now = Instant::now();
        let mut gaps = Times::default();
        for (last, longest) in &counts.answers {
            gaps.add((*longest).max(now - *last));
        }
        counts.is_measured = false;
        let failed: u64 = counts.failures.values().sum();
        json!({
            "looks": std::mem::take(&mut counts.looks).summary(),
            "late": std::mem::take(&mut counts.late).summary(),
            "gaps": gaps.summary(),
            "pace_ms": std::mem::take(&mut counts.pace).as_millis(),
            "failed": failed,
            "failures": std::mem::take(&mut counts.failures),
        })
    }
}
