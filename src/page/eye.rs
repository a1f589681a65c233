//! The till's eye: camera and reader together, scanning for one code at a time.
//!
//! The camera stays on after a scan, for the next customer. There is one scan at a time. Dropping its future ends it,
//! and leaves the camera on for a while. During a scan, a hand scanner may offer codes too.

mod advice;
mod camera_use;
mod health;
mod judge;
mod sight;

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::Pin;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
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
/// Why a code that is in the picture is not taken.
const LEFT_OVER: &str = "The code of an earlier sale is still in the picture.";

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
    has_hand_scanner: bool,
    /// Tells a scan that the hand scanner has read a code; `None` if no scan wants it.
    offers: RefCell<Option<UnboundedSender<()>>>,
    /// The codes of the hand scanner that the scan has not taken yet.
    offered: RefCell<Vec<String>>,
}

impl Eye {
    /// An eye with the camera off and no worker. `scope` names the terminal.
    #[must_use]
    pub fn new(
        options: &TillOptions,
        scope: &str,
        spawn: SpawnReader,
        announcer: Rc<Announcer>,
        has_hand_scanner: bool,
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
            has_hand_scanner,
            offers: RefCell::default(),
            offered: RefCell::default(),
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

    /// A code of the hand scanner. False if no scan wants it; an empty text only asks that.
    pub fn offer(&self, code: String) -> bool {
        let offers = self.offers.borrow();
        let Some(offers) = offers.as_ref() else {
            return false;
        };
        if !code.is_empty() {
            self.offered.borrow_mut().push(code);
            // The scan that takes it has not ended.
            let _ = offers.unbounded_send(());
        }
        true
    }

    /// A code was read for a sale, or typed for it: while it stays in the picture, no other sale gets it.
    pub fn used(&self, scan: &Scan, sale: &str) {
        self.reader.used(&scan.text, sale);
    }

    /// Scans until a code is accepted.
    ///
    /// # Errors
    /// `scan_busy`, `scan_timeout`, `worker_failed`, an error of the camera, or what the caller's `accept` threw.
    /// `argument_invalid` for a hand scanner that the till does not have.
    pub fn look<'a>(
        self: &'a Rc<Self>,
        options: &'a ScanOptions,
        wallets: &'a [Wallet],
    ) -> Look<'a> {
        // Boxed, so that it is in the module once.
        Box::pin(async {
            let sources = options.sources.of(self.has_hand_scanner)?;
            if self.looking.replace(true) {
                return Err(Fail::new(ErrorCode::ScanBusy).into());
            }
            let _guard = ScanGuard(self);
            self.idle.replace(None);
            let (offers, offered) = unbounded();
            if sources.hand_scanner {
                self.offers.replace(Some(offers));
            }
            let judge = Judge::new(&self.announcer, options, wallets);
            let seen = async {
                if sources.camera {
                    match self.see(options, &judge).await {
                        // The hand scanner still works.
                        Err(Rejection::Fail(fail))
                            if sources.hand_scanner && fail.code != ErrorCode::ScanTimeout =>
                        {
                            self.announcer.warning(&fail);
                        }
                        end => return end,
                    }
                }
                self.announcer.set_state(TillState::Scanning, None);
                late(options).await
            };
            clock::first_of(seen, self.hear(&judge, offered)).await
        })
    }

    /// The first code of the hand scanner that is accepted.
    async fn hear(
        &self,
        judge: &Judge<'_>,
        mut offered: UnboundedReceiver<()>,
    ) -> Result<Scan, Rejection> {
        while offered.next().await.is_some() {
            for code in self.offered.take() {
                if let Some(scan) = judge.heard(&code).await? {
                    return Ok(scan);
                }
            }
        }
        // This scan wants no codes of a hand scanner.
        pending().await
    }

    /// Scans with the camera.
    async fn see(
        self: &Rc<Self>,
        options: &ScanOptions,
        judge: &Judge<'_>,
    ) -> Result<Scan, Rejection> {
        if self.camera.borrow().is_none() {
            self.announcer.set_state(TillState::Starting, None);
        }
        let off = self.off();
        // The reader takes frames from the start, before the page has shown one.
        self.reader.scan(&options.sale);
        if signal::hidden() {
            self.reader.pause();
        }
        let _hides = self.rests_while_hidden();
        let (camera, _) = join(self.camera(), self.start_reader()).await;
        let camera = camera?;
        self.announcer.set_state(TillState::Scanning, None);
        clock::first_of(self.watch(camera, judge, off.as_ref()), late(options)).await
    }

    async fn watch(
        self: &Rc<Self>,
        mut camera: Rc<Camera>,
        judge: &Judge<'_>,
        off: Option<&AbortSignal>,
    ) -> Result<Scan, Rejection> {
        let mut health = Health::new(clock::now_ms());
        let mut advice = Advice::default();
        let mut sight = None;
        let mut has_warned = false;
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
                        if let Some(reading) = seen.reading
                            && let Some(scan) = judge.read(reading).await?
                        {
                            return Ok(scan);
                        }
                        self.warn_of_left_over(&mut has_warned);
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
    async fn sight<'a>(self: &'a Rc<Self>, camera: &Camera) -> Result<Sight<'a>, Fail> {
        let failed = self.start_reader().await;
        let Some(reader) = self.reader.running() else {
            return Err(failed.unwrap_or(Fail::new(ErrorCode::WorkerFailed)));
        };
        self.reader.resume();
        Ok(Sight::new(&self.reader, reader, camera))
    }

    /// Starts the reader, and warns if it does not start. In a task of its own: if a scan is given up meanwhile, nobody
    /// would end the worker that starts.
    async fn start_reader(self: &Rc<Self>) -> Option<Fail> {
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

    /// Says once in a scan why a code that the customer shows is not taken.
    fn warn_of_left_over(&self, has_warned: &mut bool) {
        if self.reader.met_left_over() && !std::mem::replace(has_warned, true) {
            let fail = Fail::new(ErrorCode::CodeReused);
            self.announcer.warning(&fail.with_detail(LEFT_OVER));
        }
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

/// A scan.
type Look<'a> = Pin<Box<dyn Future<Output = Result<Scan, Rejection>> + 'a>>;

/// The time of a scan is over.
async fn late(options: &ScanOptions) -> Result<Scan, Rejection> {
    clock::sleep(options.timeout_ms.unwrap_or(Ms::MAX)).await;
    Err(Fail::new(ErrorCode::ScanTimeout).into())
}

/// One scan. When it is dropped, the next one may begin, the reader pauses, and the camera turns off after a while.
struct ScanGuard<'a>(&'a Rc<Eye>);

impl Drop for ScanGuard<'_> {
    fn drop(&mut self) {
        self.0.looking.set(false);
        self.0.offers.replace(None);
        self.0.offered.take();
        self.0.reader.pause();
        self.0.announcer.clear_hint();
        self.0.cool_down();
    }
}
