// People's names are data, and shown as text.

import type { VerdictProposal } from "kaunter";
import { SAID } from "../pkg/screen/sentences";
import { say } from "./words";

/** Who gave a verdict that waits for a second person, and which. */
export const waits = ({ by, outcome }: VerdictProposal): string => say("proposed", { a: by, b: say(SAID[outcome]) });
