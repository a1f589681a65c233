//! What a caller hands in: options objects, read once and never written.

use std::fmt;

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, HtmlVideoElement};

use super::event::Facing;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** What `getToken` is asked for. */
export interface TokenContext {
  /** "start": there is none. "expired": its time is up. "forbidden": it lacks a right, for `sale` or for what `may` says. */
  readonly reason: "start" | "expired" | "forbidden";
  readonly sale?: Sale;
  readonly may?: "void" | "review";
  readonly signal: AbortSignal;
}

export interface TillOptions {
  /** Where the Kaunter backend is. The only address that is ever called. */
  backend: string | URL;
  /** A fresh terminal token, from your own server. Called when one is missing or was refused; never cached by you. */
  getToken(context: TokenContext): Promise<string>;
  /** Asked when neither you nor the code says whose wallet it is: the wallet's id. Absent: `wallet/required`. */
  onWallet?(scan: Scan, wallets: readonly Wallet[]): Promise<string>;
  /** Where the camera's picture is shown. Absent: nowhere. */
  preview?: HTMLVideoElement;
  camera?: CameraOptions;
  /** Your own wording of an error, by its code. */
  messages?: Partial<Record<ErrorCode, string>>;
  /** Another way to the backend. */
  fetch?: typeof fetch;
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
  signal?: AbortSignal;
  timeoutMs?: number;
  /** `false`: keep looking; the same code is not offered again. */
  accept?(scan: Scan): boolean | Promise<boolean>;
}

export interface ChargeOptions extends ScanOptions {
  /** The wallet's id, where it is known before the scan. */
  wallet?: string;
}

export interface PayOptions { wallet?: string; signal?: AbortSignal }

/** A code on your screen: the customer scans it with the wallet's app. */
export interface ShownCode {
  /** The code as a picture: dark on white, its quiet zone included. Show it large, on any background; only markup, no script or style. */
  readonly svg: string;
  /** What the code says, for a customer's display that draws its own. */
  readonly payload: string;
  /** Until when it can be paid, as the backend's clock has it. Take it down when the `trade` event no longer says "awaiting-payer": somebody has scanned it, or it is over. */
  readonly expiresAt: string;
}

export interface PresentOptions {
  /** The wallet's id: one whose `presents` has "merchant". */
  wallet: string;
  /** Shows the code; called once. If it throws, the attempt is cancelled. */
  onCode(code: ShownCode): void;
  signal?: AbortSignal;
}

export interface ResumeOptions {
  signal?: AbortSignal;
  /** Called where the trade still awaits the payer of a code of yours, to show it again. Without it the trade is watched all the same: who has scanned the code can pay. */
  onCode?(code: ShownCode): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// `TillOptions` of the declarations.
    #[wasm_bindgen(typescript_type = "TillOptions")]
    #[derive(Clone, Debug)]
    pub type TillOptions;

