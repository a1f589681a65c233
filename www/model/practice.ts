// Practice: how it is entered and left, and what the practice phone does. It is not for a terminal with an open payment.

import {
  type Effect,
  type Event,
  type Facts,
  hasOpenPayment,
  type Model,
  type PhoneAction,
  type Practice,
  phoneActions,
} from "../model";
import { type Step, same } from "./step";

/** The page is for practice from its first event on: it never becomes so while it shows a real till. */
export function begun(model: Model): Model {
  const { screen, kind } = model.view;
  return screen === "ready" && kind === "opening" ? { ...model, practice: { customer: "asks" } } : model;
}

/** To practise, if no real payment is open. */
export function practicePressed(model: Model, { hadOpenPayment }: Facts): Step {
  if (model.practice !== null) return same(model);
  const { screen, kind } = model.view;
  const isTillOpen = screen !== "ready" || kind === "ready";
  const isRefused = isTillOpen ? hasOpenPayment(model) : hadOpenPayment || hasOpenPayment(model);
  return isRefused ? same({ ...model, trouble: { word: "practiceRefused" } }) : [model, [{ type: "enter_practice" }]];
}

/** Back to the real till, at any time: nothing that is left behind is real. */
export const leavePressed = (model: Model): Step =>
  model.practice === null ? same(model) : [model, [{ type: "leave_practice" }]];

const CUSTOMERS: Partial<Record<PhoneAction, Practice["customer"]>> = {
  approve: "asks",
  decline: "asks",
  answer: "asks",
  no_answer: "silent",
  pay_late: "late",
};

export function phonePressed(model: Model, action: PhoneAction): Step {
  if (model.practice === null || !phoneActions(model).includes(action)) return same(model);
  const customer = CUSTOMERS[action] ?? model.practice.customer;
  return [{ ...model, practice: { customer } }, [{ type: "phone", action }]];
}

/** Another payment has another customer. A code that is held up or shown in place of a scan belongs to the same one. */
export function nextCustomer(before: Model, model: Model, effects: readonly Effect[]): Step {
  const isBegun =
    before.view.screen !== "scan" && effects.some(({ type }) => type === "charge" || type === "show_code");
  if (model.practice === null || !isBegun || model.practice.customer === "asks") return [model, effects];
  return [{ ...model, practice: { customer: "asks" } }, [{ type: "phone", action: "ask" }, ...effects]];
}

/** Notes that a payment is open, or not any more. */
export function noteOpen(before: Model, event: Event, model: Model, effects: readonly Effect[]): Step {
  const isOpen = hasOpenPayment(model);
  const isKnown = event.type !== "opened" && hasOpenPayment(before) === isOpen;
  if (isKnown || model.practice !== null) return [model, effects];
  return [model, [...effects, { type: "note_open", isOpen }]];
}
