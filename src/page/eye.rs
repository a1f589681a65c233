//! The till's eye: camera, frames and decoder together, looking for one code at a time.
//!
//! The camera stays warm after a scan, for the next customer; one look at a time. A look whose future is dropped is
//! over: nothing of it is left but the warm camera.

mod judge;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::join;
use futures_util::lock::Mutex;
use gloo_timers::callback::Timeout;
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use web_sys::HtmlVideoElement;

use super::camera::{self, Camera};
use super::decoder::Decoder;
use super::frames::Frames;
use super::voice::Voice;
use super::{clock, signal};
use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::event::{CameraChange, CameraStatus, SpawnWorker, TillState};
use crate::types::options::{CameraWish, OpenWish, ScanWish};
use crate::types::sale::Wallet;
use judge::Judge;
pub use judge::of_text;

/// A camera that shows nothing new for so long is started afresh: after a call or a lock its flags lie.
const FROZEN_MS: Ms = 3_000;
/// After a minute of looking a counter is waiting, and a tablet's battery counts.
const TIRED_MS: Ms = 60_000;
/// The pause between two frames then.
const TIRED_PAUSE_MS: Ms = 150;
/// How often a hidden page looks whether it is seen again.
const HIDDEN_PAUSE_MS: Ms = 250;

/// Camera, frames and decoder of one till.
#[derive(Debug)]
pub struct Eye {
    wish: CameraWish,
    preview: Option<HtmlVideoElement>,
    voice: Rc<Voice>,
    decoder: Decoder,
    camera: RefCell<Option<Rc<Camera>>>,
    starting: Mutex<()>,
    idle: RefCell<Option<Timeout>>,
    looking: Cell<bool>,
}

impl Eye {
    /// Shut: no camera, no worker.
    #[must_use]
    pub fn new(wish: &OpenWish, spawn: SpawnWorker, voice: Rc<Voice>) -> Rc<Self> {
        Rc::new(Self {
            wish: wish.camera.clone(),
            preview: wish.preview.clone(),
            voice,
            decoder: Decoder::new(spawn),
            camera: RefCell::new(None),
            starting: Mutex::new(()),
            idle: RefCell::new(None),
            looking: Cell::new(false),
        })
    }

