//! The page's end of the worker: what is asked of it, and what it tells.
//!
//! The worker tells of codes at once, and between these that it lives, how many frames have come, and what would help. Frames that it takes by itself cost the page nothing.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Array, Float64Array, Object, Reflect};
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::{MediaStreamTrack, MessageEvent, Worker};

use super::{News, Trouble};
use crate::page::clock;
use crate::page::frames::Frame;
use crate::page::frames::tap::Tap;
use crate::page::signal::Listener;
use crate::types::code::{DecodedCode, codes_from_js};
use crate::types::event::Hint;
use crate::types::options::CameraWish;

/// Longest wait for news: the page looks after its camera in between.
const HEAR_MS: Ms = 150;
/// So many waits in a row without a sign of life, and it hangs: 600 ms. Waits are counted, not time: a page that was
/// blocked itself finds the timer before the messages.
const SILENT: u32 = 4;
/// On a slow machine: so many times as long as its frames take. Before its first frame is read nobody knows how slow it
/// is, and the first is the slowest: then it has twice as many waits.
const PATIENCE: u32 = 10;
/// So many waits in a row without a frame of the stream that it was given, after another died, and the page hands them
/// over. Chromium gives none while a frame of this camera is open elsewhere: in a worker that hung, until its thread is
/// gone. Of the first one that would be a camera that is frozen.
const BLIND: u32 = 2;

/// A worker; dropped, it is ended.
#[derive(Debug)]
pub(super) struct Hand {
    worker: Worker,
    inbox: Rc<RefCell<Inbox>>,
    asked: Cell<u32>,
    silent: Cell<u32>,
    heard: Cell<u32>,
    blind: Cell<u32>,
    is_first: bool,
    following: RefCell<Option<Tap>>,
    _listeners: [Listener; 2],
}

/// What the worker has told, and nobody has heard yet.
#[derive(Debug, Default)]
struct Inbox {
    codes: Vec<DecodedCode>,
    hint: Option<Hint>,
    frames: u32,
    /// Messages so far: signs of life.
    messages: u32,
    /// Milliseconds that the slowest of the last frames took; 0: none was read.
    took_ms: u32,
    look: u32,
    answered: u32,
    /// No `VideoFrame` can be read there: pixels from then on.
    unfit: bool,
    /// It can't take the frames of this camera by itself.
    astray: bool,
    dead: Option<JsValue>,
    wake: Option<oneshot::Sender<()>>,
}

impl Hand {
    /// `after`: so many died before this one.
    pub(super) fn new(worker: Worker, after: u32) -> Self {
        let inbox = Rc::<RefCell<Inbox>>::default();
        let told = Rc::clone(&inbox);
        let message = Listener::new(&worker, "message", move |event| {
            let data = event.unchecked_into::<MessageEvent>().data();
            told.borrow_mut().take_in(&data);
        });
        let told = Rc::clone(&inbox);
        // A trap, or a script that can't be had.
        let error = Listener::new(&worker, "error", move |event| {
            let mut inbox = told.borrow_mut();
            inbox.dead = Some(event);
            inbox.rouse();
        });
        Self {
            worker,
            inbox,
            asked: Cell::new(0),
            silent: Cell::new(0),
            heard: Cell::new(0),
            blind: Cell::new(0),
            is_first: after == 0,
            following: RefCell::new(None),
            _listeners: [message, error],
        }
    }

    pub(super) fn look(&self, look: u32, wish: &CameraWish) {
        let mut inbox = self.inbox.borrow_mut();
        if inbox.look != look {
            inbox.look = look;
            inbox.codes.clear();
            inbox.hint = None;
        }
        drop(inbox);
        self.silent.set(0);
        self.blind.set(0);
        self.post(&[
            ("type", "look".into()),
            ("look", look.into()),
            ("region", region(wish).into()),
            ("most", wish.scans_per_second.into()),
        ]);
    }

    pub(super) fn rest(&self) {
        self.post(&[("type", "rest".into())]);
    }

    /// Hands over a tap on this track, unless it has it.
    pub(super) fn follow(&self, track: &MediaStreamTrack) -> bool {
        let following = self.following.borrow();
        let known = following.as_ref().is_some_and(|tap| tap.is_on(track));
        drop(following);
        if !known {
            self.take(Tap::new(track));
        }
        !self.inbox.borrow().astray
    }

    pub(super) fn take(&self, tap: Tap) {
        self.leave();
        let (word, gift) = tap.gift();
        let message = message(&[("type", word.into()), ("it", gift.clone())]);
        let moved = Array::of1(gift);
        // Refused where the browser hands over neither streams of frames nor tracks: Firefox, Safari before 18.
        let handed = self.worker.post_message_with_transfer(&message, &moved);
        self.inbox.borrow_mut().astray = handed.is_err();
        self.following.replace(Some(tap));
    }

    /// The camera goes off, and so does the tap.
    pub(super) fn leave(&self) {
        if self.following.borrow_mut().take().is_some() {
            self.post(&[("type", "leave".into())]);
        }
    }

    pub(super) fn takes_frames(&self) -> bool {
        !self.inbox.borrow().unfit
    }

