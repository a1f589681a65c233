// The cashier's terminal, the first user of the published package: wires the parts of the page, and opens the till.

import { wireBill } from "./bill";
import { wireCodeInput } from "./code_input";
import * as connection from "./connection";
import { wireDialogs } from "./dialogs";
import { $, icon } from "./dom";
import { wireDrawer } from "./drawer";
import { facts, open, perform } from "./effects";
import { wireFoot } from "./foot";
import { wireHistory } from "./history";
import { askHost, isHosted } from "./hosted";
import { wireKeyboard } from "./keys";
import { current, dispatch, redraw, start } from "./loop";
import { nameDecisions, wireManager } from "./manager";
import { banner } from "./model";
import { nameKeys, wirePad } from "./pad";
import { beginPractice, isPractice } from "./practice";
import { draw } from "./render";
import { terminalName } from "./session";
import { wireSetup } from "./setup";
import { nameSignIn, wireSignIn } from "./sign_in";
import * as sounds from "./sound";
import { locale, say, type Words } from "./words";

/** The texts that no screen changes, by the id of their element. */
const TEXTS: Record<string, keyof Words> = {
  "settings-word": "settings",
  "history-open-word": "history",
  sandbox: "sandbox",
  practice: "practice",
  "practice-leave": "practiceLeave",
  "practice-enter": "practiceEnter",
  "practice-phone-word": "practicePhone",
  "setup-practice": "practiceEnter",
  "sign-in-practice": "practiceEnter",
  "photo-word": "photo",
  type: "type",
  "receipt-word": "receipt",
  "wallet-word": "wallet",
  "time-word": "time",
  "support-word": "support",
  "copy-word": "copy",
  "drawer-word": "settings",
  "language-word": "language",
  "sound-word": "sound",
  "volume-word": "volume",
  "camera-word": "camera",
  phone: "phone",
  test: "scannerTest",
  "drawer-close": "close",
  "pick-word": "pickWallet",
  "pick-close": "cancel",
  "typed-word": "typeCode",
  "typed-close": "cancel",
  "typed-pay": "pay",
  "manager-help": "managerHelp",
  "verdict-word": "verdict",
  "evidence-word": "evidence",
  "manager-paid-word": "wasPaid",
  "manager-declined-word": "wasNotPaid",
  "manager-voided-word": "wasReturned",
  "manager-close": "cancel",
  "back-help": "backHelp",
  "other-way": "otherWay",
  "other-help": "otherWayHelp",
  "other-cash": "tenderCash",
  "other-card": "tenderCard",
  "other-other": "tenderOther",
  "other-close": "cancel",
  "why-word": "why",
  "why-none": "chooseWhy",
  "back-close": "keep",
  "history-word": "history",
  "day-word": "day",
  "history-close": "close",
  "why-amount": "whyAmount",
  "why-goods": "whyGoods",
  "why-twice": "whyTwice",
  "why-late": "whyLate",
  "same-help": "sameHelp",
  "same-open": "sameOpen",
  "same-other": "sameOther",
  "same-close": "backToSale",
  "cancel-help": "cancelHelp",
  "cancel-close": "cancelNo",
  "cancel-yes": "cancelYes",
  "sign-out": "signOut",
  rename: "rename",
  "setup-word": "setupTitle",
  "setup-help": "setupHelp",
  "setup-name-word": "setupName",
  "setup-save": "setupSave",
  "setup-close": "cancel",
  "take-help": "takeHelp",
  "take-reason-word": "why",
  "take-yes": "takeYes",
  "take-close": "cancel",
  "past-help": "pastHelp",
  "past-back": "backToSale",
  "bill-word": "bill",
  "look-up": "lookUp",
  "sign-in-name-word": "signInName",
  "sign-in-secret-word": "signInSecret",
  "sign-in-close": "cancel",
  "sign-in-go": "signInGo",
};

function languageChanged(): void {
  document.documentElement.lang = locale();
  for (const [id, key] of Object.entries(TEXTS)) $(id).textContent = say(key);
  nameKeys();
  nameDecisions();
  nameSignIn();
  namePractice();
  redraw();
}

/** Each dialog says that this is practice: it may lie over the line that says so. */
function namePractice(): void {
  if (!isPractice) return;
  for (const element of [document.body, ...document.querySelectorAll("dialog")])
    element.dataset.practice = say("practice");
}

function wireHeader(): void {
  for (const [id, name] of [
    ["settings", "sliders"],
    ["history-open", "list"],
    ["copy", "copy"],
  ] as const)
    $(id).prepend(icon(name));
  $("unfinished").onclick = () => {
    const [trade] = banner(current());
    if (trade) dispatch({ type: "trade_opened", trade, isFromHistory: false });
  };
  $("practice-leave").onclick = () => dispatch({ type: "leave_practice_pressed" });
  for (const button of document.querySelectorAll<HTMLButtonElement>(".show-code")) {
    button.onclick = () => dispatch({ type: "show_code_pressed" });
  }
}

/** The support code can be copied. It names the trade, and contains nothing of the customer's code. */
function wireSupportCode(): void {
  $("copy").onclick = async () => {
    const code = $("support").textContent ?? "";
    await navigator.clipboard.writeText(code).catch(() => {
      // Without the clipboard's permission the code is at least selected.
      getSelection()?.selectAllChildren($("support"));
      document.execCommand("copy");
    });
    $("copied").textContent = say("copied");
  };
}

/** A browser lets a page play sounds only after the first touch or key. */
function unlockSounds(): void {
  for (const touch of ["pointerdown", "keydown"]) {
    addEventListener(touch, () => sounds.unlock(), { once: true, capture: true });
  }
}

start({ facts, draw, perform });
wireKeyboard();
wirePad();
wireBill();
wireFoot();
wireCodeInput();
wireManager();
wireHistory();
wireDialogs();
wireHeader();
wireSupportCode();
wireDrawer(languageChanged);
wireSignIn((name) => {
  $("terminal").textContent = `${terminalName()} · ${name}`;
});
wireSetup();
unlockSounds();
beginPractice();
languageChanged();
if (isHosted) connection.askBy(askHost);
// The sandbox is in the page.
if (!isPractice) {
  const connected = () => dispatch({ type: "connection_changed", isOnline: connection.isOnline() });
  connection.onChange(connected);
  connected();
}
void open();
