// The dialogs that give money back, or record a verdict on what the gateway left open. Each needs a right of its own,
// asked for when it is used. Nothing is preselected, no form sends itself, and the button that decides names what it
// does.

import type { Sale, Tender } from "kaunter";
import { SETTLES } from "../pkg/screen/sentences";
import { $, dialog, tell } from "./dom";
import { dispatch } from "./loop";
import type { Decision, Effect, Fault, VerdictOutcome } from "./model";
import { formatted } from "./money";
import { say, told, type Words } from "./words";

const TROUBLE: Record<Decision["type"], string> = {
  void: "back-trouble",
  verdict: "manager-trouble",
  give_up: "other-trouble",
};
const TENDERS: readonly Tender[] = ["cash", "card", "other"];
/** The reason in the audit trail if the cashier chose none: the page never chooses one for them. */
const NO_REASON = "no reason given";

/** The trade that the open dialog is about. The screen behind it may change meanwhile. */
let subject: { tradeId: string; sale: Sale | null } | null = null;
let isCorrection = false;

export function wireManager(): void {
  $("manager-settle").onclick = settle;
  $("back-yes").onclick = giveBack;
  $("other-way").onclick = () => dispatch({ type: "other_way_pressed" });
  for (const tender of TENDERS) $(`other-${tender}`).onclick = () => payAnotherWay(tender);
  for (const radio of radios()) radio.onchange = nameDecisions;
}

const radios = () => [...document.querySelectorAll<HTMLInputElement>("#manager input[type=radio]")];
const chosenVerdict = () => radios().find((radio) => radio.checked)?.value as VerdictOutcome | undefined;

export function askManager(about: Extract<Effect, { type: "ask_manager" }>): void {
  for (const radio of radios()) {
    radio.checked = false;
    radio.closest("label")?.toggleAttribute("hidden", !about.offered.includes(radio.value as VerdictOutcome));
  }
  isCorrection = about.isCorrection;
  $<HTMLInputElement>("evidence").value = "";
  open("manager", about, "verdict");
}

export function askGiveBack(about: { tradeId: string; sale: Sale | null }): void {
  $<HTMLSelectElement>("why").value = "";
  open("back", about, "void");
}

export function askOtherWay(about: { tradeId: string; sale: Sale | null }): void {
  open("other", about, "give_up");
}

function open(
  name: "manager" | "back" | "other",
  { tradeId, sale }: NonNullable<typeof subject>,
  type: Decision["type"],
): void {
  subject = { tradeId, sale };
  tell(TROUBLE[type], null);
  nameDecisions();
  dialog(name).showModal();
}

/** The buttons that decide name the amount, and the verdict that is chosen. */
export function nameDecisions(): void {
  const amount = { a: subject?.sale ? formatted(subject.sale.amount) : "" };
  const chosen = chosenVerdict();
  $("manager-word").textContent = say(isCorrection ? "correctTitle" : "managerTitle", amount);
  $("manager-settle").textContent = say(chosen ? SETTLES[chosen] : "settle", amount);
  $("back-word").textContent = say("backTitle", amount);
  $("back-yes").textContent = say("yes", amount);
  $("other-title").textContent = say("otherWayTitle", amount);
}

function settle(): void {
  const outcome = chosenVerdict();
  const evidence = $<HTMLInputElement>("evidence").value.trim();
  if (!outcome) return lacks("chooseVerdict", radios()[0]);
  if (!evidence) return lacks("evidenceNeeded", $("evidence"));
  send({ type: "verdict", outcome, evidence });
}

function giveBack(): void {
  // The audit trail has one language, the shop's: so the option's value, not its word.
  send({ type: "void", reason: $<HTMLSelectElement>("why").value || NO_REASON });
}

function payAnotherWay(tender: Tender): void {
  if (subject?.sale) send({ type: "give_up", ref: subject.sale.ref, tender });
}

/** Says what is missing, and moves the focus there, away from the button that decides. */
function lacks(word: keyof Words, field: HTMLElement | undefined): void {
  tell(TROUBLE.verdict, say(word));
  field?.focus();
}

function send(decision: Decision): void {
  if (!subject) return;
  tell(TROUBLE[decision.type], null);
  dispatch({ type: "decision_sent", tradeId: subject.tradeId, decision });
}

/** The till refused the decision: the dialog stays open, and says why. */
export function showRefusal(type: Decision["type"], fault: Fault): void {
  tell(TROUBLE[type], fault.type === "auth" ? say("noRight") : told(fault));
}
