// Keeps the screen on while a sale is open. A browser releases the lock when the page is hidden: it is requested again.

let lock: WakeLockSentinel | null = null;
let wanted = false;

export function stayAwake(): void {
  wanted = true;
  void ask();
}

export function letSleep(): void {
  wanted = false;
  void lock?.release();
  lock = null;
}

async function ask(): Promise<void> {
  if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
  lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  if (!wanted) letSleep();
}

document.addEventListener("visibilitychange", () => {
  if (wanted) void ask();
});
