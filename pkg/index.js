// @ts-check
// The package's entry. `Till` wraps the till's module, because a Wasm class can't extend EventTarget.
// The reader is a module of its own; the first scan loads it.

import { classOf, KaunterError, notBrowser, own, reasonOf, wrong } from "./error.js";
import { inPackage, loader, sameVersion, version } from "./load.js";
import { pageReader, readerModule } from "./reader-module.js";
import * as glue from "./wasm/till.js";

export { formatMoney, parseMoney } from "./money.js";
export { decode, Reader } from "./reader.js";
export { KaunterError, version };

const tillModule = loader(
  "till",
  () => inPackage(new URL("./wasm/till.wasm", import.meta.url)),
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

/** @type {typeof glue | undefined} */
let loaded;

export async function inspectCode(text) {
  onlyInBrowser();
  loaded = await tillModule.load();
  return loaded.inspectCode(text);
}

function onlyInBrowser() {
  // jsdom has a document, but no workers.
  if (typeof document === "undefined" || (typeof process === "object" && typeof Worker !== "function"))
    throw notBrowser();
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    throw new KaunterError(
      "browser_unsupported",
      "This browser is too old: use a current Chrome, Edge, Firefox or Safari.",
    );
  }
}

export class Till extends EventTarget {
  /** @type {glue.RawTill} */
  // @ts-expect-error `open` sets it
  #raw;
  #camera;

  /** @private */
  constructor(key) {
    super();
    if (key !== OPENING) throw new TypeError("Use Till.open() to get a Till.");
  }

  static async open(options) {
    onlyInBrowser();
    const { signal, backend, handScanner } = own(options);
    if (signal != null && classOf(signal) !== "AbortSignal") throw wrong("signal", "an AbortSignal");
    if (signal?.aborted) throw reasonOf(signal);
    // Most pages have no hand scanner, and do not load it.
    const listen =
      (handScanner ?? false) !== false &&
      (await import("./hand-scanner.js")).handScanner(options, { KaunterError, own, wrong });
    loaded = await tillModule.load();
    const till = new Till(OPENING);
    // Events before the caller can add listeners wait for the next task.
    /** @type {[string, unknown][] | null} */
    let early = [];
    const emit = (type, detail) =>
      early ? early.push([type, detail]) : till.dispatchEvent(new CustomEvent(type, { detail }));
    const opening = loaded.RawTill.open(options, emit, spawnReader, !!listen).catch((error) => {
      if (error?.code === "network_failed") error.detail = `${backend} gave ${error.detail ?? "no answer"}`;
      throw error;
    });
    till.#raw = await unlessAborted(opening, signal);
    if (listen) listen(till.#raw, emit);
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

  get session() {
    return this.#raw.session;
  }
  get camera() {
    this.#camera ??= new TillCamera(OPENING, this.#raw);
    return this.#camera;
  }

  // Async, so an error is always a rejection. The module checks the arguments.
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
  async refresh(tradeId) {
    // The status of a void is a fresh one too.
    return this.#raw.checkVoidStatus(tradeId);
  }
  async giveUp(options) {
    return this.#raw.giveUp(options);
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
  async takeOver(options) {
    return this.#raw.takeOver(options);
  }
  async signOut() {
    return this.#raw.signOut();
  }
  async close() {
    return this.#raw.close();
  }
  [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.close();
  }
}

const OPENING = Symbol("opening");

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

/** Rejects at once on abort, and closes a till that opens later. */
async function unlessAborted(opening, signal) {
  if (!signal) return opening;
  let stop;
  const aborted = new Promise((_, reject) => {
    stop = () => reject(reasonOf(signal));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop(); // while the module loaded
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

/**
 * A worker that is ready, `null` without workers, or with `onPage` a reader on this thread.
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
    if (!KaunterError.is(error)) warn(error);
    throw error;
  }
  return worker;
}

/** Reading goes on without the worker, so a page that listens to no `warning` would not notice. */
let warn = (/** @type {any} */ error) => {
  console.warn(`kaunter: ${error.message} Frames are read on the page's thread.`);
  warn = () => {};
};

// A worker answers within a few ms. One whose policy or server stops it silently never does.
const MAX_READY_MS = 3000;

/**
 * Posts the compiled module and waits for `ready`.
 * @param {Worker} worker
 */
function started(worker) {
  return new Promise((resolve, reject) => {
    const once = { once: true };
    const fail = (/** @type {string} */ what) => reject(new Error(`The worker ${spawned} ${what}.`));
    worker.addEventListener("error", ({ message }) => fail(message ? `failed: ${message}` : "did not load"), once);
    const hear = (/** @type {MessageEvent<import("./protocol.d.ts").FromWorker>} */ { data }) => {
      if (data.type !== "ready") return fail(`failed: ${data.type === "failed" ? data.message : data.type}`);
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
      setTimeout(() => fail("did not answer"), MAX_READY_MS);
    }, reject);
  });
}

/** The address of the last worker. */
let spawned = "of init()";

function makeWorker() {
  if (typeof workerSource === "function") {
    const worker = workerSource();
    return typeof worker?.postMessage === "function" && typeof worker.addEventListener === "function" ? worker : null;
  }
  const Real = Worker;
  class Placed extends Real {
    constructor(address, options) {
      const { href, origin } = inPackage(new URL(address, document.baseURI));
      spawned = href;
      super(trusted(href.startsWith("http") && origin !== location.origin ? borrowed(href, options) : href), options);
    }
  }
  if (workerSource) return new Placed(workerSource, { type: "module" });
  // Bundlers need this form of `new Worker`, so what it does is replaced.
  globalThis.Worker = Placed;
  try {
    return new Worker(new URL("./wasm/worker.js", import.meta.url), { type: "module" });
  } finally {
    globalThis.Worker = Real;
  }
}

/** A browser starts no worker of another origin, but one of this origin may load a script from there. */
function borrowed(address, options) {
  const from = JSON.stringify(address);
  // Not `import()`: messages that come before the script has loaded would be lost.
  const text = options?.type === "module" ? `import ${from}` : `importScripts(${from})`;
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

let policy;

/** A worker's address for a page with Trusted Types. */
function trusted(address) {
  try {
    policy ??= globalThis.trustedTypes.createPolicy("kaunter", { createScriptURL: (text) => text });
    return policy.createScriptURL(address);
  } catch {
    return address;
  }
}
