// Keeps the screen on during a call about a sale. A browser releases the wake lock when the page is hidden, so it is
// requested again when the page is visible:
// https://www.w3.org/TR/screen-wake-lock/#handling-document-loss-of-visibility

let lock: WakeLockSentinel | null = null;
let isWanted = false;

export function stayAwake(): void {
  isWanted = true;
  void request();
}

export function letSleep(): void {
  isWanted = false;
  void lock?.release();
  lock = null;
}

async function request(): Promise<void> {
  if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
  lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  if (!isWanted) letSleep();
}

document.addEventListener("visibilitychange", () => {
  if (isWanted) void request();
});
