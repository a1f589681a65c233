// The customer's phone beside the camera's picture: what its wallet asks, and what became of it. The code itself is only
// in the picture, never in the page.

import { $, setText } from "../dom";
import { money } from "./words";
import type { Asked } from "./world";

export type PhoneState =
  | { readonly is: "code" | "scan" | "paid" | "declined" | "back" }
  | { readonly is: "asks"; readonly asked: Asked };

const WORDS: Record<PhoneState["is"], readonly [title: string, help: string]> = {
  code: ["Your code is open", "Show it to the till's camera."],
  scan: ["The till shows a code", "Scan it with this wallet."],
  asks: ["Pay the shop?", "Only you can agree to this."],
  paid: ["Paid", "The shop has its money."],
  declined: ["Not paid", "Nothing left your wallet."],
  back: ["Given back", "The money is in your wallet again."],
};

export interface PhoneButtons {
  answer(asked: Asked, isYes: boolean): void;
  scan(): void;
}

let shown: Asked | null = null;

export function wirePhone({ answer, scan }: PhoneButtons): void {
  $("pay").onclick = () => shown && answer(shown, true);
  $("decline").onclick = () => shown && answer(shown, false);
  $("scan").onclick = scan;
}

export function drawPhone(state: PhoneState): void {
  shown = state.is === "asks" ? state.asked : null;
  $("phone").dataset.state = state.is;
  const [title, help] = WORDS[state.is];
  setText("phone-title", title);
  setText("phone-amount", shown ? money(shown.amount) : "");
  setText("phone-help", help);
  for (const id of ["pay", "decline"]) $(id).hidden = state.is !== "asks";
  $("scan").hidden = state.is !== "scan";
}
