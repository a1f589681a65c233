//! Starts and stops the camera: one start at a time, and an unused camera is turned off.

use std::rc::Rc;

use kaunter_core::error::ErrorCode;
use web_sys::{AbortController, AbortSignal};

use super::Eye;
use crate::page::camera::{self, Camera, device, permission};
use crate::page::reader::ReaderHost;
use crate::page::{clock, signal};
use crate::types::camera::Adjustment;
use crate::types::error::Fail;
use crate::types::event::{CameraChange, CameraDevice, CameraStatus};

impl Eye {
    /// The camera that is on, or a new one.
    pub(super) async fn camera(self: &Rc<Self>) -> Result<Rc<Camera>, Fail> {
        let off = self.off();
        let given_back = async {
            signal::aborted(off.as_ref()).await;
            Err(Fail::new(ErrorCode::CameraInterrupted))
        };
        clock::first_of(self.start(), given_back).await
    }

    async fn start(self: &Rc<Self>) -> Result<Rc<Camera>, Fail> {
        let _one_at_a_time = self.starting.lock().await;
        let warm = self.camera.borrow().clone();
        if let Some(camera) = warm.filter(|camera| camera.is_live()) {
            return Ok(camera);
        }
        self.put_away();
        if self.permission().await == "prompt" {
            let change = CameraChange::new(CameraStatus::Prompt, None);
            self.announcer.camera(&change);
        }
        let camera =
            Camera::start_chosen(&self.options, &self.choice, self.preview.as_ref()).await?;
        let early = EarlyFrames(&self.reader);
        if let Some(track) = camera.track() {
            self.reader.follow(&track);
        }
        camera.first_picture().await?;
        std::mem::forget(early);
        let camera = Rc::new(camera);
        self.camera.replace(Some(Rc::clone(&camera)));
        self.listen(&camera);
        let change = CameraChange::new(CameraStatus::Live, Some(camera.device()));
        self.announcer.camera(&change);
        Ok(camera)
    }

    /// True if this is the till's current camera.
    pub(super) fn is_on(&self, camera: &Rc<Camera>) -> bool {
        let on = self.camera.borrow();
        on.as_ref().is_some_and(|on| Rc::ptr_eq(on, camera))
    }

    /// Fires when the camera is released.
    pub(super) fn off(&self) -> Option<AbortSignal> {
        self.off.borrow().as_ref().map(AbortController::signal)
    }

    /// The till's current camera, if it is another one.
    pub(super) fn other(&self, than: &Rc<Camera>) -> Option<Rc<Camera>> {
        let on = self.camera.borrow();
        on.as_ref().filter(|on| !Rc::ptr_eq(on, than)).cloned()
    }

    /// Turns the camera off. A start or a scan in progress ends with `camera_interrupted`.
    pub fn release(&self) {
        self.idle.replace(None);
        if let Some(off) = self.off.replace(AbortController::new().ok()) {
            off.abort();
        }
        if self.put_away() {
            let change = CameraChange::new(CameraStatus::Released, None);
            self.announcer.camera(&change);
        }
    }

    /// Drops the camera, and stops the reader from using its frames.
    pub(super) fn put_away(&self) -> bool {
        self.life.borrow_mut().clear();
        self.reader.leave();
        self.camera.borrow_mut().take().is_some()
    }

    /// The camera that is on.
    #[must_use]
    pub fn current(&self) -> Option<CameraDevice> {
        let camera = self.camera.borrow();
        Some(camera.as_ref()?.device())
    }

    /// Whether the camera may be used. Never prompts.
    pub async fn permission(&self) -> String {
        match self.options.stream {
            Some(_) => "granted".to_owned(),
            None => permission().await,
        }
    }

    /// The cameras of this device, or the caller's stream. Never prompts.
    ///
    /// # Errors
    /// `insecure_context`, `browser_unsupported`.
    pub async fn cameras(&self) -> Result<Vec<CameraDevice>, Fail> {
        match &self.options.stream {
            Some(stream) => Ok(camera::of_given(stream).into_iter().collect()),
            None => device::all(self.current()).await,
        }
    }

    /// Switches to this camera, and remembers it for this terminal.
    ///
    /// # Errors
    /// `camera_not_found`, or why it does not start. Then the previous camera is used again.
    pub async fn choose(self: &Rc<Self>, device_id: &str) -> Result<(), Fail> {
        let known = self.cameras().await?;
        let wished = known
            .into_iter()
            .find(|camera| camera.device_id == device_id);
        let Some(wished) = wished.filter(|_| !device_id.is_empty()) else {
            return Err(Fail::new(ErrorCode::CameraNotFound));
        };
        if self.options.stream.is_some() {
            return Ok(());
        }
        let before = self.choice.get();
        self.choice.set(Some((&wished.device_id, &wished.label)));
        if self.camera.borrow().is_none() {
            return Ok(());
        }
        // Most phones can open only one of their cameras at a time.
        self.put_away();
        let camera = self.camera().await;
        let other = match &camera {
            Ok(camera) => camera.device().device_id != device_id,
            Err(_) => true,
        };
        if other {
            let before = before.as_ref();
            self.choice
                .set(before.map(|(id, label)| (id.as_str(), label.as_str())));
            camera?;
            return Err(Fail::new(ErrorCode::CameraInUse));
        }
        Ok(())
    }

    /// Sets torch, zoom and focus of the camera that is on.
    ///
    /// # Errors
    /// `camera_unsupported` if the camera can't do it, or if no camera is on.
    pub async fn adjust(&self, options: &Adjustment) -> Result<(), Fail> {
        let camera = self.camera.borrow().clone();
        match camera {
            Some(camera) => camera.adjust(options).await,
            None => Err(Fail::new(ErrorCode::CameraUnsupported)),
        }
    }

    /// Listens to what happens to a camera: muted, unplugged, permission withdrawn.
    fn listen(self: &Rc<Self>, camera: &Rc<Camera>) {
        let (weak_eye, weak_camera) = (Rc::downgrade(self), Rc::downgrade(camera));
        let life = camera.on_change(move |change| {
            let (Some(eye), Some(camera)) = (weak_eye.upgrade(), weak_camera.upgrade()) else {
                return;
            };
            match change {
                camera::Change::Muted => {
                    let muted =
                        CameraChange::because(CameraStatus::Muted, ErrorCode::CameraInterrupted);
                    eye.announcer.camera(&muted);
                }
                camera::Change::Unmuted => {
                    let live = CameraChange::new(CameraStatus::Live, Some(camera.device()));
                    eye.announcer.camera(&live);
                }
                camera::Change::Ended => eye.ended(&camera),
                camera::Change::Devices => crate::page::spawn(async move {
                    // `devicechange` does not say which device went
                    // (https://www.w3.org/TR/mediacapture-streams/#event-mediadevices-devicechange), and a track may
                    // stay "live": a camera that is not in the list any more is gone.
                    if camera.is_unplugged().await {
                        eye.ended(&camera);
                    }
                }),
            }
        });
        self.life.replace(life);
    }

    /// The camera is gone: a scan opens another one. Without a scan, an event reports it.
    fn ended(&self, camera: &Rc<Camera>) {
        if self.is_on(camera) {
            self.put_away();
            let change = CameraChange::because(CameraStatus::Ended, ErrorCode::CameraInterrupted);
            self.announcer.camera(&change);
        }
    }
}

/// The frames of a camera before its first picture. Dropping it stops the reader, because the start was given up.
struct EarlyFrames<'a>(&'a ReaderHost);

impl Drop for EarlyFrames<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
