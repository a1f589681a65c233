//! A trade as the backend's API shows it.

use super::{Facts, Trade};
use crate::policy::Ms;
use crate::wire::{self, NamedWallet, ShownCode, VerdictProposal};

impl Trade {
    /// The trade's JSON at this time. `text` formats the driver's milliseconds as a date.
    #[must_use]
    pub fn view(&self, now: Ms, text: impl Fn(Ms) -> String) -> wire::TradeView {
        let facts = &self.facts;
        wire::TradeView {
            trade_id: facts.trade_id.clone(),
            gateway_ref: self.gateway_ref.clone(),
            attempt: facts.attempt,
            sale: facts.sale.clone(),
            wallet_id: facts.wallet_id.clone(),
            wallet: facts.wallet(),
            mode: facts.mode,
            terminal: facts.terminal.clone(),
            cashier: facts.cashier.clone(),
            status: self.state.status(),
            cancelled_by: self.by(),
            reason: self.reason(),
            void_gateway_ref: self.void.void_gateway_ref.clone(),
            version: self.version,
            as_of: text(now),
            since: text(self.since_ms),
            created_at: text(self.created_ms),
            deadline_at: self.deadline_ms().map(&text),
            paid_at: self.paid_ms().map(&text),
            decided_by: self.decided_by(),
            proposal: self.proposal().map(|proposal| VerdictProposal {
                outcome: proposal.outcome,
                by: proposal.by.clone(),
                at: text(proposal.at_ms),
            }),
            single_person: self.decided_alone(),
            verdict_contradicted: self.verdict_contradicted(),
            late: self.lateness.was_late,
            shown_code: self
                .payload()
                .zip(self.deadline_ms())
                .map(|(payload, deadline_ms)| ShownCode {
                    payload: payload.clone(),
                    expires_at: text(deadline_ms),
                }),
            gateway_answer: self.gateway_answer.clone(),
            void_refused: self.void.void_refused.clone(),
        }
    }
}

impl Facts {
    /// The wallet with the name that it had when the trade was created, if the row keeps one.
    #[must_use]
    pub fn wallet(&self) -> Option<NamedWallet> {
        (!self.wallet_name.is_empty()).then(|| NamedWallet {
            wallet_id: self.wallet_id.clone(),
            name: self.wallet_name.clone(),
        })
    }
}
