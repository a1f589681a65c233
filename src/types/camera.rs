//! The settings of the camera, as JavaScript gives them.

use wasm_bindgen::prelude::*;
use web_sys::MediaStream;

use super::error::Fail;
use super::event::Facing;
use super::given::{Given, number, text, to_ms};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = r#"
/** The settings of the camera. */
export interface CameraOptions {
  /**
   * A stream to read instead of a camera's own: an IP camera, a canvas, a test. The till never stops its tracks, and asks
   * for no permission. It must show a new picture at least once in 3 seconds. Without a video track a scan rejects with
   * `argument_invalid`; once the track has ended, with `camera_interrupted`.
   */
  stream?: MediaStream;
  /** The browser's id of the preferred camera. Without that camera, `facing` decides, and then any camera is taken. */
  deviceId?: string;
  /** `user`: towards the cashier. Default: `environment` on touch devices, else any camera. */
  facing?: "user" | "environment";
  /** The part of the picture that is read, as fractions (0 to 1) of its sides from the top left. Default: all of it. */
  region?: { x: number; y: number; width: number; height: number };
  /** Frames read per second, 0.1 to 30. Default: 30, but reading takes at most a third of its thread's time. */
  maxScansPerSecond?: number;
  /** How long the camera stays on after a scan, in ms. Default: 120000. */
  idleReleaseMs?: number;
  /** Shows the preview mirrored. Default: only for a camera that faces the person at the screen. */
  mirror?: boolean;
}

/** The settings of a running camera that `adjust` changes. A setting that is absent stays as it is. */
export interface Adjustment {
  /** The light beside the camera. */
  torch?: boolean;
  /** Within the `zoom` of the camera. */
  zoom?: number;
  /** The point of the picture to focus on, in the picture's pixels. */
  focusAt?: Point;
}
"#;

/// The settings of the camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraOptions {
    /// The caller's stream, which replaces the camera.
    pub stream: Option<MediaStream>,
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
            stream: None,
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
            stream: given.stream("stream")?,
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
