//! Runs the QR reader in a Web Worker, or on the page's thread if no worker can start. Replaces a reader that fails or
//! hangs.
//!
//! Wherever it runs, the reader is an instance of its own Wasm module. A trap (a crash of WebAssembly) makes that
//! instance unusable, and the till, which may have an open payment, is not in it. Each reading comes with its evidence,
//! and the till's gate (`core/gate.rs`, decision 7) decides whether it is accepted.

pub mod protocol;

mod page;
mod worker;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::lock::Mutex;
use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use kaunter_core::error::ErrorCode;
use kaunter_core::gate::{Evidence, Gate};
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::MediaStreamTrack;

use super::clock;
use super::frames::Frame;
use super::frames::tap::Tap;
use crate::types::camera::CameraOptions;
use crate::types::code::Reading;
use crate::types::error::Fail;
use crate::types::event::{Hint, SpawnReader};
use page::PageReader;
use worker::WorkerReader;

/// The longest time for a worker's start.
const MAX_START_MS: Ms = 15_000;
/// After this many failed workers in a row, the page's thread reads. After as many failures there, reading stops.
const MAX_FAILURES: u32 = 3;
/// A reader that ran longer than this before it failed resets the count of failures.
const STABLE_MS: Ms = 5_000;

/// The till's reader: starts it, replaces it, and passes on what its gate accepts.
#[derive(Debug)]
pub struct ReaderHost {
    spawn: SpawnReader,
    options: CameraOptions,
    running: RefCell<Option<Rc<RunningReader>>>,
    starting: Mutex<()>,
    /// The promise of the worker that starts. If a scan is given up meanwhile, the next one waits for the same worker.
    awaited: RefCell<Option<Promise>>,
    failures: Cell<u32>,
    /// The scan in progress.
    scan: Cell<Option<u32>>,
    scans: Cell<u32>,
    gate: RefCell<Gate>,
    /// The messages that a worker gets when it has started.
    tap: RefCell<Option<Tap>>,
}

/// A reader that was started.
#[derive(Debug)]
pub struct RunningReader {
    reader: HostedReader,
    started_ms: Ms,
}

#[derive(Debug)]
enum HostedReader {
    Worker(WorkerReader),
    Page(PageReader),
}

/// A report of the reader.
#[derive(Debug, Default)]
pub struct Report {
    /// The codes that it read, best first. [`ReaderHost::accepted`] says which of them is accepted.
    pub readings: Vec<Reading>,
    /// A hint for the customer.
    pub hint: Option<Hint>,
    /// The number of frames that reached it so far, read or not.
    pub frames: u32,
    /// The pause from one reading to the next, if the page hands over the frames.
    pub pause_ms: f64,
}

/// Why there is no report.
#[derive(Debug)]
pub enum Failure {
    /// The reader trapped, threw or hangs, and must be ended.
    Stopped(JsValue),
    /// It can't take the frames of this camera by itself, or can't read a `VideoFrame`: it needs pixels.
    Unable,
}

impl ReaderHost {
    /// No reader runs, and no module is loaded yet.
    #[must_use]
    pub fn new(spawn: SpawnReader, options: &CameraOptions) -> Self {
        Self {
            spawn,
            options: options.clone(),
            running: RefCell::new(None),
            starting: Mutex::new(()),
            awaited: RefCell::default(),
            failures: Cell::new(0),
            scan: Cell::new(None),
            scans: Cell::new(0),
            gate: RefCell::default(),
            tap: RefCell::default(),
        }
    }

