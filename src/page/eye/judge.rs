//! Chooses the code of a scan. Each code is offered once, a merchant's code is reported and skipped, and the caller's
//! `accept` decides last.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use futures_util::lock::Mutex;
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
    offered: RefCell<Vec<Vec<u8>>>,
    /// The camera and the hand scanner offer one code at a time.
    turn: Mutex<()>,
}

/// A code, if it is accepted.
type JudgedCode<'a> = Pin<Box<dyn Future<Output = Result<Option<Scan>, Rejection>> + 'a>>;

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
            offered: RefCell::default(),
            turn: Mutex::new(()),
        }
    }

    /// A code that the camera has read, if it is accepted.
    pub(super) fn read(&self, reading: Reading) -> JudgedCode<'_> {
        self.accepted(of_reading(reading, self.wallets))
    }

    /// A code of the hand scanner, if it is accepted.
    pub(super) fn heard(&self, text: &str) -> JudgedCode<'_> {
        self.accepted(of_text(text, ScanSource::HandScanner, self.wallets))
    }

    /// Boxed, so that it is in the module once.
    fn accepted(&self, scan: Scan) -> JudgedCode<'_> {
        Box::pin(async {
            let _turn = self.turn.lock().await;
            if self.is_new(&scan) && !self.is_hopeless(&scan) && self.is_accepted(&scan).await? {
                self.announcer.scan(&scan);
                return Ok(Some(scan));
            }
            Ok(None)
        })
    }

    /// Notes a code. False if this scan has had it.
    fn is_new(&self, scan: &Scan) -> bool {
        let mut offered = self.offered.borrow_mut();
        let is_new = !offered.contains(&scan.bytes);
        if is_new {
            offered.push(scan.bytes.clone());
        }
        is_new
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
