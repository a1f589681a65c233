// The till shows a code, and the customer scans it: the other way to pay, for wallets whose app can scan.

import type { ShownCode, Trade, Wallet } from "kaunter";
import { counter, wanted } from "./counter";
import { $ } from "./dom";
import { instead } from "./sale";
import { pick } from "./scan";
import { current, show } from "./screen";
import { cancelHeld, till } from "./stage";
import { say } from "./words";

/** True while this screen says what there is to say about the trade. */
let up = false;

const scanning = (): Wallet[] =>
  (counter.till?.wallets ?? []).filter((wallet) => wallet.modes.includes("merchant_presented"));

/** The buttons stand where a sale begins and where a code is looked for, if any wallet's app can scan. */
export function offers(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".show-code")) {
    button.hidden = scanning().length === 0;
    button.textContent = say("showOurs");
    button.onclick = () => void begin();
  }
}

/** Before an amount is typed there is nothing to show a code for. */
export function presentable(on: boolean): void {
  const button = document.querySelector<HTMLButtonElement>(".of-ready .show-code");
  if (button) button.disabled = !on;
}

async function begin(): Promise<void> {
  const sale = counter.sale ?? wanted();
  if (sale.amount.minor === 0) return;
  await instead(sale, async (options) => {
    const wallets = scanning();
    const [only, ...others] = wallets;
    const { walletId } = only && others.length === 0 ? only : await pick(wallets);
    screen("makingOurs");
    $("shown").replaceChildren();
    $("shown-left").textContent = "";
    return till().showCode(sale, { walletId, onCode, ...options });
  });
}

function screen(line: "makingOurs" | "scanOurs"): void {
  up = true;
  show("present", () => ({ sentence: say(line), second: { word: say("cancel"), act: cancelHeld } }));
}

/** Puts a code up; a resumed trade brings its own. */
export function onCode({ svg, expiresAt }: ShownCode): void {
  screen("scanOurs");
  $("shown").innerHTML = svg; // made by the package out of squares, and nothing else
  tellLeft(Date.parse(expiresAt) - Date.now());
}

export function tellLeft(ms: number): void {
  if (current() === "present") $("shown-left").textContent = say("leftOurs", { a: Math.max(0, Math.round(ms / 1000)) });
}

/** True while this screen says what there is to say about a trade. */
export function tells(trade: Trade | null): boolean {
  up &&=
    current() === "present" && (trade === null || trade.status === "creating" || trade.status === "awaiting_payer");
  return up;
}
