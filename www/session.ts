// What the page's address says, and the settings that the backend serves.

export interface Settings {
  /** The shop's server; `null` if people sign in at the backend. */
  token_url: string | null;
  phone_url: string | null;
  sandbox: boolean;
  currency: string;
  sales: "open" | "registered";
}

const query = new URLSearchParams(location.search);

/** The name of this terminal. */
export const terminal = query.get("terminal") ?? "till-1";

/** The sale that a point of sale names: its reference, and its amount in minor units, 0 if none. */
export function namedSale(): { ref: string | null; minor: number } {
  const amount = Number(query.get("amount") ?? 0);
  return { ref: query.get("ref"), minor: Number.isSafeInteger(amount) && amount > 0 ? amount : 0 };
}

/** A reference for a sale that the point of sale does not name: random, so unique for ever. */
export function freshRef(): string {
  return `${terminal}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function readSettings(): Promise<Settings> {
  return (await fetch("/terminal.json")).json();
}

/** Asks the shop's server for a token, with one more right where a call needs it. */
export async function readToken(
  { sale, right, signal }: { sale?: unknown; right?: string; signal: AbortSignal },
  url: string,
): Promise<string> {
  const body = { terminal, ...(sale ? { sale } : {}), ...(right ? { rights: ["charge", "cancel", right] } : {}) };
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!answer.ok) throw new Error(`the shop's server answered ${answer.status}`);
  return (await answer.json()).token;
}
