//! The script of faults that the next calls meet.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    Token,
    Integrators,
    Create,
    Pay,
    Status,
    Cancel,
    Void,
}

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident $(($held:ty))?),+ $(,)?) => {
        /// What goes wrong: before the effect, after it, in the answer, or in the outcome.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Fault { $($(#[$doc])* $name $(($held))?),+ }

        impl Fault {
            /// Every fault as it is declared: the tests read their list from here, so that a new one can't be
            /// forgotten.
            const DECLARED: &'static [&'static str] = &[$(stringify!($name)),+];
        }
    };
}

vocabulary! {
    /// No answer for this time, then as usual.
    HangMs(u64),
    /// The connection is closed; nothing was done.
    Reset,
    /// This HTTP status; nothing was done.
    Status(u16),
    /// The token is refused.
    TokenExpired,
    /// Done; the answer is cut in the middle.
    Cut,
    /// Done; the connection is closed.
    ResetAfter,
    /// Done; then no answer for this time.
    HangAfterMs(u64),
    /// Done; the answer is a page of HTML.
    Html,
    /// Done; the answer is not JSON.
    Garbage,
    /// Done; the JSON ends before its `Content-Length`.
    Truncated,
    /// Done; the answer has two values under one name.
    DuplicateKeys,
    /// Done; the answer carries another amount.
    WrongAmount,
    /// Done; the answer carries another trade's id.
    WrongId,
    /// Done; "200" without the word that means paid.
    SuccessWithoutS,
    /// Done; the answer has an unknown word.
    UnknownStatus,
    /// Done; the answer arrives slowly, a byte at a time.
    SlowBytes,
    /// The customer's answer comes this much later.
    PendingMs(u64),
    /// Declined or closed first, paid this much later.
    LateSuccessMs(u64),
    /// This many status checks find nothing.
    NotFoundFirst(u32),
    /// Paid, and the next status check says pending.
    Contradict,
    /// The cancel of a paid trade gives the money back, and says so.
    CancelRefunds,
    /// The void fails.
    VoidFails,
    /// The void is done, and shows this much later.
    VoidUnknownMs(u64),
    /// A random one of the other faults that this call can meet.
    Random(FaultRate),
}

/// How often a random fault occurs, and the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRate {
    /// The same seed gives the same faults, in the order of the calls.
    pub(crate) seed: u64,
    /// This many of 1,000 calls meet a fault.
    pub(crate) rate: u32,
}

impl Fault {
    /// The words of the script.
    pub(crate) fn names() -> Vec<String> {
        Self::DECLARED.iter().map(|name| snake_case(name)).collect()
    }

    /// A random fault that this call can meet. A creation that answers with another trade's id is left out: no client
    /// can notice it.
    fn any(call: Call, dice: &mut ChaCha8Rng, scaled: impl Fn(u64) -> u64) -> Self {
        let mut ms = |from: u64, to: u64| scaled(dice.random_range(from..to));
        let mut faults = vec![
            Self::HangMs(ms(500, 8_000)),
            Self::Reset,
            Self::TokenExpired,
            Self::Cut,
            Self::ResetAfter,
            Self::HangAfterMs(ms(1_000, 60_000)),
            Self::Html,
            Self::Garbage,
            Self::Truncated,
            Self::DuplicateKeys,
            Self::SlowBytes,
        ];
        let outcome = [
            Self::PendingMs(ms(500, 10_000)),
            Self::LateSuccessMs(ms(1_000, 20_000)),
            Self::VoidUnknownMs(ms(500, 5_000)),
        ];
        let [pending, late, void_unknown] = outcome;
        let lies = [Self::WrongAmount, Self::WrongId, Self::UnknownStatus];
        let not_found = Self::NotFoundFirst(dice.random_range(1..4));
        match call {
            Call::Token | Call::Integrators | Call::Create => {}
            Call::Cancel => faults.push(Self::CancelRefunds),
            Call::Pay => {
                faults.extend(lies);
                faults.extend([Self::SuccessWithoutS, Self::Contradict, not_found]);
                faults.extend([pending, late]);
            }
            Call::Status => {
                faults.extend(lies);
                faults.push(not_found);
            }
            Call::Void => faults.extend([Self::VoidFails, void_unknown]),
        }
        for status in [500, 502, 503, 429, 401] {
            faults.push(Self::Status(status));
        }
        faults[dice.random_range(0..faults.len())]
    }
}

