//! Decides when a person may try to sign in again after wrong secrets.
//!
//! Rule 38 of `docs/rules.md` is here. A try is counted before the secret is checked, so that many tries at once are
//! no way around the bound. The functions are pure: the backend keeps the counts in its store, where all of its
//! processes read them.

use crate::policy::Ms;

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The person who signs in.
    Person,
    /// The network address that the call came from. All tills of a shop may share one.
    Address,
}

/// The tries of a subject since its last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many.
    pub count: u32,
    /// Of a person, when the last one was. Of an address, when all of its free tries are back.
    pub last_ms: Ms,
}

/// The tries of a person that need no pause. A cashier who mistypes needs two or three.
const FREE_PERSON: u32 = 5;
/// The tries of an address that need no pause: a shop of ten tills in the morning.
const FREE_ADDRESS: Ms = 50;
/// An address gets one of them back after each minute, so that the mistypes of many days never lock a shop.
const ADDRESS_BACK_MS: Ms = 60_000;
/// The first pause. Each further try doubles it.
const FIRST_PAUSE_MS: Ms = 30_000;
/// The longest pause: about 100 tries a day. Of a million PINs that is 1 in 10,000.
const MAX_PAUSE_MS: Ms = 900_000;
/// After this time without a try, a count begins anew.
pub const MEMORY_MS: Ms = 86_400_000;
/// The fewest characters of a PIN or a password.
pub const MIN_SECRET_CHARS: usize = 6;
/// The most characters, so that nobody makes the backend hash a novel.
pub const MAX_SECRET_CHARS: usize = 128;

/// Counts a try, if it may be made now. The new count is stored before the secret is checked.
///
/// # Errors
/// The time to wait: of a person, at most 15 minutes after the last try; of an address, at most a minute. It ends by
/// itself.
pub fn admit(subject: Subject, tries: Tries, now: Ms) -> Result<Tries, Ms> {
    match subject {
        Subject::Person => admit_person(tries, now),
        Subject::Address => admit_address(tries, now),
    }
}

fn admit_person(tries: Tries, now: Ms) -> Result<Tries, Ms> {
    // A last try that is far in the future was stored before the clock was set back: it must not lock for hours.
    let is_old = now.abs_diff(tries.last_ms) >= MEMORY_MS || tries.last_ms > now + MAX_PAUSE_MS;
    let count = if is_old { 0 } else { tries.count };
    let pause = pause_ms(count);
    let until = tries.last_ms.saturating_add(pause);
    if pause > 0 && now < until {
        return Err(until - now);
    }
    Ok(Tries {
        count: count.saturating_add(1),
        last_ms: now,
    })
}

/// A leaky bucket: each try fills it by a minute, and time empties it.
fn admit_address(tries: Tries, now: Ms) -> Result<Tries, Ms> {
    let full = FREE_ADDRESS * ADDRESS_BACK_MS;
    let is_of_other_clock = tries.last_ms > now + full;
    let empty_ms = if is_of_other_clock {
        now
    } else {
        tries.last_ms.max(now)
    };
    let next_ms = empty_ms + ADDRESS_BACK_MS;
    match next_ms.checked_sub(now + full) {
        None | Some(0) => Ok(Tries {
            count: if empty_ms == now {
                1
            } else {
                tries.count.saturating_add(1)
            },
            last_ms: next_ms,
        }),
        Some(wait) => Err(wait),
    }
}

/// The tries that are left after a success. A person begins anew. Of an address, only this try is taken back: it may
/// have guessed other people's secrets.
#[must_use]
pub fn after_success(subject: Subject, tries: Tries) -> Tries {
    match subject {
        Subject::Person => Tries { count: 0, ..tries },
        Subject::Address => Tries {
            count: tries.count.saturating_sub(1),
            last_ms: tries.last_ms.saturating_sub(ADDRESS_BACK_MS),
        },
    }
}

/// Whether the next try must wait: the subject is locked from now on.
#[must_use]
pub fn is_locked(subject: Subject, tries: Tries, now: Ms) -> bool {
    admit(subject, tries, now).is_err()
}

/// The pause of a person after this many tries.
fn pause_ms(count: u32) -> Ms {
    let Some(above) = count.checked_sub(FREE_PERSON) else {
        return 0;
    };
    let doubled = FIRST_PAUSE_MS.checked_shl(above.min(16));
    doubled.unwrap_or(MAX_PAUSE_MS).min(MAX_PAUSE_MS)
}

