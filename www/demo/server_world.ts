// The world of `cargo xtask demo`: the real backend, and the sandbox server that serves this page. The server is the
// gateway, the customers' phones and the shop.

import type { Money, TokenContext } from "kaunter";
import type { SandboxPhone } from "kaunter/sandbox";
import type { Asked, Entry, Plan, World } from "./world";

/** WeChat Pay: a till knows its codes without asking the cashier. */
const WALLET = "33";
/** Another wallet: after a change to it and back, the phone shows a fresh code. */
const OTHER_WALLET = "21";
/** A visitor reads first, and then holds the phone up. */
const CODE_MS = 600_000;
/** In this browser's storage: the name of its till. */
const KEPT = "kaunter.demo";

/** A name for each browser: a second browser of one name would have to take the till over. */
function ownName(): string {
  const name = localStorage.getItem(KEPT) ?? `till-${crypto.randomUUID().slice(0, 4)}`;
  localStorage.setItem(KEPT, name);
  return name;
}

interface ServerTrade {
  readonly trade_id: string;
  readonly amount: number;
  readonly charged: number;
  readonly refunded: number;
}

const ringgit = (minor: number): Money => ({ minor, currency: "MYR" });

async function ask(method: "GET" | "POST" | "DELETE", path: string, body?: unknown, signal?: AbortSignal) {
  const answer = await fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

export class ServerWorld implements World {
  readonly place = "The real backend on this machine, with a simulated gateway: no webcam, no real money.";
  readonly terminal = ownName();
  readonly backend: string;
  readonly fetch: typeof fetch = (input, init) => fetch(input, init);
  readonly #phone: SandboxPhone;
  #plan: Plan = "asks";

  private constructor(backend: string, phone: SandboxPhone) {
    this.backend = backend;
    this.#phone = phone;
  }

  static async open(phone: SandboxPhone): Promise<ServerWorld> {
    const { backend } = await ask("GET", "_sim/shop");
    return new ServerWorld(backend, phone);
  }

  async getToken({ sale, right, signal }: TokenContext): Promise<string> {
    const rights = ["charge", "cancel", "void", "list", ...(right ? [right] : [])];
    return (await ask("POST", "shop/token", { terminal: this.terminal, rights, ...(sale ? { sale } : {}) }, signal))
      .token;
  }

  async begin(plan: Plan): Promise<void> {
    this.#plan = plan;
    await ask("DELETE", "_sim/faults");
    for (const { asks, trade_id } of await this.#payments()) {
      if (asks) await ask("POST", "_sim/phone/answer", { trade_id, approve: false });
    }
    await this.codeTaken();
  }

  /** The gateway must know the code that the phone shows next. */
  async codeTaken(): Promise<void> {
    this.#phone.code(OTHER_WALLET);
    const { text: code } = this.#phone.code(WALLET);
    const customer = this.#plan === "pays_late" ? "by_amount" : "asks";
    await ask("POST", "_sim/codes", { wallet_id: WALLET, code, customer, ttl_ms: CODE_MS });
    if (this.#plan !== "answer_lost") return;
    await ask("DELETE", "_sim/faults");
    await ask("POST", "_sim/faults", { call: "pay", fault: "reset_after" });
  }

  async look(): Promise<{ asked: Asked | null; ledger: readonly Entry[] }> {
    const [payments, trades] = await Promise.all([this.#payments(), ask("GET", "_sim/ledger")]);
    const asked = payments.reverse().find(({ asks }) => asks);
    return {
      asked: asked ? { tradeId: asked.trade_id, amount: ringgit(asked.amount) } : null,
      ledger: (trades as ServerTrade[]).flatMap(entries),
    };
  }

  async answer({ tradeId }: Asked, isYes: boolean): Promise<void> {
    await ask("POST", "_sim/phone/answer", { trade_id: tradeId, approve: isYes });
  }

  async scan(payload: string): Promise<void> {
    await ask("POST", "_sim/scan", { payload, customer: "asks" });
  }

  /** The phone's payments, the newest first. */
  async #payments(): Promise<{ trade_id: string; amount: number; asks: boolean }[]> {
    return (await ask("GET", "_sim/phone/state")).trades;
  }
}

function entries({ trade_id: tradeId, amount, charged, refunded }: ServerTrade): Entry[] {
  const of = (kind: Entry["kind"], sum: number): Entry[] =>
    Array.from({ length: sum / amount }, () => ({ tradeId, kind, amount: ringgit(amount) }));
  return [...of("charge", charged), ...of("refund", refunded)];
}
