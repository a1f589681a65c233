//! What can go wrong, as the page tells it: a stable code, a sentence that a cashier can act on, and
//! whether the same call may succeed later.
//!
//! The codes are the `ErrorCode` of the npm package. They never change their meaning; a new cause gets a new code.

use crate::wire::ProblemCode;

/// A cause of trouble at the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Called outside a browser.
    NotBrowser,
    /// The page is not served over HTTPS, or from this machine.
    InsecureContext,
    /// The browser lacks something that nothing else can stand in for.
    Unsupported,
    /// The module did not load.
    WasmLoadFailed,
    /// The page's security policy refuses WebAssembly.
    WasmCspBlocked,
    /// Module and glue are of different versions.
    WasmVersionMismatch,
    /// The decoder's worker did not start, or died.
    WorkerFailed,
    /// The camera was refused for this page.
    CameraDenied,
    /// The camera's question was closed without an answer.
    CameraDismissed,
    /// A policy of the page forbids the camera.
    CameraPolicyBlocked,
    /// The page is in a frame of another origin's page, and that one does not lend it the camera.
    CameraFrameBlocked,
    /// There is no camera.
    CameraNotFound,
    /// Another program or tab holds the camera.
    CameraInUse,
    /// The camera gave no picture in time.
    CameraTimeout,
    /// The picture stopped.
    CameraInterrupted,
    /// No camera does what was asked.
    CameraConstraints,
    /// No code was seen in time.
    ScanTimeout,
    /// A scan is under way.
    ScanBusy,
    /// A merchant's code was shown, one that the customer should have scanned.
    ScanMerchantCode,
    /// The picture can't be read.
    ImageUnsupported,
    /// Not an amount.
    MoneyInvalid,
    /// Not a sale.
    SaleInvalid,
    /// No usable token came.
    TokenFailed,
    /// The token doesn't allow this.
    TokenForbidden,
    /// The browser says that it has no network.
    NetworkOffline,
    /// The shop's system did not answer.
    NetworkFailed,
    /// The shop's system refused the call.
    BackendRefused,
    /// The shop's system is too busy.
    NetworkBusy,
    /// The shop's system can't store, and so begins nothing.
    StoreUnavailable,
    /// The gateway has no such wallet.
    WalletUnknown,
    /// Nobody said which wallet it is.
    WalletRequired,
    /// The code can't be a payment code.
    CodeInvalid,
    /// The attempt has another code already.
    CodeTaken,
    /// More than one attempt may collect.
    MoneyLimit,
    /// The gateway takes another currency.
    CurrencyUnsupported,
    /// The sale is being collected by another attempt.
    SaleBusy,
    /// The sale is paid.
    SalePaid,
    /// The same key was used for something else.
    TradeMismatch,
    /// The attempt is at its end.
    TradeClosed,
    /// No such attempt in this shop.
    TradeNotFound,
    /// The gateway can't cancel it, or not now.
    TradeNotCancellable,
    /// This browser keeps no journal.
    JournalUnavailable,
    /// A record in this browser's journal can't be read.
    JournalUnreadable,
    /// An argument or an option has a value that it can't have.
    ArgumentInvalid,
    /// The code was handed over for another sale a short time ago.
    CodeReused,
    /// The sale has another amount.
    SaleAmountMismatch,
}