    #[wasm_bindgen(method, getter, structural)]
    fn backend(this: &TillOptions) -> JsValue;
    #[wasm_bindgen(method, getter, structural, js_name = getToken)]
    fn get_token(this: &TillOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural, js_name = onWallet)]
    fn on_wallet(this: &TillOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural)]
    fn preview(this: &TillOptions) -> Option<HtmlVideoElement>;
    #[wasm_bindgen(method, getter, structural)]
    fn camera(this: &TillOptions) -> Option<CameraOptions>;
    #[wasm_bindgen(method, getter, structural)]
    fn messages(this: &TillOptions) -> JsValue;
    #[wasm_bindgen(method, getter, structural)]
    fn fetch(this: &TillOptions) -> Option<Function>;

    /// `CameraOptions` of the declarations.
    #[wasm_bindgen(typescript_type = "CameraOptions")]
    #[derive(Clone, Debug)]
    pub type CameraOptions;

    #[wasm_bindgen(method, getter, structural, js_name = deviceId)]
    fn device_id(this: &CameraOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn facing(this: &CameraOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, structural)]
    fn region(this: &CameraOptions) -> Option<Rectangle>;
    #[wasm_bindgen(method, getter, structural, js_name = maxScansPerSecond)]
    fn max_scans_per_second(this: &CameraOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural, js_name = idleReleaseMs)]
    fn idle_release_ms(this: &CameraOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn mirror(this: &CameraOptions) -> Option<bool>;

    /// A part of a picture, or a point in it, as a caller writes it.
    #[derive(Clone, Debug)]
    pub type Rectangle;

    #[wasm_bindgen(method, getter, structural)]
    fn x(this: &Rectangle) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn y(this: &Rectangle) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn width(this: &Rectangle) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn height(this: &Rectangle) -> Option<f64>;

    /// `Adjustment` of the declarations.
    #[wasm_bindgen(typescript_type = "Adjustment")]
    #[derive(Clone, Debug)]
    pub type JsAdjustment;

    #[wasm_bindgen(method, getter, structural)]
    fn torch(this: &JsAdjustment) -> Option<bool>;
    #[wasm_bindgen(method, getter, structural)]
    fn zoom(this: &JsAdjustment) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural, js_name = focusAt)]
    fn focus_at(this: &JsAdjustment) -> Option<Rectangle>;

    /// `ScanOptions`, and what `charge`, `pay` and `resume` add to them.
    #[wasm_bindgen(typescript_type = "ChargeOptions")]
    #[derive(Clone, Debug)]
    pub type ChargeOptions;

    #[wasm_bindgen(method, getter, structural)]
    fn signal(this: &ChargeOptions) -> Option<AbortSignal>;
    #[wasm_bindgen(method, getter, structural, js_name = timeoutMs)]
    fn timeout_ms(this: &ChargeOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn accept(this: &ChargeOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter, structural)]
    fn wallet(this: &ChargeOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, structural, js_name = onCode)]
    fn on_code(this: &ChargeOptions) -> Option<Function>;

    /// `PresentOptions` of the declarations.
    #[wasm_bindgen(extends = ChargeOptions, typescript_type = "PresentOptions")]
    #[derive(Clone, Debug)]
    pub type PresentOptions;

    /// `ResumeOptions` of the declarations.
    #[wasm_bindgen(extends = ChargeOptions, typescript_type = "ResumeOptions")]
    #[derive(Clone, Debug)]
    pub type ResumeOptions;

    /// `ReadOptions` of the declarations.
    #[wasm_bindgen(typescript_type = "ReadOptions")]
    #[derive(Clone, Debug)]
    pub type ReadOptions;

    #[wasm_bindgen(method, getter, structural)]
    fn max(this: &ReadOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, structural)]
    fn effort(this: &ReadOptions) -> Option<String>;
}

/// Which camera, how it is read, and how long it stays warm.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraWish {
    /// The browser's name of one.
    pub device_id: Option<String>,
    /// Which way it looks.
    pub facing: Option<Facing>,
    /// The part of its picture that is read.
    pub region: Region,
    /// Frames read a second, at most.
    pub scans_per_second: f64,
    /// How long the stream stays after a scan.
    pub idle_release_ms: u64,
    /// Whether the preview is a mirror; `None`: as the camera looks.
    pub mirror: Option<bool>,
}

/// Two minutes: the pause between two customers is mostly shorter, and a prompt per customer is worse than a light.
const IDLE_RELEASE_MS: u64 = 120_000;
/// A camera shows no more frames.
const MOST_SCANS_PER_SECOND: f64 = 30.0;
/// A frame in ten seconds is still a scan; none at all is not.
const LEAST_SCANS_PER_SECOND: f64 = 0.1;

impl Default for CameraWish {
    fn default() -> Self {
        Self {
            device_id: None,
            facing: None,
            region: Region::default(),
            scans_per_second: MOST_SCANS_PER_SECOND,
            idle_release_ms: IDLE_RELEASE_MS,
            mirror: None,
        }
    }
}

impl From<&CameraOptions> for CameraWish {
    fn from(options: &CameraOptions) -> Self {
        let most = options.max_scans_per_second().filter(|most| *most > 0.0);
        Self {
            device_id: options.device_id().filter(|id| !id.is_empty()),
            facing: options.facing().as_deref().and_then(Facing::from_word),
            region: options.region().map_or_else(Region::default, Region::from),
            scans_per_second: most.map_or(MOST_SCANS_PER_SECOND, |most| {
                most.clamp(LEAST_SCANS_PER_SECOND, MOST_SCANS_PER_SECOND)
            }),
            idle_release_ms: options.idle_release_ms().map_or(IDLE_RELEASE_MS, to_ms),
            mirror: options.mirror(),
        }
    }
}

/// A part of a picture, in shares of its sides.
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

impl From<Rectangle> for Region {
    fn from(wish: Rectangle) -> Self {
        let sides = [wish.x(), wish.y(), wish.width(), wish.height()];
        Self::of(&sides.map(|side| side.unwrap_or(f64::NAN)))
    }
}

