// Another device works under this till's name: a person decides whether this one takes over, and says why.

import { $, dialog, tell } from "./dom";
import type { Fault } from "./model";
import { terminalName } from "./session";
import { say, told } from "./words";

/** `takeOver` gives what went wrong, or null. */
export function askTakeOver(takeOver: (reason: string) => Promise<Fault | null>): void {
  $("take-word").textContent = say("takeTitle", { a: terminalName() });
  $<HTMLInputElement>("take-reason").value = "";
  tell("take-trouble", null);
  $("take-yes").onclick = () => void take(takeOver);
  if (!dialog("take").open) dialog("take").showModal();
}

async function take(takeOver: (reason: string) => Promise<Fault | null>): Promise<void> {
  const field = $<HTMLInputElement>("take-reason");
  const reason = field.value.trim();
  if (!reason) {
    tell("take-trouble", say("takeNeeded"));
    return field.focus();
  }
  const yes = $<HTMLButtonElement>("take-yes");
  yes.disabled = true;
  const fault = await takeOver(reason);
  yes.disabled = false;
  if (!fault) return dialog("take").close();
  tell("take-trouble", fault.code === "token_forbidden" ? say("noRight") : told(fault));
}
