// The world in this page: the package's sandbox.

import type { Sandbox } from "kaunter/sandbox";
import type { Asked, Entry, Plan, World } from "./world";

export class PageWorld implements World {
  readonly place = "Everything runs in this page: no server, no webcam, no real money.";
  readonly terminal = "till-1";
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  get backend() {
    return this.#sandbox.backend;
  }
  get getToken() {
    return this.#sandbox.getToken;
  }
  get fetch() {
    return this.#sandbox.fetch;
  }

  async begin(plan: Plan): Promise<void> {
    const { faults, phone } = this.#sandbox;
    for (const _ of phone.waiting) phone.decline();
    faults.clear();
    if (plan === "answer_lost") faults.add("answer_lost");
    if (plan === "pays_late") faults.add("pays_after_cancel");
  }

  async codeTaken(): Promise<void> {
    // The sandbox makes a fresh code by itself.
  }

  async look(): Promise<{ asked: Asked | null; ledger: readonly Entry[] }> {
    const { ledger, phone } = this.#sandbox;
    return { asked: phone.waiting[0] ?? null, ledger };
  }

  async answer(_asked: Asked, isYes: boolean): Promise<void> {
    if (isYes) this.#sandbox.phone.approve();
    else this.#sandbox.phone.decline();
  }

  async scan(payload: string): Promise<void> {
    this.#sandbox.phone.scan(payload);
  }
}
