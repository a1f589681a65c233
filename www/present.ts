// The till shows a code, and the customer scans it: one button, one screen.

import type { Outcome, Sale, ShownCode, Till, Trade, Wallet } from "kaunter";
import { fill, type Language } from "./words";

const en = { show: "Show a code", ask: "Ask the customer to scan this with the wallet's app.", making: "The code is on its way.", left: "{a} s left" };
type Words = { readonly [K in keyof typeof en]: string };
const ms: Words = { show: "Tunjuk kod", ask: "Minta pelanggan imbas kod ini dengan aplikasi e-dompet.", making: "Kod sedang disediakan.", left: "tinggal {a} s" };
const zh: Words = { show: "出示收款码", ask: "请顾客用电子钱包扫描此码。", making: "正在生成收款码。", left: "还剩 {a} 秒" };
const all: Record<Language, Words> = { en, ms, zh };

/** What the terminal lends to this screen. */
export interface Counter {
  till(): Till;
  language(): Language;
  /** Asks the cashier whose wallet it is. */
  pick(wallets: readonly Wallet[]): Promise<string>;
  /** Puts the screen up, with a button that cancels. */
  screen(sentence: string): void;
  /** Starts what the cashier asked for, in place of what is running. */
  instead(begin: (sale: Sale, signal: AbortSignal) => Promise<Outcome>): Promise<void>;
}

let counter: Counter;
let up = false;
const card = document.createElement("div");
const left = document.createElement("p");
const buttons = [document.createElement("button"), document.createElement("button")];

/** Puts the buttons where a sale begins and where a code is looked for, and the card that they fill. */
export function install(lent: Counter): void {
  counter = lent;
  card.className = "shown";
  card.id = "shown";
  left.className = "small";
  left.id = "shown-left";
  const section = document.createElement("section");
  section.className = "of-present";
  section.append(card, left);
  document.querySelector("main")?.append(section);
  for (const [button, place] of [[buttons[0]!, ".of-ready"], [buttons[1]!, ".ways"]] as const) {
    button.className = "plain show-code";
    button.onclick = () => void begin();
    document.querySelector(place)?.append(button);
  }
  speak();
}

/** In the cashier's language; the buttons are there where a wallet's app can scan. */
export function speak(): void {
  const able = scanning().length > 0;
  for (const button of buttons) {
    button.textContent = all[counter.language()].show;
    button.hidden = !able;
  }
}

/** The till is open: its wallets are known, and it tells how time goes. */
export function opened(till: Till): void {
  till.addEventListener("poll", ({ detail }) => tellLeft(detail.deadlineMs - detail.elapsedMs));
  speak();
}

const scanning = (): Wallet[] => {
  try {
    return counter.till().wallets.filter((wallet) => wallet.presents.includes("merchant"));
  } catch {
    return []; // not open yet
  }
};

async function begin(): Promise<void> {
  await counter.instead(async (sale, signal) => {
    const wallets = scanning();
    const wallet = wallets.length === 1 ? wallets[0]!.id : await counter.pick(wallets);
    up = true;
    card.replaceChildren();
    left.textContent = "";
    counter.screen(all[counter.language()].making);
    return counter.till().present(sale, { wallet, onCode, signal });
  });
  up = false;
}

/** Puts a code up; a resumed trade brings its own. */
export function onCode({ svg, expiresAt }: ShownCode): void {
  up = true;
  counter.screen(all[counter.language()].ask);
  card.innerHTML = svg; // made by the package out of squares, and nothing else
  tellLeft(Date.parse(expiresAt) - Date.now());
}

function tellLeft(ms: number): void {
  left.textContent = fill(all[counter.language()].left, { a: Math.max(0, Math.round(ms / 1000)) });
}

/** True while this screen says what there is to say about a trade. */
export function tells(trade: Trade | null): boolean {
  up &&= trade === null || trade.status === "creating" || trade.status === "awaiting-payer";
  return up;
}

/** Another sale has the screen. */
export function over(): void {
  up = false;
}
