// The scan screen: what the camera misses, and every way around it. And the scanner's test, which pays nothing.

import { type CodeInfo, decode, type Scan, type TillEventDetails, type Wallet } from "kaunter";
import { counter } from "./counter";
import { $, dialog } from "./dom";
import { payWith, ready, rejectedScan } from "./sale";
import { current, show, trouble } from "./screen";
import * as sounds from "./sound";
import { signal, stop, till } from "./stage";
import { say, told, type Words } from "./words";

type Hint = NonNullable<TillEventDetails["hint"]["hint"]>;
const HINTS: Record<Hint, keyof Words> = {
  closer: "closer",
  farther: "farther",
  glare: "glare",
  dark: "dark",
  hold_still: "holdStill",
};

/** What keeps the code from being read, in the cashier's words; null: nothing that is known. */
export function hint(what: Hint | null): void {
  $("hint").textContent = what ? say(HINTS[what]) : "";
}

/** Asked where neither the code nor the shop says whose wallet it is. */
export function pick(wallets: readonly Wallet[]): Promise<Wallet> {
  const box = dialog("pick");
  const chosen = new Promise<Wallet>((resolve, reject) => {
    $("wallets").replaceChildren(
      ...wallets.map((wallet) => {
        const button = document.createElement("button");
        button.textContent = wallet.name;
        button.dataset.wallet = wallet.walletId;
        button.onclick = () => {
          resolve(wallet);
          box.close();
        };
        return button;
      }),
    );
    box.onclose = () => reject(new DOMException("No wallet was chosen.", "AbortError"));
  });
  box.showModal();
  return chosen;
}

/** What was read; the code itself goes nowhere but to the till. */
export function scanned(scan: Scan): void {
  document.body.dataset.source = scan.source;
  hint(null);
  sounds.read();
}

export function ways(): void {
  $<HTMLInputElement>("photo").onchange = () => void photographed();
  $("type").onclick = () => dialog("typed").showModal();
  $("typed-pay").onclick = () => {
    const code = $<HTMLInputElement>("code").value.trim();
    dialog("typed").close();
    if (code) void payWith(code);
  };
  // What was typed and not sent is not left behind.
  dialog("typed").addEventListener("close", () => {
    $<HTMLInputElement>("code").value = "";
  });
}

async function photographed(): Promise<void> {
  const input = $<HTMLInputElement>("photo");
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  try {
    const [code] = await decode(file, { maxCodes: 1 });
    if (code) await payWith(code.text);
    else trouble(say("noCode"));
  } catch (error) {
    trouble(told(error));
  }
}

// ---- the scanner's test ----------------------------------------------------------------------------------------

export async function test(): Promise<void> {
  counter.sale = null;
  document.body.dataset.test = "";
  looking();
  try {
    const { info } = await till().scan(signal());
    saw(info);
  } catch (error) {
    over();
    rejectedScan(error);
  }
}

function looking(): void {
  show("scan", () => ({ sentence: say("testShow"), icon: "scan", second: { word: say("cancel"), act: stop } }));
}

/** Its kind, and nothing of what it says. */
function saw(info: CodeInfo): void {
  const kinds: Record<CodeInfo["kind"], keyof Words> = {
    wechat_pay: "kWechat",
    alipay: "kAlipay",
    unionpay: "kUnionpay",
    emv_consumer: "kEmv",
    merchant: "kMerchant",
    opaque: "kOpaque",
  };
  const what = () => say(kinds[info.kind], { a: info.scheme ?? "EMV" });
  show("scan", () => ({
    title: say("testTitle"),
    icon: "check",
    sentence: say("testSaw", { a: what() }),
    primary: {
      word: say("close"),
      act: () => {
        over();
        ready();
      },
    },
    second: { word: say("testAgain"), act: () => void test() },
  }));
  document.body.dataset.state = "tested";
}

function over(): void {
  if (current() === "scan") hint(null);
  delete document.body.dataset.test;
}
