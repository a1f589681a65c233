// What moves money back, or settles what the gateway left open: a right of its own, asked for when it is used. Nothing
// is chosen beforehand, no form sends itself, and the button that decides says what it does.

import { KaunterError, type Outcome, type Sale } from "kaunter";
import { counter } from "./counter";
import { $, dialog } from "./dom";
import { ended } from "./ends";
import { formatted } from "./money";
import { rejected } from "./sale";
import { trouble } from "./screen";
import { noteNetwork, run, stage, till } from "./stage";
import { say, told, type Words } from "./words";

type Verdict = "paid" | "declined" | "voided";
const SETTLES: Record<Verdict, keyof Words> = {
  paid: "settlePaid",
  declined: "settleNotPaid",
  voided: "settleReturned",
};

/** What the dialog that is open decides about: the screen behind may change meanwhile. */
let about: { id: string; sale: Sale | null } | null = null;

export function managing(): void {
  $("manager-settle").onclick = () => void settle();
  $("back-yes").onclick = () => void returns();
  for (const radio of radios()) radio.onchange = nameDecisions;
}

/** What the audit trail says where the cashier chose no reason: never one that was chosen for them. */
const NO_REASON = "no reason given";

const radios = () => [...document.querySelectorAll<HTMLInputElement>("#manager input[type=radio]")];
const verdict = () => radios().find((radio) => radio.checked)?.value as Verdict | undefined;

/** `paid`: the gateway has proof of payment, so nobody can say that it was not paid. */
export function manager(paid: boolean): void {
  for (const radio of radios()) radio.checked = false;
  $("manager-declined").closest("label")?.toggleAttribute("hidden", paid);
  $<HTMLInputElement>("evidence").value = "";
  opens("manager");
}

export function giveBack(): void {
  $<HTMLSelectElement>("why").value = "";
  opens("back");
}

function opens(id: "manager" | "back"): void {
  if (!counter.tradeId) return;
  about = { id: counter.tradeId, sale: counter.sale };
  trouble(null, `${id}-trouble`);
  nameDecisions();
  dialog(id).showModal();
}

/** The buttons that decide say about what. */
export function nameDecisions(): void {
  const amount = { a: about?.sale ? formatted(about.sale.amount) : "" };
  const chosen = verdict();
  $("manager-settle").textContent = say(chosen ? SETTLES[chosen] : "settle", amount);
  $("back-word").textContent = say("backTitle", amount);
  $("back-yes").textContent = say("yes", amount);
}

async function settle(): Promise<void> {
  const outcome = verdict();
  const evidence = $<HTMLInputElement>("evidence").value.trim();
  if (!outcome) return lacks("chooseVerdict", radios()[0]);
  if (!evidence) return lacks("evidenceNeeded", $("evidence"));
  await ask("manager", (id) => till().giveVerdict(id, { outcome, evidence }));
}

async function returns(): Promise<void> {
  // The audit trail is the shop's, in one language: the option's value, not its word.
  const reason = $<HTMLSelectElement>("why").value || NO_REASON;
  await ask("back", (id) => till().void(id, { reason }));
}

/** Says what is missing, and leads there: the focus does not stay on the button that decides. */
function lacks(word: keyof Words, field: HTMLElement | undefined): void {
  trouble(say(word), "manager-trouble");
  field?.focus();
}

/** Asks, and stays open with the reason where that is refused. */
async function ask(name: "manager" | "back", begin: (id: string) => Promise<Outcome>): Promise<void> {
  if (!about || about.id !== counter.tradeId) return dialog(name).close();
  const box = dialog(name);
  const buttons = [...box.querySelectorAll("button")];
  trouble(null, `${name}-trouble`);
  for (const button of buttons) button.disabled = true;
  // The call is watched on the screen behind from its first answer on; a refusal comes before that.
  // What comes of it is news, however old the sale is.
  const { old } = stage;
  stage.old = false;
  const call = begin(about.id);
  const answer = await Promise.race([
    call.then(
      () => "ended" as const,
      (error: unknown) => ({ error }),
    ),
    started(),
  ]);
  for (const button of buttons) button.disabled = false;
  if (typeof answer === "object") {
    stage.old = old;
    noteNetwork(answer.error);
    return trouble(refusal(answer.error), `${name}-trouble`);
  }
  box.close();
  await run(() => call, { ended, refused: rejected });
}

/** The till has begun to watch: what was asked for was granted. */
function started(): Promise<"started"> {
  return new Promise((resolve) => {
    till().addEventListener("state", () => resolve("started"), { once: true });
  });
}

function refusal(error: unknown): string {
  const right = error instanceof KaunterError && error.type === "auth";
  return right ? say("noRight") : told(error);
}
