// @ts-check
// The package's face: thin over the till's module, because a Wasm class can't extend EventTarget.
//
// The till's module knows nothing of pictures. The reader's module is loaded when a scan needs it first.

import { classOf, KaunterError, notBrowser, own, wrong } from "./error.js";
import { loader, sameVersion, version } from "./load.js";
import { pageReader, readerModule } from "./reader-module.js";
import * as glue from "./wasm/till.js";

export { formatMoney } from "./money.js";
export { decode, loadReader, Reader } from "./reader.js";
export { KaunterError, version };

const tillModule = loader(
  "till",
  () => new URL("./wasm/till.wasm", import.meta.url),
  async (compiled) => {
    await glue.default({ module_or_path: compiled });
    sameVersion(glue.abiVersion());
    glue.installError(KaunterError);
    return glue;
  },
);

/** @type {import("./index.d.ts").WorkerSource | undefined} */
let workerSource;

export async function init(options) {
  onlyInBrowser();
  const { till, reader, worker } = own(options);
  if (worker !== undefined) {
    if (worker !== false && typeof worker !== "function" && !["String", "URL"].includes(classOf(worker)))
      throw wrong("worker", "an address, a function or false");
    workerSource = worker;
  }
  tillModule.at(till);
  readerModule.at(reader);
  loaded = await tillModule.load();
}

// These two answer at once, so the module must be there: `init` and `Till.open` load it.
/** @type {typeof glue | undefined} */
let loaded;
const here = () => {
  if (!loaded)
    throw new KaunterError("wasm/load-failed", "The payment module is not loaded yet: await init() first.", {
      retryable: true,
    });
  return loaded;
};

export const recognise = (text) => here().recognise(text);
export const money = (text, currency) => here().money(text, currency);

function onlyInBrowser() {
  if (typeof document === "undefined") throw notBrowser();
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    throw new KaunterError(
      "env/unsupported",
      "This browser is too old: use a current Chrome, Edge, Firefox or Safari.",
    );
  }
}

export class Till extends EventTarget {
  /** @type {glue.RawTill} */
  // @ts-expect-error `open` sets it before anybody has the till
  #raw;

  /** @private */
  constructor(key) {
    super();
    if (key !== OPENING) throw new TypeError("Use Till.open() to get a Till.");
  }

  static async open(options) {
    onlyInBrowser();
    loaded = await tillModule.load();
    const till = new Till(OPENING);
    // What happens before anybody can listen is told when they can: the caller's next lines run first.
    /** @type {[string, unknown][] | null} */
    let early = [];
    const emit = (type, detail) =>
      early ? early.push([type, detail]) : till.dispatchEvent(new CustomEvent(type, { detail }));
    till.#raw = await loaded.RawTill.open(options, emit, spawnReader);
    setTimeout(() => {
      const told = early ?? [];
      early = null;
      for (const [type, detail] of told) emit(type, detail);
    });
    return till;
  }

  get state() {
    return this.#raw.state;
  }
  get wallets() {
    return this.#raw.wallets;
  }
  get unfinished() {
    return this.#raw.unfinished;
  }

  // Async, so that nothing is thrown where a promise is promised; the module checks what it is given.
  async warmUp() {
    return this.#raw.warmUp();
  }
  async scan(options) {
    return this.#raw.scan(options);
  }
  async charge(sale, options) {
    return this.#raw.charge(sale, options);
  }
  async pay(sale, code, options) {
    return this.#raw.pay(sale, code, options);
  }
  async present(sale, options) {
    return this.#raw.present(sale, options);
  }
  async status(tradeId) {
    return this.#raw.status(tradeId);
  }
  async cancel(tradeId) {
    return this.#raw.cancel(tradeId);
  }
  async void(tradeId, reason) {
    return this.#raw.void(tradeId, reason ?? "");
  }
  async voidStatus(tradeId) {
    return this.#raw.voidStatus(tradeId);
  }
  async resume(tradeId, options) {
    return this.#raw.resume(tradeId, options);
  }
  async find(ref) {
    return this.#raw.find(ref);
  }
  async history(day) {
    return this.#raw.history(day);
  }
  async settle(tradeId, verdict) {
    return this.#raw.settle(tradeId, verdict);
  }
  async permission() {
    return this.#raw.permission();
  }
  async cameras() {
    return this.#raw.cameras();
  }
  async use(camera) {
    return this.#raw.use(camera);
  }
  async adjust(what) {
    return this.#raw.adjust(what);
  }
  async release() {
    return this.#raw.release();
  }
  async close() {
    return this.#raw.close();
  }
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.close();
  }
}

const OPENING = Symbol("opening");

/**
 * A worker that has the reader's module and is ready, or null where there is none; `onPage`: a reader on this thread.
 * @param {boolean} onPage
 */
async function spawnReader(onPage) {
  if (onPage) return pageReader();
  const worker = workerSource === false ? null : makeWorker();
  if (!worker) return null;
  try {
    await started(worker);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return worker;
}

/**
 * Gives a worker the compiled module, and waits until it says that it is ready.
 * @param {Worker} worker
 */
function started(worker) {
  return new Promise((resolve, reject) => {
    const once = { once: true };
    worker.addEventListener(
      "error",
      (event) => reject(event.error ?? new Error(event.message || "the worker did not load")),
      once,
    );
    const hear = (/** @type {MessageEvent<import("./protocol.d.ts").FromWorker>} */ { data }) => {
      if (data.type !== "ready") return reject(new Error(data.type === "failed" ? data.message : data.type));
      try {
        resolve(sameVersion(data.version));
      } catch (error) {
        reject(error);
      }
    };
    worker.addEventListener("message", hear, once);
    readerModule.compiled().then((module) => {
      /** @type {import("./protocol.d.ts").ToWorker} */
      const message = { type: "init", module };
      worker.postMessage(message);
    }, reject);
  });
}

function makeWorker() {
  try {
    if (typeof workerSource === "function") {
      const worker = workerSource();
      return typeof worker?.postMessage === "function" && typeof worker.addEventListener === "function" ? worker : null;
    }
    if (workerSource) return new Worker(workerSource, { type: "module" });
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch {
    return null; // a page of another origin than the package may start no worker
  }
}
