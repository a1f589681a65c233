// Draws the practice phone: what the customer waits for, and a button for each thing that the customer can do.

import { $, setText } from "./dom";
import { dispatch } from "./loop";
import { type Model, type PhoneAction, phoneActions } from "./model";
import { say, type Words } from "./words";

export function drawPhone(model: Model): void {
  const help = helpOf(model);
  const actions = phoneActions(model);
  $("practice-phone").hidden = help === null;
  if (help !== null) setText("practice-phone-help", say(help));
  const words = actions.map((action) => say(`phone_${action}`));
  const box = $("practice-phone-buttons");
  // A click is lost if what the pointer went down on is replaced meanwhile.
  if ([...box.children].map(({ textContent }) => textContent).join() === words.join()) return;
  box.replaceChildren(...actions.map((action, at) => button(action, words[at] ?? "")));
}

function button(action: PhoneAction, word: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.className = "second";
  made.textContent = word;
  made.dataset.phone = action;
  made.onclick = () => dispatch({ type: "phone_pressed", action });
  return made;
}

/** What the phone says. Null: no customer is there. */
function helpOf(model: Model): keyof Words | null {
  const actions = phoneActions(model);
  const isLate = model.practice?.customer === "late";
  if (actions.includes("hold_up")) return isLate ? "phoneHoldLate" : "phoneHold";
  if (actions.includes("scan")) return isLate ? "phoneHoldLate" : "phoneScan";
  if (actions.includes("approve")) return "phoneAsks";
  if (actions.includes("answer")) return "phoneSilent";
  return isLate && model.view.screen === "waiting" ? "phoneLate" : null;
}
