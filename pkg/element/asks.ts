// What the element asks a person before it acts. Nothing is preselected, no form sends itself, and the button that
// decides names what it does.

import { html, nothing, type TemplateResult } from "lit";
import { REASONS, SAID, SETTLES, type VerdictOutcome } from "../screen/sentences";
import { offeredVerdicts } from "./model";
import type { Scene } from "./view";

const FIELD = "field";
/** What was typed or chosen. */
const value = (event: Event): string => {
  const root = (event.currentTarget as Element).getRootNode() as ShadowRoot;
  return root.querySelector<HTMLInputElement | HTMLSelectElement>(`#${FIELD}`)?.value ?? "";
};

export function ask(scene: Scene): TemplateResult | typeof nothing {
  const { state } = scene;
  switch (state.ask) {
    case null:
      return nothing;
    case "cancel":
      return askCancel(scene);
    case "code":
      return askCode(scene);
    case "refund":
      return askRefund(scene);
    case "verdict":
      return askVerdict(scene);
  }
}

const panel = (title: string, help: string, content: unknown) => html`
  <div class="ask" part="ask" role="group" aria-labelledby="ask">
    <h3 id="ask" data-focus tabindex="-1">${title}</h3>
    ${help ? html`<p class="small">${help}</p>` : nothing} ${content}
  </div>`;

function askCancel({ speech, state, press, isFresh }: Scene) {
  const title = speech.say("cancelTitle", { a: speech.money(state.sale?.amount) });
  return panel(
    title,
    speech.say("cancelHelp"),
    html`<div class="row">
      <button part="button" @click=${press({ type: "ask_closed" })}>${speech.say("cancelNo")}</button>
      <button part="button danger" class="danger" ?disabled=${isFresh} @click=${press({ type: "cancel_confirmed" })}>
        ${speech.say("cancelYes")}
      </button>
    </div>`,
  );
}

/** A hand scanner ends with Enter. The code is not kept in the page: the field is hidden text, and empty afterwards. */
function askCode({ speech, press, give }: Scene) {
  const send = (event: Event) => {
    const code = value(event).trim();
    if (code) give(code);
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key === "Enter") send(event);
  };
  return panel(
    speech.say("typeCode"),
    "",
    html`<input id=${FIELD} type="password" autocomplete="off" autocapitalize="off" spellcheck="false"
        enterkeyhint="done" aria-labelledby="ask" part="input" data-first @keydown=${enter}>
      <div class="row">
        <button part="button" @click=${press({ type: "ask_closed" })}>${speech.say("backToSale")}</button>
        <button part="button primary" class="primary" @click=${send}>${speech.say("pay")}</button>
      </div>`,
  );
}

function askRefund({ speech, state, press, dispatch, isFresh }: Scene) {
  const amount = { a: speech.money(state.sale?.amount) };
  return panel(
    speech.say("backTitle", amount),
    speech.say("backHelp"),
    html`<label>${speech.say("why")}
        <select id=${FIELD} part="input">
          <option value="" selected>${speech.say("chooseWhy")}</option>
          ${REASONS.map(([reason, word]) => html`<option value=${reason}>${speech.say(word)}</option>`)}
        </select>
      </label>
      <div class="row">
        <button part="button" @click=${press({ type: "ask_closed" })}>${speech.say("keep")}</button>
        <button part="button danger" class="danger" ?disabled=${isFresh}
          @click=${(event: Event) => dispatch({ type: "refund_confirmed", reason: value(event) })}>
          ${speech.say("yes", amount)}
        </button>
      </div>`,
  );
}

function askVerdict({ speech, state, press, dispatch, verdict, choose, isFresh }: Scene) {
  const amount = { a: speech.money(state.sale?.amount) };
  // The reducer asks for what is missing: an outcome that is not offered is none.
  const settle = (event: Event) =>
    dispatch({ type: "verdict_confirmed", outcome: verdict as VerdictOutcome, evidence: value(event) });
  return panel(
    speech.say("managerTitle"),
    speech.say("managerHelp"),
    html`<fieldset>
        <legend>${speech.say("verdict")}</legend>
        ${offeredVerdicts(state).map(
          (outcome) => html`<label>
            <input type="radio" name="verdict" value=${outcome} .checked=${verdict === outcome}
              @change=${() => choose(outcome)}>${speech.say(SAID[outcome])}</label>`,
        )}
      </fieldset>
      <label>${speech.say("evidence")}
        <input id=${FIELD} type="text" maxlength="500" autocomplete="off" part="input">
      </label>
      <div class="row">
        <button part="button" @click=${press({ type: "ask_closed" })}>${speech.say("backToSale")}</button>
        <button part="button danger" class="danger" ?disabled=${isFresh} @click=${settle}>
          ${speech.say(verdict ? SETTLES[verdict] : "settle", amount)}
        </button>
      </div>`,
  );
}
