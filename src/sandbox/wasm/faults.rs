//! Faults of the world, by name. Each is on until it is turned off.

use serde::{Deserialize, Serialize};

/// A fault. A cut network is the page's own: no call reaches this module then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer to each payment is lost.
    AnswerLost,
    /// The customer never answers.
    NeverAnswers,
    /// The payment waits, and is paid after it was cancelled.
    PaysAfterCancel,
    /// The gateway answers no request.
    GatewayDown,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AnswerLost,
        Self::NeverAnswers,
        Self::PaysAfterCancel,
        Self::GatewayDown,
    ];

    /// Its name in JavaScript.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AnswerLost => "answer_lost",
            Self::NeverAnswers => "never_answers",
            Self::PaysAfterCancel => "pays_after_cancel",
            Self::GatewayDown => "gateway_down",
        }
    }

    /// The fault with this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// The amount that the script plays in this way; `None` if the fault leaves the decision as it is.
    fn scripted_minor(self) -> Option<u64> {
        match self {
            Self::NeverAnswers => Some(4),
            Self::PaysAfterCancel => Some(8),
            Self::AnswerLost | Self::GatewayDown => None,
        }
    }
}

/// The faults that are on, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn set(&mut self, fault: Fault, is_on: bool) {
        self.0.retain(|known| *known != fault);
        if is_on {
            self.0.push(fault);
        }
    }

    pub(crate) fn is_on(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// The amount whose script the newest fault plays.
    pub(crate) fn scripted_minor(&self) -> Option<u64> {
        self.0.iter().rev().find_map(|fault| fault.scripted_minor())
    }
}
