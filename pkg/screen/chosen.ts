// Which code of a picture is the customer's, by the same order as before the camera (rule 49).

import type { CodeInfo } from "kaunter";

/** What a photo shows: the text of the customer's code, or the word that says why there is none. */
export type Photo = { readonly code: string } | { readonly word: "noCode" | "severalCodes" };

/** Chooses as the till's gate does (`src/core/gate.rs`). A shop's code alone is given: the till says what it is. */
export function chosen(codes: readonly { readonly text: string; readonly kind: CodeInfo["kind"] }[]): Photo {
  const rank = ({ text, kind }: (typeof codes)[number]) => {
    if (kind !== "opaque") return kind === "merchant" ? 1 : 3;
    return /^\s*[a-z0-9]+:/i.test(text) ? 0 : 2;
  };
  const highest = Math.max(...codes.map(rank));
  const [first, ...others] = codes.filter((code) => rank(code) === highest);
  if (!first) return { word: "noCode" };
  return others.length && highest !== 1 ? { word: "severalCodes" } : { code: first.text };
}
