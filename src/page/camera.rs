//! Opens the camera and shows its live picture. Dropping a [`Camera`] stops all its tracks.
//!
//! A stream that the browser returns after the request was dropped is stopped too. Errors are told apart, because
//! "allow the camera" does not help if another program uses it.

mod ask;
pub mod choice;
mod constraints;
pub mod device;

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;

use js_sys::futures::JsFuture;
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::{
    EventTarget, HtmlVideoElement, MediaStream, MediaStreamTrack, MediaStreamTrackState,
};

use super::clock;
use super::frames::report;
use super::signal::Listener;
use crate::types::camera::{Adjustment, CameraOptions};
use crate::types::error::Fail;
use crate::types::event::{CameraDevice, Facing};
use ask::Stream;
pub use ask::permission;
use choice::Choice;

/// A camera that shows no picture within this time is broken.
const FIRST_FRAME_MS: Ms = 8_000;
/// How often the first picture is looked for in a browser that does not report it.
const LOOK_MS: Ms = 30;
/// `HTMLMediaElement.HAVE_CURRENT_DATA`.
const HAVE_CURRENT_DATA: u16 = 2;

/// A camera that delivers pictures.
#[derive(Debug)]
pub struct Camera {
    stream: Stream,
    video: HtmlVideoElement,
    mirrored: bool,
    fixed_focus: bool,
    adjusted: Cell<Adjustment>,
}

/// What happens to a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The system withholds its pictures.
    Muted,
    /// The pictures come again.
    Unmuted,
    /// It was unplugged, or its permission was withdrawn.
    Ended,
    /// A device was plugged in or unplugged.
    Devices,
}

impl Camera {
    /// Opens a camera, and waits for its first picture in `preview` or in a video element of our own.
    ///
    /// If the future is dropped, a stream that the browser returns later is stopped.
    ///
    /// # Errors
    /// One of `insecure_context`, `browser_unsupported` and `camera_*`.
    pub async fn start(
        options: &CameraOptions,
        preview: Option<&HtmlVideoElement>,
    ) -> Result<Self, Fail> {
        let stream = ask::any_of(&ask::devices()?, options, None).await?;
        let camera = Self::show(stream, options, preview)?;
        camera.first_picture().await?;
        Ok(camera)
    }

