//! The rules of a terminal's name: which tokens are valid for it, and which device acts for it.
//!
//! A terminal has a generation, which a revocation and a sign-out raise. A token carries the generation of its minting.
//! A terminal's name is a text that anybody may type; a device is the browser that shows the page. One device acts for
//! the name, and others of the name watch.
//! The backend stores both facts and calls these functions; the walk and the simulation call the same ones.

use crate::policy::{Ms, Policy};
use crate::trade::Event;
use crate::wire::{KEY_CHARS, ProblemCode};

/// How long a generation that was read counts. A revocation takes effect within this time on every process.
///
/// A terminal asks every two seconds, so a shorter time would read the store at each call.
pub const GENERATION_MAX_AGE_MS: Ms = 2_000;

/// A generation that was read from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadGeneration {
    /// The terminal's generation.
    pub generation: u64,
    /// The time since the read began.
    pub age_ms: Ms,
}

/// Whether a generation that was read earlier still decides about a token. Otherwise the store must be read.
///
/// A token that is newer than what is known was minted by another process, after a revocation there.
#[must_use]
pub fn decides(read: ReadGeneration, token_generation: u64) -> bool {
    read.age_ms < GENERATION_MAX_AGE_MS && token_generation <= read.generation
}

/// Refuses a token of another generation than its terminal's.
///
/// `generation` is `None` if it could not be read: then nobody knows whether the token was revoked.
///
/// # Errors
/// `token_revoked` or `store_unavailable`.
pub fn check_generation(token_generation: u64, generation: Option<u64>) -> Result<(), ProblemCode> {
    match generation {
        None => Err(ProblemCode::StoreUnavailable),
        Some(generation) if generation == token_generation => Ok(()),
        Some(_) => Err(ProblemCode::TokenRevoked),
    }
}

/// The device that acts for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActingDevice {
    /// Its identity.
    pub device: String,
    /// When it was last heard, as it is stored: at most [`Policy::heartbeat_ms`] before it was really heard.
    pub heard_ms: Ms,
}

/// What a device may do under its terminal's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceRole {
    /// It acts for the terminal.
    Acts,
    /// Nobody acts, or the device that did was silent for too long: this device acts from its next change on.
    MayAct,
    /// Another device acts, and was heard a short time ago.
    Watches,
}

/// The role of a device. `device` is `None` for a caller without an identity, which never becomes the acting device.
#[must_use]
pub fn role(
    acting: Option<&ActingDevice>,
    device: Option<&str>,
    now: Ms,
    policy: &Policy,
) -> DeviceRole {
    let Some(acting) = acting else {
        return DeviceRole::MayAct;
    };
    if device == Some(&acting.device) {
        return DeviceRole::Acts;
    }
    // The stored time may be a heartbeat behind. A time in the future comes from a clock that was wrong.
    let silent_ms = policy
        .terminal_silent_ms
        .saturating_add(policy.heartbeat_ms);
    if now.abs_diff(acting.heard_ms) < silent_ms {
        DeviceRole::Watches
    } else {
        DeviceRole::MayAct
    }
}

/// Refuses a change under the terminal's name by a device that only watches: a new trade, a code, or a cancel.
///
/// # Errors
/// `terminal_taken`.
pub fn check_device(role: DeviceRole) -> Result<(), ProblemCode> {
    match role {
        DeviceRole::Acts | DeviceRole::MayAct => Ok(()),
        DeviceRole::Watches => Err(ProblemCode::TerminalTaken),
    }
}

/// Whether it is time to store that the acting device was heard. It is stored once per heartbeat, not at each call.
#[must_use]
pub fn hears_again(acting: &ActingDevice, now: Ms, policy: &Policy) -> bool {
    now.abs_diff(acting.heard_ms) >= policy.heartbeat_ms
}

/// The event of a read: a device that only watches does not keep a trade alive that awaits its code.
#[must_use]
pub fn read_event(event: Event, role: DeviceRole) -> Event {
    match (event, role) {
        (Event::TerminalSeen, DeviceRole::Watches) => Event::Tick,
        (event, _) => event,
    }
}

