//! Chooses the code of a scan. Each code is offered once, a merchant's code is reported and skipped, and the caller's
//! `accept` decides last.

use js_sys::futures::JsFuture;
use kaunter_core::error::ErrorCode;

use crate::page::announcer::Announcer;
use crate::page::{ask, clock};
use crate::types::code::{CodeInfo, Kind, Reading, Scan, ScanSource};
use crate::types::error::{Fail, Rejection};
use crate::types::options::ScanOptions;
use crate::types::to_js;
use crate::types::wallet::Wallet;

/// The choice of one scan.
pub(super) struct Judge<'a> {
    announcer: &'a Announcer,
    options: &'a ScanOptions,
    wallets: &'a [Wallet],
    /// The codes that this scan has offered or reported.
    offered: Vec<Vec<u8>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        announcer: &'a Announcer,
        options: &'a ScanOptions,
        wallets: &'a [Wallet],
    ) -> Self {
        Self {
            announcer,
            options,
            wallets,
            offered: Vec::new(),
        }
    }

    /// The first code of a frame that is accepted.
    pub(super) async fn first_of(
        &mut self,
        readings: Vec<Reading>,
    ) -> Result<Option<Scan>, Rejection> {
        for reading in readings {
            if self.offered.contains(&reading.bytes) {
                continue;
            }
            self.offered.push(reading.bytes.clone());
            let scan = of_reading(reading, self.wallets);
            if self.is_hopeless(&scan) {
                continue;
            }
            if self.is_accepted(&scan).await? {
                self.announcer.scan(&scan);
                return Ok(Some(scan));
            }
        }
        Ok(None)
    }

    /// Reports and skips a code with which nobody can pay.
    fn is_hopeless(&self, scan: &Scan) -> bool {
        let code = if scan.info.kind == Kind::Merchant {
            ErrorCode::MerchantCode
        } else if !scan.is_sendable() {
            ErrorCode::CodeInvalid
        } else {
            return false;
        };
        self.announcer.warning(&Fail::new(code));
        true
    }

    async fn is_accepted(&self, scan: &Scan) -> Result<bool, Rejection> {
        let Some(accept) = &self.options.accept else {
            return Ok(true);
        };
        let accepted = JsFuture::from(ask(accept, &[&to_js(scan)])).await;
        accepted
            .map(|accepted| accepted.is_truthy())
            .map_err(Rejection::Thrown)
    }
}

fn of_reading(reading: Reading, wallets: &[Wallet]) -> Scan {
    let (info, wallet) = CodeInfo::of(&reading.text, wallets);
    Scan {
        text: reading.text,
        bytes: reading.bytes,
        eci: reading.eci,
        source: ScanSource::Camera,
        time_stamp: clock::exact_ms(),
        info,
        wallet,
        corners: Some(reading.corners),
    }
}

/// A code that was typed, or that came from elsewhere.
#[must_use]
pub fn of_text(text: &str, wallets: &[Wallet]) -> Scan {
    let (info, wallet) = CodeInfo::of(text, wallets);
    Scan {
        text: text.to_owned(),
        bytes: text.as_bytes().to_vec(),
        eci: None,
        source: ScanSource::Manual,
        time_stamp: clock::exact_ms(),
        info,
        wallet,
        corners: None,
    }
}
