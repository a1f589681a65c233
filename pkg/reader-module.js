// @ts-check
// The reader's module: where it comes from, and its instance on this thread.
//
// A trap leaves an instance's memory unusable, so the next call gets a fresh instance. The till's module is another
// one, and a trap here does not reach it.

import { loader, sameVersion } from "./load.js";
import * as glue from "./wasm/reader.js";

/** Loads the module, for this thread and for the worker. */
export const readerModule = loader(
  "reader",
  () => new URL("./wasm/reader.wasm", import.meta.url),
  async (compiled) => {
    await glue.default({ module_or_path: compiled });
    sameVersion(glue.abiVersion());
  },
);

let hasTrapped = false;
let instances = 0;

/** A stack that overflows leaves memory as it was in the middle, just as a trap does. */
const isTrap = (/** @type {unknown} */ error) =>
  error instanceof WebAssembly.RuntimeError || error instanceof RangeError || classOfError(error) === "InternalError";
const classOfError = (/** @type {unknown} */ error) => (error instanceof Error ? error.name : "");

/**
 * One call into the instance on this thread.
 * @template T
 * @param {() => T} call
 */
function guarded(call) {
  if (hasTrapped) {
    glue.__wbg_reset_state();
    instances++;
    hasTrapped = false;
  }
  try {
    return call();
  } catch (error) {
    hasTrapped ||= isTrap(error);
    throw error;
  }
}

/** A reader of pictures in the instance on this thread; it is made anew in a fresh instance. */
export class PictureReader {
  /** @type {glue.Reader | undefined} */
  #reader;
  #instance = -1;

  /**
   * @template T
   * @param {(reader: glue.Reader) => T} use
   */
  use(use) {
    return guarded(() => {
      if (!this.#reader || this.#instance !== instances) {
        this.#reader = new glue.Reader();
        this.#instance = instances;
      }
      return use(this.#reader);
    });
  }

  free() {
    if (this.#instance === instances && !hasTrapped) this.#reader?.free();
    this.#reader = undefined;
  }
}

/** A reader of live frames in the instance on this thread, for the till. It throws where the module traps. */
export async function pageReader() {
  await readerModule.load();
  const live = guarded(() => new glue.LiveReader());
  return {
    scan: (/** @type {Float64Array} */ region, /** @type {number} */ most) => guarded(() => live.scan(region, most)),
    readPixels: (/** @type {ArrayBuffer} */ buffer, /** @type {number} */ width, /** @type {number} */ height) =>
      guarded(() => live.readPixels(buffer, width, height)),
    hint: () => guarded(() => live.hint()),
    pauseMs: () => guarded(() => live.pauseMs()),
  };
}
