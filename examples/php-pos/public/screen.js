// Draws the payment page. It knows nothing about money.

/** What each status of a trade means to a cashier. */
const SENTENCES = {
  creating: "The trade is being created.",
  awaiting_code: "Hold the customer's code to the camera.",
  awaiting_payer: "The customer scans our code.",
  paying: "The payment is on its way.",
  pending: "The customer confirms in the wallet's app.",
  unknown: "The gateway has not answered yet.",
  cancelling: "The payment is being cancelled.",
  voiding: "The money is being given back.",
  reversed: "The gateway took the payment back. A manager decides.",
  late_success: "The customer paid too late. A manager decides.",
  paid: "Paid.",
  cancelled: "Not paid. Nothing was taken.",
  declined: "Not paid. Nothing was taken.",
  voided: "The money was given back.",
};
const NOT_KNOWN = "Not known yet. Do not charge again. Check the status.";

export const sentenceOf = (status) => SENTENCES[status] ?? NOT_KNOWN;

const $ = (selector) => document.querySelector(selector);

/** Shows what happened, for the cashier. A screen reader reads it. */
export function say(sentence) {
  $("#sentence").textContent = sentence;
}

/** Shows or hides a part. A text becomes its content. */
export function show(selector, what) {
  $(selector).hidden = what === false;
  if (typeof what === "string") $(selector).textContent = what;
}

/** Sets one of the steps. `is`: waiting, doing, done or failed. */
export function step(name, is, text) {
  const row = $(`[data-step="${name}"]`);
  row.dataset.is = is;
  row.querySelector("span").textContent = text;
}

/** Our code as a picture, never as markup. `null` takes it down: it serves one customer. */
export function showCode(code) {
  show("#code", code !== null);
  if (code) $("#code").src = `data:image/svg+xml,${encodeURIComponent(code.svg)}`;
  else $("#code").removeAttribute("src");
}

/** Lists the wallets. One that shows no code of ours has only the first way to pay. */
export function wallets(all) {
  $("#wallets").replaceChildren(
    ...all.map(({ walletId, name, modes }, at) => {
      const label = document.createElement("label");
      const choice = document.createElement("input");
      Object.assign(choice, { type: "radio", name: "wallet", value: walletId, checked: at === 0 });
      choice.dataset.modes = modes.join(" ");
      label.append(choice, ` ${name}`);
      return label;
    }),
  );
  offer();
}

const chosen = () => $("#wallets input:checked");
export const walletId = () => chosen().value;

function offer() {
  const modes = chosen()?.dataset.modes.split(" ") ?? [];
  for (const button of document.querySelectorAll("#choice button")) button.disabled = !modes.includes(button.value);
}

/** Gives each button its function. */
export function bind({ begin, cancel, checkStatus, checkVoidStatus, takeCash, giveBack }) {
  $("#wallets").addEventListener("change", offer);
  $("#choice").addEventListener("submit", (event) => {
    event.preventDefault();
    begin(event.submitter.value);
  });
  $("#cash")?.addEventListener("submit", (event) => {
    event.preventDefault();
    takeCash(event.target);
  });
  const buttons = { "#cancel": cancel, "#check": checkStatus, "#check-void": checkVoidStatus, "#void": giveBack };
  for (const [selector, press] of Object.entries(buttons)) $(selector).addEventListener("click", press);
}
