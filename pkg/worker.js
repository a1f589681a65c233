// @ts-check
// Runs the reader in a Web Worker. The page compiles the module and posts it. protocol.d.ts has the messages.
// Frames come from a stream (Chrome), from a track (Safari, which makes streams in workers only), or one by one.

import initialise, { abiVersion, LiveReader } from "./wasm/reader.js";

/** @typedef {import("./protocol.d.ts").ToWorker} ToWorker */
/** @typedef {import("./protocol.d.ts").FromWorker} FromWorker */
/** @typedef {import("./wasm/reader.js").Reading} Reading */
/**
 * @template {string} T
 * @typedef {Extract<ToWorker, { type: T }>} Asked
 */

// After so many failed copies in a row, frames are drawn.
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
let scan = null; // the running scan
/** @type {number | null} */
let known = null; // the reader's scan
let wake = () => {};
let frames = 0;
let uncopied = 0;
let took = 0; // ms of the slowest recent frame; the page's limit for a hung worker depends on it

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

function leave() {
  if (current) end(current);
  current = null;
  wake();
}

/**
 * Ends a stream, and closes the frame that waits in it: while one stays open, Chromium gives no more frames.
 * @param {ReadableStreamDefaultReader<VideoFrame>} source
 */
function end(source) {
  source.read().then(
    ({ value }) => value?.close(),
    () => {},
  );
  source.cancel().catch(() => {});
}

/**
 * Reads the newest frame of a stream while a scan runs; the browser drops the others.
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
    if (frames++ === 0) sayPulse(); // the first frame may take long
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
  end(source);
  track?.stop();
}

/** After a trap the module's memory is not usable, so the page replaces this worker. */
const isTrap = (/** @type {unknown} */ error) => error instanceof WebAssembly.RuntimeError;

/**
 * Measures a reading.
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
    if (first) sayPulse(); // sends `took` before a frame can hang
  }
}

/**
 * Copies a frame, or draws it, and closes it before decoding: while a hung worker has a frame open, Chromium gives no
 * other worker frames of that camera.
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
