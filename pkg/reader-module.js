// @ts-check
// The reader's module and its instance on this thread.
// A trap leaves an instance's memory unusable, so the next call makes a fresh instance.

import { inPackage, loader, sameVersion } from "./load.js";
import * as glue from "./wasm/reader.js";

export const readerModule = loader(
  "reader",
  () => inPackage(new URL("./wasm/reader.wasm", import.meta.url)),
  async (compiled) => {
    await glue.default({ module_or_path: compiled });
    sameVersion(glue.abiVersion());
  },
);

let hasTrapped = false;
let instances = 0;

/** A stack overflow leaves memory unusable too. */
const isTrap = (/** @type {unknown} */ error) =>
  error instanceof WebAssembly.RuntimeError || error instanceof RangeError || classOfError(error) === "InternalError";
const classOfError = (/** @type {unknown} */ error) => (error instanceof Error ? error.name : "");

/**
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

/** A reader on this thread; after a trap, of a fresh instance. */
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

/** A live reader on this thread, for the till; throws if the module traps. */
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
