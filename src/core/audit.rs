//! The rules of the audit trail that need no key: which refusals have a row, and how many.
//!
//! The backend keeps the rows, their chains and their seals.

use crate::error::{ErrorType, ProblemCode};
use crate::policy::Ms;

/// The most rows about refused calls of one terminal in one minute.
///
/// It is the number of calls that a terminal may make in a minute by default. Above it, refusals are only counted, so
/// that a page in a loop can not fill the store.
pub const MAX_REFUSALS: u32 = 60;

const MINUTE_MS: Ms = 60_000;

/// Whether a refused call of a known terminal gets a row: the caller may not do what it asked for.
///
/// A token without a valid signature names nobody, and a call with a wrong field is a mistake of a page. Neither gets
/// one.
#[must_use]
pub fn is_recorded(code: ProblemCode) -> bool {
    let is_auth = crate::error::ErrorCode::from(code).class() == ErrorType::Auth;
    // A revoked token has a valid signature: the shop knows whose it is.
    code == ProblemCode::TokenRevoked || (is_auth && code.status() == 403)
}

/// The refusals of a terminal in its last minute that had one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// The minute, counted from 1970.
    pub minute: u64,
    /// How many rows it has.
    pub rows: u32,
    /// How many more refusals there were.
    pub left_out: u64,
}

/// What a refusal adds to the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The refusals of an earlier minute that had no row: they get one together, which says how many they were.
    pub left_out_before: u64,
    /// Whether this refusal gets a row.
    pub has_row: bool,
}

impl Refusals {
    /// Takes one more refusal in.
    pub fn take(&mut self, now: Ms) -> Recorded {
        let left_out_before = self.close(now);
        let has_row = self.rows < MAX_REFUSALS;
        if has_row {
            self.rows += 1;
        } else {
            self.left_out += 1;
        }
        Recorded {
            left_out_before,
            has_row,
        }
    }

    /// Begins the minute of `now`, if it is another one. Returns how many refusals of the minute before had no row.
    pub fn close(&mut self, now: Ms) -> u64 {
        let minute = now / MINUTE_MS;
        if minute == self.minute {
            return 0;
        }
        let before = std::mem::take(self).left_out;
        self.minute = minute;
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_41_a_terminal_has_sixty_refusals_a_minute_in_the_trail_and_the_others_are_counted() {
        let mut refusals = Refusals::default();
        let start = 1_000 * MINUTE_MS;
        let all: Vec<Recorded> = (0..100).map(|at| refusals.take(start + at)).collect();
        assert_eq!(all.iter().filter(|one| one.has_row).count(), 60);
        assert!(all.iter().all(|one| one.left_out_before == 0));
        assert_eq!(refusals.left_out, 40);
        let next = refusals.take(start + MINUTE_MS);
        let expected = Recorded {
            left_out_before: 40,
            has_row: true,
        };
        assert_eq!(
            next, expected,
            "the next minute says how many were left out"
        );
        assert_eq!((refusals.rows, refusals.left_out), (1, 0));
        assert_eq!(refusals.close(start + 2 * MINUTE_MS), 0);
        assert_eq!(refusals.rows, 0);
    }

    #[test]
    fn rule_41_what_a_known_caller_may_not_do_is_recorded_and_a_mistake_is_not() {
        assert!(is_recorded(ProblemCode::TokenForbidden));
        assert!(is_recorded(ProblemCode::LimitExceeded));
        assert!(is_recorded(ProblemCode::TokenRevoked));
        for code in [
            ProblemCode::TokenExpired,
            ProblemCode::BadRequest,
            ProblemCode::RateLimited,
            ProblemCode::TradeNotVoidable,
        ] {
            assert!(!is_recorded(code), "{code:?}");
        }
    }
}
