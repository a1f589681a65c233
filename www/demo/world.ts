// What is around the till: its backend, the gateway and the customer. They are in this page, or on the servers of
// `cargo xtask demo`; the page is the same.

import type { Money, TillOptions } from "kaunter";
import { sandbox } from "kaunter/sandbox";
import { PageWorld } from "./page_world";
import { ServerWorld } from "./server_world";

/**
 * What comes of the next payment. `asks`: the phone asks its customer. `answer_lost`: the same, and the gateway's answer
 * to the payment is lost. `pays_late`: the customer pays after the payment was cancelled.
 */
export type Plan = "asks" | "answer_lost" | "pays_late";

/** A payment that the phone asks its customer about. */
export interface Asked {
  readonly tradeId: string;
  readonly amount: Money;
}

/** Play money that was really charged or given back. */
export interface Entry {
  readonly tradeId: string;
  readonly kind: "charge" | "refund";
  readonly amount: Money;
}

export interface World extends Pick<TillOptions, "backend" | "getToken"> {
  /** Where all of this runs, in a sentence. */
  readonly place: string;
  /** The name of the till. */
  readonly terminal: string;
  readonly fetch: typeof fetch;
  /** Another customer comes, who holds a fresh code. Those who were asked and did not answer decline. */
  begin(plan: Plan): Promise<void>;
  /** The till has taken the code. */
  codeTaken(): Promise<void>;
  /** The oldest payment that the phone asks about, and the whole ledger in the order of time. */
  look(): Promise<{ asked: Asked | null; ledger: readonly Entry[] }>;
  answer(asked: Asked, isYes: boolean): Promise<void>;
  /** The customer scans a code that the till shows. */
  scan(payload: string): Promise<void>;
}

/** The camera's picture, and the code in it, are the package's sandbox's in both worlds. */
export type Camera = Pick<Awaited<ReturnType<typeof sandbox>>, "canvas" | "cameraStream" | "phone">;

/** Opens the world that the page's address asks for. */
export async function openWorld(): Promise<{ world: World; camera: Camera }> {
  const isServer = new URLSearchParams(location.search).get("world") === "server";
  const made = await sandbox({ approval: "manual", persist: !isServer });
  return { camera: made, world: isServer ? await ServerWorld.open(made.phone) : new PageWorld(made) };
}
