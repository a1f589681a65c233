//! Reading on this thread, in a second instance of the module: a page of another origin than the package's may start no
//! worker.

use std::cell::Cell;

use js_sys::{ArrayBuffer, Float64Array};
use wasm_bindgen::prelude::*;

use super::{News, Trouble};
use crate::page::frames::Frame;
use crate::types::code::codes_from_js;
use crate::types::event::Hint;
use crate::types::options::CameraWish;

#[wasm_bindgen]
extern "C" {
    /// The `WorkerReader` of another instance: its traps are exceptions here.
    #[derive(Debug)]
    type OtherReader;

    #[wasm_bindgen(method, catch)]
    fn look(this: &OtherReader, region: &Float64Array, most: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = readPixels)]
    fn read_pixels(
        this: &OtherReader,
        buffer: &ArrayBuffer,
        width: u32,
        height: u32,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn hint(this: &OtherReader) -> Result<Option<String>, JsValue>;
}

/// A reader on this thread.
#[derive(Debug)]
pub(super) struct Here {
    reader: OtherReader,
    look: Cell<u32>,
    frames: Cell<u32>,
}

impl Here {
    pub(super) fn new(reader: JsValue) -> Self {
        Self {
            reader: reader.unchecked_into(),
            look: Cell::new(0),
            frames: Cell::new(0),
        }
    }

    pub(super) fn look(&self, look: u32, wish: &CameraWish) {
        // The same look after a rest: what it saw is not forgotten.
        if self.look.replace(look) != look {
            let region = super::worker::region(wish);
            // A reader that fails here fails at its first frame, where it is told.
            let _ = self.reader.look(&region, wish.scans_per_second);
        }
    }

    pub(super) fn read(&self, frame: Frame) -> Result<News, Trouble> {
        let Frame::Pixels {
            buffer,
            width,
            height,
        } = frame
        else {
            // Frames come as such only where there is a worker.
            return Err(Trouble::Unfit);
        };
        self.frames.set(self.frames.get().wrapping_add(1));
        let codes = self.reader.read_pixels(&buffer, width, height);
        let codes = codes.and_then(codes_from_js);
        let hint = self.reader.hint().map_err(Trouble::Dead)?;
        Ok(News {
            codes: codes.map_err(Trouble::Dead)?,
            hint: hint.as_deref().and_then(Hint::from_word),
            frames: self.frames.get(),
        })
    }
}