impl ErrorCode {
    /// Every code, in the order of the declarations.
    pub const ALL: [Self; 46] = [
        Self::NotBrowser,
        Self::InsecureContext,
        Self::Unsupported,
        Self::WasmLoadFailed,
        Self::WasmCspBlocked,
        Self::WasmVersionMismatch,
        Self::WorkerFailed,
        Self::CameraDenied,
        Self::CameraDismissed,
        Self::CameraPolicyBlocked,
        Self::CameraFrameBlocked,
        Self::CameraNotFound,
        Self::CameraInUse,
        Self::CameraTimeout,
        Self::CameraInterrupted,
        Self::CameraConstraints,
        Self::ScanTimeout,
        Self::ScanBusy,
        Self::ScanMerchantCode,
        Self::ImageUnsupported,
        Self::MoneyInvalid,
        Self::SaleInvalid,
        Self::TokenFailed,
        Self::TokenForbidden,
        Self::NetworkOffline,
        Self::NetworkFailed,
        Self::BackendRefused,
        Self::NetworkBusy,
        Self::StoreUnavailable,
        Self::WalletUnknown,
        Self::WalletRequired,
        Self::CodeInvalid,
        Self::CodeTaken,
        Self::MoneyLimit,
        Self::CurrencyUnsupported,
        Self::SaleBusy,
        Self::SalePaid,
        Self::TradeMismatch,
        Self::TradeClosed,
        Self::TradeNotFound,
        Self::TradeNotCancellable,
        Self::JournalUnavailable,
        Self::JournalUnreadable,
        Self::ArgumentInvalid,
        Self::CodeReused,
        Self::SaleAmountMismatch,
    ];

