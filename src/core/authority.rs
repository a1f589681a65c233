//! The rules of what a terminal token may do. They are pure: the backend authenticates the token and calls them.

use crate::money::Money;
use crate::trade::Facts;
use crate::wire::{ProblemCode, Right, Sale, SaleInput, TradeView};

/// The claims of a token that these rules need.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// The terminal that the token names.
    pub terminal: &'a str,
    /// The token's rights.
    pub rights: &'a [Right],
    /// The only sale for which the token is valid; `None` for any sale.
    pub sale: Option<&'a Sale>,
    /// The largest amount that the token may move; `None` without a limit.
    pub max_amount: Option<&'a Money>,
}

/// How much of a trade a token may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    Whole,
    /// Its status, its amount and its terminal: enough to follow a sale that another terminal charges.
    Standing,
    /// Nothing.
    Nothing,
}

impl Authority<'_> {
    /// Refuses a call for which the token lacks the right.
    ///
    /// # Errors
    /// [`ProblemCode::TokenForbidden`].
    pub fn require(&self, right: Right) -> Result<(), ProblemCode> {
        if self.rights.contains(&right) {
            Ok(())
        } else {
            Err(ProblemCode::TokenForbidden)
        }
    }

    /// Whether the token is valid for this sale.
    #[must_use]
    pub fn is_for(&self, reference: &str) -> bool {
        self.sale.is_none_or(|own| own.reference == reference)
    }

    /// Whether the token may charge this sale.
    #[must_use]
    pub fn may_charge(&self, reference: &str) -> bool {
        self.is_for(reference) && self.require(Right::Charge).is_ok()
    }

    /// How much of a trade the token may read.
    ///
    /// A token for one sale reads only that sale.
    /// A token without [`Right::List`] reads its own terminal's trades. If it may charge the sale, it also reads the
    /// standing of other terminals' trades.
    #[must_use]
    pub fn reach(&self, facts: &Facts) -> Reach {
        self.reach_of(&facts.terminal, &facts.sale.reference)
    }

    /// The same for a trade of this terminal and this sale.
    #[must_use]
    pub fn reach_of(&self, terminal: &str, reference: &str) -> Reach {
        if !self.is_for(reference) {
            Reach::Nothing
        } else if terminal == self.terminal || self.rights.contains(&Right::List) {
            Reach::Whole
        } else if self.may_charge(reference) {
            Reach::Standing
        } else {
            Reach::Nothing
        }
    }

    /// Refuses a call that changes a trade and that the token does not allow.
    ///
    /// # Errors
    /// [`ProblemCode::TokenForbidden`] if the token lacks the right, or may not read the whole trade.
    /// [`ProblemCode::AmountTooLarge`] if the call moves money and the amount is above the token's limit.
    pub fn require_on(&self, right: Right, facts: &Facts) -> Result<(), ProblemCode> {
        self.require(right)?;
        if self.reach(facts) != Reach::Whole {
            return Err(ProblemCode::TokenForbidden);
        }
        match right {
            Right::Charge | Right::Void | Right::Review => self.require_amount(&facts.sale.amount),
            Right::Cancel | Right::List | Right::GiveUp => Ok(()),
        }
    }

    /// Refuses a charge for which the token is not valid, as far as the page has stated it.
    ///
    /// # Errors
    /// [`ProblemCode::TokenForbidden`] if the token is for another sale or another amount.
    /// [`ProblemCode::AmountTooLarge`] if the amount is above the token's limit.
    pub fn require_sale(&self, sale: &SaleInput) -> Result<(), ProblemCode> {
        if self.sale.is_some_and(|own| !sale.names(own)) {
            return Err(ProblemCode::TokenForbidden);
        }
        match &sale.amount {
            Some(amount) => self.require_amount(amount),
            None => Ok(()),
        }
    }

    /// Refuses a charge of a sale whose amount the page did not state.
    ///
    /// # Errors
    /// [`ProblemCode::SaleAmountMismatch`] if the token has the sale with another amount.
    /// [`ProblemCode::AmountTooLarge`] if the amount is above the token's limit.
    pub fn require_due(&self, sale: &Sale) -> Result<(), ProblemCode> {
        if self.sale.is_some_and(|own| own != sale) {
            return Err(ProblemCode::SaleAmountMismatch);
        }
        self.require_amount(&sale.amount)
    }

    fn require_amount(&self, amount: &Money) -> Result<(), ProblemCode> {
        let above = self
            .max_amount
            .is_some_and(|max| max.currency != amount.currency || amount.minor > max.minor);
        if above {
            Err(ProblemCode::AmountTooLarge)
        } else {
            Ok(())
        }
    }
}

