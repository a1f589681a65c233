//! Takes frames of a playing video in the fastest way of this browser: a `VideoFrame` for the worker, or the pixels of
//! a canvas. Each call takes the newest picture.

pub mod tap;

use std::cell::RefCell;

use futures_channel::oneshot;
use js_sys::{ArrayBuffer, Object, Reflect};
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, VideoFrame};

use super::clock;

/// A video that reports no frame for this long is read anyway: some browsers report no frames of a video outside the
/// page. A longer wait reads fewer frames there.
const MAX_SILENT_MS: Ms = 150;

#[wasm_bindgen]
extern "C" {
    /// A video that reports its frames. web-sys lacks
    /// [`requestVideoFrameCallback`](https://wicg.github.io/video-rvfc/).
    type ReportingVideo;

    #[wasm_bindgen(method, js_name = requestVideoFrameCallback)]
    fn request_video_frame_callback(this: &ReportingVideo, hear: &JsValue) -> u32;
    #[wasm_bindgen(method, js_name = cancelVideoFrameCallback)]
    fn cancel_video_frame_callback(this: &ReportingVideo, id: u32);
}

/// A picture.
#[derive(Debug)]
pub enum Frame {
    /// The browser's own frame, closed when dropped.
    Video(OpenFrame),
    /// RGBA, four bytes per pixel.
    Pixels {
        /// The bytes.
        buffer: ArrayBuffer,
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
    },
}

/// A `VideoFrame`. Dropped, it is closed:
/// [a browser has few of them](https://www.w3.org/TR/webcodecs/#dom-videoframe-close), and gives no more while they are
/// open.
#[derive(Debug)]
pub struct OpenFrame(pub VideoFrame);

impl Drop for OpenFrame {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The frames of one video.
#[derive(Debug)]
pub struct Frames {
    video: HtmlVideoElement,
    seen_s: f64,
    canvas: RefCell<Option<Canvas>>,
}

impl Frames {
    /// The frames of this video.
    #[must_use]
    pub fn new(video: &HtmlVideoElement) -> Self {
        Self {
            video: video.clone(),
            seen_s: -1.0,
            canvas: RefCell::new(None),
        }
    }

    /// Waits for the next picture. False if none came, and the current picture is the old one.
    pub async fn next(&mut self) -> bool {
        let reported = clock::within(MAX_SILENT_MS, report(&self.video)).await;
        let at_s = self.video.current_time();
        let moved = (at_s - self.seen_s).abs() > 0.0;
        self.seen_s = at_s;
        reported.is_some() || moved
    }

    /// The current picture: a `VideoFrame` if `native` allows it and the browser has them, else its pixels.
    ///
    /// # Errors
    /// What the browser threw.
    pub fn grab(&self, native: bool) -> Result<Frame, JsValue> {
        if native
            && has_video_frames()
            && let Ok(frame) = VideoFrame::new_with_html_video_element(&self.video)
        {
            return Ok(Frame::Video(OpenFrame(frame)));
        }
        self.pixels()
    }

    fn pixels(&self) -> Result<Frame, JsValue> {
        let (width, height) = (self.video.video_width(), self.video.video_height());
        let mut canvas = self.canvas.borrow_mut();
        let canvas = match canvas.take_if(|canvas| !canvas.is(width, height)) {
            Some(_) | None => canvas.get_or_insert(Canvas::new(width, height)?),
        };
        canvas
            .context
            .draw_image_with_html_video_element_and_dw_and_dh(
                &self.video,
                0.0,
                0.0,
                width.into(),
                height.into(),
            )?;
        canvas.read()
    }
}

/// A canvas that is read repeatedly.
#[derive(Debug)]
pub struct Canvas {
    element: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
}

impl Canvas {
    /// A canvas of this size.
    ///
    /// # Errors
    /// What the browser threw: no document, or no memory for it.
    pub fn new(width: u32, height: u32) -> Result<Self, JsValue> {
        let document = web_sys::window()
            .and_then(|window| window.document())
            .ok_or_else(|| JsValue::from_str("no document"))?;
        let element: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
        element.set_width(width);
        element.set_height(height);
        let options = Object::new();
        Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE)?;
        let context = element
            .get_context_with_context_options("2d", &options)?
            .ok_or_else(|| JsValue::from_str("no canvas"))?
            .dyn_into()?;
        Ok(Self { element, context })
    }

    /// Where to draw.
    #[must_use]
    pub fn context(&self) -> &CanvasRenderingContext2d {
        &self.context
    }

    /// Its pixels.
    ///
    /// # Errors
    /// What the browser threw.
    pub fn read(&self) -> Result<Frame, JsValue> {
        let (width, height) = (self.element.width(), self.element.height());
        let image = self
            .context
            .get_image_data(0.0, 0.0, width.into(), height.into())?;
        // web-sys would copy the pixels into the Wasm module here, and the worker needs them as a buffer.
        let data = Reflect::get(&image, &"data".into())?;
        let buffer = Reflect::get(&data, &"buffer".into())?.dyn_into()?;
        Ok(Frame::Pixels {
            buffer,
            width,
            height,
        })
    }

    fn is(&self, width: u32, height: u32) -> bool {
        self.element.width() == width && self.element.height() == height
    }
}

/// A request for one report. Dropping it cancels the request.
struct FrameRequest<'a> {
    video: &'a ReportingVideo,
    id: u32,
    _hear: Closure<dyn FnMut()>,
}

impl Drop for FrameRequest<'_> {
    fn drop(&mut self) {
        self.video.cancel_video_frame_callback(self.id);
    }
}

/// Waits until the video shows a new frame. Never returns in a browser that does not report frames.
pub(super) async fn report(video: &HtmlVideoElement) {
    let tells = Reflect::has(video, &"requestVideoFrameCallback".into()).unwrap_or(false);
    if !tells {
        return std::future::pending().await;
    }
    let video: &ReportingVideo = video.unchecked_ref();
    let (send, receive) = oneshot::channel();
    let mut send = Some(send);
    let hear = Closure::<dyn FnMut()>::new(move || {
        if let Some(send) = send.take() {
            let _ = send.send(());
        }
    });
    let _request = FrameRequest {
        video,
        id: video.request_video_frame_callback(hear.as_ref()),
        _hear: hear,
    };
    let _ = receive.await;
}

fn has_video_frames() -> bool {
    Reflect::has(&js_sys::global(), &"VideoFrame".into()).unwrap_or(false)
}
