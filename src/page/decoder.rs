//! The page's end of the worker that reads codes: post a frame, take the answer, end a worker that fails or hangs and
//! start another. Where there is no worker, this thread reads.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::lock::Mutex;
use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use kaunter_core::error::ErrorCode;
use kaunter_core::policy::Ms;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

use super::clock;
use super::frames::Frame;
use super::reader::LiveReader;
use super::signal::Listener;
use crate::types::code::DecodedCode;
use crate::types::error::Fail;
use crate::types::event::SpawnWorker;
use crate::types::read::from_js;

/// A frame is read in milliseconds; a worker that takes so long hangs.
const READ_MS: Ms = 4_000;
/// A worker that does not start within this never will.
const SPAWN_MS: Ms = 15_000;
/// After so many dead workers in a row this thread reads.
const DEATHS: u32 = 3;

/// Who reads.
#[derive(Debug)]
pub struct Decoder {
    spawn: SpawnWorker,
    hand: RefCell<Option<Rc<Hand>>>,
    spawning: Mutex<()>,
    deaths: Cell<u32>,
    /// False once a worker could not read a `VideoFrame`: pixels from then on.
    native: Cell<bool>,
    here: RefCell<LiveReader>,
}

impl Decoder {
    /// Nobody reads yet.
    #[must_use]
    pub fn new(spawn: SpawnWorker) -> Self {
        Self {
            spawn,
            hand: RefCell::new(None),
            spawning: Mutex::new(()),
            deaths: Cell::new(0),
            native: Cell::new(true),
            here: RefCell::new(LiveReader::new()),
        }
    }

    /// Starts a worker, unless one is there. Reading goes on without one, on this thread.
    ///
    /// # Errors
    /// `worker/failed`: worth telling, once.
    pub async fn ready(&self) -> Result<(), Fail> {
        let _one_at_a_time = self.spawning.lock().await;
        if self.hand.borrow().is_some() || self.deaths.get() >= DEATHS {
            return Ok(());
        }
        match self.spawn().await {
            Ok(worker) => {
                self.hand
                    .replace(worker.map(|worker| Rc::new(Hand::new(worker))));
                if self.hand.borrow().is_none() {
                    self.deaths.set(DEATHS);
                }
                Ok(())
            }
            Err(cause) => {
                self.deaths.set(self.deaths.get() + 1);
                Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause))
            }
        }
    }

    /// True where frames may come as `VideoFrame`.
    #[must_use]
    pub fn takes_frames(&self) -> bool {
        self.native.get() && self.hand.borrow().is_some()
    }

    /// Reads one frame; the codes best first.
    ///
    /// # Errors
    /// `worker/failed`: the worker was ended; [`Self::ready`] starts another.
    pub async fn decode(&self, frame: Frame) -> Result<Vec<DecodedCode>, Fail> {
        let hand = self.hand.borrow().clone();
        let Some(hand) = hand else {
            return Ok(self.decode_here(&frame));
        };
        let native = matches!(frame, Frame::Video(_));
        let asked = pin!(hand.ask(frame));
        let late = pin!(clock::sleep(READ_MS));
        let cause = match select(asked, late).await {
            Either::Left((Ok(codes), _)) => {
                self.deaths.set(0);
                return Ok(codes);
            }
            Either::Left((Err(cause), _)) => cause,
            Either::Right(((), _)) => JsValue::from_str("the worker hangs"),
        };
        self.native.set(self.native.get() && !native);
        self.deaths.set(self.deaths.get() + 1);
        self.hand.replace(None);
        Err(Fail::new(ErrorCode::WorkerFailed).caused_by(cause))
    }

    /// Forgets what was learnt from earlier frames.
    pub fn reset(&self) {
        self.here.borrow_mut().reset();
        if let Some(hand) = self.hand.borrow().as_ref() {
            hand.reset();
        }
    }

    /// Ends the worker.
    pub fn close(&self) {
        self.hand.replace(None);
    }

    fn decode_here(&self, frame: &Frame) -> Vec<DecodedCode> {
        match frame {
            // Frames come as such only while there is a worker.
            Frame::Video(_) => Vec::new(),
            Frame::Pixels {
                buffer,
                width,
                height,
            } => {
                let pixels = Uint8Array::new(buffer).to_vec();
                self.here.borrow_mut().read_rgba(&pixels, *width, *height)
            }
        }
    }

    async fn spawn(&self) -> Result<Option<Worker>, JsValue> {
        let spawn: &Function = self.spawn.unchecked_ref();
        let promise = Promise::resolve(&spawn.call0(&JsValue::UNDEFINED)?);
        let late = pin!(clock::sleep(SPAWN_MS));
        match select(JsFuture::from(promise), late).await {
            Either::Left((worker, _)) => Ok(worker?.dyn_into().ok()),
            Either::Right(((), _)) => Err(JsValue::from_str("the worker did not start")),
        }
    }
}

