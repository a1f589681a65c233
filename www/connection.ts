// Tells whether the shop's system is reachable: by the browser's online flag and the last answer. Without an answer, it
// checks every two seconds.

const PROBE_MS = 2_000;

let browser = navigator.onLine;
let backend = true;
let isProbing = false;
let changed: () => void = () => {};
let ask = () => fetch("/healthz", { cache: "no-store" });

export function isOnline(): boolean {
  return browser && backend;
}

/** Asks the backend in another way. */
export function askBy(other: typeof ask): void {
  ask = other;
}

export function onChange(act: () => void): void {
  changed = act;
}

/** A status check was answered, or failed. */
export function heard(isAnswered: boolean): void {
  if (backend === isAnswered) return;
  backend = isAnswered;
  changed();
  if (!isAnswered) void probe();
}

/** Checks once, now. */
export async function check(): Promise<boolean> {
  const answer = await ask().catch(() => null);
  heard(Boolean(answer?.ok));
  return Boolean(answer?.ok);
}

async function probe(): Promise<void> {
  if (isProbing) return;
  isProbing = true;
  while (!backend) {
    await new Promise((done) => setTimeout(done, PROBE_MS));
    await check();
  }
  isProbing = false;
}

function browserSays(): void {
  browser = navigator.onLine;
  changed();
}

addEventListener("online", browserSays);
addEventListener("offline", browserSays);
