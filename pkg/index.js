// The package's face: thin over the module, because a Wasm class can't extend EventTarget.

import { classOf, KaunterError, own, wrong } from "./error.js";
import { compiledModule, load, version } from "./load.js";

export { formatMoney, parseMoney } from "./money.js";
export { Reader } from "./reader.js";
export { KaunterError, version };

let workerSource;

export async function init(options) {
  onlyInBrowser();
  const { wasm, worker } = own(options);
  if (worker !== undefined) {
    if (worker !== false && typeof worker !== "function" && !["String", "URL"].includes(classOf(worker)))
      throw wrong("worker", "an address, a function or false");
    workerSource = worker;
  }
  loaded = await load(wasm ?? undefined);
}

export async function decode(image, options) {
  onlyInBrowser();
  loaded = await load();
  return loaded.decode(image, options);
}

let loaded;

export async function inspectCode(text) {
  onlyInBrowser();
  loaded = await load();
  return loaded.inspectCode(text);
}

function onlyInBrowser() {
  if (typeof document === "undefined") {
    throw new KaunterError("not_browser", "This only works in a browser: call it from a page.");
  }
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    throw new KaunterError(
      "browser_unsupported",
      "This browser is too old: use a current Chrome, Edge, Firefox or Safari.",
    );
  }
}

export class Till extends EventTarget {
  #raw;
  #camera;

  /** @private */
  constructor(key) {
    super();
    if (key !== OPENING) throw new TypeError("Use Till.open() to get a Till.");
  }

  static async open(options) {
    onlyInBrowser();
    const { signal } = own(options);
    if (signal != null && classOf(signal) !== "AbortSignal") throw wrong("signal", "an AbortSignal");
    signal?.throwIfAborted();
    loaded = await load();
    const till = new Till(OPENING);
    // What happens before anybody can listen is told when they can: the caller's next lines run first.
    let early = [];
    const emit = (type, detail) =>
      early ? early.push([type, detail]) : till.dispatchEvent(new CustomEvent(type, { detail }));
    till.#raw = await unlessAborted(loaded.RawTill.open(options, emit, spawnReader), signal);
    setTimeout(() => {
      const told = early;
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

  get session() {
    return this.#raw.session;
  }
  get camera() {
    this.#camera ??= new TillCamera(OPENING, this.#raw);
    return this.#camera;
  }

  // Async, so that nothing is thrown where a promise is promised; the module checks what it is given.
  async scan(options) {
    return this.#raw.scan(options);
  }
  async charge(sale, options) {
    return this.#raw.charge(sale, options);
  }
  async showCode(sale, options) {
    return this.#raw.showCode(sale, options);
  }
  async resume(tradeId, options) {
    return this.#raw.resume(tradeId, options);
  }
  async cancel(tradeId) {
    return this.#raw.cancel(tradeId);
  }
  async void(tradeId, options) {
    return this.#raw.void(tradeId, options);
  }
  async checkStatus(tradeId) {
    return this.#raw.checkStatus(tradeId);
  }
  async checkVoidStatus(tradeId) {
    return this.#raw.checkVoidStatus(tradeId);
  }
  async listTrades(query) {
    return this.#raw.listTrades(query);
  }
  async giveVerdict(tradeId, verdict) {
    return this.#raw.giveVerdict(tradeId, verdict);
  }
  async close() {
    return this.#raw.close();
  }
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.close();
  }
}

const OPENING = Symbol("opening");

/** The camera of a till. */
class TillCamera {
  #raw;
  constructor(key, raw) {
    if (key !== OPENING) throw new TypeError("Use till.camera to get a TillCamera.");
    this.#raw = raw;
  }
  get current() {
    return this.#raw.camera;
  }
  async warmUp() {
    return this.#raw.warmUp();
  }
  async list() {
    return this.#raw.cameras();
  }
  async use(camera) {
    return this.#raw.use(camera);
  }
  async adjust(adjustment) {
    return this.#raw.adjust(adjustment);
  }
  async release() {
    return this.#raw.release();
  }
  async permission() {
    return this.#raw.permission();
  }
}

/** The till that is being opened; an abort rejects at once, and a till that opens after it is closed. */
async function unlessAborted(opening, signal) {
  if (!signal) return opening;
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(
      (raw) => raw.close(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** A worker that has the module and is ready, or null where there is none; `here`: a reader on this thread. */
async function spawnReader(here) {
  if (here) return readHere();
  const worker = workerSource === false ? null : makeWorker();
  if (!worker) return null;
  await new Promise((resolve, reject) => {
    worker.addEventListener(
      "error",
      (event) => {
        worker.terminate();
        reject(event.error ?? new Error(event.message || "the worker did not load"));
      },
      { once: true },
    );
    worker.addEventListener(
      "message",
      ({ data }) => (data.type === "ready" ? resolve() : reject(new Error(data.message))),
      { once: true },
    );
    Promise.resolve(compiledModule()).then(
      (compiled) => worker.postMessage({ type: "init", module: compiled }),
      reject,
    );
  });
  return worker;
}

/**
 * The same module in a second instance: a decoder that traps leaves its memory unusable, and the till's must not be
 * that.
 */
async function readHere() {
  // Another address is another instance of the glue. Bundlers that know assets copy it; of the others the till's own
  // has to do.
  const address = new URL("./wasm/kaunter.js", import.meta.url);
  address.searchParams.set("here", "");
  const second = await import(/* @vite-ignore */ /* webpackIgnore: true */ address.href).catch(() => null);
  if (!second) return new loaded.WorkerReader();
  await second.default({ module_or_path: await compiledModule() });
  return new second.WorkerReader();
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
