// The gateway's own words are data, and shown as text.

import type { GatewayAnswer } from "kaunter";

/** Its sentence, or its code if it gave no sentence. */
export function wordsOf({ code, message }: GatewayAnswer): string {
  return message || (code ?? "");
}
