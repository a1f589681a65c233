//! The messages between the page and its worker: each word and each field is written here, once.
//!
//! `pkg/protocol.d.ts` declares the same for JavaScript, and `pkg/worker.js` is checked against it. `tests/samples.rs`
//! prints what this file writes and reads, and `tests/types` compiles that against the declarations.
//!
//! Two more messages belong to the package's JavaScript alone: `init`, which brings the compiled module, and `ready`.

use kaunter_core::policy::Ms;
use serde::{Deserialize, Serialize, Serializer};
use wasm_bindgen::JsValue;

use crate::types::code::Reading;
use crate::types::event::Hint;
use crate::types::read::{Unreadable, from_js};

/// How often the worker says that it lives, and how long the page listens before it looks after its camera.
///
/// A shorter time wakes the page more often; a longer one delays what it does for a camera that hangs.
pub const PULSE_MS: Ms = 150;

/// What the page tells the worker.
#[derive(Debug, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum ToWorker<'a> {
    /// Scan, or go on with the same scan: whatever is read carries its number.
    Scan {
        /// The number of the scan.
        scan: u32,
        /// Left, top, width and height of the part to read, in shares of the picture's sides.
        region: [f64; 4],
        /// So many frames a second at most.
        most: f64,
        /// [`PULSE_MS`].
        pulse_ms: Ms,
    },
    /// Read nothing until the next `scan`.
    Pause,
    /// Take the frames of this stream.
    Stream {
        /// A `ReadableStream` of `VideoFrame`.
        stream: Moved<'a>,
    },
    /// Make a stream of this track, and take its frames.
    Track {
        /// A `MediaStreamTrack`.
        track: Moved<'a>,
    },
    /// The camera goes off: let go of its stream.
    Leave,
    /// Read this frame, and answer with its id.
    Frame {
        /// What the answer carries.
        id: u32,
        /// A `VideoFrame`.
        frame: Moved<'a>,
    },
    /// Read these pixels, and answer with their id.
    Pixels {
        /// What the answer carries.
        id: u32,
        /// An `ArrayBuffer` of RGBA.
        buffer: Moved<'a>,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// An object of the browser that goes along with a message.
#[derive(Debug)]
pub struct Moved<'a>(pub &'a JsValue);

impl Serialize for Moved<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if cfg!(target_arch = "wasm32") {
            serde_wasm_bindgen::preserve::serialize(self.0, serializer)
        } else {
            // Outside a browser there is no such object; the samples show where it would be.
            serializer.serialize_none()
        }
    }
}

/// What the worker tells the page.
#[derive(Debug, PartialEq)]
pub(super) enum FromWorker {
    /// It lives.
    Pulse {
        /// What would help while nothing is read.
        hint: Option<Hint>,
    },
    /// It has read a frame.
    Read {
        /// The id of a frame that the page handed over.
        id: Option<u32>,
        /// The scan that was under way.
        scan: Option<u32>,
        /// The codes in it, each with its evidence.
        readings: Vec<Reading>,
        /// What would help.
        hint: Option<Hint>,
        /// How long the page waits before it hands over the next frame.
        pause_ms: f64,
    },
    /// It can't read a `VideoFrame`: it takes pixels from now on.
    NeedsPixels,
    /// It gets no frames of the stream or the track: they are to be handed over one by one.
    NeedsFrames,
    /// It stopped.
    Failed {
        /// Why.
        message: String,
    },
}

/// What each message says besides its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulse {
    /// Frames that came to the worker so far, read or not.
    pub(super) frames: u32,
    /// Milliseconds that the slowest of the last frames took; 0 before the first was read.
    pub(super) took_ms: u32,
}

/// The words of the messages that Rust reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// The worker is alive.
    Pulse,
    /// The worker has read a frame.
    Read,
    /// The worker can't read a `VideoFrame`, and needs pixels.
    NeedsPixels,
    /// The worker gets no frames by itself, and needs the page to send them.
    NeedsFrames,
    /// The worker has stopped.
    Failed,
}

/// A message with every field that one can have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Which message it is.
    #[serde(rename = "type")]
    pub word: MessageType,
    /// The scan that was under way.
    pub scan: Option<u32>,
    /// Frames so far.
    pub frames: u32,
    /// Milliseconds of the slowest frame.
    pub took_ms: u32,
    /// What would help.
    pub hint: Option<Hint>,
    /// The id of a frame that was handed over.
    pub id: Option<u32>,
    /// From one frame to the next.
    pub pause_ms: Option<f64>,
    /// Codes with their evidence.
    pub readings: Option<Vec<Reading>>,
    /// Why the worker stopped.
    pub message: Option<String>,
}

impl FromWorker {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Unreadable`]: a message of another version, or of somebody else's.
    pub(super) fn read(message: JsValue) -> Result<(Self, Pulse), Unreadable> {
        let told: Message = from_js(message)?;
        let pulse = Pulse {
            frames: told.frames,
            took_ms: told.took_ms,
        };
        let message = match told.word {
            MessageType::Pulse => Self::Pulse { hint: told.hint },
            MessageType::Read => Self::Read {
                id: told.id,
                scan: told.scan,
                readings: told.readings.ok_or(Unreadable)?,
                hint: told.hint,
                pause_ms: told.pause_ms.unwrap_or_default(),
            },
            MessageType::NeedsPixels => Self::NeedsPixels,
            MessageType::NeedsFrames => Self::NeedsFrames,
            MessageType::Failed => Self::Failed {
                message: told.message.unwrap_or_default(),
            },
        };
        Ok((message, pulse))
    }
}
