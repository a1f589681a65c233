// The package's face: thin over the module, because a Wasm class can't extend EventTarget.

import { classOf, KaunterError, own, wrong } from "./error.js";
import { compiledModule, load, version } from "./load.js";

export { formatMoney } from "./money.js";
export { loadReader, Reader } from "./reader.js";
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

// These two answer at once, so the module must be there: `init`, `Till.open` and `decode` load it.
let loaded;
const here = () => {
  if (!loaded)
    throw new KaunterError("module_load_failed", "The payment module is not loaded yet: await init() first.", {
      retryable: true,
    });
  return loaded;
};

export const recognise = (text) => here().recognise(text);
export const money = (text, currency) => here().money(text, currency);

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

  /** @private */
  constructor(key) {
    super();
    if (key !== OPENING) throw new TypeError("Use Till.open() to get a Till.");
  }

  static async open(options) {
    onlyInBrowser();
    loaded = await load();
    const till = new Till(OPENING);
    // What happens before anybody can listen is told when they can: the caller's next lines run first.
    let early = [];
    const emit = (type, detail) =>
      early ? early.push([type, detail]) : till.dispatchEvent(new CustomEvent(type, { detail }));
    till.#raw = await loaded.RawTill.open(options, emit, spawnReader);
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
