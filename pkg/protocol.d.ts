// The messages between the page and its worker. The compiler checks worker.js and index.js against this file.
// src/page/reader/protocol.rs has the same messages in Rust. tests/samples.rs writes them as TypeScript, and
// tests/types compiles that against this file.
import type { ReaderHint, Reading } from "./wasm/reader.js";

/** What would help while no code is read. */
export type Hint = ReaderHint | null;

/** The messages from the page to the worker. */
export type ToWorker =
  /** The compiled module. The answer is `ready`. */
  | { type: "init"; module: WebAssembly.Module }
  /**
   * Starts a scan, or continues the scan with the same number. `region` is left, top, width and height as fractions of
   * the picture's sides. `most` is the maximum of frames per second. The worker sends a `pulse` every `pulseMs`.
   */
  | { type: "scan"; scan: number; region: [number, number, number, number]; most: number; pulseMs: number }
  /** Pauses reading until the next `scan`. */
  | { type: "pause" }
  /** Reads the frames of this stream. */
  | { type: "stream"; stream: ReadableStream<VideoFrame> }
  /** Makes a stream from this track, and reads its frames. */
  | { type: "track"; track: MediaStreamTrack }
  /** Releases the stream, because the camera is turned off. */
  | { type: "leave" }
  /** Reads this frame. The answer has its id. */
  | { type: "frame"; id: number; frame: VideoFrame }
  /** Reads these RGBA pixels. The answer has their id. */
  | { type: "pixels"; id: number; buffer: ArrayBuffer; width: number; height: number };

/** The fields of every message from the worker. */
interface Pulse {
  /** The scan that the reader works for; `null` before the first. */
  scan: number | null;
  /** How many frames have arrived. */
  frames: number;
  /** The time of the slowest recent frame, in ms. */
  tookMs: number;
}

/** The messages from the worker to the page. */
export type FromWorker = Pulse &
  (
    | { type: "ready"; version: string }
    /** The worker's thread is not blocked. */
    | { type: "pulse"; hint: Hint }
    /** A frame was read. `id` is that of the page's frame; `null` for a frame of a stream. */
    | { type: "read"; id: number | null; readings: Reading[]; hint: Hint; pauseMs: number }
    /** The worker can't read a `VideoFrame`. From now on the page sends pixels. */
    | { type: "needs_pixels" }
    /** The stream or track gives no frames. From now on the page sends them. */
    | { type: "needs_frames" }
    /** The worker can't go on. */
    | { type: "failed"; message: string }
  );
