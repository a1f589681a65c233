// @ts-check
// "kaunter/sandbox": a whole counter in the page. Its backend and its gateway are a Wasm module of their own, which
// loads only here; no call leaves the page.

import { notBrowser, own, reasonOf, wrong } from "./error.js";
import { inPackage, loader } from "./load.js";
import { SandboxCamera } from "./sandbox/camera.js";
import { DatabaseStore, MemoryStore } from "./sandbox/store.js";
import * as glue from "./wasm/sandbox.js";

/** No such host can exist (RFC 2606), so a till without the sandbox's `fetch` reaches nobody. */
const BACKEND = "https://sandbox.invalid";
/** All rights of a terminal and its cashier. The module reads no other token. */
const TOKEN = "sandbox|till-1|sandbox";
/** WeChat Pay: the till knows its codes, so a page without `chooseWallet` can charge the phone. */
const WALLET = "33";
/** What the module can play; a cut network is this page's own. */
const PLAYED = ["answer_lost", "never_answers", "pays_after_cancel", "gateway_down"];
const FAULTS = [...PLAYED, "network_cut"];
/** The shortest pause between two ticks, and the longest that a timer takes. */
const [MIN_PAUSE_MS, MAX_PAUSE_MS] = [100, 2 ** 31 - 1];

const sandboxModule = loader(
  "sandbox",
  () => inPackage(new URL("./wasm/sandbox.wasm", import.meta.url)),
  async (compiled) => {
    await glue.default({ module_or_path: compiled });
  },
);

class Faults extends Set {
  add(name) {
    if (!FAULTS.includes(name)) throw wrong("faults", FAULTS.join(", "));
    return super.add(name);
  }
}

class Phone {
  #asks;
  /** @param {any} asks */
  constructor(asks) {
    this.#asks = asks;
  }
  get waiting() {
    return this.#asks.waiting();
  }
  code(walletId) {
    const { text, svg } = this.#asks.code(walletId);
    return { text, svg };
  }
  approve() {
    this.#asks.change((raw, now) => raw.approve(now));
  }
  decline() {
    this.#asks.change((raw, now) => raw.decline(now));
  }
  scan(payload) {
    if (typeof payload !== "string") throw wrong("payload", "a string");
    this.#asks.change((raw, now) => raw.scan(now, payload));
  }
  move(x, y) {
    if (![x, y].every(Number.isFinite)) throw wrong(Number.isFinite(x) ? "y" : "x", "a number");
    this.#asks.camera.move(x, y);
  }
}

class Sandbox {
  // Own properties are spread into the options of Till.open: only what these are.
  backend = BACKEND;
  getToken = async () => TOKEN;
  /** @type {typeof fetch} */
  fetch = async (input, init) => this.#answer(new Request(input, init));

