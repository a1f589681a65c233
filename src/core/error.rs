//! The error codes of the page and the backend, in one table.
//!
//! A code is the same word in `error.code`, in an HTTP answer, in the log, in a metric and in `docs/errors.md`.
//! It never changes its meaning; a new cause gets a new code.
//! Its row has everything else: its type, its HTTP status, whether to retry, and the cashier's sentence.

use serde::{Deserialize, Serialize};

use crate::wire::Retry;

/// The kind of an error, by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorType {
    /// The setup of the page, its server or its browser.
    Setup,
    /// The camera.
    Camera,
    /// The scan for a code.
    Scan,
    /// The caller's arguments.
    Input,
    /// Tokens and rights.
    Auth,
    /// The connection to the backend.
    Network,
    /// The backend, its store or its gateway can't work now.
    Unavailable,
    /// The state of the sale or the trade does not allow the call.
    Conflict,
    /// The browser's journal.
    Journal,
}

impl ErrorType {
    /// All types.
    pub const ALL: [Self; 9] = [
        Self::Setup,
        Self::Camera,
        Self::Scan,
        Self::Input,
        Self::Auth,
        Self::Network,
        Self::Unavailable,
        Self::Conflict,
        Self::Journal,
    ];

    /// The type's stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Camera => "camera",
            Self::Scan => "scan",
            Self::Input => "input",
            Self::Auth => "auth",
            Self::Network => "network",
            Self::Unavailable => "unavailable",
            Self::Conflict => "conflict",
            Self::Journal => "journal",
        }
    }
}

/// What must happen before the same call may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Nothing helps: the same call fails again.
    No,
    /// Time must pass.
    Later,
    /// Somebody must act, as the sentence says.
    Act,
    /// A fresh token is needed. The page fetches one by itself.
    Token,
}

impl Remedy {
    /// The word for it in the documentation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Later => "later",
            Self::Act => "act",
            Self::Token => "token",
        }
    }
}

impl From<Remedy> for Retry {
    fn from(remedy: Remedy) -> Self {
        match remedy {
            Remedy::No | Remedy::Act => Self::Never,
            Remedy::Later => Self::Later,
            Remedy::Token => Self::WithNewToken,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    word: &'static str,
    class: ErrorType,
    remedy: Remedy,
    sentence: &'static str,
}

/// Makes two enums from the table: [`ErrorCode`] has all rows, [`ProblemCode`] those that the backend answers with.
macro_rules! error_codes {
    (
        page { $(
            #[doc = $page_doc:literal]
            $(#[doc = $page_advice:literal])*
            $page:ident $page_word:literal $page_class:ident $page_remedy:ident $page_sentence:literal;
        )+ }
        backend { $(
            #[doc = $doc:literal]
            $(#[doc = $advice:literal])*
            $code:ident $word:literal $class:ident $status:literal $remedy:ident $sentence:literal $detail:literal;
        )+ }
    ) => {
        /// An error of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $page_doc] $(#[doc = $page_advice])* $page,)+
            $(#[doc = $doc] $code,)+
        }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$page,)+ $(Self::$code,)+];

            /// What happened, for the documentation. It is no part of a row, so that no module carries it.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                let meaning = match self {
                    $(Self::$page => $page_doc,)+
                    $(Self::$code => $doc,)+
                };
                meaning.trim()
            }

            /// What the developer does, for the documentation: the later lines of the comment on an error of the page,
            /// or the backend's own sentence with those lines.
            #[must_use]
            pub fn advice(self) -> &'static str {
                let advice = match self {
                    $(Self::$page => concat!("", $($page_advice),*),)+
                    $(Self::$code => concat!($detail, $($advice),*),)+
                };
                advice.trim()
            }

