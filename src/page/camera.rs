//! The camera, from the question to a live picture. A [`Camera`] that is dropped has stopped every track.
//!
//! A stream that the browser hands over after nobody waits for it any more is stopped too. What went wrong is told
//! apart, because "allow the camera" is no help where another program holds it.

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
use web_sys::{EventTarget, HtmlVideoElement, MediaStreamTrack, MediaStreamTrackState};

use super::clock;
use super::frames::report;
use super::signal::Listener;
use crate::types::error::Fail;
use crate::types::event::{Camera as Device, Facing};
use crate::types::options::{Adjustment, CameraOptions};
use ask::Stream;
pub use ask::permission;
use choice::Choice;

/// A granted camera shows its first picture within this, or is broken.
const FIRST_FRAME_MS: Ms = 8_000;
/// How often the first picture is looked for in a browser that does not report it.
const LOOK_MS: Ms = 30;
/// `HTMLMediaElement.HAVE_CURRENT_DATA`.
const HAVE_CURRENT_DATA: u16 = 2;

/// A camera that gives pictures.
#[derive(Debug)]
pub struct Camera {
    stream: Stream,
    video: HtmlVideoElement,
    mirrored: bool,
    fixed_focus: bool,
    adjusted: Cell<Adjustment>,
}

/// What becomes of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The system keeps its pictures.
    Muted,
    /// The pictures come again.
    Unmuted,
    /// It was taken away.
    Ended,
    /// Some device was plugged in or out.
    Devices,
}

impl Camera {
    /// Asks for a camera, and waits for its first picture in `preview` or in a video of our own.
    ///
    /// Dropping the future gives back whatever the browser hands over later.
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

    /// The camera that the cashier chose before any other; its [`Self::first_picture`] is yet to come.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_chosen(
        options: &CameraOptions,
        choice: &Choice,
        preview: Option<&HtmlVideoElement>,
    ) -> Result<Self, Fail> {
        let devices = ask::devices()?;
        let id = choice.id().await;
        let mut stream = ask::any_of(&devices, options, id.as_deref()).await?;
        // Labels are told only now that a camera was allowed: the chosen one may be there under another id.
        if let Some(id) = renamed(choice, &stream).await {
            drop(stream);
            stream = ask::any_of(&devices, options, Some(&id)).await?;
        }
        Self::show(stream, options, preview)
    }

    /// Where its picture is.
    #[must_use]
    pub fn video(&self) -> &HtmlVideoElement {
        &self.video
    }

    /// Its track, while it has one.
    #[must_use]
    pub fn track(&self) -> Option<MediaStreamTrack> {
        self.stream.track()
    }

    /// Which one it is.
    #[must_use]
    pub fn device(&self) -> Device {
        let track = self.stream.track();
        track.as_ref().map(device::of_track).unwrap_or_default()
    }

    /// False once it was taken away: unplugged, or the permission withdrawn.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.stream
            .track()
            .is_some_and(|track| track.ready_state() == MediaStreamTrackState::Live)
    }

    /// True while the system keeps its pictures: a call, a lock screen, a privacy switch.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.stream.track().is_some_and(|track| track.muted())
    }

    /// True where the browser tells of this camera's focus, and nothing can be set there.
    #[must_use]
    pub fn has_fixed_focus(&self) -> bool {
        self.fixed_focus
    }

    /// True where the browser lists cameras by their names, and this one is not among them.
    pub async fn is_unplugged(&self) -> bool {
        let own = self.device().device_id;
        let there = device::all(None).await.unwrap_or_default();
        let named = there.iter().all(|camera| !camera.device_id.is_empty());
        !own.is_empty() && named && there.iter().all(|camera| camera.device_id != own)
    }

    /// Torch, zoom and focus.
    ///
    /// # Errors
    /// `camera_unsupported` where it can't.
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

    /// Tells what becomes of it, for as long as the listeners live.
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

    /// A person who looks at a picture of their own hands expects a mirror.
    fn mirrored(mut self, options: Option<bool>) -> Self {
        self.mirrored = options.unwrap_or_else(|| self.device().facing == Some(Facing::User));
        if self.mirrored {
            let _ = self.video.style().set_property("transform", "scaleX(-1)");
        }
        self
    }

    fn play(&self) {
        let video = &self.video;
        // iOS shows a black picture unless all three are there before the stream, and full screen without the first.
        for name in ["playsinline", "muted", "autoplay"] {
            let _ = video.set_attribute(name, "");
        }
        video.set_muted(true);
        video.set_src_object(Some(&self.stream.0));
        if let Ok(playing) = video.play() {
            // A newer play() or a removed element ends this one with AbortError: that is no trouble.
            crate::page::spawn(async move {
                let _ = JsFuture::from(playing).await;
            });
        }
    }

    /// Waits until a picture was really shown: iOS says that it has data, and a size, of a picture that stays black.
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
            .is_some_and(|shown| shown == self.stream.0);
        if ours {
            self.video.set_src_object(None);
            if self.mirrored {
                let _ = self.video.style().remove_property("transform");
            }
        }
    }
}

/// The id under which the chosen camera is there, where another was started for want of its name.
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