/// Why a secret is too easy to guess; `None` if it is not. Five tries are free, so that the first guesses of everybody
/// must be wrong.
#[must_use]
pub fn weakness(secret: &str) -> Option<&'static str> {
    let chars: Vec<char> = secret.chars().collect();
    if chars.len() < MIN_SECRET_CHARS {
        return Some("it needs at least 6 characters");
    }
    if chars.len() > MAX_SECRET_CHARS {
        return Some("it may have at most 128 characters");
    }
    let steps: Vec<i64> = chars
        .windows(2)
        .map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])))
        .collect();
    // 111111, 123456, 654321, 246810 and 121212.
    let is_even = steps.windows(2).all(|pair| pair[0] == pair[1]);
    let is_pair = steps.windows(2).all(|pair| pair[0] == -pair[1]);
    (is_even || is_pair).then_some("it is a row like 123456, 111111 or 121212")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Ms = 1_790_000_000_000;

    /// Tries without a pause between them, until one is refused: the count, and the time to wait.
    fn until_locked(subject: Subject, mut tries: Tries, now: Ms) -> (Tries, Ms) {
        for _ in 0..1_000 {
            match admit(subject, tries, now) {
                Ok(next) => tries = next,
                Err(wait) => return (tries, wait),
            }
        }
        panic!("tries are never refused");
    }

    #[test]
    fn rule_38_pauses_rise_and_end_by_themselves() {
        let (mut tries, mut wait) = until_locked(Subject::Person, Tries::default(), START);
        assert_eq!((tries.count, wait), (5, 30_000));
        let mut now = START;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pauses.push(wait / 1000);
            assert_eq!(admit(Subject::Person, tries, now + wait - 1), Err(1));
            now += wait;
            (tries, wait) = until_locked(Subject::Person, tries, now);
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
        let next = admit(Subject::Person, tries, now + MEMORY_MS);
        assert_eq!(
            next.map(|tries| tries.count),
            Ok(1),
            "a day later it begins anew"
        );
    }

    #[test]
    fn rule_38_an_address_has_more_tries_than_a_person() {
        let (tries, wait) = until_locked(Subject::Address, Tries::default(), START);
        assert_eq!((tries.count, wait), (50, 60_000));
        assert!(is_locked(Subject::Address, tries, START));
        assert!(!is_locked(Subject::Address, tries, START + 60_000));
    }

    #[test]
    fn rule_38_the_mistypes_of_many_days_never_lock_an_address() {
        // Each of twenty cashiers mistypes once in the morning and once after lunch, and never stays away for a day.
        let mut tries = Tries::default();
        for day in 0..400 {
            for hour in [8, 13] {
                for cashier in 0..20 {
                    let now = START + day * MEMORY_MS + hour * 3_600_000 + cashier * 5_000;
                    let wrong = admit(Subject::Address, tries, now).expect("a mistype");
                    let right = admit(Subject::Address, wrong, now + 2_000).expect("the right one");
                    tries = after_success(Subject::Address, right);
                }
            }
        }
        assert!(tries.count <= 20, "{tries:?}");
    }

    #[test]
    fn rule_38_a_flood_locks_an_address_for_a_minute_at_a_time() {
        let mut tries = Tries::default();
        let mut admitted = 0;
        for second in 0..7_200 {
            if let Ok(next) = admit(Subject::Address, tries, START + second * 1_000) {
                (tries, admitted) = (next, admitted + 1);
            }
        }
        assert_eq!(admitted, 50 + 119, "the free ones, and one a minute");
    }

    #[test]
    fn rule_38_a_clock_that_was_set_back_locks_nobody_for_long() {
        let (tries, _) = until_locked(Subject::Person, Tries::default(), START);
        for back in [1, 60_000, MAX_PAUSE_MS, MAX_PAUSE_MS + 1, 40 * MEMORY_MS] {
            match admit(Subject::Person, tries, START - back) {
                Ok(next) => assert_eq!(next.count, 1, "{back}"),
                Err(wait) => assert!(wait <= 2 * MAX_PAUSE_MS, "{back}: {wait}"),
            }
            let (tries, _) = until_locked(Subject::Address, Tries::default(), START);
            match admit(Subject::Address, tries, START - back) {
                Ok(next) => assert_eq!(next.count, 1, "{back}"),
                Err(wait) => assert!(wait <= 2 * ADDRESS_BACK_MS, "{back}: {wait}"),
            }
        }
    }

    proptest! {
        #[test]
        fn rule_38_no_order_of_tries_beats_the_bound(pauses in proptest::collection::vec(0u64..1_000_000, 1..300)) {
            let (mut tries, mut now, mut admitted) = (Tries::default(), START, 0u64);
            for pause in pauses {
                now += pause;
                if let Ok(next) = admit(Subject::Person, tries, now) {
                    tries = next;
                    admitted += 1;
                }
            }
            // The five free ones, the rising pauses, and one in each quarter of an hour.
            prop_assert!(admitted <= 5 + 6 + (now - START) / MAX_PAUSE_MS, "{admitted}");
        }
    }

    #[test]
    fn what_everybody_guesses_first_is_no_secret() {
        for weak in [
            "", "12345", "123456", "654321", "111111", "13579;", "121212", "abcdef",
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        for good in ["481516", "112358", "kopi ais", "908172"] {
            assert_eq!(weakness(good), None, "{good}");
        }
        assert!(weakness(&"ab1".repeat(50)).is_some());
    }
}
