// @ts-check
// "kaunter/testing": the package's own code, on a counter and a clock of the test. The globals that this bundle sees are
// those of world.js.

import { classOf, KaunterError, own, wrong } from "../error.js";
import * as kaunter from "../index.js";
import READER from "../wasm/reader.wasm";
import TILL from "../wasm/till.wasm";
import { Counter } from "./counter.js";
import { HandScanner } from "./hand_scanner.js";

export * from "../index.js";

const { Reader, Till } = kaunter;
const { clock: time, reset, workers } = kaunterWorld;
const counter = new Counter(time);

export const clock = {
  now: () => time.now(),
  advance: (/** @type {number} */ ms) => time.advance(ms),
};

/** @param {string} base64 */
const compiled = (base64) => WebAssembly.compile(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));

/** @type {Promise<void> | undefined} */
let loading;

/** Loads the modules out of this file. */
function load() {
  loading ??= (async () => {
    const [till, reader] = await Promise.all([compiled(TILL), compiled(READER), counter.load(compiled)]);
    const Worker = workers(time, () => counter.code(), kaunter.version);
    await kaunter.init({ till, reader, worker: () => /** @type {any} */ (new Worker()) });
  })();
  return loading;
}

export async function init(options) {
  own(options);
  await load();
}

export async function inspectCode(text) {
  await load();
  return kaunter.inspectCode(text);
}

/** Reads an `ImageData`: other pictures need a browser. */
export async function decode(image, options) {
  const { maxCodes, effort } = own(options);
  if (classOf(image?.data) !== "Uint8ClampedArray") {
    throw new KaunterError("image_unsupported", "This picture can't be read: take another photo as JPEG or PNG.", {
      type: "input",
      detail: "kaunter/testing has no pictures: pass an ImageData, or { data, width, height } with RGBA.",
    });
  }
  await load();
  const reader = await Reader.load();
  try {
    return reader.read(image, { maxCodes, effort: effort ?? "still" });
  } finally {
    reader.close();
  }
}

const loadReader = Reader.load;
Reader.load = async (options) => {
  own(options);
  await load();
  return loadReader.call(Reader);
};

/** The caller's function, during which the clock stands still. */
const held = (work) => (typeof work === "function" ? (...given) => time.hold(work(...given)) : work);

const openTill = Till.open;
Till.open = async (options) => {
  const { signal, camera, messages, chooseWallet, handScanner } = own(options);
  await load();
  const { stream: _, ...cameraOptions } = own(camera, "camera");
  /** @type {any} */
  const given = { signal, camera: cameraOptions, messages, chooseWallet: held(chooseWallet), ...counter.options() };
  const scanner = new HandScanner(time, () => counter.code());
  given.handScanner = scanner.options(handScanner);
  const till = await time.during(openTill.call(Till, given));
  scanners.set(till, scanner);
  if (typeof chooseWallet === "function") choosers.add(till);
  patchCamera(Object.getPrototypeOf(till.camera));
  return till;
};

/** The hand scanner of each till. */
const scanners = new WeakMap();

/** The tills whose caller asks for the wallet. */
const choosers = new WeakSet();

const CALLS =
  "scan charge showCode resume cancel void checkStatus checkVoidStatus refresh listTrades giveVerdict giveUp takeOver signOut close";

/**
 * Lets the clock run while one of these methods waits.
 * @param {any} prototype
 * @param {string[]} names
 * @param {(of: any, name: string, given: any[]) => any[]} [prepare]
 */
function timed(prototype, names, prepare = (_of, _name, given) => given) {
  for (const name of names) {
    const call = prototype[name];
    prototype[name] = async function (/** @type {any[]} */ ...given) {
      return time.during(call.apply(this, prepare(this, name, given)));
    };
  }
}

timed(Till.prototype, CALLS.split(" "), (till, name, given) => {
  if (name === "scan") {
    counter.shows(undefined, choosers.has(till));
    scanners.get(till).begins(till, given[0]);
    return [heldScan(given[0])];
  }
  if (name === "charge") {
    const [sale, options] = given;
    counter.begins(sale);
    counter.shows(options?.walletId, choosers.has(till));
    scanners.get(till).begins(till, options?.scan);
    return [sale, options?.scan ? { ...options, scan: heldScan(options.scan) } : options];
  }
  if (name === "showCode" || name === "resume") {
    const [subject, options] = given;
    if (name === "showCode") counter.begins(subject);
    return [subject, heldCode(options)];
  }
  return given;
});

const heldScan = (options) =>
  typeof options?.accept === "function" ? { ...options, accept: held(options.accept) } : options;

/** The customer scans each code that is shown. */
const heldCode = (options) =>
  typeof options?.onCode === "function"
    ? {
        ...options,
        onCode(code) {
          options.onCode(code);
          counter.scans(code.payload);
        },
      }
    : options;

let isCameraPatched = false;
function patchCamera(prototype) {
  if (isCameraPatched) return;
  isCameraPatched = true;
  timed(prototype, ["warmUp", "list", "use", "adjust", "release", "permission"]);
}

const STATUSES = ["paid", "declined", "cancelled", "unconfirmed"];
const REASONS = ["code_expired", "code_used", "insufficient_funds", "limit", "wrong_wallet", "other"];

export function setOutcome(outcome, sale) {
  const { status, reason } = typeof outcome === "string" ? { status: outcome } : own(outcome, "outcome");
  if (!STATUSES.includes(status))
    throw wrong(
      "outcome",
      `one of ${STATUSES.join(", ")}: a charge ends in no other way, and till.void gives "voided"`,
    );
  if (reason !== undefined && (status !== "declined" || !REASONS.includes(reason)))
    throw wrong("outcome.reason", `a reason of "declined": one of ${REASONS.join(", ")}`);
  const { ref } = own(sale, "sale");
  if (sale !== undefined && typeof ref !== "string") throw wrong("sale.ref", "a sale's reference");
  counter.plan(status === "declined" ? (reason ?? "other") : status, ref);
}

export async function resetTesting() {
  await time.settle();
  reset();
  counter.reset();
  await time.settle();
}
