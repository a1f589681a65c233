//! The rules of people who sign in at the backend: where they may work, and how long a sign-in lasts.
//!
//! [`lockout`](crate::lockout) decides when a person may try again. The functions are pure.

/// How long a person stays signed in, in seconds: a long shift. Then the secret is asked for again.
pub const LASTS_S: u64 = 12 * 3_600;

/// Whether a person may work at a terminal. Without a list, a person may work at every terminal.
#[must_use]
pub fn may_work_at(terminals: &[String], terminal: &str) -> bool {
    terminals.is_empty() || terminals.iter().any(|own| own == terminal)
}

/// Whether a token of this sign-in may be replaced by a fresh one, without the secret.
#[must_use]
pub fn may_renew(signed_in_s: u64, now_s: u64) -> bool {
    now_s.saturating_sub(signed_in_s) < LASTS_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_38_a_person_works_at_the_listed_terminals() {
        let list = ["till-1".to_owned(), "till-2".to_owned()];
        assert!(may_work_at(&list, "till-2"));
        assert!(!may_work_at(&list, "till-3"));
        assert!(!may_work_at(&list, "Till-1"));
        assert!(may_work_at(&[], "till-3"));
    }

    #[test]
    fn rule_38_a_sign_in_ends_after_a_shift() {
        assert!(may_renew(1_000, 1_000 + LASTS_S - 1));
        assert!(!may_renew(1_000, 1_000 + LASTS_S));
        assert!(may_renew(1_000, 900), "a clock that was set back");
    }
}