    /// Opens the caller's stream, or the camera that the cashier chose, before any other. Does not wait for its [`Self::first_picture`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_chosen(
        options: &CameraOptions,
        choice: &Choice,
        preview: Option<&HtmlVideoElement>,
    ) -> Result<Self, Fail> {
        if let Some(given) = &options.stream {
            return Self::show(Stream::given(given)?, options, preview);
        }
        let devices = ask::devices()?;
        let id = choice.id().await;
        let mut stream = ask::any_of(&devices, options, id.as_deref()).await?;
        // Browsers show labels only now that a camera was allowed. The chosen camera may be listed under another id.
        if let Some(id) = renamed(choice, &stream).await {
            drop(stream);
            stream = ask::any_of(&devices, options, Some(&id)).await?;
        }
        Self::show(stream, options, preview)
    }

    /// The video element that shows it.
    #[must_use]
    pub fn video(&self) -> &HtmlVideoElement {
        &self.video
    }

    /// Its track, while it has one.
    #[must_use]
    pub fn track(&self) -> Option<MediaStreamTrack> {
        self.stream.track()
    }

    /// Which camera it is.
    #[must_use]
    pub fn device(&self) -> CameraDevice {
        let track = self.stream.track();
        track.as_ref().map(device::of_track).unwrap_or_default()
    }

    /// False once it was unplugged, or its permission was withdrawn.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.stream
            .track()
            .is_some_and(|track| track.ready_state() == MediaStreamTrackState::Live)
    }

    /// True while the system withholds its pictures: during a phone call, on the lock screen, or by a privacy switch.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.stream.track().is_some_and(|track| track.muted())
    }

    /// True if the browser describes this camera's focus, and it can not be set.
    #[must_use]
    pub fn has_fixed_focus(&self) -> bool {
        self.fixed_focus
    }

    /// True if the browser lists labels of cameras, and this camera is not in the list.
    pub async fn is_unplugged(&self) -> bool {
        if self.stream.is_given {
            return false;
        }
        let own = self.device().device_id;
        let there = device::all(None).await.unwrap_or_default();
        let named = there.iter().all(|camera| !camera.device_id.is_empty());
        !own.is_empty() && named && there.iter().all(|camera| camera.device_id != own)
    }

    /// Sets torch, zoom and focus.
    ///
    /// # Errors
    /// `camera_unsupported` if the camera can't.
    pub async fn adjust(&self, options: &Adjustment) -> Result<(), Fail> {
        let track = self.stream.track();
        let track = track.ok_or_else(|| Fail::new(ErrorCode::CameraUnsupported))?;
        let before = self.adjusted.get();
        let all = Adjustment {
            torch: options.torch.or(before.torch),
            zoom: options.zoom.or(before.zoom),
            focus_at: options.focus_at.or(before.focus_at),
        };
        let size = (self.video.video_width(), self.video.video_height());
        device::adjust(&track, &all, (size.0.into(), size.1.into())).await?;
        self.adjusted.set(all);
        Ok(())
    }

    /// Reports what happens to the camera, as long as the listeners live.
    #[must_use]
    pub fn on_change(&self, hear: impl Fn(Change) + 'static) -> Vec<Listener> {
        let hear = Rc::new(hear);
        let listen = |target: &EventTarget, name, change| {
            let hear = Rc::clone(&hear);
            Listener::new(target, name, move |_| hear(change))
        };
        let mut listeners = Vec::new();
        if let Some(track) = self.stream.track() {
            listeners.push(listen(&track, "mute", Change::Muted));
            listeners.push(listen(&track, "unmute", Change::Unmuted));
            listeners.push(listen(&track, "ended", Change::Ended));
        }
        if let Ok(devices) = ask::devices() {
            listeners.push(listen(&devices, "devicechange", Change::Devices));
        }
        listeners
    }

    fn show(
        stream: Stream,
        options: &CameraOptions,
        preview: Option<&HtmlVideoElement>,
    ) -> Result<Self, Fail> {
        let video = match preview {
            Some(video) => video.clone(),
            None => own_video().ok_or_else(|| Fail::new(ErrorCode::NotBrowser))?,
        };
        let track = stream.track();
        let camera = Self {
            fixed_focus: track.as_ref().is_some_and(device::has_fixed_focus),
            stream,
            video,
            mirrored: false,
            adjusted: Cell::default(),
        };
        let camera = camera.mirrored(options.mirror);
        camera.play();
        if let Some(track) = camera.stream.track() {
            device::focus_always(&track);
        }
        Ok(camera)
    }

    /// People expect a picture that faces them to be a mirror.
    fn mirrored(mut self, options: Option<bool>) -> Self {
        self.mirrored = options.unwrap_or_else(|| self.device().facing == Some(Facing::User));
        if self.mirrored {
            let _ = self.video.style().set_property("transform", "scaleX(-1)");
        }
        self
    }

    fn play(&self) {
        let video = &self.video;
        // iOS shows a black picture unless all three attributes are set before the stream, and plays in full screen
        // without the first.
        for name in ["playsinline", "muted", "autoplay"] {
            let _ = video.set_attribute(name, "");
        }
        video.set_muted(true);
        video.set_src_object(Some(&self.stream.media));
        if let Ok(playing) = video.play() {
            // A newer play() or a removed element ends this one with AbortError, which is harmless:
            // <https://developer.chrome.com/blog/play-request-was-interrupted>.
            crate::page::spawn(async move {
                let _ = JsFuture::from(playing).await;
            });
        }
    }

    /// Waits until a picture was really shown: iOS reports data and a size for a picture that stays black.
    ///
    /// # Errors
    /// `camera_interrupted`, `camera_timeout`.
    pub async fn first_picture(&self) -> Result<(), Fail> {
        let video = &self.video;
        let end = clock::now_ms() + FIRST_FRAME_MS;
        let began_s = video.current_time();
        let mut reported = pin!(report(video));
        loop {
            let shown = clock::within(LOOK_MS, reported.as_mut()).await.is_some();
            let has_data = video.video_width() > 0 && video.ready_state() >= HAVE_CURRENT_DATA;
            if has_data && (shown || video.current_time() > began_s) {
                return Ok(());
            }
            if !self.is_live() {
                return Err(Fail::new(ErrorCode::CameraInterrupted));
            }
            if clock::now_ms() >= end {
                return Err(Fail::new(ErrorCode::CameraTimeout));
            }
            if shown {
                reported.set(report(video));
            }
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let ours = self
            .video
            .src_object()
            .is_some_and(|shown| shown == self.stream.media);
        if ours {
            self.video.set_src_object(None);
            if self.mirrored {
                let _ = self.video.style().remove_property("transform");
            }
        }
    }
}

/// What the caller's stream shows; `None` without a live track.
pub fn of_given(stream: &MediaStream) -> Option<CameraDevice> {
    let track = Stream::given(stream).ok()?.track()?;
    Some(device::of_track(&track))
}

/// The current id of the chosen camera, if another one was started because its id was unknown.
async fn renamed(choice: &Choice, stream: &Stream) -> Option<String> {
    let (id, label) = choice.get()?;
    let on = device::of_track(&stream.track()?);
    if on.device_id == id || on.label == label {
        return None;
    }
    let there = device::all(None).await.ok()?;
    let chosen = choice::find(&there, &id, &label)?;
    (chosen.device_id != on.device_id).then(|| chosen.device_id.clone())
}

fn own_video() -> Option<HtmlVideoElement> {
    let document = web_sys::window()?.document()?;
    document.create_element("video").ok()?.dyn_into().ok()
}
