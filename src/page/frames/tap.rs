//! A copy of the camera's track whose frames a worker takes by itself, without the page.
//!
//! Chrome makes the stream of frames on the page, and transfers it to the worker. Safari 18 transfers the track, and
//! its worker makes the stream: `MediaStreamTrackProcessor` exists in workers only, as the
//! [specification](https://w3c.github.io/mediacapture-transform/) says. Firefox has neither, so the page hands over
//! each frame.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::MediaStreamTrack;

#[wasm_bindgen]
extern "C" {
    /// web-sys has it only with `--cfg=web_sys_unstable_apis`.
    #[wasm_bindgen(js_name = MediaStreamTrackProcessor)]
    type Processor;

    #[wasm_bindgen(constructor, catch, js_class = "MediaStreamTrackProcessor")]
    fn new(init: &JsValue) -> Result<Processor, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Processor) -> JsValue;
}

/// What a worker receives.
#[derive(Debug)]
pub enum Source {
    /// A `ReadableStream` of `VideoFrame`.
    Stream(JsValue),
    /// The track, from which the worker makes a stream.
    Track(MediaStreamTrack),
}

/// A copy of the camera's track. Dropping it stops the copy; otherwise the camera's light would stay on.
#[derive(Debug)]
pub struct Tap {
    of: String,
    track: MediaStreamTrack,
}

impl Tap {
    /// Copies this track.
    #[must_use]
    pub fn new(track: &MediaStreamTrack) -> Self {
        Self {
            of: track.id(),
            // The browser's own `clone`, which makes a second track of the same camera, and not another reference to
            // the first.
            track: MediaStreamTrack::clone(track),
        }
    }

    /// True if it is a copy of this track.
    #[must_use]
    pub fn is_on(&self, track: &MediaStreamTrack) -> bool {
        self.of == track.id()
    }

    /// What the worker receives: a stream if the page can make one, else the track. A stream must be transferred at
    /// once: Chromium copies a frame that is in it to the worker, and leaves the first one open.
    #[must_use]
    pub fn source(&self) -> Source {
        let makes = Reflect::has(&js_sys::global(), &"MediaStreamTrackProcessor".into());
        let stream = makes.unwrap_or(false).then(|| self.processed().ok());
        match stream.flatten() {
            Some(readable) => Source::Stream(readable),
            // Another reference: the track's own `clone` would make a third one.
            None => Source::Track(Clone::clone(&self.track)),
        }
    }

    fn processed(&self) -> Result<JsValue, JsValue> {
        let init = js_sys::Object::new();
        Reflect::set(&init, &"track".into(), &self.track)?;
        // Without another size, its buffer holds one frame: the newest.
        Ok(Processor::new(&init)?.readable())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.track.stop();
    }
}
