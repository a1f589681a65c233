//! How busy a backend is, what it therefore refuses, and how often pages should look: rule 51 of `docs/rules.md`.
//!
//! The driver measures how long a caller stands in each queue, in windows of [`WINDOW_MS`], and tells the longest such
//! wait. Within a window it tells the shortest wait of a queue: a standing queue delays every caller, and a short burst
//! does not. CoDel (RFC 8289) tells queues apart in the same way.
//!
//! ```
//! use kaunter_core::load::{Level, Load, FALL_WINDOWS, RISE_WINDOWS, SLOW_MS};
//!
//! let mut load = Load::default();
//! for _ in 0..RISE_WINDOWS {
//!     load.judge(SLOW_MS);
//! }
//! assert_eq!(load.level(), Level::Slow);
//! assert_eq!(load.level().pace_ms(2_000), 5_000);
//! assert!(load.level().takes_sales());
//!
//! for _ in 0..FALL_WINDOWS {
//!     load.judge(0);
//! }
//! assert_eq!(load.level(), Level::Normal);
//! ```

use crate::policy::Ms;

/// The length of a window. Shorter windows hold too few measurements, and longer ones notice an overload later.
pub const WINDOW_MS: Ms = 250;
/// A wait below this is calm: a cashier does not notice it. Between this and [`SLOW_MS`] the level stays.
pub const CALM_MS: Ms = 25;
/// From this wait on, pages are asked to look more slowly. Far above the few milliseconds of a backend with capacity
/// left; ten such waits still fit into the 2 s between two looks.
pub const SLOW_MS: Ms = 100;
/// From this wait on, new sales are refused. A call waits in a queue several times, and a page gives up after 10 s.
pub const FULL_MS: Ms = 400;
/// How many windows in a row raise the level: half a second. One would follow a single pause of the machine.
pub const RISE_WINDOWS: u32 = 2;
/// How many calm windows in a row lower the level by one: 2.5 s. So a backend whose load has ended takes sales again
/// after 2.5 s, and is at its usual pace after 5 s. Fewer: it rises again before the pages have come back.
pub const FALL_WINDOWS: u32 = 10;
/// The longest pause between two looks that a backend asks for, unless `poll_ms` is longer. A cashier who waits longer
/// asks what is wrong.
pub const MAX_PACE_MS: Ms = 10_000;

/// How busy a backend is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everybody is served at once.
    #[default]
    Normal,
    /// Callers wait: pages look more slowly, and nothing is refused.
    Slow,
    /// Callers wait too long: new sales are refused, and pages look most slowly.
    Full,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Slow, Self::Full];

    /// Its word in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Slow => "slow",
            Self::Full => "full",
        }
    }

    /// From the start of one look to the start of the next. Never shorter than `poll_ms`.
    #[must_use]
    pub fn pace_ms(self, poll_ms: Ms) -> Ms {
        let slower = match self {
            Self::Normal => poll_ms,
            Self::Slow => poll_ms.saturating_mul(5) / 2,
            Self::Full => poll_ms.saturating_mul(5),
        };
        bounded_pace_ms(slower, poll_ms)
    }

    /// Whether a new sale may begin. Everything else is answered at every level.
    #[must_use]
    pub fn takes_sales(self) -> bool {
        match self {
            Self::Normal | Self::Slow => true,
            Self::Full => false,
        }
    }

    fn lower(self) -> Self {
        match self {
            Self::Normal | Self::Slow => Self::Normal,
            Self::Full => Self::Slow,
        }
    }

    /// The wait below which this level is left for the next lower one.
    fn left_below_ms(self) -> Ms {
        match self {
            Self::Normal => 0,
            Self::Slow => CALM_MS,
            Self::Full => SLOW_MS,
        }
    }
}

/// The pause between two looks of a page that was asked for `pace_ms`: at least `poll_ms`, and bounded.
#[must_use]
pub fn bounded_pace_ms(pace_ms: Ms, poll_ms: Ms) -> Ms {
    pace_ms.min(MAX_PACE_MS).max(poll_ms)
}

/// Follows the load of a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    level: Level,
    /// Windows in a row with a wait of at least [`SLOW_MS`].
    slow: u32,
    /// Windows in a row with a wait of at least [`FULL_MS`].
    full: u32,
    /// Windows in a row with a wait below the one that the level needs.
    calm: u32,
}

