//! The page's side of the worker: sends messages to it, and keeps what it reported.
//!
//! The worker sends codes at once. Between codes it sends a pulse with the number of frames and a hint. Frames of a
//! stream or a track go to the worker without the page.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{MediaStreamTrack, MessageEvent, Worker};

use super::protocol::{FromWorker, Moved, PULSE_MS, ToWorker};
use super::{Failure, Report};
use crate::page::clock;
use crate::page::frames::Frame;
use crate::page::frames::tap::{Source, Tap};
use crate::page::signal::Listener;
use crate::types::camera::CameraOptions;
use crate::types::code::Reading;
use crate::types::event::Hint;
use crate::types::to_js;

/// After this many waits in a row without a message, the worker counts as hung: 600 ms. It counts waits and not time,
/// because after the page itself was blocked, its timer fires before the messages arrive.
const MAX_SILENT_WAITS: u32 = 4;
/// On a slow machine, the limit is this many times the duration of the worker's frames. Before its first frame, which is
/// the slowest, that duration is not known: then the limit is twice as many waits.
const FRAME_TIMES: u32 = 10;
/// After this many waits in a row without a frame, the page sends frames to a worker that replaced a failed one.
/// Chromium gives it no frames while a hung worker has a frame of this camera open, until that thread has ended: a
/// browser has [few frames](https://www.w3.org/TR/webcodecs/#dom-videoframe-close). For the first worker, no frames mean
/// that the camera is frozen.
const MAX_BLIND_WAITS: u32 = 2;

/// A worker. Dropping it ends it.
#[derive(Debug)]
pub(super) struct WorkerReader {
    worker: Worker,
    inbox: Rc<RefCell<Inbox>>,
    asked: Cell<u32>,
    silent_waits: Cell<u32>,
    heard: Cell<u32>,
    blind_waits: Cell<u32>,
    is_first: bool,
    tap: RefCell<Option<Tap>>,
    _listeners: [Listener; 2],
}

/// The worker's reports that the page has not taken yet.
#[derive(Debug, Default)]
struct Inbox {
    readings: Vec<Reading>,
    hint: Option<Hint>,
    frames: u32,
    /// The number of messages so far.
    messages: u32,
    /// The time of the slowest recent frame, in ms; 0 before the first was read.
    took_ms: u32,
    pause_ms: f64,
    scan: u32,
    answered: u32,
    /// It can't read a `VideoFrame`.
    needs_pixels: bool,
    /// It gets no frames of this camera without the page.
    needs_frames: bool,
    failed: Option<JsValue>,
    wake: Option<oneshot::Sender<()>>,
}

impl WorkerReader {
    /// `failures`: the number of readers that failed before this one.
    pub(super) fn new(worker: Worker, failures: u32) -> Self {
        let inbox = Rc::<RefCell<Inbox>>::default();
        let told = Rc::clone(&inbox);
        let message = Listener::new(&worker, "message", move |event| {
            let data = event.unchecked_into::<MessageEvent>().data();
            told.borrow_mut().take_in(data);
        });
        let told = Rc::clone(&inbox);
        // A trap, or a script that can't be loaded.
        let error = Listener::new(&worker, "error", move |event| {
            let mut inbox = told.borrow_mut();
            inbox.failed = Some(event);
            inbox.rouse();
        });
        Self {
            worker,
            inbox,
            asked: Cell::new(0),
            silent_waits: Cell::new(0),
            heard: Cell::new(0),
            blind_waits: Cell::new(0),
            is_first: failures == 0,
            tap: RefCell::new(None),
            _listeners: [message, error],
        }
    }

    pub(super) fn scan(&self, scan: u32, options: &CameraOptions) {
        let mut inbox = self.inbox.borrow_mut();
        if inbox.scan != scan {
            inbox.scan = scan;
            inbox.readings.clear();
            inbox.hint = None;
        }
        drop(inbox);
        self.silent_waits.set(0);
        self.blind_waits.set(0);
        self.post(&ToWorker::Scan {
            scan,
            region: options.region.sides(),
            most: options.scans_per_second,
            pulse_ms: PULSE_MS,
        });
    }

    pub(super) fn pause(&self) {
        self.post(&ToWorker::Pause);
    }

    /// Sends a copy of this track to the worker, unless it has one. False if the worker can't read a track's frames.
    pub(super) fn follow(&self, track: &MediaStreamTrack) -> bool {
        let tap = self.tap.borrow();
        let known = tap.as_ref().is_some_and(|tap| tap.is_on(track));
        drop(tap);
        if !known {
            self.take(Tap::new(track));
        }
        !self.inbox.borrow().needs_frames
    }

    pub(super) fn take(&self, tap: Tap) {
        self.leave();
        let source = tap.source();
        let (message, moved): (_, &JsValue) = match &source {
            Source::Stream(stream) => (
                ToWorker::Stream {
                    stream: Moved(stream),
                },
                stream,
            ),
            Source::Track(track) => (
                ToWorker::Track {
                    track: Moved(track),
                },
                track,
            ),
        };
        // Browsers that can transfer neither streams of frames nor tracks refuse: Firefox, Safari before 18.
        let handed = self.transfer(&message, moved);
        self.inbox.borrow_mut().needs_frames = handed.is_err();
        self.tap.replace(Some(tap));
    }

