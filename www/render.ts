// Draws the model: one screen at a time, with an amount, one sentence, and the buttons below.

import { HINTS, NOT_CONFIRMED } from "../pkg/screen/sentences";
import { drawBill } from "./bill";
import * as countdown from "./countdown";
import { $, element, icon, picture, setText, tell } from "./dom";
import { drawFoot, settle } from "./foot";
import { layout } from "./layout";
import { banner, canBegin, isContradicted, isDeciding, kindOf, type Model, type PaidView, type View } from "./model";
import { formatted } from "./money";
import { drawPhone } from "./phone";
import { clockTime, dayTime, say, sentenceOf } from "./words";

let drawn: View | null = null;

export function draw(model: Model): void {
  const { view } = model;
  if (drawn && drawn.screen !== view.screen) settle();
  document.body.dataset.view = view.screen;
  document.body.dataset.kind = view.kind;
  drawPractice(model);
  drawMiddle(model);
  drawAbove(model);
  drawCodeButtons(model);
  drawBill(model.draft, model.isRegistered);
  for (const button of document.querySelectorAll<HTMLButtonElement>("#manager button, #back button, #other button")) {
    button.disabled = isDeciding(model);
  }
  drawScreen(view, model.practice !== null);
  drawn = view;
}

/** Every screen says that it is for practice, and has the way out. */
function drawPractice(model: Model): void {
  const isPractice = model.practice !== null;
  for (const id of ["practice", "practice-leave"]) $(id).hidden = !isPractice;
  $("shop").hidden = isPractice;
  drawPhone(model);
}

function drawMiddle(model: Model): void {
  const { view, currency, sale, draft } = model;
  const shown = layout(model);
  const amount = sale?.amount ?? (currency === null ? null : { minor: draft.minor, currency });
  // Without a currency the line stays, so that nothing below it moves.
  setText("amount", amount ? formatted(amount) : "\u00a0");
  const title = shown.title ?? "";
  setText("title", model.practice && title ? say("practiceEnd", { a: title }) : title);
  $("title").hidden = !shown.title;
  $("icon").hidden = !shown.icon;
  $("icon").replaceChildren(...(shown.icon ? [icon(shown.icon)] : []));
  setText("sentence", view.screen === "waiting" && countdown.isTimeUp(view.kind) ? say("timeUp") : shown.sentence);
  $("details").replaceChildren(...(shown.details ?? []).map((line) => element("p", "small", line)));
  setText("note", shown.note ?? "");
  tell("trouble", model.trouble && sentenceOf(model.trouble));
  setText("hint", model.hint ? say(HINTS[model.hint]) : "");
  drawFoot(shown);
}

/** The two banners: no connection, and what is not finished. */
function drawAbove(model: Model): void {
  const offline = $("banner");
  offline.hidden = model.isOnline;
  offline.replaceChildren(...(model.isOnline ? [] : [icon("off"), say("offline")]));
  const [first, ...others] = banner(model);
  $("unfinished").hidden = !first;
  if (!first) return;
  const word = isContradicted(first) ? "unfinishedContradicted" : NOT_CONFIRMED[kindOf(first.status)].banner;
  const more = others.length > 0 ? ` (+${others.length})` : "";
  setText("unfinished", say(word, { a: `${formatted(first.sale.amount)}${more}` }));
}

/** The buttons that show a code, if a wallet's app can scan one. Before an amount is typed there is none to show. */
function drawCodeButtons(model: Model): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".show-code")) {
    button.hidden = !model.showsCodes;
    button.textContent = say("showOurs");
    button.disabled = model.view.screen === "ready" && !canBegin(model);
  }
}

function drawScreen(view: View, isPractice: boolean): void {
  countdown.draw(view.screen === "waiting" ? view.kind : null);
  if (view.screen === "present") drawCode(view);
  if (view.screen === "paid") drawReceipt(view, isPractice);
  if (view.screen === "not-confirmed") {
    setText("support", view.tradeId);
    $("other-way").hidden = view.kind !== "not-confirmed";
    // A check without news leaves the word.
    if (drawn?.screen !== "not-confirmed" || drawn.tradeId !== view.tradeId) setText("copied", "");
  }
}

function drawCode(view: Extract<View, { screen: "present" }>): void {
  if (view.kind === "creating") {
    $("shown").replaceChildren();
    return setText("shown-left", "");
  }
  const isNew = drawn?.screen !== "present" || drawn.kind !== "shown" || drawn.svg !== view.svg;
  if (isNew) $("shown").replaceChildren(picture(view.svg));
  setText("shown-left", say("leftOurs", { a: Math.max(0, Math.round(view.leftMs / 1000)) }));
}

/** In practice the receipt has the sale's reference: it begins with the word. */
function drawReceipt({ kind, outcome }: PaidView, isPractice: boolean): void {
  const { gatewayRef, tradeId, wallet, paidAt, sale } = outcome;
  const reference = isPractice ? sale.ref : (gatewayRef ?? tradeId);
  const at = new Date(paidAt);
  setText("reference", reference);
  $("reference").dataset.receipt = reference;
  setText("wallet", wallet.name);
  setText("time", kind === "old" ? dayTime(at) : clockTime(at));
}