    /// True while a code is looked for.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        self.looking.get()
    }

    /// Starts camera and worker, so that the first scan finds them warm.
    ///
    /// # Errors
    /// What [`Camera::start`] says.
    pub async fn warm_up(self: &Rc<Self>) -> Result<(), Fail> {
        let (camera, ()) = join(self.camera(), self.worker()).await;
        if !self.looking.get() {
            self.cool_down();
        }
        camera.map(|_| ())
    }

    /// Camera off; a look that is under way ends with `camera/interrupted`.
    pub async fn release(&self) {
        let _one_at_a_time = self.starting.lock().await;
        self.idle.replace(None);
        if self.camera.borrow_mut().take().is_some() {
            let change = CameraChange::new(CameraStatus::Released, None);
            self.voice.camera(&change);
        }
    }

    /// Everything off.
    pub async fn close(&self) {
        self.release().await;
        self.decoder.close();
    }

    /// Looks until a code is taken.
    ///
    /// # Errors
    /// `scan/busy`, `scan/timeout`, a camera's trouble, or what the caller's `accept` threw.
    pub async fn look(
        self: &Rc<Self>,
        wish: &ScanWish,
        wallets: &[Wallet],
    ) -> Result<Scan, Rejection> {
        if self.looking.replace(true) {
            return Err(Fail::new(ErrorCode::ScanBusy).into());
        }
        let _look = Look(self);
        self.idle.replace(None);
        if self.camera.borrow().is_none() {
            self.voice.now(TillState::Starting, None);
        }
        let (camera, ()) = join(self.camera(), self.worker()).await;
        let camera = camera?;
        self.voice.now(TillState::Scanning, None);
        self.decoder.reset();
        let judge = Judge::new(&self.voice, wish, wallets);
        let looked = self.watch(camera, judge);
        match wish.timeout_ms {
            None => looked.await,
            Some(ms) => {
                let looked = std::pin::pin!(looked);
                let late = std::pin::pin!(clock::sleep(ms));
                match futures_util::future::select(looked, late).await {
                    futures_util::future::Either::Left((scan, _)) => scan,
                    futures_util::future::Either::Right(((), _)) => {
                        Err(Fail::new(ErrorCode::ScanTimeout).into())
                    }
                }
            }
        }
    }

    async fn watch(
        self: &Rc<Self>,
        mut camera: Rc<Camera>,
        mut judge: Judge<'_>,
    ) -> Result<Scan, Rejection> {
        let began = clock::now_ms();
        let mut frames = Frames::new(camera.video());
        let mut fresh_ms = began;
        let mut restarted = false;
        loop {
            if signal::hidden() {
                clock::sleep(HIDDEN_PAUSE_MS).await;
                fresh_ms = clock::now_ms();
                continue;
            }
            if self.camera.borrow().is_none() {
                return Err(Fail::new(ErrorCode::CameraInterrupted).into());
            }
            let fresh = frames.next().await;
            let now = clock::now_ms();
            if fresh {
                fresh_ms = now;
            } else if !camera.is_live() || now - fresh_ms > FROZEN_MS {
                self.interrupted(&camera, restarted).await?;
                restarted = true;
                camera = self.camera().await?;
                frames = Frames::new(camera.video());
                fresh_ms = clock::now_ms();
                continue;
            }
            if let Some(scan) = self.read(&frames, &mut judge).await? {
                return Ok(scan);
            }
            if now - began > TIRED_MS {
                clock::sleep(TIRED_PAUSE_MS).await;
            }
        }
    }

    async fn read(
        &self,
        frames: &Frames,
        judge: &mut Judge<'_>,
    ) -> Result<Option<Scan>, Rejection> {
        // A picture that can't be had now is followed by one that can.
        let Ok(frame) = frames.grab(self.decoder.takes_frames()) else {
            clock::sleep(HIDDEN_PAUSE_MS).await;
            return Ok(None);
        };
        match self.decoder.decode(frame).await {
            Ok(codes) => judge.first_of(codes).await,
            Err(fail) => {
                self.voice.problem(&fail);
                self.worker().await;
                Ok(None)
            }
        }
    }

    /// The camera shows nothing any more: thrown away, once to be started afresh.
    async fn interrupted(&self, camera: &Camera, again: bool) -> Result<(), Fail> {
        let status = if camera.is_live() {
            CameraStatus::Muted
        } else {
            CameraStatus::Ended
        };
        let change = CameraChange::because(status, ErrorCode::CameraInterrupted);
        self.voice.camera(&change);
        let _one_at_a_time = self.starting.lock().await;
        self.camera.replace(None);
        if again {
            return Err(Fail::new(ErrorCode::CameraInterrupted));
        }
        Ok(())
    }

    /// The warm camera, or a fresh one.
    async fn camera(&self) -> Result<Rc<Camera>, Fail> {
        let _one_at_a_time = self.starting.lock().await;
        let warm = self.camera.borrow().clone();
        if let Some(camera) = warm.filter(|camera| camera.is_live()) {
            return Ok(camera);
        }
        self.camera.replace(None);
        if camera::permission().await == "prompt" {
            let change = CameraChange::new(CameraStatus::Prompt, None);
            self.voice.camera(&change);
        }
        let camera = Rc::new(Camera::start(&self.wish, self.preview.as_ref()).await?);
        let device = Some(camera.device().clone());
        let change = CameraChange::new(CameraStatus::Live, device);
        self.voice.camera(&change);
        self.camera.replace(Some(Rc::clone(&camera)));
        Ok(camera)
    }

    async fn worker(&self) {
        if let Err(fail) = self.decoder.ready().await {
            self.voice.problem(&fail);
        }
    }

    /// The camera goes off when nobody scans for a while.
    fn cool_down(self: &Rc<Self>) {
        let eye = Rc::downgrade(self);
        let ms = u32::try_from(self.wish.idle_release_ms).unwrap_or(u32::MAX);
        let timeout = Timeout::new(ms.min(i32::MAX as u32), move || {
            if let Some(eye) = eye.upgrade() {
                js_sys::futures::spawn_local(async move { eye.release().await });
            }
        });
        self.idle.replace(Some(timeout));
    }
}

/// One look; dropped, the next may begin, and the camera cools down.
struct Look<'a>(&'a Rc<Eye>);

impl Drop for Look<'_> {
    fn drop(&mut self) {
        self.0.looking.set(false);
        self.0.cool_down();
    }
}
