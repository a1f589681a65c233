//! The till's eye: camera and reader together, scanning for one code at a time.
//!
//! The camera stays on after a scan, for the next customer. There is one scan at a time. Dropping its future ends it,
//! and leaves the camera on for a while.

mod advice;
mod camera_use;
mod health;
mod judge;
mod sight;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::join;
use futures_util::lock::Mutex;
use gloo_timers::callback::Timeout;
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use web_sys::{AbortController, AbortSignal, HtmlVideoElement};

use super::announcer::Announcer;
use super::camera::Camera;
use super::camera::choice::Choice;
use super::reader::ReaderHost;
use super::signal::Listener;
use super::{clock, signal};
use crate::types::camera::CameraOptions;
use crate::types::code::Scan;
use crate::types::error::{Fail, Rejection};
use crate::types::event::{CameraChange, CameraStatus, SpawnReader, TillState};
use crate::types::options::{ScanOptions, TillOptions};
use crate::types::wallet::Wallet;
use advice::Advice;
use health::{Health, HealthSample, RecoveryAction};
use judge::Judge;
pub use judge::of_text;
use sight::Sight;

/// The pause between two checks whether a hidden page is visible again.
const HIDDEN_PAUSE_MS: Ms = 250;

/// The camera and reader of one till.
#[derive(Debug)]
pub struct Eye {
    options: CameraOptions,
    preview: Option<HtmlVideoElement>,
    announcer: Rc<Announcer>,
    reader: ReaderHost,
    camera: RefCell<Option<Rc<Camera>>>,
    /// The camera that the cashier chose at this terminal.
    choice: Choice,
    starting: Mutex<()>,
    /// Fires when the camera is released, and ends a start in progress.
    off: RefCell<Option<AbortController>>,
    /// Listeners for a camera that is muted or unplugged.
    life: RefCell<Vec<Listener>>,
    idle: RefCell<Option<Timeout>>,
    looking: Cell<bool>,
}

impl Eye {
    /// An eye with the camera off and no worker. `scope` names the terminal.
    #[must_use]
    pub fn new(
        options: &TillOptions,
        scope: &str,
        spawn: SpawnReader,
        announcer: Rc<Announcer>,
    ) -> Rc<Self> {
        Rc::new(Self {
            options: options.camera.clone(),
            preview: options.preview.clone(),
            announcer,
            reader: ReaderHost::new(spawn, &options.camera),
            camera: RefCell::new(None),
            choice: Choice::of(scope),
            starting: Mutex::new(()),
            off: RefCell::new(AbortController::new().ok()),
            life: RefCell::default(),
            idle: RefCell::new(None),
            looking: Cell::new(false),
        })
    }

    /// True during a scan.
    #[must_use]
    pub fn is_looking(&self) -> bool {
        self.looking.get()
    }

    /// Starts camera and worker, so that the first scan finds them warm.
    ///
    /// # Errors
    /// What [`Camera::start`] says.
    pub async fn warm_up(self: &Rc<Self>) -> Result<(), Fail> {
        let (camera, _) = join(self.camera(), self.start_reader()).await;
        if !self.looking.get() {
            self.cool_down();
        }
        camera.map(|_| ())
    }

    /// Turns the camera off and ends the reader.
    pub fn close(&self) {
        self.release();
        self.reader.close();
    }

    /// Scans until a code is accepted.
    ///
    /// # Errors
    /// `scan_busy`, `scan_timeout`, `worker_failed`, an error of the camera, or what the caller's `accept` threw.
    pub async fn look(
        self: &Rc<Self>,
        options: &ScanOptions,
        wallets: &[Wallet],
    ) -> Result<Scan, Rejection> {
        if self.looking.replace(true) {
            return Err(Fail::new(ErrorCode::ScanBusy).into());
        }
        let _guard = ScanGuard(self);
        self.idle.replace(None);
        if self.camera.borrow().is_none() {
            self.announcer.set_state(TillState::Starting, None);
        }
        let off = self.off();
        // The reader takes frames from the start, before the page has shown one.
        self.reader.scan();
        if signal::hidden() {
            self.reader.pause();
        }
        let _hides = self.rests_while_hidden();
        let (camera, _) = join(self.camera(), self.start_reader()).await;
        let camera = camera?;
        self.announcer.set_state(TillState::Scanning, None);
        let judge = Judge::new(&self.announcer, options, wallets);
        let looked = self.watch(camera, judge, off.as_ref());
        match options.timeout_ms {
            None => looked.await,
            Some(ms) => {
                let looked = clock::within(ms, looked).await;
                looked.unwrap_or_else(|| Err(Fail::new(ErrorCode::ScanTimeout).into()))
            }
        }
    }