impl Load {
    /// The present level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Takes the longest wait of a window. Returns the new level if it has changed.
    pub fn judge(&mut self, wait_ms: Ms) -> Option<Level> {
        let count = |so_far: u32, holds: bool| if holds { so_far.saturating_add(1) } else { 0 };
        self.slow = count(self.slow, wait_ms >= SLOW_MS);
        self.full = count(self.full, wait_ms >= FULL_MS);
        self.calm = count(self.calm, wait_ms < self.level.left_below_ms());
        let before = self.level;
        if self.full >= RISE_WINDOWS {
            self.level = Level::Full;
        } else if self.slow >= RISE_WINDOWS {
            self.level = before.max(Level::Slow);
        } else if self.calm >= FALL_WINDOWS {
            self.level = before.lower();
        }
        if self.level == before {
            return None;
        }
        self.calm = 0;
        Some(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(load: &mut Load, waits: &[Ms]) -> Level {
        for wait_ms in waits {
            load.judge(*wait_ms);
        }
        load.level()
    }

    #[test]
    fn rule_51_looks_slow_down_before_a_sale_is_refused() {
        let mut load = Load::default();
        assert_eq!(after(&mut load, &[SLOW_MS, SLOW_MS]), Level::Slow);
        assert!(load.level().takes_sales());
        assert_eq!(after(&mut load, &[FULL_MS, FULL_MS]), Level::Full);
        assert!(!load.level().takes_sales());
        let paces = Level::ALL.map(|level| level.pace_ms(2_000));
        assert_eq!(paces, [2_000, 5_000, 10_000]);
    }

    #[test]
    fn rule_51_no_pace_is_below_the_policy_or_above_what_keeps_a_cashier_informed() {
        for level in Level::ALL {
            for poll_ms in [1, 200, 2_000, 3_000, 9_999, 10_000, 60_000, Ms::MAX] {
                let pace_ms = level.pace_ms(poll_ms);
                assert!(pace_ms >= poll_ms);
                assert!(pace_ms <= MAX_PACE_MS.max(poll_ms));
            }
        }
        assert_eq!(bounded_pace_ms(0, 2_000), 2_000);
        assert_eq!(bounded_pace_ms(Ms::MAX, 2_000), MAX_PACE_MS);
    }

    #[test]
    fn rule_51_one_pause_of_the_machine_changes_nothing() {
        let mut load = Load::default();
        for _ in 0..100 {
            assert_eq!(after(&mut load, &[60_000, CALM_MS]), Level::Normal);
        }
    }

    #[test]
    fn rule_51_between_two_bounds_a_level_stays() {
        let mut load = Load::default();
        let between = [SLOW_MS - 1; 100];
        assert_eq!(after(&mut load, &between), Level::Normal);
        after(&mut load, &[FULL_MS; 2]);
        assert_eq!(after(&mut load, &[FULL_MS - 1; 100]), Level::Full);
        assert_eq!(after(&mut load, &between), Level::Slow);
        assert_eq!(after(&mut load, &[CALM_MS; 100]), Level::Slow);
        assert_eq!(after(&mut load, &[CALM_MS - 1; 100]), Level::Normal);
    }

    #[test]
    fn rule_51_after_the_load_a_backend_is_back_within_ten_seconds() {
        let mut load = Load::default();
        after(&mut load, &[60_000; 100]);
        let mut windows = 0;
        while load.level() != Level::Normal {
            load.judge(0);
            windows += 1;
        }
        assert_eq!(windows, 2 * FALL_WINDOWS);
        assert!(Ms::from(windows) * WINDOW_MS < 10_000);
    }

    /// Tills that look again when they were answered, at the pace that the backend asks for, on a backend that answers
    /// a fixed number of looks in a window. The wait is that of the queue.
    #[test]
    fn rule_51_tills_that_follow_the_pace_do_not_fill_a_backend_with_half_the_capacity() {
        const TILLS: u64 = 4_000;
        // Per window: half of the answers that the tills ask for every 2 s.
        const ANSWERS: u64 = TILLS * WINDOW_MS / 2_000 / 2;
        let mut load = Load::default();
        let mut due = [0_u64; 64];
        due[..8].fill(TILLS / 8);
        let (mut waiting, mut longest_ms) = (0, 0);
        for now in 0..2_400 {
            waiting += std::mem::take(&mut due[now % 64]);
            let answered = waiting.min(ANSWERS);
            waiting -= answered;
            let pace = load.level().pace_ms(2_000) / WINDOW_MS;
            let pace = usize::try_from(pace).expect("it is small");
            due[(now + pace) % 64] += answered;
            let wait_ms = waiting * WINDOW_MS / ANSWERS;
            longest_ms = longest_ms.max(wait_ms);
            load.judge(wait_ms);
        }
        assert!(longest_ms < 4_000, "a look waited for {longest_ms} ms");
    }
}
