//! Collects a sale: checks what can be refused at once, and takes the sale's lock in this browser.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use kaunter_core::error::ErrorCode;
use kaunter_core::wire::{self, CodeMode, SaleInput};

use super::{Till, aborted};
use crate::page::driver::Driver;
use crate::page::lock::{self, LockResult};
use crate::types::code::{Kind, Scan};
use crate::types::error::{Fail, Rejection};
use crate::types::options::ScanOptions;
use crate::types::outcome::Outcome;
use crate::types::wallet::Wallet;

impl Till {
    /// Collects a sale: with a given code, with one that is scanned, or with one that the caller shows. Boxed, so that it
    /// is in the module once.
    ///
    /// # Errors
    /// Only if nothing began.
    #[must_use]
    pub fn charge(
        self: Rc<Self>,
        sale: SaleInput,
        options: ScanOptions,
        code: Option<Scan>,
        mode: CodeMode,
    ) -> Pin<Box<dyn Future<Output = Result<Outcome, Rejection>>>> {
        Box::pin(async move {
            if let Some(reason) = aborted(&options) {
                return Err(reason);
            }
            self.check(&sale, &options, code.as_ref())?;
            if mode == CodeMode::MerchantPresented {
                self.check_display(&options)?;
            }
            let lock = match lock::request(&self.lock_name(&sale.reference)).await {
                LockResult::Acquired(lock) => lock,
                LockResult::Taken => return Err(self.busy(&sale).await.into()),
            };
            let end = Driver::new(&self, sale, options, code, mode).run().await;
            // Released first: the caller may charge the sale again as soon as the promise ends.
            lock.free().await;
            end
        })
    }

    /// Refuses a code of ours that no wallet would scan.
    fn check_display(&self, options: &ScanOptions) -> Result<(), Fail> {
        let Some(id) = &options.wallet else {
            return Err(Fail::new(ErrorCode::WalletRequired));
        };
        let scans = |wallet: &&Wallet| wallet.modes.contains(&CodeMode::MerchantPresented);
        let mut wallets = self.wallets.iter().filter(scans);
        if wallets.any(|own| own.wallet_id == *id) {
            Ok(())
        } else {
            Err(Fail::new(ErrorCode::ModeUnsupported))
        }
    }

    /// Refuses before any call what the backend would refuse.
    fn check(
        &self,
        sale: &SaleInput,
        options: &ScanOptions,
        code: Option<&Scan>,
    ) -> Result<(), Fail> {
        // The backend checks a registered amount, which the page does not know yet.
        if let Some(amount) = &sale.amount {
            if amount.currency != self.session.currency {
                return Err(Fail::new(ErrorCode::CurrencyUnsupported));
            }
            if amount.minor > self.session.max_amount.minor {
                return Err(Fail::new(ErrorCode::AmountTooLarge));
            }
        }
        let known = |id: &String| self.wallets.iter().any(|wallet| wallet.wallet_id == *id);
        if options.wallet.as_ref().is_some_and(|id| !known(id)) {
            return Err(Fail::new(ErrorCode::WalletUnknown));
        }
        match code {
            Some(scan) if !scan.is_sendable() => Err(Fail::new(ErrorCode::CodeInvalid)),
            Some(scan) if scan.info.kind == Kind::Merchant => {
                Err(Fail::new(ErrorCode::MerchantCode))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Another tab is working on this sale: finds its trade.
    async fn busy(&self, sale: &SaleInput) -> Fail {
        let fail = Fail::new(ErrorCode::SaleBusy);
        let record = self.backend.sale(&sale.reference).await;
        let holder = record.ok().and_then(|record| {
            let open = |trade: &&wire::TradeView| !trade.status.is_final();
            record.trades.iter().rev().find(open).cloned()
        });
        match holder {
            Some(trade) => {
                let mut fail = fail.about(&trade.trade_id);
                fail.money_moved = trade.status.at_risk();
                fail
            }
            None => fail,
        }
    }
}
