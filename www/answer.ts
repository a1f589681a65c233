// The gateway's own words and people's names are data, and shown as text.

import type { GatewayAnswer, VerdictProposal } from "kaunter";
import { say, type Words } from "./words";

/** Its sentence, or its code if it gave no sentence. */
export function wordsOf({ code, message }: GatewayAnswer): string {
  return message || (code ?? "");
}

const SAID: Record<VerdictProposal["outcome"], keyof Words> = {
  paid: "wasPaid",
  declined: "wasNotPaid",
  voided: "wasReturned",
};

/** Who gave a verdict that waits for a second person, and which. */
export const waits = ({ by, outcome }: VerdictProposal): string => say("proposed", { a: by, b: say(SAID[outcome]) });
