//! Limits the lines of the log: a flood of calls must not become a flood of lines.

use std::sync::Mutex;
use std::time::Instant;

use axum::response::{IntoResponse as _, Response};

use super::LOG_PAUSE;
use crate::error::Problem;

/// As an extension of an answer: one line of the log is about many such calls, so this one gets none of its own.
#[derive(Clone, Copy)]
pub(crate) struct LoggedTogether;

impl LoggedTogether {
    /// The answer to such a call.
    pub(crate) fn answer(problem: Problem) -> Response {
        let mut response = problem.into_response();
        response.extensions_mut().insert(Self);
        response
    }
}

/// Counts events that have one line per [`LOG_PAUSE`].
#[derive(Default)]
pub(crate) struct LineLimiter(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    logged_at: Option<Instant>,
    /// The events since then.
    events: u64,
}

impl LineLimiter {
    /// Counts an event. If a line is due, returns the number of events that it is about.
    pub(crate) fn count(&self) -> Option<u64> {
        let mut counted = self.lock();
        counted.events += 1;
        counted.due()
    }

    /// The number of events that no line was about, if a line is due.
    pub(crate) fn rest(&self) -> Option<u64> {
        self.lock().due()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Counted {
    fn due(&mut self) -> Option<u64> {
        let is_pause = self.logged_at.is_some_and(|at| at.elapsed() <= LOG_PAUSE);
        if self.events == 0 || is_pause {
            return None;
        }
        self.logged_at = Some(Instant::now());
        Some(std::mem::take(&mut self.events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_has_one_line_and_the_next_one_counts_what_had_none() {
        let lines = LineLimiter::default();
        assert_eq!(lines.rest(), None);
        assert_eq!(lines.count(), Some(1));
        for _ in 0..1_000 {
            assert_eq!(lines.count(), None);
        }
        lines.lock().logged_at = Instant::now().checked_sub(LOG_PAUSE * 2);
        assert_eq!(lines.count(), Some(1_001));
        assert_eq!(lines.count(), None);
        lines.lock().logged_at = Instant::now().checked_sub(LOG_PAUSE * 2);
        assert_eq!((lines.rest(), lines.rest()), (Some(1), None));
    }
}
