//! A copy of the camera's track whose frames a worker takes by itself: the page has no part in it.
//!
//! Chrome makes the stream of frames on the page and hands it over; Safari 18 hands the track over, and its worker makes
//! the stream. Firefox does neither, and is asked frame by frame.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::MediaStreamTrack;

#[wasm_bindgen]
extern "C" {
    /// web-sys has it behind `--cfg=web_sys_unstable_apis` only.
    #[wasm_bindgen(js_name = MediaStreamTrackProcessor)]
    type Processor;

    #[wasm_bindgen(constructor, catch, js_class = "MediaStreamTrackProcessor")]
    fn new(init: &JsValue) -> Result<Processor, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Processor) -> JsValue;
}

/// A track of our own beside the camera's; dropped, it is stopped, or the light would stay on.
#[derive(Debug)]
pub struct Tap {
    of: String,
    track: MediaStreamTrack,
    readable: Option<JsValue>,
}

impl Tap {
    /// A tap on this track.
    #[must_use]
    pub fn new(track: &MediaStreamTrack) -> Self {
        let mut tap = Self {
            of: track.id(),
            // The browser's own `clone`, a second track of the same camera: not another handle of the first.
            track: MediaStreamTrack::clone(track),
            readable: None,
        };
        if Reflect::has(&js_sys::global(), &"MediaStreamTrackProcessor".into()).unwrap_or(false) {
            tap.readable = tap.processed().ok();
        }
        tap
    }

    /// Whether it is one on this track.
    #[must_use]
    pub fn is_on(&self, track: &MediaStreamTrack) -> bool {
        self.of == track.id()
    }

    /// What is handed over: the message's word for it, and the thing.
    #[must_use]
    pub fn gift(&self) -> (&'static str, &JsValue) {
        match &self.readable {
            Some(readable) => ("stream", readable),
            None => ("track", self.track.as_ref()),
        }
    }

    fn processed(&self) -> Result<JsValue, JsValue> {
        let init = js_sys::Object::new();
        Reflect::set(&init, &"track".into(), &self.track)?;
        // Its buffer holds one frame where nothing else is asked: the newest.
        Ok(Processor::new(&init)?.readable())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.track.stop();
    }
}
