//! How long a gateway's token is trusted with a request that leaves only once.
//!
//! A gateway does not say how long its tokens live. It may also keep one token per merchant, so that each sign-in of
//! another backend ends ours. A payment that finds its token dead has an unknown result, although no money moved.
//! So the adapter proves the token by a harmless request before a payment or a void, and renews a token that is older
//! than is trusted. This module learns that age.

use crate::policy::Ms;

/// The shortest age that is learned. A smaller one would renew the token before nearly every payment.
pub const MIN_TRUSTED_MS: Ms = 1_000;
/// The longest age that is trusted, and the first guess: gateways' tokens mostly live for 15 minutes or longer.
pub const MAX_TRUSTED_MS: Ms = 300_000;

/// How long a renewal by age waits for a payment that is under way with the old token. A gateway checks the token when
/// it reads the request, and a payment of another till may be on its way.
pub const IN_FLIGHT_MS: Ms = 1_000;

/// The age up to which a token is trusted: between [`MIN_TRUSTED_MS`] and [`MAX_TRUSTED_MS`].
///
/// ```
/// use kaunter_core::token_life::TokenLife;
///
/// let life = TokenLife::default();
/// assert!(life.is_trusted(60_000));
///
/// // A token that was last accepted at an age of 3 s was then refused: half of that is trusted.
/// let life = life.refused(3_000);
/// assert!(life.is_trusted(1_499) && !life.is_trusted(1_500));
///
/// // A later token is accepted at an age of 20 s: trust grows again.
/// assert!(life.accepted(20_000).is_trusted(9_999));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife {
    trusted_ms: Ms,
}

impl Default for TokenLife {
    fn default() -> Self {
        Self {
            trusted_ms: MAX_TRUSTED_MS,
        }
    }
}

impl TokenLife {
    /// Whether a token of this age may carry a payment or a void.
    #[must_use]
    pub fn is_trusted(self, age_ms: Ms) -> bool {
        age_ms < self.trusted_ms
    }

    /// Whether a payment or a void may take the token, once it is proven. An old token is not renewed while another one
    /// has just left with it: at a gateway with one token per merchant, the new token would end the old one.
    #[must_use]
    pub fn is_usable(self, age_ms: Ms, taken_ms_ago: Option<Ms>) -> bool {
        self.is_trusted(age_ms) || taken_ms_ago.is_some_and(|ago| ago < IN_FLIGHT_MS)
    }

    /// The gateway accepted a token of this age: half of it is trusted, if that is more than before.
    #[must_use]
    pub fn accepted(self, age_ms: Ms) -> Self {
        self.at_least(age_ms / 2)
    }

    /// The gateway refused a token that it had last accepted at this age: no more than half of it is trusted.
    #[must_use]
    pub fn refused(self, accepted_age_ms: Ms) -> Self {
        let trusted_ms = self.trusted_ms.min(accepted_age_ms / 2).max(MIN_TRUSTED_MS);
        Self { trusted_ms }
    }

    fn at_least(self, age_ms: Ms) -> Self {
        let trusted_ms = self.trusted_ms.max(age_ms).min(MAX_TRUSTED_MS);
        Self { trusted_ms }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rule_46_a_token_that_died_early_shortens_what_is_trusted() {
        // Tokens of 4 s, asked every second.
        let mut life = TokenLife::default();
        for age_ms in [1_000, 2_000, 3_000] {
            life = life.accepted(age_ms);
        }
        assert!(life.is_trusted(MAX_TRUSTED_MS - 1));
        life = life.refused(3_000);
        assert!(!life.is_trusted(2_000));
        // It is not renewed beside a payment that has just left with it.
        assert!(!life.is_usable(2_000, None));
        assert!(life.is_usable(2_000, Some(IN_FLIGHT_MS - 1)));
        assert!(!life.is_usable(2_000, Some(IN_FLIGHT_MS)));
        // A token that was never used tells nothing: the shortest age is trusted.
        assert!(life.refused(0).is_trusted(MIN_TRUSTED_MS - 1));
        assert!(!life.refused(0).is_trusted(MIN_TRUSTED_MS));
    }

    proptest! {
        #[test]
        fn rule_46_what_is_trusted_is_bounded_and_no_dead_age(
            answers in proptest::collection::vec((any::<bool>(), 0..2 * MAX_TRUSTED_MS), 0..40),
        ) {
            let mut life = TokenLife::default();
            for (good, age_ms) in answers {
                let before = life;
                life = if good { life.accepted(age_ms) } else { life.refused(age_ms) };
                prop_assert!(life.is_trusted(MIN_TRUSTED_MS - 1) && !life.is_trusted(MAX_TRUSTED_MS));
                if good {
                    prop_assert!(life.trusted_ms >= before.trusted_ms);
                } else {
                    prop_assert!(life.trusted_ms <= before.trusted_ms);
                    prop_assert!(!life.is_trusted(age_ms.max(MIN_TRUSTED_MS)));
                }
            }
        }
    }
}
