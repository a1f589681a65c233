// "kaunter/reader": the reader alone, on a page, in a worker, in Node. No till, no camera, no backend.

import { KaunterError, wrong } from "./error.js";
import { load, version } from "./load.js";

export { KaunterError, version };

export async function loadReader(wasm) {
  const raw = await load(wasm ?? (await beside()));
  return new Reader(raw);
}

// Node's fetch reads no files. Not an import: bundlers for browsers resolve those, or fail.
async function beside() {
  if (typeof process !== "object" || !process.versions?.node || typeof document !== "undefined") return undefined;
  const { readFile } = process.getBuiltinModule("node:fs/promises");
  return readFile(new URL("./wasm/kaunter_bg.wasm", import.meta.url));
}

export class Reader {
  #raw;
  constructor(raw) {
    if (!raw?.Reader) throw new TypeError("Use loadReader() to get a Reader.");
    this.#raw = new raw.Reader();
  }
  read(pixels, width, height, options) {
    return this.#open().read(bytesOf(pixels), width, height, options);
  }
  reset() {
    this.#open().reset();
  }
  #open() {
    if (!this.#raw) throw wrong("this", "a Reader that is not disposed of");
    return this.#raw;
  }
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.#raw?.free();
    this.#raw = undefined;
  }
}

function bytesOf(pixels) {
  let cause;
  try {
    if (ArrayBuffer.isView(pixels)) return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  } catch (error) {
    cause = error; // its buffer was handed to a worker
  }
  throw wrong("pixels", "a Uint8Array or a Uint8ClampedArray", cause);
}
