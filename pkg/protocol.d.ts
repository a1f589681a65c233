// The messages between the page and its worker, for worker.js and index.js, which are checked against this file.
// src/page/reader/protocol.rs is its twin in Rust: tests/samples.rs prints what that writes and reads, and tests/types
// compiles the print against this file.
import type { ReaderHint, Reading } from "./wasm/reader.js";

/** What would help while no code is read. */
export type Hint = ReaderHint | null;

/** What the page tells the worker. */
export type ToWorker =
  /** The compiled module; the answer is `ready`. */
  | { type: "init"; module: WebAssembly.Module }
  /**
   * Scan, or go on with the same scan. `region` is left, top, width and height in shares of the picture's sides; `most`
   * is frames a second; a sign of life is due every `pulseMs`.
   */
  | { type: "scan"; scan: number; region: [number, number, number, number]; most: number; pulseMs: number }
  /** Read nothing until the next `scan`. */
  | { type: "pause" }
  /** Take the frames of this stream. */
  | { type: "stream"; stream: ReadableStream<VideoFrame> }
  /** Make a stream of this track, and take its frames. */
  | { type: "track"; track: MediaStreamTrack }
  /** The camera goes off: let go of its stream. */
  | { type: "leave" }
  /** Read this frame; the answer carries its id. */
  | { type: "frame"; id: number; frame: VideoFrame }
  /** Read this RGBA; the answer carries its id. */
  | { type: "pixels"; id: number; buffer: ArrayBuffer; width: number; height: number };

/** What every message of the worker says: its scan, its frames so far, and how long the slowest of the last took. */
interface Pulse {
  scan: number | null;
  frames: number;
  tookMs: number;
}

/** What the worker tells the page. */
export type FromWorker = Pulse &
  (
    | { type: "ready"; version: string }
    /** It lives. */
    | { type: "pulse"; hint: Hint }
    /** It has read a frame; `id` is that of one that the page handed over. */
    | { type: "read"; id: number | null; readings: Reading[]; hint: Hint; pauseMs: number }
    /** It can't read a `VideoFrame`: it takes pixels from now on. */
    | { type: "needs_pixels" }
    /** It gets no frames of its stream or track: the page is to hand them over. */
    | { type: "needs_frames" }
    /** It stopped. */
    | { type: "failed"; message: string }
  );
