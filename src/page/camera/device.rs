//! What a camera is and can do. Browsers report parts of it, and some report nothing.

use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Object, Reflect};
use kaunter_core::error::ErrorCode;
use wasm_bindgen::prelude::*;
use web_sys::MediaStreamTrack;

use super::ask::devices;
use crate::types::camera::Adjustment;
use crate::types::error::Fail;
use crate::types::event::{CameraDevice, Facing, Zoom};

/// Every camera that the browser lists; for the one that is on, also what it can do. Never prompts.
///
/// # Errors
/// `insecure_context`, `browser_unsupported`.
pub async fn all(on: Option<CameraDevice>) -> Result<Vec<CameraDevice>, Fail> {
    let unsupported = |cause| Fail::new(ErrorCode::BrowserUnsupported).caused_by(cause);
    let listed = devices()?.enumerate_devices().map_err(unsupported)?;
    let listed: Array = JsFuture::from(listed).await.map_err(unsupported)?.into();
    let cameras = listed
        .iter()
        .filter(|device| word(device, "kind").as_deref() == Some("videoinput"));
    let known = cameras.map(|device| {
        let id = word(&device, "deviceId").unwrap_or_default();
        match &on {
            Some(on) if on.device_id == id => on.clone(),
            Some(_) | None => CameraDevice {
                device_id: id,
                label: word(&device, "label").unwrap_or_default(),
                facing: facing_of(&capabilities(&device)),
                torch: false,
                zoom: None,
            },
        }
    });
    Ok(known.collect())
}

/// The camera behind a track.
pub(super) fn of_track(track: &MediaStreamTrack) -> CameraDevice {
    let settings: JsValue = track.get_settings().into();
    let can = capabilities(track);
    let facing = word(&settings, "facingMode");
    CameraDevice {
        device_id: word(&settings, "deviceId").unwrap_or_default(),
        label: track.label(),
        facing: facing
            .as_deref()
            .and_then(Facing::from_word)
            .or_else(|| facing_of(&can)),
        torch: has_torch(&can),
        zoom: zoom_of(&can),
    }
}

/// True if the browser describes the camera's abilities, and a focus is not among them. Such webcams are sharp from
/// half a metre on. Safari reports no abilities, and its cameras are sharp from some 10 cm on.
pub(super) fn has_fixed_focus(track: &MediaStreamTrack) -> bool {
    let can = capabilities(track);
    let modes = words(&can, "focusMode");
    can.is_object() && !modes.iter().any(|mode| mode != "manual" && mode != "none")
}

/// Turns on continuous focus, if the camera has it: some cameras start focused at infinity.
pub(super) fn focus_always(track: &MediaStreamTrack) {
    if !words(&capabilities(track), "focusMode").contains(&"continuous".to_owned()) {
        return;
    }
    let set = Object::new();
    put(&set, "focusMode", &"continuous".into());
    if let Ok(applied) = apply(track, &set) {
        crate::page::spawn(async move {
            // A camera that refuses this keeps its focus.
            let _ = JsFuture::from(applied).await;
        });
    }
}

/// Sets torch, zoom and focus in one request: a later request replaces an earlier one.
pub(super) async fn adjust(
    track: &MediaStreamTrack,
    options: &Adjustment,
    (width, height): (f64, f64),
) -> Result<(), Fail> {
    let cannot = || Fail::new(ErrorCode::CameraUnsupported);
    let can = capabilities(track);
    let set = Object::new();
    if let Some(torch) = options.torch {
        if !has_torch(&can) {
            return Err(cannot());
        }
        put(&set, "torch", &torch.into());
    }
    if let Some(zoom) = options.zoom {
        let range = zoom_of(&can).ok_or_else(cannot)?;
        if !(range.min..=range.max).contains(&zoom) {
            return Err(cannot());
        }
        put(&set, "zoom", &zoom.into());
    }
    if let Some((x, y)) = options.focus_at {
        // A browser that knows the constraint lists the modes of the camera. A camera with a focus has one of these
        // two.
        let modes = words(&can, "focusMode");
        let mode = ["single-shot", "continuous"]
            .into_iter()
            .find(|mode| modes.iter().any(|has| has == mode))
            .ok_or_else(cannot)?;
        let share = |at: f64, side: f64| (at / side.max(1.0)).clamp(0.0, 1.0);
        let point = Object::new();
        put(&point, "x", &share(x, width).into());
        put(&point, "y", &share(y, height).into());
        put(&set, "pointsOfInterest", &Array::of1(&point));
        put(&set, "focusMode", &mode.into());
    }
    if Object::keys(&set).length() == 0 {
        return Ok(());
    }
    let refused = |cause| cannot().caused_by(cause);
    let applied = apply(track, &set).map_err(refused)?;
    JsFuture::from(applied).await.map_err(refused)?;
    Ok(())
}

/// Only abilities of the camera, and never its picture's size: browsers refuse a mixture of both.
fn apply(track: &MediaStreamTrack, set: &Object) -> Result<js_sys::Promise, JsValue> {
    let constraints = Object::new();
    put(&constraints, "advanced", &Array::of1(set));
    track.apply_constraints_with_constraints(constraints.unchecked_ref())
}

/// The abilities of a track, or of a listed device. Firefox reports them for tracks only in new versions, and for
/// devices never.
fn capabilities(of: &JsValue) -> JsValue {
    let asked = || {
        let ask: Function = Reflect::get(of, &"getCapabilities".into())
            .ok()?
            .dyn_into()
            .ok()?;
        ask.call0(of).ok()
    };
    asked().unwrap_or_default()
}

fn has_torch(can: &JsValue) -> bool {
    // A boolean in Chrome, a list of booleans in the [specification](https://www.w3.org/TR/image-capture/).
    let torch = field(can, "torch");
    match torch.dyn_ref::<Array>() {
        Some(values) => values.includes(&JsValue::TRUE, 0),
        None => torch.is_truthy(),
    }
}

fn zoom_of(can: &JsValue) -> Option<Zoom> {
    let zoom = field(can, "zoom");
    let number = |name: &str| field(&zoom, name).as_f64();
    let (min, max) = number("min").zip(number("max"))?;
    let step = number("step").unwrap_or(0.0);
    (min < max).then_some(Zoom { min, max, step })
}

fn facing_of(can: &JsValue) -> Option<Facing> {
    let modes = words(can, "facingMode");
    modes.iter().find_map(|mode| Facing::from_word(mode))
}

fn words(object: &JsValue, name: &str) -> Vec<String> {
    let list = field(object, name).dyn_into::<Array>();
    let words = list.map(|list| list.iter().filter_map(|word| word.as_string()).collect());
    words.unwrap_or_default()
}

fn word(object: &JsValue, name: &str) -> Option<String> {
    field(object, name).as_string()
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

fn put(object: &Object, name: &str, value: &JsValue) {
    // A new object of our own accepts every field.
    let _ = Reflect::set(object, &name.into(), value);
}
