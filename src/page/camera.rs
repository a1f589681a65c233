//! The camera, from the question to a live picture. A [`Camera`] that is dropped has stopped every track.
//!
//! A stream that the browser hands over after nobody waits for it any more is stopped too. What went wrong is told
//! apart, because "allow the camera" is no help where another program holds it.

mod wish;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::futures::{JsFuture, spawn_local};
use js_sys::{Function, Object, Reflect};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use std::pin::pin;
use wasm_bindgen::prelude::*;
use web_sys::{
    DomException, HtmlVideoElement, MediaDevices, MediaStream, MediaStreamConstraints,
    MediaStreamTrack, MediaStreamTrackState,
};

use super::clock;
use super::signal::Listener;
use crate::types::error::Fail;
use crate::types::event::{Camera as Device, Facing};
use crate::types::options::CameraWish;

/// A camera that another tab lets go of just now is free after this.
const BUSY_PAUSE_MS: Ms = 500;
/// A granted camera shows its first picture within this, or is broken.
const FIRST_FRAME_MS: Ms = 8_000;
/// How often the first picture is looked for.
const LOOK_MS: Ms = 30;
/// Where the permission is there already, the browser answers within this.
const GRANTED_MS: Ms = 15_000;

/// A camera that gives pictures.
#[derive(Debug)]
pub struct Camera {
    stream: Stream,
    video: HtmlVideoElement,
    device: Device,
}

impl Camera {
    /// Asks for a camera, and waits for its first picture in `preview` or in a video of our own.
    ///
    /// Dropping the future gives back whatever the browser hands over later.
    ///
    /// # Errors
    /// One of `env/insecure-context`, `env/unsupported` and `camera/*`.
    pub async fn start(
        wish: &CameraWish,
        preview: Option<&HtmlVideoElement>,
    ) -> Result<Self, Fail> {
        let devices = devices()?;
        let granted = permission().await == "granted";
        let stream = {
            let asked = pin!(any_of(&devices, wish));
            let late = pin!(async {
                if !granted {
                    // A person is reading the question: that takes as long as it takes.
                    std::future::pending::<()>().await;
                }
                clock::sleep(GRANTED_MS).await;
            });
            match select(asked, late).await {
                Either::Left((stream, _)) => stream?,
                Either::Right(((), _)) => return Err(Fail::new(ErrorCode::CameraTimeout)),
            }
        };
        let video = match preview {
            Some(video) => video.clone(),
            None => own_video().ok_or_else(|| Fail::new(ErrorCode::NotBrowser))?,
        };
        let device = device(&stream);
        let camera = Self {
            stream,
            video,
            device,
        };
        camera.show().await?;
        Ok(camera)
    }

    /// Where its picture is.
    #[must_use]
    pub fn video(&self) -> &HtmlVideoElement {
        &self.video
    }

    /// Which one it is.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
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

    /// Tells when the camera is taken away.
    #[must_use]
    pub fn on_ended(&self, hear: impl FnMut(JsValue) + 'static) -> Option<Listener> {
        let track = self.stream.track()?;
        Some(Listener::new(&track, "ended", hear))
    }

    async fn show(&self) -> Result<(), Fail> {
        let video = &self.video;
        // iOS shows a black picture unless all three are there before the stream.
        for name in ["playsinline", "muted", "autoplay"] {
            let _ = video.set_attribute(name, "");
        }
        video.set_muted(true);
        video.set_src_object(Some(&self.stream.0));
        if let Ok(playing) = video.play() {
            // A newer play() or a removed element ends this one with AbortError: that is no trouble.
            spawn_local(async move {
                let _ = JsFuture::from(playing).await;
            });
        }
        let end = clock::now_ms() + FIRST_FRAME_MS;
        while video.video_width() == 0 || video.ready_state() < HAVE_CURRENT_DATA {
            if !self.is_live() {
                return Err(Fail::new(ErrorCode::CameraInterrupted));
            }
            if clock::now_ms() >= end {
                return Err(Fail::new(ErrorCode::CameraTimeout));
            }
            clock::sleep(LOOK_MS).await;
        }
        Ok(())
    }
}

/// `HTMLMediaElement.HAVE_CURRENT_DATA`.
const HAVE_CURRENT_DATA: u16 = 2;

impl Drop for Camera {
    fn drop(&mut self) {
        let ours = self
            .video
            .src_object()
            .is_some_and(|shown| shown == self.stream.0);
        if ours {
            self.video.set_src_object(None);
        }
    }
}

/// A stream; dropped, its tracks are stopped and the light goes out.
#[derive(Debug)]
struct Stream(MediaStream);

