// The shop's trades of a day. A person's decision and late money are marked.

import type { Trade, TradeStatus } from "kaunter";
import { faultOf } from "../pkg/screen/fault";
import type { Icon } from "../pkg/screen/icons";
import { wordsOf } from "../pkg/screen/sentences";
import { waits } from "./answer";
import { $, dialog, element, icon, tell } from "./dom";
import { listTrades } from "./effects";
import { current, dispatch } from "./loop";
import { isBusy } from "./model";
import { formatted } from "./money";
import { dayTime, locale, say, told, type Words } from "./words";

interface Mark {
  word: keyof Words;
  icon: Icon;
  tone: "good" | "bad" | "warn" | "quiet";
}

const OPEN: Mark = { word: "sOpen", icon: "clock", tone: "quiet" };
/** A status that this page does not know counts as in progress. */
const MARKS: Partial<Record<TradeStatus, Mark>> = {
  paid: { word: "sPaid", icon: "check", tone: "good" },
  declined: { word: "sDeclined", icon: "cross", tone: "bad" },
  cancelled: { word: "sCancelled", icon: "cross", tone: "quiet" },
  voided: { word: "sVoided", icon: "back", tone: "quiet" },
  needs_review: { word: "sReview", icon: "alert", tone: "warn" },
  late_success: { word: "sLate", icon: "clock", tone: "warn" },
  reversed: { word: "sReversed", icon: "alert", tone: "bad" },
};
/** Another till may be scanning for these: opening them here would disturb it. */
const SCANNING: readonly TradeStatus[] = ["creating", "awaiting_code"];

/** The number of the newest request: an older answer is dropped. */
let newest = 0;

export function wireHistory(): void {
  $("past-back").onclick = () => {
    dialog("past").close();
    dialog("history").close();
  };
  $("history-open").onclick = () => {
    $<HTMLInputElement>("day").value = today();
    $("trades").replaceChildren(); // an earlier list may not be true any more
    dialog("history").showModal();
    void read();
  };
  $("day").onchange = () => void read();
}

/** The day on the device's calendar. `toISOString` would give the day in UTC. */
function today(): string {
  const now = new Date();
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

async function read(): Promise<void> {
  const own = ++newest;
  const day = $<HTMLInputElement>("day").value;
  tell("history-trouble", null);
  $("history-note").textContent = say("reading");
  try {
    // The shop's today may be another date than this device's.
    const trades = await listTrades(day === "" || day === today() ? null : day);
    if (own !== newest) return;
    $("trades").replaceChildren(...trades.map(entry));
    $("history-note").textContent = trades.length === 0 ? say("nothing") : "";
  } catch (error) {
    if (own !== newest) return;
    $("trades").replaceChildren();
    $("history-note").textContent = "";
    tell("history-trouble", told(faultOf(error)));
  }
}

function entry(trade: Trade): HTMLElement {
  const mark = MARKS[trade.status] ?? OPEN;
  const at = new Date(trade.createdAt).toLocaleTimeString(locale(), {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const button = element(
    "button",
    "entry",
    element("span", "much", formatted(trade.sale.amount)),
    element("span", "at", trade.wallet ? `${at} · ${trade.wallet.name}` : at),
    element("span", `mark ${mark.tone}`, icon(mark.icon), say(mark.word)),
    ...tags(trade),
  ) as HTMLButtonElement;
  button.dataset.trade = trade.tradeId;
  button.dataset.status = trade.status;
  button.disabled = SCANNING.includes(trade.status);
  button.onclick = () => openTrade(trade, mark);
  return element("li", mark.tone === "warn" || trade.verdictContradicted ? "todo" : "", button);
}

/** A payment in progress keeps the screen: meanwhile an earlier sale can only be read, in a dialog. */
function openTrade(trade: Trade, mark: Mark): void {
  if (!isBusy(current())) {
    dialog("history").close();
    return dispatch({ type: "trade_opened", trade, isFromHistory: true });
  }
  $("past-word").textContent = `${formatted(trade.sale.amount)} · ${say(mark.word)}`;
  const rows: [keyof Words, string][] = [
    ["time", dayTime(new Date(trade.createdAt))],
    ["wallet", trade.wallet?.name ?? ""],
    ["receipt", trade.sale.ref],
    ["support", trade.tradeId],
  ];
  $("past-facts").replaceChildren(
    ...rows
      .filter(([, value]) => value)
      .flatMap(([word, value]) => [element("dt", "", say(word)), element("dd", "", value)]),
  );
  $("past-tags").replaceChildren(...tags(trade));
  dialog("past").showModal();
}

function tags(trade: Trade): HTMLElement[] {
  const tag = (name: Icon, word: keyof Words) => element("span", "tag", icon(name), say(word));
  const refused = trade.voidRefused;
  return [
    ...(refused
      ? [element("span", "tag warn", icon("alert"), [say("notBackTag"), wordsOf(refused)].filter(Boolean).join(": "))]
      : []),
    ...(trade.proposal ? [element("span", "tag warn", icon("person"), waits(trade.proposal))] : []),
    ...(trade.decidedBy === "person" ? [tag("person", trade.singlePerson ? "settledAloneTag" : "settledTag")] : []),
    ...(trade.verdictContradicted ? [element("span", "tag warn", icon("alert"), say("contradictedTag"))] : []),
    ...(trade.late && trade.status !== "late_success" ? [tag("clock", "lateTag")] : []),
    ...(trade.status === "late_success" ? [tag("alert", "lateTodo")] : []),
    ...(trade.status === "reversed" ? [tag("alert", "reversedTodo")] : []),
    ...(trade.status === "needs_review" ? [tag("alert", "reviewTodo")] : []),
  ];
}