    /// The camera is turned off: stops the copy of its track.
    pub(super) fn leave(&self) {
        if self.tap.borrow_mut().take().is_some() {
            self.post(&ToWorker::Leave);
        }
    }

    pub(super) fn takes_frames(&self) -> bool {
        !self.inbox.borrow().needs_pixels
    }

    pub(super) async fn report(&self) -> Result<Report, Failure> {
        self.wait(&|inbox| !inbox.readings.is_empty() || inbox.needs_frames)
            .await;
        let messages = self.inbox.borrow().messages;
        let silent_waits = if self.heard.replace(messages) == messages {
            self.silent_waits.get() + 1
        } else {
            0
        };
        self.silent_waits.set(silent_waits);
        let mut inbox = self.inbox.borrow_mut();
        if silent_waits >= inbox.max_silent_waits() {
            return Err(hung());
        }
        if !self.is_first && inbox.frames == 0 && inbox.failed.is_none() {
            self.blind_waits.set(self.blind_waits.get() + 1);
            if self.blind_waits.get() >= MAX_BLIND_WAITS {
                drop(inbox);
                self.leave();
                return Err(Failure::Unable);
            }
        }
        if inbox.needs_frames {
            return Err(Failure::Unable);
        }
        inbox.report()
    }

    pub(super) async fn read(&self, frame: Frame) -> Result<Report, Failure> {
        let id = self.asked.get().wrapping_add(1);
        self.asked.set(id);
        self.hand_over(id, &frame).map_err(Failure::Stopped)?;
        let mut waits = 0;
        while !self
            .wait(&|inbox| inbox.answered == id || inbox.needs_pixels)
            .await
        {
            waits += 1;
            if waits >= self.inbox.borrow().max_silent_waits() {
                return Err(hung());
            }
        }
        let mut inbox = self.inbox.borrow_mut();
        if inbox.needs_pixels && inbox.answered != id {
            return Err(Failure::Unable);
        }
        inbox.report()
    }

    /// Waits until the condition holds or the worker has failed. False if neither happens within a pulse.
    async fn wait(&self, holds: &dyn Fn(&Inbox) -> bool) -> bool {
        let is_over = || {
            let inbox = self.inbox.borrow();
            inbox.failed.is_some() || holds(&inbox)
        };
        let over = async {
            while !is_over() {
                let (wake, woken) = oneshot::channel();
                self.inbox.borrow_mut().wake = Some(wake);
                let _ = woken.await;
            }
        };
        clock::within(PULSE_MS, over).await.is_some() || is_over()
    }

    fn hand_over(&self, id: u32, frame: &Frame) -> Result<(), JsValue> {
        let (message, moved): (_, &JsValue) = match frame {
            Frame::Video(frame) => {
                let frame = frame.0.as_ref();
                let moved = Moved(frame);
                (ToWorker::Frame { id, frame: moved }, frame)
            }
            Frame::Pixels {
                buffer,
                width,
                height,
            } => (
                ToWorker::Pixels {
                    id,
                    buffer: Moved(buffer),
                    width: *width,
                    height: *height,
                },
                buffer,
            ),
        };
        self.transfer(&message, moved)
    }

    fn transfer(&self, message: &ToWorker<'_>, moved: &JsValue) -> Result<(), JsValue> {
        self.worker
            .post_message_with_transfer(&to_js(message), &Array::of1(moved))
    }

    fn post(&self, message: &ToWorker<'_>) {
        // Texts and numbers can always be sent.
        let _ = self.worker.post_message(&to_js(message));
    }
}

impl Drop for WorkerReader {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Inbox {
    /// Ignores messages that are not of this protocol.
    fn take_in(&mut self, message: JsValue) {
        let Ok((message, pulse)) = FromWorker::read(message) else {
            return;
        };
        self.messages = self.messages.wrapping_add(1);
        (self.frames, self.took_ms) = (pulse.frames, pulse.took_ms);
        match message {
            FromWorker::Pulse { hint } => {
                self.hint = hint;
                return;
            }
            FromWorker::Read {
                id,
                scan,
                readings,
                hint,
                pause_ms,
            } => {
                self.answered = id.unwrap_or(self.answered);
                self.pause_ms = pause_ms;
                if scan == Some(self.scan) {
                    self.hint = hint;
                    self.readings.extend(readings);
                }
            }
            FromWorker::NeedsPixels => self.needs_pixels = true,
            FromWorker::NeedsFrames => self.needs_frames = true,
            FromWorker::Failed { message } => self.failed = Some(message.into()),
        }
        self.rouse();
    }

    /// True if this many waits without a message are too many.
    fn max_silent_waits(&self) -> u32 {
        match self.took_ms {
            0 => 2 * MAX_SILENT_WAITS,
            ms => MAX_SILENT_WAITS.max(ms.saturating_mul(FRAME_TIMES) / PULSE_MS as u32),
        }
    }

    fn report(&mut self) -> Result<Report, Failure> {
        if let Some(cause) = self.failed.clone() {
            return Err(Failure::Stopped(cause));
        }
        Ok(Report {
            readings: std::mem::take(&mut self.readings),
            hint: self.hint,
            frames: self.frames,
            pause_ms: self.pause_ms,
        })
    }

    fn rouse(&mut self) {
        if let Some(wake) = self.wake.take() {
            let _ = wake.send(());
        }
    }
}

fn hung() -> Failure {
    Failure::Stopped("the worker does not answer".into())
}
