// What moves money back, or settles what the gateway left open: a right of its own, asked for when it is used.

import { KaunterError, type Outcome } from "kaunter";
import { counter } from "./counter";
import { $, dialog } from "./dom";
import { formatted } from "./money";
import { noteNetwork, run, till } from "./sale";
import { trouble } from "./screen";
import { say, told } from "./words";

export function managing(): void {
  $("manager-form").addEventListener("submit", (event) => void settle(event));
  $("back-form").addEventListener("submit", (event) => void giveBack(event));
  for (const id of ["manager", "back"]) {
    dialog(id).addEventListener("close", () => {
      trouble(null, `${id}-trouble`);
      $<HTMLInputElement>("evidence").value = "";
    });
  }
}

/** The dialog says what it is about when it opens; `showModal` has no event of its own. */
export function nameBack(): void {
  $("back-word").textContent = say("backTitle", { a: counter.sale ? formatted(counter.sale.amount) : "" });
}

async function settle(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const outcome = (event.submitter as HTMLButtonElement).value as "paid" | "declined" | "voided";
  const evidence = $<HTMLInputElement>("evidence").value.trim();
  const id = counter.tradeId;
  if (!evidence) {
    trouble(say("evidenceNeeded"), "manager-trouble");
    return $("evidence").focus();
  }
  if (id) await ask("manager", () => till().settle(id, { outcome, evidence }));
}

async function giveBack(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const id = counter.tradeId;
  // The audit trail is the shop's, in one language: the option's value, not its word.
  const reason = $<HTMLSelectElement>("why").value;
  if (id) await ask("back", () => till().void(id, reason));
}

/** Asks, and stays open with the reason where that is refused. */
async function ask(id: string, begin: () => Promise<Outcome>): Promise<void> {
  const box = dialog(id);
  const buttons = [...box.querySelectorAll("button")];
  trouble(null, `${id}-trouble`);
  for (const button of buttons) button.disabled = true;
  // The call is watched on the screen behind from its first answer on; a refusal comes before that.
  const call = begin();
  const answer = await Promise.race([call.then(() => "ended" as const, (error: unknown) => ({ error })), started()]);
  for (const button of buttons) button.disabled = false;
  if (typeof answer === "object") {
    noteNetwork(answer.error);
    return trouble(refusal(answer.error), `${id}-trouble`);
  }
  box.close();
  await run(() => call);
}

/** The till has begun to watch: what was asked for was granted. */
function started(): Promise<"started"> {
  return new Promise((resolve) => {
    till().addEventListener("state", () => resolve("started"), { once: true });
  });
}

function refusal(error: unknown): string {
  const right = error instanceof KaunterError && (error.code === "token/forbidden" || error.code === "token/failed");
  return right ? say("noRight") : told(error);
}

