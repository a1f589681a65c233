// The field for a bill's reference, where the shop takes registered sales only: what is owed comes from the backend.

import { $ } from "./dom";
import { dispatch } from "./loop";
import type { Draft } from "./model";

/** The reference that the field shows. What a person types meanwhile stays. */
let shown: string | null = null;

export function wireBill(): void {
  const field = $<HTMLInputElement>("ref");
  const enter = () => {
    const ref = field.value.trim();
    if (ref) dispatch({ type: "reference_entered", ref });
  };
  $("look-up").onclick = enter;
  field.addEventListener("enter", enter);
}

export function drawBill({ ref }: Draft, isRegistered: boolean): void {
  $("bill").hidden = !isRegistered;
  $("pad").hidden = isRegistered;
  if (ref !== shown) $<HTMLInputElement>("ref").value = ref ?? "";
  shown = ref;
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
