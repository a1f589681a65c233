//! The caller's options objects: read once, and never changed.

use std::fmt;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, HtmlVideoElement};

use super::camera::CameraOptions;
use super::error::Fail;
use super::given::{Callback, Given, is_nothing, own_field, own_text, text, to_ms, url, wrong};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Why the till needs a token. Its fields say what the token must allow. */
export interface TokenContext {
  /**
   * `start`: the till has no token yet. `expired`: the backend no longer accepts the last token. `forbidden`: the last
   * token lacks the `right`, or does not allow the `sale`. A token for a missing right is used for one call only.
   * `revoked`: the terminal was signed out, or its tokens were revoked. You are asked once: give a token only if somebody
   * has signed in since.
   */
  readonly reason: "start" | "expired" | "forbidden" | "revoked";
  /** The sale that the call is about, if it is about one. */
  readonly sale?: SaleInput;
  /** The right that the last token lacked. */
  readonly right?: Right;
  /** Aborted when the till closes: pass it to `fetch`. */
  readonly signal: AbortSignal;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * The options of `Till.open`. Every options object of this package is read in the same way: inherited and unknown
 * fields are ignored. If a known field has a wrong type, the call rejects with `argument_invalid`; `detail` names the field.
 */
export interface TillOptions {
  /**
   * The address of the Kaunter backend: `https://...` or a path from `/`; `http://...` only for this machine, else
   * `backend_insecure`. The till calls no other.
   */
  backend: string | URL;
  /**
   * Fetches a new terminal token from your own server. It gives the token's text, or the backend's answer `{ token }`
   * as it is. The till calls it when it has no token, and when the backend refused one. If it gives another value or
   * fails, the call rejects with `token_failed`: `detail` says what came, and `cause` is what was thrown.
   */
  getToken(context: TokenContext): MaybePromise<string | { readonly token: string }>;
  /**
   * Asks the cashier for the wallet, if neither the code nor `walletId` names it. It gives a wallet or its id; with
   * `null` the charge resolves as `cancelled`. Without this option, the charge rejects with `wallet_required`.
   */
  chooseWallet?(scan: Scan, wallets: readonly Wallet[]): MaybePromise<Wallet | string | number | null>;
  /** The element that shows the camera's picture. */
  preview?: HTMLVideoElement;
  camera?: CameraOptions;
  /** Takes codes from a hand scanner too. `true`: it acts as a keyboard. */
  handScanner?: boolean | HandScannerOptions;
  /** Your own sentences for error codes: they replace `error.message`. */
  messages?: Partial<Record<ErrorCode, string>>;
  /** Replaces the browser's `fetch` for calls to the backend. */
  fetch?: typeof fetch;
  /** Aborts the opening: it rejects with `signal.reason`. It has no effect on an open till. */
  signal?: AbortSignal;
}

/** How a hand scanner is connected. */
export interface HandScannerOptions {
  /**
   * Listens for a scanner that types. Such keys are told from a person's by their pace. They reach no field and press no
   * button of the page, also while no scan runs. A field with the attribute `data-hand-scanner` gets them then. Keys in
   * a frame of another document are not heard. Default: `true`.
   */
  keyboard?: boolean;
  /**
   * The key that ends a code. `any`: Enter, Tab or a pause. With another value, a code that ends in another way is not
   * taken, and a `warning` says so. With `enter` or `tab`, half a code is never taken for a whole one. Default: `any`.
   */
  suffix?: "any" | "enter" | "tab" | "none";
  /** A scanner that your page has opened with WebHID or Web Serial. */
  device?: HandScannerDevice;
}

/** A scanner of the packages `@point-of-sale/webhid-barcode-scanner` and `@point-of-sale/webserial-barcode-scanner`. */
export interface HandScannerDevice {
  addEventListener(type: "barcode", listener: (event: { readonly value: string }) => void): void;
}

/** The options of `scan`. */
export interface ScanOptions {
  /** Ends the scan: it rejects with `signal.reason`. */
  signal?: AbortSignal;
  /**
   * The maximum time in ms from the start of the camera's picture to a code. Afterwards the scan rejects with
   * `scan_timeout`. The start of the camera and its permission prompt do not count. Default: no limit.
   */
  timeoutMs?: number;
  /**
   * Decides whether to accept a code. After `false` the scan goes on, and the same code is not offered again. If it
   * throws or rejects, the scan rejects with that error. Default: accepts each code.
   */
  accept?(scan: Scan): MaybePromise<boolean>;
  /**
   * Where codes may come from. Without `camera`, no camera is opened. Default: the camera, and the hand scanner if
   * `TillOptions.handScanner` names one. If the camera fails then, a `warning` says so and the scan goes on without it.
   */
  sources?: readonly ("camera" | "hand_scanner")[];
}

/** The options of `charge`. */
export interface ChargeOptions {
  /** The customer's code, if you have it already. Without it the till scans. */
  code?: Scan | string;
  /** The wallet, if it is known before the scan. */
  walletId?: string;
  /** Limits the scan only. The payment has the backend's deadline. */
  scan?: Omit<ScanOptions, "signal">;
  /**
   * Before the code was handed over, an abort rejects with `signal.reason`. Afterwards it asks the backend to cancel,
   * and the promise resolves with what happened.
   */
  signal?: AbortSignal;
}

/** The shop's code, which the customer scans with the wallet's app. */
export interface ShownCode {
  /**
   * An SVG picture: dark modules on white with a quiet zone, without scripts and styles. Show it large, as the `src` of
   * an `<img>`: `data:image/svg+xml,${encodeURIComponent(svg)}`.
   */
  readonly svg: string;
  /** The content of the code, if you draw it yourself. */
  readonly payload: string;
  /** When the code expires (RFC 3339). Remove it when a `trade` event has another status than `awaiting_payer`. */
  readonly expiresAt: string;
}

/** The options of `showCode`. */
export interface ShowCodeOptions {
  /** The id of a wallet whose `modes` has `merchant_presented`. */
  walletId: string;
  /** Shows the code; called once. If it throws, the trade is cancelled. */
  onCode(code: ShownCode): void;
  /**
   * Before the code was shown, an abort rejects with `signal.reason`. Afterwards it asks the backend to cancel, and the
   * promise resolves with what happened.
   */
  signal?: AbortSignal;
}

/** The options of `resume`. */
export interface ResumeOptions {
  /** Shows the shop's code again, if the trade still waits for its payer. */
  onCode?(code: ShownCode): void;
  /** Stops watching: `resume` rejects with `signal.reason`. It never cancels the payment. */
  signal?: AbortSignal;
}
"#;

/// The options of `Till.open`.
#[derive(Clone)]
pub struct TillOptions {
    /// The backend's address, without a slash at its end.
    pub backend: String,
    /// The caller's `getToken`.
    pub get_token: Callback,
    /// The caller's `chooseWallet`.
    pub choose_wallet: Option<Callback>,
    /// The caller's video element.
    pub preview: Option<HtmlVideoElement>,
    /// Which camera.
    pub camera: CameraOptions,
    /// The caller's wording of errors.
    pub messages: JsValue,
    /// The caller's `fetch`.
    pub fetch: Option<Function>,
}

impl fmt::Debug for TillOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TillOptions({})", self.backend)
    }
}

