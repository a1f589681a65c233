// The package's face: thin over the module, because a Wasm class can't extend EventTarget.

import { KaunterError } from "./error.js";
import { load, module, version } from "./load.js";

export { KaunterError, version };
export { Reader, loadReader } from "./reader.js";

let workerSource;

export async function init(options = {}) {
  onlyInBrowser();
  if (options.worker !== undefined) workerSource = options.worker;
  await load(options.wasm);
}

export async function decode(image, options) {
  onlyInBrowser();
  return (await load()).decode(image, options);
}

// These two answer at once, so the module must be there: `init`, `Till.open` and `decode` load it.
let exports;
const here = () => {
  if (!exports) throw new KaunterError("wasm/load-failed", "The payment module is not loaded yet: await init() first.", { retryable: true });
  return exports;
};

export const recognise = (text) => here().recognise(String(text));
export const money = (text, currency) => here().money(String(text), String(currency));

function onlyInBrowser() {
  if (typeof document === "undefined") {
    throw new KaunterError("env/not-browser", "This only works in a browser: call it from a page.");
  }
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    throw new KaunterError("env/unsupported", "This browser is too old: use a current Chrome, Edge, Firefox or Safari.");
  }
  load().then((raw) => { exports = raw; }, () => {});
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
    exports = await load();
    const till = new Till(OPENING);
    // What happens before anybody can listen is told when they can: the caller's next lines run first.
    let early = [];
    const emit = (type, detail) => (early ? early.push([type, detail]) : till.dispatchEvent(new CustomEvent(type, { detail })));
    till.#raw = await exports.RawTill.open(options, emit, spawnReader);
    setTimeout(() => {
      const told = early;
      early = null;
      told.forEach(([type, detail]) => emit(type, detail));
    });
    return till;
  }

  get state() { return this.#raw.state; }
  get wallets() { return this.#raw.wallets; }
  get unfinished() { return this.#raw.unfinished; }

  warmUp() { return this.#raw.warmUp(); }
  scan(options) { return this.#raw.scan(options); }
  charge(sale, options) { return this.#raw.charge(sale, options); }
  pay(sale, code, options) { return this.#raw.pay(sale, code, options); }
  present(sale, options) { return this.#raw.present(sale, options); }
  status(tradeId) { return this.#raw.status(String(tradeId)); }
  cancel(tradeId) { return this.#raw.cancel(String(tradeId)); }
  void(tradeId, reason) { return this.#raw.void(String(tradeId), String(reason ?? "")); }
  voidStatus(tradeId) { return this.#raw.voidStatus(String(tradeId)); }
  resume(tradeId, options) { return this.#raw.resume(tradeId ?? undefined, options); }
  find(ref) { return this.#raw.find(String(ref)); }
  history(day) { return this.#raw.history(day === undefined ? undefined : String(day)); }
  settle(tradeId, verdict) { return this.#raw.settle(String(tradeId), verdict); }
  permission() { return this.#raw.permission(); }
  cameras() { return this.#raw.cameras(); }
  use(camera) { return this.#raw.use(camera ?? {}); }
  adjust(what) { return this.#raw.adjust(what ?? {}); }
  release() { return this.#raw.release(); }
  close() { return this.#raw.close(); }
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() { return this.close(); }
}

const OPENING = Symbol("opening");

/** A worker that has the module and is ready, or null where there is none; `here`: a reader on this thread. */
async function spawnReader(here) {
  if (here) return readHere();
  const worker = workerSource === false ? null : makeWorker();
  if (!worker) return null;
  await new Promise((resolve, reject) => {
    worker.addEventListener("error", (event) => { worker.terminate(); reject(event.error ?? new Error(event.message || "the worker did not load")); }, { once: true });
    worker.addEventListener("message", ({ data }) => (data.type === "ready" ? resolve() : reject(new Error(data.message))), { once: true });
    Promise.resolve(module()).then((compiled) => worker.postMessage({ type: "init", module: compiled }), reject);
  });
  return worker;
}

/** The same module in a second instance: a decoder that traps leaves its memory unusable, and the till's must not be that. */
async function readHere() {
  // Another address is another instance of the glue. Bundlers that know assets copy it; of the others the till's own has to do.
  const address = new URL("./wasm/kaunter.js", import.meta.url);
  address.searchParams.set("here", "");
  const second = await import(/* @vite-ignore */ /* webpackIgnore: true */ address.href).catch(() => null);
  if (!second) return new exports.WorkerReader();
  await second.default({ module_or_path: await module() });
  return new second.WorkerReader();
}

function makeWorker() {
  try {
    if (typeof workerSource === "function") return workerSource();
    if (workerSource) return new Worker(workerSource, { type: "module" });
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch {
    return null; // a page of another origin than the package may start no worker
  }
}