impl Region {
    /// Left, top, width and height; what is no number is as in the whole picture.
    #[must_use]
    pub fn of(sides: &[f64]) -> Self {
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

/// What a camera is told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adjustment {
    /// The light beside it.
    pub torch: Option<bool>,
    /// How near it looks.
    pub zoom: Option<f64>,
    /// Where it focuses: a point of the picture, in its pixels.
    pub focus_at: Option<(f64, f64)>,
}

impl From<&JsAdjustment> for Adjustment {
    fn from(wish: &JsAdjustment) -> Self {
        if !wish.is_object() {
            return Self::default();
        }
        Self {
            torch: wish.torch(),
            zoom: wish.zoom().filter(|zoom| zoom.is_finite()),
            focus_at: wish.focus_at().and_then(|at| at.x().zip(at.y())),
        }
    }
}

/// How a till is opened.
#[derive(Clone)]
pub struct OpenWish {
    /// The backend's address, without a slash at its end.
    pub backend: String,
    /// The caller's `getToken`.
    pub get_token: Function,
    /// The caller's `onWallet`.
    pub on_wallet: Option<Function>,
    /// The caller's video element.
    pub preview: Option<HtmlVideoElement>,
    /// Which camera.
    pub camera: CameraWish,
    /// The caller's wording of errors.
    pub messages: JsValue,
    /// The caller's `fetch`.
    pub fetch: Option<Function>,
}

impl fmt::Debug for OpenWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenWish({})", self.backend)
    }
}

impl OpenWish {
    /// Reads a caller's options; methods keep their `this`.
    ///
    /// # Errors
    /// A sentence, where `backend` or `getToken` is missing.
    pub fn read(options: &TillOptions) -> Result<Self, String> {
        let this: &JsValue = options.as_ref();
        if !this.is_object() {
            return Err("Till.open takes an object with backend and getToken.".to_owned());
        }
        let backend = options.backend();
        let backend = match backend.dyn_ref::<Object>() {
            Some(url) => url.to_string().into(),
            None => backend.as_string().unwrap_or_default(),
        };
        if backend.is_empty() {
            return Err("Till.open needs the backend's address in `backend`.".to_owned());
        }
        let get_token = options
            .get_token()
            .filter(|function| function.is_function())
            .ok_or_else(|| "Till.open needs the function `getToken`.".to_owned())?;
        Ok(Self {
            backend: backend.trim_end_matches('/').to_owned(),
            get_token: get_token.bind0(this),
            on_wallet: options.on_wallet().map(|function| function.bind0(this)),
            preview: options.preview(),
            camera: options
                .camera()
                .as_ref()
                .map(CameraWish::from)
                .unwrap_or_default(),
            messages: options.messages(),
            fetch: options.fetch(),
        })
    }
}

/// How a scan or a charge is to go.
#[derive(Clone, Default)]
pub struct ScanWish {
    /// Ends it.
    pub signal: Option<AbortSignal>,
    /// Ends the looking.
    pub timeout_ms: Option<u64>,
    /// The caller's `accept`.
    pub accept: Option<Function>,
    /// The wallet's id.
    pub wallet: Option<String>,
    /// The caller's `onCode`.
    pub on_code: Option<Function>,
}

impl fmt::Debug for ScanWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanWish({:?})", self.timeout_ms)
    }
}

impl From<Option<ChargeOptions>> for ScanWish {
    fn from(options: Option<ChargeOptions>) -> Self {
        let Some(options) = options.filter(|options| options.is_object()) else {
            return Self::default();
        };
        Self {
            signal: options.signal(),
            timeout_ms: options.timeout_ms().map(to_ms),
            accept: options
                .accept()
                .map(|function| function.bind0(options.as_ref())),
            wallet: options.wallet().filter(|id| !id.is_empty()),
            on_code: options
                .on_code()
                .filter(|function| function.is_function())
                .map(|function| function.bind0(options.as_ref())),
        }
    }
}

impl From<Option<ResumeOptions>> for ScanWish {
    fn from(options: Option<ResumeOptions>) -> Self {
        options.map(ChargeOptions::from).into()
    }
}

/// How a picture is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadWish {
    /// At most so many codes.
    pub max: usize,
    /// Every pass, whatever it costs.
    pub still: bool,
}

/// More codes than a phone, a receipt and a poster show together.
const MAX_CODES: usize = 16;

impl ReadWish {
    /// Reads a caller's options; `still` says what holds where they say nothing.
    #[must_use]
    pub fn read(options: Option<&ReadOptions>, still: bool) -> Self {
        let options = options.filter(|options| options.is_object());
        let effort = options.and_then(ReadOptions::effort);
        Self {
            max: options
                .and_then(ReadOptions::max)
                .map_or(MAX_CODES, |max| (to_ms(max) as usize).clamp(1, MAX_CODES)),
            still: match effort.as_deref() {
                Some("still") => true,
                Some("live") => false,
                Some(_) | None => still,
            },
        }
    }
}

/// Whole milliseconds of a JavaScript number; nothing below zero, and nothing where it is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates: a cast of a float never wraps"
)]
fn to_ms(ms: f64) -> u64 {
    ms as u64
}
