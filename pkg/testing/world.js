// @ts-check
// What the till's modules see in place of the browser: xtask/testing.mjs wraps the bundle in a function whose parameters
// have the names of `globals`.

import { classOf } from "../error.js";
import { HTMLVideoElement, MediaDevices, MediaStreamTrack, workers } from "./camera.js";
import { Clock, turns } from "./clock.js";
import {
  Channels,
  Databases,
  Dice,
  Emitter,
  Headers,
  IDBDatabase,
  Locks,
  Storage,
  TextDecoder,
  TextEncoder,
} from "./stand_ins.js";

/** The page that the till believes to be on. Nothing is fetched from there. */
const ORIGIN = "https://checkout.invalid";

/**
 * The getters by which the till tells what an object is: src/types/given.rs. Each environment has classes of its own, and
 * happy-dom's have fields in place of getters.
 */
class AbortSignal {
  get aborted() {
    return only(this, "AbortSignal").aborted;
  }
}
class URL {
  get href() {
    return only(this, "URL").href;
  }
}

function only(/** @type {any} */ value, /** @type {string} */ name) {
  if (classOf(value) !== name) throw new TypeError(`This is no ${name}.`);
  return value;
}

/**
 * The stand-ins, and what moves them. `real` is the environment's own globalThis.
 * @param {any} real
 */
export function world(real) {
  const report = (/** @type {unknown} */ error) =>
    real.reportError ? real.reportError(error) : real.console?.error(error);
  const clock = new Clock(turns(real), report);
  const dice = new Dice();
  dice.reset();

  class TestDate extends real.Date {
    constructor(...given) {
      super(...(given.length > 0 ? given : [clock.now()]));
    }
    static now() {
      return clock.now();
    }
  }

  const document = Object.assign(new Emitter(), {
    baseURI: `${ORIGIN}/`,
    hidden: false,
    createElement: (/** @type {string} */ name) => (name === "video" ? new HTMLVideoElement(clock) : {}),
  });
  const channels = new Channels();
  const browser = { localStorage: new Storage(), indexedDB: new Databases(), locks: new Locks() };
  const navigator = {
    onLine: true,
    maxTouchPoints: 0,
    mediaDevices: new MediaDevices(),
    permissions: { query: async () => ({ state: "granted" }) },
    get locks() {
      return browser.locks;
    },
  };

  class Window extends Emitter {
    AbortSignal = AbortSignal;
    URL = URL;
    document = document;
    navigator = navigator;
    isSecureContext = true;
    frameElement = null;
    location = { origin: ORIGIN, protocol: "https:", href: `${ORIGIN}/` };
    reportError = report;
    get self() {
      return this;
    }
    get parent() {
      return this;
    }
    get localStorage() {
      return browser.localStorage;
    }
  }
  const window = new Window();

  class HTMLCanvasElement {}
  class CanvasRenderingContext2D {}

  const globals = {
    globalThis: window,
    global: window,
    self: window,
    window,
    Window,
    document,
    navigator,
    location: window.location,
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    indexedDB: { open: (/** @type {string} */ name) => browser.indexedDB.open(name) },
    IDBDatabase,
    BroadcastChannel: channels.BroadcastChannel,
    MediaStreamTrack,
    HTMLVideoElement,
    HTMLCanvasElement,
    CanvasRenderingContext2D,
    MediaStreamTrackProcessor: undefined,
    VideoFrame: undefined,
    createImageBitmap: undefined,
    Worker: Emitter,
    process: undefined,
    crypto: dice,
    Date: TestDate,
    performance: { now: () => clock.elapsed() },
    setTimeout: (/** @type {() => void} */ run, /** @type {number} */ ms) => clock.setTimeout(run, ms),
    clearTimeout: (/** @type {number} */ id) => clock.clearTimeout(id),
    queueMicrotask: (/** @type {() => void} */ run) => void Promise.resolve().then(run),
    fetch: undefined,
    Headers,
    TextEncoder: real.TextEncoder ?? TextEncoder,
    TextDecoder: real.TextDecoder ?? TextDecoder,
  };

  return {
    globals,
    clock,
    workers,
    /** Forgets everything that a browser keeps. */
    reset() {
      clock.reset();
      dice.reset();
      channels.reset();
      Object.assign(browser, { localStorage: new Storage(), indexedDB: new Databases(), locks: new Locks() });
    },
  };
}
