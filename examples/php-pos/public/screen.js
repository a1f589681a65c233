// Draws the payment page. It knows nothing about money.

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