    async fn watch(
        self: &Rc<Self>,
        mut camera: Rc<Camera>,
        mut judge: Judge<'_>,
        off: Option<&AbortSignal>,
    ) -> Result<Scan, Rejection> {
        let mut health = Health::new(clock::now_ms());
        let mut advice = Advice::default();
        let mut sight = None;
        loop {
            if off.is_some_and(AbortSignal::aborted) {
                return Err(Fail::new(ErrorCode::CameraInterrupted).into());
            }
            if signal::hidden() {
                clock::sleep(HIDDEN_PAUSE_MS).await;
                health.rested(clock::now_ms());
                continue;
            }
            let sample = if self.is_on(&camera) {
                let seeing = match &mut sight {
                    Some(seeing) => seeing,
                    None => sight.insert(self.sight(&camera).await?),
                };
                match seeing.next(&camera).await {
                    Ok(seen) => {
                        if let Some(scan) = judge.first_of(seen.readings).await? {
                            return Ok(scan);
                        }
                        let now_ms = clock::now_ms();
                        let hint = advice.of(seen.hint, camera.has_fixed_focus(), now_ms);
                        self.announcer.hint(hint, now_ms);
                        HealthSample::of(&camera, seen.fresh)
                    }
                    Err(fail) => {
                        // The old reader is ended before a new one starts: one that hangs occupies a processor core.
                        drop(sight.take());
                        self.announcer.warning(&fail);
                        sight = Some(self.sight(&camera).await?);
                        // No frames were read in this time, which is not the camera's fault.
                        health.rested(clock::now_ms());
                        continue;
                    }
                }
            } else if let Some(other) = self.other(&camera) {
                // The cashier chose another camera.
                (camera, sight) = (other, None);
                health.rested(clock::now_ms());
                continue;
            } else {
                HealthSample::GONE
            };
            let action = health.see(sample, clock::now_ms());
            if action == RecoveryAction::None {
                continue;
            }
            self.interrupted(sample);
            if action == RecoveryAction::GiveUp {
                return Err(Fail::new(ErrorCode::CameraInterrupted).into());
            }
            (camera, sight) = (self.camera().await?, None);
            health.rested(clock::now_ms());
        }
    }

    /// Connects this camera to the reader.
    async fn sight(&self, camera: &Camera) -> Result<Sight<'_>, Fail> {
        let failed = self.start_reader().await;
        let Some(reader) = self.reader.running() else {
            return Err(failed.unwrap_or(Fail::new(ErrorCode::WorkerFailed)));
        };
        self.reader.resume();
        Ok(Sight::new(&self.reader, reader, camera))
    }

    /// Starts the reader, and warns if it does not start.
    async fn start_reader(&self) -> Option<Fail> {
        let failed = self.reader.ready().await.err();
        if let Some(fail) = &failed {
            self.announcer.warning(fail);
        }
        failed
    }

    /// Pauses the reader while the page is hidden. The camera's track stays open.
    fn rests_while_hidden(self: &Rc<Self>) -> Option<Listener> {
        let document = web_sys::window()?.document()?;
        let eye = Rc::downgrade(self);
        Some(Listener::new(&document, "visibilitychange", move |_| {
            let Some(eye) = eye.upgrade() else { return };
            if signal::hidden() {
                eye.reader.pause();
            } else if eye.looking.get() {
                eye.reader.resume();
            }
        }))
    }

    /// Drops a camera that shows nothing new, and reports it.
    fn interrupted(&self, sample: HealthSample) {
        let status = if sample.live {
            CameraStatus::Muted
        } else {
            CameraStatus::Ended
        };
        if self.put_away() {
            let change = CameraChange::because(status, ErrorCode::CameraInterrupted);
            self.announcer.camera(&change);
        }
    }

    /// Turns the camera off after a time without a scan.
    fn cool_down(self: &Rc<Self>) {
        let eye = Rc::downgrade(self);
        let ms = u32::try_from(self.options.idle_release_ms).unwrap_or(u32::MAX);
        let timeout = Timeout::new(ms.min(i32::MAX as u32), move || {
            if let Some(eye) = eye.upgrade() {
                eye.release();
            }
        });
        self.idle.replace(Some(timeout));
    }
}

/// One scan. When it is dropped, the next one may begin, the reader pauses, and the camera turns off after a while.
struct ScanGuard<'a>(&'a Rc<Eye>);

impl Drop for ScanGuard<'_> {
    fn drop(&mut self) {
        self.0.looking.set(false);
        self.0.reader.pause();
        self.0.announcer.clear_hint();
        self.0.cool_down();
    }
}
