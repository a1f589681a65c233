//! What is counted while the tills look: times, failures, and how long each till went without an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::line::CallFailure;
use crate::times::Times;

/// The pause between two looks of a till, unless the backend asks for a slower pace.
pub(crate) const POLL: Duration = Duration::from_secs(2);

/// When tills look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Looking {
    /// Every 2 s, or as slowly as the backend asks.
    #[default]
    AsAsked,
    /// Not at all: only the backend's own work goes on.
    Silent,
    /// This many tills look again as soon as they are answered. The others look every 2 s.
    AtOnce(usize),
    /// With this pause, whatever the backend asks for.
    Every(Duration),
}

/// What the tills share.
#[derive(Clone, Default)]
pub(crate) struct Round(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    looking: Looking,
    is_measured: bool,
    looks: Times,
    /// How late a look left, because this program was busy.
    late: Times,
    failures: BTreeMap<String, u64>,
    /// The slowest pace that was asked for.
    pace: Duration,
    /// When a slower pace was asked for most recently.
    slowed: Option<Instant>,
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
        matches!(self.counts().looking, Looking::Silent)
    }

    /// From now on, tills look like this.
    pub(crate) fn look(&self, looking: Looking) {
        self.counts().looking = looking;
    }

    /// The pause of this till after a look whose answer asks for `asked`.
    pub(crate) fn pause(&self, nth: usize, asked: Duration) -> Duration {
        match self.counts().looking {
            Looking::AsAsked | Looking::Silent => asked,
            Looking::AtOnce(first) if nth < first => Duration::ZERO,
            Looking::AtOnce(_) => POLL,
            Looking::Every(pause) => pause,
        }
    }

    /// When a slower pace was asked for most recently.
    pub(crate) fn slowed(&self) -> Option<Instant> {
        self.counts().slowed
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
        if pace > POLL {
            counts.slowed = Some(now);
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