            fn row(self) -> Row {
                match self {
                    $(Self::$page => Row {
                        word: $page_word,
                        class: ErrorType::$page_class,
                        remedy: Remedy::$page_remedy,
                        sentence: $page_sentence,
                    },)+
                    $(Self::$code => Row {
                        word: $word,
                        class: ErrorType::$class,
                        remedy: Remedy::$remedy,
                        sentence: $sentence,
                    },)+
                }
            }
        }

        /// An error of the backend, which the page passes on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $(#[doc = $doc] #[serde(rename = $word)] $code,)+
        }

        impl ProblemCode {
            /// All codes, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                }
            }

            /// A sentence for the developer of the caller: what is wrong with the call, and what to send instead.
            #[must_use]
            pub fn detail(self) -> &'static str {
                match self {
                    $(Self::$code => $detail,)+
                }
            }
        }

        impl From<ProblemCode> for ErrorCode {
            fn from(code: ProblemCode) -> Self {
                match code {
                    $(ProblemCode::$code => Self::$code,)+
                }
            }
        }

        /// The declaration of `ErrorCode` for TypeScript: the words of the table.
        pub const TYPESCRIPT: &str = concat!(
            "/** What went wrong: the same word in HTTP answers, logs and metrics. A code never changes its meaning. */\n",
            "export type ErrorCode =",
            $("\n  | \"", $page_word, "\"",)+
            $("\n  | \"", $word, "\"",)+
            ";\n",
        );
    };
}

