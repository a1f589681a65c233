// Browser APIs that take several steps, each as one promise for Rust.

/** Calls a caller's function; always gives a promise of this window. */
export const ask = async (callback, self, given) => Reflect.apply(callback, self, given);

/** `own` is the caller's fetch. */
const send = (own, address, more) => {
  // A redirect would send the token to another address. `__proto__: null`: Object.prototype adds no option.
  const init = { __proto__: null, ...more, redirect: "error", cache: "no-store" };
  return own ? Reflect.apply(own, globalThis, [address, init]) : fetch(address, init);
};

/** One HTTP call. `body` is undefined if it is not JSON. Rejects without an answer. */
export async function call(own, address, method, body, token, device, trace, signal) {
  const headers = new Headers({
    "Kaunter-Token": token,
    "Kaunter-Device": device,
    "Kaunter-Trace-Id": trace,
    Accept: "application/json",
  });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const response = await send(own, address, { method, headers, body, signal });
  const header = (name) => `${response.headers.get(name) ?? ""}`;
  // A date or a word is NaN, and counts as 0.
  const number = (name) => +header(name) || 0;
  return {
    status: +response.status || 0,
    type: header("Content-Type"),
    rest: number("Retry-After"),
    pace: number("Kaunter-Poll-Ms"),
    body: await response.json().catch(() => undefined),
  };
}

/** Explains a first call without an answer: see browser.rs. */
export function watch(address, own, signal) {
  const { href, origin, protocol, hostname } = new URL(`${address}/v1/sessions`, document.baseURI);
  if (protocol !== "https:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return;
  let isBlocked;
  const hear = ({ disposition, blockedURI }) => {
    isBlocked ||= disposition === "enforce" && blockedURI === href;
  };
  addEventListener("securitypolicyviolation", hear, { signal });
  return async () => {
    await new Promise((done) => setTimeout(done)); // the event is a task
    if (isBlocked) throw origin;
    const answer = origin !== location.origin && (await send(own, `${address}/healthz`, { signal }));
    return answer && (await answer.text()) === "ok\n" && location.origin;
  };
}

/** Takes a lock if it is free. `ours` resolves to whether it was, `free` releases it, `freed` resolves afterwards. */
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
    // Without the Locks API or an origin, every lock is ours: the backend refuses a second trade.
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

/** Opens a database of one store with the key path `key`. */
export async function openDatabase(name, version, store) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    const { result } = request;
    if (!result.objectStoreNames.contains(store)) result.createObjectStore(store, { keyPath: "key" });
  };
  const database = await answer(request);
  // Must not block a newer version in another tab.
  database.onversionchange = () => database.close();
  return database;
}

/** Every row. Throws if the browser has closed the database. */
export const rows = (database, store) => answer(database.transaction(store).objectStore(store).getAll());

/** Deletes `gone` and stores `row` in one transaction; resolves when it is on disk. Throws like `rows`. */
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

/** Stores a row, unless another one has its key; resolves to the stored row. */
export async function claim(database, store, row) {
  const all = database.transaction(store, "readwrite").objectStore(store);
  // One transaction: a second tab's begins when this one has ended.
  const known = await answer(all.get(row.key));
  return known ?? answer(all.put(row)).then(() => row);
}

export const persist = () => void navigator.storage?.persist?.().catch(() => {});

export const randomHex = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const hidden = () => document.hidden;

export const online = () => navigator.onLine;

/** Reports an error as uncaught. */
export const report = (error) => globalThis.reportError?.(error);