impl TillOptions {
    /// Reads a caller's options; methods keep their `this`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn read(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        let backend = given.get("backend", ADDRESS, address)?;
        let messages = given.field("messages")?;
        Given::new(&messages, "messages.")?;
        Ok(Self {
            backend: backend.ok_or_else(|| given.wrong("backend", ADDRESS))?,
            get_token: given
                .callback("getToken")?
                .ok_or_else(|| given.wrong("getToken", "a function"))?,
            choose_wallet: given.callback("chooseWallet")?,
            preview: given.video("preview")?,
            camera: CameraOptions::read(&given.field("camera")?)?,
            messages,
            fetch: given.callback("fetch")?.map(|fetch| fetch.function),
        })
    }
}

/// What `backend` must be.
pub(crate) const ADDRESS: &str = "the backend's address: https://..., http://... or a path from /";

/// Parses a backend's address and removes a slash at its end. Paths are appended to it, so it has no query and no
/// fragment. `fetch` refuses an address with a password.
fn address(given: &JsValue) -> Option<String> {
    let text = text(given).or_else(|| url(given))?;
    let lower = text.to_ascii_lowercase();
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    let is_whole = match host {
        Some(host) => {
            let host = host.split('/').next().unwrap_or_default();
            !host.is_empty() && !host.contains('@')
        }
        None => text.starts_with('/'),
    };
    let is_plain = |byte: u8| byte > b' ' && !b"?#\\".contains(&byte);
    (is_whole && text.bytes().all(is_plain)).then(|| text.trim_end_matches('/').to_owned())
}

