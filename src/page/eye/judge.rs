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
    pub(super) wallets: &'a [Wallet],
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

    /// The first code that is accepted.
    pub(super) async fn first_of(&mut self, scans: Vec<Scan>) -> Result<Option<Scan>, Rejection> {
        for scan in scans {
            if self.offered.contains(&scan.bytes) {
                continue;
            }
            self.offered.push(scan.bytes.clone());
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

/// A code that the camera has read.
pub(super) fn of_reading(reading: Reading, wallets: &[Wallet]) -> Scan {
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

/// A code that came as text.
#[must_use]
pub fn of_text(text: &str, source: ScanSource, wallets: &[Wallet]) -> Scan {
    let (info, wallet) = CodeInfo::of(text, wallets);
    Scan {
        text: text.to_owned(),
        bytes: text.as_bytes().to_vec(),
        eci: None,
        source,
        time_stamp: clock::exact_ms(),
        info,
        wallet,
        corners: None,
    }
}
