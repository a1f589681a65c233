//! The constraints for `getUserMedia`, best first: the chosen camera, then one that faces the right way, then any
//! camera. For each, first the size that reads best, then smaller ones.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::MediaStreamConstraints;

use crate::types::camera::CameraOptions;
use crate::types::event::Facing;

/// More pixels are not better: screens show moire at 1080p.
const SIZES: [Option<(u32, u32)>; 4] =
    [Some((1280, 720)), Some((1024, 768)), Some((640, 480)), None];

/// The constraints to try, strictest first. `chosen` is the cashier's camera: it comes before the caller's.
pub(super) fn ladder(options: &CameraOptions, chosen: Option<&str>) -> Vec<MediaStreamConstraints> {
    let mut rungs = Vec::new();
    let named = chosen.into_iter().chain(options.device_id.as_deref());
    for id in named {
        // Some cameras start at one size only: the chosen one is worth a second, smaller try.
        for size in [SIZES[0], SIZES[2]] {
            rungs.push(rung(Some(("deviceId", "exact", id)), size));
        }
    }
    let facing = options
        .facing
        .or_else(|| touches().then_some(Facing::Environment));
    for size in SIZES {
        let looks = facing.map(|facing| ("facingMode", "ideal", facing.as_str()));
        rungs.push(rung(looks, size));
    }
    rungs
}

fn rung(which: Option<(&str, &str, &str)>, size: Option<(u32, u32)>) -> MediaStreamConstraints {
    let video = Object::new();
    if let Some((name, how, what)) = which {
        put(&video, name, &nest(how, &what.into()));
    }
    if let Some((width, height)) = size {
        put(&video, "width", &nest("ideal", &width.into()));
        put(&video, "height", &nest("ideal", &height.into()));
    }
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::FALSE);
    constraints.set_video(&video);
    constraints
}

fn nest(name: &str, value: &JsValue) -> JsValue {
    let object = Object::new();
    put(&object, name, value);
    object.into()
}

fn put(object: &Object, name: &str, value: &JsValue) {
    // A new object of our own accepts every field.
    let _ = Reflect::set(object, &name.into(), value);
}

/// True on a tablet or a phone: there the rear camera scans.
fn touches() -> bool {
    let points = web_sys::window().map(|window| {
        Reflect::get(&window.navigator(), &"maxTouchPoints".into()).unwrap_or_default()
    });
    points.and_then(|points| points.as_f64()).unwrap_or(0.0) > 0.0
}