    /// The stable word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotBrowser => "env/not-browser",
            Self::InsecureContext => "env/insecure-context",
            Self::Unsupported => "env/unsupported",
            Self::WasmLoadFailed => "wasm/load-failed",
            Self::WasmCspBlocked => "wasm/csp-blocked",
            Self::WasmVersionMismatch => "wasm/version-mismatch",
            Self::WorkerFailed => "worker/failed",
            Self::CameraDenied => "camera/denied",
            Self::CameraDismissed => "camera/dismissed",
            Self::CameraPolicyBlocked => "camera/policy-blocked",
            Self::CameraFrameBlocked => "camera/frame-blocked",
            Self::CameraNotFound => "camera/not-found",
            Self::CameraInUse => "camera/in-use",
            Self::CameraTimeout => "camera/timeout",
            Self::CameraInterrupted => "camera/interrupted",
            Self::CameraConstraints => "camera/constraints",
            Self::ScanTimeout => "scan/timeout",
            Self::ScanBusy => "scan/busy",
            Self::ScanMerchantCode => "scan/merchant-code",
            Self::ImageUnsupported => "image/unsupported",
            Self::MoneyInvalid => "money/invalid",
            Self::SaleInvalid => "sale/invalid",
            Self::TokenFailed => "token/failed",
            Self::TokenForbidden => "token/forbidden",
            Self::NetworkOffline => "network/offline",
            Self::NetworkFailed => "network/failed",
            Self::BackendRefused => "backend/refused",
            Self::NetworkBusy => "network/busy",
            Self::StoreUnavailable => "backend/store-unavailable",
            Self::WalletUnknown => "wallet/unknown",
            Self::WalletRequired => "wallet/required",
            Self::CodeInvalid => "code/invalid",
            Self::CodeTaken => "code/taken",
            Self::MoneyLimit => "money/limit",
            Self::CurrencyUnsupported => "currency/unsupported",
            Self::SaleBusy => "sale/busy",
            Self::SalePaid => "sale/paid",
            Self::TradeMismatch => "trade/mismatch",
            Self::TradeClosed => "trade/closed",
            Self::TradeNotFound => "trade/not-found",
            Self::TradeNotCancellable => "trade/not-cancellable",
            Self::JournalUnavailable => "journal/unavailable",
            Self::JournalUnreadable => "journal/unreadable",
            Self::ArgumentInvalid => "argument_invalid",
            Self::CodeReused => "code_reused",
            Self::SaleAmountMismatch => "sale_amount_mismatch",
        }
    }

    /// What the cashier does about it, in English.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotBrowser => "This only works in a browser: call it from a page.",
            Self::InsecureContext => "The camera needs a safe address: open this page with https.",
            Self::Unsupported => {
                "This browser is too old: use a current Chrome, Edge, Firefox or Safari."
            }
            Self::WasmLoadFailed => {
                "The payment module did not load: check the connection and reload the page."
            }
            Self::WasmCspBlocked => {
                "The page's security policy blocks the payment module: allow 'wasm-unsafe-eval' in script-src."
            }
            Self::WasmVersionMismatch => {
                "Two versions of the payment module are mixed: reload the page."
            }
            Self::WorkerFailed => {
                "The code reader stopped and was started again: hold the code still and try again."
            }
            Self::CameraDenied => {
                "The camera is blocked for this page: allow it in the browser's address bar, or type the code."
            }
            Self::CameraDismissed => "The camera was not allowed: start again and choose Allow.",
            Self::CameraPolicyBlocked => {
                "This page may not use the camera: its owner must allow it in the page's policy."
            }
            Self::CameraFrameBlocked => {
                "The page around this till keeps the camera from it: open the till in a window of its own, or set allow=\"camera\" on its frame."
            }
            Self::CameraNotFound => {
                "No camera was found: plug one in, or use a photo or the typed code."
            }
            Self::CameraInUse => "Another program uses the camera: close it and try again.",
            Self::CameraTimeout => {
                "The camera shows no picture: unplug it, plug it in and try again."
            }
            Self::CameraInterrupted => "The camera stopped: start again.",
            Self::CameraConstraints => "No camera fits the settings: choose another camera.",
            Self::ScanTimeout => {
                "No code was seen: hold the phone closer with its screen bright, and scan again."
            }
            Self::ScanBusy => "A scan is already running: finish or stop it first.",
            Self::ScanMerchantCode => {
                "That is a shop's code: ask the customer to show the code to pay with."
            }
            Self::ImageUnsupported => {
                "This picture can't be read: take another photo as JPEG or PNG."
            }
            Self::MoneyInvalid => "This is not an amount: type it like 12.50.",
            Self::SaleInvalid => {
                "The sale's number must have 1 to 64 characters: check it and try again."
            }
            Self::TokenFailed => {
                "The till could not sign in: reload the page, or sign in to the shop again."
            }
            Self::TokenForbidden => "This till or cashier may not do that: ask the manager.",
            Self::NetworkOffline => "There is no network: check the cable or Wi-Fi and try again.",
            Self::NetworkFailed => {
                "The shop's system does not answer: check the network and try again."
            }
            Self::BackendRefused => "The shop's system refused this.",
            Self::NetworkBusy => "The shop's system is busy: wait a few seconds and try again.",
            Self::StoreUnavailable => {
                "The shop's system can't save anything now, so nothing was sent: tell whoever runs it, and try again."
            }
            Self::WalletUnknown => "This wallet can't be used here: choose another one.",
            Self::WalletRequired => "The code does not say which wallet it is: choose the wallet.",
            Self::CodeInvalid => {
                "That is no payment code: ask the customer to show the code to pay with."
            }
            Self::CodeTaken => "This payment already has a code: wait for its end.",
            Self::MoneyLimit => {
                "The amount is too large for one payment: split it or use another way."
            }
            Self::CurrencyUnsupported => "This till does not take that currency.",
            Self::SaleBusy => {
                "This sale is being paid already: finish that payment, do not charge again."
            }
            Self::SalePaid => "This sale is already paid: do not charge again.",
            Self::TradeMismatch => "This payment was begun for something else: start a new one.",
            Self::TradeClosed => "This payment is closed: start a new one.",
            Self::TradeNotFound => "This payment is not known here: check its number.",
            Self::TradeNotCancellable => "This payment can't be cancelled now: wait for its end.",
            Self::JournalUnavailable => {
                "This browser keeps no records: do not close the page while a payment runs."
            }
            Self::JournalUnreadable => {
                "A record of an earlier payment can't be read: check that sale before you charge it again."
            }
            Self::ArgumentInvalid => {
                "The till's page asked for something that can't be: tell the page's maker."
            }
            Self::CodeReused => {
                "This code was used for another sale a moment ago: ask the customer for a fresh one."
            }
            Self::SaleAmountMismatch => {
                "This sale was begun with another amount: check the bill, and use a new number for a new sale."
            }
        }
    }

    /// True where the same call, unchanged, may succeed later.
    #[must_use]
    pub fn may_retry(self) -> bool {
        match self {
            Self::WasmLoadFailed
            | Self::WorkerFailed
            | Self::CameraDismissed
            | Self::CameraInUse
            | Self::CameraTimeout
            | Self::CameraInterrupted
            | Self::ScanTimeout
            | Self::ScanBusy
            | Self::ScanMerchantCode
            | Self::TokenFailed
            | Self::NetworkOffline
            | Self::NetworkFailed
            | Self::NetworkBusy
            | Self::StoreUnavailable
            | Self::TradeNotCancellable => true,
            Self::NotBrowser
            | Self::InsecureContext
            | Self::Unsupported
            | Self::WasmCspBlocked
            | Self::WasmVersionMismatch
            | Self::CameraDenied
            | Self::CameraPolicyBlocked
            | Self::CameraFrameBlocked
            | Self::CameraNotFound
            | Self::CameraConstraints
            | Self::ImageUnsupported
            | Self::MoneyInvalid
            | Self::SaleInvalid
            | Self::TokenForbidden
            | Self::BackendRefused
            | Self::WalletUnknown
            | Self::WalletRequired
            | Self::CodeInvalid
            | Self::CodeTaken
            | Self::MoneyLimit
            | Self::CurrencyUnsupported
            | Self::SaleBusy
            | Self::SalePaid
            | Self::TradeMismatch
            | Self::TradeClosed
            | Self::TradeNotFound
            | Self::JournalUnavailable
            | Self::JournalUnreadable
            | Self::ArgumentInvalid
            | Self::CodeReused
            | Self::SaleAmountMismatch => false,
        }
    }
}

