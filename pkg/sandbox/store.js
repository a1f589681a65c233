// @ts-check
// Where the sandbox keeps its state. `change(work)` runs `work` alone, and resolves when its result is kept. `work` gets
// the stored text if it is newer than what this page has seen, and gives the text to store, or undefined.

const NAME = "kaunter|sandbox";
const STORE = "states";
const KEY = "counter";

/** Of this page only. */
export class MemoryStore {
  /** @param {(newer?: string | null) => string | undefined} work */
  async change(work) {
    work();
  }
}

/** Of all tabs of an origin, and of the next load of the page. */
export class DatabaseStore {
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;
  /** The stored revision that this page has; -1 if its state is not the stored one. */
  #revision = -1;
  #news = new BroadcastChannel(NAME);

  /**
   * Rejects if the browser blocks storage.
   * @param {() => void} hear another tab has stored something
   */
  static async open(hear) {
    const store = new DatabaseStore();
    await store.#open();
    store.#news.onmessage = hear;
    return store;
  }

  #open() {
    this.#database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const forget = () => {
      this.#database = undefined;
    };
    this.#database.then((database) => Object.assign(database, { onclose: forget, onversionchange: forget }), forget);
    return this.#database;
  }

  /** @type {MemoryStore["change"]} */
  async change(work) {
    const database = await this.#open();
    const isNew = await new Promise((resolve, reject) => {
      // Transactions that write to a store run one after the other, also those of other tabs.
      const transaction = database.transaction(STORE, "readwrite");
      const store = transaction.objectStore(STORE);
      const read = store.get(KEY);
      let failed, isNew;
      read.onsuccess = () => {
        const { revision, text } = read.result ?? { revision: 0, text: null };
        try {
          const next = revision === this.#revision ? work() : work(text);
          isNew = next !== undefined;
          this.#revision = isNew ? revision + 1 : revision;
          if (isNew) store.put({ revision: this.#revision, text: next }, KEY);
        } catch (error) {
          failed = error;
          transaction.abort();
        }
      };
      transaction.oncomplete = () => resolve(isNew);
      transaction.onabort = () => {
        this.#revision = -1;
        reject(failed ?? transaction.error);
      };
    });
    if (isNew) this.#news.postMessage(this.#revision);
  }
}
