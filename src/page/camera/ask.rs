//! Opens a camera with `getUserMedia`: one request at a time per page, with ever looser constraints.

use std::sync::Arc;

use futures_channel::oneshot;
use futures_util::lock::Mutex;
use js_sys::futures::JsFuture;
use js_sys::{Function, JsString, Object, Reflect};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::{
    DomException, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack,
    MediaStreamTrackState,
};

use super::constraints;
use crate::page::clock;
use crate::types::camera::CameraOptions;
use crate::types::error::Fail;
use crate::types::given::wrong;

/// The pause before a busy camera is tried again: another tab may release it.
const BUSY_PAUSE_MS: Ms = 500;
/// If permission was granted before, the browser answers within this time.
const GRANTED_MS: Ms = 15_000;
/// The name of our own timeout error.
const LATE: &str = "TimeoutError";

thread_local! {
    /// One request at a time, for every till of the page. React mounts twice in development, which would show two
    /// prompts.
    static TURN: Arc<Mutex<()>> = Arc::default();
}

/// A stream. Dropping it stops its tracks, and the camera's light goes out. Tracks of a caller's stream go on.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) media: MediaStream,
    pub(super) is_given: bool,
}

impl Stream {
    /// The caller's stream.
    ///
    /// # Errors
    /// `argument_invalid` if it has no video track, `camera_interrupted` if that has ended.
    pub(super) fn given(media: &MediaStream) -> Result<Self, Fail> {
        let stream = Self {
            media: Clone::clone(media),
            is_given: true,
        };
        match stream.track() {
            None => Err(wrong("camera.stream", "a MediaStream with a video track")),
            Some(track) if track.ready_state() == MediaStreamTrackState::Ended => {
                Err(Fail::new(ErrorCode::CameraInterrupted)
                    .with_detail("The track of `camera.stream` has ended."))
            }
            Some(_) => Ok(stream),
        }
    }

    fn own(answer: JsValue) -> Self {
        Self {
            media: answer.unchecked_into(),
            is_given: false,
        }
    }

    pub(super) fn track(&self) -> Option<MediaStreamTrack> {
        let track = self.media.get_video_tracks().get(0);
        // Not `dyn_into`: a stream of another window, such as a frame's parent, has tracks of that window's class.
        (!track.is_undefined()).then(|| track.unchecked_into())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.is_given {
            return;
        }
        for track in self.media.get_tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

/// The state of the permission. Never prompts.
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

/// The browser's `navigator.mediaDevices`.
pub(super) fn devices() -> Result<MediaDevices, Fail> {
    let window = web_sys::window().ok_or_else(|| Fail::new(ErrorCode::NotBrowser))?;
    if !window.is_secure_context() {
        return Err(Fail::new(ErrorCode::InsecureContext));
    }
    // The getter throws, or returns nothing, in a browser without cameras.
    let devices = window
        .navigator()
        .media_devices()
        .map_err(|cause| Fail::new(ErrorCode::BrowserUnsupported).caused_by(cause))?;
    if devices.is_undefined() {
        return Err(Fail::new(ErrorCode::BrowserUnsupported));
    }
    Ok(devices)
}

/// Asks with ever looser constraints until a camera satisfies them.
pub(super) async fn any_of(
    devices: &MediaDevices,
    options: &CameraOptions,
    chosen: Option<&str>,
) -> Result<Stream, Fail> {
    let granted = permission().await == "granted";
    let mut busy = false;
    let mut last = JsValue::UNDEFINED;
    for rung in constraints::ladder(options, chosen) {
        let mut asked = ask(devices, &rung, granted).await;
        if !busy && asked.as_ref().is_err_and(|error| is_busy(&name_of(error))) {
            busy = true;
            clock::sleep(BUSY_PAUSE_MS).await;
            asked = ask(devices, &rung, granted).await;
        }
        match asked {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                let name = name_of(&error);
                last = error;
                // A smaller picture may still work.
                if !(is_busy(&name) || name == "OverconstrainedError" || name == "NotFoundError") {
                    break;
                }
            }
        }
    }
    Err(refusal(last).await)
}

/// One request. The next one waits for its answer even if this one was dropped: the prompt is still open.
async fn ask(
    devices: &MediaDevices,
    rung: &MediaStreamConstraints,
    granted: bool,
) -> Result<Stream, JsValue> {
    let turn = TURN.with(Arc::clone).lock_owned().await;
    let promise = devices.get_user_media_with_constraints(rung)?;
    let (send, receive) = oneshot::channel();
    crate::page::spawn(async move {
        let mut answer = JsFuture::from(promise);
        // Without a permission, a person is reading the prompt: no timeout.
        let max_ms = if granted { GRANTED_MS } else { Ms::MAX };
        // If the caller was dropped, the stream is dropped here, which stops it.
        match clock::within(max_ms, &mut answer).await {
            Some(stream) => {
                drop(turn);
                let _ = send.send(stream.map(Stream::own));
            }
            None => {
                drop(turn);
                let late = js_sys::Error::new("the camera did not answer");
                late.set_name(LATE);
                let _ = send.send(Err(late.into()));
                drop(answer.await.map(Stream::own));
            }
        }
    });
    receive
        .await
        .unwrap_or_else(|_| Err(JsValue::from_str("the browser gave no answer")))
}

fn is_busy(name: &str) -> bool {
    matches!(name, "NotReadableError" | "TrackStartError" | "AbortError")
}

/// Maps the browser's error to ours.
async fn refusal(error: JsValue) -> Fail {
    let name = name_of(&error);
    let code = match name.as_str() {
        "NotAllowedError" | "PermissionDeniedError" | "SecurityError" => {
            if policy_forbids() || name == "SecurityError" {
                if is_framed() {
                    ErrorCode::CameraFrameBlocked
                } else {
                    ErrorCode::CameraPolicyBlocked
                }
            } else if is_dismissed(&error) || permission().await == "prompt" {
                ErrorCode::CameraDismissed
            } else {
                ErrorCode::CameraDenied
            }
        }
        "NotFoundError" | "DevicesNotFoundError" => ErrorCode::CameraNotFound,
        "OverconstrainedError" => ErrorCode::CameraUnsupported,
        LATE => ErrorCode::CameraTimeout,
        name if is_busy(name) => ErrorCode::CameraInUse,
        _ => ErrorCode::BrowserUnsupported,
    };
    Fail::new(code).caused_by(error)
}

/// True if a policy of the page, or of the frame around it, forbids the camera. Only the page's owner can change that.
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

/// True in a frame of another origin: there the `allow` attribute of the frame decides.
fn is_framed() -> bool {
    let field = |name: &str| Reflect::get(&js_sys::global(), &name.into()).unwrap_or_default();
    // A frame of the page's own origin can see its own element.
    field("parent") != field("self") && field("frameElement").is_null()
}

fn name_of(error: &JsValue) -> String {
    error
        .dyn_ref::<DomException>()
        .map(DomException::name)
        .or_else(|| Reflect::get(error, &"name".into()).ok()?.as_string())
        .unwrap_or_default()
}

/// Whether the person closed the question about the camera: Chrome says it in the message only.
fn is_dismissed(error: &JsValue) -> bool {
    let message = Reflect::get(error, &"message".into()).ok();
    let message = message.and_then(|message| message.dyn_into::<JsString>().ok());
    message.is_some_and(|message| message.to_lower_case().includes("dismissed", 0))
}
