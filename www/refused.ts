// What the gateway said, in its own words: they are data, and shown as text.

import type { GatewayAnswer } from "kaunter";

/** Its sentence; where it gave none, its code. */
export function wordsOf({ code, message }: GatewayAnswer): string {
  return message || (code ?? "");
}