/// Whether a text can be a device's identity: 128 random bits in lower-case hex.
#[must_use]
pub fn is_device(text: &str) -> bool {
    text.len() == KEY_CHARS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_36_a_token_is_valid_for_its_terminals_generation_only() {
        for (token, stored, expected) in [
            (0, Some(0), Ok(())),
            (3, Some(3), Ok(())),
            (2, Some(3), Err(ProblemCode::TokenRevoked)),
            (0, Some(1), Err(ProblemCode::TokenRevoked)),
            (4, Some(3), Err(ProblemCode::TokenRevoked)),
            (0, None, Err(ProblemCode::StoreUnavailable)),
        ] {
            assert_eq!(
                check_generation(token, stored),
                expected,
                "a token of generation {token}, the terminal has {stored:?}"
            );
        }
    }

    #[test]
    fn rule_36_what_was_read_counts_for_two_seconds() {
        let read = |generation, age_ms| ReadGeneration { generation, age_ms };
        assert!(decides(read(1, 0), 1) && decides(read(1, 1_999), 1));
        assert!(!decides(read(1, 2_000), 1), "too old");
        assert!(decides(read(2, 0), 1), "the token is old for certain");
        assert!(!decides(read(1, 0), 2), "minted after a revocation");
    }

    #[test]
    fn rule_37_a_second_device_of_a_name_acts_only_after_the_first_was_silent() {
        let policy = Policy::default();
        let silent_ms = policy.terminal_silent_ms + policy.heartbeat_ms;
        let acting = ActingDevice {
            device: "a".to_owned(),
            heard_ms: 1_000_000,
        };
        let role_of = |device, now| role(Some(&acting), device, now, &policy);
        for now in [0, 1_000_000, 1_000_000 + 10 * silent_ms] {
            assert_eq!(role_of(Some("a"), now), DeviceRole::Acts);
        }
        let last = 1_000_000 + silent_ms - 1;
        for other in [Some("b"), None] {
            for now in [1_000_000, last, 1_000_000 - silent_ms + 1] {
                let role = role_of(other, now);
                assert_eq!(role, DeviceRole::Watches, "{other:?} at {now}");
                assert_eq!(
                    check_device(role),
                    Err(ProblemCode::TerminalTaken),
                    "a second device acts beside the first"
                );
            }
            assert_eq!(role_of(other, last + 1), DeviceRole::MayAct);
            assert_eq!(role(None, other, 0, &policy), DeviceRole::MayAct);
        }
        assert_eq!(check_device(DeviceRole::Acts), Ok(()));
        assert_eq!(check_device(DeviceRole::MayAct), Ok(()));
    }

    #[test]
    fn rule_37_a_watcher_keeps_no_trade_alive_and_a_device_is_stored_once_per_heartbeat() {
        let seen = |role| read_event(Event::TerminalSeen, role);
        assert_eq!(seen(DeviceRole::Acts), Event::TerminalSeen);
        assert_eq!(seen(DeviceRole::MayAct), Event::TerminalSeen);
        assert_eq!(seen(DeviceRole::Watches), Event::Tick);
        assert_eq!(read_event(Event::Tick, DeviceRole::Acts), Event::Tick);
        let policy = Policy::default();
        let acting = ActingDevice {
            device: "a".to_owned(),
            heard_ms: 1_000_000,
        };
        let heard = |now| hears_again(&acting, now, &policy);
        assert!(!heard(1_000_000) && !heard(1_000_000 + policy.heartbeat_ms - 1));
        assert!(heard(1_000_000 + policy.heartbeat_ms) && heard(0));
    }

    #[test]
    fn a_device_is_128_random_bits_in_hex() {
        assert!(is_device("0123456789abcdef0123456789abcdef"));
        for text in ["", "0123", "0123456789ABCDEF0123456789abcdef", "x\n"] {
            assert!(!is_device(text), "{text:?}");
        }
    }
}
