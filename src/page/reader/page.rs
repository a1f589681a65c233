//! The reader on the page's thread, for a page that can't start a worker: the package is on another origin, or the
//! bundler copied no worker.
//!
//! It is an instance of the reader's module. A trap in it is an exception here, and the till goes on.

use std::cell::Cell;

use js_sys::ArrayBuffer;
use wasm_bindgen::prelude::*;

use super::{Failure, Report};
use crate::page::frames::Frame;
use crate::types::camera::CameraOptions;
use crate::types::code::Reading;
use crate::types::event::Hint;
use crate::types::read::from_js;

#[wasm_bindgen]
extern "C" {
    /// A `LiveReader` of the reader's module, from `pkg/reader.js`. It throws if the module traps.
    #[derive(Debug)]
    type LiveReader;

    #[wasm_bindgen(method, catch)]
    fn scan(this: &LiveReader, region: &[f64], most: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = readPixels)]
    fn read_pixels(
        this: &LiveReader,
        buffer: &ArrayBuffer,
        width: u32,
        height: u32,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn hint(this: &LiveReader) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = pauseMs)]
    fn pause_ms(this: &LiveReader) -> Result<f64, JsValue>;
}

/// The reader on this thread.
#[derive(Debug)]
pub(super) struct PageReader {
    reader: LiveReader,
    scan: Cell<u32>,
    frames: Cell<u32>,
}

impl PageReader {
    pub(super) fn new(reader: JsValue) -> Self {
        Self {
            reader: reader.unchecked_into(),
            scan: Cell::new(0),
            frames: Cell::new(0),
        }
    }

    pub(super) fn scan(&self, scan: u32, options: &CameraOptions) {
        // The same scan after a pause: it keeps what it saw.
        if self.scan.replace(scan) != scan {
            // A reader that fails here fails at its first frame too, and is reported there.
            let _ = self
                .reader
                .scan(&options.region.sides(), options.scans_per_second);
        }
    }

    pub(super) fn read(&self, frame: Frame) -> Result<Report, Failure> {
        let Frame::Pixels {
            buffer,
            width,
            height,
        } = frame
        else {
            // Only a worker receives a `VideoFrame`.
            return Err(Failure::Unable);
        };
        self.frames.set(self.frames.get().wrapping_add(1));
        let readings = self.reader.read_pixels(&buffer, width, height);
        let readings: Vec<Reading> = from_js(readings.map_err(Failure::Stopped)?)
            .map_err(|unreadable| Failure::Stopped(unreadable.to_string().into()))?;
        let hint = self.reader.hint().map_err(Failure::Stopped)?;
        Ok(Report {
            readings,
            hint: from_js::<Option<Hint>>(hint).ok().flatten(),
            frames: self.frames.get(),
            pause_ms: self.reader.pause_ms().map_err(Failure::Stopped)?,
        })
    }
}
