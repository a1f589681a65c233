//! `POST /v1/sessions`: a till starts.

use kaunter_core::authority::Reach;
use kaunter_core::calendar::{DAY_MS, rfc3339};
use kaunter_core::money::Money;
use kaunter_core::terminal::DeviceRole;
use kaunter_core::trade::Trade;
use kaunter_core::wire::{CodeMode, FullSession, Sales, Session, Wallet};
use kaunter_model::wallets::WALLETS;

use super::CallResult;
use crate::answer::Answer;
use crate::counter::Counter;
use crate::request::{RIGHTS, Request};
use crate::settings::{LIMITS, SHOP};

/// How long a token says that it lasts. No token expires here.
const TOKEN_MS: u64 = DAY_MS / 2;

/// The gateway's wallets. Those whose app scans a till's code can be paid in both modes.
pub(crate) fn wallets() -> Vec<Wallet> {
    let wallet = |wallet: &kaunter_model::wallets::Wallet| {
        let scans = wallet.scans.then_some(CodeMode::MerchantPresented);
        Wallet {
            wallet_id: wallet.id.to_owned(),
            name: wallet.name.to_owned(),
            logo: None,
            test: wallet.is_test(),
            modes: std::iter::once(CodeMode::ConsumerPresented)
                .chain(scans)
                .collect(),
            min_amount: None,
            max_amount: None,
        }
    };
    WALLETS.iter().map(wallet).collect()
}

/// Whether a till that starts has to know the trade: it has not ended, or the gateway contradicts its verdict.
fn needs_attention(trade: &Trade) -> bool {
    !trade.state().status().is_final() || trade.verdict_contradicted()
}

impl Counter {
    pub(super) fn session(&mut self, request: &Request<'_>) -> CallResult {
        let terminal = request.terminal()?;
        let role = self.role(terminal.name, request.device()?);
        let authority = terminal.authority();
        let mut own: Vec<usize> = (0..self.store.rows().len())
            .rev()
            .filter(|row| {
                let trade = self.store.trade(*row);
                let own = trade.facts().terminal == terminal.name;
                own && needs_attention(trade) && authority.reach(trade.facts()) == Reach::Whole
            })
            .collect();
        // A person has to look at those that have ended as well, after the open ones.
        own.sort_by_key(|row| self.store.trade(*row).state().status().is_final());
        let open_trades = own.into_iter().map(|row| self.view(row)).collect();
        let session = Session {
            shop: SHOP.to_owned(),
            terminal: terminal.name.to_owned(),
            cashier: terminal.cashier.to_owned(),
            rights: RIGHTS.to_vec(),
            expires_at: rfc3339(self.now + TOKEN_MS),
            wallets: wallets(),
            currency: LIMITS.currency.to_owned(),
            max_amount: Money {
                minor: LIMITS.max_minor,
                currency: LIMITS.currency.to_owned(),
            },
            policy: self.policy.page(),
            open_trades,
            terminal_taken: role == DeviceRole::Watches,
            sandbox: true,
        };
        let session = FullSession {
            session,
            sales: Sales::Open,
        };
        Ok(Answer::json(200, &session))
    }
}
