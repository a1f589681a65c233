// @ts-check
// The counter of the tests: the sandbox in memory, on the tests' clock, with a customer who does what the test says.

import { RawSandbox, default as start } from "../wasm/sandbox.js";
import SANDBOX from "../wasm/sandbox.wasm";

/** @type {import("../wasm/sandbox.js").RawSettings} */
const SETTINGS = { seed: 1, approval: "auto", codeMemoryS: 0 };

/** What a sale without an amount comes to: the tests have no server that registers sales. */
const REGISTERED = { minor: 1000, currency: "MYR" };

/** A wallet whose codes the till tells from others, so that nobody has to choose: WeChat Pay. */
const TOLD_APART = "33";

export class Counter {
  #clock;
  /** @type {RawSandbox | undefined} */
  #raw;
  /** How the next charge ends, and how the next charge of a sale does, in the sandbox's words. */
  /** @type {string | undefined} */
  #next;
  /** @type {Map<string, string>} */
  #planned = new Map();
  /** The sales that are registered. */
  /** @type {Set<string>} */
  #registered = new Set();
  /** The wallet of the phone's next code. */
  /** @type {string | undefined} */
  #walletId;

  /** @param {import("./clock.js").Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** @param {(base64: string) => Promise<WebAssembly.Module>} compiled */
  async load(compiled) {
    await start({ module_or_path: await compiled(SANDBOX) });
  }

  get #sandbox() {
    this.#raw ??= new RawSandbox(SETTINGS);
    return this.#raw;
  }

  reset() {
    this.#raw?.free();
    this.#raw = undefined;
    this.#next = undefined;
    this.#planned.clear();
    this.#registered.clear();
  }

  /** The options of `Till.open` that lead here. */
  options() {
    return {
      backend: "https://sandbox.invalid",
      getToken: () => "sandbox|till-1|cashier",
      fetch: (/** @type {string} */ address, /** @type {any} */ init) => this.#fetch(address, init),
    };
  }

  async #fetch(address, { method, headers, body }) {
    const { pathname, search } = new URL(address);
    const now = this.#clock.now();
    const field = (/** @type {string} */ name) => headers?.get(name) ?? undefined;
    this.#sandbox.tick(now);
    const [token, device] = [field("Kaunter-Token"), field("Kaunter-Device")];
    const answer = this.#sandbox.call(now, method, pathname + search, token, device, body);
    const { status, retryAfterS } = answer;
    const known = {
      "content-type": status < 400 ? "application/json" : "application/problem+json",
      "retry-after": retryAfterS === undefined ? null : String(retryAfterS),
    };
    return {
      status,
      headers: { get: (/** @type {string} */ name) => known[name.toLowerCase()] ?? null },
      text: async () => answer.body,
      json: async () => JSON.parse(answer.body),
    };
  }

  /**
   * Plans how the next charge ends, of this sale or of any.
   * @param {string} word
   * @param {string} [ref]
   */
  plan(word, ref) {
    if (ref === undefined) this.#next = word;
    else this.#planned.set(ref, word);
  }

  /** A charge begins: tells the customer of this sale what to do. */
  begins(sale) {
    const ref = sale?.ref;
    if (typeof ref !== "string") return; // the till refuses it
    const own = this.#planned.get(ref);
    const word = own ?? this.#next ?? "paid";
    if (own === undefined) this.#next = undefined;
    this.#planned.delete(ref);
    this.#sandbox.plan(ref, word);
    if (sale.amount == null && !this.#registered.has(ref)) this.#register(ref);
  }

  /** Registers the sale, as the shop's server does. */
  #register(ref) {
    const body = JSON.stringify({ ref, amount: REGISTERED });
    this.#sandbox.call(this.#clock.now(), "PUT", "/v1/sales", "sandbox", undefined, body);
    this.#registered.add(ref);
  }

  /**
   * What the phone shows next: a code of this wallet; without one, a code that says its wallet, or, if the caller asks
   * for the wallet, one that does not.
   * @param {unknown} walletId
   * @param {boolean} isAsked
   */
  shows(walletId, isAsked) {
    this.#walletId = typeof walletId === "string" ? walletId : isAsked ? undefined : TOLD_APART;
  }

  code() {
    return this.#sandbox.phoneCode(this.#clock.now(), this.#walletId).text;
  }

  /** The customer scans a code that the till shows. */
  scans(payload) {
    this.#clock.setTimeout(() => this.#sandbox.scan(this.#clock.now(), payload));
  }
}
