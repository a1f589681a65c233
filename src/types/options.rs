//! The caller's options objects: read once, and never changed.

use std::fmt;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, HtmlVideoElement};

use super::error::Fail;
use super::event::Facing;
use super::given::{Callback, Given, number, text, url};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** Why a token is needed. */
export interface TokenContext {
  /** "start": there is none. "expired": its time is up. "forbidden": it lacks a right, for `sale` or as `right` says. */
  readonly reason: "start" | "expired" | "forbidden";
  readonly sale?: Sale;
  /** The right that the last token lacked. */
  readonly right?: Right;
  readonly signal: AbortSignal;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * Of this and every other object of options only its own fields are read. Unknown names are ignored;
 * a known name with a wrong type rejects with `argument_invalid`, whose `detail` names it.
 */
export interface TillOptions {
  /** Where the Kaunter backend is: the only address that is called. */
  backend: string | URL;
  /**
   * Fetches a fresh terminal token from your own server: its text, or the backend's `{ token }` as it came. Called when
   * there is none, or when one was refused. For anything else, `token_failed` says in `detail` what came.
   */
  getToken(context: TokenContext): MaybePromise<string | { readonly token: string }>;
  /** Asks the cashier whose wallet it is, where the code does not say: the wallet or its id; `null` cancels. */
  chooseWallet?(scan: Scan, wallets: readonly Wallet[]): MaybePromise<Wallet | string | number | null>;
  /** Shows the camera's picture. */
  preview?: HTMLVideoElement;
  camera?: CameraOptions;
  /** Your own sentence for an error code. */
  messages?: Partial<Record<ErrorCode, string>>;
  /** Replaces the browser's `fetch` for calls to the backend. */
  fetch?: typeof fetch;
  /** Stops opening, and rejects with `signal.reason`; an open till is not touched. */
  signal?: AbortSignal;
}

export interface CameraOptions {
  /** Soft: falls back to `facing`, then to any camera. */
  deviceId?: string;
  /** Default: environment on touch devices, else any. */
  facing?: "user" | "environment";
  /** The part of the picture that is read, in shares of its sides: 0 to 1, from the top left. Default: all of it. */
  region?: { x: number; y: number; width: number; height: number };
  /** Frames read a second. Default: as many as a third of the reader's thread allows, 30 at most. */
  maxScansPerSecond?: number;
  /** The stream stays warm after a scan; default 120000. */
  idleReleaseMs?: number;
  /** Shows the preview as a mirror does. Default: only a camera that looks at the person before the screen. */
  mirror?: boolean;
}

/** What `adjust` sets; what is left out stays as it is. */
export interface Adjustment {
  /** The light beside the camera. */
  torch?: boolean;
  /** Within the camera's own `zoom`. */
  zoom?: number;
  /** A point of the picture, in its pixels, to focus on. */
  focusAt?: Point;
}

export interface ScanOptions {
  /** Ends the scan, and rejects with `signal.reason`. */
  signal?: AbortSignal;
  /** Rejects with `scan_timeout` after this long without a code. */
  timeoutMs?: number;
  /** `false` keeps looking; the same code is not offered again. */
  accept?(scan: Scan): MaybePromise<boolean>;
}

export interface ChargeOptions {
  /** A code that is already there; without it the till scans. */
  code?: Scan | string;
  /** The wallet, where it is known before the scan. */
  walletId?: string;
  /** Limits the scan only: the payment has the backend's deadline. */
  scan?: Omit<ScanOptions, "signal">;
  /** Before the code is handed over an abort rejects with `signal.reason`; after it, it asks to cancel, and the promise tells how that ended. */
  signal?: AbortSignal;
}

/** A code of the shop: the customer scans it with the wallet's app. */
export interface ShownCode {
  /** Markup with dark modules on white and a quiet zone; no script, no style. Show it large. */
  readonly svg: string;
  /** What the code says, for a customer's display that draws its own. */
  readonly payload: string;
  /** Until when it can be paid. Take it down when the `trade` event no longer says "awaiting_payer". */
  readonly expiresAt: string;
}

export interface ShowCodeOptions {
  /** A wallet whose `modes` has "merchant_presented". */
  walletId: string;
  /** Shows the code; called once. If it throws, the trade is cancelled. */
  onCode(code: ShownCode): void;
  /** Before the code is shown an abort rejects with `signal.reason`; after it, it asks to cancel, and the promise tells how that ended. */
  signal?: AbortSignal;
}

export interface ResumeOptions {
  /** Shows the shop's code again, where the trade still waits for its payer. */
  onCode?(code: ShownCode): void;
  /** Stops watching, and rejects with `signal.reason`; it never cancels the payment. */
  signal?: AbortSignal;
}
"#;

/// The settings of the camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraOptions {
    /// The browser's id of a camera.
    pub device_id: Option<String>,
    /// The direction that it faces.
    pub facing: Option<Facing>,
    /// The part of its picture that is read.
    pub region: Region,
    /// Frames read per second, at most.
    pub scans_per_second: f64,
    /// How long the camera stays on after a scan.
    pub idle_release_ms: u64,
    /// Whether the preview is a mirror; `None`: only if the camera faces the person.
    pub mirror: Option<bool>,
}

