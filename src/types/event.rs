//! The details of a till's events.

use kaunter_core::error::ErrorCode;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::trade::Trade;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** What the till is doing. `review` lasts until the next sale begins: a person must decide about the last one. */
export type TillState = "idle" | "starting" | "scanning" | "scanned" | "paying" | "waiting" | "cancelling" | "review";

/** A camera of this device. Browsers report `torch` and `zoom` only for the camera that is on. */
export interface Camera {
  /** The browser's id; in most browsers empty until a camera was allowed. */
  readonly deviceId: string;
  /** Empty until a camera was allowed. */
  readonly label: string;
  /** `user`: towards the cashier; `null` if the browser does not say. */
  readonly facing: "user" | "environment" | null;
  /** True if the camera has a light. False for a camera that is off. */
  readonly torch: boolean;
  /** The range of the zoom; `null` if it has none, and for a camera that is off. */
  readonly zoom: { readonly min: number; readonly max: number; readonly step: number } | null;
}

/** The `detail` of each event. Use events to update the screen; the promise of a call gives its outcome. */
export interface TillEventDetails {
  /** The till's state changed. `trade` is the trade that it is about, if there is one. */
  state: { readonly from: TillState; readonly to: TillState; readonly trade: Trade | null };
  /** A code was read. */
  scan: Scan;
  /**
   * What would help to read the code; `null`: nothing in particular. Sent on a change, at most once per second.
   * `several_codes`: two codes or more may be the customer's, and the till takes neither until only one is in view.
   */
  hint: { readonly hint: "closer" | "farther" | "glare" | "dark" | "hold_still" | "several_codes" | null };
  /**
   * The camera's state changed. `prompt`: the browser asks for permission. `muted`: the system withholds the picture.
   * `ended`: it was unplugged or its permission was withdrawn, as `reason` says. `released`: the till turned it off.
   */
  camera: {
    readonly status: "prompt" | "live" | "muted" | "ended" | "released";
    readonly camera: Camera | null;
    readonly reason: ErrorCode | null;
  };
  /** A trade of this terminal changed. It may be an older one that was paid late, or whose `verdictContradicted` is new. */
  trade: Trade;
  /**
   * A status check was answered, or failed (`online` is false). `elapsedMs` counts from the hand-over of the code. The
   * backend checks every 2 seconds until `deadlineMs` of it. The next check is in `nextCheckMs`.
   */
  progress: {
    readonly tradeId: string;
    readonly elapsedMs: number;
    readonly deadlineMs: number;
    readonly nextCheckMs: number;
    readonly online: boolean;
  };
  /** Something went wrong that stops nothing: a `KaunterError`. Show its `message`. */
  warning: Error & ErrorFacts & { readonly name: "KaunterError"; readonly code: ErrorCode };
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The facade's listener: the event's name, and its detail.
    #[wasm_bindgen(
        typescript_type = "<K extends keyof TillEventDetails>(type: K, detail: TillEventDetails[K]) => void"
    )]
    #[derive(Clone, Debug)]
    pub type Emit;

    /// The facade's function that starts a worker, or with `onPage` a reader on this thread. It loads the reader's
    /// module first.
    #[wasm_bindgen(typescript_type = "(onPage: boolean) => Promise<object | null>")]
    #[derive(Clone, Debug)]
    pub type SpawnReader;

    /// The camera that is on.
    #[wasm_bindgen(typescript_type = "Camera | null")]
    #[derive(Debug)]
    pub type JsCamera;

    /// A promise of `Camera[]`.
    #[wasm_bindgen(typescript_type = "Promise<Camera[]>")]
    #[derive(Debug)]
    pub type CamerasPromise;

    /// `TillState` of the declarations.
    #[wasm_bindgen(typescript_type = "TillState")]
    #[derive(Debug)]
    pub type JsTillState;

    /// Whether the camera may be used.
    #[wasm_bindgen(
        typescript_type = "Promise<\"granted\" | \"prompt\" | \"denied\" | \"unknown\">"
    )]
    #[derive(Debug)]
    pub type PermissionPromise;

    /// A promise of nothing.
    #[wasm_bindgen(typescript_type = "Promise<void>")]
    #[derive(Debug)]
    pub type VoidPromise;
}

