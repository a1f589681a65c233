// "kaunter/reader": the reader alone, on a page, in a worker, in Node. No till, no camera, no backend.

import { KaunterError, own, wrong } from "./error.js";
import { load, version } from "./load.js";

export { KaunterError, version };

// Node's fetch reads no files. Not an import: bundlers for browsers resolve those, or fail.
async function beside() {
  if (typeof process !== "object" || !process.versions?.node || typeof document !== "undefined") return undefined;
  const { readFile } = process.getBuiltinModule("node:fs/promises");
  return readFile(new URL("./wasm/kaunter_bg.wasm", import.meta.url));
}

export class Reader {
  #raw;
  /** @private */
  constructor(key, raw) {
    if (key !== LOADING) throw new TypeError("Use Reader.load() to get a Reader.");
    this.#raw = new raw.Reader();
  }
  static async load(options) {
    const { wasm } = own(options);
    return new Reader(LOADING, await load(wasm ?? (await beside())));
  }
  read(image, options) {
    const raw = this.#open();
    const { data, width, height } = pixelsOf(image);
    return raw.read(bytesOf(data), width, height, options);
  }
  reset() {
    this.#open().reset();
  }
  #open() {
    if (!this.#raw) throw wrong("this", "a Reader that is not closed");
    return this.#raw;
  }
  close() {
    this.#raw?.free();
    this.#raw = undefined;
  }
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.close();
  }
}

const LOADING = Symbol("loading");

// Not by `own`: the fields of an ImageData are its class's.
function pixelsOf(image) {
  try {
    if (image !== null && typeof image === "object")
      return { data: image.data, width: image.width, height: image.height };
  } catch (cause) {
    throw wrong("image", "readable", cause);
  }
  throw wrong("image", "an ImageData, or { data, width, height }");
}

function bytesOf(pixels) {
  let cause;
  try {
    if (ArrayBuffer.isView(pixels)) return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  } catch (error) {
    cause = error; // its buffer was handed to a worker
  }
  throw wrong("image.data", "a Uint8Array or a Uint8ClampedArray", cause);
}
