// The name of this till: asked for once, and kept on this device. Two devices must not share a name.

import { $, dialog, tell } from "./dom";
import { current, dispatch } from "./loop";
import { keepName, terminalName } from "./session";
import { say, sentenceOf } from "./words";

/** What follows when the name is kept. */
let named: () => void = () => {};

export function wireSetup(): void {
  $("setup-save").onclick = save;
  // Without a name there is no till.
  dialog("setup").onclose = () => {
    if (!terminalName()) dialog("setup").showModal();
  };
  // Nobody needs a name to practise.
  $("setup-practice").onclick = () => {
    dispatch({ type: "practice_pressed" });
    const { trouble } = current();
    tell("setup-trouble", trouble && sentenceOf(trouble));
  };
  $("rename").onclick = () => {
    dialog("drawer").close();
    named = () => location.reload();
    ask();
  };
}

/** Resolves when somebody has named this till. */
export function askName(): Promise<void> {
  return new Promise((done) => {
    named = done;
    ask();
  });
}

function ask(): void {
  const name = terminalName();
  $("setup-close").hidden = !name;
  $("setup-practice").hidden = name !== "";
  $<HTMLInputElement>("setup-name").value = name;
  tell("setup-trouble", null);
  dialog("setup").showModal();
}

function save(): void {
  const field = $<HTMLInputElement>("setup-name");
  const name = field.value.normalize("NFC").trim();
  if (!name) {
    tell("setup-trouble", say("setupNeeded"));
    return field.focus();
  }
  keepName(name);
  dialog("setup").close();
  named();
}
