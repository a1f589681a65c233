// The cashier's terminal, the first customer of the published package: it opens the till, and wires its parts.

import { type Right, Till, type Trade } from "kaunter";
import * as connection from "./connection";
import { address, counter, type Settings, terminal } from "./counter";
import { $, dialog, icon } from "./dom";
import { drawer } from "./drawer";
import { histories } from "./history";
import { keyboard } from "./keys";
import { managing, nameDecisions } from "./manager";
import { fingers, nameKeys } from "./pad";
import { offers, tellLeft } from "./present";
import { ready, showReady, stateChanged, statusChanged, take } from "./sale";
import { hint, pick, scanned, ways } from "./scan";
import { copying, current, onScreen, redraw, type Screen, show, trouble } from "./screen";
import { banner, tellUnfinished } from "./unfinished";
import { polled } from "./waiting";
import { locale, say, told, type Words } from "./words";

/** Where each word stands that no screen changes. */
const TEXTS: Record<string, keyof Words> = {
  "settings-word": "settings",
  "history-open-word": "history",
  sandbox: "sandbox",
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
  "manager-word": "managerTitle",
  "manager-help": "managerHelp",
  "verdict-word": "verdict",
  "evidence-word": "evidence",
  "manager-paid-word": "wasPaid",
  "manager-declined-word": "wasNotPaid",
  "manager-voided-word": "wasReturned",
  "manager-close": "cancel",
  "back-help": "backHelp",
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
  "same-look": "sameLook",
  "same-other": "sameOther",
  "same-close": "backToSale",
  "cancel-help": "cancelHelp",
  "cancel-close": "cancelNo",
  "cancel-yes": "cancelYes",
  "past-help": "pastHelp",
  "past-back": "backToSale",
};

function spoken(): void {
  document.documentElement.lang = locale();
  for (const [id, key] of Object.entries(TEXTS)) $(id).textContent = say(key);
  nameKeys();
  nameDecisions();
  offers();
  redraw();
  connection.tell();
  tellUnfinished();
}

function dialogs(): void {
  for (const id of ["drawer", "pick", "typed", "manager", "back", "history", "same", "cancel"]) {
    const close = document.getElementById(`${id}-close`);
    if (close) close.onclick = () => dialog(id).close();
  }
  for (const [id, name] of [
    ["settings", "sliders"],
    ["history-open", "list"],
    ["copy", "copy"],
  ] as const)
    $(id).prepend(icon(name));
}

/** The screen has changed: what lies over it must not hide an end, nor decide about what was there before. */
function screenChanged(to: Screen): void {
  if (to !== "scan") dialog("typed").close();
  if (["paid", "declined", "not-confirmed"].includes(to)) {
    for (const id of ["past", "history", "drawer", "cancel", "same", "manager", "back"]) dialog(id).close();
  }
  tellUnfinished();
}

async function token(
  { sale, right, signal }: { sale?: unknown; right?: Right; signal: AbortSignal },
  url: string,
): Promise<string> {
  const body = { terminal, ...(sale ? { sale } : {}), ...(right ? { rights: ["charge", "cancel", right] } : {}) };
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!answer.ok) throw new Error(`the shop's server answered ${answer.status}`);
  return (await answer.json()).token;
}

async function open(): Promise<void> {
  show("ready", () => ({ sentence: say("start"), primary: { word: say("charge"), act: () => {}, off: true } }));
  const settings: Settings = counter.settings ?? (await (await fetch("/terminal.json")).json());
  counter.settings = settings;
  $("sandbox").hidden = !settings.sandbox;
  $("terminal").textContent = terminal;
  const phone = $<HTMLAnchorElement>("phone");
  phone.hidden = !settings.phone_url;
  if (settings.phone_url) phone.href = settings.phone_url;
  const till = await Till.open({
    backend: location.origin,
    getToken: (context) => token(context, settings.token_url),
    chooseWallet: (_scan, wallets) => pick(wallets),
    preview: $<HTMLVideoElement>("preview"),
  });
  counter.till = till;
  offers();
  till.addEventListener("state", ({ detail }) => stateChanged(detail.to, detail.trade));
  till.addEventListener("trade", ({ detail }) => statusChanged(detail));
  till.addEventListener("progress", ({ detail }) => {
    polled(detail);
    tellLeft(detail.deadlineMs - detail.elapsedMs);
    connection.heard(detail.online);
  });
  till.addEventListener("scan", ({ detail }) => scanned(detail));
  till.addEventListener("warning", ({ detail }) => trouble(told(detail)));
  till.addEventListener("hint", ({ detail }) => hint(detail.hint));
}

/** A point of sale names the sale in the address: what became of it so far comes first. */
function named(): Trade | undefined {
  const amount = Number(address.get("amount") ?? 0);
  if (Number.isSafeInteger(amount) && amount > 0) counter.minor = amount;
  const ref = address.get("ref");
  if (!ref || !counter.till) return undefined;
  counter.ref = ref;
  const free: readonly string[] = ["declined", "cancelled", "voided", "creating", "awaiting_code"];
  // What this terminal began; a sale that another till has in hand, or that was paid before, is told of at Charge.
  return counter.till.unfinished.find(({ sale, status }) => sale.ref === ref && !free.includes(status));
}

async function begin(): Promise<void> {
  try {
    await open();
  } catch (error) {
    show("ready", () => ({ sentence: say("noStart"), primary: { word: say("retry"), act: () => void begin() } }));
    return trouble(told(error));
  }
  const trade = named();
  ready();
  document.body.dataset.busy = "false";
  if (!trade) return;
  await take(trade);
}

onScreen(screenChanged);
keyboard();
fingers();
banner();
ways();
managing();
histories();
copying();
dialogs();
drawer(spoken);
connection.onChange(() => {
  if (current() === "ready") showReady();
  else if (current() === "declined") redraw();
});
spoken();
void begin();
