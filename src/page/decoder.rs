//! Who reads: a worker, or where there is none a second instance of the module on this thread. One that fails or hangs is
//! ended, and another started.
//!
//! Neither runs in the till's own instance: a decoder that traps leaves its instance unusable, and an open payment must
//! not be in it.

mod here;
mod worker;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use futures_util::lock::Mutex;
use js_sys::futures::JsFuture;
use js_sys::{Function, Promise};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::MediaStreamTrack;

use super::clock;
use super::frames::Frame;
use super::frames::tap::Tap;
use crate::types::code::DecodedCode;
use crate::types::error::Fail;
use crate::types::event::{Hint, SpawnReader};
use crate::types::options::CameraWish;
use here::Here;
use worker::Hand;

/// A worker that does not start within this never will.
const SPAWN_MS: Ms = 15_000;
/// After so many dead workers in a row this thread reads; after so many more, nobody does.
const DEATHS: u32 = 3;
/// One that lived so long did not die of what the last one died of.
const OLD_MS: Ms = 5_000;

/// Who reads.
#[derive(Debug)]
pub struct Decoder {
    spawn: SpawnReader,
    wish: CameraWish,
    reader: RefCell<Option<Rc<Living>>>,
    spawning: Mutex<()>,
    deaths: Cell<u32>,
    looking: Cell<Option<u32>>,
    looks: Cell<u32>,
    /// What a worker gets as soon as it lives.
    tap: RefCell<Option<Tap>>,
}

/// A reader, and when it began.
#[derive(Debug)]
pub struct Living {
    reader: Reading,
    born_ms: Ms,
}

#[derive(Debug)]
enum Reading {
    Worker(Hand),
    Here(Here),
}

/// What a reader has to say.
#[derive(Debug, Default)]
pub struct News {
    /// Codes that passed the gate, best first.
    pub codes: Vec<DecodedCode>,
    /// What would help.
    pub hint: Option<Hint>,
    /// Frames that came to it so far, read or not.
    pub frames: u32,
}

/// Why there is no news.
#[derive(Debug)]
pub enum Trouble {
    /// It trapped, threw or hangs: to be ended.
    Dead(JsValue),
    /// It can't follow this camera by itself, or can't read what it was given: give it pixels.
    Unfit,
}

impl Decoder {
    /// Nobody reads yet.
    #[must_use]
    pub fn new(spawn: SpawnReader, wish: &CameraWish) -> Self {
        Self {
            spawn,
            wish: wish.clone(),
            reader: RefCell::new(None),
            spawning: Mutex::new(()),
            deaths: Cell::new(0),
            looking: Cell::new(None),
            looks: Cell::new(0),
            tap: RefCell::default(),
        }
    }

