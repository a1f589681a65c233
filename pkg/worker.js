// @ts-check
// The module worker that reads codes. It runs the reader's module, which the page compiles and posts here.
//
// Frames come as a stream that Chrome's page hands over, as a track of which Safari's worker makes a stream, or one by
// one. The page hears of codes at once. In between it hears that this thread lives, how many frames came, and what
// would help. The messages are those of protocol.d.ts.

import initialise, { abiVersion, LiveReader } from "./wasm/reader.js";

/** @typedef {import("./protocol.d.ts").ToWorker} ToWorker */
/** @typedef {import("./protocol.d.ts").FromWorker} FromWorker */
/** @typedef {import("./wasm/reader.js").Reading} Reading */
/**
 * @template {string} T
 * @typedef {Extract<ToWorker, { type: T }>} Asked
 */

// After so many frames in a row that can't be copied, frames are drawn.
const MAX_UNCOPIED = 3;

/** @type {LiveReader} */
let reader;
/** @type {OffscreenCanvas | undefined} */
let canvas;
/** @type {ReturnType<typeof setInterval> | undefined} */
let pulse;
/** @type {ReadableStreamDefaultReader<VideoFrame> | null} */
let current = null;
/** @type {number | null} */
let scan = null; // the scan that is under way
/** @type {number | null} */
let known = null; // the scan that the reader knows
let wake = () => {};
let frames = 0;
let uncopied = 0;
let took = 0; // milliseconds of the slowest of the last frames: a worker that is silent for many times as long hangs

/**
 * @template {FromWorker["type"]} T
 * @param {T} type
 * @param {Omit<Extract<FromWorker, { type: T }>, "type" | "scan" | "frames" | "tookMs">} more
 */
const say = (type, more) => self.postMessage({ type, scan: known, frames, tookMs: Math.ceil(took), ...more });
const hint = () => /** @type {import("./protocol.d.ts").Hint} */ (reader.hint() ?? null);
const sayPulse = () => say("pulse", { hint: hint() });
const sayRead = (/** @type {Reading[]} */ readings, /** @type {number | null} */ id = null) =>
  say("read", { id, readings, hint: hint(), pauseMs: reader.pauseMs() });

/** @type {{ [T in ToWorker["type"]]: (asked: Asked<T>) => unknown }} */
const hear = {
  async init({ module }) {
    await initialise({ module_or_path: module });
    reader = new LiveReader();
    say("ready", { version: abiVersion() });
  },
  scan(asked) {
    if (asked.scan !== known) reader.scan(new Float64Array(asked.region), asked.most);
    scan = known = asked.scan;
    clearInterval(pulse);
    pulse = setInterval(sayPulse, asked.pulseMs);
    wake();
  },
  pause() {
    scan = null;
    clearInterval(pulse);
  },
  stream: ({ stream }) => follow(stream),
  track({ track }) {
    if (typeof MediaStreamTrackProcessor !== "function") {
      track.stop();
      return say("needs_frames", {});
    }
    return follow(new MediaStreamTrackProcessor({ track }).readable, track);
  },
  leave,
  async frame({ id, frame }) {
    frames++;
    try {
      sayRead(await timed(() => read(frame)), id);
    } catch (error) {
      if (isTrap(error)) throw error;
      say("needs_pixels", {});
    }
  },
  async pixels({ id, buffer, width, height }) {
    frames++;
    sayRead(await timed(() => reader.readPixels(buffer, width, height)), id);
  },
};

self.onmessage = async ({ data }) => {
  try {
    await hear[/** @type {ToWorker["type"]} */ (data.type)](data);
  } catch (error) {
    data.frame?.close();
    say("failed", { message: String(/** @type {any} */ (error)?.message ?? error) });
  }
};

/** Lets go of a stream, also of one that gives no frames. */
function leave() {
  current?.cancel().catch(() => {});
  current = null;
  wake();
}

/**
 * Reads the frames of a stream while a scan is under way, the newest of them; the browser drops those in between.
 * @param {ReadableStream<VideoFrame>} stream
 * @param {MediaStreamTrack} [track]
 */
async function follow(stream, track) {
  leave();
  const source = stream.getReader();
  current = source;
  while (source === current) {
    if (scan === null) {
      await new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
      continue;
    }
    const { value: frame } = await source.read().catch(() => ({ value: undefined }));
    if (!frame) break;
    if (frames++ === 0) sayPulse(); // frames come, however long the first takes
    if (scan === null || !reader.takes()) {
      frame.close();
      continue;
    }
    try {
      const readings = await timed(() => read(frame));
      if (readings.length && scan !== null) sayRead(readings);
    } catch (error) {
      if (isTrap(error)) throw error;
      break;
    }
  }
  if (source === current) say("needs_frames", {});
  source.cancel().catch(() => {});
  track?.stop();
}

/** A trap leaves the module's memory as it was in the middle: this worker is good for nothing more. */
const isTrap = (/** @type {unknown} */ error) => error instanceof WebAssembly.RuntimeError;

/**
 * What a reading gives, and how long it took.
 * @template T
 * @param {() => T | Promise<T>} reading
 */
async function timed(reading) {
  const began = performance.now();
  try {
    return await reading();
  } finally {
    const first = took === 0;
    took = Math.max(performance.now() - began, took * 0.9);
    if (first) sayPulse(); // before the next may hang
  }
}

/**
 * The codes of a frame: it is copied if the browser copies it, else drawn. It is closed in any case, and before it is
 * decoded. A thread that hangs with a frame open keeps Chromium from giving any to the next worker, until two seconds
 * after its end.
 * @param {VideoFrame} frame
 */
async function read(frame) {
  try {
    if (uncopied < MAX_UNCOPIED) {
      const readings = await reader.readFrame(frame).catch(() => null);
      uncopied = readings ? 0 : uncopied + 1;
      if (readings) return readings;
    }
    return draw(frame);
  } finally {
    frame.close();
  }
}

/** @param {VideoFrame} frame */
function draw(frame) {
  const { displayWidth: width, displayHeight: height } = frame;
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.drawImage(frame, 0, 0);
  frame.close();
  return reader.readPixels(context.getImageData(0, 0, width, height).data.buffer, width, height);
}
