// What the browser does in steps of its own: a call, a database, a lock. Each is one promise to Rust, which decides
// what is called, stored or locked, how long it waits, and what an answer means.

/** Calls a caller's function: what it gives, and what it throws, comes as a promise of ours. */
export const ask = async (callback, self, given) => Reflect.apply(callback, self, given);

/**
 * One call: its status, its type, its Retry-After, its body, which is undefined where it is no JSON. Rejects where
 * nobody answers. `own` is the caller's, so its answer is checked.
 */
export async function call(own, address, method, body, token, trace, signal) {
  const headers = new Headers({ Authorization: token, Accept: "application/json", "Kaunter-Trace-Id": trace });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  // A redirect would carry the token to an address that the caller did not give. No prototype has a say in the call.
  const init = { __proto__: null, method, headers, body, signal, redirect: "error", cache: "no-store" };
  const response = await (own ? Reflect.apply(own, globalThis, [address, init]) : fetch(address, init));
  const header = (name) => {
    const value = response.headers.get(name);
    return typeof value === "string" ? value : "";
  };
  const status = Number.isInteger(response.status) ? response.status : 0;
  return {
    status,
    type: header("Content-Type"),
    rest: header("Retry-After"),
    body: await response.json().catch(() => undefined),
  };
}

/** Asks for a lock without waiting: `ours` tells, `free` lets go, at any time, and `freed` is when the browser did. */
export function lock(name) {
  let free, freed;
  const held = new Promise((done) => {
    free = done;
  });
  const ours = new Promise((tell) => {
    const grant = (lock) => {
      tell(lock !== null);
      return lock && held;
    };
    const asked = Promise.resolve(navigator.locks?.request(name, { ifAvailable: true }, grant));
    // A browser without locks, or a page without an origin: each lock is ours, and the backend stands behind them.
    freed = asked.catch(() => {}).then(() => tell(true));
  });
  return { ours, free, freed };
}

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = reject;
  });

/** Opens a database of one store, whose rows are named by their `key`. */
export async function openDatabase(name, version, store) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    const { result } = request;
    if (!result.objectStoreNames.contains(store)) result.createObjectStore(store, { keyPath: "key" });
  };
  const database = await answer(request);
  // A newer version in another tab must not wait for us.
  database.onversionchange = () => database.close();
  return database;
}

/** Every row. Throws where the browser has closed the database. */
export const rows = (database, store) => answer(database.transaction(store).objectStore(store).getAll());

/**
 * Removes the row that is named and stores another, both or neither; done when it is on the disk. Throws as `rows`
 * does.
 */
export function write(database, store, gone, row) {
  const transaction = database.transaction(store, "readwrite", { durability: "strict" });
  const all = transaction.objectStore(store);
  if (gone !== undefined) all.delete(gone);
  if (row !== undefined) all.put(row);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = (event) => reject(transaction.error ?? event);
  });
}

/** Asks the browser to keep this origin's storage when space is short. */
export const persist = () => void navigator.storage?.persist?.().catch(() => {});

export const randomHex = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const hidden = () => globalThis.document?.hidden ?? false;

export const online = () => globalThis.navigator?.onLine ?? true;

/** Tells the browser of an error as if nobody had caught it. */
export const report = (error) => globalThis.reportError?.(error);