impl From<ProblemCode> for ErrorCode {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::AmountInvalid => Self::MoneyInvalid,
            ProblemCode::AmountLimit => Self::MoneyLimit,
            ProblemCode::CurrencyUnsupported => Self::CurrencyUnsupported,
            ProblemCode::SaleInvalid => Self::SaleInvalid,
            ProblemCode::IntegratorUnknown | ProblemCode::PresentedUnsupported => {
                Self::WalletUnknown
            }
            ProblemCode::CodeInvalid => Self::CodeInvalid,
            ProblemCode::TokenMissing
            | ProblemCode::TokenInvalid
            | ProblemCode::TokenExpired
            | ProblemCode::ServerKeyInvalid => Self::TokenFailed,
            ProblemCode::TokenForbidden => Self::TokenForbidden,
            ProblemCode::Mismatch => Self::TradeMismatch,
            ProblemCode::SaleBusy => Self::SaleBusy,
            ProblemCode::SalePaid => Self::SalePaid,
            ProblemCode::SaleAmountMismatch => Self::SaleAmountMismatch,
            ProblemCode::CodeTaken => Self::CodeTaken,
            ProblemCode::CodeReused => Self::CodeReused,
            ProblemCode::TradeClosed => Self::TradeClosed,
            ProblemCode::TradeNotFound => Self::TradeNotFound,
            ProblemCode::NotCancellable => Self::TradeNotCancellable,
            ProblemCode::TooMany | ProblemCode::Busy | ProblemCode::GatewayUnavailable => {
                Self::NetworkBusy
            }
            ProblemCode::StoreUnavailable => Self::StoreUnavailable,
            ProblemCode::Internal => Self::NetworkFailed,
            ProblemCode::BadRequest
            | ProblemCode::KeyInvalid
            | ProblemCode::VerdictInvalid
            | ProblemCode::NotVoidable
            | ProblemCode::NotFound
            | ProblemCode::MethodNotAllowed
            | ProblemCode::TooLarge => Self::BackendRefused,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_listed_once_with_a_sentence_of_its_own() {
        let words: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), ErrorCode::ALL.len(), "a code is listed twice");
        for code in ErrorCode::ALL {
            let letters = |byte: u8| byte.is_ascii_lowercase() || b"/_-".contains(&byte);
            assert!(code.as_str().bytes().all(letters), "{code:?}");
            assert!(code.sentence().ends_with('.'), "{code:?}");
        }
    }
}
