// @ts-check
// "kaunter/reader": the reader alone, for a page, a worker or Node.

import { KaunterError, notBrowser, own, wrong } from "./error.js";
import { version } from "./load.js";
import { PictureReader, readerModule } from "./reader-module.js";

export { KaunterError, version };

// Node's fetch reads no files. No `import` of node:fs, because bundlers resolve it or fail.
async function beside() {
  if (typeof process !== "object" || !process.versions?.node || typeof document !== "undefined") return undefined;
  const { readFile } = process.getBuiltinModule("node:fs/promises");
  return readFile(new URL("./wasm/reader.wasm", import.meta.url));
}

const LOADED = Symbol("loaded");

export class Reader {
  /** @type {PictureReader | undefined} */
  #pictures = new PictureReader();

  /** @param {unknown} key */
  constructor(key) {
    if (key !== LOADED) throw new TypeError("Use Reader.load() to get a Reader.");
  }
  /** @param {unknown} [options] */
  static async load(options) {
    const { wasm } = own(options);
    readerModule.at(wasm ?? (await beside()));
    await readerModule.load();
    return new Reader(LOADED);
  }
  /**
   * @param {unknown} image
   * @param {unknown} [options]
   */
  read(image, options) {
    const pictures = this.#open();
    const { data, width, height } = pixelsOf(image);
    const bytes = bytesOf(data);
    const { max, still } = wish(options, false);
    const [across, down] = [side(width, "image.width"), side(height, "image.height")];
    const codes = run(pictures, (reader) => reader.read(bytes, across, down, max, still));
    if (!codes) throw unsupported();
    return codes;
  }
  reset() {
    run(this.#open(), (reader) => reader.reset());
  }
  #open() {
    if (!this.#pictures) throw wrong("this", "a Reader that is not closed");
    return this.#pictures;
  }
  close() {
    this.#pictures?.free();
    this.#pictures = undefined;
  }
  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.close();
  }
}

/**
 * Not `own`: an ImageData inherits its fields.
 * @param {any} image
 * @returns {{ data: unknown, width: unknown, height: unknown }}
 */
function pixelsOf(image) {
  try {
    if (image !== null && typeof image === "object")
      return { data: image.data, width: image.width, height: image.height };
  } catch (cause) {
    throw wrong("image", "readable", cause);
  }
  throw wrong("image", "an ImageData, or { data, width, height }");
}

/**
 * @param {ImageBitmapSource} image
 * @param {unknown} [options]
 */
export async function decode(image, options) {
  if (typeof document === "undefined") throw notBrowser();
  const { max, still } = wish(options, true);
  await readerModule.load();
  const pictures = new PictureReader();
  try {
    const bitmap = await createImageBitmap(image);
    return run(pictures, (reader) => reader.readBitmap(bitmap, max, still));
  } catch (cause) {
    throw cause instanceof KaunterError ? cause : unsupported(cause);
  } finally {
    pictures.free();
  }
}

/**
 * @template T
 * @param {PictureReader} pictures
 * @param {(reader: import("./wasm/reader.js").Reader) => T} use
 */
function run(pictures, use) {
  try {
    return pictures.use(use);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
    throw new KaunterError(
      "worker_failed",
      "The code reader stopped and was started again: hold the code still and try again.",
      { retryable: true, cause },
    );
  }
}

/** @param {unknown} [cause] */
const unsupported = (cause) =>
  new KaunterError("image_unsupported", "This picture can't be read: take another photo as JPEG or PNG.", {
    type: "input",
    cause,
  });

// More than a phone, a receipt and a poster show together.
const DEFAULT_CODES = 16;
// More than a sheet of labels has.
const MAX_CODES = 255;

/**
 * Reads the options; `still` is the default.
 * @param {unknown} options
 * @param {boolean} still
 */
function wish(options, still) {
  const { maxCodes: max, effort } = own(options);
  if (max != null && (typeof max !== "number" || Number.isNaN(max))) throw wrong("maxCodes", "a number");
  if (effort != null && effort !== "live" && effort !== "still") throw wrong("effort", '"live" or "still"');
  return {
    max: Math.min(Math.max(Math.trunc(max ?? DEFAULT_CODES), 1), MAX_CODES),
    still: effort == null ? still : effort === "still",
  };
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function side(value, name) {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw wrong(name, "a whole number of pixels");
}

/** @param {unknown} pixels */
function bytesOf(pixels) {
  let cause;
  try {
    if (ArrayBuffer.isView(pixels)) return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  } catch (error) {
    cause = error; // the buffer is detached
  }
  throw wrong("image.data", "a Uint8Array or a Uint8ClampedArray", cause);
}