impl Reach {
    /// The trade without what this reach hides; `None` if it hides everything.
    #[must_use]
    pub fn limit(self, trade: TradeView) -> Option<TradeView> {
        match self {
            Self::Whole => Some(trade),
            Self::Standing => Some(TradeView {
                gateway_ref: None,
                cashier: None,
                cancelled_by: None,
                reason: None,
                void_gateway_ref: None,
                proposal: None,
                shown_code: None,
                gateway_answer: None,
                void_refused: None,
                ..trade
            }),
            Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{
        By, CodeMode, DecidedBy, GatewayAnswer, Payload, Reason, ShownCode, Status, VerdictOutcome,
        VerdictProposal,
    };

    fn sale(reference: &str, minor: u64) -> Sale {
        Sale {
            reference: reference.to_owned(),
            amount: Money {
                minor,
                currency: "MYR".to_owned(),
            },
        }
    }

    fn facts(terminal: &str, sale: Sale) -> Facts {
        Facts {
            trade_id: "K1".to_owned(),
            shop: "shop".to_owned(),
            terminal: terminal.to_owned(),
            cashier: None,
            attempt: 1,
            sale,
            wallet_id: "23".to_owned(),
            wallet_name: String::new(),
            mode: CodeMode::ConsumerPresented,
        }
    }

    const ALL: [Right; 6] = [
        Right::Charge,
        Right::Cancel,
        Right::Void,
        Right::Review,
        Right::List,
        Right::GiveUp,
    ];

    #[test]
    fn rule_19_a_token_for_one_sale_reaches_no_other() {
        let own = sale("SMALL", 500);
        let token = Authority {
            terminal: "till-1",
            rights: &ALL,
            sale: Some(&own),
            max_amount: None,
        };
        let other = facts("till-1", sale("LARGE", 100_000));
        assert_eq!(
            token.reach(&other),
            Reach::Nothing,
            "a token for one sale reaches no other"
        );
        for right in ALL {
            assert_eq!(
                token.require_on(right, &other),
                Err(ProblemCode::TokenForbidden),
                "{right:?}"
            );
        }
        assert_eq!(token.reach(&facts("till-2", own.clone())), Reach::Whole);
        assert_eq!(
            token.require_sale(&sale("SMALL", 501).into()),
            Err(ProblemCode::TokenForbidden)
        );
        assert_eq!(token.require_sale(&own.clone().into()), Ok(()));
        let unstated = |reference: &str| SaleInput {
            reference: reference.to_owned(),
            amount: None,
        };
        assert_eq!(token.require_sale(&unstated("SMALL")), Ok(()));
        assert_eq!(
            token.require_sale(&unstated("LARGE")),
            Err(ProblemCode::TokenForbidden)
        );
        assert_eq!(token.require_due(&own), Ok(()));
        assert_eq!(
            token.require_due(&sale("SMALL", 501)),
            Err(ProblemCode::SaleAmountMismatch),
            "the token says another amount than the registration"
        );
    }

    #[test]
    fn rule_19_without_list_a_token_reaches_its_own_terminal_and_how_a_sale_stands() {
        let rights = [Right::Charge, Right::Cancel, Right::Void];
        let token = Authority {
            terminal: "till-1",
            rights: &rights,
            sale: None,
            max_amount: None,
        };
        let (own, other) = (facts("till-1", sale("A", 1)), facts("till-2", sale("A", 1)));
        assert_eq!(
            (token.reach(&own), token.reach(&other)),
            (Reach::Whole, Reach::Standing)
        );
        assert_eq!(token.require_on(Right::Void, &own), Ok(()));
        assert_eq!(
            token.require_on(Right::Void, &other),
            Err(ProblemCode::TokenForbidden)
        );
        let mute = Authority {
            rights: &[],
            ..token
        };
        assert_eq!(
            (mute.reach(&own), mute.reach(&other)),
            (Reach::Whole, Reach::Nothing)
        );
    }

    #[test]
    fn rule_19_the_limit_binds_whatever_moves_money() {
        let max = sale("", 500).amount;
        let token = Authority {
            terminal: "till-1",
            rights: &ALL,
            sale: None,
            max_amount: Some(&max),
        };
        let large = facts("till-1", sale("LARGE", 501));
        for right in [Right::Charge, Right::Void, Right::Review] {
            assert_eq!(
                token.require_on(right, &large),
                Err(ProblemCode::AmountTooLarge),
                "{right:?}"
            );
        }
        let large_sale = sale("LARGE", 501);
        assert_eq!(
            token.require_due(&large_sale),
            Err(ProblemCode::AmountTooLarge)
        );
        assert_eq!(token.require_on(Right::Cancel, &large), Ok(()));
        assert_eq!(
            token.require_on(Right::Void, &facts("till-1", sale("SMALL", 500))),
            Ok(())
        );
    }

    #[test]
    fn who_reads_only_how_a_sale_stands_is_told_no_reference_and_no_words() {
        let own = sale("A", 500);
        let facts = facts("till-2", own.clone());
        let trade = TradeView {
            trade_id: facts.trade_id.clone(),
            gateway_ref: Some("G1".to_owned()),
            attempt: 1,
            sale: own,
            wallet_id: facts.wallet_id.clone(),
            wallet: None,
            mode: facts.mode,
            terminal: facts.terminal.clone(),
            cashier: Some("aina".to_owned()),
            status: Status::Paid,
            cancelled_by: Some(By::System),
            reason: Some(Reason::Other),
            void_gateway_ref: Some("V1".to_owned()),
            version: 3,
            as_of: String::new(),
            since: String::new(),
            created_at: String::new(),
            deadline_at: None,
            paid_at: None,
            decided_by: Some(DecidedBy::Gateway),
            proposal: Some(VerdictProposal {
                outcome: VerdictOutcome::Voided,
                by: "aina".to_owned(),
                at: String::new(),
            }),
            single_person: false,
            verdict_contradicted: false,
            late: false,
            shown_code: Some(ShownCode {
                payload: Payload("scan me".to_owned()),
                expires_at: String::new(),
            }),
            gateway_answer: Some(GatewayAnswer::default()),
            void_refused: Some(GatewayAnswer::default()),
        };
        assert_eq!(Reach::Whole.limit(trade.clone()), Some(trade.clone()));
        assert_eq!(Reach::Nothing.limit(trade.clone()), None);
        let standing = TradeView {
            gateway_ref: None,
            cashier: None,
            proposal: None,
            cancelled_by: None,
            reason: None,
            void_gateway_ref: None,
            shown_code: None,
            gateway_answer: None,
            void_refused: None,
            ..trade.clone()
        };
        assert_eq!(Reach::Standing.limit(trade), Some(standing));
    }
}
