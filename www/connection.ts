// Shows whether the shop's system is reachable: by the browser's online flag and the last answer. Without an answer, it
// checks.

import { $, icon } from "./dom";
import { say } from "./words";

const PROBE_MS = 2_000;

let browser = navigator.onLine;
let backend = true;
let probing = false;
let changed: () => void = () => {};

export function online(): boolean {
  return browser && backend;
}

/** A status check was answered, or failed. */
export function heard(answered: boolean): void {
  if (backend === answered) return;
  backend = answered;
  tell();
  if (!answered) void probe();
}

/** Checks once, now. */
export async function check(): Promise<boolean> {
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  heard(Boolean(answer?.ok));
  return Boolean(answer?.ok);
}

export function onChange(act: () => void): void {
  changed = act;
}

export function tell(): void {
  const banner = $("banner");
  banner.hidden = online();
  banner.replaceChildren(...(online() ? [] : [icon("off"), say("offline")]));
  changed();
}

async function probe(): Promise<void> {
  if (probing) return;
  probing = true;
  while (!backend) {
    await new Promise((done) => setTimeout(done, PROBE_MS));
    await check();
  }
  probing = false;
}

function browserSays(): void {
  browser = navigator.onLine;
  tell();
}

addEventListener("online", browserSays);
addEventListener("offline", browserSays);
