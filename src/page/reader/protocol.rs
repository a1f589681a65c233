//! The messages between the page and its worker.
//!
//! `pkg/protocol.d.ts` declares them for JavaScript, and the compiler checks `pkg/worker.js` against it.
//! `tests/samples.rs` writes samples of the messages here, and `tests/types` compiles them against the declarations.
//!
//! Two more messages are of the package's JavaScript only: `init`, which has the compiled module, and `ready`.

use kaunter_core::policy::Ms;
use serde::{Deserialize, Serialize, Serializer};
use wasm_bindgen::JsValue;

use crate::types::code::Reading;
use crate::types::event::Hint;
use crate::types::read::{Unreadable, from_js};

/// The interval of the worker's pulse, and the page's longest wait for a message before it checks the camera.
///
/// A shorter time wakes the page more often. A longer one delays the restart of a frozen camera.
pub const PULSE_MS: Ms = 150;

/// The messages from the page to the worker.
#[derive(Debug, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum ToWorker<'a> {
    /// Starts a scan, or continues the scan with the same number. Readings have its number.
    Scan {
        /// The number of the scan.
        scan: u32,
        /// Left, top, width and height of the part to read, as fractions of the picture's sides.
        region: [f64; 4],
        /// The maximum of frames per second.
        most: f64,
        /// [`PULSE_MS`].
        pulse_ms: Ms,
    },
    /// Pauses reading until the next `scan`.
    Pause,
    /// Reads the frames of this stream.
    Stream {
        /// A `ReadableStream` of `VideoFrame`.
        stream: Moved<'a>,
    },
    /// Makes a stream from this track, and reads its frames.
    Track {
        /// A `MediaStreamTrack`.
        track: Moved<'a>,
    },
    /// Releases the stream, because the camera is turned off.
    Leave,
    /// Reads this frame. The answer has its id.
    Frame {
        /// The id for the answer.
        id: u32,
        /// A `VideoFrame`.
        frame: Moved<'a>,
    },
    /// Reads these pixels. The answer has their id.
    Pixels {
        /// The id for the answer.
        id: u32,
        /// An `ArrayBuffer` of RGBA.
        buffer: Moved<'a>,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// A browser object in a message.
#[derive(Debug)]
pub struct Moved<'a>(pub &'a JsValue);

impl Serialize for Moved<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if cfg!(target_arch = "wasm32") {
            serde_wasm_bindgen::preserve::serialize(self.0, serializer)
        } else {
            // Outside a browser there is no such object; the samples have `null` in its place.
            serializer.serialize_none()
        }
    }
}

/// The messages from the worker to the page.
#[derive(Debug, PartialEq)]
pub(super) enum FromWorker {
    /// The worker's thread is not blocked.
    Pulse {
        /// What would help while no code is read.
        hint: Option<Hint>,
    },
    /// A frame was read.
    Read {
        /// The id of the page's frame; `None` for a frame of a stream.
        id: Option<u32>,
        /// The scan that was running.
        scan: Option<u32>,
        /// The codes in it, each with its evidence.
        readings: Vec<Reading>,
        /// What would help.
        hint: Option<Hint>,
        /// The page's wait before it sends the next frame, in ms.
        pause_ms: f64,
    },
    /// The worker can't read a `VideoFrame`: from now on the page sends pixels.
    NeedsPixels,
    /// The stream or track gives no frames: from now on the page sends them.
    NeedsFrames,
    /// The worker can't go on.
    Failed {
        /// Why.
        message: String,
    },
}

/// The fields that each message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulse {
    /// The number of frames that have arrived, read or not.
    pub(super) frames: u32,
    /// The time of the slowest recent frame, in ms; 0 before the first was read.
    pub(super) took_ms: u32,
}

/// The words of the messages that Rust reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageType {
    /// The worker's thread is not blocked.
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

/// A message, with all fields that a message can have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Which message it is.
    #[serde(rename = "type")]
    pub word: MessageType,
    /// The scan that was running.
    pub scan: Option<u32>,
    /// Frames so far.
    pub frames: u32,
    /// Milliseconds of the slowest frame.
    pub took_ms: u32,
    /// What would help.
    pub hint: Option<Hint>,
    /// The id of the page's frame.
    pub id: Option<u32>,
    /// The interval between frames.
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
    /// [`Unreadable`]: a message of another version or of another script.
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
