//! When a payment can be voided. Wallets refuse voids at night, after some days, or after the day of the payment.
//!
//! The windows are data of a wallet. A void outside its window is refused before anything is sent.

use crate::policy::Ms;

/// The minutes of a day.
pub const DAY_MINUTES: u16 = 24 * 60;
const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = DAY_MINUTES as u64 * MINUTE_MS;

/// When the payments of a wallet can be voided. The default is: always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoidWindow {
    /// No voids from the first to the second minute of the shop's day. The second may be smaller: over midnight.
    pub closed: Option<(u16, u16)>,
    /// The largest age of a payment.
    pub max_age_ms: Option<Ms>,
    /// Only on the shop's day of the payment.
    pub same_day: bool,
}

/// Why a void may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidClosed {
    /// Not now; from this time on, it may.
    Until(Ms),
    /// The payment is too old: it can't be voided any more.
    TooOld,
}

impl VoidWindow {
    /// Whether a payment of `paid_ms` can be voided at `now_ms`. Both are UTC; `offset_minutes` is the shop's offset.
    ///
    /// ```
    /// use kaunter_core::void_window::{VoidClosed, VoidWindow};
    ///
    /// // ShopeePay: not from 23:55 to 06:00. Here in a shop at UTC.
    /// let night = VoidWindow { closed: Some((23 * 60 + 55, 6 * 60)), ..VoidWindow::default() };
    /// let hour = 3_600_000;
    /// assert_eq!(night.check(0, 12 * hour, 0), Ok(()));
    /// assert_eq!(night.check(0, 2 * hour, 0), Err(VoidClosed::Until(6 * hour)));
    /// ```
    ///
    /// # Errors
    /// [`VoidClosed`].
    pub fn check(&self, paid_ms: Ms, now_ms: Ms, offset_minutes: i64) -> Result<(), VoidClosed> {
        let opens_ms = self.opens_ms(now_ms, offset_minutes);
        let at_ms = opens_ms.unwrap_or(now_ms);
        let too_old = self
            .max_age_ms
            .is_some_and(|max| at_ms.saturating_sub(paid_ms) > max);
        let day = |ms| local_ms(ms, offset_minutes) / DAY_MS;
        let other_day = self.same_day && day(at_ms) > day(paid_ms);
        match opens_ms {
            _ if too_old || other_day => Err(VoidClosed::TooOld),
            Some(opens_ms) => Err(VoidClosed::Until(opens_ms)),
            None => Ok(()),
        }
    }

    /// When the closed hours end, if it is within them now.
    fn opens_ms(&self, now_ms: Ms, offset_minutes: i64) -> Option<Ms> {
        let (from, until) = self.closed?;
        let of_day_ms = local_ms(now_ms, offset_minutes) % DAY_MS;
        let (from_ms, until_ms) = (u64::from(from) * MINUTE_MS, u64::from(until) * MINUTE_MS);
        let is_closed = if from_ms < until_ms {
            (from_ms..until_ms).contains(&of_day_ms)
        } else {
            of_day_ms >= from_ms || of_day_ms < until_ms
        };
        let wait_ms = (until_ms + DAY_MS - of_day_ms) % DAY_MS;
        is_closed.then(|| now_ms + wait_ms)
    }
}

/// Milliseconds on the shop's clock.
fn local_ms(ms: Ms, offset_minutes: i64) -> u64 {
    let by = offset_minutes.unsigned_abs() * MINUTE_MS;
    if offset_minutes < 0 {
        ms.saturating_sub(by)
    } else {
        ms.saturating_add(by)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Ms = 3_600_000;
    /// 1970-01-11, 00:00 UTC.
    const MIDNIGHT: Ms = 10 * DAY_MS;

    fn closed(from: u16, until: u16) -> VoidWindow {
        VoidWindow {
            closed: Some((from, until)),
            ..VoidWindow::default()
        }
    }

    #[test]
    fn rule_46_a_void_leaves_only_in_its_window() {
        let night = closed(23 * 60 + 55, 6 * 60);
        let check = |hours: u64, minutes: u64, offset| {
            let now = MIDNIGHT + hours * HOUR + minutes * MINUTE_MS;
            night.check(MIDNIGHT, now, offset)
        };
        assert_eq!(check(23, 54, 0), Ok(()));
        assert_eq!(
            check(23, 55, 0),
            Err(VoidClosed::Until(MIDNIGHT + 30 * HOUR))
        );
        assert_eq!(check(5, 59, 0), Err(VoidClosed::Until(MIDNIGHT + 6 * HOUR)));
        assert_eq!(check(6, 0, 0), Ok(()));
        // 22:30 UTC is 06:30 in Kuala Lumpur, and 16:00 UTC is midnight there.
        assert_eq!(check(22, 30, 8 * 60), Ok(()));
        assert_eq!(
            check(16, 0, 8 * 60),
            Err(VoidClosed::Until(MIDNIGHT + 22 * HOUR))
        );
        let lunch = closed(12 * 60, 13 * 60);
        assert_eq!(lunch.check(0, MIDNIGHT + 13 * HOUR, 0), Ok(()));
        assert_eq!(
            lunch.check(0, MIDNIGHT + 12 * HOUR, 0),
            Err(VoidClosed::Until(MIDNIGHT + 13 * HOUR))
        );
    }

    #[test]
    fn rule_46_a_payment_that_is_too_old_is_not_voided() {
        let window = VoidWindow {
            max_age_ms: Some(24 * HOUR),
            ..closed(23 * 60, 6 * 60)
        };
        assert_eq!(
            window.check(MIDNIGHT + 12 * HOUR, MIDNIGHT + 36 * HOUR, 0),
            Ok(())
        );
        assert_eq!(
            window.check(MIDNIGHT + 12 * HOUR, MIDNIGHT + 36 * HOUR + 1, 0),
            Err(VoidClosed::TooOld)
        );
        // When the closed hours end, the payment will be too old: nobody is told to wait for that.
        assert_eq!(
            window.check(MIDNIGHT, MIDNIGHT + 23 * HOUR, 0),
            Err(VoidClosed::TooOld)
        );
        let same_day = VoidWindow {
            same_day: true,
            ..VoidWindow::default()
        };
        assert_eq!(same_day.check(MIDNIGHT, MIDNIGHT + 23 * HOUR, 0), Ok(()));
        assert_eq!(
            same_day.check(MIDNIGHT, MIDNIGHT + 23 * HOUR, 8 * 60),
            Err(VoidClosed::TooOld)
        );
    }

    proptest! {
        #[test]
        fn whoever_waits_until_the_stated_time_may_void(
            from in 0..DAY_MINUTES, until in 0..DAY_MINUTES, now in DAY_MS..400 * DAY_MS, offset in -840..840_i64,
        ) {
            prop_assume!(from != until);
            let window = closed(from, until);
            if let Err(VoidClosed::Until(opens)) = window.check(0, now, offset) {
                prop_assert!(opens > now && opens <= now + DAY_MS);
                prop_assert_eq!(window.check(0, opens, offset), Ok(()));
            }
        }
    }
}
