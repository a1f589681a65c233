// The field for a bill's reference, where the shop takes registered sales only: what is owed comes from the backend.

import { $ } from "./dom";
import { dispatch } from "./loop";
import type { Draft } from "./model";

/** The reference that was looked up. What a person types since then stays in the field. */
let shown: string | null = null;
/** What is owed was shown. */
let isShown = false;

export function wireBill(): void {
  const field = $<HTMLInputElement>("ref");
  const enter = () => {
    const ref = field.value.trim();
    if (ref) dispatch({ type: "reference_entered", ref });
  };
  $("look-up").onclick = enter;
  field.addEventListener("enter", enter);
  // Another number in the field: the amount of the bill before must not be charged.
  field.oninput = () => {
    if (shown === null) return;
    shown = null;
    dispatch({ type: "clear_pressed" });
  };
}

export function drawBill({ ref, minor }: Draft, isRegistered: boolean): void {
  const field = $<HTMLInputElement>("ref");
  $("bill").hidden = !isRegistered;
  $("pad").hidden = isRegistered;
  if (ref !== shown) field.value = ref ?? "";
  shown = ref;
  // The next Enter presses Charge.
  if (minor > 0 && !isShown) field.blur();
  isShown = minor > 0;
}

/** What a registered sale asks for, in minor units. Null: the shop's server has registered no such sale. */
export async function owed(ref: string, token: string): Promise<number | null> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`/v1/sales?ref=${encodeURIComponent(ref)}`, { headers });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`the backend answered ${answer.status}`);
  const { registered, due_amount } = await answer.json();
  return registered ? due_amount.minor : null;
}