/// What the till is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TillState {
    /// Idle.
    Idle,
    /// The camera starts.
    Starting,
    /// The camera scans for a code.
    Scanning,
    /// A code was read, and its wallet is being determined.
    Scanned,
    /// The code is being sent.
    Paying,
    /// The till waits for the wallet or the customer.
    Waiting,
    /// A cancel is in progress.
    Cancelling,
    /// A person decides.
    Review,
}

impl TillState {
    /// The word of the declarations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Starting => "starting",
            Self::Scanning => "scanning",
            Self::Scanned => "scanned",
            Self::Paying => "paying",
            Self::Waiting => "waiting",
            Self::Cancelling => "cancelling",
            Self::Review => "review",
        }
    }
}

/// The state of the till changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// The state before.
    pub from: TillState,
    /// The state now.
    pub to: TillState,
    /// About which trade.
    pub trade: Option<Trade>,
}

/// The state of the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraStatus {
    /// The browser asks for permission.
    Prompt,
    /// The camera shows pictures.
    Live,
    /// The system withholds its pictures.
    Muted,
    /// It was unplugged, or its permission was withdrawn.
    Ended,
    /// The till released it.
    Released,
}

/// A camera, as a page sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraDevice {
    /// The browser's id.
    pub device_id: String,
    /// The label.
    pub label: String,
    /// The direction that it faces.
    pub facing: Option<Facing>,
    /// Whether it has a torch.
    pub torch: bool,
    /// Its zoom range.
    pub zoom: Option<Zoom>,
}

/// The zoom range of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Zoom {
    /// The minimum.
    pub min: f64,
    /// The maximum.
    pub max: f64,
    /// The step.
    pub step: f64,
}

/// The direction that a camera faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Facing {
    /// At the cashier.
    User,
    /// Away from the cashier.
    Environment,
}

impl Facing {
    /// The word of the declarations, and of the browser.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Environment => "environment",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "user" => Some(Self::User),
            "environment" => Some(Self::Environment),
            _ => None,
        }
    }
}

/// A hint that helps to read the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// The code is too small in the picture.
    Closer,
    /// The code does not fit the picture, or the camera can't focus so near.
    Farther,
    /// A light is reflected in the phone's glass.
    Glare,
    /// There is too little light.
    Dark,
    /// The picture is blurred.
    HoldStill,
    /// Several codes may be the customer's. Only one should be in the picture.
    SeveralCodes,
}

/// The hint changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HintChange {
    /// `None`: no particular hint.
    pub hint: Option<Hint>,
}

/// The camera changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CameraChange {
    /// Its state now.
    pub status: CameraStatus,
    /// Which camera.
    pub camera: Option<CameraDevice>,
    /// Why.
    pub reason: Option<&'static str>,
}

impl CameraChange {
    /// A change without a reason.
    #[must_use]
    pub fn new(status: CameraStatus, camera: Option<CameraDevice>) -> Self {
        Self {
            status,
            camera,
            reason: None,
        }
    }

    /// A change with its reason.
    #[must_use]
    pub fn because(status: CameraStatus, reason: ErrorCode) -> Self {
        Self {
            status,
            camera: None,
            reason: Some(reason.as_str()),
        }
    }
}

/// A status check was answered, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// About which trade.
    pub trade_id: String,
    /// The time since the code was handed over.
    pub elapsed_ms: u64,
    /// When the backend stops checking every `nextCheckMs`.
    pub deadline_ms: u64,
    /// The time until the next check.
    pub next_check_ms: u64,
    /// True if the backend answered.
    pub online: bool,
}