  #settings;
  #faults;
  /** @type {MemoryStore | DatabaseStore} */
  #store = new MemoryStore();
  #raw;
  /** What was stored or read last. */
  #text;
  /** Draws codes only: a fresh one changes nothing that is stored. */
  #wallet;
  #walletId = WALLET;
  #shown;
  #timer;
  #camera = new SandboxCamera(() => this.#code());
  #phone = new Phone({
    camera: this.#camera,
    waiting: () => this.#raw.waiting(),
    code: (walletId) => this.#code(walletId),
    change: (use) => void this.#change((raw) => use(raw, Date.now())).catch(report),
  });

  constructor(settings, faults) {
    this.#settings = settings;
    this.#faults = new Faults(faults);
    this.#begin();
    this.#wallet = new glue.RawSandbox(this.#settings());
  }

  static async start(settings, faults, persist) {
    const made = new Sandbox(settings, faults);
    if (persist) {
      // Another tab's change; nothing is stored.
      const hear = () => void made.#change(() => {}, false).catch(report);
      made.#store = await DatabaseStore.open(hear).catch((error) => {
        console.warn("The sandbox forgets its sales at a reload: this browser stores nothing.", error);
        return new MemoryStore();
      });
    }
    await made.#change((raw) => raw.tick(Date.now()));
    return made;
  }

  get phone() {
    return this.#phone;
  }
  get ledger() {
    return this.#raw.ledger();
  }
  get faults() {
    return this.#faults;
  }
  get canvas() {
    return this.#camera.canvas;
  }
  cameraStream() {
    return this.#camera.stream();
  }
  async reset() {
    this.#faults.clear();
    await this.#change(() => this.#begin());
  }

  #begin() {
    this.#raw?.free();
    this.#raw = new glue.RawSandbox(this.#settings());
  }

  /**
   * Runs `use` alone, on the newest state. What it did is stored before the promise resolves.
   * @template T
   * @param {(raw: glue.RawSandbox) => T} use
   * @returns {Promise<T>}
   */
  async #change(use, stores = true) {
    /** @type {any} */
    let result;
    await this.#store.change((newer) => {
      if (newer !== undefined) this.#read(newer);
      for (const name of PLAYED) this.#raw.setFault(name, this.#faults.has(name));
      result = use(this.#raw);
      const text = this.#raw.state();
      if (!stores || text === this.#text) return undefined;
      this.#text = text;
      return text;
    });
    this.#wake();
    return result;
  }

  #read(text) {
    this.#text = text;
    if (text === null) return this.#begin();
    try {
      const raw = glue.RawSandbox.restore(this.#settings(), text);
      this.#raw.free();
      this.#raw = raw;
    } catch (error) {
      console.warn("The sandbox starts anew: its stored sales are of another version.", error);
      this.#begin();
    }
  }

  #wake() {
    clearTimeout(this.#timer);
    const at = this.#raw.wakesAt();
    if (at === undefined) return;
    const pause = Math.min(Math.max(at - Date.now(), MIN_PAUSE_MS), MAX_PAUSE_MS);
    this.#timer = setTimeout(() => this.#change((raw) => raw.tick(Date.now())).catch(report), pause);
  }

  /** The code that the phone shows: a fresh one for another wallet, and once it was handed over. */
  #code(walletId = this.#walletId) {
    if (this.#shown && walletId === this.#walletId) return this.#shown;
    try {
      this.#shown = this.#wallet.phoneCode(Date.now(), walletId);
    } catch (cause) {
      throw wrong("walletId", "the id of a wallet of the sandbox", cause);
    }
    this.#walletId = walletId;
    return this.#shown;
  }

  async #answer(request) {
    if (!request.url.startsWith(`${BACKEND}/`)) throw new TypeError(`The sandbox answers for ${BACKEND} only.`);
    const body = (await request.text()) || undefined;
    const path = request.url.slice(BACKEND.length);
    const [token, device] = ["Kaunter-Token", "Kaunter-Device"].map((name) => request.headers.get(name) ?? undefined);
    if (request.signal.aborted) throw reasonOf(request.signal);
    this.#mustConnect();
    const call = (raw) => raw.call(Date.now(), request.method, path, token, device, body);
    const answer = await this.#change(call);
    this.#mustConnect();
    // A till reads a code before it creates the trade, and takes that code for no other sale.
    const isSpent = path.endsWith("/code") ? answer.status < 300 : path === "/v1/trades" && answer.status >= 400;
    if (request.method === "POST" && isSpent) this.#shown = undefined;
    const headers = { "Content-Type": answer.status < 400 ? "application/json" : "application/problem+json" };
    if (answer.retryAfterS !== undefined) headers["Retry-After"] = String(answer.retryAfterS);
    return new Response(answer.status === 204 ? null : answer.body, { status: answer.status, headers });
  }

  #mustConnect() {
    if (this.#faults.has("network_cut")) throw new TypeError("The sandbox's network is cut.");
  }
}

const report = (error) => console.error("The sandbox's state was not stored.", error);

let isTold = false;

export async function sandbox(options) {
  if (typeof document === "undefined") throw notBrowser();
  const { approval, faults, persist, seed, codeMemoryS, wasm } = own(options);
  if (approval != null && approval !== "auto" && approval !== "manual") throw wrong("approval", '"auto" or "manual"');
  if (persist != null && typeof persist !== "boolean") throw wrong("persist", "true or false");
  if (seed != null && !Number.isFinite(seed)) throw wrong("seed", "a number");
  if (codeMemoryS != null && !(Number.isInteger(codeMemoryS) && codeMemoryS >= 0 && codeMemoryS < 2 ** 32))
    throw wrong("codeMemoryS", "a number of whole seconds");
  if (faults != null && !Array.isArray(faults)) throw wrong("faults", `a list of ${FAULTS.join(", ")}`);
  sandboxModule.at(wasm);
  await sandboxModule.load();
  // Without a seed of the caller's, the ids after a reset are others, because the till may still know the old ones.
  const settings = () => ({
    approval: approval ?? "auto",
    seed: seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
    codeMemoryS: codeMemoryS ?? 0,
  });
  const made = await Sandbox.start(settings, faults ?? [], persist ?? true);
  if (!isTold) console.info("Sandbox, no real money");
  isTold = true;
  return made;
}
