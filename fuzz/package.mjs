// Sends any messages to the package's worker, and any pictures and options to its reader, in Node. It needs the
// package's modules: `cargo xtask build --quick`, then `node fuzz/package.mjs [SECONDS] [SEED]`.
//
// The laws: the worker answers each frame and each lot of pixels, its messages are those of pkg/protocol.d.ts, no
// promise is rejected without a handler, and no module traps. The reader throws only errors with a code.

import { readFile } from "node:fs/promises";
import { Reader } from "../pkg/reader.js";

const [seconds = 60, seed = 1] = process.argv.slice(2).map(Number);

/** Mulberry32: the same seed gives the same run. */
let state = seed >>> 0;
function chance() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (count) => Math.floor(chance() * count);
const pick = (list) => list[below(list.length)];

/** A few hundred pixels a side at most, in cells: cells make finders likely that single pixels would not. */
function pixels(width, height, channels) {
  const cell = 1 + below(6);
  const across = Math.ceil(width / cell);
  const cells = Array.from({ length: across * Math.ceil(height / cell) }, () => (chance() < 0.5 ? 0 : 255));
  const greys = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * channels;
      greys.fill(cells[Math.floor(y / cell) * across + Math.floor(x / cell)], at, at + channels);
    }
  return greys;
}

const odd = [undefined, null, -1, 0, 0.5, 1e9, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, "7", {}, [], true];
const number = (usual) => (chance() < 0.8 ? usual : pick(odd));

/** A frame of a browser that lies now and then: about its size, its planes, or how its copy ends. */
class Frame {
  closed = 0;
  constructor() {
    [this.width, this.height] = [1 + below(320), 1 + below(240)];
    this.format = pick(["I420", "NV12", "RGBA", "BGRX", "I422", "P010", null]);
    this.visibleRect = chance() < 0.9 ? { width: number(this.width), height: number(this.height) } : pick(odd);
    this.displayWidth = this.width;
    this.displayHeight = this.height;
  }
  allocationSize() {
    if (chance() < 0.05) throw new TypeError("no size");
    return chance() < 0.9 ? this.width * this.height * 4 : below(1000);
  }
  async copyTo(view) {
    if (chance() < 0.1) throw new DOMException("lost", "InvalidStateError");
    const drawn = pixels(this.width, this.height, this.format === "RGBA" ? 4 : 1);
    view.set(drawn.subarray(0, view.length));
    return chance() < 0.9 ? [{ offset: number(0), stride: number(this.width) }] : pick(odd);
  }
  close() {
    this.closed++;
  }
}

class Canvas {
  constructor(width, height) {
    Object.assign(this, { width, height });
  }
  getContext() {
    if (chance() < 0.05) return null;
    const data = (x, y, width, height) => ({ data: pixels(width, height, 4) });
    return { drawImage() {}, getImageData: data };
  }
}

const said = [];
const faults = [];
globalThis.self = { postMessage: (message) => said.push(message) };
globalThis.VideoFrame = Frame;
globalThis.OffscreenCanvas = Canvas;
process.on("unhandledRejection", (error) => faults.push(error));
await import("../pkg/worker.js");
const tell = (data) => globalThis.self.onmessage({ data });

/** A stream that ends, fails, or gives frames. */
function stream() {
  let left = below(5);
  const read = async () => {
    if (left-- > 0) return { value: new Frame(), done: false };
    if (chance() < 0.3) throw new Error("the stream broke");
    return { value: undefined, done: true };
  };
  return { getReader: () => ({ read, cancel: async () => {} }) };
}

const messages = {
  scan: () => ({
    scan: below(4),
    region: chance() < 0.8 ? [0.1, 0.1, 0.8, 0.8] : Array.from({ length: below(6) }, () => number(chance())),
    most: number(30),
    pulseMs: 100_000,
  }),
  pause: () => ({}),
  leave: () => ({}),
  stream: () => ({ stream: stream() }),
  frame: () => ({ id: below(100), frame: new Frame() }),
  pixels: () => {
    const [width, height] = [1 + below(200), 1 + below(200)];
    return { id: below(100), buffer: pixels(width, height, 4).buffer, width: number(width), height: number(height) };
  },
};

const FROM_WORKER = ["ready", "pulse", "read", "needs_pixels", "needs_frames", "failed"];

/** What is wrong with the worker's answers to a message, or nothing. */
function broken(type, answers) {
  for (const answer of answers) {
    if (!FROM_WORKER.includes(answer.type)) return `the message ${answer.type}`;
    if (!Number.isInteger(answer.frames) || !Number.isInteger(answer.tookMs)) return `${answer.type} without its fields`;
    if (answer.type === "read" && !Array.isArray(answer.readings)) return "read without readings";
    if (answer.type === "failed" && /unreachable|out of bounds|RuntimeError/.test(answer.message)) return answer.message;
  }
  const mustAnswer = type === "frame" || type === "pixels";
  const isAnswered = answers.some((answer) => ["read", "needs_pixels", "failed"].includes(answer.type));
  return mustAnswer && !isAnswered ? `no answer to ${type}` : undefined;
}

async function fuzzWorker() {
  const type = pick(Object.keys(messages));
  const message = { type, ...messages[type]() };
  said.length = 0;
  // A stream is followed until it ends; the other messages are answered first.
  const patience = type === "stream" ? 5 : 1_000;
  await Promise.race([tell(message), new Promise((end) => setTimeout(end, patience))]);
  const fault = broken(type, said) ?? faults.pop()?.stack;
  if (message.frame && message.frame.closed === 0) return report(message, "the frame was not closed");
  if (fault) report(message, fault);
}

const reader = await Reader.load();
function fuzzReader() {
  const [width, height] = [below(300), below(300)];
  const image = chance() < 0.9 ? { data: pixels(width, height, 4), width: number(width), height: number(height) } : pick(odd);
  const options = chance() < 0.7 ? { maxCodes: number(below(300)), effort: pick(["live", "still"]) } : pick(odd);
  try {
    const codes = reader.read(image, options);
    if (!Array.isArray(codes)) report({ image, options }, "no list");
  } catch (error) {
    if (typeof error?.code !== "string" || error.code === "worker_failed") report({ image, options }, error?.stack ?? error);
  }
  if (chance() < 0.1) reader.reset();
}

let found = 0;
function report(what, fault) {
  found++;
  console.log(`FOUND ${fault}`, JSON.stringify(what, (_, value) => (ArrayBuffer.isView(value) ? `${value.length} bytes` : value)));
}

await tell({ type: "init", module: await WebAssembly.compile(await readFile(new URL("../pkg/wasm/reader.wasm", import.meta.url))) });
let runs = 0;
for (const end = Date.now() + seconds * 1_000; Date.now() < end && found < 10; runs++) {
  if (chance() < 0.6) await fuzzWorker();
  else fuzzReader();
}
console.log(`seed ${seed}: ${runs} runs, ${found} findings`);
process.exit(found ? 1 : 0);
