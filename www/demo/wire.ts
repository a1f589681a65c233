// What goes over the wire between till and backend. Passes each call on, notes it with masked bodies, and can be cut.

import { masked } from "./masking";

/** A request, and its answer. */
export interface Exchange {
  readonly at: Date;
  readonly method: string;
  /** Without the backend's address. */
  readonly path: string;
  readonly request: unknown;
  /** Null: no answer came. */
  readonly status: number | null;
  readonly answer: unknown;
  /** How often the same question got the same answer. */
  readonly times: number;
}

/** As long as a visitor may want to scroll back. */
const MAX_EXCHANGES = 60;

export class Wire {
  /** The newest first. */
  exchanges: Exchange[] = [];
  /** The reference of each trade that an answer named, by the trade's id. */
  readonly refs = new Map<string, string>();
  isCut = false;
  readonly #changed: () => void;
  readonly #codeTaken: () => void;

  /** `codeTaken`: the backend has taken a customer's code. */
  constructor(changed: () => void, codeTaken: () => void) {
    this.#changed = changed;
    this.#codeTaken = codeTaken;
  }

  /** Throws as `fetch` does while there is no network. */
  mustConnect(): void {
    if (this.isCut) throw new TypeError("The cable is out.");
  }

  /** The same calls, over this wire. */
  through(send: typeof fetch): typeof fetch {
    return async (input, init) => {
      const request = new Request(input, init);
      const note = {
        at: new Date(),
        method: request.method,
        path: pathOf(request.url),
        request: await bodyOf(request),
      };
      try {
        this.mustConnect();
        const answer = await send(request);
        this.mustConnect();
        this.#note({ ...note, status: answer.status, answer: await bodyOf(answer), times: 1 });
        if (answer.ok && note.method === "POST" && note.path.endsWith("/code")) this.#codeTaken();
        return answer;
      } catch (error) {
        this.#note({ ...note, status: null, answer: null, times: 1 });
        throw error;
      }
    };
  }

  #note(exchange: Exchange): void {
    // Whether the backend answers is no part of a sale.
    if (exchange.path === "/healthz") return;
    this.#learn(exchange.answer);
    const shown = { ...exchange, request: masked(exchange.request), answer: masked(exchange.answer) };
    const [last, ...older] = this.exchanges;
    const isRepeated = last !== undefined && summary(last) === summary(shown);
    this.exchanges = isRepeated
      ? [{ ...shown, times: last.times + 1 }, ...older]
      : [shown, ...this.exchanges].slice(0, MAX_EXCHANGES);
    this.#changed();
  }

  #learn(answer: unknown): void {
    if (typeof answer !== "object" || answer === null) return;
    const { trade_id: id, sale } = answer as { trade_id?: string; sale?: { ref?: string } };
    if (id && sale?.ref) this.refs.set(id, sale.ref);
    for (const list of ["open_trades", "trades"] as const) {
      const found = (answer as Record<string, unknown>)[list];
      if (Array.isArray(found)) for (const trade of found) this.#learn(trade);
    }
  }
}

const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;

/** A copy of the body: its JSON, or null. */
async function bodyOf(message: Request | Response): Promise<unknown> {
  const text = await message.clone().text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const summary = ({ method, path, status, answer }: Exchange) =>
  [method, path, status, (answer as { status?: string } | null)?.status].join(" ");