impl Stream {
    fn track(&self) -> Option<MediaStreamTrack> {
        self.0.get_video_tracks().get(0).dyn_into().ok()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        for track in self.0.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

/// Whether the camera may be used; never asks.
pub async fn permission() -> String {
    let state = async {
        let permissions = web_sys::window()?.navigator().permissions().ok()?;
        let name = Object::new();
        Reflect::set(&name, &"name".into(), &"camera".into()).ok()?;
        let status = JsFuture::from(permissions.query(&name).ok()?).await.ok()?;
        Reflect::get(&status, &"state".into()).ok()?.as_string()
    };
    state.await.unwrap_or_else(|| "unknown".to_owned())
}

fn devices() -> Result<MediaDevices, Fail> {
    let window = web_sys::window().ok_or_else(|| Fail::new(ErrorCode::NotBrowser))?;
    if !window.is_secure_context() {
        return Err(Fail::new(ErrorCode::InsecureContext));
    }
    // The getter throws, or gives nothing, where the browser has no such thing.
    let devices = window
        .navigator()
        .media_devices()
        .map_err(|cause| Fail::new(ErrorCode::Unsupported).caused_by(cause))?;
    if devices.is_undefined() {
        return Err(Fail::new(ErrorCode::Unsupported));
    }
    Ok(devices)
}

/// Down the ladder of wishes until a camera takes one.
async fn any_of(devices: &MediaDevices, wish: &CameraWish) -> Result<Stream, Fail> {
    let mut busy = false;
    let mut last = JsValue::UNDEFINED;
    for rung in wish::ladder(wish) {
        let mut asked = ask(devices, &rung).await;
        if !busy && asked.as_ref().is_err_and(|error| is_busy(&name_of(error))) {
            busy = true;
            clock::sleep(BUSY_PAUSE_MS).await;
            asked = ask(devices, &rung).await;
        }
        match asked {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                let name = name_of(&error);
                last = error;
                // A smaller picture may still go where this one did not.
                if !(is_busy(&name) || name == "OverconstrainedError" || name == "NotFoundError") {
                    break;
                }
            }
        }
    }
    Err(refusal(last).await)
}

async fn ask(devices: &MediaDevices, rung: &MediaStreamConstraints) -> Result<Stream, JsValue> {
    let promise = devices.get_user_media_with_constraints(rung)?;
    let (send, receive) = oneshot::channel();
    spawn_local(async move {
        let stream = JsFuture::from(promise).await;
        // Nobody waits any more: the stream is dropped here, and stopped.
        let _ = send.send(stream.map(|stream| Stream(stream.unchecked_into())));
    });
    receive
        .await
        .unwrap_or_else(|_| Err(JsValue::from_str("the browser gave no answer")))
}

fn is_busy(name: &str) -> bool {
    matches!(name, "NotReadableError" | "TrackStartError" | "AbortError")
}

/// Which of the browser's refusals this is.
async fn refusal(error: JsValue) -> Fail {
    let name = name_of(&error);
    let code = match name.as_str() {
        "NotAllowedError" | "PermissionDeniedError" => {
            if policy_forbids() {
                ErrorCode::CameraPolicyBlocked
            } else if message_of(&error).contains("dismissed") || permission().await == "prompt" {
                ErrorCode::CameraDismissed
            } else {
                ErrorCode::CameraDenied
            }
        }
        "SecurityError" => ErrorCode::CameraPolicyBlocked,
        "NotFoundError" | "DevicesNotFoundError" => ErrorCode::CameraNotFound,
        "OverconstrainedError" => ErrorCode::CameraConstraints,
        name if is_busy(name) => ErrorCode::CameraInUse,
        _ => ErrorCode::Unsupported,
    };
    Fail::new(code).caused_by(error)
}

/// True where the page's, or its frame's, policy forbids the camera: only the page's owner can help.
fn policy_forbids() -> bool {
    let allows = || {
        let document: JsValue = web_sys::window()?.document()?.into();
        let policy = ["permissionsPolicy", "featurePolicy"]
            .iter()
            .filter_map(|name| Reflect::get(&document, &(*name).into()).ok())
            .find(JsValue::is_object)?;
        let allows: Function = Reflect::get(&policy, &"allowsFeature".into())
            .ok()?
            .dyn_into()
            .ok()?;
        allows.call1(&policy, &"camera".into()).ok()?.as_bool()
    };
    allows() == Some(false)
}

fn name_of(error: &JsValue) -> String {
    error
        .dyn_ref::<DomException>()
        .map(DomException::name)
        .or_else(|| Reflect::get(error, &"name".into()).ok()?.as_string())
        .unwrap_or_default()
}

fn message_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok();
    message
        .and_then(|message| message.as_string())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn own_video() -> Option<HtmlVideoElement> {
    let document = web_sys::window()?.document()?;
    document.create_element("video").ok()?.dyn_into().ok()
}

fn device(stream: &Stream) -> Device {
    let track = stream.track();
    let settings: JsValue = track
        .as_ref()
        .map_or(JsValue::UNDEFINED, |track| track.get_settings().into());
    let word = |name: &str| {
        let value = Reflect::get(&settings, &name.into()).ok()?;
        value.as_string()
    };
    Device {
        device_id: word("deviceId").unwrap_or_default(),
        label: track.map(|track| track.label()).unwrap_or_default(),
        facing: word("facingMode").as_deref().and_then(Facing::from_word),
    }
}