    /// Starts a reader, unless one is there.
    ///
    /// # Errors
    /// `worker_failed`: worth telling, once. Reading goes on wherever [`Self::reader`] gives one.
    pub async fn ready(&self) -> Result<(), Fail> {
        let _one_at_a_time = self.spawning.lock().await;
        if self.reader.borrow().is_some() {
            return Ok(());
        }
        let mut told = Ok(());
        if self.deaths.get() < DEATHS {
            match self.spawn(false).await {
                Ok(worker) => {
                    let hand = |worker| Reading::Worker(Hand::new(worker, self.deaths.get()));
                    self.live(worker.dyn_into().ok().map(hand));
                }
                Err(cause) => told = Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause)),
            }
        }
        if self.reader.borrow().is_none() && self.deaths.get() < 2 * DEATHS {
            self.deaths.set(self.deaths.get().max(DEATHS));
            match self.spawn(true).await {
                Ok(reader) => self.live(Some(Reading::Here(Here::new(reader)))),
                Err(cause) => told = Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause)),
            }
        }
        if self.reader.borrow().is_none() && told.is_ok() {
            // All of them died. A person who tries again gets new ones.
            self.deaths.set(0);
            told = Err(Fail::new(ErrorCode::WorkerFailed));
        }
        told
    }

    /// The reader that is there.
    #[must_use]
    pub fn reader(&self) -> Option<Rc<Living>> {
        self.reader.borrow().clone()
    }

    /// A new look: what earlier ones saw is forgotten.
    pub fn look(&self) {
        let look = self.looks.get().wrapping_add(1);
        self.looks.set(look);
        self.looking.set(Some(look));
        if let Some(living) = self.reader() {
            living.look(look, &self.wish);
        }
    }

    /// The same look goes on: after a rest, or with another reader.
    pub fn resume(&self) {
        if let (Some(look), Some(living)) = (self.looking.get(), self.reader()) {
            living.look(look, &self.wish);
        }
    }

    /// Nobody looks, or nobody sees the page: frames are left where they are.
    pub fn rest(&self) {
        if let Some(living) = self.reader() {
            living.rest();
        }
    }

    /// A camera goes on: a worker gets its very first frame, and does not wait for the page to show one. The browser
    /// keeps it for one that still starts.
    pub fn follow(&self, track: &MediaStreamTrack) {
        self.tap.replace(Some(Tap::new(track)));
        self.hand_over();
    }

    fn hand_over(&self) {
        if let Some(living) = self.reader()
            && let Reading::Worker(hand) = &living.reader
            && let Some(tap) = self.tap.take()
        {
            hand.take(tap);
        }
    }

    /// The camera goes off.
    pub fn leave(&self) {
        self.tap.take();
        if let Some(living) = self.reader()
            && let Reading::Worker(hand) = &living.reader
        {
            hand.leave();
        }
    }

    /// Ends a reader that is dead.
    pub fn bury(&self, dead: &Rc<Living>, cause: JsValue) -> Fail {
        let mut reader = self.reader.borrow_mut();
        if reader
            .as_ref()
            .is_some_and(|living| Rc::ptr_eq(living, dead))
        {
            *reader = None;
            let old = clock::now_ms().saturating_sub(dead.born_ms) > OLD_MS;
            let before = match (&dead.reader, old) {
                (_, false) => self.deaths.get(),
                (Reading::Worker(_), true) => 0,
                (Reading::Here(_), true) => DEATHS,
            };
            self.deaths.set(before + 1);
        }
        Fail::new(ErrorCode::WorkerFailed).caused_by(cause)
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.reader.replace(None);
    }

    fn live(&self, reader: Option<Reading>) {
        let born_ms = clock::now_ms();
        self.reader
            .replace(reader.map(|reader| Rc::new(Living { reader, born_ms })));
        self.resume();
        self.hand_over();
    }

    async fn spawn(&self, here: bool) -> Result<JsValue, JsValue> {
        let spawn: &Function = self.spawn.unchecked_ref();
        let promise = Promise::resolve(&spawn.call1(&JsValue::UNDEFINED, &here.into())?);
        let late = pin!(clock::sleep(SPAWN_MS));
        match select(JsFuture::from(promise), late).await {
            Either::Left((reader, _)) => reader,
            Either::Right(((), _)) => Err(JsValue::from_str("the worker did not start")),
        }
    }
}

impl Living {
    /// Takes the frames of this track by itself from now on, where it can.
    #[must_use]
    pub fn follows(&self, track: &MediaStreamTrack) -> bool {
        match &self.reader {
            Reading::Worker(hand) => hand.follow(track),
            Reading::Here(_) => false,
        }
    }

    /// True where frames may come as `VideoFrame`.
    #[must_use]
    pub fn takes_frames(&self) -> bool {
        match &self.reader {
            Reading::Worker(hand) => hand.takes_frames(),
            Reading::Here(_) => false,
        }
    }

    /// What it has read of the frames that it takes by itself; waits a while for something to be told.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn hear(&self) -> Result<News, Trouble> {
        match &self.reader {
            Reading::Worker(hand) => hand.hear().await,
            Reading::Here(_) => Err(Trouble::Unfit),
        }
    }

    /// What it reads of one frame.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read(&self, frame: Frame) -> Result<News, Trouble> {
        match &self.reader {
            Reading::Worker(hand) => hand.read(frame).await,
            Reading::Here(here) => here.read(frame),
        }
    }

    fn look(&self, look: u32, wish: &CameraWish) {
        match &self.reader {
            Reading::Worker(hand) => hand.look(look, wish),
            Reading::Here(here) => here.look(look, wish),
        }
    }

    fn rest(&self) {
        match &self.reader {
            Reading::Worker(hand) => hand.rest(),
            Reading::Here(_) => {}
        }
    }
}