/// The options of a scan or a charge.
#[derive(Clone, Default)]
pub struct ScanOptions {
    /// Aborts it.
    pub signal: Option<AbortSignal>,
    /// The timeout of the scan.
    pub timeout_ms: Option<u64>,
    /// The caller's `accept`.
    pub accept: Option<Callback>,
    /// The wallet's id.
    pub wallet: Option<String>,
    /// The caller's `onCode`.
    pub on_code: Option<Callback>,
    /// Where codes may come from.
    pub sources: Sources,
    /// The reference of the sale; empty if the scan is for no sale.
    pub sale: String,
}

/// Where the codes of a scan may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// From the camera.
    pub camera: bool,
    /// From the hand scanner.
    pub hand_scanner: bool,
}

/// What `sources` must be.
const SOURCES: &str = "a list of \"camera\" and \"hand_scanner\"";

impl Sources {
    /// Reads the list, which has one or two words; no source if it is absent.
    fn read(given: &Given<'_>) -> Result<Self, Fail> {
        let list = given.field("sources")?;
        let words = [own_text(&list, "0"), own_text(&list, "1")];
        let has = |word: &str| words.iter().flatten().any(|given| given == word);
        let sources = Self {
            camera: has("camera"),
            hand_scanner: has("hand_scanner"),
        };
        let length = usize::from(sources.camera) + usize::from(sources.hand_scanner);
        let is_whole = length > 0 && own_field(&list, "length").as_f64() == Some(length as f64);
        if is_whole || is_nothing(&list) {
            Ok(sources)
        } else {
            Err(given.wrong("sources", SOURCES))
        }
    }

    /// The sources for a till with or without a hand scanner; all that it has, if the caller names none.
    ///
    /// # Errors
    /// `argument_invalid` if the till has no hand scanner.
    pub fn of(self, has_hand_scanner: bool) -> Result<Self, Fail> {
        if self.hand_scanner && !has_hand_scanner {
            return Err(wrong("handScanner", "set"));
        }
        Ok(if self == Self::default() {
            Self {
                camera: true,
                hand_scanner: has_hand_scanner,
            }
        } else {
            self
        })
    }
}

impl fmt::Debug for ScanOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanOptions({:?})", self.timeout_ms)
    }
}

impl ScanOptions {
    /// Reads the options of `scan`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn read(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        Ok(Self {
            signal: given.signal("signal")?,
            ..Self::limits(&given)?
        })
    }

    /// Reads the options of `charge`; its code is the till's to read.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn of_charge(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        let scan = given.field("scan")?;
        Ok(Self {
            signal: given.signal("signal")?,
            wallet: given.text("walletId")?,
            ..Self::limits(&Given::new(&scan, "scan.")?)?
        })
    }

    /// Reads the options of `showCode`.
    ///
    /// # Errors
    /// `argument_invalid`, also without `onCode`.
    pub fn of_show(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        let options = Self {
            wallet: given.text("walletId")?,
            ..Self::of_resume(options)?
        };
        match options.on_code {
            Some(_) => Ok(options),
            None => Err(given.wrong("onCode", "a function")),
        }
    }

    /// Reads the options of `resume`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn of_resume(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        Ok(Self {
            signal: given.signal("signal")?,
            on_code: given.callback("onCode")?,
            ..Self::default()
        })
    }

    /// The timeout of the scan, its sources, and the caller's `accept`.
    fn limits(given: &Given<'_>) -> Result<Self, Fail> {
        Ok(Self {
            timeout_ms: given.number("timeoutMs")?.map(to_ms),
            accept: given.callback("accept")?,
            sources: Sources::read(given)?,
            ..Self::default()
        })
    }
}
