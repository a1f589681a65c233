// "kaunter/reader": the reader alone, on a page, in a worker, in Node. No till, no camera, no backend.

import { KaunterError } from "./error.js";
import { load, version } from "./load.js";

export { KaunterError, version };

export async function loadReader(wasm) {
  const raw = await load(wasm ?? (await beside()));
  return new Reader(raw);
}

// Node's fetch reads no files.
async function beside() {
  if (typeof process !== "object" || !process.versions?.node || typeof document !== "undefined") return undefined;
  const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:fs/promises");
  return readFile(new URL("./wasm/kaunter_bg.wasm", import.meta.url));
}

export class Reader {
  #raw;
  constructor(raw) {
    if (!raw?.Reader) throw new TypeError("Use loadReader() to get a Reader.");
    this.#raw = new raw.Reader();
  }
  read(pixels, width, height, options) {
    const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    return this.#raw.read(bytes, width, height, options);
  }
  reset() {
    this.#raw.reset();
  }
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.#raw.free();
  }
}
