// Practice: the package's sandbox takes the place of the shop's backend, and a phone on the page plays the customer's.
// The sandbox is loaded only here. Its address is another one than the shop's, so its trades have a journal of their own.

import type { ShownCode } from "kaunter";
import type { Sandbox } from "kaunter/sandbox";
import { dispatch } from "./loop";
import type { Effect } from "./model";
import { asksForPractice, forgetPractice, hadOpenPayment } from "./session";

/** The page was opened for practice, although its terminal has an open payment: then it is for that. */
export const isRefused = asksForPractice() && hadOpenPayment();
export const isPractice = asksForPractice() && !isRefused;

let sandbox: Sandbox | null = null;
/** What the customer scans. */
let shown: ShownCode | null = null;

/** Begins practice, or says why not. The till is opened after this. */
export function beginPractice(): void {
  if (isPractice) dispatch({ type: "practice_begun" });
  if (!isRefused) return;
  forgetPractice();
  dispatch({ type: "warned", sentence: { word: "practiceRefused" } });
}

/** The sandbox. Its sales survive a reload, and what its customer was about to do does not. */
export async function openSandbox(): Promise<Sandbox> {
  const loaded = await import("kaunter/sandbox");
  sandbox ??= await loaded.sandbox({ approval: "manual" });
  return sandbox;
}

/** The till shows this code to the customer. */
export function customerSees(code: ShownCode): void {
  shown = code;
}

/** What is pressed on the practice phone happens. */
export function onPhone(action: Extract<Effect, { type: "phone" }>["action"]): void {
  if (!sandbox) return;
  const { faults, phone } = sandbox;
  switch (action) {
    case "ask":
      return faults.clear();
    case "hold_up":
      return dispatch({ type: "code_given", code: phone.code().text });
    case "scan":
      return shown ? phone.scan(shown.payload) : undefined;
    case "approve":
      return phone.approve();
    case "decline":
      return phone.decline();
    case "no_answer":
      // The customer pays, and nobody hears of it.
      faults.add("gateway_down");
      return phone.approve();
    case "answer":
      faults.delete("gateway_down");
      return;
    case "pay_late":
      faults.add("pays_after_cancel");
  }
}
