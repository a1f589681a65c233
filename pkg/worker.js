// The module worker that reads codes: the same .wasm, compiled once by the page and posted here.
//
// Frames come as a stream that Chrome's page hands over, or that Safari's worker makes of a track, or one by one. The
// page hears of codes at once, and between these that this thread lives, how many frames came, and what would help.

import initialise, { WorkerReader } from "./wasm/kaunter.js";

const PULSE_MS = 150;
// So many frames in a row that can't be copied, and they are drawn from then on.
const STUBBORN = 3;

let reader, canvas, pulse, current;
let look = null; // the look that is under way
let known = null; // the look that the reader knows
let woken = () => {};
let frames = 0;
let uncopied = 0;
let took = 0; // milliseconds of the slowest of the last frames: whoever is silent for many times as long hangs

const say = (type, more) => self.postMessage({ type, look: known, frames, took: Math.ceil(took), ...more });
const tell = (type, more) => say(type, { hint: reader.hint() ?? null, ...more });

const hear = {
  async init(asked) {
    await initialise({ module_or_path: asked.module });
    reader = new WorkerReader();
    say("ready");
  },
  look(asked) {
    if (asked.look !== known) reader.look(asked.region, asked.most);
    look = known = asked.look;
    clearInterval(pulse);
    pulse = setInterval(tell, PULSE_MS, "pulse");
    woken();
  },
  rest() {
    look = null;
    clearInterval(pulse);
  },
  stream: ({ it }) => follow(it),
  track({ it }) {
    if (typeof MediaStreamTrackProcessor !== "function") {
      it.stop();
      return say("astray");
    }
    return follow(new MediaStreamTrackProcessor({ track: it }).readable, it);
  },
  leave,
  async frame({ id, frame }) {
    frames++;
    try {
      tell("read", { id, codes: await timed(() => read(frame)) });
    } catch (error) {
      if (trapped(error)) throw error;
      say("unfit");
    }
  },
  async pixels({ id, buffer, width, height }) {
    frames++;
    tell("read", { id, codes: await timed(() => reader.readPixels(buffer, width, height)) });
  },
};

self.onmessage = async ({ data }) => {
  try {
    await hear[data.type](data);
  } catch (error) {
    data.frame?.close();
    say("failed", { message: String(error?.message ?? error) });
  }
};

/** Lets go of a stream, also of one that gives no frames. */
function leave() {
  current?.cancel().catch(() => {});
  current = null;
  woken();
}

/** Reads the frames of a stream while somebody looks, the newest of them; the browser drops those in between. */
async function follow(stream, track) {
  leave();
  const source = stream.getReader();
  current = source;
  while (source === current) {
    if (look === null) {
      await new Promise((resolve) => {
        woken = resolve;
      });
      continue;
    }
    const { value: frame, done } = await source.read().catch(() => ({ done: true }));
    if (done) break;
    if (frames++ === 0) say("pulse"); // it gets some, however long it reads the first
    if (look === null || !reader.takes()) {
      frame.close();
      continue;
    }
    try {
      const codes = await timed(() => read(frame));
      if (codes.length && look !== null) tell("read", { codes });
    } catch (error) {
      if (trapped(error)) throw error;
      break;
    }
  }
  if (source === current) say("astray");
  source.cancel().catch(() => {});
  track?.stop();
}

/** Memory that a decoder left as it was when it stopped is good for nothing more. */
const trapped = (error) => error instanceof WebAssembly.RuntimeError;

/** What a reading gives, and how long it took. */
async function timed(reading) {
  const began = performance.now();
  try {
    return await reading();
  } finally {
    const first = took === 0;
    took = Math.max(performance.now() - began, took * 0.9);
    if (first) say("pulse"); // before the next may hang
  }
}

/**
 * The codes of a frame: copied where the browser copies it, else drawn. It is closed in any case, and before it is
 * decoded: a thread that hangs with one open keeps Chromium from giving any to the next, until two seconds after its
 * end.
 */
async function read(frame) {
  try {
    if (uncopied < STUBBORN) {
      const codes = await reader.readFrame(frame).catch(() => null);
      uncopied = codes ? 0 : uncopied + 1;
      if (codes) return codes;
    }
    return draw(frame);
  } finally {
    frame.close();
  }
}

function draw(frame) {
  const { displayWidth: width, displayHeight: height } = frame;
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(frame, 0, 0);
  frame.close();
  return reader.readPixels(pen.getImageData(0, 0, width, height).data.buffer, width, height);
}