error_codes! {
    page {
        /// The call was made outside a browser.
        /// Call it once the page is loaded, not while a server renders it.
        /// Unit tests use `kaunter/testing`, and Node uses `kaunter/reader`.
        NotBrowser "not_browser" Setup No
            "This only works in a browser: call it from a page.";
        /// The page is neither served over HTTPS nor from this machine.
        /// Serve the page over HTTPS, or open it as `localhost`.
        InsecureContext "insecure_context" Setup Act
            "The camera needs a safe address: open this page with https.";
        /// The browser lacks a feature that Kaunter can't do without.
        /// Compare the browser with the list of browsers that the till supports.
        BrowserUnsupported "browser_unsupported" Setup No
            "This browser is too old: use a current Chrome, Edge, Firefox or Safari.";
        /// A module of the package did not load.
        /// Serve the file: `detail` has its address, the status and the line that helps in your tool.
        ModuleLoadFailed "module_load_failed" Setup Later
            "The payment module did not load: check the connection and reload the page.";
        /// The page's security policy refuses WebAssembly.
        /// Add `'wasm-unsafe-eval'` to `script-src` of the page's Content-Security-Policy.
        ModuleCspBlocked "module_csp_blocked" Setup No
            "The page's own settings block the payment module: tell the page's maker.";
        /// Module and JavaScript are of different versions.
        /// Copy the `.wasm` files and the scripts from one version.
        /// Serve those without a hash in their name with `Cache-Control: no-cache`.
        VersionMismatch "version_mismatch" Setup Act
            "Two versions of the payment module are mixed: reload the page.";
        /// The reader's worker did not start, or died. Reading went on.
        /// Report it if it happens often, with `detail`. The till has started another reader by itself.
        WorkerFailed "worker_failed" Setup Later
            "The code reader stopped and was started again: hold the code still and try again.";
        /// The backend's `origins` lacks this page; `detail` is the origin to add.
        /// Add the origin in `detail` to `origins` of the backend, and start the backend again.
        OriginRefused "origin_refused" Setup No
            "The shop's system does not know this page: add the page's origin to its `origins`.";
        /// The page's security policy refuses calls to the backend; `detail` is the origin to add.
        /// Add the origin in `detail` to `connect-src` of the page's policy.
        ConnectCspBlocked "connect_csp_blocked" Setup No
            "The page's own settings (connect-src) block the shop's system: tell the page's maker.";
        /// The backend's address is neither HTTPS nor this machine: the token could be read on the way.
        /// Give `backend` an https address. Plain http is for this machine only, such as `http://localhost:8787`.
        BackendInsecure "backend_insecure" Setup No
            "The shop's system needs a safe address: use https for it, and for this page.";
        /// The camera was refused for this page.
        /// Show how to allow the camera again: the browser does not ask a second time.
        /// Offer the typed code.
        CameraDenied "camera_denied" Camera Act
            "The camera is blocked for this page: allow it in the browser's address bar, or type the code.";
        /// The browser's question about the camera was closed without an answer.
        /// Start the scan again from a button: the browser then asks once more.
        CameraDismissed "camera_dismissed" Camera Later
            "The camera was not allowed: start again and choose Allow.";
        /// A policy of the page forbids the camera.
        /// Send `Permissions-Policy: camera=(self)` with the page, or no such header.
        CameraPolicyBlocked "camera_policy_blocked" Camera No
            "This page may not use the camera: its owner must allow it in the page's policy.";
        /// The page is in a frame of another origin's page, and that page does not allow it the camera.
        /// Set `allow="camera"` on the frame, or open the till in a window of its own.
        CameraFrameBlocked "camera_frame_blocked" Camera No
            "The page around this till does not let it use the camera: open the till in its own window, or set allow=\"camera\" on its frame.";
        /// There is no camera.
        /// Offer the typed code or a photo, and a button that scans again.
        CameraNotFound "camera_not_found" Camera Act
            "No camera was found: plug one in, or use a photo or the typed code.";
        /// Another program or tab holds the camera.
        /// Keep one till for the shift, and let the cashier close other programs that use the camera.
        CameraInUse "camera_in_use" Camera Later
            "Another program uses the camera: close it and try again.";
        /// The camera gave no picture in time.
        /// Offer another camera with `till.camera.use`, or the typed code.
        CameraTimeout "camera_timeout" Camera Later
            "The camera shows no picture: unplug it, plug it in and try again.";
        /// The picture stopped.
        /// Scan again from a button. The till has opened the camera once more by itself before it gave up.
        CameraInterrupted "camera_interrupted" Camera Later
            "The camera stopped: start again.";
        /// No camera fits the request, or the camera has no such setting.
        /// Ask only for what `till.camera.current` and `till.camera.list()` say that the camera has.
        CameraUnsupported "camera_unsupported" Camera No
            "No camera fits the settings: choose another camera.";
        /// No code was seen in time.
        /// Scan again from a button, or raise `timeoutMs`.
        ScanTimeout "scan_timeout" Scan Later
            "No code was seen: hold the phone closer with its screen bright, and scan again.";
        /// A scan is under way.
        /// Wait for the scan that runs, or abort it with its `signal`.
        ScanBusy "scan_busy" Scan Later
            "A scan is already running: finish or stop it first.";
        /// The customer showed a merchant's code, which a customer should scan.
        /// Show the sentence and scan again. To be paid with a code of the shop, use `till.showCode`.
        MerchantCode "merchant_code" Scan Act
            "That is a shop's code: ask the customer to show the code to pay with.";
        /// An argument or an option has a value that is not allowed; `detail` names it.
        /// Correct the value that `detail` names.
        ArgumentInvalid "argument_invalid" Input No
            "The till's page made a call with a wrong value: tell the page's maker.";
        /// The picture can't be read.
        /// Give `decode` a JPEG or a PNG.
        /// The pixels for `Reader.read` have 4 bytes or 1 byte each, for `width` times `height`.
        ImageUnsupported "image_unsupported" Input No
            "This picture can't be read: take another photo as JPEG or PNG.";
        /// Neither the code nor the page names the wallet.
        /// Set `chooseWallet`, which asks the cashier, or give the sale's `walletId`.
        WalletRequired "wallet_required" Input Act
            "The code does not say which wallet it is: choose the wallet.";
        /// `getToken` gave no usable token; `cause` is what it threw.
        /// Read `detail` and `cause`: `getToken` gives the token's text, or the backend's `{ token }` as it came.
        TokenFailed "token_failed" Auth Later
            "The till could not sign in: reload the page, or sign in to the shop again.";
        /// The browser reports that it is offline.
        /// Let the cashier try again when the browser is online. Nothing was sent.
        NetworkOffline "network_offline" Network Later
            "There is no network: check the cable or Wi-Fi and try again.";
        /// The backend did not answer.
        /// Check the address in `backend`, the network, and whether the backend runs.
        NetworkFailed "network_failed" Network Later
            "The shop's system does not answer: check the network and try again.";
        /// This browser keeps no journal. The event `warning` reports it.
        /// Warn before the page closes during a payment. The backend keeps every trade, also without a journal.
        JournalUnavailable "journal_unavailable" Journal No
            "This browser keeps no records: do not close the page while a payment runs.";
        /// A record in this browser's journal can't be read. The event `warning` reports it.
        /// Look at the sale with `till.listTrades({ ref })` before anybody charges it again.
        JournalUnreadable "journal_unreadable" Journal No
            "A record of an earlier payment can't be read: check that sale before you charge it again.";
    }
    backend {
        /// The body or a parameter does not fit the call.
        BadRequest "bad_request" Input 400 No
            "The till's page sent a request that the shop's system does not understand: tell the page's maker."
            "The body does not fit this call: see /openapi.json.";
        /// Not an amount: zero, negative, or not minor units.
        AmountInvalid "amount_invalid" Input 400 No
            "This is not an amount: type it like 12.50."
            "The amount must be a whole number of minor units, more than 0.";
        /// More than the token, the gateway or the wallet allows.
        AmountTooLarge "amount_too_large" Input 400 No
            "The amount is too large for one payment: split it or use another way."
            "The amount is above the limit: split the sale, or raise the limit.";
        /// Less than the wallet pays.
        AmountTooSmall "amount_too_small" Input 400 No
            "The amount is too small for this wallet: choose another wallet or way to pay."
            "The amount is below the wallet's smallest: the session has each wallet's limits.";
        /// The gateway takes another currency.
        CurrencyUnsupported "currency_unsupported" Input 400 No
            "This till does not take that currency: tell the page's maker."
            "The gateway does not take this currency: send the one that the session names.";
        /// The sale's reference is empty, too long or not printable.
        SaleInvalid "sale_invalid" Input 400 No
            "The sale's number must have 1 to 64 characters: check it and try again."
            "The sale's ref must have 1 to 64 printable characters: send the shop's own number of it.";
        /// The code is empty, too long or not text.
        CodeInvalid "code_invalid" Input 400 Act
            "That is not a payment code: ask the customer to show the code to pay with."
            "The code must be text of 1 to 1024 bytes: scan it again.";
        /// The code was handed over for another sale a short time ago.
        CodeReused "code_reused" Input 409 Act
            "This code was used for another sale a moment ago: ask the customer for a fresh one."
            "This code was handed over for another sale a short time ago: ask the customer for a fresh one.";
        /// The gateway has no such wallet.
        WalletUnknown "wallet_unknown" Input 400 Act
            "This wallet can't be used here: choose another one."
            "No such wallet: open a session and choose one of its wallets.";
        /// The wallet does not pay in this mode.
        ModeUnsupported "mode_unsupported" Input 400 No
            "This wallet can't be paid this way: choose another wallet, or the other kind of code."
            "This wallet can't be paid in this mode: the session lists the modes of each wallet.";
        /// A verdict without evidence.
        VerdictInvalid "verdict_invalid" Input 400 No
            "A decision needs a reason: say what the wallet's own records show."
            "A verdict needs evidence: say what the wallet's own records show.";
        /// The idempotency key is not 128 bits in hex.
        IdempotencyKeyInvalid "idempotency_key_invalid" Input 400 No
            "The till's page sent a bad request: reload the page."
            "The key must be 32 lower-case hex digits: make a fresh one per trade.";
        /// The same key was sent with another body.
        IdempotencyMismatch "idempotency_mismatch" Input 422 No
            "This payment was begun with other data: start a new one."
            "This key was used for another sale: make a fresh key per trade.";
        /// The body is too large.
        BodyTooLarge "body_too_large" Input 413 No
            "The till's page sent too much at once: tell the page's maker."
            "The body is larger than 16 KiB: send less.";
        /// The address is not that of a Kaunter backend, or the backend has no such route.
        RouteNotFound "route_not_found" Input 404 No
            "The page has a wrong address for the shop's system: tell the page's maker."
            "No such address: see /openapi.json.";
        /// The address takes another method.
        MethodNotAllowed "method_not_allowed" Input 405 No
            "The till's page sent a wrong request: tell the page's maker."
            "This address takes another method: see /openapi.json.";
        /// There is no token in the call.
        TokenMissing "token_missing" Auth 401 Token
            "The till is not signed in: sign in to the shop again."
            "Send a terminal token in the Authorization header, or in Kaunter-Token.";
        /// The token was not minted by this backend.
        TokenInvalid "token_invalid" Auth 401 Token
            "The till's sign-in is not accepted: sign in to the shop again."
            "This backend did not mint this token: ask the shop's server for a new one.";
        /// The token has expired.
        TokenExpired "token_expired" Auth 401 Token
            "The till's sign-in has ended: sign in to the shop again."
            "The token has expired: ask the shop's server for a new one.";
        /// The terminal was signed out, or its tokens were revoked.
        TokenRevoked "token_revoked" Auth 401 Act
            "This till was signed out: sign in to the shop again."
            "The terminal's tokens were revoked: sign in to the shop again, and open a new session.";
        /// The token is for another shop, terminal or sale, or lacks the right.
        TokenForbidden "token_forbidden" Auth 403 Act
            "This till or cashier may not do that: ask the manager."
            "The token does not allow this: ask the shop's server for one that does.";
        /// The name and the secret of a sign-in do not belong together.
        SignInFailed "sign_in_failed" Auth 401 Act
            "The name or the PIN is wrong: check both and try again."
            "The name or the secret is wrong: let the person type both again.";
        /// Too many wrong secrets: the person, or the address, must wait.
        SignInLocked "sign_in_locked" Auth 429 Later
            "There were too many wrong PINs: wait a few seconds and try again."
            "Too many sign-ins with a wrong secret: wait a few seconds.";
        /// A void or a verdict is above a limit of the person or the terminal.
        LimitExceeded "limit_exceeded" Auth 403 Act
            "This is above the limit of this till or cashier: ask the manager."
            "This is above the limit of this person or terminal: ask a person with a higher limit.";
        /// The server key is wrong.
        ServerKeyInvalid "server_key_invalid" Auth 401 No
            "The shop's server is not set up: tell its operator."
            "The server key is wrong: check the shop's server, never send it from a browser.";
        /// Too many calls came from this terminal.
        RateLimited "rate_limited" Unavailable 429 Later
            "This till asks too often: wait a few seconds and try again."
            "Too many calls from this terminal: wait a few seconds.";
        /// The backend is overloaded, and nothing was begun.
        Overloaded "overloaded" Unavailable 503 Later
            "The shop's system is busy: wait a few seconds and try again."
            "The backend is overloaded, and nothing was begun: try again in a few seconds.";
        /// The backend can't store, and nothing was begun.
        StoreUnavailable "store_unavailable" Unavailable 503 Later
            "The shop's system can't save anything now, so nothing was sent: tell its operator, and try again."
            "The store does not answer, and nothing was begun: try again in a few seconds.";
        /// The gateway does not answer, and nothing was begun.
        GatewayUnavailable "gateway_unavailable" Unavailable 502 Later
            "The payment gateway does not answer, and nothing was begun: wait a few seconds and try again."
            "The gateway does not answer, and nothing was begun: try again in a few seconds.";
        /// A fault of the backend.
        Internal "internal" Unavailable 500 Later
            "The shop's system has a fault: try again, and tell its operator."
            "A fault of the backend: try again, and tell its operator the trace id.";
        /// The sale is being collected by another trade, or the element on the page collects another sale.
        /// From a till: watch the trade with `await till.resume(error.tradeId)`.
        /// From the element, if `detail` says that it collects another sale: let the cashier finish that one first.
        SaleBusy "sale_busy" Conflict 409 No
            "This sale is being paid already: finish that payment, do not charge again."
            "Another trade collects this sale: watch that trade, do not charge again.";
        /// The sale is paid.
        /// `await till.checkStatus(error.tradeId)` gives the trade that paid it.
        /// Let your server ask the backend whether to close the bill.
        SalePaid "sale_paid" Conflict 409 No
            "This sale is already paid: do not charge again."
            "This sale is paid: do not charge again.";
        /// The customer pays the sale in another way: it is not collected any more.
        SaleGivenUp "sale_given_up" Conflict 409 No
            "This sale is being paid in another way: do not charge it here. Use a new number for a new sale."
            "This sale was given up, because the customer pays in another way: use a new ref for a new sale.";
        /// The sale has another amount.
        SaleAmountMismatch "sale_amount_mismatch" Conflict 409 No
            "This sale was begun with another amount: check the bill, and use a new number for a new sale."
            "This sale has another amount: only the shop's server can change it, with PUT /v1/sales, or with a token for this sale and the new amount if the sale is not registered.";
        /// The shop's server has not registered the sale.
        SaleNotRegistered "sale_not_registered" Conflict 409 Act
            "The shop's system does not know this sale: check its number, or enter it there first."
            "This sale is not registered: register it from the shop's server with PUT /v1/sales.";
        /// This shop has no such trade.
        TradeNotFound "trade_not_found" Conflict 404 No
            "This payment is not known here: check its number."
            "This shop has no such trade: check its number.";
        /// The trade takes no code now.
        TradeClosed "trade_closed" Conflict 409 No
            "This payment is closed: start a new one."
            "This trade takes no code now: watch the trade, or start a new one.";
        /// The trade already has another code.
        TradeHasCode "trade_has_code" Conflict 409 No
            "This payment already has a code: wait for its end."
            "This trade has another code: watch the trade.";
        /// The gateway can't cancel the trade, or can't do it now.
        TradeNotCancellable "trade_not_cancellable" Conflict 409 Later
            "This payment can't be cancelled now: wait for its end."
            "This payment can't be cancelled now: watch the trade.";
        /// Only a paid trade can be voided, once.
        TradeNotVoidable "trade_not_voidable" Conflict 409 No
            "This payment can't be given back here: check its status, or give the money back in another way."
            "Only a paid trade can be given back, only once, and only in the wallet's hours: get the trade's status.";
        /// Another device acts for this terminal, and was heard within the last minutes.
        TerminalTaken "terminal_taken" Conflict 409 Act
            "Another device works under this till's name: use that one, or take over here."
            "Another device acts for this terminal: take over, or use another name for this device.";
        /// The trade takes no verdict, or not this one.
        TradeNotInReview "trade_not_in_review" Conflict 409 No
            "This payment needs no decision now: check its status."
            "The trade does not take this verdict now: get the trade's status.";
    }
}

