//! What a person may give back or decide without a second look: how much, how often, and how late.
//!
//! The backend counts in its store and calls [`Limit::check`] before it stores the change.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::money::Money;
use crate::policy::Ms;
use crate::wire::Right;

/// The time in which voids and verdicts are counted.
pub const WINDOW_MS: Ms = 3_600_000;

/// The limits of one right. What is `None` has no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limit {
    /// The largest amount of one trade, in minor units.
    pub max_amount_minor: Option<u64>,
    /// How many trades one person, and how many one terminal, may change within an hour.
    pub max_per_hour: Option<u32>,
    /// The oldest trade, in seconds since it was begun.
    pub max_age_s: Option<u64>,
    /// From how many within an hour an alarm is raised. Nothing is refused.
    pub alarm_per_hour: Option<u32>,
}

/// The limits of one right: the shop's, and those of terminals that have others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RightLimits {
    /// See [`Limit::max_amount_minor`].
    pub max_amount_minor: Option<u64>,
    /// See [`Limit::max_per_hour`].
    pub max_per_hour: Option<u32>,
    /// See [`Limit::max_age_s`].
    pub max_age_s: Option<u64>,
    /// See [`Limit::alarm_per_hour`].
    pub alarm_per_hour: Option<u32>,
    /// By the terminal's name. What is not set here is the shop's.
    pub terminals: BTreeMap<String, Limit>,
}

/// The limits of all rights that have limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonLimits {
    /// Of the right `void`.
    pub void: RightLimits,
    /// Of the right `review`.
    pub review: RightLimits,
}

/// From how many voids or verdicts within an hour an alarm is raised, if the configuration does not say.
///
/// A counter has a few wrong sales on a bad day.
pub const ALARM_PER_HOUR: u32 = 10;

/// How often a person and a terminal have used a right within [`WINDOW_MS`], without this time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The person, at any terminal.
    pub by_person: u32,
    /// The terminal, by anyone.
    pub by_terminal: u32,
}

/// The limit that a call is above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// The amount of the trade.
    Amount,
    /// How often it was done.
    Rate,
    /// The age of the trade.
    Age,
}

impl PersonLimits {
    /// The limits of a right at a terminal; `None` for a right without limits.
    #[must_use]
    pub fn of(&self, right: Right, terminal: &str) -> Option<Limit> {
        let limits = if right == Right::Void {
            &self.void
        } else if right == Right::Review {
            &self.review
        } else {
            return None;
        };
        let own = limits.terminals.get(terminal).copied().unwrap_or_default();
        Some(Limit {
            max_amount_minor: own.max_amount_minor.or(limits.max_amount_minor),
            max_per_hour: own.max_per_hour.or(limits.max_per_hour),
            max_age_s: own.max_age_s.or(limits.max_age_s),
            alarm_per_hour: own.alarm_per_hour.or(limits.alarm_per_hour),
        })
    }
}

impl Limit {
    /// Checks a void or a verdict about a trade of this amount that was begun at `created_ms`.
    ///
    /// # Errors
    /// The first limit that it is above.
    pub fn check(
        &self,
        amount: &Money,
        created_ms: Ms,
        now: Ms,
        used: Used,
    ) -> Result<(), Exceeded> {
        let age_ms = now.saturating_sub(created_ms);
        if self.max_amount_minor.is_some_and(|max| amount.minor > max) {
            return Err(Exceeded::Amount);
        }
        let max_age_ms = self.max_age_s.map(|max| max.saturating_mul(1_000));
        if max_age_ms.is_some_and(|max| age_ms > max) {
            return Err(Exceeded::Age);
        }
        let most = used.by_person.max(used.by_terminal);
        if self.max_per_hour.is_some_and(|max| most >= max) {
            return Err(Exceeded::Rate);
        }
        Ok(())
    }

    /// Whether voids or verdicts come unusually fast, with this one.
    #[must_use]
    pub fn is_unusual(&self, used: Used) -> bool {
        let most = used.by_person.max(used.by_terminal).saturating_add(1);
        most >= self.alarm_per_hour.unwrap_or(ALARM_PER_HOUR).max(1)
    }
}

impl Exceeded {
    /// What the caller should know.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Amount => {
                "The amount is above this terminal's limit for this: ask a person at a terminal with a higher limit."
            }
            Self::Rate => {
                "This person or this terminal has done this too often within an hour: wait, or ask the manager."
            }
            Self::Age => {
                "The payment is older than this terminal's limit: ask a person at a terminal with a higher limit."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::money;

    #[test]
    fn rule_42_a_void_has_limits_of_amount_number_and_age() {
        let limit = Limit {
            max_amount_minor: Some(5_000),
            max_per_hour: Some(3),
            max_age_s: Some(60),
            alarm_per_hour: Some(2),
        };
        let used = |by_person, by_terminal| Used {
            by_person,
            by_terminal,
        };
        let check =
            |minor, age_ms: Ms, used| limit.check(&money(minor), 1_000, 1_000 + age_ms, used);
        assert_eq!(check(5_000, 60_000, used(2, 2)), Ok(()));
        assert_eq!(check(5_001, 0, used(0, 0)), Err(Exceeded::Amount));
        assert_eq!(check(1, 60_001, used(0, 0)), Err(Exceeded::Age));
        assert_eq!(check(1, 0, used(3, 0)), Err(Exceeded::Rate));
        assert_eq!(check(1, 0, used(0, 3)), Err(Exceeded::Rate));
        let none = Limit::default();
        let free = none.check(&money(u64::MAX), 0, Ms::MAX, used(u32::MAX, u32::MAX));
        assert_eq!(free, Ok(()), "without a limit nothing is refused");
        assert!(!limit.is_unusual(used(0, 0)) && limit.is_unusual(used(1, 0)));
        assert!(!none.is_unusual(used(0, 8)) && none.is_unusual(used(0, 9)));
    }

    #[test]
    fn rule_42_a_terminal_may_have_limits_of_its_own() {
        let limit = |max_amount_minor, max_per_hour| Limit {
            max_amount_minor,
            max_per_hour,
            ..Limit::default()
        };
        let limits = PersonLimits {
            void: RightLimits {
                max_amount_minor: Some(5_000),
                max_per_hour: Some(3),
                terminals: [("office".to_owned(), limit(Some(90_000), None))].into(),
                ..RightLimits::default()
            },
            review: RightLimits::default(),
        };
        let of = |right, terminal| limits.of(right, terminal);
        assert_eq!(of(Right::Void, "till-1"), Some(limit(Some(5_000), Some(3))));
        assert_eq!(
            of(Right::Void, "office"),
            Some(limit(Some(90_000), Some(3)))
        );
        assert_eq!(of(Right::Review, "office"), Some(Limit::default()));
        assert_eq!(of(Right::Cancel, "till-1"), None);
    }
}
