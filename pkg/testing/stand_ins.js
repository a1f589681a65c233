// @ts-check
// Small stand-ins for what the till uses of a browser. They live in the bundle only: nothing is put on the test's own
// globalThis, and two tills of one test share them, as two tabs share a browser.

/** The part of EventTarget that the till uses: environments differ in theirs. */
export class Emitter {
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();
  addEventListener(type, hear, options) {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    const once = (event) => {
      this.removeEventListener(type, once);
      hear(event);
    };
    const listener = options?.once ? once : hear;
    this.#listeners.get(type)?.add(listener);
    options?.signal?.addEventListener?.("abort", () => this.removeEventListener(type, listener), { once: true });
  }
  removeEventListener(type, hear) {
    this.#listeners.get(type)?.delete(hear);
  }
  /** @param {string} type @param {object} [facts] */
  emit(type, facts) {
    for (const hear of [...(this.#listeners.get(type) ?? [])]) hear({ type, ...facts });
  }
}

export class Headers {
  #all = new Map();
  constructor(init = {}) {
    for (const [name, value] of Object.entries(init)) this.set(name, value);
  }
  set(name, value) {
    this.#all.set(String(name).toLowerCase(), String(value));
  }
  get(name) {
    return this.#all.get(String(name).toLowerCase()) ?? null;
  }
}

/** `localStorage`. */
export class Storage {
  #all = new Map();
  getItem(key) {
    return this.#all.get(key) ?? null;
  }
  setItem(key, value) {
    this.#all.set(key, String(value));
  }
  removeItem(key) {
    this.#all.delete(key);
  }
}

/** `navigator.locks`: a lock is free as soon as its holder's promise has settled. */
export class Locks {
  #held = new Set();
  async request(name, _options, grant) {
    if (this.#held.has(name)) return grant(null);
    this.#held.add(name);
    try {
      return await grant({ name });
    } finally {
      this.#held.delete(name);
    }
  }
}

/** The channels of a browser: those of one name reach each other. */
export class Channels {
  /** @type {Set<Emitter>} */
  #open = new Set();
  BroadcastChannel;
  constructor() {
    const open = this.#open;
    this.BroadcastChannel = class BroadcastChannel extends Emitter {
      constructor(name) {
        super();
        this.name = name;
        open.add(this);
      }
      postMessage(data) {
        for (const other of open)
          if (other instanceof BroadcastChannel && other !== this && other.name === this.name)
            later(() => open.has(other) && other.emit("message", { data }));
      }
      close() {
        open.delete(this);
      }
    };
  }
  reset() {
    this.#open.clear();
  }
}

/** @typedef {{ result: unknown, onupgradeneeded?: () => void, onsuccess?: () => void }} Request */

/** The class is for `instanceof`. */
export class IDBDatabase {}

/** `indexedDB`, as far as `src/page/browser.js` uses it: stores with the key path `key`. */
export class Databases {
  #all = new Map();
  open(name) {
    const isNew = !this.#all.has(name);
    if (isNew) this.#all.set(name, new Database());
    /** @type {Request} */
    const request = { result: this.#all.get(name) };
    later(() => {
      if (isNew) request.onupgradeneeded?.();
      later(() => request.onsuccess?.());
    });
    return request;
  }
}

class Database extends IDBDatabase {
  #stores = new Map();
  objectStoreNames = { contains: (name) => this.#stores.has(name) };
  createObjectStore(name) {
    this.#stores.set(name, new Map());
  }
  transaction(name) {
    const rows = this.#stores.get(name);
    if (!rows) throw new Error(`There is no store ${name}.`);
    /** @type {{ oncomplete?: () => void, objectStore: () => Rows }} */
    const transaction = { objectStore: () => new Rows(rows) };
    later(() => later(() => transaction.oncomplete?.()));
    return transaction;
  }
  close() {}
}

class Rows {
  #rows;
  constructor(rows) {
    this.#rows = rows;
  }
  getAll() {
    return answered([...this.#rows.values()]);
  }
  get(key) {
    return answered(this.#rows.get(key));
  }
  put(row) {
    this.#rows.set(row.key, row);
    return answered(row.key);
  }
  delete(key) {
    return answered(this.#rows.delete(key));
  }
}

/** @param {unknown} result */
function answered(result) {
  /** @type {Request} */
  const request = { result };
  later(() => request.onsuccess?.());
  return request;
}

/** @param {() => unknown} run */
const later = (run) => void Promise.resolve().then(run);

/** Numbers without chance: the same in each run. */
export class Dice {
  #state = 0;
  reset() {
    this.#state = 1;
  }
  /** `crypto.getRandomValues`, by mulberry32. */
  getRandomValues(bytes) {
    for (let at = 0; at < bytes.length; at++) {
      this.#state = (this.#state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      bytes[at] = mixed >>> 14;
    }
    return bytes;
  }
}

/** UTF-8 for environments without it: Jest's jsdom. */
export class TextEncoder {
  encode(text) {
    const escaped = unescape(encodeURIComponent(text));
    return Uint8Array.from(escaped, (letter) => letter.charCodeAt(0));
  }
  encodeInto(text, view) {
    const bytes = this.encode(text);
    view.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}
export class TextDecoder {
  decode(bytes = new Uint8Array()) {
    let escaped = "";
    for (const byte of bytes) escaped += String.fromCharCode(byte);
    return decodeURIComponent(escape(escaped));
  }
}