/// `HangMs` as the script says it: `hang_ms`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A line of the script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Which call; `None` is every call.
    #[serde(default)]
    pub(crate) call: Option<Call>,
    /// Of which trade; `None` is every trade.
    #[serde(default)]
    pub(crate) trade_id: Option<String>,
    /// The first matching call that meets it, counted from 1.
    #[serde(default)]
    pub(crate) nth: Option<u32>,
    /// How many calls meet it. The default is 1, and for random ones until they are cleared.
    #[serde(default)]
    pub(crate) times: Option<u32>,
    /// The fault.
    pub(crate) fault: Fault,
    /// How many calls matched so far.
    #[serde(default, skip_deserializing)]
    pub(crate) seen: u32,
    /// The generator of random faults.
    #[serde(skip)]
    pub(crate) dice: Option<ChaCha8Rng>,
}

impl Line {
    fn hits(&mut self, call: Call, trade_id: Option<&str>) -> bool {
        let right_call = self.call.is_none_or(|own| own == call);
        let right_trade = self.trade_id.is_none() || self.trade_id.as_deref() == trade_id;
        if !right_call || !right_trade {
            return false;
        }
        self.seen += 1;
        let first = self.nth.unwrap_or(1);
        (first..first.saturating_add(self.most())).contains(&self.seen)
    }

    fn most(&self) -> u32 {
        let lasts = matches!(self.fault, Fault::Random(_));
        self.times.unwrap_or(if lasts { u32::MAX } else { 1 })
    }

    fn is_spent(&self) -> bool {
        self.seen + 1 >= self.nth.unwrap_or(1).saturating_add(self.most())
    }

    /// The fault of a matching call; `None` if the random draw spares it.
    fn draw_fault(&mut self, call: Call, scaled: impl Fn(u64) -> u64) -> Option<Fault> {
        let Fault::Random(FaultRate { seed, rate }) = self.fault else {
            return Some(self.fault);
        };
        let dice = self
            .dice
            .get_or_insert_with(|| ChaCha8Rng::seed_from_u64(seed));
        let strikes = dice.random_range(0..1000) < rate;
        strikes.then(|| Fault::any(call, dice, scaled))
    }
}

/// The script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) lines: Vec<Line>,
}

impl Script {
    /// The fault of this call. Counts it down.
    pub(crate) fn take(
        &mut self,
        call: Call,
        trade_id: Option<&str>,
        scaled: impl Fn(u64) -> u64,
    ) -> Option<Fault> {
        let hit = self.lines.iter_mut().find_map(|line| {
            let hit = line.hits(call, trade_id);
            hit.then(|| line.draw_fault(call, &scaled)).flatten()
        });
        self.lines.retain(|line| !line.is_spent());
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The listed names are the names that the parser accepts.
    #[test]
    fn every_name_is_a_word_of_the_script() {
        let names = Fault::names();
        for (name, held) in [
            ("hang_ms", "1"),
            ("success_without_s", "null"),
            ("random", r#"{"seed":1,"rate":1000}"#),
        ] {
            assert!(names.iter().any(|own| own == name), "{name}");
            let text = format!(r#"{{"{name}":{held}}}"#);
            assert!(serde_json::from_str::<Fault>(&text).is_ok(), "{text}");
        }
        for name in names {
            let unknown = serde_json::from_str::<Fault>(&format!(r#""{name}""#))
                .err()
                .map(|error| error.to_string())
                .filter(|said| said.contains("unknown variant"));
            assert_eq!(unknown, None);
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let drawn = |seed| {
            let mut script = Script::default();
            script.lines.push(Line {
                call: None,
                trade_id: None,
                nth: None,
                times: None,
                fault: Fault::Random(FaultRate { seed, rate: 500 }),
                seen: 0,
                dice: None,
            });
            let mut take = || script.take(Call::Pay, None, |ms| ms);
            (0..200).map(|_| take()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        let struck = drawn(7).into_iter().flatten().count();
        assert!((60..140).contains(&struck), "{struck} of 200");
    }
}
