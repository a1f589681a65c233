//! A call that is refused.

use kaunter_core::admission::Denial;
use kaunter_core::desk::Refused;
use kaunter_core::policy::Ms;
use kaunter_core::trade::Refusal;
use kaunter_core::wire::{self, ProblemCode, Retry, Sales, TradeView};

use crate::answer::Answer;

/// Why a call is refused.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: ProblemCode,
    detail: Option<String>,
    param: Option<&'static str>,
    after_ms: Option<Ms>,
    pub(crate) trade: Option<Box<TradeView>>,
}

impl Problem {
    pub(crate) fn with_detail(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::from(code)
        }
    }

    pub(crate) fn with_trade(code: ProblemCode, trade: TradeView) -> Self {
        Self {
            trade: Some(Box::new(trade)),
            ..Self::from(code)
        }
    }

    /// Adds what the rules of admission say.
    pub(crate) fn denied(self, denial: Denial) -> Self {
        Self {
            detail: denial.detail(Sales::Open),
            after_ms: denial.wait_ms(),
            ..self
        }
    }

    /// Replaces the sentence.
    pub(crate) fn replace_detail(self, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..self
        }
    }

    /// Adds the name of the wrong field.
    pub(crate) fn at(self, param: &'static str) -> Self {
        Self {
            param: Some(param),
            ..self
        }
    }

    /// The answer. Nobody else waits here, so a call that may come again may come soon.
    pub(crate) fn answer(self) -> Answer {
        let known_s = self.after_ms.map(|ms| ms.div_ceil(1_000));
        let after_s = known_s.unwrap_or(1);
        let body = wire::Problem {
            param: self.param.map(str::to_owned),
            trade: self.trade,
            ..wire::Problem::new(self.code, self.detail, after_s)
        };
        let comes_again = self.code.retry() == Retry::Later || known_s.is_some();
        Answer {
            retry_after_s: comes_again.then_some(after_s),
            ..Answer::json(self.code.status(), &body)
        }
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self {
            code,
            detail: None,
            param: None,
            after_ms: None,
            trade: None,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self {
            detail: refused.detail.map(str::to_owned),
            param: refused.param,
            ..Self::from(refused.code)
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        ProblemCode::from(refusal).into()
    }
}