/// Two minutes: the next customer usually comes sooner, and a prompt per customer is worse than the camera's light.
const IDLE_RELEASE_MS: u64 = 120_000;
/// Cameras show at most this many frames per second.
const MAX_SCANS_PER_SECOND: f64 = 30.0;
/// One frame in ten seconds is still a scan.
const MIN_SCANS_PER_SECOND: f64 = 0.1;

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            device_id: None,
            facing: None,
            region: Region::default(),
            scans_per_second: MAX_SCANS_PER_SECOND,
            idle_release_ms: IDLE_RELEASE_MS,
            mirror: None,
        }
    }
}

impl CameraOptions {
    /// Reads a caller's `CameraOptions`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn read(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "camera.")?;
        let most = given.number("maxScansPerSecond")?;
        let most = most.filter(|most| *most > 0.0);
        let facing = |value: &JsValue| Facing::from_word(&text(value)?);
        Ok(Self {
            device_id: given.text("deviceId")?,
            facing: given.get("facing", "\"user\" or \"environment\"", facing)?,
            region: Region::read(&given.field("region")?)?,
            scans_per_second: most.map_or(MAX_SCANS_PER_SECOND, |most| {
                most.clamp(MIN_SCANS_PER_SECOND, MAX_SCANS_PER_SECOND)
            }),
            idle_release_ms: given
                .number("idleReleaseMs")?
                .map_or(IDLE_RELEASE_MS, to_ms),
            mirror: given.flag("mirror")?,
        })
    }
}

/// A part of a picture, as fractions of its sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Of the width.
    pub width: f64,
    /// Of the height.
    pub height: f64,
}

impl Default for Region {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: 1.0,
            height: 1.0,
        }
    }
}

impl Region {
    /// Reads a caller's rectangle. A side that is absent is that of the whole picture.
    fn read(rectangle: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(rectangle, "camera.region.")?;
        let mut sides = [f64::NAN; 4];
        for (side, name) in sides.iter_mut().zip(["x", "y", "width", "height"]) {
            *side = given.number(name)?.unwrap_or(f64::NAN);
        }
        Ok(Self::of(&sides))
    }

    /// Left, top, width and height.
    #[must_use]
    pub fn sides(&self) -> [f64; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// Left, top, width and height. A side that is not a number is that of the whole picture.
    fn of(sides: &[f64]) -> Self {
        let whole = Self::default();
        let share = |at: usize, absent: f64| {
            let side = sides.get(at).filter(|side| side.is_finite());
            side.map_or(absent, |side| side.clamp(0.0, 1.0))
        };
        Self {
            x: share(0, whole.x),
            y: share(1, whole.y),
            width: share(2, whole.width),
            height: share(3, whole.height),
        }
    }
}

/// Settings of a running camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adjustment {
    /// The torch.
    pub torch: Option<bool>,
    /// The zoom.
    pub zoom: Option<f64>,
    /// Where it focuses: a point of the picture, in its pixels.
    pub focus_at: Option<(f64, f64)>,
}

impl Adjustment {
    /// Reads the options of `adjust`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn read(options: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(options, "")?;
        let point = given.field("focusAt")?;
        let point = Given::new(&point, "focusAt.")?;
        let zoom = |value: &JsValue| number(value).filter(|zoom| zoom.is_finite());
        Ok(Self {
            torch: given.flag("torch")?,
            zoom: given.get("zoom", "a number", zoom)?,
            focus_at: point.number("x")?.zip(point.number("y")?),
        })
    }
}

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
const ADDRESS: &str = "the backend's address: https://..., http://... or a path from /";

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
    /// `argument_invalid`, also where there is no `onCode`.
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

    /// The timeout of the scan, and the caller's `accept`.
    fn limits(given: &Given<'_>) -> Result<Self, Fail> {
        Ok(Self {
            timeout_ms: given.number("timeoutMs")?.map(to_ms),
            accept: given.callback("accept")?,
            ..Self::default()
        })
    }
}

/// Which trades to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradeQuery {
    /// Of this sale.
    pub reference: Option<String>,
    /// Of this day.
    pub day: Option<String>,
    /// Of this terminal.
    pub terminal: Option<String>,
}

impl TradeQuery {
    /// Reads a caller's query.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn read(query: &JsValue) -> Result<Self, Fail> {
        let given = Given::new(query, "")?;
        // An empty reference is an error, and not an absent one.
        Ok(Self {
            reference: given.get("ref", "a string", text)?,
            day: given.get("day", "a string", text)?,
            terminal: given.text("terminal")?,
        })
    }
}

/// Whole milliseconds of a JavaScript number; 0 if it is negative or not a number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: a cast of a float never wraps"
)]
fn to_ms(ms: f64) -> u64 {
    ms as u64
}
