//! Why a trade does not grant a wish, and which error the caller gets for it.

use crate::wire::ProblemCode;

/// Why a wish is not granted; the attempt stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It has another code.
    CodeTaken,
    /// The code was handed over for another sale a short time ago.
    CodeReused,
    /// It awaits no code.
    TradeClosed,
    /// Another attempt holds the sale.
    SaleBusy,
    /// The gateway has no cancel, or this state takes none.
    NotCancellable,
    /// Only what is paid can be given back.
    NotVoidable,
    /// Nothing is under review, or not for this verdict.
    NotReviewable,
}

impl From<Refusal> for ProblemCode {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::CodeTaken => Self::TradeHasCode,
            Refusal::CodeReused => Self::CodeReused,
            Refusal::TradeClosed => Self::TradeClosed,
            Refusal::SaleBusy => Self::SaleBusy,
            Refusal::NotCancellable => Self::TradeNotCancellable,
            Refusal::NotVoidable => Self::TradeNotVoidable,
            Refusal::NotReviewable => Self::TradeNotInReview,
        }
    }
}
