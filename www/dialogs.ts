// The dialogs that only ask, or show something: closing them, the same amount twice, and which wallet it is.

import type { Money, Trade, Wallet } from "kaunter";
import { limitOf } from "../pkg/screen/sentences";
import { $, dialog } from "./dom";
import { dispatch } from "./loop";
import type { DialogName } from "./model";
import { formatted } from "./money";
import { say } from "./words";

/** The button of a dialog that closes it has the dialog's name. */
export function wireDialogs(): void {
  for (const id of [
    "drawer",
    "pick",
    "typed",
    "manager",
    "back",
    "other",
    "history",
    "same",
    "cancel",
    "take",
    "setup",
  ]) {
    $(`${id}-close`).onclick = () => dialog(id).close();
  }
}

export function closeDialogs(names: readonly DialogName[]): void {
  for (const name of names) dialog(name).close();
}

/** The same amount is not confirmed yet: before another charge somebody says that it is another customer. */
export function askSame(trade: Trade): void {
  $("same-word").textContent = say("sameTitle", { a: formatted(trade.sale.amount) });
  $("same-open").onclick = () => {
    dialog("same").close();
    dispatch({ type: "trade_opened", trade, isFromHistory: false });
  };
  $("same-other").onclick = () => {
    dialog("same").close();
    dispatch({ type: "other_customer_chosen" });
  };
  dialog("same").showModal();
}

/**
 * Asks whose wallet it is, where neither the code nor the shop says it. A wallet that does not pay the amount can't be
 * chosen. Closing the dialog cancels.
 */
export function pickWallet(wallets: readonly Wallet[], amount: Money): Promise<Wallet> {
  const box = dialog("pick");
  const chosen = new Promise<Wallet>((resolve, reject) => {
    $("wallets").replaceChildren(
      ...wallets.map((wallet) => {
        const button = document.createElement("button");
        const limit = limitOf(wallet, amount);
        const reason = limit && say(limit.word, { a: formatted(limit.limit) });
        button.textContent = reason === null ? wallet.name : `${wallet.name} (${reason})`;
        button.disabled = limit !== null;
        button.dataset.wallet = wallet.walletId;
        button.onclick = () => {
          resolve(wallet);
          box.close();
        };
        return button;
      }),
    );
    box.onclose = () => reject(new DOMException("No wallet was chosen.", "AbortError"));
  });
  box.showModal();
  return chosen;
}