type Answer = Result<Vec<DecodedCode>, JsValue>;
type Waiting = Rc<RefCell<Option<(u32, oneshot::Sender<Answer>)>>>;

/// A worker; dropped, it is ended.
#[derive(Debug)]
struct Hand {
    worker: Worker,
    waiting: Waiting,
    last_id: Cell<u32>,
    _listeners: [Listener; 2],
}

impl Hand {
    fn new(worker: Worker) -> Self {
        let waiting = Waiting::default();
        let told = Rc::clone(&waiting);
        let message = Listener::new(&worker, "message", move |event| {
            answered(&told, &event.unchecked_into::<MessageEvent>().data());
        });
        let told = Rc::clone(&waiting);
        let error = Listener::new(&worker, "error", move |event| {
            if let Some((_, send)) = told.borrow_mut().take() {
                let _ = send.send(Err(event));
            }
        });
        Self {
            worker,
            waiting,
            last_id: Cell::new(0),
            _listeners: [message, error],
        }
    }

    async fn ask(&self, frame: Frame) -> Answer {
        let id = self.last_id.get().wrapping_add(1);
        self.last_id.set(id);
        let (send, receive) = oneshot::channel();
        self.waiting.replace(Some((id, send)));
        self.post(id, frame)?;
        receive
            .await
            .unwrap_or_else(|_| Err(JsValue::from_str("the worker is gone")))
    }

    fn post(&self, id: u32, frame: Frame) -> Result<(), JsValue> {
        let message = Object::new();
        let put = |name: &str, value: &JsValue| Reflect::set(&message, &name.into(), value);
        put("id", &id.into())?;
        match frame {
            Frame::Video(frame) => {
                put("type", &"frame".into())?;
                put("frame", &frame.0)?;
                let moved = Array::of1(&frame.0);
                self.worker.post_message_with_transfer(&message, &moved)
            }
            Frame::Pixels {
                buffer,
                width,
                height,
            } => {
                put("type", &"pixels".into())?;
                put("buffer", &buffer)?;
                put("width", &width.into())?;
                put("height", &height.into())?;
                put("stride", &(width * 4).into())?;
                put("format", &"rgba".into())?;
                let moved = Array::of1(&buffer);
                self.worker.post_message_with_transfer(&message, &moved)
            }
        }
    }

    fn reset(&self) {
        let message = Object::new();
        let _ = Reflect::set(&message, &"type".into(), &"reset".into());
        let _ = self.worker.post_message(&message);
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn answered(waiting: &Waiting, message: &JsValue) {
    let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
    let kind = field("type").as_string().unwrap_or_default();
    let answer = match kind.as_str() {
        "read" => {
            from_js(field("codes")).map_err(|_| JsValue::from_str("codes that can't be read"))
        }
        "failed" => Err(field("message")),
        _ => return,
    };
    let Some(id) = field("id").as_f64() else {
        return;
    };
    let asked = waiting
        .borrow_mut()
        .take_if(|(waited, _)| f64::from(*waited) == id);
    if let Some((_, send)) = asked {
        let _ = send.send(answer);
    }
}
