// What the page's address says, the settings that the backend serves, and the name of this till.

import type { TokenContext } from "kaunter";

export interface Settings {
  /** The shop's server; `null` if people sign in at the backend. */
  token_url: string | null;
  phone_url: string | null;
  sandbox: boolean;
  currency: string;
  sales: "open" | "registered";
  /** The gateway can cancel a payment. */
  can_cancel: boolean;
  /** The name of the shop's only terminal. Null: each device is named by a person. */
  terminal: string | null;
}

const query = new URLSearchParams(location.search);
/** In the page's address: this page is for practice. */
const PRACTICE = "practice";

const KEPT = "kaunter.terminal";
let name = query.get("terminal") || localStorage.getItem(KEPT) || "";

/** The name of this terminal: from the page's address, this device, or the shop's settings. Empty: nobody has named it. */
export function terminalName(settings?: Settings): string {
  name ||= settings?.terminal ?? "";
  return name;
}

/** Keeps the name on this device. One in the page's address has precedence. */
export function keepName(given: string): void {
  name = given;
  localStorage.setItem(KEPT, given);
}

/** A person may change the name: neither the page's address nor the shop's settings say it. */
export function canRename(settings: Settings): boolean {
  return !query.get("terminal") && !settings.terminal;
}

/** The sale that a point of sale names: its reference, and its amount in minor units, 0 if none. */
export function namedSale(): { ref: string | null; minor: number } {
  const amount = Number(query.get("amount") ?? 0);
  return { ref: query.get("ref"), minor: Number.isSafeInteger(amount) && amount > 0 ? amount : 0 };
}

/** The page's address asks for practice. */
export function asksForPractice(): boolean {
  return query.has(PRACTICE);
}

/** Loads the page again, for practice or for real. Everything else in its address stays. */
export function reloadFor(practice: boolean): void {
  if (practice) query.set(PRACTICE, "1");
  else query.delete(PRACTICE);
  location.replace(`${location.pathname}?${query}`);
}

/** From now on a reload opens the real till. */
export function forgetPractice(): void {
  query.delete(PRACTICE);
  history.replaceState(null, "", `${location.pathname}?${query}`);
}

/** The names of the terminals on this device that have an open payment, one a line. */
const OPEN = "kaunter.open";
const openTerminals = () => (localStorage.getItem(OPEN) ?? "").split("\n").filter(Boolean);

/**
 * Whether this terminal had an open payment when its till was last seen on this device. While the terminal has no name,
 * any terminal of this device counts.
 */
export function hadOpenPayment(): boolean {
  const open = openTerminals();
  return name === "" ? open.length > 0 : open.includes(name);
}

export function noteOpenPayment(isOpen: boolean): void {
  const others = openTerminals().filter((other) => other !== name);
  localStorage.setItem(OPEN, [...others, ...(isOpen ? [name] : [])].join("\n"));
}

/** A reference has at most 64 characters, and its random part and the word for practice need some. */
const MAX_NAME = 32;

/** A reference for a sale that the point of sale does not name: random, so unique for ever. */
export function freshRef(): string {
  return `${name.slice(0, MAX_NAME)}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function readSettings(): Promise<Settings> {
  return (await fetch("/terminal.json")).json();
}

/** Asks the shop's server for a token, with one more right where a call needs it. */
export async function readToken(
  { reason, sale, right, signal }: Pick<TokenContext, "reason" | "signal"> & { sale?: unknown; right?: string },
  url: string,
): Promise<string> {
  // Somebody signed this till out: it does not sign in again by itself.
  if (reason === "revoked") throw new Error("the till was signed out");
  const body = { terminal: name, ...(sale ? { sale } : {}), ...(right ? { rights: ["charge", "cancel", right] } : {}) };
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!answer.ok) throw new Error(`the shop's server answered ${answer.status}`);
  return (await answer.json()).token;
}
