//! Why a trade refuses a request, and which error the caller gets.

use crate::wire::ProblemCode;

/// Why a request is refused. The trade stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The trade has another code.
    CodeTaken,
    /// The code was handed over for another sale a short time ago.
    CodeReused,
    /// The trade does not await a code.
    TradeClosed,
    /// Another trade holds the sale, or this one can't be left now.
    SaleBusy,
    /// The trade is paid, so the sale can't be given up.
    SalePaid,
    /// The gateway has no cancel, or the trade can't be cancelled in this state.
    NotCancellable,
    /// The trade is not paid, so there is nothing to give back.
    NotVoidable,
    /// The trade is not under review, or this verdict does not fit its state.
    NotReviewable,
    /// The verdict has no person's name.
    Nameless,
}

impl From<Refusal> for ProblemCode {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::CodeTaken => Self::TradeHasCode,
            Refusal::CodeReused => Self::CodeReused,
            Refusal::TradeClosed => Self::TradeClosed,
            Refusal::SaleBusy => Self::SaleBusy,
            Refusal::SalePaid => Self::SalePaid,
            Refusal::NotCancellable => Self::TradeNotCancellable,
            Refusal::NotVoidable => Self::TradeNotVoidable,
            Refusal::NotReviewable => Self::TradeNotInReview,
            Refusal::Nameless => Self::TokenForbidden,
        }
    }
}