    pub(super) async fn hear(&self) -> Result<News, Trouble> {
        self.wait(&|inbox| !inbox.codes.is_empty() || inbox.astray)
            .await;
        let messages = self.inbox.borrow().messages;
        let silent = if self.heard.replace(messages) == messages {
            self.silent.get() + 1
        } else {
            0
        };
        self.silent.set(silent);
        let mut inbox = self.inbox.borrow_mut();
        if silent >= inbox.patience() {
            return Err(hangs());
        }
        if !self.is_first && inbox.frames == 0 && inbox.dead.is_none() {
            self.blind.set(self.blind.get() + 1);
            if self.blind.get() >= BLIND {
                drop(inbox);
                self.leave();
                return Err(Trouble::Unfit);
            }
        }
        if inbox.astray {
            return Err(Trouble::Unfit);
        }
        inbox.news()
    }

    pub(super) async fn read(&self, frame: Frame) -> Result<News, Trouble> {
        let id = self.asked.get().wrapping_add(1);
        self.asked.set(id);
        self.hand_over(id, &frame).map_err(Trouble::Dead)?;
        let mut waits = 0;
        while !self
            .wait(&|inbox| inbox.answered == id || inbox.unfit)
            .await
        {
            waits += 1;
            if waits >= self.inbox.borrow().patience() {
                return Err(hangs());
            }
        }
        let mut inbox = self.inbox.borrow_mut();
        if inbox.unfit && inbox.answered != id {
            return Err(Trouble::Unfit);
        }
        inbox.news()
    }

    /// Waits until something is so, or the worker is dead; false where neither came in time.
    async fn wait(&self, so: &dyn Fn(&Inbox) -> bool) -> bool {
        let over = || {
            let inbox = self.inbox.borrow();
            inbox.dead.is_some() || so(&inbox)
        };
        let mut late = pin!(clock::sleep(HEAR_MS));
        while !over() {
            let (wake, woken) = oneshot::channel();
            self.inbox.borrow_mut().wake = Some(wake);
            if let Either::Right(((), _)) = select(woken, late.as_mut()).await {
                return over();
            }
        }
        true
    }

    fn hand_over(&self, id: u32, frame: &Frame) -> Result<(), JsValue> {
        let (message, moved) = match frame {
            Frame::Video(frame) => {
                let fields = [("type", "frame".into()), ("frame", JsValue::from(&frame.0))];
                (message(&fields), Array::of1(&frame.0))
            }
            Frame::Pixels {
                buffer,
                width,
                height,
            } => {
                let fields = [
                    ("type", "pixels".into()),
                    ("buffer", JsValue::from(buffer)),
                    ("width", (*width).into()),
                    ("height", (*height).into()),
                ];
                (message(&fields), Array::of1(buffer))
            }
        };
        put(&message, "id", &id.into());
        self.worker.post_message_with_transfer(&message, &moved)
    }

    fn post(&self, fields: &[(&str, JsValue)]) {
        // Plain words and numbers can always be sent.
        let _ = self.worker.post_message(&message(fields));
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Inbox {
    fn take_in(&mut self, message: &JsValue) {
        let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
        let number = |name: &str| field(name).as_f64().map(|number| number as u32);
        self.messages = self.messages.wrapping_add(1);
        self.frames = number("frames").unwrap_or(self.frames);
        self.took_ms = number("took").unwrap_or(self.took_ms);
        let word = |name: &str| field(name).as_string().unwrap_or_default();
        match word("type").as_str() {
            "pulse" => {
                self.hint = Hint::from_word(&word("hint"));
                return;
            }
            "read" => {
                self.answered = number("id").unwrap_or(self.answered);
                if number("look") == Some(self.look) {
                    self.hint = Hint::from_word(&word("hint"));
                    match codes_from_js(field("codes")) {
                        Ok(codes) => self.codes.extend(codes),
                        Err(cause) => self.dead = Some(cause),
                    }
                }
            }
            "unfit" => self.unfit = true,
            "astray" => self.astray = true,
            "failed" => self.dead = Some(field("message")),
            // The facade has heard that it is ready.
            _ => return,
        }
        self.rouse();
    }

    /// So many waits without a word of it are too many.
    fn patience(&self) -> u32 {
        match self.took_ms {
            0 => 2 * SILENT,
            ms => SILENT.max(ms.saturating_mul(PATIENCE) / HEAR_MS as u32),
        }
    }

    fn news(&mut self) -> Result<News, Trouble> {
        if let Some(cause) = self.dead.clone() {
            return Err(Trouble::Dead(cause));
        }
        Ok(News {
            codes: std::mem::take(&mut self.codes),
            hint: self.hint,
            frames: self.frames,
        })
    }

    fn rouse(&mut self) {
        if let Some(wake) = self.wake.take() {
            let _ = wake.send(());
        }
    }
}

fn hangs() -> Trouble {
    Trouble::Dead("the worker hangs".into())
}

/// A region as the reader takes it.
pub(super) fn region(wish: &CameraWish) -> Float64Array {
    let region = wish.region;
    Float64Array::new_from_slice(&[region.x, region.y, region.width, region.height])
}

fn message(fields: &[(&str, JsValue)]) -> Object {
    let message = Object::new();
    for (name, value) in fields {
        put(&message, name, value);
    }
    message
}

fn put(object: &Object, name: &str, value: &JsValue) {
    // A fresh object of our own takes every field.
    let _ = Reflect::set(object, &name.into(), value);
}