impl ErrorCode {
    /// The code's stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().word
    }

    /// The kind of the error.
    #[must_use]
    pub fn class(self) -> ErrorType {
        self.row().class
    }

    /// What must happen before the same call may succeed.
    #[must_use]
    pub fn remedy(self) -> Remedy {
        self.row().remedy
    }

    /// The English sentence that tells the cashier what to do.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.row().sentence
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn may_retry(self) -> bool {
        match self.remedy() {
            Remedy::Later | Remedy::Token => true,
            Remedy::No | Remedy::Act => false,
        }
    }
}

impl ProblemCode {
    /// The code's stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ErrorCode::from(self).as_str()
    }

    /// Whether and when the same call may succeed.
    #[must_use]
    pub fn retry(self) -> Retry {
        ErrorCode::from(self).remedy().into()
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
        let sentences: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.sentence()).collect();
        assert_eq!(sentences.len(), words.len(), "two codes say the same");
        for code in ErrorCode::ALL {
            let letters = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(code.as_str().bytes().all(letters), "{code:?}");
            assert!(code.sentence().ends_with('.'), "{code:?}");
            assert!(code.meaning().contains('.'), "{code:?}");
        }
    }

    #[test]
    fn a_code_of_the_backend_is_the_same_word_on_the_wire_and_on_the_page() {
        for code in ProblemCode::ALL {
            let word = serde_json::to_value(code).expect("a word is JSON");
            assert_eq!(word, code.as_str());
            assert!(code.detail().ends_with('.'), "{code:?}");
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }
}