    /// Starts a reader, unless one runs.
    ///
    /// # Errors
    /// `worker_failed` if a start failed. Reading still works if [`Self::running`] gives a reader.
    pub async fn ready(&self) -> Result<(), Fail> {
        let _one_at_a_time = self.starting.lock().await;
        if self.running.borrow().is_some() {
            return Ok(());
        }
        let mut told = Ok(());
        if self.failures.get() < MAX_FAILURES {
            match self.spawn(false).await {
                Ok(worker) => {
                    let hosted = |worker| {
                        HostedReader::Worker(WorkerReader::new(worker, self.failures.get()))
                    };
                    self.run(worker.dyn_into().ok().map(hosted));
                }
                Err(cause) => told = Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause)),
            }
        }
        if self.running.borrow().is_none() && self.failures.get() < 2 * MAX_FAILURES {
            match self.spawn(true).await {
                Ok(reader) => {
                    // Workers are not tried again, except if the module did not load: that is not a fault of workers.
                    self.failures.set(self.failures.get().max(MAX_FAILURES));
                    self.run(Some(HostedReader::Page(PageReader::new(reader))));
                }
                Err(cause) => told = Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause)),
            }
        }
        if self.running.borrow().is_none() && told.is_ok() {
            // All of them failed. When a person tries again, new ones start.
            self.failures.set(0);
            told = Err(Fail::new(ErrorCode::WorkerFailed));
        }
        told
    }

    /// The reader that runs.
    #[must_use]
    pub fn running(&self) -> Option<Rc<RunningReader>> {
        self.running.borrow().clone()
    }

    /// Begins a scan for a sale, or with an empty reference for no sale.
    pub fn scan(&self, sale: &str) {
        let scan = self.scans.get().wrapping_add(1);
        self.scans.set(scan);
        self.scan.set(Some(scan));
        self.gate.borrow_mut().begin(sale);
        self.resume();
    }

    /// Continues the same scan after a pause, or with another reader.
    pub fn resume(&self) {
        if let (Some(scan), Some(running)) = (self.scan.get(), self.running()) {
            running.scan(scan, &self.options);
        }
    }

    /// Makes the reader ignore frames, while no scan runs or the page is hidden.
    pub fn pause(&self) {
        if let Some(running) = self.running() {
            running.pause();
        }
    }

    /// The reading that this scan's gate accepts, if any. Call it for a report without readings too.
    #[must_use]
    pub fn accepted(&self, mut readings: Vec<Reading>) -> Option<Reading> {
        let mut gate = self.gate.borrow_mut();
        let now_ms = clock::now_ms();
        for reading in &readings {
            let evidence = Evidence {
                bytes: &reading.bytes,
                text: &reading.text,
                confirmed: reading.confirmed,
                arrived: reading.arrived,
            };
            gate.see(evidence, now_ms);
        }
        let chosen = gate.choose(now_ms)?;
        let at = readings
            .iter()
            .position(|reading| reading.bytes == chosen)?;
        Some(readings.swap_remove(at))
    }

    /// A code was read for a sale, or typed for it.
    pub fn used(&self, code: &str, sale: &str) {
        self.gate.borrow_mut().used(code, sale);
    }

    /// True if this scan has held back a code of an earlier sale that is still in the picture.
    #[must_use]
    pub fn met_left_over(&self) -> bool {
        self.gate.borrow().met_left_over()
    }

    /// True while several codes are in the picture that may be the customer's.
    #[must_use]
    pub fn sees_several(&self) -> bool {
        self.gate.borrow().sees_several()
    }

    /// A camera has started. A worker gets its first frame, even before the page has shown one. A worker that is still
    /// starting gets the next ones.
    pub fn follow(&self, track: &MediaStreamTrack) {
        self.tap.replace(Some(Tap::new(track)));
        self.hand_over();
    }

    fn hand_over(&self) {
        if let Some(running) = self.running()
            && let HostedReader::Worker(worker) = &running.reader
            && let Some(tap) = self.tap.take()
        {
            worker.take(tap);
        }
    }

    /// Stops following: the camera turns off.
    pub fn leave(&self) {
        self.tap.take();
        if let Some(running) = self.running()
            && let HostedReader::Worker(worker) = &running.reader
        {
            worker.leave();
        }
    }

    /// Ends a reader that has failed, so that another can start.
    pub fn retire(&self, failed: &Rc<RunningReader>, cause: JsValue) -> Fail {
        let mut running = self.running.borrow_mut();
        if running
            .as_ref()
            .is_some_and(|running| Rc::ptr_eq(running, failed))
        {
            *running = None;
            let ran_ms = clock::now_ms().saturating_sub(failed.started_ms);
            let before = match (&failed.reader, ran_ms > STABLE_MS) {
                (_, false) => self.failures.get(),
                (HostedReader::Worker(_), true) => 0,
                (HostedReader::Page(_), true) => MAX_FAILURES,
            };
            self.failures.set(before + 1);
        }
        Fail::new(ErrorCode::WorkerFailed).caused_by(cause)
    }

    /// Ends the reader for good.
    pub fn close(&self) {
        self.running.replace(None);
        if let Some(awaited) = self.awaited.take() {
            crate::page::spawn(async move {
                let worker = JsFuture::from(awaited).await;
                if let Ok(Ok(worker)) = worker.map(JsCast::dyn_into) {
                    drop(WorkerReader::new(worker, 0));
                }
            });
        }
    }

    fn run(&self, reader: Option<HostedReader>) {
        let started_ms = clock::now_ms();
        self.running
            .replace(reader.map(|reader| Rc::new(RunningReader { reader, started_ms })));
        self.resume();
        self.hand_over();
    }

    async fn spawn(&self, on_page: bool) -> Result<JsValue, JsValue> {
        let spawn: &Function = self.spawn.unchecked_ref();
        let awaited = match self.awaited.take() {
            Some(awaited) => awaited,
            None => Promise::resolve(&spawn.call1(&JsValue::UNDEFINED, &on_page.into())?),
        };
        if !on_page {
            self.awaited.replace(Some(awaited.clone()));
        }
        let spawned = clock::within(MAX_START_MS, JsFuture::from(awaited)).await;
        self.awaited.take();
        spawned.unwrap_or_else(|| Err(JsValue::from_str("the reader did not start")))
    }
}

impl RunningReader {
    /// Takes the frames of this track by itself from now on, if it can.
    #[must_use]
    pub fn follows(&self, track: &MediaStreamTrack) -> bool {
        match &self.reader {
            HostedReader::Worker(worker) => worker.follow(track),
            HostedReader::Page(_) => false,
        }
    }

    /// True if it can read a `VideoFrame`.
    #[must_use]
    pub fn takes_frames(&self) -> bool {
        match &self.reader {
            HostedReader::Worker(worker) => worker.takes_frames(),
            HostedReader::Page(_) => false,
        }
    }

    /// What it has read of the frames that it takes by itself. Waits at most for the worker's next pulse (`PULSE_MS`).
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn report(&self) -> Result<Report, Failure> {
        match &self.reader {
            HostedReader::Worker(worker) => worker.report().await,
            HostedReader::Page(_) => Err(Failure::Unable),
        }
    }

    /// What it reads in one frame.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn read(&self, frame: Frame) -> Result<Report, Failure> {
        match &self.reader {
            HostedReader::Worker(worker) => worker.read(frame).await,
            HostedReader::Page(page) => page.read(frame),
        }
    }

    fn scan(&self, scan: u32, options: &CameraOptions) {
        match &self.reader {
            HostedReader::Worker(worker) => worker.scan(scan, options),
            HostedReader::Page(page) => page.scan(scan, options),
        }
    }

    fn pause(&self) {
        match &self.reader {
            HostedReader::Worker(worker) => worker.pause(),
            HostedReader::Page(_) => {}
        }
    }
}
